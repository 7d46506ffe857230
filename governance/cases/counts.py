"""The counts that every indicator is made of: cases by day, week and month, hours of holding, recurrences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa

from governance import warehouse

PERIODS = ("day", "week", "month")
COHORTS = ("reported", "disposal_due", "closing_due")


def build_counts(
    con: warehouse.Connection, *, as_of_utc: datetime, zone: str, recurrence_days: Mapping[str, int]
) -> None:
    """Make `out_count`, `out_holding` and `out_recurrence_count`.

    They come from `core_case`, `core_grid`, `core_stint` and `core_recurrence`. `zone` dates cases by the city's own
    days; `recurrence_days` gives for each scenario the days after closing within which a new case is a recurrence.
    """
    warehouse.build_table(con, "mid_local_quarter", zone=zone)
    warehouse.create_view(con, "mid_placed_case", warehouse.read_sql("mid_placed_case"))
    warehouse.build_table(con, "mid_count_key")
    warehouse.build_table(con, "mid_count_case", as_of_utc=as_of_utc, zone=zone)
    (period, cohort), *others = [(period, cohort) for period in PERIODS for cohort in COHORTS]
    warehouse.build_table(con, "out_count", period=period, cohort=cohort)
    for period, cohort in others:
        warehouse.insert_into(con, "out_count", period=period, cohort=cohort)
    warehouse.build_table(con, "out_holding")
    rules = [{"scenario": scenario, "within_days": days} for scenario, days in recurrence_days.items()]
    schema = pa.schema([("scenario", pa.string()), ("within_days", pa.int32())])
    warehouse.load_arrow(con, "map_recurrence_rule", pa.Table.from_pylist(rules, schema=schema))
    warehouse.build_table(con, "out_recurrence_count", as_of_utc=as_of_utc, zone=zone)
