"""Stretches of days that can be compared: every day of one has a counterpart in the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from governance.errors import ConfigError

Against = Literal["year", "previous"]
Alignment = Literal["calendar", "weeks"]

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_SHIFT_DAYS = {"week": 7, "month": 28, "quarter": 91, "year": 364}
_WEEKS_OF_YEAR = 52
_LEAP_DAY = (2, 29)


@dataclass(frozen=True)
class Window:
    """The days from `since` to the one before `until`, without `left_out`."""

    since: date
    until: date
    left_out: date | None = None

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until - self.since).days - (self.left_out is not None)


def pair_windows(
    period: str, day: date, *, first_incomplete: date, against: Against = "year", alignment: Alignment = "calendar"
) -> tuple[Window, Window]:
    """The period that holds `day`, as far as its days are complete, and the same days of an earlier one.

    `against` "year": the same dates a year earlier; "previous": the same ordinal days of the period before. By weeks
    (always for the period "week") a year is 364 days, a quarter 91 and a month 28, so that weekdays match. Days without
    a counterpart are left out on both sides: 29 February, or the 29th to 31st of a month against a February.
    Raises ConfigError if no day of the period is complete.
    """
    since = start_period(period, day)
    until = min(start_next(period, since), first_incomplete)
    if until <= since:
        raise ConfigError(
            f"No day of the {period} from {since} is complete yet; the data end before {first_incomplete}."
        )
    if alignment == "weeks" or period == "week":
        shift = _SHIFT_DAYS["year" if against == "year" else period]
        return pair_by_weeks(since, min(until, since + timedelta(days=shift)), days=shift)
    if against == "year" or period == "year":
        return pair_by_year(since, until)
    base = start_period(period, since - timedelta(days=1))
    days = min((until - since).days, (since - base).days)
    return Window(since, since + timedelta(days=days)), Window(base, base + timedelta(days=days))


def pair_by_year(since: date, until: date) -> tuple[Window, Window]:
    """The days and the same dates a year earlier, without 29 February; at most a year can be paired."""
    if until > move_year(since, 1):
        raise ConfigError(f"From {since} to {until} is more than a year; compare at most a year with the one before.")
    base_since, base_until = move_year(since, -1), move_year(until, -1)
    return (
        Window(since, until, _find_leap_day(since, until)),
        Window(base_since, base_until, _find_leap_day(base_since, base_until)),
    )


def pair_by_weeks(since: date, until: date, *, days: int) -> tuple[Window, Window]:
    """The days and those `days` earlier; with a multiple of seven, weekdays match."""
    shift = timedelta(days=days)
    return Window(since, until), Window(since - shift, until - shift)


def pair_last_weeks(first_incomplete: date, *, weeks: int) -> tuple[Window, Window]:
    """The last complete weeks before a day, Monday to Sunday, and those 364 days earlier; at most 52 can be paired."""
    if not 1 <= weeks <= _WEEKS_OF_YEAR:
        raise ConfigError(f"{weeks} weeks cannot be compared with those of a year before; take 1 to {_WEEKS_OF_YEAR}.")
    until = start_period("week", first_incomplete)
    return pair_by_weeks(until - timedelta(days=7 * weeks), until, days=_SHIFT_DAYS["year"])


def start_period(period: str, day: date) -> date:
    """The first day of the week (Monday), month, quarter or year that holds `day`."""
    if period == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(month=day.month - (day.month - 1) % _MONTHS[period], day=1)


def start_next(period: str, since: date) -> date:
    """The first day of the period that follows the one that begins with `since`."""
    if period == "week":
        return since + timedelta(days=7)
    month = since.month - 1 + _MONTHS[period]
    return date(since.year + month // 12, month % 12 + 1, 1)


def start_months(day: date, *, months: int) -> date:
    """The first day of the earliest of so many months, of which the last is the one that holds `day`."""
    number = 12 * day.year + day.month - months
    return date(number // 12, number % 12 + 1, 1)


def move_year(day: date, years: int) -> date:
    """The same date in another year; 29 February becomes 1 March, as both follow 28 February."""
    if (day.month, day.day) == _LEAP_DAY:
        return date(day.year + years, 3, 1)
    return day.replace(year=day.year + years)


def _find_leap_day(since: date, until: date) -> date | None:
    for year in {since.year, until.year}:
        if year % 4 == 0 and (year % 100 or year % 400 == 0) and since <= date(year, *_LEAP_DAY) < until:
            return date(year, *_LEAP_DAY)
    return None
