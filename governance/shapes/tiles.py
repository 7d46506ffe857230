"""A large city's polygons and letters in squares, of which a browser fetches only those in sight.

A grid stands whole in every tile that its box touches: the tiles overlap a little and nothing has to be cut.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from governance.shapes.drawing import Polygons, unite_polygons
from governance.shapes.features import list_label_points, list_polygons, write_collection, write_ground
from governance.shapes.mercator import find_zoom, to_x, to_y

SEEN_FROM_PX = 10  # the width of a middling grid from which on polygons are drawn
TILE_SIDE_PX = 256


@dataclass(frozen=True)
class TileScheme:
    """From which zoom of the view on tiles are drawn, and the zoom in their addresses."""

    seen_from_zoom: float
    tile_zoom: int


def choose_scheme(frame: pd.DataFrame) -> TileScheme:
    """Tiles of 256 pixels at the zoom from which on they are drawn."""
    width_m = 1000 * math.sqrt(float(frame["area_km2"].median()))
    zoom = find_zoom(width_m, float(frame["lat"].median()), pixels=SEEN_FROM_PX)
    return TileScheme(round(zoom, 2), round(zoom) + 1)


def make_tiles(
    frame: pd.DataFrame, polygons: Polygons, scheme: TileScheme, *, ground: Polygons
) -> Iterator[tuple[int, int, bytes]]:
    """Column, row and body of every tile within the city's box, those without grids too.

    Below a tile's polygons lies what they cover together with the gaps between them (`ground`: the polygons before they
    were drawn in), so that the gaps do not show the overview.
    """
    features = [list_polygons(frame, polygons), list_label_points(frame)]
    bounds = shapely.bounds(polygons)
    side = 2**scheme.tile_zoom
    west, east = (np.floor(to_x(bounds[:, place]) * side).astype(int) for place in (0, 2))
    north, south = (np.floor(to_y(bounds[:, place]) * side).astype(int) for place in (3, 1))
    members: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, (first, last, top, bottom) in enumerate(zip(west, east, north, south, strict=True)):
        for column in range(first, last + 1):
            for row in range(top, bottom + 1):
                members[column, row].append(number)
    for column in range(west.min(), east.max() + 1):
        for row in range(north.min(), south.max() + 1):
            inside = members.get((column, row), [])
            below = [write_ground(unite_polygons(ground[inside]))] if inside else []
            yield column, row, write_collection([*below, *(part[number] for part in features for number in inside)])
