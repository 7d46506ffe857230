"""Cutting pieces of the map into cells: which lie wholly in one polygon, and which need a closer look.

The same step is taken twice: for the whole map into coarse cells, then for each crowded cell into finer ones.
The drawing in `cover.py` shows what comes out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from governance.grids.edges import Flags, Floats, Ints

FREE = int(np.iinfo(np.int32).max)  # a cell that lies wholly in no polygon: greater than every position

_MARGIN = 1e-6  # an edge this near to a cell (in its widths) counts as touching it; rounding errs by 1e-10
_BATCH = 50_000


@dataclass(frozen=True)
class Pieces:
    """Cells that need a closer look. A piece is one polygon in one cell, with its parity to the right of the cell.

    A touch is an edge that runs in a piece; it may count downward or upward without end there.
    """

    cell: Ints
    polygon: Ints
    inside: Flags
    touch_piece: Ints
    touch_edge: Ints
    opens_down: Flags
    opens_up: Flags


@dataclass(frozen=True)
class Sheet:
    """Pieces under the glass: the cell of each is a square of width x width finer cells, which measure its edges.

    ends: x1, y1 (lower end), x2, y2 of every touch; it counts for heights low <= y < high.
    """

    width: Ints
    start: Ints
    square: Ints
    polygon: Ints
    inside: Flags
    piece: Ints
    edge: Ints
    ends: Floats
    low: Floats
    high: Floats


def magnify(pieces: Pieces, ends: Floats, side: int, squares: tuple[Ints, Ints, Ints], group: Ints) -> Iterator[Sheet]:
    """Sheets of pieces, those of a group together, out of a table with this many cells to a side.

    squares: the square of every piece, then of every square its width and its first cell in the new table.
    """
    square, width, start = squares
    for first, last in _split(np.cumsum(np.bincount(group[pieces.touch_piece]))):
        chosen = slice(*np.searchsorted(group, [first, last]))
        touch = slice(*np.searchsorted(pieces.touch_piece, [chosen.start, chosen.stop]))
        edge, piece = pieces.touch_edge[touch], pieces.touch_piece[touch]
        times = width[square[piece]]
        row, column = np.divmod(pieces.cell[piece], side)
        local = ends[:, edge] * (side * times) - np.stack([column, row, column, row]) * times
        low = np.where(pieces.opens_down[touch], -np.inf, local[1])
        high = np.where(pieces.opens_up[touch], np.inf, local[3])
        of_pieces = square[chosen], pieces.polygon[chosen], pieces.inside[chosen]
        yield Sheet(width, start, *of_pieces, piece - chosen.start, edge, local, low, high)


def _split(totals: Ints) -> Iterator[tuple[int, int]]:
    """Ranges of items over which the running totals grow by about a batch; one empty range if there are none."""
    first = 0
    while first < max(len(totals), 1):
        done = totals[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(totals, done + _BATCH, side="right")))
        yield first, last
        first = last


def divide(sheet: Sheet, cells: NDArray[np.int32]) -> Pieces:
    """Fill the cells that lie wholly in a polygon (the smallest polygon stays) and give the pieces in the others.

    One row of cells of one piece is a line. Its knots are the cells that edges touch, and one more to the left of
    the first cell. Between two knots nothing changes: the parity to the right of a knot holds up to the next.
    """
    owner, row, first_line = _list_lines(sheet)
    touch, touch_row, column = _trace_edges(sheet)
    stride = int(sheet.width.max(initial=0)) + 2
    touched = (first_line[sheet.piece[touch]] + touch_row) * stride + column + 1
    knot = _sort_unique(np.concatenate([touched, np.arange(len(owner)) * stride]))
    line, place = np.divmod(knot, stride)
    piece = owner[line]
    inside = sheet.inside[piece] ^ _is_odd_right(sheet, first_line, knot, line, stride)
    square = sheet.square[piece]
    line_cell = sheet.start[square] + row[line] * sheet.width[square] - 1
    following = np.where(np.append(line[1:], -1) == line, np.append(place[1:], 0), sheet.width[square] + 1)
    _fill_runs(cells, line_cell, place + 1, np.where(inside, following - 1, 0), sheet.polygon[piece])
    opens_down, opens_up, is_flipped = _open_edges(sheet, touch, touch_row, column)
    knot_of_touch = np.searchsorted(knot, touched)
    inside ^= np.bincount(knot_of_touch, weights=is_flipped, minlength=len(knot)) % 2 == 1
    is_cell = place > 0
    cell, polygon = (line_cell + place)[is_cell], sheet.polygon[piece[is_cell]]
    touch_piece = (np.cumsum(is_cell) - 1)[knot_of_touch]
    return Pieces(cell, polygon, inside[is_cell], touch_piece, touch, opens_down, opens_up)


def _list_lines(sheet: Sheet) -> tuple[Ints, Ints, Ints]:
    """Piece and row of every line; and what to add to the row of a piece to get its line."""
    top = sheet.width[sheet.square] - 1
    first = np.searchsorted(sheet.piece, np.arange(len(sheet.polygon)))
    lowest = np.ceil(np.minimum.reduceat(sheet.low, first)) - 1 if len(first) else np.empty(0)
    highest = np.floor(np.maximum.reduceat(sheet.high, first)) if len(first) else np.empty(0)
    bottom = np.where(sheet.inside, 0, np.clip(lowest, 0, top)).astype(np.int64)
    height = np.where(sheet.inside, top, np.clip(highest, 0, top)).astype(np.int64) - bottom + 1
    piece, row = _spread(bottom, bottom + height - 1)
    return piece, row, np.cumsum(height) - height - bottom


def _trace_edges(sheet: Sheet) -> tuple[Ints, Ints, Ints]:
    """Touch, row and column wherever an edge meets a closed cell of its square, or passes it within the margin."""
    x1, y1, x2, y2 = sheet.ends
    top = sheet.width[sheet.square[sheet.piece]] - 1
    edge, row = _spread(np.maximum(np.ceil(y1) - 1, 0), np.minimum(np.floor(y2), top))
    lower = _find_x(sheet, edge, np.maximum(row - _MARGIN, y1[edge]), on_level=0.0)
    upper = _find_x(sheet, edge, np.minimum(row + 1 + _MARGIN, y2[edge]), on_level=1.0)
    # Never beyond the cells that the ends themselves touch: comparing ends with borders rounds nothing.
    most_left = np.maximum(np.ceil(np.minimum(x1, x2)) - 1, 0)[edge]
    most_right = np.minimum(np.floor(np.maximum(x1, x2)), top)[edge]
    left = np.maximum(np.floor(np.minimum(lower, upper) - _MARGIN), most_left)
    right = np.minimum(np.floor(np.maximum(lower, upper) + _MARGIN), most_right)
    pair, column = _spread(left, right)
    return edge[pair], row[pair], column


def _find_x(sheet: Sheet, edge: Ints, y: NDArray[np.floating[Any]], *, on_level: float = 1.0) -> Floats:
    """Where the edges pass these heights; beyond an end: that end; of a level edge: this share of its way."""
    x1, y1, x2, y2 = sheet.ends[:, edge]
    rise = y2 - y1
    share = np.clip(np.divide(y - y1, rise, out=np.full(len(y), on_level), where=rise > 0), 0, 1)
    x: Floats = np.clip(x1 + share * (x2 - x1), np.minimum(x1, x2), np.maximum(x1, x2))
    x[share == 1] = x2[share == 1]
    return x


def _is_odd_right(sheet: Sheet, first_line: Ints, knot: Ints, line: Ints, stride: int) -> Flags:
    """Whether an odd number of the piece's edges crosses mid-height of the line in cells right of the knot."""
    width = sheet.width[sheet.square[sheet.piece]]
    bottom, top = (np.ceil(np.clip(height, 0, width) - 0.5) for height in (sheet.low, sheet.high))
    edge, row = _spread(bottom, top - 1)
    column = np.minimum(np.floor(_find_x(sheet, edge, row + 0.5)), width[edge])
    column = np.maximum(column, -1).astype(np.int64)
    crossing = np.sort((first_line[sheet.piece[edge]] + row) * stride + column + 1)
    behind = np.searchsorted(crossing, (line + 1) * stride) - np.searchsorted(crossing, knot, side="right")
    is_odd: Flags = behind % 2 == 1
    return is_odd


