"""The tables of shapes in a snapshot: `meta_shape`, what the browser fetches; `meta_tiles`; `meta_overview`."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from governance.grids.city_grids import CityGrids
from governance.grids.join import Cover
from governance.shapes.drawing import Polygons, coarsen_polygons, draw_borders, draw_in, simplify_polygons
from governance.shapes.features import list_label_points, list_polygons, write_collection, write_labels, write_lines
from governance.shapes.overview import draw_overview
from governance.shapes.tiles import NEAR_FROM_PX, NEAR_SIDE_PX, TileScheme, choose_scheme, make_tiles

DRAWN_WHOLE = 30_000
_FILES = ("shapes", "tiles", "overview")
_VERSION = 5
_SHAPES = pa.schema([("name", pa.string()), ("part", pa.string()), ("body", pa.binary())])
_SIDES = [(name, pa.float64()) for name in ("west", "south", "east", "north")]
_NAMED = [("tiles", pa.string()), ("tile_zoom", pa.int32()), ("seen_from_zoom", pa.float64())]
_TILES = pa.schema([*_SIDES, *_NAMED])
_OVERVIEWS = pa.schema([*_SIDES, ("width_px", pa.int32()), ("height_px", pa.int32()), ("numbers", pa.binary())])


@dataclass(frozen=True)
class ShapeTables:
    """Rows of `meta_shape` (name, part, gzipped body), of `meta_tiles` and, for a large city, of `meta_overview`."""

    shapes: pa.Table
    tiles: pa.Table
    overview: pa.Table


def open_shapes(grids: CityGrids, folder: Path) -> ShapeTables:
    """The shapes of a city's grids; kept in `folder` under their content, so that the next build only reads them."""
    frame = describe_grids(grids.frame)
    key = _hash(frame, grids.sha256)
    paths = [folder / "grids" / f"{table}-{_VERSION}-{key[:16]}.parquet" for table in _FILES]
    with suppress(FileNotFoundError):
        return ShapeTables(*(pq.read_table(path) for path in paths))
    made = make_shapes(frame, grids.cover)
    for path, table in zip(paths, (made.shapes, made.tiles, made.overview), strict=True):
        partial = path.with_suffix(".partial")
        partial.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, partial, compression="none")
        partial.replace(path)
    return made


def describe_grids(frame: pd.DataFrame) -> pd.DataFrame:
    """The grids with `grid_no` (their place) and the names of where they lie, the smallest unit first."""
    places = {
        f"place_{language}": [
            " · ".join(str(name) for name in names if isinstance(name, str))
            for names in zip(*(frame[f"level_{level}_{language}"] for level in (3, 2, 1)), strict=True)
        ]
        for language in ("zh", "en")
    }
    return frame.assign(grid_no=np.arange(len(frame)), **places)


def make_shapes(frame: pd.DataFrame, cover: Cover, *, drawn_whole: int = DRAWN_WHOLE) -> ShapeTables:
    """The shapes of described grids: tiles to be seen from near; from afar polygons, beyond `drawn_whole` a picture.

    frame: grid_no, grid_id, level_1_id, level_2_id, place_zh, place_en, area_km2, lon, lat, geometry (shapely). The
    name of a shape holds its content's hash: a browser that has it need not ask again.
    """
    polygons = np.asarray(frame["geometry"], dtype=object)
    simple = simplify_polygons(polygons)
    is_large = len(frame) > drawn_whole
    scheme = choose_scheme(frame) if is_large else choose_scheme(frame, seen_from_px=NEAR_FROM_PX, side_px=NEAR_SIDE_PX)
    inner = draw_in(simple)
    drawn = list_polygons(frame, inner)
    features = [drawn, list_label_points(frame)] if is_large else [drawn]
    near = make_tiles(features, inner, scheme, ground=simple)
    tiles, told = _gather_tiles(near, scheme, simple)
    tiling = simple if shapely.coverage_is_valid(simple) else polygons
    rows = [
        _name(part, write_lines(draw_borders(_list_units(frame, level), tiling)))
        for part, level in _list_borders(frame)
    ]
    if not is_large:
        rows += [_name("grids", write_collection(drawn))]
        rows += [_name("far", write_collection(list_polygons(frame, draw_in(coarsen_polygons(polygons)))))]
        rows += [_name("labels", write_labels(frame))]
    overviews = [_make_overview(cover, polygons)] if is_large else []
    return ShapeTables(
        pa.Table.from_pylist([*rows, *tiles], schema=_SHAPES),
        pa.Table.from_pylist([told], schema=_TILES),
        pa.Table.from_pylist(overviews, schema=_OVERVIEWS),
    )


def _list_borders(frame: pd.DataFrame) -> list[tuple[str, int]]:
    """Name and level of the borders that are drawn: the districts' always, the towns' where there are any."""
    return [("outlines", 1), *([("towns", 2)] if frame["level_2_id"].notna().any() else [])]


def _gather_tiles(
    tiles: Iterator[tuple[int, int, bytes]], scheme: TileScheme, polygons: Polygons
) -> tuple[list[dict[str, object]], dict[str, object]]:
    """The tiles' rows of `meta_shape`, and the row of `meta_tiles`."""
    bodies = {(column, row): body for column, row, body in tiles}
    name = f"tile-{_digest(b''.join(bodies.values()))}"
    rows: list[dict[str, object]] = [
        {"name": f"{name}-{scheme.tile_zoom}-{column}-{row}.json", "part": "tile", "body": _zip(body)}
        for (column, row), body in bodies.items()
    ]
    told = {"tiles": f"{name}-{{z}}-{{x}}-{{y}}.json", "tile_zoom": scheme.tile_zoom}
    return rows, {**_bound(polygons), **told, "seen_from_zoom": scheme.seen_from_zoom}


def _make_overview(cover: Cover, polygons: Polygons) -> dict[str, object]:
    """The row of `meta_overview`."""
    picture = draw_overview(cover, shapely.total_bounds(polygons))
    height, width = picture.numbers.shape
    numbers = _zip(picture.numbers.astype("<i4").tobytes())
    return {**_bound(polygons), "width_px": width, "height_px": height, "numbers": numbers}


def _bound(polygons: Polygons) -> dict[str, object]:
    return dict(zip(("west", "south", "east", "north"), map(float, shapely.total_bounds(polygons)), strict=True))


def _list_units(frame: pd.DataFrame, level: int) -> NDArray[np.object_]:
    """The unit of a level for each grid, "" for none."""
    units: NDArray[np.object_] = frame[f"level_{level}_id"].fillna("").to_numpy(dtype=object)
    return units


def _name(part: str, body: bytes) -> dict[str, object]:
    return {"name": f"{part}-{_digest(body)}.json", "part": part, "body": _zip(body)}


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:20]


def _zip(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)


def _hash(frame: pd.DataFrame, shapes: str) -> str:
    """One name for everything that is drawn: the polygons' own, and the names beside them."""
    digest = hashlib.sha256(shapes.encode())
    for text in _list_facts(frame):
        digest.update(text.encode())
    return digest.hexdigest()


def _list_facts(frame: pd.DataFrame) -> Iterator[str]:
    columns = (_list_units(frame, 1), _list_units(frame, 2), frame["place_zh"], frame["place_en"])
    for facts in zip(*columns, strict=True):
        yield "\0".join(facts) + "\n"
