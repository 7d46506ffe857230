"""How far outside the city a point lies: a few metres beside a border, or on another continent."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

_KM_A_DEGREE = 6371.0088 * np.pi / 180


def measure_outside_km(
    geometries: npt.NDArray[np.object_], lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Distance in km of each point to the nearest of the grids (degrees, WGS84); 0 inside.

    Measured on a plane that is true to scale at the city's middle latitude: good to about 1 % within 100 km,
    rough beyond, where nothing depends on it any more.
    """
    _, south, _, north = shapely.total_bounds(geometries)
    scale = np.array([np.cos(np.radians((south + north) / 2)), 1.0])
    plane = shapely.transform(geometries, lambda degrees: degrees * scale)
    points = shapely.points(lon * scale[0], lat)
    tree = shapely.STRtree(plane)
    found, distances = tree.query_nearest(points, return_distance=True, all_matches=False)
    outside_km = np.full(len(points), np.nan)
    outside_km[found[0]] = distances * _KM_A_DEGREE
    return outside_km
