"""What a kept backtest says to a reader: is the model better than counting, where is it not, and is that still true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from governance.backtest_store import COUNTS, PRODUCT, Result
from governance.hazard.metrics import ALL, LEVELLED_RATIO, RATIO
from governance.hazard.summary import list_rare

OLD_AFTER = timedelta(days=28)
"""A backtest this much older than the snapshot knows nothing of a whole window that could be judged by now."""


@dataclass(frozen=True)
class Worth:
    """Whether the published model beats the best count of each scenario, over one horizon.

    whole: the row of all scenarios together; scenarios: one row each, the best first; both with `scenario`, `value`
    (captured at 5 % of the grids over the best count), `low`, `high` (95 %), `verdict` (better, worse, unclear: the
    interval holds 1), `capture_5`, `deviance` (over the best count at the same level), `reports_share` (grids with any
    report), `days` (windows judged). failing: how many scenarios lie below 1, surely_failing: with their whole
    interval. rare: the scenarios with too few reports per window to be judged, which are in none of these.
    """

    whole: dict[str, object]
    scenarios: pd.DataFrame
    failing: int
    surely_failing: int
    rare: tuple[str, ...]


def list_horizons(result: Result) -> list[int]:
    """The horizons that were judged, in days, the longest first."""
    return sorted(result.about["settings"]["horizons_days"], reverse=True)


def compare_age(result: Result, *, generation: str, as_of_utc: datetime) -> str:
    """How a backtest stands to a snapshot: "same", "earlier", "old" (by OLD_AFTER or more), "other" (a later one)."""
    if result.about["generation"] == generation:
        return "same"
    age = as_of_utc - datetime.fromisoformat(result.about["as_of_utc"])
    if age < timedelta(0):
        return "other"
    return "old" if age >= OLD_AFTER else "earlier"


def judge_worth(result: Result, *, horizon_days: int) -> Worth | None:
    """What the published model is worth over a horizon; None where no scenario had enough reports to be judged by."""
    rows = _read_rows(result, horizon_days)
    own = rows[rows["model"] == PRODUCT].set_index(["scenario", "metric"])
    ratios = own.xs(RATIO, level="metric") if RATIO in own.index.unique("metric") else pd.DataFrame()
    if ALL not in ratios.index:
        return None
    found = ratios[["value", "low", "high"]].assign(verdict=_judge(ratios), days=_count_days(result, horizon_days))
    for name, metric in (("capture_5", "capture_5"), ("deviance", LEVELLED_RATIO), ("reports_share", "occupied")):
        found[name] = own.xs(metric, level="metric")["value"].reindex(found.index)
    listed = found.drop(index=ALL).sort_values("value", ascending=False, kind="stable").reset_index()
    whole = {str(key): value for key, value in found.loc[ALL].items()}
    is_worse = listed["value"] < 1
    surely = int((is_worse & (listed["verdict"] == "worse")).sum())
    return Worth(whole, listed, int(is_worse.sum()), surely, tuple(list_rare(rows)))


def list_models(result: Result, *, horizon_days: int, scenario: str = ALL) -> pd.DataFrame:
    """One row per model, the best first: every metric of the backtest as a column, `low` and `high` of the ratio.

    `is_product` marks the published model, `is_count` those that only count. Empty where nothing was judged.
    """
    rows = _read_rows(result, horizon_days)
    rows = rows[rows["scenario"] == scenario]
    wide = rows.pivot_table(index="model", columns="metric", values="value")
    if RATIO not in wide.columns:
        return pd.DataFrame()
    ends = rows[rows["metric"] == RATIO].set_index("model")[["low", "high"]]
    wide = wide.join(ends).sort_values(RATIO, ascending=False, kind="stable").reset_index()
    return wide.assign(is_product=wide["model"] == PRODUCT, is_count=wide["model"].isin(COUNTS))


def _read_rows(result: Result, horizon_days: int) -> pd.DataFrame:
    frame = result.summary.to_pandas()
    return frame[frame["horizon_days"] == horizon_days]


def _judge(rows: pd.DataFrame) -> np.ndarray:
    return np.select([rows["low"] > 1, rows["high"] < 1], ["better", "worse"], "unclear")


def _count_days(result: Result, horizon_days: int) -> int:
    return len(result.about["days"][str(horizon_days)])
