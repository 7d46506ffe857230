"""Lint for scenario templates: faults a schema cannot see, each one sentence with file, key and remedy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from itertools import chain, combinations
from pathlib import Path
from typing import NamedTuple

from governance.scenarios.resolve import TemplateSet, choose_template, find_set_faults, make_template_set
from governance.scenarios.template import (
    LEVELS,
    STAGES,
    Task,
    Template,
    list_draft_parts,
    list_tasks,
)
from governance.scenarios.versions import name_file, read_versions
from governance.toml_model import nearest


class Findings(NamedTuple):
    """What lint found: how many templates and overlays could be read, and every fault."""

    versions: int
    faults: list[str]


class _Code(NamedTuple):
    """One pattern of one scene; `folded` is compared, `literal` is the same without its wildcards."""

    file: str
    scene: str
    pattern: str
    folded: str
    literal: str


def lint_templates(templates: Mapping[str, Template], departments: Collection[str]) -> list[str]:
    """Give every fault of all templates, in their order, then the category codes that overlap.

    `departments` are the ids in use: those of `load_departments`, and the city's own.
    """
    own = chain.from_iterable(_find_own_faults(template, departments) for template in templates.values())
    return [*own, *_find_code_overlaps(templates.values())]


def lint_template(template: Template, departments: Collection[str]) -> list[str]:
    """Give every fault of one template taken alone."""
    return lint_templates({template.id: template}, departments)


def lint_template_set(templates: TemplateSet, departments: Collection[str]) -> list[str]:
    """Give every fault of the city's templates, then those that only a district's overlays have.

    A district's codes may overlap neither each other nor those of the scenarios it shares with the city.
    """
    faults = lint_templates(templates.city, departments)
    for district in dict.fromkeys(district for _, district in templates.districts):
        judging = {name: choose_template(templates, name, district) for name in templates.city}
        faults += lint_templates(judging, departments)
    return list(dict.fromkeys(faults))


def lint_folder(folder: Path | None, departments: Collection[str], *, scenarios: Iterable[str] = ()) -> Findings:
    """Give every fault of the shared templates and those of a city's folder at once, `scenarios` being those in use.

    What cannot be read is told once; everything else is judged as if it were not there.
    """
    versions, faults = read_versions(folder)
    faults += find_set_faults(versions, scenarios=() if faults else scenarios)
    readable = {version.template.id for version in versions if version.template.district is None}
    used = [name for name in scenarios if name in readable]
    faults += lint_template_set(make_template_set(versions, scenarios=used), departments)
    return Findings(len(versions), list(dict.fromkeys(faults)))


def _find_own_faults(template: Template, departments: Collection[str]) -> Iterator[str]:
    faults = chain(
        _find_double_ids(template),
        _find_lead_faults(template),
        _find_unknown_departments(template, departments),
        _find_task_faults(template),
        _find_level_faults(template),
        _find_limit_faults(template),
        _find_scenes_without_code(template),
        _find_untrue_status(template),
    )
    return (f"{name_file(template)}: {fault}" for fault in faults)


def _find_double_ids(template: Template) -> Iterator[str]:
    lists = {f"levels.{name}.posts": [post.id for post in level.posts] for name, level in template.levels.items()}
    lists |= {
        "scenes": [scene.id for scene in template.scenes],
        "tasks": [task.id for task in template.tasks],
        "pauses": [pause.id for pause in template.pauses],
    }
    for key, ids in lists.items():
        for name, count in Counter(ids).items():
            if count > 1:
                yield f"`{key}` holds the id `{name}` {count} times; give each its own id."


def _find_lead_faults(template: Template) -> Iterator[str]:
    holders = [("", template.lead, template.collaborators)]
    holders += [(f"scenes.{scene.id}.", scene.lead, scene.collaborators) for scene in template.scenes]
    for key, lead, collaborators in holders:
        if not lead and key:
            yield f"`{key}lead` has no lead; name one department here or in the template's `lead`."
        if lead and lead in collaborators:
            yield (
                f"`{key}collaborators` names the lead `{lead}` again, as if there were two leads; "
                "take it out of the collaborators."
            )
        for name, count in Counter(collaborators).items():
            if count > 1:
                yield f"`{key}collaborators` names `{name}` {count} times; name it once."


def _find_unknown_departments(template: Template, departments: Collection[str]) -> Iterator[str]:
    known = sorted(departments)
    for key, name in _list_named_departments(template):
        if name and name not in departments:
            hint = nearest(name, known) or "; add it to the departments of the city or name another."
            yield f"`{key}` names the unknown department `{name}`{hint}"


def _list_named_departments(template: Template) -> Iterator[tuple[str, str]]:
    """Every place (key, department id) where the template names a department."""
    yield from (("collaborators", name) for name in template.collaborators)
    yield "lead", template.lead
    for scene in template.scenes:
        if scene.lead != template.lead:
            yield f"scenes.{scene.id}.lead", scene.lead
        yield from ((f"scenes.{scene.id}.collaborators", name) for name in scene.collaborators)
    yield from ((f"tasks.{task.id}.department", task.department) for task in template.tasks)
    for name, level in template.levels.items():
        yield from ((f"levels.{name}.posts.{post.id}.department", post.department) for post in level.posts)


def _find_task_faults(template: Template) -> Iterator[str]:
    for task in template.tasks:
        key = f"tasks.{task.id}"
        if not task.department:
            yield f"`{key}.department` is missing: a task without department; name the one that does it."
        yield from _find_task_scene_faults(template, task)
    for scene in template.scenes:
        if not list_tasks(template, scene.id):
            yield f"`scenes.{scene.id}` calls for no task; add one to `tasks` or name the scene in one."


def _find_task_scene_faults(template: Template, task: Task) -> Iterator[str]:
    scenes = {scene.id: scene for scene in template.scenes}
    yield from _find_unknown_scenes(f"tasks.{task.id}", task.scenes, template)
    for name in task.scenes or scenes:
        scene = scenes.get(name)
        if scene is None or not scene.lead or not task.department:
            continue  # told already
        if task.department not in {scene.lead, *scene.collaborators, template.lead, *template.collaborators}:
            yield (
                f"`tasks.{task.id}.department` is `{task.department}`, which neither leads nor collaborates "
                f"in scene `{name}`; add it to the scene's collaborators or give the task to another."
            )


def _find_level_faults(template: Template) -> Iterator[str]:
    for level_name in LEVELS:
        level = template.levels.get(level_name)
        if level is None:
            yield f"`levels.{level_name}` is missing; say what raises it and which posts answer."
            continue
        if level.people != (found := sum(post.people for post in level.posts)):
            yield f"`levels.{level_name}.people` is {level.people}, its posts have {found} people; make them agree."
        for post in level.posts:
            key = f"levels.{level_name}.posts.{post.id}"
            yield from _find_unknown_scenes(key, post.scenes, template)


def _find_unknown_scenes(key: str, named: Iterable[str], template: Template) -> Iterator[str]:
    scenes = [scene.id for scene in template.scenes]
    for name in named:
        if name not in scenes:
            hint = nearest(name, scenes) or f"; known scenes: {', '.join(scenes)}."
            yield f"`{key}.scenes` names the unknown scene `{name}`{hint}"


def _find_limit_faults(template: Template) -> Iterator[str]:
    for name in LEVELS:
        for stage in STAGES:
            if stage not in template.limits.get(name, {}):
                yield f"`limits.{name}.{stage}` is missing: a stage without a limit; give a value and a unit."
    for stage, limit in template.limits.get(LEVELS[0], {}).items():
        if limit.unit in {"work_hours", "work_days"}:
            yield (
                f"`limits.{LEVELS[0]}.{stage}` is in {limit.unit}, which stand still at night and on holidays; "
                "the gravest level runs continuously: give hours."
            )


def _find_scenes_without_code(template: Template) -> Iterator[str]:
    for scene in template.scenes:
        if not any(scene.codes.values()):
            yield f"`scenes.{scene.id}.codes` is empty, so no incident can fall in it; add a category code."


def _find_untrue_status(template: Template) -> Iterator[str]:
    drafts = list_draft_parts(template)
    if template.status == "confirmed" and drafts:
        yield f'`status` is "confirmed", yet draft are: {", ".join(drafts)}; confirm them or say "draft".'


def _find_code_overlaps(templates: Iterable[Template]) -> Iterator[str]:
    for system, codes in _list_codes(templates).items():
        for first, second in combinations(codes, 2):
            if _overlap(first, second):
                yield _describe_overlap(system, first, second)


def _list_codes(templates: Iterable[Template]) -> dict[str, list[_Code]]:
    systems: dict[str, list[_Code]] = {}
    for template in templates:
        for scene in template.scenes:
            for system, patterns in scene.codes.items():
                for pattern in patterns:
                    folded = pattern.casefold()
                    literal = re.sub(r"[*?]", "", folded)
                    code = _Code(name_file(template), scene.id, pattern, folded, literal)
                    systems.setdefault(system, []).append(code)
    return systems


def _overlap(first: _Code, second: _Code) -> bool:
    """True when a text may match both patterns; inside one scene only equal patterns count.

    Any two patterns that begin and end with * have a common text, which no city would write: of such a pattern only
    the word it looks for is held against the other.
    """
    if (first.file, first.scene) == (second.file, second.scene):
        return first.folded == second.folded
    if "*" not in {first.folded[:1], second.folded[:1]}:
        return find_meeting(first.folded, second.folded)
    return fnmatchcase(first.literal, second.folded) or fnmatchcase(second.literal, first.folded)


def find_meeting(first: str, second: str) -> bool:
    """Whether any text matches both of two patterns with *, ? and [sets]."""
    one, other = (_TOKEN.findall(pattern) for pattern in (first, second))

    @cache
    def meets(i: int, j: int) -> bool:
        if i == len(one) or j == len(other):
            return set(one[i:] + other[j:]) <= {"*"}
        if one[i] == "*":
            return meets(i + 1, j) or meets(i, j + 1)
        if other[j] == "*":
            return meets(i, j + 1) or meets(i + 1, j)
        return _share_sign(one[i], other[j]) and meets(i + 1, j + 1)

    return meets(0, 0)


_TOKEN = re.compile(r"\[!?\]?[^\]]*\]|.", re.DOTALL)
# Stands for all signs that no set names.
_ANY_OTHER = "\x00"


def _share_sign(first: str, second: str) -> bool:
    """Whether a single sign matches both tokens; a [set] may name a range, whose ends and middles are signs."""
    signs = {sign for token in (first, second) for sign in _list_signs(token)} | {_ANY_OTHER}
    return any(fnmatchcase(sign, first) and fnmatchcase(sign, second) for sign in signs)


def _list_signs(token: str) -> set[str]:
    ranges = re.findall(r"(.)-(.)", token[1:-1])
    return {chr(code) for start, end in ranges for code in range(ord(start), ord(end) + 1)} | set(token)


def _describe_overlap(system: str, first: _Code, second: _Code) -> str:
    return (
        f"{second.file}: `scenes.{second.scene}.codes.{system}` has `{second.pattern}`, which "
        f"overlaps `{first.pattern}` of scene `{first.scene}` in {first.file}; "
        "keep the code in one scene."
    )
