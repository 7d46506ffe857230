"""Recurrence: closed cases whose trouble flares up again at the same place, told apart from rework.

Rework is the same case opened again: it has one incident id, so it is no new case and never counts here. A new case
counts when it is of the same scenario, at the same place, and reported after the closing, less than the rule's days
later. What is reported while the earlier case is open, its closing moment included, is a duplicate report and counted
apart. A cancelled case (invalid, withdrawn, reported twice) tells of no trouble, so it neither comes back nor shows
that another one did.

The same place is the same place key; where either case has none, a distance of at most the rule's radius. The keys of
all sources are one numbering. Two cases with different keys lie at different places however near they are, and points
that stand for too many cases (`meta_suspicious_point`) are no places.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from governance import warehouse
from governance.cases.nearby import NOT_CLOSED, find_next_nearby
from governance.cases.recurrence_curve import draw_curves
from governance.grids.neighbours import EARTH_RADIUS_M
from governance.scenarios.template import Recurrence

_DAY_US = 86_400_000_000


def find_recurrences(con: warehouse.Connection, rules: Mapping[str, Recurrence], *, as_of_utc: datetime) -> None:
    """Make `core_recurrence` and `out_recurrence_curve` from `core_case`, `core_grid` and `meta_suspicious_point`.

    `rules` gives each scenario's radius and days; a scenario without one has no rows. Which case a new one brings
    back, the new case's id in `recurred_incident_id` tells: several earlier cases may share it.
    """
    warehouse.load_arrow(con, "map_recurrence", _tabulate_rules(rules))
    warehouse.build_table(con, "mid_shared_place", as_of_utc=as_of_utc)
    warehouse.build_table(con, "mid_same_place")
    warehouse.load_arrow(con, "mid_nearby", _find_nearby(con, as_of_utc=as_of_utc))
    warehouse.build_table(con, "core_recurrence", as_of_utc=as_of_utc)
    lives = warehouse.fetch_arrow(con, "src_recurrence_life").to_pandas()
    warehouse.load_arrow(con, "out_recurrence_curve", draw_curves(lives))


def _tabulate_rules(rules: Mapping[str, Recurrence]) -> pa.Table:
    rows: list[dict[str, Any]] = [{"scenario": scenario, **rule.model_dump()} for scenario, rule in rules.items()]
    schema = pa.schema([("scenario", pa.string()), ("radius_m", pa.float64()), ("within_days", pa.int32())])
    return pa.Table.from_pylist(rows, schema=schema)


def _find_nearby(con: warehouse.Connection, *, as_of_utc: datetime) -> pa.Table:
    """case_row and next_row (row ids of `core_case`) of the recurrences that distance tells, scenario by scenario."""
    warehouse.build_table(con, "mid_located_case", as_of_utc=as_of_utc, earth_radius_m=EARTH_RADIUS_M)
    found = [_NEARBY.empty_table()]
    for scenario, radius_m, within_days in warehouse.fetch_rows(con, "src_unkeyed_scenario"):
        cases = warehouse.fetch_arrow(con, "src_located_case", scenario=scenario)
        next_row = find_next_nearby(
            cases["lon"].to_numpy(),
            cases["lat"].to_numpy(),
            cases["reported"].to_numpy(),
            closed=cases["closed"].fill_null(NOT_CLOSED).to_numpy(),
            has_key=cases["has_key"].to_numpy(),
            radius_m=radius_m,
            within=within_days * _DAY_US,
        )
        case_row, is_found = cases["case_row"].to_numpy(), next_row >= 0
        found.append(pa.table([case_row[is_found], case_row[next_row[is_found]]], schema=_NEARBY))
    return pa.concat_tables(found)


_NEARBY = pa.schema([("case_row", pa.int64()), ("next_row", pa.int64())])
