"""Point files as Arrow batches in their own order, and the same batches written again: nothing is reinterpreted.

CSV fields stay text, as written. Geo files and GeoParquet carry their points in a WKB column.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
import pyogrio
import pyproj
import shapely

from governance.errors import InputError, join_faults

BATCH_ROWS = 131_072
TABLE_SUFFIXES = (".csv", ".parquet")
GEO_DRIVERS = {".geojson": "GeoJSON", ".gpkg": "GPKG"}

_CHUNK_BYTES = 1 << 20
_MOST_CELL_CHARACTERS = 1 << 24
_SHOWN = 5

Write = Callable[[pa.RecordBatch], None]


@dataclass(frozen=True)
class TextStyle:
    """How a CSV file is written."""

    encoding: str = "utf-8"
    delimiter: str = ","
    line_end: str = "\n"


@dataclass(frozen=True)
class PointFile:
    """An open point file. Each batch comes with the share of the file read so far.

    geometry: the WKB column of a geo file, which then has `crs` (None if it states none).
    """

    schema: pa.Schema
    batches: Iterator[tuple[pa.RecordBatch, float]]
    geometry: str | None = None
    crs: pyproj.CRS | None = None
    style: TextStyle = field(default_factory=TextStyle)


@contextmanager
def open_points(path: Path) -> Iterator[PointFile]:
    """Open CSV, Parquet, GeoParquet, GeoJSON, Shapefile (plain or zipped) or GeoPackage by its suffix.

    Raises InputError, also while batches are read, for what cannot be decoded or parsed.
    """
    if not path.exists():
        raise InputError(f"{path} was not found. Check the path.")
    suffix = path.suffix.lower()
    try:
        if suffix in {".csv", ".txt", ".tsv"}:
            style = _find_style(path)
            with path.open(encoding=style.encoding, newline="") as text, _allowing_long_cells():
                yield _open_csv(path, text, style)
        elif suffix in {".parquet", ".geoparquet"}:
            yield _open_parquet(pyarrow.parquet.ParquetFile(path))
        else:
            yield _open_vector(path)
    except (pa.ArrowException, pyogrio.errors.DataSourceError, csv.Error) as error:
        raise InputError(f"{path.name} cannot be read: {str(error).rstrip('.')}.") from error


@contextmanager
def create_points(path: Path, source: PointFile, schema: pa.Schema) -> Iterator[Write]:
    """A function that appends batches of this schema to a new file, whose suffix says the format.

    CSV takes its style from the source; geometry becomes WKT there.
    """
    if path.suffix.lower() == ".csv":
        with path.open("w", encoding=source.style.encoding, newline="") as text:
            writer = csv.writer(text, delimiter=source.style.delimiter, lineterminator=source.style.line_end)
            writer.writerow(schema.names)
            yield lambda batch: writer.writerows(_list_rows(batch, source.geometry))
    elif path.suffix.lower() == ".parquet":
        with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as parquet:
            yield parquet.write_batch
    else:
        kept: list[pa.RecordBatch] = []
        yield kept.append
        crs = source.crs.to_wkt() if source.crs else None
        driver, table = GEO_DRIVERS[path.suffix.lower()], pa.Table.from_batches(kept, schema)
        options = {"geometry_name": source.geometry, "geometry_type": "Point", "crs": crs}
        pyogrio.write_arrow(table.replace_schema_metadata(None), path, driver=driver, **options)


@contextmanager
def _allowing_long_cells() -> Iterator[None]:
    """The csv module has one limit for the whole process; other files keep the usual one, which refuses binaries."""
    before = csv.field_size_limit(_MOST_CELL_CHARACTERS)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _find_style(path: Path) -> TextStyle:
    """Encoding (UTF-8, else GB18030, each for the whole file), delimiter and line end by the header."""
    with path.open("rb") as stream:
        head = stream.readline()
    encoding = next((name for name in ("utf-8", "gb18030") if _fits_encoding(path, name)), None)
    if encoding is None:
        raise InputError(f"{path.name} is neither UTF-8 nor GB18030 text. Save it as CSV in UTF-8.")
    if head.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    header = head.decode(encoding)
    delimiter = max(",;\t", key=lambda sign: (header.count(sign), sign == ","))
    return TextStyle(encoding, delimiter, "\r\n" if header.endswith("\r\n") else "\n")


def _fits_encoding(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as stream:
        try:
            while chunk := stream.read(_CHUNK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _open_csv(path: Path, text: Any, style: TextStyle) -> PointFile:
    # Strict: a quotation mark in the wrong place would otherwise swallow rows.
    reader = csv.reader(text, delimiter=style.delimiter, strict=True)
    header = next(reader, [])
    doubles = sorted({name for name in header if header.count(name) > 1})
    if not header or doubles:
        what = f"names the column `{doubles[0]}` more than once" if doubles else "has no header line"
        raise InputError(f"{path.name} {what}. Its first line must name every column once.")
    schema = pa.schema([(name, pa.string()) for name in header])
    return PointFile(schema, _read_csv(path, text, reader, schema), style=style)


def _read_csv(path: Path, text: Any, reader: Any, schema: pa.Schema) -> Iterator[tuple[pa.RecordBatch, float]]:
    size, width, done = max(path.stat().st_size, 1), len(schema), 0
    rows = (row for row in reader if row)
    while batch := list(islice(rows, BATCH_ROWS)):
        if any(len(row) != width for row in batch):
            _refuse_long_rows(path, batch, width, done)
            batch = [row + [""] * (width - len(row)) for row in batch]
        columns = [pa.array(values, pa.string()) for values in zip(*batch, strict=True)]
        done += len(batch)
        yield pa.RecordBatch.from_arrays(columns, schema=schema), min(text.buffer.tell() / size, 1.0)


def _refuse_long_rows(path: Path, rows: list[list[str]], width: int, before: int) -> None:
    wrong = [(before + place, len(row)) for place, row in enumerate(rows, start=1) if len(row) > width]
    if wrong:
        faults = [f"row {number} has {fields} fields" for number, fields in wrong[:_SHOWN]]
        title = f"{path.name}: {len(wrong)} rows have more fields than the {width} of the header; mend them first:"
        raise InputError(join_faults(title, faults))


def _open_parquet(file: pyarrow.parquet.ParquetFile) -> PointFile:
    schema = file.schema_arrow
    geometry, crs = None, None
    if geo := json.loads((schema.metadata or {}).get(b"geo", b"{}")):
        geometry = str(geo["primary_column"])
        column = geo["columns"][geometry]
        if column["encoding"] != "WKB":
            raise InputError(f"The geometry is encoded as {column['encoding']}; only WKB can be read. Write it anew.")
        # GeoParquet: no word on the system means longitude and latitude, null means unknown.
        stated = column.get("crs", "OGC:CRS84")
        crs = pyproj.CRS.from_user_input(stated) if stated else None
    return PointFile(schema, _read_parquet(file), geometry, crs)


def _read_parquet(file: pyarrow.parquet.ParquetFile) -> Iterator[tuple[pa.RecordBatch, float]]:
    done, total = 0, max(file.metadata.num_rows, 1)
    for batch in file.iter_batches(batch_size=BATCH_ROWS):
        done += batch.num_rows
        yield batch, done / total


def _open_vector(path: Path) -> PointFile:
    meta, table = pyogrio.read_arrow(path)
    geometry = meta["geometry_name"] or "wkb_geometry"
    if geometry not in table.column_names:
        raise InputError(f"{path.name} holds a table without geometry. Give a file with points.")
    crs = pyproj.CRS.from_user_input(meta["crs"]) if meta["crs"] else None
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": [], "crs": crs.to_json_dict() if crs else None}
    geo = {"version": "1.0.0", "primary_column": geometry, "columns": {geometry: column}}
    table = table.cast(pa.schema([_as_plain(f) for f in table.schema], {"geo": json.dumps(geo)})).combine_chunks()
    batches = table.to_batches(max_chunksize=BATCH_ROWS)
    shares = ((batch, (number + 1) / len(batches)) for number, batch in enumerate(batches))
    return PointFile(table.schema, shares, geometry, crs)


def _as_plain(column: pa.Field) -> pa.Field:
    """Without the extension type that GDAL gives to geometry."""
    return pa.field(column.name, getattr(column.type, "storage_type", column.type), column.nullable)


def _list_rows(batch: pa.RecordBatch, geometry: str | None) -> Iterator[tuple[str | None, ...]]:
    columns = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name == geometry:
            columns.append(
                list(shapely.to_wkt(shapely.from_wkb(column.to_numpy(zero_copy_only=False)), rounding_precision=-1))
            )
        else:
            columns.append(_as_text(name, column).to_pylist())
    return zip(*columns, strict=True)


def _as_text(name: str, column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        raise InputError(f"Column `{name}` holds {column.type}, which CSV cannot. Write a .parquet file instead.")
    return pc.cast(column, pa.string())
