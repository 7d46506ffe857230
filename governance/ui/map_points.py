"""Incidents and overdue cases as points for the browser: tile by tile, several near each other as one, and as heat.

Web Mercator tiles of 512 pixels, as deck.gl asks for them. Far out a tile gives one mark per cell of 64 pixels, at the
mean place of what lies in it; from `POINT_ZOOM` on every point stands for itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from governance.city import City

KINDS = ("incidents", "overdue")
POINT_ZOOM = 14
_CELLS = 8  # a side of a tile, so 64 pixels each
_HEAT_DEGREES = 0.002
_HIGHEST_LATITUDE = 85.05
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Points:
    """Places in degrees (n), and as shares of the Mercator square from its north-western corner (n)."""

    lon: Floats
    lat: Floats
    x: Floats
    y: Floats


@lru_cache(maxsize=64)
def find_points(city: City, kind: str, scenario: str) -> Points:
    """The places of one scenario's `incidents` (last 28 days) or `overdue` cases, kept for the next tile."""
    frame = city.ask(f"ui_map_{kind}", scenario=scenario)
    return place_points(frame["lon"].to_numpy(np.float64), frame["lat"].to_numpy(np.float64))


def place_points(lon: Floats, lat: Floats) -> Points:
    """Points from degrees, WGS84."""
    radians = np.radians(np.clip(lat, -_HIGHEST_LATITUDE, _HIGHEST_LATITUDE))
    return Points(lon, lat, (lon + 180) / 360, (1 - np.arcsinh(np.tan(radians)) / np.pi) / 2)


def encode_tile(points: Points, *, zoom: int, column: int, row: int) -> bytes:
    """The GeoJSON of one tile: `c` is how many points a mark stands for; no point is in two tiles or in none."""
    across, down = points.x * 2**zoom - column, points.y * 2**zoom - row
    inside = (across >= 0) & (across < 1) & (down >= 0) & (down < 1)
    lon, lat = points.lon[inside], points.lat[inside]
    if zoom >= POINT_ZOOM:
        return _collect(lon, lat, np.ones(len(lon), dtype=np.int64))
    cell = (across[inside] * _CELLS).astype(int) * _CELLS + (down[inside] * _CELLS).astype(int)
    _, owner, count = np.unique(cell, return_inverse=True, return_counts=True)
    return _collect(np.bincount(owner, lon) / count, np.bincount(owner, lat) / count, count)


def encode_heat(points: Points) -> bytes:
    """Points counted in squares of about 200 m: place `p` and weight `w`."""
    squares = np.round(np.column_stack([points.lon, points.lat]) / _HEAT_DEGREES).astype(np.int64)
    places, weights = np.unique(squares, axis=0, return_counts=True)
    rows = [
        {"p": [round(float(lon), 4), round(float(lat), 4)], "w": int(weight)}
        for (lon, lat), weight in zip(places * _HEAT_DEGREES, weights, strict=True)
    ]
    return json.dumps(rows, separators=(",", ":")).encode()


def _collect(lon: Floats, lat: Floats, count: npt.NDArray[np.int64]) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"c": int(number)},
            "geometry": {"type": "Point", "coordinates": [round(float(east), 5), round(float(north), 5)]},
        }
        for east, north, number in zip(lon, lat, count, strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":")).encode()
