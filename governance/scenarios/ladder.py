"""The ladder of escalation as rows: from which share of the allowed time on which level answers, with which posts."""

from __future__ import annotations

from typing import Any

from governance.scenarios.pins import pin_version
from governance.scenarios.template import LEVELS, LevelName, Template


def list_rungs(template: Template) -> list[dict[str, Any]]:
    """Give one row per rung: its number from 1, its level, and the share of the allowed time from which on it holds."""
    return [
        {
            "template_version": pin_version(template),
            "scenario": template.id,
            "level": rung.level,
            "rung": number,
            "at_share": rung.at_share,
        }
        for number, rung in enumerate(template.escalation, start=1)
    ]


def list_posts(template: Template) -> list[dict[str, Any]]:
    """Give one row per level, post and scene of the post (None: every scene), in file order (`place`).

    `is_added` says that the next lower level does not know the post: it is whom an escalation to the level calls.
    """
    return [
        {
            "template_version": pin_version(template),
            "scenario": template.id,
            "level": level,
            "post": post.id,
            "place": place,
            "name_zh": post.name_zh,
            "name_en": post.name_en,
            "department": post.department,
            "scene": scene,
            "is_added": post.id not in _list_ids_below(template, level),
        }
        for level, response in template.levels.items()
        for place, post in enumerate(response.posts)
        for scene in post.scenes or (None,)
    ]


def _list_ids_below(template: Template, level: LevelName) -> set[str]:
    """The posts of the next lower level that the template has; none below the lowest."""
    lower = [name for name in LEVELS[LEVELS.index(level) + 1 :] if name in template.levels]
    return {post.id for post in template.levels[lower[0]].posts} if lower else set()
