"""A city's grids, ready for the walk: read, repaired, measured, covered by cells, with their neighbours."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import shapely

from governance.errors import ConfigError, InputError
from governance.grids.cover import Cover, build_cover, load_cover, save_cover
from governance.grids.neighbours import find_neighbours, find_within
from governance.grids.polygons import make_hexagons, measure_areas, read_polygons
from governance.grids.repair import repair_polygons
from governance.ingest.files import hash_file
from governance.profile import Level, Profile, find_files

Csr = tuple[np.ndarray, np.ndarray]
COVER_VERSION = 3
FAR_RADIUS_M = 1500.0


@dataclass(frozen=True)
class CityGrids:
    """The grids of one city; row i of `frame` is grid_no i.

    frame: grid_id, level_1_id … level_3_en (missing where the city has fewer levels), area_km2, lon, lat, geometry.
    report: kind, grid_id, detail_zh, detail_en, area_km2 — what was mended, and where grids overlap or leave gaps.
    near, far: neighbours as CSR arrays (indptr, indices): touching grids, and those within some grid widths.
    """

    frame: geopandas.GeoDataFrame
    report: pd.DataFrame
    cover: Cover
    near: Csr
    far: Csr
    sha256: str
    file_sha256: tuple[str, ...]


def load_grids(profile: Profile, folder: Path) -> CityGrids:
    """Read the city's polygons; raises InputError or ConfigError with all faults."""
    raw = _read(profile)
    frame, report = repair_polygons(raw)
    frame = _add_levels(frame, profile.grids.levels)
    frame["area_km2"] = measure_areas(frame.geometry.to_numpy())
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    frame["lon"], frame["lat"] = shapely.get_x(points), shapely.get_y(points)
    sha256 = _hash(frame)
    geometries = frame.geometry.to_numpy()
    near, far = _open_neighbours(frame, sha256, folder)
    file_sha256 = tuple(hash_file(path) for path in find_files(profile, profile.grids.files))
    cover = _open_cover(geometries, sha256, folder)
    return CityGrids(frame, report, cover, near, far, sha256, file_sha256)


def _read(profile: Profile) -> geopandas.GeoDataFrame:
    if profile.grids.hexagons is not None:
        box = profile.grids.hexagons
        return make_hexagons(box.resolution, box.west, box.south, box.east, box.north)
    files = find_files(profile, profile.grids.files)
    if not files:
        patterns = ", ".join(profile.grids.files)
        raise InputError(f"No grid file matches {patterns} under {profile.folder}. Check [grids] files in city.toml.")
    labels = [
        column
        for level in profile.grids.levels
        for column in (level.id, level.label_zh, level.label_en)
        if column is not None
    ]
    return read_polygons(
        files, id_column=profile.grids.grid_id, crs=profile.grids.crs, columns=list(dict.fromkeys(labels))
    )


def _add_levels(frame: geopandas.GeoDataFrame, levels: tuple[Level, ...]) -> geopandas.GeoDataFrame:
    """The hierarchy under our names; an id that two parents share is made unique by its parent's id."""
    out = frame[["grid_id", "geometry"]].copy()
    parent: pd.Series | None = None
    for place in (1, 2, 3):
        names = [f"level_{place}_id", f"level_{place}_zh", f"level_{place}_en"]
        if place > len(levels):
            for name in names:
                out[name] = pd.Series([None] * len(out), index=out.index, dtype=object)
            continue
        level = levels[place - 1]
        own = frame[level.id].map(_as_id)
        if parent is not None:
            parents_a_unit = parent.groupby(own).nunique()
            if (parents_a_unit > 1).any():
                own = parent + "/" + own
        out[names[0]] = own
        out[names[1]] = frame[level.label_zh or level.label_en or level.id].astype(str)
        out[names[2]] = frame[level.label_en or level.label_zh or level.id].astype(str)
        parent = own
    return out


def _as_id(value: object) -> str:
    """A unit's id as text; a missing one is refused, since its grids would fall out of the totals."""
    if value is None or value != value or str(value).strip() == "":  # noqa: PLR0124  NaN differs from itself
        raise ConfigError("A grid has no id in a column of [[grids.levels]]. Fill it, or leave that level out.")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def choose_radius_m(frame: geopandas.GeoDataFrame) -> float:
    """How far the far neighbours reach: 1.5 km, or three grid widths where grids are larger than that."""
    width_m = float(np.sqrt(frame["area_km2"].median()) * 1000)
    return max(FAR_RADIUS_M, 3 * width_m)


def _hash(frame: geopandas.GeoDataFrame) -> str:
    """One name for ids and shapes: the cover is kept under it."""
    digest = hashlib.sha256("\x00".join(frame["grid_id"]).encode())
    for shape in shapely.to_wkb(frame.geometry.to_numpy()):
        digest.update(shape)
    return digest.hexdigest()


def _open_cover(geometries: np.ndarray, sha256: str, folder: Path) -> Cover:
    path = folder / "grids" / f"cover-{COVER_VERSION}-{sha256[:16]}.npz"
    if path.exists():
        return load_cover(path)
    cover = build_cover(geometries)
    with _replacing(path) as partial:
        save_cover(cover, partial)
    return cover


def _open_neighbours(frame: geopandas.GeoDataFrame, sha256: str, folder: Path) -> tuple[Csr, Csr]:
    path = folder / "grids" / f"neighbours-{COVER_VERSION}-{sha256[:16]}.npz"
    if not path.exists():
        near = find_neighbours(frame.geometry.to_numpy())
        far = find_within(frame["lon"].to_numpy(), frame["lat"].to_numpy(), choose_radius_m(frame))
        names = ("near_indptr", "near_indices", "far_indptr", "far_indices")
        with _replacing(path) as partial, partial.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **dict(zip(names, (*near, *far), strict=True)))
    with np.load(path, allow_pickle=False) as arrays:
        near_csr = arrays["near_indptr"], arrays["near_indices"]
        return near_csr, (arrays["far_indptr"], arrays["far_indices"])


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A place to write beside `path`; what was written takes its name only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    yield partial
    partial.replace(path)
