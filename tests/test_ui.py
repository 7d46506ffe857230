"""The dashboard without a browser: texts, formats, escaping, shapes, and every question on the tiny city."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from starlette.applications import Starlette

from governance import snapshot, warehouse
from governance.cases.moves import KINDS
from governance.city import City, open_city
from governance.shapes.mercator import to_x, to_y
from governance.ui import address, geometry, language, map_layers, palette, parts, wall_map
from governance.ui import map as city_map
from governance.ui.routes import list_routes
from tests import tiny_snapshot
from tests.asked_app import ask_app
from tests.tiny_snapshot import SCRIPT, publish_tiny
from tests.tiny_tiers import MONDAY

ROOT = Path(__file__).parents[1]
SOURCES = [*sorted((ROOT / "governance" / "ui").rglob("*.py")), ROOT / "app.py"]
SHANGHAI = ZoneInfo("Asia/Shanghai")
UNIT = {"level": 0, "unit_id": "", "scenario": "group_rental"}
WORLD = {"west": -180, "south": -90, "east": 180, "north": 90}
SCORE_PARTS = {"evaluation.part_higher", "evaluation.part_lower"}
CASE = {"source": "platform", "incident_id": "A-2"}
DAY = date(2025, 3, 1)
PLACED = {**CASE, "reported_at_utc": datetime(2025, 2, 1)}  # noqa: DTZ001
ALL = {"department": "", "scenario": "", "district": ""}
QUESTIONS = {
    "bounds": {"level": 0, "unit_id": ""},
    "case": CASE,
    "case_events": {**PLACED, "kinds": list(KINDS)},
    "case_limits": PLACED,
    "case_links": {**CASE, "closed_at_utc": None},
    "case_pauses": CASE,
    "case_sources": {"incident_id": "A-2"},
    "case_stints": PLACED,
    "change_figures": UNIT,
    "change_reasons": {"scenario": "", "district": ""},
    "children": UNIT,
    "day_digits": {**UNIT, "day": DAY},
    "day_figures": {**UNIT, "day": DAY},
    "day_grids": {**UNIT, "day": DAY, "rows": 9},
    "difference_digits": {**UNIT, "day": MONDAY, "other": "group_rental", "other_day": DAY},
    "difference_grids": {**UNIT, "day": MONDAY, "other": "group_rental", "other_day": DAY, "rows": 9},
    "difference_units": {
        **UNIT,
        "level": 1,
        "unit_id": "330203",
        "day": MONDAY,
        "other": "fire_lane",
        "other_day": DAY,
    },
    "curves": {"scenario": "group_rental"},
    "departments": {},
    "extensions": {"scenario": "group_rental", "district": ""},
    "flows": {"scenario": "group_rental", "district": "", "kind": ""},
    "funnel": UNIT,
    "grid": {"grid_id": "G-01", "scenario": "group_rental"},
    "grid_figures": {"grid_id": "G-01", "scenario": "group_rental"},
    "grid_id": {"grid_no": 1},
    "grid_marks": {"grid_id": "G-01", "scenario": "group_rental"},
    "grid_tiers": {"grid_id": "G-01", "scenario": "group_rental"},
    "group_figures": {**UNIT, **WORLD},
    "group_grids": {**UNIT, **WORLD, "rows": 14},
    "health_checks": {},
    "health_files": {},
    "health_places": {},
    "health_grids": {"rows": 9},
    "health_points": {},
    "health_reasons": {},
    "health_samples": {"code": "", "rows": 9},
    "health_totals": {},
    "health_unmapped": {"rows": 9},
    "history": {"grid_id": "G-01", "scenario": "group_rental"},
    "illegal_moves": {},
    "illegal_samples": {"sort": "", "rows": 9},
    "inspection_figures": {"scenario": "group_rental", "unit_id": ""},
    "inspections": {"scenario": "", "unit_id": ""},
    "levels": {},
    "map_base": {},
    "map_changes": {**UNIT, "scenario": "fire_lane"},
    "map_counts": UNIT,
    "map_hover": {"scenario": "group_rental"},
    "map_incidents": UNIT,
    "map_letters": UNIT,
    "map_overdue": UNIT,
    "map_stops": UNIT,
    "model_calibration": {"scenario": "~all", "grouping": "tier"},
    "model_capacity": {"scenario": "group_rental", "teams": 1, "visits": 5, "weeks": 4},
    "model_capacity_choices": {"scenario": "group_rental"},
    "model_drift": {},
    "model_fairness": {"scenario": "group_rental", "grouping": "district"},
    "model_features": {"scenario": "group_rental"},
    "model_flare_ups": {"scenario": "", "rows": 9},
    "model_level": {},
    "model_other_rates": {"scenario": "group_rental", "rows": 9},
    "months": {**UNIT, "level": 4, "unit_id": "G-01"},
    "open_cases": {"grid_id": "G-01", "scenario": "group_rental", "rows": 9},
    "overdue_ages": {},
    "overview": {},
    "overdue_bounces": {**ALL, "department": "housing"},
    "overdue_cases": {**ALL, "state": "", "stage": "", "age": "", "rows": 9},
    "overdue_comparison": {**ALL, "department": "housing"},
    "overdue_departments": {"scenario": "", "district": ""},
    "overdue_figures": ALL,
    "overdue_ladder": ALL,
    "overdue_matrix": ALL,
    "overdue_posts": {**ALL, "language": "en"},
    "overdue_rates": ALL,
    "overview_figures": UNIT,
    "overview_grids": {**UNIT, "rows": 9},
    "overview_late": {**UNIT, "minimum": 1, "rows": 9},
    "overview_turned": {**UNIT, "scenario": "", "rows": 9},
    "overview_reddest": {**UNIT, "rows": 3},
    "overview_units": UNIT,
    "overview_weeks": {**UNIT, "is_below": True, "weeks": 26, "as_of_day": date(2025, 3, 1)},
    "places": {},
    "place_cases": {"grid_no": 0, "scenario": "group_rental", "rows": 9},
    "picture_grids": {"west": 121.0, "south": 29.0, "east": 122.0, "north": 30.0},
    "ranked_grids": {**UNIT, "rows": 9},
    "reasons": {"grid_id": "G-01", "scenario": "group_rental"},
    "recurrence_curve": {"scenario": "group_rental", "department": "", "last_day": 180},
    "recurring_places": {"scenario": "group_rental", "district": "", "rows": 9},
    "scenarios": {},
    "shape": {"name": ""},
    "shape_names": {},
    "tiles": {},
    "grid_shape": {"grid_no": 0},
    "slowest_link": {"scenario": "group_rental"},
    "template": {"scenario": "group_rental"},
    "template_versions": {"scenario": "group_rental"},
    "tier_changes": {"scenario": "", "district": "", "rows": 9},
    "tier_days": {},
    "tier_digits": UNIT,
    "trend": UNIT,
    "unit_figures": UNIT,
    "unit_grids": {**UNIT, "rows": 9},
    "units": {},
    "waiting": UNIT,
    "wall_changes": {**UNIT, "scenario": "", "rows": 9},
    "wall_figures": UNIT,
    "wall_places": {**UNIT, "rows": 9},
    "wall_late": {"district": ""},
    "wall_scenarios": {**UNIT, "rows": 9},
    "weeks": UNIT,
}


@pytest.fixture(scope="module")
def build_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    publish_tiny(folder)
    return folder


@pytest.fixture(scope="module")
def city(build_dir: Path) -> Iterator[City]:
    opened = open_city(build_dir)
    yield opened
    opened.close()


def ask(city: City, name: str, **changes: object) -> list[dict]:
    return city.ask(f"ui_{name}", **{**QUESTIONS[name], **changes}).to_dict("records")


# Texts


def test_both_languages_have_the_same_keys_with_the_same_names_in_braces() -> None:
    zh, en = language.load_texts("zh"), language.load_texts("en")
    assert set(zh) == set(en)
    names = {key: tuple(set(re.findall(r"{(\w+)(?::[^}]*)?}", table[key])) for table in (zh, en)) for key in zh}
    assert [key for key, (first, second) in names.items() if first != second] == []


def test_english_texts_hold_no_chinese_and_chinese_ones_do() -> None:
    assert [key for key, text in language.load_texts("en").items() if re.search("[一-鿿]", text)] == []
    bare = {key for key, text in language.load_texts("zh").items() if not re.search("[一-鿿]", text)}
    assert bare <= {
        "sheet.comma",
        "sheet.semicolon",
        "card.almost_certain",
        "stop.sign",
        "unit.interval",
        "overview.red_bar",
        *SCORE_PARTS,
    }


@pytest.mark.parametrize(
    ("asked", "spoken"), [("zh-CN", "zh"), ("zh-TW", "zh"), ("en-US", "en"), ("de", "en"), (None, "zh")]
)
def test_the_browsers_language_comes_first(asked: str | None, spoken: str) -> None:
    assert language.prefer_language(asked) == spoken


# Formats


def test_numbers_are_written_as_the_language_does() -> None:
    assert language.format_count("en", 1234567) == "1,234,567"
    assert language.format_decimal("zh", 1234.56) == "1,234.6"
    assert language.format_share("en", 0.0512) == "5.1%"
    assert language.format_change("en", -0.0571) == "-5.7%"
    assert language.format_change("zh", 0.145) == "+14.5%"
    unmoved = [language.format_change("en", value) for value in (-0.0004, 0.0, 0.0004)]
    assert [*unmoved, language.format_change("en", -0.0006)] == ["0.0%", "0.0%", "0.0%", "-0.1%"]
    assert [language.format_points("en", value) for value in (-0.04, 0.04, -10.0)] == ["0.0", "0.0", "-10.0"]


@pytest.mark.parametrize("missing", [None, float("nan"), float("inf")])
def test_an_empty_denominator_gives_a_dash_and_never_a_percentage(missing: float | None) -> None:
    assert {language.format_share("en", missing), language.format_count("en", missing)} == {language.MISSING}


def test_times_are_shown_on_the_citys_clock() -> None:
    moment = datetime(2025, 2, 28, 16, 5)  # noqa: DTZ001  naive UTC, as in storage
    assert language.format_moment("en", moment, SHANGHAI) == "1 Mar 2025, 00:05"
    assert language.format_moment("zh", moment, SHANGHAI) == "2025年3月1日 00:05"
    assert language.format_local(moment, SHANGHAI) == "2025-03-01 00:05"


# Escaping


@given(st.text(alphabet="\\`*_{}[]()#+-.!|<>~$:^= ab红\n", max_size=30))
def test_escaped_markdown_keeps_no_mark_of_its_own(text: str) -> None:
    escaped = parts.escape_markdown(text)
    assert re.sub(r"\\(.)", r"\1", escaped) == " ".join(text.split())
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>$:]", escaped)


# Questions


def test_every_question_of_the_pages_answers_on_the_tiny_city(city: City) -> None:
    names = {name.removeprefix("ask_ui_") for name in warehouse.list_queries("ask_ui_")}
    assert names == set(QUESTIONS)
    empty = ["case_links", "health_points", "overview", "recurring_places", "shape"]
    assert [name for name in sorted(names) if not ask(city, name)] == empty


def test_digits_say_the_tier_of_each_grid_in_order(city: City) -> None:
    assert ask(city, "tier_digits")[0]["digits"] == "3211"
    assert ask(city, "tier_digits", level=1, unit_id="330205")[0]["digits"] == "0011"
    assert ask(city, "tier_digits", level=2, unit_id="330203002")[0]["digits"] == "0200"


def test_overdue_figures_are_sums_over_the_filters(city: City) -> None:
    total, rates = ask(city, "overdue_figures")[0], ask(city, "overdue_rates")[0]
    assert (total["overdue_cases"], total["seriously_overdue_cases"], total["unmatched_overdue_cases"]) == (6, 1, 1)
    assert rates["overdue_rate"] == pytest.approx(rates["due_still_open_cases"] / rates["due_cases"])
    departments = ask(city, "overdue_departments")
    assert sum(row["overdue_cases"] for row in departments) == 6
    housing = ask(city, "overdue_figures", department="housing")[0]
    assert (housing["overdue_cases"], housing["mean_overdue_days"]) == (3, pytest.approx((48 + 624 + 72) / 3 / 24))


def test_the_parts_of_a_reason_sum_to_the_whole(city: City) -> None:
    assert sum(row["share"] for row in ask(city, "reasons")) == pytest.approx(1)


def test_the_cases_in_no_grid_stay_among_the_units(city: City) -> None:
    rows = ask(city, "children")
    assert rows[-1]["unit_id"] == "~unmatched"
    whole = ask(city, "unit_figures")[0]
    assert sum(row["overdue_cases"] for row in rows) == whole["overdue_cases"]


def test_the_history_has_every_month_up_to_the_last(city: City) -> None:
    months = ask(city, "history", grid_id="G-01", scenario="fire_lane")
    starts = [row["month_start"] for row in months]
    assert (starts[0].year, starts[0].month, len(starts)) == (2024, 2, 13)
    assert sum(row["reports"] for row in months) == 1


# The map


def test_shapes_are_named_by_their_content_and_keep_every_grid(city: City) -> None:
    shapes = geometry.make_shapes(city)
    assert shapes is geometry.make_shapes(city)
    body = geometry.find_body(city, shapes.grids)
    assert body
    features = json.loads(gzip.decompress(body))["features"]
    assert [feature["properties"]["n"] for feature in features] == [0, 1, 2, 3]
    assert [feature["properties"]["id"] for feature in features] == ["G-01", "G-02", "G-03", "G-04"]
    drawn = shapely.from_geojson(json.dumps(features[0]["geometry"]))
    assert shapely.box(121.50, 29.80, 121.51, 29.81).contains(drawn)
    assert drawn.area > 0.9 * 0.01**2


def test_a_deck_holds_one_digit_per_grid_and_no_basemap(city: City) -> None:
    box = city_map.Box(121.5, 29.8, 121.52, 29.82)
    deck = city_map.make_deck(geometry.make_shapes(city), "3211", box=box, language="en")
    told = json.loads(deck.to_json())
    assert [layer["id"] for layer in told["layers"]] == ["grids_far", "grids", "letters_by_digit", "outlines"]
    far, near = told["layers"][:2]
    # 3 and 2, 1 and 1: two grids in one sign, the even one in the lower half
    assert all("('b5')[properties.n>>1]" in layer["getFillColor"]["attr"] for layer in (far, near))
    # From afar and from near one of the two is seen; while the near one loads both are.
    assert far["visibleMaxZoom"] == pytest.approx(near["visibleMinZoom"] + 1)
    # The ground below the grids, whose number is -1, is as pale as what is outside.
    assert near["getFillColor"]["attr"].startswith("@@=properties.n<0?4:")
    assert near["getFillColor"]["colors"] == [*far["getFillColor"]["colors"], palette.to_rgba(palette.OUTSIDE)]
    # Signs beyond ASCII are only drawn if they are named, as a list and not as an expression.
    assert told["layers"][2]["characterSet"] == [" ", "R", "Y"]
    # A click need not wait for a second one.
    assert told["views"][0]["controller"]["doubleClickZoom"] is False
    assert "mapProvider" not in told
    assert "carto" not in deck.to_json().lower()
    again = city_map.make_deck(geometry.make_shapes(city), "1111", box=box, language="en")
    assert json.loads(again.to_json())["initialViewState"] == told["initialViewState"]


def test_a_large_city_is_a_picture_and_tiles(tmp_path: Path) -> None:
    with snapshot.building(tmp_path) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        tiny_snapshot.load_shapes(draft.con, drawn_whole=3)
        snapshot.publish(draft, manifest=tiny_snapshot.MANIFEST)
    large = open_city(tmp_path)
    shapes = geometry.make_shapes(large)
    deck = city_map.make_deck(shapes, "3211", box=city_map.Box(121.5, 29.8, 121.52, 29.82), language="en")
    told = json.loads(deck.to_json())
    assert [layer["@@type"] for layer in told["layers"]] == ["BitmapLayer", "TileLayer", "TileLayer"]
    assert told["layers"][1]["textCharacterSet"] == [" ", "R", "Y"]
    status, headers, body = fetch(tmp_path, told["layers"][0]["image"])
    assert (status, headers["content-type"]) == (200, "image/png")
    picture = Image.open(io.BytesIO(body)).convert("RGBA")
    # G-01 red in the south-west, G-02 yellow beside it, G-03 and G-04 green above.
    red, yellow, green = (palette.to_rgba(palette.TIER_COLOURS[tier]) for tier in palette.TIERS)
    places = [(0.25, 0.75), (0.75, 0.75), (0.25, 0.25), (0.75, 0.25)]
    found = [picture.getpixel((int(x * picture.width), int(y * picture.height))) for x, y in places]
    assert [list(colour) for colour in found] == [red, yellow, green, green]
    assert len(body) < 20_000
    address = told["layers"][1]["data"]
    zoom = told["layers"][1]["minZoom"]
    column, row = (int(place * 2**zoom) for place in (float(to_x(121.505)), float(to_y(29.805))))
    status, _, body = fetch(tmp_path, address.format(z=zoom, x=column, y=row))
    assert (status, 0 in {feature["properties"]["n"] for feature in json.loads(body)["features"]}) == (200, True)
    # Where there are no grids there is an empty tile; of other shapes there is none.
    status, _, body = fetch(tmp_path, address.format(z=zoom, x=column + 5, y=row))
    assert (status, json.loads(body)["features"]) == (200, [])
    other = address.replace("tile-", "tile-0").format(z=zoom, x=column, y=row)
    assert fetch(tmp_path, other)[0] == 404
    assert city_map.make_deck(shapes, "1111", box=city_map.Box(0, 0, 1, 1), language="en").to_json() != deck.to_json()
    drawing = wall_map.draw_map(large, "3211", box=city_map.Box(121.5, 29.8, 121.52, 29.82), pins=[], title="")
    assert (drawing.count("<image"), drawing.count("w-outline"), drawing.count("<text")) == (1, 1, 0)
    large.close()


TILES = geometry.Tiles("tile-0-{z}-{x}-{y}.json", 10, 10.2, (121.0, 29.0, 122.0, 30.0))


def test_with_a_map_below_grids_let_it_through_once() -> None:
    shapes = geometry.Shapes("a", "b", "c", "d", TILES)
    shown = map_layers.Layers(style="/style.json")
    deck = city_map.make_deck(shapes, "1", box=city_map.Box(0, 0, 1, 1), language="en", layers=shown)
    layers = json.loads(deck.to_json())["layers"]
    # One layer of areas, at every zoom: where two lay on one another the map below would be seen twice as dimly.
    areas = [layer for layer in layers if layer["id"] in {"grids", "grids_far"}]
    assert [layer["data"] for layer in areas] == ["/geometry/a"]
    assert "visibleMaxZoom" not in areas[0]
    assert {colour[3] for colour in areas[0]["getFillColor"]["colors"]} == {170}


def test_the_view_frames_the_box() -> None:
    view = json.loads(
        city_map.make_deck(
            geometry.Shapes("a", "b", "c", "d", TILES), "1", box=city_map.Box(-0.1, -0.1, 0.1, 0.1), language="en"
        ).to_json()
    )["initialViewState"]
    assert (view["longitude"], view["latitude"]) == (0, 0)
    # 0.2 degrees in 560 pixels: 512 · 2^zoom / 360 · 0.2 = 560
    assert 512 * 2 ** view["zoom"] / 360 * 0.2 == pytest.approx(560, rel=0.01)


def fetch(build_dir: Path, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body that our routes give, asked as a server asks them."""
    return ask_app(Starlette(routes=list_routes(build_dir)), path, **headers)


