"""An opened city: frames with the snapshot's numbers, safe questions, and a newer generation when there is one."""

from __future__ import annotations

import threading
from datetime import date

import geopandas as gpd
import pytest
import shapely
from tiny_snapshot import AS_OF_UTC, FORMULA, SCRIPT, publish_tiny

import governance
from governance import warehouse
from governance.city import open_city
from governance.errors import InputError, NotReadyError


@pytest.fixture(scope="module")
def build_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    publish_tiny(folder)
    return folder


@pytest.fixture(scope="module")
def city(build_dir):
    opened = open_city(build_dir)
    yield opened
    opened.close()


def test_a_city_says_what_it_is_and_as_of_when(city, build_dir):
    assert governance.open_city is open_city
    assert (city.generation, city.as_of_utc) == ("000001", AS_OF_UTC)
    assert city.file == build_dir / "snapshots" / "snap-000001.duckdb"
    assert city.manifest["city"]["timezone"] == "Asia/Shanghai"
    assert city.manifest["is_synthetic"] is True
    assert city.manifest["scenarios"] == {"group_rental": "1.0.0", "fire_lane": "1.0.0"}


def test_without_a_snapshot_one_hears_what_to_run(tmp_path):
    with pytest.raises(NotReadyError, match=r"There is no snapshot in .* Run: "):
        open_city(tmp_path / "nothing")


def test_grids_are_polygons_in_degrees_in_the_order_of_their_numbers(city):
    grids = city.grids()
    assert isinstance(grids, gpd.GeoDataFrame)
    assert grids.crs == "EPSG:4326"
    assert grids["grid_id"].tolist() == ["G-01", "G-02", "G-03", "G-04"]
    assert grids["level_1_zh"].tolist() == ["海曙区", "海曙区", "江北区", "江北区"]
    assert grids.geometry.iloc[3].equals(shapely.box(121.51, 29.81, 121.52, 29.82))


def test_tiers_are_filtered_by_scenario_and_district(city):
    assert len(city.tiers()) == 8
    rental = city.tiers(scenario="group_rental")
    assert rental[["grid_id", "rank", "tier"]].to_numpy().tolist() == [
        ["G-01", 1, "red"],
        ["G-02", 2, "yellow"],
        ["G-03", 3, "green"],
        ["G-04", 4, "green"],
    ]
    assert rental["open_cases"].tolist() == [2, 1, 0, 0]
    assert rental["overdue_cases"].tolist() == [2, 1, 0, 0]
    assert rental["reasons"].iloc[0] == "ewma_28d: 1.875; neighbours_near: 0.625"
    assert city.tiers(scenario="fire_lane", district="330205")["grid_id"].tolist() == ["G-03", "G-04"]


def test_overdue_cases_come_longest_first_and_keep_the_unmatched(city):
    overdue = city.overdue()
    assert overdue["incident_id"].tolist() == ["A-2", "C-1", "A-1", FORMULA, "B-2", "D-1"]
    assert overdue["overdue_hours"].tolist() == [624, 72, 48, 24, 12, 6]
    assert city.overdue(district="~unmatched")["incident_id"].tolist() == ["C-1"]
    assert city.overdue(scenario="~unmapped")["incident_id"].tolist() == ["D-1"]


def test_every_case_is_there_and_none_twice(city):
    cases = city.cases()
    assert len(cases) == cases["incident_id"].nunique() == 13
    assert set(city.cases(district="~unmatched")["incident_id"]) == {"C-1", "C-2"}
    assert set(city.cases(scenario="fire_lane", district="330205")["incident_id"]) == {"B-2", "B-3", "B-4"}
    parts = [len(city.cases(district=unit)) for unit in ("330203", "330205", "~unmatched")]
    assert parts == [6, 5, 2]
    assert cases.loc[cases["is_open"] & ~cases["is_overdue"], "overdue_hours"].isna().all()


