"""The route that hands the map's shapes to the browser: by hash, unchangeable, and nothing else of the build folder.

Whoever may see the pages may see it: like the pages it is open in this version, and the access check belongs here.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from governance.ui.base_path import add_base
from governance.ui.generations import list_generations
from governance.ui.geometry import find_body, find_picture
from governance.ui.zipped_answer import FOR_EVER, give_zipped

_PREFIX = "/geometry"


def list_routes(build_dir: Path) -> list[Route]:
    """The route of the map's shapes, below the dashboard's own path."""

    def serve(request: Request) -> Response:
        return _serve_shapes(request, build_dir)

    return [Route(add_base(f"{_PREFIX}/{{name}}"), serve, methods=["GET"])]


def locate_shapes(name: str) -> str:
    """The address of a shape on this server, as the browser asks for it."""
    return add_base(f"{_PREFIX}/{name}")


def _serve_shapes(request: Request, build_dir: Path) -> Response:
    name = str(request.path_params["name"])
    picture = find_picture(name)
    if picture is not None:
        return Response(picture, media_type="image/png", headers=FOR_EVER)
    body = _find_body(name, build_dir)
    if body is None:
        return PlainTextResponse("There are no such shapes.", status_code=404)
    return give_zipped(request, body)


def _find_body(name: str, build_dir: Path) -> bytes | None:
    """The shape in this generation or, for a page that still shows it, in the one before."""
    bodies = (find_body(city, name) for city in list_generations(build_dir))
    return next((body for body in bodies if body), None)
