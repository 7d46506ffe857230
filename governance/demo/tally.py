"""What truly became of the cases, counted while they are drawn: shares, bounces, the pilot, the slow departments."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from governance.demo.catalogue import Catalogue
from governance.demo.incidents import Cases, World
from governance.demo.log_faults import CLOSED_BEFORE_DISPOSED, DISPOSED_AFTER_CANCELLED
from governance.demo.plane import Floats
from governance.demo.steps import (
    ACCEPTED,
    CANCELLED,
    CLOSED,
    DISPOSED,
    EXTENDED,
    PASSED,
    PASSED_BACK,
    PAUSED,
    REGISTERED,
    REOPENED,
    RESUMED,
    RETURNED,
    VERIFIED,
)
from governance.demo.tessellation import Integers

_COUNTED = {
    "registered": REGISTERED, "returned": RETURNED, "extended": EXTENDED, "paused": PAUSED, "reopened": REOPENED,
    "closed": CLOSED, "cancelled": CANCELLED,
}  # fmt: skip


@dataclass(frozen=True)
class Tally:
    """Counts that add up over months.

    `scenarios` (scenarios, 1 + steps counted): cases, then those with each step. `bounces` (pairs, 3): accepted cases
    of the sender, those that bounced, those with the pair's reason. `pilot` (district or not, after or before, 3):
    reported, closed, verified among the closed. `departments` (departments, 2): disposals, hours from acceptance.
    """

    scenarios: Integers
    bounces: Integers
    pilot: Integers
    departments: Floats


def tally_cases(cases: Cases, world: World, *, end: int) -> Tally:
    """Count what happened before `end` (local seconds)."""
    seen = cases.lives.happens & (cases.lives.at < end)
    return Tally(
        _count_steps(cases, seen, world.catalogue),
        _count_bounces(cases, seen, world.catalogue),
        _count_pilot(cases, seen, world),
        _time_departments(cases, seen, world.catalogue),
    )


def add_tallies(parts: list[Tally]) -> Tally:
    """The sum of all parts."""
    return Tally(*(sum(getattr(part, field.name) for part in parts) for field in fields(Tally)))


def _count_steps(cases: Cases, seen: NDArray[np.bool_], catalogue: Catalogue) -> Integers:
    scenario, count = cases.reports.scenario, len(catalogue.scenarios)
    flags = [np.ones(len(scenario), dtype=bool), *(seen[:, step] for step in _COUNTED.values())]
    return np.column_stack([np.bincount(scenario[flag], minlength=count) for flag in flags])


def _count_bounces(cases: Cases, seen: NDArray[np.bool_], catalogue: Catalogue) -> Integers:
    """Cases that their own sender accepted: a bounce lies before that, so none is still to come."""
    rows = []
    lives, lead = cases.lives, catalogue.lead[cases.scene]
    for pair in catalogue.planted.buck_passing:
        own = seen[:, ACCEPTED] & (lead == catalogue.find_department(pair.sender))
        bounced = own & seen[:, PASSED_BACK]
        preferred = bounced & (lives.reason[:, PASSED] == catalogue.reasons.texts.index(pair.reason))
        rows.append([own.sum(), bounced.sum(), preferred.sum()])
    return np.array(rows)


def _count_pilot(cases: Cases, seen: NDArray[np.bool_], world: World) -> Integers:
    own = cases.reports.scenario == world.catalogue.scenarios.index(world.catalogue.planted.pilot["scenario"])
    cell = 2 * ~world.pilot_rows[cases.reports.grid] + (cases.reports.at < world.pilot_from_seconds)
    closed = own & seen[:, CLOSED]
    flags = [own, closed, closed & cases.lives.happens[:, VERIFIED]]
    return np.column_stack([np.bincount(cell[flag], minlength=4) for flag in flags]).reshape(2, 2, 3)


def _time_departments(cases: Cases, seen: NDArray[np.bool_], catalogue: Catalogue) -> Floats:
    """Hours of the clock from acceptance to the first disposal, pauses left out."""
    lives = cases.lives
    rows = np.flatnonzero(seen[:, DISPOSED] & (lives.fault != CLOSED_BEFORE_DISPOSED)
                          & (lives.fault != DISPOSED_AFTER_CANCELLED))  # fmt: skip
    at, lead, count = lives.at, catalogue.lead[cases.scene], len(catalogue.department_ids)
    paused = np.where(lives.happens[rows, PAUSED], at[rows, RESUMED] - at[rows, PAUSED], 0)
    hours = (at[rows, DISPOSED] - at[rows, ACCEPTED] - paused) / 3600
    return np.column_stack([np.bincount(lead[rows], minlength=count), np.bincount(lead[rows], hours, minlength=count)])


def describe_tally(tally: Tally, catalogue: Catalogue) -> dict[str, Any]:
    """The counts with what was planted, for the truth file."""
    return {
        "scenarios": _describe_scenarios(tally, catalogue),
        "bounces": [
            {
                "from": pair.sender, "to": pair.receiver, "share": pair.share, "reason": pair.reason,
                "reason_share": pair.reason_share, "accepted": int(accepted), "bounced": int(bounced),
                "with_reason": int(preferred),
            }
            for pair, (accepted, bounced, preferred) in zip(catalogue.planted.buck_passing, tally.bounces, strict=True)
        ],
        "pilot": _describe_pilot(tally, catalogue),
        "departments": {
            name: {
                "factor": catalogue.planted.slow_departments.get(name, 1.0),
                "disposed": int(disposed),
                "mean_hours_to_dispose": round(hours / disposed, 2),
            }
            for name, (disposed, hours) in zip(catalogue.department_ids, tally.departments, strict=True)
            if disposed
        },
    }  # fmt: skip


def _describe_scenarios(tally: Tally, catalogue: Catalogue) -> dict[str, Any]:
    return {
        name or "~unmapped": {
            "recurrence_share": temper.recurs,
            "recurrence_half_life_days": temper.half_life_days,
            "paused_share": float(paused),
            **dict(zip(("cases", *_COUNTED), map(int, counts), strict=True)),
        }
        for name, temper, paused, counts in zip(
            catalogue.scenarios, catalogue.tempers, catalogue.share_pauses(), tally.scenarios, strict=True
        )
    }


def _describe_pilot(tally: Tally, catalogue: Catalogue) -> dict[str, Any]:
    pilot = catalogue.planted.pilot
    before, relative = pilot["rectification_before"], pilot["change_of_rectification"]
    places, times, counted = ("district", "elsewhere"), ("after", "before"), ("reported", "closed", "verified")
    return {
        "district_en": pilot["district_en"],
        "scenario": pilot["scenario"],
        "reports_relative": pilot["change_of_reports"],
        "rectification_before": before,
        "rectification_after": round(before * (1 + relative), 6),
        "rectification_points": round(100 * before * relative, 6),
        "rectification_relative": relative,
        "rectification_elsewhere": catalogue.planted.shares["verified"],
        **{
            place: {
                time: dict(zip(counted, map(int, tally.pilot[row, column]), strict=True))
                for column, time in enumerate(times)
            }
            for row, place in enumerate(places)
        },
    }
