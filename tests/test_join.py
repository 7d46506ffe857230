"""Points to polygons: identical to shapely, whatever the polygons look like and wherever the points lie."""

from __future__ import annotations

import itertools
from dataclasses import fields
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial import Voronoi

from governance.errors import ConfigError, InputError
from governance.grids import join, pieces
from governance.grids.cover import MOST_CANDIDATES, Cover
from governance.grids.join import CHUNK, build_cover, locate, locate_and_count
from governance.grids.polygons import read_polygons
from governance.grids.repair import repair_polygons

SHARED_DATA = Path(__file__).parents[1].parent / "shared/data"


def ask_shapely(polygons, x, y):
    """The oracle: position of the first polygon that intersects the point, -1 for none."""
    point, polygon = shapely.STRtree(polygons).query(shapely.points(x, y), predicate="intersects")
    found = np.full(len(x), len(polygons))
    np.minimum.at(found, point, polygon)
    return np.where(found == len(polygons), -1, found)


def list_border_points(polygons):
    """Every corner, the middle of every edge, and points one ulp beside both in four directions."""
    rings = shapely.get_rings(shapely.get_parts(polygons))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    middle = (xy[1:] + xy[:-1])[ring[1:] == ring[:-1]] / 2
    points = np.unique(np.vstack([xy, middle]), axis=0)
    beside = [points]
    for axis in (0, 1):
        for way in (-np.inf, np.inf):
            moved = points.copy()
            moved[:, axis] = np.nextafter(points[:, axis], way)
            beside.append(moved)
    points = np.vstack(beside)
    # Beside zero an ulp is so small that products vanish, and GEOS contradicts itself.
    return points[((points == 0) | (np.abs(points) > 1e-300)).all(axis=1)]


