"""What inspections found: the hit rate of red grids beside that of the random audits.

Outcomes are rows of grid_id, scenario, inspected_on and found (true, false, or missing where nobody could look), as
`outcome_files` reads them. They are counted where they are asked for and kept nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from governance.indicators.intervals import wilson_interval


@dataclass(frozen=True)
class HitRates:
    """rates: see `compare_hit_rates`; counted: outcomes in it; old: outcomes before first_week, which are in no rate.

    first_week: the first week whose lists are kept; None where there is no list at all.
    """

    rates: pd.DataFrame
    counted: int
    old: int
    first_week: date | None


def measure_hit_rates(outcomes: pd.DataFrame, listed: pd.DataFrame) -> HitRates:
    """Compare the outcomes since the first week of `listed`; the lists of those before it are no longer kept.

    So nobody can say under which kind a grid stood there. listed: see `match_outcomes`.
    """
    first = pd.to_datetime(listed["week"]).min()
    is_old = outcomes["inspected_on"] < first
    kept = outcomes[~is_old]
    week = None if pd.isna(first) else first.date()
    return HitRates(compare_hit_rates(kept, listed), len(kept), int(is_old.sum()), week)


def match_outcomes(outcomes: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """The outcomes with the `kind` under which their grid stood on the list of their week; missing if on none.

    listed: grid_id, scenario, week (its Monday), kind, sampling_probability; the last comes along, too.
    """
    days = pd.to_datetime(outcomes["inspected_on"])
    week = days - pd.to_timedelta(days.dt.day_of_week, unit="D")
    lists = listed.assign(week=pd.to_datetime(listed["week"]))[_LISTED]
    return outcomes.assign(week=week).merge(lists, on=["grid_id", "scenario", "week"], how="left")


_LISTED = ["grid_id", "scenario", "week", "kind", "sampling_probability"]


def compare_hit_rates(outcomes: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """One row per scenario and kind (red, audit, and unlisted where there are any), with 95 % Wilson intervals.

    Columns: scenario, kind, inspected, hits, uninspectable, hit_rate, low, high. An inspection where nobody could
    look is in no rate. The audits' rate is an estimate for all grids that were not red: where districts draw with
    chances of their own, an audit stands for 1 / its chance of grids, and the interval is that of as many equal audits
    as tell as much (Kish: the square of the sum of weights, over the sum of their squares).
    """
    matched = match_outcomes(outcomes, listed)
    matched = matched.assign(kind=matched["kind"].fillna("unlisted"), found=matched["found"].astype("boolean"))
    matched["weight"] = np.where(matched["kind"] == "audit", 1 / matched["sampling_probability"], 1.0)
    grouped = matched.groupby(["scenario", "kind"])["found"]
    table = pd.DataFrame(
        {
            "inspected": grouped.count(),
            "hits": grouped.sum().astype("int64"),
            "uninspectable": grouped.apply(lambda found: int(found.isna().sum())),
        }
    ).reset_index()
    rate, told_by = _weigh(matched).reindex(pd.MultiIndex.from_frame(table[["scenario", "kind"]])).T.to_numpy()
    low, high = wilson_interval(rate * told_by, told_by)
    order = table["kind"].map({"red": 0, "audit": 1, "unlisted": 2})
    told = table.assign(hit_rate=rate, low=low, high=high, order=order)
    return told.sort_values(["scenario", "order"], ignore_index=True).drop(columns="order")


def _weigh(matched: pd.DataFrame) -> pd.DataFrame:
    """Per scenario and kind: the weighed share of hits, and how many equal inspections would tell as much."""
    looked = matched[matched["found"].notna()]
    weighed = looked.assign(hit=looked["weight"] * looked["found"].astype(float), square=looked["weight"] ** 2)
    sums = weighed.groupby(["scenario", "kind"])[["hit", "weight", "square"]].sum()
    return pd.DataFrame({"rate": sums["hit"] / sums["weight"], "told_by": sums["weight"] ** 2 / sums["square"]})


def judge_hit_rates(rates: pd.DataFrame) -> pd.DataFrame:
    """One row per scenario: its verdict on the colours (columns scenario, verdict).

    "red_higher" or "audit_higher" where the intervals of red grids and audits lie apart, "unclear" where they overlap,
    "untold" where either has not been inspected. Intervals that lie apart are stricter than a test at 5 %.
    """
    wide = rates.pivot_table(index="scenario", columns="kind", values=["low", "high"])
    ends = {
        (end, kind): wide[end, kind] if (end, kind) in wide else pd.Series(np.nan, wide.index)
        for end in ("low", "high")
        for kind in ("red", "audit")
    }
    verdict = np.select(
        [
            ends["low", "red"].isna() | ends["low", "audit"].isna(),
            ends["low", "red"] > ends["high", "audit"],
            ends["low", "audit"] > ends["high", "red"],
        ],
        ["untold", "red_higher", "audit_higher"],
        "unclear",
    )
    named = pd.Series(verdict, wide.index)
    scenarios = rates["scenario"].drop_duplicates()
    return pd.DataFrame({"scenario": scenarios, "verdict": scenarios.map(named).fillna("untold")}).reset_index(
        drop=True
    )
