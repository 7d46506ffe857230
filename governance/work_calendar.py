"""The working days and hours of a city as data: `[work_calendar]` of city.toml, and its file of extra days.

Which days the country's official calendar makes free is asked in `cases/work_clock.py`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from governance.errors import ConfigError, join_faults
from governance.toml_model import Strict

_DAYS_HEADER = ("date", "is_workday", "name")
_TRUTHS = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}
_LEAP_YEAR = [date(2024, 1, 1) + timedelta(days=day) for day in range(366)]


def _check_windows(windows: tuple[str, ...]) -> tuple[str, ...]:
    if not windows or not all(re.fullmatch(r"\d\d:[0-5]\d-\d\d:[0-5]\d", window) for window in windows):
        raise ValueError('working hours are written like "08:30-12:00".')
    edges = [edge for window in windows for edge in window.split("-")]
    if edges != sorted(set(edges)) or edges[-1] > "24:00":
        raise ValueError("working hours must follow each other within one day, without overlap.")
    return windows


def _check_month_day(text: str) -> str:
    if text not in {_name_day(day) for day in _LEAP_YEAR}:
        raise ValueError(f'{text!r} is no day of the year; write month and day like "05-01".')
    return text


Windows = Annotated[tuple[str, ...], AfterValidator(_check_windows)]
MonthDay = Annotated[str, AfterValidator(_check_month_day)]


class Season(Strict):
    """Other working hours from one day of the year to another, both included; it may run over New Year."""

    from_: MonthDay = Field(alias="from")
    to: MonthDay
    windows: Windows

    def covers(self, day: date) -> bool:
        """Whether the day lies in the season, whatever its year."""
        name = _name_day(day)
        if self.from_ <= self.to:
            return self.from_ <= name <= self.to
        return name >= self.from_ or name <= self.to


class WorkCalendar(Strict):
    """Working days of a country and the working hours of a day, in the city's zone.

    A day that the city lists comes before the official calendar. `days_file` (a path from city.toml's folder)
    is read by `read_extra_days`, whose answer holds its days among the extra ones.
    """

    country: Literal["CN"] | None = None
    windows: Windows = ("08:30-12:00", "13:30-17:30")
    seasons: tuple[Season, ...] = ()
    extra_workdays: tuple[str, ...] = ()
    extra_holidays: tuple[str, ...] = ()
    days_file: str | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        faults = [
            f'{day!r} is no date; days are written like "2026-10-10".'
            for day in (*self.extra_workdays, *self.extra_holidays)
            if not _is_date(day)
        ]
        faults += [
            f"{day} is among extra_workdays and extra_holidays; it can be only one of them."
            for day in sorted(set(self.extra_workdays) & set(self.extra_holidays))
        ]
        faults += _find_overlaps(self.seasons)
        if faults:
            raise ValueError(" ".join(faults))
        return self

    def list_windows(self, day: date) -> tuple[str, ...]:
        """The working hours of the day, if it is worked: its season's, or the default ones."""
        return next((season.windows for season in self.seasons if season.covers(day)), self.windows)

    def list_extra_days(self) -> dict[date, bool]:
        """The days that the city lists itself, and whether each is worked."""
        workdays = {date.fromisoformat(day): True for day in self.extra_workdays}
        return workdays | {date.fromisoformat(day): False for day in self.extra_holidays}


def read_extra_days(calendar: WorkCalendar, folder: Path) -> WorkCalendar:
    """The calendar with the days of its `days_file` among the extra ones; without such a file, itself.

    The file is CSV with the columns date (2026-10-10), is_workday (true or false) and, if wanted, name. Raises
    one ConfigError with every faulty row, and with every day that city.toml lists otherwise.
    """
    if calendar.days_file is None:
        return calendar
    path = folder / calendar.days_file
    days, faults = _read_days(path)
    listed = calendar.list_extra_days()
    faults += [
        f"{day} stands there as {_name_kind(is_workday)}, in city.toml as {_name_kind(not is_workday)}; keep one."
        for day, is_workday in days.items()
        if listed.get(day, is_workday) != is_workday
    ]
    if faults:
        raise ConfigError(join_faults(f"{path} (work_calendar.days_file) cannot be used:", faults))
    workdays = {day.isoformat() for day, is_workday in days.items() if is_workday}
    holidays = {day.isoformat() for day, is_workday in days.items() if not is_workday}
    together = {
        "extra_workdays": tuple(sorted(workdays.union(calendar.extra_workdays))),
        "extra_holidays": tuple(sorted(holidays.union(calendar.extra_holidays))),
    }
    return calendar.model_copy(update=together)


def _read_days(path: Path) -> tuple[dict[date, bool], list[str]]:
    """The file's days, and what is wrong with it."""
    try:
        # Names may be in any encoding: they are for the reader, and the other columns are ASCII.
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        return {}, [f"it cannot be read: {error.strerror}. Paths start in the folder of city.toml."]
    reader = csv.DictReader(text.splitlines(), restkey="beyond")
    header = [name.strip() for name in reader.fieldnames or ()]
    if not {*_DAYS_HEADER[:2]} <= set(header) <= set(_DAYS_HEADER):
        return {}, [f"its first line must be date,is_workday or date,is_workday,name; it is {','.join(header)!r}."]
    reader.fieldnames = header
    days: dict[date, bool] = {}
    faults: list[str] = []
    for row in reader:
        wrong = list(_find_row_faults(row, days))
        faults += [f"row {reader.line_num}: {fault}" for fault in wrong]
        if not wrong:
            days[date.fromisoformat(row["date"].strip())] = _TRUTHS[row["is_workday"].strip().lower()]
    return days, faults


def _find_row_faults(row: dict[str, str], seen: dict[date, bool]) -> Iterator[str]:
    day, truth = (row["date"] or "").strip(), (row["is_workday"] or "").strip()
    if not _is_date(day):
        yield f'{day!r} is no date; days are written like "2026-10-10".'
    elif date.fromisoformat(day) in seen:
        yield f"{day} stands in the file twice; keep one row."
    if truth.lower() not in _TRUTHS:
        yield f"is_workday is {truth!r}; write true or false."
    if "beyond" in row:
        yield "it has more cells than the first line."


def _find_overlaps(seasons: tuple[Season, ...]) -> list[str]:
    return [
        f"the seasons {one.from_} to {one.to} and {two.from_} to {two.to} overlap; a day has one season."
        for one, two in combinations(seasons, 2)
        if any(one.covers(day) and two.covers(day) for day in _LEAP_YEAR)
    ]


def _name_day(day: date) -> str:
    return f"{day.month:02}-{day.day:02}"


def _name_kind(is_workday: bool) -> str:  # noqa: FBT001  the value itself is what is named
    return "a workday" if is_workday else "a holiday"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
