"""Coordinates: published pairs of six libraries, round trips, and the places that must not move."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import ConfigError
from governance.ingest.coordinates import (
    bd09_to_gcj02,
    check_crs,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    to_wgs84,
    wgs84_to_gcj02,
)

VECTORS = Path(__file__).parents[1].parent / "shared/data/coordinates/vectors.csv"
METRES_PER_DEGREE = 111_320.0
FORWARD = {
    ("WGS84", "GCJ02"): wgs84_to_gcj02,
    ("WGS84", "BD09"): lambda lon, lat: gcj02_to_bd09(*wgs84_to_gcj02(lon, lat)),
    ("GCJ02", "BD09"): gcj02_to_bd09,
    ("GCJ02", "WGS84"): gcj02_to_wgs84,
    ("BD09", "GCJ02"): bd09_to_gcj02,
    ("BD09", "WGS84"): lambda lon, lat: to_wgs84(lon, lat, "BD-09"),
}
# Deep enough in the mainland that both the point and its shifted image are in it.
mainland_lon = st.floats(103.0, 117.0)
mainland_lat = st.floats(25.0, 40.0)
anywhere = st.floats(-200, 200) | st.sampled_from([float("nan"), float("inf"), -float("inf"), 1e300])


def read_vectors():
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS} is not here")
    with VECTORS.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def find_error_deg(row):
    """Greatest difference, in degrees, between the expected point and ours."""
    move = FORWARD[row["from_crs"], row["to_crs"]]
    lon, lat = move(np.array([float(row["lon"])]), np.array([float(row["lat"])]))
    return max(abs(lon[0] - float(row["expected_lon"])), abs(lat[0] - float(row["expected_lat"])))


def is_one_step_inverse(row):
    """Small libraries undo the offset in one step, and are off by up to a metre."""
    return row["from_crs"] != "WGS84" and row["to_crs"] != "BD09" and "gcoord" not in row["library"]


def test_every_forward_pair_and_every_iterated_inverse_agrees_within_its_tolerance():
    rows = [row for row in read_vectors() if not is_one_step_inverse(row)]
    assert len(rows) > 3_900
    assert [row for row in rows if find_error_deg(row) > float(row["tol_deg"])] == []


def test_one_step_inverses_of_small_libraries_differ_by_less_than_two_metres():
    rows = [row for row in read_vectors() if is_one_step_inverse(row) and row["library"] != "eviltransform"]
    assert len(rows) == 4
    assert max(find_error_deg(row) for row in rows) * METRES_PER_DEGREE < 2


def test_the_wrong_baidu_inverse_of_one_library_is_not_reproduced():
    trap = [row for row in read_vectors() if row["library"] == "eviltransform" and row["from_crs"] == "BD09"]
    errors_m = [find_error_deg(row) * METRES_PER_DEGREE for row in trap]
    assert len(trap) == 2
    assert all(error < 45 for error in errors_m)
    assert max(errors_m) > 10
    # ours is the one that leads back
    for row in trap:
        point = np.array([float(row["lon"])]), np.array([float(row["lat"])])
        back = gcj02_to_bd09(*wgs84_to_gcj02(*to_wgs84(*point, "BD-09")))
        assert np.allclose(back, point, rtol=0, atol=1e-9)


@given(mainland_lon, mainland_lat)
def test_gcj02_and_back_is_the_same_point_to_a_billionth_of_a_degree(lon, lat):
    moved = wgs84_to_gcj02([lon], [lat])
    back = gcj02_to_wgs84(*moved)
    assert np.allclose(back, [[lon], [lat]], rtol=0, atol=1e-9)
    offset_m = np.hypot((moved[0][0] - lon) * np.cos(np.radians(lat)), moved[1][0] - lat) * METRES_PER_DEGREE
    assert 50 < offset_m < 1_000


@given(mainland_lon, mainland_lat)
def test_bd09_and_back_is_the_same_point_to_a_hundredth_of_a_millimetre(lon, lat):
    back = bd09_to_gcj02(*gcj02_to_bd09([lon], [lat]))
    error_deg = np.abs(np.array(back) - [[lon], [lat]]).max()
    assert error_deg * METRES_PER_DEGREE < 1e-5


@given(st.lists(st.tuples(anywhere, anywhere), max_size=20), st.sampled_from(["EPSG:4326", "GCJ-02", "BD-09"]))
def test_any_numbers_keep_their_shape_and_only_missing_points_are_missing(points, crs):
    lon, lat = np.array(points, dtype=float).reshape(-1, 2).T
    out_lon, out_lat = to_wgs84(lon, lat, crs)
    assert out_lon.shape == lon.shape
    assert (np.isnan(out_lon) == np.isnan(lon)).all()
    assert (np.isnan(out_lat) == np.isnan(lat)).all()


@given(st.lists(st.tuples(st.floats(70, 140), st.floats(0, 60)), min_size=1, max_size=30))
def test_a_point_moves_the_same_alone_and_in_a_crowd(points):
    lon, lat = np.array(points).T
    together = np.array(wgs84_to_gcj02(lon, lat))
    alone = np.array([wgs84_to_gcj02([x], [y]) for x, y in points])[:, :, 0].T
    assert np.array_equal(together, alone)


@pytest.mark.parametrize(
    ("place", "lon", "lat"),
    [
        ("Hong Kong, Central", 114.158321, 22.28451),
        ("Hong Kong, Sha Tin", 114.195, 22.381),
        ("Hong Kong, airport", 113.915, 22.308),
        ("Hong Kong, Tai O", 113.862, 22.254),
        ("Macao, peninsula", 113.545, 22.195),
        ("Macao, Coloane", 113.570, 22.120),
        ("Taipei", 121.565, 25.033),
        ("Kaohsiung", 120.301, 22.627),
        ("Penghu, Magong", 119.566, 23.565),
        ("Kinmen", 118.320, 24.435),
        ("Matsu, Nangan", 119.940, 26.155),
        ("Kuching", 110.32592, 1.46692),
        ("Tokyo", 139.767, 35.681),
        ("Seoul", 126.978, 37.566),
        ("Osaka", 135.502, 34.694),
        ("Manila", 120.984, 14.599),
        ("Bangkok", 100.501, 13.756),
        ("Delhi", 77.209, 28.614),
        ("Ulaanbaatar", 106.917, 47.918),
        ("Denver", -104.9903, 39.7392),
        ("Rio de Janeiro", -43.1729, -22.9068),
    ],
)
def test_nothing_moves_abroad_nor_in_hong_kong_macao_and_taiwan(place, lon, lat):
    for move in (wgs84_to_gcj02, gcj02_to_wgs84, gcj02_to_bd09, bd09_to_gcj02):
        assert [values[0] for values in move([lon], [lat])] == [lon, lat], place


@pytest.mark.parametrize(
    ("place", "lon", "lat"),
    [
        ("Ningbo", 121.5440, 29.8683),
        ("Shenzhen, Luohu", 114.1186, 22.5480),
        ("Shenzhen, Futian port", 114.0690, 22.5190),
        ("Shenzhen, Shekou", 113.9160, 22.4870),
        ("Zhuhai, Gongbei", 113.5480, 22.2230),
        ("Zhuhai, Hengqin", 113.5200, 22.1300),
        ("Xiamen", 118.0894, 24.4798),
        ("Pingtan", 119.7900, 25.5000),
        ("Mohe", 122.5380, 52.9720),
        ("Fuyuan", 134.3080, 48.3650),
        ("Hunchun", 130.3660, 42.8620),
        ("Ruili", 97.8520, 24.0130),
        ("Tashkurgan", 75.2300, 37.7750),
        ("Hekou", 103.9390, 22.5290),
        ("Sanya", 109.5120, 18.2530),
        ("Shengsi", 122.4500, 30.7300),
        ("Altay", 88.1400, 47.8400),
        ("Burang", 81.1770, 30.2900),
    ],
)
def test_the_mainland_is_shifted_up_to_its_borders_and_back(place, lon, lat):
    moved = wgs84_to_gcj02([lon], [lat])
    assert abs(moved[0][0] - lon) > 1e-4, place
    assert np.allclose(gcj02_to_wgs84(*moved), [[lon], [lat]], rtol=0, atol=1e-9), place
    assert np.allclose(to_wgs84(*gcj02_to_bd09(*moved), "BD-09"), [[lon], [lat]], rtol=0, atol=1e-9), place


def test_feet_of_new_york_become_degrees_and_points_beyond_the_projection_become_missing():
    # The corner (x0, y0) of EPSG:2263: 984,250 ft east, 0 north lies on 74° W, 40° 10' N.
    lon, lat = to_wgs84([984_250.0, np.nan, np.inf], [0.0, 1.0, 1.0], "epsg:2263")
    assert lon[0] == pytest.approx(-74.0, abs=1e-4)
    assert lat[0] == pytest.approx(40.0 + 10 / 60, abs=1e-4)
    assert np.isnan(lon[1:]).all()
    assert np.isnan(lat[1:]).all()


def test_the_input_is_never_changed():
    lon, lat = np.array([121.5, np.nan]), np.array([29.9, 29.9])
    for crs in ("EPSG:4326", "GCJ-02", "BD-09"):
        out = to_wgs84(lon, lat, crs)
        out[0][:] = 0
    assert lon[0] == 121.5


@pytest.mark.parametrize(
    ("text", "expected"),
    [("gcj02", "GCJ-02"), ("GCJ_02", "GCJ-02"), ("bd-09", "BD-09"), ("BD09LL", "BD-09"), (" epsg:4490 ", "EPSG:4490")],
)
def test_the_names_of_systems_are_read_generously(text, expected):
    assert check_crs(text) == expected


@pytest.mark.parametrize("text", ["", "banana", "EPSG:999999", "GCJ-03"])
def test_an_unknown_system_is_refused_with_a_sentence(text):
    with pytest.raises(ConfigError, match="write an EPSG code"):
        check_crs(text)


def test_unequal_shapes_are_refused():
    with pytest.raises(ValueError, match="must be equal"):
        to_wgs84([1.0, 2.0], [1.0], "EPSG:4326")
