"""What the map fetches from this server: the shapes that the build prepared, and pictures drawn for a large city."""

from __future__ import annotations

import gzip
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from governance.city import City
from governance.shapes.features import write_collection
from governance.ui.city_cache import keep_with_city


@dataclass(frozen=True)
class Overview:
    """A large city's picture: grid numbers by pixel (int32, row 0 in the north, -1 outside) in a box of degrees.

    tiles: the name of the polygons that it stands for.
    """

    tiles: str
    numbers: NDArray[np.int32]
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Tiles:
    """Polygons with all corners that can be seen, in squares within a box of degrees, from `seen_from_zoom` on.

    name: with {z}, {x} and {y}; zoom: the one there is.
    """

    name: str
    zoom: int
    seen_from_zoom: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Shapes:
    """The names under which shapes are served, "" for none.

    grids: all polygons; far: the same with few corners. A large city has an `overview` and neither, and no labels.
    """

    grids: str
    far: str
    outlines: str
    labels: str
    tiles: Tiles
    towns: str = ""
    overview: Overview | None = None


@keep_with_city(1)
def make_shapes(city: City) -> Shapes:
    """The names of a city's shapes, read once per generation; the build has made them."""
    rows = city.ask("ui_shape_names")
    names = dict(zip(rows["part"], rows["name"], strict=True))
    row = city.ask("ui_tiles").to_dict("records")[0]
    tiles = Tiles(str(row["tiles"]), int(row["tile_zoom"]), float(row["seen_from_zoom"]), _read_box(row))
    grids, far, outlines, labels, towns = (names.get(part, "") for part in _PARTS)
    overviews = [_read_overview(found, tiles.name) for found in city.ask("ui_overview").to_dict("records")]
    return Shapes(grids, far, outlines, labels, tiles, towns, next(iter(overviews), None))


def find_body(city: City, name: str) -> bytes | None:
    """The gzipped body served under a name, if the city has it; a tile in which there is nothing is an empty one."""
    bodies = city.ask("ui_shape", name=name)["body"]
    if len(bodies):
        return bytes(bodies.iloc[0])
    tile = re.fullmatch(r"(tile-[0-9a-f]+)-[0-9]{1,2}-[0-9]{1,8}-[0-9]{1,8}\.json", name)
    return _NOTHING if tile and make_shapes(city).tiles.name.startswith(f"{tile[1]}-{{z}}") else None


def keep_picture(name: str, body: bytes) -> None:
    """Serve a PNG under a name that holds its content's hash; the last hundred are kept."""
    with _LOCK:
        _PICTURES[name] = body
        _PICTURES.move_to_end(name)
        while len(_PICTURES) > _KEPT:
            _PICTURES.popitem(last=False)


def find_picture(name: str) -> bytes | None:
    """The PNG that is kept under a name."""
    with _LOCK:
        if name in _PICTURES:
            _PICTURES.move_to_end(name)
        return _PICTURES.get(name)


_NOTHING = gzip.compress(write_collection([]), mtime=0)
_KEPT = 100
_LOCK = threading.Lock()
_PICTURES: OrderedDict[str, bytes] = OrderedDict()


_PARTS = ("grids", "far", "outlines", "labels", "towns")


def _read_box(row: dict[str, Any]) -> tuple[float, float, float, float]:
    return float(row["west"]), float(row["south"]), float(row["east"]), float(row["north"])


def _read_overview(row: dict[str, Any], tiles: str) -> Overview:
    numbers = np.frombuffer(gzip.decompress(bytes(row["numbers"])), dtype="<i4")
    return Overview(tiles, numbers.reshape(row["height_px"], row["width_px"]), _read_box(row))
