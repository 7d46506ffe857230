"""Which past incidents carry a forecast, and incidents found by inspections kept apart from those reported."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from governance.errors import InputError
from governance.grids.neighbours import Neighbours
from governance.hazard.backtest import Ground, forecast_day
from governance.hazard.candidates import Additive
from governance.hazard.features import DISCOVERED_WEIGHT, build_features, sum_blocks
from governance.hazard.forecast import forecast_hazard
from governance.hazard.shares import share_forecast
from tests.tiny_hazard import AS_OF, Policy, daily, ring, simulate

SCENARIOS = ("a", "b", "c")


@pytest.fixture(scope="module")
def city() -> tuple[pa.Table, Neighbours]:
    tables = [
        simulate(seed=number, days=500)[0].set_column(
            1, "scenario", pa.array([name] * simulate(seed=number, days=500)[0].num_rows)
        )
        for number, name in enumerate(SCENARIOS)
    ]
    return pa.concat_tables(tables), ring(60)


def test_the_shares_and_the_base_sum_to_the_forecast_of_every_grid(city: tuple[pa.Table, Neighbours]) -> None:
    table, neighbours = city
    policies = {name: Policy() for name in SCENARIOS}
    forecast = forecast_hazard(table, grids=60, neighbours=neighbours, as_of=AS_OF, policies=policies)
    tiers = forecast.tiers.to_pandas().set_index(["scenario", "grid_no"])["expected_reports_28d"]
    reasons = forecast.reasons.to_pandas().set_index(["scenario", "grid_no", "feature"])["contribution"]
    for model in forecast.models:
        for grid in (0, 17, 59):
            shares = share_forecast(table, model, grid_no=grid, scenarios=SCENARIOS, neighbours=neighbours, as_of=AS_OF)
            name = model["scenario"]
            total = pc.sum(shares["contribution"]).as_py() + reasons[name, grid, "base"]
            assert total == pytest.approx(tiers[name, grid], abs=1e-7)
            listed = shares.to_pandas().groupby("feature")["contribution"].sum()
            own = sum(reasons[name, grid, feature] for feature in ("own_28d", "own_448d", "own_history"))
            assert listed.get("own", 0) == pytest.approx(own, abs=1e-7)
            assert listed.get("other", 0) == pytest.approx(reasons[name, grid, "other"], abs=1e-7)
            assert (shares["day"].to_numpy() < np.datetime64(AS_OF)).all()
            assert (np.diff(shares["contribution"].to_numpy()) <= 0).all()


def test_one_report_is_shared_out_by_hand() -> None:
    model = {
        "scenario": "a", "rates": {"own_28d": 0.0, "own_448d": 0.0, "own_history": 0.5, "near": 0.0, "far": 0.0},
        "other_rates": {}, "base": 0.1, "level_factor": 4.0, "festival_factor": 0.5, "fallback": None,
        "history_days": 56,
    }  # fmt: skip
    rows = daily([(0, "a", AS_OF - timedelta(days=56), 3), (1, "a", AS_OF - timedelta(days=9), 5), (0, "a", AS_OF, 7)])
    shares = share_forecast(rows, model, grid_no=0, scenarios=("a",), neighbours=ring(4), as_of=AS_OF)
    # 3 reports in 56 days are 1.5 per 28 days; half of it, doubled by the level.
    assert shares.to_pylist() == [
        {"feature": "own", "grid_no": 0, "scenario": "a", "day": date(2025, 5, 6), "incidents": 3, "contribution": 1.5}
    ]
    with pytest.raises(InputError, match="There is no grid 4; grids are 0 … 3"):
        share_forecast(rows, model, grid_no=4, scenarios=("a",), neighbours=ring(4), as_of=AS_OF)


def test_incidents_found_by_inspections_count_little_and_are_never_foretold() -> None:
    day = AS_OF - timedelta(days=40)
    reported = daily([(0, "a", day, 10), (1, "a", day, 0)])
    table = reported.append_column("discovered", pa.array([0, 10], pa.int32()))
    blocks = sum_blocks(table, ("a",), grids=2, as_of=AS_OF)
    assert blocks.counts.sum(axis=0)[0].tolist() == [10, 0]
    features = build_features(blocks, ring(2), origin=0)[0]
    assert features[1, :3] == pytest.approx(DISCOVERED_WEIGHT * features[0, :3])
    alike = build_features(sum_blocks(table, ("a",), grids=2, as_of=AS_OF, discovered_weight=1.0), ring(2), origin=0)[0]
    assert alike[1] == pytest.approx(alike[0])


def test_a_scenario_that_only_inspections_find_is_forecast_as_no_reports() -> None:
    rows = daily([(grid % 3, "a", AS_OF - timedelta(days=grid + 1), 0) for grid in range(300)])
    table = rows.append_column("discovered", pa.array([9] * 300, pa.int32()))
    told = forecast_hazard(table, grids=10, neighbours=ring(10), as_of=AS_OF, policies={"a": Policy()})
    assert told.models[0]["fallback"] == "pooled"
    assert told.tiers["expected_reports_28d"].to_pylist() == [0] * 10
    assert told.tiers["tier"].to_pylist() == ["green"] * 10
    ground = Ground(table, ("a",), ring(10), np.ones(10))
    candidates = [Additive(is_pooled=True)]
    assert [values.tolist() for values in forecast_day(ground, candidates, AS_OF).expected.values()] == [[0] * 10]


def test_a_pooled_forecast_sums_to_what_was_reported() -> None:
    # Grid 0: 3 reports in 200 days. Grid 1: 10 found by inspections, which weigh as 2 reports.
    rows = daily([(0, "a", AS_OF - timedelta(days=200), 3), (1, "a", AS_OF - timedelta(days=50), 0)])
    table = rows.append_column("discovered", pa.array([0, 10], pa.int32()))
    told = forecast_hazard(table, grids=4, neighbours=ring(4), as_of=AS_OF, policies={"a": Policy()})
    # Reports 3, 0, 0, 0: own share 2/3 (mean 3/4, variance 9/4). Weighted 3, 2, 0, 0: mean 5/4; times 3/5.
    weighted = np.array([3.0, 2.0, 0.0, 0.0])
    expected = (2 / 3 * weighted + 1 / 3 * 5 / 4) * 3 / 5 * 28 / 200
    assert told.tiers["expected_reports_28d"].to_numpy() == pytest.approx(expected)
    assert pc.sum(told.tiers["expected_reports_28d"]).as_py() == pytest.approx(3 * 28 / 200)


def test_uncountable_discoveries_are_told_like_uncountable_reports() -> None:
    table = daily([(0, "a", AS_OF - timedelta(days=4), 1)]).append_column("discovered", pa.array([-1], pa.int32()))
    with pytest.raises(InputError, match="1 daily rows have no countable discovered, such as -1"):
        sum_blocks(table, ("a",), grids=2, as_of=AS_OF)


def test_each_other_scenario_has_a_rate_of_its_own_and_their_sum_is_told() -> None:
    # Scenario b happens where a will; c happens elsewhere.
    rng = np.random.default_rng(2)
    rates = rng.gamma(0.3, 0.4, 200)
    rows = []
    for age in range(1, 400):
        for name, expected in (("a", rates * 0.4), ("b", rates * 0.5), ("c", rates[::-1] * 0.5)):
            counts = rng.poisson(expected)
            rows += [
                (int(grid), name, AS_OF - timedelta(days=age), int(counts[grid])) for grid in np.flatnonzero(counts)
            ]
    policies = {name: Policy() for name in SCENARIOS}
    forecast = forecast_hazard(daily(rows), grids=200, neighbours=ring(200), as_of=AS_OF, policies=policies)
    others = forecast.models[0]["other_rates"]
    assert isinstance(others, dict)
    assert others["b"] > 0.01
    assert others.get("c", 0) < 0.5 * others["b"]
    expected = forecast.tiers.filter(pc.equal(forecast.tiers["scenario"], "a"))["expected_reports_28d"].to_numpy()
    assert np.corrcoef(expected, rates)[0, 1] > 0.95
