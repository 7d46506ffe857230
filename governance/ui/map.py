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

from governance.shapes.tiles import TILE_SIDE_PX
from governance.ui import palette
from governance.ui.geometry import Overview, Shapes
from governance.ui.geometry_route import locate_shapes
from governance.ui.map_layers import Layers
from governance.ui.overview import draw_overview

GRID_LAYER = "grids"
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
    chosen: bytes | None = None,
    layers: Layers | None = None,
    look: Look = TIER_LOOK,
) -> pdk.Deck:
    """The map of a city: `digits` holds one digit per grid, `chosen` the polygon (WKB) to outline, `layers` the rest.

    The same `box` gives the same first view, which Streamlit then leaves alone, so that pan and zoom are kept.
    """
    shown = layers or Layers()
    drawn = _draw_large_city(shapes.overview, digits, look) if shapes.overview else []
    if not shapes.overview:
        drawn += [_fill_grids(shapes, digits, look, alpha=_OVER_TILES if shown.style else 255)]
    drawn += [pdk.Layer(**spec) for spec in shown.below]
    if not shapes.overview:
        drawn += [pdk.Layer(**shown.letters)] if shown.letters else [_write_letters(shapes, digits, look)]
    drawn += [_draw_outlines(shapes)] if shown.has_outlines else []
    drawn += [pdk.Layer(**spec) for spec in shown.above]
    if chosen is not None:
        drawn.append(_outline_grid(chosen))
    return _CompactDeck(
        layers=drawn,
        initial_view_state=_frame_box(box),
        map_provider=None,
        tooltip={"html": _write_tooltip(language, shown.hover), "style": _TOOLTIP_STYLE},
        **({"map_style": shown.style} if shown.style else {}),
    )


class _CompactDeck(pdk.Deck):  # type: ignore[misc]
    """A deck whose text has no indentation: it travels with every rerun."""

    def to_json(self) -> str:
        return json.dumps(json.loads(super().to_json()), ensure_ascii=False, separators=(",", ":"))


def read_selected(selection: Any) -> int | None:
    """The grid_no of the polygon that was clicked on, if any."""
    objects = selection.get("objects", {}).get(GRID_LAYER, [])
    number = objects[0].get("properties", {}).get("n") if objects else None
    return number if isinstance(number, int) else None


def _write_tooltip(language: str, hover: str) -> str:
    """The card beside the pointer; Streamlit puts the grid's properties in place of the braces, escaped.

    Tier and expected reports are a picture that the browser fetches when it is needed: they need not travel before.
    """
    picture = f"<img src='{hover}/{{n}}.svg' alt='' width='250' height='22' style='display:block'>" if hover else ""
    return f"{picture}<b>{{id}}</b><br>{{{language}}}"


# Grids let a basemap shine through.
_OVER_TILES = 170
_TOOLTIP_STYLE = {
    "background": palette.INK,
    "color": palette.PAPER,
    "fontSize": "13px",
    "padding": "6px 8px",
    "maxWidth": "280px",
}


def _draw_large_city(overview: Overview, digits: str, look: Look) -> list[pdk.Layer]:
    """A picture while the grids are too small to be told apart, and polygons with letters in tiles from there on."""
    west, south, east, north = overview.box
    picture = pdk.Layer(
        "BitmapLayer",
        image=f'"{locate_shapes(draw_overview(overview, digits, look.fills))}"',
        bounds=[west, south, east, north],
        id="overview",
        pickable=False,
    )
    picture.textureParameters = {"minFilter": "linear", "magFilter": "nearest", "mipmapFilter": "none"}
    return [picture, _fill_tiles(overview, digits, look)]


