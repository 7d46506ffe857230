"""Coordinate systems of input files, brought to WGS84: any EPSG, and the Chinese offsets GCJ-02 and BD-09.

All functions take and give degrees as float64 arrays of one shape; NaN stays NaN, nothing is raised for a point.

GCJ-02 and BD-09 shift points of mainland China only. Whether a point is shifted is decided by
- the bounding box that every library of the field uses, then an own coarse outline of the mainland, widened by one
  degree so that no mainland point is left out (the price: a strip abroad along the land borders is shifted too);
- own coarse outlines of Hong Kong, Macao and Taiwan (with Penghu, Kinmen, Matsu), good to about 500 m: identity.
Libraries disagree here: most shift Hong Kong and everything in the bounding box, as far as Borneo.

A point in GCJ-02 may lie in Hong Kong while its origin lies north of the border. Such points are read as mainland
ones, because only mainland systems write GCJ-02. For points of Hong Kong, Macao, Kinmen within 700 m of the border the
way back is therefore ambiguous; farther inside it is exact.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray

from governance.errors import ConfigError

Degrees = NDArray[np.float64]
Pair = tuple[Degrees, Degrees]

# The ellipsoid of Krasovsky, on which the offset is defined.
_RADIUS_M = 6_378_245.0
_ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943
_BD_PERIOD = np.pi * 3000 / 180
_MAX_ROUNDS = 6
_ENOUGH_DEG = 1e-11


def check_crs(text: str) -> str:
    """The usual spelling of a coordinate system: "EPSG:<number>", "GCJ-02" or "BD-09"; else raises ConfigError."""
    name = text.strip().upper().replace("_", "-").replace(" ", "")
    chinese = {"GCJ02": "GCJ-02", "BD09": "BD-09", "BD09LL": "BD-09"}.get(name.replace("-", ""))
    if chinese:
        return chinese
    try:
        _find_transformer(name)
    except pyproj.exceptions.ProjError as error:
        raise ConfigError(
            f"crs {text!r} is no coordinate system we know; write an EPSG code such as EPSG:4326 or EPSG:4490, "
            "or GCJ-02, or BD-09."
        ) from error
    return name


def to_wgs84(lon: ArrayLike, lat: ArrayLike, crs: str) -> Pair:
    """(lon, lat) in WGS84 of points given as (x or longitude, y or latitude) in `crs`.

    Points that the projection cannot place become NaN. Raises ConfigError for an unknown `crs`.
    """
    x, y = _read_points(lon, lat)
    name = check_crs(crs)
    if name == "EPSG:4326":
        return x.copy(), y.copy()
    if name == "GCJ-02":
        return gcj02_to_wgs84(x, y)
    if name == "BD-09":
        return gcj02_to_wgs84(*bd09_to_gcj02(x, y))
    moved = [np.asarray(values, dtype=np.float64) for values in _find_transformer(name).transform(x, y)]
    lost = ~(np.isfinite(moved[0]) & np.isfinite(moved[1]))
    return np.where(lost, np.nan, moved[0]), np.where(lost, np.nan, moved[1])


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """WGS84 → GCJ-02; the published offset formula (mean 405 m, at most 700 m)."""
    x, y = _read_points(lon, lat)
    return _apply_where(_is_in_mainland(x, y), _add_offset, x, y)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """GCJ-02 → WGS84 by fixed-point iteration: undoes `wgs84_to_gcj02` to about 1e-9 degrees."""
    x, y = _read_points(lon, lat)
    return _apply_where(_is_shifted(x, y), _remove_offset, x, y)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """GCJ-02 → BD-09 by Baidu's published formula."""
    x, y = _read_points(lon, lat)
    return _apply_where(_is_shifted(x, y), _add_baidu, x, y)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """BD-09 → GCJ-02; the published inverse (off by up to 0.22 m) refined until the way back is below 1e-5 m."""
    x, y = _read_points(lon, lat)
    back = _apply_where(_is_in_box(x, y), _remove_baidu, x, y)
    return _apply_where(_is_shifted(*back), _remove_baidu, x, y)


