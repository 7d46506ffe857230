"""The kinds of incident: scenarios, scenes, category texts, departments and limits, taken from the templates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np

from governance.demo.plane import Floats
from governance.demo.planted import Planted, Temper, load_planted
from governance.demo.tessellation import Integers
from governance.scenarios.template import DEFAULT_LEVEL, Limit, Scene, load_departments, load_templates

CODE_SYSTEM = "four_platforms"
COMMAND_CENTER = "command_center"
REPORTER = "village_committee"

_DAY = 86_400
_WORKDAY_HOURS = 8
_DAYS_PER_WORKDAY = 1.4  # a working week of five days


@dataclass(frozen=True)
class Reasons:
    """All texts that say why, and which of them fit: indexes into `texts`.

    `pause` has one row per scenario, of which the first `pause_count` entries count.
    """

    texts: tuple[str, ...]
    hand_over: Integers
    extension: Integers
    cancellation: Integers
    pause: Integers
    pause_count: Integers


@dataclass(frozen=True)
class Catalogue:
    """Parallel lists: one entry per scenario (the last one: unmapped) and one per scene.

    Departments are indexes into `department_names`. Limits are seconds of clock time, roughly converted.
    `scene_scenario` is the number of each scene's scenario.
    """

    planted: Planted
    scenarios: tuple[str, ...]
    tempers: tuple[Temper, ...]
    share: Floats
    scene_first: Integers
    scene_count: Integers
    categories: tuple[str, ...]
    lead: Integers
    helper: Integers
    accept_seconds: Floats
    dispose_seconds: Floats
    severity_weight: Floats
    scene_scenario: Integers
    reasons: Reasons
    department_ids: tuple[str, ...]
    department_names: tuple[str, ...]

    def find_department(self, department: str) -> int:
        """The index of a department id."""
        return self.department_ids.index(department)

    def collect(self, name: str) -> Floats:
        """One number of the tempers, per scenario."""
        return np.array([float(getattr(temper, name)) for temper in self.tempers])

    def expect_recurrences(self) -> Floats:
        """How many new cases a reported one brings by coming back after its closure, per scenario."""
        return self.collect("recurs") * (1 - self.planted.shares["cancelled"])

    def share_pauses(self) -> Floats:
        """The share of cases that are paused, per scenario; none where the template knows no reason."""
        return np.where(self.reasons.pause_count > 0, self.collect("paused"), 0.0)


def load_catalogue() -> Catalogue:
    """The shared templates and departments, with what is planted."""
    planted, templates, departments = load_planted(), load_templates(), load_departments()
    ids = tuple(departments)
    scenes = [(template, scene) for template in templates.values() for scene in template.scenes]
    rest = ids.index(planted.unmapped_department)
    extra = len(planted.unmapped_categories)
    count = np.array([*(len(template.scenes) for template in templates.values()), extra])
    tempers = (*(planted.get_temper(name) for name in templates), planted.default)
    limits = [template.limits[DEFAULT_LEVEL] for template, _ in scenes]
    return Catalogue(
        planted=planted,
        scenarios=(*templates, ""),
        tempers=tempers,
        share=_share_volume(tempers, planted.shares["unmapped"]),
        scene_first=np.cumsum(count) - count,
        scene_count=count,
        categories=(*(_write_category(scene) for _, scene in scenes), *planted.unmapped_categories),
        lead=np.array([*(ids.index(scene.lead) for _, scene in scenes), *[rest] * extra]),
        helper=np.array([*(ids.index(_find_helper(scene)) for _, scene in scenes), *[rest] * extra]),
        accept_seconds=np.array([*(_to_seconds(limit["accept"]) for limit in limits), *[_DAY] * extra]),
        dispose_seconds=np.array([*(_to_seconds(limit["dispose"]) for limit in limits), *[7 * _DAY] * extra]),
        severity_weight=np.array([*(scene.severity_weight for _, scene in scenes), *[1.0] * extra]),
        scene_scenario=np.repeat(np.arange(len(count)), count),
        reasons=_list_reasons(planted, [[pause.reason_zh for pause in one.pauses] for one in templates.values()]),
        department_ids=ids,
        department_names=tuple(department.name_zh for department in departments.values()),
    )


def _list_reasons(planted: Planted, pauses: list[list[str]]) -> Reasons:
    """The planted reasons, and those of each template for a pause; the unmapped scenario at the end has none."""
    given = planted.reasons
    listed = [*given["hand_over"], *given["extension"], *given["cancellation"], *chain(*pauses)]
    number = {text: place for place, text in enumerate(dict.fromkeys(listed))}
    most = max(len(texts) for texts in pauses)
    rows = [[*(number[text] for text in texts), *[0] * (most - len(texts))] for texts in [*pauses, []]]
    return Reasons(
        texts=tuple(number),
        hand_over=np.array([number[text] for text in given["hand_over"]]),
        extension=np.array([number[text] for text in given["extension"]]),
        cancellation=np.array([number[text] for text in given["cancellation"]]),
        pause=np.array(rows),
        pause_count=np.array([*(len(texts) for texts in pauses), 0]),
    )


def _share_volume(tempers: tuple[Temper, ...], unmapped: float) -> Floats:
    volume = np.array([temper.volume for temper in tempers[:-1]])
    return np.append((1 - unmapped) * volume / volume.sum(), unmapped)


def _write_category(scene: Scene) -> str:
    """A text as the platform writes it, such as "QZF-01 违法建筑": it must fall under the scene's first glob."""
    return f"{scene.codes[CODE_SYSTEM][0].rstrip('*')} {scene.name_zh}"


def _find_helper(scene: Scene) -> str:
    return scene.collaborators[0] if scene.collaborators else scene.lead


def _to_seconds(limit: Limit) -> float:
    hours = {
        "hours": 1.0,
        "work_hours": 24 / _WORKDAY_HOURS * _DAYS_PER_WORKDAY,
        "work_days": 24 * _DAYS_PER_WORKDAY,
        "calendar_days": 24.0,
    }
    return limit.value * hours[limit.unit] * 3600
