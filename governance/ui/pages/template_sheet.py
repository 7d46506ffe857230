"""A scenario's template as a sheet: lead, collaborators, scenes, tasks, response levels, limits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from governance.ui import parts
from governance.ui.pages.grid_card import read_template
from governance.ui.view import View


def show_template(view: View, scenario: str) -> None:
    """Everything a department must know about its part in a scenario."""
    template = read_template(view, scenario)
    if not template:
        parts.show_state(view.say("sheet.none_title"), view.say("sheet.none_text"))
        return
    _show_head(view, template)
    _show_scenes(view, template)
    _show_tasks(view, template)
    _show_limits(view, template)
    _show_levels(view, template)


def _show_head(view: View, template: dict[str, Any]) -> None:
    lang = view.language
    parts.show_note(template.get(f"summary_{lang}", ""))
    origin = template.get(f"origin_district_{lang}") or template.get("origin_district") or ""
    tiers = template["tiers"]
    visits = tiers["visit_every_days"]
    rows = [
        (view.say("sheet.lead"), view.department_name(template["lead"] or None)),
        (view.say("sheet.collaborators"), _join(view, template["collaborators"])),
        (view.say("sheet.origin"), origin),
        (view.say("sheet.version"), f"{template['version']} · {view.say('sheet.' + template['status'])}"),
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
    ]
    parts.show_table(
        [parts.Column(view.say("sheet.item")), parts.Column(view.say("sheet.content"), is_wide=True)], rows
    )


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
            (name, level[f"raised_by_{lang}"], _list_posts(view, level["posts"]), view.count(level["people"]))
            for name, level in sorted(template["levels"].items())
        ),
    )


def _list_posts(view: View, posts: Iterable[dict[str, Any]]) -> str:
    lang = view.language
    told = (
        view.say(
            "sheet.post",
            name=post[f"name_{lang}"],
            department=view.department_name(post["department"]),
            people=view.count(post["people"]),
            duty=post[f"duty_{lang}"],
        )
        for post in posts
    )
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
