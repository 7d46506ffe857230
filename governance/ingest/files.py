"""Input files as Arrow batches: CSV, Parquet, GeoParquet, GeoJSON and Shapefile, every row with its number.

A CSV row with too many or too few fields is kept aside, with its text; it stays a row of the file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pyogrio
import shapely

from governance.errors import InputError
from governance.ingest.coordinates import check_crs
from governance.ingest.decoding import CHUNK_BYTES, DecodedText, decoded
from governance.profile import GEO_FORMATS

BATCH_ROWS = 131_072
BLOCK_BYTES = 4 * CHUNK_BYTES
GEOMETRY_LON, GEOMETRY_LAT = "geometry.lon", "geometry.lat"
CHINESE_CRS = frozenset({"GCJ-02", "BD-09"})


@dataclass(frozen=True)
class MalformedRow:
    """A CSV row whose number of fields differs from the header's."""

    row_number: int
    text: str
    expected: int
    found: int


@dataclass
class TableFile:
    """An open input file: its columns, its batches (read once), and the CSV rows that do not fit the header."""

    columns: tuple[str, ...]
    batches: Iterator[pa.RecordBatch]
    malformed: list[MalformedRow] = field(default_factory=list)


def hash_file(path: Path) -> str:
    """The sha256 of the file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def open_table(
    path: Path,
    *,
    format: str,  # noqa: A002
    encoding: str = "utf-8",
    crs: str = "EPSG:4326",
    columns: Collection[str] | None = None,
) -> Iterator[TableFile]:
    """Open one input file for reading.

    Batches hold the file's own columns (of Parquet only `columns`, where given); geo formats have
    `geometry.lon` and `geometry.lat` in place of the geometry, in WGS84; `crs` is the system of a geo file that
    does not state its own. CSV columns are all text.

    Raises InputError for a file that cannot be decoded or parsed, on opening or from the batches.
    """
    with ExitStack() as stack:
        with explaining(path, format):
            if format == "csv":
                table = _open_csv(path, stack.enter_context(decoded(path, encoding)))
            elif format in GEO_FORMATS:
                table = _open_points(path, format=format, encoding=encoding, crs=crs)
            else:
                table = _open_parquet(stack.enter_context(pyarrow.parquet.ParquetFile(path)), columns)
            _refuse_doubles(path, table.columns)
        table.batches = _guard(table.batches, path, format)
        yield table


def number_rows(rows: int, malformed: list[MalformedRow], *, first: int) -> tuple[np.ndarray, int]:
    """Row numbers (int64) for the next `rows` good rows, starting at `first`, passing over malformed ones.

    Gives the numbers and the number at which the next batch starts.
    """
    taken = np.array(sorted(row.row_number for row in malformed if row.row_number >= first), dtype=np.int64)
    numbers = np.arange(first, first + rows, dtype=np.int64)
    # The i-th malformed number shifts every good row at or behind it by one more.
    shift = np.searchsorted(taken - np.arange(len(taken)), numbers, side="right")
    numbers = numbers + shift
    return numbers, int(numbers[-1]) + 1 if rows else first


@contextmanager
def explaining(path: Path, format: str) -> Iterator[None]:  # noqa: A002
    """What the readers raise, as an InputError that names the file."""
    try:
        yield
    except (pa.ArrowException, csv.Error, zipfile.BadZipFile, OSError, RuntimeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        if "straddling" in str(error):
            limit = f"{BLOCK_BYTES >> 20} MiB"
            raise InputError(f"{path.name} has a row longer than {limit}. Is a quotation mark never closed?") from error
        raise InputError(f"{path.name} cannot be read as {format}: {error}") from error


def _guard(batches: Iterator[pa.RecordBatch], path: Path, format: str) -> Iterator[pa.RecordBatch]:  # noqa: A002
    with explaining(path, format):
        yield from batches


def _refuse_doubles(path: Path, columns: tuple[str, ...]) -> None:
    doubles = sorted({name for name in columns if columns.count(name) > 1})
    if doubles:
        names = ", ".join(f"`{name}`" if name else "a column without a name" for name in doubles)
        raise InputError(f"{path.name} names {names} more than once. Rename or remove one of them.")


def _open_parquet(file: pyarrow.parquet.ParquetFile, columns: Collection[str] | None) -> TableFile:
    names = tuple(file.schema_arrow.names)
    wanted = None if columns is None else [name for name in names if name in columns]
    return TableFile(names, file.iter_batches(batch_size=BATCH_ROWS, columns=wanted))


def _open_csv(path: Path, text: DecodedText) -> TableFile:
    malformed: list[MalformedRow] = []

    def keep_aside(row: pyarrow.csv.InvalidRow) -> str:
        # Arrow counts the header as row 1; ours is the number of the data row.
        malformed.append(MalformedRow(row.number - 1, row.text, row.expected_columns, row.actual_columns))
        return "skip"

    header = _read_header(path, text)
    if text.quotes % 2:
        _refuse_open_quote(path, text)
    reader = pyarrow.csv.open_csv(
        text.stream,
        read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep_aside),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
        ),
    )
    return TableFile(tuple(reader.schema.names), _check_end(path, text, iter(reader), malformed), malformed)


def _read_header(path: Path, text: DecodedText) -> list[str]:
    """The column names; refuses a file without any and one that has a name twice."""
    lines = io.TextIOWrapper(text.stream, encoding="utf-8-sig", newline="")
    names = next((row for row in csv.reader(lines) if row), [])
    lines.detach()
    text.stream.seek(0)
    if not any(name.strip() for name in names):
        raise InputError(f"{path.name} has no header line. Its first line must name the columns.")
    _refuse_doubles(path, tuple(names))
    return names


def _check_end(
    path: Path, text: DecodedText, batches: Iterator[pa.RecordBatch], malformed: list[MalformedRow]
) -> Iterator[pa.RecordBatch]:
    """The batches; then, as an even number of quotation marks may still leave one open, a look at the last row."""
    last = ""
    for batch in batches:
        last = batch.column(batch.num_columns - 1)[-1].as_py() if batch.num_rows else last
        yield batch
    # What an open quotation mark swallows goes on to the line end at the end of the file.
    if text.quotes and (last.endswith("\n") or any('"' in row.text for row in malformed[-1:])):
        _refuse_open_quote(path, text)


def _refuse_open_quote(path: Path, text: DecodedText) -> None:
    """A quotation mark that is never closed would swallow every row behind it without a word.

    A last row of our own shows whether there is one; this takes time, so only suspects are looked at.
    """
    sentinel = "\0end"
    text.stream.seek(0)
    lines = io.TextIOWrapper(text.stream, encoding="utf-8-sig", newline="")
    rows = csv.reader(line for part in (lines, [sentinel]) for line in part)
    start, following, last = 1, 1, [sentinel]
    try:
        for row in rows:
            start, following, last = following, rows.line_num + 1, row
    except csv.Error:  # a field longer than the csv module takes
        start, last = following, []
    lines.detach()
    text.stream.seek(0)
    if last != [sentinel]:
        raise InputError(f"{path.name}, line {start}: a quotation mark is opened and never closed. Close or double it.")


def _open_points(path: Path, *, format: str, encoding: str, crs: str) -> TableFile:  # noqa: A002
    table, points = _read_geoparquet(path) if format == "geoparquet" else _read_vector(path, encoding)
    if points.crs is None and check_crs(crs) not in CHINESE_CRS:
        points = points.set_crs(check_crs(crs))
    moved = points if points.crs is None else points.to_crs("EPSG:4326")
    shapes = moved.to_numpy()
    # Shapefiles often hold one point as a collection of one; empty and missing ones have no coordinates.
    singles = np.where(shapely.get_num_geometries(shapes) == 1, shapely.get_geometry(shapes, 0), shapes)
    singles = np.where(shapely.is_empty(singles), None, singles)
    table = table.append_column(GEOMETRY_LON, pa.array(shapely.get_x(singles)))
    table = table.append_column(GEOMETRY_LAT, pa.array(shapely.get_y(singles)))
    return TableFile(tuple(table.column_names), iter(table.combine_chunks().to_batches(max_chunksize=BATCH_ROWS)))


def _read_geoparquet(path: Path) -> tuple[pa.Table, geopandas.GeoSeries]:
    """The attributes exactly as stored, and the points."""
    frame = geopandas.read_parquet(path)
    shapes = list(frame.columns[frame.dtypes == "geometry"])
    names = [name for name in pyarrow.parquet.read_schema(path).names if name not in shapes]
    return pyarrow.parquet.read_table(path, columns=names), frame.geometry


def _read_vector(path: Path, encoding: str) -> tuple[pa.Table, geopandas.GeoSeries]:
    """The attributes and points of a GeoJSON file or Shapefile; whole numbers and texts stay what they are."""
    layers = pyogrio.list_layers(path)
    if len(layers) != 1:
        raise InputError(f"{path.name} holds {len(layers)} layers; it must hold exactly one.")
    is_shapefile = path.suffix.lower() in {".shp", ".zip"}
    own = {"encoding": encoding} if is_shapefile and encoding.lower() not in {"utf-8", "utf8"} else {}
    meta, table = pyogrio.read_arrow(path, datetime_as_string=True, **own)
    name = meta["geometry_name"] or "wkb_geometry"
    if name not in table.column_names:
        raise InputError(f"{path.name} holds no geometries.")
    shapes = shapely.from_wkb(table[name].to_numpy(zero_copy_only=False))
    return table.drop_columns([name]), geopandas.GeoSeries(shapes, crs=meta["crs"])
