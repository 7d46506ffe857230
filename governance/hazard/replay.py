"""The history of the tiers, played again from the reports: Monday by Monday, and today.

Nothing is remembered from one build to the next, so a build from the last snapshot and one from nothing agree. The
replay starts at the same Monday for a quarter of a year, thirteen to twenty-five weeks ago: a start that moved with
every build would itself turn grids red and back (docs/decisions/0014-tiers.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from governance.hazard.changes import CHANGES, Step, explain_changes
from governance.hazard.tiers import (
    GREEN,
    NO_OWN_POLICIES,
    NOT_GIVEN,
    RED,
    TIERS,
    CapacityPolicy,
    Codes,
    Flags,
    Integers,
    OwnPolicies,
    count_places,
    list_areas,
    list_floors,
    rank_in_areas,
    step_tiers,
)
from governance.hazard.weekly import WEEK_DAYS, WEEKS, PastForecasts, Scores, count_weeks, find_monday, find_week

Given = Callable[[date], Mapping[str, Codes]]
"""The tiers that experts have given on a day: per scenario (grids), NOT_GIVEN elsewhere; no scenario: none."""

HISTORY = pa.schema(
    [
        ("scenario", pa.string()),
        ("day", pa.date32()),
        ("grid_no", pa.int32()),
        ("tier", pa.string()),
        ("expected_reports_28d", pa.float64()),
        ("expected_severity_28d", pa.float64()),
        ("rank", pa.int32()),
        ("is_override", pa.bool_()),
    ]
)
PLACES = pa.schema(
    [("scenario", pa.string()), ("district", pa.int32()), ("red_places", pa.int32()), ("yellow_places", pa.int32())]
)
STEPS = pa.schema([("day", pa.date32()), ("since_day", pa.date32())])


@dataclass(frozen=True)
class History:
    """What the replay gives: today's step, and what is not green and what changed, then and on thirteen Mondays before.

    history: HISTORY. changes: CHANGES. places: PLACES; `district` is the number of one with its own, or WHOLE.
    steps: STEPS, the days that are told, today the last; `since_day` is the step against which changes are told, null
    for the first one. A city too young for a step before today has one row.
    red_of_week: what was red on the Monday of today's week, (scenarios, grids), the same from every day of the week;
    None where the city was too young then.
    """

    today: Step
    history: pa.Table
    changes: pa.Table
    places: pa.Table
    steps: pa.Table
    red_of_week: Flags | None


def replay_tiers(
    past: PastForecasts,
    today: Scores,
    policies: Mapping[str, CapacityPolicy],
    *,
    districts: Integers,
    given: Given,
    own: Mapping[str, OwnPolicies] | None = None,
) -> History:
    """Tiers of today, step by step from the Monday at which the replay starts.

    today: the forecast as of the snapshot's day, made with what is known now. districts: number of each grid's
    district from 0 (int64, grids). own: per scenario, the policies of districts that have one. A change is told against
    the step before, which is a Monday.
    """
    rules = _Rules(policies, districts, own or {})
    changes, history, steps = [CHANGES.empty_table()], [HISTORY.empty_table()], []
    first_told = find_monday(today.day) - timedelta(days=WEEK_DAYS * (WEEKS - 1))
    before: Step | None = None
    week: Step | None = None
    for scores in (*_list_mondays(past, find_monday(today.day)), today):
        reports = past.count(scores.day)
        step = _step(before, scores, rules, given=given(scores.day), reports_28d=reports)
        if scores.day >= first_told:
            history.append(_list_history(step, tuple(policies)))
            since = before.scores.day if before and scores.day > first_told else None
            steps.append({"day": scores.day, "since_day": since})
        if before is not None and scores.day > first_told:
            changes.append(explain_changes(before, step, rules.floors, rules.places))
        before, week = step, before
    if before is None:
        raise RuntimeError("A replay has at least today's step.")
    if find_week(today.day) == today.day:
        week = _replay_monday(past, today.day, rules, given)
    return History(
        before,
        history=pa.concat_tables(history),
        changes=pa.concat_tables(changes),
        places=rules.list_places(),
        steps=pa.Table.from_pylist(steps, schema=STEPS),
        red_of_week=week.shown == RED if week and week.scores.day == find_week(today.day) else None,
    )


class _Rules:
    """By what the grids of each scenario compete: places, floors, and which district each area is."""

    def __init__(
        self, policies: Mapping[str, CapacityPolicy], districts: Integers, own: Mapping[str, OwnPolicies]
    ) -> None:
        told = {name: (policy, districts, own.get(name, NO_OWN_POLICIES)) for name, policy in policies.items()}
        self.places = {name: count_places(*rules) for name, rules in told.items()}
        self.floors = {name: list_floors(*rules) for name, rules in told.items()}
        self.areas = {name: list_areas(*rules) for name, rules in told.items()}

    def list_places(self) -> pa.Table:
        """PLACES, one row per scenario and area."""
        rows = [
            {"scenario": name, "district": district, "red_places": int(red), "yellow_places": int(yellow)}
            for name, own in self.places.items()
            for district, red, yellow in zip(self.areas[name], own.red, own.yellow, strict=True)
        ]
        return pa.Table.from_pylist(rows, schema=PLACES)


def _replay_monday(past: PastForecasts, monday: date, rules: _Rules, given: Given) -> Step | None:
    """A Monday's step as the days after it will replay it: by past models, from the start that counts for them."""
    step: Step | None = None
    for scores in _list_mondays(past, monday):
        step = _step(step, scores, rules, given=given(scores.day), reports_28d=past.count(scores.day))
    return step


