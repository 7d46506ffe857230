"""The edges of all polygons in one table, and their place in the unit square in which cells are laid."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from governance.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_POLYGON_TYPES = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON, shapely.GeometryType.MISSING)


def list_edges(geometries: NDArray[np.object_]) -> tuple[Ints, Floats]:
    """For every edge the position of its polygon (ascending), and shape (4, edges): x, y of one end, x, y of the other.

    Edges without length are left out; missing and empty polygons have none. Raises InputError for geometries that
    are neither polygons nor multipolygons.
    """
    _refuse_other_types(geometries)
    polygons, owner = shapely.get_parts(geometries, return_index=True)
    rings, owner_of_ring = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    is_edge = (ring[1:] == ring[:-1]) & (xy[1:] != xy[:-1]).any(axis=1)
    polygon = owner[owner_of_ring[ring[:-1][is_edge]]].astype(np.int64)
    return polygon, np.vstack([xy[:-1][is_edge].T, xy[1:][is_edge].T])


def _refuse_other_types(geometries: NDArray[np.object_]) -> None:
    types = shapely.get_type_id(geometries)
    other = np.flatnonzero(~np.isin(types, _POLYGON_TYPES))
    if len(other):
        kind = shapely.GeometryType(types[other[0]]).name.capitalize()
        raise InputError(
            f"{len(other)} of {len(types)} geometries are no polygons; the first, at position {other[0]}, is a {kind}. "
            "Give polygons and multipolygons only."
        )


def move_to_unit_square(ends: Floats, *, border: float) -> tuple[Floats, Floats]:
    """The frame of the edges, and their ends moved into the unit square: lower end first, of a level edge the left one.

    The frame is what `scale_into_frame` needs: west, south, and the scales of x and y. `border` is the share of the
    square (below 0.5) that stays free on each side.
    """
    if not ends.size:
        return np.array([0.0, 0.0, 1.0, 1.0]), ends
    lowest = np.array([ends[::2].min(), ends[1::2].min()])
    size = np.array([ends[::2].max(), ends[1::2].max()]) - lowest
    size = np.where(size > 0, size, size.max())
    scale = (1 - 2 * border) / size
    start = lowest - border / scale
    moved = scale_into_frame(ends, np.tile(start, 2)[:, None], np.tile(scale, 2)[:, None])
    x1, y1, x2, y2 = moved
    is_downward = (y1 > y2) | ((y1 == y2) & (x1 > x2))
    return np.concatenate([start, scale]), np.where(is_downward, moved[[2, 3, 0, 1]], moved)


def scale_into_frame(values: Floats, start: Any, scale: Any) -> Floats:
    """The one formula that brings ends of edges and points into the unit square.

    Both must go through it: it rounds, but keeps order, so that what was left of something, or level with it, is
    never right of it afterwards. On this rests that the join is exact at the borders of cells.
    """
    moved: Floats = (values - start) * scale
    return moved


def name_edges(ends: Floats) -> Ints:
    """A number for each edge, from 0, the same for equal edges, so that a leaf can keep an edge of two polygons once.

    The ends must be in order, as `move_to_unit_square` gives them: neighbours run through an edge in opposite ways.
    """
    order = np.lexsort(ends)
    # NaN differs from everything, so that the first edge is new.
    is_new = (np.diff(ends[:, order], prepend=np.nan) != 0).any(axis=0)
    names = np.empty(len(order), dtype=np.int64)
    names[order] = np.cumsum(is_new) - 1
    return names
