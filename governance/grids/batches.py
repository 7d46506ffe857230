"""The join as a function from Arrow batch to Arrow batch: for DuckDB, for Spark's `mapInArrow`, for any stream.

Only a few batches are in memory at a time, and no row becomes a Python object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from governance.errors import InputError, join_faults
from governance.grids.join import Cover, locate
from governance.grids.threads import map_in_threads
from governance.toml_model import nearest

GRID_NO = "grid_no"


@dataclass(frozen=True)
class PointColumns:
    """The columns of longitude and latitude (numbers, in the system of the polygons), and the name of the answer.

    kept: the columns that stand before the answer; all of them if None.
    """

    lon: str = "lon"
    lat: str = "lat"
    grid_no: str = GRID_NO
    kept: tuple[str, ...] | None = None


def locate_batch(cover: Cover, batch: pa.RecordBatch, *, columns: PointColumns | None = None) -> pa.RecordBatch:
    """The same rows in the same order and the position of each one's polygon: int32, null where there is none.

    A point without coordinates (null, NaN) lies nowhere. Raises InputError if the columns are not there, or not
    numbers, or if the new one is there already.
    """
    columns = columns or PointColumns()
    schema = extend_schema(batch.schema, columns)
    lon, lat = (read_numbers(batch.column(name)) for name in (columns.lon, columns.lat))
    position = locate(cover, lon, lat, threads=1)
    kept = [batch.column(name) for name in schema.names[:-1]]
    return pa.RecordBatch.from_arrays([*kept, pa.array(position, mask=position < 0)], schema=schema)


def locate_batches(
    cover: Cover,
    batches: Iterable[pa.RecordBatch],
    *,
    columns: PointColumns | None = None,
    threads: int | None = None,
) -> Iterator[pa.RecordBatch]:
    """`locate_batch` of each batch, in order, several at a time.

    With `functools.partial(locate_batches, cover)` this is the function that Spark's `mapInArrow` asks for. Raises
    ConfigError for less than one thread, before the first batch is read.
    """
    return map_in_threads(partial(locate_batch, cover, columns=columns), batches, threads=threads)


def locate_stream(
    cover: Cover, reader: pa.RecordBatchReader, *, columns: PointColumns | None = None, threads: int | None = None
) -> pa.RecordBatchReader:
    """A stream of points as a stream of located points, read as fast as the taker takes.

    Raises InputError as `locate_batch` does, before the first batch is read.
    """
    schema = extend_schema(reader.schema, columns or PointColumns())
    return pa.RecordBatchReader.from_batches(schema, locate_batches(cover, reader, columns=columns, threads=threads))


def extend_schema(schema: pa.Schema, columns: PointColumns) -> pa.Schema:
    """The schema of located points; raises InputError with everything that is wrong about that of the points."""
    kept = schema.names if columns.kept is None else columns.kept
    faults = [
        f"there is no column `{name}`{nearest(name, schema.names) or '.'} There are: {', '.join(schema.names)}."
        for name in dict.fromkeys([columns.lon, columns.lat, *kept])
        if name not in schema.names
    ]
    faults += [
        f"column `{name}` holds {schema.field(name).type}, not numbers."
        for name in (columns.lon, columns.lat)
        if name in schema.names and not is_number(schema.field(name).type)
    ]
    if columns.grid_no in kept:
        faults.append(f"there is a column `{columns.grid_no}` already; choose another name.")
    if faults:
        raise InputError(join_faults("The points cannot be located:", faults))
    return pa.schema([*(schema.field(name) for name in kept), pa.field(columns.grid_no, pa.int32())])


def read_numbers(values: pa.Array) -> NDArray[np.float64]:
    """A column of numbers as float64, NaN where it is null; without copying where that is possible."""
    numbers: NDArray[np.float64] = pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return numbers


def is_number(kind: pa.DataType) -> bool:
    """Whether a column of this type can hold coordinates."""
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind))
