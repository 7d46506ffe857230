"""Points to polygons, exactly as shapely's closed predicate with the smallest position would say, but fast.

A point costs one or two looks into the tables of a `Cover`; only in a leaf is arithmetic done, for the few edges
that touch it (see `cover.py` for the drawing). A point within TOLERANCE of an edge is left to shapely.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from governance.grids.cover import NOWHERE, Cover, build_cover, load_cover, save_cover
from governance.grids.edges import Flags, Floats, Ints
from governance.grids.threads import map_ahead

__all__ = ["Cover", "build_cover", "load_cover", "locate", "locate_and_count", "save_cover"]

Positions = NDArray[np.int32]

TOLERANCE = np.float32(1e-5)  # of a leaf's width; single precision errs by less than 1e-6
CHUNK = 1 << 17  # points a thread takes at once: few enough for its cache, many enough that threads seldom wait
_HIGHEST = np.nextafter(np.float32(1), np.float32(0))
_BELOW_ONE = np.nextafter(1.0, 0.0)
_NO_POLYGON = np.iinfo(np.int32).max
_LOWEST_BIT = np.array([(number & -number).bit_length() - 1 for number in range(1 << 16)], dtype=np.int32)


def locate(cover: Cover, lon: Floats, lat: Floats, *, threads: int | None = None) -> Positions:
    """For n points the smallest position of the polygons that hold each, borders included: int32, shape (n,).

    -1 for none, and for NaN or inf. Coordinates are in the system of the polygons; `threads` is by default the number
    of cores.
    """
    return locate_and_count(cover, lon, lat, threads=threads)[0]


def locate_and_count(cover: Cover, lon: Floats, lat: Floats, *, threads: int | None = None) -> tuple[Positions, int]:
    """What `locate` gives, and how many of the points lay so near to an edge that shapely decided."""
    lon, lat = np.ascontiguousarray(lon, dtype=np.float64), np.ascontiguousarray(lat, dtype=np.float64)
    found = np.empty(len(lon), dtype=np.int32)
    near = _search_chunks(cover, lon, lat, found, threads)
    if len(near):
        found[near] = _ask_shapely(cover, lon[near], lat[near], -2 - found[near])
    return found, len(near)


def _search_chunks(cover: Cover, lon: Floats, lat: Floats, found: Positions, threads: int | None) -> Ints:
    """Fill `found` for all points, a chunk a thread; gives the points near an edge, for which it holds -2 - leaf."""
    starts = range(0, len(lon), CHUNK)

    def search(start: int) -> Ints:
        chunk = slice(start, start + CHUNK)
        return _search(cover, lon[chunk], lat[chunk], found[chunk]) + start

    near = map_ahead(search, starts, threads=min(len(starts), threads or os.cpu_count() or 1))
    return np.concatenate([np.empty(0, dtype=np.int64), *near])


def _search(cover: Cover, lon: Floats, lat: Floats, found: Positions) -> Ints:
    """The coarse cell, then the fine cell, then the edges of a leaf, each only for the points still undecided."""
    x, y = _move(lon, cover.origin[0], cover.origin[2]), _move(lat, cover.origin[1], cover.origin[3])
    found[:], x, y = _look_up(cover, x, y, cover.blocks[:1])
    rest = np.flatnonzero(found < NOWHERE)
    value, x, y = _look_up(cover, x.take(rest), y.take(rest), cover.blocks.take(-2 - found.take(rest)))
    found[rest] = value
    in_leaf = np.flatnonzero(value < NOWHERE)
    rest, leaf = rest.take(in_leaf), -2 - value.take(in_leaf)
    decided, is_near = _test_edges(cover, leaf, x.take(in_leaf), y.take(in_leaf))
    found[rest] = np.where(is_near, -2 - leaf, decided)
    return rest[is_near]


def _move(values: Floats, origin: float, scale: float) -> Floats:
    """Into the unit square; what lies outside, NaN too, falls in the free cells at its border."""
    with np.errstate(over="ignore"):
        moved = (values - origin) * scale
    np.fmax(moved, 0.0, out=moved)
    return np.fmin(moved, _BELOW_ONE, out=moved)


def _look_up(cover: Cover, x: Floats, y: Floats, block: NDArray[np.void]) -> tuple[Positions, Floats, Floats]:
    """The value of the cell of the block in which each point lies, and the place of the point within the cell."""
    width = block["width"]
    x, y = x * width, y * width
    column, cell = x.astype(np.int32), y.astype(np.int32)
    x -= column
    y -= cell
    cell *= width
    cell += column
    cell += block["start"]
    return cover.cells.take(cell), x, y


def _test_edges(cover: Cover, leaf: Positions, x: Floats, y: Floats) -> tuple[Positions, Flags]:
    """The polygon of each point in its leaf, and whether an edge is too near to say so.

    The first edge of all leaves, then the second of those that have one, and so on: few have more than two.
    """
    leaves = cover.leaves.take(leaf)
    state, is_near = leaves["inside"].astype(np.uint32), np.zeros(len(leaf), dtype=bool)
    x32, y32 = x.astype(np.float32), np.minimum(y.astype(np.float32), _HIGHEST)
    edge, left, point = leaves["edge"], leaves["edges"], np.arange(len(leaf))
    while len(point):
        flipped, is_close = _meet(cover.edges.take(edge), x32, y32)
        state[point] ^= flipped
        is_near[point[is_close]] = True
        more = np.flatnonzero(left > 1)
        point, x32, y32 = point.take(more), x32.take(more), y32.take(more)
        edge, left = edge.take(more) + 1, left.take(more) - 1
    chosen = cover.candidates.take(leaves["candidate"] + _LOWEST_BIT.take(state), mode="clip")
    return np.where(state == 0, leaves["default"], chosen), is_near


def _meet(edge: NDArray[np.void], x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[np.uint32], Flags]:
    """The polygons that the ray from each point to the right enters or leaves at its edge; if the edge is near."""
    distance = edge["a"] * x
    distance += edge["b"] * y
    distance += edge["c"]
    meets = (edge["low"] <= y) & (y < edge["high"]) & (distance < 0)
    return edge["polygons"] * meets, np.abs(distance) < TOLERANCE


def _ask_shapely(cover: Cover, lon: Floats, lat: Floats, leaf: Positions) -> Positions:
    """The smallest candidate of its leaf that intersects each point, else the leaf's default."""
    first = cover.leaves["candidate"][leaf].astype(np.int64)
    count = cover.leaves["candidate"][leaf + 1] - first
    point = np.repeat(np.arange(len(leaf)), count)
    start = np.cumsum(count) - count
    polygon = cover.candidates[np.arange(len(point)) + (first - start)[point]]
    wanted, which = np.unique(polygon, return_inverse=True)
    shapes = shapely.from_wkb([cover.wkb[slice(*cover.wkb_start[p : p + 2])].tobytes() for p in wanted])
    shapely.prepare(shapes)
    holds = shapely.intersects_xy(shapes[which], lon[point], lat[point])
    smallest = np.minimum.reduceat(np.where(holds, polygon, _NO_POLYGON), start)
    return np.where(smallest == _NO_POLYGON, cover.leaves["default"][leaf], smallest).astype(np.int32)
