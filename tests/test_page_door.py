"""Addresses of pages that there are not lead to the overview, which says so; all others are let through."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from app import PAGES
from governance.ui import language
from governance.ui.routes import list_doors, list_routes
from tests.asked_app import ask_app
from tests.pages import read_html
from tests.test_ui_overdue import run_page

THROUGH = "pages"


async def show_pages(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": THROUGH.encode()})


def ask(path: str, *, method: str = "GET") -> str:
    """Where the door leads, or `THROUGH`."""
    app: ASGIApp = show_pages
    for door in reversed(list_doors(PAGES)):
        app = door.cls(app, *door.args, **door.kwargs)
    return ask_app(app, path, method=method)[1].get("location", THROUGH)


def test_unknown_pages_lead_to_the_overview_with_their_name() -> None:
    assert ask("/dashboard") == "/?lost=dashboard"
    assert ask("/dashboard/?lang=zh&unit=") == "/?lang=zh&unit=&lost=dashboard"
    assert ask("/a&b=c") == "/?lost=a%26b%3Dc"
    assert ask("/地图") == "/?lost=%E5%9C%B0%E5%9B%BE"
    assert ask("/" + "x" * 999) == "/?lost=" + "x" * 60
    assert ask("/<img>") == "/?lost=%3Cimg%3E"


def test_the_first_page_is_found_under_its_own_name_too() -> None:
    assert ask("/overview") == "/"
    assert ask("/overview/?unit=330203") == "/?unit=330203"


@pytest.mark.parametrize(
    "path",
    ["/", "", "/map", "/map/", "/wall", "/wall/state", "/_stcore/health", "/healthz", "/favicon.png", "/static/js/a.js",
     "/geometry/grids-1", "//dashboard"],
)  # fmt: skip
def test_everything_else_is_let_through(path: str) -> None:
    assert ask(path) == THROUGH


def test_no_route_of_our_own_is_taken_for_a_page(tmp_path: Path) -> None:
    paths = [route.path for route in list_routes(tmp_path)]
    assert {path for path in paths if ask(path) != THROUGH} == set()


def test_only_what_a_visitor_asks_for_is_led_elsewhere() -> None:
    assert ask("/dashboard", method="POST") == THROUGH


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_the_page_says_what_there_is_not_as_text(tiny: Path, spoken: str) -> None:
    told = "".join(read_html(run_page(tiny, lang=spoken, lost="<img src=x>")))
    assert language.say(spoken, "frame.lost", name="&lt;img src=x&gt;") in told
