"""Year on year (同比) and period on period (环比): the same indicators on days that can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Unpack

import numpy as np
import pandas as pd

from governance.errors import ConfigError
from governance.indicators.asking import (
    Asks,
    Cohort,
    Period,
    Request,
    Where,
    answer,
    explain_refusal,
    find_day,
    make_request,
    sort_rows,
)
from governance.indicators.registry import load_registry
from governance.indicators.windows import Against, Alignment, Window, pair_last_weeks, pair_windows

_BASE = ("numerator", "denominator", "value")


def compare_periods(  # noqa: PLR0913  each is one way to compare, and has a default
    city: Asks,
    *,
    period: Period = "month",
    day: date | None = None,
    against: Against = "year",
    alignment: Alignment = "calendar",
    indicators: Iterable[str] | None = None,
    by: str | Sequence[str] = (),
    cohort: Cohort = "due",
    **where: Unpack[Where],
) -> pd.DataFrame:
    """One row per slice, indicator and variant: the period that holds `day` and the days it is compared with.

    Without `day`: the last complete one. Which days are compared, `windows.pair_windows` says. Columns of
    `ask_indicators`, then `base_numerator`, `base_denominator`, `base_value`, `change` (value less base), for shares
    `change_points` (100 x change), `relative` (change / base; 0.1 is +10 %), and `since`, `until`, `base_since`,
    `base_until`, `days`. What is blank on either side, or lies before the first day of data, has no change.
    """
    first_incomplete = find_day(city)
    current, base = pair_windows(
        period, day or first_incomplete - timedelta(days=1), first_incomplete=first_incomplete,
        against=against, alignment=alignment,
    )  # fmt: skip
    request = make_request(indicators, by, cohort=cohort, where=where)
    if indicators is None:
        request = keep_comparable(request, current, base)
    return compare_windows(city, request, current, base)


def compare_weeks(
    city: Asks, *, weeks: int = 4, indicators: Iterable[str], by: str | Sequence[str] = (), **where: Unpack[Where]
) -> pd.DataFrame:
    """The last complete weeks (Monday to Sunday) and the same weeks a year (364 days) earlier, cases dated by limits.

    Weeks, so that towns and scenes can be asked too. Columns as of `compare_periods`.
    """
    request = make_request(indicators, by, cohort="due", where=where)
    return compare_windows(city, request, *pair_last_weeks(find_day(city), weeks=weeks))


def compare_windows(
    city: Asks, request: Request, current: Window, base: Window, *, now: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The comparison of two stretches of days, as `compare_periods` gives it.

    `now`: the request's rows of the current days, where they have been asked already.
    """
    if current.days != base.days:
        raise ConfigError(f"{current.days} days cannot be compared with {base.days}.")
    now = answer(city, _place(request, current)) if now is None else now
    keys = [*request.by, "indicator", "variant"]
    first_day = city.ask("indicator_span")["first_day"].iloc[0]
    before = answer(city, _place(request, base))
    if pd.isna(first_day) or base.since < pd.Timestamp(first_day).date():
        before = before.iloc[:0]
    else:
        now = _fill_counts(now, before, keys)
        before = _fill_counts(before, now, keys)
    joined = now.merge(
        before[[*keys, *_BASE]].rename(columns={name: f"base_{name}" for name in _BASE}), on=keys, how="left"
    )
    return _judge_change(sort_rows(joined, list(request.by)), current, base)


def _place(request: Request, window: Window) -> Request:
    return replace(request, since=window.since, until=window.until, left_out=window.left_out)


def keep_comparable(request: Request, *windows: Window) -> Request:
    """The request with those of its indicators that can be cut to all of the windows."""
    kept = (
        entry
        for entry in request.indicators
        if not any(explain_refusal(_place(request, window), entry) for window in windows)
    )
    return replace(request, indicators=tuple(kept))


def _fill_counts(frame: pd.DataFrame, other: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The frame with a row for every key of `other`: where there was no case, counts are 0 and shares blank."""
    facts = [name for name in frame.columns if name not in keys]
    if frame[keys].reset_index(drop=True).equals(other[keys].reset_index(drop=True)):
        return frame[[*keys, *facts]]
    filled = frame.merge(other[[*keys, "cohort"]], on=keys, how="outer", suffixes=("", "_other"))
    is_new = filled["cohort"].isna()
    filled["cohort"] = filled["cohort"].fillna(filled["cohort_other"])
    kinds = {entry.id: entry.kind for entry in load_registry().indicators}
    kind = filled["indicator"].map(kinds)
    filled.loc[is_new & (kind != "score"), "numerator"] = 0.0
    filled.loc[is_new & (kind == "count"), "value"] = 0.0
    filled.loc[is_new & ~kind.isin(["count", "score"]), "denominator"] = 0
    filled["has_volume"] = filled["has_volume"].where(~is_new, kind == "count").astype(bool)
    return filled[[*keys, *facts]]


def _judge_change(frame: pd.DataFrame, current: Window, base: Window) -> pd.DataFrame:
    kinds = {entry.id: entry.kind for entry in load_registry().indicators}
    change = frame["value"] - frame["base_value"]
    is_share = frame["indicator"].map(kinds) == "share"
    return frame.assign(
        change=change,
        change_points=(100 * change).where(is_share),
        relative=change / frame["base_value"].where(frame["base_value"] != 0, np.nan),
        since=current.since,
        until=current.until,
        base_since=base.since,
        base_until=base.until,
        days=current.days,
    )
