"""Walls for tests: a tiny city published with a plan, and what a screen is told at a moment, read back as texts."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

from governance import snapshot
from governance.ui.wall import describe_wall
from tests import tiny_snapshot

NOW_UTC = datetime(2025, 3, 1, 2)  # noqa: DTZ001  naive UTC, two hours after the data
SCENES = [
    {"page": "figures", "dwell_s": 30},
    {"page": "map", "scenario": "group_rental", "dwell_s": 20},
    {"page": "overdue", "dwell_s": 10},
    {"page": "changes", "scenario": "fire_lane", "dwell_s": 40},
]


def publish_wall(
    build_dir: Path, *, is_synthetic: bool = True, is_large: bool = False, edits: Sequence[str] = (), **plan: Any
) -> snapshot.Published:
    """The tiny city as the next generation, with this `[wall]`; `edits` are SQL statements on its tables.

    is_large: its map is a picture, as that of a city with too many grids to draw them all.
    """
    manifest = {**copy.deepcopy(tiny_snapshot.MANIFEST), "is_synthetic": is_synthetic}
    manifest["city"]["wall"] = {"scenes": SCENES, **plan}
    with snapshot.building(build_dir) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        if is_large:
            draft.con.execute("drop table meta_shape")
            draft.con.execute("drop table meta_overview")
            tiny_snapshot.load_shapes(draft.con, drawn_whole=3)
        for edit in edits:
            draft.con.execute(edit)
        return snapshot.publish(draft, manifest=manifest)


def look(build_dir: Path, asked: str = "", *, language: str = "en", now_utc: datetime = NOW_UTC, has: str = "") -> dict:
    """What a screen is told."""
    return describe_wall(build_dir, language=language, asked=asked, has=has, now_utc=now_utc)


def read_texts(html: str) -> list[str]:
    """Every text of a piece of HTML, in its order."""
    return [unescape(text) for text in re.split(r"<[^>]*>", html) if text]


def read_scene(build_dir: Path, number: int, **asked: Any) -> list[str]:
    """Every text of a scene."""
    return read_texts(look(build_dir, str(number), **asked)["stage"])
