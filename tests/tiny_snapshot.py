"""A tiny city in a snapshot, worked by hand: four grids, two districts, two scenarios, thirteen cases, hostile texts.

`core_*`, `out_tier`, `out_reason` and the accounts of the input are written here, in `tiny_lives` and in `tiny_tiers`
row by row; the remaining `out_*` and `meta_*` tables come from the package's own build, so that they are always those
of a real one.

As of 2025-03-01 00:00 UTC (08:00 in Ningbo). Overdue and open, in hours:
  A-1 48 · A-2 624 (seriously) · FORMULA 24 · B-2 12 · C-1 72 (in no grid) · D-1 6 (in no scenario, no department)
"""

from __future__ import annotations

import atexit
import json
import math
import shutil
import tempfile
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import shapely

from governance import outputs, snapshot, warehouse
from governance.base_layers import BASE_LAYERS
from governance.grids.join import build_cover
from governance.scenarios import Template, TemplateSet, load_departments, load_templates
from governance.shapes.tables import describe_grids, make_shapes
from tests import tiny_lives, tiny_tiers

SCRIPT = "<img src=x onerror=alert(1)>"
FORMULA = "=cmd|' /C calc'!A0"
AS_OF_UTC = datetime(2025, 3, 1)  # noqa: DTZ001  naive UTC, as in storage
ZONE = "Asia/Shanghai"
SCENARIOS = ("group_rental", "fire_lane")
MANIFEST = {
    "as_of_utc": AS_OF_UTC,
    "built_at_utc": datetime(2025, 3, 1, 1, 30),  # noqa: DTZ001
    "city": {
        "id": "tiny",
        "name_zh": "小城（合成）",
        "name_en": "Tiny (synthetic)",
        "timezone": ZONE,
        "is_synthetic": True,
    },
    "scenarios": {"group_rental": "1.0.0", "fire_lane": "1.0.0"},
    "inputs": {
        "grids": "0" * 64,
        "grid_files": ["0" * 64],
        "files": [{"source": "platform", "file": "day-1.csv", "sha256": "1" * 64}],
    },
    "versions": {"python": "3.11", "duckdb": "1.5.5"},
    "is_synthetic": True,
}
DISTRICTS = {"330203": ("海曙区", "Haishu"), "330205": ("江北区", "Jiangbei")}
# grid_id, district, town id, town zh, town en; squares of 0.01 degrees, numbered west to east, then south to north
GRIDS = (
    ("G-01", "330203", "330203001", "鼓楼街道", "Gulou"),
    ("G-02", "330203", "330203002", "月湖街道", "Yuehu"),
    ("G-03", "330205", "330205001", "慈城镇", "Cicheng"),
    ("G-04", "330205", "330205002", SCRIPT, SCRIPT),
)
# scenario → expected reports of the four grids, and their tiers
EXPECTED = {"group_rental": (2.5, 0.8, 0.2, 0.1), "fire_lane": (0.3, 0.9, 1.5, 0.05)}
TIERS = {"group_rental": ("red", "yellow", "green", "green"), "fire_lane": ("green", "yellow", "red", "green")}


def publish_tiny(build_dir: Path, **publish_options: object) -> snapshot.Published:
    """Publish the tiny city as the next generation of `build_dir`."""
    with snapshot.building(build_dir) as draft:
        fill_tiny(draft.con)
        return snapshot.publish(draft, manifest=MANIFEST, **publish_options)


def fill_tiny(con: warehouse.Connection, *, levels: int = 2) -> None:
    """Every table of a snapshot but those that `publish` writes (meta_manifest, meta_check), with so many `levels`.

    They are made once in a process and copied from then on, which takes a tenth of the time.
    """
    target = con.execute("select current_database()").fetchone()[0]
    con.execute(f"attach '{keep_made(levels)}' as made (read_only)")
    con.execute(f'copy from database made to "{target}"')
    con.execute("detach made")