def list_random_points(polygons, count, rng):
    """Points in a box around the polygons, half of them crowded around their corners."""
    west, south, east, north = shapely.total_bounds(polygons)
    spread = np.array([east - west, north - south])
    even = np.array([west, south]) - 0.1 * spread + 1.2 * spread * rng.random((count // 2, 2))
    corners = shapely.get_coordinates(polygons)
    near = corners[rng.integers(len(corners), size=count - count // 2)]
    scale = 10.0 ** rng.uniform(-9, -1, size=(len(near), 1))
    return np.vstack([even, near + rng.normal(size=near.shape) * scale * spread])


def assert_equals_shapely(polygons, points):
    polygons = np.asarray(polygons, dtype=object)
    found = locate(build_cover(polygons), points[:, 0], points[:, 1])
    wrong = np.flatnonzero(found != ask_shapely(polygons, *points.T))
    assert not len(wrong), [tuple(points[i]) for i in wrong[:3]]


def make_voronoi(count, rng):
    """A tessellation of the unit square whose neighbours share every corner exactly."""
    seeds = rng.random((count, 2))
    mirrored = [seeds, seeds * [-1, 1], seeds * [1, -1], [2, 0] + seeds * [-1, 1], [0, 2] + seeds * [1, -1]]
    diagram = Voronoi(np.vstack(mirrored))
    cells = [shapely.Polygon(diagram.vertices[diagram.regions[r]]) for r in diagram.point_region[:count]]
    return shapely.set_precision(np.array(cells), 1e-9)


def make_quads_with_t_junctions(columns, rng):
    """Columns of rectangles whose rows end at other heights on either side; runs of collinear corners."""
    quads = []
    for column in range(columns):
        heights = np.concatenate([[0.0], np.sort(rng.integers(1, 64, size=3)) / 64, [1.0]])
        for low, high in itertools.pairwise(heights):
            left, right = column / columns, (column + 1) / columns
            quads.append([(left, low), (right, low), (right, (low + high) / 2), (right, high), (left, high)])
    return np.array([shapely.Polygon(quad) for quad in quads if quad[0][1] < quad[-1][1]])


def make_stars(count, rng):
    """Spiky stars that overlap each other."""
    stars = []
    for _ in range(count):
        spikes = int(rng.integers(3, 12))
        angle = np.sort(rng.random(2 * spikes)) * 2 * np.pi
        radius = np.where(np.arange(2 * spikes) % 2, 0.3, 0.05) * rng.uniform(0.5, 1)
        stars.append(shapely.Polygon(rng.random(2) + np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None]))
    return shapely.make_valid(np.array(stars), method="structure", keep_collapsed=False)


def make_nested_holes(depth, rng):
    """Rings within rings, every second one a polygon, shuffled; some touch their neighbour, some leave a gap."""
    sizes = np.linspace(1, 0.1, depth)
    rings = [shapely.box(0.5 - s / 2, 0.5 - s / 2, 0.5 + s / 2, 0.5 + s / 2) for s in sizes]
    holed = [a.difference(b) for a, b in itertools.pairwise(rings)]
    pairs = [
        shapely.MultiPolygon([*shapely.get_parts(a), *shapely.get_parts(b)])
        for a, b in zip(holed, holed[2:], strict=False)
    ]
    chosen = np.array([*holed, *pairs[:1]], dtype=object)
    return chosen[rng.permutation(len(chosen))]


def make_spirals(turns, rng):
    """Two arms that wind around each other and share every corner; a straight line meets each of them many times."""
    angle = np.linspace(0, 2 * np.pi * turns, 24 * turns)
    arms = [np.column_stack([np.cos(angle + a), np.sin(angle + a)]) * (0.1 + angle)[:, None] for a in (0, np.pi)]
    return np.array([shapely.Polygon(np.vstack([arms[0], arms[1][::-1]])), shapely.Polygon(_wind_back(arms, angle))])


def _wind_back(arms, angle):
    """The gap between the second arm and the first one a turn later."""
    return np.vstack([arms[1][:-12], arms[0][12:][::-1]])


def make_slivers(count, rng):
    """Long thin triangles in a fan around one corner: more candidates there than a leaf has bits."""
    angle = np.linspace(0, np.pi / 2, count + 1)
    tips = np.column_stack([np.cos(angle), np.sin(angle)])
    return np.array([shapely.Polygon([(0, 0), a, b]) for a, b in itertools.pairwise(tips)])


def make_specks(count, rng):
    """Polygons smaller than any cell, beside one that is the whole map."""
    centres = rng.random((count, 2))
    specks = [shapely.box(x, y, x + 1e-9, y + 1e-10) for x, y in centres]
    return np.array([*specks, shapely.box(0, 0, 1, 1).difference(shapely.box(0.25, 0.25, 0.75, 0.75))])


MAKERS = [
    lambda rng: make_voronoi(int(rng.integers(1, 60)), rng),
    lambda rng: make_quads_with_t_junctions(int(rng.integers(1, 12)), rng),
    lambda rng: make_stars(int(rng.integers(1, 25)), rng),
    lambda rng: make_nested_holes(int(rng.integers(2, 12)), rng),
    lambda rng: make_spirals(int(rng.integers(2, 9)), rng),
    lambda rng: make_slivers(int(rng.integers(1, 40)), rng),
    lambda rng: make_specks(int(rng.integers(1, 20)), rng),
]
PLACES = [  # west, south, width, height
    (0.0, 0.0, 1.0, 1.0),
    (121.0, 29.0, 1.0, 1.0),
    (179.0, 89.0, 1.0, 1.0),
    (-180.0, -90.0, 360.0, 180.0),
    (-180.0, -90.0, 1e-5, 1e-5),
    (500_000.0, 3_300_000.0, 1e5, 1e5),
    (0.0, 0.0, 1e-100, 1e-100),
    (-1e100, -1e100, 2e100, 2e100),
    (10.0, 50.0, 1.0, 1e-5),
    (10.0, 50.0, 1e-5, 1.0),
]


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), maker=st.sampled_from(MAKERS), place=st.sampled_from(PLACES), turn=st.booleans())
def test_any_tessellation_gives_the_answer_of_shapely(seed, maker, place, turn):
    rng = np.random.default_rng(seed)
    polygons = maker(rng)
    angle = rng.random() * 6 if turn else 0.0
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    moved = shapely.transform(polygons, lambda xy: np.array(place[:2]) + (xy @ matrix) * np.array(place[2:]))
    moved = moved[shapely.is_valid(moved) & (shapely.area(moved) > 0)]
    if not len(moved):
        return
    points = np.vstack([list_border_points(moved), list_random_points(moved, 400, rng)])
    assert_equals_shapely(moved, points)


def test_building_in_small_batches_gives_the_same_cover(rng, monkeypatch):
    polygons = np.concatenate([make_voronoi(80, rng), make_stars(10, rng)])
    whole = build_cover(polygons)
    monkeypatch.setattr(pieces, "_BATCH", 7)
    batched = build_cover(polygons)
    for field in fields(Cover):
        assert (getattr(whole, field.name) == getattr(batched, field.name)).all(), field.name


def test_the_smallest_position_wins_on_edges_corners_and_overlaps():
    squares = [
        shapely.box(0, 0, 1, 1),
        shapely.box(1, 0, 2, 1),
        shapely.box(0, 1, 1, 2),
        shapely.box(0.5, 0.5, 1.5, 1.5),
    ]
    x = np.array([0.5, 1.0, 1.0, 0.5, 1.25, 1.25, 2.0, 2.1, 0.0])
    y = np.array([0.5, 0.5, 1.0, 1.0, 0.75, 1.25, 1.0, 0.5, 2.0])
    assert locate(build_cover(np.array(squares)), x, y).tolist() == [0, 0, 0, 0, 1, 3, 1, -1, 2]
    assert locate(build_cover(np.array(squares[::-1])), x, y).tolist() == [0, 0, 0, 0, 0, 0, 2, -1, 1]


def test_points_that_are_no_numbers_are_nowhere():
    cover = build_cover(np.array([shapely.box(-1e9, -1e9, 1e9, 1e9)]))
    x = np.array([np.nan, 0.0, np.inf, -np.inf, 0.0, 1.7e308, 0.0])
    y = np.array([0.0, np.nan, 0.0, 0.0, np.inf, 0.0, 0.0])
    assert locate(cover, x, y).tolist() == [-1, -1, -1, -1, -1, -1, 0]


def test_no_points_and_no_polygons_are_fine():
    nothing = np.array([], dtype=object)
    assert locate(build_cover(nothing), np.array([1.0]), np.array([2.0])).tolist() == [-1]
    empty = np.array([shapely.Polygon(), shapely.box(0, 0, 1, 1)])
    assert locate(build_cover(empty), np.array([0.5]), np.array([0.5])).tolist() == [1]
    assert locate(build_cover(empty), np.array([]), np.array([])).dtype == np.int32


def test_integer_and_strided_coordinates_are_read_as_they_are():
    cover = build_cover(np.array([shapely.box(0, 0, 4, 4)]))
    table = np.array([[1.0, 9.0], [5.0, 9.0], [4.0, 9.0]])
    assert locate(cover, table[:, 0], np.array([1, 1, 4])).tolist() == [0, -1, 0]


def test_many_chunks_give_the_same_as_one(rng):
    cover = build_cover(make_voronoi(50, rng))
    x, y = rng.random((2, CHUNK + 17))
    parts = [locate(cover, x[half], y[half]) for half in (slice(0, 1000), slice(1000, None))]
    assert (locate(cover, x, y) == np.concatenate(parts)).all()


def test_a_leaf_with_more_candidates_than_bits_goes_to_shapely(rng):
    layers = np.array([shapely.box(0, 0, 1 + i / 1e9, 1) for i in range(MOST_CANDIDATES + 5)])[::-1]
    points = np.vstack([list_border_points(layers), list_random_points(layers, 2000, rng)])
    assert_equals_shapely(layers, points)


def test_one_polygon_of_100_000_corners_is_joined_exactly(rng):
    angle = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    radius = 1 + 0.2 * np.sin(40 * angle) + rng.normal(0, 1e-5, len(angle))
    coast = shapely.Polygon(np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None])
    polygons = shapely.make_valid(
        np.array([coast, shapely.box(-1, -1, 0, 0)]), method="structure", keep_collapsed=False
    )
    shapely.prepare(polygons)
    points = np.vstack([list_border_points(polygons)[::50], list_random_points(polygons, 5000, rng)])
    holds = np.array([shapely.intersects_xy(polygon, *points.T) for polygon in polygons])
    expected = np.where(holds.any(axis=0), holds.argmax(axis=0), -1)
    assert (locate(build_cover(polygons), *points.T) == expected).all()


