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
from governance.program import hash_sources
from governance.shapes import ribbons
from governance.shapes.ribbons import draw_ribbons, project_lines
from governance.ui.base_path import add_base
from governance.ui.city_cache import keep_with_city
from governance.ui.generations import list_generations
from governance.ui.geometry import find_body, make_shapes
from governance.ui.tile_address import read_tile
from governance.ui.zipped_answer import give_zipped

_PREFIX = "/borders"
_GRID = re.compile(r"grid-([0-9]{1,8})-[0-9a-f]{16}")
_WIDTHS_PX = {"outlines": 1.6, "towns": 0.9, "grid": 4.0}
DEEPEST_ZOOM = 17
_TILES_KEPT, _LINES_KEPT = 500, 20


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
    cities = list_generations(build_dir) if tile and tile["zoom"] <= DEEPEST_ZOOM else []
    city = next((city for city in cities if _has_border(city, given["name"])), None)
    body = _draw_tile(city, given["name"], **tile) if city and tile else None
    if body is None:
        return PlainTextResponse("There is no such border.", status_code=404)
    return give_zipped(request, body)


def _has_border(city: City, name: str) -> bool:
    """Whether the city has a border of that name: asked before anything is kept, for anybody may invent names."""
    shapes = make_shapes(city)
    return name in {shapes.outlines, shapes.towns} - {""} or _find_grid(city, name) is not None


def _find_grid(city: City, name: str) -> bytes | None:
    """The polygon (WKB) of the grid of that name, if the city has it."""
    asked = _GRID.fullmatch(name)
    rows = city.ask("ui_grid_shape", grid_no=int(asked[1])).to_dict("records") if asked else []
    shapes = (bytes(row["geometry"]) for row in rows)
    return next((wkb for wkb in shapes if asked and name == name_grid(int(asked[1]), wkb)), None)


@keep_with_city(_TILES_KEPT)
def _draw_tile(city: City, name: str, *, zoom: int, column: int, row: int) -> bytes:
    """The zipped tile of a border that the city has."""
    width_px = _WIDTHS_PX[name.partition("-")[0]]
    body = draw_ribbons(_read_lines(city, name), zoom=zoom, column=column, row=row, width_px=width_px)
    return gzip.compress(body, 6, mtime=0)


@keep_with_city(_LINES_KEPT)
def _read_lines(city: City, name: str) -> Any:
    """The projected lines of a border that the city has."""
    wkb = _find_grid(city, name)
    if wkb is not None:
        return project_lines(shapely.boundary(shapely.from_wkb(wkb)))
    return project_lines(_unite_lines(gzip.decompress(find_body(city, name) or b"")))


def _unite_lines(body: bytes) -> Any:
    """The lines of a collection as one."""
    parts = shapely.get_parts(shapely.get_parts(shapely.from_geojson(body)))
    return shapely.multilinestrings(parts)
