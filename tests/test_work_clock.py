"""The days of the work clock against the State Council's notices written down by hand; which years it knows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import numpy as np
import pytest
from state_council import HOLIDAYS, MAKE_UP_DAYS, list_workdays

from governance.cases.deadlines import add_limit
from governance.cases.work_clock import (
    WorkClock,
    build_work_clock,
    check_known,
    describe_covered_years,
    find_first_known_day,
    find_last_known_day,
    list_contradictions,
    list_covered_years,
)
from governance.errors import ConfigError
from governance.work_calendar import WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = WorkCalendar(country="CN")


def build(calendar: WorkCalendar, first_day: str, last_day: str, zone: ZoneInfo = SHANGHAI) -> WorkClock:
    return build_work_clock(
        calendar, zone, first_day=date.fromisoformat(first_day), last_day=date.fromisoformat(last_day)
    )


def list_worked(clock: WorkClock) -> set[date]:
    """The days with working time, on the wall clock of the city."""
    starts = clock.from_s + clock.worked_steps.astype(np.int64) * clock.step_s
    return {datetime.fromtimestamp(int(second), clock.zone).date() for second in starts}


def add(clock: WorkClock, local: str, value: float, unit: str) -> str:
    """The deadline on the wall clock of Shanghai."""
    start = datetime.fromisoformat(local).replace(tzinfo=SHANGHAI).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    due = add_limit(np.array([start], dtype="datetime64[us]"), value, unit, clock=clock)[0]
    return (due.astype(datetime) + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M")


def test_every_day_from_2020_to_2026_is_as_the_notices_say():
    assert list_worked(build(CHINA, "2020-01-01", "2025-06-01")) == list_workdays(2020, 2026)


def test_the_notices_by_hand_hold_a_full_account_of_each_year():
    """A slip of the pen shows: every make-up day is a weekend day, and no day is in both lists."""
    assert {day.weekday() for day in MAKE_UP_DAYS} == {5, 6}
    assert not MAKE_UP_DAYS & HOLIDAYS


# which years are known


def test_a_year_beyond_the_official_calendar_is_refused_with_the_known_years_and_what_to_add():
    last = max(list_covered_years(CHINA))
    with pytest.raises(
        ConfigError, match=rf"not known for {last + 1} \(known: 2004-{last}\).*extra_holidays.*days_file"
    ):
        build(CHINA, f"{last}-12-01", f"{last + 1}-01-05")


def test_a_year_before_the_official_calendar_is_refused():
    with pytest.raises(ConfigError, match="2003"):
        build(CHINA, "2003-12-31", "2026-01-05")


def test_the_citys_own_days_make_a_year_known():
    calendar = WorkCalendar(country="CN", extra_holidays=("2027-01-01",), extra_workdays=("2027-01-02",))
    clock = build(calendar, "2026-12-01", "2027-01-05")
    assert add(clock, "2026-12-31 17:00", 1, "work_hours") == "2027-01-02 09:00"
    assert add(clock, "2027-01-02 17:00", 1, "work_hours") == "2027-01-04 09:00"


def test_the_citys_own_days_come_before_the_official_ones():
    calendar = WorkCalendar(country="CN", extra_holidays=("2026-03-05",), extra_workdays=("2026-03-07",))
    clock = build(calendar, "2026-03-01", "2026-03-08")
    assert add(clock, "2026-03-04 17:00", 1, "work_hours") == "2026-03-06 09:00"
    assert add(clock, "2026-03-06 17:00", 1, "work_hours") == "2026-03-07 09:00"


def test_days_that_contradict_the_official_calendar_are_listed():
    """A Thursday made free and a Saturday made worked contradict; a year without notice and a repetition do not."""
    calendar = WorkCalendar(
        country="CN",
        extra_holidays=("2026-03-05", "2026-10-01", "2031-03-05"),
        extra_workdays=("2026-03-07", "2026-10-10"),
    )
    assert list_contradictions(calendar) == [date(2026, 3, 5), date(2026, 3, 7)]
    assert list_contradictions(calendar.model_copy(update={"country": None})) == []


def test_the_covered_years_are_those_of_the_library_and_of_the_city():
    official = {day.year for day in chinese_calendar.holidays}
    last = max(official)
    assert list_covered_years(CHINA) == sorted(official)
    assert describe_covered_years(CHINA) == f"2004-{last}"
    own = WorkCalendar(country="CN", extra_holidays=("2002-05-01", f"{last + 2}-05-01", f"{last + 3}-05-01"))
    assert describe_covered_years(own) == f"2002, 2004-{last}, {last + 2}-{last + 3}"
    assert list_covered_years(WorkCalendar()) == []


def test_the_first_and_the_last_known_day_follow_the_covered_years():
    assert find_first_known_day(CHINA) == date(2004, 1, 1)
    assert find_last_known_day(CHINA, date(2026, 5, 1)) == date(2026, 5, 1)
    assert find_last_known_day(CHINA, date(2091, 5, 1)) == date(max(list_covered_years(CHINA)), 12, 31)
    assert find_last_known_day(WorkCalendar(), date(2091, 5, 1)) == date(2091, 5, 1)
    with pytest.raises(ConfigError, match="not known for 1999"):
        find_last_known_day(CHINA, date(1999, 5, 1))


@pytest.mark.parametrize(("moment", "year"), [("2025-11-30T15:59:59", 2025), ("2026-12-31T16:00:01", 2027)])
def test_a_case_outside_the_known_days_is_refused_by_its_local_year(moment, year):
    clock = build(CHINA, "2025-12-01", "2026-12-01")
    with pytest.raises(ConfigError, match=rf"known from 2025-12-01 to 2026-12-31 only, not for {year}"):
        check_known(np.array(["NaT", "2026-01-01", moment], dtype="datetime64[us]"), clock)


def test_the_first_and_the_last_second_of_the_known_days_are_taken():
    clock = build(CHINA, "2025-12-01", "2026-12-01")
    for moments in (["2025-11-30T16:00", "2026-12-31T16:00", "NaT"], []):
        assert check_known(np.array(moments, dtype="datetime64[us]"), clock) is None  # and raises nothing


# hours of the day


def test_without_a_country_monday_to_friday_are_worked():
    clock = build(WorkCalendar(windows=("00:00-24:00",)), "2031-01-01", "2031-12-31")
    assert add(clock, "2031-01-03 23:00", 2, "work_hours") == "2031-01-06 01:00"
    assert add(clock, "2031-01-02 23:00", 2, "work_hours") == "2031-01-03 01:00"


def test_a_span_without_a_working_day_is_refused():
    days = (date(2031, 1, 1) + timedelta(days=number) for number in range(731))
    calendar = WorkCalendar(extra_holidays=tuple(day.isoformat() for day in days))
    with pytest.raises(ConfigError, match="No day up to 2032-12-31 is worked"):
        build(calendar, "2031-01-01", "2031-02-01")


def test_seasons_without_a_common_measure_are_refused():
    seasons = [
        {"from": f"{month:02}-01", "to": f"{month:02}-28", "windows": [f"00:00-23:{60 - month:02}"]}
        for month in range(1, 13)
    ]
    with pytest.raises(ConfigError, match="whole quarters of an hour"):
        build(WorkCalendar.model_validate({"seasons": seasons}), "2026-01-01", "2026-12-31")


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-03-27T15:00", "2026-03-30T08:00"),  # Friday 16:00 in winter, Monday 10:00 in summer
        ("2026-10-23T14:00", "2026-10-26T09:00"),  # Friday 16:00 in summer, Monday 10:00 in winter
    ],
)
def test_working_hours_follow_the_wall_clock_of_berlin_when_summer_time_begins_and_ends(start, due):
    clock = build(WorkCalendar(windows=("09:00-17:00",)), "2026-03-01", "2026-12-31", ZoneInfo("Europe/Berlin"))
    for unit, value in (("work_hours", 2), ("work_days", 0.25)):
        found = add_limit(np.array([start], dtype="datetime64[us]"), value, unit, clock=clock)
        assert found[0] == np.datetime64(due)


def test_the_day_of_23_hours_is_one_working_day():
    """Sunday 2026-03-29 in Berlin: 23 hours are worked round the clock; the Monday after it has 24."""
    calendar = WorkCalendar(windows=("00:00-24:00",), extra_workdays=("2026-03-29",))
    clock = build(calendar, "2026-03-01", "2026-12-31", ZoneInfo("Europe/Berlin"))
    start = np.array(["2026-03-28T23:00"], dtype="datetime64[us]")
    assert add_limit(start, 1, "work_days", clock=clock)[0] == np.datetime64("2026-03-29T22:00")
    assert add_limit(start, 24, "work_hours", clock=clock)[0] == np.datetime64("2026-03-29T23:00")
    assert add_limit(start, 1.5, "work_days", clock=clock)[0] == np.datetime64("2026-03-30T10:00")


def test_the_hour_that_summer_time_swallows_is_no_working_time():
    """02:00 to 03:00 does not exist on that Sunday in Berlin: the night shift has its hour on Monday only."""
    calendar = WorkCalendar(windows=("02:00-03:00",), extra_workdays=("2026-03-29",))
    clock = build(calendar, "2026-03-01", "2026-12-31", ZoneInfo("Europe/Berlin"))
    start = np.array(["2026-03-28T23:00"], dtype="datetime64[us]")
    for unit in ("work_hours", "work_days"):
        assert add_limit(start, 1, unit, clock=clock)[0] == np.datetime64("2026-03-30T01:00")


def test_windows_that_summer_time_pushes_together_are_counted_once():
    """02:15 to 02:45 is put an hour later by the missing hour, into the window that follows it."""
    calendar = WorkCalendar(windows=("02:15-02:45", "03:00-04:00"), extra_workdays=("2026-03-29",))
    clock = build(calendar, "2026-03-29", "2026-12-31", ZoneInfo("Europe/Berlin"))
    assert clock.seconds_before[1] == clock.step_s * int((clock.day_of_worked == 0).sum())
    assert len(clock.day_of_worked) == len(clock.worked_steps) + 1
