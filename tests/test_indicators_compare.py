"""Comparisons of a city: year on year by hand, league tables, a pilot against control in simulated data."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from tiny_counts import find, local, make_case, open_counts

from governance.errors import ConfigError, InputError
from governance.indicators import compare_periods, compare_weeks, compare_with_control, rank_league, report_pilot
from governance.indicators.pilots import Towns, estimate_effect

AS_OF = local("2025-03-16T09:00:00")
DAY = timedelta(days=1)


def report(day: str, count: int, **told):
    return [make_case(local(f"{day}T10:00:00"), as_of=told.get("as_of", AS_OF), **told) for _ in range(count)]


def on_time(day: str, count: int, **told):
    done = local(f"{day}T10:00:00") + DAY
    return report(day, count, disposed_at_utc=done, closed_at_utc=done, **told)


@pytest.fixture(scope="module")
def city():
    """March 2025 runs until the 16th at 09:00; the data begin on 10 January 2024."""
    return open_counts(
        [
            *on_time("2024-01-10", 3), *on_time("2024-02-28", 4), *on_time("2024-02-29", 9),
            *on_time("2024-03-01", 6), *report("2024-03-15", 2), *on_time("2024-03-16", 50),
            *on_time("2025-02-01", 1), *on_time("2025-02-28", 5), *on_time("2025-03-01", 9), *report("2025-03-05", 3),
            *report("2025-03-16", 70), *on_time("2025-03-02", 4, department="fire", grid_no=None),
        ],
        as_of=AS_OF,
    )  # fmt: skip


def test_a_running_month_year_on_year_by_hand(city):
    rows = compare_periods(city, indicators=["registered_cases", "on_time_closing_rate"], cohort="reported")
    counts, rate = find(rows, "registered_cases"), find(rows, "on_time_closing_rate")
    assert (str(counts["since"]), str(counts["until"]), counts["days"]) == ("2025-03-01", "2025-03-16", 15)
    assert (str(counts["base_since"]), str(counts["base_until"])) == ("2024-03-01", "2024-03-16")
    assert (counts["value"], counts["base_value"], counts["change"]) == (16, 8, 8)
    assert counts["relative"] == 1
    assert pd.isna(counts["change_points"])
    assert (rate["value"], rate["base_value"]) == (13 / 16, 6 / 8)
    assert rate["change_points"] == pytest.approx(6.25)
    assert rate["relative"] == pytest.approx(0.0625 / 0.75)


def test_a_february_against_a_leap_february_leaves_out_its_last_day(city):
    row = find(
        compare_periods(city, day=date(2025, 2, 3), indicators=["registered_cases"], cohort="reported"),
        "registered_cases",
    )
    assert (row["value"], row["base_value"], row["days"]) == (6, 4, 28)
    leap = find(
        compare_periods(
            city, day=date(2024, 3, 3), against="previous", indicators=["registered_cases"], cohort="reported"
        ),
        "registered_cases",
    )
    assert (leap["value"], leap["base_value"], leap["days"]) == (58, 13, 29)


def test_by_weeks_the_same_weekdays_are_compared(city):
    # 2025-03-01 is a Saturday, as is 2024-03-02
    row = find(
        compare_periods(city, indicators=["registered_cases"], cohort="reported", alignment="weeks"), "registered_cases"
    )
    assert (str(row["base_since"]), str(row["base_until"])) == ("2024-03-02", "2024-03-17")
    assert (row["value"], row["base_value"]) == (16, 52)


def test_the_last_complete_weeks_are_compared_with_those_of_a_year_before_by_limit():
    # As of Sunday, 16 March 2025: the complete weeks end with Sunday the 9th; a limit of closing is 7 days.
    told = [
        *on_time("2024-01-01", 1), *on_time("2024-03-03", 2), *report("2024-03-03", 2), *on_time("2024-03-04", 9),
        *on_time("2025-02-23", 3), *report("2025-02-23", 1), *on_time("2025-03-02", 4, grid_no=1),
        *on_time("2025-03-03", 7), *report("2025-02-16", 5),
    ]  # fmt: skip
    city = open_counts(told, as_of=AS_OF)
    rows = compare_weeks(city, weeks=2, indicators=["on_time_closing_rate"])
    row = find(rows, "on_time_closing_rate")
    assert (str(row["since"]), str(row["until"]), row["days"]) == ("2025-02-24", "2025-03-10", 14)
    assert (str(row["base_since"]), str(row["base_until"])) == ("2024-02-26", "2024-03-11")
    assert (row["numerator"], row["denominator"]) == (7, 8)
    assert (row["base_numerator"], row["base_denominator"]) == (2, 4)
    assert row["change_points"] == pytest.approx(37.5)
    town = find(compare_weeks(city, weeks=2, indicators=["on_time_closing_rate"], level_2_id="H2"), row["indicator"])
    assert (town["numerator"], town["denominator"], town["base_denominator"]) == (4, 4, 0)
    assert pd.isna(town["change_points"])
    with pytest.raises(ConfigError, match="53 weeks cannot be compared"):
        compare_weeks(city, weeks=53, indicators=["on_time_closing_rate"])


def test_before_the_first_day_of_data_there_is_nothing_to_compare_with(city):
    early = compare_periods(city, day=date(2024, 1, 20), indicators=["registered_cases"], cohort="reported")
    row = find(early, "registered_cases")
    assert row["value"] == 3
    assert pd.isna(row[["base_value", "change", "relative"]]).all()


def test_slices_that_are_on_one_side_only_count_zero_on_the_other(city):
    rows = compare_periods(
        city, indicators=["registered_cases", "closing_rate"], by=("level_1_id", "department"), cohort="reported"
    )
    new = find(rows, "registered_cases", level_1_id="~unmatched", department="fire")
    assert (new["value"], new["base_value"], new["change"]) == (4, 0, 4)
    assert pd.isna(new["relative"])
    rate = find(rows, "closing_rate", level_1_id="~unmatched", department="fire")
    assert rate["base_denominator"] == 0
    assert pd.isna(rate["base_value"])
    assert pd.isna(rate["change"])


def test_without_a_choice_all_that_can_be_compared_is_compared(city):
    running = compare_periods(city)
    assert "holding_hours" not in set(running["indicator"])
    assert {"closing_rate", "composite_score"} <= set(running["indicator"])
    whole = compare_periods(city, day=date(2025, 1, 5))
    assert {"holding_hours", "recurrence_rate"} <= set(whole["indicator"])


def test_a_comparison_keeps_the_order_of_the_registry_with_the_main_variant_first(city):
    rows = compare_periods(city, indicators=["registered_cases", "rework_rate"], by="department", cohort="reported")
    assert rows["variant"].tolist() == ["main", "main", "w_over_registered"] * 2
    assert rows["department"].tolist() == ["fire"] * 3 + ["housing"] * 3


def test_towns_are_compared_by_whole_weeks_only(city):
    weekly = compare_periods(
        city, period="week", day=date(2025, 3, 5), by="level_2_id", indicators=["registered_cases"], cohort="reported"
    )
    assert find(weekly, "registered_cases", level_2_id="H1")["value"] == 3
    with pytest.raises(ConfigError, match="Towns and scenes are counted by week"):
        compare_periods(city, by="level_2_id", indicators=["registered_cases"])


@pytest.fixture(scope="module")
def league():
    """In time, of all: a 90/100, b 45/50, c 19/40, d 2/2, and 8/10 that nobody is responsible for."""
    members = {"a": (90, 100), "b": (45, 50), "c": (19, 40), "d": (2, 2), None: (8, 10)}
    cases = []
    for department, (good, count) in members.items():
        cases += on_time("2025-01-06", good, department=department)
        cases += report("2025-01-06", count - good, department=department)
    return open_counts(cases, as_of=AS_OF)


def test_a_league_ranks_the_best_first_and_sets_apart_whom_it_cannot_judge(league):
    table = rank_league(league, "on_time_disposal_rate")
    assert table["department"].tolist() == ["a", "b", "c", "d", "~none"]
    assert table["rank"].tolist()[:3] == [1, 1, 3]
    assert table["rank"].isna().tolist() == [False, False, False, True, True]
    assert table["all_value"].iloc[0] == pytest.approx(164 / 202)
    assert table["beyond"].tolist() == ["better", "", "worse", "", ""]
    assert (table["low"] <= table["value"]).all()


def test_what_is_better_low_is_ranked_the_other_way_round_and_a_minimum_can_be_chosen(league):
    table = rank_league(league, "overdue_open_rate", minimum_volume=2)
    assert table["department"].tolist() == ["d", "a", "b", "c", "~none"]
    assert table["rank"].tolist()[:4] == [1, 2, 2, 4]
    assert table.set_index("department")["beyond"].to_dict()["c"] == "worse"
    assert pd.isna(table["rank"].iloc[4])
    assert rank_league(league, "overdue_open_rate", minimum_volume=101)["beyond"].tolist() == [""] * 5


def test_nobody_is_ranked_by_a_count_or_by_a_variant_that_is_not_there(league):
    with pytest.raises(ConfigError, match="choose a rate"):
        rank_league(league, "registered_cases")
    with pytest.raises(ConfigError, match="no variant 'w'; known: main, w_over_registered"):
        rank_league(league, "rework_rate", variant="w")


PILOT_FROM = date(2024, 1, 1)
END = local("2025-01-08T00:00:00")
TOWNS = [(district, f"{district}{town}") for district in "HABC" for town in range(12)]


def simulate(rng, *, reports: float, points: float):
    """Two years of weekly reports in 12 towns of each of four districts, every town with a level and drift of its own.

    The pilot in H multiplies reports by `reports` and lifts the chance of being fixed by `points` from PILOT_FROM on.
    """
    cases = []
    for grid, (district, _) in enumerate(TOWNS):
        level, chance = rng.uniform(0.8, 1.6), rng.uniform(0.5, 0.7)
        for week in range(106):
            monday = local("2023-01-02T10:00:00") + 7 * week * DAY
            treated = district == "H" and monday.date() >= PILOT_FROM
            season = 1 + 0.3 * np.sin(2 * np.pi * week / 52)
            count = rng.poisson(level * season * (reports if treated else 1))
            fixed = rng.random(count) < chance + (points if treated else 0)
            for is_fixed in fixed:
                done = monday + 2 * DAY
                cases.append(
                    make_case(
                        monday, as_of=END, grid_no=grid, disposed_at_utc=done, closed_at_utc=done,
                        verified_at_utc=done if is_fixed else None,
                    )
                )  # fmt: skip
    return open_counts(cases, as_of=END, grids=TOWNS)


@pytest.fixture(scope="module")
def pilot():
    return simulate(np.random.default_rng(11), reports=0.7, points=0.2)


def test_the_pilots_report_compares_a_year_with_the_same_dates_before(pilot):
    rows = report_pilot(pilot, "rental", "H", pilot_from=PILOT_FROM + 7 * DAY)
    counts, rate = find(rows, "registered_cases"), find(rows, "rectification_rate")
    assert (str(counts["since"]), str(counts["until"])) == ("2024-01-08", "2025-01-08")
    assert (str(counts["base_since"]), str(counts["base_until"])) == ("2023-01-08", "2024-01-08")
    assert counts["days"] == rate["days"] == 365
    assert -0.4 < counts["relative"] < -0.2
    assert 12 < rate["change_points"] < 28
    assert rate["relative"] == pytest.approx(rate["change_points"] / 100 / rate["base_value"])
    by_hand = pilot.sql(
        "select count(*) as cases from core_case where grid_no < 12 "
        "and reported_on >= date '2024-01-08' and reported_on < date '2025-01-08' and reported_on <> date '2024-02-29'"
    )
    assert counts["value"] == by_hand["cases"].iloc[0]


def test_a_pilot_that_began_when_the_data_do_is_compared_as_soon_as_there_is_a_year_before(pilot):
    rows = report_pilot(pilot, "rental", "H", pilot_from=date(2023, 6, 1))
    assert str(rows["since"].iloc[0]) == "2024-01-02"
    with pytest.raises(InputError, match="Nothing can be compared: the data begin on 2023-01-02"):
        report_pilot(pilot, "rental", "H", pilot_from=date(2025, 1, 8))


@pytest.mark.parametrize(
    ("indicator", "scale", "truth"), [("rectification_rate", "points", 0.2), ("registered_cases", "relative", -0.3)]
)
def test_a_planted_effect_lies_in_its_interval_and_the_placebo_finds_none(pilot, indicator, scale, truth):
    rows = compare_with_control(pilot, "rental", "H", pilot_from=PILOT_FROM, indicator=indicator)
    effect, placebo = rows.set_index("kind").loc[["effect", "placebo"]].to_dict("records")
    assert effect["scale"] == scale
    assert effect["low"] <= truth <= effect["high"]
    assert not effect["low"] <= 0 <= effect["high"]
    assert placebo["low"] <= 0 <= placebo["high"]
    assert (effect["pilot_towns"], effect["control_towns"], effect["left_out"]) == (12, 36, 0)
    assert effect["since"].weekday() == effect["until"].weekday() == effect["base_since"].weekday() == 0
    assert effect["base_until"] <= PILOT_FROM <= effect["since"]
    assert placebo["until"] <= PILOT_FROM
    assert placebo["base_until"] == placebo["since"]


def test_without_an_effect_the_interval_holds_zero():
    calm = simulate(np.random.default_rng(5), reports=1.0, points=0.0)
    for indicator in ("rectification_rate", "registered_cases"):
        effect = compare_with_control(calm, "rental", "H", pilot_from=PILOT_FROM, indicator=indicator).iloc[0]
        assert effect["low"] <= 0 <= effect["high"]


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(400):
        towns = Towns(pilot=0.1 + 0.2 * rng.standard_normal(9), control=0.1 * rng.standard_normal(40), left_out=0)
        found = estimate_effect(towns, is_count=False)
        hits += found["low"] <= 0.1 <= found["high"]
    assert 0.92 <= hits / 400 <= 0.98


def test_an_effect_by_hand_without_any_scatter():
    towns = Towns(pilot=np.log([2.0, 2.0]), control=np.log([1.0, 1.0]), left_out=1)
    found = estimate_effect(towns, is_count=True)
    assert [found[name] for name in ("effect", "low", "high", "pilot_change")] == pytest.approx([1, 1, 1, 1])
    assert found["left_out"] == 1


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"scenario": "lane"}, "No case of lane lies in the district H"),
        ({"district": "Z"}, "No case of rental lies in the district Z"),
        ({"pilot_from": date(2025, 1, 7)}, "no whole week after 2025-01-07"),
        ({"pilot_from": date(2023, 1, 10)}, "fewer than two weeks of data before 2023-01-10"),
    ],
)
def test_what_cannot_be_checked_is_said(pilot, asked, sentence):
    where = {"scenario": "rental", "district": "H", "pilot_from": PILOT_FROM} | asked
    with pytest.raises(InputError, match=sentence):
        compare_with_control(pilot, where["scenario"], where["district"], pilot_from=where["pilot_from"])


def test_one_town_is_too_few_for_an_interval():
    rows = [*on_time("2024-03-05", 3, grid_no=0), *on_time("2024-03-05", 3, grid_no=2), *on_time("2024-01-10", 1)]
    rows += [*on_time("2025-03-05", 3, grid_no=0), *on_time("2025-03-05", 3, grid_no=2)]
    with pytest.raises(InputError, match="There are 1 towns in the pilot and 1 outside"):
        compare_with_control(open_counts(rows, as_of=AS_OF), "rental", "H", pilot_from=date(2025, 2, 3))
