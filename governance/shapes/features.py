"""Polygons, lines and label points as GeoJSON and JSON texts, rounded to a metre but for what is seen from near."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from governance.shapes.drawing import Polygons

_DECIMALS, _FINE_DECIMALS = 5, 7
_LETTER_SHARE = 0.4

GROUND = -1


def list_polygons(frame: pd.DataFrame, polygons: Polygons) -> list[str]:
    """One feature per row of the frame: number (n), id and the names of its place (zh, en)."""
    geometries = shapely.to_geojson(shapely.transform(polygons, _round))
    columns = (frame["grid_no"], frame["grid_id"], frame["place_zh"], frame["place_en"], geometries)
    return [
        f'{{"type":"Feature","properties":{_dump({"n": int(no), "id": grid_id, "zh": zh, "en": en})},'
        f'"geometry":{geometry}}}'
        for no, grid_id, zh, en, geometry in zip(*columns, strict=True)
    ]


def list_label_points(frame: pd.DataFrame) -> list[str]:
    """One point feature per row of the frame: its number (n) and the size (s, metres) of a letter that fits in."""
    return [
        f'{{"type":"Feature","properties":{_dump({"n": number, "s": size})},'
        f'"geometry":{{"type":"Point","coordinates":[{lon},{lat}]}}}}'
        for number, (lon, lat), size in _place_labels(frame)
    ]


def write_labels(frame: pd.DataFrame) -> bytes:
    """A list with one entry per row of the frame: number (n), place (p) and the letter's size (s, metres)."""
    return _dump([{"n": number, "p": place, "s": size} for number, place, size in _place_labels(frame)]).encode()


def write_lines(lines: Any) -> bytes:
    """A collection with the lines as one feature; with none where there are no lines."""
    if shapely.is_empty(lines):
        return write_collection([])
    geometry = shapely.to_geojson(shapely.transform(lines, _round))
    return write_collection([f'{{"type":"Feature","properties":{{}},"geometry":{geometry}}}'])


def write_ground(area: Any) -> str:
    """A feature that lies below the polygons and is no grid: its number is `GROUND`. It is seen as their borders."""
    nothing = _dump({"n": GROUND, "id": "", "zh": "", "en": ""})
    geometry = shapely.to_geojson(shapely.transform(area, _round))
    return f'{{"type":"Feature","properties":{nothing},"geometry":{geometry}}}'


def write_area(area: Any) -> str:
    """A feature without a name, finer than the others: what is drawn from it may be seen from very near."""
    geometry = shapely.to_geojson(shapely.transform(area, lambda places: np.round(places, _FINE_DECIMALS)))
    return f'{{"type":"Feature","properties":{{}},"geometry":{geometry}}}'


def write_collection(features: Iterable[str]) -> bytes:
    """A feature collection."""
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'.encode()


def _place_labels(frame: pd.DataFrame) -> Iterable[tuple[int, list[float], int]]:
    columns = (frame["grid_no"], frame["lon"], frame["lat"], np.sqrt(frame["area_km2"]))
    for number, lon, lat, width_km in zip(*columns, strict=True):
        place = [round(float(lon), _DECIMALS), round(float(lat), _DECIMALS)]
        yield int(number), place, round(1000 * _LETTER_SHARE * width_km)


def _round(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.round(coordinates, _DECIMALS)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
