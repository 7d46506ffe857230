"""The edges of all polygons in one table, and their place in the unit square in which cells are laid."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def list_edges(geometries: NDArray[np.object_]) -> tuple[Ints, Floats]:
    """The position of the polygon of every edge, ascending; the ends, shape (4, edges): x, y and x, y.

    Edges without length are left out.
    """
    polygons, owner = shapely.get_parts(geometries, return_index=True)
    rings, owner_of_ring = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    is_edge = (ring[1:] == ring[:-1]) & (xy[1:] != xy[:-1]).any(axis=1)
    polygon = owner[owner_of_ring[ring[:-1][is_edge]]].astype(np.int64)
    return polygon, np.vstack([xy[:-1][is_edge].T, xy[1:][is_edge].T])


def move_to_unit_square(ends: Floats, *, border: float) -> tuple[Floats, Floats]:
    """West, south and the scales of x and y; the moved ends, lower end first (of a level edge: left end first).

    A border of this width, less than half, stays free on all sides. The move keeps the order of numbers: what is
    left of something, or level with it, is so afterwards.
    """
    if not ends.size:
        return np.array([0.0, 0.0, 1.0, 1.0]), ends
    lowest = np.array([ends[::2].min(), ends[1::2].min()])
    size = np.array([ends[::2].max(), ends[1::2].max()]) - lowest
    size = np.where(size > 0, size, size.max())
    scale = (1 - 2 * border) / size
    origin = np.concatenate([lowest - border / scale, scale])
    x1, y1, x2, y2 = moved = (ends - np.tile(origin[:2], 2)[:, None]) * np.tile(scale, 2)[:, None]
    is_downward = (y1 > y2) | ((y1 == y2) & (x1 > x2))
    return origin, np.where(is_downward, moved[[2, 3, 0, 1]], moved)


def name_edges(ends: Floats) -> Ints:
    """A number for each edge, from 0, the same for edges that are equal."""
    order = np.lexsort(ends)
    is_new = (np.diff(ends[:, order], prepend=np.nan) != 0).any(axis=0)
    names = np.empty(len(order), dtype=np.int64)
    names[order] = np.cumsum(is_new) - 1
    return names
