"""The wall's own page and answers, asked as a server asks them: words, policy, addresses, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from governance.ui import palette
from governance.ui.language import LANGUAGES
from governance.ui.wall_route import WallDoor, list_routes
from tests.asked_app import ask_app
from tests.wall_screen import publish_wall


@pytest.fixture(scope="module")
def build_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wall")
    publish_wall(folder)
    return folder


def fetch(build_dir: Path, path: str, *, app: ASGIApp | None = None, **headers: str) -> tuple[int, dict, bytes]:
    """Status, headers and body of an answer."""
    return ask_app(app or Starlette(routes=list_routes(build_dir)), path, **headers)


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_the_page_holds_its_words_and_lets_nothing_foreign_run(build_dir: Path, spoken: str) -> None:
    status, headers, body = fetch(build_dir, "/wall", accept_language={"zh": "zh-CN", "en": "en-GB"}[spoken])
    page = body.decode()
    assert (status, f'lang="{spoken}"' in page) == (200, True)
    policy = headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script>|style=|onerror|https?:", page)
    assert "{since}" in re.search('data-lost="([^"]*)"', page)[1]


def test_the_answer_follows_the_address(build_dir: Path) -> None:
    status, headers, body = fetch(build_dir, "/wall/state?lang=zh&scene=3&has=")
    told = json.loads(body)
    assert (status, headers["cache-control"], told["turns"]) == (200, "no-store", [[0, 10]])
    assert "未结 8 件" in told["stage"]
    assert told["version"] in fetch(build_dir, "/wall?lang=zh")[2].decode()
    assert json.loads(fetch(build_dir, "/wall/state?scenes=1,2")[2])["turns"] == [[0, 30], [30, 50]]


def test_the_look_takes_its_colours_from_the_palette(build_dir: Path) -> None:
    status, headers, body = fetch(build_dir, "/wall/wall.css")
    look_ = body.decode()
    assert (status, headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert f"--red: {palette.WALL_TIER_COLOURS['red']};" in look_
    assert not re.search(r"#[0-9a-f]{6}", look_.split("\n", 1)[1]), "a colour is written in the style itself"
    used = set(re.findall(r"var\(--([\w-]+)\)", look_))
    assert used - set(re.findall(r"--([\w-]+):", look_)) == set()


@pytest.mark.parametrize("path", ["/wall/wall.py", "/wall/wall.", "/wall/CURRENT", "/wall/wall.js/.."])
def test_the_route_gives_nothing_else(build_dir: Path, path: str) -> None:
    assert fetch(build_dir, path)[0] == 404


def test_the_address_of_the_dashboard_leads_to_the_wall_too(build_dir: Path) -> None:
    async def pages(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"pages"})

    door = WallDoor(pages)
    status, headers, _ = fetch(build_dir, "/?view=wall&lang=zh&scenes=1,2", app=door)
    assert (status, headers["location"]) == (307, "/wall?view=wall&lang=zh&scenes=1,2")
    # The page of late cases calls its lists `view`: they stay its own.
    for path in ("/", "/?view=overdue", "/overdue?view=wall", "/overdue?view=overdue"):
        assert fetch(build_dir, path, app=door)[2] == b"pages"
