"""Points for the browser, tile by tile: incidents and overdue cases, several near each other as one; letters; heat.

Web Mercator tiles of 512 pixels, as deck.gl asks for them. Far out a tile gives one mark per cell of 64 pixels, at the
mean place of what lies in it; from `POINT_ZOOM` on every point stands for itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from governance.city import City
from governance.ui.city_cache import keep_with_city
from governance.ui.palette import TIER_LETTERS

KINDS = ("incidents", "overdue")
POINT_ZOOM = 14
_CELLS = 8  # a side of a tile, so 64 pixels each
_HEAT_DEGREES = 0.002
_HIGHEST_LATITUDE = 85.05
# Letters are four tenths of their grid's width, and drawn from six pixels on.
_LETTER_SHARE = 0.4
_LEAST_LETTER_PX = 6
_METRES_A_PIXEL = 78_271.517  # at the equator at zoom 0, of tiles of 512 pixels
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """What a map is about: a scenario, and the unit whose tiers it shows (level 0, unit "": the whole city)."""

    scenario: str
    level: int = 0
    unit_id: str = ""


@dataclass(frozen=True)
class Points:
    """Places in degrees (n), and as shares of the Mercator square from its north-western corner (n)."""

    lon: Floats
    lat: Floats
    x: Floats
    y: Floats


@dataclass(frozen=True)
class Letters:
    """Letters of grids: their places, sizes in metres and tiers (n each)."""

    points: Points
    size_m: Floats
    tiers: npt.NDArray[np.object_]


@keep_with_city(64)
def find_points(city: City, kind: str, subject: Subject) -> Points:
    """The places of `incidents` (last 28 days) or `overdue` cases, kept for the next tile."""
    frame = city.ask(f"ui_map_{kind}", **asdict(subject))
    return place_points(frame["lon"].to_numpy(np.float64), frame["lat"].to_numpy(np.float64))


def place_points(lon: Floats, lat: Floats) -> Points:
    """Points from degrees, WGS84."""
    radians = np.radians(np.clip(lat, -_HIGHEST_LATITUDE, _HIGHEST_LATITUDE))
    return Points(lon, lat, (lon + 180) / 360, (1 - np.arcsinh(np.tan(radians)) / np.pi) / 2)


def encode_tile(points: Points, *, zoom: int, column: int, row: int) -> bytes:
    """The GeoJSON of one tile: `c` is how many points a mark stands for; no point is in two tiles or in none."""
    inside = _find_inside(points, zoom, column, row)
    lon, lat = points.lon[inside], points.lat[inside]
    count = np.ones(len(lon), dtype=np.int64)
    if zoom < POINT_ZOOM:
        cells = 2**zoom * _CELLS
        cell = (points.x[inside] * cells).astype(int) * cells + (points.y[inside] * cells).astype(int)
        _, owner, count = np.unique(cell, return_inverse=True, return_counts=True)
        lon, lat = np.bincount(owner, lon) / count, np.bincount(owner, lat) / count
    return _collect(
        _make_feature(east, north, {"c": int(number)}) for east, north, number in zip(lon, lat, count, strict=True)
    )


@keep_with_city(64)
def find_letters(city: City, subject: Subject) -> Letters:
    """The red and yellow grids, kept for the next tile."""
    frame = city.ask("ui_map_letters", **asdict(subject))
    points = place_points(frame["lon"].to_numpy(np.float64), frame["lat"].to_numpy(np.float64))
    return Letters(points, _LETTER_SHARE * frame["width_m"].to_numpy(np.float64), frame["tier"].to_numpy(object))


def encode_letters(letters: Letters, *, zoom: int, column: int, row: int) -> bytes:
    """The GeoJSON of one tile: letter `t` and size `s` in metres, of those that are large enough to be read there."""
    points = letters.points
    metres_a_pixel = _METRES_A_PIXEL * np.cos(np.radians(points.lat)) / 2 ** (zoom + 1)
    # The last tiles serve every zoom that follows.
    is_large = (letters.size_m >= _LEAST_LETTER_PX * metres_a_pixel) | (zoom >= POINT_ZOOM)
    kept = np.flatnonzero(_find_inside(points, zoom, column, row) & is_large)
    features = [
        _make_feature(
            points.lon[at], points.lat[at], {"t": TIER_LETTERS[letters.tiers[at]], "s": round(letters.size_m[at])}
        )
        for at in kept
    ]
    return _collect(features)


def encode_heat(points: Points) -> bytes:
    """Points counted in squares of about 200 m: place `p` and weight `w`."""
    squares = np.round(np.column_stack([points.lon, points.lat]) / _HEAT_DEGREES).astype(np.int64)
    places, weights = np.unique(squares, axis=0, return_counts=True)
    rows = [
        {"p": [round(float(lon), 4), round(float(lat), 4)], "w": int(weight)}
        for (lon, lat), weight in zip(places * _HEAT_DEGREES, weights, strict=True)
    ]
    return json.dumps(rows, separators=(",", ":")).encode()


def _find_inside(points: Points, zoom: int, column: int, row: int) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = (np.floor(points.x * 2**zoom) == column) & (np.floor(points.y * 2**zoom) == row)
    return inside


def _make_feature(lon: float, lat: float, properties: dict[str, Any]) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": [round(float(lon), 5), round(float(lat), 5)]}
    return {"type": "Feature", "properties": properties, "geometry": place}


def _collect(features: Iterable[dict[str, Any]]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}, separators=(",", ":")).encode()
