"""The warehouse: values are bound by name, builders make files, readers can do nothing but read."""

from __future__ import annotations

import threading
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance import warehouse
from governance.errors import GovernanceError, NotReadyError


@pytest.fixture
def builder(tmp_path):
    con = warehouse.open_builder(temp_directory=tmp_path / "spill")
    yield con
    con.close()


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("warehouse") / "it's quoted.duckdb"
    con = warehouse.open_builder(path)
    con.execute("create table numbers as select range as number from range(10)")
    warehouse.close_builder(con)
    return path


@pytest.fixture
def reader(database):
    con = warehouse.open_reader(database)
    yield con
    con.close()


@pytest.fixture
def texts(monkeypatch):
    """SQL texts by name, in place of the package's files."""
    known: dict[str, str] = {}
    monkeypatch.setattr(warehouse, "read_sql", known.__getitem__)
    return known


def test_the_file_is_written_in_the_pinned_format_and_leaves_no_log(database):
    con = warehouse.open_reader(database)
    tags = con.execute("select tags from duckdb_databases() where not internal").fetchall()
    con.close()
    assert tags == [({"storage_version": "v1.4.0+"},)]
    assert [entry.name for entry in database.parent.iterdir()] == ["it's quoted.duckdb"]


def test_spatial_works_offline_for_builders_and_readers(builder, reader):
    square = "select st_area(st_geomfromtext('POLYGON((0 0,2 0,2 2,0 2,0 0))'))"
    assert builder.execute(square).fetchone() == reader.execute(square).fetchone() == (4.0,)


def test_a_missing_extension_is_one_sentence():
    with pytest.raises(NotReadyError, match=r"extension nothing is not installed\. Run: pip install duckdb-ext"):
        warehouse.extension_path("nothing")


def test_an_extension_of_another_version_names_what_was_found(monkeypatch):
    monkeypatch.setattr(warehouse.duckdb, "__version__", "9.9.9")
    with pytest.raises(NotReadyError, match=r"has versions v1\..*Run: pip install duckdb-extension-spatial==9\.9\.9"):
        warehouse.extension_path()


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select * from glob('/etc/*')",
        "select * from st_read('/etc/passwd')",
        "select * from st_read('<OGRVRTDataSource></OGRVRTDataSource>')",
        "select * from st_read('/vsicurl/http://localhost/x.geojson')",
        "select * from st_readosm('/etc/passwd')",
        "attach '{folder}/other.duckdb' as other",
        "copy numbers to '{folder}/out.csv'",
        "copy numbers to '{folder}/out.geojson' with (format gdal, driver 'GeoJSON')",
        "export database '{folder}/out'",
        "install httpfs",
        "load httpfs",
        "load '{folder}/evil.duckdb_extension'",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "set memory_limit = '100GB'",
        "set threads = 64",
        "reset memory_limit",
        "pragma enable_profiling = 'json'",
        "create table loot as select 1 as one",
        "insert into numbers values (11)",
        "delete from numbers",
        "drop table numbers",
    ],
)
def test_a_reader_can_do_nothing_but_read_its_own_file(reader, tmp_path, statement):
    for con in (reader, reader.cursor()):
        with pytest.raises(warehouse.DatabaseError):
            con.execute(statement.format(folder=tmp_path)).fetchall()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def releasing(tmp_path, monkeypatch):
    """A reader of a file of 8 MB that may hand back all but 1 MB of its memory."""
    monkeypatch.setattr(warehouse, "_IDLE_LIMIT", "1MB")
    con = warehouse.open_builder(tmp_path / "large.duckdb")
    con.execute("create table numbers as select hash(range) as number from range(1_000_000)")
    warehouse.close_builder(con)
    con = warehouse.open_reader(tmp_path / "large.duckdb", can_release=True)
    yield con
    con.close()


def count_held_bytes(con) -> int:
    return con.execute("select sum(memory_usage_bytes) from duckdb_memory()").fetchone()[0]


def test_a_reader_hands_its_memory_back_and_answers_as_before(releasing):
    question = "select sum(number) from numbers"
    answer = releasing.execute(question).fetchone()
    assert count_held_bytes(releasing) > 8_000_000
    warehouse.release_memory(releasing.cursor())
    assert count_held_bytes(releasing) < 1_000_000
    assert releasing.execute("select current_setting('memory_limit')").fetchone() == ("1.8 GiB",)
    assert releasing.execute(question).fetchone() == answer


def test_what_a_question_still_reads_is_not_taken_from_it(releasing):
    reading = releasing.cursor().execute("select number from numbers order by number")
    first = reading.fetchmany(1000)
    warehouse.release_memory(releasing)
    assert releasing.execute("select current_setting('memory_limit')").fetchone() == ("1.8 GiB",)
    numbers = [number for (number,) in first + reading.fetchall()]
    assert len(numbers) == 1_000_000
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("setting", ["threads = 64", "allowed_configs = []", "lock_configuration = false"])
def test_a_reader_that_can_release_its_memory_can_change_nothing_else(releasing, setting):
    with pytest.raises(warehouse.DatabaseError, match="configuration has been locked"):
        releasing.execute(f"set {setting}")


def test_only_a_reader_that_was_opened_for_it_can_release_its_memory(reader):
    with pytest.raises(warehouse.DatabaseError, match="configuration has been locked"):
        warehouse.release_memory(reader)


