"""The hazard room: features as of a date, an additive model, a forecast that explains itself."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.errors import ConfigError, InputError
from governance.grids.neighbours import Neighbours
from governance.hazard.features import build_features, sum_blocks
from governance.hazard.forecast import forecast_hazard, list_origins
from governance.hazard.model import explain, fit_rates
from tests.tiny_hazard import AS_OF, Policy, daily, islands, ring, simulate


def test_features_by_hand() -> None:
    rows = [(0, "a", AS_OF - timedelta(days=28), 4), (0, "a", AS_OF - timedelta(days=56), 2), (1, "b", AS_OF, 9)]
    blocks = sum_blocks(daily(rows), ("a", "b"), grids=2, as_of=AS_OF)
    assert blocks.history_days == 56
    assert blocks.counts[:, 0, 0].tolist() == [4, 2]
    features = build_features(blocks, islands(2), origin=0)
    ages = np.arange(1, 57)
    weight_28 = (0.5 ** (ages / 28)).sum()
    assert features[0, 0, 0] == pytest.approx((4 * 0.5 + 2 * 0.25) / weight_28 * 28)
    assert features[0, 0, 2] == pytest.approx(6 / 56 * 28)
    # The report on the forecast's own day was not known yet.
    assert features[1, :, :6].sum() == pytest.approx(features[1, 0, 5])
    assert features[1, 0, 6:].tolist() == [pytest.approx(features[1, 0, 5]), 0]


def test_neighbours_and_other_scenarios_by_hand() -> None:
    # Grids 0 - 1 - 2 in a row, 3 an island; far: 0 and 2 too.
    near = np.array([0, 1, 3, 4, 4], dtype=np.int32), np.array([1, 0, 2, 1], dtype=np.int32)
    far = np.array([0, 2, 4, 6, 6], dtype=np.int32), np.array([1, 2, 0, 2, 0, 1], dtype=np.int32)
    day = AS_OF - timedelta(days=1)  # one day of history: every rate is 28 times the day's reports
    rows = [(0, "a", day, 2), (1, "a", day, 1), (3, "a", day, 5), (1, "b", day, 3), (1, "c", day, 4)]
    blocks = sum_blocks(daily(rows), ("a", "b", "c"), grids=4, as_of=AS_OF)
    features = build_features(blocks, Neighbours(*near, *far), origin=0) / 28
    own, near_mean, far_mean, other = (features[0, :, place] for place in (1, 3, 4, 5))
    assert own.tolist() == pytest.approx([2, 1, 0, 5])
    assert near_mean.tolist() == pytest.approx([1, 1, 1, 0])
    assert far_mean.tolist() == pytest.approx([0.5, 1, 1.5, 0])
    assert other.tolist() == pytest.approx([0, 7, 0, 0])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 366), st.integers(0, 9)), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_decayed_rates_equal_those_summed_report_by_report(reports: list[tuple[int, int, int]]) -> None:
    rows = [(grid, "a", AS_OF - timedelta(days=age), count) for grid, age, count in reports]
    blocks = sum_blocks(daily(rows), ("a",), grids=3, as_of=AS_OF)
    first = max(age for _, age, _ in reports)
    for origin in range(0, len(blocks.counts), 5):
        features = build_features(blocks, islands(3), origin=origin)[0]
        days = max(first - origin * 28, 1)
        for place, half_life in enumerate((28, 448)):
            expected = np.zeros(3)
            for grid, age, count in reports:
                expected[grid] += count * 0.5 ** ((age - origin * 28) / half_life) * (age > origin * 28)
            expected *= 28 / (0.5 ** (np.arange(1, days + 1) / half_life)).sum()
            assert features[:, place] == pytest.approx(expected, rel=1e-6, abs=1e-5)


def test_a_stray_report_of_thirty_years_ago_makes_no_more_blocks() -> None:
    table, _ = simulate()
    stray = pa.concat_tables([table, daily([(0, "a", date(1995, 1, 1), 1)])])
    blocks = sum_blocks(stray, ("a",), grids=60, as_of=AS_OF)
    assert len(blocks.counts) == 13
    assert blocks.counts.sum() == pc.sum(table["reports"]).as_py()
    assert blocks.history_days == 400
    assert blocks.scenario_days[:, 0].tolist() == [400 - 28 * origin for origin in range(13)]


def test_features_of_a_past_origin_see_only_what_was_before_it() -> None:
    table, _ = simulate()
    past = AS_OF - timedelta(days=3 * 28)
    seen = sum_blocks(table, ("a",), grids=60, as_of=AS_OF)
    alone = sum_blocks(table, ("a",), grids=60, as_of=past)
    ours = build_features(seen, ring(60), origin=3)
    assert np.allclose(ours, build_features(alone, ring(60), origin=0), atol=1e-6)


def test_changing_the_future_changes_nothing() -> None:
    table, _ = simulate()
    before = forecast_hazard(table, grids=60, neighbours=ring(60), as_of=AS_OF, policies={"a": Policy()})
    for future in (
        [(5, "a", AS_OF + timedelta(days=d), 50) for d in range(40)],
        [(5, "a", AS_OF, 1), (6, "a", AS_OF + timedelta(days=4000), 1)],
        [(99_999, "a", AS_OF, -3), (-1, "unknown", AS_OF, 7)],  # not even looked at
    ):
        both = pa.concat_tables([daily(future), table])
        after = forecast_hazard(both, grids=60, neighbours=ring(60), as_of=AS_OF, policies={"a": Policy()})
        assert before == after


@pytest.mark.parametrize("weight", [1.0, 1.7], ids=["counts", "weighted"])
def test_the_order_of_rows_decides_nothing(weight: float) -> None:
    table, _ = simulate()
    table = table.set_column(3, "reports", pc.multiply(pc.cast(table["reports"], pa.float64()), weight))
    before = forecast_hazard(table, grids=60, neighbours=ring(60), as_of=AS_OF, policies={"a": Policy()})
    for seed in range(3):
        shuffled = table.take(np.random.default_rng(seed).permutation(table.num_rows))
        after = forecast_hazard(shuffled, grids=60, neighbours=ring(60), as_of=AS_OF, policies={"a": Policy()})
        assert before == after


def test_numbering_the_grids_otherwise_only_renumbers_the_forecast() -> None:
    table, _ = simulate()
    numbers = np.random.default_rng(7).permutation(60).astype(np.int32)  # old number -> new number
    renumbered = table.set_column(0, "grid_no", pa.array(numbers[table["grid_no"].to_numpy()]))
    indices = [sorted(numbers[[(old - 1) % 60, (old + 1) % 60]].tolist()) for old in np.argsort(numbers)]
    csr = np.arange(0, 121, 2, dtype=np.int32), np.array(indices, dtype=np.int32).ravel()
    one = forecast_hazard(table, grids=60, neighbours=ring(60), as_of=AS_OF, policies={"a": Policy()})
    other = forecast_hazard(
        renumbered, grids=60, neighbours=Neighbours(*csr, *csr), as_of=AS_OF, policies={"a": Policy()}
    )
    expected = one.tiers["expected_reports_28d"].to_numpy()
    assert other.tiers["expected_reports_28d"].to_numpy()[numbers] == pytest.approx(expected, rel=1e-9)


def test_text_or_dictionary_counts_or_weights_mean_the_same() -> None:
    table, _ = simulate()
    other = table.set_column(1, "scenario", table["scenario"].dictionary_encode())
    other = other.set_column(3, "reports", pc.cast(other["reports"], pa.float32()))
    one, two = (
        forecast_hazard(rows, grids=60, neighbours=ring(60), as_of=AS_OF, policies={"a": Policy()})
        for rows in (table, other)
    )
    assert one == two


def test_rows_without_a_policy_are_left_out_but_begin_the_history() -> None:
    rows = [(0, "a", AS_OF - timedelta(days=10), 3)]
    unknown = [(0, "unknown", AS_OF - timedelta(days=40), 9), (1, None, AS_OF - timedelta(days=20), 9)]
    blocks = sum_blocks(daily(rows + unknown), ("a",), grids=2, as_of=AS_OF)
    assert blocks.history_days == 40
    assert blocks.counts.sum() == 3


def test_rows_that_cannot_be_counted_are_told_all_at_once() -> None:
    day = AS_OF - timedelta(days=3)
    rows = daily([(4, "a", day, 1), (-1, "a", day, 1), (0, "a", day, -2)])
    with pytest.raises(InputError, match=r"2 daily rows lie in no grid of 0 … 3.*1 daily rows have no countable"):
        sum_blocks(rows, ("a",), grids=4, as_of=AS_OF)
    nameless = pa.table({"grid_no": pa.array([None], pa.int32()), "scenario": ["a"], "day": [day], "reports": [1]})
    with pytest.raises(InputError, match="1 daily rows lie in no grid"):
        sum_blocks(nameless, ("a",), grids=4, as_of=AS_OF)
    undated = pa.table({"grid_no": [0], "scenario": ["a"], "day": pa.array([None], pa.date32()), "reports": [1]})
    with pytest.raises(InputError, match="1 of 1 daily rows have no day"):
        sum_blocks(undated, ("a",), grids=4, as_of=AS_OF)


def test_a_city_without_scenarios_has_empty_tables_with_all_columns() -> None:
    forecast = forecast_hazard(daily([]), grids=4, neighbours=ring(4), as_of=AS_OF, policies={})
    assert forecast.tiers.column_names == [
        "grid_no",
        "scenario",
        "expected_reports_28d",
        "p_any_28d",
        "mean_severity",
        "expected_severity_28d",
        "rank",
        "tier",
    ]
    assert forecast.reasons.column_names == ["grid_no", "scenario", "feature", "value", "contribution"]
    assert (forecast.tiers.num_rows, forecast.reasons.num_rows, forecast.models) == (0, 0, [])


def test_a_horizon_of_a_week_still_gives_rates_per_28_days() -> None:
    table, rates = simulate(grids=200, days=500, seed=4)
    month, week = (
        forecast_hazard(
            table, grids=200, neighbours=ring(200), as_of=AS_OF, policies={"a": Policy()}, horizon_days=days
        )
        for days in (28, 7)
    )
    for forecast in (month, week):
        assert pc.sum(forecast.tiers["expected_reports_28d"]).as_py() == pytest.approx(28 * rates.sum(), rel=0.1)
    assert week.models[0]["origins"][:2] == ["2025-06-24", "2025-06-17"]
    with pytest.raises(ConfigError, match="The horizon is 0 days"):
        forecast_hazard(daily([]), grids=4, neighbours=ring(4), as_of=AS_OF, policies={}, horizon_days=0)


def test_the_chance_of_any_report_is_that_of_a_poisson_count() -> None:
    table, _ = simulate()
    tiers = forecast_hazard(table, grids=60, neighbours=ring(60), as_of=AS_OF, policies={"a": Policy()}).tiers
    expected = tiers["expected_reports_28d"].to_numpy()
    assert tiers["p_any_28d"].to_numpy() == pytest.approx(1 - np.exp(-expected))


def test_reasons_sum_to_the_forecast_and_no_grid_is_lost() -> None:
    table, _ = simulate()
    forecast = forecast_hazard(
        table, grids=60, neighbours=ring(60), as_of=AS_OF, policies={"a": Policy(), "silent": Policy()}
    )
    tiers, reasons = forecast.tiers.to_pandas(), forecast.reasons.to_pandas()
    assert tiers.groupby("scenario").size().to_dict() == {"a": 60, "silent": 60}
    summed = reasons.groupby(["scenario", "grid_no"])["contribution"].sum()
    told = tiers.set_index(["scenario", "grid_no"])["expected_reports_28d"]
    assert np.allclose(summed.sort_index(), told.sort_index(), atol=1e-9)
    assert (reasons["contribution"] >= 0).all()
    silent = tiers[tiers["scenario"] == "silent"]
    assert (silent["tier"] == "green").all()
    assert silent["expected_reports_28d"].sum() == 0


@given(st.integers(0, 59), st.integers(1, 390))
@settings(max_examples=20, deadline=None)
def test_one_more_past_report_never_lowers_a_grid_with_the_rates_held_fixed(grid: int, age: int) -> None:
    table, _ = simulate()
    blocks = sum_blocks(table, ("a",), grids=60, as_of=AS_OF)
    features = build_features(blocks, ring(60), origin=0)[0]
    targets = blocks.counts[0, 0]
    rates = fit_rates(build_features(blocks, ring(60), origin=1)[0], targets)
    more = pa.concat_tables([table, daily([(grid, "a", AS_OF - timedelta(days=age), 1)])])
    raised = build_features(sum_blocks(more, ("a",), grids=60, as_of=AS_OF), ring(60), origin=0)[0]
    assert (explain(rates, raised).sum(axis=1) >= explain(rates, features).sum(axis=1) - 1e-12).all()


def test_one_more_past_report_and_a_refit_lower_others_a_little() -> None:
    """What the documents say beside it, so that nobody takes the property above for one of the whole forecast."""
    table, _ = simulate()
    before, after = (
        forecast_hazard(rows, grids=60, neighbours=ring(60), as_of=AS_OF, policies={"a": Policy()}).tiers
        for rows in (table, pa.concat_tables([table, daily([(7, "a", AS_OF - timedelta(days=100), 1)])]))
    )
    one, two = (tiers["expected_reports_28d"].to_numpy() for tiers in (before, after))
    assert two[7] > one[7]
    assert (two < one).any()
    assert (two > 0.9 * one).all()


def test_known_rates_come_back_better_than_from_last_months_counts() -> None:
    table, rates = simulate(grids=400, days=730, seed=11)
    forecast = forecast_hazard(table, grids=400, neighbours=islands(400), as_of=AS_OF, policies={"a": Policy()})
    expected = forecast.tiers["expected_reports_28d"].to_numpy()
    blocks = sum_blocks(table, ("a",), grids=400, as_of=AS_OF)
    last_month = blocks.counts[0, 0]
    worst = [rates[np.argsort(-by, kind="stable")[:20]].sum() for by in (expected, last_month, rates)]
    assert worst[0] > worst[1]
    assert worst[0] > 0.97 * worst[2]
    assert np.corrcoef(expected, rates)[0, 1] > np.corrcoef(last_month, rates)[0, 1] + 0.02
    assert expected.sum() == pytest.approx(28 * rates.sum(), rel=0.1)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(0, "a", AS_OF - timedelta(days=1), 1)],
        [(0, "a", AS_OF - timedelta(days=700), 1)],
        [(2, "a", AS_OF - timedelta(days=d), 40) for d in range(1, 300)],
        [(g, "a", AS_OF - timedelta(days=1), 1) for g in range(4)],
    ],
    ids=["nothing", "one yesterday", "one long ago", "all in one grid", "a single day"],
)
def test_odd_histories_give_finite_forecasts_for_every_grid(rows: list[tuple[int, str, date, int]]) -> None:
    forecast = forecast_hazard(daily(rows), grids=4, neighbours=ring(4), as_of=AS_OF, policies={"a": Policy()})
    expected = forecast.tiers["expected_reports_28d"].to_numpy()
    assert len(expected) == 4
    assert np.isfinite(expected).all()
    assert (expected >= 0).all()
    assert ((forecast.tiers["p_any_28d"].to_numpy() >= 0) & (forecast.tiers["p_any_28d"].to_numpy() <= 1)).all()


def test_too_few_reports_to_learn_from_are_pooled_over_the_grids() -> None:
    rows = [(0, "a", AS_OF - timedelta(days=d), 1) for d in (10, 100, 200)]
    forecast = forecast_hazard(daily(rows), grids=4, neighbours=islands(4), as_of=AS_OF, policies={"a": Policy()})
    assert forecast.models[0]["fallback"] == "pooled"
    assert forecast.models[0]["origins"] == []
    # Counts 3, 0, 0, 0: mean 3/4, variance 9/4, so a grid's own history counts for 1 - 1/3.
    per_28d = 28 / 200
    expected = [(3 * 2 / 3 + 1 / 4) * per_28d, *[1 / 4 * per_28d] * 3]
    assert forecast.tiers["expected_reports_28d"].to_numpy() == pytest.approx(expected)
    reasons = forecast.reasons.to_pandas().query("grid_no == 0").set_index("feature")["contribution"]
    assert reasons[reasons > 0].to_dict() == pytest.approx({"own_history": 2 * per_28d, "base": per_28d / 4})


def test_one_report_on_the_only_day_promises_no_report_a_day_and_still_ranks_first() -> None:
    rows = [(2, "a", AS_OF - timedelta(days=1), 1)]
    forecast = forecast_hazard(daily(rows), grids=4, neighbours=islands(4), as_of=AS_OF, policies={"a": Policy()})
    # A mean of 1/4 and a variance of 1/4, as by chance: own history counts for a tenth only.
    expected = 28 * np.array([0.9 / 4, 0.9 / 4, 0.9 / 4 + 0.1, 0.9 / 4])
    assert forecast.tiers["expected_reports_28d"].to_numpy() == pytest.approx(expected)
    assert forecast.tiers["rank"].to_pylist() == [2, 3, 1, 4]


@pytest.mark.parametrize(("days", "origins"), [(55, 0), (56, 1), (83, 1), (84, 1), (112, 2), (500, 12)])
def test_a_young_city_learns_from_its_last_block(days: int, origins: int) -> None:
    rows = [(0, "a", AS_OF - timedelta(days=days), 1)]
    assert list_origins(sum_blocks(daily(rows), ("a",), grids=1, as_of=AS_OF)) == list(range(1, origins + 1))


def test_days_without_any_row_are_days_without_reports() -> None:
    table, _ = simulate()
    zeros = daily([(grid, "a", AS_OF - timedelta(days=age), 0) for grid in range(60) for age in range(1, 300, 7)])
    gaps = forecast_hazard(table, grids=60, neighbours=ring(60), as_of=AS_OF, policies={"a": Policy()})
    filled = forecast_hazard(
        pa.concat_tables([table, zeros]), grids=60, neighbours=ring(60), as_of=AS_OF, policies={"a": Policy()}
    )
    assert gaps == filled


def test_shifting_all_dates_alike_changes_nothing() -> None:
    table, _ = simulate()
    later = pc.cast(pc.add(pc.cast(table["day"], pa.int32()), pa.scalar(1234, pa.int32())), pa.date32())
    moved = table.set_column(2, "day", later)
    one = forecast_hazard(table, grids=60, neighbours=ring(60), as_of=AS_OF, policies={"a": Policy()})
    two = forecast_hazard(
        moved, grids=60, neighbours=ring(60), as_of=AS_OF + timedelta(days=1234), policies={"a": Policy()}
    )
    assert one.tiers == two.tiers
    assert one.reasons == two.reasons


def test_a_scenario_with_one_incident_and_one_with_none_stand_beside_a_busy_one() -> None:
    table, _ = simulate()
    both = pa.concat_tables([table, daily([(7, "b", AS_OF - timedelta(days=30), 1)])])
    policies = {"a": Policy(), "b": Policy(), "c": Policy()}
    forecast = forecast_hazard(both, grids=60, neighbours=ring(60), as_of=AS_OF, policies=policies)
    tiers = forecast.tiers.to_pandas().set_index(["scenario", "grid_no"])
    assert len(tiers) == 3 * 60
    assert tiers.loc["b"]["rank"].idxmin() == 7
    assert (tiers.loc["c"]["expected_reports_28d"] == 0).all()
    assert (tiers.loc["c"]["tier"] == "green").all()
    reasons = forecast.reasons.to_pandas().groupby(["scenario", "grid_no"])["contribution"].sum()
    assert np.abs(reasons - tiers["expected_reports_28d"]).max() < 1e-9
