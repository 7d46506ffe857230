"""The map as a picture: the colours stand where the grids are, the scale is true, and no box stands for a letter."""

from __future__ import annotations

import base64
import io
import math
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from governance.ui import language, map_picture, palette
from governance.ui.city_cache import forget_answers
from tests import tiny_snapshot
from tests.pages import read_html, run_page
from tests.tiny_tiers import MONDAY


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    tiny_snapshot.publish_tiny(folder)
    return folder


@pytest.fixture
def any_font(monkeypatch: pytest.MonkeyPatch) -> None:
    """A font for every text, so that nothing hangs on those of the machine."""
    monkeypatch.setattr(map_picture, "_has_sign", lambda _name, _sign: True)


def read_picture(test) -> Image.Image:
    (html,) = (html for html in read_html(test) if "g-picture" in html)
    coded = re.search(r"base64,([^']+)'", html)
    assert coded
    return Image.open(io.BytesIO(base64.b64decode(coded[1]))).convert("RGB")


def find_colour(picture: Image.Image, colour: str) -> np.ndarray:
    """The middle (x, y) of the pixels of a colour within the map's part of the picture."""
    part = np.asarray(picture)[200:1270]
    rows, columns = np.nonzero((np.abs(part.astype(int) - palette.to_rgba(colour)[:3]) <= 3).all(axis=2))
    return np.array([columns.mean(), rows.mean() + 200])


@pytest.mark.usefixtures("any_font")
@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_the_picture_shows_the_tiers_where_the_grids_are(tiny: Path, spoken: str) -> None:
    picture = read_picture(run_page("city_map", tiny, language=spoken, scenario="fire_lane", sheet="1"))
    assert picture.size == map_picture.SIZE_PX
    # G-02, in the south-east, is yellow; G-03, in the north-west, is red.
    yellow = find_colour(picture, palette.TIER_COLOURS["yellow"])
    red = find_colour(picture, palette.TIER_COLOURS["red"])
    assert yellow[0] > 1000 > red[0]
    assert yellow[1] > 735 > red[1]


def test_the_picture_of_a_day_is_that_days(tiny: Path) -> None:
    test = run_page("city_map", tiny, scenario="fire_lane", sheet="1", day=MONDAY.isoformat())
    red = find_colour(read_picture(test), palette.TIER_COLOURS["red"])
    assert red[0] > 1000
    table = next(html for html in read_html(test) if "g-table" in html)
    assert ("G-02" in table, "G-03" in table) == (True, False)


def test_without_a_chinese_font_a_sentence_says_what_to_install(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = map_picture._open_font  # noqa: SLF001
    monkeypatch.setattr(map_picture, "_open_font", lambda name, size: None if name else own(name, size))
    map_picture._has_sign.cache_clear()  # noqa: SLF001
    forget_answers()
    test = run_page("city_map", tiny, language="zh", scenario="fire_lane", sheet="1")
    html = "".join(read_html(test))
    assert language.say("zh", "sheet_of_map.no_font") in html
    assert "g-picture" not in html
    assert "G-03" in html
    # Latin letters are always there.
    assert read_picture(run_page("city_map", tiny, language="en", scenario="fire_lane", sheet="1"))
    map_picture._has_sign.cache_clear()  # noqa: SLF001


@pytest.mark.parametrize("text", ["Lüshun", "– ≤ 2 km²", "é à ñ ß Ø", "Ж Ω"])
def test_no_letter_is_drawn_as_a_box(text: str) -> None:
    try:
        font = map_picture.find_font(text, 30)
    except map_picture.NoFontError:
        return  # said in words, as the test above holds
    box = bytes(font.getmask("\U0010ffff"))
    assert [sign for sign in text if not sign.isspace() and bytes(font.getmask(sign)) == box] == []


def test_the_scale_is_a_round_length_that_fits() -> None:
    for most, length in ((1.0, 1.0), (1.9, 1.0), (2.0, 2.0), (4.99, 2.0), (9.9, 5.0), (0.07, 0.05), (130.0, 100.0)):
        assert map_picture.choose_round_length(most) == pytest.approx(length)


def test_the_bar_is_as_long_as_it_says() -> None:
    sheet = map_picture.Sheet("Title", (), ())
    entries = [map_picture.Entry("#ffffff", "#000000", "", "")] * 4
    # Two degrees of longitude at 60 degrees north: 111.3 km.
    box = (10.0, 59.5, 12.0, 60.5)
    body = map_picture.draw_polygons(sheet, [], "", entries=entries, box=box)
    row = np.asarray(Image.open(io.BytesIO(body)).convert("L"))[map_picture.SIZE_PX[1] - 58]
    # In Mercator a degree of latitude is there as wide as two of longitude: 2 by 2, and 1094 pixels down.
    km_per_pixel = 111.32 * math.cos(math.radians(60)) / (1094 / 2)
    # At most a sixth of 2000 pixels, 33.9 km: 20 km.
    assert int((row < 128).sum()) == pytest.approx(20 / km_per_pixel, abs=5)


def test_hostile_names_in_the_table_stay_text(tiny: Path) -> None:
    test = run_page("city_map", tiny, scenario="group_rental", sheet="1")
    assert tiny_snapshot.SCRIPT not in "".join(read_html(test))
