"""From placed incidents to cases: text → department, events → stage and holder, deadline → overdue or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from governance import warehouse
from governance.errors import ConfigError, join_faults
from governance.profile import Profile
from governance.scenarios.template import Department, Template
from governance.toml_model import nearest


def check_categories(profile: Profile, templates: Mapping[str, Template]) -> None:
    """Raise one ConfigError for every category rule whose scenario or scene no template knows."""
    faults = []
    for source in profile.sources:
        for rule in source.categories:
            where = f"sources.{source.id}, category `{rule.pattern}`"
            if rule.scenario not in templates:
                hint = nearest(rule.scenario, list(templates)) or "."
                faults.append(f"{where}: unknown scenario `{rule.scenario}`{hint}")
                continue
            scenes = [scene.id for scene in templates[rule.scenario].scenes]
            if rule.scene is not None and rule.scene not in scenes:
                hint = nearest(rule.scene, scenes) or "."
                faults.append(f"{where}: `{rule.scenario}` has no scene `{rule.scene}`{hint}")
    if faults:
        raise ConfigError(join_faults("city.toml maps categories to what does not exist:", faults))


@dataclass(frozen=True)
class Previous:
    """A snapshot whose closed cases still hold: its moment, and the files that came since."""

    as_of_utc: datetime
    new_keys: tuple[str, ...]


def build_cases(
    con: warehouse.Connection,
    placed: list[Path],
    templates: Mapping[str, Template],
    departments: Mapping[str, Department],
    *,
    profile: Profile,
    as_of_utc: datetime,
    previous: Previous | None = None,
) -> None:
    """Make `core_case`: one row per accepted incident reported before `as_of_utc`.

    With `previous`, `core_case` already holds that snapshot's cases, and only those that may have changed since
    are made again; the result is the same.
    """
    warehouse.set_variables(con, placed_files=sorted({str(path) for path in placed}), as_of_utc=as_of_utc)
    warehouse.create_view(con, "src_incident", warehouse.read_sql("src_incident"))
    _load_departments(con, departments)
    _load_scenes(con, templates)
    values: dict[str, Any] = {
        "as_of_utc": as_of_utc,
        "zone": profile.timezone,
        "far_outside_km": profile.grids.far_outside_km,
    }
    if previous is None:
        _open_told_cases(con, "every")
        warehouse.build_table(con, "core_case", **values)
        return
    stale: dict[str, Any] = {"previous_as_of_utc": previous.as_of_utc, "new_keys": list(previous.new_keys)}
    warehouse.build_table(con, "mid_stale", **stale)
    _open_told_cases(con, "stale")
    warehouse.delete_matching(con, "core_case", "mid_stale", keys=("source", "incident_id"))
    warehouse.insert_into(con, "core_case", **values)


def _open_told_cases(con: warehouse.Connection, which: str) -> None:
    """The view that `core_case` is made from: over every incident, or over the stale ones alone."""
    warehouse.create_view(con, "src_case_incident", warehouse.read_sql(f"src_{which}_incident"))
    warehouse.create_view(con, "src_case_event", warehouse.read_sql(f"src_{which}_event"))
    warehouse.create_view(con, "src_told_case", warehouse.read_sql("src_told_case"))


def _load_departments(con: warehouse.Connection, departments: Mapping[str, Department]) -> None:
    """Texts that name a listed department get its id; any other stays as it is, as a department of its own."""
    known = {
        text.casefold(): department.id
        for department in departments.values()
        for text in (department.id, department.name_zh, department.name_en, *department.aliases)
    }
    texts = [text for (text,) in warehouse.fetch_rows(con, "src_departments")]
    rows = [{"text": text, "department": known.get(text.casefold(), text)} for text in texts]
    warehouse.load_arrow(con, "map_department", pa.Table.from_pylist(rows, schema=_text_schema("text", "department")))
    unlisted = {row["department"] for row in rows} - set(departments)
    listed = [{"department": d.id, "name_zh": d.name_zh, "name_en": d.name_en} for d in departments.values()]
    own = [{"department": text, "name_zh": text, "name_en": text} for text in sorted(unlisted)]
    names = pa.Table.from_pylist(listed + own, schema=_text_schema("department", "name_zh", "name_en"))
    warehouse.load_arrow(con, "meta_department", names)


def _load_scenes(con: warehouse.Connection, templates: Mapping[str, Template]) -> None:
    """The lead of every scene, and of every scenario for the cases that name no scene."""
    rows = [
        {"scenario": template.id, "scene": scene, "lead": lead or None}
        for template in templates.values()
        for scene, lead in [(None, template.lead), *((scene.id, scene.lead) for scene in template.scenes)]
    ]
    warehouse.load_arrow(con, "map_scene", pa.Table.from_pylist(rows, schema=_text_schema("scenario", "scene", "lead")))


def _text_schema(*names: str) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in names])
