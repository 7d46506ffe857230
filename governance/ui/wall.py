"""What the wall shows at a moment: the scenes, whose turn it is, how old the data are, and what is wrong.

Each scene is drawn once per generation and language for all screens; the last city that could be read stays, so that a
failed disk or a damaged pointer leaves the last good view on the wall, with a banner that says since when.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import streamlit as st

from governance.city import City
from governance.errors import GovernanceError
from governance.ui import language as words
from governance.ui import wall_parts as parts
from governance.ui.generations import open_current
from governance.ui.view import View
from governance.ui.wall_scenes import draw_scene
from governance.wall_plan import WallPlan, WallScene, list_turns, plan_default

_DEFAULT_MAPS = 3
_RETRY_S = 15
_RETRY_SCENE_AFTER = timedelta(minutes=5)
_LOG = logging.getLogger(__name__)


@dataclass
class _Kept:
    """The last city that could be read, and since when none can be; one per build folder and process."""

    city: City | None = None
    failed_since_utc: datetime | None = None


@dataclass
class _Drawings:
    """The scenes of one generation that are drawn already, at most those of the plan in each language."""

    made: dict[tuple[WallScene, str], str] = field(default_factory=dict)
    failed_at_utc: dict[tuple[WallScene, str], datetime] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def describe_wall(build_dir: Path, *, language: str, asked: str, has: str, now_utc: datetime) -> dict[str, Any]:
    """The answer to a screen that asks what to show, ready for JSON.

    asked: the numbers of the scenes wanted, such as "1,3" (the first is 1); "" means all. `stage` is the HTML of the
    scenes, none for a screen that `has` the one of this `stage_key`; `turns` and `cycle_s` say whose turn it is at each
    second since 1970-01-01 UTC, `now_s` what time it is, `zone` on which clock to show it; `aging` what a screen needs
    to tell the data's age when nobody answers any more. `is_good` is false where no city could be read since the server
    started: then a screen keeps what it shows.
    """
    city, failed_since_utc = _find_city(build_dir, now_utc)
    now_s = _count_seconds(now_utc)
    if city is None:
        return {"now_s": now_s, **_describe_nothing(language)}
    view, plan = View(city, language), read_plan(city)
    scenes = list_scenes(view, plan)
    chosen = _choose_scenes(scenes, asked)
    turns = list_turns(chosen)
    stage = "".join(_draw_once(view, plan, scene, now_utc) for scene in chosen)
    # Of what is drawn, not of the generation: a scene that failed and is drawn again must reach the open screens, too.
    key = hashlib.sha256(stage.encode()).hexdigest()[:16]
    return {
        "is_good": True,
        "now_s": now_s,
        "zone": view.zone.key,
        "generation": city.generation,
        "refresh_s": plan.refresh_s,
        "turns": turns,
        "cycle_s": turns[-1][1],
        "stage_key": key,
        "stage": None if has == key else stage,
        "banner": _spell_trouble(view, plan, failed_since_utc, now_utc) or _spell_unknown(view, scenes, asked),
        "foot": _draw_foot(view, now_utc),
        "aging": _describe_aging(view, plan),
    }


def read_plan(city: City) -> WallPlan:
    """The wall's plan that travels in a snapshot; the default one if it has none."""
    return WallPlan.model_validate(city.manifest["city"].get("wall") or {})


def list_scenes(view: View, plan: WallPlan) -> tuple[WallScene, ...]:
    """The plan's scenes; without any, the default rotation with maps of the city's first scenarios."""
    return plan.scenes or plan_default([*view.names("scenarios", "scenario")][:_DEFAULT_MAPS])


def is_stale(city: City, plan: WallPlan, now_utc: datetime) -> bool:
    """Whether the data are older than the plan allows."""
    return now_utc - _find_newest(city) > timedelta(hours=plan.stale_after_h)


def _find_newest(city: City) -> datetime:
    """From when the data are; a synthetic city has no present, so its age counts from its build."""
    newest: datetime = city.manifest["built_at_utc"] if city.manifest["is_synthetic"] else city.as_of_utc
    return newest


def _find_city(build_dir: Path, now_utc: datetime) -> tuple[City | None, datetime | None]:
    kept = _keep_city(str(build_dir))
    try:
        kept.city, kept.failed_since_utc = open_current(build_dir), None
    except (GovernanceError, OSError) as error:
        if kept.failed_since_utc is None:
            _LOG.warning("The wall cannot read the data and shows the last good view: %s", error)
        kept.failed_since_utc = kept.failed_since_utc or now_utc
    return kept.city, kept.failed_since_utc


