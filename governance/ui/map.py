"""The map: shapes that the browser already has, coloured by one digit per grid; the only module that knows pydeck."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pydeck as pdk
import shapely

from governance.ui import palette
from governance.ui.border_route import DEEPEST_ZOOM
from governance.ui.geometry import Overview, Shapes
from governance.ui.geometry_route import locate_shapes
from governance.ui.map_borders import FLAT, Border, draw_border, find_borders
from governance.ui.map_layers import Layers
from governance.ui.overview import draw_overview

_DIGITS = 4
GRID_LAYER, _FAR_LAYER = "grids", "grids_far"
# Until so much beyond the zoom of the tiles their polygons lie on those that are seen from afar: they have to load.
_OVERLAP_ZOOM = 1.0
_CLEAR = [0, 0, 0, 0]


@dataclass(frozen=True)
class Look:
    """What the digits 0 (outside the unit) to 3 look like: ground, letter (" " for none) and the letter's colour."""

    fills: tuple[str, ...]
    letters: tuple[str, ...]
    inks: tuple[str, ...]


TIER_LOOK = Look(
    (palette.OUTSIDE, *(palette.TIER_COLOURS[tier] for tier in ("green", "yellow", "red"))),
    (" ", " ", palette.TIER_LETTERS["yellow"], palette.TIER_LETTERS["red"]),
    (palette.INK, *(palette.TIER_INKS[tier] for tier in ("green", "yellow", "red"))),
)
DIFFERENCE_LOOK = Look(
    (palette.OUTSIDE, *(palette.DIFFERENCE_COLOURS[name] for name in ("same", "down", "up"))),
    (" ", " ", palette.DIFFERENCE_SIGNS["down"], palette.DIFFERENCE_SIGNS["up"]),
    (palette.INK, *(palette.DIFFERENCE_INKS[name] for name in ("same", "down", "up"))),
)


@dataclass(frozen=True)
class Box:
    """Degrees west, south, east, north; with another number of `moves` the view goes there again.

    width_px, height_px: the map that is to show it whole.
    """

    west: float
    south: float
    east: float
    north: float
    moves: int = 0
    width_px: int = 800
    height_px: int = 560


WORLD = Box(-180, -90, 180, 90)
_BOX_DECIMALS = 5
# A step that nobody sees, but which makes Streamlit take longitude, latitude and zoom again.
_NUDGE = 1e-9
_OUTER_ZOOM, _NEAREST_ZOOM = 1.0, 16


def frame_polygon(wkb: bytes, *, margin: float = 0.0) -> Box:
    """The box around a polygon (WKB), wider by `margin` of its larger side in every direction."""
    west, south, east, north = shapely.bounds(shapely.from_wkb(bytes(wkb)))
    step = margin * max(east - west, north - south)
    return Box(float(west - step), float(south - step), float(east + step), float(north + step))


def span_boxes(first: Box, second: Box) -> Box:
    """The smallest box that holds both."""
    return Box(
        min(first.west, second.west), min(first.south, second.south),
        max(first.east, second.east), max(first.north, second.north),
    )  # fmt: skip


def write_box(box: Box) -> str:
    """The box as the address holds it: west,south,east,north."""
    return ",".join(f"{side:.{_BOX_DECIMALS}f}" for side in (box.west, box.south, box.east, box.north))


def read_box(text: str) -> Box | None:
    """The box of an address, if it is one."""
    sides = text.split(",")
    if len(sides) != 4 or not all(re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,9})?", side) for side in sides):  # noqa: PLR2004
        return None
    west, south, east, north = (float(side) for side in sides)
    box = Box(west, south, east, north)
    is_box = WORLD.west <= box.west <= box.east <= WORLD.east and WORLD.south <= box.south <= box.north <= WORLD.north
    return box if is_box else None


def make_deck(  # noqa: PLR0913  what is drawn, where, and how it is told
    shapes: Shapes,
    digits: str,
    *,
    box: Box,
    language: str,
    chosen: Border | None = None,
    layers: Layers | None = None,
    look: Look = TIER_LOOK,
) -> pdk.Deck:
    """The map of a city: `digits` holds one digit per grid, `chosen` the grid to outline, `layers` the rest.

    The same `box` gives the same first view, which Streamlit then leaves alone, so that pan and zoom are kept.
    """
    shown = layers or Layers()
    drawn = _fill_grids(shapes, digits, look, has_basemap=bool(shown.style))
    drawn += [pdk.Layer(**spec) for spec in shown.below]
    if not shapes.overview:
        drawn += [pdk.Layer(**shown.letters)] if shown.letters else [_write_letters(shapes, digits, look)]
    outlines = find_borders(shapes, "outlines") if shown.has_outlines else None
    above = [draw_border("outlines", outlines, colour=palette.to_rgba(palette.INK, 210))] if outlines else []
    above += [*shown.above]
    above += [draw_border("chosen", chosen, colour=palette.to_rgba(palette.ACCENT))] if chosen else []
    drawn += [pdk.Layer(**spec) for spec in above]
    return _CompactDeck(
        layers=drawn,
        initial_view_state=_frame_box(box, whole=shapes.tiles.box),
        map_provider=None,
        views=[pdk.View(type="MapView", controller=_CONTROLLER)],
        tooltip={"html": _write_tooltip(language, shown.hover), "style": _TOOLTIP_STYLE},
        **({"map_style": shown.style} if shown.style else {}),
    )


