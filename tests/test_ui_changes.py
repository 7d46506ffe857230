"""The page of tier changes: filters in the address, empty states, hostile texts, files, the command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import python_calamine
from typer.testing import CliRunner

from governance import snapshot
from governance.city import City, open_city
from governance.cli import app
from governance.errors import ConfigError
from governance.ui.change_export import export_changes
from governance.ui.language import format_chance
from tests import tiny_snapshot
from tests.pages import read_figures, read_frame, read_html, run_page
from tests.spelling import say

HOSTILE = f"=1+1 {tiny_snapshot.SCRIPT}"


def publish(folder: Path, *statements: str) -> Path:
    """The tiny city with some of its rows changed."""
    with snapshot.building(folder) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        for statement in statements:
            draft.con.execute(statement)
        snapshot.publish(draft, manifest=tiny_snapshot.MANIFEST)
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The grid that turned red has an id and a place that would like to be more than texts."""
    named = f"update core_grid set grid_id = '{HOSTILE}', level_2_zh = '{HOSTILE}', level_2_en = '{HOSTILE}'"
    return publish(tmp_path_factory.mktemp("tiny"), f"{named} where grid_no = 2")


@pytest.fixture(scope="module")
def city(tiny: Path) -> Iterator[City]:
    opened = open_city(tiny)
    yield opened
    opened.close()


def test_the_tiny_city_by_hand(tiny: Path) -> None:
    test = run_page("changes", tiny)
    figures = read_figures(test)
    assert figures[say("changes.turned_red")] == ("1", "mostly: own reports of 28 days (1 of 1)")
    assert figures[say("changes.left_red")] == ("1", "mostly: own past (1 of 1)")
    assert figures[say("changes.turned_green")][0] == "0"
    frame = read_frame(test, "turn")
    assert frame["turn"].tolist() == ["▲ Yellow → Red", "▼ Red → Yellow"]
    assert frame["grid"].tolist() == [HOSTILE, "G-02"]
    assert frame["expected"].tolist() == [1.5, 0.9]
    assert tiny_snapshot.SCRIPT not in "".join(read_html(test))


def test_filters_stand_in_the_address(tiny: Path) -> None:
    frame = read_frame(run_page("changes", tiny, filter="fire_lane", district="330203"), "turn")
    assert frame["grid"].tolist() == ["G-02"]
    assert "scenario" not in frame
    html = "".join(read_html(run_page("changes", tiny, filter="group_rental")))
    assert say("changes.none_title") in html
    assert say("changes.none_text", since="24 Feb 2025", day="1 Mar 2025") in html


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_city_too_young_for_a_monday_before_says_so(tmp_path: Path, language: str) -> None:
    folder = publish(
        tmp_path,
        "delete from out_tier_change",
        "delete from out_tier_history where day < (select max(day) from out_tier_step)",
        "delete from out_tier_step where since_day is null",
        "update out_tier_step set since_day = null",
    )
    assert "g-state" in read_html(run_page("changes", folder, language=language))[-1]
    assert say("changes.young_title") in "".join(read_html(run_page("changes", folder)))
    html = "".join(read_html(run_page("city_map", folder, scenario="fire_lane", grid="G-02")))
    assert say("digest.young").replace("'", "&#x27;") in html
    assert say("card.no_past") in html


def test_changes_of_monday_are_not_told_as_those_of_today_when_all_is_green_today(tmp_path: Path) -> None:
    folder = publish(
        tmp_path,
        "update out_tier_change set day = since_day, since_day = since_day - 7",
        "delete from out_tier_history where day = (select max(day) from out_tier_step)",
        "update out_tier set tier = 'green', is_override = false",
        "update out_override set is_active = false",
    )
    opened = open_city(folder)
    assert opened.ask("export_changes", scenario=None, district=None).empty
    assert opened.ask("ui_change_figures", scenario="", level=0, unit_id="")["changes"].tolist() == [0]
    strip = opened.ask("ui_grid_tiers", scenario="fire_lane", grid_id="G-03")
    assert strip["tier"].tolist() == ["yellow", "green"]
    opened.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_files_hold_sentences_and_no_formula(city: City, tmp_path: Path, language: str) -> None:
    assert export_changes(city, tmp_path / "list.csv", language=language, scenario="fire_lane") == 2
    lines = (tmp_path / "list.csv").read_text(encoding="utf-8-sig").splitlines()
    assert f'"\'{HOSTILE}"' in lines[1]
    assert (
        "本网格近 28 天上报由 1 件变为 4 件。" if language == "zh" else "Own reports of 28 days went from 1 to 4."
    ) in lines[1]
    export_changes(city, tmp_path / "list.xlsx", language=language, district="330205")
    book = python_calamine.CalamineWorkbook.from_path(tmp_path / "list.xlsx")
    header, row = book.get_sheet_by_name("changes").to_python()
    told = dict(zip(header, row, strict=True))
    assert (told["grid_id"], told["direction"], told["since_day"]) == (HOSTILE, "turned_red", "2025-02-24")
    assert told["p_any_28d"] == pytest.approx(0.7769, abs=1e-4)
    about = dict(line for line in book.get_sheet_by_name("about").to_python())
    assert "own_reports" in about["number_before"]
    assert about["own_past"]


def test_the_command_writes_the_same_file_and_refuses_what_does_not_fit(city: City, tmp_path: Path) -> None:
    out = tmp_path / "changes.csv"
    order = ["export", "changes", "--out", str(out), "--build-dir", str(city.build_dir), "--language", "en"]
    assert CliRunner().invoke(app, order).exit_code == 0
    export_changes(city, tmp_path / "own.csv", language="en")
    assert out.read_bytes() == (tmp_path / "own.csv").read_bytes()
    refused = CliRunner().invoke(app, [*order, "--state", "overdue"])
    assert isinstance(refused.exception, ConfigError)
    with pytest.raises(ConfigError, match="There is no language 'fr'"):
        export_changes(city, tmp_path / "own.csv", language="fr")


@pytest.mark.parametrize(("value", "told"), [(0.0004, "0.00040"), (0.123, "0.12"), (1e-9, "< 0.000001"), (None, "–")])
def test_small_chances_keep_two_digits(value: float | None, told: str) -> None:
    assert format_chance("en", value) == told
