"""Tiers: from expected reports to red, yellow, green, by what inspectors can visit, without jumping to and fro.

The red places are claimed in this order, each time by rank (docs/decisions/0014-tiers.md has the figures):

1. grids that rank within 85 % of the places are red at once;
2. grids that were red stay so as long as they rank within one and a half times the places;
3. grids that rank within the places take what is left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]

TIERS = ("green", "yellow", "red")
"""Names of the tiers; their places are the codes 0, 1 and 2."""
GREEN, YELLOW, RED = range(3)
NOT_GIVEN = -1
"""The code of a grid whose tier no expert has given."""
SURE_SHARE = Fraction(85, 100)
KEPT_SHARE = Fraction(3, 2)

_SURE, _HELD, _NEW, _NONE = range(4)


class Policy(Protocol):
    """What the tiers need of a template's policy."""

    @property
    def red_share(self) -> float:
        """Share of all grids that may be red."""

    @property
    def yellow_share(self) -> float:
        """Share of all grids that may be yellow."""

    @property
    def floor_expected_reports_28d(self) -> float:
        """Below this a grid is green, however high it ranks."""


class CapacityPolicy(Policy, Protocol):
    """A policy that may count grids instead of giving a share, and may count them by district."""

    @property
    def capacity(self) -> int | None:
        """How many grids an inspection list may hold, audits included; None: `red_share` decides."""

    @property
    def audit_share(self) -> float:
        """Share of an inspection list that is drawn at random from the other grids."""

    @property
    def places_by(self) -> Literal["city", "district"]:
        """Whether grids compete in the whole city or in their district."""


OwnPolicies = Mapping[int, CapacityPolicy]
"""By the number of the district: the policy of a district that is not the city's."""
NO_OWN_POLICIES: OwnPolicies = MappingProxyType({})
WHOLE = -1
"""Stands for the whole city, or what of it has no policy of its own, where districts have numbers."""


@dataclass(frozen=True)
class Places:
    """How many grids may be red and yellow in each area (int64, areas), and the area of each grid (int64, grids)."""

    red: Integers
    yellow: Integers
    area: Integers


def count_places(policy: CapacityPolicy, districts: Integers, own: OwnPolicies = NO_OWN_POLICIES) -> Places:
    """The places of a scenario. `districts` numbers the district of each grid from 0 (int64, grids).

    Red places are ⌊red_share · grids⌋, or what the capacity leaves beside the audits; at least one, at most all
    grids. By district, each gets its part of them in proportion to its grids, by largest remainders. A district with a
    policy of its `own` has its places by that, and what is left of the city shares those of `policy`.
    """
    numbers = list_areas(policy, districts, own)
    area = districts
    if policy.places_by == "city":
        area = np.zeros(len(districts), dtype=np.int64)
        for place, number in enumerate(numbers[1:], start=1):
            area[districts == number] = place
    sizes = np.bincount(area, minlength=len(numbers))
    shared = np.where([number in own for number in numbers], 0, sizes)
    red, yellow = (_divide(places, shared) for places in _count_wanted(policy, int(shared.sum())))
    for place, number in enumerate(numbers):
        if number in own:
            red[place], yellow[place] = _count_wanted(own[number], int(sizes[place]))
    return Places(red, yellow, area)


def list_areas(policy: CapacityPolicy, districts: Integers, own: OwnPolicies = NO_OWN_POLICIES) -> list[int]:
    """The number of the district that each area of `count_places` is; WHOLE for the city, or what is left of it."""
    if policy.places_by == "district":
        return list(range(int(districts.max(initial=0)) + 1))
    return [WHOLE, *sorted(own)]


def list_floors(policy: CapacityPolicy, districts: Integers, own: OwnPolicies = NO_OWN_POLICIES) -> Floats:
    """The floor of each grid: that of the city, or of its district's own policy."""
    floors = np.full(len(districts), policy.floor_expected_reports_28d)
    for number, other in own.items():
        floors[districts == number] = other.floor_expected_reports_28d
    return floors


def _count_wanted(policy: CapacityPolicy, grids: int) -> tuple[int, int]:
    """Red and yellow places of so many grids by a policy."""
    wanted = count_share(policy.red_share, grids)
    if policy.capacity is not None:
        wanted = policy.capacity - count_audits(0, audit_share=policy.audit_share, capacity=policy.capacity)
    return min(grids, max(1, wanted)), count_share(policy.yellow_share, grids)


def count_audits(red: int, *, audit_share: float, capacity: int | None = None) -> int:
    """How many audits belong to so many red grids, or to a list that holds so many grids in all.

    At least one as long as the share is not 0; none where the capacity is a single grid, which the red one takes.
    """
    if audit_share <= 0 or capacity == 1:
        return 0
    if capacity is not None:
        return max(1, count_share(audit_share, capacity))
    # Whole audits as the share is written: 9 red grids and a tenth make 1, not 1.0000…2.
    return max(1, math.ceil(round(red * audit_share / (1 - audit_share), 6)))


