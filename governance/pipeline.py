"""The whole walk in one screenful: files → incidents → grids → cases → hazard → a published snapshot."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from governance import outputs, refresh, snapshot, warehouse
from governance.base_layers import hash_base_layers, read_base_layers
from governance.cases.assembly import Judging, build_cases, check_categories
from governance.cases.departments import index_departments
from governance.cases.lifecycle import Telling, prepare_telling, tell_files
from governance.cases.placing import Placement, place_file, prepare_placement
from governance.cases.work_clock import list_festival_days, open_city_clock
from governance.errors import ConfigError, NotReadyError, join_faults
from governance.grids.city_grids import CityGrids, load_grids
from governance.hazard_tables import build_hazard_tables, parse_override_file, read_override_file
from governance.ingest.combining import Staged, combine_events, combine_incidents, stage_sources
from governance.ingest.event_staging import StagedEvents
from governance.ingest.staging import StagedFile
from governance.profile import Profile, load_profile
from governance.scenarios import (
    Department,
    Template,
    TemplateSet,
    lint_template_set,
    load_city_departments,
    name_file,
    pin_version,
    resolve_templates,
)
from governance.toml_model import nearest
from governance.wall_plan import find_scenario_faults, find_unit_faults

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class City:
    """What the configuration says: the profile, its scenarios, its departments, what districts have adapted."""

    profile: Profile
    templates: Mapping[str, Template]
    departments: Mapping[str, Department]
    district_templates: Mapping[tuple[str, str], Template] = field(default_factory=dict)

    @property
    def template_set(self) -> TemplateSet:
        """The templates in use, from which `choose_template` takes the one that judges a case."""
        return TemplateSet(self.templates, self.district_templates)


def build_city(
    city_file: Path, build_dir: Path, *, now_utc: datetime, as_of_utc: datetime | None = None, progress: Progress
) -> snapshot.Published:
    """Build and publish one snapshot of the city as it was at `as_of_utc` (naive UTC).

    Without `as_of_utc`: the full minute after the newest report, never later than `now_utc`.
    Raises ConfigError, InputError, NotReadyError (nothing to show) or CheckFailed; then nothing is published.
    """
    city = load_city(city_file)
    stage = build_dir / "stage"
    grids = load_grids(city.profile, stage)
    _check_districts(city, grids)
    base_layers = read_base_layers(city.profile, bounds=tuple(grids.frame.total_bounds))
    override_file = read_override_file(city.profile)
    day = local_day(as_of_utc or now_utc, city.profile)
    overrides = parse_override_file(override_file, city.profile, grids, tuple(city.templates), today=day)
    clock = open_city_clock(city.profile.work_calendar, city.profile.zone, today=local_day(now_utc, city.profile))
    placement = prepare_placement(city.profile, city.template_set, grids=grids, clock=clock)
    telling = prepare_telling(index_departments(city.departments), clock)
    configuration = refresh.hash_configuration(city.profile, city.template_set, city.departments)
    last = refresh.find_last(build_dir, configuration=configuration, placement=placement.key)
    with snapshot.building(build_dir, start_from=last.file if last else None) as draft:
        con = draft.con
        reading = _share(progress, 0.05, 0.55)
        staged = stage_sources(con, city.profile, stage, read_at_utc=now_utc, progress=reading)
        combine_incidents(con, staged, city.profile)
        moment = as_of_utc or find_as_of(con, now_utc=now_utc)
        combine_events(con, as_of_utc=moment)
        progress("cases", 0.6)
        previous = refresh.find_changes(last, staged, city.profile, as_of_utc=moment)
        outputs.load_grid_tables(con, grids, city.profile)
        warehouse.load_arrow(con, "meta_map_layer", base_layers)
        placed = _place_and_tell(con, staged, placement, telling, folder=stage)
        judging = Judging(city.profile, city.template_set, city.departments, clock, moment)
        build_cases(con, placed, judging, previous=previous)
        progress("hazard", 0.75)
        today, festival_days = local_day(moment, city.profile), list_festival_days(city.profile.work_calendar)
        build_hazard_tables(con, grids, city.template_set, overrides, as_of_day=today, festival_days=festival_days)
        progress("pages", 0.85)
        outputs.build_outputs(con, city.profile, city.template_set, as_of_utc=moment)
        progress("publish", 0.95)
        manifest = _describe(city, staged, grids, moment, now_utc=now_utc)
        manifest["inputs"] |= {"configuration": configuration, "placement": placement.key}
        manifest["inputs"] |= {"tier_overrides": refresh.hash_overrides(override_file)}
        manifest["inputs"] |= {"base_layers": hash_base_layers(city.profile)}
        return snapshot.publish(draft, manifest=manifest)


def _place_and_tell(
    con: warehouse.Connection, staged: Staged, placement: Placement, telling: Telling, *, folder: Path
) -> list[Path]:
    """Tell the logs while the incidents are placed: one is the database's work, the other NumPy's."""
    with ThreadPoolExecutor(1) as pool, closing(con.cursor()) as cursor:
        placing = pool.submit(
            lambda: [place_file(cursor, file, placement, folder=folder / "placed") for file in staged.files]
        )
        tell_files(con, staged.events, telling, folder=folder / "told")
        return placing.result()


def load_city(city_file: Path) -> City:
    """The configuration, checked as a whole; raises ConfigError with every fault of every part."""
    profile = load_profile(city_file)
    templates = resolve_templates(profile)
    departments = load_city_departments(profile)
    faults = lint_template_set(templates, departments)
    if faults:
        raise ConfigError(join_faults("The scenario templates cannot be used:", faults))
    check_categories(profile, templates)
    _check_scenarios(profile, templates.city)
    return City(profile, templates.city, departments, templates.districts)


def find_as_of(con: warehouse.Connection, *, now_utc: datetime) -> datetime:
    """The full minute after the newest accepted report, but never later than now."""
    newest = warehouse.fetch_value(con, "src_newest_report")
    if newest is None:
        raise NotReadyError(
            "No input row was accepted, so there is nothing to build. Look at the reasons: "
            "`python -m governance check` after mending the source's mapping in city.toml."
        )
    following: datetime = newest.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return min(following, now_utc)


def local_day(moment_utc: datetime, profile: Profile) -> date:
    """The city's calendar day at a moment given in naive UTC."""
    return moment_utc.replace(tzinfo=UTC).astimezone(profile.zone).date()


