"""The map: shapes that the browser already has, coloured by one digit per grid; the only module that knows pydeck."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from typing import Any

import pydeck as pdk
import shapely

from governance.ui import palette
from governance.ui.geometry import Shapes
from governance.ui.geometry_route import locate_shapes
from governance.ui.map_layers import Layers

GRID_LAYER = "grids"
# By digit: outside the chosen unit or without a tier, green, yellow, red.
_ORDER = ("green", "yellow", "red")
_CLEAR = [0, 0, 0, 0]
_FILLS = [palette.to_rgba(palette.OUTSIDE), *(palette.to_rgba(palette.TIER_COLOURS[tier]) for tier in _ORDER)]
_LETTERS = [" ", " ", palette.TIER_LETTERS["yellow"], palette.TIER_LETTERS["red"]]
_INKS = [_CLEAR, *(palette.to_rgba(palette.TIER_INKS[tier]) for tier in _ORDER)]


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


def make_deck(  # noqa: PLR0913  each but the first two has a default or a name of its own
    shapes: Shapes,
    digits: str,
    *,
    box: Box,
    language: str,
    chosen: bytes | None = None,
    layers: Layers | None = None,
) -> pdk.Deck:
    """The map of a city: `digits` holds one digit per grid, `chosen` the polygon (WKB) to outline, `layers` the rest.

    The same `box` gives the same first view, which Streamlit then leaves alone, so that pan and zoom are kept.
    """
    shown = layers or Layers()
    drawn = [_fill_grids(shapes, digits, alpha=_OVER_TILES if shown.style else 255)]
    drawn += [pdk.Layer(**spec) for spec in shown.below]
    drawn += [pdk.Layer(**shown.letters)] if shown.letters else [_write_letters(shapes, digits)]
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


def _fill_grids(shapes: Shapes, digits: str, *, alpha: int) -> pdk.Layer:
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
    fills = [[*colour[:3], alpha] for colour in _FILLS]
    layer._subLayerProps = {"polygons-fill": {"getFillColor": _look_up(fills, digits, "properties.n")}}  # noqa: SLF001
    layer.updateTriggers = {"getFillColor": f"{_digest(digits)}{alpha}"}
    return layer


def _write_letters(shapes: Shapes, digits: str) -> pdk.Layer:
    """Letters from the digits: for tiers that no route knows; those of today come in tiles (`Layers.letters`)."""
    layer = pdk.Layer(
        "TextLayer",
        data=locate_shapes(shapes.labels),
        id="letters",
        pickable=False,
        get_position="p",
        get_size="s",
        size_units='"meters"',
        font_weight=700,
        get_text=_look_up(_LETTERS, digits, "n")[3:],
    )
    layer._subLayerProps = {"characters": {"getColor": _look_up(_INKS, digits, "n")}}  # noqa: SLF001  as above
    layer.updateTriggers = {"getText": _digest(digits), "getColor": _digest(digits)}
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


def _look_up(values: list[Any], digits: str, number: str) -> str:
    """A deck.gl expression: the value for a grid's digit. Only names and parentheses may be indexed in it.

    Two digits (0 to 3) travel in one hexadecimal sign, the even grid's in its lower half.
    """
    listed = json.dumps(values, separators=(",", ":")).replace('"', "'")
    sign = f"('0x'+('{_pack(digits)}')[{number}>>1])"
    return f"@@=({listed})[({sign}>>(({number}&1)*2))&3]"


def _pack(digits: str) -> str:
    pairs = zip(digits[::2], f"{digits}0"[1::2], strict=True)
    return "".join(f"{int(even) + 4 * int(odd):x}" for even, odd in pairs)


def _digest(digits: str) -> str:
    return hashlib.sha256(digits.encode()).hexdigest()[:16]


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
