"""Tiers by hand: capacity, floor, ties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.hazard.tiers import assign_tiers, rank_grids


@dataclass(frozen=True)
class Policy:
    red_share: float = 0.1
    yellow_share: float = 0.2
    floor_expected_reports_28d: float = 0.5


def test_red_is_the_capacity_yellow_the_next_band() -> None:
    expected = np.arange(10.0, 0.0, -1.0)
    assert assign_tiers(expected, Policy()).tolist() == ["red", "yellow", "yellow", *["green"] * 7]


def test_below_the_floor_every_grid_is_green() -> None:
    expected = np.array([0.49, 0.5, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert assign_tiers(expected, Policy()).tolist() == ["green", "red", *["green"] * 8]


def test_a_grid_exactly_on_the_floor_counts() -> None:
    expected = np.array([0.5, 0.5, 0.5, 0.5, *[0.4999] * 6])
    assert assign_tiers(expected, Policy()).tolist() == ["red", "yellow", "yellow", *["green"] * 7]


@pytest.mark.parametrize(("share", "red"), [(0.29, 29), (0.57, 57), (0.07, 7), (0.999, 99), (1.0, 100), (1e-9, 1)])
def test_the_share_is_counted_as_it_is_written(share: float, red: int) -> None:
    # 0.29 * 100 and 0.57 * 100 fall short of 29 and 57 in floating point.
    tiers = assign_tiers(np.full(100, 3.0), Policy(red_share=share, yellow_share=0.0))
    assert (tiers == "red").sum() == red


def test_ties_go_to_the_smaller_grid_number() -> None:
    assert assign_tiers(np.full(10, 3.0), Policy()).tolist() == ["red", "yellow", "yellow", *["green"] * 7]
    assert rank_grids(np.array([1.0, 2.0, 2.0, 0.5])).tolist() == [3, 1, 2, 4]


def test_a_grid_without_any_forecast_is_green_even_without_a_floor() -> None:
    assert assign_tiers(np.zeros(10), Policy(floor_expected_reports_28d=0)).tolist() == ["green"] * 10


def test_a_small_city_may_have_one_red_grid_and_an_empty_one_has_none() -> None:
    assert assign_tiers(np.array([3.0, 1.0]), Policy()).tolist() == ["red", "green"]
    assert assign_tiers(np.zeros(0), Policy()).tolist() == []


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_never_more_red_or_yellow_than_can_be_visited_and_red_is_never_below_yellow(values: list[float]) -> None:
    expected = np.array(values)
    tiers = assign_tiers(expected, Policy())
    assert (tiers == "red").sum() <= max(1, int(0.1 * len(values)))
    assert (tiers == "yellow").sum() <= int(0.2 * len(values))
    for worse, better in (("red", "yellow"), ("yellow", "green")):
        if (tiers == worse).any() and (tiers == better).any():
            above = expected[tiers == worse].min()
            below = expected[(tiers == better) & (expected >= 0.5)]
            assert (above >= below).all()
