"""Forecasts as they would have been made in the weeks before, each by a model that knew only what came before it.

Models are fitted every fourth week, counted from a fixed Monday, on the reports before that day. So the forecast of a
Monday does not depend on the day from which one looks back at it, nor on anything that happened later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from governance.grids.neighbours import Neighbours
from governance.hazard.features import MOST_ORIGINS, RATE_DAYS, Floats, build_features, count_reports, sum_blocks
from governance.hazard.festivals import share_days
from governance.hazard.forecast import LEAST_HISTORY_DAYS_YOUNG, Fit, fit_scenario, list_origins
from governance.hazard.severity import average_severity

WEEK_DAYS = 7
WEEKS = MOST_ORIGINS + 1
"""How many weeks can be looked back at: as many as one pass over the reports gives."""
REFIT_WEEKS = 4


@dataclass(frozen=True)
class Scores:
    """A forecast as of a day: contributions (scenarios, grids, terms) in expected reports of 28 days, the base last.

    severity: the mean weight of a report, (scenarios, grids), see `average_severity`.
    """

    day: date
    contributions: Floats
    severity: Floats

    @property
    def expected(self) -> Floats:
        """Expected reports in the 28 days from the day on, (scenarios, grids)."""
        total: Floats = self.contributions.sum(axis=-1)
        return total


@dataclass(frozen=True)
class PastForecasts:
    """What past forecasts are made from: `daily` and `neighbours` as in `forecast_hazard`, scenarios in their order.

    The models of a day are fitted once, and only when they are asked for.
    """

    daily: pa.Table
    neighbours: Neighbours
    scenarios: tuple[str, ...]
    grids: int
    festival_days: frozenset[date] = frozenset()
    _fits: dict[date, list[Fit]] = field(default_factory=dict)

    def score(self, as_of: date, *, back: tuple[int, ...]) -> Iterator[Scores]:
        """Forecasts as of so many whole weeks before `as_of` each (0 … 12), in the order asked.

        Weeks before the city had 28 days of history are left out. A scenario that comes back after more than a year
        has its history from then on, also in weeks looked back at (see `governance.hazard.histories`).
        """
        blocks = sum_blocks(self.daily, self.scenarios, grids=self.grids, as_of=as_of, block_days=WEEK_DAYS)
        for weeks in back:
            day = as_of - timedelta(days=WEEK_DAYS * weeks)
            if weeks >= len(blocks.counts) or blocks.history_days - WEEK_DAYS * weeks < LEAST_HISTORY_DAYS_YOUNG:
                continue
            values = build_features(blocks, self.neighbours, origin=weeks)
            ahead = share_days(self.festival_days, day, RATE_DAYS)
            fits = enumerate(self._find_fits(day))
            shares = [fit.explain(values[place], festival_share=ahead) for place, fit in fits]
            yield Scores(day, np.stack(shares), average_severity(blocks, origin=weeks))

    def count(self, until: date, *, days: int = RATE_DAYS) -> Floats:
        """Reports of the `days` days before `until`, (scenarios, grids)."""
        first = until - timedelta(days=days)
        return count_reports(self.daily, self.scenarios, grids=self.grids, first=first, until=until)

    def _find_fits(self, day: date) -> list[Fit]:
        """The models in use on a day: fitted on the last day of refitting, itself or before."""
        learnt_on = find_refit(day)
        if learnt_on not in self._fits:
            self._fits[learnt_on] = self._fit(learnt_on)
        return self._fits[learnt_on]

    def _fit(self, as_of: date) -> list[Fit]:
        blocks = sum_blocks(self.daily, self.scenarios, grids=self.grids, as_of=as_of)
        past = {origin: build_features(blocks, self.neighbours, origin=origin) for origin in list_origins(blocks)}
        now = build_features(blocks, self.neighbours, origin=0)
        places = range(len(self.scenarios))
        return [fit_scenario(blocks, past, now[at], at, festival_days=self.festival_days) for at in places]


def find_monday(day: date) -> date:
    """The last Monday before the day: of a Monday, the one a week earlier."""
    return day - timedelta(days=day.weekday() or WEEK_DAYS)


def find_week(day: date) -> date:
    """The Monday with which the week of the day begins."""
    return day - timedelta(days=day.weekday())


def find_refit(day: date) -> date:
    """The last day on which models are fitted anew, the day itself or before."""
    monday = find_week(day)
    return monday - timedelta(days=WEEK_DAYS * (count_weeks(monday) % REFIT_WEEKS))


def count_weeks(monday: date) -> int:
    """The number of a week, counted from the first Monday of the calendar, by which its turn is found."""
    return (monday.toordinal() - 1) // WEEK_DAYS
