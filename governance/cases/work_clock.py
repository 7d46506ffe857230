"""Which moments are working time: the official calendar, the city's own days and hours, as one table of steps.

The span of known days is cut into steps so short (half an hour, with the usual hours) that each is either worked or
not. Counting the worked steps before each step makes "how much work before this moment" one look-up.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import chinese_calendar
import numpy as np

from governance.errors import ConfigError
from governance.work_calendar import WorkCalendar

_PUBLISHED_YEARS = frozenset(day.year for day in chinese_calendar.constants.holidays)
_SPRING_FESTIVAL = "Spring Festival"
_FIRST_YEAR = 1973  # since then every zone is whole minutes from UTC, so that steps stay long
_MOST_TICKS = 2**62
_HOW_TO_ADD = (
    "Add that year's days to work_calendar.extra_holidays and extra_workdays in city.toml, or to its days_file."
)


@dataclass(frozen=True)
class WorkClock:
    """The working time from the UTC second `from_s` to `until_s`, in steps of `step_s` seconds.

    `worked_before[i]`: worked steps before step i, with one more entry for the end. `worked_steps[k]`: the number of
    the k-th worked step. `day_of_worked[k]`: the working day (0, 1, …) it lies in, with one more entry for the end.
    `seconds_before[d]`: working seconds before working day d, with one more entry for the end. A working day has
    `ticks_a_day` ticks whatever its hours, so its second has `ticks_a_second[d]`.
    """

    zone: ZoneInfo
    last_day: date
    from_s: int
    until_s: int
    step_s: int
    worked_before: np.ndarray
    worked_steps: np.ndarray
    day_of_worked: np.ndarray
    seconds_before: np.ndarray
    ticks_a_second: np.ndarray
    ticks_a_day: int


def list_covered_years(calendar: WorkCalendar) -> list[int]:
    """The years whose working days are known: published officially, or listed by the city itself.

    Without a country every year is known, Monday to Friday, and none is listed.
    """
    if calendar.country is None:
        return []
    return sorted(_PUBLISHED_YEARS | {day.year for day in calendar.list_extra_days()})


def describe_covered_years(calendar: WorkCalendar) -> str:
    """The covered years as text, such as "2004-2026, 2028"."""
    spans = [
        [year for _, year in group]
        for _, group in groupby(enumerate(list_covered_years(calendar)), key=lambda pair: pair[1] - pair[0])
    ]
    return ", ".join(f"{span[0]}-{span[-1]}" if len(span) > 1 else str(span[0]) for span in spans)


def list_contradictions(calendar: WorkCalendar) -> list[date]:
    """The city's own days that the official calendar has otherwise; the city's word counts."""
    return sorted(
        day
        for day, is_workday in calendar.list_extra_days().items()
        if calendar.country is not None
        and day.year in _PUBLISHED_YEARS
        and bool(chinese_calendar.is_workday(day)) != is_workday
    )


def list_festival_days(calendar: WorkCalendar) -> frozenset[date]:
    """The days of Spring Festival in all published years; none where the city follows no such calendar."""
    if calendar.country is None:
        return frozenset()
    return frozenset(day for day, name in chinese_calendar.constants.holidays.items() if name == _SPRING_FESTIVAL)


def find_first_known_day(calendar: WorkCalendar) -> date:
    """The first day whose year the calendar knows; without a country, the first of the years counted here."""
    years = list_covered_years(calendar)
    return date(years[0] if years else _FIRST_YEAR, 1, 1)


def find_last_known_day(calendar: WorkCalendar, today: date) -> date:
    """Today, or the last day before it whose year the calendar knows: old data must not fail for want of a new year.

    Raises ConfigError when no year up to today's is known.
    """
    if calendar.country is None:
        return today
    known = [year for year in list_covered_years(calendar) if year <= today.year]
    if not known:
        raise ConfigError(_say_unknown(calendar, today.year))
    return min(today, date(known[-1], 12, 31))


def build_work_clock(calendar: WorkCalendar, zone: ZoneInfo, *, first_day: date, last_day: date) -> WorkClock:
    """The clock from `first_day` to at least `last_day`, and to the end of the next year where that is known.

    Raises ConfigError when the country's official calendar does not know a year up to `last_day` and the
    city names no days of its own for it. A later year that is not published yet only means that deadlines
    which fall into it stay unknown for now.
    """
    years = range(first_day.year, last_day.year + 2)
    known = set(years if calendar.country is None else list_covered_years(calendar))
    unknown = [year for year in years if year not in known]
    if unknown and unknown[0] <= last_day.year:
        raise ConfigError(_say_unknown(calendar, unknown[0]))
    last_known = date(last_day.year if unknown else last_day.year + 1, 12, 31)
    days = [first_day + timedelta(days=i) for i in range((last_known - first_day).days + 1)]
    extra = calendar.list_extra_days()
    workdays = [day for day in days if (extra[day] if day in extra else _is_workday(day, calendar))]
    windows = [_find_windows(calendar.list_windows(day), day, zone) for day in workdays]
    span = (_to_second(days[0], "00:00", zone), _to_second(days[-1], "24:00", zone))
    return _cut_into_steps([spans for spans in windows if spans], zone, last_day=last_known, span=span)


def check_known(times_utc: np.ndarray, clock: WorkClock) -> None:
    """Raise ConfigError if a moment (datetime64, UTC) lies in a year whose working days the clock does not know."""
    seconds = times_utc[~np.isnat(times_utc)].astype("datetime64[s]").astype(np.int64)
    outside = seconds[(seconds < clock.from_s) | (seconds > clock.until_s)]
    if not len(outside):
        return
    moment = datetime.fromtimestamp(int(outside[0]), UTC).astimezone(clock.zone)
    first_day = datetime.fromtimestamp(clock.from_s, UTC).astimezone(clock.zone).date()
    raise ConfigError(
        f"A case of {moment:%Y-%m-%d} has a limit in working time, and the working days are known from {first_day} "
        f"to {clock.last_day} only, not for {moment.year}. {_HOW_TO_ADD}"
    )


def _say_unknown(calendar: WorkCalendar, year: int) -> str:
    known = describe_covered_years(calendar)
    return f"The official Chinese calendar is not known for {year} (known: {known}). {_HOW_TO_ADD}"


def _is_workday(day: date, calendar: WorkCalendar) -> bool:
    if calendar.country is not None and day.year in _PUBLISHED_YEARS:
        return bool(chinese_calendar.is_workday(day))
    # no official list, or a year that only the city's own list knows: weekdays, changed by that list
    return day.weekday() < 5  # noqa: PLR2004  Monday to Friday


def _find_windows(windows: tuple[str, ...], day: date, zone: ZoneInfo) -> list[tuple[int, int]]:
    """The working windows of the day as UTC seconds, in order; what summer time swallows is left out."""
    found: list[tuple[int, int]] = []
    for window in windows:
        opened, closed = (_to_second(day, edge, zone) for edge in window.split("-"))
        opened = max(opened, found[-1][1]) if found else opened
        if opened < closed:
            found.append((opened, closed))
    return found


def _to_second(day: date, clock_time: str, zone: ZoneInfo) -> int:
    hour, minute = (int(part) for part in clock_time.split(":"))
    shift = timedelta(days=1) if hour == 24 else timedelta()  # noqa: PLR2004  "24:00" is the next midnight
    return int((datetime.combine(day, time(hour % 24, minute), zone) + shift).timestamp())


def _cut_into_steps(
    days: list[list[tuple[int, int]]], zone: ZoneInfo, *, last_day: date, span: tuple[int, int]
) -> WorkClock:
    """The clock of the working days' windows (UTC seconds)."""
    from_s, until_s = span
    edges = np.array([window for windows in days for window in windows], dtype=np.int64).reshape(-1, 2) - from_s
    if not len(edges):
        raise ConfigError(f"No day up to {last_day} is worked. Check work_calendar in city.toml.")
    step_s = int(np.gcd.reduce([*edges.ravel(), until_s - from_s]))
    turns = np.zeros((until_s - from_s) // step_s + 1, dtype=np.int8)
    np.add.at(turns, edges[:, 0] // step_s, 1)
    np.add.at(turns, edges[:, 1] // step_s, -1)
    is_worked = np.cumsum(turns[:-1], dtype=np.int8).astype(bool)
    day_seconds = [sum(closed - opened for opened, closed in windows) for windows in days]
    ticks_a_day = math.lcm(*set(day_seconds))
    if ticks_a_day * len(days) > _MOST_TICKS:
        raise ConfigError(
            "The working days of the seasons have too many different lengths to be compared; write "
            "work_calendar.windows and those of the seasons in whole quarters of an hour."
        )
    return WorkClock(
        zone=zone,
        last_day=last_day,
        from_s=from_s,
        until_s=until_s,
        step_s=step_s,
        worked_before=np.concatenate([[0], np.cumsum(is_worked)]).astype(np.int32),
        worked_steps=np.flatnonzero(is_worked).astype(np.int32),
        day_of_worked=np.repeat(np.arange(len(days) + 1), [*(seconds // step_s for seconds in day_seconds), 1]).astype(
            np.int32
        ),
        seconds_before=np.concatenate([[0], np.cumsum(day_seconds)]).astype(np.int64),
        ticks_a_second=np.array([ticks_a_day // seconds for seconds in [*day_seconds, ticks_a_day]], dtype=np.int64),
        ticks_a_day=ticks_a_day,
    )


def open_city_clock(calendar: WorkCalendar, zone: ZoneInfo, *, today: date) -> WorkClock:
    """The clock of a city for all moments that its cases may speak of: from the first known day to the last one."""
    last_day = find_last_known_day(calendar, today)
    return build_work_clock(calendar, zone, first_day=find_first_known_day(calendar), last_day=last_day)


def hash_clock(clock: WorkClock) -> str:
    """One name for what the clock says: the official days change with the library, so the worked time itself counts."""
    said = f"{clock.from_s} {clock.step_s} {clock.ticks_a_day}".encode()
    return hashlib.sha256(said + clock.worked_before.tobytes() + clock.day_of_worked.tobytes()).hexdigest()
