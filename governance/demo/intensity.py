"""How many incidents each grid truly has, by scenario and day, and how many of them are reported.

The process: first incidents come by chance at a rate of their own, set off others nearby (self-excitation), and
flare up again at the same place after closure (recurrence). With A the expected direct followers in each grid,
the totals x of first incidents b solve x = b + A x. Followers stay in the town, and a town reports at one rate,
so expected reports are exactly rate times x.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import scipy.sparse
from scipy.spatial import cKDTree

from governance.demo.catalogue import Catalogue
from governance.demo.plane import Floats, to_km
from governance.demo.tessellation import Integers

STAYS_IN_GRID = 0.7  # share of the incidents set off that stay in the grid
NEIGHBOURS = 5
AHEAD = 28  # days after the end for which the truth is known
_ROUNDS = 25  # followers are at most 0.35 per incident: the rest is below 1e-11
_WAVES = 150
_WAVE_KM = 6.0  # length over which the spatial field changes
_DISPOSAL_SHARE = 0.4  # mean time to closure over the limit, to start the process as if it had always run
_FIELD_LIMITS = (-2.6, 2.3)  # no grid is out of all proportion
_HOLIDAYS = ("2024-02-10", "2025-01-29", "2026-02-17")  # the first day of the Spring Festivals
_HOLIDAY_DAYS = (-3, 9)
_HOLIDAY_FACTOR = 0.55


@dataclass(frozen=True)
class Effect:
    """From a day on, the rate of some grids for one scenario is multiplied."""

    from_day: np.datetime64
    grids: Integers
    scenario: int
    factor: float


@dataclass(frozen=True)
class Intensity:
    """Rates per grid and scenario, both shaped (grids, scenarios), on a day with factor 1 and without effects.

    `first` is first incidents per day, `total` all of them, `reporting` the share that is reported per grid,
    `neighbours` the grids (of the same town) in which an incident may set off another.
    """

    first: Floats
    total: Floats
    reporting: Floats
    neighbours: Integers
    effects: tuple[Effect, ...]


def make_intensity(
    grids: gpd.GeoDataFrame, catalogue: Catalogue, rng: np.random.Generator, *, per_day: float, start: date, days: int
) -> Intensity:
    """Rates that give `per_day` reports a day in all."""
    reporting = _choose_reporting(grids, catalogue, rng)
    weights = _weigh_grids(grids, catalogue, rng)
    neighbours = _find_neighbours(grids)
    total = add_followers(weights, neighbours, catalogue)
    scale = per_day * catalogue.share / (reporting[:, None] * total).sum(axis=0)
    effects = _plant_effects(grids, catalogue, rng, start=np.datetime64(start), days=days)
    return Intensity(weights * scale, total * scale, reporting, neighbours, effects)


def _weigh_grids(grids: gpd.GeoDataFrame, catalogue: Catalogue, rng: np.random.Generator) -> Floats:
    """Exposure times a log-Gaussian field, part of which all scenarios share; shape (grids, scenarios)."""
    points = to_km(_pick_points(grids))
    common = _draw_field(points, rng)
    columns = []
    for temper in catalogue.tempers:
        field = 0.6 * common + 0.8 * _draw_field(points, rng) + 0.5 * rng.normal(size=len(grids))
        exposure = (
            temper.people * np.log(grids.population.to_numpy())
            + temper.homes * np.log1p(grids.rental_units.to_numpy())
            + temper.area * np.log(_measure_km2(grids))
        )
        columns.append(np.exp(exposure + temper.spread * np.clip(field, *_FIELD_LIMITS)))
    return np.column_stack(columns)


def _pick_points(grids: gpd.GeoDataFrame) -> Floats:
    """Longitude and latitude of a point in every grid, shape (n, 2)."""
    inside = grids.geometry.representative_point()
    return np.column_stack([inside.x, inside.y])


def _measure_km2(grids: gpd.GeoDataFrame) -> Floats:
    """Areas on the ellipsoid in square kilometres."""
    geod = pyproj.Geod(ellps="WGS84")
    return np.array([abs(geod.geometry_area_perimeter(polygon)[0]) / 1e6 for polygon in grids.geometry])


def _draw_field(points_km: Floats, rng: np.random.Generator) -> Floats:
    """A smooth random field of mean 0 and spread 1: a sum of waves in random directions (random Fourier features)."""
    waves = rng.normal(0, 1 / _WAVE_KM, (2, _WAVES))
    phase = rng.uniform(0, 2 * np.pi, _WAVES)
    field: Floats = np.sqrt(2 / _WAVES) * np.cos(points_km @ waves + phase).sum(axis=1)
    return field


def _find_neighbours(grids: gpd.GeoDataFrame) -> Integers:
    """The nearest other grids of the same town, shape (grids, NEIGHBOURS); a lone grid is its own neighbour."""
    points = to_km(_pick_points(grids))
    found = np.repeat(np.arange(len(grids))[:, None], NEIGHBOURS, axis=1)
    for rows in grids.groupby("town_id").indices.values():
        wanted = min(NEIGHBOURS, len(rows) - 1)
        if wanted:
            nearest = cKDTree(points[rows]).query(points[rows], k=wanted + 1)[1][:, 1:]
            found[rows] = rows[nearest[:, np.arange(NEIGHBOURS) % wanted]]
    return found


def add_followers(first: Floats, neighbours: Integers, catalogue: Catalogue) -> Floats:
    """Totals x with x = first + A x, where A holds the expected followers; shape (grids, scenarios)."""
    count, children = len(first), catalogue.collect("children")
    source = np.repeat(np.arange(count), NEIGHBOURS)
    share = np.full(len(source), (1 - STAYS_IN_GRID) / NEIGHBOURS)
    spill = scipy.sparse.csr_matrix((share, (neighbours.ravel(), source)), shape=(count, count))
    at_home = children * STAYS_IN_GRID + catalogue.expect_recurrences()
    total = first
    for _ in range(_ROUNDS):
        total = first + at_home * total + children * (spill @ total)
    return total


def _choose_reporting(grids: gpd.GeoDataFrame, catalogue: Catalogue, rng: np.random.Generator) -> Floats:
    """The share of incidents reported, per grid: half in some towns, all elsewhere and in the pilot's district."""
    shares = catalogue.planted.shares
    open_to_choice = grids.district_en != catalogue.planted.pilot["district_en"]
    towns = np.unique(grids.town_id[open_to_choice])
    chosen = rng.choice(towns, max(1, round(shares["half_rate_towns"] * len(towns))), replace=False)
    return np.where(grids.town_id.isin(chosen), shares["reporting_rate"], 1.0)


