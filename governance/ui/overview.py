"""The picture of a large city in its tiers' colours: a few kilobytes, drawn once per scenario, day and unit."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from governance.ui import palette
from governance.ui.geometry import Overview, find_picture, keep_picture


def draw_overview(overview: Overview, digits: str, fills: Sequence[str]) -> str:
    """The name of the PNG that shows one digit (0 to 3) per grid in its colour."""
    digest = hashlib.sha256("\0".join((overview.tiles, digits, *fills)).encode()).hexdigest()[:20]
    name = f"overview-{digest}.png"
    if find_picture(name) is None:
        keep_picture(name, _encode(overview, digits, fills))
    return name


def _encode(overview: Overview, digits: str, fills: Sequence[str]) -> bytes:
    # The last place is that of -1: outside every grid.
    colours = np.append(np.frombuffer(digits.encode(), dtype=np.uint8) - ord("0"), 4).astype(np.uint8)
    picture = Image.fromarray(colours[overview.numbers], mode="P")
    colours_of_digits = [*fills, palette.PAPER]
    picture.putpalette([part for colour in colours_of_digits for part in palette.to_rgba(colour)[:3]])
    stream = io.BytesIO()
    picture.save(stream, format="PNG", transparency=4, bits=4, compress_level=6)
    return stream.getvalue()
