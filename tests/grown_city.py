"""The tiny city with two years of cases more, so that there is a last year, and departments with enough open cases."""

from __future__ import annotations

from pathlib import Path

from governance import snapshot
from tests import tiny_snapshot
from tests.tiny_snapshot import make_case

_YEARS_DAYS = 800
_OPEN = 40


def publish_grown(build_dir: Path) -> None:
    """Publish the tiny city with the cases of `list_more` beside its own."""
    every = [*tiny_snapshot.list_cases(), *list_more()]
    with snapshot.building(build_dir) as draft:
        tiny_snapshot.make_tables(draft.con, cases=every)
        snapshot.publish(draft, manifest=tiny_snapshot.MANIFEST)


def list_more() -> list[dict]:
    """A case every few days in each grid, more often a year ago in the first; and open ones, late and in time."""
    housing = {"scenario": "group_rental", "scene": "illegal_construction", "department": "housing"}
    fire = {"scenario": "fire_lane", "scene": "compound_vehicle", "department": "fire_rescue"}
    told = (housing, fire, housing, fire)
    rows = []
    for grid_no, step in enumerate((3, 4, 5, 7)):
        for days_ago in range(30, _YEARS_DAYS, step):
            if grid_no == 0 and days_ago < 300 and days_ago % 2:
                continue
            late = days_ago % 3 == 0
            rows.append(
                make_case(
                    f"M-{grid_no}-{days_ago}",
                    grid_no,
                    days_ago=days_ago,
                    allowed_days=5,
                    closed_after=9 if late else 2,
                    stage="evaluated" if days_ago % 4 == 0 else "closed",
                    **told[grid_no],
                )
            )
    for number in range(_OPEN):
        kind = housing if number % 4 else fire
        rows.append(make_case(f"O-{number}", number % 4, days_ago=12, allowed_days=6 + number % 12, **kind))
        rows.append(make_case(f"P-{number}", number % 4, days_ago=3, allowed_days=6, **fire))
    return rows
