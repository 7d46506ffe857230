"""Deadlines worked by hand where the clock was stopped, or the limit extended."""

from __future__ import annotations

import numpy as np
import pytest

from governance.cases.deadlines import (
    UNKNOWN,
    Pauses,
    add_limit,
    count_ticks,
    extend_due,
)
from governance.scenarios.template import LimitUnit
from tests.shanghai import CLOCK, NOT_YET, OPEN, to_local, to_utc

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
