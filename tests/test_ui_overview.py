"""The first page: by hand on the tiny city, ways to other pages, empty states in words, hostile texts, languages.

`test_walk_overview` walks every number of the page.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from governance import snapshot
from governance.ui.parts import escape_markdown
from tests import tiny_snapshot
from tests.pages import list_figures, read_bars, read_figures, read_html, read_text, run_page
from tests.spelling import say

LANGUAGES = ("zh", "en")
RED = "of 4 grids (50.0%), red 2 times in all scenarios together"


def publish(folder: Path, *statements: str) -> Path:
    """The tiny city with some of its rows changed."""
    with snapshot.building(folder) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        for statement in statements:
            draft.con.execute(statement)
        snapshot.publish(draft, manifest=tiny_snapshot.MANIFEST)
    return folder


def test_the_tiny_city_by_hand(tiny: Path) -> None:
    test = run_page("overview", tiny)
    figures = read_figures(test)
    # G-01 in group rentals and G-03 in fire lanes; on Monday G-01 and G-02
    assert figures[say("figure.red")] == (
        "2",
        f"{RED}; on 24 Feb: 2",
    )
    assert figures[say("figure.overdue")] == ("6", "75.0% of 8 open cases")
    assert read_bars(test)[0] == [("Haishu", "100.0", "1", "▲0 ▼1"), ("Jiangbei", "100.0", "1", "▲1 ▼0")]
    # too few open cases for a rank: the most overdue first
    assert next(button.key for button in test.button if button.key.startswith("late_")) == "late_housing"
    assert say("overview.unranked", cases="30") in read_text(test)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("choices", [{}, {"unit": "330203"}, {"unit": "330205002"}, {"filter": "fire_lane"}])
def test_every_depth_is_told_in_both_languages(tiny: Path, language: str, choices: dict[str, str]) -> None:
    test = run_page("overview", tiny, language=language, **choices)
    assert len(list_figures(test)) == 6
    assert len(test.get("vega_lite_chart")) == (1 if len(choices.get("unit", "")) == 9 else 2)
    assert tiny_snapshot.SCRIPT not in "".join(read_html(test))


def test_the_reddest_town_is_named_wherever_it_lies_and_leads_to_itself(tiny: Path) -> None:
    test = run_page("overview", tiny, filter="fire_lane")
    # In fire lanes G-03 alone is red.
    (button,) = [button for button in test.button if button.key.startswith("reddest_")]
    told = say("overview.reddest_unit", name="Cicheng", above="Jiangbei", red="1", grids="1")
    assert button.label == escape_markdown(told)
    button.click().run()
    assert test.query_params["unit"] == button.key.removeprefix("reddest_")


def test_a_chosen_scenario_goes_along_to_the_pages_of_one(tiny: Path) -> None:
    test = run_page("overview", tiny)
    test.selectbox(key="choose_filter_overview").select("fire_lane").run()
    assert [test.query_params[name] for name in ("filter", "scenario")] == ["fire_lane"] * 2
    # An address that names it for the pages of all alone is enough, too.
    for scenario in ("group_rental", "fire_lane"):
        assert run_page("city_map", tiny, filter=scenario).selectbox(key="choose_scenario_map").value == scenario
    # What is in no scenario is no scenario of a map.
    late = run_page("overdue", tiny, scenario="fire_lane")
    late.selectbox(key="choose_filter_overdue").select("~unmapped").run()
    assert late.query_params["scenario"] == "fire_lane"


def test_a_click_on_a_panel_goes_to_the_unit_and_the_boxes_lead_back(tiny: Path) -> None:
    test = run_page("overview", tiny)
    next(button for button in test.button if button.key == "unit_330203").click().run()
    assert test.query_params["unit"] == "330203"
    assert read_bars(test)[0][0][0] == "Gulou"
    test.selectbox(key="choose_unit_overview_town").select("330203002").run()
    assert test.query_params["unit"] == "330203002"
    # The deepest unit lists its red grids; G-02 is none.
    assert say("overview.no_red") in read_text(test)
    test.selectbox(key="choose_unit_overview").select("").run()
    assert "unit" not in test.query_params
    assert read_figures(test)[say("figure.red")][0] == "2"


def test_a_deeper_unit_is_told_by_its_town(tmp_path: Path) -> None:
    folder = publish(
        tmp_path,
        "insert into out_unit by name select 3 as level, 'C1' as unit_id, 'C1' as unit_zh, 'C1' as unit_en, "
        "'330203001' as parent_unit_id, scenario, 1 as grids, 1 as area_km2, 0 as red, 0 as yellow, 1 as green, "
        "0 as expected_reports_28d, 0 as cases, 0 as reports_28d, open_cases, overdue_cases from out_unit "
        "where level = 0",
    )
    test = run_page("overview", folder, unit="C1")
    assert say("overview.by_town", unit="C1", town="Gulou") in read_text(test)
    assert test.selectbox(key="choose_unit_overview_town").value == "330203001"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_city_without_scenarios_says_so(tmp_path: Path, language: str) -> None:
    folder = publish(tmp_path, "delete from meta_scenario")
    test = run_page("overview", folder, language=language)
    assert [html for html in read_html(test) if "g-state" in html]
    assert not list_figures(test)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_city_without_districts_is_one_chart_and_its_red_grids(tmp_path: Path, language: str) -> None:
    bare = "update core_grid set level_1_id = null, level_2_id = null, level_3_id = null"
    folder = publish(tmp_path, bare, "delete from out_unit where level > 0", "delete from out_trend where level > 0")
    test = run_page("overview", folder, language=language)
    assert [button.key for button in test.button if button.key.startswith("red_")] == ["red_G-01", "red_G-03"]
    assert len(test.get("vega_lite_chart")) == 1
    assert [box.key for box in test.selectbox] == ["choose_filter_overview", "choose_unit_overview"]


def test_a_young_city_has_no_last_year_and_no_monday_before(tmp_path: Path) -> None:
    folder = publish(
        tmp_path,
        "update out_unit set reports_28d_last_year = null",
        "update out_tier_step set since_day = null",
        "delete from out_tier_change",
        "delete from out_trend where week_start < date '2025-01-01'",
    )
    test = run_page("overview", folder)
    figures = read_figures(test)
    assert figures[say("figure.red")][1] == f"{RED}; no earlier week to compare with"
    assert figures[say("figure.reports")][1] == say("figure.no_last_year")
    text = read_text(test)
    assert say("digest.young") in text
    assert say("overview.nothing_compared") in text
    assert say("overview.red_same") in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_departments_nobody_is_late(tmp_path: Path, language: str) -> None:
    folder = publish(tmp_path, "update out_open set department = '~none'", "delete from out_department")
    test = run_page("overview", folder, language=language)
    assert not [button for button in test.button if button.key.startswith("late_")]
    assert {"en": "No department has an overdue case here.", "zh": "这里没有部门有超期事件。"}[language] in read_text(
        test
    )


def test_a_city_without_a_case_in_these_weeks_shows_zeros(tmp_path: Path) -> None:
    test = run_page("overview", publish(tmp_path, "delete from out_trend", "delete from out_count"))
    assert read_figures(test)[say("overview.on_time_closing_rate")][0] == "–"
    assert say("overview.count_alone", reports="0") in read_text(test)
