"""The bare join for any file: every point gets the id of the grid it lies in; rows, order and values stay as they are.

Files stream through in batches. The result appears whole or not at all: it is written beside its place and
moved there when it is complete.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from governance.errors import InputError, join_faults
from governance.grids.batches import is_number, read_numbers
from governance.grids.join import Cover, build_cover, locate_and_count
from governance.grids.point_files import GEO_DRIVERS, TABLE_SUFFIXES, PointFile, create_points, open_points
from governance.grids.polygons import move_to_wgs84
from governance.grids.repair import read_sound_polygons
from governance.ingest.coordinates import check_crs, to_wgs84
from governance.toml_model import nearest

GRID_ID = "grid_id"

Progress = Callable[[int, float], None]
Degrees = NDArray[np.float64]


@dataclass(frozen=True)
class AssignSummary:
    """How many rows were read; of these: in a grid, outside every grid, without readable coordinates.

    at_border: points left to shapely, near the line of an edge or among very many edges; they are among the first two.
    """

    rows: int
    matched: int
    outside: int
    missing: int
    at_border: int


@dataclass(frozen=True)
class _PointColumns:
    """Where the points are: two columns of a table (a geo file has its geometry), and the system they are in."""

    lon: str
    lat: str
    crs: str | None


def assign_points(  # noqa: PLR0913  the options of one command
    points: Path,
    grids: Path,
    out: Path,
    *,
    lon: str,
    lat: str,
    crs: str | None = None,
    grid_id: str | None = None,
    grids_crs: str | None = None,
    progress: Progress | None = None,
) -> AssignSummary:
    """Write `points` with a column grid_id to `out`: .csv or .parquet; for geo files also .geojson or .gpkg.

    Where grids overlap the smallest id stays; points outside, and rows without coordinates, have none. `lon` and
    `lat` name the columns of a table; geo files carry their points and system with them. `crs` is the points'
    system (EPSG code, GCJ-02, BD-09); a table that says nothing is in WGS84. `progress` is told how many rows are done
    and the share of the file. Raises InputError or ConfigError with what is wrong; then nothing is written.
    """
    columns = _PointColumns(lon, lat, check_crs(crs) if crs else None)
    with open_points(points) as source:
        _check(points, source, out, columns)
        frame = read_sound_polygons(grids, id_column=grid_id, crs=grids_crs)
        cover, ids = build_cover(frame.geometry.to_numpy()), pa.array(frame["grid_id"], pa.string())
        with _replacing(out) as draft:
            return _assign(source, columns, cover, ids, draft, progress or _stay_silent)


def _assign(  # noqa: PLR0913  what was opened above
    source: PointFile, columns: _PointColumns, cover: Cover, ids: pa.Array, draft: Path, tell: Progress
) -> AssignSummary:
    schema = source.schema.append(pa.field(GRID_ID, pa.string()))
    rows = matched = missing = at_border = 0
    with create_points(draft, source, schema) as write:
        for batch, share in source.batches:
            lon, lat = _read_coordinates(batch, source, columns)
            position, near = locate_and_count(cover, lon, lat)
            is_matched = position >= 0
            found = ids.take(pa.array(position, mask=~is_matched))
            write(pa.RecordBatch.from_arrays([*batch.columns, found], schema=schema))
            rows, matched, at_border = rows + len(position), matched + int(is_matched.sum()), at_border + near
            missing += int((~(np.isfinite(lon) & np.isfinite(lat))).sum())
            tell(rows, share)
    return AssignSummary(rows, matched, rows - matched - missing, missing, at_border)


def _stay_silent(_rows: int, _share: float) -> None:
    """No one wants to know."""


def _check(points: Path, source: PointFile, out: Path, columns: _PointColumns) -> None:
    """Raise InputError with everything that is wrong about the points and the place of the result."""
    known, faults = source.schema.names, []
    if GRID_ID in known:
        faults.append(f"{points.name} has a column `{GRID_ID}` already; rename or drop it.")
    if source.geometry is None:
        faults += [
            f"{points.name} has no column `{name}`{nearest(name, known) or '.'} It has: {', '.join(known)}."
            for name in (columns.lon, columns.lat)
            if name not in known
        ]
    elif source.crs is None and columns.crs is None:
        faults.append(f"{points.name} states no coordinate system; give it, like EPSG:4490.")
    faults += _find_wrong_out(points, source, out)
    if faults:
        raise InputError(join_faults("The points cannot be assigned:", faults))


def _find_wrong_out(points: Path, source: PointFile, out: Path) -> Iterator[str]:
    suffix = out.suffix.lower()
    possible = (*TABLE_SUFFIXES, *(GEO_DRIVERS if source.geometry else ()))
    if suffix not in possible:
        yield f"a file {out.suffix or 'without suffix'} cannot be written from these points; use {', '.join(possible)}."
    if not out.parent.is_dir():
        yield f"the folder {out.parent} does not exist; make it first."
    elif out.exists() and out.samefile(points):
        yield "the result would overwrite the points; choose another name."


def _read_coordinates(batch: pa.RecordBatch, source: PointFile, columns: _PointColumns) -> tuple[Degrees, Degrees]:
    """Longitude and latitude in WGS84, NaN where there is nothing readable."""
    if source.geometry is None:
        x, y = (_read_numbers(batch.column(name), name) for name in (columns.lon, columns.lat))
        return to_wgs84(x, y, columns.crs or "EPSG:4326")
    shapes = shapely.from_wkb(batch.column(source.geometry).to_numpy(zero_copy_only=False))
    kinds = shapely.get_type_id(shapes)
    other = np.flatnonzero((kinds != shapely.GeometryType.POINT) & (kinds != shapely.GeometryType.MISSING))
    if len(other):
        kind = shapely.GeometryType(kinds[other[0]]).name.capitalize()
        raise InputError(f"{len(other)} geometries are no points; the first is a {kind}. Give a file of points.")
    frame = geopandas.GeoDataFrame(geometry=geopandas.GeoSeries(shapes, crs=source.crs))
    moved = move_to_wgs84(frame, columns.crs).geometry.to_numpy()
    lon, lat = shapely.get_x(moved), shapely.get_y(moved)
    lost = ~(np.isfinite(lon) & np.isfinite(lat))
    return np.where(lost, np.nan, lon), np.where(lost, np.nan, lat)


def _read_numbers(values: pa.Array, name: str) -> Degrees:
    """Numbers as float64; text is read as Python reads it, to the last bit; NaN where it is no number."""
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _read_texts(values)
    if not is_number(kind):
        raise InputError(f"Column `{name}` holds {kind}, not numbers. Name the columns of the coordinates.")
    return read_numbers(values)


def _read_texts(values: pa.Array) -> Degrees:
    """All at once where every text is empty or a plain number, else one by one."""
    texts = pc.cast(values, pa.string())
    try:
        return read_numbers(pc.if_else(pc.equal(texts, ""), None, texts))
    except pa.ArrowInvalid:
        return np.array([_read_number(text) for text in texts.to_pylist()], dtype=np.float64)


def _read_number(text: str | None) -> float:
    try:
        return float(text) if text and "_" not in text else np.nan
    except ValueError:
        return np.nan


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    """A path in a folder beside `out`; moved to `out` if the block ends well, else gone without a trace."""
    with tempfile.TemporaryDirectory(prefix=".assign-", dir=out.parent) as folder:
        draft = Path(folder) / out.name
        yield draft
        draft.replace(out)
