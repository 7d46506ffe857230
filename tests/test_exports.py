"""Exports: each format opened again by another program's reader, hostile texts defused, filters by id or name."""

from __future__ import annotations

import csv
import json
import math
import zipfile
from datetime import datetime

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest
import python_calamine
import shapely
from hypothesis import given
from hypothesis import strategies as st
from tiny_snapshot import FORMULA, SCRIPT, publish_tiny

from governance import exports
from governance.city import open_city
from governance.errors import ConfigError, InputError
from governance.export_orders import LISTS
from governance.exports import FORMATS, export_table, neutralise_formulas

ROWS = {"tiers": 8, "overdue": 6, "open": 8, "cases": 13, "grids": 4, "extensions": 3}


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    publish_tiny(folder)
    opened = open_city(folder)
    yield opened
    opened.close()


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read_sheet(path, sheet):
    """Rows as lists, the header first; empty cells are empty texts."""
    return python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()


def test_extensions_are_listed_with_the_time_they_gave(city, tmp_path):
    out = tmp_path / "extensions.csv"
    assert export_table(city, "extensions", out, language="en") == 3
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    told = [[row[name] for name in ("department", "reason", "extensions", "cases", "mean_extra_hours")] for row in rows]
    # from five days ago to three, then to two: 48 and 24 h. B-3 was extended to a moment before its limit.
    assert told == [
        ["housing", "现场情况复杂", "2", "1", "36"],
        ["fire_rescue", "", "1", "1", "0"],
        [SCRIPT, SCRIPT, "1", "1", ""],
    ]
    assert export_table(city, "extensions", out, scenario="fire_lane", district="~unmatched") == 0


@pytest.mark.parametrize("what", LISTS)
@pytest.mark.parametrize("kind", FORMATS)
def test_every_list_in_every_format_says_as_of_when_and_that_it_is_synthetic(city, tmp_path, what, kind):
    out = tmp_path / f"list.{kind}"
    if what == "extensions" and kind in {"geojson", "gpkg"}:
        with pytest.raises(ConfigError, match="extensions have no places on a map"):
            export_table(city, what, out)
        return
    assert export_table(city, what, out) == ROWS[what]
    if kind == "csv":
        frame = pd.read_csv(out, dtype="str")
    elif kind == "xlsx":
        header, *rows = read_sheet(out, what)
        frame = pd.DataFrame(rows, columns=header)
    elif kind == "parquet":
        frame = pd.read_parquet(out)
    else:
        frame = pd.DataFrame(gpd.read_file(out))
    assert len(frame) == ROWS[what]
    assert set(frame["is_synthetic"].astype(str).str.lower()) == {"true"}
    assert (
        frame["as_of_local"].astype(str).str.startswith("2025-03-01 08:00:00").all()
        or (frame["as_of_local"] == "2025-03-01T08:00:00+08:00").all()
    )
    assert not [name for name in frame.columns if name.endswith(("_zh", "_en", "_utc")) or name == "grid_no"]
    assert [entry.name for entry in tmp_path.iterdir()] == [out.name]


def test_csv_opens_in_excel_as_utf8_with_times_of_the_city(city, tmp_path):
    out = tmp_path / "overdue.csv"
    export_table(city, "overdue", out)
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = read_csv(out)
    assert [row["incident_id"] for row in rows] == ["A-2", "C-1", "A-1", f"'{FORMULA}", "B-2", "D-1"]
    first = rows[0]
    assert first["due_at_local"] == "2025-02-03T08:00:00+08:00"
    assert (first["overdue_hours"], first["department_name"]) == ("624", "住房和城乡建设局")
    assert rows[1]["level_1_id"] == "~unmatched"
    assert rows[3]["department_name"] == SCRIPT


def test_missing_values_are_empty_and_numbers_stay_numbers_in_csv(city, tmp_path):
    out = tmp_path / "cases.csv"
    export_table(city, "cases", out)
    row = next(row for row in read_csv(out) if row["incident_id"] == "C-2")
    empty = [row[name] for name in ("lon", "lat", "grid_id", "due_at_local", "closed_at_local", "overdue_hours")]
    assert empty == [""] * 6
    assert (row["transfers"], row["is_open"], row["age_hours"]) == ("0", "true", "48")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", " =1", "\ufeff=1",
        "\u200b=1", "\u3000=1", "\x00=1", "\u202e=1", "\ttext", "=cmd|' /C calc'!A0",
    ],
)  # fmt: skip
def test_texts_that_a_spreadsheet_would_run_get_an_apostrophe(text):
    assert neutralise_formulas(pd.Series([text], dtype="str")).tolist() == ["'" + text]


@pytest.mark.parametrize("text", ["", "a=b", "群租房", "3-1", "'=1", "#1", "1+1", "a\n=b"])
def test_other_texts_stay_as_they_are(text):
    assert neutralise_formulas(pd.Series([text], dtype="str")).tolist() == [text]


