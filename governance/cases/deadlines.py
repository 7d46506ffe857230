"""Deadlines: a moment plus a time limit, in clock hours, calendar days, working hours or working days.

Working time is one long line of seconds with the nights, weekends and holidays cut out:

    real time    ──08:30████12:00──13:30████17:30──────────08:30████12:00──
    working time         ├──────────┼──────────────────────┼────────┤

A start is moved onto that line (`searchsorted` over the windows' starts), the limit is added, and the end is
moved back. All starts at once, whatever their number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import chinese_calendar
import numpy as np

from governance.errors import ConfigError
from governance.profile import WorkCalendar

LimitUnit = Literal["hours", "work_hours", "work_days", "calendar_days"]
_PUBLISHED_YEARS = frozenset(day.year for day in chinese_calendar.constants.holidays)
_SECONDS_AN_HOUR, _SECONDS_A_DAY = 3600, 86_400


@dataclass(frozen=True)
class WorkClock:
    """The working windows of a span of days, as UTC seconds since 1970.

    `opens[i] <= t < closes[i]` is working time; `worked[i]` is the working time before window i (seconds).
    """

    opens: np.ndarray
    closes: np.ndarray
    worked: np.ndarray
    windows_a_day: int


def build_work_clock(calendar: WorkCalendar, zone: ZoneInfo, *, first_day: date, last_day: date) -> WorkClock:
    """The clock from `first_day` to at least `last_day`, and to the end of the next year where that is known.

    Raises ConfigError when the country's official calendar does not know a year up to `last_day` and the
    city names no days of its own for it. A later year that is not published yet only means that deadlines
    which fall into it stay unknown for now.
    """
    end = date(last_day.year + 1, 12, 31)
    days = [first_day + timedelta(days=i) for i in range((end - first_day).days + 1)]
    extra_on = {date.fromisoformat(day) for day in calendar.extra_workdays}
    extra_off = {date.fromisoformat(day) for day in calendar.extra_holidays}
    listed_years = {day.year for day in extra_on | extra_off}
    unknown = [day for day in days if not _is_known(day, calendar, listed_years)]
    if unknown and unknown[0] <= last_day:
        raise ConfigError(
            f"The official Chinese calendar is not known for {unknown[0].year}. "
            "Add that year's days to work_calendar.extra_holidays and extra_workdays in city.toml."
        )
    known = [day for day in days if not unknown or day < unknown[0]]
    workdays = [day for day in known if day in extra_on or (day not in extra_off and _is_workday(day, calendar))]
    spans = [tuple(window.split("-")) for window in calendar.windows]
    opens = [_to_second(day, opened, zone) for day in workdays for opened, _ in spans]
    closes = [_to_second(day, closed, zone) for day in workdays for _, closed in spans]
    length = np.array(closes, dtype=np.int64) - np.array(opens, dtype=np.int64)
    worked = np.concatenate([[0], np.cumsum(length)])[:-1].astype(np.int64)
    return WorkClock(np.array(opens, dtype=np.int64), np.array(closes, dtype=np.int64), worked, len(spans))


def add_limit(start_utc: np.ndarray, value: float, unit: LimitUnit, *, clock: WorkClock | None) -> np.ndarray:
    """`start_utc` (datetime64[us], UTC) plus the limit, as datetime64[us].

    hours: real hours. calendar_days: 24 real hours each. work_hours: only inside the clock's windows.
    work_days: the working time of that many days, so usually the same time of day that many working days later.
    A start outside working time counts from the next opening; a limit that ends with a window is due when it
    closes. Beyond the clock's last window, and for a start that is NaT, the result is NaT.
    """
    if unit == "hours":
        return start_utc + np.timedelta64(round(value * _SECONDS_AN_HOUR), "s")
    if unit == "calendar_days":
        return start_utc + np.timedelta64(round(value * _SECONDS_A_DAY), "s")
    if clock is None:
        raise ConfigError(f"A limit in {unit} needs [work_calendar] country or extra_workdays in city.toml.")
    # A whole working day has the same working time every day, and a fraction its share of it.
    seconds = _SECONDS_AN_HOUR if unit == "work_hours" else _count_seconds_a_day(clock)
    start = start_utc.astype("datetime64[s]").astype(np.int64)
    due = _as_time(_add_working_seconds(start, round(value * seconds), clock))
    return np.where(np.isnat(start_utc), start_utc, due)


def find_last_known_day(calendar: WorkCalendar, today: date) -> date:
    """Today, or the last day before it whose year the calendar knows: old data must not fail for want of a new year."""
    listed = {date.fromisoformat(day).year for day in (*calendar.extra_workdays, *calendar.extra_holidays)}
    year = today.year
    while not _is_known(date(year, 12, 31), calendar, listed):
        year -= 1
    return min(today, date(year, 12, 31))


def check_known(start_utc: np.ndarray, clock: WorkClock) -> None:
    """Raise ConfigError if a case starts after the last working day that the calendar knows."""
    if not len(start_utc):
        return
    newest = start_utc.max()
    # The evening after the last known closing still belongs to a known year.
    if newest.astype("datetime64[s]").astype(np.int64) > clock.closes[-1] + _SECONDS_A_DAY:
        raise ConfigError(
            f"A case of {str(newest)[:10]} has a limit in working time, and the official calendar is not known for "
            "that year. Add its days to work_calendar.extra_holidays and extra_workdays in city.toml."
        )


def _is_known(day: date, calendar: WorkCalendar, listed_years: set[int]) -> bool:
    return calendar.country is None or day.year in _PUBLISHED_YEARS or day.year in listed_years


def _is_workday(day: date, calendar: WorkCalendar) -> bool:
    if calendar.country is not None and day.year in _PUBLISHED_YEARS:
        return bool(chinese_calendar.is_workday(day))
    # no official list, or a year that only the city's own list knows: weekdays, changed by that list
    return day.weekday() < 5  # noqa: PLR2004  Monday to Friday


def _to_second(day: date, clock_time: str, zone: ZoneInfo) -> int:
    hour, minute = (int(part) for part in clock_time.split(":"))
    shift = timedelta(days=1) if hour == 24 else timedelta()  # noqa: PLR2004  "24:00" is the next midnight
    return int((datetime.combine(day, time(hour % 24, minute), zone) + shift).timestamp())


def _add_working_seconds(start: np.ndarray, seconds: int, clock: WorkClock) -> np.ndarray:
    position = _to_working_time(start, clock) + seconds
    # A limit that ends exactly at closing time is due then, not at the next opening.
    window = np.searchsorted(clock.worked, position, side="left") - 1
    window = np.clip(window, 0, len(clock.opens) - 1)
    end = clock.opens[window] + (position - clock.worked[window])
    return np.where(end <= clock.closes[window], end, np.iinfo(np.int64).min)


def _to_working_time(start: np.ndarray, clock: WorkClock) -> np.ndarray:
    window = np.clip(np.searchsorted(clock.opens, start, side="right") - 1, 0, len(clock.opens) - 1)
    inside = np.clip(start - clock.opens[window], 0, clock.closes[window] - clock.opens[window])
    position: np.ndarray = clock.worked[window] + inside
    return position


def _count_seconds_a_day(clock: WorkClock) -> int:
    return int((clock.closes - clock.opens)[: clock.windows_a_day].sum())


def _as_time(seconds: np.ndarray) -> np.ndarray:
    times = np.asarray(seconds).astype("datetime64[s]").astype("datetime64[us]")
    return np.where(np.asarray(seconds) == np.iinfo(np.int64).min, np.datetime64("NaT"), times)
