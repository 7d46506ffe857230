"""Why a grid changed its tier from one step to the next: a code and two numbers, said in words where they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from governance.hazard.features import FEATURES, Floats
from governance.hazard.tiers import NOT_GIVEN, RED, TIERS, YELLOW, Codes, Flags, Integers, Places
from governance.hazard.weekly import Scores

REASONS = (
    "own_reports", "own_past", "neighbours", "other_scenarios", "model", "others_moved", "place_free", "displaced",
    "below_floor", "override_began", "override_ended",
)  # fmt: skip
"""What may have changed a tier, and what `number_before` and `number_after` then are:

own_reports: the grid's reports of 28 days. own_past, neighbours, other_scenarios, model: expected reports that its
own past, its neighbours, its other scenarios, or the base and the refitted rates add. others_moved: its rank (it
would have stayed by its own forecast). place_free: its rank, good enough before and no better now. displaced: its
rank, no worse than before, but others were sure of the place. below_floor: its expected reports. override_*: the
codes of the tiers.
"""
DIRECTIONS = ("turned_red", "left_red", "turned_yellow", "turned_green")
"""What a change is to those who visit; in the last two red has no part."""
CHANGES = pa.schema(
    [
        ("scenario", pa.string()),
        ("day", pa.date32()),
        ("since_day", pa.date32()),
        ("grid_no", pa.int32()),
        ("direction", pa.string()),
        ("tier_before", pa.string()),
        ("tier", pa.string()),
        ("reason", pa.string()),
        ("number_before", pa.float64()),
        ("number_after", pa.float64()),
        ("expected_before", pa.float64()),
        ("expected_after", pa.float64()),
        ("rank_before", pa.int32()),
        ("rank_after", pa.int32()),
        ("red_places", pa.int32()),
        ("floor_expected_reports_28d", pa.float64()),
    ]
)

_OWN, _NEAR, _OTHER, _MODEL = range(4)
_GROUPS = ("own_past", "neighbours", "other_scenarios", "model")


@dataclass(frozen=True)
class Step:
    """Where every grid stood on a day; all arrays are (scenarios, grids) but those of `scores`.

    model: codes without the experts' word. shown: codes with it. given: what experts gave, NOT_GIVEN elsewhere.
    rank: in the area in which the grid competes.
    """

    scores: Scores
    model: Codes
    shown: Codes
    given: Codes
    rank: Integers
    reports_28d: np.ndarray


def explain_changes(before: Step, after: Step, floors: Mapping[str, Floats], places: Mapping[str, Places]) -> pa.Table:
    """One row (CHANGES) per grid and scenario whose shown tier differs between two steps.

    floors: of each grid, by scenario, in the order of the steps' scenarios.
    """
    tables = [CHANGES.empty_table()]
    for number, (name, floor) in enumerate(floors.items()):
        grids = np.flatnonzero(before.shown[number] != after.shown[number])
        if len(grids):
            change = _Change(before, after, number, grids, places[name], floor[grids])
            tables.append(_list_changes(name, change))
    return pa.concat_tables(tables)


class _Change:
    """The changed grids of one scenario: their arrays before and after, all of one length."""

    def __init__(self, before: Step, after: Step, number: int, grids: Integers, places: Places, floor: Floats) -> None:
        self.days = after.scores.day, before.scores.day
        self.grids, self.floor = grids, floor
        self.places = places.red[places.area][grids]
        self.tier = before.shown[number][grids], after.shown[number][grids]
        self.given = before.given[number][grids], after.given[number][grids]
        self.rank = before.rank[number][grids], after.rank[number][grids]
        self.reports = before.reports_28d[number][grids], after.reports_28d[number][grids]
        self.groups = tuple(_sum_groups(step.scores.contributions[number][grids]) for step in (before, after))
        self.expected = tuple(parts.sum(axis=1) for parts in self.groups)
        self.rose = self.tier[1] > self.tier[0]
        everyone = before.scores.contributions[number].sum(axis=-1)
        self.alone = _rank_alone(everyone, places.area, grids, self.expected[1])


def _sum_groups(contributions: Floats) -> Floats:
    """Contributions (rows, features + 1) summed by group: own, neighbours, other scenarios, all that is left."""
    kinds = {"own": _OWN, "near": _NEAR, "far": _NEAR, "other": _OTHER}
    group = [kinds.get(name.split("_")[0], _MODEL) for name in FEATURES]
    group += [_MODEL] * (contributions.shape[1] - len(group))
    sums = np.zeros((len(contributions), len(_GROUPS)))
    for place, kind in enumerate(group):
        sums[:, kind] += contributions[:, place]
    return sums


def _rank_alone(expected: Floats, area: Integers, grids: Integers, own: Floats) -> Integers:
    """The rank that each grid would have with its new forecast among the others' old ones."""
    rank = np.empty(len(grids), dtype=np.int64)
    for place in np.unique(area[grids]):
        here = area[grids] == place
        others = np.sort(expected[area == place])
        above = len(others) - np.searchsorted(others, own[here], side="right")
        # Its own old forecast is no other's.
        rank[here] = 1 + above - (expected[grids[here]] > own[here])
    return rank


