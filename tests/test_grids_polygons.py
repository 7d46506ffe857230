"""Reading grid polygons: any format and coordinate system in, WGS84 with text ids out, or every fault at once."""

from __future__ import annotations

import math
import zipfile

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

from governance.errors import InputError
from governance.grids.polygons import format_ids, guess_id_column, make_hexagons, measure_areas, read_polygons
from governance.ingest.coordinates import wgs84_to_gcj02

SQUARES = [shapely.box(121.0, 29.0, 121.1, 29.1), shapely.box(121.1, 29.0, 121.2, 29.1)]


def make_frame(ids=(7, 12), geometry=None, crs="EPSG:4326", **columns):
    data = {"code": list(ids), "name": [f"甲{i}" for i in range(len(ids))], **columns}
    return geopandas.GeoDataFrame(data, geometry=geometry or SQUARES[: len(ids)], crs=crs)


def read(*paths, id_column="code", crs=None, columns=("name",)):
    return read_polygons(list(paths), id_column=id_column, crs=crs, columns=list(columns))


@pytest.mark.parametrize("name", ["g.parquet", "g.geojson", "g.shp", "g.gpkg", "g.zip"])
def test_every_format_gives_the_same_polygons(tmp_path, name):
    frame, path = make_frame(), tmp_path / name
    if name == "g.parquet":
        frame.to_parquet(path)
    elif name == "g.zip":
        frame.to_file(tmp_path / "g.shp", encoding="utf-8")
        with zipfile.ZipFile(path, "w") as archive:
            for part in tmp_path.glob("g.*"):
                if part != path:
                    archive.write(part, part.name)
    else:
        frame.to_file(path)
    result = read(path)
    assert result.crs == "EPSG:4326"
    assert result["grid_id"].tolist() == ["7", "12"]
    assert result["name"].tolist() == ["甲0", "甲1"]
    assert shapely.equals_exact(result.geometry.to_numpy(), np.array(SQUARES), tolerance=1e-12, normalize=True).all()


def test_feet_and_metres_come_out_as_degrees(tmp_path):
    path = tmp_path / "g.parquet"
    make_frame().to_crs("EPSG:4549").to_parquet(path)
    moved = read(path).geometry.to_numpy()
    assert shapely.equals_exact(moved, np.array(SQUARES), tolerance=1e-8, normalize=True).all()


def test_a_configured_system_counts_more_than_that_of_the_file(tmp_path):
    path = tmp_path / "g.parquet"
    frame = make_frame().to_crs("EPSG:4549").set_crs("EPSG:4326", allow_override=True)
    frame.to_parquet(path)
    moved = read(path, crs="EPSG:4549").geometry.to_numpy()
    assert shapely.equals_exact(moved, np.array(SQUARES), tolerance=1e-8, normalize=True).all()


def test_polygons_in_gcj_02_are_moved_back_corner_by_corner(tmp_path):
    path = tmp_path / "g.parquet"
    shifted = shapely.transform(np.array(SQUARES), lambda xy: np.column_stack(wgs84_to_gcj02(xy[:, 0], xy[:, 1])))
    make_frame(geometry=list(shifted), crs=None).to_parquet(path)
    moved = read(path, crs="gcj02").geometry.to_numpy()
    assert shapely.equals_exact(moved, np.array(SQUARES), tolerance=1e-9, normalize=True).all()


def test_several_files_are_one_set(tmp_path):
    make_frame([1], geometry=SQUARES[:1]).to_parquet(tmp_path / "a.parquet")
    make_frame([2], geometry=SQUARES[1:]).to_file(tmp_path / "b.geojson")
    assert read(tmp_path / "a.parquet", tmp_path / "b.geojson")["grid_id"].tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7, 12], ["7", "12"]),
        ([7.0, 12.0], ["7", "12"]),
        ([7.0, np.nan], ["7", None]),
        ([7.5, 12.0], ["7.5", "12.0"]),
        (["007", " x "], ["007", "x"]),
        (["", None], [None, None]),
        ([330203001001, 330203001002], ["330203001001", "330203001002"]),
    ],
)
def test_ids_are_plain_text(values, expected):
    assert format_ids(pd.Series(values)).tolist() == expected


def test_all_faults_of_all_files_come_at_once(tmp_path):
    make_frame(crs=None).to_parquet(tmp_path / "bare.parquet")
    points = make_frame(geometry=[shapely.Point(121, 29), SQUARES[0]])
    points.rename(columns={"code": "codes"}).to_parquet(tmp_path / "points.parquet")
    with pytest.raises(InputError) as error:
        read(tmp_path / "bare.parquet", tmp_path / "points.parquet", tmp_path / "none.shp")
    text = str(error.value)
    assert "bare.parquet: the file states no coordinate system" in text
    assert "points.parquet: there is no column `code`; did you mean `codes`?" in text
    assert "points.parquet: 1 of 2 rows have a Point in place of a polygon: row 1." in text
    assert "none.shp was not found" in text


