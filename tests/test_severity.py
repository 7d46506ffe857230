"""Expected severity: expected reports times what the grid's reports weigh, by hand, over time, and in the tables."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance import warehouse
from governance.hazard.features import sum_blocks
from governance.hazard.forecast import forecast_hazard
from governance.hazard.severity import PRIOR_REPORTS, average_severity
from governance.hazard.weekly import PastForecasts
from governance.hazard_tables import list_scene_weights
from governance.scenarios.pins import pin_version
from tests.tiny_hazard import AS_OF, Policy, daily, ring, simulate
from tests.tiny_snapshot import list_templates


def weigh(table: pa.Table, severity: list[float]) -> pa.Table:
    return table.append_column("severity", pa.array(severity, pa.float64()))


def days(*ages: int) -> list:
    return [AS_OF - timedelta(days=age) for age in ages]


def test_the_mean_is_drawn_towards_the_scenarios_by_twenty_reports() -> None:
    """Grid 0: 20 reports that weigh 60; grid 1: 20 that weigh 20; both together 2 a report. Grid 2: none."""
    early, late = days(40, 1)
    table = weigh(daily([(0, "a", early, 20), (1, "a", late, 20)]), [60.0, 20.0])
    blocks = sum_blocks(table, ("a", "b"), grids=3, as_of=AS_OF)
    mean = average_severity(blocks, origin=0)
    assert mean[0] == pytest.approx([(60 + 20 * 2) / 40, (20 + 20 * 2) / 40, 2.0])
    assert mean[1].tolist() == [1.0, 1.0, 1.0]
    before = average_severity(blocks, origin=1)[0]
    assert before == pytest.approx([3.0, 3.0, 3.0])
    assert PRIOR_REPORTS == 20


def test_without_weights_every_report_weighs_one_and_severity_is_the_forecast() -> None:
    table, _ = simulate()
    tiers = forecast_hazard(table, grids=60, neighbours=ring(60), as_of=AS_OF, policies={"a": Policy()}).tiers
    assert tiers["mean_severity"].to_pylist() == [1.0] * 60
    assert tiers["expected_severity_28d"] == tiers["expected_reports_28d"]


@given(weights=st.lists(st.floats(0.5, 10), min_size=4, max_size=4))
def test_a_mean_lies_between_the_least_and_the_greatest_weight(weights: list[float]) -> None:
    rows = [(grid, "a", day, 1) for grid, day in enumerate(days(1, 9, 30, 80))]
    mean = average_severity(sum_blocks(weigh(daily(rows), weights), ("a",), grids=6, as_of=AS_OF), origin=0)
    assert ((mean >= min(weights) - 1e-6) & (mean <= max(weights) + 1e-6)).all()
    assert np.argmax(mean[0, :4]) == np.argmax(weights) or len(set(weights)) < 4


def test_weights_change_neither_forecast_nor_rank_nor_tier() -> None:
    table, _ = simulate()
    heavy = weigh(table, np.random.default_rng(1).uniform(0.5, 3, table.num_rows).tolist())
    plain, weighed = (
        forecast_hazard(which, grids=60, neighbours=ring(60), as_of=AS_OF, policies={"a": Policy()}).tiers
        for which in (table, heavy)
    )
    told = ["expected_reports_28d", "p_any_28d", "rank", "tier"]
    assert plain.select(told) == weighed.select(told)
    product = np.multiply(weighed["expected_reports_28d"], weighed["mean_severity"])
    assert weighed["expected_severity_28d"].to_numpy().tolist() == product.tolist()
    assert not np.allclose(weighed["mean_severity"], 1)


def test_the_weekly_forecast_weighs_as_the_days_forecast_and_sees_no_future() -> None:
    table, _ = simulate()
    heavy = weigh(table, np.random.default_rng(1).uniform(0.5, 3, table.num_rows).tolist())
    monday = AS_OF - timedelta(days=14)
    (past,) = PastForecasts(heavy, ring(60), ("a",), 60).score(AS_OF, back=(2,))
    told = forecast_hazard(heavy, grids=60, neighbours=ring(60), as_of=monday, policies={"a": Policy()}).tiers
    assert past.severity[0] == pytest.approx(told["mean_severity"].to_numpy(), abs=1e-6)
    is_later = np.array([day >= monday for day in heavy["day"].to_pylist()])
    other = np.where(is_later, 9.0, heavy["severity"].to_numpy())
    changed = heavy.set_column(heavy.column_names.index("severity"), "severity", pa.array(other))
    again = forecast_hazard(changed, grids=60, neighbours=ring(60), as_of=monday, policies={"a": Policy()}).tiers
    assert again == told


def test_a_severity_that_cannot_be_counted_is_refused() -> None:
    rows = weigh(daily([(0, "a", AS_OF - timedelta(days=1), 1)]), [-1.0])
    with pytest.raises(ValueError, match=r"1 daily rows have no countable severity, such as -1\.0"):
        sum_blocks(rows, ("a",), grids=1, as_of=AS_OF)


def test_reports_weigh_what_the_template_that_judges_them_says(tmp_path: Path) -> None:
    templates = list_templates()
    template = templates.city["group_rental"]
    version, (one, two) = pin_version(template), template.scenes[:2]
    text, when = pa.string(), AS_OF - timedelta(days=1)
    cases = pa.Table.from_pylist(
        [
            {"scene": scene, "is_discovered": found, "grid_no": 0, "scenario": "group_rental", "reported_on": when}
            for scene, found in ((one.id, False), (one.id, None), (two.id, False), (two.id, True), (None, False))
        ]
    ).append_column("template_version", pa.array([version] * 5, text))
    with closing(warehouse.open_builder(tmp_path / "city.duckdb")) as con:
        warehouse.load_arrow(con, "core_case", cases)
        warehouse.load_arrow(con, "mid_scene_weight", list_scene_weights(templates))
        warehouse.build_table(con, "mid_daily", as_of_day=AS_OF)
        (row,) = warehouse.fetch_arrow(con, "src_daily").to_pylist()
    assert (row["reports"], row["discovered"]) == (4, 1)
    assert row["severity"] == pytest.approx(2 * one.severity_weight + two.severity_weight + 1)


def test_a_report_that_was_cancelled_later_stays_a_report_so_that_no_past_forecast_knows_of_it(tmp_path: Path) -> None:
    templates, when = list_templates(), AS_OF - timedelta(days=40)
    told = {}
    for stage in ("closed", "cancelled"):
        case = {"scene": None, "is_discovered": False, "grid_no": 0, "scenario": "group_rental", "reported_on": when}
        cases = pa.Table.from_pylist([case | {"stage": stage, "template_version": "group_rental@1.0.0"}])
        with closing(warehouse.open_builder(tmp_path / f"{stage}.duckdb")) as con:
            scene = pa.array([None], pa.string())
            warehouse.load_arrow(con, "core_case", cases.set_column(0, "scene", scene))
            warehouse.load_arrow(con, "mid_scene_weight", list_scene_weights(templates))
            warehouse.build_table(con, "mid_daily", as_of_day=AS_OF)
            product = warehouse.fetch_arrow(con, "src_daily").to_pylist()
            backtest = warehouse.fetch_arrow(con, "ask_daily", as_of_day=AS_OF).to_pylist()
        told[stage] = product, backtest
        assert [row["reports"] for row in (*product, *backtest)] == [1, 1]
    assert told["closed"] == told["cancelled"]
