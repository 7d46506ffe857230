"""The life of every case: who gets it, who passes it on, when it is disposed of, verified, closed.

Each case has the same row of possible steps in the order of time; steps that do not happen are masked out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from governance.demo.catalogue import COMMAND_CENTER, REPORTER, Catalogue
from governance.demo.plane import Floats
from governance.demo.tessellation import Integers

STEPS = (
    "上报", "派遣", "转办", "转办", "退回", "派遣", "签收", "处置完成", "重开", "处置完成", "核查", "结案", "评价",
)  # fmt: skip
(REPORTED, DISPATCHED, PASSED, PASSED_BACK, RETURNED, DISPATCHED_AGAIN, ACCEPTED, DISPOSED, REOPENED,
 DISPOSED_AGAIN, VERIFIED, CLOSED, EVALUATED) = range(len(STEPS))  # fmt: skip

_DAY = 86_400
_OPENS, _CLOSES = int(8.5 * 3600), int(17.5 * 3600)
_FIRST_WEEKDAY = 3  # 1970-01-01 was a Thursday
_STUCK_DAYS = 80.0
_URGENT_DAYS = 2.0  # what must be done sooner than this is done at any hour
_ACCEPT_SHARE, _DISPOSE_SHARE = 0.2, 0.25  # median time as a share of the limit
_MEDIAN_HOURS = {
    DISPATCHED: 0.3, PASSED: 5, PASSED_BACK: 9, RETURNED: 4, DISPATCHED_AGAIN: 1, REOPENED: 12, DISPOSED_AGAIN: 24,
    VERIFIED: 7, CLOSED: 3, EVALUATED: 20,
}  # fmt: skip
_AT_ANY_HOUR = (DISPATCHED, DISPATCHED_AGAIN, EVALUATED)
_ON_WORKDAYS = (DISPOSED, DISPOSED_AGAIN, VERIFIED)


@dataclass(frozen=True)
class Lives:
    """Per case and step, shape (cases, steps): when, whether it happens, which department then holds the case.

    Times are seconds of the local clock since 1970.
    """

    at: Integers
    happens: NDArray[np.bool_]
    department: NDArray[np.int8]

    def take(self, rows: NDArray[np.generic]) -> Lives:
        """The lives of some rows, in their order."""
        return Lives(self.at[rows], self.happens[rows], self.department[rows])


def join_lives(parts: list[Lives]) -> Lives:
    """All parts one after the other."""
    return Lives(
        np.concatenate([part.at for part in parts]),
        np.concatenate([part.happens for part in parts]),
        np.concatenate([part.department for part in parts]),
    )


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
    happens, department = _choose_path(scene, discovered, rectification, catalogue, rng)
    slow = _weigh_departments(catalogue)[department[:, DISPOSED]]
    urgent = catalogue.dispose_seconds[scene] < _URGENT_DAYS * _DAY
    at = np.empty((len(reported), len(STEPS)), dtype=np.int64)
    now = at[:, REPORTED] = reported
    for step in range(1, len(STEPS)):
        rows = np.flatnonzero(happens[:, step])
        then = now[rows] + _draw_delay(step, scene[rows], slow[rows], catalogue, rng)
        if step not in _AT_ANY_HOUR:
            opened = _wait_for_office(then, rng, weekends_off=step in _ON_WORKDAYS)
            then = np.where(urgent[rows], then, opened) if step <= DISPOSED else opened
        now = now.copy()
        now[rows] = then
        at[:, step] = now
    return Lives(at, happens, department)


def _draw_delay(step: int, scene: Integers, slow: Floats, catalogue: Catalogue, rng: np.random.Generator) -> Integers:
    """Log-normal seconds since the step before."""
    spread = 0.9
    median: Floats | float = _MEDIAN_HOURS.get(step, 0.0) * 3600
    if step == ACCEPTED:
        median = _ACCEPT_SHARE * catalogue.accept_seconds[scene] * slow
    elif step == DISPOSED:
        median = _DISPOSE_SHARE * catalogue.dispose_seconds[scene] * slow
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


def _choose_path(
    scene: Integers,
    discovered: NDArray[np.bool_],
    rectification: Floats,
    catalogue: Catalogue,
    rng: np.random.Generator,
) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
    """Which steps happen, and the department that holds the case after each."""
    shares, count = catalogue.planted.shares, len(scene)
    lead, helper = catalogue.lead[scene].astype(np.int8), catalogue.helper[scene].astype(np.int8)
    partner = np.full(len(catalogue.department_ids), -1, dtype=np.int8)
    passes = np.zeros(len(catalogue.department_ids))
    for one, other, share in catalogue.planted.buck_passing:
        partner[catalogue.find_department(one)] = catalogue.find_department(other)
        passes[catalogue.find_department(one)] = share
    luck = rng.random((count, 5))
    bounced = luck[:, 0] < passes[lead]
    astray = ~bounced & (luck[:, 0] > 1 - shares["wrong_first_department"]) & (helper != lead)
    happens = np.zeros((count, len(STEPS)), dtype=bool)
    happens[:, [REPORTED, DISPATCHED, ACCEPTED, DISPOSED, CLOSED]] = True
    happens[:, PASSED] = bounced | astray
    happens[:, PASSED_BACK] = bounced
    happens[:, RETURNED] = happens[:, DISPATCHED_AGAIN] = luck[:, 1] < shares["returned"]
    happens[:, REOPENED] = happens[:, DISPOSED_AGAIN] = luck[:, 2] < shares["reopened"]
    happens[:, VERIFIED] = luck[:, 3] < rectification
    happens[:, EVALUATED] = ~discovered & (luck[:, 4] < shares["evaluated"])
    department = np.repeat(lead[:, None], len(STEPS), axis=1)
    department[:, REPORTED] = catalogue.find_department(REPORTER)
    department[:, DISPATCHED] = np.where(astray, helper, lead)
    department[:, PASSED] = np.where(bounced, partner[lead], lead)
    department[:, [VERIFIED, CLOSED, EVALUATED]] = catalogue.find_department(COMMAND_CENTER)
    return happens, department


def _weigh_departments(catalogue: Catalogue) -> Floats:
    """The factor on the time that each department takes."""
    weights = np.ones(len(catalogue.department_ids))
    for name, factor in catalogue.planted.slow_departments.items():
        weights[catalogue.find_department(name)] = factor
    return weights