def _read_points(lon: ArrayLike, lat: ArrayLike) -> Pair:
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if x.shape != y.shape:
        raise ValueError(f"longitudes have the shape {x.shape}, latitudes {y.shape}; they must be equal.")
    return x, y


def _apply_where(mask: NDArray[np.bool_], move: Any, x: Degrees, y: Degrees) -> Pair:
    out_x, out_y = x.copy(), y.copy()
    out_x[mask], out_y[mask] = move(x[mask], y[mask])
    return out_x, out_y


def _add_offset(lon: Degrees, lat: Degrees) -> Pair:
    """GCJ-02 of points already known to be shifted."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    short = (20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)) * 2 / 3
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + short
    north_m += (20 * np.sin(np.pi * y) + 40 * np.sin(np.pi / 3 * y)) * 2 / 3
    north_m += (160 * np.sin(np.pi / 12 * y) + 320 * np.sin(np.pi / 30 * y)) * 2 / 3
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + short
    east_m += (20 * np.sin(np.pi * x) + 40 * np.sin(np.pi / 3 * x)) * 2 / 3
    east_m += (150 * np.sin(np.pi / 12 * x) + 300 * np.sin(np.pi / 30 * x)) * 2 / 3
    phi = np.radians(lat)
    magic = 1 - _ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    meridian_m = _RADIUS_M * (1 - _ECCENTRICITY_SQUARED) / magic**1.5
    parallel_m = _RADIUS_M / np.sqrt(magic) * np.cos(phi)
    return lon + np.degrees(east_m / parallel_m), lat + np.degrees(north_m / meridian_m)


def _remove_offset(lon: Degrees, lat: Degrees) -> Pair:
    return _solve(_add_offset, lon, lat, start=(lon, lat))


def _add_baidu(lon: Degrees, lat: Degrees) -> Pair:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_PERIOD)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_PERIOD)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _remove_baidu(lon: Degrees, lat: Degrees) -> Pair:
    return _solve(_add_baidu, lon, lat, start=(lon - 0.0065, lat - 0.006))


def _solve(forward: Any, lon: Degrees, lat: Degrees, *, start: Pair) -> Pair:
    """The points that `forward` moves to (lon, lat); each round shrinks the error about a hundredfold."""
    x, y = start
    for _ in range(_MAX_ROUNDS):
        moved_x, moved_y = forward(x, y)
        step_x, step_y = lon - moved_x, lat - moved_y
        x, y = x + step_x, y + step_y
        if not x.size or max(np.abs(step_x).max(), np.abs(step_y).max()) < _ENOUGH_DEG:
            break
    return x, y


def _is_shifted(lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
    """Whether GCJ-02 points were moved: they, or the points they would come from, lie in the mainland."""
    shifted = _is_in_mainland(lon, lat)
    unsure = _is_in_box(lon, lat) & ~shifted
    shifted[unsure] = _is_in_mainland(*_remove_offset(lon[unsure], lat[unsure]))
    return shifted


def _is_in_box(lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
    west, south, east, north = _BOX
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _is_in_mainland(lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
    inside = _is_in_box(lon, lat)
    inside[inside] = shapely.contains_xy(_find_outline(), lon[inside], lat[inside])
    for region in _find_exceptions():
        west, south, east, north = region.bounds
        near = inside & (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        inside[near] = ~shapely.intersects_xy(region, lon[near], lat[near])
    return inside


@cache
def _find_transformer(crs: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)


@cache
def _find_outline() -> shapely.Polygon:
    outline = shapely.Polygon(_MAINLAND).buffer(1.0)
    shapely.prepare(outline)
    return outline


@cache
def _find_exceptions() -> tuple[shapely.Polygon, ...]:
    regions = tuple(shapely.Polygon(ring) for ring in (_HONG_KONG, _MACAO, _TAIWAN, _KINMEN, _MATSU))
    shapely.prepare(regions)
    return regions


_BOX = (72.004, 0.8293, 137.8347, 55.8271)
# Rough outlines, drawn for this file; longitude, latitude.
_MAINLAND = (
    (135.1, 48.4), (131.0, 47.8), (130.6, 48.9), (127.6, 50.3), (126.0, 52.9), (123.3, 53.6), (120.1, 53.3),
    (119.9, 52.4), (117.8, 49.6), (116.6, 49.9), (115.4, 48.1), (115.6, 47.4), (111.8, 45.1), (111.6, 43.8),
    (105.0, 41.6), (100.0, 42.7), (96.4, 42.8), (95.3, 44.3), (91.0, 45.3), (90.7, 46.5), (87.8, 49.2),
    (85.5, 48.2), (82.3, 45.5), (80.0, 45.0), (80.2, 42.2), (76.0, 40.5), (73.5, 39.5), (74.8, 37.2),
    (77.8, 35.4), (78.8, 32.4), (81.0, 30.0), (86.0, 27.9), (88.9, 27.2), (91.6, 26.9), (97.3, 27.8),
    (98.4, 25.5), (97.5, 23.9), (99.1, 22.0), (101.2, 21.2), (102.2, 22.4), (105.3, 23.1), (106.7, 21.9),
    (108.0, 21.4), (108.4, 18.4), (110.8, 15.8), (113.2, 15.8), (111.4, 20.0), (114.5, 22.0), (117.5, 23.3),
    (119.9, 25.3), (122.4, 29.5), (122.3, 31.5), (121.0, 33.0), (120.0, 35.0), (122.8, 37.2), (121.5, 38.8),
    (124.4, 40.0), (126.9, 41.6), (129.0, 42.0), (130.7, 42.4), (131.3, 43.5), (131.1, 44.8), (133.1, 45.1),
    (134.8, 47.7),
)  # fmt: skip
_HONG_KONG = (
    (114.0300, 22.5000), (114.0460, 22.5030), (114.0560, 22.5050), (114.0660, 22.5155), (114.0780, 22.5170),
    (114.0900, 22.5240), (114.1020, 22.5310), (114.1140, 22.5300), (114.1210, 22.5370), (114.1360, 22.5420),
    (114.1480, 22.5440), (114.1560, 22.5540), (114.1650, 22.5600), (114.1780, 22.5580), (114.2050, 22.5570),
    (114.2230, 22.5470), (114.2480, 22.5530), (114.3000, 22.5560), (114.4200, 22.5620), (114.4560, 22.5560),
    (114.4650, 22.5200), (114.5020, 22.4400), (114.5020, 22.1500), (113.8360, 22.1450), (113.8300, 22.2200),
    (113.8650, 22.3400), (113.8650, 22.4200), (113.8950, 22.4450), (113.9450, 22.4680), (113.9900, 22.4930),
)  # fmt: skip
_MACAO = (
    (113.5290, 22.2130), (113.5400, 22.2140), (113.5490, 22.2160), (113.5570, 22.2140), (113.5750, 22.2030),
    (113.6100, 22.1700), (113.6100, 22.1000), (113.5470, 22.1000), (113.5470, 22.1250), (113.5505, 22.1350),
    (113.5490, 22.1500), (113.5370, 22.1600), (113.5300, 22.1820), (113.5285, 22.2000),
)  # fmt: skip
_TAIWAN = (
    (119.20, 23.10), (119.90, 22.00), (120.50, 21.70), (121.80, 21.70), (122.30, 24.50), (122.30, 25.80),
    (121.40, 25.50), (120.40, 24.60), (119.50, 23.90), (119.20, 23.60),
)  # fmt: skip
_KINMEN = ((118.20, 24.38), (118.50, 24.38), (118.50, 24.53), (118.42, 24.53), (118.28, 24.50), (118.20, 24.45))
_MATSU = (
    (119.90, 25.92), (120.02, 25.92), (120.55, 26.30), (120.55, 26.42), (120.40, 26.42), (119.95, 26.27),
    (119.90, 26.22),
)  # fmt: skip