@st.cache_resource(max_entries=4, show_spinner=False)
def _keep_city(build_dir: str) -> _Kept:  # noqa: ARG001  the cache's key
    return _Kept()


@st.cache_resource(max_entries=2, show_spinner=False)
def _open_drawings(build_dir: str, sha256: str) -> _Drawings:  # noqa: ARG001  the cache's key
    return _Drawings()


def _draw_once(view: View, plan: WallPlan, scene: WallScene, now_utc: datetime) -> str:
    drawings = _open_drawings(str(view.city.build_dir), view.city.current.sha256)
    key = (scene, view.language)
    with drawings.lock:
        failed_at_utc = drawings.failed_at_utc.get(key)
        is_due = failed_at_utc is not None and now_utc - failed_at_utc >= _RETRY_SCENE_AFTER
        if key not in drawings.made or is_due:
            drawings.failed_at_utc.pop(key, None)
            try:
                drawings.made[key] = draw_scene(view, scene, plan)
            except Exception:  # noqa: BLE001  one scene that fails must not take the others from the wall
                _LOG.exception("The scene %s of the wall failed.", scene)
                drawings.made[key], drawings.failed_at_utc[key] = _draw_failure(view, scene), now_utc
        return drawings.made[key]


def _draw_failure(view: View, scene: WallScene) -> str:
    title = view.say("state.failed_title")
    return parts.frame_scene(scene.page, view.city_name, title, parts.draw_state(view.say("wall.scene_failed")))


def _describe_nothing(language: str) -> dict[str, Any]:
    title, text = words.say(language, "state.not_ready_title"), words.say(language, "wall.not_ready")
    return {
        "is_good": False,
        "zone": "UTC",
        "generation": "",
        "refresh_s": _RETRY_S,
        "turns": [(0, 1)],
        "cycle_s": 1,
        "stage_key": "",
        "stage": parts.frame_scene("state", words.say(language, "frame.product"), title, parts.draw_state(text)),
        "banner": text,
        "foot": "",
        "aging": None,
    }


def _choose_scenes(scenes: tuple[WallScene, ...], asked: str) -> tuple[WallScene, ...]:
    """The scenes with these numbers; all of them if there is none of these."""
    wanted = _read_numbers(asked)
    return tuple(scene for number, scene in enumerate(scenes, start=1) if number in wanted) or scenes


def _read_numbers(asked: str) -> set[int]:
    return {int(number) for number in re.findall(r"\d{1,3}", asked[:200])}


def _spell_unknown(view: View, scenes: tuple[WallScene, ...], asked: str) -> str:
    unknown = sorted(_read_numbers(asked) - set(range(1, len(scenes) + 1)))
    return view.say("wall.no_such_scene", number=unknown[0], scenes=len(scenes)) if unknown else ""


def _draw_foot(view: View, now_utc: datetime) -> str:
    age = words.format_age(view.language, view.city.as_of_utc, now_utc)
    data = view.say("wall.data", moment=view.moment(view.city.as_of_utc), age=age)
    return parts.draw_foot(data, view.say("wall.synthetic") if view.city.manifest["is_synthetic"] else "")


def _describe_aging(view: View, plan: WallPlan) -> dict[str, Any]:
    """Moments in seconds and texts in which the screen puts the age for `{age}`: the foot's and the stale banner's."""
    data = view.say("wall.data", moment=view.moment(view.city.as_of_utc), age="{age}")
    newest_s = _count_seconds(_find_newest(view.city))
    return {
        "data": data,
        "as_of_s": _count_seconds(view.city.as_of_utc),
        "stale": _spell_stale(view, "{age}"),
        "newest_s": newest_s,
        "stale_from_s": newest_s + 3600 * plan.stale_after_h,
    }


def _count_seconds(moment_utc: datetime) -> float:
    return moment_utc.replace(tzinfo=UTC).timestamp()


def _spell_stale(view: View, age: str) -> str:
    return view.say("wall.not_rebuilt" if view.city.manifest["is_synthetic"] else "wall.stale", age=age)


def _spell_trouble(view: View, plan: WallPlan, failed_since_utc: datetime | None, now_utc: datetime) -> str:
    if failed_since_utc is not None:
        return view.say("wall.unreadable", since=view.moment(failed_since_utc))
    if not is_stale(view.city, plan, now_utc):
        return ""
    return _spell_stale(view, words.format_age(view.language, _find_newest(view.city), now_utc))
