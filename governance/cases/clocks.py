"""The clock of each case that is open, or that stood still, or that was given more time: its final deadlines.

The deadline of most closed cases follows from their report alone and was found when their file was placed
(`placing.py`). Here are the others. The clock of a case starts when it is reported and never again: a transfer changes
who holds the case, not until when it must be done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from governance.cases.deadlines import (
    UNKNOWN,
    Pauses,
    add_limit,
    count_between,
    extend_due,
)
from governance.cases.work_clock import WorkClock
from governance.scenarios.template import Limit, LimitUnit, Template

_A_CASE = ["source", "incident_id"]
_CLOCK_TIME = Limit(value=1, unit="hours")  # a case of no scenario runs on clock time


@dataclass(frozen=True)
class Judged:
    """Per case, in their order: final deadlines, share of the time allowed that is used (NaN: unknown), if extended."""

    due_utc: np.ndarray
    close_due_utc: np.ndarray
    verify_due_utc: np.ndarray
    used_share: np.ndarray
    is_extended: np.ndarray


def judge_clocks(
    cases: pd.DataFrame, pauses: pd.DataFrame, templates: Mapping[str, Template], *, clock: WorkClock
) -> pa.Table:
    """The rows of `map_clock`: one per case of `src_clock_case`, with their pauses of `src_clock_pause`.

    `templates` are named by their versions. Needs no database, so that it can run beside one.
    """
    places = cases[_A_CASE].assign(case_index=np.arange(len(cases)))
    pauses = pauses.merge(places, on=_A_CASE)
    judged = _judge_by_unit(cases, pauses, templates, clock=clock)
    # A pause that nothing ends lasts as long as its case is followed.
    start, end = _as_times(pauses["from_utc"]), _as_times(pauses["to_utc"])
    stood = np.fmin(end, _as_times(cases["followed_to_utc"])[pauses["case_index"]]) - start
    paused_s = np.bincount(pauses["case_index"], np.maximum(stood / np.timedelta64(1, "s"), 0), len(cases))
    is_paused = np.bincount(pauses["case_index"], np.isnat(end), len(cases)) > 0
    is_undone = cases["is_open"] & cases["disposed_at_utc"].isna()
    table = {
        "source": pa.array(cases["source"], pa.string()),
        "incident_id": pa.array(cases["incident_id"], pa.string()),
        "due_at_utc": _to_arrow(judged.due_utc),
        "close_due_at_utc": _to_arrow(judged.close_due_utc),
        "verify_due_at_utc": _to_arrow(judged.verify_due_utc),
        "is_extended": pa.array(judged.is_extended),
        "used_share": pa.array(np.where(is_undone, judged.used_share, np.nan), from_pandas=True),
        "is_paused": pa.array(is_paused & is_undone),
        "paused_hours": pa.array(paused_s / 3600),
    }
    return pa.table(table)


def _judge_by_unit(
    cases: pd.DataFrame,
    pauses: pd.DataFrame,
    templates: Mapping[str, Template],
    *,
    clock: WorkClock,
) -> Judged:
    """All cases, those with the same limits to dispose and to verify at once."""
    never = np.full(len(cases), np.datetime64("NaT"), dtype="datetime64[us]")
    whole = Judged(never, never.copy(), never.copy(), np.full(len(cases), np.nan), np.zeros(len(cases), dtype=bool))
    for rows, dispose, verify in _group_by_limits(cases, templates):
        place = np.full(len(cases), -1)
        place[rows] = np.arange(len(rows))
        own = pauses.assign(case_index=place[pauses["case_index"]]).query("case_index >= 0")
        part = _judge(cases.iloc[rows], own, dispose, verify, clock=clock)
        for field, values in vars(part).items():
            getattr(whole, field)[rows] = values
    return whole


def _group_by_limits(
    cases: pd.DataFrame, templates: Mapping[str, Template]
) -> Iterator[tuple[np.ndarray, Limit, Limit | None]]:
    """Row numbers with their limits to dispose and to verify."""
    keys = cases[["template_version", "level"]].fillna("")
    for (version, level), rows in keys.groupby(["template_version", "level"]).indices.items():
        if version:
            limits = templates[version].limits[level]
            yield rows, limits["dispose"], limits["verify"]
        else:
            yield rows, _CLOCK_TIME, None


def _judge(
    cases: pd.DataFrame, pauses: pd.DataFrame, dispose: Limit, verify: Limit | None, *, clock: WorkClock
) -> Judged:
    """Cases of one set of limits.

    due = place(measure(promised) + paused), or the moment until which the case was extended plus the pauses that began
    after the extension, if that is later; with measures on the clock of the limit,
    used = (followed to − reported − paused) / (due − reported − paused).
    """
    unit = dispose.unit
    reported, followed = _as_times(cases["reported_at_utc"]), _as_times(cases["followed_to_utc"])
    promised = _as_times(cases["due_at_utc"].fillna(cases["template_due_at_utc"]))
    until, granted = _as_times(cases["extended_until_utc"]), _as_times(cases["extended_at_utc"])
    due, paused = _shift(cases, promised, pauses, unit, clock=clock)
    is_later = _as_times(pauses["from_utc"]) >= granted[pauses["case_index"]]
    extended, _ = _shift(cases, until, pauses[is_later], unit, clock=clock)
    is_extended = ~np.isnat(until) & (np.isnat(due) | (extended > due))
    due = np.where(is_extended, extended, due)
    if is_extended.any():
        paused = np.where(is_extended, _shift(cases, until, pauses, unit, clock=clock)[1], paused)
    spent, whole = (count_between(reported, end, unit, clock=clock) for end in (followed, due))
    stood = np.maximum(paused, 0)
    is_known = (spent != UNKNOWN) & (whole != UNKNOWN) & (whole > stood)
    share = np.divide(spent - stood, whole - stood, out=np.full(len(cases), np.nan), where=is_known)
    if verify is None:
        return Judged(due, due, np.full(len(cases), np.datetime64("NaT"), dtype="datetime64[us]"), share, is_extended)
    checked = add_limit(_as_times(cases["disposed_at_utc"]), verify.value, verify.unit, clock=clock)
    return Judged(due, add_limit(due, verify.value, verify.unit, clock=clock), checked, share, is_extended)


def _shift(
    cases: pd.DataFrame, promised: np.ndarray, pauses: pd.DataFrame, unit: LimitUnit, *, clock: WorkClock
) -> tuple[np.ndarray, np.ndarray]:
    """The promised moments moved on by their pauses, and the ticks paused.

    A promise stands to the second, outside working time too, unless a pause moves it.
    """
    reported = _as_times(cases["reported_at_utc"])
    allowed = count_between(reported, promised, unit, clock=clock)
    shifted, paused = extend_due(
        reported,
        np.where(allowed == UNKNOWN, 0, allowed),
        unit,
        pauses=Pauses(pauses["case_index"].to_numpy(), _as_times(pauses["from_utc"]), _as_times(pauses["to_utc"])),
        as_of_utc=_as_times(cases["followed_to_utc"]),
        clock=clock,
    )
    return np.where((allowed == UNKNOWN) | (paused == 0), promised, shifted), paused


def _as_times(column: pd.Series) -> np.ndarray:
    times: np.ndarray = column.to_numpy().astype("datetime64[us]")
    return times


def _to_arrow(times: np.ndarray) -> pa.Array:
    return pa.array(times, pa.timestamp("us"), from_pandas=True)
