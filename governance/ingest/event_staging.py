"""Event logs, read once like incidents: every event staged, and each file reduced to one row per incident."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from governance import warehouse
from governance.ingest import mapping, rules
from governance.ingest.files import TableFile, explaining, hash_file, open_table
from governance.ingest.staging import (
    append_malformed,
    is_whole,
    list_time_formats,
    make_key,
    number_batch,
    replacing,
    scanning,
)
from governance.profile import EVENT_KINDS, Events, Profile, Source

_QUERIES = ("stg_macros", "stg_typed_event", "stg_event", "stg_event_reduced")


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
    decides = events.model_dump(mode="json", exclude={"files"})
    predicates = [[rule.code, rule.severity, rule.predicate] for rule in rules.EVENT_RULES]
    missing = source.values.missing  # noqa: PD011  our own field, not a frame's
    queries = [warehouse.read_sql(name) for name in _QUERIES]
    key = make_key(sha256, [source.id, decides, missing, zone, EVENT_KINDS, predicates, queries])
    target = folder / f"{source.id}.events" / f"{key}.parquet"
    reduced = target.with_suffix(".reduced.parquet")
    is_new = not (is_whole(target) and is_whole(reduced))
    if is_new:
        _set_variables(con, source, events, zone=zone, key=key, read_at_utc=read_at_utc)
        with replacing(target) as partial:
            _write_events(con, path, source.id, events, key=key, target=partial)
        with replacing(reduced) as partial:
            _write_reduced(con, events_path=target, target=partial)
    rows = pyarrow.parquet.read_metadata(target).num_rows
    return StagedEvents(source.id, path.name, sha256, key, target, reduced, rows, is_new)


def _set_variables(
    con: warehouse.Connection, source: Source, events: Events, *, zone: str, key: str, read_at_utc: datetime
) -> None:
    warehouse.set_variables(
        con,
        zone=zone,
        time_formats=list_time_formats(events.time_formats),
        missing=list(source.values.missing),
        known_kinds=list(EVENT_KINDS),
        error_codes=list(rules.EVENT_ERROR_CODES),
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
    target: Path,
) -> None:
    wanted = mapping.map_event_columns(events)
    columns = {theirs for names in wanted.values() for theirs in names}
    with open_table(path, format=events.format, encoding=events.encoding, columns=columns) as table:
        mapping.check_columns(path.name, table.columns, wanted)
        warehouse.run_script(con, "stg_macros")
        kinds = pa.table({"kind_text": list(events.kinds), "kind": list(events.kinds.values())})
        with scanning(con, path, _SCHEMA, _map_batches(path, table, events), src_event_kinds=kinds):
            warehouse.create_view(con, "stg_typed_event", warehouse.read_sql("stg_typed_event"))
            judged = f"select *, {rules.compile_reasons(rules.EVENT_RULES)} as reasons from stg_typed_event"
            warehouse.create_view(con, "stg_judged_event", judged)
            warehouse.write_parquet(con, "stg_event", target)
        if table.malformed:
            append_malformed(target, table.malformed, shows_text=False, file_key=key, source=source_id)


def _write_reduced(con: warehouse.Connection, *, events_path: Path, target: Path) -> None:
    warehouse.set_variables(con, event_file=str(events_path))
    warehouse.create_view(con, "src_events", warehouse.read_sql("src_events_of_file"))
    warehouse.write_parquet(con, "stg_event_reduced", target)


def _map_batches(path: Path, table: TableFile, events: Events) -> Iterator[pa.RecordBatch]:
    following = 1
    for batch in table.batches:
        with explaining(path, events.format):
            mapped = mapping.map_event_batch(batch, events)
        numbered, following = number_batch(mapped, table.malformed, first=following)
        yield from numbered.cast(_SCHEMA).to_batches()


_SCHEMA = pa.schema(
    [
        ("incident_id", pa.string()),
        ("kind", pa.string()),
        ("department", pa.string()),
        ("reason", pa.string()),
        ("event_at", pa.timestamp("us")),
        ("event_at_utc", pa.timestamp("us")),
        ("event_at_text", pa.string()),
        ("until_at", pa.timestamp("us")),
        ("until_at_utc", pa.timestamp("us")),
        ("until_at_text", pa.string()),
        ("until_at_is_date", pa.bool_()),
        ("row_number", pa.int64()),
    ]
)