def _list_mondays(past: PastForecasts, last: date) -> Iterator[Scores]:
    """The forecasts of the Mondays of a replay, up to the last."""
    weeks = (last - find_start(last)).days // WEEK_DAYS
    yield from past.score(last - timedelta(days=WEEK_DAYS * WEEKS), back=tuple(range(weeks - WEEKS, -1, -1)))
    yield from past.score(last, back=tuple(range(WEEKS - 1, -1, -1)))


def find_start(monday: date) -> date:
    """The Monday at which the replay starts: the same for thirteen weeks on end, twelve or more weeks before."""
    first_told = monday - timedelta(days=WEEK_DAYS * (WEEKS - 1))
    return first_told - timedelta(days=WEEK_DAYS * (count_weeks(first_told) % WEEKS))


def _step(
    before: Step | None,
    scores: Scores,
    rules: _Rules,
    *,
    given: Mapping[str, Codes],
    reports_28d: np.ndarray,
) -> Step:
    expected = scores.expected
    model, shown, fixed, rank = [], [], [], []
    nothing = np.full(expected.shape[1], NOT_GIVEN, dtype=np.int8)
    for number, (name, places) in enumerate(rules.places.items()):
        was_red = before.model[number] == RED if before else None
        floor, own = rules.floors[name], given.get(name, nothing)
        model.append(step_tiers(expected[number], places, floor=floor, was_red=was_red))
        fixed.append(own)
        shown.append(step_tiers(expected[number], places, floor=floor, was_red=was_red, given=own))
        rank.append(rank_in_areas(expected[number], places.area))
    return Step(
        scores,
        model=_stack(model, expected.shape),
        shown=_stack(shown, expected.shape),
        given=_stack(fixed, expected.shape),
        rank=np.reshape(np.array(rank, dtype=np.int64), expected.shape),
        reports_28d=reports_28d,
    )


def _stack(codes: list[Codes], shape: tuple[int, ...]) -> Codes:
    return np.reshape(np.array(codes, dtype=np.int8), shape)


def _list_history(step: Step, scenarios: tuple[str, ...]) -> pa.Table:
    scenario, grid = np.nonzero((step.shown != GREEN) | (step.given != NOT_GIVEN))
    columns = {
        "scenario": pa.array(scenarios, pa.string()).take(pa.array(scenario)),
        "day": pa.array([step.scores.day] * len(grid), pa.date32()),
        "grid_no": grid.astype(np.int32),
        "tier": pa.array(TIERS, pa.string()).take(pa.array(step.shown[scenario, grid])),
        "expected_reports_28d": step.scores.expected[scenario, grid],
        "expected_severity_28d": (step.scores.expected * step.scores.severity)[scenario, grid],
        "rank": step.rank[scenario, grid].astype(np.int32),
        "is_override": step.given[scenario, grid] != NOT_GIVEN,
    }
    return pa.table(columns, schema=HISTORY)
