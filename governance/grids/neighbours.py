"""Which grids lie beside each other: those that touch, and those within a distance.

Neighbours are sparse rows: those of grid i are indices[indptr[i]:indptr[i + 1]], ascending, without i itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
import shapely
from numpy.typing import NDArray

EARTH_RADIUS_M = 6_371_008.8

Rows = tuple[NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True)
class Neighbours:
    """Both kinds of neighbours of every grid, as sparse rows (int32)."""

    near_indptr: NDArray[np.int32]
    near_indices: NDArray[np.int32]
    far_indptr: NDArray[np.int32]
    far_indices: NDArray[np.int32]


def find_neighbours(geometries: NDArray[np.object_]) -> Rows:
    """(indptr, indices) of the polygons that touch or overlap each one, a shared corner included (queen contiguity).

    Symmetric; an island has none.
    """
    shapely.prepare(geometries)
    first, second = shapely.STRtree(geometries).query(geometries, predicate="intersects")
    return _pack_rows(first, second, len(geometries))


def find_within(lon: NDArray[np.float64], lat: NDArray[np.float64], radius_m: float) -> Rows:
    """(indptr, indices) of the points within `radius_m` of each (great circle on a sphere); degrees in WGS84."""
    tree = scipy.spatial.cKDTree(place_on_sphere(lon, lat))
    # The straight way through the sphere that belongs to this way over it.
    chord = 2 * np.sin(min(radius_m / EARTH_RADIUS_M, np.pi) / 2)
    pairs = tree.query_pairs(chord, output_type="ndarray")
    return _pack_rows(np.append(pairs[:, 0], pairs[:, 1]), np.append(pairs[:, 1], pairs[:, 0]), len(lon))


def place_on_sphere(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points on the unit sphere, shape (n, 3)."""
    x, y = np.radians(lon), np.radians(lat)
    return np.column_stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)])


def _pack_rows(first: NDArray[np.intp], second: NDArray[np.intp], rows: int) -> Rows:
    is_other = first != second
    first, second = first[is_other], second[is_other]
    order = np.lexsort((second, first))
    indptr = np.append(0, np.cumsum(np.bincount(first, minlength=rows)))
    return indptr.astype(np.int32), second[order].astype(np.int32)