@given(st.lists(st.text(max_size=12) | st.none(), max_size=20))
def test_no_text_starts_a_formula_after_neutralising_and_none_is_lost(texts):
    safe = neutralise_formulas(pd.Series(texts, dtype="str"))
    assert safe.isna().tolist() == [text is None for text in texts]
    for before, after in zip(texts, safe, strict=True):
        if before is not None:
            assert after in {before, "'" + before}
            assert not after.lstrip().startswith(tuple("=+-@＝＋－＠"))


def test_xlsx_stores_hostile_texts_as_texts(city, tmp_path):
    out = tmp_path / "cases.xlsx"
    export_table(city, "cases", out)
    header, *rows = read_sheet(out, "cases")
    assert FORMULA in [row[header.index("incident_id")] for row in rows]
    with zipfile.ZipFile(out) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if "worksheets/" in name]
    assert not any("<f>" in sheet or "<hyperlink" in sheet for sheet in sheets)


def test_xlsx_has_real_times_and_numbers_a_frozen_header_and_a_filter(city, tmp_path):
    out = tmp_path / "overdue.xlsx"
    export_table(city, "overdue", out)
    header, first, *_ = read_sheet(out, "overdue")
    found = dict(zip(header, first, strict=True))
    assert found["due_at_local"] == datetime(2025, 2, 3, 8)  # noqa: DTZ001  sheets have no zone
    assert (found["overdue_hours"], found["is_synthetic"]) == (624, True)
    with zipfile.ZipFile(out) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert 'state="frozen"' in sheet
    assert '<autoFilter ref="A1:X7"/>' in sheet


@pytest.mark.parametrize(
    ("language", "warning", "moment"), [("zh", "合成数据", "数据截至"), ("en", "Synthetic data", "Data as of")]
)
def test_xlsx_explains_itself_on_a_second_sheet(city, tmp_path, language, warning, moment):
    out = tmp_path / "tiers.xlsx"
    export_table(city, "tiers", out, scenario="group_rental", district="330203", language=language)
    notes = {row[0]: row[1] for row in read_sheet(out, "about")}
    assert any(text.startswith(warning) for text in notes.values())
    assert notes[moment] == "2025-03-01T08:00:00+08:00"
    assert {"000001", "group_rental", "330203", "Asia/Shanghai"} <= set(notes.values())


def test_geojson_follows_the_standard(city, tmp_path):
    out = tmp_path / "tiers.geojson"
    export_table(city, "tiers", out, scenario="fire_lane")
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told["type"] == "FeatureCollection"
    assert "crs" not in told
    assert len(told["features"]) == 4
    for feature in told["features"]:
        ring = shapely.LinearRing(feature["geometry"]["coordinates"][0])
        assert ring.is_ccw
    first = told["features"][0]["properties"]
    assert (first["grid_id"], first["tier"], first["rank"]) == ("G-03", "red", 1)
    assert math.isclose(first["p_any_28d"], 1 - math.exp(-1.5), abs_tol=1e-9)


@pytest.mark.parametrize("kind", ["geojson", "gpkg"])
def test_cases_are_points_and_those_without_a_place_have_none(city, tmp_path, kind):
    out = tmp_path / f"cases.{kind}"
    export_table(city, "cases", out)
    found = gpd.read_file(out).set_index("incident_id")
    assert found.crs == "EPSG:4326"
    assert found.loc["A-1"].geometry.equals(shapely.Point(121.505, 29.805))
    assert found.loc["C-1"].geometry.equals(shapely.Point(120.0, 29.0))
    assert found.geometry.isna().sum() == 1
    assert found.loc[FORMULA, "department_name"] == SCRIPT


def test_polygons_in_parquet_are_geoparquet_and_cases_plain(city, tmp_path):
    export_table(city, "tiers", tmp_path / "tiers.parquet")
    found = gpd.read_parquet(tmp_path / "tiers.parquet")
    assert found.crs == "EPSG:4326"
    assert set(found.geom_type) == {"Polygon"}
    export_table(city, "cases", tmp_path / "cases.parquet")
    schema = pq.read_schema(tmp_path / "cases.parquet")
    assert str(schema.field("reported_at_local").type) == "timestamp[us, tz=Asia/Shanghai]"
    assert str(schema.field("transfers").type) == "int32"
    assert str(schema.field("due_from").type) in {"string", "large_string"}


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("what", ["tiers", "overdue", "cases"])
def test_an_empty_list_still_has_its_columns(city, tmp_path, what, kind):
    out = tmp_path / f"none.{kind}"
    filters = {"scenario": "~unmapped", "district": "330203"}
    assert export_table(city, what, out, **filters) == 0
    if kind == "csv":
        assert '"scenario_name"' in out.read_text(encoding="utf-8-sig")
    elif kind == "xlsx":
        assert "scenario_name" in read_sheet(out, what)[0]
    elif kind == "parquet":
        assert "scenario_name" in pq.read_schema(out).names
    else:
        assert len(gpd.read_file(out)) == 0