def _open_edges(sheet: Sheet, edge: Ints, row: Ints, column: Ints) -> tuple[Flags, Flags, Flags]:
    """Whether an edge counts downward, or upward, without end in this cell: that end lies to the right of it.

    The third: whether its count must be taken off the parity to the right, taken at mid-height. That parity holds
    all crossings to the right; those of this edge, as widened, are from now on counted in the cell itself.
    """
    x1, _, x2, _ = sheet.ends[:, edge]
    low, high, middle = sheet.low[edge], sheet.high[edge], row + 0.5
    opens_down, opens_up = (x1 > column + 1) | np.isneginf(low), (x2 > column + 1) | np.isposinf(high)
    counted = (low <= middle) & (middle < high)
    counts = (opens_down | (low <= middle)) & (opens_up | (middle < high))
    return opens_down, opens_up, counts & ~(counted & (np.floor(_find_x(sheet, edge, middle)) <= column))


def _fill_runs(cells: NDArray[np.int32], origin: Ints, first: Ints, last: Ints, polygon: Ints) -> None:
    """Write each polygon to its cells first..last, counted from origin, unless a smaller one is there."""
    run, place = _spread(first, last)
    cell, filler = (origin[run] + place)[::-1], polygon[run][::-1].astype(np.int32)
    is_smaller = filler < cells[cell]
    # Of several values for one cell the last one stays: in this order, the smallest polygon.
    cells[cell[is_smaller]] = filler[is_smaller]