def test_only_points_at_an_edge_are_left_to_shapely(rng):
    polygons = make_voronoi(400, rng)
    cover = build_cover(polygons)
    assert locate_and_count(cover, *rng.random((2, 100_000)))[1] < 100
    corners = shapely.get_coordinates(polygons)
    assert locate_and_count(cover, *corners.T)[1] == len(corners)


def test_shapely_is_asked_for_few_points_at_a_time_with_the_same_answers(rng, monkeypatch):
    fan = np.concatenate([make_slivers(60, rng), make_stars(5, rng)])
    cover = build_cover(fan, budget_mb=0.001)
    points = np.vstack([list_border_points(fan), list_random_points(fan, 2000, rng)])
    expected = ask_shapely(fan, *points.T)
    asked, intersects = [], shapely.intersects_xy
    monkeypatch.setattr(join, "_PAIRS", 100)
    monkeypatch.setattr(join.shapely, "intersects_xy", lambda *args: asked.append(len(args[1])) or intersects(*args))
    found, exact = locate_and_count(cover, *points.T)
    assert (found == expected).all()
    assert exact > 1000
    assert len(asked) > 100
    assert max(asked) <= 100 + len(fan)


def test_coordinates_must_be_two_flat_arrays_of_one_length(rng):
    cover = build_cover(make_voronoi(3, rng))
    with pytest.raises(InputError, match=r"lon has shape \(3,\), lat \(2,\)"):
        locate(cover, np.zeros(3), np.zeros(2))
    with pytest.raises(InputError, match=r"lon has shape \(2, 2\), lat \(2, 2\)"):
        locate(cover, np.zeros((2, 2)), np.zeros((2, 2)))
    assert locate(cover, np.zeros(0), np.zeros(0)).tolist() == []


