"""The path of every case: which steps it takes, which department each names, and for what reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from governance.demo.catalogue import COMMAND_CENTER, REPORTER, Catalogue
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
    NO_REASON,
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
)
from governance.demo.tessellation import Integers

_FIRST_REASONS_MORE = 1.6  # how strongly pauses crowd at a template's first reason

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Paths:
    """Per case and step: whether it happens, the department named, the reason given (see `Lives`)."""

    happens: Flags
    department: NDArray[np.int8]
    reason: NDArray[np.int8]


@dataclass(frozen=True)
class _HandOvers:
    """Per case: goes to a partner and back; comes to a helper who passes it on, or who sends it back; is returned."""

    bounced: Flags
    astray: Flags
    misrouted: Flags
    returned: Flags


@dataclass(frozen=True)
class _Partners:
    """Per department: the one its cases bounce off (-1: none), which share of them does, and the reason it prefers."""

    partner: NDArray[np.int8]
    share: Floats
    reason: NDArray[np.int8]
    reason_share: Floats


def choose_paths(
    scene: Integers, *, discovered: Flags, rectification: Floats, catalogue: Catalogue, rng: np.random.Generator
) -> Paths:
    """A path for each case; `rectification` is its chance to be verified as fixed."""
    lead, helper = catalogue.lead[scene].astype(np.int8), catalogue.helper[scene].astype(np.int8)
    partners = _list_partners(catalogue)
    handed = _choose_hand_overs(lead, helper, partners, catalogue, rng)
    happens = _choose_steps(handed, scene, discovered, rectification, catalogue=catalogue, rng=rng)
    department = _name_departments(handed, lead, helper, partners.partner[lead], catalogue)
    reason = _give_reasons(happens, handed.bounced, lead, catalogue.scene_scenario[scene], partners, catalogue, rng=rng)
    return Paths(happens, department, reason)


def _list_partners(catalogue: Catalogue) -> _Partners:
    count = len(catalogue.department_ids)
    partners = _Partners(
        np.full(count, -1, dtype=np.int8), np.zeros(count), np.full(count, NO_REASON, dtype=np.int8), np.zeros(count)
    )
    for pair in catalogue.planted.buck_passing:
        sender = catalogue.find_department(pair.sender)
        partners.partner[sender] = catalogue.find_department(pair.receiver)
        partners.share[sender] = pair.share
        partners.reason[sender] = catalogue.reasons.texts.index(pair.reason)
        partners.reason_share[sender] = pair.reason_share
    return partners


def _choose_hand_overs(
    lead: NDArray[np.int8],
    helper: NDArray[np.int8],
    partners: _Partners,
    catalogue: Catalogue,
    rng: np.random.Generator,
) -> _HandOvers:
    shares, luck = catalogue.planted.shares, rng.random((2, len(lead)))
    bounced = luck[0] < partners.share[lead]
    astray = ~bounced & (luck[0] > 1 - shares["wrong_first_department"]) & (helper != lead)
    returned = luck[1] < shares["returned"]
    sent_astray = luck[1] < shares["returned"] * shares["misrouted"]
    return _HandOvers(bounced, astray, sent_astray & ~bounced & ~astray & (helper != lead), returned)


def _choose_steps(
    handed: _HandOvers,
    scene: Integers,
    discovered: Flags,
    rectification: Floats,
    *,
    catalogue: Catalogue,
    rng: np.random.Generator,
) -> Flags:
    shares, count = catalogue.planted.shares, len(scene)
    luck = rng.random((6, count))
    happens = np.zeros((count, len(STEPS)), dtype=bool)
    happens[:, [REPORTED, DISPATCHED, ACCEPTED, DISPOSED, CLOSED]] = True
    happens[:, REGISTERED] = luck[0] < shares["registered"]
    happens[:, PASSED] = handed.bounced | handed.astray
    happens[:, PASSED_BACK] = handed.bounced
    happens[:, RETURNED] = happens[:, DISPATCHED_AGAIN] = handed.returned
    happens[:, EXTENDED] = luck[1] < shares["extended"]
    happens[:, PAUSED] = happens[:, RESUMED] = luck[2] < catalogue.share_pauses()[catalogue.scene_scenario[scene]]
    happens[:, REOPENED] = happens[:, DISPOSED_AGAIN] = luck[3] < shares["reopened"]
    happens[:, VERIFIED] = _draw_evenly(rectification, rng) < rectification
    happens[:, EVALUATED] = ~discovered & (luck[4] < shares["evaluated"])
    cancelled = luck[5] < shares["cancelled"]
    happens[cancelled, ACCEPTED:] = False
    happens[:, ACCEPTED] |= luck[5] < shares["cancelled"] * shares["cancelled_after_accepting"]
    happens[:, CANCELLED] = cancelled
    return happens


def _draw_evenly(chance: Floats, rng: np.random.Generator) -> Floats:
    """Uniform draws, spread evenly among all with the same chance.

    So the pilot's effect is there in full whatever the seed, and not hidden by the luck of one draw.
    """
    draws = np.empty(len(chance))
    for value in np.unique(chance):
        rows = np.flatnonzero(chance == value)
        draws[rows] = (rng.permutation(len(rows)) + rng.random(len(rows))) / len(rows)
    return draws


def _name_departments(
    handed: _HandOvers,
    lead: NDArray[np.int8],
    helper: NDArray[np.int8],
    partner: NDArray[np.int8],
    catalogue: Catalogue,
) -> NDArray[np.int8]:
    centre = catalogue.find_department(COMMAND_CENTER)
    department = np.repeat(lead[:, None], len(STEPS), axis=1)
    department[:, REPORTED] = catalogue.find_department(REPORTER)
    department[:, DISPATCHED] = np.where(handed.astray | handed.misrouted, helper, lead)
    department[:, PASSED] = np.where(handed.bounced, partner, lead)
    department[:, RETURNED] = np.where(handed.misrouted, helper, lead)
    department[:, [REGISTERED, VERIFIED, CLOSED, EVALUATED, CANCELLED]] = centre
    return department


def _give_reasons(
    happens: Flags,
    bounced: Flags,
    lead: NDArray[np.int8],
    scenario: Integers,
    partners: _Partners,
    catalogue: Catalogue,
    *,
    rng: np.random.Generator,
) -> NDArray[np.int8]:
    """Every hand-over, pause, extension and cancellation says why."""
    reasons = catalogue.reasons
    reason = np.full(happens.shape, NO_REASON, dtype=np.int8)
    fitting = {PASSED: reasons.hand_over, PASSED_BACK: reasons.hand_over, RETURNED: reasons.hand_over,
               EXTENDED: reasons.extension, CANCELLED: reasons.cancellation}  # fmt: skip
    for step, texts in fitting.items():
        rows = np.flatnonzero(happens[:, step])
        reason[rows, step] = texts[rng.integers(0, len(texts), len(rows))]
    rows = np.flatnonzero(happens[:, PAUSED])
    rank = reasons.pause_count[scenario[rows]] * rng.random(len(rows)) ** _FIRST_REASONS_MORE
    reason[rows, PAUSED] = reasons.pause[scenario[rows], rank.astype(np.int64)]
    rows = np.flatnonzero(bounced)
    reason[rows, PASSED] = _prefer(partners, lead[rows], reasons.hand_over, rng)
    return reason


def _prefer(
    partners: _Partners, sender: NDArray[np.int8], texts: Integers, rng: np.random.Generator
) -> NDArray[np.int8]:
    """The sender's own reason in its share of the cases, one of the others in the rest."""
    own = partners.reason[sender]
    place = np.searchsorted(texts, own)
    other = texts[(place + rng.integers(1, len(texts), len(sender))) % len(texts)]
    chosen: NDArray[np.int8] = np.where(rng.random(len(sender)) < partners.reason_share[sender], own, other)
    return chosen.astype(np.int8)
