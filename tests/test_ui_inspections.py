"""The page of inspections: stops, why, files that are what is shown, empty states, outcomes with every fault."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import python_calamine
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from governance import snapshot
from governance.city import City, open_city
from governance.cli import app
from governance.errors import ConfigError
from governance.ui import language
from governance.ui.inspection_export import export_inspection_bytes, export_inspections
from governance.ui.inspection_list import list_stops, spell_why
from tests import tiny_snapshot
from tests.pages import find_table, read_figures, read_html, read_tables, read_text, run_page
from tests.spelling import count, decimal, say, share

HEADER = "grid_id,scenario,inspected_on,found\n"


@pytest.fixture(scope="module")
def tiny_city(tiny: Path) -> Iterator[City]:
    opened = open_city(tiny)
    yield opened
    opened.close()


def publish(folder: Path, *statements: str) -> Path:
    """The tiny city with some of its rows changed."""
    with snapshot.building(folder) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        for statement in statements:
            draft.con.execute(statement)
        snapshot.publish(draft, manifest=tiny_snapshot.MANIFEST)
    return folder


def read_stops(page: AppTest) -> list[str]:
    """What each stop says, as texts, in the page's order."""
    html = next(piece for piece in read_html(page) if "g-stops" in piece)
    return html.split("<li>")[1:]


def test_the_tiny_city_by_hand(tiny: Path) -> None:
    page = run_page("inspections", tiny, scenario="fire_lane")
    figures = read_figures(page)
    assert figures["Stops"] == ("2", "of 2 in the whole city")
    assert figures["Red grids"][0] == "1"
    assert figures["Random audits"] == ("1", "each of the other grids had a chance of 33.3%")
    assert figures["With urgent cases"][0] == "0"
    first, second = read_stops(page)
    # Red on Monday, and on the list all week, though G-03 is red by now.
    assert "G-02" in first
    assert "0.90 reports expected in 28 days. Largest part (75%)" in first
    assert "overdue cases" not in first
    assert "g-audit" not in first
    assert "G-01" in second
    assert "Audit, by lot" in second
    assert "without suspicion" in second
    assert "24 Feb 2025 to 2 Mar 2025, 2 stops" in read_text(page)
    assert "Vehicles on fire lanes inside compounds" in read_text(page)
    rental = run_page("inspections", tiny, scenario="group_rental")
    assert read_figures(rental)["With urgent cases"][0] == "1"
    assert "overdue cases: 2" in read_stops(rental)[0]


def test_a_unit_of_its_own_has_its_part_of_the_list(tiny: Path) -> None:
    page = run_page("inspections", tiny, scenario="fire_lane", unit="330203001")
    assert [("G-01" in stop, "g-audit" in stop) for stop in read_stops(page)] == [(True, True)]
    assert "No grid is red here this week" in read_text(page)
    page = run_page("inspections", tiny, scenario="fire_lane", unit="330205001")
    assert "No stop in Cicheng" in read_text(page)
    assert "holds 2 stops" in read_text(page)


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_no_list_and_an_empty_one_are_told_in_words(tmp_path: Path, spoken: str) -> None:
    green = (
        "update out_tier set tier = 'green', is_override = false where true",
        "update out_override set is_active = false where true",
        "delete from out_tier_history where true",
        "delete from out_tier_change where true",
        "delete from out_inspection where true",
    )
    none = publish(tmp_path / "a", *green)
    for tab in ("list", "paper"):
        page = run_page("inspections", none, language=spoken, tab=tab)
        assert language.say(spoken, "inspections.none_title") in read_text(page)
    empty = publish(tmp_path / "b", *(f"{statement} and scenario = 'group_rental'" for statement in green))
    page = run_page("inspections", empty, language=spoken, scenario="group_rental")
    assert language.say(spoken, "inspections.empty_text", places="1") in read_text(page)


@pytest.mark.parametrize("spoken", language.LANGUAGES)
@pytest.mark.parametrize("tab", ["list", "paper", "outcomes"])
def test_hostile_texts_stay_texts(tmp_path: Path, tab: str, spoken: str) -> None:
    hostile = f"=1+1 {tiny_snapshot.SCRIPT}"
    folder = publish(
        tmp_path,
        f"update core_grid set grid_id = '{hostile}' where grid_no = 0",
        "update out_override set grid_no = 0, tier = 'red' where is_active",
        "update out_tier set is_override = grid_no = 0 where scenario = 'group_rental'",
    )
    page = run_page("inspections", folder, language=spoken, tab=tab)
    html = "".join(read_html(page))
    assert "<img" not in html
    assert tab == "outcomes" or "&lt;img src=x" in html
    city = open_city(folder)
    content = export_inspection_bytes(city, format="csv", language=spoken).decode("utf-8-sig")
    assert f"'{hostile}" in content
    city.close()


