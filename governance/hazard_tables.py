"""The tables of the hazard: forecast, tiers, their history and changes, lists, flare-ups, what teams would cover."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance import warehouse
from governance.grids.city_grids import CityGrids
from governance.grids.neighbours import Neighbours
from governance.hazard.calibration import measure_calibration
from governance.hazard.capacity import measure_spreads, tabulate_capacity
from governance.hazard.flare_ups import find_flare_ups
from governance.hazard.forecast import Forecast, forecast_hazard
from governance.hazard.overrides import Override, decode_overrides, list_given, read_content
from governance.hazard.replay import History, replay_tiers
from governance.hazard.tiers import (
    NO_OWN_POLICIES,
    NOT_GIVEN,
    RED,
    TIERS,
    WHOLE,
    CapacityPolicy,
    Codes,
    Integers,
    OwnPolicies,
)
from governance.hazard.weekly import PastForecasts, Scores, find_week
from governance.inspections.lists import INSPECTIONS, list_inspections
from governance.profile import Profile
from governance.scenarios.pins import pin_version
from governance.scenarios.resolve import TemplateSet
from governance.scenarios.template import TierPolicy

Policies = Mapping[str, CapacityPolicy]
NO_DISTRICT = ""
"""The id of the district of grids that name none, in a city where others do."""


def read_override_file(profile: Profile) -> bytes | None:
    """The bytes of the experts' file; None where the city names none. Raises ConfigError."""
    return None if profile.tier_overrides is None else read_content(profile.folder / profile.tier_overrides)


def parse_override_file(
    content: bytes | None, profile: Profile, grids: CityGrids, scenarios: tuple[str, ...], *, today: date
) -> tuple[Override, ...]:
    """What the experts' file says; nothing where the city has none. Raises one ConfigError with every fault.

    A row that has ended by `today` and whose grid or scenario is gone stays in the file and is left out here.
    """
    if content is None or profile.tier_overrides is None:
        return ()
    path, grid_ids = profile.folder / profile.tier_overrides, set(grids.frame["grid_id"])
    told = decode_overrides(content, path, grid_ids=grid_ids, scenarios=scenarios, today=today)
    return tuple(override for override in told if override.grid_id in grid_ids and override.scenario in scenarios)


def build_hazard_tables(
    con: warehouse.Connection,
    grids: CityGrids,
    templates: TemplateSet,
    overrides: tuple[Override, ...] = (),
    *,
    as_of_day: date,
    festival_days: frozenset[date] = frozenset(),
) -> None:
    """Make `out_tier`, `out_reason`, `meta_model` and every other table that follows from them, from `core_case`."""
    districts, names = number_districts(grids)
    policies, own = split_policies(templates, districts, names)
    warehouse.load_arrow(con, "mid_scene_weight", list_scene_weights(templates))
    warehouse.build_table(con, "mid_daily", as_of_day=as_of_day)
    daily = warehouse.fetch_arrow(con, "src_daily")
    neighbours = Neighbours(*grids.near, *grids.far)
    count = len(grids.frame)
    forecast = forecast_hazard(
        daily, grids=count, neighbours=neighbours, as_of=as_of_day, policies=policies, festival_days=festival_days
    )
    past = PastForecasts(daily, neighbours, tuple(policies), count, festival_days)
    number_of_grid = {name: number for number, name in enumerate(grids.frame["grid_id"])}

    def given(day: date) -> dict[str, Codes]:
        return list_given(overrides, day, number_of_grid=number_of_grid)

    today = read_scores(forecast, as_of_day, shape=(len(policies), count))
    history = replay_tiers(past, today, policies, districts=districts, given=given, own=own)
    _load_forecast(con, forecast, history)
    warehouse.load_arrow(con, "out_tier_history", history.history)
    warehouse.load_arrow(con, "out_tier_change", history.changes)
    warehouse.load_arrow(con, "out_tier_step", history.steps)
    warehouse.load_arrow(con, "out_tier_place", _name_places(history.places, names))
    told = list_overrides(overrides, history, tuple(policies), number_of_grid=number_of_grid, day=as_of_day)
    warehouse.load_arrow(con, "out_override", told)
    warehouse.load_arrow(con, "out_inspection", list_all_inspections(history, policies, districts, own))
    warehouse.load_arrow(con, "out_flare_up", find_flare_ups(past, as_of=as_of_day))
    calibration = measure_calibration(past, history.history, as_of=as_of_day)
    warehouse.load_arrow(con, "out_calibration", calibration)
    _load_capacity(con, past, today, policies)


