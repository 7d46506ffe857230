"""Indicators as files and on the command line: the numbers of Python, blanks as blanks, hostile texts defused."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta

import pandas as pd
import pytest
import python_calamine
from tiny_counts import find, local, make_case, open_counts
from typer.testing import CliRunner

from governance.cli import app
from governance.errors import ConfigError
from governance.indicator_exports import export_indicators

AS_OF = local("2025-03-01T00:00:00")
HOSTILE = "=cmd|' /C calc'!A0"


@pytest.fixture(scope="module")
def city():
    done = local("2025-01-08T10:00:00")
    closed = {"disposed_at_utc": done, "closed_at_utc": done}
    rows = [
        {**closed},
        {},
        {"department": HOSTILE, **closed},
        {"grid_no": None, "scenario": "lane", "department": "fire"},
        {"grid_no": 2, "department": None},
    ]
    cases = [make_case(local("2025-01-06T10:00:00"), as_of=AS_OF, **row) for row in rows]
    late = make_case(local("2025-02-26T10:00:00"), as_of=AS_OF, scenario="lane", department="fire")
    return open_counts([*cases, late], as_of=AS_OF)


def read_csv(path):
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_a_file_has_the_numbers_of_python(city, tmp_path, kind):
    out = tmp_path / f"indicators.{kind}"
    cut = {"by": ("department", "scenario"), "period": "month", "cohort": "reported"}
    expected = city.indicators(**cut)
    assert export_indicators(city, out, **cut) == len(expected) > 0
    if kind == "csv":
        frame = pd.read_csv(out)
    elif kind == "parquet":
        frame = pd.read_parquet(out)
    else:
        header, *rows = python_calamine.CalamineWorkbook.from_path(out).get_sheet_by_name("indicators").to_python()
        frame = pd.DataFrame(rows, columns=header).replace("", None)
    for name in ("numerator", "denominator", "value", "low", "high"):
        found = frame[name].astype("Float64").astype(float).to_numpy()
        assert found == pytest.approx(expected[name].astype("Float64").astype(float).to_numpy(), nan_ok=True)
    assert frame["indicator"].tolist() == expected["indicator"].tolist()
    assert {"as_of_local", "is_synthetic", "indicator_name", "department_name", "scenario_name"} <= set(frame.columns)
    assert [entry.name for entry in tmp_path.iterdir()] == [out.name]


def test_names_are_in_the_chosen_language_and_a_blank_is_an_empty_cell(city, tmp_path):
    out = tmp_path / "x.csv"
    export_indicators(
        city, out, by=("level_1_id", "department"), cohort="reported", language="en", scenario="Fire lanes"
    )
    rows = read_csv(out)
    assert {row["level_1_name"] for row in rows} == {"In no grid", "Haishu"}
    assert {row["department_name"] for row in rows} == {"Fire brigade"}
    blank = next(r for r in rows if r["level_1_id"] == "H" and r["indicator"] == "closing_rate")
    assert (blank["numerator"], blank["denominator"], blank["value"], blank["low"]) == ("0", "0", "", "")
    assert blank["indicator_name"] == "Closing rate"
    assert blank["as_of_local"] == "2025-03-01T00:00:00+08:00"


def test_texts_that_a_spreadsheet_would_run_are_defused(city, tmp_path):
    out = tmp_path / "x.csv"
    export_indicators(city, out, indicators=["closing_rate"], by="department")
    found = {row["department"] for row in read_csv(out)}
    assert f"'{HOSTILE}" in found
    assert HOSTILE not in found


def test_the_notes_say_what_is_divided_by_what(city, tmp_path):
    out = tmp_path / "x.xlsx"
    export_indicators(city, out, indicators=["rework_rate"], district="海曙区")
    notes = {
        row[0]: row[1] for row in python_calamine.CalamineWorkbook.from_path(out).get_sheet_by_name("about").to_python()
    }
    assert notes["区县"] == "H"
    assert notes["返工率"].startswith("其中至少重开一次 / 应结案")
    assert notes["返工率（占上报）"].startswith("至少重开一次的事件 / 全部事件")
    assert "不计作废事件" in notes["value"]
    export_indicators(city, out, by="scene", language="en")
    about = python_calamine.CalamineWorkbook.from_path(out).get_sheet_by_name("about").to_python()
    assert ["Not listed (not counted this way)", "Mean holding time, Recurrence rate"] in [row[:2] for row in about]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"out": "x.geojson"}, "have no places on a map; choose csv, xlsx or parquet"),
        ({"out": "x.txt"}, "must end in one of"),
        ({"language": "de"}, "There is no language 'de'"),
        ({"scenario": "rentals"}, "There is no scenario 'rentals'; did you mean `rental`"),
        ({"district": "Z"}, "There is no district 'Z'"),
        ({"by": "town"}, "There is no slice 'town'"),
    ],
)
def test_what_is_unknown_is_refused_and_nothing_is_written(city, tmp_path, asked, sentence):
    out = tmp_path / asked.pop("out", "x.csv")
    with pytest.raises(ConfigError, match=sentence):
        export_indicators(city, out, **asked)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def run(city, monkeypatch):
    monkeypatch.setattr("governance.city.open_city", lambda _build_dir: city)

    def invoke(*arguments: str):
        return CliRunner().invoke(app, arguments, catch_exceptions=False, env={"COLUMNS": "200"})

    return invoke


def test_the_command_gives_the_numbers_of_python_in_every_form(city, run):
    cut = ("closing_rate", "--by", "department", "--cohort", "reported", "--language", "en")
    expected = city.indicators(["closing_rate"], by="department", cohort="reported")
    rows = json.loads(run("indicators", *cut, "--format", "json").stdout)
    assert [row["denominator"] for row in rows] == expected["denominator"].tolist()
    assert [row["value"] for row in rows] == [None if pd.isna(v) else pytest.approx(v) for v in expected["value"]]
    lines = list(csv.DictReader(io.StringIO(run("indicators", *cut, "--format", "csv").stdout)))
    assert {"fire", "housing", "~none", f"'{HOSTILE}"} == {line["department"] for line in lines}
    shown = run("indicators", *cut).stdout
    assert "`closed / due_to_close`" in shown
    assert "Fire brigade" in shown


def test_the_command_lists_the_registry_and_its_document(run):
    listed = run("indicators").stdout
    assert "on_time_closing_rate" in listed
    assert "ct_over_registered_due" in listed
    assert run("indicators", "--docs").stdout.startswith("# Indicators\n")


def test_months_are_days_in_json_and_csv(run):
    rows = json.loads(run("indicators", "closing_rate", "--period", "month", "--format", "json").stdout)
    assert rows[0]["period_start"][:10] == "2025-01-01"
    text = run("indicators", "closing_rate", "--period", "month", "--format", "csv").stdout
    assert text.splitlines()[1].startswith("2025-01-01,closing_rate,")


def test_the_export_command_cuts_indicators_and_nothing_else(city, run, tmp_path):
    out = tmp_path / "x.csv"
    cut = ("--by", "scenario, department", "--period", "quarter", "--since", "2025-01-01", "--until", "2025-04-01")
    assert run("export", "indicators", "--out", str(out), *cut).exit_code == 0
    row = find(pd.read_csv(out), "closing_rate", scenario="rental", department="housing")
    assert (row["numerator"], row["denominator"]) == (1, 2)
    with pytest.raises(ConfigError, match="cut indicators, not tiers; leave them out"):
        run("export", "tiers", "--out", str(out), "--period", "week")
    with pytest.raises(ConfigError, match="--since: 'January' is no day, such as 2025-01-31"):
        run("indicators", "closing_rate", "--since", "January")
    with pytest.raises(ConfigError, match="There is no format 'jsn'; known: table, json, csv; did you mean `json`"):
        run("indicators", "closing_rate", "--format", "jsn")


def test_a_later_month_is_not_in_an_earlier_one(city):
    rows = city.indicators(["registered_cases"], period="month", cohort="reported")
    assert rows["value"].tolist() == [5, 1]
    assert (rows["period_start"].diff().dropna() == timedelta(days=31)).all()


def test_what_cannot_be_cut_so_is_told_and_never_an_empty_file(city, tmp_path):
    out, told = tmp_path / "indicators.csv", []
    export_indicators(city, out, by="department", since=date(2025, 1, 7), tell=told.append)
    assert {row["indicator"] for row in read_csv(out)}.isdisjoint({"holding_hours", "recurrence_rate"})
    assert [line[:11] for line in told] == ["Left out: `"] * len(told)
    assert any("holding_hours" in line for line in told)
    with pytest.raises(ConfigError, match=r"^No indicator can be cut so\. Towns and scenes are counted by week"):
        export_indicators(city, tmp_path / "none.csv", by="level_2_id", since=date(2025, 1, 5))
    assert not (tmp_path / "none.csv").exists()


@pytest.mark.parametrize("until", [date(2025, 1, 1), date(2025, 5, 1)])
def test_days_that_are_none_are_refused(city, until):
    with pytest.raises(ConfigError, match="let the first lie before the second"):
        city.indicators(since=date(2025, 5, 1), until=until)
