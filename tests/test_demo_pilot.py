"""The pilot planted in the demo city comes out of its report: counts, rectification, and the check against control."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from governance.city import open_city
from governance.demo import make_city
from governance.demo.planted import load_planted
from governance.indicators import compare_with_control, report_pilot
from governance.indicators.evaluation import judge_effect, list_pilots
from governance.pipeline import build_city
from tests.tiny_counts import find

PLANTED = load_planted().pilot


@pytest.mark.slow
def test_the_planted_pilot_lies_in_the_reported_intervals(tmp_path):
    make_city(tmp_path / "demo", grids=4000, days=740, incidents_per_day=250)
    now = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    build_city(tmp_path / "demo" / "city.toml", tmp_path / "build", now_utc=now, progress=lambda *_: None)
    city = open_city(tmp_path / "build")
    ((scenario, district, since),) = list_pilots(city)
    assert (scenario, str(since)) == (PLANTED["scenario"], "2024-12-27")
    lift = PLANTED["rectification_before"] * PLANTED["change_of_rectification"]
    effect, placebo = compare_with_control(city, scenario, district, pilot_from=since).to_dict("records")
    assert effect["low"] <= lift <= effect["high"]
    assert judge_effect(effect, direction="higher") == "better"
    assert placebo["low"] <= 0 <= placebo["high"]
    counts = compare_with_control(city, scenario, district, pilot_from=since, indicator="registered_cases")
    assert counts["low"].iloc[0] <= PLANTED["change_of_reports"] <= counts["high"].iloc[0]
    rate = find(report_pilot(city, scenario, district, pilot_from=since), "rectification_rate")
    assert rate["change_points"] == pytest.approx(100 * lift, abs=8)
    assert rate["relative"] == pytest.approx(PLANTED["change_of_rectification"], abs=0.12)
