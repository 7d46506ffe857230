"""Event logs, read once like incidents: every event staged, and each file reduced to one row per incident."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from governance import warehouse
from governance.ingest import mapping, rules
from governance.ingest.files import TableFile, hash_file, number_rows, open_table
from governance.ingest.staging import DEFAULT_TIME_FORMATS, append_malformed, make_key
from governance.profile import EVENT_KINDS, Events, Profile, Source


@dataclass(frozen=True)
class StagedEvents:
    """One event log file after reading: its events, and the same reduced to one row per incident."""

    source: str
    file: str
    sha256: str
    key: str
    path: Path
    reduced_path: Path
    rows_read: int
    is_new: bool


def stage_events(
    con: warehouse.Connection,
    path: Path,
    source: Source,
    *,
    profile: Profile,
    folder: Path,
    read_at_utc: datetime,
) -> StagedEvents:
    """Give the staged form of one event log file, reading it only if it was never read this way before.

    Raises InputError for a file that cannot be decoded, parsed, or lacks a mapped column.
    """
    events = source.events
    if events is None:
        raise ValueError(f"source {source.id} has no event log")
    zone = events.time_zone or profile.zone_of(source)
    sha256 = hash_file(path)
    key = make_key(sha256, [source.id, events.model_dump(mode="json", exclude={"files"}), zone, EVENT_KINDS])
    target = folder / f"{source.id}.events" / f"{key}.parquet"
    reduced = target.with_suffix(".reduced.parquet")
    is_new = not reduced.exists()
    if is_new:
        target.parent.mkdir(parents=True, exist_ok=True)
        _set_variables(con, source, events, zone=zone, key=key, read_at_utc=read_at_utc)
        _write_events(con, path, source.id, events, key=key, zone=zone, target=target)
        _write_reduced(con, events_path=target, target=reduced)
    rows = pyarrow.parquet.read_metadata(target).num_rows
    return StagedEvents(source.id, path.name, sha256, key, target, reduced, rows, is_new)


def _set_variables(
    con: warehouse.Connection, source: Source, events: Events, *, zone: str, key: str, read_at_utc: datetime
) -> None:
    warehouse.set_variables(
        con,
        zone=zone,
        time_formats=list(events.time_formats or DEFAULT_TIME_FORMATS),
        missing=list(source.values.missing),
        known_kinds=list(EVENT_KINDS),
        file_key=key,
        source=source.id,
        read_at_utc=read_at_utc,
    )


def _write_events(
    con: warehouse.Connection,
    path: Path,
    source_id: str,
    events: Events,
    *,
    key: str,
    zone: str,
    target: Path,
) -> None:
    wanted = {"incident_id": (events.incident_id,), "kind": (events.kind,), "at": (events.at,)}
    wanted |= {"department": (events.department,)} if events.department else {}
    partial = target.with_suffix(f".{os.getpid()}.partial")
    with open_table(path, format=events.format, encoding=events.encoding) as table:
        mapping.check_columns(path.name, table.columns, wanted)
        warehouse.run_script(con, "stg_macros")
        kinds = pa.table({"kind_text": list(events.kinds), "kind": list(events.kinds.values())})
        reader = _map_batches(table, events, zone=zone)
        with warehouse.registered(con, src_batches=reader, src_event_kinds=kinds):
            warehouse.create_view(con, "stg_typed_event", warehouse.read_sql("stg_typed_event"))
            judged = f"select *, {rules.compile_reasons(rules.EVENT_RULES)} as reasons from stg_typed_event"
            warehouse.create_view(con, "stg_judged_event", judged)
            warehouse.write_parquet(con, "stg_event", partial)
        if table.malformed:
            append_malformed(partial, table.malformed, shows_text=False, file_key=key, source=source_id)
    partial.replace(target)


def _write_reduced(con: warehouse.Connection, *, events_path: Path, target: Path) -> None:
    partial = target.with_suffix(f".{os.getpid()}.partial")
    warehouse.set_variables(con, event_file=str(events_path))
    warehouse.create_view(con, "src_events", warehouse.read_sql("src_events_of_file"))
    warehouse.write_parquet(con, "stg_event_reduced", partial)
    partial.replace(target)


def _map_batches(table: TableFile, events: Events, *, zone: str) -> pa.RecordBatchReader:
    schema = pa.schema(
        [
            ("incident_id", pa.string()),
            ("kind", pa.string()),
            ("department", pa.string()),
            ("event_at", pa.timestamp("us")),
            ("event_at_text", pa.string()),
            ("row_number", pa.int64()),
        ]
    )

    def batches() -> Iterator[pa.RecordBatch]:
        following = 1
        for batch in table.batches:
            mapped = mapping.map_event_batch(batch, events, zone=zone)
            numbers, following = number_rows(mapped.num_rows, table.malformed, first=following)
            yield from mapped.append_column("row_number", pa.array(numbers)).cast(schema).to_batches()

    return pa.RecordBatchReader.from_batches(schema, batches())
