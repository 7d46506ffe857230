"""Planted faults of event logs: steps that cannot follow each other, events told twice, rows in disorder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from governance.demo.steps import (
    ACCEPTED,
    CANCELLED,
    CLOSED,
    DISPATCHED,
    DISPOSED,
    EVALUATED,
    PASSED,
    PAUSED,
    REOPENED,
    RESUMED,
    RETURNED,
    VERIFIED,
    Lives,
)
from governance.demo.tessellation import Integers

FAULTS = (
    "none", "closed_before_disposed", "accepted_before_dispatched", "resumed_without_pause",
    "disposed_after_cancelled", "told_twice", "out_of_order",
)  # fmt: skip
(_, CLOSED_BEFORE_DISPOSED, ACCEPTED_BEFORE_DISPATCHED, RESUMED_WITHOUT_PAUSE, DISPOSED_AFTER_CANCELLED, TOLD_TWICE,
 OUT_OF_ORDER) = range(len(FAULTS))  # fmt: skip
_SHOWN_BY = {
    CLOSED_BEFORE_DISPOSED: CLOSED, ACCEPTED_BEFORE_DISPATCHED: ACCEPTED, RESUMED_WITHOUT_PAUSE: RESUMED,
    DISPOSED_AFTER_CANCELLED: DISPOSED, TOLD_TWICE: DISPATCHED,
}  # fmt: skip
_LONGEST_AFTER = 3 * 86_400


def plant_log_faults(lives: Lives, shares: dict[str, float], rng: np.random.Generator) -> Lives:
    """The lives with faults in a few of them; `shares` are of the cases in which a fault can happen.

    One draw per case, so that none has two.
    """
    fault = _choose_cases(lives, shares, rng)
    at, happens = lives.at.copy(), lives.happens.copy()
    for early, late, kind in (
        (DISPOSED, CLOSED, CLOSED_BEFORE_DISPOSED), (DISPATCHED, ACCEPTED, ACCEPTED_BEFORE_DISPATCHED),
    ):  # fmt: skip
        rows = np.flatnonzero(fault == kind)
        at[rows, early], at[rows, late] = at[rows, late], at[rows, early]
    happens[fault == CLOSED_BEFORE_DISPOSED, EVALUATED] = False
    rows = np.flatnonzero(fault == RESUMED_WITHOUT_PAUSE)
    happens[rows, RESUMED] = True
    at[rows, RESUMED] = (at[rows, PAUSED] + at[rows, DISPOSED]) // 2
    rows = np.flatnonzero(fault == DISPOSED_AFTER_CANCELLED)
    happens[rows, DISPOSED] = True
    at[rows, DISPOSED] = at[rows, CANCELLED] + rng.integers(1, _LONGEST_AFTER, len(rows))
    return replace(lives, at=at, happens=happens, fault=fault)


def _choose_cases(lives: Lives, shares: dict[str, float], rng: np.random.Generator) -> NDArray[np.int8]:
    happens, at = lives.happens, lives.at
    gap = at[:, DISPOSED] - at[:, PAUSED]  # from what was before a pause to the disposal, where there is no pause
    able = {
        "closed_before_disposed": happens[:, CLOSED] & ~happens[:, VERIFIED] & ~happens[:, REOPENED],
        "accepted_before_dispatched": happens[:, CLOSED] & ~happens[:, PASSED] & ~happens[:, RETURNED],
        "resumed_without_pause": happens[:, CLOSED] & ~happens[:, PAUSED] & (gap >= 2),
        "disposed_after_cancelled": happens[:, CANCELLED],
    }
    luck, low = rng.random(len(at)), 0.0
    fault = np.zeros(len(at), dtype=np.int8)
    for name, share in shares.items():
        fault[(luck >= low) & (luck < low + share) & able.get(name, True)] = FAULTS.index(name)
        low += share
    return fault


def order_rows(lives: Lives, row: Integers, step: Integers) -> tuple[Integers, Integers]:
    """Case and step of every line of the event file, given case by case in the order of steps.

    The lines of a case follow its clock, or run backwards where that is the fault; a line told twice stands twice.
    """
    fault = lives.fault[row]
    odd = np.flatnonzero((fault != 0) & (fault != TOLD_TWICE))
    clock = lives.at[row[odd], step[odd]] * np.where(fault[odd] == OUT_OF_ORDER, -1, 1)
    step = step.copy()
    step[odd] = step[odd[np.lexsort((clock, row[odd]))]]
    twice = np.flatnonzero((fault == TOLD_TWICE) & (step == DISPATCHED))
    return np.insert(row, twice, row[twice]), np.insert(step, twice, step[twice])


def count_log_faults(lives: Lives, seen: NDArray[np.bool_]) -> dict[str, int]:
    """How many cases show each fault by the steps that are `seen`; shape (cases, steps)."""
    shown = {FAULTS[kind]: seen[:, step] & (lives.fault == kind) for kind, step in _SHOWN_BY.items()}
    shown[FAULTS[OUT_OF_ORDER]] = (lives.fault == OUT_OF_ORDER) & (seen.sum(axis=1) > 1)
    return {name: int(cases.sum()) for name, cases in shown.items()}
