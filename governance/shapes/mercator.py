"""Web Mercator, the projection of the map: y in units of the world's width, 0 in the north, 1 in the south."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EQUATOR_M = 40_075_016.686
TILE_PX = 512  # the world's width at zoom 0, in pixels, as deck.gl counts


def to_y(latitude: float | Floats) -> Floats:
    """Degrees of latitude → y."""
    radians = np.radians(latitude)
    return np.asarray(0.5 - np.log(np.tan(np.pi / 4 + radians / 2)) / (2 * np.pi))


def to_latitude(y: float | Floats) -> Floats:
    """Y → degrees of latitude."""
    return np.asarray(np.degrees(2 * np.arctan(np.exp(np.pi * (1 - 2 * np.asarray(y)))) - np.pi / 2))


def to_x(longitude: float | Floats) -> Floats:
    """Degrees of longitude → x, 0 in the west, 1 in the east."""
    return np.asarray((np.asarray(longitude) + 180) / 360)


def find_zoom(width_m: float, latitude: float, *, pixels: float) -> float:
    """The zoom at which something so wide takes so many pixels."""
    return float(np.log2(pixels * EQUATOR_M * np.cos(np.radians(latitude)) / (TILE_PX * width_m)))
