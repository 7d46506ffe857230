"""A scenario's template as a sheet: lead, collaborators, scenes, tasks, who does what, response levels, limits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from governance.scenarios import LEVELS, Template
from governance.scenarios.responsibility import Matrix, build_matrix
from governance.ui import parts
from governance.ui.address import read_choice
from governance.ui.choices import choose, find_unit, list_path
from governance.ui.view import View

# A choice of its own, unlike "" for no choice: the address tells that the city's version was chosen.
_CITY = "~city"


def show_template(view: View, scenario: str) -> None:
    """Everything a department must know about its part in a scenario, as the city or a district has it."""
    row = _choose_version(view, scenario)
    if row is None:
        parts.show_state(view.say("sheet.none_title"), view.say("sheet.none_text"))
        return
    template = json.loads(row["template"])
    _show_head(view, template, row["template_version"])
    _show_scenes(view, template)
    _show_tasks(view, template)
    _show_matrix(view, build_matrix(Template.model_validate(template)))
    _show_limits(view, template)
    _show_levels(view, template)


def _choose_version(view: View, scenario: str) -> dict[str, Any] | None:
    """The row of the template to show; where districts have their own, the visitor chooses among them."""
    rows: dict[str, dict[str, Any]] = {}
    for row in view.ask("template_versions", scenario=scenario).to_dict("records"):
        rows[row["district"] or _CITY] = {str(key): value for key, value in row.items()}
    if len(rows) > 1:
        return rows[_choose_district(view, rows)]
    return next(iter(rows.values()), None)


def _choose_district(view: View, rows: dict[str, dict[str, Any]]) -> str:
    """A district with a version of its own or the city, at first the district that the page is about."""
    path = list_path(view, find_unit(view, read_choice("unit")))
    first = next((unit.unit_id for unit in path if unit.level == 1 and unit.unit_id in rows), _CITY)
    options = {district: str(row[f"name_{view.language}"]) for district, row in rows.items()}
    options[_CITY] = view.say("sheet.city_version")
    return choose(view.say("sheet.judged_in"), "version", {first: options[first], **options}, on_page="sheet")


def _show_head(view: View, template: dict[str, Any], version: str) -> None:
    lang = view.language
    parts.show_note(template.get(f"summary_{lang}", ""))
    origin = template.get(f"origin_district_{lang}") or template.get("origin_district") or ""
    tiers = template["tiers"]
    visits = tiers["visit_every_days"]
    rows = [
        (view.say("sheet.lead"), view.department_name(template["lead"] or None)),
        (view.say("sheet.collaborators"), _join(view, template["collaborators"])),
        (view.say("sheet.origin"), origin),
        (view.say("sheet.version"), f"{version} · {view.say('sheet.' + template['status'])}"),
        (
            view.say("sheet.tiers"),
            view.say(
                "sheet.tiers_text",
                red=view.share(tiers["red_share"], digits=0),
                yellow=view.share(tiers["yellow_share"], digits=0),
                floor=view.decimal(tiers["floor_expected_reports_28d"], digits=2),
                red_days=visits["red"],
                yellow_days=visits["yellow"],
                green_days=visits["green"],
            ),
        ),
        (
            view.say("sheet.recurrence"),
            view.say(
                "sheet.recurrence_text",
                metres=view.count(template["recurrence"]["radius_m"]),
                days=view.count(template["recurrence"]["within_days"]),
            ),
        ),
        (view.say("sheet.escalation"), _spell_ladder(view, template["escalation"])),
        (view.say("sheet.to_confirm"), _spell_drafts(view, template["part_status"])),
    ]
    parts.show_table(
        [parts.Column(view.say("sheet.item")), parts.Column(view.say("sheet.content"), is_wide=True)], rows
    )


def _spell_drafts(view: View, part_status: dict[str, str]) -> str:
    """The parts that the city still has to confirm; a scene that it has to is marked where it stands."""
    drafts = [view.word("part_of_template", part) for part, status in part_status.items() if status == "draft"]
    return view.say("sheet.semicolon").join(drafts) or view.say("sheet.nothing")


def _spell_ladder(view: View, rungs: Iterable[dict[str, Any]]) -> str:
    told = (view.say("sheet.rung", share=view.share(rung["at_share"], digits=0), level=rung["level"]) for rung in rungs)
    return view.say("sheet.semicolon").join(told)


def _show_scenes(view: View, template: dict[str, Any]) -> None:
    lang = view.language
    scenes = template["scenes"]
    parts.show_title(view.say("sheet.scenes", count=len(scenes)), view.say("sheet.scenes_note"))
    titles = ("sheet.scene", "sheet.sign", "sheet.lead", "sheet.collaborators", "sheet.law")
    columns = [parts.Column(view.say(title), is_wide=True) for title in titles]
    columns.append(parts.Column(view.say("sheet.weight"), is_number=True))
    parts.show_table(
        columns,
        (
            (
                _mark_draft(view, scene[f"name_{lang}"], scene["status"]),
                scene[f"sign_{lang}"],
                view.department_name(scene["lead"] or None),
                _join(view, scene["collaborators"]),
                scene[f"legal_basis_{lang}"],
                view.decimal(scene["severity_weight"]),
            )
            for scene in scenes
        ),
    )


def _show_tasks(view: View, template: dict[str, Any]) -> None:
    lang = view.language
    names = {scene["id"]: scene[f"name_{lang}"] for scene in template["scenes"]}
    parts.show_title(view.say("sheet.tasks", count=len(template["tasks"])))
    titles = ("sheet.stage", "sheet.department", "sheet.action", "sheet.deliverable", "sheet.for_scenes")
    parts.show_table(
        [parts.Column(view.say(title), is_wide=place > 0) for place, title in enumerate(titles)],
        (
            (
                view.word("limit", task["stage"]),
                view.department_name(task["department"] or None),
                task[f"action_{lang}"],
                task[f"deliverable_{lang}"],
                _list_scenes(view, task["scenes"], names),
            )
            for task in template["tasks"]
        ),
    )


def _show_matrix(view: View, matrix: Matrix) -> None:
    """Who does what: tasks below their scene, departments beside each other, their people at each level at the end."""
    lang, columns = view.language, matrix.departments
    groups = []
    for scene in matrix.template.scenes:
        lines = [
            (
                f"{view.word('limit', row.task.stage)} · {getattr(row.task, f'action_{lang}')}",
                [str(row.cells.get(name, "")) for name in columns],
            )
            for row in matrix.rows
            if row.scene.id == scene.id
        ]
        groups.append((getattr(scene, f"name_{lang}"), lines))
    ready = [
        (
            view.say("sheet.level_people", level=level),
            [str(sum(post.people for post in matrix.posts[level].get(name, ())) or "") for name in columns],
        )
        for level in reversed(LEVELS)
    ]
    groups.append((view.say("sheet.ready"), ready))
    parts.show_title(view.say("sheet.matrix"), view.say("sheet.matrix_note"))
    named = [view.department_name(name) for name in columns]
    parts.show_matrix(view.say("sheet.task"), named, groups, strong={"R", "A", "R/A"})


def _show_limits(view: View, template: dict[str, Any]) -> None:
    parts.show_title(view.say("sheet.limits"), view.say("sheet.limits_note"))
    stages = ("accept", "dispose", "verify")
    columns = [parts.Column(view.say("sheet.level")), *(parts.Column(view.word("limit", stage)) for stage in stages)]
    parts.show_table(
        columns,
        (
            (level, *(_spell_limit(view, limits.get(stage)) for stage in stages))
            for level, limits in sorted(template["limits"].items())
        ),
    )
    if template["pauses"]:
        parts.show_note(
            view.say(
                "sheet.pauses",
                reasons=view.say("sheet.semicolon").join(
                    pause[f"reason_{view.language}"] for pause in template["pauses"]
                ),
            )
        )


def _show_levels(view: View, template: dict[str, Any]) -> None:
    lang = view.language
    parts.show_title(view.say("sheet.levels"))
    columns = [
        parts.Column(view.say("sheet.level")),
        parts.Column(view.say("sheet.raised_by"), is_wide=True),
        parts.Column(view.say("sheet.posts"), is_wide=True),
        parts.Column(view.say("sheet.people"), is_number=True),
    ]
    parts.show_table(
        columns,
        (
            (name, level[f"raised_by_{lang}"], _list_posts(view, template, name), view.count(level["people"]))
            for name, level in sorted(template["levels"].items())
        ),
    )


def _list_posts(view: View, template: dict[str, Any], level: str) -> str:
    lang = view.language
    names = {scene["id"]: scene[f"name_{lang}"] for scene in template["scenes"]}
    told = []
    for post in template["levels"][level]["posts"]:
        text = view.say(
            "sheet.post",
            name=post[f"name_{lang}"],
            department=view.department_name(post["department"]),
            people=view.count(post["people"]),
            duty=post[f"duty_{lang}"],
        )
        scenes = _list_scenes(view, post["scenes"], names)
        told.append(view.say("sheet.post_in", post=text, scenes=scenes) if post["scenes"] else text)
    return view.say("sheet.semicolon").join(told)


def _spell_limit(view: View, limit: dict[str, Any] | None) -> str:
    if limit is None:
        return view.say("sheet.no_limit")
    digits = 0 if float(limit["value"]).is_integer() else 1
    return view.say(f"unit.{limit['unit']}", value=view.decimal(limit["value"], digits=digits))


def _list_scenes(view: View, ids: Iterable[str], names: dict[str, str]) -> str:
    return view.say("sheet.semicolon").join(names.get(id_, id_) for id_ in ids) or view.say("sheet.every_scene")


def _join(view: View, departments: Iterable[str]) -> str:
    return view.say("sheet.comma").join(view.department_name(name) for name in departments)


def _mark_draft(view: View, name: str, status: str) -> str:
    return view.say("sheet.unconfirmed", name=name) if status == "draft" else name
