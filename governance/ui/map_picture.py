"""A map as a PNG to take away: title, what it shows and as of when, the grids in their colours, legend and scale.

It is drawn on the server from the snapshot, so that it needs no browser's help, looks the same everywhere, and can be
checked. Letters that a font has not would be boxes: `find_font` takes another one, or says that there is none.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from governance.shapes.mercator import EQUATOR_M, to_x, to_y
from governance.ui import palette
from governance.ui.geometry import Overview

SIZE_PX = (2000, 1414)  # A4, across
_MARGIN, _TOP, _BOTTOM = 50, 190, 130
_CHINESE = (
    "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf", "NotoSansSC-Regular.ttf",
    "SourceHanSansSC-Regular.otf", "wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "PingFang.ttc",
    "STHeiti Medium.ttc", "msyh.ttc", "simhei.ttf",
)  # fmt: skip
_LATIN = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf", "Helvetica.ttc",
)  # fmt: skip
_OWN = ""  # the drawing library's own font, which has hardly more than ASCII
_NO_SIGN = "\U0010ffff"  # drawn as what stands for a sign that a font has not
_LETTER_SHARE = 0.5
_LEAST_LETTER_PX, _MOST_LETTER_PX = 9, 60

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class NoFontError(Exception):
    """No font of this machine has the letters of a text."""


@dataclass(frozen=True)
class Entry:
    """A line of the legend: ground, ink and letter of its mark, then words."""

    ground: str
    ink: str
    letter: str
    text: str


@dataclass(frozen=True)
class Sheet:
    """What stands around the map; outlines: GeoJSON of the lines that are drawn over the grids."""

    title: str
    lines: tuple[str, ...]
    legend: tuple[Entry, ...]
    scale_unit: str = "km"
    outlines: str = ""


@dataclass(frozen=True)
class Frame:
    """Where the map lies in the picture: pixels per width of the world, and the world's x and y of its corner."""

    pixels: float
    left: float
    top: float

    def place(self, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        """Longitudes and latitudes (n, 2) → pixels (n, 2)."""
        x, y = to_x(degrees[:, 0]), to_y(degrees[:, 1])
        return np.column_stack([(x - self.left) * self.pixels, (y - self.top) * self.pixels])


@dataclass(frozen=True)
class Letter:
    """The letter of an entry, the pixel of its middle, and its height."""

    entry: Entry
    middle: tuple[float, float]
    size_px: int

    def write(self, pen: ImageDraw.ImageDraw) -> None:
        """Draw it."""
        font = find_font("", self.size_px)
        pen.text(self.middle, self.entry.letter, fill=self.entry.ink, font=font, anchor="mm")


def draw_polygons(
    sheet: Sheet, polygons: Sequence[bytes], digits: str, *, entries: Sequence[Entry], box: tuple[float, ...]
) -> bytes:
    """The PNG of polygons (WKB) with one digit each, whose look `entries` gives by digit; box: degrees W, S, E, N.

    Raises NoFontError if no font has the sheet's letters.
    """
    picture, pen, frame = _begin(sheet, box)
    shapes = shapely.from_wkb([bytes(wkb) for wkb in polygons])
    parts, owners = shapely.get_parts(shapes, return_index=True)
    corners, rings = shapely.get_coordinates(shapely.get_exterior_ring(parts), return_index=True)
    # The drawing library takes the corners of a polygon as a buffer of 32-bit floats: a list would be made of objects.
    placed = frame.place(corners).astype(np.float32)
    ends = np.searchsorted(rings, np.arange(len(parts)), side="right")
    looks = [entries[int(digit)] for digit in digits]
    letters = _place_letters(parts, [looks[owner] for owner in owners], frame)
    # The largest first: what lies in the hole of another one is drawn over it.
    for number in np.argsort(-shapely.area(shapes)[owners], kind="stable"):
        ring: Any = placed[ends[number - 1] if number else 0 : ends[number]]
        pen.polygon(ring, fill=looks[owners[number]].ground, outline=palette.PAPER)
        if number in letters:
            letters[number].write(pen)
    return _finish(sheet, picture, pen, frame, box)


def draw_numbers(
    sheet: Sheet, overview: Overview, digits: str, *, entries: Sequence[Entry], box: tuple[float, ...]
) -> bytes:
    """The PNG of a large city, from its overview. Raises NoFontError as above."""
    picture, pen, frame = _begin(sheet, box)
    colours = np.array([palette.to_rgba(entry.ground) for entry in entries] + [[0, 0, 0, 0]], dtype=np.uint8)
    by_grid = np.append(np.frombuffer(digits.encode(), dtype=np.uint8) - ord("0"), len(entries))
    west, south, east, north = overview.box
    (left, top), (right, bottom) = frame.place(np.array([[west, north], [east, south]]))
    size = max(1, round(right - left)), max(1, round(bottom - top))
    drawn = Image.fromarray(colours[by_grid[overview.numbers]], mode="RGBA").resize(size, Image.Resampling.NEAREST)
    picture.paste(drawn, (round(left), round(top)), drawn)
    return _finish(sheet, picture, pen, frame, box)


def find_font(text: str, size: int) -> Font:
    """A font that has every letter of a text; raises NoFontError where this machine has none."""
    signs = {sign for sign in text if not sign.isspace()}
    for name in (_OWN, *_LATIN, *_CHINESE):
        font = _open_font(name, size)
        if font is not None and all(_has_sign(name, sign) for sign in signs):
            return font
    raise NoFontError


@cache
def _open_font(name: str, size: int) -> Font | None:
    try:
        return ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
    except OSError:
        return None


@cache
def _has_sign(name: str, sign: str) -> bool:
    """Whether the sign is drawn otherwise than one that no font has."""
    font = _open_font(name, 24)
    return font is not None and bytes(font.getmask(sign)) != bytes(font.getmask(_NO_SIGN))


def _begin(sheet: Sheet, box: tuple[float, ...]) -> tuple[Image.Image, ImageDraw.ImageDraw, Frame]:
    # Before anything is drawn: a sheet without a font for it is refused.
    find_font("".join((sheet.title, *sheet.lines, *(entry.text for entry in sheet.legend), sheet.scale_unit)), 24)
    picture = Image.new("RGB", SIZE_PX, palette.PAPER)
    west, south, east, north = box
    width, height = SIZE_PX[0] - 2 * _MARGIN, SIZE_PX[1] - _TOP - _BOTTOM
    across, down = (east - west) / 360, float(to_y(south) - to_y(north))
    pixels = min(width / across, height / down)
    left = float(to_x(west)) - (_MARGIN + (width - across * pixels) / 2) / pixels
    top = float(to_y(north)) - (_TOP + (height - down * pixels) / 2) / pixels
    return picture, ImageDraw.Draw(picture), Frame(pixels, left, top)


def _place_letters(parts: NDArray[np.object_], looks: Sequence[Entry], frame: Frame) -> dict[int, Letter]:
    """The letters in the middle of the polygons that are large enough to hold one, by the polygon's number."""
    sizes = (_LETTER_SHARE * np.sqrt(shapely.area(parts)) / 360 * frame.pixels).astype(int)
    lettered = np.array([bool(look.letter.strip()) for look in looks], dtype=bool)
    chosen = np.flatnonzero(lettered & (sizes >= _LEAST_LETTER_PX))
    middles = frame.place(shapely.get_coordinates(shapely.point_on_surface(parts[chosen])))
    return {
        number: Letter(looks[number], (x, y), min(int(sizes[number]), _MOST_LETTER_PX))
        for number, (x, y) in zip(chosen.tolist(), middles.tolist(), strict=True)
    }


def _finish(
    sheet: Sheet, picture: Image.Image, pen: ImageDraw.ImageDraw, frame: Frame, box: tuple[float, ...]
) -> bytes:
    _draw_outlines(sheet, pen, frame)
    pen.text((_MARGIN, 36), sheet.title, fill=palette.INK, font=find_font(sheet.title, 44))
    for number, line in enumerate(sheet.lines):
        pen.text((_MARGIN, 98 + 36 * number), line, fill=palette.MUTED, font=find_font(line, 26))
    _draw_legend(sheet, pen)
    _draw_scale(sheet, pen, frame, latitude=(box[1] + box[3]) / 2)
    stream = io.BytesIO()
    # Fewer colours and the smallest file would take ten times as long, and blur the colours that the legend names.
    picture.save(stream, format="PNG", compress_level=3)
    return stream.getvalue()


def _draw_outlines(sheet: Sheet, pen: ImageDraw.ImageDraw, frame: Frame) -> None:
    """The lines, and then what of them lies above or below the map is covered again."""
    for shape in shapely.get_parts(shapely.from_geojson(sheet.outlines)) if sheet.outlines else []:
        for line in shapely.get_parts(shape):
            pen.line(
                [tuple(corner) for corner in frame.place(shapely.get_coordinates(line))], fill=palette.MUTED, width=2
            )
    for edge in ((0, 0, SIZE_PX[0], _TOP - 20), (0, SIZE_PX[1] - _BOTTOM + 20, *SIZE_PX)):
        pen.rectangle(edge, fill=palette.PAPER)


def _draw_legend(sheet: Sheet, pen: ImageDraw.ImageDraw) -> None:
    x, y = float(_MARGIN), SIZE_PX[1] - 84
    for entry in sheet.legend:
        pen.rectangle((x, y, x + 44, y + 40), fill=entry.ground, outline=palette.MUTED)
        pen.text((x + 22, y + 20), entry.letter, fill=entry.ink, font=find_font("", 26), anchor="mm")
        font = find_font(entry.text, 26)
        pen.text((x + 58, y + 20), entry.text, fill=palette.INK, font=font, anchor="lm")
        x += 58 + font.getlength(entry.text) + 46


def _draw_scale(sheet: Sheet, pen: ImageDraw.ImageDraw, frame: Frame, *, latitude: float) -> None:
    """A bar of a round length, at most a sixth of the picture; it holds at the middle of the map."""
    pixels_per_km = 1000 * frame.pixels / (EQUATOR_M * math.cos(math.radians(latitude)))
    length_km = choose_round_length(SIZE_PX[0] / 6 / pixels_per_km)
    right, y = SIZE_PX[0] - _MARGIN, SIZE_PX[1] - 58
    left = right - length_km * pixels_per_km
    pen.line((left, y, right, y), fill=palette.INK, width=4)
    for x in (left, right):
        pen.line((x, y - 10, x, y + 10), fill=palette.INK, width=4)
    told = f"{length_km:g} {sheet.scale_unit}"
    pen.text((left, y - 16), told, fill=palette.INK, font=find_font(told, 24), anchor="lb")


def choose_round_length(most: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is at most `most`."""
    power = 10 ** math.floor(math.log10(most))
    return float(max(step * power for step in (1, 2, 5) if step * power <= most * (1 + 1e-9)))
