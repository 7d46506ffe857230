"""Points to polygons, exactly as shapely's closed predicate with the smallest position would say, but fast.

A point costs one or two looks into the tables of a `Cover`; only in a leaf is arithmetic done, for the few edges
that touch it (see `cover.py` for the drawing). A point within TOLERANCE of an edge is left to shapely.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from governance.grids.cover import NOWHERE, Cover, build_cover, load_cover, save_cover
from governance.grids.edges import Flags, Floats, Ints

__all__ = ["Cover", "build_cover", "count_exact", "load_cover", "locate", "save_cover"]

Positions = NDArray[np.int32]

TOLERANCE = np.float32(1e-5)  # of a leaf's width; single precision errs by less than 1e-6
CHUNK = 1 << 16
_HIGHEST = np.nextafter(np.float32(1), np.float32(0))
_BELOW_ONE = np.nextafter(1.0, 0.0)
_NO_POLYGON = np.iinfo(np.int32).max
_LOWEST_BIT = np.array([(number & -number).bit_length() - 1 for number in range(1 << 16)], dtype=np.int8)


def locate(cover: Cover, lon: Floats, lat: Floats) -> Positions:
    """The smallest position of the polygons that hold each point, borders included; -1 for none and for NaN or inf."""
    lon, lat = np.ascontiguousarray(lon, dtype=np.float64), np.ascontiguousarray(lat, dtype=np.float64)
    found = np.empty(len(lon), dtype=np.int32)
    near = _search_chunks(cover, lon, lat, found)
    if len(near):
        found[near] = _ask_shapely(cover, lon[near], lat[near], -2 - found[near])
    return found


def count_exact(cover: Cover, lon: Floats, lat: Floats) -> int:
    """How many of the points lie so near to an edge that shapely decides."""
    found = np.empty(len(lon), dtype=np.int32)
    return len(_search_chunks(cover, np.asarray(lon, dtype=float), np.asarray(lat, dtype=float), found))


def _search_chunks(cover: Cover, lon: Floats, lat: Floats, found: Positions) -> Ints:
    """Fill `found` for all points, in threads; gives the points near an edge, for which it holds -2 - leaf."""
    starts = range(0, len(lon), CHUNK)

    def search(start: int) -> Ints:
        chunk = slice(start, start + CHUNK)
        return _search(cover, lon[chunk], lat[chunk], found[chunk]) + start

    if len(starts) <= 1:
        near = [search(start) for start in starts]
    else:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            near = list(pool.map(search, starts))
    return np.concatenate([np.empty(0, dtype=np.int64), *near])


def _search(cover: Cover, lon: Floats, lat: Floats, found: Positions) -> Ints:
    """The coarse cell, then the fine cell, then the edges of a leaf, each only for the points still undecided."""
    x, y = _move(lon, cover.origin[0], cover.origin[2]), _move(lat, cover.origin[1], cover.origin[3])
    found[:], x, y = _look_up(cover, x, y, np.zeros(1, dtype=np.int64))
    rest = np.flatnonzero(found < NOWHERE)
    value, x, y = _look_up(cover, x[rest], y[rest], -2 - found[rest])
    found[rest] = value
    in_leaf = np.flatnonzero(value < NOWHERE)
    rest, leaf = rest[in_leaf], -2 - value[in_leaf]
    decided, is_near = _test_edges(cover, leaf, x[in_leaf], y[in_leaf])
    found[rest] = np.where(is_near, -2 - leaf, decided)
    return rest[is_near]


def _move(values: Floats, origin: float, scale: float) -> Floats:
    """Into the unit square; what lies outside, NaN too, falls in the free cells at its border."""
    with np.errstate(over="ignore"):
        moved: Floats = np.fmin(np.fmax((values - origin) * scale, 0.0), _BELOW_ONE)
    return moved


def _look_up(cover: Cover, x: Floats, y: Floats, block: NDArray[Any]) -> tuple[Positions, Floats, Floats]:
    """The value of the cell of the block in which each point lies, and the place of the point within the cell."""
    width = cover.block_width[block]
    x, y = x * width, y * width
    column, row = x.astype(np.int32), y.astype(np.int32)
    return cover.cells.take(cover.block_start[block] + row * width + column), x - column, y - row


def _test_edges(cover: Cover, leaf: Positions, x: Floats, y: Floats) -> tuple[Positions, Flags]:
    """The polygon of each point in its leaf, and whether an edge is too near to say so."""
    first = cover.leaf_edge[leaf]
    count = cover.leaf_edge[leaf + 1] - first
    point = np.repeat(np.arange(len(leaf)), count)
    start = np.cumsum(count) - count
    edge = cover.edges.take(np.arange(len(point)) + (first - start)[point])
    height = np.minimum(y.astype(np.float32), _HIGHEST)[point]
    distance = edge["a"] * x.astype(np.float32)[point] + edge["b"] * height + edge["c"]
    meets = (edge["low"] <= height) & (height < edge["high"]) & (distance < 0)
    state = cover.leaf_inside[leaf]
    if len(start):
        state = state ^ np.bitwise_xor.reduceat(edge["polygons"] * meets, start).astype(np.uint16)
    is_near = np.zeros(len(leaf), dtype=bool)
    is_near[point[np.abs(distance) < TOLERANCE]] = True
    chosen = cover.candidates.take(cover.leaf_candidate[leaf] + _LOWEST_BIT[state], mode="clip")
    return np.where(state == 0, cover.leaf_default[leaf], chosen), is_near


def _ask_shapely(cover: Cover, lon: Floats, lat: Floats, leaf: Positions) -> Positions:
    """The smallest candidate of its leaf that intersects each point, else the leaf's default."""
    first = cover.leaf_candidate[leaf].astype(np.int64)
    count = cover.leaf_candidate[leaf + 1] - first
    point = np.repeat(np.arange(len(leaf)), count)
    start = np.cumsum(count) - count
    polygon = cover.candidates[np.arange(len(point)) + (first - start)[point]]
    wanted, which = np.unique(polygon, return_inverse=True)
    shapes = shapely.from_wkb([cover.wkb[slice(*cover.wkb_start[p : p + 2])].tobytes() for p in wanted])
    shapely.prepare(shapes)
    holds = shapely.intersects_xy(shapes[which], lon[point], lat[point])
    smallest = np.minimum.reduceat(np.where(holds, polygon, _NO_POLYGON), start)
    return np.where(smallest == _NO_POLYGON, cover.leaf_default[leaf], smallest).astype(np.int32)
