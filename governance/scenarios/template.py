"""Scenario templates and departments: their schema, and how they are read from TOML files.

A template describes one recurring, cross-department problem completely as data. Nothing here names a
scenario: the order of the shared set stands in the files (`order`), so a new scenario is one new file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from governance.errors import ConfigError, join_faults
from governance.toml_model import Strict, describe_faults, read_document, read_model

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
LeadIdentifier = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*)?$", max_length=60)]  # "" = no lead: lint says so
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Status = Literal["confirmed", "draft"]
LevelName = Literal["I", "II", "III"]
StageName = Literal["accept", "dispose", "verify"]
TierName = Literal["red", "yellow", "green"]
LimitUnit = Literal["hours", "work_hours", "work_days", "calendar_days"]

LEVELS: tuple[LevelName, ...] = ("I", "II", "III")
"""Response levels from the gravest to the ordinary one, as in Chinese contingency plans."""
DEFAULT_LEVEL: LevelName = "III"
"""The level of a case that nothing has raised."""
STAGES: tuple[StageName, ...] = ("accept", "dispose", "verify")

SHARED_FOLDER = Path(__file__).parent / "templates"
_SHARED_DEPARTMENTS = Path(__file__).parent / "departments.toml"


class Department(Strict):
    """A body that can hold a case; aliases are other texts that name it in source files."""

    id: Identifier
    name_zh: Text
    name_en: Text
    aliases: tuple[Text, ...] = ()


class DepartmentList(Strict):
    """The whole of a `departments.toml`."""

    departments: tuple[Department, ...] = Field(min_length=1)


class Scene(Strict):
    """A sub-situation told apart by law or place, with one lead of its own.

    A scene without `lead` takes the template's. `severity_weight` is what one incident of the scene weighs
    in the hazard. `codes` holds, by code system, globs over the whole category text, matched without case.
    """

    id: Identifier
    status: Status = "draft"
    name_zh: Text
    name_en: Text
    sign_zh: Text
    sign_en: Text
    lead: LeadIdentifier = ""
    collaborators: tuple[Identifier, ...] = ()
    legal_basis_zh: Text
    legal_basis_en: Text
    severity_weight: float = Field(default=1.0, gt=0, le=10)
    codes: dict[Identifier, tuple[Text, ...]] = Field(default_factory=dict)

    @field_validator("lead", mode="before")
    @classmethod
    def _has_one_lead(cls, lead: object) -> object:
        return _refuse_several_leads(lead)

    @field_validator("codes")
    @classmethod
    def _no_system_is_called_remove(cls, codes: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if "remove" in codes:
            raise ValueError("no code system may be called `remove`: the word is kept for overlays.")
        return codes


class Task(Strict):
    """The smallest unit of work: one department, one action, one deliverable. No `scenes` = every scene."""

    id: Identifier
    stage: StageName
    scenes: tuple[Identifier, ...] = ()
    department: LeadIdentifier = ""
    action_zh: Text
    action_en: Text
    deliverable_zh: Text
    deliverable_en: Text


class Post(Strict):
    """Who answers at a response level: a post of a department, its duty, how many people. No `scenes` = every scene."""

    id: Identifier
    name_zh: Text
    name_en: Text
    department: Identifier
    scenes: tuple[Identifier, ...] = ()
    duty_zh: Text
    duty_en: Text
    people: int = Field(ge=1)


class ResponseLevel(Strict):
    """What raises a case to this level, and who then stands ready; `people` is the sum over all posts."""

    raised_by_zh: Text
    raised_by_en: Text
    people: int = Field(ge=1)
    posts: tuple[Post, ...] = Field(min_length=1)


class Limit(Strict):
    """The longest time a stage may take."""

    value: float = Field(gt=0, allow_inf_nan=False)
    unit: LimitUnit


class Pause(Strict):
    """A reason that stops the clock while it lasts."""

    id: Identifier
    reason_zh: Text
    reason_en: Text


class TierPolicy(Strict):
    """How grids become red, yellow, green: shares of all grids, a floor, and days between visits per tier.

    A grid below `floor_expected_reports_28d` is green however high it ranks. `capacity` counts the grids that an
    inspection list may hold, audits included, and then takes the place of `red_share`. With `places_by = "district"`
    every district has red places in proportion to its grids. `audit_share` of a list is drawn at random from the
    grids that are not red, so that it is seen what the colours miss.
    """

    red_share: float = Field(default=0.05, gt=0, le=1)
    yellow_share: float = Field(default=0.15, ge=0, le=1)
    floor_expected_reports_28d: float = Field(default=0.05, ge=0, allow_inf_nan=False)
    capacity: int | None = Field(default=None, ge=1)
    places_by: Literal["city", "district"] = "city"
    audit_share: float = Field(default=0.1, ge=0, le=0.5)
    visit_every_days: dict[TierName, Annotated[int, Field(ge=1)]]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.red_share + self.yellow_share > 1:
            raise ValueError("red_share and yellow_share together pass 1; lower one of them.")
        missing = [tier for tier in ("red", "yellow", "green") if tier not in self.visit_every_days]
        if missing:
            raise ValueError(f"visit_every_days has no {', '.join(missing)}; give days for all three tiers.")
        return self


class Recurrence(Strict):
    """A new case counts as a recurrence within this distance and this many days after closure."""

    radius_m: float = Field(gt=0, allow_inf_nan=False)
    within_days: int = Field(ge=1)


class Rung(Strict):
    """One rung of the ladder of escalation: from this share of the time allowed on, the posts of this level answer."""

    at_share: float = Field(gt=0, allow_inf_nan=False)
    level: LevelName


def _make_ladder() -> tuple[Rung, ...]:
    """Near due the ordinary posts, overdue those of level II, past three times the limit those of level I."""
    return (Rung(at_share=0.8, level="III"), Rung(at_share=1, level="II"), Rung(at_share=3, level="I"))


class PartStatus(Strict):
    """Which parts of a template a city still has to confirm.

    `responsibilities` are leads and collaborators. That a scene exists under its name, its own `status` says.
    """

    responsibilities: Status = "draft"
    signs: Status = "draft"
    legal_basis: Status = "draft"
    tasks: Status = "draft"
    levels: Status = "draft"
    limits: Status = "draft"
    pauses: Status = "draft"
    tiers: Status = "draft"
    severity_weights: Status = "draft"
    recurrence: Status = "draft"
    escalation: Status = "draft"
    codes: Status = "draft"


class Template(Strict):
    """One scenario, described completely. `status` is "confirmed" only when no part is draft.

    Where the template is an overlay laid over its base: `version` is the overlay's own, `extends` the base's pin,
    `label` the overlay's name in pins, `district` the unit of the city's first level that it judges (None: all).
    """

    id: Identifier
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    extends: Text | None = None
    label: Text | None = None
    district: Text | None = None
    order: int = 1000
    status: Status
    part_status: PartStatus = PartStatus()
    name_zh: Text
    name_en: Text
    origin_district: Identifier | None = None
    origin_district_zh: Text | None = None
    origin_district_en: Text | None = None
    summary_zh: Text
    summary_en: Text
    lead: LeadIdentifier = ""
    collaborators: tuple[Identifier, ...] = ()
    scenes: tuple[Scene, ...] = Field(min_length=1)
    tasks: tuple[Task, ...] = ()
    levels: dict[LevelName, ResponseLevel] = Field(default_factory=dict)
    limits: dict[LevelName, dict[StageName, Limit]] = Field(default_factory=dict)
    pauses: tuple[Pause, ...] = ()
    tiers: TierPolicy
    recurrence: Recurrence
    escalation: tuple[Rung, ...] = Field(default_factory=_make_ladder, min_length=1)

    @field_validator("escalation")
    @classmethod
    def _rises(cls, ladder: tuple[Rung, ...]) -> tuple[Rung, ...]:
        shares = [rung.at_share for rung in ladder]
        if shares != sorted(set(shares)):
            raise ValueError("the rungs of escalation must rise: each at_share greater than the one before.")
        return ladder

    @field_validator("lead", mode="before")
    @classmethod
    def _has_one_lead(cls, lead: object) -> object:
        return _refuse_several_leads(lead)

    @model_validator(mode="before")
    @classmethod
    def _hand_down_lead(cls, document: Any) -> Any:
        """Give the scenario's lead to every scene that names none."""
        if not (isinstance(document, dict) and isinstance(document.get("scenes"), list | tuple)):
            return document
        lead = document.get("lead", "")
        scenes = [
            {"lead": lead, **scene} if isinstance(scene, dict) and isinstance(lead, str) else scene
            for scene in document["scenes"]
        ]
        return {**document, "scenes": scenes}


