"""All addresses of the dashboard's server beside Streamlit's own; what each hands out stands in its own file."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import Route

from governance.ui import geometry_route, layer_route, own_unit_route, style_route, wall_route


def list_routes(build_dir: Path) -> list[Route]:
    """The routes, each below the dashboard's own path: Streamlit leaves routes that are not its own where they are."""
    return [
        *geometry_route.list_routes(build_dir),
        *layer_route.list_routes(build_dir),
        *own_unit_route.list_routes(build_dir),
        *style_route.list_routes(),
        *wall_route.list_routes(build_dir),
    ]
