"""From placed incidents to cases: text → department, log → stage and holder, deadline → overdue or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from governance import warehouse
from governance.cases.clocks import judge_clocks
from governance.cases.deadlines import UNKNOWN, measure
from governance.cases.departments import index_departments, map_departments
from governance.cases.work_clock import WorkClock
from governance.errors import ConfigError, join_faults
from governance.profile import Profile
from governance.scenarios import TemplateSet, index_versions, name_file
from governance.scenarios.template import Department, Template
from governance.toml_model import nearest

RANGE_INCIDENTS = 900_000
"""Cases assembled at once: more take more memory, and joins that leave the processor's caches."""


def check_categories(profile: Profile, templates: TemplateSet) -> None:
    """Raise one ConfigError for every category rule whose scenario or scene a version in use lacks."""
    faults = [
        f"sources.{source.id}, category `{rule.pattern}`: {fault}"
        for source in profile.sources
        for rule in source.categories
        for fault in _find_rule_faults(rule.scenario, rule.scene, templates)
    ]
    if faults:
        raise ConfigError(join_faults("city.toml maps categories to what does not exist:", faults))


def _find_rule_faults(scenario: str, scene: str | None, templates: TemplateSet) -> Iterator[str]:
    """What keeps a rule from naming the cases of the whole city, and of each district with a version of its own."""
    if scenario not in templates.city:
        yield f"unknown scenario `{scenario}`{nearest(scenario, list(templates.city)) or '.'}"
        return
    known = _list_scenes(templates.city[scenario])
    if scene is None:
        return
    if scene not in known:
        yield f"`{scenario}` has no scene `{scene}`{nearest(scene, known) or '.'}"
        return
    for (name, district), template in templates.districts.items():
        own = _list_scenes(template)
        if name == scenario and scene not in own:
            yield (
                f"`{scenario}` has no scene `{scene}` in the district `{district}` ({name_file(template)})"
                f"{nearest(scene, own) or '.'} Keep the scene there, or leave it out of the rule."
            )


def _list_scenes(template: Template) -> list[str]:
    return [scene.id for scene in template.scenes]


@dataclass(frozen=True)
class Previous:
    """A snapshot whose closed cases still hold: its moment, and the files that came since."""

    as_of_utc: datetime
    new_keys: tuple[str, ...]


@dataclass(frozen=True)
class Judging:
    """By what the cases are judged: the city, its templates and departments, its clock, and the moment."""

    profile: Profile
    templates: TemplateSet
    departments: Mapping[str, Department]
    clock: WorkClock
    as_of_utc: datetime


def build_cases(
    con: warehouse.Connection, placed: list[Path], judging: Judging, *, previous: Previous | None = None
) -> None:
    """Make `core_case`, one row per accepted incident reported before the moment, and what its log tells in rows.

    These are `core_stint`, `core_illegal_move`, `core_pause` and `core_extension`.

    `tell_files` must have told what the logs say. With `previous`, the tables already hold that snapshot's cases, and
    only those that may have changed since are made again; the result is the same.
    """
    as_of_work_s = measure(np.array([judging.as_of_utc], dtype="datetime64[us]"), "work_hours", clock=judging.clock)[0]
    warehouse.set_variables(
        con,
        placed_files=sorted({str(path) for path in placed}),
        as_of_utc=judging.as_of_utc,
        as_of_work_s=None if as_of_work_s == UNKNOWN else int(as_of_work_s),
    )
    warehouse.create_view(con, "src_incident", warehouse.read_sql("src_incident"))
    _load_departments(con, judging.departments)
    _load_scenes(con, judging.templates)
    if previous is not None:
        warehouse.build_table(con, "mid_stale", previous_as_of_utc=previous.as_of_utc, new_keys=list(previous.new_keys))
    _open_cases(con, "every" if previous is None else "stale")
    values: dict[str, Any] = {
        "as_of_utc": judging.as_of_utc,
        "zone": judging.profile.timezone,
        "far_outside_km": judging.profile.grids.far_outside_km,
    }
    ranges = _list_ranges(con) if previous is None else [(None, None)]
    if previous is not None:
        for table in ("core_case", "core_stint"):
            warehouse.delete_matching(con, table, "mid_stale", keys=("source", "incident_id"))
    for place, (first_id, end_id) in enumerate(ranges):
        warehouse.set_variables(con, first_id=first_id, end_id=end_id)
        is_first = previous is None and place == 0
        _assemble_range(con, judging, warehouse.build_table if is_first else warehouse.insert_into, values)
    warehouse.set_variables(con, first_id=None, end_id=None)
    for table in ("core_illegal_move", "core_pause", "core_extension", "out_handover", "out_extension"):
        warehouse.build_table(con, table, **values)


