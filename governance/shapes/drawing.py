"""Polygons as they are drawn: simplified together, so that neighbours still touch, then drawn in a little.

The gaps are the borders: a line layer for 10,000 polygons costs twenty times the drawing time of their areas. Joins,
label points and cases never use a simplified shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

_SIMPLIFIED_SHARE = 0.12
_GAP_SHARE = 0.02
_STEPS_ACROSS = 2500  # a city is never drawn more coarsely than in so many steps from side to side

Polygons = NDArray[np.object_]


def simplify_polygons(polygons: Polygons) -> Polygons:
    """Simpler polygons without gaps between them; one that would vanish stays as it was."""
    if not len(polygons):
        return polygons
    width = float(np.median(np.sqrt(shapely.area(polygons))))
    # Real grids overlap and leave slivers; only a clean tiling can be simplified as one.
    is_tiling = shapely.coverage_is_valid(polygons)
    simplify: Any = shapely.coverage_simplify if is_tiling else shapely.simplify
    west, south, east, north = shapely.total_bounds(polygons)
    tolerance = min(_SIMPLIFIED_SHARE * width, max(east - west, north - south) / _STEPS_ACROSS)
    simple = shapely.make_valid(simplify(polygons, tolerance), method="structure")
    return np.where(shapely.is_empty(simple), polygons, simple)


def draw_in(polygons: Polygons) -> Polygons:
    """The polygons without a rim of 2 % of their width; one that would vanish stays as it was."""
    gap = _GAP_SHARE * np.sqrt(shapely.area(polygons))
    smaller = shapely.buffer(polygons, -gap, join_style="mitre", mitre_limit=2)
    return np.where(shapely.is_empty(smaller), polygons, smaller)


def unite_polygons(polygons: Polygons) -> Any:
    """One shape of many: quickly where they tile; where they do not, the cracks between them are closed first."""
    if shapely.coverage_is_valid(polygons):
        return shapely.coverage_union_all(polygons)
    crack = _GAP_SHARE * float(np.median(np.sqrt(shapely.area(polygons))))
    wide = shapely.union_all(shapely.buffer(polygons, crack, join_style="mitre"))
    return shapely.buffer(wide, -crack, join_style="mitre")