@pytest.mark.parametrize(
    "scenario", ["group_rental", "群租房安全隐患整治", "GROUP RENTAL HAZARDS", " Group rental hazards "]
)
@pytest.mark.parametrize("district", ["330205", "江北区", "jiangbei"])
def test_scenarios_and_districts_answer_to_ids_and_names(city, tmp_path, scenario, district):
    out = tmp_path / "cases.csv"
    assert export_table(city, "cases", out, scenario=scenario, district=district) == 1
    assert read_csv(out)[0]["incident_id"] == "E-1"


@pytest.mark.parametrize(
    ("asked", "cases"),
    [
        ({}, ["A-2", "C-1", "A-1", FORMULA, "B-2", "D-1", "B-1", "C-2"]),
        ({"department": "住房和城乡建设局"}, ["A-2", "C-1", "A-1"]),
        ({"department": SCRIPT}, [FORMULA]),
        ({"department": "~none"}, ["D-1"]),
        ({"department": "fire_rescue", "state": "held"}, ["B-2", "B-1", "C-2"]),
        ({"state": "came_from_others"}, ["A-2", "A-1"]),
        ({"state": "near_due"}, ["B-1"]),
        ({"state": "not_accepted"}, ["A-2"]),
        ({"state": "overdue", "age": "1_to_3_days", "stage": "accepted"}, ["A-1"]),
        ({"age": "30_days_and_more"}, []),
    ],
)
def test_open_cases_are_narrowed_to_a_department_and_a_worklist(city, tmp_path, asked, cases):
    out = tmp_path / "open.xlsx"
    assert export_table(city, "open", out, language="en", **asked) == len(cases)
    header, *rows = read_sheet(out, "open")
    assert [row[header.index("incident_id")] for row in rows] == cases
    told = dict(read_sheet(out, "about"))
    assert {told[title] for title in ("Department", "Worklist", "Stage", "Class of delay") if title in told} == {
        "housing" if asked.get("department", "").startswith("住房") else value for value in asked.values() if value
    } - {None}


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"scenario": "group_rentals"}, "There is no scenario 'group_rentals'; did you mean `group_rental`"),
        ({"district": "海署区"}, "There is no district '海署区'"),
        ({"district": "Jiangbe"}, "did you mean `Jiangbei`"),
        ({"what": "tier"}, "There is no list 'tier'.*did you mean `tiers`"),
        ({"what": "grids", "scenario": "fire_lane"}, "Grids belong to no scenario"),
        ({"department": "housing"}, "department cut the list `open`, not `tiers`"),
        ({"what": "open", "department": "housin"}, "There is no department 'housin'; did you mean `housing`"),
        ({"what": "open", "state": "late"}, "There is no state 'late'; known: held, due_today"),
        ({"what": "open", "stage": "closed"}, "There is no stage 'closed'"),
        ({"what": "open", "age": "2_to_3_days"}, "There is no age '2_to_3_days'.*did you mean"),
        ({"language": "de"}, "There is no language 'de'; known: zh, en"),
        ({"format": "xls"}, "There is no format 'xls'.*did you mean"),
        ({"format": "xlsx"}, r"does not end in \.xlsx"),
        ({"out": "list.txt"}, "must end in one of"),
        ({"out": "list"}, "must end in one of"),
        ({"out": "missing/list.csv"}, "folder .*missing does not exist"),
    ],
)
def test_what_is_unknown_is_refused_with_a_sentence_and_nothing_is_written(city, tmp_path, asked, sentence):
    what, name = asked.pop("what", "tiers"), asked.pop("out", "list.csv")
    with pytest.raises(ConfigError, match=sentence):
        export_table(city, what, tmp_path / name, **asked)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("kind", "limit"), [("xlsx", "_ROWS_PER_SHEET"), ("geojson", "_MOST_FEATURES")])
def test_more_rows_than_a_format_holds_are_refused(city, tmp_path, monkeypatch, kind, limit):
    monkeypatch.setattr(exports, limit, 12)
    with pytest.raises(InputError, match=r"The list has 13 rows.*choose (csv or parquet|parquet or csv)"):
        export_table(city, "cases", tmp_path / f"cases.{kind}")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_export_leaves_the_old_file(city, tmp_path, monkeypatch):
    out = tmp_path / "cases.csv"
    out.write_text("old")

    def fail(*_args, **_options):
        raise OSError("the disk is full")

    monkeypatch.setattr(exports, "_localise", fail)
    with pytest.raises(OSError, match="full"):
        export_table(city, "cases", out)
    assert out.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["cases.csv"]