def _assemble_range(
    con: warehouse.Connection, judging: Judging, add_to: Callable[..., object], values: Mapping[str, Any]
) -> None:
    """Add the cases of the range that the variables name to `core_case`, and their stretches to `core_stint`."""
    warehouse.build_table(con, "mid_told_case")
    cases = warehouse.fetch_frame(con, warehouse.read_sql("src_clock_case"))
    pauses = warehouse.fetch_frame(con, warehouse.read_sql("src_clock_pause"), as_of_utc=judging.as_of_utc)
    with ThreadPoolExecutor(1) as pool:
        # Clocks are NumPy's work on one core; meanwhile the database has the other.
        clocks = pool.submit(judge_clocks, cases, pauses, index_versions(judging.templates), clock=judging.clock)
        add_to(con, "core_stint", **values)
        warehouse.load_arrow(con, "map_clock", clocks.result())
    for table in ("mid_early_case", "map_local_quarter"):
        warehouse.build_table(con, table, **values)
    for view in ("src_clocked_case", "src_timed_case"):
        warehouse.create_view(con, view, warehouse.read_sql(view))
    add_to(con, "core_case", **values)
    warehouse.drop_table(con, "mid_told_case")


def _open_cases(con: warehouse.Connection, which: str) -> None:
    """The views that cases are made from: over every incident, or over the stale ones alone."""
    warehouse.create_view(con, "src_case_incident", warehouse.read_sql(f"src_{which}_incident"))
    warehouse.create_view(con, "src_case_trace", warehouse.read_sql(f"src_{which}_trace"))


def _load_departments(con: warehouse.Connection, departments: Mapping[str, Department]) -> None:
    """Texts that name a listed department get its id; any other stays as it is, as a department of its own."""
    texts = [text for (text,) in warehouse.fetch_rows(con, "src_departments")]
    named = map_departments(texts, index_departments(departments))
    warehouse.load_arrow(con, "map_department", named)
    unlisted = set(named["department"].to_pylist()) - set(departments)
    listed = [{"department": d.id, "name_zh": d.name_zh, "name_en": d.name_en} for d in departments.values()]
    own = [{"department": text, "name_zh": text, "name_en": text} for text in sorted(unlisted)]
    names = pa.Table.from_pylist(listed + own, schema=_text_schema("department", "name_zh", "name_en"))
    warehouse.load_arrow(con, "meta_department", names)


def _load_scenes(con: warehouse.Connection, templates: TemplateSet) -> None:
    """The lead of every scene of every version, and of the scenario for the cases that name no scene."""
    rows = [
        {"template_version": pin, "scene": scene, "lead": lead or None}
        for pin, template in index_versions(templates).items()
        for scene, lead in [(None, template.lead), *((scene.id, scene.lead) for scene in template.scenes)]
    ]
    schema = _text_schema("template_version", "scene", "lead")
    warehouse.load_arrow(con, "map_scene", pa.Table.from_pylist(rows, schema=schema))


def _text_schema(*names: str) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in names])


def _list_ranges(con: warehouse.Connection) -> list[tuple[str | None, str | None]]:
    """Ranges of ids, from the first to before the end, with every incident in one; one for all where rows have no ids.

    Ids mostly rise with time, and so does what a file holds. A join of one range then stays in memory and reads the
    files that it needs; where ids are mixed it is as right, and no faster.
    """
    starts: list[str | None] = [None]
    incidents = 0
    spans = warehouse.fetch_rows(con, "src_id_span")
    if not all(has_ids for *_, has_ids in spans):
        return [(None, None)]
    for first_id, rows, _ in spans:
        if incidents >= RANGE_INCIDENTS:
            starts.append(first_id)
            incidents = 0
        incidents += rows
    return list(zip(starts, [*starts[1:], None], strict=True))
