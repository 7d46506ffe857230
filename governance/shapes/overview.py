"""A picture of a whole large city, whose pixels are grid numbers: coloured on the server, it needs no polygon.

100,000 polygons are four pixels wide each when all of them are in sight: what is drawn then is a picture anyway. Which
grid a pixel belongs to is found by the same join that places incidents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from governance.grids.join import Cover, locate
from governance.shapes.mercator import to_latitude, to_y

LONGER_SIDE_PX = 1600
_ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class Overview:
    """Grid numbers by pixel, int32, shape (height, width), row 0 in the north, -1 outside; and the box in degrees."""

    numbers: NDArray[np.int32]
    west: float
    south: float
    east: float
    north: float


def draw_overview(cover: Cover, bounds: NDArray[np.float64], *, longer_side_px: int = LONGER_SIDE_PX) -> Overview:
    """The overview of the box west, south, east, north: its pixels are squares on the map (Web Mercator)."""
    west, south, east, north = (float(value) for value in bounds)
    top, bottom = float(to_y(north)), float(to_y(south))
    across, down = (east - west) / 360, bottom - top
    pixel = max(across, down) / longer_side_px
    width, height = max(1, round(across / pixel)), max(1, round(down / pixel))
    lon = west + (np.arange(width) + 0.5) * (east - west) / width
    lat = to_latitude(top + (np.arange(height) + 0.5) * down / height)
    rows = [
        locate(cover, np.tile(lon, len(part)), np.repeat(part, width)).reshape(-1, width)
        for part in np.split(lat, range(_ROWS_AT_ONCE, height, _ROWS_AT_ONCE))
    ]
    return Overview(np.concatenate(rows), west, south, east, north)