def _refuse_several_leads(lead: object) -> object:
    if isinstance(lead, list | tuple):
        raise ValueError(  # noqa: TRY004  pydantic turns a ValueError into a fault, a TypeError not
            f"names {len(lead)} leads; keep exactly one and move the others to `collaborators`."
        )
    return lead


def load_templates(folder: Path | None = None) -> dict[str, Template]:
    """Give the complete templates of a folder by id, in the order they ask for (`order`, then id).

    Without `folder`, the shared set. Raises one ConfigError with the faults of all files, overlays among them:
    what stands over other templates is read by `resolve_templates`.
    """
    folder = folder or SHARED_FOLDER
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder. Give the folder that holds the scenario templates.")
    templates, faults = [], []
    for path in sorted(folder.glob("*.toml")):
        try:
            template, found = parse_template(read_document(path), name=path.stem)
        except ConfigError as error:
            faults.append(str(error))
            continue
        templates.append(template)
        if found:
            faults.append(join_faults(f"{path} cannot be used:", found))
    if faults:
        raise ConfigError("\n".join(faults))
    return sort_templates(template for template in templates if template is not None)


def sort_templates(templates: Iterable[Template]) -> dict[str, Template]:
    """Give the templates by id, in the order they ask for (`order`, then id)."""
    return {template.id: template for template in sorted(templates, key=lambda t: (t.order, t.id))}


