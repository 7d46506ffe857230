"""The route that hands borders to the browser: those of districts and towns, and that of one grid, tile by tile.

Whoever may see the pages may see them: like the pages they are open in this version, and the access check belongs here.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import shapely
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from governance.city import City
from governance.errors import GovernanceError
from governance.program import hash_sources
from governance.shapes import ribbons
from governance.shapes.ribbons import draw_ribbons, project_lines
from governance.ui.base_path import add_base
from governance.ui.city_cache import keep_with_city
from governance.ui.geometry import find_body, make_shapes
from governance.ui.tile_address import read_tile
from governance.ui.view import open_current

_PREFIX = "/borders"
_WIDTHS_PX = {"outlines": 1.6, "towns": 0.9, "grid": 4.0}
_TILES_KEPT, _LINES_KEPT = 500, 20
_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


def list_routes(build_dir: Path) -> list[Route]:
    """The route of borders, below the dashboard's own path."""

    def serve(request: Request) -> Response:
        return _serve(request, build_dir)

    path = add_base(f"{_PREFIX}/{_name_program()}/{{name}}/{{zoom}}/{{column}}/{{row}}.json")
    return [Route(path, serve, methods=["GET"])]


def locate_border(name: str) -> str:
    """The address of the tiles of a border on this server, with {z}, {x} and {y} as the browser fills them in."""
    return add_base(f"{_PREFIX}/{_name_program()}/{name}/{{z}}/{{x}}/{{y}}.json")


@cache
def _name_program() -> str:
    """Content under one address never changes: the address tells the program that draws, too."""
    drawn_by = hash_sources(Path(ribbons.__file__).parent) + hash_sources(Path(__file__).parent)
    return hashlib.sha256(drawn_by.encode()).hexdigest()[:8]


def name_grid(number: int, wkb: bytes) -> str:
    """The name of the border of a grid: it holds the shape's hash, for a later generation's grid may be another."""
    return f"grid-{number}-{hashlib.sha256(wkb).hexdigest()[:16]}"


def _serve(request: Request, build_dir: Path) -> Response:
    given = {str(name): str(value) for name, value in request.path_params.items()}
    tile = read_tile(given)
    try:
        body = _draw_tile(open_current(build_dir), given["name"], **tile) if tile else None
    except GovernanceError:
        body = None
    if body is None:
        return PlainTextResponse("There is no such border.", status_code=404)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(body, media_type="application/json", headers={**_HEADERS, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(body), media_type="application/json", headers=_HEADERS)


@keep_with_city(_TILES_KEPT)
def _draw_tile(city: City, name: str, *, zoom: int, column: int, row: int) -> bytes | None:
    """The zipped tile, if the city has a border of that name."""
    lines = _find_lines(city, name)
    if lines is None:
        return None
    width_px = _WIDTHS_PX[name.partition("-")[0]]
    body = draw_ribbons(lines, zoom=zoom, column=column, row=row, width_px=width_px)
    return gzip.compress(body, 6, mtime=0)


@keep_with_city(_LINES_KEPT)
def _find_lines(city: City, name: str) -> Any | None:
    """The projected lines of that name, if the city has them."""
    shapes = make_shapes(city)
    if name and name in {shapes.outlines, shapes.towns}:
        body = find_body(city, name)
        return project_lines(_unite_lines(gzip.decompress(body))) if body else None
    asked = re.fullmatch(r"grid-([0-9]{1,8})-[0-9a-f]{16}", name)
    if not asked:
        return None
    rows = city.ask("ui_grid_shape", grid_no=int(asked[1])).to_dict("records")
    wkb = bytes(rows[0]["geometry"]) if rows else b""
    if name != name_grid(int(asked[1]), wkb):
        return None
    return project_lines(shapely.boundary(shapely.from_wkb(wkb)))


def _unite_lines(body: bytes) -> Any:
    """The lines of a collection as one."""
    parts = shapely.get_parts(shapely.get_parts(shapely.from_geojson(body)))
    return shapely.multilinestrings(parts)
