"""Grid polygons from files (GeoParquet, GeoJSON, Shapefile, GeoPackage) or as hexagons, always in WGS84.

Whatever the file says about itself is checked here once: coordinate system, id column, ids, kinds of geometry.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import geopandas
import h3
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray

from governance.errors import ConfigError, InputError, join_faults
from governance.ingest.coordinates import check_crs, to_wgs84
from governance.toml_model import nearest

WGS84 = "EPSG:4326"

_POLYGON_TYPES = (3, 6)  # shapely's numbers of Polygon and MultiPolygon
_SHOWN = 5
_ID_NAME = re.compile(r"id$|(^|_)id(_|$)|code|cd$|编号|编码|代码", re.IGNORECASE)


def read_polygons(
    files: Sequence[Path], *, id_column: str, crs: str | None, columns: Sequence[str]
) -> geopandas.GeoDataFrame:
    """The polygons of all files in WGS84: grid_id (text), the asked-for columns, geometry.

    `crs` overrides what the files say of themselves. Raises one InputError with every fault found: no file, a
    missing column, missing or repeated ids, no coordinate system, a geometry that is no polygon.
    """
    if not files:
        raise InputError("There is no grid file to read. Name at least one polygon file.")
    faults: list[str] = []
    frames = [_read_checked(path, id_column, crs, columns, faults) for path in files]
    if "grid_id" in columns and id_column != "grid_id":
        faults.append(f"column `grid_id` cannot be shown beside the id column `{id_column}`; rename it in the file.")
    if not faults:
        joined = pd.concat(frames, ignore_index=True)
        faults = _find_wrong_ids(joined)
    if faults:
        raise InputError(join_faults("The grid polygons cannot be used:", faults))
    return geopandas.GeoDataFrame(joined.drop(columns=["file", "row"]), geometry="geometry", crs=WGS84)


def read_vector(path: Path) -> geopandas.GeoDataFrame:
    """Any supported vector file as it is; raises InputError when it cannot be read."""
    if not path.exists():
        raise InputError(f"{path} was not found. Check the path.")
    try:
        if path.suffix.lower() in {".parquet", ".geoparquet"}:
            return geopandas.read_parquet(path)
        with warnings.catch_warnings():
            # GDAL remarks on harmless details (ring order, field widths); what matters is checked by the caller.
            warnings.simplefilter("ignore", RuntimeWarning)
            frame = pyogrio.read_dataframe(path)
    except (ValueError, RuntimeError, OSError) as error:
        known = "GeoParquet, GeoJSON, Shapefile (plain or zipped) or GeoPackage"
        raise InputError(f"{path.name} cannot be read as {known}: {str(error).rstrip('.')}.") from error
    if not isinstance(frame, geopandas.GeoDataFrame):
        raise InputError(f"{path.name} holds a table without geometry. Give a file with shapes.")
    return frame


def move_to_wgs84(frame: geopandas.GeoDataFrame, crs: str | None) -> geopandas.GeoDataFrame:
    """The frame in WGS84 degrees. `crs` (EPSG code, GCJ-02, BD-09), where given, counts more than the file's own.

    Raises InputError if neither says what it is.
    """
    if crs is not None:
        name = _check_crs(crs)
        if name in {"GCJ-02", "BD-09"}:
            return _remove_offset(frame, name)
        frame = frame.set_crs(name, allow_override=True)
    if frame.crs is None:
        raise InputError("the file states no coordinate system; configure it, like crs = EPSG:4490.")
    return frame.to_crs(WGS84)


def _check_crs(crs: str) -> str:
    try:
        return check_crs(crs)
    except ConfigError as error:
        raise InputError(str(error)) from error


def _remove_offset(frame: geopandas.GeoDataFrame, crs: str) -> geopandas.GeoDataFrame:
    """Corner by corner, so that neighbours go on sharing theirs."""
    moved = shapely.transform(frame.geometry.to_numpy(), lambda xy: np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], crs)))
    return frame.set_geometry(geopandas.GeoSeries(moved, index=frame.index)).set_crs(WGS84, allow_override=True)


def guess_id_column(frame: geopandas.GeoDataFrame, *, name: str) -> str:
    """The one column that can only be the id: unique, without gaps, and named like an id or a code.

    Raises InputError, listing the columns, when there is no such column or more than one.
    """
    attributes = frame.drop(columns=frame.geometry.name)
    named = [column for column in attributes.columns if _ID_NAME.search(str(column))]
    unique = [column for column in named if attributes[column].notna().all() and attributes[column].is_unique]
    exact = [column for column in unique if str(column).lower() == "grid_id"]
    candidates = exact or unique
    if len(candidates) == 1:
        return str(candidates[0])
    found = "No column is an obvious id" if not candidates else f"Several could be the id ({', '.join(candidates)})"
    columns = ", ".join(str(column) for column in attributes.columns) or "none"
    raise InputError(f"{name}: {found}. Name the id column of the grids; the file has: {columns}.")


def make_hexagons(resolution: int, west: float, south: float, east: float, north: float) -> geopandas.GeoDataFrame:
    """Every H3 hexagon of this resolution whose centre lies in the box (WGS84 degrees): grid_id, geometry."""
    if west >= east or south >= north:
        raise InputError(f"The box of the hexagons is empty: west {west}, south {south}, east {east}, north {north}.")
    # H3 itself takes polygons by their centres, but on the sphere; a wider box, then the plain test, is exact.
    pad = 2 * h3.average_hexagon_edge_length(resolution, unit="km") / 100
    box = [(south - pad, west - pad), (south - pad, east + pad), (north + pad, east + pad), (north + pad, west - pad)]
    cells = np.array(sorted(h3.polygon_to_cells(h3.LatLngPoly(box), resolution)))
    centres = np.array([h3.cell_to_latlng(cell) for cell in cells]).reshape(-1, 2)
    lat, lon = centres.T
    cells = cells[(west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)]
    if not len(cells):
        raise InputError(f"No hexagon of resolution {resolution} has its centre in the box. Use a finer resolution.")
    shapes = [shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)]) for cell in cells]
    return geopandas.GeoDataFrame({"grid_id": cells.astype(object)}, geometry=shapes, crs=WGS84)


def measure_areas(geometries: NDArray[np.object_]) -> NDArray[np.float64]:
    """Areas in km² on the WGS84 ellipsoid (Karney's geodesic areas); holes are taken off."""
    geod = pyproj.Geod(ellps="WGS84")
    parts, owner = shapely.get_parts(geometries, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    is_hole = np.diff(part, prepend=-1) == 0
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    starts = np.flatnonzero(np.diff(ring, prepend=-1))
    corners = np.split(xy, starts[1:]) if len(starts) else []
    area_m2 = np.array([abs(geod.polygon_area_perimeter(*ring_xy.T)[0]) for ring_xy in corners])
    signed = np.where(is_hole, -area_m2, area_m2)
    return np.bincount(owner[part], weights=signed, minlength=len(geometries)).astype(np.float64) / 1e6


def format_ids(values: pd.Series) -> pd.Series:
    """Ids as plain text, None where missing: whole numbers never end in `.0`, spaces around are dropped."""
    if pd.api.types.is_float_dtype(values):
        number = values.astype(float)
        is_whole = bool((number.dropna() % 1 == 0).all()) and bool((number.dropna().abs() < 2**53).all())
        values = number.astype("Int64") if is_whole else number
    text = values.map(lambda value: str(value).strip(), na_action="ignore").astype(object)
    return text.where(text.notna() & (text != ""), None)


def _read_checked(
    path: Path, id_column: str, crs: str | None, columns: Sequence[str], faults: list[str]
) -> pd.DataFrame:
    """One file's polygons with their `file` and `row` (1 = first); faults are added to the list."""
    try:
        raw = read_vector(path)
    except InputError as error:
        faults.append(str(error))
        return pd.DataFrame()
    found = [f"{path.name}: {fault}" for fault in [*_find_missing_columns(raw, id_column, columns), *_find_wrong(raw)]]
    try:
        geometry = move_to_wgs84(raw, crs).geometry.to_numpy()
    except InputError as error:
        found.append(f"{path.name}: {error}")
    faults += found
    if found:
        return pd.DataFrame()
    frame = pd.DataFrame(raw[[column for column in dict.fromkeys(columns) if column != "grid_id"]])
    frame["grid_id"] = format_ids(raw[id_column])
    frame["geometry"] = geometry
    return frame.assign(file=path.name, row=np.arange(1, len(frame) + 1))


def _find_missing_columns(frame: geopandas.GeoDataFrame, id_column: str, columns: Sequence[str]) -> list[str]:
    known = [str(name) for name in frame.columns if name != frame.geometry.name]
    return [
        f"there is no column `{name}`{nearest(name, known) or '.'} The file has: {', '.join(known) or 'none'}."
        for name in dict.fromkeys([id_column, *columns])
        if name not in known
    ]


def _find_wrong(frame: geopandas.GeoDataFrame) -> list[str]:
    """Rows whose geometry is missing or no polygon."""
    kinds = shapely.get_type_id(frame.geometry.to_numpy())
    faults = []
    for number in sorted(set(kinds.tolist()) - set(_POLYGON_TYPES)):
        rows = np.flatnonzero(kinds == number) + 1
        what = "no geometry" if number < 0 else f"a {shapely.GeometryType(number).name.capitalize()}"
        faults.append(f"{len(rows)} of {len(kinds)} rows have {what} in place of a polygon: {_name_rows(rows)}.")
    return faults


def _find_wrong_ids(frame: pd.DataFrame) -> list[str]:
    """Ids that are missing, or that occur more than once in all files together."""
    faults = []
    missing = frame[frame["grid_id"].isna()]
    for file, rows in missing.groupby("file", sort=False):
        faults.append(f"{file}: {len(rows)} rows have no id: {_name_rows(rows['row'].to_numpy())}.")
    repeated = frame[frame["grid_id"].notna() & frame["grid_id"].duplicated(keep=False)]
    ids = repeated["grid_id"].unique()
    for grid_id in ids[:_SHOWN]:
        rows = repeated[repeated["grid_id"] == grid_id]
        places = [f"{file} row {row}" for file, row in zip(rows["file"], rows["row"], strict=True)]
        more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        faults.append(f"the id {grid_id!r} occurs {len(places)} times: {', '.join(places[:_SHOWN])}{more}.")
    if len(ids) > _SHOWN:
        faults.append(f"{len(ids) - _SHOWN} more ids occur more than once. Every grid needs an id of its own.")
    return faults


def _name_rows(rows: NDArray[np.int64]) -> str:
    shown = ", ".join(str(row) for row in rows[:_SHOWN])
    word = "row" if len(rows) == 1 else "rows"
    return f"{word} {shown}" + (f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")
