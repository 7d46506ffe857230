"""The life of every case: when it is registered, accepted, paused, disposed of, verified, closed.

Each case has the same row of possible steps in the order of time; steps that do not happen are masked out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from governance.demo.catalogue import Catalogue
from governance.demo.paths import choose_paths
from governance.demo.plane import Floats
from governance.demo.steps import (
    ACCEPTED,
    CANCELLED,
    CLOSED,
    DISPATCHED,
    DISPATCHED_AGAIN,
    DISPOSED,
    DISPOSED_AGAIN,
    EVALUATED,
    EXTENDED,
    PASSED,
    PASSED_BACK,
    PAUSED,
    REGISTERED,
    REOPENED,
    REPORTED,
    RESUMED,
    RETURNED,
    STEPS,
    VERIFIED,
    Lives,
)
from governance.demo.tessellation import Integers

_DAY = 86_400
_OPENS, _CLOSES = int(8.5 * 3600), int(17.5 * 3600)
_FIRST_WEEKDAY = 3  # 1970-01-01 was a Thursday
_STUCK_DAYS = 80.0
_URGENT_DAYS = 2.0  # what must be done sooner than this is done at any hour
_ACCEPT_SHARE = 0.2  # median time as a share of the limit
_SHARE_OF_DISPOSAL = {EXTENDED: 0.12, PAUSED: 0.06, DISPOSED: 0.25}
_MEDIAN_HOURS = {
    REGISTERED: 0.1, DISPATCHED: 0.3, PASSED: 5, PASSED_BACK: 9, RETURNED: 4, DISPATCHED_AGAIN: 1, REOPENED: 12,
    DISPOSED_AGAIN: 24, VERIFIED: 7, CLOSED: 3, EVALUATED: 20, CANCELLED: 10,
}  # fmt: skip
_AT_ANY_HOUR = (REGISTERED, DISPATCHED, DISPATCHED_AGAIN, EVALUATED)
_ON_WORKDAYS = (EXTENDED, PAUSED, RESUMED, DISPOSED, DISPOSED_AGAIN, VERIFIED)


def live(
    reported: Integers,
    scene: Integers,
    *,
    discovered: NDArray[np.bool_],
    rectification: Floats,
    catalogue: Catalogue,
    rng: np.random.Generator,
) -> Lives:
    """The whole life of each case, as if time never ended.

    `rectification` is each case's chance to be verified as fixed.
    """
    paths = choose_paths(scene, discovered=discovered, rectification=rectification, catalogue=catalogue, rng=rng)
    happens = paths.happens
    slow = _weigh_departments(catalogue)[paths.department[:, DISPOSED]]
    urgent = catalogue.dispose_seconds[scene] < _URGENT_DAYS * _DAY
    at = np.empty((len(reported), len(STEPS)), dtype=np.int64)
    now = at[:, REPORTED] = reported
    for step in range(1, len(STEPS)):
        rows = np.flatnonzero(happens[:, step])
        pace = slow[rows]
        if step == DISPOSED:
            pace = pace * np.where(happens[rows, EXTENDED], catalogue.planted.handling["extended_slower"], 1.0)
        then = now[rows] + _draw_delay(step, scene[rows], pace, catalogue, rng)
        if step not in _AT_ANY_HOUR:
            opened = _wait_for_office(then, rng, weekends_off=step in _ON_WORKDAYS)
            then = np.where(urgent[rows], then, opened) if step <= DISPOSED else opened
        now = now.copy()
        now[rows] = then
        at[:, step] = now
    until = _extend(reported, at[:, EXTENDED], scene, catalogue)
    return Lives(at, happens, paths.department, paths.reason, until, np.zeros(len(reported), dtype=np.int8))


def _draw_delay(step: int, scene: Integers, pace: Floats, catalogue: Catalogue, rng: np.random.Generator) -> Integers:
    """Log-normal seconds since the step before."""
    spread = 0.9
    median: Floats | float = _MEDIAN_HOURS.get(step, 0.0) * 3600
    if step == ACCEPTED:
        median = _ACCEPT_SHARE * catalogue.accept_seconds[scene] * pace
    elif step in _SHARE_OF_DISPOSAL:
        median = _SHARE_OF_DISPOSAL[step] * catalogue.dispose_seconds[scene] * pace
    elif step == RESUMED:
        median = catalogue.planted.handling["pause_days"] * _DAY
    delay = median * np.exp(spread * rng.standard_normal(len(scene)))
    if step == DISPOSED:
        stuck = np.flatnonzero(rng.random(len(scene)) < catalogue.planted.shares["stuck"])
        delay[stuck] += _STUCK_DAYS * _DAY * np.exp(0.7 * rng.standard_normal(len(stuck)))
    return delay.astype(np.int64) + 1


def _wait_for_office(then: Integers, rng: np.random.Generator, *, weekends_off: bool) -> Integers:
    """The same moments, or an early hour of the next time the office is open; never earlier."""
    day, second = then // _DAY, then % _DAY
    day = day + (second >= _CLOSES)
    shut = (second >= _CLOSES) | (second < _OPENS)
    if weekends_off:
        weekday = (day + _FIRST_WEEKDAY) % 7
        shut |= weekday >= 5
        day = day + np.where(weekday >= 5, 7 - weekday, 0)
    morning = _OPENS + rng.integers(0, 2 * 3600, len(then))
    return np.where(shut, day * _DAY + morning, then)


def _extend(reported: Integers, asked: Integers, scene: Integers, catalogue: Catalogue) -> NDArray[np.int32]:
    """The day until which each case would be extended: later than its due day and than the day it was asked for."""
    limit = (1 + catalogue.planted.handling["extension"]) * catalogue.dispose_seconds[scene]
    day = np.maximum((reported + limit.astype(np.int64)) // _DAY, asked // _DAY) + 1
    return day.astype(np.int32)


def _weigh_departments(catalogue: Catalogue) -> Floats:
    """The factor on the time that each department takes."""
    weights = np.ones(len(catalogue.department_ids))
    for name, factor in catalogue.planted.slow_departments.items():
        weights[catalogue.find_department(name)] = factor
    return weights
