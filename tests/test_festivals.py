"""Spring Festival in the forecast's level: ratios by hand, a dip that comes back, off where no calendar has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from governance.cases.work_clock import list_festival_days
from governance.hazard.backtest import Ground, forecast_day
from governance.hazard.candidates import CHEAP, Additive
from governance.hazard.features import sum_blocks
from governance.hazard.festivals import measure_ratio, share_days, weigh_window
from governance.hazard.forecast import forecast_hazard
from governance.hazard.leakage import audit_leakage
from governance.hazard.shares import share_forecast
from governance.hazard.weekly import PastForecasts
from governance.work_calendar import WorkCalendar
from tests.tiny_hazard import Policy, daily, ring

FESTIVALS = list_festival_days(WorkCalendar(country="CN"))
AS_OF = date(2025, 1, 20)  # eight days before the festival of 2025
GRIDS = 30
DIP = 0.4


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """Half a report per grid and day from December 2023 on, two fifths of it in festival days."""
    rng = np.random.default_rng(8)
    days = [date(2023, 12, 1) + timedelta(days=number) for number in range(480)]
    rates = rng.gamma(1.0, 0.5, GRIDS)
    rows = [
        (grid, "a", day, int(count))
        for day in days
        for grid, count in enumerate(rng.poisson(rates * (DIP if day in FESTIVALS else 1.0)))
        if count
    ]
    return daily(rows)


def forecast(table: pa.Table, day: date = AS_OF, festival_days: frozenset[date] = FESTIVALS):
    return forecast_hazard(
        table, grids=GRIDS, neighbours=ring(GRIDS), as_of=day, policies={"a": Policy()}, festival_days=festival_days
    )


def test_the_days_are_those_of_the_official_calendar_and_only_of_its_country() -> None:
    year = sorted(day for day in FESTIVALS if day.year == 2025)
    assert (year[0], year[-1], len(year)) == (date(2025, 1, 28), date(2025, 2, 4), 8)
    assert date(2025, 1, 26) not in FESTIVALS  # a Sunday that was worked for it
    assert list_festival_days(WorkCalendar()) == frozenset()


def test_the_share_of_a_window_by_hand() -> None:
    assert share_days(FESTIVALS, date(2025, 1, 20), 28) == 8 / 28
    assert share_days(FESTIVALS, date(2025, 1, 4), 28) == 4 / 28
    assert share_days(FESTIVALS, date(2025, 2, 5), 28) == 0
    assert weigh_window(0.5, 8 / 28) == 1 - 4 / 28
    assert weigh_window(1.0, 0.3) == 1


def test_a_ratio_by_hand_drawn_towards_one_by_fifty_reports() -> None:
    """Ten reports a day, four in the two festival days: (2 · 4 + 50) / (2 · 10 + 50)."""
    end = date(2025, 3, 1)
    festival = {date(2025, 1, 30), date(2025, 1, 31)}
    days = [end - timedelta(days=age) for age in range(1, 101)]
    rows = [(0, "a", day, 4 if day in festival else 10) for day in days]
    blocks = sum_blocks(daily(rows), ("a", "b"), grids=1, as_of=end)
    assert measure_ratio(blocks, 0, festival) == pytest.approx(58 / 70)
    assert measure_ratio(blocks, 1, festival) == 1
    assert measure_ratio(blocks, 0, ()) == 1
    assert measure_ratio(blocks, 0, {end, end + timedelta(days=5), end - timedelta(days=101)}) == 1


def test_a_festival_at_the_very_start_says_nothing() -> None:
    end, first = date(2025, 3, 1), date(2025, 2, 10)
    rows = [(0, "a", first + timedelta(days=number), 1 if number < 3 else 50) for number in range(19)]
    blocks = sum_blocks(daily(rows), ("a",), grids=1, as_of=end)
    assert measure_ratio(blocks, 0, {first + timedelta(days=number) for number in range(3)}) == 1


def test_the_planted_dip_comes_back_and_the_level_is_right(table: pa.Table) -> None:
    ours, plain = forecast(table), forecast(table, festival_days=frozenset())
    (model,) = ours.models
    # 2024: some fifty reports in eight days instead of over a hundred, drawn towards 1 by fifty
    assert DIP < model["festival_ratio"] < 0.75
    assert model["festival_factor"] == pytest.approx(1 - 8 / 28 * (1 - model["festival_ratio"]))
    came = sum(row["reports"] for row in table.to_pylist() if AS_OF <= row["day"] < AS_OF + timedelta(days=28))
    said, before = (sum(which.tiers["expected_reports_28d"].to_pylist()) for which in (ours, plain))
    assert abs(said / came - 1) < abs(before / came - 1)
    assert ours.tiers["rank"] == plain.tiers["rank"]


def test_terms_and_shares_still_sum_to_the_forecast(table: pa.Table) -> None:
    told = forecast(table)
    expected = told.tiers["expected_reports_28d"].to_numpy()
    terms = told.reasons["contribution"].to_numpy().reshape(GRIDS, -1)
    assert terms.sum(axis=1) == pytest.approx(expected, abs=1e-9)
    shares = share_forecast(table, told.models[0], grid_no=7, scenarios=("a",), neighbours=ring(GRIDS), as_of=AS_OF)
    assert sum(shares["contribution"].to_pylist()) == pytest.approx(expected[7] - terms[7, -1], abs=1e-9)


def test_backtest_and_weekly_forecasts_know_the_festival_as_the_product_does(table: pa.Table) -> None:
    told = forecast(table).tiers["expected_reports_28d"].to_numpy()
    ground = Ground(table, ("a",), ring(GRIDS), np.ones(GRIDS), festival_days=FESTIVALS)
    judged = forecast_day(ground, [Additive(is_pooled=True)], AS_OF).expected["a", "additive"]
    assert judged == pytest.approx(told, rel=1e-9)
    plain = forecast_day(replace(ground, festival_days=frozenset()), [Additive(is_pooled=True)], AS_OF)
    assert plain.expected["a", "additive"].sum() > 1.05 * judged.sum()
    past = {days: PastForecasts(table, ring(GRIDS), ("a",), GRIDS, days) for days in (FESTIVALS, frozenset())}
    with_it, without = (next(made.score(AS_OF, back=(0,))).expected.sum() for made in past.values())
    assert with_it < 0.95 * without


def test_the_coming_festival_is_known_and_its_reports_are_not(table: pa.Table) -> None:
    ground = Ground(table, ("a",), ring(GRIDS), np.ones(GRIDS), festival_days=FESTIVALS)
    days = [AS_OF, date(2025, 1, 31), date(2025, 2, 10)]
    assert audit_leakage(ground, CHEAP, days, seed=4).days == 3


def test_without_the_days_nothing_changes(table: pa.Table) -> None:
    told, other = forecast(table, festival_days=frozenset()), forecast(table, date(2025, 1, 20), frozenset())
    assert told.tiers == other.tiers
    assert told.models[0]["festival_ratio"] == told.models[0]["festival_factor"] == 1
