"""Polygons as they are drawn: simplified together, so that neighbours still touch, then drawn in a little.

The gaps are the borders: a line layer for 10,000 polygons costs twenty times the drawing time of their areas. Joins,
label points and cases never use a simplified shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

_NEAR_SHARE, _FAR_SHARE, _FAR_ALONE_SHARE = 0.05, 0.4, 0.12
_SMALL = 0.05  # a small polygon is one of the five percent that are the smallest
_SLIVER_SHARE = 0.1  # what is narrower than so much of the middling one is a sliver, and nothing is drawn for its sake
_GAP_SHARE = 0.02
_STEPS_ACROSS = 2500  # from near, a city is never drawn more coarsely than in so many steps from side to side

Polygons = NDArray[np.object_]


def simplify_polygons(polygons: Polygons) -> Polygons:
    """Simpler polygons without gaps between them, to be seen from near; one that would vanish stays as it was."""
    if not len(polygons):
        return polygons
    west, south, east, north = shapely.total_bounds(polygons)
    # Of a small one: in the middle of a city, where one looks, grids are a fraction as wide as the middling one.
    small = float(np.quantile(np.sqrt(shapely.area(polygons)), _SMALL))
    finest = _NEAR_SHARE * max(small, _SLIVER_SHARE * _width(polygons))
    return _simplify(polygons, min(finest, max(east - west, north - south) / _STEPS_ACROSS))


def coarsen_polygons(polygons: Polygons) -> Polygons:
    """The same to be seen from afar, where a grid is a few pixels wide: a third of the corners of bent borders.

    What is no clean tiling is simplified one by one, and less: gaps between neighbours would be seen.
    """
    if not len(polygons):
        return polygons
    share = _FAR_SHARE if shapely.coverage_is_valid(polygons) else _FAR_ALONE_SHARE
    return _simplify(polygons, share * _width(polygons))


def draw_borders(units: NDArray[np.object_], polygons: Polygons) -> Any:
    """The borders of the units (one per polygon, "" for none); the city's where all units are the same.

    Each line once, where the polygons tile; where they do not, neighbours have a line each.
    """
    areas = np.array([unite_polygons(polygons[units == unit]) for unit in sorted(set(units))], dtype=object)
    return shapely.line_merge(shapely.union_all(shapely.boundary(areas)))


def _width(polygons: Polygons) -> float:
    """The width of a middling polygon."""
    return float(np.median(np.sqrt(shapely.area(polygons))))


def _simplify(polygons: Polygons, tolerance: float) -> Polygons:
    # Real grids overlap and leave slivers; only a clean tiling can be simplified as one.
    is_tiling = shapely.coverage_is_valid(polygons)
    simplify: Any = shapely.coverage_simplify if is_tiling else shapely.simplify
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
    crack = _GAP_SHARE * _width(polygons)
    wide = shapely.union_all(shapely.buffer(polygons, crack, join_style="mitre"))
    return shapely.buffer(wide, -crack, join_style="mitre")
