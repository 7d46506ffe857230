"""Points to polygons, exactly as shapely's closed predicate with the smallest position would say, but fast.

A point costs one or two looks into the tables of a `Cover`; only in a leaf is arithmetic done, for the few edges
that touch it (see `cover.py` for the drawing). Points near an edge are left to shapely: those within TOLERANCE of the
line through it (for the line is all that the arithmetic knows), and those in leaves too full to be kept.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from governance.errors import InputError
from governance.grids.cover import NOWHERE, Cover, build_cover, load_cover, save_cover
from governance.grids.edges import Flags, Floats, Ints, scale_into_frame
from governance.grids.threads import count_threads, map_in_threads

__all__ = ["Cover", "build_cover", "load_cover", "locate", "locate_and_count", "save_cover"]

Positions = NDArray[np.int32]

TOLERANCE = np.float32(1e-5)  # of a leaf's width; single precision errs by less than 1e-6
CHUNK = 1 << 17  # points a thread takes at once: few enough for its cache, many enough that threads seldom wait
_PAIRS = 1 << 18  # of a point and a candidate that shapely tests at once, about
# A y that rounds up to 1 would lie in the row above, for which the leaf's parities do not hold. An x may become 1: it
# takes part in distances only, where rounding stays far below TOLERANCE.
_HIGHEST = np.nextafter(np.float32(1), np.float32(0))
_BELOW_ONE = np.nextafter(1.0, 0.0)
_NO_POLYGON = np.iinfo(np.int32).max
_LOWEST_BIT = np.array([(number & -number).bit_length() - 1 for number in range(1 << 16)], dtype=np.int32)


def locate(cover: Cover, lon: Floats, lat: Floats, *, threads: int | None = None) -> Positions:
    """For n points the smallest position of the polygons that hold each, borders included: int32, shape (n,).

    -1 for none, and for NaN or inf. Coordinates are in the system of the polygons; `threads` is by default the number
    of cores. Raises InputError if lon and lat are not of shape (n,) both, and ConfigError for less than one thread.
    """
    return locate_and_count(cover, lon, lat, threads=threads)[0]


def locate_and_count(cover: Cover, lon: Floats, lat: Floats, *, threads: int | None = None) -> tuple[Positions, int]:
    """What `locate` gives, and how many of the points shapely decided: near an edge's line, or in too full a leaf."""
    lon, lat = np.ascontiguousarray(lon, dtype=np.float64), np.ascontiguousarray(lat, dtype=np.float64)
    if lon.ndim != 1 or lon.shape != lat.shape:
        raise InputError(f"lon has shape {lon.shape}, lat {lat.shape}. Give two flat arrays of the same length.")
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

    near = map_in_threads(search, starts, threads=min(max(len(starts), 1), count_threads(threads)))
    return np.concatenate([np.empty(0, dtype=np.int64), *near])


def _search(cover: Cover, lon: Floats, lat: Floats, found: Positions) -> Ints:
    """The coarse cell, then the fine cell, then the edges of a leaf, each only for the points still undecided."""
    west, south, x_scale, y_scale = cover.frame
    x, y = _move(lon, west, x_scale), _move(lat, south, y_scale)
    found[:], x, y = _look_up(cover, x, y, cover.blocks[:1])  # one block, the map, for all points
    rest = np.flatnonzero(found < NOWHERE)
    value, x, y = _look_up(cover, x.take(rest), y.take(rest), cover.blocks.take(-2 - found.take(rest)))
    found[rest] = value
    in_leaf = np.flatnonzero(value < NOWHERE)
    rest, leaf = rest.take(in_leaf), -2 - value.take(in_leaf)
    decided, is_near = _test_edges(cover, leaf, x.take(in_leaf), y.take(in_leaf))
    found[rest] = np.where(is_near, -2 - leaf, decided)
    return rest[is_near]


def _move(values: Floats, start: float, scale: float) -> Floats:
    """Into the unit square; what lies outside, NaN too, falls in the free cells at its border."""
    with np.errstate(over="ignore"):
        moved = scale_into_frame(values, start, scale)
    np.fmax(moved, 0.0, out=moved)
    return np.fmin(moved, _BELOW_ONE, out=moved)


