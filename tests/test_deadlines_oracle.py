"""Deadlines against a clock that counts every minute of five years, from dates written down by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from state_council import list_workdays

from governance.cases.deadlines import (
    Pauses,
    count_between,
    count_ticks,
    extend_due,
)
from governance.cases.work_clock import build_work_clock
from tests.shanghai import CHINA, CLOCK, SEASONAL, SHANGHAI, to_utc

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
