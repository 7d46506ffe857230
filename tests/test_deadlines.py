"""Deadlines by hand across festivals, nights and closing times; and against a clock that counts every minute."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.cases.deadlines import LimitUnit, add_limit
from governance.cases.work_clock import WorkClock, build_work_clock
from governance.errors import ConfigError
from governance.work_calendar import WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = WorkCalendar(country="CN")
CLOCK = build_work_clock(CHINA, SHANGHAI, first_day=date(2025, 12, 1), last_day=date(2026, 12, 1))
UNKNOWN = "unknown"


def to_utc(local: str) -> np.datetime64:
    moment = datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)
    return np.datetime64(moment.astimezone(ZoneInfo("UTC")).replace(tzinfo=None), "us")


def add(local: str, value: float, unit: LimitUnit, *, clock: WorkClock | None = CLOCK) -> str:
    """The deadline on the wall clock of Shanghai."""
    due = add_limit(np.array([to_utc(local)]), value, unit, clock=clock)[0]
    if np.isnat(due):
        return UNKNOWN
    return (due.astype(datetime) + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M")


# 2026: Spring Festival is off from Sunday 15 to Monday 23 February; Saturdays 14 and 28 February are worked.
# National Day is off from 1 to 7 October; Sunday 20 September and Saturday 10 October are worked.
@pytest.mark.parametrize(
    ("start", "value", "unit", "due"),
    [
        ("2026-03-04 09:00", 2, "work_hours", "2026-03-04 11:00"),
        ("2026-03-04 11:00", 2, "work_hours", "2026-03-04 14:30"),  # over lunch
        ("2026-03-04 12:30", 1, "work_hours", "2026-03-04 14:30"),  # reported at lunch
        ("2026-03-04 11:30", 0.5, "work_hours", "2026-03-04 12:00"),  # ends when the morning closes
        ("2026-03-04 16:30", 1, "work_hours", "2026-03-04 17:30"),  # ends when the day closes
        ("2026-03-04 16:30", 1.5, "work_hours", "2026-03-05 09:00"),
        ("2026-03-04 17:30", 1, "work_hours", "2026-03-05 09:30"),  # reported as the day closes
        ("2026-03-04 08:30", 7.5, "work_hours", "2026-03-04 17:30"),
        ("2026-03-05 00:00", 1, "work_hours", "2026-03-05 09:30"),  # midnight
        ("2026-03-04 23:59", 1, "work_hours", "2026-03-05 09:30"),
        ("2026-03-07 10:00", 7.5, "work_hours", "2026-03-09 17:30"),  # Saturday → Monday
        ("2026-03-06 17:00", 1, "work_hours", "2026-03-09 09:00"),  # Friday → Monday
        ("2026-02-13 16:30", 2, "work_hours", "2026-02-14 09:30"),  # into the worked Saturday
        ("2026-02-14 16:30", 2, "work_hours", "2026-02-24 09:30"),  # across the whole festival
        ("2026-02-17 12:00", 1, "work_days", "2026-02-24 17:30"),  # reported on New Year's Day
        ("2026-02-27 10:00", 1, "work_days", "2026-02-28 10:00"),  # Friday → worked Saturday
        ("2026-02-28 10:00", 1, "work_days", "2026-03-02 10:00"),  # worked Saturday → Monday
        ("2026-10-09 17:00", 1, "work_hours", "2026-10-10 09:00"),  # into the October Saturday
        ("2026-10-10 17:00", 1, "work_hours", "2026-10-12 09:00"),
        ("2026-09-30 17:00", 1, "work_days", "2026-10-08 17:00"),  # across National Day
        ("2026-09-19 10:00", 0.5, "work_days", "2026-09-20 13:45"),  # 3 h 45 min on the worked Sunday
        ("2026-03-04 10:15", 5, "work_days", "2026-03-11 10:15"),
        ("2026-03-04 12:30", 1, "work_days", "2026-03-05 12:00"),  # lunch to lunch: due when the morning closes
        ("2026-02-14 16:30", 2, "hours", "2026-02-14 18:30"),
        ("2026-02-14 16:30", 2, "calendar_days", "2026-02-16 16:30"),
        ("2026-12-31 16:30", 1, "work_hours", "2026-12-31 17:30"),
        ("2026-12-31 17:00", 1, "work_hours", UNKNOWN),  # falls into a year that is not published
        ("2027-06-01 10:00", 1, "work_hours", UNKNOWN),
        ("2026-12-31 17:00", 1, "hours", "2026-12-31 18:00"),
    ],
)
def test_a_deadline_worked_by_hand(start, value, unit, due):
    assert add(start, value, unit) == due


def test_an_unknown_start_has_an_unknown_deadline():
    """Stages follow each other: what one cannot date, the next cannot either."""
    units: tuple[LimitUnit, ...] = ("hours", "calendar_days", "work_hours", "work_days")
    for unit in units:
        assert np.isnat(add_limit(np.array(["NaT"], dtype="datetime64[us]"), 3, unit, clock=CLOCK)).all()


def test_no_starts_give_no_deadlines_and_the_type_stays():
    due = add_limit(np.array([], dtype="datetime64[us]"), 1, "work_hours", clock=CLOCK)
    assert (len(due), due.dtype) == (0, np.dtype("datetime64[us]"))


def test_a_working_limit_without_a_clock_is_refused():
    with pytest.raises(ConfigError, match="work_calendar"):
        add_limit(np.array([to_utc("2026-03-04 09:00")]), 1, "work_days", clock=None)


# the calendar


def test_a_year_beyond_the_official_calendar_is_refused_with_what_to_add():
    with pytest.raises(ConfigError, match=r"not known for 2027.*extra_holidays"):
        build_work_clock(CHINA, SHANGHAI, first_day=date(2026, 12, 1), last_day=date(2027, 1, 5))


def test_a_year_before_the_official_calendar_is_refused():
    with pytest.raises(ConfigError, match="2003"):
        build_work_clock(CHINA, SHANGHAI, first_day=date(2003, 12, 31), last_day=date(2026, 1, 5))


def test_the_citys_own_days_make_a_year_known():
    calendar = WorkCalendar(country="CN", extra_holidays=("2027-01-01",), extra_workdays=("2027-01-02",))
    clock = build_work_clock(calendar, SHANGHAI, first_day=date(2026, 12, 1), last_day=date(2027, 1, 5))
    assert add("2026-12-31 17:00", 1, "work_hours", clock=clock) == "2027-01-02 09:00"
    assert add("2027-01-02 17:00", 1, "work_hours", clock=clock) == "2027-01-04 09:00"


def test_the_citys_own_days_come_before_the_official_ones():
    calendar = WorkCalendar(country="CN", extra_holidays=("2026-03-05",), extra_workdays=("2026-03-07",))
    clock = build_work_clock(calendar, SHANGHAI, first_day=date(2026, 3, 1), last_day=date(2026, 3, 8))
    assert add("2026-03-04 17:00", 1, "work_hours", clock=clock) == "2026-03-06 09:00"
    assert add("2026-03-06 17:00", 1, "work_hours", clock=clock) == "2026-03-07 09:00"


def test_without_a_country_monday_to_friday_are_worked():
    calendar = WorkCalendar(windows=("00:00-24:00",))
    clock = build_work_clock(calendar, SHANGHAI, first_day=date(2031, 1, 1), last_day=date(2031, 12, 31))
    assert add("2031-01-03 23:00", 2, "work_hours", clock=clock) == "2031-01-06 01:00"
    assert add("2031-01-02 23:00", 2, "work_hours", clock=clock) == "2031-01-03 01:00"


def test_working_hours_follow_the_wall_clock_when_summer_time_begins():
    """New York, 2026-03-08: 17:00 on Friday is 22:00 UTC, 09:00 on Monday is 13:00 UTC."""
    calendar = WorkCalendar(windows=("09:00-17:00",))
    zone = ZoneInfo("America/New_York")
    clock = build_work_clock(calendar, zone, first_day=date(2026, 3, 1), last_day=date(2026, 3, 31))
    due = add_limit(np.array(["2026-03-06T21:00"], dtype="datetime64[us]"), 2, "work_hours", clock=clock)
    assert due[0] == np.datetime64("2026-03-09T14:00")


# oracle and properties

WINDOWS = ((510, 720), (810, 1050))  # minutes of the day: 08:30-12:00, 13:30-17:30
MINUTES = st.integers(0, 70 * 24 * 60).map(lambda n: datetime(2026, 1, 20) + timedelta(minutes=n))  # noqa: DTZ001


is_workday = cache(chinese_calendar.is_workday)


def is_working(minute: datetime) -> bool:
    place = minute.hour * 60 + minute.minute
    return is_workday(minute.date()) and any(start <= place < end for start, end in WINDOWS)


def count_minutes(start: datetime, minutes: int) -> datetime:
    """Obviously right and slow: walk on until that many working minutes have passed."""
    moment = start
    while minutes:
        minutes -= is_working(moment)
        moment += timedelta(minutes=1)
    return moment


@settings(max_examples=60, deadline=None)
@given(start=MINUTES, minutes=st.integers(1, 1500))
def test_working_hours_agree_with_a_clock_that_counts_every_minute(start, minutes):
    due = add_limit(np.array([to_utc(start.isoformat())]), minutes / 60, "work_hours", clock=CLOCK)
    assert due[0] == to_utc(count_minutes(start, minutes).isoformat())


@settings(max_examples=20, deadline=None)
@given(start=MINUTES, days=st.integers(1, 4))
def test_a_working_day_is_its_450_minutes(start, days):
    due = add_limit(np.array([to_utc(start.isoformat())]), days, "work_days", clock=CLOCK)
    assert due[0] == to_utc(count_minutes(start, 450 * days).isoformat())


STARTS = st.lists(MINUTES, min_size=2, max_size=30).map(
    lambda moments: np.array([to_utc(moment.isoformat()) for moment in sorted(moments)])
)
HOURS = st.integers(1, 200).map(lambda quarters: quarters / 4)


@given(STARTS, HOURS)
def test_a_later_report_is_never_due_earlier_and_nothing_is_due_before_it_starts(starts, hours):
    due = add_limit(starts, hours, "work_hours", clock=CLOCK)
    assert (np.diff(due).astype(int) >= 0).all()
    assert (due >= starts + np.timedelta64(int(hours * 3600), "s")).all()


@given(STARTS, HOURS, HOURS)
def test_two_limits_after_each_other_are_one_limit(starts, first, second):
    step = add_limit(add_limit(starts, first, "work_hours", clock=CLOCK), second, "work_hours", clock=CLOCK)
    assert (step == add_limit(starts, first + second, "work_hours", clock=CLOCK)).all()


@given(STARTS, HOURS, HOURS)
def test_a_longer_limit_is_never_due_earlier(starts, first, second):
    short, long = sorted((first, second))
    assert (
        add_limit(starts, short, "work_hours", clock=CLOCK) <= add_limit(starts, long, "work_hours", clock=CLOCK)
    ).all()


@given(STARTS, HOURS)
def test_the_order_of_rows_never_matters(starts, hours):
    turned = add_limit(starts[::-1].copy(), hours, "work_hours", clock=CLOCK)
    assert (turned[::-1] == add_limit(starts, hours, "work_hours", clock=CLOCK)).all()
