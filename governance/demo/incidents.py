"""The incidents of a stretch of days: first ones by chance, those they set off nearby, and those that come back."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from governance.demo.catalogue import Catalogue
from governance.demo.intensity import STAYS_IN_GRID, Intensity
from governance.demo.lifecycle import live
from governance.demo.log_faults import plant_log_faults
from governance.demo.places import Places
from governance.demo.plane import Floats
from governance.demo.steps import CANCELLED, CLOSED, Lives, join_lives
from governance.demo.tessellation import Integers

_DAY = 86_400
_HOURS = np.array([2, 1, 1, 1, 1, 2, 5, 12, 22, 26, 25, 20, 13, 16, 22, 24, 22, 20, 19, 18, 15, 11, 7, 4], dtype=float)
_HOUR_EDGES = np.append(0, np.cumsum(_HOURS) / _HOURS.sum())


@dataclass(frozen=True)
class World:
    """Everything that stays the same while days pass."""

    catalogue: Catalogue
    intensity: Intensity
    places: Places
    pilot_rows: NDArray[np.bool_]
    pilot_from: np.datetime64

    @property
    def pilot_from_seconds(self) -> int:
        """The pilot's first moment, in local seconds since 1970."""
        return int(self.pilot_from.astype("datetime64[s]").astype(np.int64))


@dataclass(frozen=True)
class Reports:
    """Reported incidents: local seconds since 1970, grid, scenario and place numbers."""

    at: Integers
    grid: Integers
    scenario: Integers
    place: Integers

    def take(self, rows: NDArray[np.generic]) -> Reports:
        """Some of the rows, in their order."""
        return Reports(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True)
class Cases:
    """Reports with what became of them; in the order of time."""

    reports: Reports
    scene: Integers
    discovered: NDArray[np.bool_]
    lives: Lives


def join_reports(parts: list[Reports]) -> Reports:
    """All parts one after the other."""
    return Reports(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Reports)))


def draw_cases(
    world: World, first_day: np.datetime64, day_factors: Floats, *, carried: Reports, rng: np.random.Generator
) -> tuple[Cases, Reports]:
    """All cases reported in the days from `first_day` on, and the reports that fall later.

    `day_factors` has shape (days, scenarios). `carried` are reports that earlier cases gave rise to.
    """
    end = (first_day.astype("datetime64[D]").astype(np.int64) + len(day_factors)) * _DAY
    wave = join_reports([_draw_first(world, first_day, day_factors, rng), carried])
    later, done = [], []
    while len(wave.at):
        is_now = wave.at < end
        later.append(wave.take(~is_now))
        done.append(_give_lives(world, wave.take(is_now), rng))
        wave = join_reports([_set_off(world, done[-1].reports, rng), _come_back(world, done[-1], rng)])
    return _sort_cases(done), join_reports(later)


def _draw_first(world: World, first_day: np.datetime64, day_factors: Floats, rng: np.random.Generator) -> Reports:
    """First incidents: Poisson counts per grid and scenario, then days by their factors and hours of the day."""
    intensity, days = world.intensity, first_day + np.arange(len(day_factors))
    expected = intensity.first * intensity.reporting[:, None] * day_factors.sum(axis=0)
    for effect in intensity.effects:
        share = day_factors[days >= effect.from_day, effect.scenario].sum() / day_factors[:, effect.scenario].sum()
        expected[effect.grids, effect.scenario] *= 1 + (effect.factor - 1) * share
    counts = rng.poisson(expected.T)
    scenario, grid = (np.repeat(axis.ravel(), counts.ravel()) for axis in np.indices(counts.shape))
    chance = rng.random(len(grid))
    day = np.empty(len(grid), dtype=np.int64)
    edges = np.searchsorted(scenario, np.arange(counts.shape[0] + 1))
    for number, (low, high) in enumerate(pairwise(edges)):
        climb = np.cumsum(day_factors[:, number])
        day[low:high] = np.searchsorted(climb, chance[low:high] * climb[-1], side="right")
    at = (first_day.astype("datetime64[D]").astype(np.int64) + day) * _DAY + _draw_seconds(len(grid), rng)
    return Reports(at, grid, scenario, world.places.draw(grid, scenario, rng))


