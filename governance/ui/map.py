"""The map: shapes that the browser already has, coloured by one digit per grid; the only module that knows pydeck."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

import pydeck as pdk
import shapely

from governance.shapes.tiles import TILE_SIDE_PX
from governance.ui import palette
from governance.ui.geometry import Overview, Shapes
from governance.ui.geometry_route import locate_shapes
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
    """Degrees west, south, east, north."""

    west: float
    south: float
    east: float
    north: float


def make_deck(  # noqa: PLR0913  what is drawn, where, and how it is told
    shapes: Shapes, digits: str, *, box: Box, language: str, chosen: bytes | None = None, look: Look = TIER_LOOK
) -> pdk.Deck:
    """The map of a city: `digits` holds one digit per grid, `chosen` the polygon (WKB) to outline.

    The same `box` gives the same first view, which Streamlit then leaves alone, so that pan and zoom are kept.
    """
    drawn = _draw_large_city(shapes.overview, digits, look) if shapes.overview else _draw_city(shapes, digits, look)
    layers = [*drawn, _draw_outlines(shapes)]
    if chosen is not None:
        layers.append(_outline_grid(chosen))
    return pdk.Deck(
        layers=layers,
        initial_view_state=_frame_box(box),
        map_provider=None,
        tooltip={"text": f"{{id}}\n{{{language}}}", "style": _TOOLTIP_STYLE},
    )


def read_selected(selection: Any) -> int | None:
    """The grid_no of the polygon that was clicked on, if any."""
    objects = selection.get("objects", {}).get(GRID_LAYER, [])
    number = objects[0].get("properties", {}).get("n") if objects else None
    return number if isinstance(number, int) else None


_TOOLTIP_STYLE = {
    "background": palette.INK,
    "color": palette.PAPER,
    "fontSize": "13px",
    "padding": "6px 8px",
    "maxWidth": "280px",
    "whiteSpace": "pre-line",
}


def _draw_city(shapes: Shapes, digits: str, look: Look) -> list[pdk.Layer]:
    return [_fill_grids(shapes, digits, look), _write_letters(shapes, digits, look)]


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


def _fill_grids(shapes: Shapes, digits: str, look: Look) -> pdk.Layer:
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
    layer._subLayerProps = {"polygons-fill": {"getFillColor": _look_up(_list_fills(look), digits, "properties.n")}}  # noqa: SLF001
    layer.updateTriggers = {"getFillColor": _digest(digits, look)}
    return layer


def _write_letters(shapes: Shapes, digits: str, look: Look) -> pdk.Layer:
    layer = pdk.Layer(
        "TextLayer",
        data=locate_shapes(shapes.labels),
        id="letters",
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
        get_line_color=palette.to_rgba(palette.MUTED),
        line_width_units='"pixels"',
        get_line_width=1,
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
    pairs = zip(digits[::2], f"{digits}0"[1::2], strict=True)
    return "".join(f"{int(even) + 4 * int(odd):x}" for even, odd in pairs)


def _digest(digits: str, look: Look) -> str:
    return hashlib.sha256(f"{digits}{look}".encode()).hexdigest()[:16]


def _frame_box(box: Box, *, width_px: int = 800, height_px: int = 560) -> pdk.ViewState:
    """The view that shows the box: Web Mercator, 512 pixels around the world at zoom 0."""
    span = max(box.east - box.west, 0.002)
    rise = max(_mercator(box.north) - _mercator(box.south), 0.002)
    zoom = min(math.log2(360 / 512 * width_px / span), math.log2(360 / 512 * height_px / rise))
    middle = (_mercator(box.north) + _mercator(box.south)) / 2
    latitude = math.degrees(2 * math.atan(math.exp(math.radians(middle))) - math.pi / 2)
    return pdk.ViewState(
        longitude=round((box.west + box.east) / 2, 5),
        latitude=round(latitude, 5),
        zoom=round(min(zoom, 16), 2),
        min_zoom=3,
        max_zoom=18,
    )


def _mercator(latitude: float) -> float:
    """The latitude's place on the map, in degrees of longitude."""
    return math.degrees(math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2)))
