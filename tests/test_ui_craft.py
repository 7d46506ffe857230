"""Craft of the screens: charts with titles, units and colours that all can tell apart, inks, tables, a light start."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from altair.utils import schemapi
from altair.vegalite.v6.schema import core
from streamlit.testing.v1 import AppTest

from governance.city import open_city
from governance.ui import language, palette
from tests.kept_backtest import keep_backtest
from tests.pages import run_page
from tests.test_palette import ONE_GLANCE, SIGHTS, contrast, to_lab, to_linear
from tests.tiny_snapshot import publish_tiny

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "governance" / "ui").rglob("*.py"))
STYLE = (ROOT / "governance" / "ui" / "style.css").read_text(encoding="utf-8")
# Pages, tabs and parts that draw, with what they need to do so on the tiny city.
DRAWING = {
    "overview": ({},),
    "city_map": ({"grid": "G-01", "scenario": "fire_lane"},),
    "scenario": ({}, {"tab": "holders"}, {"tab": "recurrence"}),
    "case": ({"case": "platform/A-1"},),
    "evaluation": ({"period": "year", "volume": "1"}, {"part": "pilot"}),
    "model": ({"tab": "worth"}, {"tab": "calibration"}, {"tab": "capacity"}),
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    publish_tiny(folder)
    city = open_city(folder)
    keep_backtest(city)
    city.close()
    return folder


# Charts


def walk_elements(block: Any) -> Iterator[Any]:
    """What stands on a page, in its order."""
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from walk_elements(child)
        else:
            yield child


def list_charts(test: AppTest) -> Iterator[tuple[str, dict]]:
    """The HTML from the last title on before each chart, and the chart's own description."""
    above = ""
    for element in walk_elements(test.main):
        if element.type == "html":
            body = element.proto.body
            above = body if "g-title" in body else above + body
        elif element.type == "arrow_vega_lite_chart" or "vega" in element.type:
            yield above, json.loads(element.proto.spec)


def list_channels(spec: Any) -> Iterator[tuple[str, dict]]:
    """Every channel of a chart and its layers that shows a field: its name and its description."""
    if isinstance(spec, dict):
        for name, channel in spec.get("encoding", {}).items():
            for one in channel if isinstance(channel, list) else [channel]:
                if "field" in one and name not in {"x2", "y2", "detail", "text", "opacity", "key"}:
                    yield name, one
        for part in spec.get("layer", []) + spec.get("vconcat", []) + spec.get("hconcat", []):
            yield from list_channels(part)


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_every_chart_has_a_title_a_line_on_what_it_shows_and_names_of_its_own(drawn: Path, spoken: str) -> None:
    counted = dict.fromkeys(DRAWING, 0)
    for page, variants in DRAWING.items():
        for choices in variants:
            for above, spec in list_charts(run_page(page, drawn, language=spoken, **choices)):
                counted[page] += 1
                title = re.search(r"g-title'[^>]*>([^<]+)<", above)
                note = re.search(r"g-note'>([^<]+)<", above)
                assert title, (page, choices)
                assert note, (page, choices, title.group(1))
                unnamed = [(name, one["field"]) for name, one in list_channels(spec) if not is_named(name, one)]
                assert unnamed == [], (page, choices, title.group(1))
    assert min(counted.values()) > 0, counted


@pytest.mark.parametrize("page", DRAWING)
def test_every_chart_follows_the_grammar(drawn: Path, page: str) -> None:
    """Nothing checks a chart when it is drawn; a misspelt channel would be an empty place on the screen."""
    specs = [spec for choices in DRAWING[page] for _, spec in list_charts(run_page(page, drawn, **choices))]
    assert [told for spec in specs if (told := find_misspelt(spec))] == []
    assert specs


def find_misspelt(spec: dict) -> str:
    """What the grammar says against a chart, "" if nothing."""
    error = schemapi.validate_jsonschema({**spec, "data": {"name": "rows"}}, core.load_schema(), raise_error=False)
    return str(error or "")


def test_a_misspelt_chart_is_found(drawn: Path) -> None:
    (_, spec), *_ = list_charts(run_page("overview", drawn))
    assert "nonsense" in find_misspelt({**spec, "layer": [{"mark": "nonsense"}]})


def is_named(name: str, channel: dict) -> bool:
    """Whether an axis, a legend or a tooltip says what it shows, or says that the title does; never a field's name."""
    if name in {"x", "y"} and channel.get("axis", {}) is None:
        return True
    if name in {"strokeDash", "color"} and channel.get("legend", {}) is None:
        return True
    if name == "order":
        return True
    return "title" in channel and channel["title"] != channel["field"]


