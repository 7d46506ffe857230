"""Each input file is read once: typed, judged by the rules, and kept as Parquet under its content hash.

A staged file is found again by the hash of the input's bytes and of the part of the configuration that
decides how it is read, so that the next build parses only what is new or was told to be read differently.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from governance import warehouse
from governance.ingest import mapping, rules
from governance.ingest.files import MalformedRow, TableFile, hash_file, number_rows, open_table
from governance.profile import Profile, Source

STAGING_VERSION = 1
DEFAULT_TIME_FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M",
    "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M", "%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日",
    "%Y%m%d%H%M%S", "%Y-%m",
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
    key = make_key(sha256, [decides, profile.zone_of(source), predicates])
    target = folder / source.id / f"{key}.parquet"
    is_new = not target.exists()
    if is_new:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}.partial")
        _set_variables(con, source, zone=profile.zone_of(source), key=key, read_at_utc=read_at_utc)
        _write_staged(con, path, source, zone=profile.zone_of(source), key=key, target=partial)
        partial.replace(target)
    rows = pyarrow.parquet.read_metadata(target).num_rows
    return StagedFile(source.id, path.name, sha256, key, target, rows, is_new)


def make_key(sha256: str, decides: list[Any]) -> str:
    """Bytes and reading rules in one name: a change of either makes a new staged file."""
    text = json.dumps([STAGING_VERSION, *decides], sort_keys=True, ensure_ascii=False)
    return f"{sha256[:16]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _set_variables(con: warehouse.Connection, source: Source, *, zone: str, key: str, read_at_utc: datetime) -> None:
    values = source.values
    warehouse.set_variables(
        con,
        zone=zone,
        time_formats=list(source.time_formats or DEFAULT_TIME_FORMATS),
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


def _write_staged(con: warehouse.Connection, path: Path, source: Source, *, zone: str, key: str, target: Path) -> None:
    with open_table(path, format=source.format, encoding=source.encoding) as table:
        mapping.check_columns(path.name, table.columns, mapping.map_columns(source))
        reader = _map_batches(table, source, zone=zone)
        warehouse.run_script(con, "stg_macros")
        with warehouse.registered(con, src_batches=reader):
            warehouse.create_view(con, "stg_parsed", warehouse.read_sql("stg_parsed"))
            judged = f"select *, {rules.compile_reasons()} as reasons from stg_parsed"
            warehouse.create_view(con, "stg_judged", judged)
            warehouse.write_parquet(con, "stg_incident", target)
        if table.malformed:
            # A row without columns cannot be stripped of its personal ones, so its text stays in the file
            # unless the city allows every column.
            shows_text = "*" in source.quarantine_columns and not source.personal_columns
            append_malformed(target, table.malformed, shows_text=shows_text, file_key=key, **_FLAGS)


def _map_batches(table: TableFile, source: Source, *, zone: str) -> pa.RecordBatchReader:
    """The mapped batches as one Arrow stream, so that DuckDB scans the file once in bounded memory."""
    stream = _iterate_mapped(table, source, zone=zone)
    first = next(stream, None)
    if first is None:
        empty = pa.RecordBatch.from_pydict({name: pa.array([], pa.string()) for name in table.columns})
        first = _number(mapping.map_batch(empty, source, zone=zone), [], first=1)[0]
    schema = first.schema

    def batches() -> Iterator[pa.RecordBatch]:
        for mapped in (first, *()):
            yield from mapped.to_batches()
        for mapped in stream:
            yield from mapped.cast(schema).to_batches()

    return pa.RecordBatchReader.from_batches(schema, batches())


def _iterate_mapped(table: TableFile, source: Source, *, zone: str) -> Iterator[pa.Table]:
    following = 1
    for batch in table.batches:
        mapped = mapping.map_batch(batch, source, zone=zone)
        numbered, following = _number(mapped, table.malformed, first=following)
        yield numbered


def _number(mapped: pa.Table, malformed: list[MalformedRow], *, first: int) -> tuple[pa.Table, int]:
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
