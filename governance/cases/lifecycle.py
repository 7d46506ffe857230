"""Event logs become lives of cases: stages, who held the case when, pauses, hand-overs, broken rules.

Done in SQL over one log file at a time: `sql/stg_step.sql` puts the events of each case in order, the other queries
read from that. Kept beside the staged file, under the hash of everything the answer depends on. An incident whose
events stand in several files, or reach beyond the snapshot's moment, is told again from all its events at every build.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from governance import warehouse
from governance.cases.deadlines import UNKNOWN, measure
from governance.cases.departments import map_departments
from governance.cases.moves import list_kinds, list_moves
from governance.cases.work_clock import WorkClock, hash_clock
from governance.ingest.event_staging import StagedEvents

PARTS = ("step", "timed_stint", "illegal_move", "pause", "handover", "trace")
"""What is told of the cases of a log, in the order in which one is made from the others."""
KEPT_PARTS = PARTS[1:]
_QUERIES = ("stg_named_event", "stg_step", "stg_stint", "stg_illegal_move", "stg_pause", "stg_handover", "stg_trace")


@dataclass(frozen=True)
class Telling:
    """What decides how a log is read: `key` changes whenever an answer could."""

    departments: Mapping[str, str]
    clock: WorkClock
    key: str


def prepare_telling(departments: Mapping[str, str], clock: WorkClock) -> Telling:
    """`departments` are ids by folded text."""
    moves = [list_moves().to_pylist(), list_kinds().to_pylist()]
    queries = [warehouse.read_sql(name) for name in _QUERIES]
    decides = json.dumps([moves, queries, dict(departments), hash_clock(clock)], sort_keys=True)
    return Telling(departments, clock, hashlib.sha256(decides.encode()).hexdigest()[:8])


def tell_files(con: warehouse.Connection, files: Sequence[StagedEvents], telling: Telling, *, folder: Path) -> None:
    """Make the views `src_trace`, `src_timed_stint` … over what the logs tell, reading only logs that are new.

    `combine_events` must have said which incidents are unsettled: they are told again from all their events.
    """
    warehouse.load_arrow(con, "map_move", list_moves())
    warehouse.load_arrow(con, "map_kind", list_kinds())
    folders = [_tell_file(con, file, telling, folder=folder) for file in {file.key: file for file in files}.values()]
    warehouse.create_view(con, "src_events", warehouse.read_sql("src_events_again"))
    tell_events(con, telling)
    for part in KEPT_PARTS:
        again = f"select * from stg_{part}"
        if folders:
            warehouse.set_variables(con, **{f"{part}_files": [str(path / f"{part}.parquet") for path in folders]})
            again = warehouse.read_sql(f"src_{part}")
        warehouse.create_view(con, f"src_{part}", again)


def _tell_file(con: warehouse.Connection, file: StagedEvents, telling: Telling, *, folder: Path) -> Path:
    """The folder with one Parquet file a part, made if it is not there yet."""
    target = folder / file.source / f"{file.key}-{telling.key}"
    if target.exists():
        return target
    warehouse.set_variables(con, event_file=str(file.path))
    warehouse.create_view(con, "src_events", warehouse.read_sql("src_events_of_file"))
    tell_events(con, telling)
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for part in KEPT_PARTS:
        warehouse.write_table(con, f"stg_{part}", partial / f"{part}.parquet")
    partial.rename(target)
    return target


def tell_events(con: warehouse.Connection, telling: Telling) -> None:
    """Make the temporary tables `stg_<part>` out of the view `src_events`."""
    texts = [text for (text,) in warehouse.fetch_rows(con, "src_event_departments")]
    warehouse.load_arrow(con, "map_event_department", map_departments(texts, telling.departments))
    warehouse.create_view(con, "stg_named_event", warehouse.read_sql("stg_named_event"))
    for part in PARTS:
        if part == "timed_stint":
            stints = warehouse.fetch_arrow(con, "stg_stint")
            warehouse.load_arrow(con, "stg_timed_stint", _time_stints(stints, telling.clock))
        else:
            warehouse.build_table(con, f"stg_{part}")


def _time_stints(stints: pa.Table, clock: WorkClock) -> pa.Table:
    """The stints with the working time passed at both ends, in seconds."""
    for end in ("from", "to"):
        moments = stints[f"{end}_utc"].to_numpy().astype("datetime64[us]")
        passed = measure(moments, "work_hours", clock=clock)
        stints = stints.append_column(f"{end}_work_s", pa.array(passed, pa.int64(), mask=passed == UNKNOWN))
    return stints
