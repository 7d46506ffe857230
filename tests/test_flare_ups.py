"""Flare-ups: what chance alone may tell, shown on shuffled time, and a planted one that must be told."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
import scipy.stats
from test_hazard import daily, ring

from governance.hazard.flare_ups import FALSE_ALARMS, Spread, find_flare_ups, find_tail, measure_spread
from governance.hazard.weekly import PastForecasts

AS_OF = date(2025, 7, 2)
GRIDS = 400


def make_reports(rng: np.random.Generator, *, days: int = 400, children: float = 0.0, season: float = 1.0) -> pa.Table:
    """Reports that come by chance at the grids' own rates, times `season` in the last 28 days; some set off others."""
    rates = rng.gamma(0.5, 0.06, GRIDS)
    factor = np.where(np.arange(days) < days - 28, 1.0, season)
    first = rng.poisson(rates[:, None] * factor)
    grid, day = (np.repeat(axis, first.ravel()) for axis in (a.ravel() for a in np.indices(first.shape)))
    follows = rng.random(len(grid)) < children
    later = day[follows] + rng.integers(0, 10, follows.sum())
    grid, day = np.append(grid, grid[follows]), np.append(day, later)
    return count(grid[day < days], day[day < days], days)


def count(grid: np.ndarray, day: np.ndarray, days: int) -> pa.Table:
    start = np.datetime64(AS_OF) - days
    return pa.table(
        {
            "grid_no": pa.array(grid, pa.int32()),
            "scenario": pa.array(["a"] * len(grid), pa.string()),
            "day": pa.array((start + day).astype("datetime64[D]"), pa.date32()),
            "reports": pa.array(np.ones(len(grid)), pa.int32()),
        }
    )


def find(table: pa.Table, day: date = AS_OF) -> list[dict]:
    return find_flare_ups(PastForecasts(table, ring(GRIDS), ("a",), GRIDS), as_of=day).to_pylist()


@pytest.mark.slow
@pytest.mark.parametrize("children", [0.0, 0.3], ids=["by chance", "in clusters"])
def test_on_shuffled_time_no_more_is_told_than_is_said(children: float) -> None:
    """Days are dealt anew among a grid's own reports, so that nothing can flare up; clusters stay in one piece."""
    rng = np.random.default_rng(11)
    told, looks = 0, 0
    for _ in range(8):
        table = make_reports(rng, children=children)
        if not children:
            table = table.set_column(2, "day", table["day"].take(rng.permutation(table.num_rows)))
        for weeks in range(0, 12, 3):
            told += len(find(table, AS_OF - timedelta(days=7 * weeks)))
            looks += 1
    # 32 looks: a Poisson count of mean 32 is above 45 once in a hundred times.
    assert told <= 45 * FALSE_ALARMS
    assert looks == 32


def test_a_planted_flare_up_is_told_first_with_its_window() -> None:
    table = make_reports(np.random.default_rng(5))
    planted = [(7, "a", AS_OF - timedelta(days=d), 2) for d in range(1, 8)]
    told = find(pa.concat_tables([table, daily(planted)]))
    assert (told[0]["grid_no"], told[0]["reach"], told[0]["window_days"]) == (7, "grid", 7)
    assert told[0]["reports"] >= 14
    assert told[0]["p_value"] < 1e-6
    # Its neighbours have it in their zones; it is told once.
    assert not {6, 8} & {row["grid_no"] for row in told}


def test_a_quiet_quarter_that_wakes_up_together_is_told_by_its_neighbourhood() -> None:
    table = make_reports(np.random.default_rng(5))
    reports = np.bincount(table["grid_no"].to_numpy(), minlength=GRIDS)
    middle = int((reports + np.roll(reports, 1) + np.roll(reports, -1))[1:-1].argmin()) + 1
    quarter = (middle - 1, middle, middle + 1)
    planted = [(g, "a", AS_OF - timedelta(days=8 * d + g % 5), 1) for g in quarter for d in range(1, 4)]
    told = [row for row in find(pa.concat_tables([table, daily(planted)])) if row["grid_no"] in quarter]
    assert [(row["grid_no"], row["reach"], row["window_days"]) for row in told] == [(middle, "neighbours", 28)]


