"""Polygons and letters in squares, of which a browser fetches only those in sight.

A grid stands whole in every tile that its box touches: the tiles overlap a little and nothing has to be cut.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from governance.shapes.drawing import Polygons, unite_polygons
from governance.shapes.features import write_collection, write_ground
from governance.shapes.mercator import TILE_PX, find_zoom, to_x, to_y

SEEN_FROM_PX = 10  # the width of a middling grid from which on a large city's polygons are drawn
NEAR_FROM_PX = 14  # that from which on a smaller city's are drawn with all their corners
TILE_SIDE_PX, NEAR_SIDE_PX = 256, 512
_MOST_ACROSS = 8  # tiles that a grid touches from side to side


@dataclass(frozen=True)
class TileScheme:
    """From which zoom of the view on tiles are drawn, and the zoom in their addresses."""

    seen_from_zoom: float
    tile_zoom: int


def choose_scheme(frame: pd.DataFrame, *, seen_from_px: int = SEEN_FROM_PX, side_px: int = TILE_SIDE_PX) -> TileScheme:
    """Tiles of `side_px` pixels at the zoom from which on they are drawn: where a middling grid is so wide.

    They are larger where a grid among small ones is so large that it would stand in hundreds of them.
    """
    if frame.empty:
        return TileScheme(0.0, 0)
    width_m = 1000 * math.sqrt(float(frame["area_km2"].median()))
    zoom = find_zoom(width_m, float(frame["lat"].median()), pixels=seen_from_px)
    sides = shapely.bounds(np.asarray(frame["geometry"], dtype=object)).reshape(-1, 2, 2)
    widest_degrees = float((sides[:, 1] - sides[:, 0]).max())
    coarsest = math.log2(_MOST_ACROSS * 360 / widest_degrees)
    return TileScheme(round(zoom, 2), max(0, round(min(zoom + math.log2(TILE_PX / side_px), coarsest))))


def make_tiles(
    features: Sequence[Sequence[str]], polygons: Polygons, scheme: TileScheme, *, ground: Polygons
) -> Iterator[tuple[int, int, bytes]]:
    """Column, row and body of every tile that has grids: of each kind of `features` that of each polygon in it.

    Below them lies what a tile's polygons cover together with the gaps between them (`ground`: the polygons before they
    were drawn in), so that the gaps do not show what lies below.
    """
    side = 2**scheme.tile_zoom
    members: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, box in enumerate(shapely.bounds(polygons)):
        for square in _list_squares(box, side):
            members[square].append(number)
    for (column, row), inside in sorted(members.items()):
        below = write_ground(unite_polygons(ground[inside]))
        yield column, row, write_collection([below, *(part[number] for part in features for number in inside)])


def _list_squares(bounds: NDArray[np.float64], side: int) -> list[tuple[int, int]]:
    """Column and row of the squares, `side` around the world, that a box (west, south, east, north) touches."""
    west, east = (int(to_x(place) * side) for place in (bounds[0], bounds[2]))
    north, south = (int(to_y(place) * side) for place in (bounds[3], bounds[1]))
    return [(column, row) for column in range(west, east + 1) for row in range(north, south + 1)]
