"""Distances to the city, compared with the ellipsoid's."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely

from governance.grids.outside import measure_outside_km

CITY = np.array([shapely.box(121.0, 29.5, 121.5, 30.0), shapely.box(121.5, 29.5, 122.0, 30.0)])


def test_a_point_inside_or_on_the_border_is_not_outside() -> None:
    assert measure_outside_km(CITY, np.array([121.2, 121.5, 122.0]), np.array([29.7, 29.8, 30.0])).tolist() == [0, 0, 0]


@pytest.mark.parametrize(("lon", "lat", "nearest"), [(122.1, 29.75, (122.0, 29.75)), (121.3, 30.4, (121.3, 30.0))])
def test_the_distance_is_that_of_the_ellipsoid_within_one_percent(
    lon: float, lat: float, nearest: tuple[float, float]
) -> None:
    _, _, metres = pyproj.Geod(ellps="WGS84").inv(lon, lat, *nearest)
    assert measure_outside_km(CITY, np.array([lon]), np.array([lat]))[0] == pytest.approx(metres / 1000, rel=0.01)