def _look_up(cover: Cover, x: Floats, y: Floats, block: NDArray[np.void]) -> tuple[Positions, Floats, Floats]:
    """The cell's value for each point in its block (one for each, or one for all), and its place within the cell."""
    width = block["width"]
    x, y = x * width, y * width
    column, row = x.astype(np.int32), y.astype(np.int32)
    x -= column
    y -= row
    row *= width
    row += column
    row += block["start"]  # the row has become, in place, the number of the cell
    return cover.cells.take(row), x, y


def _test_edges(cover: Cover, leaf: Positions, x: Floats, y: Floats) -> tuple[Positions, Flags]:
    """The polygon of each point in its leaf, and whether an edge is too near to say so.

    The first edge of all leaves, then the second of those that have one, and so on: few have more than two.
    """
    leaves = cover.leaves.take(leaf)
    state, is_near = leaves["odd_right"].astype(np.uint32), np.zeros(len(leaf), dtype=bool)
    x32, y32 = x.astype(np.float32), np.minimum(y.astype(np.float32), _HIGHEST)
    edge, left, point = leaves["first_edge"], leaves["edge_count"], np.arange(len(leaf))
    while len(point):
        flipped, is_close = _meet(cover.edges.take(edge), x32, y32)
        state[point] ^= flipped
        is_near[point[is_close]] = True
        more = np.flatnonzero(left > 1)
        point, x32, y32 = point.take(more), x32.take(more), y32.take(more)
        edge, left = edge.take(more) + 1, left.take(more) - 1
    # Where no bit is set, _LOWEST_BIT is -1 and may point before the first candidate: clipped, and not used.
    chosen = cover.candidates.take(leaves["first_candidate"] + _LOWEST_BIT.take(state), mode="clip")
    return np.where(state == 0, leaves["default"], chosen), is_near


def _meet(edge: NDArray[np.void], x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[np.uint32], Flags]:
    """The polygons (as bits) that the ray from each point to the right enters or leaves at its edge; if it is near."""
    distance = edge["a"] * x
    distance += edge["b"] * y
    distance += edge["c"]
    meets = (edge["low"] <= y) & (y < edge["high"]) & (distance < 0)
    return edge["polygons"] * meets, np.abs(distance) < TOLERANCE


def _ask_shapely(cover: Cover, lon: Floats, lat: Floats, leaf: Positions) -> Positions:
    """The smallest candidate of its leaf that intersects each point, else the leaf's default.

    All polygons wanted are unpacked once a call; the pairs of point and polygon are tested in batches.
    """
    wanted = np.unique(_pair_with_candidates(cover, np.unique(leaf))[1])
    shapes = shapely.from_wkb([cover.wkb[slice(*cover.wkb_start[p : p + 2])].tobytes() for p in wanted])
    shapely.prepare(shapes)
    found = cover.leaves["default"][leaf]
    pairs = np.cumsum(cover.leaves["first_candidate"][leaf + 1] - cover.leaves["first_candidate"][leaf], dtype=np.int64)
    for points in np.split(np.arange(len(leaf)), np.flatnonzero(np.diff(pairs // _PAIRS)) + 1):
        point, polygon, start = _pair_with_candidates(cover, leaf[points])
        point = points[point]
        holds = shapely.intersects_xy(shapes[np.searchsorted(wanted, polygon)], lon[point], lat[point])
        smallest = np.minimum.reduceat(np.where(holds, polygon, _NO_POLYGON), start)
        is_held = smallest != _NO_POLYGON
        found[points[is_held]] = smallest[is_held]
    return found


def _pair_with_candidates(cover: Cover, leaf: Positions) -> tuple[Ints, Positions, Ints]:
    """Every point with every candidate of its leaf: the point, the candidate; and where each point's pairs start."""
    first = cover.leaves["first_candidate"][leaf].astype(np.int64)
    count = cover.leaves["first_candidate"][leaf + 1] - first
    point = np.repeat(np.arange(len(leaf)), count)
    start = np.cumsum(count) - count
    return point, cover.candidates[np.arange(len(point)) + (first - start)[point]], start