def _fill_tiles(overview: Overview, digits: str, look: Look) -> pdk.Layer:
    layer = pdk.Layer(
        "TileLayer",
        data=locate_shapes(overview.tiles),
        id=GRID_LAYER,
        pickable=True,
        auto_highlight=True,
        highlight_color=[*palette.to_rgba(palette.ACCENT, 110)],
        stroked=False,
        min_zoom=overview.tile_zoom,
        max_zoom=overview.tile_zoom,
        visible_min_zoom=overview.seen_from_zoom,
        tile_size=TILE_SIDE_PX,
        extent=list(overview.box),
        point_type='"text"',
        get_text_size="properties.s",
        text_size_units='"meters"',
        text_font_weight=700,
    )
    layer.textCharacterSet = sorted(set(look.letters))
    layer._subLayerProps = {"points-text": {"pickable": False}}  # noqa: SLF001  letters are not what a click is for
    layer.getFillColor = _look_up(_list_fills(look), digits, "properties.n")
    layer.getText = _look_up(list(look.letters), digits, "properties.n")
    layer.getTextColor = _look_up(_list_inks(look), digits, "properties.n")
    changed = _digest(digits, look)
    layer.updateTriggers = dict.fromkeys(("getFillColor", "getText", "getTextColor"), changed)
    return layer


def _fill_grids(shapes: Shapes, digits: str, look: Look, *, alpha: int) -> pdk.Layer:
    layer = pdk.Layer(
        "GeoJsonLayer",
        data=locate_shapes(shapes.grids),
        id=GRID_LAYER,
        pickable=True,
        stroked=False,
        auto_highlight=True,
        highlight_color=[*palette.to_rgba(palette.ACCENT, 110)],
    )
    # Set on the part layer: Streamlit fades whatever is not selected if it finds the colour on the layer itself.
    fills = [[*colour[:3], alpha] for colour in _list_fills(look)]
    layer._subLayerProps = {"polygons-fill": {"getFillColor": _look_up(fills, digits, "properties.n")}}  # noqa: SLF001
    layer.updateTriggers = {"getFillColor": f"{_digest(digits, look)}{alpha}"}
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
    layer._subLayerProps = {"characters": {"getColor": _look_up(_list_inks(look), digits, "n")}}  # noqa: SLF001  as above
    layer.updateTriggers = {"getText": _digest(digits, look), "getColor": _digest(digits, look)}
    return layer


def _draw_outlines(shapes: Shapes) -> pdk.Layer:
    return pdk.Layer(
        "GeoJsonLayer",
        data=locate_shapes(shapes.outlines),
        id="outlines",
        pickable=False,
        filled=False,
        get_line_color=palette.to_rgba(palette.INK, 210),
        line_width_units='"pixels"',
        get_line_width=1.6,
    )


def _outline_grid(wkb: bytes) -> pdk.Layer:
    polygon = json.loads(shapely.to_geojson(shapely.from_wkb(bytes(wkb))))
    return pdk.Layer(
        "GeoJsonLayer",
        data={"type": "Feature", "properties": {}, "geometry": polygon},
        id="chosen",
        pickable=False,
        filled=False,
        get_line_color=palette.to_rgba(palette.ACCENT),
        line_width_units='"pixels"',
        get_line_width=4,
    )


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
    digit = f"@@=({sign}>>(({number}&1)*2))&3"
    return {"@@function": "colorCategories", "attr": digit, "domain": [0, 1, 2, 3], "colors": values}


def _pack(digits: str) -> str:
    numbers = np.frombuffer(f"{digits}{'0' * (len(digits) % 2)}".encode(), dtype=np.uint8) - ord("0")
    signs = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)[numbers[::2] + 4 * numbers[1::2]]
    return str(signs.tobytes().decode())


def _digest(digits: str, look: Look) -> str:
    return hashlib.sha256(f"{digits}{look}".encode()).hexdigest()[:16]


def _frame_box(box: Box) -> pdk.ViewState:
    """The view that shows the box: Web Mercator, 512 pixels around the world at zoom 0."""
    span = max(box.east - box.west, 0.002)
    rise = max(_mercator(box.north) - _mercator(box.south), 0.002)
    zoom = min(math.log2(360 / 512 * box.width_px / span), math.log2(360 / 512 * box.height_px / rise))
    middle = (_mercator(box.north) + _mercator(box.south)) / 2
    latitude = math.degrees(2 * math.atan(math.exp(math.radians(middle))) - math.pi / 2)
    nudge = _NUDGE * box.moves
    return pdk.ViewState(
        longitude=round((box.west + box.east) / 2, 5) + nudge,
        latitude=round(latitude, 5) + nudge,
        zoom=round(min(zoom, 16), 2) + nudge,
        min_zoom=3,
        max_zoom=18,
    )


def _mercator(latitude: float) -> float:
    """The latitude's place on the map, in degrees of longitude."""
    return math.degrees(math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2)))