def _list_changes(scenario: str, change: _Change) -> pa.Table:
    reason, numbers = _find_reasons(change)
    names = pa.array(TIERS, pa.string())
    size = len(change.grids)
    columns = {
        "scenario": [scenario] * size,
        "day": pa.array([change.days[0]] * size, pa.date32()),
        "since_day": pa.array([change.days[1]] * size, pa.date32()),
        "grid_no": change.grids.astype(np.int32),
        "direction": pa.array(DIRECTIONS, pa.string()).take(pa.array(_find_direction(*change.tier))),
        "tier_before": names.take(pa.array(change.tier[0])),
        "tier": names.take(pa.array(change.tier[1])),
        "reason": reason.tolist(),
        "number_before": numbers[0],
        "number_after": numbers[1],
        "expected_before": change.expected[0],
        "expected_after": change.expected[1],
        "rank_before": change.rank[0].astype(np.int32),
        "rank_after": change.rank[1].astype(np.int32),
        "red_places": change.places.astype(np.int32),
        "floor_expected_reports_28d": change.floor,
    }
    return pa.table(columns, schema=CHANGES)


def _find_direction(before: Codes, after: Codes) -> Integers:
    """Places in DIRECTIONS."""
    direction: Integers = np.select([after == RED, before == RED, after == YELLOW], [0, 1, 2], 3)
    return direction


def _find_reasons(change: _Change) -> tuple[np.ndarray, tuple[Floats, Floats]]:
    """The reason of each change and its two numbers; a case that stands further up in the list comes first."""
    rows = np.arange(len(change.grids))
    sign = np.where(change.rose, 1.0, -1.0)
    group = ((change.groups[1] - change.groups[0]) * sign[:, None]).argmax(axis=1)
    by_group = change.groups[0][rows, group], change.groups[1][rows, group]
    counts = (group == _OWN) & ((change.reports[1] - change.reports[0]) * sign > 0)
    cases: list[tuple[Flags, str, tuple[np.ndarray, np.ndarray]]] = [
        ((change.given[1] != NOT_GIVEN), "override_began", change.tier),
        ((change.given[0] != NOT_GIVEN), "override_ended", change.tier),
        (~change.rose & (change.expected[1] < change.floor), "below_floor", change.expected),
        (_was_waiting(change), "place_free", change.rank),
        (_is_displaced(change), "displaced", change.rank),
        (_others_moved(change), "others_moved", change.rank),
        (counts, "own_reports", change.reports),
    ]
    cases += [(group == place, name, by_group) for place, name in enumerate(_GROUPS)]
    which = np.argmax(np.array([flags for flags, _, _ in cases]), axis=0)
    reasons = np.array([name for _, name, _ in cases])[which]
    numbers = tuple(np.choose(which, [case[2][side].astype(np.float64) for case in cases]) for side in (0, 1))
    return reasons, (numbers[0], numbers[1])


def _was_waiting(change: _Change) -> Flags:
    """Red now, and good enough before: what came is the place, not the rank."""
    is_new: Flags = (change.tier[1] == RED) & (change.rank[1] >= change.rank[0])
    was_good: Flags = (change.rank[0] <= change.places) & (change.expected[0] >= change.floor)
    return is_new & was_good


def _is_displaced(change: _Change) -> Flags:
    """No longer red, though it ranks no lower than before: others were sure of its place."""
    leaves: Flags = (change.tier[0] == RED) & (change.rank[1] <= change.rank[0])
    has_floor: Flags = change.expected[1] >= change.floor
    return leaves & has_floor


def _others_moved(change: _Change) -> Flags:
    """Most of the way in rank was made by the others."""
    sign = np.where(change.rose, 1, -1)
    own, others = (change.rank[0] - change.alone) * sign, (change.alone - change.rank[1]) * sign
    moved: Flags = (others > own) & (others > 0)
    return moved
