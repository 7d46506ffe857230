"""Lines as narrow areas in tiles: for each zoom as wide and as bent as they are to be seen.

A browser without a graphics card draws 10 districts' lines more slowly than 10,000 grids' areas, and needs a program of
its own for them, which takes it a second to make. As areas they are drawn with the grids' program, and few corners.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from governance.shapes.features import write_area, write_collection
from governance.shapes.mercator import TILE_PX, to_latitude, to_x, to_y

# How far a line may be drawn beside its place.
_BENT_PX = 0.5


def project_lines(lines: Any) -> Any:
    """Lines in degrees as lines in Web Mercator, whose world is one wide and high."""
    return shapely.transform(lines, lambda degrees: np.column_stack([to_x(degrees[:, 0]), to_y(degrees[:, 1])]))


def draw_ribbons(lines: Any, *, zoom: int, column: int, row: int, width_px: float) -> bytes:
    """The tile of projected lines as a collection of one area, so many pixels wide; of none where no line passes."""
    side = 2**zoom
    pixel = 1 / (TILE_PX * side)
    square = (column / side, row / side, (column + 1) / side, (row + 1) / side)
    # What lies just outside reaches in.
    around = np.array(square) + pixel * (width_px + _BENT_PX) * np.array([-1, -1, 1, 1])
    seen = shapely.simplify(shapely.clip_by_rect(lines, *around), _BENT_PX * pixel)
    wide = shapely.buffer(seen, width_px / 2 * pixel, cap_style="flat", join_style="bevel")
    area = shapely.clip_by_rect(wide, *square)
    return write_collection([write_area(shapely.transform(area, _unproject))] if not shapely.is_empty(area) else [])


def _unproject(places: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([360 * places[:, 0] - 180, to_latitude(places[:, 1])])
