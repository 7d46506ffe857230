"""Borders on the map, as descriptions of deck.gl layers: tiles of narrow areas, at each zoom as wide as a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import shapely

from governance.ui.border_route import DEEPEST_ZOOM, locate_border, name_grid
from governance.ui.geometry import Shapes

Spec = dict[str, Any]
# Layers lie on one another in their order: no depth has to be kept.
FLAT = {"depthCompare": "always", "depthWriteEnabled": False}
_LEAST_ZOOM = 3
# Half a line lies outside the box of what it goes around, and may be another tile's.
_RIM_DEGREES = 0.005


@dataclass(frozen=True)
class Border:
    """Where the tiles of a border are, and the box in degrees (west, south, east, north) that they lie in."""

    address: str
    box: tuple[float, float, float, float]


def find_borders(shapes: Shapes, name: str) -> Border | None:
    """The borders of districts (`outlines`) or `towns`, if the city has them."""
    body = {"outlines": shapes.outlines, "towns": shapes.towns}[name]
    return Border(locate_border(body), shapes.tiles.box) if body else None


def outline_grid(number: int, wkb: bytes) -> Border:
    """The border of one grid."""
    shape = bytes(wkb)  # a table's cell is no plain bytes
    west, south, east, north = (float(side) for side in shapely.bounds(shapely.from_wkb(shape)))
    return Border(locate_border(name_grid(number, shape)), (west, south, east, north))


def draw_border(name: str, border: Border, *, colour: list[int]) -> Spec:
    """The layer of a border."""
    return {
        "type": "TileLayer", "id": name, "pickable": False, "data": border.address, "extent": _widen(border.box),
        "min_zoom": _LEAST_ZOOM, "max_zoom": DEEPEST_ZOOM, "stroked": False, "get_fill_color": colour,
        "parameters": FLAT,
    }  # fmt: skip


def _widen(box: tuple[float, float, float, float]) -> list[float]:
    west, south, east, north = box
    return [west - _RIM_DEGREES, south - _RIM_DEGREES, east + _RIM_DEGREES, north + _RIM_DEGREES]
