"""What the tiny city's tiers come with: places, history, changes with reasons, an expert's word, a list, a flare-up.

Four grids, one red and one yellow place in each scenario. G-02 is yellow in group rentals because an expert says so;
G-03 turned red in fire lanes since Monday, G-02 left it.
"""

from __future__ import annotations

import json
from datetime import date, timedelta

import pyarrow as pa

from governance import warehouse
from governance.hazard.calibration import CALIBRATION
from governance.hazard.capacity import CAPACITY, SPREADS
from governance.hazard.changes import CHANGES
from governance.hazard.flare_ups import FLARE_UPS
from governance.hazard.metrics import ALL
from governance.hazard.replay import HISTORY, STEPS
from governance.hazard_tables import OVERRIDES, PLACES
from governance.inspections.lists import INSPECTIONS

SCENARIOS = ("group_rental", "fire_lane")
MONDAY = date(2025, 2, 24)


def load_tiers(con: warehouse.Connection, *, as_of_day: date, hostile: str) -> None:
    """Every table that `hazard_tables` makes, but for `out_tier`, `out_reason` and `meta_model`."""
    tables = {
        "out_tier_place": (PLACES, list_places()),
        "out_tier_history": (HISTORY, list_history(as_of_day)),
        "out_tier_change": (CHANGES, list_changes(as_of_day)),
        "out_tier_step": (STEPS, [{"day": MONDAY}, {"day": as_of_day, "since_day": MONDAY}]),
        "out_override": (OVERRIDES, list_overrides(as_of_day, hostile)),
        "out_inspection": (INSPECTIONS, list_inspections()),
        "out_flare_up": (FLARE_UPS, list_flare_ups()),
        "out_capacity_spread": (SPREADS, list_spreads()),
        "out_capacity": (CAPACITY, list_capacity()),
        "out_calibration": (CALIBRATION, list_calibration()),
    }
    for name, (schema, rows) in tables.items():
        warehouse.load_arrow(con, name, pa.Table.from_pylist(rows, schema=schema))


def list_places() -> list[dict]:
    return [{"scenario": name, "level_1_id": None, "red_places": 1, "yellow_places": 1} for name in SCENARIOS]


def list_history(as_of_day: date) -> list[dict]:
    """Monday and today: the grids that are not green, and the one of which an expert has spoken."""
    told = [
        ("group_rental", MONDAY, 0, "red", 2.4, 1, False),
        ("group_rental", MONDAY, 1, "yellow", 0.8, 2, True),
        ("fire_lane", MONDAY, 1, "red", 1.2, 1, False),
        ("fire_lane", MONDAY, 2, "yellow", 0.9, 2, False),
        ("group_rental", as_of_day, 0, "red", 2.5, 1, False),
        ("group_rental", as_of_day, 1, "yellow", 0.8, 2, True),
        ("fire_lane", as_of_day, 2, "red", 1.5, 1, False),
        ("fire_lane", as_of_day, 1, "yellow", 0.9, 2, False),
    ]
    rows = [(*row[:5], 1.5 * row[4], *row[5:]) for row in told]
    return [dict(zip(HISTORY.names, row, strict=True)) for row in rows]


def list_changes(as_of_day: date) -> list[dict]:
    told = [
        ("fire_lane", 2, "turned_red", "yellow", "red", "own_reports", 1.0, 4.0, 0.9, 1.5, 2, 1),
        ("fire_lane", 1, "left_red", "red", "yellow", "own_past", 0.8, 0.5, 1.2, 0.9, 1, 2),
    ]
    names = [
        name for name in CHANGES.names if name not in {"day", "since_day", "red_places", "floor_expected_reports_28d"}
    ]
    same = {"day": as_of_day, "since_day": MONDAY, "red_places": 1, "floor_expected_reports_28d": 0.05}
    return [dict(zip(names, row, strict=True)) | same for row in told]


def list_overrides(as_of_day: date, hostile: str) -> list[dict]:
    """One in force, one that has ended."""
    ends = as_of_day + timedelta(days=14)
    told = [
        ("group_rental", 1, "yellow", "green", hostile, f"=1+1 {hostile}", MONDAY, ends, True),
        ("fire_lane", 3, "red", "green", "school festival", "Wang", MONDAY - timedelta(days=28), MONDAY, False),
    ]
    return [dict(zip(OVERRIDES.names, row, strict=True)) for row in told]


def list_inspections() -> list[dict]:
    """This week's lists: the grid that was red on Monday, and one audit of the three others."""
    told = [
        ("group_rental", 0, "red", 1.0), ("group_rental", 3, "audit", 1 / 3),
        ("fire_lane", 1, "red", 1.0), ("fire_lane", 0, "audit", 1 / 3),
    ]  # fmt: skip
    names = ("scenario", "grid_no", "kind", "sampling_probability")
    return [dict(zip(names, row, strict=True)) | {"week": MONDAY} for row in told]


def list_flare_ups() -> list[dict]:
    told = [("fire_lane", 2, "grid", 7, 3.0, 0.1, 0.0004), ("group_rental", 3, "neighbours", 28, 5.0, 0.5, 0.0002)]
    return [dict(zip(FLARE_UPS.names, row, strict=True)) for row in told]


def list_spreads() -> list[dict]:
    return [{"scenario": name, "grids": grids, "spread": 0.0} for name in SCENARIOS for grids in (1, 2, 4)]


def list_models() -> list[dict]:
    """One model that has learnt and drifts, one that is pooled."""
    fitted = {
        "rates": {"own_28d": 0.5, "near": 0.25}, "other_rates": {"fire_lane": 0.125}, "base": 0.0625,
        "level_factor": 1.5, "festival_factor": 0.75, "origins": ["2025-02-01", "2025-01-04"], "fallback": None,
    }  # fmt: skip
    pooled = {"rates": {"own_28d": 0.0}, "other_rates": {}, "base": 0.1, "level_factor": 1.0, "origins": []}
    models = {"group_rental": fitted, "fire_lane": {**pooled, "fallback": "pooled"}}
    return [{"scenario": name, "model": json.dumps(model)} for name, model in models.items()]


def list_calibration() -> list[dict]:
    """Three windows of four grids: the red one is foretold well, the tenths of both scenarios say the same."""
    red, yellow, green = (
        (3, 7.5, 9.0, 0.9, 1.0, 0.44, 1.0),
        (3, 2.4, 0.0, 0.5, 0.0, 0.0, 0.45),
        (6, 1, 4, 0.1, 0.5, 0.2, 0.8),
    )
    names = CALIBRATION.names[4:]
    bands = [("tier", "red", red), ("tier", "yellow", yellow), ("tier", "green", green)]
    bands += [("tenth", "1", red), ("tenth", "3", yellow), ("tenth", "6", green)]
    return [
        {"scenario": scenario, "grouping": grouping, "band": band, "windows": 3, **dict(zip(names, row, strict=True))}
        for scenario in (ALL, *SCENARIOS)
        for grouping, band, row in bands
    ]


def list_capacity() -> list[dict]:
    """One team that makes five visits a week, for four weeks: every grid is reached."""
    whole = {"group_rental": (3.6, 0.0, 8.0), "fire_lane": (2.75, 0.0, 6.0)}
    return [
        dict(zip(CAPACITY.names, (name, 1, 5, 4, 20, 2, 4, covered, low, high, covered, 1.0), strict=True))
        for name, (covered, low, high) in whole.items()
    ]
