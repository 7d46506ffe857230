"""Deadlines worked by hand across festivals, nights and seasons."""

from __future__ import annotations

import numpy as np
import pytest

from governance.cases.deadlines import (
    UNKNOWN,
    add_limit,
    add_stages,
    advance,
    count_between,
    count_ticks,
    measure,
    place,
)
from governance.cases.work_clock import WorkClock
from governance.errors import ConfigError
from governance.scenarios import Limit
from governance.scenarios.template import LimitUnit
from tests.shanghai import CLOCK, NOT_YET, SEASONS, UNITS, to_local, to_utc


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
