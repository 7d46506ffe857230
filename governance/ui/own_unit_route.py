"""The route that remembers a viewer's own unit: it sets one cookie with an id of the city, and leads back to a page."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from governance.errors import GovernanceError
from governance.ui.address import NAMES
from governance.ui.base_path import add_base, read_base
from governance.ui.generations import open_current
from governance.ui.own_unit import PATH, name_cookie, pack_unit

_YEAR_S = 365 * 24 * 3600
_PAGE = re.compile(r"[a-z_]{0,30}")
_LONGEST = 200


def list_routes(build_dir: Path) -> list[Route]:
    """The route of the viewer's own unit, below the dashboard's own path."""

    def serve(request: Request) -> Response:
        return _remember_unit(request, build_dir)

    return [Route(add_base(PATH), serve, methods=["GET"])]


def _remember_unit(request: Request, build_dir: Path) -> Response:
    # A link on a page of somebody else must not choose for the viewer.
    if request.headers.get("sec-fetch-site") == "cross-site":
        return PlainTextResponse("Choose your own unit on the dashboard itself.", status_code=403)
    unit_id, page = request.query_params.get("unit", ""), request.query_params.get("page", "")
    try:
        city = open_current(build_dir)
        known = set(city.ask("ui_units")["unit_id"])
    except GovernanceError:
        return PlainTextResponse("There is no city yet; build one first.", status_code=404)
    if unit_id not in known or not _PAGE.fullmatch(page):
        return PlainTextResponse("There is no such unit or page.", status_code=404)
    response = RedirectResponse(_locate_page(request, page), status_code=303, headers={"Cache-Control": "no-store"})
    name, path, is_secure = name_cookie(city), read_base() or "/", request.url.scheme == "https"
    if unit_id:
        value = pack_unit(unit_id)
        response.set_cookie(
            name, value, max_age=_YEAR_S, path=path, secure=is_secure, httponly=True, samesite="lax"
        )  # fmt: skip
    else:
        response.delete_cookie(name, path=path, secure=is_secure, httponly=True, samesite="lax")
    return response


def _locate_page(request: Request, page: str) -> str:
    """A page of this dashboard with the choices that were made; never an address that the request gives."""
    chosen = {name: request.query_params[name][:_LONGEST] for name in NAMES if name in request.query_params}
    chosen.pop("unit", None)
    return add_base(f"/{page}?{urlencode(chosen)}" if chosen else f"/{page}")