def divide_map(polygon: Ints, ends: Floats, coarse: NDArray[np.int32], side: int) -> Pieces:
    """The pieces of all polygons in coarse cells; to begin with, each is one piece of a single cell."""
    present, piece = np.unique(polygon, return_inverse=True)
    zeros, shut = np.zeros(len(present), dtype=np.int64), np.zeros(len(polygon), dtype=bool)
    whole = Pieces(zeros, present, zeros != 0, piece, np.arange(len(polygon)), shut, shut)
    parts, before = [], 0
    for sheet in magnify(whole, ends, 1, (zeros, np.array([side]), np.array([0])), group=np.arange(len(present))):
        part = divide(sheet, coarse)
        parts.append(replace(part, touch_piece=part.touch_piece + before, touch_edge=sheet.edge[part.touch_edge]))
        before += len(part.cell)
    names = [field.name for field in fields(Pieces)]
    joined = Pieces(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
    return drop_hidden(joined, coarse)


def drop_hidden(pieces: Pieces, cells: NDArray[np.int32]) -> Pieces:
    """Only the pieces that no smaller polygon covers wholly, ordered by cell, then polygon; touches likewise."""
    kept = np.flatnonzero(pieces.polygon < cells[pieces.cell])
    kept = kept[np.lexsort((pieces.polygon[kept], pieces.cell[kept]))]
    rank = np.full(len(pieces.cell), -1)
    rank[kept] = np.arange(len(kept))
    piece = rank[pieces.touch_piece]
    touch = np.argsort(piece, kind="stable")
    touch = touch[np.searchsorted(piece[touch], 0) :]
    opens = pieces.opens_down[touch], pieces.opens_up[touch]
    cell, polygon, inside = pieces.cell[kept], pieces.polygon[kept], pieces.inside[kept]
    return Pieces(cell, polygon, inside, piece[touch], pieces.touch_edge[touch], *opens)


def _spread(first: NDArray[Any], last: NDArray[Any]) -> tuple[Ints, Ints]:
    """The whole numbers from first to last of every item: the item, the number."""
    lowest = first.astype(np.int64)
    count = np.maximum(last.astype(np.int64) - lowest + 1, 0)
    item = np.repeat(np.arange(len(count)), count)
    return item, np.arange(len(item)) + (lowest - np.cumsum(count) + count)[item]


def _sort_unique(values: Ints) -> Ints:
    values.sort()
    unique: Ints = values[np.diff(values, prepend=-1) != 0]
    return unique
