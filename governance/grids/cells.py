"""Cutting the map into cells: which lie wholly in one polygon, and which need a closer look.

The same step, `divide`, is taken twice: for the whole map, which becomes coarse cells, then for each crowded coarse
cell, which becomes a block of finer ones. The first drawing in `cover.py` shows what comes out; the second one tells
why an edge may be prolonged ("opened").
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from governance.grids.edges import Flags, Floats, Ints
from governance.grids.pieces import Blocks, Pieces, Sheet, drop_hidden, magnify

FREE = int(np.iinfo(np.int32).max)  # a cell that lies wholly in no polygon: greater than every position

_MARGIN = 1e-6  # an edge this near to a cell, as a share of its width, counts as touching it; rounding errs by 1e-10


@dataclass(frozen=True)
class _Lines:
    """Rows of finer cells, each of one piece; line = offset[piece] + row.

    A number for every cell of every line, its key, is line * stride + place. Place 0 lies to the left of the first
    cell, place p is column p - 1, and the place after the last column lies to the right of the block.
    """

    piece: Ints
    row: Ints
    offset: Ints
    stride: int


@dataclass(frozen=True)
class _Touches:
    """Where touches of a sheet meet finer cells: the touch of the sheet, and row and column in the block."""

    source: Ints
    row: Ints
    column: Ints


@dataclass(frozen=True)
class _Knots:
    """The touched cells of every line, and its place 0, ascending by key.

    width: of the block. cell: the number in the table (of place 0, one less than that of the first cell).
    is_odd_right: the parity of the piece's edges to the right of the knot at mid-height of the line.
    """

    key: Ints
    line: Ints
    place: Ints
    piece: Ints
    width: Ints
    cell: Ints
    is_odd_right: Flags


def divide_map(polygon: Ints, ends: Floats, coarse: NDArray[np.int32], side: int) -> Pieces:
    """Fill the coarse cells, and give the pieces in those that edges touch, ordered as `drop_hidden` does.

    polygon, ends: of every edge, in the unit square. coarse: side x side cells, all FREE to begin with. Before the
    map is divided, every polygon is one piece whose only cell is the whole map.
    """
    present, piece = np.unique(polygon, return_inverse=True)
    edge, is_open = np.arange(len(polygon)), np.zeros(len(polygon), dtype=bool)
    first = np.zeros(len(present), dtype=np.int64)
    whole = Pieces(first, present, np.zeros(len(present), dtype=bool), piece, edge, edge, is_open, is_open)
    parts, before = [], 0
    blocks = Blocks(width=np.array([side]), start=np.array([0]))
    for sheet in magnify(whole, ends, 1, blocks, block=first, group=np.arange(len(present))):
        part = divide(sheet, coarse)
        parts.append(replace(part, touch_piece=part.touch_piece + before))
        before += len(part.cell)
    names = [field.name for field in fields(Pieces)]
    joined = Pieces(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
    return drop_hidden(joined, coarse)


def divide(sheet: Sheet, cells: NDArray[np.int32]) -> Pieces:
    """Fill the cells that lie wholly in a polygon (the smallest polygon stays) and give the pieces in the others.

    A row of finer cells of one piece is a line. Its knots are the cells that edges touch, and place 0 to the left of
    them all. Between two knots there is no edge: all points there have the parity to the right of the knot before.
    """
    lines, touches = _list_lines(sheet), _trace_edges(sheet)
    touched = _key(lines, sheet.piece[touches.source], touches.row, touches.column)
    knots = _find_knots(sheet, lines, touched)
    _fill_between(sheet, knots, cells)
    return _make_pieces(sheet, knots, touches, np.searchsorted(knots.key, touched))


def _list_lines(sheet: Sheet) -> _Lines:
    """The rows that the piece's edges reach; all rows where the parity to the right of the block is odd.

    For then even rows without any edge lie wholly in the polygon; else they lie wholly outside, and stay as they are.
    """
    top = sheet.blocks.width[sheet.block] - 1
    first = np.searchsorted(sheet.piece, np.arange(len(sheet.polygon)))
    lowest = np.ceil(np.minimum.reduceat(sheet.low, first)) - 1 if len(first) else np.empty(0)
    highest = np.floor(np.maximum.reduceat(sheet.high, first)) if len(first) else np.empty(0)
    bottom = np.where(sheet.is_odd_right, 0, np.clip(lowest, 0, top)).astype(np.int64)
    height = np.where(sheet.is_odd_right, top, np.clip(highest, 0, top)).astype(np.int64) - bottom + 1
    piece, row = _spread(bottom, bottom + height - 1)
    # The offset is negative where the first piece starts above row 0.
    offset = np.cumsum(height) - height - bottom
    return _Lines(piece, row, offset, stride=int(sheet.blocks.width.max(initial=0)) + 2)


def _key(lines: _Lines, piece: Ints, row: Ints, column: Ints) -> Ints:
    return (lines.offset[piece] + row) * lines.stride + column + 1


def _trace_edges(sheet: Sheet) -> _Touches:
    """Wherever an edge meets a cell of its block, the cell's border included, or passes it within _MARGIN.

    But an edge with both ends to the right of a cell must not touch it, however near it is: both ends would be opened,
    and the prolonged line may run through the cell, where no edge is. Therefore no column is touched to the left of
    the leftmost end, or to the right of the rightmost. Comparing an end with a border, a whole number, rounds nothing.
    """
    x1, y1, x2, y2 = sheet.ends
    top = sheet.blocks.width[sheet.block[sheet.piece]] - 1
    edge, row = _spread(np.maximum(np.ceil(y1) - 1, 0), np.minimum(np.floor(y2), top))
    lower = _find_x(sheet, edge, np.maximum(row - _MARGIN, y1[edge]), on_level=0.0)
    upper = _find_x(sheet, edge, np.minimum(row + 1 + _MARGIN, y2[edge]), on_level=1.0)
    most_left = np.maximum(np.ceil(np.minimum(x1, x2)) - 1, 0)[edge]
    most_right = np.minimum(np.floor(np.maximum(x1, x2)), top)[edge]
    left = np.maximum(np.floor(np.minimum(lower, upper) - _MARGIN), most_left)
    right = np.minimum(np.floor(np.maximum(lower, upper) + _MARGIN), most_right)
    pair, column = _spread(left, right)
    return _Touches(edge[pair], row[pair], column)


def _find_x(sheet: Sheet, edge: Ints, y: NDArray[np.floating[Any]], *, on_level: float = 1.0) -> Floats:
    """Where the edges pass these heights; beyond an end, the x of that end.

    A level edge has no single x: `on_level` gives its left end (0.0) or its right end (1.0).
    """
    x1, y1, x2, y2 = sheet.ends[:, edge]
    rise = y2 - y1
    share = np.clip(np.divide(y - y1, rise, out=np.full(len(y), on_level), where=rise > 0), 0, 1)
    x: Floats = np.clip(x1 + share * (x2 - x1), np.minimum(x1, x2), np.maximum(x1, x2))
    x[share == 1] = x2[share == 1]
    return x


def _find_knots(sheet: Sheet, lines: _Lines, touched: Ints) -> _Knots:
    key = _sort_unique(np.concatenate([touched, np.arange(len(lines.piece)) * lines.stride]))
    line, place = np.divmod(key, lines.stride)
    piece = lines.piece[line]
    block = sheet.block[piece]
    width = sheet.blocks.width[block]
    cell = sheet.blocks.start[block] + lines.row[line] * width + place - 1
    # Edges beyond the right side of the block are in the parity of the piece, those within it are counted here.
    crossing = _find_crossings(sheet, lines)
    right = np.searchsorted(crossing, (line + 1) * lines.stride) - np.searchsorted(crossing, key, side="right")
    return _Knots(key, line, place, piece, width, cell, is_odd_right=sheet.is_odd_right[piece] ^ (right % 2 == 1))


def _find_crossings(sheet: Sheet, lines: _Lines) -> Ints:
    """The keys, ascending, of the places in which edges cross mid-height of a line of their piece.

    What crosses to the left of the block is at place 0, and what crosses to the right at the place after the last.
    """
    width = sheet.blocks.width[sheet.block[sheet.piece]]
    bottom, top = (np.ceil(np.clip(height, 0, width) - 0.5) for height in (sheet.low, sheet.high))
    edge, row = _spread(bottom, top - 1)
    column = np.minimum(np.floor(_find_x(sheet, edge, row + 0.5)), width[edge])
    column = np.maximum(column, -1).astype(np.int64)
    return np.sort(_key(lines, sheet.piece[edge], row, column))


def _fill_between(sheet: Sheet, knots: _Knots, cells: NDArray[np.int32]) -> None:
    """Write each polygon to its cells between two knots, unless a smaller one is there."""
    following = knots.width + 1
    np.copyto(following[:-1], knots.place[1:], where=knots.line[1:] == knots.line[:-1])
    count = np.where(knots.is_odd_right, following - knots.place - 1, 0)
    run, cell = _spread(knots.cell + 1, knots.cell + count)
    np.minimum.at(cells, cell, sheet.polygon[knots.piece[run]].astype(np.int32))


def _make_pieces(sheet: Sheet, knots: _Knots, touches: _Touches, knot_of_touch: Ints) -> Pieces:
    """One piece for each knot but those at place 0, with the parity that the leaf test needs.

    Until here the parity was that of the points just right of the knot, as the filling needs it.
    """
    opens_down, opens_up, is_flipped = _open_edges(sheet, touches)
    flips = np.bincount(knot_of_touch, weights=is_flipped, minlength=len(knots.key))
    is_odd_right = knots.is_odd_right ^ (flips % 2 == 1)
    is_cell = knots.place > 0
    return Pieces(
        cell=knots.cell[is_cell],
        polygon=sheet.polygon[knots.piece[is_cell]],
        is_odd_right=is_odd_right[is_cell],
        touch_piece=(np.cumsum(is_cell) - 1)[knot_of_touch],
        touch_edge=sheet.edge[touches.source],
        touch_source=touches.source,
        opens_down=opens_down,
        opens_up=opens_up,
    )


def _open_edges(sheet: Sheet, touches: _Touches) -> tuple[Flags, Flags, Flags]:
    """For every touch: opens_down, opens_up, is_flipped.

    opens_down: the lower end lies to the right of the cell, or is open already; opens_up: the same of the upper end.
    is_flipped: at mid-height the leaf test will count this edge, though it crosses to the right of the cell (or was
    prolonged before) and is in the parity already, or though it does not reach mid-height and only its prolongation
    does. Either way one count is too many, and one flip takes it back.
    """
    edge, column, middle = touches.source, touches.column, touches.row + 0.5
    x1, _, x2, _ = sheet.ends[:, edge]
    low, high = sheet.low[edge], sheet.high[edge]
    opens_down, opens_up = (x1 > column + 1) | np.isneginf(low), (x2 > column + 1) | np.isposinf(high)
    is_counted = (low <= middle) & (middle < high)
    will_count = (opens_down | (low <= middle)) & (opens_up | (middle < high))
    # What crosses in this cell, or left of it, is not in the parity to the right, and needs no balance.
    crosses_right = np.floor(_find_x(sheet, edge, middle)) > column
    return opens_down, opens_up, will_count & (crosses_right | ~is_counted)


def _spread(first: NDArray[Any], last: NDArray[Any]) -> tuple[Ints, Ints]:
    """The whole numbers from first to last of every item (none if last < first): the item, the number."""
    lowest = first.astype(np.int64)
    count = np.maximum(last.astype(np.int64) - lowest + 1, 0)
    item = np.repeat(np.arange(len(count)), count)
    return item, np.arange(len(item)) + (lowest - np.cumsum(count) + count)[item]


def _sort_unique(values: Ints) -> Ints:
    """The different values, ascending. They must be 0 or more; the array itself gets sorted, to save a copy."""
    values.sort()
    unique: Ints = values[np.diff(values, prepend=-1) != 0]
    return unique
