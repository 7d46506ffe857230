"""The cells of polygons as a plain table, so that any SQL engine can do the greater part of the join itself.

A point lies in one cell; a cell has a row for each polygon that may hold points of it:

    cell | grid_id | is_whole
    ---- | ------- | --------
      17 | A       | true         every point of cell 17 lies in A
      18 | A       | false        a point of cell 18 lies in A if A's shape holds it,
      18 | B       | true         in B in any case; the smaller id is the answer

A cell without rows lies in no polygon. The number of the cell is arithmetic that every engine has:

    column = greatest(0, least(side - 1, floor((lon - west)  * columns_per_degree)))
    row    = greatest(0, least(side - 1, floor((lat - south) * rows_per_degree)))
    cell   = row * side + column
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from governance.errors import ConfigError, InputError
from governance.grids.cells import FREE, divide_map
from governance.grids.edges import list_edges, move_to_unit_square

CELLS_A_POLYGON = 100
SMALLEST_SIDE, LARGEST_SIDE = 8, 8192


@dataclass(frozen=True)
class CellTable:
    """rows: cell (int64), grid_id (as given), is_whole (bool), ascending by cell, then by position of the polygon.

    The other fields are the numbers of the formula above.
    """

    rows: pa.Table
    west: float
    south: float
    columns_per_degree: float
    rows_per_degree: float
    side: int


def list_cells(
    geometries: NDArray[np.object_], *, grid_ids: pa.Array | None = None, side: int | None = None
) -> CellTable:
    """The cells of valid polygons. `grid_ids` name them (default: positions, int32), ascending where they overlap.

    side: how many cells the map has to a side, a power of two from 8 on. More make more rows, of which more are
    whole; by default about a hundred cells a polygon. Raises ConfigError for another side, and InputError for other
    geometries.
    """
    side = side or _choose_side(len(geometries))
    if side.bit_count() != 1 or not SMALLEST_SIDE <= side <= LARGEST_SIDE:
        raise ConfigError(f"A side of {side} cells is not possible. Choose {SMALLEST_SIDE}, 16, 32 … {LARGEST_SIDE}.")
    polygon, ends = list_edges(geometries)
    frame, ends = move_to_unit_square(ends, border=1.25 / side)
    whole = np.full(side * side, FREE, dtype=np.int32)
    pieces = divide_map(polygon, ends, whole, side)
    filled = np.flatnonzero(whole != FREE)
    cell = np.concatenate([filled, pieces.cell])
    position = np.concatenate([whole[filled], pieces.polygon]).astype(np.int32)
    is_whole = np.arange(len(cell)) < len(filled)
    order = np.lexsort((position, cell))
    ids = pa.array(position[order])
    columns = [pa.array(cell[order]), ids if grid_ids is None else grid_ids.take(ids), pa.array(is_whole[order])]
    west, south, x_scale, y_scale = frame.tolist()
    return CellTable(
        pa.table(columns, ["cell", "grid_id", "is_whole"]), west, south, x_scale * side, y_scale * side, side
    )


def write_cells(cells: CellTable, path: Path) -> None:
    """Write the rows to a Parquet file, whose metadata hold the numbers of the formula as text.

    Raises InputError if that is no place for one.
    """
    if path.suffix.lower() != ".parquet" or not path.parent.is_dir():
        raise InputError(f"{path} cannot be written: name a .parquet file in a folder that exists.")
    numbers = {
        "west": cells.west,
        "south": cells.south,
        "columns_per_degree": cells.columns_per_degree,
        "rows_per_degree": cells.rows_per_degree,
        "side": cells.side,
    }
    metadata = {name: repr(number) for name, number in numbers.items()}
    pyarrow.parquet.write_table(cells.rows.replace_schema_metadata(metadata), path, compression="zstd")


def _choose_side(polygons: int) -> int:
    side = np.exp2(np.round(np.log2(np.sqrt(max(polygons, 1) * CELLS_A_POLYGON))))
    return int(np.clip(side, SMALLEST_SIDE, LARGEST_SIDE))
