"""Figures of a ranking, by hand; and that equal scores and the numbering of the grids decide nothing."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_poisson_deviance

from governance.hazard import metrics

SCORE = np.array([9.0, 5.0, 5.0, 1.0])
REPORTS = np.array([2.0, 4.0, 0.0, 1.0])


def test_capture_by_hand() -> None:
    assert metrics.measure_capture(SCORE, REPORTS, 0.25) == 2
    # The second place is shared by two grids of the same score, with 4 and 0 reports.
    assert metrics.measure_capture(SCORE, REPORTS, 0.5) == 2 + 2
    assert metrics.measure_capture(SCORE, REPORTS, 0.75) == 6
    assert metrics.measure_capture(SCORE, REPORTS, 0.01) == 2, "at least one grid is looked at"
    assert metrics.measure_best_capture(REPORTS, 0.5) == 6
    assert metrics.measure_precision(SCORE, REPORTS, 0.5) == pytest.approx((1 + 0.5) / 2)


def test_capture_by_area_takes_the_last_grid_in_part() -> None:
    area = np.array([3.0, 1.0, 2.0, 4.0])  # densities 3, 5, 2.5, 0.25
    assert metrics.measure_capture_by_area(SCORE, REPORTS, area, 0.1) == 4
    assert metrics.measure_capture_by_area(SCORE, REPORTS, area, 0.25) == pytest.approx(4 + 2 * 1.5 / 3)
    assert metrics.measure_capture_by_area(SCORE, REPORTS, area, 1.0) == pytest.approx(7)


def test_the_day_on_which_reports_are_found_by_hand() -> None:
    # Four grids in 28 days, 7 days each: places 0, 1.5, 1.5, 3.
    assert metrics.measure_find_day(SCORE, REPORTS, 28) == pytest.approx((2 * 0 + 4 * 1.5 + 1 * 3) * 7)
    level = np.zeros(4)
    assert metrics.measure_find_day(level, REPORTS, 28) == pytest.approx(7 * 1.5 * 7)


def test_the_worst_grids_are_taken_by_number_where_scores_are_equal() -> None:
    assert metrics.find_worst(SCORE, 0.5).tolist() == [0, 1]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(1, 4)), min_size=2, max_size=30),
    st.sampled_from([0.05, 0.3, 0.5, 0.9]),
    st.randoms(use_true_random=False),
)
def test_the_numbering_of_the_grids_decides_nothing(rows, share, random) -> None:
    shuffled = random.sample(rows, len(rows))
    figures = []
    for listed in (rows, shuffled):
        score, reports, area = (np.array(column, dtype=np.float64) for column in zip(*listed, strict=True))
        figures.append(
            (
                metrics.measure_capture(score, reports, share),
                metrics.measure_capture_by_area(score, reports, area, share),
                metrics.measure_find_day(score, reports, 7),
            )
        )
    assert figures[0] == pytest.approx(figures[1])


def test_capture_is_the_mean_over_every_order_of_equal_scores() -> None:
    score, reports = np.array([1.0, 1.0, 1.0, 0.0]), np.array([5.0, 1.0, 0.0, 3.0])
    mean = np.mean([sum(order[:2]) for order in permutations(reports[:3])])
    assert metrics.measure_capture(score, reports, 0.5) == pytest.approx(mean)


def test_deviance_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    expected, reports = rng.gamma(1, 1, 50) + 0.01, rng.poisson(1, 50).astype(float)
    assert metrics.measure_deviance(expected, reports) == pytest.approx(50 * mean_poisson_deviance(reports, expected))
    assert metrics.measure_deviance(np.zeros(1), np.array([1.0])) == pytest.approx(2 * (np.log(1000) - 1 + 1e-3))
