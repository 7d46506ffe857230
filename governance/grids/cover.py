"""Cells over polygons: built once, so that `join.locate` can place a point by one or two looks into a table.

The map is cut into coarse cells. A cell that no edge touches lies wholly in one polygon, or in none: the table
holds the answer. A cell that edges touch becomes a block of finer cells, as fine as its edges are crowded. A
fine cell that edges still touch is a leaf, and only points in leaves cost arithmetic:

      coarse cells            a block (4 x 4)            a leaf
    +----+----+----+         +--+--+--+--+             +--------/-----+
    | A  | AB | B  |         |A |A |AB|B |             |  A    /      |    The ray to the right of p meets no edge
    +----+----+----+         +--+--+--+--+             |      /   p --|->  of A: not in A, so B, which is the
    | A  | AB | B  |  AB ->  |A |AB|B |B |     AB ->   | q --/--------|->  answer by default. The ray of q meets
    +----+----+----+         +--+--+--+--+             |    /    B    |    one, an odd number: q is in A.
    | .  | .  | .  |         |A |AB|B |B |             +---/----------+
    +----+----+----+         +--+--+--+--+

That is the usual test, but a leaf knows only the edges that touch it. Those beyond its right side must be one
bit, their parity, the same for every height in the leaf. It is not the same where a boundary leaves to the right
and ends a piece out there: an edge v-w counts for heights from v to w, the edge after it from w on.

      leaf                        So an edge whose end w lies to the right of the leaf counts in this leaf for all
    +----------+      w           heights beyond v, not just up to w: it stands for whatever follows w out there.
    |  ray ---/|-----*--->        No height is then special beyond the right side, and the bit is one bit. It is
    |        / |    . .           found at mid-height of the cell, where all edges of the polygon are looked at.
    |       v  |   .   .
    +----------+

Ties: a point belongs to the smallest position whose closed polygon holds it. A leaf therefore drops candidates
behind a polygon that covers it wholly; and points too near to an edge for floating point are left to shapely.
Where an end lies as seen from the border of a cell is never in doubt, as all scaling keeps the order of numbers.
Steps: `edges.py` lists the edges, `cells.py` divides the map, this module keeps what comes out, `join.py` uses it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from governance.grids.cells import FREE, Pieces, Sheet, divide, divide_map, drop_hidden, magnify
from governance.grids.edges import Floats, Ints, list_edges, move_to_unit_square, name_edges
from governance.grids.threads import map_ahead

NOWHERE = -1
MOST_CANDIDATES = 16  # a leaf has one bit for each
MOST_LEAF_EDGES = 128
BUDGET_MB = 2048

BLOCK = np.dtype([("start", "i4"), ("width", "i4")])
LEAF = np.dtype([("edge", "i4"), ("candidate", "i4"), ("default", "i4"), ("inside", "u2"), ("edges", "u2")])
EDGE = np.dtype([("a", "f4"), ("b", "f4"), ("c", "f4"), ("low", "f4"), ("high", "f4"), ("polygons", "u4")])

_EDGES_A_COARSE_CELL = 1.5
_CELLS_AN_EDGE = 2.5  # in a block
_CELLS_ALONG_AN_EDGE = 2.5
_MOST_WIDTH = 4096
_BYTES_A_CELL = 4.0
_BYTES_A_TOUCH = 32.0  # an edge in a fine cell: half of it, as neighbours share it, and its part of the leaf


@dataclass(frozen=True)
class Cover:
    """The cells of one set of polygons, which are named by their positions, from 0 on.

    origin: west, south and the scales of x and y that bring all polygons into the unit square.
    cells: the polygon that fills the cell, -1 for none, or -2 - n for block n (coarse cell) or leaf n (fine cell).
    blocks: a block has `width` cells to a side, row by row from cells[start]; block 0 is the whole map.
    leaves: leaf n has `edges` edges from edges[edge], and the candidates from its `candidate` up to that of leaf
    n + 1, ascending; bit j of `inside` is the parity to the right for candidate j; `default` is the answer when no
    candidate holds the point. One leaf more than there are ends the last one.
    edges: an edge lies on a*x + b*y + c = 0 in its leaf's unit square, negative where it is right of the point, and
    counts for heights low <= y < high; bit j of `polygons` says that it bounds candidate j.
    wkb, wkb_start: the polygons themselves, for points that are too near to an edge.
    """

    origin: Floats
    cells: NDArray[np.int32]
    blocks: NDArray[np.void]
    leaves: NDArray[np.void]
    candidates: NDArray[np.int32]
    edges: NDArray[np.void]
    wkb: NDArray[np.uint8]
    wkb_start: Ints


def build_cover(geometries: NDArray[np.object_], *, budget_mb: float = BUDGET_MB) -> Cover:
    """The cover of valid polygons and multipolygons, shape (n,); overlaps, holes, gaps and empty ones may occur.

    Its cells take at most about `budget_mb`: where that is too little they become coarser, and points slower. The
    polygons themselves come on top: some 16 bytes a corner, and some 20 bytes an edge. Building needs about five
    times the memory of the result.
    """
    polygon, ends = list_edges(geometries)
    side = _choose_side(polygon, ends, budget_mb)
    origin, ends = move_to_unit_square(ends, border=1.25 / side)
    coarse = np.full(side * side, FREE, dtype=np.int32)
    with ThreadPoolExecutor(1) as pool:
        naming = pool.submit(name_edges, ends)
        pieces = divide_map(polygon, ends, coarse, side)
        names = naming.result()
    crowded, square = np.unique(pieces.cell, return_inverse=True)
    width = _choose_widths(pieces, ends * side, square, len(crowded), budget_mb)
    start = _add_up(width**2, first=side * side)[:-1]
    cells = np.concatenate([coarse, np.repeat(coarse[crowded], width**2)])
    sheets = magnify(pieces, ends, side, (square, width, start), group=square)
    # Blocks share no cells, so that threads do not meet.
    leaves = list(map_ahead(lambda sheet: _make_leaves(sheet, drop_hidden(divide(sheet, cells), cells), names), sheets))
    cells[crowded] = -3 - np.arange(len(crowded))
    blocks = np.zeros(len(width) + 1, dtype=BLOCK)
    blocks["start"][1:], blocks["width"] = start, np.append(side, width)
    return Cover(origin=origin, blocks=blocks, **_join_leaves(leaves, cells), **_pack_polygons(geometries))


def save_cover(cover: Cover, path: Path) -> None:
    """Write the arrays to an .npz file, without pickle."""
    with path.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **{field.name: getattr(cover, field.name) for field in fields(cover)})


def load_cover(path: Path) -> Cover:
    """Read what `save_cover` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        return Cover(**{field.name: arrays[field.name] for field in fields(Cover)})


