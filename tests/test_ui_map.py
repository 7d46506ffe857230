"""The map page without a browser: search, layers in the address, groups of grids and their numbers, hostile texts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from governance.city import City, open_city
from governance.ui import language
from governance.ui.group_export import export_group_bytes
from governance.ui.map import WORLD
from governance.ui.map_search import GRID_LEVEL, find_places, normalise_text
from governance.ui.view import View
from tests.pages import read_figures, read_html, run_page
from tests.tiny_snapshot import SCRIPT

# The two southern grids: G-01 and G-02 of Haishu. A centre belongs to its box, a touched corner does not.
GRIDS = ["grids_far", "grids"]
SOUTH = "121.50000,29.80000,121.52000,29.81000"


@pytest.fixture(scope="module")
def tiny_city(tiny: Path) -> Iterator[City]:
    opened = open_city(tiny)
    yield opened
    opened.close()


def read_deck(test: AppTest) -> dict:
    return json.loads(test.get("deck_gl_json_chart")[0].proto.json)


def list_ids(test: AppTest) -> list[str]:
    return [layer["id"] for layer in read_deck(test)["layers"]]


def find(city: City, text: str) -> list[str]:
    return [place.id for place in find_places(View(city, "en"), text)]


# Search


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("G-03", ["G-03"]),
        (" ｇ－０３ ", ["G-03"]),
        ("haishu", ["330203"]),
        ("海曙", ["330203"]),
        ("ＨＡＩ", ["330203"]),
        ("330203", ["330203", "330203001", "330203002"]),
        ("街道", ["330203001", "330203002"]),
        ("onerror", ["330205002"]),
        ("g-", ["G-01", "G-02", "G-03", "G-04"]),
        ("", []),
        ("   ", []),
        ("nowhere", []),
        ("%", []),
    ],
)
def test_a_place_is_found_by_part_of_its_name_in_any_width_and_case(tiny_city: City, text: str, ids: list[str]) -> None:
    assert find(tiny_city, text) == ids


@given(st.text(max_size=80))
def test_a_text_is_compared_as_it_was_compared_before(text: str) -> None:
    once = normalise_text(text)
    assert normalise_text(once.upper()) == normalise_text(once) or len(once.upper()) != len(once)
    assert "  " not in once


def test_one_hit_is_gone_to_at_once_and_the_view_with_it(tiny: Path) -> None:
    test = run_page("city_map", tiny)
    before = read_deck(test)["initialViewState"]
    test.text_input(key="search_grid").set_value("g-04").run()
    assert test.query_params["grid"] == "G-04"
    assert test.query_params["near"] == "G-04"
    after = read_deck(test)["initialViewState"]
    assert (after["longitude"], after["latitude"]) == pytest.approx((121.515, 29.815), abs=1e-4)
    assert after["zoom"] != before["zoom"]


def test_of_several_hits_one_is_chosen_and_nothing_else_moves_the_view(tiny: Path) -> None:
    test = run_page("city_map", tiny)
    test.text_input(key="search_grid").set_value("街道").run()
    before = read_deck(test)["initialViewState"]
    hits = [button.label for button in test.button if button.key.startswith("hit_")]
    assert hits == ["Gulou · Town · Haishu", "Yuehu · Town · Haishu"]
    test.button(key="reddest_G-01").click().run()
    assert read_deck(test)["initialViewState"] == before
    test.button(key="hit_2_330203002").click().run()
    assert test.query_params["unit"] == "330203002"
    assert "find" not in test.query_params
    assert read_deck(test)["initialViewState"] != before


def test_a_button_shows_all_of_the_unit_again(tiny: Path) -> None:
    test = run_page("city_map", tiny, unit="330203", near="G-01")
    near = read_deck(test)["initialViewState"]
    test.button(key="map_whole").click().run()
    whole = read_deck(test)["initialViewState"]
    assert "near" not in test.query_params
    assert abs(whole["zoom"] - near["zoom"]) > 0.1
    # Asked for once more it is a view of other values, which Streamlit takes though nothing else has changed.
    test.button(key="map_whole").click().run()
    again = read_deck(test)["initialViewState"]
    assert all(again[name] != whole[name] for name in ("longitude", "latitude", "zoom"))
    assert again["zoom"] == pytest.approx(whole["zoom"], abs=1e-6)


def test_the_map_goes_out_little_farther_than_the_city_and_in_to_a_grid(tiny: Path) -> None:
    whole = read_deck(run_page("city_map", tiny))["initialViewState"]
    town = read_deck(run_page("city_map", tiny, unit="330203002"))["initialViewState"]
    assert whole["minZoom"] == pytest.approx(whole["zoom"] - 1, abs=0.02)
    assert town["minZoom"] == pytest.approx(whole["minZoom"], abs=0.1)
    assert whole["maxZoom"] == town["maxZoom"] == 17


def test_a_town_is_chosen_beside_its_district(tiny: Path) -> None:
    test = run_page("city_map", tiny)
    assert not [box for box in test.selectbox if box.label == "Town"]
    test = run_page("city_map", tiny, unit="330203")
    (box,) = (box for box in test.selectbox if box.label == "Town")
    assert box.options == ["All of Haishu", "Gulou", "Yuehu"]
    box.select("Yuehu").run()
    assert test.query_params["unit"] == "330203002"


def test_a_search_that_finds_a_grid_outside_the_chosen_unit_shows_the_whole_city(tiny: Path) -> None:
    test = run_page("city_map", tiny, unit="330203")
    test.text_input(key="search_grid").set_value("G-02").run()
    assert test.query_params["unit"] == "330203"
    test.text_input(key="search_grid").set_value("G-03").run()
    assert "unit" not in test.query_params


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_what_is_not_found_is_told_as_text(tiny: Path, spoken: str) -> None:
    test = run_page("city_map", tiny, language=spoken, find="<script>alert(1)</script>")
    told = [html for html in read_html(test) if "role='alert'" in html]
    assert len(told) == 1
    assert "&lt;script&gt;" in told[0]
    assert "<script>" not in told[0]


# Layers


def test_the_usual_layers_are_districts_and_the_citys_own(tiny: Path) -> None:
    assert list_ids(run_page("city_map", tiny)) == [*GRIDS, "base0", "base1", "letters", "outlines"]


def test_the_address_says_which_layers_are_on_and_unknown_ones_are_none(tiny: Path) -> None:
    test = run_page("city_map", tiny, layers=f"stops,incidents,nothing,{SCRIPT}")
    assert list_ids(test) == [*GRIDS, "letters", "incidents", "stops"]
    assert SCRIPT not in json.dumps(read_deck(test))
    assert list_ids(run_page("city_map", tiny, layers="~none")) == [*GRIDS, "letters"]


def test_a_layers_name_from_the_citys_file_stays_text(tiny: Path) -> None:
    switches = next(group for group in run_page("city_map", tiny).get("button_group") if group.proto.options[0].content)
    labels = [option.content for option in switches.proto.options]
    assert r"\<img src\=x onerror\=alert(1)\>".replace("(", r"\(").replace(")", r"\)") in labels


def test_the_map_says_what_it_shows(tiny: Path) -> None:
    told = run_page("city_map", tiny, grid="G-01").get("deck_gl_json_chart")[0].proto.alt
    assert "Whole city" not in told
    assert "1 red, 1 yellow, 2 green" in told
    assert "Chosen: grid G-01" in told


# Groups


@pytest.mark.parametrize(
    ("choices", "ids"),
    [
        ({}, ["G-01", "G-02", "G-03", "G-04"]),
        ({"unit": "330205"}, ["G-03", "G-04"]),
        ({"box": SOUTH}, ["G-01", "G-02"]),
        ({"box": SOUTH, "unit": "330203002"}, ["G-02"]),
        ({"box": "nonsense"}, ["G-01", "G-02", "G-03", "G-04"]),
    ],
)
def test_the_numbers_of_grids_together_are_sums_over_the_grids(
    tiny: Path, tiny_city: City, choices: dict[str, str], ids: list[str]
) -> None:
    test = run_page("city_map", tiny, pick="several", **choices)
    tiers = tiny_city.tiers(scenario="group_rental").set_index("grid_id").loc[ids]
    cases = tiny_city.cases(scenario="group_rental")
    cases = cases[cases["grid_id"].isin(ids)]
    days = (cases["reported_at_utc"] + pd.Timedelta(hours=8)).dt.normalize()  # as the clock in Ningbo tells them
    recent = cases[days.between("2025-02-01", "2025-02-28")]
    figures = {label: value for label, (value, _) in read_figures(test).items()}
    assert figures == {
        "Grids": str(len(ids)),
        "Expected reports": language.format_decimal("en", tiers["expected_reports_28d"].sum()),
        "Reports, last 28 days": str(len(recent)),
        "Open cases": str(int(cases["is_open"].sum())),
        "Overdue cases": str(int(cases["is_overdue"].sum())),
    }
    legend = next(html for html in reversed(read_html(test)) if "g-legend" in html)
    for tier in ("red", "yellow", "green"):
        assert f"{language.say('en', f'tier.{tier}')} <b>{(tiers['tier'] == tier).sum()}</b>" in legend
    listed = [button.key.removeprefix("together_") for button in test.button if button.key.startswith("together_")]
    assert sorted(listed) == ids


def test_a_box_without_a_centre_says_so(tiny: Path) -> None:
    test = run_page("city_map", tiny, pick="several", box="10,10,11,11")
    assert any(language.say("en", "group.empty") in html for html in read_html(test))


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ("incidents", [1, 0]), ("heat", [1, 0]), ("incidents,heat", [1, 0]), ("overdue", [0, 1]), ("changes", [0, 0]),
        ("heat,overdue", [1, 1]),
    ],
)  # fmt: skip
def test_a_layer_says_what_it_cannot_draw(tiny: Path, layers: str, told: list[int]) -> None:
    html = "".join(read_html(run_page("city_map", tiny, scenario="group_rental", layers=layers)))
    assert [
        html.count(language.say("en", f"marks.outside_{kind}", cases="1")) for kind in ("incidents", "overdue")
    ] == told


def test_after_the_first_corner_the_second_is_asked_for(tiny: Path) -> None:
    test = run_page("city_map", tiny, pick="several", grid="G-03")
    told = [language.say("en", key, grid="G-03") for key in ("group.hint_second", "group.hint", "group.hint_again")]
    assert [any(text in html for html in read_html(test)) for text in told] == [True, False, False]
    test.button(key="clear_group").click().run()
    assert any(told[1] in html for html in read_html(test))
    assert not [button for button in test.button if button.key == "clear_group"]


def test_the_file_of_a_group_is_its_list(tiny_city: City) -> None:
    group = {"level": 0, "unit_id": "", "west": 121.5, "south": 29.8, "east": 121.52, "north": 29.81}
    text = export_group_bytes(
        tiny_city, format="csv", scenario="group_rental", group=group, language="zh"
    ).decode("utf-8-sig")  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["grid_id"], row["tier"], row["reports_28d"]) for row in rows] == [
        ("G-01", "red", "3"),
        ("G-02", "yellow", "1"),
    ]
    assert rows[0]["place_name"] == "海曙区 › 鼓楼街道"
    assert set(rows[0]) >= {"expected_reports_28d", "p_any_28d", "open_cases", "overdue_cases", "as_of_local"}


def test_the_group_of_the_whole_city_counts_as_the_figures_of_the_city(tiny_city: City) -> None:
    world = {"west": WORLD.west, "south": WORLD.south, "east": WORLD.east, "north": WORLD.north}
    for scenario in ("group_rental", "fire_lane"):
        unit = {"level": 1, "unit_id": "330203", "scenario": scenario}
        group = tiny_city.ask("ui_group_figures", **unit, **world).iloc[0]
        whole = tiny_city.ask("ui_unit_figures", **unit).iloc[0]
        for name in (
            "grids",
            "red",
            "yellow",
            "green",
            "expected_reports_28d",
            "reports_28d",
            "open_cases",
            "overdue_cases",
        ):
            assert group[name] == pytest.approx(whole[name]), name


def test_a_place_has_a_level_and_a_grid_one_of_its_own(tiny_city: City) -> None:
    levels = {place.id: place.level for place in find_places(View(tiny_city, "zh"), "0")}
    assert (levels["330203"], levels["330203001"], levels["G-01"]) == (1, 2, GRID_LEVEL)
