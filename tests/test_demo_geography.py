"""The demo city's map: complete, nested, in the right place."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from governance.demo.geography import make_grids
from governance.demo.names import draw_names
from governance.demo.outlines import build_outlines, load_districts
from governance.demo.plane import to_degrees, to_km
from governance.errors import ConfigError

GEOD = pyproj.Geod(ellps="WGS84")
COMMITTED = Path(__file__).parent.parent / "data" / "grids" / "ningbo_grids.parquet"


@pytest.fixture(scope="module")
def grids():
    return make_grids(7, 400)


@pytest.fixture(scope="module")
def whole_city():
    return gpd.read_parquet(COMMITTED)


def measure_km2(geometry):
    return abs(GEOD.geometry_area_perimeter(geometry)[0]) / 1e6


def test_polygons_are_a_coverage_without_gaps_or_overlaps(grids):
    polygons = grids.geometry.to_numpy()
    assert shapely.is_valid(polygons).all()
    assert (shapely.get_type_id(polygons) == 3).all()
    assert shapely.coverage_is_valid(polygons)
    union = shapely.union_all(polygons)
    assert union.area == pytest.approx(shapely.area(polygons).sum(), rel=1e-12)
    assert sum(len(part.interiors) for part in shapely.get_parts(union)) == 0


def test_coordinates_have_six_decimals(grids):
    xy = shapely.get_coordinates(grids.geometry.to_numpy())
    assert (np.round(xy, 6) == xy).all()


def test_ids_are_unique_sorted_and_nested(grids):
    assert grids.grid_id.is_unique
    assert grids.grid_id.is_monotonic_increasing
    assert grids.grid_id.map(lambda name: bool(re.fullmatch(r"\d{6}-\d{3}-\d{3}-\d{2}", name))).all()
    for outer, inner in (("district_id", "town_id"), ("town_id", "community_id"), ("community_id", "grid_id")):
        assert all(b.startswith(a + "-") for a, b in zip(grids[outer], grids[inner], strict=True))


def test_names_are_unique_within_their_parent(grids):
    towns = grids.drop_duplicates("town_id")
    communities = grids.drop_duplicates("community_id")
    assert towns.town_zh.is_unique
    assert not communities.duplicated(["town_id", "community_zh"]).any()


def test_the_same_seed_gives_the_same_city_and_another_seed_another():
    one, same, other = make_grids(3, 60), make_grids(3, 60), make_grids(4, 60)
    assert one.equals(same)
    assert not one.geometry.geom_equals(other.geometry).all()


def test_a_city_of_fewer_than_two_grids_a_district_is_refused():
    with pytest.raises(ConfigError, match="19 grids are too few"):
        make_grids(1, 19)


@pytest.mark.parametrize("seed", range(12))
def test_outlines_fit_together_whatever_the_seed(seed):
    outlines = build_outlines(seed)
    assert all(outline.is_valid for outline in outlines.values())
    assert shapely.coverage_is_valid(list(outlines.values()))


def test_districts_have_about_their_true_areas_in_the_committed_city(whole_city):
    whole_city = whole_city.assign(km2=[measure_km2(polygon) for polygon in whole_city.geometry])
    found = whole_city.groupby("district_id").km2.sum()
    for district in load_districts():
        assert found[district.code] == pytest.approx(district.area_km2, rel=0.1), district.name_en
    assert found.sum() == pytest.approx(9_800, rel=0.03)


def test_the_committed_city_has_the_sizes_that_the_readme_says(whole_city):
    assert 9_900 <= len(whole_city) <= 10_100
    assert 140 <= whole_city.town_id.nunique() <= 160
    assert 1_500 <= whole_city.community_id.nunique() <= 2_000
    assert shapely.coverage_is_valid(whole_city.geometry.to_numpy())
    assert COMMITTED.stat().st_size <= 3_000_000


def test_grids_are_small_in_the_core_and_wide_in_the_hills(whole_city):
    core = whole_city[shapely.intersects(whole_city.geometry.to_numpy(), shapely.Point(121.55, 29.87).buffer(0.02))]
    hills = whole_city[shapely.intersects(whole_city.geometry.to_numpy(), shapely.Point(121.08, 29.75).buffer(0.03))]
    core_km2, hills_km2 = (np.median([measure_km2(polygon) for polygon in part.geometry]) for part in (core, hills))
    assert core_km2 < 0.2
    assert hills_km2 > 1.5


def test_residents_add_up_to_the_districts_totals(grids):
    found = grids.groupby("district_id").population.sum()
    for district in load_districts():
        assert found[district.code] == pytest.approx(district.population, rel=1e-3)


def test_names_are_drawn_without_repetition_and_are_numbered_past_the_supply():
    rng = np.random.default_rng(0)
    names = draw_names(rng, 600, suffixes=[("村", "Village")] * 600)
    assert len(set(names)) == 600
    assert not any("第" in zh or any(map(str.isdigit, en)) for zh, en in names)
    names = draw_names(rng, 1500, suffixes=[("村", "Village")] * 1500)
    assert len({zh for zh, _ in names}) == 1500
    assert [len([zh for zh, _ in names if f"第{number}" in zh]) for number in (2, 3)] == [672, 1500 - 2 * 672]


def test_the_plane_goes_there_and_back():
    points = np.array([[121.555, 29.876], [120.9, 30.3]])
    assert to_km(points)[0] == pytest.approx([0, 0])
    assert to_degrees(to_km(points)) == pytest.approx(points)
