"""Deadlines: moments and time limits in clock hours, calendar days, working hours or working days.

Each unit has a line of its own, on which the time that does not count is cut out:

    real time    ──08:30████12:00──13:30████17:30──────────08:30████12:00──
    working time         ├──────────┼──────────────────────┼────────┤

`measure` moves moments onto the line, `place` moves positions back. A deadline is the place of the start's position
plus the limit plus whatever paused; the time used is a difference of positions. All cases are moved at once.

Positions are whole ticks (int64): seconds, for `work_days` the clock's `ticks_a_day` to each working day. Moments
are datetime64[us] in UTC and count by their second. NaT has the position UNKNOWN, and so has, in working time, a moment
outside the clock's known days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from governance.cases.work_clock import WorkClock
from governance.errors import ConfigError
from governance.scenarios.template import Limit, LimitUnit

WORKING_UNITS = frozenset({"work_hours", "work_days"})
UNKNOWN = int(np.iinfo(np.int64).min)
"""The position of a moment that is not known; as datetime64 the same number is NaT."""
_US_A_SECOND, _SECONDS_AN_HOUR, _SECONDS_A_DAY = 1_000_000, 3600, 86_400


@dataclass(frozen=True)
class Pauses:
    """Spans in which cases stood still: the index of the case, from (included) and to (excluded), in any order.

    `to_utc` is NaT while a pause lasts.
    """

    case_index: np.ndarray
    from_utc: np.ndarray
    to_utc: np.ndarray


def measure(times_utc: np.ndarray, unit: LimitUnit, *, clock: WorkClock | None) -> np.ndarray:
    """The moments' positions on the unit's line (int64); equal outside working time, never smaller for a later one."""
    times = times_utc.astype("datetime64[us]", copy=False)
    seconds = times.view(np.int64) // _US_A_SECOND
    if unit not in WORKING_UNITS:
        return np.where(np.isnat(times), UNKNOWN, seconds)
    clock = _require(clock, unit)
    is_known = (seconds >= clock.from_s) & (seconds <= clock.until_s)
    since = np.where(is_known, seconds - clock.from_s, 0)
    step = np.minimum(since // clock.step_s, len(clock.worked_before) - 2)
    worked = clock.worked_before[step]
    is_worked = clock.worked_before[step + 1] - worked
    position = worked.astype(np.int64) * clock.step_s + is_worked * (since - step * clock.step_s)
    if unit == "work_days":
        day = clock.day_of_worked[worked].astype(np.int64)
        position = (position - clock.seconds_before[day]) * clock.ticks_a_second[day] + day * clock.ticks_a_day
    return np.where(is_known, position, UNKNOWN)


def place(positions: np.ndarray, unit: LimitUnit, *, clock: WorkClock | None) -> np.ndarray:
    """The earliest moments (datetime64[us], whole seconds) at which the positions are reached.

    So a limit that ends with a window is due when it closes. UNKNOWN, and in working time a position beyond the clock's
    known days, is NaT.
    """
    if unit not in WORKING_UNITS:
        is_known, seconds = positions != UNKNOWN, positions
    else:
        clock = _require(clock, unit)
        days, total = len(clock.seconds_before) - 1, int(clock.seconds_before[-1])
        is_known = (positions >= 0) & (positions <= (days * clock.ticks_a_day if unit == "work_days" else total))
        inside = np.where(is_known, positions, 0)
        worked = _find_worked_seconds(inside, clock) if unit == "work_days" else inside
        # the end of a step belongs to it, not to the next one worked
        step = np.maximum(worked - 1, 0) // clock.step_s
        start = clock.from_s + clock.worked_steps[step].astype(np.int64) * clock.step_s
        seconds = start + worked - step * clock.step_s
    moments: np.ndarray = np.where(is_known, seconds * _US_A_SECOND, UNKNOWN).view("datetime64[us]")
    return moments


def count_ticks(value: float, unit: LimitUnit, *, clock: WorkClock | None) -> int:
    """The length of a limit on its unit's line; a fraction of a working day is that share of its working time."""
    if unit == "work_days":
        return round(value * _require(clock, unit).ticks_a_day)
    return round(value * (_SECONDS_A_DAY if unit == "calendar_days" else _SECONDS_AN_HOUR))


def advance(positions: np.ndarray, ticks: np.ndarray | int) -> np.ndarray:
    """Positions moved on; an UNKNOWN one stays so."""
    return np.where(positions == UNKNOWN, UNKNOWN, positions + ticks)


def count_between(from_utc: np.ndarray, to_utc: np.ndarray, unit: LimitUnit, *, clock: WorkClock | None) -> np.ndarray:
    """Ticks from one moment to the other (int64, negative if `to` is earlier); UNKNOWN where either is not known."""
    start, end = measure(from_utc, unit, clock=clock), measure(to_utc, unit, clock=clock)
    return np.where((start == UNKNOWN) | (end == UNKNOWN), UNKNOWN, end - start)