def _choose_side(polygon: Ints, ends: Floats, budget_mb: float) -> int:
    """How many coarse cells the map has to a side: a power of two, so that halving cells rounds nothing."""
    if not len(polygon):
        return 1
    x, y = ends[::2], ends[1::2]
    size = np.maximum([np.ptp(x), np.ptp(y)], np.finfo(float).tiny)
    reach = np.abs(x[1] - x[0]).sum() / size[0] + np.abs(y[1] - y[0]).sum() / size[1]
    first = np.flatnonzero(np.diff(polygon, prepend=-1))
    boxes = [np.maximum.reduceat(v[0], first) - np.minimum.reduceat(v[0], first) for v in (x, y)]
    layers = (boxes[0] / size[0] * boxes[1] / size[1]).sum()
    # Long edges touch many cells, and polygons that lie on each other fill the same cells again and again.
    side = min(
        np.sqrt(max(len(polygon) / _EDGES_A_COARSE_CELL, 256.0)),
        (4.0 * len(polygon) + 1e6) / reach,
        np.sqrt(budget_mb * 1e6 / 8 / _BYTES_A_CELL / max(layers, 1.0)),
    )
    return int(np.exp2(np.round(np.log2(max(side, 8.0)))))


def _choose_widths(pieces: Pieces, ends: Floats, square: Ints, squares: int, budget_mb: float) -> Ints:
    """Finer cells to a side for every crowded cell, powers of two: by the number of its edges and their length."""
    x1, y1, x2, y2 = ends
    reach = np.minimum(np.abs(x2 - x1), 1) + np.minimum(y2 - y1, 1)
    owner = square[pieces.touch_piece]
    count = np.bincount(owner, minlength=squares)
    length = np.bincount(owner, weights=reach[pieces.touch_edge], minlength=squares)
    width = np.minimum(np.sqrt(_CELLS_AN_EDGE * count), _CELLS_ALONG_AN_EDGE * count / np.maximum(length, 1e-9))
    width = np.exp2(np.round(np.log2(np.clip(width, 1, _MOST_WIDTH))))
    # An edge of length 1 touches about as many fine cells as the block has to a side.
    while width.max(initial=1) > 1 and _measure_bytes(width, length) > budget_mb * 1e6:
        width = np.maximum(width / 2, 1)
    whole: Ints = width.astype(np.int64)
    return whole


