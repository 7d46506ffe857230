"""Since when there is something to learn from: scenarios that began later, and strays from long before."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from governance.hazard.backtest import Ground, count_windows
from governance.hazard.features import build_features, sum_blocks
from governance.hazard.festivals import measure_ratio
from governance.hazard.forecast import forecast_hazard, list_origins
from governance.hazard.histories import measure_city, measure_scenarios
from governance.hazard.shares import share_forecast
from governance.hazard.weekly import PastForecasts
from tests.tiny_hazard import AS_OF, Policy, daily, islands, ring, simulate

GRIDS = 60
STRAY = daily([(5, "a", date(1991, 1, 1), 1)])


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


def measure(ages: list[int], *, city_days: int, ends: list[int]) -> list[int]:
    numbers = np.zeros(len(ages), dtype=np.int64)
    days = measure_scenarios(
        np.array(ages, dtype=np.int64), numbers, scenarios=1, city_days=city_days, ends=np.array(ends)
    )
    return days[:, 0].tolist()


def two_scenarios(*, begun_days_ago: int) -> pa.Table:
    """Ten reports a day of "a" since it began, one a day of "b" for 1,000 days; 60 grids take turns."""
    rows = [(age % GRIDS, "b", ago(age), 1) for age in range(1, 1001)]
    rows += [((age * 7 + k) % GRIDS, "a", ago(age), 1) for age in range(1, begun_days_ago + 1) for k in range(10)]
    return daily(rows)


def forecast_two(table: pa.Table) -> tuple[float, dict]:
    policies = {"a": Policy(), "b": Policy()}
    told = forecast_hazard(table, grids=GRIDS, neighbours=ring(GRIDS), as_of=AS_OF, policies=policies)
    ours = told.tiers.filter(pc.equal(told.tiers["scenario"], "a"))
    return pc.sum(ours["expected_reports_28d"]).as_py(), told.models[0]


@pytest.mark.parametrize(
    ("ages", "days"),
    [([], 0), ([0, -3], 0), ([9], 9), ([1, 366], 366), ([1, 367], 1), ([3, 400, 9000], 3), ([500, 700], 700)],
    ids=["none", "future", "one", "a year apart", "more than a year apart", "two gaps", "silent since"],
)
def test_the_citys_history_by_hand(ages: list[int], days: int) -> None:
    assert measure_city(np.array(ages, dtype=np.int64)) == days


def test_a_scenarios_history_by_hand() -> None:
    # Forty days of a thousand: (40 / 1000) ** 40 is no chance. At 28 days before, twelve are left, counted as 28.
    assert measure(list(range(1, 41)), city_days=1000, ends=[0, 7, 28, 56]) == [40, 33, 28, 944]
    # (28 / 1000) ** 1 is 0.028, may be chance; (28 / 1000) ** 2 is 0.00078, is none.
    assert measure([1], city_days=1000, ends=[0]) == [1000]
    assert measure([1, 2], city_days=1000, ends=[0]) == [28]
    # Rows on 900 of 1,000 days, the last 900: none. Three of them, (900 / 1000) ** 3 = 0.73: chance.
    assert measure(list(range(1, 901)), city_days=1000, ends=[0]) == [900]
    assert measure([1, 450, 900], city_days=1000, ends=[0]) == [1000]
    # A young city has no 28 days to give.
    assert measure([1, 2, 3], city_days=10, ends=[0]) == [10]
    # Twenty rows after a gap of two years begin anew; a single one after it does not.
    assert measure([*range(1, 21), 800], city_days=1000, ends=[0]) == [28]
    assert measure([1, 800], city_days=1000, ends=[0]) == [1000]
    assert measure([], city_days=1000, ends=[0, 28]) == [1000, 972]


@pytest.mark.parametrize("begun", [28, 30, 40, 56, 70, 84, 112, 280])
def test_a_scenario_of_280_reports_per_28_days_is_forecast_so_whenever_it_began(begun: int) -> None:
    expected, model = forecast_two(two_scenarios(begun_days_ago=begun))
    assert expected == pytest.approx(280, rel=0.02)
    assert (model["history_days"], model["other_history_days"]) == (begun, {"b": 1000})
    assert model["fallback"] == ("pooled" if begun < 56 else None)


def test_a_scenario_learns_from_windows_of_its_own_history_only() -> None:
    blocks = sum_blocks(two_scenarios(begun_days_ago=112), ("a", "b"), grids=GRIDS, as_of=AS_OF)
    assert list_origins(blocks, 0) == [1, 2]
    assert list_origins(blocks, 1) == list_origins(blocks) == list(range(1, 13))
    _, model = forecast_two(two_scenarios(begun_days_ago=112))
    assert model["origins"] == [ago(28).isoformat(), ago(56).isoformat()]


def test_each_scenario_is_divided_by_its_own_days() -> None:
    # Two reports a day in grid 0 for 40 days, of 1,000 of the city.
    table = daily([(0, "a", ago(age), 2) for age in range(1, 41)] + [(1, "b", ago(age), 1) for age in range(1, 1001)])
    blocks = sum_blocks(table, ("a", "b"), grids=2, as_of=AS_OF)
    features = build_features(blocks, islands(2), origin=0)
    assert features[0, 0, :3] == pytest.approx([56, 56, 56])
    assert features[1, 1, :3] == pytest.approx([28, 28, 28])
    assert features[1, 0, 5] == pytest.approx(56)  # what "a" adds to "b"
    ground = Ground(table, ("a", "b"), islands(2), np.ones(2))
    assert count_windows(ground, blocks)[:, 0, 0] == pytest.approx([56, 56, 56, 56])
    assert count_windows(ground, blocks)[:, 1, 1] == pytest.approx([28, 28, 28, 28])


@pytest.mark.parametrize("days", [40, 400])
def test_a_stray_report_of_1991_changes_nothing(days: int) -> None:
    table, _ = simulate(days=days)
    before, after = (
        forecast_hazard(rows, grids=GRIDS, neighbours=ring(GRIDS), as_of=AS_OF, policies={"a": Policy()})
        for rows in (table, pa.concat_tables([STRAY, table]))
    )
    assert before == after


def test_a_stray_of_another_scenario_changes_nothing_and_in_its_own_it_is_left_out() -> None:
    table = two_scenarios(begun_days_ago=500)
    other = daily([(5, "b", date(1991, 1, 1), 1), (5, "unknown", date(1987, 1, 1), 1)])
    assert forecast_two(table) == forecast_two(pa.concat_tables([table, other]))
    # Within the city's history: "a" once 900 days ago, then nothing for 400 days.
    within = pa.concat_tables([table, daily([(5, "a", ago(900), 1)])])
    assert forecast_two(table) == forecast_two(within)


def test_where_scenarios_start_together_all_have_the_citys_days() -> None:
    tables = [simulate(seed=seed, days=500)[0] for seed in (1, 2)]
    named = [
        table.set_column(1, "scenario", pa.array([name] * len(table))) for table, name in zip(tables, "ab", strict=True)
    ]
    first = daily([(0, name, ago(500), 1) for name in "ab"])
    table = pa.concat_tables([*named, first])
    blocks = sum_blocks(table, ("a", "b"), grids=GRIDS, as_of=AS_OF)
    city = [500 - 28 * origin for origin in range(13)]
    assert blocks.history_days == 500
    assert blocks.scenario_days.tolist() == [[days, days] for days in city]
    assert all(list_origins(blocks, place) == list_origins(blocks) for place in (0, 1))
    # As one scenario's history was always counted: all reports over all days.
    history = build_features(blocks, ring(GRIDS), origin=3)[:, :, 2]
    assert np.array_equal(history, blocks.weighted[3:].sum(axis=0) / (500 - 84) * 28)


def test_one_report_of_a_rare_scenario_yesterday_promises_next_to_nothing() -> None:
    rows = [(age % GRIDS, "b", ago(age), 1) for age in range(1, 1001)]
    expected, model = forecast_two(daily([*rows, (7, "a", ago(1), 1)]))
    assert expected == pytest.approx(28 / 1000)
    assert model["history_days"] == 1000


def test_a_monday_looked_back_at_says_of_a_young_scenario_what_it_said() -> None:
    table, names, end = two_scenarios(begun_days_ago=100), ("a", "b"), date(2025, 6, 30)
    past = PastForecasts(table, ring(GRIDS), names, GRIDS)
    for weeks in (1, 6, 12):
        (seen,) = past.score(end, back=(weeks,))
        (alone,) = past.score(end - timedelta(days=7 * weeks), back=(0,))
        assert np.allclose(seen.expected, alone.expected, rtol=1e-6, atol=1e-9)


def test_the_shares_of_a_young_scenario_sum_to_its_forecast() -> None:
    table = pa.concat_tables([two_scenarios(begun_days_ago=100), daily([(5, "a", ago(900), 1)])])
    policies = {"a": Policy(), "b": Policy()}
    told = forecast_hazard(table, grids=GRIDS, neighbours=ring(GRIDS), as_of=AS_OF, policies=policies)
    expected = told.tiers.to_pandas().set_index(["scenario", "grid_no"])["expected_reports_28d"]
    base = told.reasons.to_pandas().set_index(["scenario", "grid_no", "feature"])["contribution"]
    for model in told.models:
        name = model["scenario"]
        shares = share_forecast(
            table, model, grid_no=5, scenarios=("a", "b"), neighbours=ring(GRIDS), as_of=AS_OF
        ).to_pandas()
        total = shares["contribution"].sum() + base[name, 5, "base"]
        assert total == pytest.approx(expected[name, 5], rel=1e-6)
        assert (shares.loc[shares["scenario"] == "a", "day"] >= ago(100)).all()


def test_a_festival_is_held_against_days_of_the_scenario_only() -> None:
    """Ten reports a day since the scenario began, one day before a festival of two days; thirty days after it."""
    table = daily([(0, "b", ago(age), 1) for age in range(1, 1001)] + [(0, "a", ago(age), 10) for age in range(1, 34)])
    blocks = sum_blocks(table, ("a", "b"), grids=1, as_of=AS_OF)
    # Days that the scenario did not have would make its usual day less, and the ratio more than 1.
    assert measure_ratio(blocks, 0, {ago(32), ago(31)}) == 1
