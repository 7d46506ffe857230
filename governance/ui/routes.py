"""All addresses of the dashboard's server beside Streamlit's own; what each hands out stands in its own file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from starlette.middleware import Middleware
from starlette.routing import Route

from governance.ui import border_route, geometry_route, layer_route, own_unit, own_unit_route, style_route, wall_route
from governance.ui.page_door import PageDoor
from governance.ui.program_door import ProgramDoor
from governance.ui.wall_route import WallDoor


def list_routes(build_dir: Path) -> list[Route]:
    """The routes, each below the dashboard's own path: Streamlit leaves routes that are not its own where they are."""
    return [
        *border_route.list_routes(build_dir),
        *geometry_route.list_routes(build_dir),
        *layer_route.list_routes(build_dir),
        *own_unit_route.list_routes(build_dir),
        *style_route.list_routes(),
        *wall_route.list_routes(build_dir),
    ]


def list_doors(pages: Iterable[str]) -> list[Middleware]:
    """What stands before all pages, the first of which is at "/": for the program's files, the wall, and lost ways."""
    first, *_ = pages = list(pages)
    own = {"wall", own_unit.PATH.strip("/")}  # routes of one name that are none of Streamlit's pages
    return [Middleware(ProgramDoor), Middleware(WallDoor), Middleware(PageDoor, pages={*pages, *own}, first=first)]
