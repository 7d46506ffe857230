"""Staged incidents get what later rooms know of them: their grid, their scene, and their template's deadline.

Done once per staged file and kept beside it, under the hash of everything the answer depends on: the polygons,
the category rules, the templates' limits and the work calendar.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from governance import warehouse
from governance.cases.deadlines import WORKING_UNITS, add_stages
from governance.cases.work_clock import (
    WorkClock,
    build_work_clock,
    check_known,
    find_first_known_day,
    find_last_known_day,
)
from governance.grids.city_grids import CityGrids
from governance.grids.cover import Cover
from governance.grids.join import locate
from governance.grids.outside import measure_outside_km
from governance.ingest.mapping import match_category
from governance.ingest.staging import StagedFile
from governance.profile import Profile, Source
from governance.scenarios.template import DEFAULT_LEVEL, Template, list_patterns

PLACING_VERSION = 3
_LEVEL_OF_SEVERITY = {3: "I", 2: "II"}


@dataclass(frozen=True)
class Placement:
    """What decides where a row belongs: `key` changes whenever an answer could."""

    shapes: np.ndarray
    cover: Cover
    clock: WorkClock | None
    templates: Mapping[str, Template]
    rules: Mapping[str, tuple[tuple[str, str, str | None], ...]]
    key: str


def prepare_placement(
    profile: Profile, templates: Mapping[str, Template], *, grids: CityGrids, now_utc: datetime
) -> Placement:
    """Everything `place_file` needs."""
    rules = {source.id: _list_rules(source, templates) for source in profile.sources}
    limits = {name: template.model_dump(mode="json")["limits"] for name, template in templates.items()}
    today = now_utc.replace(tzinfo=UTC).astimezone(profile.zone).date()
    last_day = find_last_known_day(profile.work_calendar, today)
    units = {limit["unit"] for levels in limits.values() for stages in levels.values() for limit in stages.values()}
    clock = None
    if units & WORKING_UNITS:
        first_day = find_first_known_day(profile.work_calendar)
        clock = build_work_clock(profile.work_calendar, profile.zone, first_day=first_day, last_day=last_day)
    # The official days change with the library, so the worked time itself is part of the key.
    worked = (
        (clock.from_s, clock.step_s, hashlib.sha256(clock.worked_before.tobytes()).hexdigest())
        if clock is not None
        else ()
    )
    calendar = [profile.work_calendar.model_dump(mode="json"), profile.timezone, *worked]
    decides = json.dumps([PLACING_VERSION, grids.sha256, rules, limits, calendar], sort_keys=True)
    key = hashlib.sha256(decides.encode()).hexdigest()[:8]
    return Placement(grids.frame.geometry.to_numpy(), grids.cover, clock, templates, rules, key)


def place_file(con: warehouse.Connection, file: StagedFile, placement: Placement, *, folder: Path) -> Path:
    """The Parquet file with the good rows of one staged file and their grid_no, scenario, scene and deadline.

    Raises ConfigError where a case needs working time of a year that the calendar does not know.
    """
    target = folder / file.source / f"{file.key}-{placement.key}.parquet"
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}.partial")
    warehouse.set_variables(con, staged_file=str(file.path))
    reader = warehouse.stream_arrow(con, warehouse.read_sql("src_staged_file"))
    rules = placement.rules[file.source]
    schema = _place(reader.schema.empty_table(), placement, rules=rules).schema
    with pyarrow.parquet.ParquetWriter(partial, schema, compression="zstd", compression_level=1) as parquet:
        for batch in reader:
            parquet.write_table(_place(pa.Table.from_batches([batch]), placement, rules=rules))
    partial.replace(target)
    return target


def _list_rules(source: Source, templates: Mapping[str, Template]) -> tuple[tuple[str, str, str | None], ...]:
    """The city's own rules first, then those of the code system that the source writes."""
    own = [(rule.pattern, rule.scenario, rule.scene) for rule in source.categories]
    shared = list_patterns(templates, source.code_system) if source.code_system else []
    return (*own, *shared)


def _place(table: pa.Table, placement: Placement, *, rules: tuple[tuple[str, str, str | None], ...]) -> pa.Table:
    lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
    grid_no = locate(placement.cover, lon, lat)
    is_outside = (grid_no < 0) & np.isfinite(lon) & np.isfinite(lat)
    outside_km = np.full(len(lon), np.nan)
    outside_km[is_outside] = measure_outside_km(placement.shapes, lon[is_outside], lat[is_outside])
    categories = table["category"].combine_chunks().dictionary_encode()
    found = [match_category(text, rules) or (None, None) for text in categories.dictionary.to_pylist()]
    scenario = pa.array([scenario for scenario, _ in found], pa.string()).take(categories.indices)
    scene = pa.array([scene for _, scene in found], pa.string()).take(categories.indices)
    due = _find_deadlines(table, scenario, placement)
    return (
        table.append_column("grid_no", pa.array(grid_no, mask=grid_no < 0))
        .append_column("outside_km", pa.array(outside_km, from_pandas=True))
        .append_column("scenario", scenario)
        .append_column("scene", scene)
        .append_column("template_due_at_utc", pa.array(due, pa.timestamp("us"), from_pandas=True))
    )


def _find_deadlines(table: pa.Table, scenario: pa.Array, placement: Placement) -> np.ndarray:
    """Deadlines (datetime64[us], UTC) of the rows whose source gives none: accept limit, then dispose limit."""
    reported = table["reported_at_utc"].to_numpy().astype("datetime64[us]")
    due = np.full(len(reported), np.datetime64("NaT"), dtype="datetime64[us]")
    severity = table["severity"].to_numpy()
    grades = [severity == grade for grade in _LEVEL_OF_SEVERITY]
    level = np.select(grades, list(_LEVEL_OF_SEVERITY.values()), DEFAULT_LEVEL)
    is_open = pc.is_null(table["due_at_utc"]).to_numpy()
    codes = scenario.dictionary_encode()
    index = codes.indices.fill_null(-1).to_numpy()
    for place, name in enumerate(codes.dictionary.to_pylist()):
        for level_name, limits in placement.templates[name].limits.items():
            rows = is_open & (index == place) & (level == level_name)
            stages = (limits["accept"], limits["dispose"])
            if placement.clock is not None and {limit.unit for limit in stages} & WORKING_UNITS:
                check_known(reported[rows], placement.clock)
            due[rows] = add_stages(reported[rows], stages, clock=placement.clock)[-1]
    return due
