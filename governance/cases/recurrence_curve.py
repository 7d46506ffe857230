"""Recurrence curves: the share of closed cases that came back by each day after closing, by Kaplan and Meier.

Cases that were closed too lately to be followed for all the days still count for the days they were followed.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CONFIDENCE = 0.95


def draw_curves(lives: pd.DataFrame) -> pa.Table:
    """Give the rows of `out_recurrence_curve`: one per scenario, department ('' = all) and day, 0 to the rule's last.

    `lives` has a row per scenario, department, `day` and `is_recurrence` with the number of `cases` whose life after
    closing ended on that day, in a recurrence or out of sight, and `followed_fully`, `recurred_within`, `within_days`.
    `low` and `high` hold the share with 95 % confidence (Greenwood's variance, log-log); null before the first
    recurrence. Shares are null for days that no case was followed to. The curve of all scenarios mixes their rules:
    beyond the shortest rule's days it tells of the others alone.
    """
    grouped = lives.groupby(["scenario", "department"], sort=True)
    parts = [_draw_curve(group, scenario, department) for (scenario, department), group in grouped]
    return pa.concat_tables([_SCHEMA.empty_table(), *parts])


def _draw_curve(lives: pd.DataFrame, scenario: str, department: str) -> pa.Table:
    last_day = int(lives.within_days.max())
    ends = np.bincount(lives.day, lives.cases, minlength=last_day + 1).astype(np.int64)
    is_recurrence = lives.is_recurrence.to_numpy()
    recurred = np.bincount(lives.day[is_recurrence], lives.cases[is_recurrence], minlength=last_day + 1)
    recurred = recurred.astype(np.int64)
    at_risk = ends.sum() - (np.cumsum(ends) - ends)
    share, low, high = estimate_shares(recurred, ends - recurred)
    days = last_day + 1
    return pa.table(
        {
            "scenario": [scenario] * days,
            "department": [department] * days,
            "day": np.arange(days),
            "at_risk": at_risk,
            "recurred": recurred,
            "share_recurred": pa.array(share, from_pandas=True),
            "low": pa.array(low, from_pandas=True),
            "high": pa.array(high, from_pandas=True),
            "closed_cases": [ends.sum()] * days,
            "followed_fully": [lives.followed_fully.sum()] * days,
            "recurred_within": [lives.recurred_within.sum()] * days,
        },
        schema=_SCHEMA,
    )


def estimate_shares(recurred: Integers, lost: Integers) -> tuple[Floats, Floats, Floats]:
    """Give the share recurred by each day and its bounds, NaN where unknown, from the numbers that ended on each day.

    Entry d of `recurred` and `lost` counts the cases whose life ended d days after closing, in a recurrence or out
    of sight (then they were followed for the whole of day d).
    """
    day = np.arange(len(recurred))
    # Whole days make millions of cases a few hundred numbers, but SciPy takes each life apart: it knows no weights.
    sample = stats.CensoredData(np.repeat(day, recurred), right=np.repeat(day, lost))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The confidence interval is undefined", RuntimeWarning)
        survival = stats.ecdf(sample).sf
        bounds = survival.confidence_interval(CONFIDENCE, method="log-log")
    share = 1 - survival.evaluate(day)
    low, high = 1 - bounds.high.evaluate(day), 1 - bounds.low.evaluate(day)
    ends = recurred + lost
    was_followed = (ends[::-1].cumsum()[::-1] > 0) | (share >= 1)
    has_bounds = was_followed & (share > 0)
    return (
        np.where(was_followed, share, np.nan),
        np.where(has_bounds, low, np.nan),
        np.where(has_bounds, high, np.nan),
    )


_SCHEMA = pa.schema(
    [
        ("scenario", pa.string()),
        ("department", pa.string()),
        ("day", pa.int32()),
        ("at_risk", pa.int64()),
        ("recurred", pa.int64()),
        ("share_recurred", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("closed_cases", pa.int64()),
        ("followed_fully", pa.int64()),
        ("recurred_within", pa.int64()),
    ]
)
