"""What so many teams would cover: by hand, monotone, with an interval that holds what comes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from test_flare_ups import AS_OF, GRIDS, make_reports
from test_hazard import ring

from governance.errors import ConfigError
from governance.hazard.capacity import (
    CAPACITY,
    SPREADS,
    Teams,
    find_spreads,
    list_sizes,
    measure_spreads,
    pool_spread,
    simulate_capacity,
    tabulate_capacity,
)
from governance.hazard.weekly import PastForecasts

EXPECTED = np.array([1.0, 8.0, 2.0, 4.0])


def test_coverage_by_hand() -> None:
    told = simulate_capacity(EXPECTED, {}, Teams(teams=1, visits_per_team_and_week=1, weeks=2, audit_share=0))
    assert (told.visits, told.audits, told.grids_reached) == (2, 0, 2)
    # The two worst hold 12 reports in 28 days, 6 in two weeks; of 15 and 7.5.
    assert (told.expected_reports, told.all_expected_reports) == (6.0, 7.5)
    assert told.covered_share == pytest.approx(0.8)
    assert [told.low, told.high] == scipy.stats.poisson.ppf([0.025, 0.975], 6).tolist()
    audited = simulate_capacity(EXPECTED, {}, Teams(2, 5, 1, audit_share=0.7))
    assert (audited.visits, audited.audits, audited.grids_reached) == (10, 7, 3)


def test_an_extra_spread_widens_the_interval_and_is_read_between_the_sizes() -> None:
    teams = Teams(teams=1, visits_per_team_and_week=2, weeks=1, audit_share=0)
    poisson, wide = (simulate_capacity(EXPECTED * 10, spreads, teams) for spreads in ({}, {1: 0.1, 4: 0.3}))
    assert wide.low < poisson.low < wide.expected_reports < poisson.high < wide.high
    # Two grids lie half-way between one and four on the logarithm: 0.2.
    assert [wide.low, wide.high] == scipy.stats.nbinom.ppf([0.025, 0.975], 5, 1 / (1 + 0.2 * 30)).tolist()


def test_more_visits_than_grids_and_nothing_to_expect() -> None:
    all_of_them = simulate_capacity(EXPECTED, {}, Teams(9, 9, 4, 0))
    assert (all_of_them.grids_reached, all_of_them.covered_share) == (4, 1.0)
    nothing = simulate_capacity(np.zeros(3), {1: 0.5}, Teams(1, 1, 1, 0))
    assert (nothing.expected_reports, nothing.low, nothing.high, nothing.covered_share) == (0, 0, 0, None)


def test_what_no_team_can_do_is_told_at_once() -> None:
    with pytest.raises(ConfigError, match=r"(?s)teams is 0.*weeks is -1.*audit share is 1"):
        simulate_capacity(EXPECTED, {}, Teams(0, 1, -1, 1))


@given(st.lists(st.floats(0, 50), min_size=1, max_size=40), st.integers(1, 5), st.integers(1, 9))
def test_more_teams_never_cover_less(values: list[float], teams: int, visits: int) -> None:
    expected = np.array(values)
    few, many = (simulate_capacity(expected, {1: 0.1}, Teams(n, visits, 4)) for n in (teams, teams + 1))
    assert few.expected_reports - 1e-9 <= many.expected_reports <= many.all_expected_reports + 1e-9
    assert few.low <= few.expected_reports + 1e-9
    assert few.low <= few.high


def test_the_prepared_table_says_what_the_function_says() -> None:
    spreads = pa.Table.from_pylist([{"scenario": "a", "grids": 1, "spread": 0.2}], schema=SPREADS)
    table = tabulate_capacity({"a": EXPECTED}, spreads, {"a": 0.1})
    assert table.schema == CAPACITY
    rows = table.to_pylist()
    assert len({(row["teams"], row["visits_per_team_and_week"], row["weeks"]) for row in rows}) == len(rows) == 330
    row = next(row for row in rows if (row["teams"], row["visits_per_team_and_week"], row["weeks"]) == (1, 5, 1))
    told = simulate_capacity(EXPECTED, {1: 0.2}, Teams(1, 5, 1, 0.1))
    assert (row["expected_reports"], row["low"], row["high"]) == (told.expected_reports, told.low, told.high)


def test_sizes_by_hand() -> None:
    assert list_sizes(35) == [1, 2, 5, 10, 20, 35]
    assert list_sizes(1) == [1]


def test_the_spread_is_pooled_by_hand() -> None:
    # Two days, one scenario, lists of one and two grids.
    said, came = np.array([[[4.0, 10.0]], [[8.0, 20.0]]]), np.array([[[8.0, 10.0]], [[4.0, 20.0]]])
    # One grid: (16 - 4 + 16 - 8) / (16 + 64) = 0.25. Two: (0 - 10 + 0 - 20) / 500 is below 0.
    assert pool_spread(said, came).tolist() == [[0.25, 0.0]]
    # A day on which next to nothing was expected adds next to nothing; a mean of ratios would be above 700.
    quiet = np.concatenate([said, [[[0.02, 0.02]]]]), np.concatenate([came, [[[1.0, 1.0]]]])
    assert pool_spread(*quiet)[0, 0] == pytest.approx((20 + 0.98**2 - 0.02) / (80 + 0.02**2))


def test_where_too_little_was_expected_the_spread_of_more_grids_is_taken() -> None:
    # One report in 28 days is seen by four of nine Mondays; 0.02 were expected on each, 2 in ten grids.
    said = np.tile([[[0.02, 0.2, 2.0]]], (9, 1, 1))
    came = np.zeros((9, 1, 3))
    came[:4] = [1.0, 1.0, 6.0]
    came[4:] = [0.0, 0.0, 1.0]
    wide = (4 * (16 - 2) + 5 * (1 - 2)) / (9 * 4)
    assert pool_spread(said, came)[0].tolist() == pytest.approx([wide] * 3)
    assert pool_spread(said[..., :2], came[..., :2]).tolist() == [[0.0, 0.0]]
    assert pool_spread(said[:0], came[:0]).tolist() == [[0.0, 0.0, 0.0]]
    assert simulate_capacity(np.array([0.3]), {1: wide}, Teams(1, 1, 4, 0)).high == 2


@pytest.mark.slow
def test_the_interval_holds_what_came_in_nine_of_ten_periods() -> None:
    """Steady rates, forecasts of past days, and the 28 days that followed each."""
    held = []
    for seed in range(12):
        past = PastForecasts(make_reports(np.random.default_rng(seed), days=460), ring(GRIDS), ("a",), GRIDS)
        day = date.fromordinal(AS_OF.toordinal() - 28)
        (scores,) = past.score(day, back=(0,))
        spreads = find_spreads(measure_spreads(past, as_of=day), "a")
        came = past.count(AS_OF)[0]
        for visits in (5, 20, 80):
            told = simulate_capacity(scores.expected[0], spreads, Teams(1, visits, 4, 0))
            worst = np.argsort(-scores.expected[0], kind="stable")[: told.grids_reached]
            held.append(told.low <= came[worst].sum() <= told.high)
    assert np.mean(held) >= 0.9