def parse_template(document: Mapping[str, Any], *, name: str) -> tuple[Template | None, list[str]]:
    """Give the complete template of a file that is called `name`, and its faults; None if the schema refuses it."""
    faults = [
        f"`{key}` {why}"
        for key, why in (
            ("extends", "makes the file an overlay, which lies in the city's scenario_folder."),
            ("label", "cannot be set; an overlay is called after its folder."),
            ("district", "needs `extends`: what holds in one district only is an overlay."),
        )
        if key in document
    ]
    try:
        template = Template.model_validate(document)
    except ValidationError as error:
        return None, faults + describe_faults(error, Template, document=document)
    if template.id != name:
        faults.append(f"`id` is `{template.id}`; rename the file `{template.id}.toml` or mend the id.")
    return template, faults


def load_departments(path: Path | None = None) -> dict[str, Department]:
    """Give the departments by id in file order (without `path`, the shared list).

    Raises ConfigError when one text, read without case, names two departments.
    """
    path = path or _SHARED_DEPARTMENTS
    departments = read_model(path, DepartmentList).departments
    names = Counter(
        name for d in departments for name in {text.casefold() for text in (d.id, d.name_zh, d.name_en, *d.aliases)}
    )
    faults = [
        f"`{name}` names {count} departments; a name or alias may stand for one only."
        for name, count in names.items()
        if count > 1
    ]
    if faults:
        raise ConfigError(join_faults(f"{path} cannot be used:", faults))
    return {department.id: department for department in departments}


def list_patterns(templates: Mapping[str, Template], code_system: str) -> list[tuple[str, str, str]]:
    """Give (pattern, scenario id, scene id) of one code system, in the order of templates and scenes."""
    return [
        (pattern, template.id, scene.id)
        for template in templates.values()
        for scene in template.scenes
        for pattern in scene.codes.get(code_system, ())
    ]


def list_tasks(template: Template, scene_id: str) -> list[Task]:
    """Give the tasks that a scene calls for, its own and those of every scene: by stage, then in file order."""
    called = [task for task in template.tasks if not task.scenes or scene_id in task.scenes]
    return sorted(called, key=lambda task: STAGES.index(task.stage))


def list_draft_parts(template: Template) -> list[str]:
    """Give what a city still has to confirm: `part` names, then `scenes.<id>`."""
    parts = [part for part, status in template.part_status.model_dump().items() if status == "draft"]
    return parts + [f"scenes.{scene.id}" for scene in template.scenes if scene.status == "draft"]


def list_participants(scenes: Iterable[Scene]) -> tuple[list[str], list[str]]:
    """Give the distinct leads and the distinct collaborators of some scenes, each in order of appearance."""
    scenes = list(scenes)
    leads = dict.fromkeys(scene.lead for scene in scenes)
    collaborators = dict.fromkeys(name for scene in scenes for name in scene.collaborators)
    return list(leads), list(collaborators)
