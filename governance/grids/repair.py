"""Grid polygons made fit for the join: invalid ones repaired, overlaps and gaps found, everything reported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from governance.errors import InputError, join_faults
from governance.grids.polygons import guess_id_column, measure_areas, read_polygons, read_vector

TOLERANCE_KM2 = 1e-6  # one square metre: less is rounding of the file's coordinates
REPORT_COLUMNS = ("kind", "grid_id", "detail_zh", "detail_en", "area_km2")

Geometries = NDArray[np.object_]


def repair_polygons(frame: geopandas.GeoDataFrame) -> tuple[geopandas.GeoDataFrame, pd.DataFrame]:
    """The frame ordered by grid_id (plain text order, so row = grid_no) with valid polygons; and the report.

    Report: kind (repaired, multipart, hole, overlap, gap), grid_id, detail_zh, detail_en, area_km2. Overlaps name
    two grids, the smaller id as grid_id; a gap is land enclosed by grids that belongs to none, named by a grid at
    its border. Raises InputError for polygons of which nothing remains.
    """
    frame = frame.sort_values("grid_id", kind="stable", ignore_index=True)
    original = frame.geometry.to_numpy()
    mended = _mend(frame)
    repaired, grid_id = mended.geometry.to_numpy(), frame["grid_id"].to_numpy(dtype=object)
    rows = [
        *_report_repaired(original, repaired, grid_id),
        *_report_parts(repaired, grid_id),
        *_report_overlaps(repaired, grid_id),
        *_report_gaps(repaired, grid_id),
    ]
    report = pd.DataFrame(rows, columns=list(REPORT_COLUMNS)).astype({"area_km2": float})
    return mended, report


def read_sound_polygons(path: Path, *, id_column: str | None = None, crs: str | None = None) -> geopandas.GeoDataFrame:
    """grid_id and geometry of one file, read, repaired and ordered as in a build, without the report.

    The column of the id is guessed where none is given. Raises InputError or ConfigError with all faults.
    """
    column = id_column or guess_id_column(read_vector(path), name=path.name)
    frame = read_polygons([path], id_column=column, crs=crs, columns=[])
    return _mend(frame.sort_values("grid_id", kind="stable", ignore_index=True))


def _mend(frame: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    repaired = _make_valid(frame.geometry.to_numpy())
    _refuse_empty(repaired, frame["grid_id"].to_numpy(dtype=object))
    return frame.set_geometry(geopandas.GeoSeries(repaired, index=frame.index, crs=frame.crs))


def _make_valid(original: Geometries) -> Geometries:
    """Valid polygons and multipolygons in two dimensions; what is no area is left out."""
    repaired: Geometries = shapely.force_2d(original)
    broken = np.flatnonzero(~shapely.is_valid(repaired))
    mended = shapely.make_valid(repaired[broken], method="structure", keep_collapsed=False)
    repaired[broken] = [_keep_polygons(geometry) for geometry in mended]
    return repaired


def _keep_polygons(geometry: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shapely.get_parts(geometry))
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)


def _refuse_empty(repaired: Geometries, grid_id: NDArray[np.object_]) -> None:
    empty = grid_id[shapely.is_empty(repaired)]
    if len(empty):
        faults = [f"{name}: the polygon has no area; draw it anew or take the row out." for name in empty]
        raise InputError(join_faults("Of these grids nothing remains after repair:", faults))


def _report_repaired(original: Geometries, repaired: Geometries, grid_id: NDArray[np.object_]) -> Iterator[Any]:
    broken = np.flatnonzero(~shapely.is_valid(original))
    reasons = shapely.is_valid_reason(original[broken])
    # How much of the map changed hands: what the repair added and took, measured where both are planar.
    changed_km2 = np.abs(measure_areas(repaired[broken]) - measure_areas(original[broken]))
    for row, reason, area in zip(broken, reasons, changed_km2, strict=True):
        zh = f"几何无效（{reason}），已修复，面积变化 {area:.6f} 平方公里"
        yield (
            "repaired",
            grid_id[row],
            zh,
            f"Invalid geometry ({reason}) repaired; area changed by {area:.6f} km²",
            area,
        )


def _report_parts(repaired: Geometries, grid_id: NDArray[np.object_]) -> Iterator[Any]:
    parts, owner = shapely.get_parts(repaired, return_index=True)
    count = np.bincount(owner, minlength=len(repaired))
    holes = np.bincount(owner, weights=shapely.get_num_interior_rings(parts), minlength=len(repaired)).astype(int)
    area_km2 = measure_areas(repaired)
    for row in np.flatnonzero(count > 1):
        text = f"由 {count[row]} 个分离部分组成", f"Consists of {count[row]} separate parts"
        yield "multipart", grid_id[row], *text, area_km2[row]
    for row in np.flatnonzero(holes):
        text = f"含 {holes[row]} 个洞", f"Has {holes[row]} hole{'s' if holes[row] > 1 else ''}"
        yield "hole", grid_id[row], *text, area_km2[row]


def _report_overlaps(repaired: Geometries, grid_id: NDArray[np.object_]) -> Iterator[Any]:
    first, second = _find_overlapping(repaired)
    shared = shapely.intersection(repaired[first], repaired[second])
    area_km2 = measure_areas(np.array([_keep_polygons(part) for part in shared], dtype=object))
    for a, b, area in zip(first, second, area_km2, strict=True):
        if area > TOLERANCE_KM2:
            zh = f"与 {grid_id[b]} 重叠 {area:.6f} 平方公里；其中的点归 {grid_id[a]}"
            en = f"Overlaps {grid_id[b]} by {area:.6f} km²; points there belong to {grid_id[a]}"
            yield "overlap", grid_id[a], zh, en, area


def _find_overlapping(geometries: Geometries) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (a < b) of polygons whose interiors meet.

    Only polygons whose border does not fit their neighbours' corner for corner are compared at all: in a clean
    set there are none, whatever its size.
    """
    suspicious = ~shapely.is_empty(shapely.coverage_invalid_edges(geometries))
    rows = np.flatnonzero(suspicious)
    tree = shapely.STRtree(geometries)
    a, b = tree.query(geometries[rows], predicate="intersects")
    first, second = np.minimum(rows[a], b), np.maximum(rows[a], b)
    pairs = np.unique(np.column_stack([first, second])[first < second], axis=0).reshape(-1, 2)
    shapely.prepare(geometries)
    is_apart = shapely.touches(geometries[pairs[:, 0]], geometries[pairs[:, 1]])
    return pairs[~is_apart, 0], pairs[~is_apart, 1]


def _report_gaps(repaired: Geometries, grid_id: NDArray[np.object_]) -> Iterator[Any]:
    gaps = _find_gaps(repaired)
    area_km2 = measure_areas(gaps)
    tree = shapely.STRtree(repaired)
    for gap, area in zip(gaps, area_km2, strict=True):
        if area <= TOLERANCE_KM2:
            continue
        nearby = tree.query(gap, predicate="intersects")
        place = shapely.point_on_surface(gap)
        where = f"{place.x:.5f}, {place.y:.5f}"
        text = f"空隙 {area:.6f} 平方公里（{where}），不属于任何网格", f"Gap of {area:.6f} km² at {where} in no grid"
        yield "gap", grid_id[nearby.min()] if len(nearby) else None, *text, area


def _find_gaps(geometries: Geometries) -> Geometries:
    """The holes in the union of all polygons."""
    union = shapely.union_all(geometries)
    rings, owner = shapely.get_rings(shapely.get_parts(union), return_index=True)
    holes: Geometries = shapely.polygons(rings[np.diff(owner, prepend=-1) == 0])
    return holes