def test_a_season_that_lifts_every_grid_is_no_flare_up() -> None:
    told = [len(find(make_reports(np.random.default_rng(seed), season=3.0))) for seed in range(4)]
    assert sum(told) <= 9  # a Poisson count of mean 4 is above 9 once in a hundred times


def test_what_comes_on_the_day_or_later_changes_nothing() -> None:
    table = make_reports(np.random.default_rng(3))
    future = daily([(1, "a", AS_OF + timedelta(days=d), 30) for d in range(5)])
    assert find(pa.concat_tables([table, future])) == find(table)


def test_a_young_city_has_none() -> None:
    young = daily([(g, "a", AS_OF - timedelta(days=d), 3) for g in range(5) for d in range(1, 20)])
    assert find(young) == []


def _make_bursts(days: int, seed: int) -> pa.Table:
    """Reports that come three at a time on average, at steady rates: nothing flares up."""
    rng = np.random.default_rng(seed)
    bursts = rng.poisson(rng.gamma(0.5, 0.01, GRIDS)[:, None] / 3, (GRIDS, days))
    grid, day = np.nonzero(bursts)
    times = bursts[grid, day] * (rng.poisson(2, len(grid)) + 1)
    return count(np.repeat(grid, times), np.repeat(day, times), days)


def test_a_window_with_too_few_older_ones_is_left_out() -> None:
    """A forecast needs 28 days of history; windows of 7 days that began 5, 6 and 7 weeks ago need 77."""
    planted = daily([(7, "a", AS_OF - timedelta(days=d), 30) for d in range(1, 8)])
    told = {
        days: {row["window_days"] for row in find(pa.concat_tables([_make_bursts(days, 5), planted]))}
        for days in (76, 79)  # the first report came 75 and 77 days ago
    }
    assert told == {76: set(), 79: {7}}


def test_a_young_city_in_bursts_tells_no_more_than_is_said() -> None:
    told = [len(find(_make_bursts(days, seed))) for days in (45, 60, 70, 80) for seed in range(4)]
    assert sum(told) <= 26  # a Poisson count of mean 16 is above 26 once in a hundred times


def test_the_spread_by_hand() -> None:
    # Two small and one large expectation, of equal total: the squared errors are 1 + 1 and 36.
    reports, expected = np.array([2.0, 0.0, 8.0]), np.array([1.0, 1.0, 2.0])
    spread = measure_spread(reports, expected)
    # by_chance · 2 + by_rate · 2 = 2 and by_chance · 2 + by_rate · 4 = 36 would need a by_chance below 1.
    assert spread == Spread(1.0, (38 - 4) / 6)
    assert measure_spread(np.zeros(4), np.zeros(4)) == Spread(1.0, 0.0)


def test_tails_are_those_of_the_named_distributions() -> None:
    counts, expected = np.array([0.0, 1.0, 3.0, 7.0]), np.array([0.5, 0.5, 1.0, 2.0])
    poisson = find_tail(counts, expected, Spread(1.0, 0.0))
    assert poisson.tolist() == pytest.approx([1.0, 1 - np.exp(-0.5), 1 - 2.5 * np.exp(-1), *poisson[3:]])
    wide = find_tail(counts, expected, Spread(1.5, 0.2))
    variance = 1.5 * expected + 0.2 * expected**2
    oracle = scipy.stats.nbinom.sf(counts - 1, expected**2 / (variance - expected), expected / variance)
    assert wide.tolist() == pytest.approx(np.where(counts > 0, oracle, 1.0).tolist())
    assert (wide[1:] != poisson[1:]).all()
