"""The prepared tables: what pages, exports and notebooks read, made once per snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import shapely

from governance import warehouse
from governance.cases.counts import build_counts
from governance.cases.half_life import tabulate_half_lives
from governance.cases.recurrence import find_recurrences
from governance.grids.city_grids import CityGrids
from governance.profile import Profile
from governance.scenarios import Template, TemplateSet, pin_version
from governance.scenarios.ladder import list_posts, list_rungs
from governance.shapes.tables import ShapeTables

_GRID_COLUMNS = (
    "grid_id", "level_1_id", "level_1_zh", "level_1_en", "level_2_id", "level_2_zh", "level_2_en",
    "level_3_id", "level_3_zh", "level_3_en",
)  # fmt: skip


def load_grid_tables(con: warehouse.Connection, grids: CityGrids, profile: Profile) -> None:
    """Make `core_grid`, `meta_grid_report` and `meta_level`."""
    frame = grids.frame
    columns: dict[str, pa.Array] = {"grid_no": pa.array(range(len(frame)), pa.int32())}
    columns |= {name: pa.array(frame[name].tolist(), pa.string()) for name in _GRID_COLUMNS}
    columns |= {name: pa.array(frame[name].to_numpy(), pa.float64()) for name in ("area_km2", "lon", "lat")}
    columns["geometry"] = pa.array(shapely.to_wkb(frame.geometry.to_numpy()), pa.binary())
    warehouse.load_arrow(con, "core_grid", pa.table(columns))
    report = pa.Table.from_pylist(grids.report.to_dict("records"), schema=_REPORT_SCHEMA)
    warehouse.load_arrow(con, "meta_grid_report", report)
    levels = [
        {"level": place, "name_zh": level.name_zh, "name_en": level.name_en}
        for place, level in enumerate(profile.grids.levels, start=1)
    ]
    schema = pa.schema([("level", pa.int32()), ("name_zh", pa.string()), ("name_en", pa.string())])
    warehouse.load_arrow(con, "meta_level", pa.Table.from_pylist(levels, schema=schema))


def load_shape_tables(con: warehouse.Connection, made: ShapeTables) -> None:
    """Make `meta_shape`, `meta_tiles` and `meta_overview`: what the map fetches, ready to be sent."""
    warehouse.load_arrow(con, "meta_shape", made.shapes)
    warehouse.load_arrow(con, "meta_tiles", made.tiles)
    warehouse.load_arrow(con, "meta_overview", made.overview)


def build_outputs(con: warehouse.Connection, profile: Profile, templates: TemplateSet, *, as_of_utc: datetime) -> None:
    """Make every `out_*` table and the remaining `meta_*` ones from `core_case` and `out_tier`."""
    day = as_of_utc.replace(tzinfo=UTC).astimezone(profile.zone).date()
    first_day = warehouse.fetch_value(con, "src_first_day") or day
    _load_scenarios(con, templates.city)
    _load_templates(con, templates)
    load_ladders(con, (*templates.city.values(), *templates.districts.values()))
    warehouse.build_table(con, "core_unit", city_zh=profile.name_zh, city_en=profile.name_en)
    moment: dict[str, Any] = {"as_of_utc": as_of_utc, "as_of_day": day, "first_day": first_day}
    is_told = warehouse.fetch_value(con, "src_tells_year_before", **moment)
    for name in _TABLES:
        warehouse.build_table(con, name, **moment, tells_year_before=is_told, zone=profile.timezone)
    rules = {scenario: template.recurrence for scenario, template in templates.city.items()}
    find_recurrences(con, rules, as_of_utc=as_of_utc)
    warehouse.build_table(con, "out_recurring_place")
    curves = warehouse.fetch_arrow(con, "src_whole_curve")
    lives = warehouse.fetch_arrow(con, "src_recurrence_group")
    warehouse.load_arrow(con, "out_half_life", tabulate_half_lives(curves.to_pandas(), lives.to_pandas()))
    days = {scenario: rule.within_days for scenario, rule in rules.items()}
    build_counts(con, as_of_utc=as_of_utc, zone=profile.timezone, recurrence_days=days)


_TABLES = (
    "mid_unit_grid", "out_grid_count", "out_unit", "out_grid_month", "mid_town_week", "out_trend",
    "mid_town_stage", "out_funnel", "mid_step_hour", "out_step_time", "out_department",
    "mid_last_handover", "mid_open", "mid_call", "meta_overdue_age", "out_open", "out_received",
    "out_recent_handover", "out_slowest_link", "out_dispute", "out_stuck", "out_illegal_move", "out_illegal_sample",
    "out_urgent", "out_recent_incident", "out_closed_case", "mid_repeat", "mid_fairness_group", "out_fairness",
    "meta_location", "meta_unmapped", "meta_suspicious_point",
)  # fmt: skip

_REPORT_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("kind", "grid_id", "detail_zh", "detail_en")] + [("area_km2", pa.float64())]
)


def _load_scenarios(con: warehouse.Connection, templates: Mapping[str, Template]) -> None:
    rows = [
        {
            "scenario": template.id,
            "place": place,
            "name_zh": template.name_zh,
            "name_en": template.name_en,
            "template": template.model_dump_json(),
        }
        for place, template in enumerate(templates.values())
    ]
    schema = pa.schema(
        [
            ("scenario", pa.string()),
            ("place", pa.int32()),
            *((name, pa.string()) for name in ("name_zh", "name_en", "template")),
        ]
    )
    warehouse.load_arrow(con, "meta_scenario", pa.Table.from_pylist(rows, schema=schema))


def _load_templates(con: warehouse.Connection, templates: TemplateSet) -> None:
    """One row per template that judges cases: the city's (district null), and those of the districts."""
    rows = [
        {
            "scenario": template.id,
            "district": template.district,
            "template_version": pin_version(template),
            "template": template.model_dump_json(),
        }
        for template in (*templates.city.values(), *templates.districts.values())
    ]
    schema = pa.schema([(name, pa.string()) for name in ("scenario", "district", "template_version", "template")])
    warehouse.load_arrow(con, "meta_template", pa.Table.from_pylist(rows, schema=schema))


def load_ladders(con: warehouse.Connection, templates: Iterable[Template]) -> None:
    """Make `meta_rung` (rungs of each template's ladder) and `meta_post` (who answers at each level, in which scenes).

    `meta_post` has a row per scene of a post, and one without scene for a post of every scene.
    """
    templates = list(templates)
    rungs = [rung for template in templates for rung in list_rungs(template)]
    posts = [post for template in templates for post in list_posts(template)]
    warehouse.load_arrow(con, "meta_rung", pa.Table.from_pylist(rungs, schema=_RUNG_SCHEMA))
    warehouse.load_arrow(con, "meta_post", pa.Table.from_pylist(posts, schema=_POST_SCHEMA))


_RUNG_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("template_version", "scenario", "level")),
        ("rung", pa.int32()),
        ("at_share", pa.float64()),
    ]
)
_POST_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("template_version", "scenario", "level", "post")),
        ("place", pa.int32()),
        *((name, pa.string()) for name in ("name_zh", "name_en", "department", "scene")),
        ("is_added", pa.bool_()),
    ]
)