def test_every_page_says_as_of_when() -> None:
    """Charts are of the data's moment, which the frame tells above every page."""
    frame = (ROOT / "governance" / "ui" / "frame.py").read_text(encoding="utf-8")
    assert '"frame.as_of"' in frame
    for spoken in language.LANGUAGES:
        assert "{moment}" in language.load_texts(spoken)["frame.as_of"]


# Colours

SERIES = {"accent": palette.ACCENT, "soft": palette.SOFT, "warning": palette.WARNING, "paper": palette.PAPER}


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize(
    "pair",
    [pair for pair in combinations(SERIES, 2) if set(pair) != {"accent", "warning"}] + [("accent", "warning")],
    ids="-".join,
)
def test_series_of_a_chart_differ_at_a_glance_for_every_sight(sight: str, pair: tuple[str, str]) -> None:
    first, second = (to_lab(SIGHTS[sight] @ to_linear(SERIES[name])) for name in pair)
    assert np.linalg.norm(first - second) > ONE_GLANCE


@pytest.mark.parametrize("colour", [palette.ACCENT, palette.MUTED, palette.WARNING, palette.INK])
def test_lines_and_dots_stand_out_from_the_paper(colour: str) -> None:
    """WCAG 2.1 asks 3 for graphics."""
    assert contrast(colour, palette.PAPER) >= 3


def list_rules() -> Iterator[tuple[str, dict[str, str]]]:
    """Selectors and their declarations in style.css, those inside of @media among them."""
    plain = re.sub(r"/\*.*?\*/", "", STYLE, flags=re.DOTALL)
    for selector, body in re.findall(r"([^{}]+){([^{}]*)}", plain):
        told = (part.split(":", 1) for part in body.split(";") if ":" in part)
        yield selector.strip(), {name.strip(): value.strip() for name, value in told}


def find_hex(text: str) -> str | None:
    found = re.search(r"#[0-9a-f]{3,6}\b", text)
    return found and (
        found.group() if len(found.group()) == 7 else "#" + "".join(2 * sign for sign in found.group()[1:])
    )


def test_every_ink_of_the_style_can_be_read_on_every_ground_it_may_stand_on() -> None:
    rules = list(list_rules())
    assert len(rules) > 60
    grounds = {ground for _, rule in rules if (ground := find_hex(rule.get("background", "")))}
    light = sorted(ground for ground in grounds if contrast(palette.INK, ground) >= 4.5)
    assert {palette.PAPER, palette.PANEL} <= set(light)
    faults = []
    for selector, rule in rules:
        ink, own = find_hex(rule.get("color", "")), find_hex(rule.get("background", ""))
        told = [own] if own else [palette.PAPER, palette.PANEL]
        faults += [(selector, ink, ground) for ground in told if ink and contrast(ink, ground) < 4.5]
    assert faults == []


def test_the_styles_inks_are_those_of_the_palette() -> None:
    inks = {ink for _, rule in list_rules() if (ink := find_hex(rule.get("color", "")))}
    assert inks <= {palette.INK, palette.MUTED, palette.ACCENT, palette.WARNING, palette.PAPER}


def test_the_theme_is_the_palettes() -> None:
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    told = {
        "primaryColor": palette.ACCENT, "linkColor": palette.ACCENT, "backgroundColor": palette.PAPER,
        "secondaryBackgroundColor": palette.PANEL, "textColor": palette.INK, "borderColor": palette.RULE,
    }  # fmt: skip
    assert {name: theme[name] for name in told} == told


# Tables


def test_every_large_table_describes_its_columns() -> None:
    bare = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"st.dataframe", "st.data_editor", "st.table"}:
                given = {keyword.arg for keyword in node.keywords}
                bare += [(path.name, node.lineno)] if not {"column_config", "hide_index"} <= given else []
    assert bare == []


# The start

LATE = ("sklearn", "scipy.stats", "scipy.sparse", "scipy.special", "scipy.optimize", "h3", "chinese_calendar")


def test_the_front_door_imports_nothing_that_only_a_build_needs() -> None:
    code = f"import sys, app; print([name for name in {LATE!r} if name in sys.modules])"
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip().splitlines()[-1] == "[]"


def test_no_click_waits_for_a_collection_of_the_whole_heap() -> None:
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["runner"]["postScriptGC"] is False