@pytest.mark.parametrize("count", [0, 5])
def test_less_than_one_thread_is_refused(count, rng):
    cover = build_cover(make_voronoi(3, rng))
    with pytest.raises(ConfigError, match="0 threads cannot work"):
        locate(cover, np.zeros(count), np.zeros(count), threads=0)


@pytest.mark.slow
def test_a_million_points_and_every_corner_and_edge_agree_with_shapely(rng):
    polygons = make_voronoi(3_500, rng)
    border = list_border_points(polygons)
    assert len(border) >= 70_000
    assert_equals_shapely(polygons, np.vstack([border, list_random_points(polygons, 1_000_000, rng)]))


REAL = {
    "New York tracts": (["nyc311/nyct2010.shp"], "BoroCT2010"),
    "Merseyside output areas": (["merseyside/oa_merseyside.parquet"], "OA11CD"),
    "Boston neighbourhoods": (["boston311_2011/neighborhood_boundaries.geojson"], "OBJECTID"),
    "Boston police districts": (["boston311_2011/police-districts-SHP.zip"], "ID"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_real_polygons_agree_with_shapely(name, rng):
    files, id_column = REAL[name]
    paths = [SHARED_DATA / file for file in files]
    if not paths[0].exists():
        pytest.skip(f"the public data {paths[0]} is not on this machine")
    frame, _ = repair_polygons(read_polygons(paths, id_column=id_column, crs=None, columns=[]))
    polygons = frame.geometry.to_numpy()
    border = list_border_points(polygons)
    border = border[rng.permutation(len(border))[:100_000]]
    assert_equals_shapely(polygons, np.vstack([border, list_random_points(polygons, 50_000, rng)]))
    assert isinstance(frame, geopandas.GeoDataFrame)


@pytest.fixture
def rng():
    return np.random.default_rng(20210601)