def test_an_experts_word_is_the_reason() -> None:
    stop = {"kind": "red", "is_override": True, "override_reason": "market moved", "override_author": "Wang"}
    assert spell_why("en", stop) == "An expert's word: market moved (author: Wang)"


# The order of visits


def number_stops(stops: pd.DataFrame) -> pd.DataFrame:
    """The rule again: each kind keeps its own order, and of the first n stops of a list its share are audits."""
    return stops.assign(audits=(stops["kind"] == "audit").cumsum(), expected=(stops["kind"] == "audit").mean())


def test_a_list_cut_short_holds_its_share_of_audits_and_the_worst_first(demo_build: Path) -> None:
    city = open_city(demo_build)
    for scenario in city.manifest["scenarios"]:
        stops = list_stops(city, "en", scenario, "")
        assert stops["stop"].tolist() == [*range(1, len(stops) + 1)]
        ids = stops.loc[stops["kind"] == "red", "grid_id"]
        monday = city.sql(
            "select grid_id, history.rank from out_tier_history as history join core_grid using (grid_no) "
            "where scenario = $scenario and day = $week", scenario=scenario, week=stops["week"].max(),
        )  # fmt: skip
        assert monday.set_index("grid_id")["rank"].reindex(ids).is_monotonic_increasing
        told = number_stops(stops)
        assert ((told["audits"] - told["expected"] * told["stop"]).abs() <= 1).all()
    city.close()


# Page, file and command are one list


@pytest.mark.parametrize("spoken", language.LANGUAGES)
@pytest.mark.parametrize("district", [None, 0])
def test_the_page_the_files_and_the_tables_say_the_same(
    demo_build: Path, tmp_path: Path, spoken: str, district: int | None
) -> None:
    city = open_city(demo_build)
    scenario = next(iter(city.manifest["scenarios"]))
    unit = "" if district is None else city.grids()["level_1_id"].sort_values().iloc[district]
    page = run_page("inspections", demo_build, language=spoken, scenario=scenario, unit=unit)
    # From the plain tables, in Python.
    listed = city.sql("select * from out_inspection join core_grid using (grid_no)")
    listed = listed[(listed["scenario"] == scenario) & (listed["week"] == listed["week"].max())]
    here = listed[listed["level_1_id"] == unit] if unit else listed
    figures = list(read_figures(page).values())
    kinds = here["kind"].value_counts()
    urgent = city.sql("select * from out_urgent where scenario = $scenario", scenario=scenario)
    assert [value for value, _ in figures] == [
        count(len(here)), count(kinds.get("red", 0)), count(kinds.get("audit", 0)),
        count(here["grid_no"].isin(urgent["grid_no"]).sum()),
    ]  # fmt: skip
    options = {"language": spoken, "scenario": scenario, "unit": unit or None}
    rows = list(csv.DictReader(io.StringIO(export_inspection_bytes(city, format="csv", **options).decode("utf-8-sig"))))
    assert {row["grid_id"] for row in rows} == set(here["grid_id"])
    tiers = city.tiers(scenario=scenario).set_index("grid_id")
    shown = read_stops(page)
    for row, stop in zip(rows, shown, strict=True):
        tier = tiers.loc[row["grid_id"]]
        assert (row["tier"], int(row["rank"]), row["kind"]) == (tier["tier"], tier["rank"], tier["inspection"])
        assert float(row["sampling_probability"]) == pytest.approx(tier["sampling_probability"])
        assert f"<strong>{row['grid_id']}</strong>" in stop
        if row["kind"] == "red" and spoken == "en":
            parts = city.ask("ui_reasons", scenario=scenario, grid_id=row["grid_id"])
            assert f"{decimal(tier['expected_reports_28d'], 2)} reports expected" in row["why"]
            assert f"({share(parts['contribution'].max(), parts['contribution'].sum(), 0)})" in row["why"]
        assert row["what_to_check"]
    out = tmp_path / "own.csv"
    order = ["export", "inspections", "--out", str(out), "--build-dir", str(demo_build), "--language", spoken]
    order += ["--scenario", scenario, *(["--district", unit] if unit else [])]
    assert CliRunner().invoke(app, order).exit_code == 0
    assert out.read_bytes() == export_inspection_bytes(city, format="csv", **options)
    city.close()


def test_the_other_files_hold_the_same_rows_and_polygons(tiny_city: City, tmp_path: Path) -> None:
    options = {"language": "en", "scenario": "fire_lane"}
    sheet = export_inspection_bytes(tiny_city, format="xlsx", **options)
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sheet))
    header, *rows = book.get_sheet_by_name("inspections").to_python()
    assert [dict(zip(header, row, strict=True))["grid_id"] for row in rows] == ["G-02", "G-01"]
    about = dict(book.get_sheet_by_name("about").to_python())
    assert "Leave no audit out" in about["kind"]
    assert export_inspections(tiny_city, tmp_path / "list.gpkg", **options) == 2
    shapes = gpd.read_file(tmp_path / "list.gpkg", layer="inspections")
    assert shapes["grid_id"].tolist() == ["G-02", "G-01"]
    assert shapes.geometry.iloc[0].equals(tiny_city.grids().set_index("grid_id").loc["G-02", "geometry"])
    assert shapes["scenario_name"].tolist() == ["Fire lane management"] * 2
    assert not [name for name in shapes if name.endswith(("_zh", "_en", "_utc"))]


