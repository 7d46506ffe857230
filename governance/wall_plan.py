"""What a wall screen shows: scenes with dwell times from `[wall]` of city.toml, and whose turn it is at a moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import accumulate, pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from governance.toml_model import Strict, nearest

Page = Literal["map", "overdue", "changes", "figures"]
PAGES: tuple[Page, ...] = ("map", "overdue", "changes", "figures")
_LEAST_DWELL_S = 10
_MOST_SCENES = 40
_NEED_SCENARIO: tuple[Page, ...] = ("map",)
# Cases are counted per department by district and no deeper.
_DEEPEST_LEVEL: Mapping[Page, int] = {"overdue": 1}


class WallScene(Strict):
    """One scene: a page, of a scenario ("" means all) and a unit ("" means the city), for `dwell_s` seconds."""

    page: Page
    scenario: str = ""
    unit: str = ""
    dwell_s: Annotated[int, Field(ge=_LEAST_DWELL_S, le=3600)] = 30

    @model_validator(mode="after")
    def _has_what_its_page_needs(self) -> Self:
        if self.page in _NEED_SCENARIO and not self.scenario:
            raise ValueError(f'page = "{self.page}" needs a scenario: tiers are told for one scenario at a time.')
        return self


class WallPlan(Strict):
    """The whole of `[wall]`.

    refresh_s: how often a screen asks for news. stale_after_h: from this age of the data on, a banner stands on the
    wall. mask_below, mask_from_level: on units of this level and deeper (0 the city, 1 districts), counts of cases from
    1 to below this number are not told; 0 tells all.
    """

    refresh_s: Annotated[int, Field(ge=1, le=600)] = 15
    stale_after_h: Annotated[float, Field(gt=0)] = 36
    mask_below: Annotated[int, Field(ge=0, le=100)] = 5
    mask_from_level: Annotated[int, Field(ge=0, le=3)] = 2
    scenes: Annotated[tuple[WallScene, ...], Field(max_length=_MOST_SCENES)] = ()


def find_scenario_faults(plan: WallPlan, scenarios: Collection[str]) -> list[str]:
    """One sentence for each scene of a scenario that the city does not use."""
    return [
        f"`wall.scenes.{place}`: the city has no scenario `{scene.scenario}`"
        f"{nearest(scene.scenario, sorted(scenarios)) or '.'}"
        for place, scene in enumerate(plan.scenes)
        if scene.scenario and scene.scenario not in scenarios
    ]


def find_unit_faults(plan: WallPlan, units: Mapping[str, tuple[int, Collection[str]]]) -> list[str]:
    """One sentence for each scene of a unit that no grid lies in, or that lies too deep for its page.

    units: id → level (1 the districts) and names, by which a unit that was named instead is suggested.
    """
    faults = []
    for place, scene in enumerate(plan.scenes):
        level, _ = units.get(scene.unit, (0, ()))
        deepest = _DEEPEST_LEVEL.get(scene.page, 3)
        if scene.unit and not level:
            hint = _suggest_unit(scene.unit, units)
            faults.append(f"`wall.scenes.{place}`: no grid lies in the unit `{scene.unit}`{hint}")
        elif level > deepest:
            faults.append(
                f'`wall.scenes.{place}`: page = "{scene.page}" counts by unit of the first level; '
                f"`{scene.unit}` is of level {level}. Take the unit above it."
            )
    return faults


def _suggest_unit(unit: str, units: Mapping[str, tuple[int, Collection[str]]]) -> str:
    wanted = unit.casefold()
    named = next((id_ for id_, (_, names) in units.items() if wanted in {name.casefold() for name in names}), None)
    return f"; did you mean `{named}`?" if named else nearest(unit, sorted(units)) or "."


def plan_default(scenarios: Iterable[str]) -> tuple[WallScene, ...]:
    """The rotation of a city that configures none: figures, who is late, what changed, and a map per scenario given."""
    maps = [WallScene(page="map", scenario=scenario) for scenario in scenarios]
    changes = [WallScene(page="changes")] if maps else []
    return (WallScene(page="figures"), *maps, WallScene(page="overdue"), *changes)


def list_turns(scenes: Iterable[WallScene]) -> list[tuple[int, int]]:
    """Each scene's turn in the cycle: from which second on, and until which (not included)."""
    return list(pairwise(accumulate((scene.dwell_s for scene in scenes), initial=0)))


def find_turn(scenes: Iterable[WallScene], epoch_s: float) -> int:
    """The place of the scene whose turn it is so many seconds after 1970-01-01 UTC; there must be one.

    The cycle counts from that moment and knows no days: it runs on over midnight, and over a change of the clocks,
    and two screens that know the same time show the same scene.
    """
    turns = list_turns(scenes)
    at = epoch_s % turns[-1][1]
    return next(place for place, (begins, ends) in enumerate(turns) if begins <= at < ends)
