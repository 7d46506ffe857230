"""Input files as Arrow batches: CSV, Parquet, GeoParquet, GeoJSON and Shapefile, every row with its number.

Text is decoded strictly: a byte that does not fit the stated encoding refuses the file with its position
and the encoding that would fit. A CSV row with too many or too few fields is kept aside, with its text.
"""

from __future__ import annotations

import codecs
import hashlib
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import charset_normalizer
import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import shapely

from governance.errors import InputError
from governance.profile import GEO_FORMATS

BATCH_ROWS = 131_072
CHUNK_BYTES = 1 << 20
GEOMETRY_LON, GEOMETRY_LAT = "geometry.lon", "geometry.lat"


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
def open_table(path: Path, *, format: str, encoding: str = "utf-8") -> Iterator[TableFile]:  # noqa: A002
    """Open one input file for reading.

    Batches hold the file's own columns; geo formats have `geometry.lon` and `geometry.lat` (WGS84 where the
    file states its coordinate system) in place of the geometry. CSV columns are all text.

    Raises InputError for a file that cannot be decoded or parsed, naming the place.
    """
    try:
        if format == "csv":
            with _decoded(path, encoding) as stream:
                yield _open_csv(path, stream)
        elif format in GEO_FORMATS:
            yield _open_points(path, format=format, encoding=encoding)
        else:
            yield _open_parquet(path)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path.name} cannot be read as {format}: {error}") from error


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


def _open_parquet(path: Path) -> TableFile:
    file = pyarrow.parquet.ParquetFile(path)
    return TableFile(tuple(file.schema_arrow.names), file.iter_batches(batch_size=BATCH_ROWS))


def _open_csv(path: Path, stream: IO[bytes]) -> TableFile:
    malformed: list[MalformedRow] = []

    def keep_aside(row: pyarrow.csv.InvalidRow) -> str:
        # Arrow counts the header as row 1; ours is the number of the data row.
        malformed.append(MalformedRow(row.number - 1, row.text, row.expected_columns, row.actual_columns))
        return "skip"

    header = _read_header(path, stream)
    reader = pyarrow.csv.open_csv(
        stream,
        read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=4 * CHUNK_BYTES),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep_aside),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
        ),
    )
    return TableFile(tuple(reader.schema.names), iter(reader), malformed)


def _read_header(path: Path, stream: IO[bytes]) -> list[str]:
    """The column names; refuses a file without any and one that has a name twice."""
    line = stream.readline().decode("utf-8-sig")
    stream.seek(0)
    if not line.strip():
        raise InputError(f"{path.name} has no header line. Its first line must name the columns.")
    names = pyarrow.csv.read_csv(pa.BufferReader(line.encode() + b"\n")).column_names
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise InputError(f"{path.name} names the column `{doubles[0]}` more than once. Rename one of them.")
    return list(names)


def _open_points(path: Path, *, format: str, encoding: str) -> TableFile:  # noqa: A002
    try:
        frame = geopandas.read_parquet(path) if format == "geoparquet" else _read_vector(path, encoding)
    except (ValueError, RuntimeError, OSError) as error:
        raise InputError(f"{path.name} cannot be read as {format}: {error}") from error
    points = frame.geometry if frame.crs is None else frame.geometry.to_crs("EPSG:4326")
    is_point = shapely.get_type_id(points.to_numpy()) == 0
    columns = frame.drop(columns=frame.geometry.name)
    table = pa.Table.from_pandas(columns, preserve_index=False)
    xy = shapely.get_coordinates(points.to_numpy()[is_point])
    for index, name in enumerate((GEOMETRY_LON, GEOMETRY_LAT)):
        values = np.full(len(frame), np.nan)
        values[is_point] = xy[:, index]
        table = table.append_column(name, pa.array(values))
    return TableFile(tuple(table.column_names), iter(table.to_batches(max_chunksize=BATCH_ROWS)))


def _read_vector(path: Path, encoding: str) -> geopandas.GeoDataFrame:
    is_shapefile = path.suffix.lower() in {".shp", ".zip"}
    options = {"encoding": encoding} if is_shapefile and encoding.lower() not in {"utf-8", "utf8"} else {}
    return geopandas.read_file(path, **options)


@contextmanager
def _decoded(path: Path, encoding: str) -> Iterator[IO[bytes]]:
    """The file's text as a UTF-8 byte stream; strict, in bounded memory."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with _open_bytes(path) as source, tempfile.TemporaryFile() as target:
        done = 0
        while True:
            chunk = source.read(CHUNK_BYTES)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise InputError(_describe_decode_fault(path, encoding, done + error.start)) from error
            target.write(text.encode())
            done += len(chunk)
            if not chunk:
                break
        target.seek(0)
        yield target


@contextmanager
def _open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes; of a zip archive, those of the one CSV file in it."""
    if path.suffix.lower() != ".zip":
        with path.open("rb") as stream:
            yield stream
        return
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
        if len(names) != 1:
            raise InputError(f"{path.name} holds {len(names)} CSV files; it must hold exactly one.")
        with archive.open(names[0]) as stream:
            yield stream


def _describe_decode_fault(path: Path, encoding: str, near_byte: int) -> str:
    with _open_bytes(path) as stream:
        head = stream.read(near_byte + CHUNK_BYTES)
    line = head[:near_byte].count(b"\n") + 1
    guess = charset_normalizer.from_bytes(head[-CHUNK_BYTES:]).best()
    hint = f" The bytes look like {guess.encoding}." if guess else ""
    return f"{path.name}, about line {line}: the text is not {encoding}.{hint} Set `encoding` of this source."
