"""What under-reporting does to the colours: the demo city's known truth, with half of its towns half silent.

Incidents come by chance at the city's true rates. They are reported everywhere, or only every second one in half of
the towns. Then red is where reports are expected; what the random audits find is fed back as a reporting rate of each
town, by which the forecasts are divided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa

from governance.demo.city import END, make_world
from governance.demo.geography import make_grids
from governance.demo.plane import Floats
from governance.grids.neighbours import Neighbours, find_neighbours, find_within
from governance.hazard.forecast import forecast_hazard
from governance.hazard.tiers import assign_tiers, count_audits
from governance.inspections.lists import draw_numbers
from governance.inspections.reporting import estimate_reporting_rates
from governance.scenarios import Template, load_templates

DAYS = 364
AHEAD_DAYS = 28
QUIET_RATE = 0.5
AUDIT_WEEKS = (4, 13, 26, 52)
_FAR_M = 3000.0


@dataclass(frozen=True)
class Row:
    """One line of the table: how red falls on the quiet half, and what red then holds of the true incidents ahead."""

    name: str
    red_share_of_quiet: float
    captured_share: float


@dataclass(frozen=True)
class _World:
    """True incidents a day (scenarios, grids), what comes ahead, the town of each grid, and which towns are quiet."""

    scenarios: tuple[str, ...]
    rates: Floats
    ahead: Floats
    town: np.ndarray
    is_quiet: np.ndarray
    neighbours: Neighbours
    templates: dict[str, Template]


def simulate_under_reporting(*, seed: int, grids: int, incidents_per_day: int) -> list[Row]:
    """The table, a row per situation; the same arguments give the same rows."""
    rng = np.random.default_rng([seed, 14])
    world = _make_world(seed, grids, incidents_per_day, rng)
    happened = _draw_incidents(world, rng)
    rate = np.where(world.is_quiet, QUIET_RATE, 1.0)
    reported = rng.binomial(happened, rate)
    full, half = (_forecast(world, counts) for counts in (happened, reported))
    rows = [
        _describe("truth", world, world.rates * AHEAD_DAYS),
        _describe("all_report", world, full),
        _describe("half_report", world, half),
    ]
    for weeks in AUDIT_WEEKS:
        rates = _audit(world, half, rate, weeks=weeks, rng=np.random.default_rng([seed, 15, weeks]))
        rows.append(_describe(f"audited_{weeks}", world, half / rates[world.town]))
    return rows


def write_document(rows: list[Row], *, seed: int, grids: int, incidents_per_day: int) -> str:
    """The table as Markdown, with what it says and the command that makes it again."""
    lines = [
        f"| {_NAMES[row.name.split('_')[0]].format(weeks=row.name.split('_')[-1])} | {row.red_share_of_quiet:.1%} "
        f"| {row.captured_share:.1%} |"
        for row in rows
    ]
    command = (
        f"python -m governance fairness --simulate --grids {grids} --incidents-per-day {incidents_per_day} "
        f"--seed {seed} --out docs/fairness.md"
    )
    document = Path(__file__).with_name("texts") / "under_reporting.md"
    return document.read_text(encoding="utf-8").format(
        table="\n".join(lines), command=command, grids=grids, per_day=incidents_per_day
    )


def _make_world(seed: int, grids: int, per_day: int, rng: np.random.Generator) -> _World:
    table = make_grids(seed, grids)
    world = make_world(table, seed=seed, start=END - timedelta(days=DAYS), days=DAYS, per_day=per_day)
    templates = load_templates()
    scenarios = tuple(name for name in world.catalogue.scenarios if name in templates)
    places = [world.catalogue.scenarios.index(name) for name in scenarios]
    names, town = np.unique(table.town_id, return_inverse=True)
    quiet = rng.choice(len(names), len(names) // 2, replace=False)
    rates = world.intensity.total[:, places].T
    return _World(
        scenarios,
        rates,
        rng.poisson(rates * AHEAD_DAYS).astype(float),
        town,
        np.isin(town, quiet),
        _find_neighbours(table),
        templates,
    )


def _find_neighbours(table: gpd.GeoDataFrame) -> Neighbours:
    shapes = table.geometry.to_numpy()
    inside = table.geometry.representative_point()
    return Neighbours(*find_neighbours(shapes), *find_within(inside.x.to_numpy(), inside.y.to_numpy(), _FAR_M))


def _draw_incidents(world: _World, rng: np.random.Generator) -> np.ndarray:
    """True incidents of every week, (weeks, scenarios, grids)."""
    return rng.poisson(world.rates[None] * 7, (DAYS // 7, *world.rates.shape))


def _forecast(world: _World, counts: np.ndarray) -> Floats:
    """Expected reports in 28 days, (scenarios, grids); a week's reports are dated on one day in the middle of it."""
    week, scenario, grid = np.nonzero(counts)
    day = np.datetime64(END) - DAYS + 7 * week + 3
    daily = pa.table(
        {
            "grid_no": pa.array(grid, pa.int32()),
            "scenario": pa.array(world.scenarios, pa.string()).take(pa.array(scenario)),
            "day": pa.array(day.astype("datetime64[D]"), pa.date32()),
            "reports": pa.array(counts[week, scenario, grid], pa.int32()),
        }
    )
    policies = {name: world.templates[name].tiers for name in world.scenarios}
    grids = world.rates.shape[1]
    told = forecast_hazard(daily, grids=grids, neighbours=world.neighbours, as_of=END, policies=policies)
    expected: Floats = told.tiers["expected_reports_28d"].to_numpy().reshape(world.rates.shape)
    return expected


def _find_red(world: _World, expected: Floats) -> np.ndarray:
    policies = (world.templates[name].tiers for name in world.scenarios)
    return np.stack([assign_tiers(own, policy) == "red" for own, policy in zip(expected, policies, strict=True)])


def _describe(name: str, world: _World, expected: Floats) -> Row:
    red = _find_red(world, expected)
    return Row(name, float(red[:, world.is_quiet].sum() / red.sum()), float(world.ahead[red].sum() / world.ahead.sum()))


def _audit(world: _World, expected: Floats, rate: np.ndarray, *, weeks: int, rng: np.random.Generator) -> np.ndarray:
    """Each town's reporting rate as so many weeks of audits show it: what they found, how much of it was reported."""
    red = _find_red(world, expected)
    monday = date.fromisocalendar(END.year, 1, 1)
    scenario, grid = [], []
    for week in range(weeks):
        for number, name in enumerate(world.scenarios):
            others = np.flatnonzero(~red[number])
            numbers = draw_numbers(red.shape[1], scenario=name, week=monday + timedelta(days=7 * week))
            share = world.templates[name].tiers.audit_share
            drawn = others[np.argsort(numbers[others])[: count_audits(int(red[number].sum()), audit_share=share)]]
            scenario.append(np.full(len(drawn), number))
            grid.append(drawn)
    audited = np.concatenate(grid)
    found = rng.poisson(world.rates[np.concatenate(scenario), audited] * AHEAD_DAYS)
    reported = rng.binomial(found, rate[audited])
    areas = int(world.town.max()) + 1
    return estimate_reporting_rates(
        reported.astype(float), found.astype(float), world.town[audited].astype(np.int64), areas=areas
    )


_NAMES = {
    "truth": "red by the true rates",
    "all": "everybody reports",
    "half": "half of the towns report every second incident",
    "audited": "the same, with {weeks} weeks of audits fed back",
}
