"""What the map draws: every grid kept, neighbours touching, and a large city's picture and tiles."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import affinity

from governance.grids.join import build_cover
from governance.shapes import drawing
from governance.shapes.mercator import find_zoom, to_latitude, to_x, to_y
from governance.shapes.overview import draw_overview
from governance.shapes.tables import make_shapes
from governance.shapes.tiles import choose_scheme


def make_frame(polygons: list[shapely.Geometry]) -> pd.DataFrame:
    points = shapely.point_on_surface(np.array(polygons))
    return pd.DataFrame(
        {
            "grid_no": range(len(polygons)), "grid_id": [f"G-{n}" for n in range(len(polygons))],
            "level_1_id": None, "place_zh": "镇", "place_en": "Town", "area_km2": 0.09, "level_2_id": None,
            "lon": shapely.get_x(points), "lat": shapely.get_y(points), "geometry": polygons,
        }
    )  # fmt: skip


def make_squares(across: int, *, width: float = 0.003) -> list[shapely.Geometry]:
    return [
        shapely.box(121 + width * x, 29 + width * y, 121 + width * (x + 1), 29 + width * (y + 1))
        for y in range(across)
        for x in range(across)
    ]


def read(body: bytes) -> list[dict]:
    return json.loads(gzip.decompress(body))["features"]


def test_polygons_that_overlap_or_leave_slivers_are_drawn_all_the_same():
    overlapping = np.array([shapely.box(0, 0, 1, 1), shapely.box(0.9, 0, 2, 1), shapely.box(0, 1.0005, 1, 2)])
    assert not shapely.coverage_is_valid(overlapping)
    simple = drawing.simplify_polygons(overlapping)
    assert shapely.is_valid(simple).all()
    whole = shapely.area(shapely.union_all(overlapping))
    assert shapely.area(drawing.unite_polygons(simple)) == pytest.approx(whole, rel=0.01)


def test_mercator_is_that_of_the_maps_of_the_web():
    # Tile 8/214/105 of the usual scheme: its north-western corner.
    assert float(to_x(214 / 256 * 360 - 180)) * 256 == pytest.approx(214)
    assert float(to_y(85.0511287798066)) == pytest.approx(0, abs=1e-12)
    assert float(to_y(0.0)) == pytest.approx(0.5)
    latitudes = np.linspace(-80, 80, 9)
    assert to_latitude(to_y(latitudes)) == pytest.approx(latitudes)
    # At zoom 0 the equator is 512 pixels.
    assert find_zoom(40_075_016.686, 0.0, pixels=512) == pytest.approx(0)
    assert find_zoom(40_075_016.686 / 1024, 0.0, pixels=1) == pytest.approx(1)


def test_a_small_city_is_drawn_whole_and_has_no_overview():
    squares = make_squares(3)
    made = make_shapes(make_frame(squares), build_cover(np.array(squares)))
    assert sorted(made.shapes["part"].to_pylist()) == ["far", "grids", "labels", "outlines", "tile"]
    assert made.overview.num_rows == 0
    towns = make_frame(squares).assign(level_2_id=["a"] * 3 + ["b"] * 6)
    with_towns = make_shapes(towns, build_cover(np.array(squares))).shapes.to_pylist()
    (body,) = [row["body"] for row in with_towns if row["part"] == "towns"]
    # Two towns of one and of two rows: the line between them, 0.009 degrees, is there once.
    lines = shapely.from_geojson(json.dumps(read(body)[0]["geometry"]))
    assert lines.length == pytest.approx(4 * 0.009 + 0.009)


def test_a_large_citys_tiles_hold_every_grid_in_each_tile_that_it_touches():
    squares = make_squares(30)
    frame = make_frame(squares)
    made = make_shapes(frame, build_cover(np.array(squares)), drawn_whole=899)
    rows = made.shapes.to_pylist()
    tiles = [row for row in rows if row["part"] == "tile"]
    scheme = choose_scheme(frame)
    # A middling grid of 300 m is 10 pixels wide from this zoom on.
    assert find_zoom(300, 29.045, pixels=10) == pytest.approx(scheme.seen_from_zoom, abs=0.01)
    seen = set()
    for tile in tiles:
        z, x, y = (int(part) for part in tile["name"].removesuffix(".json").split("-")[2:])
        assert z == scheme.tile_zoom
        side = 2**z
        features = read(tile["body"])
        grids = [feature for feature in features if feature["properties"]["n"] >= 0]
        # The ground comes first, so that it lies below.
        assert [feature["properties"]["n"] for feature in features[: len(features) - len(grids)]] == [-1] * bool(grids)
        polygons = [feature for feature in grids if feature["geometry"]["type"] != "Point"]
        letters = [feature for feature in grids if feature["geometry"]["type"] == "Point"]
        assert [feature["properties"]["n"] for feature in letters] == [f["properties"]["n"] for f in polygons]
        for number, square in enumerate(squares):
            west, south, east, north = shapely.bounds(drawing.draw_in(np.array([square])))[0]
            columns, lines = to_x(np.array([west, east])) * side, to_y(np.array([north, south])) * side
            touches = columns[0] < x + 1 and columns[1] >= x and lines[0] < y + 1 and lines[1] >= y
            assert touches == (number in {feature["properties"]["n"] for feature in polygons})
        seen |= {feature["properties"]["n"] for feature in polygons}
    assert seen == set(range(900))
    (told,) = made.tiles.to_pylist()
    names = {told["tiles"].format(z=scheme.tile_zoom, x=0, y=0).rsplit("-", 3)[0]}
    assert {tile["name"].rsplit("-", 3)[0] for tile in tiles} == names


def test_a_pixel_of_the_overview_is_the_grid_at_its_middle():
    squares = make_squares(4, width=1.0)
    drawn = draw_overview(build_cover(np.array(squares)), np.array([120.0, 29.0, 125.0, 33.0]), longer_side_px=200)
    height, width = drawn.numbers.shape
    assert width == 200
    # A degree of longitude is 40 pixels; outside the squares there is no grid.
    assert set(drawn.numbers[:, :40].ravel()) == {-1}
    for row, column in ((0, 60), (height - 1, 60), (height // 2, 199), (height // 3, 101)):
        lon = 120 + (column + 0.5) / 40
        y = float(to_y(33.0)) + (row + 0.5) / height * float(to_y(29.0) - to_y(33.0))
        lat = float(to_latitude(y))
        expected = int(lat - 29) * 4 + int(lon - 121) if lon > 121 else -1
        assert drawn.numbers[row, column] == expected


def test_the_same_grids_have_the_same_names_and_others_have_others():
    squares = make_squares(3)
    cover = build_cover(np.array(squares))
    names = [set(make_shapes(make_frame(squares), cover).shapes["name"].to_pylist()) for _ in range(2)]
    assert names[0] == names[1]
    renamed = make_frame(squares).assign(place_zh="别镇")
    other = set(make_shapes(renamed, cover).shapes["name"].to_pylist())
    # Lines and letters hold no names.
    assert len(names[0] & other) == 2


def test_a_smaller_citys_tiles_begin_where_a_grid_is_14_pixels_wide_and_have_no_letters():
    squares = make_squares(30)
    frame = make_frame(squares)
    made = make_shapes(frame, build_cover(np.array(squares)))
    (told,) = made.tiles.to_pylist()
    assert find_zoom(300, 29.045, pixels=14) == pytest.approx(told["seen_from_zoom"], abs=0.01)
    # 512 pixels wide at about that zoom: as deck.gl counts, the world's width at zoom 0.
    assert told["tile_zoom"] == round(told["seen_from_zoom"])
    tiles = [read(row["body"]) for row in made.shapes.to_pylist() if row["part"] == "tile"]
    grids = [feature for tile in tiles for feature in tile if feature["properties"]["n"] >= 0]
    assert {feature["geometry"]["type"] for feature in grids} == {"Polygon"}
    assert {feature["properties"]["n"] for feature in grids} == set(range(900))


def test_a_grid_far_away_makes_few_tiles():
    squares = [*make_squares(3), shapely.box(10, 1, 10.003, 1.003)]
    frame = make_frame(squares)
    made = make_shapes(frame, build_cover(np.array(squares)))
    assert made.shapes["part"].to_pylist().count("tile") <= 8


def test_from_afar_a_tiling_has_fewer_corners_and_still_no_gaps():
    # Four quarters of a disc with wavy borders between them.
    angles = np.linspace(0, 2 * np.pi, 2_000)
    rim = shapely.polygons(np.column_stack([(1 + 0.02 * np.sin(40 * angles)) * f(angles) for f in (np.cos, np.sin)]))
    quarters = shapely.intersection(rim, np.array([shapely.box(*box) for box in QUARTERS]))
    assert shapely.coverage_is_valid(quarters)
    near, far = drawing.simplify_polygons(quarters), drawing.coarsen_polygons(quarters)
    assert shapely.coverage_is_valid(far)
    assert shapely.get_num_coordinates(far).sum() < 0.5 * shapely.get_num_coordinates(near).sum()
    # The tolerance of 0.4 widths means an area: no corner goes whose triangle is larger than 0.16 of a quarter.
    assert shapely.area(shapely.symmetric_difference(far, quarters)).max() < 0.16 * shapely.area(quarters).min()


QUARTERS = [(-2, -2, 0, 0), (0, -2, 2, 0), (-2, 0, 0, 2), (0, 0, 2, 2)]


def test_polygons_that_do_not_tile_have_fewer_corners_from_afar_but_no_wide_gaps():
    angles = np.linspace(0, 2 * np.pi, 400)
    disc = shapely.polygons(np.column_stack([np.cos(angles), np.sin(angles)]))
    overlapping = np.array([disc, affinity.translate(disc, 1.8)])
    assert not shapely.coverage_is_valid(overlapping)
    near, far = drawing.simplify_polygons(overlapping), drawing.coarsen_polygons(overlapping)
    assert shapely.get_num_coordinates(far).sum() < 0.5 * shapely.get_num_coordinates(near).sum()
    # A middling polygon is 1.77 wide; no border moves by more than 12 % of that.
    assert shapely.hausdorff_distance(far, overlapping).max() <= 0.12 * np.sqrt(np.pi)


def test_slivers_do_not_keep_every_corner_of_the_others():
    angles = np.linspace(0, 2 * np.pi, 400)
    disc = shapely.polygons(np.column_stack([np.cos(angles), np.sin(angles)]))
    discs = [affinity.translate(disc, 3 * number) for number in range(19)]
    slivers = [affinity.translate(shapely.box(0, 0, 1, 1e-4), 3 * number, 5) for number in range(3)]
    without = shapely.get_num_coordinates(drawing.simplify_polygons(np.array(discs))).sum()
    together = shapely.get_num_coordinates(drawing.simplify_polygons(np.array([*discs, *slivers]))[:19]).sum()
    assert without < 0.2 * shapely.get_num_coordinates(np.array(discs)).sum()
    assert together < 5 * without


def test_a_large_grid_among_small_ones_stands_in_few_tiles():
    squares = [*make_squares(12, width=0.0002), shapely.box(121.5, 29, 122.2, 29.7)]
    frame = make_frame(squares).assign(area_km2=[0.0004] * 144 + [5300.0])
    made = make_shapes(frame, build_cover(np.array(squares)))
    assert made.shapes["part"].to_pylist().count("tile") <= 120


def test_a_city_without_grids_has_shapes_without_any():
    frame = make_frame(make_squares(1)).iloc[:0]
    assert choose_scheme(frame).tile_zoom == 0
