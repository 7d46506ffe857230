"""The small map of a place: the city's map, framed for a chart of less height."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.ui.map import Box

HEIGHT_PX = 320
_FRAMED_PX = 560
"""The height that `make_deck` frames a box for."""


def frame_place(bounds: Mapping[str, Any]) -> Box:
    """The box around a place (`west`, `south`, `east`, `north`), widened so that all of it shows in `HEIGHT_PX`."""
    west, south, east, north = (float(bounds[side]) for side in ("west", "south", "east", "north"))
    more = (_FRAMED_PX / HEIGHT_PX - 1) / 2
    wide, high = more * (east - west), more * (north - south)
    return Box(west - wide, max(south - high, -85), east + wide, min(north + high, 85))
