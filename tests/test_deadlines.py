"""Deadlines by hand across festivals, nights, seasons and pauses; and against a clock that counts every minute."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from state_council import list_workdays

from governance.cases.deadlines import (
    UNKNOWN,
    Pauses,
    add_limit,
    add_stages,
    advance,
    count_between,
    count_ticks,
    extend_due,
    measure,
    place,
)
from governance.cases.work_clock import WorkClock, build_work_clock
from governance.errors import ConfigError
from governance.scenarios import Limit
from governance.scenarios.template import LimitUnit
from governance.work_calendar import WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = WorkCalendar(country="CN")
CLOCK = build_work_clock(CHINA, SHANGHAI, first_day=date(2025, 12, 1), last_day=date(2026, 12, 1))
SUMMER = {"from": "05-01", "to": "09-30", "windows": ["08:30-12:00", "14:30-18:00"]}
SEASONAL = WorkCalendar.model_validate({"country": "CN", "seasons": [SUMMER]})
SEASONS = build_work_clock(SEASONAL, SHANGHAI, first_day=date(2025, 12, 1), last_day=date(2026, 12, 1))
UNITS: tuple[LimitUnit, ...] = ("hours", "calendar_days", "work_hours", "work_days")
NOT_YET = "unknown"
OPEN = "still open"


def to_utc(local: str) -> np.datetime64:
    moment = datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)
    return np.datetime64(moment.astimezone(ZoneInfo("UTC")).replace(tzinfo=None), "us")


def to_local(moment: np.datetime64) -> str:
    """The wall clock of Shanghai; seconds only where there are some."""
    if np.isnat(moment):
        return NOT_YET
    return (moment.astype(datetime) + timedelta(hours=8)).isoformat(sep=" ").removesuffix(":00")


def add(local: str, value: float, unit: LimitUnit, *, clock: WorkClock | None = CLOCK) -> str:
    return to_local(add_limit(np.array([to_utc(local)]), value, unit, clock=clock)[0])


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
        ("2026-12-31 17:00", 1, "work_hours", NOT_YET),  # falls into a year that is not published
        ("2027-06-01 10:00", 1, "work_hours", NOT_YET),
        ("2026-12-31 17:00", 1, "hours", "2026-12-31 18:00"),
    ],
)
def test_a_deadline_worked_by_hand(start, value, unit, due):
    assert add(start, value, unit) == due


# From May to September 3.5 + 3.5 hours are worked, otherwise 3.5 + 4. 2026-05-01 to 05-05 and 10-01 to 10-07 are off.
@pytest.mark.parametrize(
    ("start", "value", "unit", "due"),
    [
        ("2026-04-30 16:30", 2, "work_hours", "2026-05-06 09:30"),
        ("2026-07-01 13:45", 1, "work_hours", "2026-07-01 15:30"),  # the long lunch of summer
        ("2026-07-01 17:30", 1, "work_hours", "2026-07-02 09:00"),
        ("2026-04-30 14:30", 1, "work_days", "2026-05-06 15:12"),  # 4.5 of 7.5 hours, so 4.2 of 7
        ("2026-04-30 17:30", 1, "work_days", "2026-05-06 18:00"),  # the end of the day, however long the day
        ("2026-09-30 15:30", 1, "work_days", "2026-10-08 14:49:18"),  # 4.5 of 7 hours, so 4:49:17.14 of 7.5, rounded up
        ("2026-09-30 15:30", 7, "work_hours", "2026-10-08 14:30"),
        ("2026-09-30 10:15", 0.5, "work_days", "2026-09-30 16:15"),
        ("2026-10-10 08:00", 1, "work_days", "2026-10-10 17:30"),  # the October Saturday
    ],
)
def test_a_deadline_across_the_seasons_worked_by_hand(start, value, unit, due):
    assert add(start, value, unit, clock=SEASONS) == due


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


def test_stages_follow_each_other_from_deadline_to_deadline():
    """Accepted by noon the next morning, disposed a working day later, verified 24 hours after that."""
    limits = [Limit(value=4, unit="work_hours"), Limit(value=1, unit="work_days"), Limit(value=24, unit="hours")]
    found = add_stages(np.array([to_utc("2026-03-05 17:00")]), limits, clock=CLOCK)
    assert [to_local(due[0]) for due in found] == ["2026-03-06 12:00", "2026-03-09 12:00", "2026-03-10 12:00"]
    assert add_stages(np.array([to_utc("2026-03-05 17:00")]), [], clock=CLOCK) == []


def test_the_time_between_two_moments_is_counted_in_each_unit():
    """Friday 16:30 to Monday 09:30 is an hour of Friday and one of Monday."""
    spans = np.array([to_utc("2026-03-06 16:30"), to_utc("2026-03-09 09:30")])
    found = {unit: count_between(spans[:1], spans[1:], unit, clock=CLOCK)[0] for unit in UNITS}
    day = count_ticks(1, "work_days", clock=CLOCK)
    assert found == {"hours": 65 * 3600, "calendar_days": 65 * 3600, "work_hours": 7200, "work_days": day * 2 / 7.5}
    assert count_between(spans[1:], spans[:1], "work_hours", clock=CLOCK)[0] == -7200


def test_moments_outside_the_known_days_have_no_position_in_working_time():
    moments = np.array(["NaT", "2025-11-30T15:59:59", "2026-12-31T16:00:01"], dtype="datetime64[us]")
    for unit in ("work_hours", "work_days"):
        assert (measure(moments, unit, clock=CLOCK) == UNKNOWN).all()
        assert (count_between(moments, moments, unit, clock=CLOCK) == UNKNOWN).all()
        assert np.isnat(place(np.array([UNKNOWN, -1, 2**62]), unit, clock=CLOCK)).all()
    edges = np.array(["2025-11-30T16:00", "2026-12-31T16:00"], dtype="datetime64[us]")
    assert list(measure(edges, "work_hours", clock=CLOCK)) == [0, CLOCK.seconds_before[-1]]
    assert list(measure(moments, "hours", clock=None) == UNKNOWN) == [True, False, False]
    assert np.isnat(place(advance(measure(moments, "hours", clock=None), 60), "hours", clock=None))[0]


def test_a_moment_counts_by_its_second():
    start = np.array(["2026-03-04T01:00:00.999999"], dtype="datetime64[us]")
    for unit in UNITS:
        assert measure(start, unit, clock=CLOCK) == measure(start.astype("datetime64[s]"), unit, clock=CLOCK)
        assert add_limit(start, 0, unit, clock=CLOCK) == start


# pauses

PAUSED_CASES = [
    # Wednesday 09:00, two working hours: due at 11:00
    ("work_hours", [], "2026-03-04 11:00"),
    ("work_hours", [("10:00", "10:30")], "2026-03-04 11:30"),
    ("work_hours", [("10:30", "15:00")], "2026-03-04 15:30"),  # across the deadline, and over lunch
    ("work_hours", [("08:00", "09:30")], "2026-03-04 11:30"),  # from before the start
    ("work_hours", [("07:00", "08:45")], "2026-03-04 11:00"),  # before the start
    ("work_hours", [("11:00", "15:00")], "2026-03-04 11:00"),  # begins when the limit is used up
    ("work_hours", [("12:10", "13:20")], "2026-03-04 11:00"),
    ("work_hours", [("10:00", "11:00"), ("11:30", "12:00")], "2026-03-04 14:00"),  # the second before the new deadline
    ("work_hours", [("11:30", "12:00"), ("10:00", "10:15")], "2026-03-04 11:15"),  # the later one comes too late
    ("work_hours", [("10:00", "11:00"), ("10:30", "11:30")], "2026-03-04 14:00"),  # overlapping: 90 minutes
    ("work_hours", [("10:00", "11:30"), ("10:30", "11:00")], "2026-03-04 14:00"),  # one inside the other: 90 minutes
    ("work_hours", [("10:00", OPEN)], "2026-03-04 17:00"),  # asked at 16:00: 2 h before lunch, 2.5 h after it
    ("work_hours", [("10:00", "23:00")], "2026-03-04 17:00"),  # its end is not known yet
    ("work_hours", [("16:30", "17:00")], "2026-03-04 11:00"),  # begins after the moment of asking
    ("work_hours", [("10:30", "10:00")], "2026-03-04 11:00"),  # ends before it begins
    ("hours", [("10:30", "15:00")], "2026-03-04 15:30"),
    ("hours", [("10:00", OPEN)], "2026-03-04 17:00"),
]


def extend(start: str, value: float, unit: LimitUnit, pauses: list[tuple[str, str]], *, as_of: str) -> tuple[str, int]:
    """The deadline on the wall clock and the ticks paused, for one case among others."""
    starts = np.array([np.datetime64("NaT", "us"), to_utc(start), to_utc("2026-03-02 09:00")])
    given = Pauses(
        case_index=np.full(len(pauses), 1),
        from_utc=np.array([to_utc(begin) for begin, _ in pauses], dtype="datetime64[us]"),
        to_utc=np.array([np.datetime64("NaT") if end == OPEN else to_utc(end) for _, end in pauses], "datetime64[us]"),
    )
    ticks = count_ticks(value, unit, clock=CLOCK)
    due, paused = extend_due(starts, ticks, unit, pauses=given, as_of_utc=to_utc(as_of), clock=CLOCK)
    assert np.isnat(due[0])
    assert (paused[0], paused[2]) == (UNKNOWN, 0)
    assert due[2] == add_limit(starts[2:], value, unit, clock=CLOCK)[0]
    return to_local(due[1]), int(paused[1])


@pytest.mark.parametrize(("unit", "pauses", "due"), PAUSED_CASES)
def test_a_pause_moves_the_deadline_on(unit, pauses, due):
    day = "2026-03-04"
    given = [(f"{day} {begin}", end if end == OPEN else f"{day} {end}") for begin, end in pauses]
    assert extend(f"{day} 09:00", 2, unit, given, as_of=f"{day} 16:00")[0] == due


def test_a_pause_over_a_weekend_stops_clock_hours_only():
    weekend = [("2026-03-07 00:00", "2026-03-09 00:00")]
    for unit, value, due, paused in [
        ("work_hours", 2, "2026-03-09 09:30", 0),
        ("work_days", 1, "2026-03-09 16:30", 0),
        ("hours", 72, "2026-03-11 16:30", 48 * 3600),
        ("calendar_days", 3, "2026-03-11 16:30", 48 * 3600),
    ]:
        assert extend("2026-03-06 16:30", value, unit, weekend, as_of="2026-04-01 00:00") == (due, paused)


def test_a_pause_over_spring_festival_stops_its_working_days_only():
    """From Friday 13 February noon to Tuesday 24 February noon: 4 h, the worked Saturday's 7.5 h and 3.5 h."""
    pause = [("2026-02-13 12:00", "2026-02-24 12:00")]
    assert extend("2026-02-13 08:30", 1, "work_days", pause, as_of="2026-04-01 00:00") == (
        "2026-02-24 17:30",
        15 * 3600,
    )
    assert extend("2026-02-13 08:30", 2, "work_days", pause, as_of="2026-04-01 00:00") == (
        "2026-02-25 17:30",
        15 * 3600,
    )


