"""Since when there is something to learn from: for the city, and for each scenario, which may have begun later.

A rate is reports over the time in which they could have come. A scenario that was first taken up last month has a month
of history, though the city has years; and one stray report of 1991 does not make thirty years of it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.int64]

SILENT_DAYS = 365
"""Rows further apart than this belong to two histories, of which the later one counts."""
LEAST_DAYS = 28
"""The shortest history of a scenario, as far as the city has so many: one report of yesterday is no report a day."""
LEAST_CHANCE = 0.001


def measure_city(ages: Days) -> int:
    """Days of the city's history: the age of the first row after which no gap longer than a year follows.

    ages: of all rows in days, 1 being the day before the forecast's; 0 and less are not looked at. 0 without any row.
    """
    known = ages[ages >= 1]
    has_row = np.zeros(int(known.max(initial=0)) + 1, dtype=bool)
    has_row[known] = True  # marking the days is faster than sorting millions of rows
    return _find_start(np.flatnonzero(has_row))


def measure_scenarios(ages: Days, numbers: Days, *, scenarios: int, city_days: int, ends: Days) -> Days:
    """Days of each scenario's history as of so many days before the forecast's, (ends, scenarios).

    ages, numbers: age in days and scenario's number (-1: none of them) of every row. A row may count no reports: it
    says that the scenario was counted. city_days: see `measure_city`; older rows are not looked at.

    A history begins with the first row after which no gap longer than a year follows in the scenario. The scenario
    begins with the city, however, unless that would be too improbable: where n days have rows, all of them fall into
    the last T of C days with chance (T / C) ** n, were every day alike. A rare scenario has waits and gaps by chance.
    As of an earlier day, the days with rows before it alone decide this.
    """
    days = np.full((len(ends), scenarios), np.maximum(city_days - ends, 0)[:, None], dtype=np.int64)
    has_row = np.zeros((scenarios + 1, city_days + 1), dtype=bool)
    has_row[numbers, np.where(ages <= city_days, np.maximum(ages, 0), 0)] = True
    has_row[:, 0] = False
    for number in range(scenarios):
        known = np.flatnonzero(has_row[number])
        start = _find_start(known)
        # Where a gap may be chance, what came before it counts; where it is none, it begins the history.
        if not _is_late(start, int((known <= start).sum()), city_days):
            start = int(known.max(initial=0))
        for place, end in enumerate(ends.tolist()):
            rows = int(((known > end) & (known <= start)).sum())
            if _is_late(start - end, rows, city_days - end):
                days[place, number] = max(start - end, LEAST_DAYS)
    return days


def _find_start(days: Days) -> int:
    gaps = np.flatnonzero(np.diff(days) > SILENT_DAYS)
    return int(days[gaps[0]]) if len(gaps) else int(days.max(initial=0))


def _is_late(start: int, rows: int, city_days: int) -> bool:
    """Whether so many days with rows since `start` are too many for chance, had the scenario begun with the city."""
    at_least = max(start, LEAST_DAYS)
    return at_least < city_days and bool((at_least / city_days) ** rows < LEAST_CHANCE)
