"""The register of disputes: from rows of a snapshot to sentences in both languages, on the page and in files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
import python_calamine
from typer.testing import CliRunner

from governance import cli, snapshot, warehouse
from governance.city import City, open_city
from governance.disputes import export_disputes, word_disputes
from governance.errors import ConfigError
from tests import tiny_snapshot
from tests.pages import find_table, run_page

HOSTILE = tiny_snapshot.SCRIPT
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("scenario", "template_version", "scene")]
    + [(name, pa.string()) for name in ("from_department", "to_department", "reason")]
    + [(name, pa.int64()) for name in ("cases", "ended_with_receiver", "held_cases")]
)
CITY, LANE, HAISHU = "group_rental@1.0.0", "fire_lane@1.0.0", "group_rental@1.0.0+haishu@1.2.0"
# The scene's lead is urban_management.
ROWS = [
    (
        "group_rental",
        CITY,
        "illegal_construction",
        "urban_management",
        "fire_rescue",
        "不属于本单位职责",
        1000,
        900,
        5678,
    ),
    ("group_rental", CITY, "illegal_construction", "urban_management", "fire_rescue", HOSTILE, 234, 100, 5678),
    ("group_rental", CITY, "illegal_construction", "fire_rescue", "urban_management", "", 60, 60, 60),
    ("fire_lane", LANE, None, HOSTILE, "housing", "=1+1", 31, 3, 40),
    ("group_rental", CITY, "illegal_construction", "police", "fire_rescue", "", 29, 29, 29),
    ("group_rental", HAISHU, "illegal_construction", "urban_management", "fire_rescue", "", 30, 20, 60),
]


@pytest.fixture(scope="module")
def build_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("disputes")
    with snapshot.building(folder) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        warehouse.load_arrow(
            draft.con,
            "out_dispute",
            pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in ROWS], schema=SCHEMA),
        )
        snapshot.publish(draft, manifest=tiny_snapshot.MANIFEST)
    return folder


@pytest.fixture(scope="module")
def city(build_dir: Path):
    opened = open_city(build_dir)
    yield opened
    opened.close()


def test_the_city_lists_proposals_with_their_shares_the_most_cases_first(city: City) -> None:
    frame = city.disputes()
    told = frame[["from_department", "to_department", "cases", "change"]].itertuples(index=False, name=None)
    assert list(told) == [
        ("urban_management", "fire_rescue", 1234, "lead"),
        ("fire_rescue", "urban_management", 60, "dispatch"),
        (HOSTILE, "housing", 31, "collaborator"),
        ("urban_management", "fire_rescue", 30, "lead"),
    ]
    assert frame["share"].tolist() == pytest.approx([1234 / 5678, 1, 31 / 40, 0.5])
    assert frame["ended_share"].tolist() == pytest.approx([1000 / 1234, 1, 3 / 31, 2 / 3])
    assert frame["district"].fillna("").tolist() == ["", "", "", "330203"]
    assert frame["template_version"].tolist() == [CITY, CITY, LANE, HAISHU]
    assert len(city.disputes(scenario="fire_lane")) == 1
    assert city.disputes(scenario="dogs").columns.tolist() == frame.columns.tolist()


def test_a_proposal_is_a_sentence_in_both_languages(city: City) -> None:
    english = word_disputes(city, city.disputes(), language="en").iloc[0]
    assert english["finding"] == (
        "In scene “Illegal construction, unapproved change of use”, Comprehensive Administrative Enforcement passed on "
        "1,234 of its 5,678 cases (21.7%) to Fire and Rescue; "
        f"most gave as reason “不属于本单位职责” 1,000, “{HOSTILE}” 234; 81.0% ended with Fire and Rescue."
    )
    assert english["proposal"] == "Proposal: let Fire and Rescue lead here, or part the scene in two."
    chinese = word_disputes(city, city.disputes(), language="zh").iloc[0]
    assert chinese["finding"].startswith(
        "子场景“违法建筑、擅自改变房屋用途”中，综合行政执法局经手 5,678 件，其中 1,234 件（21.7%）转给消防救援"
    )
    assert chinese["proposal"] == "建议：由消防救援牵头，或把这一子场景一分为二。"
    bare = word_disputes(city, city.disputes(scenario="fire_lane"), language="en").iloc[0]
    assert bare["finding"].startswith(
        f"In cases of no scene, {HOSTILE} passed on 31 of its 40 cases (77.5%) to Housing"
    )
    own = {language: word_disputes(city, city.disputes(), language=language).iloc[3] for language in ("zh", "en")}
    assert own["en"]["finding"].startswith("By Haishu's own template. In scene “Illegal construction")
    assert own["zh"]["finding"].startswith("按海曙区的自有模板：子场景“违法建筑")
    assert (own["zh"]["district_name"], own["en"]["district_name"]) == ("海曙区", "Haishu")
    silent = word_disputes(city, city.disputes(), language="en").iloc[1]
    assert "; no reason was given; 100.0% ended with" in silent["finding"]


def test_page_and_files_hold_the_same_sentences_and_numbers(build_dir: Path, city: City, tmp_path: Path) -> None:
    for language in ("zh", "en"):
        rows = export_disputes(city, tmp_path / "d.csv", scenario="group_rental", language=language)
        with (tmp_path / "d.csv").open(encoding="utf-8-sig", newline="") as file:
            listed = list(csv.DictReader(file))
        page = run_page("scenario", build_dir, language=language, scenario="group_rental", tab="holders")
        shown = find_table(page, {"zh": "件数", "en": "Cases"}[language])
        assert len(shown) == rows == len(listed) == 3  # noqa: PLR2004
        told = [[f"{int(row['cases']):,}", row["finding"], row["proposal"]] for row in listed]
        assert [[cell.replace("  ", " ") for cell in row] for row in shown] == told
        assert {row["is_synthetic"] for row in listed} == {"true"}


def test_a_spreadsheet_gets_notes_and_never_a_formula(city: City, tmp_path: Path) -> None:
    assert export_disputes(city, tmp_path / "d.xlsx", language="en") == 4  # noqa: PLR2004
    book = python_calamine.CalamineWorkbook.from_path(tmp_path / "d.xlsx")
    header, *rows = book.get_sheet_by_name("disputes").to_python()
    assert [row[header.index("cases")] for row in rows] == [1234, 60, 31, 30]
    notes = dict(book.get_sheet_by_name("about").to_python())
    assert "a person must judge them" in notes["What this is"]
    export_disputes(city, tmp_path / "d.csv", scenario="fire_lane", language="en")
    with (tmp_path / "d.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["reasons"] == "“=1+1” 31"
    assert row["from_department_name"] == HOSTILE


def test_the_command_writes_the_register_and_refuses_what_it_cannot_cut(build_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "d.csv"
    common = ["export", "disputes", "--out", str(out), "--build-dir", str(build_dir)]
    result = CliRunner().invoke(cli.app, [*common, "--scenario", "消防车通道管理", "--language", "en"])
    assert result.exit_code == 0, result.output
    assert len(pd.read_csv(out)) == 1
    refused = CliRunner().invoke(cli.app, [*common, "--district", "海曙区"])
    assert isinstance(refused.exception, ConfigError)
    assert "leave the district out" in str(refused.exception)
    refused = CliRunner().invoke(cli.app, [*common, "--department", "住建局"])
    assert "department cut the list `open`, not `disputes`" in str(refused.exception)


def test_what_is_unknown_is_refused(city: City, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no language"):
        export_disputes(city, tmp_path / "d.csv", language="fr")
    with pytest.raises(ConfigError, match="no scenario"):
        export_disputes(city, tmp_path / "d.csv", scenario="ghosts")
    with pytest.raises(ConfigError, match="have no places"):
        export_disputes(city, tmp_path / "d.geojson")


def test_the_check_names_what_breaks_the_procedure(build_dir: Path) -> None:
    told = CliRunner().invoke(cli.app, ["check", "--json", "--build-dir", str(build_dir)])
    moves = json.loads(told.stdout)["moves"]
    assert moves == [
        {"state": "accepted", "is_paused": False, "kind": "closed", "events": 2, "cases": 2},
        {"state": "accepted", "is_paused": True, "kind": "disposed", "events": 1, "cases": 1},
        {"state": None, "is_paused": None, "kind": None, "events": 3, "cases": 2},
    ]
    printed = CliRunner().invoke(cli.app, ["check", "--build-dir", str(build_dir)]).stdout
    assert "accepted, clock stopped" in printed
