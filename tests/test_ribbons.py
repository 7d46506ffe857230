"""Borders as narrow areas in tiles: as wide as asked at every zoom, whole across tiles, and only what the city has."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from governance import snapshot
from governance.city import City, open_city
from governance.shapes.mercator import EQUATOR_M
from governance.shapes.ribbons import draw_ribbons, project_lines
from governance.ui import border_route, geometry, geometry_route
from governance.ui.map_borders import draw_border, find_borders, outline_grid
from tests import tiny_snapshot
from tests.asked_app import ask_app
from tests.tiny_snapshot import publish_tiny

# Hundredths of a degree, so that no line is shorter than a pixel.
STEPS = st.integers(0, 100)
LINE = project_lines(shapely.linestrings([[121.0, 29.0], [122.0, 29.0]]))


def read_area(body: bytes) -> shapely.Geometry:
    features = json.loads(body)["features"]
    return shapely.from_geojson(json.dumps(features[0]["geometry"])) if features else shapely.Polygon()


def find_square(zoom: int, lon: float, lat: float) -> dict[str, int]:
    column, row = (int(place * 2**zoom) for place in shapely.get_coordinates(project_lines(shapely.Point(lon, lat)))[0])
    return {"zoom": zoom, "column": column, "row": row}


@pytest.mark.parametrize("zoom", [6, 10, 14, 18])
def test_a_line_is_as_many_pixels_wide_as_asked_at_every_zoom(zoom: int) -> None:
    area = read_area(draw_ribbons(LINE, **find_square(zoom, 121.5, 29.0), width_px=3.0))
    south, north = area.bounds[1], area.bounds[3]
    metres = (north - south) / 360 * 40_007_863  # around the poles
    pixel_m = EQUATOR_M * np.cos(np.radians(29.0)) / (512 * 2**zoom)
    assert metres / pixel_m == pytest.approx(3.0, rel=0.02)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(STEPS, STEPS), min_size=2, max_size=8, unique=True),
    st.integers(8, 11),
)
def test_tiles_together_are_the_line_with_neither_gap_nor_overlap(steps: list[tuple[int, int]], zoom: int) -> None:
    places = [(121 + x / 100, 29 + y / 100) for x, y in steps]
    line = project_lines(shapely.linestrings(places))
    first, last = find_square(zoom, 121, 30), find_square(zoom, 122, 29)
    tiles = [
        project_lines(read_area(draw_ribbons(line, zoom=zoom, column=column, row=row, width_px=2.0)))
        for column in range(first["column"], last["column"] + 1)
        for row in range(first["row"], last["row"] + 1)
    ]
    pixel = 1 / (512 * 2**zoom)
    together = shapely.union_all([tile.buffer(0) for tile in tiles])
    assert sum(tile.area for tile in tiles) == pytest.approx(together.area, rel=1e-3, abs=pixel**2)
    # Half a pixel is the most that a line is bent, a pixel half its width.
    assert together.buffer(1.0 * pixel).contains(line)
    assert line.buffer(2.0 * pixel).contains(together)


def test_a_tile_without_a_line_is_empty() -> None:
    assert json.loads(draw_ribbons(LINE, **find_square(12, 121.5, 29.5), width_px=3.0))["features"] == []


@pytest.fixture(name="city")
def open_tiny(tiny: Path) -> Iterator[City]:
    opened = open_city(tiny)
    yield opened
    opened.close()


def fetch(build_dir: Path, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return ask_app(Starlette(routes=border_route.list_routes(build_dir)), path, **headers)


def fill_in(address: str, lon: float, lat: float, zoom: int = 14) -> str:
    square = find_square(zoom, lon, lat)
    return address.format(z=zoom, x=square["column"], y=square["row"])


def test_the_route_serves_the_citys_borders_for_ever_and_zipped(tiny: Path, city: City) -> None:
    shapes = geometry.make_shapes(city)
    for name in ("outlines", "towns"):
        border = find_borders(shapes, name)
        assert border
        path = fill_in(border.address, 121.50, 29.805)  # the western edge of all grids
        status, headers, zipped = fetch(tiny, path, accept_encoding="gzip")
        assert (status, headers["content-encoding"]) == (200, "gzip")
        assert "immutable" in headers["cache-control"]
        assert fetch(tiny, path)[2] == gzip.decompress(zipped)
        assert read_area(gzip.decompress(zipped)).intersects(shapely.Point(121.50, 29.805))


def test_the_route_serves_the_border_of_a_grid_as_it_is_and_not_as_it_was(tiny: Path, city: City) -> None:
    row = city.ask("ui_grid", grid_id="G-01", scenario="fire_lane").iloc[0]
    border = outline_grid(int(row["grid_no"]), row["geometry"])
    assert border.box == pytest.approx((121.50, 29.80, 121.51, 29.81))
    status, _, body = fetch(tiny, fill_in(border.address, 121.505, 29.80))
    assert (status, read_area(body).intersects(shapely.Point(121.505, 29.80))) == (200, True)
    was = outline_grid(int(row["grid_no"]), shapely.to_wkb(shapely.box(0, 0, 1, 1)))
    assert fetch(tiny, fill_in(was.address, 0.5, 0.0))[0] == 404


@pytest.mark.parametrize(
    "name",
    ["grid-0-0123456789abcdef", "grids", "", "CURRENT", "grid-99999999-0123456789abcdef", "outlines-0.json"],
)
def test_the_route_gives_nothing_else(tiny: Path, name: str) -> None:
    assert fetch(tiny, border_route.locate_border(name).format(z=3, x=1, y=1))[0] == 404


def test_another_programs_borders_are_not_served(tiny: Path, city: City) -> None:
    """They may be drawn otherwise, and a browser keeps what it has under an address."""
    address = border_route.locate_border(geometry.make_shapes(city).outlines)
    path = fill_in(address, 121.50, 29.805)
    own = address.split("/")[2]
    assert (fetch(tiny, path)[0], fetch(tiny, path.replace(own, "01234567"))[0]) == (200, 404)


@pytest.mark.parametrize("tile", ["99/1/1", "18/1/1", "3/9/1", "3/1/-1", "3/1/x", "3/1/123456789"])
def test_there_are_no_tiles_beyond_the_world(tiny: Path, city: City, tile: str) -> None:
    address = border_route.locate_border(geometry.make_shapes(city).outlines)
    assert fetch(tiny, address.replace("{z}/{x}/{y}", tile))[0] == 404


def test_a_city_without_a_snapshot_has_no_borders(tmp_path: Path) -> None:
    assert fetch(tmp_path, border_route.locate_border("outlines-0.json").format(z=3, x=1, y=1))[0] == 404


def test_a_border_is_drawn_like_an_area() -> None:
    spec = draw_border("chosen", outline_grid(0, shapely.to_wkb(shapely.box(121, 29, 122, 30))), colour=[1, 2, 3, 255])
    assert (spec["type"], spec["stroked"], spec["get_fill_color"]) == ("TileLayer", False, [1, 2, 3, 255])
    # Half of a line lies outside the box.
    west, south, east, north = spec["extent"]
    assert 120.9 < west < 121
    assert 28.9 < south < 29
    assert 122 < east < 122.1
    assert 30 < north < 30.1


def test_a_page_that_shows_the_generation_before_has_its_borders_and_tiles(tmp_path: Path) -> None:
    publish_tiny(tmp_path)
    before = open_city(tmp_path)
    shapes = geometry.make_shapes(before)
    border = find_borders(shapes, "outlines")
    assert border
    paths = [fill_in(border.address, 121.50, 29.805), geometry_route.locate_shapes(shapes.grids)]
    routes = Starlette(routes=[*border_route.list_routes(tmp_path), *geometry_route.list_routes(tmp_path)])
    assert [ask_app(routes, path)[0] for path in paths] == [200, 200]
    for served in (200, 404):  # one generation later, and two
        with snapshot.building(tmp_path) as draft:
            tiny_snapshot.fill_tiny(draft.con)
            draft.con.execute("update meta_shape set name = $name || name", {"name": f"{served}-"})
            snapshot.publish(draft, manifest=tiny_snapshot.MANIFEST)
        assert [ask_app(routes, path)[0] for path in paths] == [served, served]
    before.close()


def test_invented_names_push_nothing_out_of_what_is_kept(
    tiny: Path, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fill_in(border_route.locate_border(geometry.make_shapes(city).outlines), 121.50, 29.805)
    assert fetch(tiny, path)[0] == 200
    for number in range(30):
        invented = border_route.locate_border(f"x{number}").format(z=3, x=1, y=1)
        assert fetch(tiny, invented)[0] == 404
    monkeypatch.setattr(border_route, "draw_ribbons", None)  # the tile is there already
    assert fetch(tiny, path)[0] == 200
