"""Hand-made cases in memory with the counts made of them, opened as a city: what the tests of indicators ask.

Four grids: 0 in town H1 and 1 in H2 of district H (Haishu), 2 in J1 and 3 in J2 of district J (Jiangbei).
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa

from governance import snapshot, warehouse
from governance.cases.counts import build_counts
from governance.city import City

ZONE = "Asia/Shanghai"
GRIDS = (("H", "H1"), ("H", "H2"), ("J", "J1"), ("J", "J2"))
DISTRICTS = {"H": ("海曙区", "Haishu"), "J": ("江北区", "Jiangbei")}
WITHIN_DAYS = {"rental": 90, "lane": 30}
TEXT, SMALL, BOOL, TIME, LONG = pa.string(), pa.int16(), pa.bool_(), pa.timestamp("us"), pa.int64()


def utc(text: str) -> datetime:
    """A naive UTC time from ISO text."""
    return datetime.fromisoformat(text)


def local(text: str, zone: str = ZONE) -> datetime:
    """The naive UTC time of a local time."""
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


def make_case(reported: datetime, *, as_of: datetime, zone: str = ZONE, **told) -> dict:
    """A case of `rental` in grid 0, held by `housing`; open unless `closed_at_utc` or `stage` say otherwise.

    `dispose_days` and `close_days` set its limits; what is overdue follows from them and `as_of`.
    """
    dispose_days, close_days = told.pop("dispose_days", 5), told.pop("close_days", 7)
    closed = told.get("closed_at_utc")
    stage = told.pop("stage", "closed" if closed else "disposed" if told.get("disposed_at_utc") else "dispatched")
    due = reported + timedelta(days=dispose_days) if dispose_days is not None else None
    close_due = reported + timedelta(days=close_days) if close_days is not None else None
    is_open = told.pop("is_open", stage not in {"closed", "evaluated", "cancelled"})
    is_undone = is_open and told.get("disposed_at_utc") is None and due is not None
    is_overdue = is_undone and due < as_of and not told.get("is_paused", False)
    day = reported.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone)).date()
    return {
        "source": "platform", "reported_at_utc": reported, "reported_on": day, "grid_no": 0, "scenario": "rental",
        "scene": "crowded", "department": "housing", "stage": stage, "is_open": is_open, "is_paused": False,
        "due_at_utc": due, "close_due_at_utc": close_due,
        "is_overdue": is_overdue, "is_seriously_overdue": is_overdue and as_of > reported + 3 * (due - reported),
        "returns": 0, "reopenings": 0, "extensions": 0, "hops": 0, "is_ping_pong": False, "illegal_moves": 0, **told,
    }  # fmt: skip


def open_counts(cases, *, as_of: datetime, zone: str = ZONE, stints=(), recurrences=(), grids=GRIDS) -> City:
    """A city whose `out_count`, `out_holding` and `out_recurrence_count` are made of these rows."""
    numbered = [{"incident_id": f"N-{number}", **case} for number, case in enumerate(cases)]
    numbered = [
        charge_holders(case, [row for row in stints if row["incident_id"] == case["incident_id"]]) for case in numbered
    ]
    con = warehouse.open_builder()
    load(con, "core_case", CASE_SCHEMA, numbered)
    load(con, "core_stint", STINT_SCHEMA, stints)
    load(con, "core_recurrence", RECURRENCE_SCHEMA, recurrences)
    load(con, "core_grid", GRID_SCHEMA, list_grids(grids))
    load(con, "meta_scenario", texts("scenario", "name_zh", "name_en"), SCENARIOS)
    load(con, "meta_department", texts("department", "name_zh", "name_en"), DEPARTMENTS)
    build_counts(con, as_of_utc=as_of, zone=zone, recurrence_days=WITHIN_DAYS)
    city = {"id": "tiny", "name_zh": "小城", "name_en": "Tiny", "timezone": zone}
    manifest = {"as_of_utc": as_of, "is_synthetic": True, "city": json.dumps(city)}
    load(con, "meta_manifest", MANIFEST_SCHEMA, [manifest | dict.fromkeys(("scenarios", "inputs", "versions"), "{}")])
    return City(Path(), snapshot.Current("000001", Path("none"), "", 1), con)


def charge_holders(case: dict, stints: list[dict]) -> dict:
    """The case with its working times in sums, as `core_case` has them."""
    sums = {"desk_work_s": None, "held_work_s": None, "check_work_s": None, "first_department": case["department"]}
    for row in stints:
        name = {"~desk": "desk_work_s", "~check": "check_work_s"}.get(row["holder"], "held_work_s")
        sums[name] = (sums[name] or 0) + row["work_s"]
        if name == "held_work_s":
            sums["first_department"] = row["holder"]
    wound = any(case[name] > 0 for name in ("returns", "reopenings", "hops", "illegal_moves"))
    return sums | {"has_stints": case["is_open"] or wound} | case


def load(con, table: str, schema: pa.Schema, rows) -> None:
    complete = [{name: row.get(name) for name in schema.names} for row in rows]
    warehouse.load_arrow(con, table, pa.Table.from_pylist(complete, schema=schema))


def list_grids(grids) -> list[dict]:
    names = {district: DISTRICTS.get(district, (district, district)) for district, _ in grids}
    return [
        {
            "grid_no": number, "grid_id": f"G-{number}", "level_1_id": district, "level_1_zh": names[district][0],
            "level_1_en": names[district][1], "level_2_id": town, "level_2_zh": town, "level_2_en": town,
        }
        for number, (district, town) in enumerate(grids)
    ]  # fmt: skip


def find(frame, indicator: str, variant: str = "main", **slices):
    """The one row of an indicator in an answer."""
    chosen = frame[(frame["indicator"] == indicator) & (frame["variant"] == variant)]
    for name, value in slices.items():
        chosen = chosen[chosen[name] == value]
    assert len(chosen) == 1, f"{len(chosen)} rows of {indicator} {slices}"
    return chosen.iloc[0]


def texts(*names: str) -> pa.Schema:
    return pa.schema([(name, TEXT) for name in names])


SCENARIOS = [
    {"scenario": "rental", "name_zh": "群租房", "name_en": "Group rentals"},
    {"scenario": "lane", "name_zh": "消防车通道", "name_en": "Fire lanes"},
]
DEPARTMENTS = [
    {"department": "housing", "name_zh": "住建局", "name_en": "Housing"},
    {"department": "fire", "name_zh": "消防", "name_en": "Fire brigade"},
]
CASE_SCHEMA = pa.schema(
    [(name, TEXT) for name in ("source", "incident_id", "scenario", "scene", "department", "first_department", "stage")]
    + [(f"{name}_work_s", LONG) for name in ("desk", "held", "check")]
    + [("reported_on", pa.date32()), ("grid_no", pa.int32())]
    + [(f"{name}_at_utc", TIME) for name in ("reported", "disposed", "verified", "closed", "due", "close_due")]
    + [("has_stints", BOOL)]
    + [(f"is_{name}", BOOL) for name in ("open", "paused", "overdue", "seriously_overdue", "ping_pong")]
    + [(name, SMALL) for name in ("returns", "reopenings", "extensions", "hops", "illegal_moves")]
)
STINT_SCHEMA = pa.schema(
    [("source", TEXT), ("incident_id", TEXT), ("stint", SMALL), ("holder", TEXT), ("work_s", LONG)]
)
RECURRENCE_SCHEMA = pa.schema(
    [(name, TEXT) for name in ("source", "incident_id", "scenario", "department", "level_1_id", "level_2_id")]
    + [("closed_at_utc", TIME), ("followed_days", pa.float64()), ("days_to_recurrence", pa.float64())]
)
GRID_SCHEMA = pa.schema(
    [("grid_no", pa.int32()), ("grid_id", TEXT)]
    + [(f"level_{level}_{part}", TEXT) for level in (1, 2) for part in ("id", "zh", "en")]
)
MANIFEST_SCHEMA = pa.schema(
    [("as_of_utc", TIME), ("is_synthetic", BOOL)]
    + [(name, TEXT) for name in ("city", "scenarios", "inputs", "versions")]
)
