"""The tiers' history played again: nothing leaks from the future, every change has a reason, experts are heard."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from test_hazard import daily, islands, ring
from test_tiers import Policy

from governance.hazard.changes import REASONS, Step, explain_changes
from governance.hazard.replay import find_start, replay_tiers
from governance.hazard.tiers import GREEN, NOT_GIVEN, RED, TIERS, YELLOW, count_places, rank_grids
from governance.hazard.weekly import PastForecasts, Scores, find_monday, find_refit, find_week

MONDAY = date(2025, 6, 30)
WEDNESDAY = date(2025, 7, 2)
GRIDS = 80
POLICY = Policy(red_share=0.1, yellow_share=0.2, floor_expected_reports_28d=0.01)


def simulate(*, seed: int = 3, days: int = 330) -> pa.Table:
    rng = np.random.default_rng(seed)
    rates = rng.gamma(0.5, 0.1, GRIDS)
    counts = rng.poisson(rates[:, None], (GRIDS, days))
    grid, age = np.nonzero(counts)
    return daily(
        [
            (int(g), "a", WEDNESDAY - timedelta(days=int(a) + 1), int(counts[g, a]))
            for g, a in zip(grid, age, strict=True)
        ]
    )


def replay(table: pa.Table, day: date = WEDNESDAY, *, given=lambda _: {}):
    past = PastForecasts(table, ring(GRIDS), ("a",), GRIDS)
    (today,) = past.score(day, back=(0,))
    return replay_tiers(past, today, {"a": POLICY}, districts=np.zeros(GRIDS, dtype=np.int64), given=given)


def test_days_of_the_week_by_hand() -> None:
    assert [find_monday(day) for day in (MONDAY, WEDNESDAY)] == [date(2025, 6, 23), MONDAY]
    assert [find_week(day) for day in (MONDAY, WEDNESDAY)] == [MONDAY, MONDAY]
    refits = {find_refit(MONDAY + timedelta(days=day)) for day in range(84)}
    assert len(refits) in {3, 4}
    assert {(later - earlier).days for earlier, later in pairwise(sorted(refits))} == {28}
    assert all(day.weekday() == 0 for day in refits)


def test_the_replay_starts_at_the_same_monday_for_a_quarter_of_a_year() -> None:
    mondays = [MONDAY + timedelta(days=7 * week) for week in range(26)]
    back = [(monday - find_start(monday)).days // 7 for monday in mondays]
    assert sorted(back[:13]) == [*range(12, 25)]
    assert back[:13] == back[13:]
    assert len({find_start(monday) for monday in mondays}) in {2, 3}


def test_the_history_has_thirteen_mondays_and_today() -> None:
    days = sorted(set(replay(simulate()).history["day"].to_pylist()))
    assert days == [*(MONDAY - timedelta(days=7 * back) for back in range(12, -1, -1)), WEDNESDAY]


def test_the_list_of_a_week_is_the_same_from_every_day_of_it_and_is_that_of_monday() -> None:
    table = simulate(days=500)
    start = MONDAY - timedelta(days=14 * 7)  # so that some week begins with another start of the replay
    starts = set()
    for week in (start + timedelta(days=7 * number) for number in range(14)):
        lists = [replay(table, week + timedelta(days=day)) for day in (0, 1, 4, 6)]
        reds = [np.flatnonzero(history.red_of_week[0]).tolist() for history in lists]
        assert reds == [reds[0]] * 4
        told = lists[-1].history.to_pandas()
        told = told[(told["day"] == week) & (told["tier"] == "red")]
        assert sorted(told["grid_no"]) == reds[0]
        starts.add(find_start(week))
    assert len(starts) > 1


def test_todays_ranks_go_on_while_the_list_of_the_week_stays() -> None:
    table = simulate()
    burst = daily([(79, "a", MONDAY + timedelta(days=1), 60)])
    shown, calm = (replay(rows) for rows in (pa.concat_tables([table, burst]), table))
    assert (shown.today.shown[0, 79], calm.today.shown[0, 79]) == (RED, GREEN)
    assert (shown.red_of_week == calm.red_of_week).all()
    late = daily([(79, "a", MONDAY - timedelta(days=1), 60)])
    assert replay(pa.concat_tables([table, late])).red_of_week[0, 79], "a row of before Monday that came late counts"


def test_a_city_too_young_on_monday_has_no_list_of_monday() -> None:
    table = daily([(0, "a", WEDNESDAY - timedelta(days=age), 1) for age in range(1, 29)])
    assert replay(table).red_of_week is None


def test_what_is_said_of_a_monday_does_not_depend_on_the_day_from_which_one_looks_back() -> None:
    table = simulate()
    later = {(row["day"], row["grid_no"]): row for row in replay(table).history.to_pylist()}
    before = replay(table, MONDAY - timedelta(days=2)).history.to_pylist()
    shared = [row for row in before if row["day"].weekday() == 0 and row["day"] >= MONDAY - timedelta(days=28)]
    assert len(shared) > 50
    for row in shared:
        told = later[row["day"], row["grid_no"]]
        assert told["rank"] == row["rank"]
        assert told["expected_reports_28d"] == pytest.approx(row["expected_reports_28d"], abs=1e-6)


def test_a_forecast_of_the_past_knows_nothing_of_what_came_after_it() -> None:
    table = simulate()
    day = MONDAY - timedelta(days=35)
    changed = pa.concat_tables([table, daily([(5, "a", day + timedelta(days=d), 40) for d in range(20)])])
    told = [next(PastForecasts(rows, ring(GRIDS), ("a",), GRIDS).score(MONDAY, back=(5,))) for rows in (table, changed)]
    assert told[0].day == day
    assert np.array_equal(told[0].contributions, told[1].contributions)


def test_the_order_of_rows_decides_nothing() -> None:
    table = simulate()
    mixed = table.take(np.random.default_rng(1).permutation(table.num_rows))
    ours, other = replay(table), replay(mixed)
    assert ours.history == other.history
    assert ours.changes == other.changes


def test_every_change_is_told_with_a_reason_and_no_other() -> None:
    history = replay(simulate())
    tiers = {(row["day"], row["grid_no"]): row["tier"] for row in history.history.to_pylist()}
    days = sorted({day for day, _ in tiers})
    expected = {
        (after, grid)
        for before, after in pairwise(days)
        for grid in range(GRIDS)
        if tiers.get((before, grid), "green") != tiers.get((after, grid), "green")
    }
    rows = history.changes.to_pylist()
    assert len(rows) == len(expected) > 3
    assert {(row["day"], row["grid_no"]) for row in rows} == expected
    assert {row["reason"] for row in rows} <= set(REASONS)
    assert all(row["tier"] == tiers.get((row["day"], row["grid_no"]), "green") for row in rows)


def test_an_experts_word_is_shown_while_it_holds_and_leaves_no_trace() -> None:
    table = simulate()
    calm = int(replay(table).today.model[0].argmin())
    codes = np.full(GRIDS, NOT_GIVEN, dtype=np.int8)
    codes[calm] = RED
    until = MONDAY - timedelta(days=14)
    history = replay(table, given=lambda day: {"a": codes} if day < until else {})
    shown = {row["day"] for row in history.history.to_pylist() if row["grid_no"] == calm and row["tier"] == "red"}
    assert max(shown) < until
    reasons = [row["reason"] for row in history.changes.to_pylist() if row["grid_no"] == calm]
    assert "override_ended" in reasons
    assert (history.today.shown == replay(table).today.shown).all()


def test_a_city_of_two_weeks_has_today_alone_and_one_without_reports_is_green() -> None:
    young = daily([(g, "a", WEDNESDAY - timedelta(days=d), 1) for g in (1, 2) for d in (1, 13)])
    past = PastForecasts(young, islands(GRIDS), ("a",), GRIDS)
    assert not list(past.score(WEDNESDAY, back=(0, 1, 2)))
    nothing = Scores(WEDNESDAY, np.zeros((1, GRIDS, 7)), np.ones((1, GRIDS)))
    history = replay_tiers(past, nothing, {"a": POLICY}, districts=np.zeros(GRIDS, dtype=np.int64), given=lambda _: {})
    assert (history.today.shown == GREEN).all()
    assert history.changes.num_rows == history.history.num_rows == 0


# One scenario of ten grids, one red place and two yellow ones; contributions: own_28d, own_448d, history, near, far,
# other, base.
def step(day: date, contributions: dict[int, list[float]], codes: list[int], reports: dict[int, float], **given: int):
    shares = np.zeros((1, 10, 7))
    shares[0, :, 6] = np.arange(10, 0, -1) / 10  # the base ranks them by number
    for grid, values in contributions.items():
        shares[0, grid] = values
    counts = np.zeros((1, 10))
    for grid, count in reports.items():
        counts[0, grid] = count
    fixed = np.full((1, 10), NOT_GIVEN, dtype=np.int8)
    for name, code in given.items():
        fixed[0, int(name[1:])] = code
    tiers = np.array([codes], dtype=np.int8)
    scores = Scores(day, shares, np.ones((1, 10)))
    return Step(scores, tiers, tiers, fixed, rank_grids(shares[0].sum(axis=-1))[None].astype(np.int64), counts)


CALM = [RED, YELLOW, YELLOW, *[GREEN] * 7]


def explain(before: Step, after: Step) -> dict[int, dict]:
    policy = Policy(red_share=0.1, yellow_share=0.2, floor_expected_reports_28d=0.15)
    places = {"a": count_places(policy, np.zeros(10, dtype=np.int64))}
    floors = {"a": np.full(10, policy.floor_expected_reports_28d)}
    return {row["grid_no"]: row for row in explain_changes(before, after, floors, places).to_pylist()}


@pytest.mark.parametrize(
    ("contributions", "reports", "reason", "numbers"),
    [
        ([2.0, 0, 0, 0, 0, 0, 0.2], 4.0, "own_reports", (1, 4)),
        ([2.0, 0, 0, 0, 0, 0, 0.2], 1.0, "own_past", (0, 2)),
        ([0, 0, 0, 1.5, 0.5, 0, 0.2], 1.0, "neighbours", (0, 2)),
        ([0, 0, 0, 0, 0, 1.9, 0.2], 1.0, "other_scenarios", (0, 1.9)),
        ([0, 0, 0, 0, 0, 0, 2.2], 1.0, "model", (0.2, 2.2)),
    ],
)
def test_the_largest_difference_is_the_reason(contributions, reports, reason, numbers) -> None:
    before = step(MONDAY, {8: [0, 0, 0, 0, 0, 0, 0.2]}, CALM, {8: 1.0})
    after = step(WEDNESDAY, {8: contributions}, [YELLOW, YELLOW, GREEN, *[GREEN] * 5, RED, GREEN], {8: reports})
    told = explain(before, after)
    assert set(told) == {0, 2, 8}
    row = told[8]
    assert (row["reason"], row["number_before"], row["number_after"]) == (reason, *map(pytest.approx, numbers))
    assert (row["tier_before"], row["tier"], row["rank_before"], row["rank_after"]) == ("green", "red", 9, 1)
    assert (row["day"], row["since_day"], row["red_places"]) == (WEDNESDAY, MONDAY, 1)
    # Grid 0 did not move; another went past it.
    assert (told[0]["reason"], told[0]["number_before"], told[0]["number_after"]) == ("others_moved", 1, 2)


def test_a_place_that_became_free_and_a_floor_that_was_passed_are_told_as_such() -> None:
    waiting = [GREEN, YELLOW, RED, *[GREEN] * 7]  # grid 0 ranks first and waits for the place of grid 2
    before = step(MONDAY, {}, waiting, {})
    after = step(WEDNESDAY, {2: [0, 0, 0, 0, 0, 0, 0.1]}, CALM, {})
    told = explain(before, after)
    assert told[0]["reason"] == "place_free"
    assert told[2]["reason"] == "below_floor"
    assert (told[2]["number_before"], told[2]["number_after"]) == (pytest.approx(0.8), pytest.approx(0.1))


def test_a_grid_that_ranks_no_lower_but_lost_its_place_was_displaced() -> None:
    before = step(MONDAY, {}, [GREEN, RED, YELLOW, *[GREEN] * 7], {})
    after = step(WEDNESDAY, {}, [RED, GREEN, YELLOW, *[GREEN] * 7], {})
    assert explain(before, after)[1]["reason"] == "displaced"


def test_what_an_expert_changes_is_told_first() -> None:
    before = step(MONDAY, {}, [*CALM[:9], RED], {}, g9=RED)
    after = step(WEDNESDAY, {}, [GREEN, *CALM[1:]], {}, g0=GREEN)
    told = explain(before, after)
    assert {grid: row["reason"] for grid, row in told.items()} == {0: "override_began", 9: "override_ended"}
    assert [TIERS[int(told[9][name])] for name in ("number_before", "number_after")] == ["red", "green"]


@pytest.mark.slow
def test_from_week_to_week_more_than_95_percent_stay_red_at_less_than_3_percent_loss() -> None:
    """Lists as they would have been published on eight Mondays, each replayed from its own reports alone."""
    rng = np.random.default_rng(7)
    grids, days = 600, 500
    rates = rng.gamma(0.4, 0.12, grids)
    wave = np.exp(np.cumsum(rng.normal(0, 0.03, (grids, days)), axis=1))
    counts = rng.poisson(rates[:, None] * wave)
    grid, age = np.nonzero(counts)
    first = MONDAY - timedelta(days=days)
    table = daily(
        [(int(g), "a", first + timedelta(days=int(d)), int(counts[g, d])) for g, d in zip(grid, age, strict=True)]
    )
    policy = Policy(red_share=0.1, yellow_share=0.15, floor_expected_reports_28d=0.01)
    kept, caught, caught_without, before = [], 0, 0, None
    for weeks in range(8, 0, -1):
        day = MONDAY - timedelta(days=7 * weeks)
        past = PastForecasts(table, ring(grids), ("a",), grids)
        (today,) = past.score(day, back=(0,))
        step_ = replay_tiers(
            past, today, {"a": policy}, districts=np.zeros(grids, dtype=np.int64), given=lambda _: {}
        ).today
        red, ahead = step_.shown[0] == RED, past.count(day + timedelta(days=7), days=7)[0]
        caught += ahead[red].sum()
        caught_without += ahead[rank_grids(today.expected[0]) <= red.sum()].sum()
        kept += [] if before is None else [(before & red).sum() / before.sum()]
        before = red
    assert np.mean(kept) >= 0.95
    assert caught >= 0.97 * caught_without