def _plant_effects(
    grids: gpd.GeoDataFrame, catalogue: Catalogue, rng: np.random.Generator, *, start: np.datetime64, days: int
) -> tuple[Effect, ...]:
    """The pilot from the middle of the time on, and hot spots near its end."""
    pilot, hot = catalogue.planted.pilot, catalogue.planted.hot_spots
    district = np.flatnonzero(grids.district_en == pilot["district_en"])
    effects = [
        Effect(
            start + np.timedelta64(days // 2, "D"),
            district,
            catalogue.scenarios.index(pilot["scenario"]),
            1 + pilot["change_of_reports"],
        )
    ]
    elsewhere = grids.community_id[grids.district_en != pilot["district_en"]].unique()
    onset = start + np.timedelta64(max(days - int(hot["days_before_end"]), days // 2), "D")
    for community in rng.choice(elsewhere, min(int(hot["communities"]), len(elsewhere)), replace=False):
        rows = np.flatnonzero(grids.community_id == community)
        effects.append(Effect(onset, rows, int(rng.integers(len(catalogue.scenarios) - 1)), hot["factor"]))
    return tuple(effects)


def rate_days(catalogue: Catalogue, start: date, days: int) -> Floats:
    """The factor of each day for each scenario: weekday, season, Spring Festival; shape (days + AHEAD, scenarios).

    The mean is 1 in either half of the time; the days ahead are on the scale of the second half.
    """
    calendar = pd.date_range(start, periods=days + AHEAD)
    weekend = (calendar.day_of_week >= 5)[:, None]
    turn = np.cos(2 * np.pi * (calendar.day_of_year.to_numpy() - 200) / 365.25)[:, None]
    festival = np.zeros(len(calendar), dtype=bool)
    for first_day in _HOLIDAYS:
        away = (calendar - pd.Timestamp(first_day)).days
        festival |= (away >= _HOLIDAY_DAYS[0]) & (away < _HOLIDAY_DAYS[1])
    factor: Floats = np.where(weekend, catalogue.collect("weekend"), 1.0) * (1 + catalogue.collect("summer") * turn)
    factor *= np.where(festival, _HOLIDAY_FACTOR, 1.0)[:, None]
    factor[: days // 2] /= factor[: days // 2].mean(axis=0)
    factor[days // 2 :] /= factor[days // 2 : days].mean(axis=0)
    return factor


def boost_start(catalogue: Catalogue, days: int) -> Floats:
    """Factors on first incidents, shape (days, scenarios), that stand in for followers of the time before the start."""
    children, recurs = catalogue.collect("children"), catalogue.expect_recurrences()
    lag = catalogue.collect("lag_days")
    disposal = np.add.reduceat(catalogue.dispose_seconds, catalogue.scene_first) / catalogue.scene_count / 86_400
    wait = 1 + _DISPOSAL_SHARE * disposal + catalogue.collect("half_life_days") / np.log(2)
    day = np.arange(days)[:, None] + 0.5
    missing = children * np.exp(-day / lag) + recurs * np.exp(-day / wait)
    boost: Floats = 1 + missing / (1 - children - recurs)
    return boost
