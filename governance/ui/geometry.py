"""What the map draws, as bytes for the browser: polygons, outlines and label points, each under its content's hash.

The polygons are simplified together, so that neighbours still touch, and then drawn in a little: the gaps are the
borders. A line layer for 10,000 polygons costs twenty times the drawing time of their areas.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from governance.city import City

_SIMPLIFIED_SHARE = 0.12
_GAP_SHARE = 0.02
_STEPS_ACROSS = 2500  # a city is never drawn more coarsely than in so many steps from side to side
_DECIMALS = 5
_LETTER_SHARE = 0.4


@dataclass(frozen=True)
class Shapes:
    """The names (with hash) under which a generation's shapes are served, and their gzipped bodies."""

    grids: str
    outlines: str
    labels: str
    bodies: dict[str, bytes]
    towns: str = ""


def make_shapes(city: City) -> Shapes:
    """The shapes of a city's grids, made once per content: a new generation with the same grids has the same shapes."""
    generation = city.current.sha256
    with _LOCK:
        if generation not in _BY_GENERATION:
            _forget_old(_BY_GENERATION)
            _BY_GENERATION[generation] = _find_or_make(city.ask("ui_shapes"))
        return _BY_GENERATION[generation]


def find_body(name: str) -> bytes | None:
    """The gzipped body served under a name, if it was made and is still kept."""
    with _LOCK:
        return next((shapes.bodies[name] for shapes in _BY_CONTENT.values() if name in shapes.bodies), None)


_KEPT = 2
_LOCK = threading.Lock()
_BY_GENERATION: dict[str, Shapes] = {}
_BY_CONTENT: dict[str, Shapes] = {}


def _find_or_make(frame: pd.DataFrame) -> Shapes:
    key = hashlib.sha256("\n".join(f"{row}" for row in _list_facts(frame)).encode()).hexdigest()
    if key not in _BY_CONTENT:
        _forget_old(_BY_CONTENT)
        _BY_CONTENT[key] = _encode_shapes(frame)
    return _BY_CONTENT[key]


def _forget_old(kept: dict[str, Shapes]) -> None:
    while len(kept) >= _KEPT:
        kept.pop(next(iter(kept)))


def _list_facts(frame: pd.DataFrame) -> Iterable[Any]:
    geometries = [hashlib.md5(bytes(wkb), usedforsecurity=False).hexdigest() for wkb in frame["geometry"]]
    columns = (frame[name] for name in ("grid_id", "level_1_id", "level_2_id", "place_zh", "place_en"))
    return zip(*columns, geometries, strict=True)


def _encode_shapes(frame: pd.DataFrame) -> Shapes:
    polygons = shapely.from_wkb([bytes(wkb) for wkb in frame["geometry"]])
    simple = _simplify(polygons)
    tiling = simple if shapely.coverage_is_valid(simple) else polygons
    parts = {
        "grids": _encode_grids(frame, _draw_in(simple)),
        "outlines": _encode_outlines(frame["level_1_id"], tiling),
        "labels": _encode_labels(frame),
    }
    if frame["level_2_id"].notna().any():
        parts["towns"] = _encode_outlines(frame["level_2_id"], tiling)
    names = {part: f"{part}-{hashlib.sha256(body).hexdigest()[:20]}.json" for part, body in parts.items()}
    bodies = {names[part]: gzip.compress(body, 6, mtime=0) for part, body in parts.items()}
    return Shapes(names["grids"], names["outlines"], names["labels"], bodies, names.get("towns", ""))


def _simplify(polygons: Any) -> Any:
    """Simpler polygons without gaps between them; one that would vanish stays as it was."""
    if not len(polygons):
        return polygons
    width = float(np.median(np.sqrt(shapely.area(polygons))))
    # Real grids overlap and leave slivers; only a clean tiling can be simplified as one.
    is_tiling = shapely.coverage_is_valid(polygons)
    simplify = shapely.coverage_simplify if is_tiling else shapely.simplify
    west, south, east, north = shapely.total_bounds(polygons)
    tolerance = min(_SIMPLIFIED_SHARE * width, max(east - west, north - south) / _STEPS_ACROSS)
    simple = shapely.make_valid(simplify(polygons, tolerance), method="structure")
    return np.where(shapely.is_empty(simple), polygons, simple)


def _draw_in(polygons: Any) -> Any:
    gap = _GAP_SHARE * np.sqrt(shapely.area(polygons))
    smaller = shapely.buffer(polygons, -gap, join_style="mitre", mitre_limit=2)
    return np.where(shapely.is_empty(smaller), polygons, smaller)


def _encode_grids(frame: pd.DataFrame, polygons: Any) -> bytes:
    geometries = shapely.to_geojson(shapely.transform(polygons, _round))
    columns = (frame["grid_no"], frame["grid_id"], frame["place_zh"], frame["place_en"], geometries)
    features = (
        f'{{"type":"Feature","properties":{_dump({"n": int(no), "id": grid_id, "zh": zh, "en": en})},'
        f'"geometry":{geometry}}}'
        for no, grid_id, zh, en, geometry in zip(*columns, strict=True)
    )
    return _collect(features)


def _encode_outlines(unit_ids: pd.Series, polygons: Any) -> bytes:
    """The borders of a level's units; of the whole city where there is none."""
    units = unit_ids.fillna("").to_numpy()
    outlines = [_unite(polygons[units == unit]) for unit in sorted(set(units))]
    lines = shapely.to_geojson(shapely.transform(shapely.boundary(np.array(outlines, dtype=object)), _round))
    return _collect(f'{{"type":"Feature","properties":{{}},"geometry":{line}}}' for line in lines)


def _unite(polygons: Any) -> Any:
    """One shape of many: quickly where they tile; where they do not, the cracks between them are closed first."""
    if shapely.coverage_is_valid(polygons):
        return shapely.coverage_union_all(polygons)
    crack = _GAP_SHARE * float(np.median(np.sqrt(shapely.area(polygons))))
    wide = shapely.union_all(shapely.buffer(polygons, crack, join_style="mitre"))
    return shapely.buffer(wide, -crack, join_style="mitre")


def _encode_labels(frame: pd.DataFrame) -> bytes:
    """One point per grid with the size in metres of a letter that fits in."""
    rows = [
        {"n": int(no), "p": [round(lon, _DECIMALS), round(lat, _DECIMALS)], "s": round(1000 * _LETTER_SHARE * width)}
        for no, lon, lat, width in zip(
            frame["grid_no"], frame["lon"], frame["lat"], np.sqrt(frame["area_km2"]), strict=True
        )
    ]
    return _dump(rows).encode()


def _round(coordinates: Any) -> Any:
    return np.round(coordinates, _DECIMALS)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _collect(features: Iterable[str]) -> bytes:
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'.encode()