def list_scene_weights(templates: TemplateSet) -> pa.Table:
    """What a report of each scene weighs, by the version of the template that judges it; one row per such scene."""
    rows = {
        (pin_version(template), scene.id): scene.severity_weight
        for template in (*templates.city.values(), *templates.districts.values())
        for scene in template.scenes
    }
    listed = [{"template_version": version, "scene": scene, "weight": w} for (version, scene), w in rows.items()]
    return pa.Table.from_pylist(listed, schema=_SCENE_WEIGHTS)


def number_districts(grids: CityGrids) -> tuple[Integers, list[str | None]]:
    """The number of each grid's district, and the districts' ids by number; a city without levels is one district.

    Where only some grids name a district, the others are one together, whose id is the empty text.
    """
    told = [None if name is None or name != name else str(name) for name in grids.frame["level_1_id"]]  # noqa: PLR0124
    if not any(told):
        return np.zeros(len(told), dtype=np.int64), [None]
    names, numbers = np.unique([name or NO_DISTRICT for name in told], return_inverse=True)
    return numbers.astype(np.int64), names.tolist()


def split_policies(
    templates: TemplateSet, districts: Integers, names: list[str | None]
) -> tuple[dict[str, CapacityPolicy], dict[str, dict[int, CapacityPolicy]]]:
    """The policy of each scenario, and by the number of the district the policies of those with one of their own.

    A district has one of its own where its version changes anything by which tiers are given or lists made. A capacity
    counts the grids of the whole city: where the version keeps it, the district gets its part by number of grids, and
    the rest of the city what is left.
    """
    policies: dict[str, CapacityPolicy] = {}
    own: dict[str, dict[int, CapacityPolicy]] = {}
    for name, template in templates.city.items():
        city, taken = template.tiers, 0
        for (scenario, district), version in templates.districts.items():
            tiers = version.tiers
            if scenario != name or district not in names or _tell_rules(tiers) == _tell_rules(city):
                continue
            number = names.index(district)
            if city.capacity is not None and tiers.capacity == city.capacity:
                part = max(1, city.capacity * int((districts == number).sum()) // len(districts))
                tiers, taken = tiers.model_copy(update={"capacity": part}), taken + part
            own.setdefault(name, {})[number] = tiers
        left = None if city.capacity is None else max(1, city.capacity - taken)
        policies[name] = city.model_copy(update={"capacity": left})
    return policies, own


def _tell_rules(policy: TierPolicy) -> dict[str, object]:
    """What of a policy decides tiers and lists within a district."""
    return policy.model_dump(exclude={"visit_every_days", "places_by"})


def read_scores(forecast: Forecast, day: date, *, shape: tuple[int, int]) -> Scores:
    """The forecast's terms as arrays; `shape` is (scenarios, grids)."""
    contributions = forecast.reasons["contribution"].to_numpy().reshape(*shape, -1)
    return Scores(day, contributions, forecast.tiers["mean_severity"].to_numpy().reshape(shape))


def list_overrides(
    overrides: tuple[Override, ...],
    history: History,
    scenarios: tuple[str, ...],
    *,
    number_of_grid: Mapping[str, int],
    day: date,
) -> pa.Table:
    """One row per override of the file, past and coming ones too, with the tier that the model gives today."""
    rows = [
        {
            "scenario": override.scenario,
            "grid_no": number_of_grid[override.grid_id],
            "tier": override.tier,
            "model_tier": TIERS[
                history.today.model[scenarios.index(override.scenario), number_of_grid[override.grid_id]]
            ],
            "reason": override.reason,
            "author": override.author,
            "from_day": override.from_day,
            "until_day": override.until_day,
            "is_active": override.holds_on(day),
        }
        for override in overrides
    ]
    return pa.Table.from_pylist(rows, schema=OVERRIDES)


def list_all_inspections(
    history: History, policies: Policies, districts: Integers, own: Mapping[str, OwnPolicies]
) -> pa.Table:
    """The lists of this week and of those before, each from what was red on its Monday.

    So a list is the same whichever day of its week it is made on, and a week in which nothing was red has its audits
    still. A city that was too young on Monday takes what is red today. A district with a policy of its own has its
    audits drawn by that, among its own grids.
    """
    table, today = history.history, history.today.scores.day
    red_now = history.today.shown == RED if history.red_of_week is None else history.red_of_week
    red = table.filter(pc.and_(pc.equal(table["tier"], TIERS[RED]), pc.less(table["day"], pa.scalar(find_week(today)))))
    lists = [INSPECTIONS.empty_table()]
    mondays = [day for day in history.steps["day"].to_pylist() if day < find_week(today)]
    for number, (scenario, policy) in enumerate(policies.items()):
        told = red.filter(pc.equal(red["scenario"], scenario))
        chosen = {day: _flag(told.filter(pc.equal(told["day"], pa.scalar(day))), len(districts)) for day in mondays}
        chosen[find_week(today)] = red_now[number]
        others = own.get(scenario, NO_OWN_POLICIES)
        parts = [(policy, ~np.isin(districts, [*others])), *((rule, districts == at) for at, rule in others.items())]
        lists += [
            list_inspections(
                is_red, scenario=scenario, week=week, audit_share=rule.audit_share, capacity=rule.capacity, among=among
            )
            for week, is_red in chosen.items()
            for rule, among in parts
        ]
    return pa.concat_tables(lists)


def _flag(told: pa.Table, grids: int) -> np.ndarray:
    """Which grids stand in a table (flags by grid number)."""
    flags = np.zeros(grids, dtype=bool)
    flags[told["grid_no"].to_numpy()] = True
    return flags


def _load_forecast(con: warehouse.Connection, forecast: Forecast, history: History) -> None:
    """`out_tier` with the tiers of the replay, `out_reason` and `meta_model`."""
    shown, given = history.today.shown.ravel(), history.today.given.ravel()
    place = forecast.tiers.schema.get_field_index("tier")
    tiers = forecast.tiers.set_column(place, "tier", pa.array(TIERS, pa.string()).take(pa.array(shown)))
    warehouse.load_arrow(con, "out_tier", tiers.append_column("is_override", pa.array(given != NOT_GIVEN)))
    warehouse.load_arrow(con, "out_reason", forecast.reasons)
    models = [{"scenario": model["scenario"], "model": json.dumps(model, default=str)} for model in forecast.models]
    schema = pa.schema([("scenario", pa.string()), ("model", pa.string())])
    warehouse.load_arrow(con, "meta_model", pa.Table.from_pylist(models, schema=schema))


def _load_capacity(con: warehouse.Connection, past: PastForecasts, today: Scores, policies: Policies) -> None:
    spreads = measure_spreads(past, as_of=today.day)
    expected = dict(zip(policies, today.expected, strict=True))
    shares = {name: policy.audit_share for name, policy in policies.items()}
    warehouse.load_arrow(con, "out_capacity_spread", spreads)
    warehouse.load_arrow(con, "out_capacity", tabulate_capacity(expected, spreads, shares))


def _name_places(places: pa.Table, names: list[str | None]) -> pa.Table:
    """The places with the district in which they count (missing: the city, or what is left of it), not its number."""
    rows = [
        {**row, "level_1_id": None if row["district"] == WHOLE else names[row["district"]]}
        for row in places.to_pylist()
    ]
    return pa.Table.from_pylist(rows, schema=PLACES)


_SCENE_WEIGHTS = pa.schema([("template_version", pa.string()), ("scene", pa.string()), ("weight", pa.float64())])
PLACES = pa.schema(
    [
        ("scenario", pa.string()),
        ("level_1_id", pa.string()),
        ("red_places", pa.int32()),
        ("yellow_places", pa.int32()),
    ]
)
OVERRIDES = pa.schema(
    [
        ("scenario", pa.string()),
        ("grid_no", pa.int32()),
        *((name, pa.string()) for name in ("tier", "model_tier", "reason", "author")),
        ("from_day", pa.date32()),
        ("until_day", pa.date32()),
        ("is_active", pa.bool_()),
    ]
)
