"""The hazard room: features as of a date, an additive model, a forecast that explains itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.grids.neighbours import Neighbours
from governance.hazard.features import build_features, sum_blocks
from governance.hazard.forecast import forecast_hazard
from governance.hazard.model import explain, fit_rates

AS_OF = date(2025, 7, 1)
NO_NEIGHBOURS = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True)
class Policy:
    red_share: float = 0.05
    yellow_share: float = 0.15
    floor_expected_reports_28d: float = 0.05


def islands(grids: int) -> Neighbours:
    alone = np.zeros(grids + 1, dtype=np.int32)
    return Neighbours(alone, NO_NEIGHBOURS, alone, NO_NEIGHBOURS)


def ring(grids: int) -> Neighbours:
    """Every grid touches the one before and the one behind it."""
    places = np.arange(grids)
    indices = np.sort(np.stack([(places - 1) % grids, (places + 1) % grids], axis=1), axis=1).ravel()
    indptr = np.arange(0, 2 * grids + 1, 2)
    near = indptr.astype(np.int32), indices.astype(np.int32)
    return Neighbours(*near, *near)


def daily(rows: list[tuple[int, str, date, int]]) -> pa.Table:
    grid_no, scenario, day, reports = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pa.table(
        {
            "grid_no": pa.array(grid_no, pa.int32()),
            "scenario": pa.array(scenario, pa.string()),
            "day": pa.array(day, pa.date32()),
            "reports": pa.array(reports, pa.int32()),
        }
    )


def simulate(*, grids: int = 60, days: int = 400, seed: int = 3) -> tuple[pa.Table, np.ndarray]:
    rng = np.random.default_rng(seed)
    rates = rng.gamma(0.5, 0.1, grids)
    counts = rng.poisson(rates[:, None], (grids, days))
    grid, age = np.nonzero(counts)
    rows = [
        (int(g), "a", AS_OF - timedelta(days=int(a) + 1), int(counts[g, a])) for g, a in zip(grid, age, strict=True)
    ]
    return daily(rows), rates


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
    assert features[1].sum() == pytest.approx(features[1, 0, 5])


def test_features_of_a_past_origin_see_only_what_was_before_it() -> None:
    table, _ = simulate()
    past = AS_OF - timedelta(days=3 * 28)
    seen = sum_blocks(table, ("a",), grids=60, as_of=AS_OF)
    alone = sum_blocks(table, ("a",), grids=60, as_of=past)
    ours = build_features(seen, ring(60), origin=3)
    assert np.allclose(ours, build_features(alone, ring(60), origin=0), rtol=1e-12)


def test_changing_the_future_changes_nothing() -> None:
    table, _ = simulate()
    future = daily([(5, "a", AS_OF + timedelta(days=d), 50) for d in range(40)])
    policies = {"a": Policy()}
    before = forecast_hazard(table, grids=60, neighbours=ring(60), as_of=AS_OF, policies=policies)
    after = forecast_hazard(
        pa.concat_tables([table, future]), grids=60, neighbours=ring(60), as_of=AS_OF, policies=policies
    )
    assert before.tiers.equals(after.tiers)
    assert before.reasons.equals(after.reasons)


def test_the_order_of_rows_decides_nothing() -> None:
    table, _ = simulate()
    shuffled = table.take(np.random.default_rng(1).permutation(table.num_rows))
    policies = {"a": Policy()}
    one = forecast_hazard(table, grids=60, neighbours=ring(60), as_of=AS_OF, policies=policies)
    other = forecast_hazard(shuffled, grids=60, neighbours=ring(60), as_of=AS_OF, policies=policies)
    # Sums of floating point numbers differ in the last digit with their order.
    expected = [forecast.tiers["expected_reports_28d"].to_numpy() for forecast in (one, other)]
    assert np.allclose(*expected, rtol=1e-9)
    assert one.tiers["tier"].equals(other.tiers["tier"])


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
def test_one_more_past_report_never_lowers_a_grid(grid: int, age: int) -> None:
    table, _ = simulate()
    blocks = sum_blocks(table, ("a",), grids=60, as_of=AS_OF)
    features = build_features(blocks, ring(60), origin=0)[0]
    targets = blocks.counts[0, 0]
    rates = fit_rates(build_features(blocks, ring(60), origin=1)[0], targets, history_feature=2)
    more = pa.concat_tables([table, daily([(grid, "a", AS_OF - timedelta(days=age), 1)])])
    raised = build_features(sum_blocks(more, ("a",), grids=60, as_of=AS_OF), ring(60), origin=0)[0]
    assert (explain(rates, raised).sum(axis=1) >= explain(rates, features).sum(axis=1) - 1e-12).all()


def test_known_rates_come_back_better_than_from_last_months_counts() -> None:
    table, rates = simulate(grids=400, days=730, seed=11)
    forecast = forecast_hazard(table, grids=400, neighbours=islands(400), as_of=AS_OF, policies={"a": Policy()})
    expected = forecast.tiers["expected_reports_28d"].to_numpy()
    blocks = sum_blocks(table, ("a",), grids=400, as_of=AS_OF)
    last_month = blocks.counts[0, 0]
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


def test_too_few_reports_to_learn_from_fall_back_to_the_whole_history() -> None:
    rows = [(0, "a", AS_OF - timedelta(days=d), 1) for d in (10, 100, 200)]
    forecast = forecast_hazard(daily(rows), grids=4, neighbours=islands(4), as_of=AS_OF, policies={"a": Policy()})
    assert forecast.models[0]["fallback"] == "history"
    assert forecast.tiers["expected_reports_28d"].to_numpy()[0] == pytest.approx(3 / 200 * 28)