def _measure_bytes(width: NDArray[Any], length: NDArray[Any]) -> float:
    return float((_BYTES_A_CELL * width**2 + _BYTES_A_TOUCH * width * length).sum())


def _make_leaves(sheet: Sheet, pieces: Pieces, names: Ints) -> dict[str, NDArray[Any]]:
    """The leaves' part of a cover (counts in place of running totals): each edge once for all that share it."""
    first = np.flatnonzero(np.diff(pieces.cell, prepend=-1))
    candidates = np.diff(first, append=len(pieces.cell))
    leaf = np.repeat(np.arange(len(first)), candidates)
    bit = np.left_shift(1, np.minimum(np.arange(len(leaf)) - first[leaf], MOST_CANDIDATES - 1))
    key = leaf[pieces.touch_piece] * len(names) + names[sheet.edge[pieces.touch_edge]]
    order = np.argsort(key, kind="stable")
    start = np.flatnonzero(np.diff(key[order], prepend=-1))
    once = order[start]
    edges, owner = _draw_edges(sheet, pieces, once), leaf[pieces.touch_piece[once]]
    edges["polygons"] = np.bitwise_xor.reduceat(bit[pieces.touch_piece[order]], start)
    is_vague = (candidates > MOST_CANDIDATES) | (np.bincount(owner, minlength=len(first)) > MOST_LEAF_EDGES)
    # One edge of nothing but zeros is near to every point: all points of a vague leaf are left to shapely.
    for name in "abc":
        edges[name][is_vague[owner]] = 0
    is_kept = ~is_vague[owner] | (np.diff(owner, prepend=-1) != 0)
    return {
        "cell": pieces.cell[first],
        "inside": np.bitwise_or.reduceat(bit * pieces.inside, first),
        "candidate": candidates,
        "edge": np.bincount(owner[is_kept], minlength=len(first)),
        "candidates": pieces.polygon.astype(np.int32),
        "edges": edges[is_kept],
    }


def _draw_edges(sheet: Sheet, pieces: Pieces, touch: Ints) -> NDArray[np.void]:
    """Edges as lines in the unit square of their cell; (a, b) has length 1, so that a*x + b*y + c is a distance."""
    edge = pieces.touch_edge[touch]
    square = sheet.square[sheet.piece[edge]]
    row, column = np.divmod(pieces.cell[pieces.touch_piece[touch]] - sheet.start[square], sheet.width[square])
    x1, y1, x2, y2 = sheet.ends[:, edge] - np.stack([column, row, column, row])
    length = np.hypot(x2 - x1, y2 - y1)
    length[length == 0] = 1  # a polygon too small for our numbers: its edge becomes near to every point
    drawn = np.zeros(len(touch), dtype=EDGE)
    drawn["a"], drawn["b"] = a, b = (y2 - y1) / length, (x1 - x2) / length
    drawn["c"] = -(a * x1 + b * y1)
    drawn["low"] = np.where(pieces.opens_down[touch], -np.inf, y1)
    drawn["high"] = np.where(pieces.opens_up[touch], np.inf, y2)
    return drawn


def _join_leaves(parts: list[dict[str, NDArray[Any]]], cells: NDArray[np.int32]) -> dict[str, NDArray[Any]]:
    """The arrays of all leaves, and the finished table of cells."""
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    cells[cells == FREE] = NOWHERE
    leaf = joined["cell"]
    leaves = np.zeros(len(leaf) + 1, dtype=LEAF)
    leaves["default"][:-1], leaves["inside"][:-1], leaves["edges"][:-1] = cells[leaf], joined["inside"], joined["edge"]
    leaves["edge"], leaves["candidate"] = _add_up(joined["edge"]), _add_up(joined["candidate"])
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
