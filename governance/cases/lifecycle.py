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
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from governance import warehouse
from governance.cases.deadlines import UNKNOWN, measure
from governance.cases.departments import number_departments
from governance.cases.moves import CHECK_NO, DESK_NO, KINDS, NOBODY, list_kinds, list_moves, list_plain_lives
from governance.cases.work_clock import WorkClock, hash_clock
from governance.ingest.event_staging import StagedEvents

TELLING_VERSION = 4
"""One more whenever the same log would be told otherwise by this code."""
PARTS = ("timed_stint", "illegal_move", "pause", "extension", "handover", "trace")
"""What is told of the cases of a log, a table `stg_<part>` each."""
_WORKERS = 2
"""Logs told at once: one alone, in many short steps, would leave a core idle half of the time."""
_QUERIES = (
    "stg_kind_time", "stg_plain_case", "map_log_case", "stg_coded_event", "stg_step", "stg_stint", "stg_told_event",
    "stg_told_hop", "stg_told_stint", "stg_illegal_move", "stg_winding", "stg_timed_stint", "stg_pause",
    "stg_extension", "stg_handover", "stg_trace",
)  # fmt: skip
"""How they are made, in this order."""
_WORKED = {
    "stg_plain_case": (
        "stg_worked_plain",
        {f"{name}_at_utc": f"{name}_work_s" for name in ("first_held", "dispatched", "disposed", "closed")},
    ),
    "stg_stint": ("stg_worked_stint", {f"{end}_utc": f"{end}_work_s" for end in ("from", "to")}),
}
"""Those that also get their working time, which is not SQL's to know: the table they become, and of which moments."""


@dataclass(frozen=True)
class Telling:
    """What decides how a log is read: `key` changes whenever an answer could."""

    departments: Mapping[str, str]
    clock: WorkClock
    key: str


def prepare_telling(departments: Mapping[str, str], clock: WorkClock) -> Telling:
    """`departments` are ids by folded text."""
    moves = [TELLING_VERSION, *(table.to_pylist() for table in (list_moves(), list_kinds(), list_plain_lives()))]
    queries = [warehouse.read_sql(name) for name in ("src_events_of_file", *_QUERIES)]
    decides = json.dumps([moves, queries, dict(departments), hash_clock(clock)], sort_keys=True)
    return Telling(departments, clock, hashlib.sha256(decides.encode()).hexdigest()[:8])


def tell_files(con: warehouse.Connection, files: Sequence[StagedEvents], telling: Telling, *, folder: Path) -> None:
    """Make the views `src_trace`, `src_timed_stint` … over what the logs tell, reading only logs that are new.

    `combine_events` must have said which incidents are unsettled: they are told again from all their events.
    """
    distinct = {file.key: file for file in files}.values()
    with ThreadPoolExecutor(_WORKERS) as pool:
        folders = list(pool.map(lambda file: _tell_file(con, file, telling, folder=folder), distinct))
    load_moves(con)
    warehouse.create_view(con, "src_events", warehouse.read_sql("src_events_again"))
    tell_events(con, telling)
    for part in PARTS:
        again = f"select * from stg_{part}"
        if folders:
            warehouse.set_variables(con, **{f"{part}_files": [str(path / f"{part}.parquet") for path in folders]})
            again = warehouse.read_sql(f"src_{part}")
        warehouse.create_view(con, f"src_{part}", again)


def load_moves(con: warehouse.Connection) -> None:
    """The rules of the procedure, as the queries read them."""
    warehouse.load_arrow(con, "map_move", list_moves())
    warehouse.load_arrow(con, "map_kind", list_kinds())
    warehouse.load_arrow(con, "map_plain_life", list_plain_lives())
    numbers = {"desk_no": DESK_NO, "check_no": CHECK_NO, "nobody_no": NOBODY, "paused_place": KINDS.index("paused")}
    warehouse.set_variables(con, **numbers)


def _tell_file(con: warehouse.Connection, file: StagedEvents, telling: Telling, *, folder: Path) -> Path:
    """The folder with one Parquet file a part, made if it is not there yet."""
    target = folder / file.source / f"{file.key}-{telling.key}"
    if target.exists():
        return target
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    with closing(con.cursor()) as cursor:  # with temporary tables and variables of its own
        load_moves(cursor)
        warehouse.set_variables(cursor, event_file=str(file.path))
        warehouse.create_view(cursor, "src_events", warehouse.read_sql("src_events_of_file"))
        tell_events(cursor, telling)
        for part in PARTS:
            warehouse.write_table(cursor, f"stg_{part}", partial / f"{part}.parquet")
    partial.rename(target)
    return target


def tell_events(con: warehouse.Connection, telling: Telling) -> None:
    """Make the temporary tables `stg_<part>` out of the view `src_events`."""
    texts = [text for (text,) in warehouse.fetch_rows(con, "src_event_departments")]
    departments, holders = number_departments(texts, telling.departments)
    warehouse.load_arrow(con, "map_event_department", departments)
    warehouse.load_arrow(con, "map_holder", holders)
    reasons = [reason for (reason,) in warehouse.fetch_rows(con, "src_event_reasons")]
    numbered = {"reason": pa.array(reasons, pa.string()), "reason_no": pa.array(range(len(reasons)), pa.int32())}
    warehouse.load_arrow(con, "map_event_reason", pa.table(numbered))
    for query in _QUERIES:
        if query in _WORKED:
            table, moments = _WORKED[query]
            warehouse.load_arrow(con, table, _measure(warehouse.fetch_arrow(con, query), moments, telling.clock))
        elif query == "stg_trace":  # read once, by the file that keeps it
            warehouse.create_view(con, query, warehouse.read_sql(query))
        else:
            warehouse.build_table(con, query)


def _measure(table: pa.Table, moments: Mapping[str, str], clock: WorkClock) -> pa.Table:
    """The table with the working time passed at its moments, in seconds: new columns by the names of the old."""
    for column, worked in moments.items():
        passed = measure(table[column].to_numpy().astype("datetime64[us]"), "work_hours", clock=clock)
        table = table.append_column(worked, pa.array(passed, pa.int64(), mask=passed == UNKNOWN))
    return table
