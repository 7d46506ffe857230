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
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from governance import warehouse
from governance.cases.deadlines import UNKNOWN, WORKING_UNITS, add_stages, measure
from governance.cases.work_clock import WorkClock, check_known, hash_clock
from governance.grids.city_grids import CityGrids
from governance.grids.cover import Cover
from governance.grids.join import locate
from governance.grids.outside import measure_outside_km
from governance.ingest.mapping import match_category
from governance.ingest.staging import StagedFile
from governance.profile import Profile, Source
from governance.scenarios import TemplateSet, choose_template, index_versions, pin_version
from governance.scenarios.template import DEFAULT_LEVEL, LEVELS, Limit, StageName, Template, list_patterns

PLACING_VERSION = 4
_LEVEL_OF_SEVERITY = {3: LEVELS.index("I"), 2: LEVELS.index("II")}
_LAST = LEVELS.index(DEFAULT_LEVEL)
_EVERYWHERE = None  # the district of whatever no district version covers

Rules = tuple[tuple[str, str, str | None], ...]
Where = tuple[str, str | None]


@dataclass(frozen=True)
class Placement:
    """What decides where a row belongs and until when it is due: `key` changes whenever an answer could.

    `places` are the districts that have templates of their own, after None for everywhere else; `place_of_grid` is the
    place of each grid among them. `rules` are those of a source in a place.
    """

    shapes: np.ndarray
    cover: Cover
    clock: WorkClock
    templates: TemplateSet
    places: tuple[str | None, ...]
    place_of_grid: np.ndarray
    rules: Mapping[Where, Rules]
    key: str


def prepare_placement(profile: Profile, templates: TemplateSet, *, grids: CityGrids, clock: WorkClock) -> Placement:
    """Everything `place_file` needs."""
    places = (_EVERYWHERE, *sorted({district for _, district in templates.districts}))
    number = {place: no for no, place in enumerate(places)}
    place_of_grid = np.array([number.get(district, 0) for district in grids.frame["level_1_id"]], dtype=np.int64)
    rules = {
        (source.id, place): _list_rules(source, _list_templates(templates, place))
        for source in profile.sources
        for place in places
    }
    versions = index_versions(templates)
    limits = {pin: template.model_dump(mode="json")["limits"] for pin, template in versions.items()}
    named = [[*where, listed] for where, listed in rules.items()]
    decides = json.dumps([PLACING_VERSION, grids.sha256, named, limits, hash_clock(clock)], sort_keys=True)
    key = hashlib.sha256(decides.encode()).hexdigest()[:8]
    shapes = grids.frame.geometry.to_numpy()
    return Placement(shapes, grids.cover, clock, templates, places, place_of_grid, rules, key)


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
    schema = _place(reader.schema.empty_table(), placement, source=file.source).schema
    with pyarrow.parquet.ParquetWriter(partial, schema, compression="snappy") as parquet:
        for batch in reader:
            parquet.write_table(_place(pa.Table.from_batches([batch]), placement, source=file.source))
    partial.replace(target)
    return target


def _list_templates(templates: TemplateSet, district: str | None) -> dict[str, Template]:
    return {scenario: choose_template(templates, scenario, district) for scenario in templates.city}


def _list_rules(source: Source, templates: Mapping[str, Template]) -> Rules:
    """The city's own rules first, then those of the code system that the source writes."""
    own = [(rule.pattern, rule.scenario, rule.scene) for rule in source.categories]
    shared = list_patterns(templates, source.code_system) if source.code_system else []
    return (*own, *shared)


