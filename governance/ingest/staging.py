"""Each input file is read once: typed, judged by the rules, and kept as Parquet under its content hash.

A staged file is found again by the hash of the input's bytes and of the part of the configuration that
decides how it is read, so that the next build parses only what is new or was told to be read differently.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from governance import warehouse
from governance.errors import InputError
from governance.ingest import mapping, rules
from governance.ingest.files import MalformedRow, TableFile, explaining, hash_file, number_rows, open_table
from governance.profile import Profile, Source

# Counts changes of the Python that reads files; a change of the SQL is seen by itself.
STAGING_VERSION = 3
DEFAULT_TIME_FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M",
    "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日%H时%M分%S秒", "%Y年%m月%d日%H时%M分",
    "%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y%m%d%H%M%S", "%Y%m%d", "%Y-%m",
)  # fmt: skip
_FLAGS = {"is_discovered": False, "is_closed": False, "is_cancelled": False}
UNPLACED_CODES = ["zero_coordinates", "default_location", "coordinates_out_of_range"]


@dataclass(frozen=True)
class StagedFile:
    """One input file after reading; `path` is its Parquet file, `rows_read` counts every data row."""

    source: str
    file: str
    sha256: str
    key: str
    path: Path
    rows_read: int
    is_new: bool


def stage_file(
    con: warehouse.Connection,
    path: Path,
    source: Source,
    *,
    profile: Profile,
    folder: Path,
    read_at_utc: datetime,
) -> StagedFile:
    """Give the staged form of one incident file, reading it only if it was never read this way before.

    Raises InputError for a file that cannot be decoded, parsed, or lacks a mapped column.
    """
    sha256 = hash_file(path)
    decides = source.model_dump(mode="json", exclude={"files", "categories", "code_system", "events"})
    predicates = [[rule.code, rule.severity, rule.predicate] for rule in rules.RULES]
    queries = [warehouse.read_sql(name) for name in ("stg_macros", "stg_parsed", "stg_incident")]
    key = make_key(sha256, [decides, profile.zone_of(source), predicates, queries])
    target = folder / source.id / f"{key}.parquet"
    is_new = not is_whole(target)
    if is_new:
        _set_variables(con, source, zone=profile.zone_of(source), key=key, read_at_utc=read_at_utc)
        with replacing(target) as partial:
            _write_staged(con, path, source, key=key, target=partial)
    rows = pyarrow.parquet.read_metadata(target).num_rows
    return StagedFile(source.id, path.name, sha256, key, target, rows, is_new)


def is_whole(path: Path) -> bool:
    """Whether the staged file is there and complete; a power cut may leave a name without its bytes."""
    try:
        pyarrow.parquet.read_metadata(path)
    except (OSError, pa.ArrowInvalid):
        return False
    return True


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path to write to; it becomes `target` in one step when the block ends well, and goes when it does not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}.partial")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def scanning(
    con: warehouse.Connection, path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch], **tables: pa.Table
) -> Iterator[None]:
    """Show the batches to SQL as `src_batches`, to be scanned once, in bounded memory.

    DuckDB wraps what a batch raises; here it comes out again as the InputError it was.
    """
    faults: list[Exception] = []

    def kept() -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except Exception as error:
            faults.append(error)
            raise

    reader = pa.RecordBatchReader.from_batches(schema, kept())
    with warehouse.registered(con, src_batches=reader, **tables):
        try:
            yield
        except warehouse.DatabaseError as error:
            if not faults:
                raise
            if isinstance(faults[0], InputError):
                raise faults[0] from error
            raise InputError(f"{path.name} cannot be read: {faults[0]}") from error


def list_time_formats(formats: tuple[str, ...]) -> list[str]:
    """The time formats without the offset, which is read by itself wherever a text ends with one."""
    return [re.sub(r"\s*%z$", "", text) for text in formats] or list(DEFAULT_TIME_FORMATS)


def make_key(sha256: str, decides: list[Any]) -> str:
    """Bytes and reading rules in one name: a change of either makes a new staged file."""
    text = json.dumps([STAGING_VERSION, *decides], sort_keys=True, ensure_ascii=False)
    return f"{sha256[:16]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _set_variables(con: warehouse.Connection, source: Source, *, zone: str, key: str, read_at_utc: datetime) -> None:
    values = source.values
    warehouse.set_variables(
        con,
        zone=zone,
        time_formats=list_time_formats(source.time_formats),
        missing=list(values.missing),
        closed_values=list(values.closed),
        cancelled_values=list(values.cancelled),
        discovered_values=list(values.discovered),
        overdue_values=list(values.overdue),
        needs_id=source.duplicates.policy == "by_id",
        compares_rows=source.duplicates.policy == "all_columns",
        error_codes=list(rules.ERROR_CODES),
        unplaced_codes=UNPLACED_CODES,
        file_key=key,
        read_at_utc=read_at_utc,
    )


def _write_staged(con: warehouse.Connection, path: Path, source: Source, *, key: str, target: Path) -> None:
    columns = mapping.list_needed_columns(source)
    with open_table(path, format=source.format, encoding=source.encoding, crs=source.crs, columns=columns) as table:
        mapping.check_columns(path.name, table.columns, mapping.map_columns(source))
        mapping.check_quarantine_columns(path.name, table.columns, source)
        schema, batches = _map_batches(path, table, source)
        warehouse.run_script(con, "stg_macros")
        with scanning(con, path, schema, batches):
            warehouse.create_view(con, "stg_parsed", warehouse.read_sql("stg_parsed"))
            judged = f"select *, {rules.compile_reasons()} as reasons from stg_parsed"
            warehouse.create_view(con, "stg_judged", judged)
            warehouse.write_parquet(con, "stg_incident", target)
        if table.malformed:
            # A row without columns cannot be stripped of its personal ones, so its text stays in the file
            # unless the city allows every column.
            shows_text = "*" in source.quarantine_columns and not source.personal_columns
            append_malformed(target, table.malformed, shows_text=shows_text, file_key=key, **_FLAGS)


def _map_batches(path: Path, table: TableFile, source: Source) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """The mapped and numbered batches, all of one schema: the first one's, or an empty one's where there is none."""
    stream = _iterate_mapped(path, table, source)
    first = next(stream, None)
    if first is None:
        empty = pa.RecordBatch.from_pydict({name: pa.array([], pa.string()) for name in table.columns})
        first = number_batch(mapping.map_batch(empty, source), [], first=1)[0]
    schema = first.schema
    batches = (batch for mapped in chain([first], stream) for batch in mapped.cast(schema).to_batches())
    return schema, batches


def _iterate_mapped(path: Path, table: TableFile, source: Source) -> Iterator[pa.Table]:
    following = 1
    for batch in table.batches:
        with explaining(path, source.format):
            mapped = mapping.map_batch(batch, source)
        numbered, following = number_batch(mapped, table.malformed, first=following)
        yield numbered


def number_batch(mapped: pa.Table, malformed: list[MalformedRow], *, first: int) -> tuple[pa.Table, int]:
    """The batch with the column `row_number`, and the number at which the next batch starts."""
    numbers, following = number_rows(mapped.num_rows, malformed, first=first)
    return mapped.append_column("row_number", pa.array(numbers)), following


def append_malformed(target: Path, malformed: list[MalformedRow], *, shows_text: bool, **constants: Any) -> None:
    """Add the CSV rows that have no columns to speak of: their number, their reason and `constants`."""
    table = pyarrow.parquet.read_table(target)
    rows = [
        constants
        | {
            "row_number": row.row_number,
            "reasons": [rules.WRONG_FIELD_COUNT.code],
            "is_bad": True,
            "original": json.dumps(
                {"fields_expected": row.expected, "fields_found": row.found}
                | ({"text": row.text} if shows_text else {}),
                ensure_ascii=False,
            ),
        }
        for row in malformed
    ]
    extra = pa.Table.from_pylist(rows, schema=table.schema)
    pyarrow.parquet.write_table(pa.concat_tables([table, extra]), target, compression="zstd")