def test_the_route_serves_shapes_for_ever_and_zipped(build_dir: Path, city: City) -> None:
    shapes = geometry.make_shapes(city)
    status, headers, body = fetch(build_dir, f"/geometry/{shapes.grids}", accept_encoding="gzip, br")
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    status, headers, plain = fetch(build_dir, f"/geometry/{shapes.grids}")
    assert (status, "content-encoding" in headers) == (200, False)
    assert gzip.decompress(body) == plain
    assert json.loads(plain)["type"] == "FeatureCollection"


@pytest.mark.parametrize(
    "name",
    [
        "CURRENT",
        "..%2fCURRENT",
        "%2e%2e/CURRENT",
        "snapshots/snap-000001.duckdb",
        "snap-000001.duckdb",
        "grids-0.json",
        "",
    ],
)
def test_the_route_gives_nothing_else_of_the_build_folder(build_dir: Path, name: str) -> None:
    status, _, body = fetch(build_dir, f"/geometry/{name}")
    assert (status, len(body) < 100) == (404, True)


def test_a_click_gives_the_grids_number() -> None:
    for layer in ("grids", "grids_far"):
        selection = {"indices": {layer: [2]}, "objects": {layer: [{"type": "Feature", "properties": {"n": 2}}]}}
        assert city_map.read_selected(selection) == 2
    assert city_map.read_selected({"indices": {}, "objects": {}}) is None
    assert city_map.read_selected({"objects": {"grids": [{"properties": {"n": SCRIPT}}]}}) is None


# The house


def test_the_front_door_is_short_and_pages_hold_no_sql() -> None:
    assert len((ROOT / "app.py").read_text(encoding="utf-8").splitlines()) <= 60
    for path in SOURCES:
        assert not re.search(r"\bselect\b.+\bfrom\b", path.read_text(encoding="utf-8")), path.name
    importing = [
        path.name for path in SOURCES if re.search(r"^import pydeck", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert importing == ["map.py"]


def test_the_addresss_names_are_those_that_links_carry() -> None:
    assert {"lang", "scenario", "unit", "grid"} <= set(address.NAMES)
