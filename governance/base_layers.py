"""The city's own base map: roads, water and the like from its files, simplified and cut to the city."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import geopandas
import numpy as np
import pyarrow as pa
import shapely

from governance.errors import InputError, join_faults
from governance.grids.polygons import move_to_wgs84, read_vector
from governance.ingest.files import hash_file
from governance.profile import MapLayer, Profile

BASE_LAYERS = pa.schema(
    [
        ("layer", pa.int32()),
        *((name, pa.string()) for name in ("name_zh", "name_en", "kind", "colour", "sha256")),
        ("corners", pa.int64()),
        ("geometry", pa.binary()),
    ]
)
# Nobody sees a step that is smaller than this share of the city's width.
_STEPS_ACROSS = 4000
_MARGIN_SHARE = 0.05
_MOST_CORNERS = 300_000
_TYPES = {"line": (1, 2, 5), "area": (3, 6)}  # shapely's numbers of lines, rings and their collections; of polygons


def read_base_layers(profile: Profile, *, bounds: tuple[float, float, float, float]) -> pa.Table:
    """The layers of `[[map.layers]]` (BASE_LAYERS): geometry is WKB in WGS84 degrees, a collection of one kind.

    bounds: west, south, east, north of the city's grids, in degrees; what lies far outside is cut off. Raises one
    InputError with every fault of every file.
    """
    faults: list[str] = []
    rows = []
    for place, layer in enumerate(profile.map.layers):
        try:
            rows.append({"layer": place, **_describe(layer), **_prepare(profile, layer, bounds)})
        except InputError as error:
            faults.append(f"`map.layers.{place}` ({layer.path}): {error}")
    if faults:
        raise InputError(join_faults("The base map cannot be used:", faults))
    return pa.Table.from_pylist(rows, schema=BASE_LAYERS)


def hash_base_layers(profile: Profile) -> list[str]:
    """The content hashes of the base map's files in the order of `[[map.layers]]`, "" for one that is not there."""
    paths = [profile.folder / layer.path for layer in profile.map.layers]
    return [hash_file(path) if path.is_file() else "" for path in paths]


def _describe(layer: MapLayer) -> dict[str, str]:
    return {name: getattr(layer, name) for name in ("name_zh", "name_en", "kind", "colour")}


def _prepare(profile: Profile, layer: MapLayer, bounds: tuple[float, float, float, float]) -> dict[str, object]:
    frame = move_to_wgs84(read_vector((profile.folder / layer.path).resolve()), layer.crs)
    faults = list(_find_wrong(frame, layer))
    if faults:
        raise InputError(" ".join(faults))
    west, south, east, north = bounds
    width = max(east - west, north - south)
    margin = _MARGIN_SHARE * width
    window = (west - margin, south - margin, east + margin, north + margin)
    shape = _simplify(frame.geometry.to_numpy(), layer.kind, window, tolerance=width / _STEPS_ACROSS)
    corners = int(shapely.get_num_coordinates(shape))
    if not corners:
        raise InputError("nothing in it lies in the city; check its coordinate system (crs).")
    if corners > _MOST_CORNERS:
        raise InputError(
            f"it holds {corners:,} corners even when simplified, and a browser draws at most {_MOST_CORNERS:,}; "
            "leave out its smaller features."
        )
    wkb = shapely.to_wkb(shape)
    return {"corners": corners, "geometry": wkb, "sha256": hashlib.sha256(wkb).hexdigest()}


def _find_wrong(frame: geopandas.GeoDataFrame, layer: MapLayer) -> Iterator[str]:
    shapes = frame.geometry.to_numpy()
    wrong = ~np.isin(shapely.get_type_id(shapes), _TYPES[layer.kind])
    if not len(shapes):
        yield "it holds no shape."
    elif wrong.any():
        count = f"{int(wrong.sum()):,} of {len(shapes):,}"
        yield f"{count} shapes are no {layer.kind}s; give another `kind` or another file."


def _simplify(shapes: np.ndarray, kind: str, window: tuple[float, float, float, float], *, tolerance: float) -> object:
    """One collection of the simplified shapes inside the window; what is too small to be seen is left out."""
    valid = shapely.make_valid(shapes) if kind == "area" else shapes
    cut = shapely.clip_by_rect(valid, *window)
    parts = shapely.get_parts(shapely.simplify(cut, tolerance))
    parts = shapely.get_parts(parts)
    size = shapely.area(parts) if kind == "area" else shapely.length(parts)
    least = tolerance**2 if kind == "area" else tolerance
    kept = parts[(size > least) & np.isin(shapely.get_type_id(parts), (1,) if kind == "line" else (3,))]
    collected = shapely.multilinestrings(kept) if kind == "line" else shapely.multipolygons(kept)
    return shapely.set_precision(collected, 1e-5, mode="pointwise") if len(kept) else collected