# A click would wait 300 ms for a second one, were there anything to do on a double click; and no map is to be tilted.
_CONTROLLER = {"doubleClickZoom": False, "dragRotate": False, "touchRotate": False}


class _CompactDeck(pdk.Deck):  # type: ignore[misc]
    """A deck whose text has no indentation: it travels with every rerun."""

    def to_json(self) -> str:
        return json.dumps(json.loads(super().to_json()), ensure_ascii=False, separators=(",", ":"))


def read_selected(selection: Any) -> int | None:
    """The grid_no of the polygon that was clicked on, if any."""
    chosen = selection.get("objects", {})
    objects = chosen.get(GRID_LAYER) or chosen.get(_FAR_LAYER) or []
    number = objects[0].get("properties", {}).get("n") if objects else None
    return number if isinstance(number, int) else None


def _write_tooltip(language: str, hover: str) -> str:
    """The card beside the pointer; Streamlit puts the grid's properties in place of the braces, escaped.

    Tier and expected reports are a picture that the browser fetches when it is needed: they need not travel before.
    """
    picture = f"<img src='{hover}/{{n}}.svg' alt='' width='264' height='22' style='display:block'>" if hover else ""
    return f"{picture}<b>{{id}}</b><br>{{{language}}}"


# Grids let a basemap shine through.
_OVER_BASEMAP = 170
# Streamlit fades what is not selected on layers of polygons; it leaves layers of tiles alone.
_PICKED = {
    # Nothing lights up under the pointer: a colour over a tier's colour is none of the legend, and stays on tiles.
    "pickable": True, "stroked": False,
    "parameters": FLAT,
}  # fmt: skip
_TOOLTIP_STYLE = {
    "background": palette.INK,
    "color": palette.PAPER,
    "fontSize": "13px",
    "padding": "6px 8px",
    "maxWidth": "280px",
}


def _draw_picture(overview: Overview, digits: str, look: Look) -> pdk.Layer:
    """A large city while its grids are too small to be told apart."""
    west, south, east, north = overview.box
    picture = pdk.Layer(
        "BitmapLayer",
        image=f'"{locate_shapes(draw_overview(overview, digits, look.fills))}"',
        bounds=[west, south, east, north],
        id="overview",
        pickable=False,
    )
    picture.textureParameters = {"minFilter": "linear", "magFilter": "nearest", "mipmapFilter": "none"}
    return picture


def _fill_grids(shapes: Shapes, digits: str, look: Look, *, has_basemap: bool) -> list[pdk.Layer]:
    """What is seen from afar, and over it the tiles that are seen from near.

    A basemap shines through, so nothing may lie on anything: there all polygons are drawn once, at every zoom.
    """
    if shapes.overview:
        return [_draw_picture(shapes.overview, digits, look), _fill_near(shapes, digits, look)]
    if has_basemap:
        return [_fill_whole(shapes.grids, digits, look, alpha=_OVER_BASEMAP)]
    far = _fill_whole(shapes.far, digits, look, alpha=255)
    far.visibleMaxZoom = shapes.tiles.seen_from_zoom + _OVERLAP_ZOOM
    return [far, _fill_near(shapes, digits, look)]


def _fill_whole(name: str, digits: str, look: Look, *, alpha: int) -> pdk.Layer:
    """All polygons as a tile of the whole world: only tiles can be hidden from a zoom on."""
    layer = pdk.Layer("TileLayer", data=locate_shapes(name), id=_FAR_LAYER, min_zoom=0, max_zoom=0, **_PICKED)
    layer.getFillColor = _look_up([[*colour[:3], alpha] for colour in _list_fills(look)], digits, "properties.n")
    layer.updateTriggers = {"getFillColor": f"{_digest(digits, look)}{alpha}"}
    return layer


