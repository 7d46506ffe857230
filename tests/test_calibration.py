"""Expected beside come: by hand on four grids, every grid once, and a forecast that says half is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_flare_ups import AS_OF, GRIDS, make_reports
from test_hazard import ring

from governance.hazard.calibration import BACK_WEEKS, CALIBRATION, measure_calibration
from governance.hazard.replay import HISTORY
from governance.hazard.weekly import PastForecasts, Scores, find_monday

MONDAY = find_monday(AS_OF)
ROWS = pa.Table.from_pylist


@dataclass(frozen=True)
class Told:
    """Forecasts and reports as given, the same in each window: arrays (scenarios, grids)."""

    expected: np.ndarray
    reports: np.ndarray
    scenarios: tuple[str, ...] = ("a",)
    asked: list[date] = field(default_factory=list)

    @property
    def grids(self) -> int:
        return self.expected.shape[1]

    def score(self, as_of: date, *, back: tuple[int, ...]) -> Iterator[Scores]:
        for weeks in back:
            yield Scores(as_of - timedelta(weeks=weeks), self.expected[:, :, None], np.ones_like(self.expected))

    def count(self, until: date) -> np.ndarray:
        self.asked.append(until)
        return self.reports


def measure(told: Told, history: pa.Table | None = None) -> dict[tuple[str, str, str], dict]:
    table = measure_calibration(told, HISTORY.empty_table() if history is None else history, as_of=AS_OF)  # type: ignore[arg-type]
    assert table.schema == CALIBRATION
    return {(row["scenario"], row["grouping"], row["band"]): row for row in table.to_pylist()}


def test_four_grids_by_hand() -> None:
    told = Told(np.array([[4.0, 1.0, 0.5, 0.0]]), np.array([[6.0, 0.0, 1.0, 0.0]]))
    red = [
        {"scenario": "a", "day": MONDAY - timedelta(weeks=weeks), "grid_no": 0, "tier": "red"} for weeks in BACK_WEEKS
    ]
    # Of a day that is not judged.
    red.append({"scenario": "a", "day": MONDAY, "grid_no": 1, "tier": "red"})
    rows = measure(told, ROWS(red, schema=HISTORY))
    one = rows["a", "tier", "red"]
    assert (one["windows"], one["judged"], one["expected_reports"], one["reports"]) == (3, 3, 12.0, 18.0)
    assert (one["p_any_said"], one["p_any_came"]) == (pytest.approx(1 - np.exp(-4)), 1.0)
    green = rows["a", "tier", "green"]
    assert (green["judged"], green["expected_reports"], green["reports"]) == (9, 4.5, 3.0)
    assert green["p_any_came"] == pytest.approx(1 / 3)
    # Wilson for 3 of 9: (1/3 + z²/18 ± z √(2/81 + z²/324)) / (1 + z²/9), z = 1.96
    assert (green["p_any_low"], green["p_any_high"]) == (
        pytest.approx(0.1206, abs=1e-4),
        pytest.approx(0.6458, abs=1e-4),
    )
    assert rows["a", "tenth", "1"]["reports"] == 18.0
    assert {band for _, grouping, band in rows if grouping == "tenth"} == {"1", "3", "6", "8"}
    assert ("a", "tier", "yellow") not in rows
    # Each window's reports are those of the 28 days after it; the newest ends on a Monday that has passed.
    assert told.asked == [MONDAY - timedelta(days=days) for days in (0, 28, 56)]


@given(st.integers(1, 30), st.integers(1, 3), st.randoms(use_true_random=False))
def test_every_grid_is_in_one_band_and_all_scenarios_are_their_sum(grids: int, scenarios: int, random) -> None:
    rng = np.random.default_rng(random.getrandbits(32))
    shape = scenarios, grids
    names = tuple("abc"[:scenarios])
    told = Told(rng.gamma(0.5, 1, shape), rng.poisson(0.5, shape).astype(float), names)
    rows = measure(told)
    for grouping in ("tier", "tenth"):
        for column, whole in (
            ("judged", shape[0] * shape[1]), ("expected_reports", told.expected.sum()), ("reports", told.reports.sum()),
        ):  # fmt: skip
            parts = [row[column] for key, row in rows.items() if key[1] == grouping and key[0] != "~all"]
            together = [row[column] for key, row in rows.items() if key[1] == grouping and key[0] == "~all"]
            assert sum(parts) == pytest.approx(3 * whole)
            assert sum(together) == pytest.approx(3 * whole)
    assert all(0 <= row["p_any_low"] <= row["p_any_came"] <= row["p_any_high"] <= 1 for row in rows.values())


def test_a_forecast_of_steady_rates_holds_and_one_of_half_of_them_is_told() -> None:
    rates = np.random.default_rng(4).gamma(2, 0.5, (1, 3000))
    came = np.random.default_rng(5).poisson(rates).astype(float)
    for factor, holds in ((1.0, True), (0.5, False)):
        row = measure(Told(rates * factor, came))["~all", "tier", "green"]
        assert (row["p_any_low"] <= row["p_any_said"] <= row["p_any_high"]) == holds
        assert (0.95 < row["reports"] / row["expected_reports"] < 1.05) == holds


def test_the_models_own_past_forecasts_are_judged_and_a_young_city_has_none() -> None:
    past = PastForecasts(make_reports(np.random.default_rng(1)), ring(GRIDS), ("a",), GRIDS)
    table = measure_calibration(past, HISTORY.empty_table(), as_of=AS_OF).to_pylist()
    whole = next(row for row in table if (row["scenario"], row["grouping"], row["band"]) == ("a", "tier", "green"))
    assert whole["judged"] == 3 * GRIDS
    came = sum(past.count(MONDAY - timedelta(days=days)).sum() for days in (0, 28, 56))
    assert whole["reports"] == came
    assert whole["expected_reports"] == pytest.approx(came, rel=0.2)
    young = PastForecasts(make_reports(np.random.default_rng(1), days=40), ring(GRIDS), ("a",), GRIDS)
    assert measure_calibration(young, HISTORY.empty_table(), as_of=AS_OF).num_rows == 0