def _check_scenarios(profile: Profile, templates: Mapping[str, Template]) -> None:
    """Raise one ConfigError for every pilot and scene of the wall of a scenario that the city does not use."""
    faults = [
        f"`pilots`: the city has no scenario `{pilot.scenario}`{nearest(pilot.scenario, list(templates)) or '.'}"
        for pilot in profile.pilots
        if pilot.scenario not in templates
    ]
    faults += find_scenario_faults(profile.wall, list(templates))
    if faults:
        raise ConfigError(join_faults("Scenarios that the city does not use cannot be named:", faults))


def _check_districts(city: City, grids: CityGrids) -> None:
    """Raise one ConfigError for every overlay, pilot or scene of the wall whose place has no grid."""
    names = grids.frame[["level_1_id", "level_1_zh", "level_1_en"]].drop_duplicates("level_1_id").dropna(how="all")
    ids = {str(text): row.level_1_id for row in names.itertuples(index=False) for text in row if text is not None}
    faults = [
        f"{name_file(template)}: `district` is `{district}`, and no grid lies there{_suggest_district(district, ids)}"
        for (_, district), template in city.district_templates.items()
        if district not in ids.values()
    ]
    faults += [
        f"`pilots`: no grid lies in the district `{pilot.district}`{_suggest_district(pilot.district, ids)}"
        for pilot in city.profile.pilots
        if pilot.district not in ids.values()
    ]
    faults += find_unit_faults(city.profile.wall, _list_units(grids))
    if faults:
        raise ConfigError(join_faults("Places that no grid has cannot be used:", faults))


def _list_units(grids: CityGrids) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Id of every unit above the grids → its level and its names."""
    units: dict[str, tuple[int, tuple[str, ...]]] = {}
    for level in (3, 2, 1):
        columns = [f"level_{level}_{part}" for part in ("id", "zh", "en")]
        if columns[0] in grids.frame:
            rows = grids.frame[columns].drop_duplicates(columns[0]).dropna(subset=columns[0])
            units |= {str(id_): (level, (str(zh), str(en))) for id_, zh, en in rows.itertuples(index=False)}
    return units


def _suggest_district(district: str, ids: Mapping[str, str]) -> str:
    named = next((id_ for name, id_ in ids.items() if name.casefold() == district.casefold()), None)
    known = sorted(set(ids.values()))
    return f"; did you mean `{named}`?" if named else nearest(district, known) or f"; known: {', '.join(known)}."


def _describe(
    city: City, staged: Staged, grids: CityGrids, as_of_utc: datetime, *, now_utc: datetime
) -> dict[str, Any]:
    """The manifest: with the same inputs and the same versions, the same figures."""
    files: list[StagedFile | StagedEvents] = [*staged.files, *staged.events]
    return {
        "as_of_utc": as_of_utc,
        "built_at_utc": now_utc,
        "city": city.profile.model_dump(mode="json"),
        "is_synthetic": city.profile.is_synthetic,
        "inputs": {
            "grids": grids.sha256,
            "grid_files": list(grids.file_sha256),
            "keys": sorted({file.key for file in files}),
            "files": [{"source": file.source, "file": file.file, "sha256": file.sha256} for file in files],
        },
        "scenarios": {name: pin_version(template) for name, template in city.templates.items()},
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("duckdb", "shapely", "scikit-learn", "numpy", "pyarrow")},
    }


def _share(progress: Progress, start: float, end: float) -> Progress:
    """Report into a part of the whole bar."""
    return lambda step, fraction: progress(step, start + fraction * (end - start))
