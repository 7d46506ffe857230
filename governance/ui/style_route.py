"""The dashboard's own style, by address: a browser fetches it once, and no rerun carries it."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from governance.ui.base_path import add_base

_PREFIX = "/style"


def list_routes() -> list[Route]:
    """The route of the style; it holds nothing of a city."""
    return [Route(add_base(f"{_PREFIX}/{{name}}"), _serve_style, methods=["GET"])]


def locate_style() -> str:
    """The address of the style on this server; another content has another one."""
    return add_base(f"{_PREFIX}/{_read_style()[0]}")


def _serve_style(request: Request) -> Response:
    name, body = _read_style()
    if request.path_params["name"] != name:
        return PlainTextResponse("There is no such style.", status_code=404)
    return Response(body, media_type="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})


@lru_cache
def _read_style() -> tuple[str, bytes]:
    body = files("governance.ui").joinpath("style.css").read_bytes()
    return f"{hashlib.sha256(body).hexdigest()[:20]}.css", body
