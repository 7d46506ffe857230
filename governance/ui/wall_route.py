"""The wall's own page beside Streamlit's: it holds no session, so there is nothing to lose when the server restarts.

`/wall` is a page that never changes while it is open; its script asks `/wall/state` what to show. Like the other pages
it is open in this version, and the access check belongs here. Why it is no Streamlit page: docs/decisions/0016.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from governance.ui import language as words
from governance.ui import palette
from governance.ui.base_path import add_base, read_base
from governance.ui.wall import describe_wall

# No text from a file can run or draw anything even if it were not escaped: scripts, styles and calls are our own files.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_FRESH = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_MEDIA = {"js": "text/javascript", "css": "text/css"}
# The script fills in since when, on the city's clock.
_SPOKEN_BY_SCRIPT = {"waiting": {}, "lost": {"since": "{since}"}, "failed": {"since": "{since}"}}


def list_routes(build_dir: Path) -> list[Route]:
    """The wall's page, its two files, and the answer to what it shows."""

    def answer_state(request: Request) -> Response:
        told = describe_wall(
            build_dir,
            language=_find_language(request),
            asked=request.query_params.get("scenes") or request.query_params.get("scene") or "",
            has=request.query_params.get("has", ""),
            now_utc=datetime.now(UTC).replace(tzinfo=None),
        )
        told |= {"version": name_version()}
        return Response(json.dumps(told, ensure_ascii=False), media_type="application/json", headers=_FRESH)

    return [
        Route(add_base("/wall"), _show_page, methods=["GET"]),
        Route(add_base("/wall/state"), answer_state, methods=["GET"]),
        Route(add_base("/wall/wall.{ending:str}"), _give_file, methods=["GET"]),
    ]


class WallDoor:
    """Leads `/?view=wall` to the wall, with whatever else the address says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect, or let the request through."""
        # The page of late cases calls its lists `view` too, so only the dashboard's first address is a door.
        if scope["type"] == "http" and scope["path"].rstrip("/") == read_base():
            asked = scope["query_string"].decode("latin-1")
            if parse_qs(asked).get("view") == ["wall"]:
                await RedirectResponse(f"{add_base('/wall')}?{asked}")(scope, receive, send)
                return
        await self._app(scope, receive, send)


@cache
def name_version() -> str:
    """One name for the page, its script and its look; a screen that shows another one loads itself anew."""
    parts = [_read_file(ending) for ending in _MEDIA] + [_draw_page(language, "") for language in words.LANGUAGES]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _show_page(request: Request) -> Response:
    headers = {**_FRESH, "Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
    page = _draw_page(_find_language(request), name_version())
    return Response(page, media_type="text/html", headers=headers)


def _draw_page(language: str, version: str) -> str:
    told = {name: words.say(language, f"wall.{name}", **values) for name, values in _SPOKEN_BY_SCRIPT.items()}
    data = "".join(f' data-{name}="{escape(text)}"' for name, text in {**told, "version": version}.items())
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(words.say(language, 'wall.title'))}</title>"
        f'<link rel="stylesheet" href="wall/wall.css?{version}"><link rel="icon" href="data:,">'
        f'<script src="wall/wall.js?{version}" defer></script></head><body{data}>'
        '<main id="stage"></main><time id="clock"></time><div id="banner" role="alert" hidden></div>'
        '<footer><div id="foot"></div><div id="turn" aria-hidden="true"></div></footer>'
        f"<noscript>{escape(words.say(language, 'wall.no_script'))}</noscript></body></html>"
    )


def _give_file(request: Request) -> Response:
    ending = str(request.path_params["ending"])
    if ending not in _MEDIA:
        return Response("There is no such file.", status_code=404, media_type="text/plain")
    return Response(_read_file(ending), media_type=_MEDIA[ending], headers=_FRESH)


@cache
def _read_file(ending: str) -> str:
    text = files("governance.ui").joinpath(f"wall.{ending}").read_text(encoding="utf-8")
    return _name_colours() + text if ending == "css" else text


def _name_colours() -> str:
    """The palette as variables, so that a colour is written down once."""
    named = {
        "paper": palette.WALL_PAPER, "ink": palette.WALL_INK, "muted": palette.WALL_MUTED, "rule": palette.WALL_RULE,
        "accent": palette.WALL_ACCENT, "warning": palette.WALL_WARNING, "outside": palette.WALL_OUTSIDE,
        **palette.WALL_TIER_COLOURS,
        **{f"on-{tier}": ink for tier, ink in palette.WALL_TIER_INKS.items()},
    }  # fmt: skip
    return f":root {{ {' '.join(f'--{name}: {colour};' for name, colour in named.items())} }}\n"


def _find_language(request: Request) -> str:
    asked = request.query_params.get("lang", "")
    return asked if asked in words.LANGUAGES else words.prefer_language(request.headers.get("accept-language"))
