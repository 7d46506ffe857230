"""The backtest: rolling origins, figures with intervals, a choice by validation, the leakage audit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from governance.errors import CheckFailed, InputError
from governance.hazard import leakage
from governance.hazard.backtest import Forecasts, Ground, forecast_day, list_days, run_backtest
from governance.hazard.candidates import BASELINES, CANDIDATES, CHEAP, Additive, Counts
from governance.hazard.features import count_reports
from governance.hazard.forecast import forecast_hazard
from governance.hazard.leakage import audit_leakage
from governance.hazard.metrics import ALL, DEVIANCE_RATIO, RATIO, measure_deviance
from governance.hazard.summary import choose_model, list_rare, summarise
from tests.tiny_hazard import AS_OF, Policy, daily, ring, simulate

END = AS_OF + timedelta(days=3 * 28)


@pytest.fixture(scope="module")
def ground() -> Ground:
    table, _ = simulate(grids=80, days=700, seed=5)
    late = pc.add(pc.cast(table["day"], pa.int32()), 84)  # the reports end where the backtest does
    table = table.set_column(2, "day", pc.cast(pc.cast(late, pa.int32()), pa.date32()))
    return Ground(table, ("a",), ring(80), np.linspace(0.5, 2, 80))


@pytest.fixture(scope="module")
def outcomes(ground: Ground) -> pa.Table:
    first = pc.min(ground.daily["day"]).as_py()
    days = {horizon: list_days(first, END, horizon_days=horizon, periods=5) for horizon in (7, 28)}
    return run_backtest(ground, CHEAP, days=days, progress=lambda _: None)


def test_origins_are_the_windows_before_the_end() -> None:
    first = date(2024, 1, 1)
    days = list_days(first, END, horizon_days=28, periods=3)
    assert days == [END - timedelta(days=number) for number in (84, 56, 28)]
    assert list_days(first, END, horizon_days=7, periods=1, skip=2) == [END - timedelta(days=21)]
    young = END - timedelta(days=150)
    assert list_days(young, END, horizon_days=28, periods=13) == [END - timedelta(days=days) for days in (56, 28)]
    with pytest.raises(InputError, match="too short to look back"):
        list_days(END - timedelta(days=100), END, horizon_days=28, periods=13)


def test_the_judged_forecast_is_the_one_that_the_product_makes(ground: Ground) -> None:
    forecast = forecast_hazard(
        ground.daily, grids=80, neighbours=ground.neighbours, as_of=AS_OF, policies={"a": Policy()}
    )
    judged = forecast_day(ground, [Additive(is_pooled=True)], AS_OF).expected["a", "additive"]
    assert judged == pytest.approx(forecast.tiers["expected_reports_28d"].to_numpy(), rel=1e-9)


def test_every_model_is_judged_in_every_period(outcomes: pa.Table) -> None:
    rows = outcomes.filter(pc.equal(outcomes["metric"], "capture_5")).to_pandas()
    assert len(rows) == len(CHEAP) * 2 * 5
    assert (rows["numerator"] <= rows["denominator"]).all()
    monthly = rows[rows["horizon_days"] == 28].groupby("day")["denominator"].nunique()
    assert (monthly == 1).all(), "all models are judged by the same reports"
    kept = outcomes.filter(pc.equal(outcomes["metric"], "red_kept")).to_pandas()
    assert kept.groupby(["model", "horizon_days"]).size().unique().tolist() == [4], "the first has none before it"


def test_pai_is_capture_by_area_over_the_share_of_the_area(outcomes: pa.Table) -> None:
    frame = summarise(outcomes, seed=1).to_pandas().query("horizon_days == 28 and scenario == 'a'")
    values = frame.set_index(["model", "metric"])["value"]
    for model in ("additive", "counts_all"):
        assert values[model, "pai_5"] == pytest.approx(20 * values[model, "area_capture_5"])
        assert values[model, "pai_10"] == pytest.approx(10 * values[model, "area_capture_10"])


def test_counts_are_counted_by_hand() -> None:
    rows = [(0, "a", AS_OF - timedelta(days=age), 1) for age in (1, 28, 29, 91, 92, 364, 365, 400)]
    ground = Ground(daily(rows), ("a",), ring(4), np.ones(4))
    expected = forecast_day(ground, BASELINES, AS_OF).expected
    rates = [expected["a", f"counts_{days}"][0] for days in (28, 91, 364, "all")]
    assert rates == pytest.approx([2, 4 * 28 / 91, 6 * 28 / 364, 8 * 28 / 400])


def test_a_count_is_brought_to_the_latest_level_by_what_it_said_before() -> None:
    # reports of the windows of 28 days before, the newest first; each on one day in the middle of its window
    came = [40, 30, 20, 10, 10, 10, 10, 10]
    rows = [(0, "a", AS_OF - timedelta(days=28 * number + 14), count) for number, count in enumerate(came)]
    rows.append((1, "a", AS_OF - timedelta(days=8 * 28), 1))
    ground = Ground(daily(rows), ("a",), ring(4), np.ones(4))
    levels = forecast_day(ground, [*BASELINES, Additive(is_pooled=True)], AS_OF).levels
    # of the last three windows the count of 28 days said 30, 20 and 10; 50 reports draw the factor towards 1
    assert levels["a", "counts_28"] == pytest.approx((90 + 50) / (60 + 50))
    # as of 28, 56 and 84 days before there were 196, 168 and 140 days of history: 101, 71 and 51 reports
    said = 28 * (101 / 196 + 71 / 168 + 51 / 140)
    assert levels["a", "counts_all"] == pytest.approx((90 + 50) / (said + 50))
    assert set(levels) == {("a", baseline.name) for baseline in BASELINES}


def test_the_deviance_at_one_level_is_that_of_the_count_times_its_level(ground: Ground) -> None:
    rows = run_backtest(ground, BASELINES, days={28: [AS_OF]}, progress=lambda _: None).to_pandas()
    told = rows.set_index(["model", "metric"])["numerator"]
    forecasts = forecast_day(ground, BASELINES, AS_OF)
    reports = count_reports(ground.daily, ("a",), grids=80, first=AS_OF, until=AS_OF + timedelta(days=28))[0]
    for (scenario, model), level in forecasts.levels.items():
        expected = forecasts.expected[scenario, model]
        assert told[model, "deviance"] == pytest.approx(measure_deviance(expected, reports))
        assert told[model, "deviance_levelled"] == pytest.approx(measure_deviance(expected * level, reports))
    assert len({round(level, 6) for level in forecasts.levels.values()}) > 1


def test_every_candidate_gives_a_finite_forecast_for_every_grid(ground: Ground) -> None:
    for day in (AS_OF, pc.min(ground.daily["day"]).as_py() + timedelta(days=30)):
        expected = forecast_day(ground, CANDIDATES, day).expected
        assert len(expected) == len(CANDIDATES)
        for name, values in expected.items():
            assert values.shape == (80,), name
            assert np.isfinite(values).all(), name
            assert (values >= 0).all(), name


def test_figures_carry_intervals_and_the_ratio_is_to_the_best_count_in_hindsight(outcomes: pa.Table) -> None:
    summary = summarise(outcomes, seed=1)
    assert summary == summarise(outcomes, seed=1)
    frame = summary.to_pandas().query("horizon_days == 28").set_index(["scenario", "model", "metric"])
    capture = frame.xs("capture_5", level="metric").loc["a"]
    counts = capture.loc[[baseline.name for baseline in BASELINES], "value"]
    ratio = frame.loc["a", "additive", RATIO]
    assert ratio["value"] == pytest.approx(capture.loc["additive", "value"] / counts.max())
    assert ratio["low"] <= ratio["value"] <= ratio["high"]
    assert frame.loc[ALL, "additive", RATIO]["value"] == pytest.approx(ratio["value"])
    assert frame.loc["a", counts.idxmax(), RATIO]["value"] == 1


def make_outcomes(captures: dict[str, list[float]], *, scenario: str = "a", reports: float = 100) -> pa.Table:
    rows = [
        {
            "scenario": scenario, "model": model, "horizon_days": 28, "day": AS_OF + timedelta(days=28 * number),
            "metric": metric, "numerator": caught, "denominator": count,
        }
        for model, listed in captures.items()
        for number, caught in enumerate(listed)
        for metric, caught, count in (
            ("capture_5", caught, float(reports)), ("deviance", 50.0 + caught, 1.0),
            ("deviance_levelled", 50.0 + caught, 1.0),
        )
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


COMMON = {"counts_all": [40.0, 42, 41], "additive_sum": [50.0, 53, 51], "additive": [55.0, 58, 57]}
LUCKY = {"counts_all": [1.0, 0, 1], "additive_sum": [0.0, 0, 0], "additive": [0.0, 0, 0]}
"""A scenario in which nothing but chance let the counts catch two reports, and no model any."""


def test_a_scenario_too_rare_to_judge_is_named_and_moves_neither_the_ratio_nor_the_choice() -> None:
    candidates = [Counts(None), Additive(is_pooled=False), Additive(is_pooled=True)]
    alone = make_outcomes(COMMON)
    both = pa.concat_tables([alone, make_outcomes(LUCKY, scenario="rare", reports=9)])
    frame, without = (summarise(table, seed=1).to_pandas() for table in (both, alone))
    assert list_rare(frame) == ["rare"]
    assert list_rare(without) == []
    is_ratio = frame["metric"].isin([RATIO, DEVIANCE_RATIO])
    assert set(frame.loc[is_ratio, "scenario"]) == {"a", ALL}
    ratios = frame[is_ratio].set_index(["scenario", "model", "metric"])["value"]
    assert ratios.equals(
        without[without["metric"].isin([RATIO, DEVIANCE_RATIO])].set_index(ratios.index.names)["value"]
    )
    assert ratios[ALL, "additive", RATIO] == pytest.approx(170 / 123)
    caught = frame.set_index(["scenario", "model", "metric"])["value"]["rare", "counts_all", "capture_5"]
    assert caught == pytest.approx(2 / 27), "what it caught is still told"
    assert choose_model(both, candidates, seed=1) == choose_model(alone, candidates, seed=1)


def test_from_ten_reports_a_window_on_a_scenario_counts_and_nothing_caught_is_half_a_report() -> None:
    both = pa.concat_tables([make_outcomes(COMMON), make_outcomes(LUCKY, scenario="rare", reports=10)])
    frame = summarise(both, seed=1).to_pandas()
    assert list_rare(frame) == []
    ratios = frame.set_index(["scenario", "model", "metric"])["value"]
    assert ratios["rare", "additive", RATIO] == pytest.approx(0.5 / 2)
    assert ratios[ALL, "additive", RATIO] == pytest.approx((170 / 123 * 0.25) ** 0.5)


def test_a_tie_goes_to_the_simplest() -> None:
    candidates = [Counts(None), Additive(is_pooled=False), Additive(is_pooled=True)]
    clear = make_outcomes({"counts_all": [40, 42, 41], "additive_sum": [50, 53, 51], "additive": [51, 52, 51]})
    assert choose_model(clear, candidates, seed=1).model == "additive_sum"
    better = make_outcomes({"counts_all": [40, 42, 41], "additive_sum": [50, 53, 51], "additive": [55, 58, 57]})
    choice = choose_model(better, candidates, seed=1)
    assert choice.model == "additive"
    assert choice.seen["additive"] == (1, 0)
    noisy = make_outcomes({"counts_all": [60, 42, 50], "additive_sum": [50, 53, 51], "additive": [45, 61, 50]})
    assert choose_model(noisy, candidates, seed=1).model == "counts_all"
    with pytest.raises(InputError, match="No scenario has 10 reports or more per window"):
        choose_model(make_outcomes({}), candidates, seed=1)


def test_nothing_leaks(ground: Ground) -> None:
    audit = audit_leakage(ground, CHEAP, [AS_OF, AS_OF + timedelta(days=28)], seed=3)
    assert audit.days == 2
    assert audit.numbers > 2 * 80 * len(CHEAP)


def test_a_forecast_that_peeks_is_caught(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    def peek(ground: Ground, candidates, day: date) -> Forecasts:
        return forecast_day(ground, candidates, day + timedelta(days=1))

    monkeypatch.setattr(leakage, "forecast_day", peek)
    with pytest.raises(
        CheckFailed, match=r"What came later changed 2 forecasts, such as counts_28 for a as of 2025-07"
    ):
        audit_leakage(ground, [Counts(28)], [AS_OF], seed=3)


def test_a_grid_added_yesterday_has_a_forecast(ground: Ground) -> None:
    larger = replace(ground, neighbours=ring(81), area_km2=np.append(ground.area_km2, 1.0))
    expected = forecast_day(larger, CHEAP, AS_OF).expected
    assert all(values.shape == (81,) and np.isfinite(values).all() for values in expected.values())
    assert expected["a", "additive"][80] > 0, "its neighbours and the base speak for it"
