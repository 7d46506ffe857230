"""The next report near a place: for every closed case, the first later report of its scenario within a radius.

Comparing all pairs within the radius would grow with the square of a hot spot's cases. Instead the sphere is cut into
cubes whose diagonal is the radius. Whatever lies in a case's own cube is near enough, so the first later report there
ends the search in time, and in the cubes around it only what was reported before that has still to be looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from governance.grids.neighbours import EARTH_RADIUS_M, place_on_sphere

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

NOT_CLOSED = np.iinfo(np.int64).max
BATCH_ROWS = 50_000  # each meets some fifty cubes: more would only need more memory
_ROOT_3 = np.sqrt(3)


@dataclass(frozen=True)
class _World:
    """Points on the unit sphere in order of report, their cubes, and the squared way through the sphere that is near.

    Cubes are numbered; `corners` holds their whole-numbered places, shape (cubes, 3). `first` is the earliest row
    that was reported after a case's closing.
    """

    points: Floats
    near: float
    cube: Integers
    corners: Floats
    first: Integers


def find_next_nearby(
    lon: Floats,
    lat: Floats,
    reported: Integers,
    *,
    closed: Integers,
    has_key: Flags,
    radius_m: float,
    within: int,
) -> Integers:
    """The row of the first report near each closed case, later than its closing by less than `within`; -1 for none.

    Rows are one scenario's cases in ascending order of `reported`; times are whole numbers of one unit, `closed` is
    NOT_CLOSED for an open case. Distances are great circles on a sphere of the earth's mean radius (up to 0.5 % off
    the ellipsoid), the radius included. Two cases that both have a place key are never compared: their keys tell.
    """
    world = _divide(lon, lat, radius_m, np.searchsorted(reported, closed, side="right"))
    is_closed = closed != NOT_CLOSED
    last = np.searchsorted(reported, np.where(is_closed, closed, 0) + within, side="left")
    found = last.copy()
    _search(world, np.flatnonzero(is_closed & ~has_key), np.arange(len(lon)), found)
    _search(world, np.flatnonzero(is_closed & has_key), np.flatnonzero(~has_key), found)
    return np.where(is_closed & (found < last), found, -1)


def _divide(lon: Floats, lat: Floats, radius_m: float, first: Integers) -> _World:
    points = place_on_sphere(lon, lat)
    chord = 2 * np.sin(min(radius_m / EARTH_RADIUS_M, np.pi) / 2)
    places = np.floor(points / (chord / _ROOT_3))
    order = np.lexsort(places.T)
    is_new = np.append(True, np.any(np.diff(places[order], axis=0) != 0, axis=1))[: len(order)]
    cube = np.empty(len(order), dtype=np.int64)
    cube[order] = np.cumsum(is_new) - 1
    return _World(points, float(chord**2), cube, places[order[is_new]], first)


def _search(world: _World, earlier: Integers, later: Integers, found: Integers) -> None:
    """Lower `found` of the `earlier` rows to the first of the `later` rows that is near and not before `first`."""
    if not len(earlier) or not len(later):
        return
    order = later[np.argsort(world.cube[later], kind="stable")]
    _walk(world, order, earlier, world.cube[earlier], found)
    occupied = np.unique(world.cube[later])
    tree = cKDTree(world.corners[occupied])
    earlier = earlier[np.argsort(world.cube[earlier], kind="stable")]
    earlier = earlier[world.first[earlier] < found[earlier]]
    for start in range(0, len(earlier), BATCH_ROWS):
        rows = earlier[start : start + BATCH_ROWS]
        cubes, of_row = np.unique(world.cube[rows], return_inverse=True)
        indptr, around = _list_around(world.corners[cubes], tree)
        count = np.diff(indptr)[of_row]
        entry = np.arange(count.sum()) + np.repeat(indptr[of_row] - (np.cumsum(count) - count), count)
        _walk(world, order, np.repeat(rows, count), occupied[around[entry]], found)


def _list_around(corners: Floats, tree: cKDTree) -> tuple[Integers, Integers]:
    """Sparse rows: which cubes of the tree hold a point that may be near one of each cube, itself left out."""
    # Twice the diagonal between the corners: what is near lies one diagonal apart, and each point within its cube.
    pairs = cKDTree(corners).sparse_distance_matrix(tree, 2 * _ROOT_3, output_type="ndarray")
    cube, around = pairs["i"], pairs["j"]
    gap = np.maximum(np.abs(corners[cube] - tree.data[around]) - 1, 0)
    is_around = (np.sum(gap**2, axis=1) <= 3) & (pairs["v"] > 0)  # noqa: PLR2004  a cube's diagonal, squared
    cube, around = cube[is_around], around[is_around]
    indptr = np.append(0, np.cumsum(np.bincount(cube, minlength=len(corners))))
    return indptr, around[np.argsort(cube, kind="stable")]


def _walk(world: _World, order: Integers, rows: Integers, cubes: Integers, found: Integers) -> None:
    """Look from each row into one cube: its later reports one after the other, until one is near or too late.

    `order` is the later rows by cube, then time. All walks take their first step together, then those that still
    walk their second: the number of steps is that of the longest walk, the work that of all.
    """
    height = len(world.cube)
    keys = world.cube[order] * height + order
    at = np.searchsorted(keys, cubes * height + world.first[rows])
    while True:
        # A key below this one is of the same cube and earlier than what is found already.
        walks = np.flatnonzero(at < len(keys))
        walks = walks[keys[at[walks]] < cubes[walks] * height + found[rows[walks]]]
        if not len(walks):
            return
        rows, cubes, at = rows[walks], cubes[walks], at[walks]
        reports = order[at]
        is_near = np.sum((world.points[rows] - world.points[reports]) ** 2, axis=1) <= world.near
        np.minimum.at(found, rows[is_near], reports[is_near])
        rows, cubes, at = rows[~is_near], cubes[~is_near], at[~is_near] + 1
