"""Tiers by hand: capacity, floor, ties, who keeps a place and who takes one, districts, an expert's word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.hazard.tiers import (
    GREEN,
    NOT_GIVEN,
    RED,
    WHOLE,
    YELLOW,
    Places,
    assign_tiers,
    count_places,
    list_areas,
    list_floors,
    rank_grids,
    rank_in_areas,
    step_tiers,
)


@dataclass(frozen=True)
class Policy:
    red_share: float = 0.1
    yellow_share: float = 0.2
    floor_expected_reports_28d: float = 0.5
    capacity: int | None = None
    audit_share: float = 0.1
    places_by: str = "city"


def city_places(red: int, yellow: int, grids: int) -> Places:
    return Places(np.array([red]), np.array([yellow]), np.zeros(grids, dtype=np.int64))


def flags(grids: int, *numbers: int) -> np.ndarray:
    return np.isin(np.arange(grids), numbers)


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


# Twenty places: seventeen ranks are sure of one, thirty ranks keep one.
FALLING = np.arange(60.0, 0.0, -1.0)  # grid_no g ranks g + 1


def test_a_red_grid_stays_while_it_ranks_within_one_and_a_half_times_the_places() -> None:
    places = city_places(20, 4, 60)
    kept = step_tiers(FALLING, places, floor=0, was_red=flags(60, *range(19), 29))
    assert np.flatnonzero(kept == RED).tolist() == [*range(19), 29]  # rank 30 of 20 stays; rank 20 waits
    assert np.flatnonzero(kept == YELLOW).tolist() == [19, 20, 21, 22]
    left = step_tiers(FALLING, places, floor=0, was_red=flags(60, *range(19), 30))
    assert np.flatnonzero(left == RED).tolist() == [*range(20)]  # rank 31 leaves, rank 20 comes


def test_who_ranks_within_85_percent_of_the_places_never_waits() -> None:
    held = flags(60, *range(10, 30))  # all twenty places are held, ranks 11 to 30
    red = np.flatnonzero(step_tiers(FALLING, city_places(20, 0, 60), floor=0, was_red=held) == RED)
    assert red.tolist() == [*range(20)]
    held = flags(60, *range(10, 17), *range(22, 30), 40)
    red = np.flatnonzero(step_tiers(FALLING, city_places(20, 0, 60), floor=0, was_red=held) == RED)
    assert red.tolist() == [*range(17), 22, 23, 24]  # of those who held one, the best keep the last three


def test_red_is_left_below_the_floor_whatever_the_rank() -> None:
    codes = step_tiers(FALLING, city_places(10, 5, 60), floor=58.5, was_red=flags(60, *range(10)))
    assert np.flatnonzero(codes == RED).tolist() == [0, 1]
    assert (codes == YELLOW).sum() == 0


def test_one_place_goes_to_the_worst_grid_alone() -> None:
    codes = step_tiers(np.array([1.0, 2.0]), city_places(1, 0, 2), floor=0, was_red=flags(2, 0))
    assert codes.tolist() == [GREEN, RED]


def test_an_experts_word_takes_its_place_first_and_holds_below_the_floor() -> None:
    given = np.full(60, NOT_GIVEN, dtype=np.int8)
    given[59], given[0], given[1] = RED, GREEN, YELLOW
    codes = step_tiers(FALLING, city_places(3, 2, 60), floor=10, given=given)
    assert np.flatnonzero(codes == RED).tolist() == [2, 3, 59]
    assert np.flatnonzero(codes == YELLOW).tolist() == [1, 4]
    assert codes[0] == GREEN


def test_places_by_hand() -> None:
    districts = np.repeat([0, 1, 2], [50, 30, 20])
    whole = count_places(Policy(red_share=0.05, yellow_share=0.1), districts)
    assert (whole.red.tolist(), whole.yellow.tolist(), whole.area.max()) == ([5], [10], 0)
    # 5 places by 50, 30 and 20 of 100: 2.5, 1.5 and 1; the first of equal remainders gets one more.
    parted = count_places(Policy(red_share=0.05, yellow_share=0.1, places_by="district"), districts)
    assert (parted.red.tolist(), parted.yellow.tolist()) == ([3, 1, 1], [5, 3, 2])
    # A list of 40 holds 4 audits.
    assert count_places(Policy(capacity=40), districts).red.tolist() == [36]
    assert count_places(Policy(capacity=4000), districts).red.tolist() == [100]


def test_a_district_with_a_policy_of_its_own_is_counted_by_that_and_the_rest_by_the_citys() -> None:
    districts = np.repeat([0, 1, 2], [50, 30, 20])
    own = {1: Policy(red_share=0.2, yellow_share=0, floor_expected_reports_28d=3)}
    city = Policy(red_share=0.1, yellow_share=0.2)
    places = count_places(city, districts, own)
    # a tenth of the 70 others; a fifth of its 30
    assert list_areas(city, districts, own) == [WHOLE, 1]
    assert (places.red.tolist(), places.yellow.tolist()) == ([7, 6], [14, 0])
    assert places.area.tolist() == [0] * 50 + [1] * 30 + [0] * 20
    assert list_floors(city, districts, own).tolist() == [0.5] * 50 + [3] * 30 + [0.5] * 20
    # by district the 7 are divided 5 to 2
    parted = Policy(red_share=0.1, yellow_share=0.2, places_by="district")
    assert list_areas(parted, districts, own) == [0, 1, 2]
    assert count_places(parted, districts, own).red.tolist() == [5, 6, 2]
    everywhere = dict.fromkeys(range(3), own[1])
    assert count_places(city, districts, everywhere).red.tolist() == [0, 10, 6, 4]


def test_in_districts_each_has_its_own_ranks_and_places() -> None:
    area = np.array([0, 0, 0, 1, 1, 1])
    expected = np.array([9.0, 8.0, 7.0, 3.0, 5.0, 4.0])
    assert rank_in_areas(expected, area).tolist() == [1, 2, 3, 3, 1, 2]
    codes = step_tiers(expected, Places(np.array([1, 1]), np.array([1, 1]), area), floor=0)
    assert codes.tolist() == [RED, YELLOW, GREEN, GREEN, RED, YELLOW]


@st.composite
def situations(draw: st.DrawFn) -> tuple[np.ndarray, Places, np.ndarray, np.ndarray]:
    grids = draw(st.integers(1, 60))
    expected = np.array(draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 9.0]), min_size=grids, max_size=grids)))
    area = np.array(draw(st.lists(st.integers(0, 2), min_size=grids, max_size=grids)))
    policy = Policy(
        red_share=draw(st.floats(0.01, 0.5)), yellow_share=draw(st.floats(0, 0.5)),
        places_by=draw(st.sampled_from(["city", "district"])),
    )  # fmt: skip
    held = np.array(draw(st.lists(st.booleans(), min_size=grids, max_size=grids)))
    given = np.array(
        draw(st.lists(st.sampled_from([NOT_GIVEN] * 9 + [GREEN, YELLOW, RED]), min_size=grids, max_size=grids))
    )
    return expected, count_places(policy, np.unique(area, return_inverse=True)[1]), held, given.astype(np.int8)


@given(situations())
def test_never_more_red_than_places_and_every_claim_is_kept(situation) -> None:
    expected, places, held, given_codes = situation
    codes = step_tiers(expected, places, floor=0.5, was_red=held, given=given_codes)
    rank = rank_in_areas(expected, places.area)
    fixed = given_codes != NOT_GIVEN
    assert (codes[fixed] == given_codes[fixed]).all()
    for area, most in enumerate(places.red):
        here = places.area == area
        by_experts = ((given_codes == RED) & here).sum()
        assert ((codes == RED) & here).sum() <= max(most, by_experts)
        free = here & ~fixed & (expected >= 0.5)
        if by_experts == 0 and not fixed.any():
            assert (codes[free & (rank <= 85 * most // 100)] == RED).all()
            # Who leaves is beyond one and a half times the places, or someone who was sure of it came instead.
            left = free & held & (codes != RED) & (rank <= 3 * most // 2)
            assert not left.any() or ((codes == RED) & here).sum() == most
    assert (codes[~fixed & (expected < 0.5)] == GREEN).all()
    if not fixed.any():
        assert (held | (rank <= places.red[places.area]))[codes == RED].all()


@given(situations())
def test_the_order_in_which_the_past_is_told_does_not_matter_and_a_second_look_changes_nothing(situation) -> None:
    expected, places, held, _ = situation
    once = step_tiers(expected, places, floor=0.5, was_red=held)
    again = step_tiers(expected, places, floor=0.5, was_red=once == RED)
    assert (once == again).all()