def test_a_reader_never_sees_the_variables_of_the_program(reader):
    secret = pd.DataFrame({"value": [1]})
    assert len(secret) == 1
    for con in (reader, reader.cursor()):
        with pytest.raises(warehouse.DatabaseError, match="secret does not exist"):
            con.execute("select * from secret")


def test_every_connection_of_a_process_is_hardened_alike_and_in_utc(reader, database, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    second = warehouse.open_reader(database)
    names = ("TimeZone", "lock_configuration", "enable_external_access", "python_enable_replacements")
    asked = ", ".join(f"current_setting('{name}')" for name in names)
    for con in (reader, reader.cursor(), second, second.cursor()):
        assert con.execute(f"select {asked}").fetchone() == ("UTC", True, False, False)
    second.close()
    assert reader.execute("select count(*) from numbers").fetchone() == (10,)


def test_many_threads_may_open_the_same_file_at_once(database):
    found = []

    def count():
        con = warehouse.open_reader(database)
        found.append(con.execute("select count(*), current_setting('lock_configuration') from numbers").fetchone())
        con.close()

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(10, True)] * 8


def test_a_runaway_query_is_stopped(reader):
    endless = "select count(*) from range(1000000) as a, range(1000000) as b where a.range * b.range % 7 = 3"
    with pytest.raises(warehouse.Interrupted), warehouse.run_with_deadline(reader, 0.05):
        reader.execute(endless).fetchall()
    assert reader.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("select $a, $b_2, $a", {"a", "b_2"}),
        ("select '$no' -- $never\n, $yes", {"yes"}),
        ("select 'it''s $no', $yes /* $never\n$never */", {"yes"}),
        ('select "$no" from t where x = $Yes', {"Yes"}),
        ("-- 'an open quote\nselect $a", {"a"}),
        ("select '-- no comment', $a", {"a"}),
        ("select 1", set()),
    ],
)
def test_only_names_outside_comments_and_strings_are_values(text, names):
    assert warehouse.list_params(text) == names


@given(st.text(max_size=30))
def test_a_bound_text_comes_back_as_it_was(text):
    con = warehouse.duckdb.connect()
    assert warehouse.run_text(con, "select $text as told", text=text).fetchone() == (text,)
    con.close()


def test_values_the_query_does_not_name_are_left_out_and_missing_ones_refused(builder):
    assert warehouse.run_text(builder, "select $a + 1", a=1, unused=2).fetchone() == (2,)
    with pytest.raises(GovernanceError, match="needs values for a, b"):
        warehouse.run_text(builder, "select $b, $a, $c", c=1)


def test_a_table_is_made_from_the_select_of_its_name(builder, texts):
    texts["out_big"] = "-- grain: one row per number\nselect range as number from range($most) where range >= $least"
    assert warehouse.build_table(builder, "out_big", most=10, least=7, other=1) == 3
    assert warehouse.build_table(builder, "out_big", most=10, least=9) == 1
    assert builder.execute("select number from out_big").fetchall() == [(9,)]


def test_tables_that_only_a_build_needs_never_reach_the_file(tmp_path, texts):
    texts.update(mid_step="select 1 as one", core_kept="select one from mid_step")
    con = warehouse.open_builder(tmp_path / "a.duckdb")
    warehouse.build_table(con, "mid_step")
    warehouse.build_table(con, "core_kept")
    warehouse.load_arrow(con, "src_rows", pa.table({"a": [1]}))
    warehouse.close_builder(con)
    reader = warehouse.open_reader(tmp_path / "a.duckdb")
    assert reader.execute("select table_name from duckdb_tables()").fetchall() == [("core_kept",)]
    reader.close()


def test_arrow_goes_in_and_out_unchanged(builder, texts):
    table = pa.table({"id": pa.array([1, None], pa.int32()), "text": ["=1+1", None], "shape": [b"\x01", None]})
    warehouse.load_arrow(builder, "core_rows", table)
    texts["ask_rows"] = "select id, text, shape from core_rows"
    assert warehouse.fetch_arrow(builder, "ask_rows").to_pylist() == table.to_pylist()
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
    warehouse.load_arrow(builder, "core_rows", reader)
    assert warehouse.count_rows(builder, "select id from core_rows") == 2


@pytest.mark.parametrize("name", ["numbers; drop table numbers", "Numbers", "1st", "", "a-b"])
def test_a_name_that_is_none_of_ours_is_refused(builder, name):
    with pytest.raises(GovernanceError, match="is no name of a table"):
        warehouse.load_arrow(builder, name, pa.table({"a": [1]}))


def test_every_query_of_the_package_says_its_grain_and_stays_short():
    names = warehouse.list_queries("")
    assert names == sorted(names)
    assert {"ask_export_cases", "ask_export_tiers"} <= set(names)
    for name in warehouse.list_queries("ask_export_"):
        lines = warehouse.read_sql(name).splitlines()
        assert lines[0].startswith("-- grain: "), name
        assert len(lines) <= 60, name


def test_a_builder_keeps_the_memory_limit_and_threads_it_is_given(tmp_path):
    con = warehouse.open_builder(memory_limit="512MiB", threads=1, temp_directory=tmp_path)
    told = con.execute("select current_setting('memory_limit'), current_setting('threads')").fetchone()
    con.close()
    assert told == ("512.0 MiB", 1)
