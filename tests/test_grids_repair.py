"""Repairing grid polygons, and finding where they overlap or leave gaps: small cases worked by hand."""

from __future__ import annotations

import geopandas
import numpy as np
import pytest
import shapely

from governance.errors import InputError
from governance.grids.polygons import measure_areas
from governance.grids.repair import repair_polygons


def repair(*polygons, ids=None):
    ids = ids or [chr(ord("a") + i) for i in range(len(polygons))]
    frame = geopandas.GeoDataFrame({"grid_id": ids}, geometry=list(polygons), crs="EPSG:4326")
    return repair_polygons(frame)


def square(x, y, size=0.01):
    return shapely.box(121 + x, 29 + y, 121 + x + size, 29 + y + size)


def list_kinds(report):
    return list(zip(report["kind"], report["grid_id"], strict=True))


def test_clean_neighbours_give_an_empty_report():
    frame, report = repair(square(0, 0), square(0.01, 0), square(0, 0.01))
    assert report.empty
    assert list(report.columns) == ["kind", "grid_id", "detail_zh", "detail_en", "area_km2"]
    assert frame["grid_id"].tolist() == ["a", "b", "c"]


def test_grids_are_ordered_by_id_as_text():
    frame, _ = repair(square(0, 0), square(0.01, 0), square(0.02, 0), ids=["9", "10", "甲"])
    assert frame["grid_id"].tolist() == ["10", "9", "甲"]
    assert frame.geometry.iloc[0].equals(square(0.01, 0))
    assert frame.index.tolist() == [0, 1, 2]


def test_a_bow_tie_becomes_two_triangles_and_is_reported():
    tie = shapely.Polygon([(0, 0), (0.02, 0.02), (0.02, 0), (0, 0.02)])
    frame, report = repair(tie)
    assert frame.geometry.is_valid.all()
    assert frame.geometry.iloc[0].area == pytest.approx(0.0002)
    assert list_kinds(report) == [("repaired", "a"), ("multipart", "a")]
    assert "Self-intersection" in report["detail_en"].iloc[0]
    assert "已修复" in report["detail_zh"].iloc[0]


def test_a_spike_is_cut_off_and_only_areas_remain():
    spiked = shapely.Polygon([(0, 0), (0.01, 0), (0.01, 0.01), (0.01, 0.05), (0.01, 0.01), (0, 0.01)])
    frame, report = repair(spiked)
    assert frame.geometry.iloc[0].equals(shapely.box(0, 0, 0.01, 0.01))
    assert frame.geometry.iloc[0].geom_type == "Polygon"
    assert list_kinds(report) == [("repaired", "a")]
    assert report["area_km2"].iloc[0] == pytest.approx(0, abs=1e-9)


def test_a_polygon_without_area_is_refused_by_name():
    flat = shapely.Polygon([(0, 0), (1, 1), (0, 0), (0, 0)])
    with pytest.raises(InputError, match=r"(?s)nothing remains after repair.*  - b: .*  - c: "):
        repair(square(0, 0), flat, shapely.Polygon())


def test_parts_and_holes_are_reported_with_their_number():
    holed = square(0, 0, 0.05).difference(square(0.01, 0.01)).difference(square(0.03, 0.03))
    parts = shapely.MultiPolygon([square(0.1, 0), square(0.12, 0), square(0.14, 0)])
    frame, report = repair(parts, holed, square(0.01, 0.01), square(0.03, 0.03))
    assert list_kinds(report) == [("multipart", "a"), ("hole", "b")]
    assert report["detail_en"].tolist() == ["Consists of 3 separate parts", "Has 2 holes"]
    assert frame.geometry.iloc[0].geom_type == "MultiPolygon"


def test_a_third_dimension_is_left_out():
    frame, _ = repair(shapely.force_3d(square(0, 0), 5.0))
    assert not frame.geometry.has_z.any()


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(square(0.005, 0.005), id="a quarter"),
        pytest.param(square(0.002, 0.002, 0.003), id="one inside the other, touching nothing"),
        pytest.param(square(0, 0), id="the same twice"),
        pytest.param(square(0.01 - 0.001, 0), id="a strip along the border"),
        pytest.param(square(0, 0, 0.005), id="inside, sharing a corner"),
    ],
)
def test_overlaps_are_found_whatever_their_shape(second):
    first = square(0, 0)
    _, report = repair(first, second, square(0.5, 0))
    assert list_kinds(report) == [("overlap", "a")]
    expected = measure_areas(np.array([first.intersection(second)]))[0]
    assert report["area_km2"].iloc[0] == pytest.approx(expected, rel=1e-6)
    assert "Overlaps b" in report["detail_en"].iloc[0]


def test_touching_is_no_overlap_even_where_corners_do_not_fit():
    below = [square(0.01 * i, 0) for i in range(3)]
    above = shapely.box(121, 29.01, 121.03, 29.02)
    _, report = repair(*below, above, square(0.03, 0.02))
    assert report.empty


def test_a_hair_of_overlap_is_rounding_and_not_reported():
    _, report = repair(square(0, 0), square(0.01 - 1e-12, 0))
    assert report.empty


def test_land_enclosed_by_grids_but_in_none_is_a_gap():
    ring = [square(0.01 * i, 0.01 * j) for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    _, report = repair(*ring)
    assert report["kind"].tolist() == ["gap"]
    assert report["area_km2"].iloc[0] == pytest.approx(measure_areas(np.array([square(0.01, 0.01)]))[0], rel=1e-6)
    assert report["grid_id"].iloc[0] == "a"
    assert "121.01500, 29.01500" in report["detail_en"].iloc[0]


def test_a_hole_that_another_grid_fills_is_no_gap():
    holed = square(0, 0, 0.03).difference(square(0.01, 0.01))
    _, report = repair(holed, square(0.01, 0.01))
    assert list_kinds(report) == [("hole", "a")]


def test_an_open_bay_between_grids_is_no_gap():
    _, report = repair(square(0, 0), square(0.02, 0), shapely.box(121, 29.01, 121.03, 29.02))
    assert report.empty


def test_row_order_does_not_matter():
    shapes = {"a": square(0, 0), "b": square(0.005, 0), "c": square(0.3, 0, 0.03).difference(square(0.31, 0.01))}
    reports = [repair(*(shapes[name] for name in order), ids=list(order))[1] for order in ("abc", "cba", "bca")]
    for report in reports[1:]:
        assert report.equals(reports[0])