def add_limit(start_utc: np.ndarray, value: float, unit: LimitUnit, *, clock: WorkClock | None) -> np.ndarray:
    """`start_utc` (datetime64[us], UTC) plus the limit, as datetime64[us]; never before the start.

    hours: real hours. calendar_days: 24 real hours each. work_hours: only inside the clock's windows.
    work_days: the working time of that many days, so usually the same time of day that many working days later.
    A start outside working time counts from the next opening. NaT for a start that is NaT, and where start or
    deadline lie outside the clock's known days.
    """
    ticks = count_ticks(value, unit, clock=clock)
    due = place(advance(measure(start_utc, unit, clock=clock), ticks), unit, clock=clock)
    latest: np.ndarray = np.maximum(due, start_utc)
    return latest


def add_stages(start_utc: np.ndarray, limits: Iterable[Limit], *, clock: WorkClock | None) -> list[np.ndarray]:
    """The deadline of each stage (accept, dispose, verify), each counted from the deadline before it."""
    due = []
    for limit in limits:
        start_utc = add_limit(start_utc, limit.value, limit.unit, clock=clock)
        due.append(start_utc)
    return due


def extend_due(
    start_utc: np.ndarray,
    limit_ticks: np.ndarray | int,
    unit: LimitUnit,
    *,
    pauses: Pauses,
    as_of_utc: np.ndarray | np.datetime64,
    clock: WorkClock | None,
) -> tuple[np.ndarray, np.ndarray]:
    """The cases' deadlines with their pauses, and the ticks paused: due = place(measure(start) + limit + paused).

    `limit_ticks` holds the limit and the extensions granted so far. `as_of_utc` is one moment, or for each case the
    moment up to which it is followed, such as its closing: of a pause only the part before it counts, and all of that
    if it still lasts. A pause counts from the start of its case on; that moves the deadline on, so a pause that begins
    before the deadline counts to its end, and one that begins at the deadline or later does not count. Where pauses
    overlap, the time counts once. In working time a pause over a weekend is 0 ticks long.

    Both are unknown (NaT, UNKNOWN) where the start is, or where a counted pause ends outside the clock's known days.
    """
    case = pauses.case_index
    start = measure(start_utc, unit, clock=clock)
    granted = advance(start, limit_ticks)
    due, reached = granted.copy(), start.copy()
    followed_to = np.broadcast_to(np.asarray(as_of_utc, dtype="datetime64[us]"), len(start))
    begin_utc = np.maximum(pauses.from_utc, start_utc[case])
    # fmin takes the other where one is NaT: an open pause lasts to the moment of asking
    end_utc = np.fmin(pauses.to_utc, followed_to[case])
    begin, end = measure(begin_utc, unit, clock=clock), measure(end_utc, unit, clock=clock)
    # a pause that begins outside the known days begins after every deadline that is known
    counts = (begin_utc < end_utc) & (begin != UNKNOWN)
    for rows in _list_rounds(case, begin, counts):
        of = case[rows]
        begin_of = np.maximum(begin[rows], reached[of])
        moved = np.where(end[rows] == UNKNOWN, UNKNOWN, due[of] + np.maximum(end[rows] - begin_of, 0))
        due[of] = np.where(begin_of < due[of], moved, due[of])
        reached[of] = np.maximum(reached[of], end[rows])
    paused = np.where(due == UNKNOWN, UNKNOWN, due - granted)
    return np.maximum(place(due, unit, clock=clock), start_utc), paused


def _list_rounds(case_index: np.ndarray, begin: np.ndarray, counts: np.ndarray) -> Iterable[np.ndarray]:
    """Rows of the pauses that count: the first of each case, then the second of each that has one, and so on."""
    rows = np.flatnonzero(counts)
    rows = rows[np.lexsort((begin[rows], case_index[rows]))]
    cases = case_index[rows]
    number = np.arange(len(rows)) - np.searchsorted(cases, cases, side="left")
    return np.split(rows[np.argsort(number, kind="stable")], np.cumsum(np.bincount(number))[:-1])


def _find_worked_seconds(positions: np.ndarray, clock: WorkClock) -> np.ndarray:
    """Working seconds until the positions in working days; a part of a second is reached with the whole one."""
    day = positions // clock.ticks_a_day
    rate = clock.ticks_a_second[day]
    seconds: np.ndarray = clock.seconds_before[day] + (positions - day * clock.ticks_a_day + rate - 1) // rate
    return seconds


def _require(clock: WorkClock | None, unit: LimitUnit) -> WorkClock:
    if clock is None:
        raise ConfigError(f"A limit in {unit} needs [work_calendar] country or extra_workdays in city.toml.")
    return clock