def _place(table: pa.Table, placement: Placement, *, source: str) -> pa.Table:
    lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
    grid_no = locate(placement.cover, lon, lat)
    is_outside = (grid_no < 0) & np.isfinite(lon) & np.isfinite(lat)
    outside_km = np.full(len(lon), np.nan)
    outside_km[is_outside] = measure_outside_km(placement.shapes, lon[is_outside], lat[is_outside])
    # The last entry stands for whatever lies in no grid.
    place_no = np.append(placement.place_of_grid, 0)[grid_no]
    columns = {
        "grid_no": pa.array(grid_no, mask=grid_no < 0),
        "outside_km": pa.array(outside_km, from_pandas=True),
        **_judge(table, place_no, placement, source=source),
    }
    for end in ("reported", "closed"):
        passed = measure(_as_times(table[f"{end}_at_utc"]), "work_hours", clock=placement.clock)
        columns[f"{end}_work_s"] = pa.array(passed, pa.int64(), mask=passed == UNKNOWN)
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table


def _judge(table: pa.Table, place_no: np.ndarray, placement: Placement, *, source: str) -> dict[str, pa.Array]:
    """Scenario, scene, level, template version and deadlines of every row; alike rows are judged at once."""
    categories = table["category"].combine_chunks().dictionary_encode()
    texts = [*categories.dictionary.to_pylist(), None]
    text_no = categories.indices.fill_null(len(texts) - 1).to_numpy()
    severity = table["severity"].to_numpy()
    level_no = np.select([severity == grade for grade in _LEVEL_OF_SEVERITY], list(_LEVEL_OF_SEVERITY.values()), _LAST)
    shape = (len(placement.places), len(texts), len(LEVELS))
    kind, kind_of_row = np.unique(np.ravel_multi_index((place_no, text_no, level_no), shape), return_inverse=True)
    rows_of_kind = np.split(np.argsort(kind_of_row, kind="stable"), np.cumsum(np.bincount(kind_of_row))[:-1])
    reported, own = _as_times(table["reported_at_utc"]), _as_times(table["due_at_utc"])
    never = np.full(len(reported), np.datetime64("NaT"), dtype="datetime64[us]")
    due = {"accept_due_at_utc": never, "template_due_at_utc": never.copy(), "close_due_at_utc": own.copy()}
    named: list[tuple[str | None, ...]] = []
    find_class = cache(lambda text, place: _classify(text, placement.rules[source, place]))
    for place_of, text_of, grade, rows in zip(*np.unravel_index(kind, shape), rows_of_kind, strict=False):
        district, level = placement.places[place_of], LEVELS[grade]
        scenario, scene = find_class(texts[text_of], district)
        if scenario is None:
            named.append((None, None, None, None))
            continue
        template = choose_template(placement.templates, scenario, district)
        named.append((scenario, scene, pin_version(template), level))
        found = _find_deadlines(reported[rows], own[rows], template.limits[level], clock=placement.clock)
        for moments, part in zip(found, due.values(), strict=True):
            part[rows] = moments
    told = zip(*named, strict=True) if named else [()] * len(_NAMES)
    columns = {
        name: pa.array(values, pa.string()).take(pa.array(kind_of_row))
        for name, values in zip(_NAMES, told, strict=True)
    }
    return columns | {name: pa.array(times, pa.timestamp("us"), from_pandas=True) for name, times in due.items()}


_NAMES = ("scenario", "scene", "template_version", "level")


def _classify(text: str | None, rules: Rules) -> tuple[str | None, str | None]:
    return (match_category(text, rules) if text is not None else None) or (None, None)


def _find_deadlines(
    reported: np.ndarray, own: np.ndarray, limits: Mapping[StageName, Limit], *, clock: WorkClock
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Until when to accept, to dispose of (by the template) and to close; a due time of the source's own comes first.

    Raises ConfigError for a row without one that was reported in a year whose working days nobody knows.
    """
    accept, dispose, verify = limits["accept"], limits["dispose"], limits["verify"]
    if {accept.unit, dispose.unit} & WORKING_UNITS:
        check_known(reported[np.isnat(own)], clock)
    accept_due, dispose_due = add_stages(reported, [accept, dispose], clock=clock)
    (close_due,) = add_stages(np.where(np.isnat(own), dispose_due, own), [verify], clock=clock)
    return accept_due, dispose_due, close_due


def _as_times(column: pa.ChunkedArray) -> np.ndarray:
    times: np.ndarray = column.to_numpy().astype("datetime64[us]")
    return times
