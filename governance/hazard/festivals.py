"""Spring Festival in the level of a forecast: how many reports its days bring, of as many other days around it.

The festival moves with the moon, so it lies in the 28 days ahead in one year and not in the same ones of the next. It
moves all grids of a scenario alike: no rank hangs on it, the number of reports to expect does.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

import numpy as np

from governance.hazard.features import Blocks

AROUND_DAYS = 28
PRIOR_REPORTS = 50.0
"""A scenario is believed to have no festival until so many reports or more were to be expected in its days."""


def measure_ratio(blocks: Blocks, place: int, festival_days: Collection[date]) -> float:
    """Reports of the scenario number `place` in past festival days, over those of as many days around them.

    Around each festival are the 28 days on either side, as far as they lie before the blocks' day and within
    the scenario's history. A festival with
    fewer than 28 such days says nothing. Drawn towards 1 by PRIOR_REPORTS; 1 where no festival was seen.
    """
    reports = blocks.daily_totals[place, : blocks.scenario_days[0, place]]
    ages = np.array(sorted((blocks.as_of - day).days for day in festival_days), dtype=np.int64)
    is_festival = np.zeros(len(reports), dtype=bool)
    is_festival[ages[(ages >= 1) & (ages <= len(reports))] - 1] = True
    edges = np.flatnonzero(np.diff(is_festival, prepend=False, append=False)).reshape(-1, 2)
    came = said = 0.0
    for begin, end in edges:
        first = max(0, begin - AROUND_DAYS)
        around = reports[first : end + AROUND_DAYS][~is_festival[first : end + AROUND_DAYS]]
        if len(around) >= AROUND_DAYS:
            came += float(reports[begin:end].sum())
            said += float(around.mean()) * float(end - begin)
    return (came + PRIOR_REPORTS) / (said + PRIOR_REPORTS)


def share_days(festival_days: Collection[date], first: date, days: int) -> float:
    """The share of the `days` days from `first` on that are festival days."""
    return sum(first + timedelta(days=number) in festival_days for number in range(days)) / days


def weigh_window(ratio: float, share: float) -> float:
    """The factor of a window of which this share are festival days, each with so many reports of a usual day's."""
    return 1 + share * (ratio - 1)
