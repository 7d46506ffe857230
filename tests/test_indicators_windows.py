"""Days that can be compared, worked by hand: running months, leap days, short months, weeks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import ConfigError
from governance.indicators.windows import Window, pair_by_year, pair_windows, start_months, start_period

D = date.fromisoformat


def pair(period, day, first_incomplete, **how):
    current, base = pair_windows(period, D(day), first_incomplete=D(first_incomplete), **how)
    return [(str(w.since), str(w.until), w.left_out and str(w.left_out), w.days) for w in (current, base)]


def test_a_running_month_is_compared_with_the_same_dates_a_year_earlier():
    assert pair("month", "2025-03-10", "2025-03-16") == [
        ("2025-03-01", "2025-03-16", None, 15),
        ("2024-03-01", "2024-03-16", None, 15),
    ]


def test_the_leap_day_is_left_out_on_whichever_side_it_lies():
    assert pair("month", "2025-02-20", "2025-03-01") == [
        ("2025-02-01", "2025-03-01", None, 28),
        ("2024-02-01", "2024-03-01", "2024-02-29", 28),
    ]
    assert pair("month", "2024-02-29", "2024-06-01") == [
        ("2024-02-01", "2024-03-01", "2024-02-29", 28),
        ("2023-02-01", "2023-03-01", None, 28),
    ]
    assert pair("year", "2025-05-05", "2025-04-11", against="previous") == [
        ("2025-01-01", "2025-04-11", None, 100),
        ("2024-01-01", "2024-04-11", "2024-02-29", 100),
    ]


def test_a_month_that_runs_until_the_leap_day_needs_nothing_left_out():
    # the moment lies on 29 February, so 28 days are complete
    assert pair("month", "2024-02-10", "2024-02-29") == [
        ("2024-02-01", "2024-02-29", None, 28),
        ("2023-02-01", "2023-03-01", None, 28),
    ]


def test_the_month_before_is_compared_day_by_day_as_far_as_both_have_days():
    assert pair("month", "2025-03-10", "2025-03-16", against="previous") == [
        ("2025-03-01", "2025-03-16", None, 15),
        ("2025-02-01", "2025-02-16", None, 15),
    ]
    assert pair("month", "2025-03-10", "2025-04-05", against="previous") == [
        ("2025-03-01", "2025-03-29", None, 28),
        ("2025-02-01", "2025-03-01", None, 28),
    ]
    assert pair("month", "2025-01-10", "2025-02-01", against="previous") == [
        ("2025-01-01", "2025-02-01", None, 31),
        ("2024-12-01", "2025-01-01", None, 31),
    ]
    assert pair("quarter", "2025-05-20", "2025-07-01", against="previous")[1] == ("2025-01-01", "2025-04-01", None, 90)


def test_by_weeks_weekdays_match():
    assert pair("month", "2025-03-10", "2025-03-16", alignment="weeks") == [
        ("2025-03-01", "2025-03-16", None, 15),
        ("2024-03-02", "2024-03-17", None, 15),
    ]
    assert pair("month", "2025-03-10", "2025-05-01", alignment="weeks", against="previous") == [
        ("2025-03-01", "2025-03-29", None, 28),
        ("2025-02-01", "2025-03-01", None, 28),
    ]
    assert pair("week", "2025-03-12", "2025-03-14")[1] == ("2024-03-11", "2024-03-15", None, 4)
    assert pair("week", "2025-03-12", "2025-03-20", against="previous")[1] == ("2025-03-03", "2025-03-10", None, 7)


def test_a_period_without_a_complete_day_and_more_than_a_year_are_refused():
    with pytest.raises(ConfigError, match="No day of the month from 2025-03-01 is complete yet"):
        pair("month", "2025-03-01", "2025-03-01")
    with pytest.raises(ConfigError, match="more than a year"):
        pair_by_year(D("2024-01-01"), D("2025-01-02"))
    assert pair_by_year(D("2024-01-01"), D("2025-01-01")) == (
        Window(D("2024-01-01"), D("2025-01-01"), D("2024-02-29")),
        Window(D("2023-01-01"), D("2024-01-01")),
    )


@given(
    period=st.sampled_from(["week", "month", "quarter", "year"]),
    day=st.dates(date(1999, 1, 1), date(2101, 12, 31)),
    known=st.integers(0, 400),
    against=st.sampled_from(["year", "previous"]),
    alignment=st.sampled_from(["calendar", "weeks"]),
)
def test_both_sides_always_have_the_same_number_of_days(period, day, known, against, alignment):
    first_incomplete = start_period(period, day) + timedelta(days=1 + known)
    current, base = pair_windows(period, day, first_incomplete=first_incomplete, against=against, alignment=alignment)
    assert current.days == base.days > 0
    assert current.until <= first_incomplete
    assert base.until <= current.since


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [
        ("2025-12-31", 12, "2025-01-01"),
        ("2026-01-01", 12, "2025-02-01"),
        ("2025-03-01", 1, "2025-03-01"),
        ("2025-01-15", 2, "2024-12-01"),
        ("2024-02-29", 14, "2023-01-01"),
        ("2025-12-01", 24, "2024-01-01"),
    ],
)
def test_so_many_months_end_with_the_one_of_the_day(day, months, first):
    assert start_months(D(day), months=months) == D(first)