def test_departments_and_health_are_the_pages_numbers(city):
    departments = city.departments()
    assert departments["overdue_cases"].sum() == 6
    assert departments.loc[departments["department"] == "housing", "overdue_hours_sum"].sum() == 744
    health = city.health()
    assert {"files", "reasons", "locations", "unmapped", "checks"} <= set(health)
    assert health["files"]["read"].sum() == 16
    assert health["unmapped"]["category"].tolist() == [SCRIPT]
    assert (health["checks"]["failing_rows"] == 0).all()


def test_a_question_takes_exactly_its_values(city):
    assert len(city.ask("export_tiers", scenario="group_rental", district=None)) == 4
    with pytest.raises(InputError, match="takes district, scenario; it was given scenario"):
        city.ask("export_tiers", scenario="group_rental")
    with pytest.raises(InputError, match="it was given scenario"):
        city.ask("health_files", scenario="group_rental")


@pytest.mark.parametrize("name", ["export_tier", "../checks/files_add_up", "out_tier", ""])
def test_an_unknown_question_is_refused(city, name):
    with pytest.raises(InputError, match="There is no question"):
        city.ask(name)


def test_pieces_and_counts_agree_with_the_whole(city):
    filters = {"scenario": "group_rental", "district": None}
    pieces = list(city.ask_batches("export_cases", **filters))
    assert sum(piece.num_rows for piece in pieces) == city.count_rows("export_cases", **filters) == 6
    nothing = list(city.ask_batches("export_cases", scenario="none such", district=None))
    assert sum(piece.num_rows for piece in nothing) == 0
    assert nothing[0].schema == pieces[0].schema


def test_analysts_ask_in_sql_with_bound_values(city):
    found = city.sql("select count(*) as cases from core_case where category = $text", text=SCRIPT)
    assert found["cases"].tolist() == [1]
    injected = "x' or '1' = '1"
    assert city.sql("select incident_id from core_case where category = $name", name=injected).empty
    assert city.sql("select date '2025-03-01' as day")["day"].iloc[0].date() == date(2025, 3, 1)


@pytest.mark.parametrize(
    "text",
    [
        "drop table core_case",
        "delete from core_case",
        "create table loot as select 1 as one",
        "attach '/tmp/x.duckdb'",
        "copy core_case to '/tmp/loot.csv'",
        "select * from read_csv('/etc/passwd')",
        "set memory_limit = '64GB'",
        "select * from no_such_table",
        "not sql at all",
    ],
)
def test_analysts_can_only_read(city, text):
    with pytest.raises(InputError, match="The query cannot be answered"):
        city.sql(text)


def test_a_query_that_takes_too_long_is_stopped_with_a_sentence(city, monkeypatch):
    monkeypatch.setattr("governance.city._PATIENCE_S", 0.05)
    with pytest.raises(InputError, match=r"stopped after 0 seconds; ask for less"):
        city.sql("select count(*) from range(1000000) as a, range(1000000) as b where a.range * b.range % 7 = 3")


def test_threads_share_one_city(city):
    found = []
    threads = [threading.Thread(target=lambda: found.append(len(city.tiers()))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [8] * 12


def test_a_city_is_itself_until_another_generation_is_published(tmp_path):
    publish_tiny(tmp_path)
    first, again = open_city(tmp_path), open_city(tmp_path)
    assert first.refresh() is first
    publish_tiny(tmp_path)
    second = first.refresh()
    assert (first.generation, second.generation) == ("000001", "000002")
    # whoever still looks at the old generation goes on seeing it, even when it is swept
    publish_tiny(tmp_path)
    publish_tiny(tmp_path)
    assert not first.file.exists()
    assert len(first.cases()) == len(again.cases()) == len(second.cases()) == 13
    for opened in (first, again, second):
        opened.close()


def test_a_city_can_be_attached_by_a_builder_while_it_is_open(city, tmp_path):
    con = warehouse.open_builder(temp_directory=tmp_path)
    con.execute(f"attach '{city.file}' as last (read_only)")
    assert con.execute("select count(*) from last.core_case").fetchone() == (13,)
    con.close()