def test_each_case_may_be_followed_to_a_moment_of_its_own():
    """Both wait since 10:00; one closed at 10:15, the other at 10:45."""
    starts = np.array([to_utc("2026-03-04 09:00")] * 2)
    pauses = Pauses(np.array([0, 1]), np.array([to_utc("2026-03-04 10:00")] * 2), np.full(2, "NaT", "datetime64[us]"))
    closed = np.array([to_utc("2026-03-04 10:15"), to_utc("2026-03-04 10:45")])
    due, paused = extend_due(starts, 7200, "work_hours", pauses=pauses, as_of_utc=closed, clock=CLOCK)
    assert [to_local(moment) for moment in due] == ["2026-03-04 11:15", "2026-03-04 11:45"]
    assert list(paused) == [900, 2700]


def test_an_extension_is_part_of_the_limit_of_its_case():
    starts = np.array([to_utc("2026-03-04 09:00")] * 2)
    pauses = Pauses(
        np.array([0, 1]), np.array([to_utc("2026-03-04 11:30")] * 2), np.full(2, to_utc("2026-03-04 12:00"))
    )
    limits = np.array([7200, 7200 + 3600])
    due, _ = extend_due(starts, limits, "work_hours", pauses=pauses, as_of_utc=to_utc("2026-03-05 00:00"), clock=CLOCK)
    assert [to_local(moment) for moment in due] == ["2026-03-04 11:00", "2026-03-04 14:00"]


