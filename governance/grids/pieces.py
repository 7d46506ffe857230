"""What is cut into finer cells: polygons in cells (pieces), and the sheets on which `cells.py` divides them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from governance.grids.edges import Flags, Floats, Ints

_BATCH = 50_000  # touches on a sheet, about


@dataclass(frozen=True)
class Pieces:
    """Cells that need a closer look. A piece is one polygon in one cell that its edges touch.

    For every piece:
    cell: the number of the cell in its table.
    polygon: the position of the polygon.
    is_odd_right: the parity of the polygon's edges beyond the right side of the cell, after the flips for prolonged
    ones: right for every height in the cell.

    A touch is one edge that meets the cell of a piece. For every touch:
    touch_piece: the piece, ascending after `drop_hidden`.
    touch_edge: the edge, as numbered on the whole map.
    touch_source: the touch of the divided sheet that it was cut from, of use only beside that sheet.
    opens_down, opens_up: its lower (upper) end lies to the right of the cell, so that the leaf test counts it for all
    heights below (above), too.
    """

    cell: Ints
    polygon: Ints
    is_odd_right: Flags
    touch_piece: Ints
    touch_edge: Ints
    touch_source: Ints
    opens_down: Flags
    opens_up: Flags


@dataclass(frozen=True)
class Blocks:
    """What crowded cells become: block n is width[n] x width[n] finer cells, row by row from cell number start[n]."""

    width: Ints
    start: Ints


@dataclass(frozen=True)
class Sheet:
    """Pieces to divide, with their edges measured in the finer cells: x and y run from 0 to the width of the block.

    For every piece, as in `Pieces`: block (that its cell becomes), polygon, is_odd_right.
    For every touch: piece (on this sheet, ascending), edge (of the map), ends (shape (4, touches): x1, y1 of the lower
    end, x2, y2 of the upper one), low and high (it counts for heights low <= y < high; infinite where it is opened).
    """

    blocks: Blocks
    block: Ints
    polygon: Ints
    is_odd_right: Flags
    piece: Ints
    edge: Ints
    ends: Floats
    low: Floats
    high: Floats


def magnify(pieces: Pieces, ends: Floats, side: int, blocks: Blocks, *, block: Ints, group: Ints) -> Iterator[Sheet]:
    """The pieces in batches of about _BATCH touches (of one group at least), laid on sheets, ready to be divided.

    side: how many cells the table of `pieces` has to a side. block: the block that the cell of each piece becomes.
    group: pieces of one group stay together. The pieces must be sorted by group, and the touches by piece.
    """
    for first, last in _split(np.cumsum(np.bincount(group[pieces.touch_piece]))):
        chosen = slice(*np.searchsorted(group, [first, last]))
        touch = slice(*np.searchsorted(pieces.touch_piece, [chosen.start, chosen.stop]))
        edge, piece = pieces.touch_edge[touch], pieces.touch_piece[touch]
        width = blocks.width[block[piece]]
        row, column = np.divmod(pieces.cell[piece], side)
        local = ends[:, edge] * (side * width) - np.stack([column, row, column, row]) * width
        low = np.where(pieces.opens_down[touch], -np.inf, local[1])
        high = np.where(pieces.opens_up[touch], np.inf, local[3])
        of_pieces = block[chosen], pieces.polygon[chosen], pieces.is_odd_right[chosen]
        yield Sheet(blocks, *of_pieces, piece - chosen.start, edge, local, low, high)


def _split(totals: Ints) -> Iterator[tuple[int, int]]:
    """Ranges of groups over which the running totals grow by about a batch.

    One empty range if there are no groups: the results of all batches are concatenated, which needs at least one.
    """
    first = 0
    while first < max(len(totals), 1):
        done = totals[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(totals, done + _BATCH, side="right")))
        yield first, last
        first = last


def drop_hidden(pieces: Pieces, cells: NDArray[np.int32]) -> Pieces:
    """Only the pieces whose cell no smaller polygon covers wholly, by cell, then polygon; touches by piece."""
    kept = np.flatnonzero(pieces.polygon < cells[pieces.cell])
    kept = kept[np.lexsort((pieces.polygon[kept], pieces.cell[kept]))]
    rank = np.full(len(pieces.cell), -1)
    rank[kept] = np.arange(len(kept))
    piece = rank[pieces.touch_piece]
    touch = np.argsort(piece, kind="stable")
    touch = touch[np.searchsorted(piece[touch], 0) :]
    names = "touch_edge", "touch_source", "opens_down", "opens_up"
    of_touches = {name: getattr(pieces, name)[touch] for name in names}
    of_pieces = {name: getattr(pieces, name)[kept] for name in ("cell", "polygon", "is_odd_right")}
    return Pieces(**of_pieces, touch_piece=piece[touch], **of_touches)
