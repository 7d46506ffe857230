"""The tables of the tiers in a snapshot, the checks that guard them, the commands and the export that show them."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pytest
import python_calamine
from test_pipeline import build
from tiny_snapshot import SCRIPT, fill_tiny, publish_tiny
from typer.testing import CliRunner

from governance import freshness, pipeline, warehouse
from governance.city import City, open_city
from governance.cli import app
from governance.errors import ConfigError
from governance.exports import export_table
from governance.hazard.changes import CHANGES, REASONS
from governance.ui.tier_words import spell_change
from tests import tiny_world

OVERRIDES = "grid_id,scenario,tier,reason,author,from,until\n"


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiers")
    publish_tiny(folder)
    opened = open_city(folder)
    yield opened
    opened.close()


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, [*arguments])
    if isinstance(result.exception, ConfigError):
        assert code == 2
        return str(result.exception)
    assert result.exit_code == code, result.output
    return result.output


# Tables


def test_the_badge_counts_open_severe_and_overdue_cases(city: City) -> None:
    told = city.sql("select * from out_urgent order by scenario, grid_no").set_index(["scenario", "grid_no"])
    oracle = city.sql("select * from core_case where is_open and grid_no is not null and scenario is not null")
    severe = oracle["level"].isin(["I", "II"]) & oracle["disposed_at_utc"].isna()
    for (scenario, grid), rows in oracle[oracle["is_overdue"] | severe].groupby(["scenario", "grid_no"]):
        assert told.loc[(scenario, grid), "overdue_cases"] == rows["is_overdue"].sum()
        assert told.loc[(scenario, grid), "severe_cases"] == severe[rows.index].sum()
    assert told.loc[("group_rental", 0), "overdue_cases"] == 2
    assert told.loc[("group_rental", 0), "seriously_overdue_cases"] == 1
    assert len(told) == len(oracle[oracle["is_overdue"] | severe].groupby(["scenario", "grid_no"]))


def test_fairness_by_hand(city: City) -> None:
    told = city.sql("select * from out_fairness").set_index(["scenario", "grouping", "group_id"])
    haishu = told.loc[("group_rental", "district", "330203")]
    assert haishu[["grids", "red", "yellow", "grids_share", "red_share", "red_ratio"]].tolist() == [2, 1, 1, 0.5, 1, 2]
    assert haishu["expected_reports_28d"] == pytest.approx(3.3)
    assert told.loc[("group_rental", "district", "330205"), "red_ratio"] == 0
    assert told.loc[("fire_lane", "district", "330205"), "group_en"] == "Jiangbei"
    areas = told.xs("area", level="grouping")["grids"]
    assert areas.groupby("scenario").sum().tolist() == [4, 4]
    assert told.xs("repeats", level="grouping").index.get_level_values("group_id").unique().tolist() == ["unknown"]


def test_a_repeat_is_the_same_place_within_seven_days() -> None:
    con = warehouse.open_builder()
    first = datetime.fromisoformat("2026-03-01T08:00")
    days = [0, 6, 14, 14.5, 1, 10, 15]
    table = pa.table(
        {
            "source": ["s"] * 7, "incident_id": list("abcdefg"), "scenario": ["x"] * 4 + ["y", "x", "x"],
            "grid_no": pa.array([0] * 7, pa.int32()), "place_key": ["p"] * 7,
            "is_discovered": pa.array([False, None, False, False, False, True, True], pa.bool_()),
            "reported_at_utc": pa.array([first + pd.Timedelta(days=day) for day in days], pa.timestamp("us")),
        }
    )  # fmt: skip
    days_on = pa.array([value.as_py().date() for value in table["reported_at_utc"]], pa.date32())
    warehouse.load_arrow(con, "core_case", table.append_column("reported_on", days_on))
    warehouse.build_table(con, "mid_repeat", as_of_day=datetime(2026, 4, 1).date())  # noqa: DTZ001  a local day
    # b six days after a; c eight days after b; d half a day after c; e is another scenario's.
    # f, between b and c, and g, after d, were discovered by inspectors: nobody reported twice.
    assert con.execute("select * from mid_repeat").fetchall() == [(0, 5, 2)]


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("update out_tier set tier = 'red' where grid_no < 2", "red_fits_the_capacity"),
        ("update out_tier set tier = 'green' where is_override", "overrides_are_shown"),
        ("update out_tier set is_override = true where grid_no = 3", "overrides_are_shown"),
        ("update out_override set is_active = true", "overrides_are_shown"),
        ("delete from out_inspection where kind = 'red'", "lists_hold_every_red_grid"),
        ("update out_inspection set kind = 'red'", "lists_hold_every_red_grid"),
        ("update out_inspection set sampling_probability = 0 where kind = 'audit'", "lists_hold_every_red_grid"),
        ("update out_tier_history set tier = 'yellow' where tier = 'red'", "history_ends_with_today"),
    ],
)
def test_a_planted_fault_is_found_by_its_check(fault: str, check: str) -> None:
    con = warehouse.open_builder()
    fill_tiny(con)
    text = warehouse.read_sql(f"checks/{check}")
    assert warehouse.count_rows(con, text) == 0
    con.execute(fault)
    assert warehouse.count_rows(con, text) > 0


# A build with an expert's word


def test_an_experts_word_reaches_the_tiers_expires_and_makes_a_build_needed(tmp_path: Path) -> None:
    city_file = tiny_world.write_tiny_world(tmp_path / "city")
    city_file.write_text(f'tier_overrides = "overrides.csv"\n{city_file.read_text(encoding="utf-8")}', encoding="utf-8")
    words = city_file.with_name("overrides.csv")
    words.write_text(
        f"{OVERRIDES}g-1,fire_lane,red,{SCRIPT},Wang,2024-03-01,2024-04-01\n"
        "g-2,fire_lane,green,over,Li,2024-02-01,2024-03-15\n"
        "g-9,fire_lane,green,gone,Li,2024-01-01,2024-02-01\n",
        encoding="utf-8",
    )
    moments = {"as_of_utc": tiny_world.AS_OF_UTC, "now_utc": tiny_world.READ_AT_UTC}
    built = build(city_file, tmp_path / "build", **moments)
    tiers = built.tiers(scenario="fire_lane").set_index("grid_id")
    assert tiers.loc["g-1", ["tier", "is_override", "override_reason", "inspection"]].tolist() == [
        "red", True, SCRIPT, "red",
    ]  # fmt: skip
    assert tiers["is_override"].sum() == 1
    assert (tiers["tier"] == "red").sum() == 1  # it took the only place
    given = built.ask("overrides")
    assert given[["grid_id", "is_active"]].to_numpy().tolist() == [["g-1", True], ["g-2", False]]
    loaded = pipeline.load_city(city_file)
    assert freshness.is_current(tmp_path / "build", loaded)
    words.write_text(OVERRIDES, encoding="utf-8")
    assert not freshness.is_current(tmp_path / "build", loaded)
    again = build(city_file, tmp_path / "build", **moments)
    assert not again.tiers()["is_override"].any()
    words.write_text(f"{OVERRIDES}g-7,fire_lane,red,a,b,2024-03-01,2024-04-01\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 2: there is no grid_id 'g-7'"):
        build(city_file, tmp_path / "build", **moments)


def test_a_word_written_while_a_build_runs_makes_another_build_needed(tmp_path: Path) -> None:
    """What was parsed is what the manifest names, whatever the file says at the end."""
    city_file = tiny_world.write_tiny_world(tmp_path / "city")
    city_file.write_text(f'tier_overrides = "overrides.csv"\n{city_file.read_text(encoding="utf-8")}', encoding="utf-8")
    words = city_file.with_name("overrides.csv")
    words.write_text(OVERRIDES, encoding="utf-8")

    def write_late(step: str, fraction: float) -> None:
        if step == "hazard":
            words.write_text(f"{OVERRIDES}g-1,fire_lane,red,late,Wang,2024-03-01,2024-04-01\n", encoding="utf-8")

    moments = {"as_of_utc": tiny_world.AS_OF_UTC, "now_utc": tiny_world.READ_AT_UTC}
    pipeline.build_city(city_file, tmp_path / "build", progress=write_late, **moments)
    loaded = pipeline.load_city(city_file)
    with closing(open_city(tmp_path / "build")) as built:
        assert not built.tiers()["is_override"].any()
    assert not freshness.is_current(tmp_path / "build", loaded)
    words.write_text(OVERRIDES, encoding="utf-8")
    assert freshness.is_current(tmp_path / "build", loaded)
    words.unlink()
    assert not freshness.is_current(tmp_path / "build", loaded)


# Exports


@pytest.mark.parametrize("kind", ["csv", "xlsx", "gpkg"])
def test_the_list_marks_audits_experts_words_and_urgent_grids(city: City, tmp_path: Path, kind: str) -> None:
    out = tmp_path / f"tiers.{kind}"
    export_table(city, "tiers", out, scenario="group_rental", language="en")
    if kind == "csv":
        frame = pd.read_csv(out)
    elif kind == "xlsx":
        header, *rows = python_calamine.CalamineWorkbook.from_path(out).get_sheet_by_name("tiers").to_python()
        frame = pd.DataFrame(rows, columns=header).replace("", None)
    else:
        frame = pd.DataFrame(gpd.read_file(out))
    frame = frame.set_index("grid_id")
    assert frame["inspection"].dropna().to_dict() == {"G-01": "red", "G-04": "audit"}
    assert frame["sampling_probability"].dropna().astype(float).round(4).tolist() == [1, 0.3333]
    assert frame["is_override"].astype(bool).to_dict() == {"G-01": False, "G-02": True, "G-03": False, "G-04": False}
    assert frame["is_urgent"].astype(bool).to_dict() == {"G-01": True, "G-02": True, "G-03": False, "G-04": False}
    author = frame.loc["G-02", "override_author"]
    assert author == (f"'=1+1 {SCRIPT}" if kind == "csv" else f"=1+1 {SCRIPT}")


# Words


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_a_sentence_in_both_languages(language: str, reason: str) -> None:
    row = dict.fromkeys(CHANGES.names, 0) | {
        "reason": reason, "number_before": 1.0, "number_after": 4.0, "red_places": 100,
        "floor_expected_reports_28d": 0.05,
    }  # fmt: skip
    sentence = spell_change(language, row)
    assert sentence.endswith("。" if language == "zh" else ".")
    assert "{" not in sentence


def test_the_sentences_by_hand(city: City) -> None:
    rows = city.ask("export_changes", scenario=None, district=None).to_dict("records")
    assert [(row["grid_id"], row["tier_before"], row["tier"]) for row in rows] == [
        ("G-03", "yellow", "red"), ("G-02", "red", "yellow"),
    ]  # fmt: skip
    assert [spell_change("en", row) for row in rows] == [
        "Own reports of 28 days went from 1 to 4.",
        "Its own past now adds 0.50 expected reports, before 0.80.",
    ]
    assert spell_change("zh", rows[0]) == "本网格近 28 天上报由 1 件变为 4 件。"
    assert city.ask("export_changes", scenario=None, district="330203")["grid_id"].tolist() == ["G-02"]


# Commands


def test_an_override_is_added_by_command_and_listed(tmp_path: Path, city: City) -> None:
    city_file = tiny_world.write_tiny_world(tmp_path)
    build_dir = str(city.build_dir)
    words = ["--reason", "market", "--author", "Li", "--until", "2025-05-01", "--build-dir", build_dir]
    order = ["tiers", "override", "G-01", "--scenario", "Fire lane", "--tier", "red", *words, "--city", str(city_file)]
    order[4] = "fire_lane"
    assert 'tier_overrides = "tier_overrides.csv"' in run(*order, code=2)
    city_file.write_text(f'tier_overrides = "given.csv"\n{city_file.read_text(encoding="utf-8")}', encoding="utf-8")
    run(*order)
    # Without --from it begins on the snapshot's day.
    assert (tmp_path / "given.csv").read_text(encoding="utf-8") == (
        f"{OVERRIDES}G-01,fire_lane,red,market,Li,2025-03-01,2025-05-01\n"
    )
    order[2] = "G-1"
    assert "did you mean `G-01`?" in run(*order, code=2)
    listed = json.loads(run("tiers", "list", "--build-dir", build_dir, "--json"))
    assert [(row["grid_id"], row["is_active"], row["until_day"]) for row in listed] == [
        ("G-02", True, "2025-03-15"), ("G-04", False, "2025-02-24"),
    ]  # fmt: skip
    assert SCRIPT in listed[0]["reason"]
    assert "G-02" in run("tiers", "list", "--build-dir", build_dir)


def test_changes_hits_capacity_and_fairness_by_command(tmp_path: Path, city: City) -> None:
    where = ["--build-dir", str(city.build_dir)]
    changed = json.loads(run("tiers", "changes", "--scenario", "fire_lane", "--json", *where))
    assert [(row["grid_id"], row["reason"]) for row in changed] == [("G-03", "own_reports"), ("G-02", "own_past")]
    outcomes = tmp_path / "outcomes.csv"
    outcomes.write_text(
        "grid_id,scenario,inspected_on,found\nG-01,group_rental,2025-02-25,true\nG-04,群租房安全隐患整治,2025-02-26,false\n"
        "G-04,group_rental,2024-02-26,false\n",
        encoding="utf-8",
    )
    result = CliRunner().invoke(app, ["tiers", "hits", "--outcomes", str(outcomes), "--json", *where])
    told = json.loads(result.stdout)
    assert "Outcomes before 2025-02-24, the first week whose lists are kept: 1." in result.stderr
    assert [(row["kind"], row["inspected"], row["hits"]) for row in told] == [("red", 1, 1), ("audit", 1, 0)]
    order = ["capacity", "--scenario", "group_rental", "--teams", "1", "--visits-per-week", "1", "--weeks", "4"]
    covered = json.loads(run(*order, "--audit-share", "0.5", "--json", *where))
    # Two of four visits are audits; the two worst grids hold 3.3 of 3.6 reports.
    assert (covered["grids_reached"], covered["audits"]) == (2, 2)
    assert covered["expected_reports"] == pytest.approx(3.3)
    assert "reach 2 grids. In these, 3.3 reports are expected in 4 weeks" in run(*order, "--audit-share", "0.5", *where)
    assert "teams is 0" in run(*order[:4], "0", *order[5:], *where, code=2)
    rows = json.loads(run("fairness", "--scenario", "group_rental", "--json", *where))
    assert {row["grouping"] for row in rows} == {"district", "area", "repeats"}
    assert "330203" in run("fairness", *where)
