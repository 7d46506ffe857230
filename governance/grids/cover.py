"""Cells over polygons: built once, so that `join.locate` can place a point by one or two looks into a table.

The map is cut into coarse cells. A cell that no edge touches lies wholly in one polygon, or in none: the table
holds the answer. A cell that edges touch becomes a block of finer cells, as fine as its edges are crowded. A
fine cell that edges still touch is a leaf, and only points in leaves cost arithmetic:

      coarse cells            a block (4 x 4)            a leaf
    +----+----+----+         +--+--+--+--+             +--------/-----+    Bits to begin with: A 0, B 1, the parities
    | A  | AB | B  |         |A |A |AB|B |             |  A    /      |    of their edges right of the leaf.
    +----+----+----+         +--+--+--+--+             |      /   p --|->  p: its ray meets no edge. Only B's bit is
    | A  | AB | B  |  AB ->  |A |AB|B |B |     AB ->   | q --/--------|->  set: p is in B.
    +----+----+----+         +--+--+--+--+             |    /    B    |    q: its ray meets the shared edge, which
    | .  | .  | .  |         |A |AB|B |B |             +---/----------+    flips both bits: q is in A.
    +----+----+----+         +--+--+--+--+

Where no bit is set, the leaf's default is the answer: a polygon that covers the leaf wholly, or none.

That is the usual test of rays, but a leaf knows only the edges that touch it. Those beyond its right side must be
one bit, the same for every height in the leaf. It would not be where the boundary turns back out there:

      leaf
    +------------+                 Edge v-w leaves the leaf; after w the boundary turns down again. The ray of q meets
    |  p --------|------------->   v-w in the leaf and the edge after it (*) out there, the ray of p meets neither: out
    |            |    w            there q counts one edge, p none. We therefore prolong v-w upward without end in
    |            | .    .          this leaf. Now p meets it too, and with one edge out there, as q has, p is at two,
    |          . |        .        even as before: one bit is right for both. It is found at mid-height of the cell
    |  q ----.---|----------*-->   (of a fine one: from the edges of its coarse cell, and that one's own bit), and
    |      v     |                 flipped for the edges that now count once too often there (`cells._open_edges`).
    +------------+

So it is in general: at a corner out there the number of edges that a ray meets changes by 0 or 2. An edge of the leaf
that ends there is prolonged and changes no more, so the parity of the others does not either.

Ties: a point belongs to the smallest position whose closed polygon holds it. A leaf therefore drops the candidates
with a greater position than a polygon that covers it wholly, and that polygon is its default. Points too near to the
line through an edge, and all points of leaves too full to be kept, are left to shapely. Whether an end of an edge is
left or right of a cell's border is decided exactly: points and ends go through the same scaling, which keeps order.
Steps: `edges.py` lists the edges, `pieces.py` lays them out and `cells.py` cuts, this module keeps the result, and
`join.py` uses it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from governance.errors import ConfigError, InputError
from governance.grids.cells import FREE, divide, divide_map
from governance.grids.edges import Floats, Ints, list_edges, move_to_unit_square, name_edges
from governance.grids.pieces import Blocks, Pieces, Sheet, drop_hidden, magnify
from governance.grids.threads import map_in_threads

NOWHERE = -1
MOST_CANDIDATES = 16  # a leaf has one bit for each
MOST_LEAF_EDGES = 128
BUDGET_MB = 2048

# A leaf has 16 bytes, so `odd_right` has 16 bits; all fields of an edge have 4 bytes, so that none is misaligned.
BLOCK = np.dtype([("start", "i4"), ("width", "i4")])
LEAF = np.dtype(
    [("first_edge", "i4"), ("first_candidate", "i4"), ("default", "i4"), ("odd_right", "u2"), ("edge_count", "u2")]
)
EDGE = np.dtype([("a", "f4"), ("b", "f4"), ("c", "f4"), ("low", "f4"), ("high", "f4"), ("polygons", "u4")])

_MOST_NUMBER = int(np.iinfo(np.int32).max)  # cells, edges and candidates are numbered in 32 bits
_EDGES_PER_COARSE_CELL = 1.5
_CELLS_PER_EDGE = 2.5  # in a block
_TOUCHES_PER_EDGE = 2.5  # in a block: how many fine cells an edge runs through, at most, on average
_MOST_WIDTH = 4096
_BYTES_PER_CELL = 4.0
_BYTES_PER_TOUCH = 32.0  # an edge in a fine cell: half of it, as neighbours share it, and its part of the leaf


@dataclass(frozen=True)
class Cover:
    """The cells of one set of polygons, which are named by their positions, from 0 on.

    frame: west, south and the scales of x and y that bring all polygons into the unit square.
    cells: the polygon that fills the cell, -1 for none, or -2 - n for block n (coarse cell) or leaf n (fine cell).
    blocks: a block has `width` cells to a side, row by row from cells[start]; block 0 is the whole map.
    leaves: leaf n has `edge_count` edges from edges[first_edge] on, and the candidates from its `first_candidate` up to
    that of leaf n + 1, ascending. Bit j of `odd_right` is the parity to the right of the leaf for candidate j;
    `default` is the answer when no candidate holds the point. A last, empty leaf marks where the candidates of the
    real last leaf end.
    edges: an edge lies on a*x + b*y + c = 0 in its leaf's unit square. The sum is the distance of (x, y), in widths of
    the leaf, negative to the left of the edge. It counts for heights low <= y < high, infinite where it is prolonged;
    bit j of `polygons` says that it bounds candidate j. A leaf with too many edges or candidates has one edge of
    zeros, which is near to every point: all its points are left to shapely.
    wkb, wkb_start: the polygons themselves, for the points that are left to shapely.
    """

    frame: Floats
    cells: NDArray[np.int32]
    blocks: NDArray[np.void]
    leaves: NDArray[np.void]
    candidates: NDArray[np.int32]
    edges: NDArray[np.void]
    wkb: NDArray[np.uint8]
    wkb_start: Ints


def build_cover(geometries: NDArray[np.object_], *, budget_mb: float = BUDGET_MB) -> Cover:
    """The cover of polygons and multipolygons, shape (n,); overlaps, holes, gaps and empty ones may occur.

    They must be valid, as `repair_polygons` makes them: this is not checked, and an invalid one may give any answer.
    `budget_mb` is for cells and leaves, by estimate: coarse cells take about an eighth of it; then blocks are halved
    until their cells and edges fit it, but never below one cell each, where edges take some 20 bytes each. A small
    budget makes cells coarser and points slower. The polygons themselves come on top, with 16 bytes a corner. Building
    needs about five times the memory of the result. Raises InputError for other geometries, and ConfigError for a
    budget that is not above 0, or so large that cells or edges cannot be numbered.
    """
    if not budget_mb > 0:
        raise ConfigError(f"A budget of {budget_mb} MB is not possible. Give one above 0; the default is {BUDGET_MB}.")
    polygon, ends = list_edges(geometries)
    side = _choose_side(polygon, ends, budget_mb)
    frame, ends = move_to_unit_square(ends, border=1.25 / side)
    coarse = np.full(side * side, FREE, dtype=np.int32)
    with ThreadPoolExecutor(1) as pool:
        naming = pool.submit(name_edges, ends)
        pieces = divide_map(polygon, ends, coarse, side)
        names = naming.result()
    crowded, block = np.unique(pieces.cell, return_inverse=True)
    width = _choose_widths(pieces, ends * side, block, len(crowded), budget_mb)
    start = _add_up(width**2, first=side * side)
    _refuse_too_many(int(start[-1]), "cells")
    cells = np.concatenate([coarse, np.repeat(coarse[crowded], width**2)])
    sheets = magnify(pieces, ends, side, Blocks(width, start[:-1]), block=block, group=block)

    def cut(sheet: Sheet) -> dict[str, NDArray[Any]]:
        return _make_leaves(sheet, drop_hidden(divide(sheet, cells), cells), names)

    leaves = list(map_in_threads(cut, sheets))  # blocks share no cells, so that threads do not meet
    cells[crowded] = -2 - np.arange(1, len(crowded) + 1)  # block 0 is the map
    blocks = np.zeros(len(width) + 1, dtype=BLOCK)
    blocks["start"][1:], blocks["width"] = start[:-1], np.append(side, width)
    return Cover(frame=frame, blocks=blocks, **_join_leaves(leaves, cells), **_pack_polygons(geometries))


def save_cover(cover: Cover, path: Path) -> None:
    """Write the arrays to an .npz file, without pickle."""
    with path.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **{field.name: getattr(cover, field.name) for field in fields(cover)})


def load_cover(path: Path) -> Cover:
    """Read what `save_cover` wrote; raises InputError if the file holds other arrays, as older versions wrote them."""
    with np.load(path, allow_pickle=False) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    types = {name: found[name].dtype for name in ("blocks", "leaves", "edges") if name in found}
    if found.keys() != {field.name for field in fields(Cover)} or [*types.values()] != [BLOCK, LEAF, EDGE]:
        raise InputError(f"{path} is no cover of this version. Build the cover anew, and save it.")
    return Cover(**found)


def _refuse_too_many(count: int, what: str) -> None:
    if count > _MOST_NUMBER:
        raise ConfigError(f"A cover can number {_MOST_NUMBER:,} {what}, not {count:,}. Give a smaller budget_mb.")


def _choose_side(polygon: Ints, ends: Floats, budget_mb: float) -> int:
    """How many coarse cells the map has to a side: a power of two, so that scaling by it is exact.

    One for some edges, but 16 to a side at least; fewer where edges are long, where polygons overlap, or where the
    budget is small; never fewer than 8.
    """
    if not len(polygon):
        return 1
    x, y = ends[::2], ends[1::2]
    size = np.maximum([np.ptp(x), np.ptp(y)], np.finfo(float).tiny)
    # All edges together are `reach` maps long, and touch about side * reach cells: 4 an edge and a million are enough.
    reach = np.abs(x[1] - x[0]).sum() / size[0] + np.abs(y[1] - y[0]).sum() / size[1]
    # The boxes of all polygons cover the map `layers` times, and so often its cells are filled.
    first = np.flatnonzero(np.diff(polygon, prepend=-1))
    boxes = [np.maximum.reduceat(v[0], first) - np.minimum.reduceat(v[0], first) for v in (x, y)]
    layers = (boxes[0] / size[0] * boxes[1] / size[1]).sum()
    side = min(
        np.sqrt(max(len(polygon) / _EDGES_PER_COARSE_CELL, 16.0**2)),
        (4.0 * len(polygon) + 1e6) / reach,
        np.sqrt(budget_mb * 1e6 / 8 / _BYTES_PER_CELL / max(layers, 1.0)),
    )
    return int(np.exp2(np.round(np.log2(max(side, 8.0)))))


def _choose_widths(pieces: Pieces, coarse_ends: Floats, block: Ints, blocks: int, budget_mb: float) -> Ints:
    """Finer cells to a side for every block, powers of two: by the number of its edges and their length.

    coarse_ends: the ends of the map's edges, in widths of a coarse cell. block: of every piece.
    """
    x1, y1, x2, y2 = coarse_ends
    # Of an edge longer than a coarse cell, about one width lies in each.
    reach = np.minimum(np.abs(x2 - x1), 1) + np.minimum(y2 - y1, 1)
    owner = block[pieces.touch_piece]
    count = np.bincount(owner, minlength=blocks)
    length = np.bincount(owner, weights=reach[pieces.touch_edge], minlength=blocks)
    width = np.minimum(np.sqrt(_CELLS_PER_EDGE * count), _TOUCHES_PER_EDGE * count / np.maximum(length, 1e-9))
    width = np.exp2(np.round(np.log2(np.clip(width, 1, _MOST_WIDTH))))
    while width.max(initial=1) > 1 and _measure_bytes(width, length) > budget_mb * 1e6:
        width = np.maximum(width / 2, 1)
    whole: Ints = width.astype(np.int64)
    return whole


def _measure_bytes(width: NDArray[Any], length: NDArray[Any]) -> float:
    """What blocks take, by estimate: edges of length 1 run through about as many finer cells as the block is wide."""
    return float((_BYTES_PER_CELL * width**2 + _BYTES_PER_TOUCH * width * length).sum())


def _make_leaves(sheet: Sheet, pieces: Pieces, names: Ints) -> dict[str, NDArray[Any]]:
    """The leaves of one sheet: per leaf its cell, bits, and the numbers of its candidates and edges; then these two.

    An edge that several candidates share stands once in a leaf, with a bit for each of them.
    """
    first = np.flatnonzero(np.diff(pieces.cell, prepend=-1))
    candidate_count = np.diff(first, append=len(pieces.cell))
    leaf = np.repeat(np.arange(len(first)), candidate_count)
    # Candidates after the 16th share its bit, which is wrong, but then the leaf is vague, and its bits are not used.
    bit = np.left_shift(1, np.minimum(np.arange(len(leaf)) - first[leaf], MOST_CANDIDATES - 1))
    key = leaf[pieces.touch_piece] * len(names) + names[pieces.touch_edge]
    order = np.argsort(key, kind="stable")
    start = np.flatnonzero(np.diff(key[order], prepend=-1))
    # Any one of the equal edges will do: in one leaf, with equal ends, they are open alike.
    once = order[start]
    edges, owner = _draw_edges(sheet, pieces, once), leaf[pieces.touch_piece[once]]
    edges["polygons"] = np.bitwise_xor.reduceat(bit[pieces.touch_piece[order]], start)
    edge_count = np.bincount(owner, minlength=len(first))
    is_vague = (candidate_count > MOST_CANDIDATES) | (edge_count > MOST_LEAF_EDGES)
    for name in "abc":
        edges[name][is_vague[owner]] = 0
    is_kept = ~is_vague[owner] | (np.diff(owner, prepend=-1) != 0)
    return {
        "cell": pieces.cell[first],
        "odd_right": np.bitwise_or.reduceat(bit * pieces.is_odd_right, first),
        "candidate_count": candidate_count,
        "edge_count": np.where(is_vague, 1, edge_count),
        "candidates": pieces.polygon.astype(np.int32),
        "edges": edges[is_kept],
    }


def _draw_edges(sheet: Sheet, pieces: Pieces, touch: Ints) -> NDArray[np.void]:
    """Edges as lines in the unit square of their cell; (a, b) has length 1, so that a*x + b*y + c is a distance."""
    source = pieces.touch_source[touch]
    block = sheet.block[sheet.piece[source]]
    cell = pieces.cell[pieces.touch_piece[touch]] - sheet.blocks.start[block]
    row, column = np.divmod(cell, sheet.blocks.width[block])
    x1, y1, x2, y2 = sheet.ends[:, source] - np.stack([column, row, column, row])
    length = np.hypot(x2 - x1, y2 - y1)
    length[length == 0] = 1  # an edge shorter than double precision can resolve here: it becomes near to every point
    a, b = (y2 - y1) / length, (x1 - x2) / length
    drawn = np.zeros(len(touch), dtype=EDGE)
    drawn["a"], drawn["b"], drawn["c"] = a, b, -(a * x1 + b * y1)
    drawn["low"] = np.where(pieces.opens_down[touch], -np.inf, y1)
    drawn["high"] = np.where(pieces.opens_up[touch], np.inf, y2)
    return drawn


def _join_leaves(parts: list[dict[str, NDArray[Any]]], cells: NDArray[np.int32]) -> dict[str, NDArray[Any]]:
    """The arrays of all leaves, and the finished table of cells."""
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    _refuse_too_many(len(joined["edges"]), "edges of leaves")
    _refuse_too_many(len(joined["candidates"]), "candidates of leaves")
    cells[cells == FREE] = NOWHERE
    leaf = joined["cell"]
    leaves = np.zeros(len(leaf) + 1, dtype=LEAF)
    leaves["default"][:-1], leaves["odd_right"][:-1] = cells[leaf], joined["odd_right"]
    leaves["edge_count"][:-1], leaves["first_edge"] = joined["edge_count"], _add_up(joined["edge_count"])
    leaves["first_candidate"] = _add_up(joined["candidate_count"])
    cells[leaf] = -2 - np.arange(len(leaf))
    return {"cells": cells, "leaves": leaves, "candidates": joined["candidates"], "edges": joined["edges"]}


def _pack_polygons(geometries: NDArray[np.object_]) -> dict[str, NDArray[Any]]:
    shapes = [shape or b"" for shape in shapely.to_wkb(geometries)]
    return {
        "wkb": np.frombuffer(b"".join(shapes), dtype=np.uint8),
        "wkb_start": _add_up(np.array([len(shape) for shape in shapes], dtype=np.int64)),
    }


def _add_up(counts: Ints, *, first: int = 0) -> Ints:
    totals: Ints = first + np.append(0, np.cumsum(counts))
    return totals