def test_a_pause_that_began_before_the_known_days_counts_from_the_start_of_its_case():
    assert extend(
        "2025-12-01 08:30", 1, "work_hours", [("2025-11-20 09:00", "2025-12-01 10:00")], as_of="2026-01-01"
    ) == (
        "2025-12-01 11:00",
        5400,
    )


def test_no_limit_at_all_is_due_at_its_start_also_at_night():
    assert extend("2026-03-04 23:00", 0, "work_hours", [], as_of="2026-04-01") == ("2026-03-04 23:00", 0)


@pytest.mark.parametrize(
    ("begin", "due", "paused"),
    [
        ("2026-12-31 17:00", NOT_YET, UNKNOWN),  # it began before the deadline and lasts into the unknown
        ("2026-12-31 17:30", "2026-12-31 17:30", 0),  # the limit was used up
        ("2027-02-01 10:00", "2026-12-31 17:30", 0),
    ],
)
def test_a_pause_that_lasts_beyond_the_known_days_makes_the_deadline_unknown(begin, due, paused):
    assert extend("2026-12-31 16:30", 1, "work_hours", [(begin, OPEN)], as_of="2027-03-01 00:00") == (due, paused)


# the oracle: five years of minutes, each worked or not, from dates written down by hand

FIRST = datetime(2021, 1, 1)  # noqa: DTZ001  the wall clock of Shanghai
MINUTES_A_DAY = 24 * 60
SPAN = 60 * MINUTES_A_DAY
DAYS = [FIRST.date() + timedelta(days=number) for number in range((date(2026, 1, 1) - FIRST.date()).days)]
FIVE_YEARS = build_work_clock(CHINA, SHANGHAI, first_day=date(2021, 1, 1), last_day=date(2025, 12, 31))
FIVE_SEASONAL_YEARS = build_work_clock(SEASONAL, SHANGHAI, first_day=date(2021, 1, 1), last_day=date(2025, 12, 31))


