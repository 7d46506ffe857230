"""A flat map of the city in kilometres around Sanjiangkou: good to a few parts in a thousand, enough to draw with."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CENTRE_LON, CENTRE_LAT = 121.555, 29.876
KM_PER_DEGREE_LAT = 110.86
KM_PER_DEGREE_LON = 111.32 * math.cos(math.radians(29.75))


def to_km(lon_lat: Floats) -> Floats:
    """Kilometres east and north of Sanjiangkou, shape (n, 2), from degrees (WGS84), shape (n, 2)."""
    return (lon_lat - (CENTRE_LON, CENTRE_LAT)) * (KM_PER_DEGREE_LON, KM_PER_DEGREE_LAT)


def to_degrees(km: Floats) -> Floats:
    """Degrees (WGS84), shape (n, 2), from kilometres east and north of Sanjiangkou, shape (n, 2)."""
    return km / (KM_PER_DEGREE_LON, KM_PER_DEGREE_LAT) + (CENTRE_LON, CENTRE_LAT)