@cache
def keep_made(levels: int) -> Path:
    """A file with the tables of `make_tables`, gone when the process ends."""
    folder = tempfile.mkdtemp(prefix="tiny-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "tiny.duckdb"
    con = warehouse.open_builder(path)
    make_tables(con, levels=levels)
    warehouse.close_builder(con)
    return path


def make_tables(con: warehouse.Connection, *, levels: int = 2, cases: list[dict] | None = None) -> None:
    """Make what `fill_tiny` copies; with other `cases` than the thirteen, the tables that follow from those."""
    names = [name for name in GRID_SCHEMA.names if not name.startswith("level_") or int(name[6]) <= levels]
    grids = [{name: row[name] for name in names if name in row} for row in list_grids()]
    load_rows(con, "core_grid", GRID_SCHEMA, grids)
    load_shapes(con)
    load_rows(con, "core_case", CASE_SCHEMA, list_cases() if cases is None else cases)
    load_rows(con, "core_quarantine", QUARANTINE_SCHEMA, list_quarantine())
    load_rows(con, "out_tier", TIER_SCHEMA, list_tiers())
    load_rows(con, "out_reason", REASON_SCHEMA, list_reasons())
    tiny_tiers.load_tiers(con, as_of_day=AS_OF_UTC.date(), hostile=SCRIPT)
    load_rows(con, "core_stint", tiny_lives.STINT_SCHEMA, tiny_lives.list_stints(AS_OF_UTC, hostile=SCRIPT))
    load_rows(con, "src_handover", tiny_lives.HANDOVER_SCHEMA, tiny_lives.list_handovers(AS_OF_UTC, hostile=SCRIPT))
    load_rows(con, "core_illegal_move", tiny_lives.MOVE_SCHEMA, tiny_lives.list_moves(AS_OF_UTC, hostile=SCRIPT))
    extensions = tiny_lives.list_extensions(AS_OF_UTC, hostile=SCRIPT)
    load_rows(con, "src_extension", tiny_lives.EXTENSION_SCHEMA, extensions)
    load_rows(con, "src_pause", tiny_lives.PAUSE_SCHEMA, tiny_lives.list_pauses(AS_OF_UTC, hostile=SCRIPT))
    load_rows(con, "src_incident", tiny_lives.PROMISE_SCHEMA, tiny_lives.list_promises(AS_OF_UTC))
    for table, (schema, rows) in list_meta().items():
        load_rows(con, table, schema, rows[:levels] if table == "meta_level" else rows)
    load_rows(con, "meta_map_layer", BASE_LAYERS, list_base_layers())
    for table in ("core_pause", "core_extension", "out_handover", "out_extension"):
        warehouse.build_table(con, table, as_of_utc=AS_OF_UTC)
    profile = SimpleNamespace(name_zh="小城（合成）", name_en="Tiny (synthetic)", zone=ZoneInfo(ZONE), timezone=ZONE)
    outputs.build_outputs(con, profile, list_templates(), as_of_utc=AS_OF_UTC)


def load_rows(con: warehouse.Connection, table: str, schema: pa.Schema, rows: list[dict]) -> None:
    complete = [{name: row.get(name) for name in schema.names} for row in rows]
    warehouse.load_arrow(con, table, pa.Table.from_pylist(complete, schema=schema))


def load_shapes(con: warehouse.Connection, **options: int) -> None:
    """The shapes of the four squares; `drawn_whole=3` makes them a large city."""
    frame = pd.DataFrame(list_grids()).reindex(columns=GRID_SCHEMA.names).astype({"geometry": object})
    frame["geometry"] = list(shapely.from_wkb(frame["geometry"].to_numpy()))
    cover = build_cover(frame["geometry"].to_numpy())
    outputs.load_shape_tables(con, make_shapes(describe_grids(frame), cover, **options))


def list_grids() -> list[dict]:
    rows = []
    for number, (grid_id, district, town, town_zh, town_en) in enumerate(GRIDS):
        west, south = 121.50 + 0.01 * (number % 2), 29.80 + 0.01 * (number // 2)
        square = shapely.box(*(round(edge, 2) for edge in (west, south, west + 0.01, south + 0.01)))
        rows.append(
            {
                "grid_no": number, "grid_id": grid_id, "area_km2": 1.07, "lon": west + 0.005, "lat": south + 0.005,
                "level_1_id": district, "level_1_zh": DISTRICTS[district][0], "level_1_en": DISTRICTS[district][1],
                "level_2_id": town, "level_2_zh": town_zh, "level_2_en": town_en, "geometry": shapely.to_wkb(square),
            }
        )  # fmt: skip
    return rows


def list_base_layers() -> list[dict]:
    """A road across the city, and a lake with a hostile name in the middle of it."""
    road = shapely.LineString([(121.50, 29.801), (121.52, 29.819)])
    lake = shapely.box(121.509, 29.809, 121.511, 29.811)
    shapes = [("道路", "Roads", "line", "#7a5c3a", road), (SCRIPT, SCRIPT, "area", "#5b8fb9", lake)]
    return [
        {
            "layer": layer, "name_zh": zh, "name_en": en, "kind": kind, "colour": colour, "sha256": str(layer) * 64,
            "corners": shapely.get_num_coordinates(shape), "geometry": shapely.to_wkb(shape),
        }
        for layer, (zh, en, kind, colour, shape) in enumerate(shapes)
    ]  # fmt: skip


def list_cases() -> list[dict]:
    """Thirteen cases: overdue, near due, in time, late, outside, without place, unmapped, cancelled, a year old."""
    housing, fire = {"department": "housing"}, {"department": "fire_rescue"}
    rental = {"scenario": "group_rental", "scene": "illegal_construction", "category": "违法出租"}
    lane = {"scenario": "fire_lane", "scene": "compound_vehicle", "category": "占用消防通道"}
    hostile = {"department": SCRIPT, "category": f"@SUM(1) {SCRIPT}", "place_key": "+1+1"}
    unmapped = {"category": SCRIPT, "scenario": None, "scene": None}
    return [
        make_case("A-1", 0, days_ago=9, allowed_days=7, transfers=2, stage="accepted", **rental, **housing),
        make_case("A-2", 0, days_ago=28, allowed_days=2, returns=1, stage="dispatched", **rental, **housing),
        make_case("A-3", 0, days_ago=20, allowed_days=7, closed_after=5, **rental, **housing),
        make_case(FORMULA, 1, days_ago=4, allowed_days=3, **{**rental, **hostile}),
        make_case("B-1", 1, days_ago=9, allowed_days=10, is_discovered=True, **lane, **fire),
        make_case("B-2", 2, days_ago=3, allowed_days=2.5, **lane, **fire),
        make_case("B-3", 3, days_ago=30, allowed_days=5, closed_after=8, **lane, **fire),
        make_case("B-4", 3, days_ago=30, allowed_days=5, closed_after=4, stage="evaluated", **lane, **fire),
        make_case("C-1", None, days_ago=10, allowed_days=7, lon=120.0, lat=29.0, **rental, **housing),
        make_case("C-2", None, days_ago=2, **lane, **fire),
        make_case("D-1", 2, days_ago=1, allowed_days=0.75, **unmapped),
        make_case("E-1", 3, days_ago=6, allowed_days=7, stage="cancelled", **rental, **housing),
        make_case("F-1", 0, days_ago=370, allowed_days=7, closed_after=3, **lane, **fire),
    ]


def make_case(incident_id: str, grid_no: int | None, *, days_ago: float, **given) -> dict:
    """One case; what a case's clock says follows from `days_ago`, `allowed_days` and `closed_after` (days)."""
    reported = AS_OF_UTC - timedelta(days=days_ago)
    allowed, closed_after = given.pop("allowed_days", None), given.pop("closed_after", None)
    due = reported + timedelta(days=allowed) if allowed else None
    closed = reported + timedelta(days=closed_after) if closed_after else None
    stage = given.pop("stage", "closed" if closed else "reported")
    is_open = closed is None and stage != "cancelled"
    is_overdue = bool(is_open and due and due < AS_OF_UTC)
    lon, lat = given.pop("lon", None), given.pop("lat", None)
    if grid_no is not None:
        lon, lat = 121.505 + 0.01 * (grid_no % 2), 29.805 + 0.01 * (grid_no // 2)
    case = {
        "source": "platform", "incident_id": incident_id, "reported_at_utc": reported,
        "reported_on": (reported + timedelta(hours=8)).date(), "lon": lon, "lat": lat, "grid_no": grid_no,
        "location_status": "matched" if grid_no is not None else "outside" if lon else "missing",
        "severity": 1.0, "is_discovered": False, "stage": stage, "disposed_at_utc": closed, "closed_at_utc": closed,
        "closed_on": closed and closed.date(),
        "due_at_utc": due, "due_from": "row" if due else None, "is_open": is_open, "is_overdue": is_overdue,
        "is_near_due": bool(is_open and due and not is_overdue and days_ago >= 0.8 * allowed),
        "is_seriously_overdue": bool(is_overdue and days_ago > 3 * allowed),
        "is_disposed_late": bool(closed and due and closed > due),
        "overdue_hours": (AS_OF_UTC - due).total_seconds() / 3600 if due else None, "age_hours": days_ago * 24.0,
        "transfers": 0, "returns": 0, "reopenings": 0, **given,
    }  # fmt: skip
    return tiny_lives.live(case, as_of_utc=AS_OF_UTC)


def list_quarantine() -> list[dict]:
    original = {"编号": FORMULA, "时间": "昨天", "类别": SCRIPT}
    return [
        {
            "source": "platform", "file": f"{SCRIPT}.csv", "row_number": 7, "reasons": ["unreadable_reported_at"],
            "original": json.dumps(original, ensure_ascii=False),
        }
    ]  # fmt: skip


def list_tiers() -> list[dict]:
    return [
        {
            "grid_no": number, "scenario": scenario, "expected_reports_28d": expected,
            "p_any_28d": 1 - math.exp(-expected), "mean_severity": 1.5, "expected_severity_28d": 1.5 * expected,
            "rank": 1 + sum(other > expected for other in values),
            "tier": TIERS[scenario][number],
            "is_override": (scenario, number) == ("group_rental", 1),
        }
        for scenario, values in EXPECTED.items()
        for number, expected in enumerate(values)
    ]  # fmt: skip


def list_reasons() -> list[dict]:
    return [
        {"grid_no": number, "scenario": scenario, "feature": feature, "value": 4 * expected, "contribution": share}
        for scenario, values in EXPECTED.items()
        for number, expected in enumerate(values)
        for feature, share in (("ewma_28d", 0.75 * expected), ("neighbours_near", expected - 0.75 * expected))
    ]


def list_meta() -> dict[str, tuple[pa.Schema, list[dict]]]:
    names = [{"department": d.id, "name_zh": d.name_zh, "name_en": d.name_en} for d in load_departments().values()]
    names.append({"department": SCRIPT, "name_zh": SCRIPT, "name_en": SCRIPT})
    return {
        "meta_department": (text_schema("department", "name_zh", "name_en"), names),
        "meta_level": (LEVEL_SCHEMA, LEVELS),
        "meta_model": (text_schema("scenario", "model"), tiny_tiers.list_models()),
        "meta_file": (FILE_SCHEMA, FILES),
        "meta_file_reason": (FILE_REASON_SCHEMA, FILE_REASONS),
        "meta_rule": (text_schema("code", "severity", "message_zh", "message_en"), RULES),
        "meta_grid_report": (REPORT_SCHEMA, REPORTS),
    }


def list_templates() -> TemplateSet:
    """The shared templates of the two scenarios, and Haishu's own version of one: 5 working days instead of 15."""
    shared = load_templates()
    whole = shared["group_rental"].model_dump(mode="json")
    whole["limits"]["III"]["dispose"]["value"] = 5
    own = {"version": "1.2.0", "extends": "group_rental@1.0.0", "label": "haishu", "district": "330203"}
    district = Template.model_validate({**whole, **own})
    return TemplateSet({name: shared[name] for name in SCENARIOS}, {("group_rental", "330203"): district})


def text_schema(*names: str) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in names])


def schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


TEXT, INT, LONG, DOUBLE, BOOL, TIME = (
    pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_(), pa.timestamp("us"),
)  # fmt: skip
GRID_SCHEMA = schema(
    grid_no=INT, grid_id=TEXT, level_1_id=TEXT, level_1_zh=TEXT, level_1_en=TEXT, level_2_id=TEXT, level_2_zh=TEXT,
    level_2_en=TEXT, level_3_id=TEXT, level_3_zh=TEXT, level_3_en=TEXT, area_km2=DOUBLE, lon=DOUBLE, lat=DOUBLE,
    geometry=pa.binary(),
)  # fmt: skip
CASE_SCHEMA = schema(
    source=TEXT, incident_id=TEXT, reported_at_utc=TIME, reported_on=pa.date32(), lon=DOUBLE, lat=DOUBLE, grid_no=INT,
    location_status=TEXT, category=TEXT, scenario=TEXT, scene=TEXT, department=TEXT, severity=DOUBLE,
    is_discovered=BOOL, place_key=TEXT, stage=TEXT, dispatched_at_utc=TIME, accepted_at_utc=TIME,
    disposed_at_utc=TIME, verified_at_utc=TIME, closed_at_utc=TIME, closed_on=pa.date32(), due_at_utc=TIME,
    due_from=TEXT, is_open=BOOL,
    is_overdue=BOOL, is_near_due=BOOL, is_seriously_overdue=BOOL, is_disposed_late=BOOL, overdue_hours=DOUBLE,
    age_hours=DOUBLE, transfers=INT, returns=INT, reopenings=INT, source_is_overdue=BOOL,
    **dict(tiny_lives.CASE_COLUMNS),
)  # fmt: skip
QUARANTINE_SCHEMA = schema(source=TEXT, file=TEXT, row_number=LONG, reasons=pa.list_(TEXT), original=TEXT)
TIER_SCHEMA = schema(
    grid_no=INT, scenario=TEXT, expected_reports_28d=DOUBLE, p_any_28d=DOUBLE, mean_severity=DOUBLE,
    expected_severity_28d=DOUBLE, rank=INT, tier=TEXT, is_override=BOOL,
)  # fmt: skip
REASON_SCHEMA = schema(grid_no=INT, scenario=TEXT, feature=TEXT, value=DOUBLE, contribution=DOUBLE)
LEVEL_SCHEMA = schema(level=INT, name_zh=TEXT, name_en=TEXT)
LEVELS = [
    {"level": 1, "name_zh": "区县", "name_en": "District"},
    {"level": 2, "name_zh": "街道乡镇", "name_en": "Town"},
]
FILE_SCHEMA = schema(
    content=TEXT, source=TEXT, file=TEXT, sha256=TEXT, read=LONG, accepted=LONG, quarantined=LONG, duplicate=LONG,
    last_reported_at_utc=TIME,
)  # fmt: skip
FILES = [
    {
        "content": "incidents", "source": "platform", "file": "day-1.csv", "sha256": "1" * 64, "read": 15,
        "accepted": 13, "quarantined": 0, "duplicate": 2, "last_reported_at_utc": AS_OF_UTC - timedelta(days=1),
    },
    {
        "content": "incidents", "source": "platform", "file": f"{SCRIPT}.csv", "sha256": "2" * 64, "read": 1,
        "accepted": 0, "quarantined": 1, "duplicate": 0, "last_reported_at_utc": None,
    },
]  # fmt: skip
FILE_REASON_SCHEMA = schema(source=TEXT, file=TEXT, code=TEXT, severity=TEXT, rows=LONG)
FILE_REASONS = [
    {
        "source": "platform", "file": f"{SCRIPT}.csv", "code": "unreadable_reported_at", "severity": "error", "rows": 1,
    }
]  # fmt: skip
RULES = [
    {
        "code": "unreadable_reported_at",
        "severity": "error",
        "message_zh": "上报时间无法识别",
        "message_en": "The time of the report fits none of the time formats.",
    }
]
REPORT_SCHEMA = schema(kind=TEXT, grid_id=TEXT, detail_zh=TEXT, detail_en=TEXT, area_km2=DOUBLE)
REPORTS = [
    {"kind": "repaired", "grid_id": "G-02", "detail_zh": SCRIPT, "detail_en": SCRIPT, "area_km2": 0.0},
    {"kind": "gap", "grid_id": None, "detail_zh": "缝隙", "detail_en": "A gap.", "area_km2": 0.02},
]