def test_the_command_refuses_what_does_not_fit(tiny_city: City, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no unit 'x'"):
        export_inspections(tiny_city, tmp_path / "a.csv", unit="x")
    with pytest.raises(ConfigError, match="either the district or the unit"):
        export_inspections(tiny_city, tmp_path / "a.csv", unit="330203", district="330203")
    with pytest.raises(ConfigError, match="There is no language 'fr'"):
        export_inspections(tiny_city, tmp_path / "a.csv", language="fr")
    order = ["export", "tiers", "--unit", "330203", "--out", str(tmp_path / "a.csv")]
    assert isinstance(CliRunner().invoke(app, order).exception, ConfigError)


# Outcomes


def run_file(build_dir: Path, content: bytes, *, spoken: str = "en", name: str = "outcomes.csv") -> AppTest:
    """What the page says of a file that a visitor gives."""
    test = AppTest.from_function(_show_file, args=(str(build_dir), spoken, name, content), default_timeout=60)
    test.run()
    assert not test.exception, test.exception
    return test


def _show_file(build_dir: str, spoken: str, name: str, content: bytes) -> None:
    from pathlib import Path  # noqa: PLC0415

    from governance.ui.generations import open_current  # noqa: PLC0415
    from governance.ui.pages.inspection_outcomes import show_file  # noqa: PLC0415
    from governance.ui.view import View  # noqa: PLC0415

    show_file(View(open_current(Path(build_dir)), spoken), name, content)


def test_a_list_filled_in_comes_back_as_hit_rates(tiny: Path, tiny_city: City) -> None:
    content = export_inspection_bytes(tiny_city, format="csv", scenario="fire_lane", language="en")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    for row, day, found in zip(rows, ("2025-02-25", "2025-02-26"), ("yes", "no"), strict=True):
        row["inspected_on"], row["found"] = day, found
    rows += [{**rows[0], "inspected_on": "", "found": ""}, {**rows[0], "inspected_on": "2025-02-10"}]
    filled = io.StringIO()
    writer = csv.DictWriter(filled, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    page = run_file(tiny, filled.getvalue().encode())
    assert read_figures(page) == {
        "Outcomes counted": ("2", "on a list or on none"),
        "Not visited yet": ("1", "rows without day and finding, in no rate"),
        "Too old": ("1", "before 24 Feb 2025, the first week whose lists are kept; in no rate"),
    }
    # Wilson for 1 of 1 and 0 of 1: z² / (1 + z²) = 0.793.
    assert find_table(page, "Scenario") == [
        ["Fire lane management", "red grid", "1", "1", "100.0% (20.7–100.0)", "0"],
        ["Fire lane management", "random audit", "1", "0", "0.0% (0.0–79.3)", "0"],
    ]
    assert say("outcomes.unclear", scenario="Fire lane management") in read_text(page)


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_every_fault_is_told_at_once_in_the_pages_language(tiny: Path, spoken: str) -> None:
    hostile = tiny_snapshot.SCRIPT
    content = f"{HEADER}G-0,fire_lane,2025-02-25,yes\nG-01,{hostile},March,maybe\nG-01,fire_lane,2025-02-25,no,more\n"
    page = run_file(tiny, content.encode(), spoken=spoken)
    assert read_figures(page) == {}
    (table,) = read_tables(page)
    told = [tuple(row) for row in table[1:]]
    grid = language.say(spoken, "fault.unknown_grid", value="G-0")
    assert told == [
        ("2", language.say(spoken, "fault.nearest", fault=grid, hint="G-01")),
        ("3", language.say(spoken, "fault.unknown_scenario", value=hostile)),
        ("3", language.say(spoken, "fault.no_day", value="March")),
        ("3", language.say(spoken, "fault.no_truth", value="maybe")),
        ("4", language.say(spoken, "fault.more_cells")),
    ]
    assert "<img" not in "".join(read_html(page))


@pytest.mark.parametrize(("content", "name"), [(b"PK", "a.xlsx"), (b"\xff", "a.csv"), (b"a,b\n1,2\n", "a.csv")])
def test_what_is_no_file_of_outcomes_is_told(tiny: Path, content: bytes, name: str) -> None:
    (table,) = read_tables(run_file(tiny, content, name=name))
    assert [row[0] for row in table[1:]] == ["all"]


def test_a_file_without_a_visit_says_so(tiny: Path) -> None:
    page = run_file(tiny, f"{HEADER}G-01,fire_lane,,\n".encode())
    assert read_figures(page)["Not visited yet"][0] == "1"
    assert say("outcomes.nothing_title") in read_text(page)
