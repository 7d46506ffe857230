"""Indicators from hand-made cases: golden checks, every formula by hand, denominators, cohorts, slices that add up."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_counts import find, local, make_case, open_counts, utc

from governance.errors import ConfigError
from governance.indicators import SLICES, ask_indicators, charge_hours, load_registry

AS_OF = local("2025-03-01T00:00:00")
DAY = timedelta(days=1)


def case(reported: str, **told):
    return make_case(local(reported), as_of=told.pop("as_of", AS_OF), **told)


def closed_after(reported: str, days: float, **told):
    moment = local(reported) + days * DAY
    return case(reported, **{"disposed_at_utc": moment, "closed_at_utc": moment, **told})


@pytest.fixture(scope="module")
def golden():
    """Tianmen, December 2016: 972 cases due to close, 911 closed, 737 of them on time."""
    on_time = [closed_after("2025-01-06T10:00:00", 6) for _ in range(737)]
    late = [closed_after("2025-01-06T10:00:00", 8) for _ in range(911 - 737)]
    still_open = [case("2025-01-06T10:00:00") for _ in range(972 - 911)]
    not_due = [case("2025-02-27T10:00:00") for _ in range(40)]
    cancelled = [case("2025-01-06T10:00:00", stage="cancelled") for _ in range(9)]
    return open_counts([*on_time, *late, *still_open, *not_due, *cancelled], as_of=AS_OF)


@pytest.mark.parametrize("cohort", ["reported", "due"])
def test_the_closing_rates_of_tianmen_come_out(golden, cohort):
    rows = ask_indicators(golden, indicators=["closing_rate", "on_time_closing_rate"], cohort=cohort)
    closing = find(rows, "closing_rate")
    assert (closing["numerator"], closing["denominator"], f"{closing['value']:.2%}") == (911, 972, "93.72%")
    for variant in ("main", "ct_over_registered_due"):
        on_time = find(rows, "on_time_closing_rate", variant)
        assert (on_time["numerator"], on_time["denominator"], f"{on_time['value']:.2%}") == (737, 972, "75.82%")


def test_what_is_open_in_time_is_registered_but_in_no_denominator(golden):
    rows = golden.indicators(cohort="reported")
    assert find(rows, "registered_cases")["value"] == 972 + 40
    assert find(rows, "open_cases")["value"] == 61 + 40
    assert find(rows, "disposal_rate")["denominator"] == 972


# Ten cases of January, due after five days and to be closed after seven; the moment is the first of March.
HAND = [
    closed_after("2025-01-06T10:00:00", 3, verified_at_utc=local("2025-01-09T09:00:00")),  # on time, fixed
    closed_after("2025-01-06T10:00:00", 7),  # disposed late, closed at the very limit: in time
    closed_after("2025-01-06T10:00:00", 9, reopenings=1, hops=2, is_ping_pong=True),  # both late, reworked
    closed_after("2025-01-06T10:00:00", 5, stage="evaluated", extensions=2),  # at the very limit: on time
    case("2025-01-06T10:00:00", hops=3, returns=1),  # open, overdue, seriously
    case("2025-02-18T10:00:00", disposed_at_utc=local("2025-02-20T10:00:00")),  # disposed, not closed: due
    case("2025-02-22T10:00:00", illegal_moves=1),  # due to dispose on the 27th, not due to close before 1 March 10:00
    case("2025-02-26T10:00:00", extensions=1, reopenings=1),  # due for nothing yet
    closed_after(
        "2025-02-26T10:00:00", 1, verified_at_utc=local("2025-02-26T12:00:00")
    ),  # closed early: due for nothing
    case("2025-01-06T10:00:00", stage="cancelled", returns=1, hops=9),
]
# indicator, variant: numerator, denominator
BY_HAND = {
    ("registered_cases", "main"): (9, None),
    ("open_cases", "main"): (4, None),
    ("overdue_open_cases", "main"): (2, None),
    ("seriously_overdue_cases", "main"): (1, None),
    ("returned_cases", "main"): (1, None),
    ("illegal_move_cases", "main"): (1, None),
    ("disposal_rate", "main"): (5, 7),
    ("on_time_disposal_rate", "main"): (3, 7),
    ("overdue_open_rate", "main"): (2, 7),
    ("extension_rate", "main"): (1, 7),
    ("closing_rate", "main"): (4, 6),
    ("on_time_closing_rate", "main"): (3, 6),
    ("on_time_closing_rate", "ct_over_registered_due"): (4, 7),
    ("rework_rate", "main"): (1, 6),
    ("rework_rate", "w_over_registered"): (2, 9),
    ("bounce_rate", "main"): (2, 9),
    ("bounce_rate", "ping_pong"): (1, 9),
    ("rectification_rate", "main"): (1, 6),
    ("rectification_rate", "fixed_over_found"): (2, 9),
    ("holding_hours", "main"): (12.0, 3),
    ("recurrence_rate", "main"): (1, 2),
}
STINTS = [
    {"source": "platform", "incident_id": "N-0", "stint": 1, "holder": "~desk", "work_s": 3600},
    {"source": "platform", "incident_id": "N-0", "stint": 2, "holder": "housing", "work_s": 9 * 3600},
    {"source": "platform", "incident_id": "N-4", "stint": 1, "holder": "fire", "work_s": 2 * 3600},
    {"source": "platform", "incident_id": "N-9", "stint": 1, "holder": "fire", "work_s": 99 * 3600},  # cancelled
]


def recurrence(closed: str, days: float | None, scenario: str | None = "rental", *, town: str = "H1"):
    moment = local(closed)
    return {
        "source": "platform", "incident_id": closed, "scenario": scenario, "department": "housing", "level_1_id": "H",
        "level_2_id": town, "closed_at_utc": moment, "followed_days": (AS_OF - moment) / DAY,
        "days_to_recurrence": days,
    }  # fmt: skip


RECURRENCES = [
    recurrence("2024-11-01T10:00:00", 90.0),
    recurrence("2024-12-01T00:00:00", 90.5),  # watched for just 90 days, came back after them
    recurrence("2024-12-02T00:00:00", 1.0),  # watched for 89 days only, so it says nothing yet
    recurrence("2024-11-01T10:00:00", 1.0, scenario=None),
]


@pytest.fixture(scope="module")
def by_hand():
    return open_counts(HAND, as_of=AS_OF, stints=STINTS, recurrences=RECURRENCES)


@pytest.mark.parametrize(("pair", "expected"), BY_HAND.items(), ids=str)
def test_every_indicator_by_hand(by_hand, pair, expected):
    row = find(by_hand.indicators(cohort="reported"), *pair)
    numerator, denominator = expected
    assert row["numerator"] == numerator
    assert (None if pd.isna(row["denominator"]) else row["denominator"]) == denominator
    assert row["value"] == (numerator if denominator is None else pytest.approx(numerator / denominator))


def test_the_composite_score_by_hand_and_no_indicator_is_left_out(by_hand):
    rows = by_hand.indicators(cohort="reported")
    expected = 30 * 5 / 7 + 20 * 3 / 7 + 20 * (1 - 1 / 6) + 20 * (1 - 2 / 7) + 10 * (1 - 1 / 7)
    score = find(rows, "composite_score")
    assert (score["value"], score["denominator"]) == (pytest.approx(expected), 100)
    assert set(BY_HAND) | {("composite_score", "main")} == set(zip(rows["indicator"], rows["variant"], strict=True))
    assert len(rows) == len(BY_HAND) + 1


def test_by_due_date_disposal_and_closing_have_days_of_their_own(by_hand):
    # the case of 22 February is to be disposed on the 27th and to be closed on 1 March
    rows = by_hand.indicators(["registered_cases", "disposal_rate", "closing_rate"], period="month", cohort="due")
    january, february, march = pd.to_datetime(["2025-01-01", "2025-02-01", "2025-03-01"])
    assert find(rows, "disposal_rate", period_start=january)["denominator"] == 5
    assert find(rows, "disposal_rate", period_start=february)["denominator"] == 2
    assert find(rows, "closing_rate", period_start=february)["denominator"] == 1
    assert find(rows, "closing_rate", period_start=march)["denominator"] == 0
    assert pd.isna(find(rows, "closing_rate", period_start=march)["value"])
    assert find(rows, "registered_cases", period_start=march)["value"] == 2


def test_a_limit_at_the_very_moment_has_not_passed():
    reported, done = AS_OF - 5 * DAY, AS_OF - DAY
    closed = {"disposed_at_utc": done, "closed_at_utc": done, "close_days": 5}
    cases = [make_case(reported, as_of=AS_OF), make_case(reported, as_of=AS_OF, **closed)]
    cases.append(make_case(reported - timedelta(microseconds=1), as_of=AS_OF, close_days=5))
    rows = ask_indicators(open_counts(cases, as_of=AS_OF), cohort="reported")
    assert (find(rows, "overdue_open_rate")["numerator"], find(rows, "overdue_open_rate")["denominator"]) == (1, 1)
    assert (find(rows, "closing_rate")["numerator"], find(rows, "closing_rate")["denominator"]) == (0, 1)


def test_a_clock_stopped_in_time_is_due_for_nothing():
    cases = [case("2025-01-06T10:00:00", is_paused=True), case("2025-01-06T10:00:00", is_paused=True, is_overdue=True)]
    rows = ask_indicators(open_counts(cases, as_of=AS_OF), cohort="reported")
    assert find(rows, "disposal_rate")["denominator"] == 1
    assert find(rows, "closing_rate")["denominator"] == 1
    assert find(rows, "on_time_closing_rate", "ct_over_registered_due")["denominator"] == 1
    assert find(rows, "open_cases")["value"] == 2


def test_a_source_that_never_tells_of_a_closing_is_no_failure_and_no_success():
    silent = case("2025-01-06T10:00:00", stage="dispatched", is_open=False)
    rows = ask_indicators(open_counts([silent], as_of=AS_OF), cohort="reported")
    assert find(rows, "registered_cases")["value"] == 1
    assert [find(rows, name)["denominator"] for name in ("disposal_rate", "closing_rate")] == [0, 0]
    assert find(rows, "on_time_closing_rate", "ct_over_registered_due")["denominator"] == 0


def test_closed_without_a_time_is_closed_but_not_on_time():
    rows = ask_indicators(open_counts([case("2025-01-06T10:00:00", stage="closed")], as_of=AS_OF))
    assert [find(rows, f"{name}_rate")["value"] for name in ("closing", "disposal")] == [1, 1]
    assert [find(rows, f"on_time_{name}_rate")["value"] for name in ("closing", "disposal")] == [0, 0]


def test_reopened_work_that_is_undone_is_neither_disposed_nor_fixed():
    undone = case("2025-01-06T10:00:00", verified_at_utc=local("2025-01-07T10:00:00"), reopenings=1)
    rows = ask_indicators(open_counts([undone], as_of=AS_OF))
    assert find(rows, "disposal_rate")["value"] == 0
    assert find(rows, "rectification_rate")["value"] == 0


def test_cases_without_a_limit_are_registered_but_due_for_nothing():
    free = closed_after("2025-01-06T10:00:00", 3, dispose_days=None, close_days=None)
    city = open_counts([free], as_of=AS_OF)
    rows = ask_indicators(city, cohort="reported")
    assert find(rows, "registered_cases")["value"] == 1
    assert find(rows, "on_time_closing_rate", "ct_over_registered_due")["denominator"] == 0
    assert find(ask_indicators(city, cohort="due"), "registered_cases")["value"] == 0


def test_nothing_at_all_is_zero_cases_and_blank_shares():
    rows = open_counts([], as_of=AS_OF).indicators()
    shares = rows[~rows["indicator"].str.endswith("_cases")]
    assert (rows.loc[rows["indicator"].str.endswith("_cases"), "value"] == 0).all()
    assert shares[["value", "low", "high"]].isna().all(axis=None)
    assert not shares["has_volume"].any()
    assert set(rows["indicator"]) == {entry.id for entry in load_registry().indicators}


def test_a_formula_without_a_single_case_is_still_answered():
    rows = ask_indicators(open_counts([case("2025-01-06T10:00:00", close_days=None)], as_of=AS_OF), cohort="due")
    assert find(rows, "disposal_rate")["denominator"] == 1
    assert find(rows, "closing_rate")["denominator"] == 0
    assert pd.isna(find(rows, "closing_rate")["value"])


def test_days_are_the_citys_own_even_where_its_clock_jumps():
    # New York's clock springs from 02:00 to 03:00 on 9 March 2025; UTC 04:30 is the 8th before and the 9th in summer
    zone, as_of = "America/New_York", utc("2025-04-01T00:00:00")
    reported = [utc("2025-03-03T04:30:00"), utc("2025-03-05T04:30:00")]
    cases = [make_case(moment, as_of=as_of, zone=zone) for moment in reported]
    city = open_counts(cases, as_of=as_of, zone=zone)
    days = city.sql("select cohort, period_start from out_count where period = 'day' order by all")
    found = {name: [str(day.date()) for day in rows["period_start"]] for name, rows in days.groupby("cohort")}
    assert found["reported"] == ["2025-03-02", "2025-03-04"]
    assert found["disposal_due"] == ["2025-03-07", "2025-03-10"]
    assert found["closing_due"] == ["2025-03-10", "2025-03-12"]


def test_holding_is_charged_to_whoever_held_and_dated_by_the_report(by_hand):
    rows = by_hand.indicators(["holding_hours"], by="department", period="month", scenario="rental", level_1_id="H")
    assert rows["department"].tolist() == ["fire", "housing", "~desk"]
    assert rows["value"].tolist() == [2, 9, 1]
    assert set(rows["cohort"]) == {"reported"}
    assert by_hand.indicators(["holding_hours"], scenario="lane")["value"].isna().all()


def test_an_average_cases_hours_are_charged_to_those_who_held_it(by_hand):
    """Nine cases of which 12 hours of holding are known: 9 by housing, 2 by the fire brigade, 1 at the desk."""
    frame = charge_hours(by_hand)
    assert frame["department"].tolist() == ["housing", "fire", "~desk"]
    assert frame["work_hours"].tolist() == [9, 2, 1]
    assert frame["cases"].tolist() == [9, 9, 9]
    assert frame["hours_per_case"].tolist() == pytest.approx([9 / 9, 2 / 9, 1 / 9])
    assert frame["hours_per_stretch"].tolist() == [9, 2, 1]
    assert frame["share"].tolist() == pytest.approx([9 / 12, 2 / 12, 1 / 12])
    assert charge_hours(by_hand, scenario="ghosts").empty


def test_recurrence_is_dated_by_the_closing_and_waits_for_all_its_days(by_hand):
    rows = by_hand.indicators(["recurrence_rate"], period="month")
    assert rows["period_start"].dt.month.tolist() == [11, 12]
    assert rows["denominator"].tolist() == [1, 1]
    assert set(rows["cohort"]) == {"closed"}


def spread_cases(count: int = 240):
    """Cases over two years, all towns, three scenarios and four departments, in every state."""
    start = local("2023-12-20T15:00:00")
    places, scenarios, departments = (0, 1, 2, 3, None), ("rental", "lane", None), ("housing", "fire", "police", None)
    cases = []
    for number in range(count):
        reported = start + number * timedelta(hours=43)
        done = reported + timedelta(days=number % 11) if number % 6 else None
        done = done if done and done < AS_OF else None
        cases.append(
            make_case(
                reported, as_of=AS_OF, grid_no=places[number % 5], scenario=scenarios[number % 3],
                scene=("crowded", "wires", None)[number % 7 % 3], department=departments[number % 4],
                disposed_at_utc=done, closed_at_utc=done if number % 4 else None, hops=number % 4,
                reopenings=int(number % 9 == 0), extensions=int(number % 8 == 0),
                **({"stage": "cancelled"} if number % 50 == 7 else {}),
            )
        )  # fmt: skip
    return cases


@pytest.fixture(scope="module")
def spread():
    return open_counts(spread_cases(), as_of=AS_OF)


def total(rows):
    """Numerators and denominators by indicator and variant, of which totals are made."""
    return rows.groupby(["indicator", "variant"])[["numerator", "denominator"]].sum()


COUNTED = [entry.id for entry in load_registry().indicators if entry.question == "count"]


@given(
    by=st.lists(st.sampled_from(SLICES), unique=True),
    period=st.sampled_from([None, "week", "month", "quarter", "year"]),
    cohort=st.sampled_from(["reported", "due"]),
)
@settings(max_examples=60, deadline=None)
def test_slicing_never_changes_a_total(spread, by, period, cohort):
    whole = ask_indicators(spread, indicators=COUNTED, cohort=cohort)
    parts = ask_indicators(spread, indicators=COUNTED, by=by, period=period, cohort=cohort)
    pd.testing.assert_frame_equal(total(parts), total(whole))
    shares = parts[parts["denominator"] > 0]
    assert shares["value"].to_numpy() == pytest.approx((shares["numerator"] / shares["denominator"]).astype(float))
    assert parts.loc[parts["denominator"] == 0, "value"].isna().all()


@given(
    first=st.sampled_from([("scenario", "rental"), ("scenario", "~unmapped"), ("level_1_id", "J")]),
    second=st.sampled_from([("department", "~none"), ("level_2_id", "J1"), ("scene", "~none")]),
)
@settings(max_examples=9, deadline=None)
def test_a_filter_gives_the_slice_of_the_same_name(spread, first, second):
    where = dict([first, second])
    filtered = ask_indicators(spread, indicators=COUNTED, cohort="reported", **where)
    sliced = ask_indicators(spread, indicators=COUNTED, cohort="reported", by=list(where))
    for name, value in where.items():
        sliced = sliced[sliced[name] == value]
    pd.testing.assert_frame_equal(filtered, sliced[filtered.columns].reset_index(drop=True))


@pytest.mark.parametrize(
    ("since", "until"),
    [("2024-01-01", "2025-01-01"), ("2024-03-04", "2024-04-22"), ("2024-02-10", "2024-03-15"), (None, "2024-02-29")],
)
def test_days_weeks_and_months_agree_and_ends_are_half_open(spread, since, until):
    first = date.fromisoformat(since) if since else date(2020, 1, 1)
    last = date.fromisoformat(until)
    days = [entry["reported_on"] for entry in spread_cases() if entry["stage"] != "cancelled"]
    expected = sum(first <= day < last for day in days)
    span = {"since": date.fromisoformat(since) if since else None, "until": last, "cohort": "reported"}
    row = find(ask_indicators(spread, indicators=["registered_cases"], **span), "registered_cases")
    assert row["value"] == expected
    towns = {"by": "level_2_id", "indicators": ["registered_cases"], **span}
    if since in {"2024-01-01", "2024-03-04"}:
        assert ask_indicators(spread, **towns)["value"].sum() == expected
    else:
        with pytest.raises(ConfigError, match="Towns and scenes are counted by week"):
            ask_indicators(spread, **towns)


def test_what_lies_in_no_grid_and_in_no_scenario_stays_visible(spread):
    rows = ask_indicators(spread, indicators=["registered_cases"], by=("level_1_id", "scenario"), cohort="reported")
    cases = [entry for entry in spread_cases() if entry["stage"] != "cancelled"]
    expected = sum(entry["grid_no"] is None and entry["scenario"] is None for entry in cases)
    row = find(rows, "registered_cases", level_1_id="~unmatched", scenario="~unmapped")
    assert row["value"] == expected > 0
    assert rows["value"].sum() == len(cases)


def test_a_later_future_changes_no_count_of_the_past(spread):
    later = [make_case(local("2025-02-27T10:00:00"), as_of=AS_OF) for _ in range(5)]
    city = open_counts([*spread_cases(), *later], as_of=AS_OF)
    span = {"until": date(2025, 2, 1), "cohort": "reported", "indicators": COUNTED}
    pd.testing.assert_frame_equal(ask_indicators(city, **span), ask_indicators(spread, **span))


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"indicators": ["closing_rat"]}, "There is no indicator 'closing_rat'; did you mean `closing_rate`"),
        ({"by": "departments"}, "There is no slice 'departments'.*did you mean `department`"),
        ({"period": "day"}, "There is no period 'day'; known: week, month, quarter, year"),
        ({"cohort": "closed"}, "There is no cohort 'closed'; known: reported, due"),
        (
            {"indicators": ["holding_hours"], "by": "scene"},
            "`holding_hours` is not counted by scene: ask it by scenario",
        ),
        ({"indicators": ["recurrence_rate"], "scene": "wires"}, "`recurrence_rate` is not counted by scene"),
        ({"indicators": ["recurrence_rate"], "since": date(2025, 1, 2)}, "is counted by week .from Monday. and month"),
        ({"indicators": ["holding_hours"], "by": "level_2_id", "period": "week"}, "by town in whole months only"),
        ({"indicators": ["holding_hours"], "period": "month", "since": date(2025, 1, 6)}, "begin and end with one"),
        (
            {"by": "scene", "period": "week", "since": date(2025, 1, 1)},
            r"^No indicator can be cut so\. Towns and scenes are counted by week",
        ),
    ],
)
def test_what_cannot_be_cut_is_refused_with_a_sentence(by_hand, asked, sentence):
    with pytest.raises(ConfigError, match=sentence):
        ask_indicators(by_hand, **asked)


@pytest.mark.parametrize("cut", [{"period": "week"}, {"period": "month"}, {"by": "level_2_id"}])
def test_every_indicator_is_counted_by_week_month_and_town(by_hand, cut):
    found = ask_indicators(by_hand, **cut)
    assert {entry.id for entry in load_registry().indicators} == set(found["indicator"])
    assert found.attrs["left_out"] == {}


def test_what_cannot_be_cut_is_left_out_with_the_reason(by_hand):
    found = ask_indicators(by_hand, by="scene")
    assert found.attrs["left_out"] == {
        name: f"`{name}` is not counted by scene: ask it by scenario." for name in ("holding_hours", "recurrence_rate")
    }
    assert not set(found.attrs["left_out"]) & set(found["indicator"])


def test_holding_by_week_and_town_worked_by_hand():
    cases = [
        # Friday 31 January, Saturday 1 and Monday 3 February 2025: one week in two months, and the next week
        case("2025-01-31T10:00:00", grid_no=0), case("2025-02-01T10:00:00", grid_no=1),
        case("2025-02-03T10:00:00", grid_no=0), case("2025-02-03T10:00:00", grid_no=None),
    ]  # fmt: skip
    stints = [
        {"source": "platform", "incident_id": f"N-{number}", "stint": 1, "holder": "housing", "work_s": hours * 3600}
        for number, hours in enumerate((1, 2, 4, 8))
    ]
    city = open_counts(cases, as_of=AS_OF, stints=stints)
    weeks = city.indicators(["holding_hours"], period="week", by="level_1_id")
    told = weeks[["period_start", "level_1_id", "numerator"]].astype({"period_start": str}).to_numpy().tolist()
    assert told == [["2025-01-27", "H", 3], ["2025-02-03", "H", 4], ["2025-02-03", "~unmatched", 8]]
    towns = city.indicators(["holding_hours"], period="month", by="level_2_id")
    told = towns[["period_start", "level_2_id", "numerator"]].astype({"period_start": str}).to_numpy().tolist()
    assert told == [
        ["2025-01-01", "H1", 1], ["2025-02-01", "H1", 4], ["2025-02-01", "H2", 2], ["2025-02-01", "~unmatched", 8],
    ]  # fmt: skip
    week = city.indicators(["holding_hours"], level_1_id="H", since=date(2025, 2, 3), until=date(2025, 2, 10))
    assert (week["numerator"].iloc[0], week["denominator"].iloc[0]) == (4, 1)


def test_recurrence_by_week_and_town_worked_by_hand():
    rows = [
        # closed on Saturday 30 November, Sunday 1 and Monday 2 December 2024; the last was not watched for 90 days
        recurrence("2024-11-30T10:00:00", 5.0), recurrence("2024-12-01T00:00:00", None, town="H2"),
        recurrence("2024-12-02T00:00:00", 1.0),
    ]  # fmt: skip
    city = open_counts(HAND, as_of=AS_OF, recurrences=rows)
    weeks = city.indicators(["recurrence_rate"], period="week", level_1_id="H")
    assert weeks["period_start"].astype(str).tolist() == ["2024-11-25", "2024-12-02"]
    assert weeks[["numerator", "denominator"]].to_numpy().tolist() == [[1, 2], [0, 0]]
    towns = city.indicators(["recurrence_rate"], period="month", by="level_2_id")
    told = towns[["level_2_id", "numerator", "denominator"]].to_numpy().tolist()
    assert told == [["H1", 1, 1], ["H1", 0, 0], ["H2", 0, 1]]