def write_down_minutes(*, has_seasons: bool, ticks: tuple[int, int]) -> np.ndarray:
    """The ticks of every minute of the five years: those of a winter or summer minute, none if it is not worked."""
    workdays = list_workdays(2021, 2025)
    minutes = np.zeros((len(DAYS), MINUTES_A_DAY), dtype=np.int64)
    for number, day in enumerate(DAYS):
        is_summer = has_seasons and 5 <= day.month <= 9
        afternoon = slice(14 * 60 + 30, 18 * 60) if is_summer else slice(13 * 60 + 30, 17 * 60 + 30)
        for window in (slice(8 * 60 + 30, 12 * 60), afternoon):
            minutes[number, window] = ticks[is_summer] if day in workdays else 0
    return minutes.ravel()


def walk(minutes: np.ndarray, start: int, need: int, pauses: list[tuple[int, int]]) -> int:
    """The second after the start at which `need` ticks have passed, minute by minute, none of them in a pause."""
    ahead = minutes[start : start + SPAN].copy()
    for begin, end in pauses:
        ahead[max(begin - start, 0) : max(end - start, 0)] = 0
    passed = ahead.cumsum()
    last = int(np.argmax(passed >= need))
    assert passed[last] >= need > 0
    missing = need - (passed[last] - ahead[last])
    return last * 60 + -(-60 * missing // ahead[last])


# a day has 6300 ticks: 14 for each of winter's 450 minutes, 15 for each of summer's 420
@pytest.mark.parametrize(
    ("unit", "clock", "minutes", "ticks_a_unit"),
    [
        ("work_hours", FIVE_YEARS, write_down_minutes(has_seasons=False, ticks=(1, 1)), 60),
        ("work_days", FIVE_YEARS, write_down_minutes(has_seasons=False, ticks=(1, 1)), 450),
        ("work_hours", FIVE_SEASONAL_YEARS, write_down_minutes(has_seasons=True, ticks=(1, 1)), 60),
        ("work_days", FIVE_SEASONAL_YEARS, write_down_minutes(has_seasons=True, ticks=(14, 15)), 6300),
    ],
    ids=["work_hours", "work_days", "work_hours of seasons", "work_days of seasons"],
)
def test_ten_thousand_deadlines_agree_with_a_clock_that_counts_every_minute(unit, clock, minutes, ticks_a_unit):
    """Every other case has one to three pauses of up to eight days."""
    rng = np.random.default_rng(20210101)
    count = 10_000 if clock is FIVE_YEARS else 2_000
    starts = rng.integers(0, len(minutes) - SPAN, count)
    # whole minutes, and in days tenths, so that every limit is a whole number of the oracle's ticks
    limits = rng.integers(1, 41, count) * (ticks_a_unit // 10)
    case = np.repeat(np.arange(count), np.where(np.arange(count) % 2, rng.integers(1, 4, count), 0))
    begins = starts[case] + rng.integers(-MINUTES_A_DAY, 10 * MINUTES_A_DAY, len(case))
    ends = begins + rng.integers(0, 8 * MINUTES_A_DAY, len(case))
    pauses_of: dict[int, list[tuple[int, int]]] = {}
    for number, begin, end in zip(case.tolist(), begins.tolist(), ends.tolist(), strict=True):
        pauses_of.setdefault(number, []).append((begin, end))

    origin = to_utc(FIRST.isoformat())
    pauses = Pauses(case, origin + begins.astype("timedelta64[m]"), origin + ends.astype("timedelta64[m]"))
    start_utc = origin + starts.astype("timedelta64[m]")
    limit_ticks = limits * count_ticks(1, unit, clock=clock) // ticks_a_unit
    due, _ = extend_due(start_utc, limit_ticks, unit, pauses=pauses, as_of_utc=to_utc("2025-12-31T23:59"), clock=clock)
    walked = [
        walk(minutes, start, limit, pauses_of.get(number, []))
        for number, (start, limit) in enumerate(zip(starts.tolist(), limits.tolist(), strict=True))
    ]
    assert (due == start_utc + np.array(walked).astype("timedelta64[s]")).all()


def test_the_working_time_between_ten_thousand_pairs_agrees_with_counting_minutes():
    rng = np.random.default_rng(20251231)
    minutes = write_down_minutes(has_seasons=False, ticks=(1, 1))
    starts = rng.integers(0, len(minutes) - SPAN, 10_000)
    ends = starts + rng.integers(0, SPAN, 10_000)
    counted = [int(minutes[start:end].sum()) for start, end in zip(starts, ends, strict=True)]
    moments = [to_utc(FIRST.isoformat()) + place.astype("timedelta64[m]") for place in (starts, ends)]
    for unit in ("work_hours", "work_days"):
        found = count_between(*moments, unit, clock=FIVE_YEARS)
        assert (
            found * 450 == np.array(counted) * count_ticks(7.5 if unit == "work_hours" else 1, unit, clock=CLOCK)
        ).all()


# properties

SECONDS = st.integers(0, 280 * 24 * 3600)
STARTS = st.lists(SECONDS, min_size=2, max_size=30).map(
    lambda seconds: to_utc("2026-01-20T00:00") + np.array(sorted(seconds)).astype("timedelta64[s]")
)
VALUES = st.integers(1, 80).map(lambda quarters: quarters / 4)
UNIT = st.sampled_from(UNITS)
ANY_CLOCK = st.sampled_from([CLOCK, SEASONS])
WORKING_UNIT = st.sampled_from(["work_hours", "work_days"])


@given(STARTS, VALUES, UNIT, ANY_CLOCK)
def test_a_later_report_is_never_due_earlier_and_nothing_is_due_before_it_starts(starts, value, unit, clock):
    due = add_limit(starts, value, unit, clock=clock)
    assert (np.diff(due).astype(int) >= 0).all()
    assert (due > starts).all()
    if unit != "work_days":
        hours = value * 24 if unit == "calendar_days" else value
        assert (due >= starts + np.timedelta64(int(hours * 3600), "s")).all()


@given(STARTS, VALUES, VALUES, UNIT, ANY_CLOCK)
def test_two_limits_after_each_other_are_one_limit(starts, first, second, unit, clock):
    """On the line to the tick; on the wall clock to the second, where a day's share may be rounded up twice."""
    ticks = count_ticks(first, unit, clock=clock), count_ticks(second, unit, clock=clock)
    assert sum(ticks) == count_ticks(first + second, unit, clock=clock)
    step = add_limit(add_limit(starts, first, unit, clock=clock), second, unit, clock=clock)
    late = (step - add_limit(starts, first + second, unit, clock=clock)) / np.timedelta64(1, "s")
    is_exact = clock is CLOCK or unit != "work_days"
    assert ((late >= 0) & (late <= (0 if is_exact else 2))).all()


@given(STARTS, VALUES, VALUES, UNIT, ANY_CLOCK)
def test_a_longer_limit_is_never_due_earlier(starts, first, second, unit, clock):
    short, long = sorted((first, second))
    assert (add_limit(starts, short, unit, clock=clock) <= add_limit(starts, long, unit, clock=clock)).all()


@given(STARTS, VALUES, UNIT, ANY_CLOCK)
def test_the_order_of_rows_never_matters(starts, value, unit, clock):
    turned = add_limit(starts[::-1].copy(), value, unit, clock=clock)
    assert (turned[::-1] == add_limit(starts, value, unit, clock=clock)).all()


@given(st.lists(st.integers(0, 240 * 7 * 3600), min_size=1), st.sampled_from(UNITS[:3]), ANY_CLOCK)
def test_every_position_is_measured_where_it_was_placed(positions, unit, clock):
    given = np.array(positions)
    assert (measure(place(given, unit, clock=clock), unit, clock=clock) == given).all()


@given(st.lists(st.floats(0, 240), min_size=1), ANY_CLOCK)
def test_a_position_in_working_days_is_placed_at_the_first_second_that_reaches_it(days, clock):
    given = (np.array(days) * clock.ticks_a_day).astype(np.int64)
    moments = place(given, "work_days", clock=clock)
    assert (measure(moments, "work_days", clock=clock) >= given).all()
    before = measure(moments - np.timedelta64(1, "s"), "work_days", clock=clock)
    assert ((before < given) | (given == 0)).all()


@given(STARTS, WORKING_UNIT, ANY_CLOCK)
def test_a_moment_is_placed_back_at_itself_or_at_the_closing_before_it(starts, unit, clock):
    positions = measure(starts, unit, clock=clock)
    back = place(positions, unit, clock=clock)
    assert (back <= starts).all()
    assert (measure(back, unit, clock=clock) == positions).all()
    is_inside = measure(starts - np.timedelta64(1, "s"), unit, clock=clock) < positions
    assert (back[is_inside] == starts[is_inside]).all()


PAUSES = st.lists(st.tuples(st.integers(0, 5), st.integers(-20, 400), st.integers(0, 200)), max_size=12)


def make_pauses(rows: list[tuple[int, int, int]]) -> Pauses:
    """Pauses of six cases, in hours after the start of all and hours of length."""
    case, begin, length = (
        (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
        if rows
        else [np.zeros(0, dtype=np.int64)] * 3
    )
    start = to_utc("2026-02-10T09:00")
    return Pauses(case, start + begin.astype("timedelta64[h]"), start + (begin + length).astype("timedelta64[h]"))


@given(PAUSES, st.randoms(use_true_random=False), UNIT, ANY_CLOCK)
def test_the_order_of_pauses_never_matters_and_none_makes_a_deadline_earlier(rows, random, unit, clock):
    starts, as_of = np.full(6, to_utc("2026-02-10T09:00")), to_utc("2026-06-01T00:00")
    ticks = count_ticks(3, unit, clock=clock)
    due, paused = extend_due(starts, ticks, unit, pauses=make_pauses(rows), as_of_utc=as_of, clock=clock)
    random.shuffle(rows)
    again, _ = extend_due(starts, ticks, unit, pauses=make_pauses(rows), as_of_utc=as_of, clock=clock)
    assert (due == again).all()
    assert (due >= add_limit(starts, 3, unit, clock=clock)).all()
    assert (due == place(advance(measure(starts, unit, clock=clock), ticks + paused), unit, clock=clock)).all()


@given(PAUSES, UNIT)
def test_what_happens_after_the_moment_of_asking_changes_nothing(rows, unit):
    starts, as_of = np.full(6, to_utc("2026-02-10T09:00")), to_utc("2026-02-16T15:00")
    pauses = make_pauses(rows)
    is_past = pauses.from_utc < as_of
    still_open = np.where(pauses.to_utc >= as_of, np.datetime64("NaT"), pauses.to_utc)
    known = Pauses(pauses.case_index[is_past], pauses.from_utc[is_past], still_open[is_past])
    found = [
        extend_due(starts, count_ticks(3, unit, clock=CLOCK), unit, pauses=given, as_of_utc=as_of, clock=CLOCK)[0]
        for given in (pauses, known)
    ]
    assert (found[0] == found[1]).all()