def rank_grids(expected: Floats) -> npt.NDArray[np.int32]:
    """Rank 1 is the worst; equal forecasts rank by grid_no."""
    return rank_in_areas(expected, np.zeros(len(expected), dtype=np.int64))


def rank_in_areas(expected: Floats, area: Integers) -> npt.NDArray[np.int32]:
    """Rank of each grid in its area: 1 is the worst; equal forecasts rank by grid_no."""
    order = np.lexsort((-expected, area))
    rank = np.empty(len(expected), dtype=np.int32)
    rank[order] = _number_in_areas(area[order]) + 1
    return rank


def assign_tiers(expected: Floats, policy: Policy) -> npt.NDArray[np.str_]:
    """Red, yellow or green per grid where nothing is known of the past.

    Red are the worst ⌊red_share · grids⌋ grids at or above the floor (at least one grid may be red), yellow the next
    ⌊yellow_share · grids⌋ at or above it, green all others. Never more than that, so that a list can be walked.
    """
    grids = len(expected)
    red, yellow = min(grids, max(1, count_share(policy.red_share, grids))), count_share(policy.yellow_share, grids)
    places = Places(np.array([red]), np.array([yellow]), np.zeros(grids, dtype=np.int64))
    codes = step_tiers(expected, places, floor=policy.floor_expected_reports_28d)
    return np.array(TIERS)[codes]


def step_tiers(
    expected: Floats,
    places: Places,
    *,
    floor: float | Floats,
    was_red: Flags | None = None,
    given: Codes | None = None,
) -> Codes:
    """Tier codes (int8, grids) for these forecasts, where `was_red` were red in the step before.

    A grid below the floor (one for all, or one each), or without any forecast, claims no place. `given` are codes that
    experts have given (NOT_GIVEN elsewhere): they hold whatever the forecast, and take their places before all others.
    """
    grids = len(expected)
    held = np.zeros(grids, dtype=bool) if was_red is None else was_red
    fixed = np.full(grids, NOT_GIVEN, dtype=np.int8) if given is None else given
    # Who has a tier by an expert's word competes with nobody.
    rank = rank_in_areas(np.where(fixed == NOT_GIVEN, expected, -1.0), places.area)
    counts = (expected >= floor) & (expected > 0) & (fixed == NOT_GIVEN)
    claim = np.where(counts, _claim_places(rank, held, places), _NONE)
    red = (fixed == RED) | _take_places(claim, rank, places.area, places.red - _count(fixed == RED, places))
    waits = np.where(counts & ~red, _NEW, _NONE)
    yellow = _take_places(waits, rank, places.area, places.yellow - _count(fixed == YELLOW, places))
    codes = np.where(red, RED, np.where(yellow | (fixed == YELLOW), YELLOW, GREEN))
    return codes.astype(np.int8)


def _claim_places(rank: npt.NDArray[np.int32], held: Flags, places: Places) -> Integers:
    red = places.red[places.area]
    sure = red * SURE_SHARE.numerator // SURE_SHARE.denominator
    kept = red * KEPT_SHARE.numerator // KEPT_SHARE.denominator
    is_kept = held & (rank <= kept)
    return np.where(rank <= sure, _SURE, np.where(is_kept, _HELD, np.where(rank <= red, _NEW, _NONE)))


def _take_places(claim: Integers, rank: npt.NDArray[np.int32], area: Integers, places: Integers) -> Flags:
    """The first claims of each area, as many as there are places."""
    order = np.lexsort((rank, claim, area))
    place = np.empty(len(claim), dtype=np.int64)
    place[order] = _number_in_areas(area[order])
    taken: Flags = (claim != _NONE) & (place < places[area])
    return taken


def _number_in_areas(area: Integers) -> Integers:
    """0, 1, 2 … from the start of each run of equal areas."""
    starts = np.flatnonzero(np.diff(area, prepend=-1))
    lengths = np.diff(np.append(starts, len(area)))
    return np.arange(len(area)) - np.repeat(starts, lengths)


def _count(flags: Flags, places: Places) -> Integers:
    return np.bincount(places.area, flags, len(places.red)).astype(np.int64)


def _divide(total: int, sizes: Integers) -> Integers:
    """Whole parts of `total` in proportion to `sizes`; the largest remainders get one more, the first of equals."""
    exact = [Fraction(total * int(size), max(1, int(sizes.sum()))) for size in sizes]
    parts = np.array([int(part) for part in exact], dtype=np.int64)
    remainders = sorted(range(len(exact)), key=lambda place: (int(exact[place]) - exact[place], place))
    parts[remainders[: total - int(parts.sum())]] += 1
    return parts


def count_share(share: float, grids: int) -> int:
    """⌊share · grids⌋ as written in the template: 0.29 of 100 grids are 29, though 0.29 * 100 is 28.999…."""
    return int(round(share * grids, 6))