def test_missing_and_repeated_ids_are_named_with_file_and_row(tmp_path):
    make_frame(["a", None]).to_parquet(tmp_path / "one.parquet")
    make_frame(["", "a"]).to_parquet(tmp_path / "two.parquet")
    with pytest.raises(InputError) as error:
        read(tmp_path / "one.parquet", tmp_path / "two.parquet")
    text = str(error.value)
    assert "one.parquet: 1 rows have no id: row 2." in text
    assert "two.parquet: 1 rows have no id: row 1." in text
    assert "the id 'a' occurs 2 times: one.parquet row 1, two.parquet row 2." in text


def test_a_missing_geometry_is_refused(tmp_path):
    make_frame(geometry=[None, SQUARES[0]]).to_parquet(tmp_path / "g.parquet")
    with pytest.raises(InputError, match=r"1 of 2 rows have no geometry in place of a polygon: row 1\."):
        read(tmp_path / "g.parquet")


def test_no_file_and_no_geo_file_are_refused(tmp_path):
    with pytest.raises(InputError, match="no grid file"):
        read()
    broken, table = tmp_path / "g.geojson", tmp_path / "t.parquet"
    broken.write_text("{}", encoding="utf-8")
    pd.DataFrame({"code": [1]}).to_parquet(table)
    with pytest.raises(InputError) as error:
        read(broken, table)
    assert "g.geojson" in str(error.value)
    assert "t.parquet" in str(error.value)


def test_an_unknown_system_is_refused(tmp_path):
    make_frame().to_parquet(tmp_path / "g.parquet")
    with pytest.raises(InputError, match="EPSG:99999"):
        read(tmp_path / "g.parquet", crs="EPSG:99999")


def test_the_id_column_is_guessed_only_when_there_is_no_doubt():
    assert guess_id_column(make_frame(), name="g") == "code"
    assert guess_id_column(make_frame(grid_id=["x", "y"], town_id=["t", "t"]), name="g") == "grid_id"
    with pytest.raises(InputError, match=r"Several could be the id \(code, fid\).*code, name, fid"):
        guess_id_column(make_frame(fid=[1, 2]), name="g")
    with pytest.raises(InputError, match="No column is an obvious id"):
        guess_id_column(make_frame([5, 5]), name="g")


def test_hexagons_have_their_centres_in_the_box():
    hexagons = make_hexagons(8, 9.0, 48.6, 9.4, 48.9)
    centres = shapely.centroid(hexagons.geometry.to_numpy())
    x, y = shapely.get_x(centres), shapely.get_y(centres)
    assert ((x >= 8.999) & (x <= 9.401) & (y >= 48.599) & (y <= 48.901)).all()
    assert hexagons["grid_id"].is_unique
    assert hexagons["grid_id"].is_monotonic_increasing
    # The box has 29.3 x 33.4 km; a hexagon of resolution 8 has about 0.69 km² there.
    assert len(hexagons) == pytest.approx(29.3 * 33.4 / 0.69, rel=0.03)
    with pytest.raises(InputError, match="is empty"):
        make_hexagons(8, 9.4, 48.6, 9.0, 48.9)
    with pytest.raises(InputError, match="finer resolution"):
        make_hexagons(4, 9.0, 48.6, 9.01, 48.61)


def test_areas_are_square_kilometres_on_the_ellipsoid():
    # One degree square at the equator: 12 308.8 km² on WGS84 (110.574 km by 111.320 km, less the curvature).
    whole = shapely.box(0, 0, 1, 1)
    holed = whole.difference(shapely.box(0.25, 0.25, 0.75, 0.75))
    areas = measure_areas(
        np.array([whole, holed, shapely.MultiPolygon([whole, shapely.box(5, 0, 6, 1)]), shapely.Polygon()])
    )
    assert areas[0] == pytest.approx(12_308.8, rel=1e-4)
    assert areas[1] == pytest.approx(areas[0] * 3 / 4, rel=1e-3)
    assert areas[2] == pytest.approx(areas[0] * 2, rel=1e-9)
    assert areas[3] == 0
    north = measure_areas(np.array([shapely.box(0, 60, 1, 61)]))[0]
    assert north / areas[0] == pytest.approx(math.cos(math.radians(60.5)), rel=0.02)
    assert measure_areas(np.array([whole.reverse()]))[0] == areas[0]