def _draw_seconds(count: int, rng: np.random.Generator) -> Integers:
    """Seconds of the day, most of them when people are about."""
    return (np.interp(rng.random(count), _HOUR_EDGES, np.arange(25)) * 3600).astype(np.int64) % _DAY


def _give_lives(world: World, reports: Reports, rng: np.random.Generator) -> Cases:
    catalogue, scenario = world.catalogue, reports.scenario
    rank = (catalogue.scene_count[scenario] * rng.random(len(scenario)) ** 1.6).astype(np.int64)
    scene = catalogue.scene_first[scenario] + rank
    discovered = rng.random(len(scenario)) < catalogue.collect("discovered")[scenario]
    lives = live(
        reports.at,
        scene,
        discovered=discovered,
        rectification=_expect_rectification(world, reports),
        catalogue=catalogue,
        rng=rng,
    )
    return Cases(reports, scene, discovered, plant_log_faults(lives, catalogue.planted.log_faults, rng))


def _expect_rectification(world: World, reports: Reports) -> Floats:
    """Each case's chance to be verified as fixed; the pilot's rises when it starts."""
    planted = world.catalogue.planted
    chance = np.full(len(reports.at), planted.shares["verified"])
    pilot = world.pilot_rows[reports.grid] & (
        reports.scenario == world.catalogue.scenarios.index(planted.pilot["scenario"])
    )
    after = reports.at >= world.pilot_from_seconds
    before = planted.pilot["rectification_before"]
    return np.where(pilot, before * np.where(after, 1 + planted.pilot["change_of_rectification"], 1), chance)


def _set_off(world: World, parents: Reports, rng: np.random.Generator) -> Reports:
    """Self-excitation: some incidents are followed by others in their grid or next to it within days."""
    catalogue = world.catalogue
    number = rng.poisson(catalogue.collect("children")[parents.scenario])
    source = parents.take(np.repeat(np.arange(len(number)), number))
    lag = rng.exponential(catalogue.collect("lag_days")[source.scenario] * _DAY).astype(np.int64)
    day = (source.at + lag) // _DAY * _DAY
    at = np.maximum(day + _draw_seconds(len(day), rng), source.at + 60)
    beside = world.intensity.neighbours[source.grid, rng.integers(0, world.intensity.neighbours.shape[1], len(day))]
    grid = np.where(rng.random(len(day)) < STAYS_IN_GRID, source.grid, beside)
    return Reports(at, grid, source.scenario, world.places.draw(grid, source.scenario, rng))


def _come_back(world: World, cases: Cases, rng: np.random.Generator) -> Reports:
    """Recurrence: some cases come back at the same place after they were closed; cancelled ones were nothing."""
    catalogue = world.catalogue
    comes_back = rng.random(len(cases.scene)) < catalogue.collect("recurs")[cases.reports.scenario]
    rows = np.flatnonzero(comes_back & ~cases.lives.happens[:, CANCELLED])
    source = cases.reports.take(rows)
    wait = rng.exponential(catalogue.collect("half_life_days")[source.scenario] / np.log(2) * _DAY).astype(np.int64)
    closed = cases.lives.at[rows, CLOSED]
    at = np.maximum((closed + wait) // _DAY * _DAY + _draw_seconds(len(rows), rng), closed + 60)
    return Reports(at, source.grid, source.scenario, source.place)


def _sort_cases(parts: list[Cases]) -> Cases:
    reports = join_reports([part.reports for part in parts])
    order = np.argsort(reports.at, kind="stable")
    return Cases(
        reports.take(order),
        np.concatenate([part.scene for part in parts])[order],
        np.concatenate([part.discovered for part in parts])[order],
        join_lives([part.lives for part in parts]).take(order),
    )