def _fill_near(shapes: Shapes, digits: str, look: Look) -> pdk.Layer:
    """The polygons in sight with all corners that can be seen; those of a large city with their letters."""
    tiles = shapes.tiles
    layer = pdk.Layer(
        "TileLayer",
        data=locate_shapes(tiles.name),
        id=GRID_LAYER,
        min_zoom=tiles.zoom,
        max_zoom=tiles.zoom,
        visible_min_zoom=tiles.seen_from_zoom,
        extent=list(tiles.box),
        **_PICKED,
    )
    fills = _list_fills(look)
    layer.getFillColor = _look_up([*fills, fills[0]], digits, "properties.n")
    changed = _digest(digits, look)
    layer.updateTriggers = {"getFillColor": changed}
    if shapes.overview:
        layer.pointType, layer.getTextSize, layer.textSizeUnits = "text", "@@=properties.s", "meters"
        layer.textFontWeight, layer.textCharacterSet = 700, sorted(set(look.letters))
        layer._subLayerProps = {"points-text": {"pickable": False}}  # noqa: SLF001  letters are not what a click is for
        layer.getText = _look_up(list(look.letters), digits, "properties.n")
        layer.getTextColor = _look_up(_list_inks(look), digits, "properties.n")
        layer.updateTriggers |= dict.fromkeys(("getText", "getTextColor"), changed)
    return layer


def _write_letters(shapes: Shapes, digits: str, look: Look) -> pdk.Layer:
    """Letters from the digits: for tiers that no route knows; those of today come in tiles (`Layers.letters`)."""
    layer = pdk.Layer(
        "TextLayer",
        data=locate_shapes(shapes.labels),
        # Not the id of the tiles of letters: deck.gl would take this layer for a later state of that one.
        id="letters_by_digit",
        pickable=False,
        get_position="p",
        get_size="s",
        size_units='"meters"',
        font_weight=700,
    )
    layer.characterSet = sorted(set(look.letters))
    layer.getText = _look_up(list(look.letters), digits, "n")
    layer._subLayerProps = {"characters": {"getColor": _look_up(_list_inks(look), digits, "n")}}  # noqa: SLF001  or Streamlit fades them
    layer.updateTriggers = {"getText": _digest(digits, look), "getColor": _digest(digits, look)}
    return layer


def _list_fills(look: Look) -> list[list[int]]:
    return [palette.to_rgba(colour) for colour in look.fills]


def _list_inks(look: Look) -> list[list[int]]:
    return [
        _CLEAR if letter == " " else palette.to_rgba(ink) for letter, ink in zip(look.letters, look.inks, strict=True)
    ]


def _look_up(values: list[Any], digits: str, number: str) -> dict[str, Any]:
    """A function that gives the value for a grid's digit: deck.gl's own for categories, over an expression.

    Only names and parentheses may be indexed in an expression, and each of its parts is interpreted for every grid.
    Two digits (0 to 3) travel in one hexadecimal sign, the even grid's in its lower half.
    """
    sign = f"('0x'+('{_pack(digits)}')[{number}>>1])"
    digit = f"({sign}>>(({number}&1)*2))&3"
    # A fifth value is that of the ground below the grids.
    known = digit if len(values) == _DIGITS else f"{number}<0?{_DIGITS}:{digit}"
    return {"@@function": "colorCategories", "attr": f"@@={known}", "domain": [*range(len(values))], "colors": values}


def _pack(digits: str) -> str:
    numbers = np.frombuffer(f"{digits}{'0' * (len(digits) % 2)}".encode(), dtype=np.uint8) - ord("0")
    signs = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)[numbers[::2] + 4 * numbers[1::2]]
    return str(signs.tobytes().decode())


def _digest(digits: str, look: Look) -> str:
    return hashlib.sha256(f"{digits}{look}".encode()).hexdigest()[:16]


def _frame_box(box: Box, *, whole: tuple[float, float, float, float]) -> pdk.ViewState:
    """The view that shows the box: Web Mercator, 512 pixels around the world at zoom 0.

    It goes out little farther than the whole city, and in no farther than a small grid.
    """
    city = Box(*whole, width_px=box.width_px, height_px=box.height_px)
    middle = (_mercator(box.north) + _mercator(box.south)) / 2
    latitude = math.degrees(2 * math.atan(math.exp(math.radians(middle))) - math.pi / 2)
    nudge = _NUDGE * box.moves
    return pdk.ViewState(
        longitude=round((box.west + box.east) / 2, 5) + nudge,
        latitude=round(latitude, 5) + nudge,
        zoom=round(min(_find_zoom(box), _NEAREST_ZOOM), 2) + nudge,
        min_zoom=round(min(_find_zoom(city), _find_zoom(box), _NEAREST_ZOOM) - _OUTER_ZOOM, 2),
        max_zoom=DEEPEST_ZOOM,
    )


def _find_zoom(box: Box) -> float:
    span = max(box.east - box.west, 0.002)
    rise = max(_mercator(box.north) - _mercator(box.south), 0.002)
    return min(math.log2(360 / 512 * box.width_px / span), math.log2(360 / 512 * box.height_px / rise))


def _mercator(latitude: float) -> float:
    """The latitude's place on the map, in degrees of longitude."""
    return math.degrees(math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2)))
