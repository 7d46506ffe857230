"""A file is read once for its bytes and its reading rules; nothing half-written or personal is ever kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import geopandas
import pyarrow as pa
import pyarrow.parquet
import pytest
import shapely
from tiny_source import GOOD, READ_AT_UTC, make_source, read_rows, stage_one, stage_rows, write_csv
from tiny_world import QUARANTINED, SECRET_PHONE, write_tiny_world

from governance import warehouse
from governance.errors import InputError
from governance.ingest import staging
from governance.ingest.staging import stage_file
from governance.profile import load_profile

BIG = 2**53 + 1


@pytest.fixture(scope="module")
def con():
    with warehouse.open_builder() as connection:
        yield connection


@pytest.fixture
def no_reader(monkeypatch):
    """From here on, reading any input file fails."""

    def fail(*_args, **_options):
        raise AssertionError("the file was read again")

    return lambda: monkeypatch.setattr(staging, "open_table", fail)


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


# read once


def test_the_same_bytes_are_not_read_again(con, tmp_path, no_reader):
    path = write_csv(tmp_path / "a.csv", [GOOD])
    first = stage_one(con, path)
    no_reader()
    second = stage_one(con, path)
    assert (first.is_new, second.is_new) == (True, False)
    assert (second.path, second.rows_read) == (first.path, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"files": ["b*.csv"]},
        {"categories": [{"pattern": "x", "scenario": "y"}]},
        {"code_system": "four_platforms"},
        {"events": {"files": ["e"], "incident_id": "id", "kind": "k", "at": "t"}},
    ],
)
def test_what_does_not_decide_the_reading_reads_nothing_again(con, tmp_path, no_reader, change):
    path = write_csv(tmp_path / "a.csv", [GOOD])
    stage_one(con, path)
    no_reader()
    assert not stage_one(con, path, make_source(**change)).is_new


@pytest.mark.parametrize(
    "change",
    [
        {"columns": {"department": "c"}},
        {"columns": {"incident_id": "c"}},
        {"crs": "GCJ-02"},
        {"time_zone": "UTC"},
        {"time_formats": ["%d.%m.%Y"]},
        {"values": {"missing": ["-"]}},
        {"default_points": [[1, 2]]},
        {"duplicates": {"policy": "never"}},
        {"quarantine_columns": ["*"]},
        {"personal_columns": ["phone"]},
        {"id": "other"},
    ],
)
def test_what_decides_the_reading_reads_the_file_again(con, tmp_path, change):
    path = write_csv(tmp_path / "a.csv", [GOOD])
    first = stage_one(con, path)
    second = stage_one(con, path, make_source(**change))
    assert second.is_new
    assert second.key != first.key
    assert second.sha256 == first.sha256


def test_another_zone_of_the_city_reads_the_file_again(con, tmp_path):
    path = write_csv(tmp_path / "a.csv", [GOOD])
    stage_one(con, path)
    assert stage_one(con, path, timezone="UTC").is_new


def test_new_bytes_under_an_old_name_are_read(con, tmp_path):
    first = stage_one(con, write_csv(tmp_path / "a.csv", [GOOD]))
    second = stage_one(con, write_csv(tmp_path / "a.csv", [GOOD, GOOD | {"id": "2"}]))
    assert (first.rows_read, second.rows_read, second.is_new) == (1, 2, True)


def test_a_torn_staged_file_is_made_again(con, tmp_path):
    path = write_csv(tmp_path / "a.csv", [GOOD])
    staged = stage_one(con, path)
    staged.path.write_bytes(staged.path.read_bytes()[:100])
    again = stage_one(con, path)
    assert (again.is_new, again.rows_read) == (True, 1)


# nothing half-written


def test_a_file_that_cannot_be_read_leaves_nothing_behind(con, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,t,lon,lat,c\n" + "1,2025-05-01 10:00:00,1,2,x\n" * 300_000 + "1," + "x" * (9 << 20) + "\n")
    with pytest.raises(InputError, match=r"a\.csv has a row longer"):
        stage_one(con, path)
    assert list_names(tmp_path / "stage") == []


def test_a_fault_in_a_later_batch_is_the_sentence_of_that_fault(con, tmp_path):
    good = pa.array([b"1"] * 200_000)
    table = pa.table(
        {"id": pa.chunked_array([good, [b"\xff"]]), "t": ["2025"] * 200_001}
        | {name: [1] * 200_001 for name in ("lon", "lat")}
        | {"c": ["x"] * 200_001}
    )
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"a\.parquet cannot be read as parquet: Invalid UTF8"):
        stage_one(con, tmp_path / "a.parquet", make_source(format="parquet"))
    assert list_names(tmp_path / "stage") == []


def test_a_column_that_is_no_text_is_refused(con, tmp_path):
    table = pa.table({name: [[1]] for name in GOOD})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"a\.parquet cannot be read"):
        stage_one(con, tmp_path / "a.parquet", make_source(format="parquet"))


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from tiny_source import make_source, stage_one
    from governance import warehouse
    from governance.ingest import staging

    mode = sys.argv[2]
    def die(*args, **options):
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "before rename":
        Path.replace = die
    else:
        number = staging.number_batch
        def in_the_middle(mapped, malformed, *, first):
            return die() if first > 1 else number(mapped, malformed, first=first)
        staging.number_batch = in_the_middle
    stage_one(warehouse.open_builder(), Path(sys.argv[1]), make_source())
"""


@pytest.mark.parametrize("mode", ["before rename", "in a batch"])
def test_a_kill_in_the_middle_leaves_no_file_under_the_final_name(con, tmp_path, mode):
    path = write_csv(tmp_path / "a.csv", [GOOD | {"id": str(i), "c": "x" * 100} for i in range(40_000)])
    root = Path(__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{root / 'tests'}"}
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(path), mode]
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    assert [name for name in list_names(tmp_path / "stage") if name.endswith(".parquet")] == []
    staged = stage_one(con, path)
    assert (staged.is_new, staged.rows_read) == (True, 40_000)


# exact values


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([BIG, BIG + 1]), [str(BIG), str(BIG + 1)]),
        (pa.array(["007", "0070"]), ["007", "0070"]),
        (pa.array([7.0, 8.0]), ["7", "8"]),
    ],
)
def test_ids_are_exact(con, tmp_path, values, expected):
    table = pa.table({"id": values, "t": ["2025-05-01"] * 2, "lon": [1] * 2, "lat": [2] * 2, "c": ["x"] * 2})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    staged = stage_one(con, tmp_path / "a.parquet", make_source(format="parquet"))
    assert [row["incident_id"] for row in read_rows(staged.path)] == expected


def test_every_format_gives_the_same_staged_rows(con, tmp_path):
    rows = [GOOD | {"id": str(i), "lon": f"{121.5 + i / 100}", "t": f"2025-05-0{i + 1} 10:00:00"} for i in range(3)]
    frame = geopandas.GeoDataFrame(
        {name: [row[name] for row in rows] for name in ("id", "t", "c")},
        geometry=[shapely.Point(float(row["lon"]), float(row["lat"])) for row in rows],
        crs="EPSG:4326",
    )
    frame.to_file(tmp_path / "a.geojson")
    frame.to_file(tmp_path / "a.shp")
    frame.to_parquet(tmp_path / "a.geo.parquet")
    write_csv(tmp_path / "a.csv", rows)
    flat = {name: [row[name] for row in rows] for name in GOOD}
    pyarrow.parquet.write_table(pa.table(flat), tmp_path / "a.parquet")
    geo = {"columns": {"lon": None, "lat": None}}
    results = [
        stage_one(con, tmp_path / name, make_source(format=kind, **options))
        for name, kind, options in (
            ("a.csv", "csv", {}), ("a.parquet", "parquet", {}), ("a.geojson", "geojson", geo),
            ("a.shp", "shapefile", geo), ("a.geo.parquet", "geoparquet", geo),
        )
    ]  # fmt: skip
    staged = [[row | {"file_key": ""} for row in read_rows(result.path)] for result in results]
    assert all(rows == staged[0] for rows in staged[1:])
    assert [row["lon"] for row in staged[0]] == [121.5, 121.51, 121.52]


def test_a_file_without_rows_is_staged_as_such(con, tmp_path):
    (tmp_path / "a.csv").write_text("id,t,lon,lat,c\n")
    assert stage_one(con, tmp_path / "a.csv").rows_read == 0
    (tmp_path / "b.csv").write_text("id,t,lon,lat,c\n1,2\n")
    staged = stage_one(con, tmp_path / "b.csv")
    assert [(row["row_number"], row["reasons"]) for row in read_rows(staged.path)] == [(1, ["wrong_field_count"])]


def test_row_numbers_are_those_of_the_file(con, tmp_path):
    (tmp_path / "a.csv").write_text(
        'id,t,lon,lat,c\n1,2025-05-01,1,2,"a\nb"\n\n2,2025\n3,2025-05-01,1,2,x\n,,,,,\n5,2025-05-01,1,2,x\n'
    )
    staged = stage_one(con, tmp_path / "a.csv")
    rows = {row["row_number"]: row["incident_id"] for row in read_rows(staged.path)}
    assert (rows, staged.rows_read) == ({1: "1", 2: None, 3: "3", 4: None, 5: "5"}, 5)


def test_a_missing_column_is_refused_with_the_nearest(con, tmp_path):
    path = write_csv(tmp_path / "a.csv", [GOOD])
    with pytest.raises(InputError, match=r"`lonn`.*did you mean `lon`"):
        stage_one(con, path, make_source(columns={"lon": "lonn"}))


def test_rows_are_judged_as_of_the_moment_of_reading(con, tmp_path):
    row = stage_rows(con, tmp_path, [GOOD | {"t": "2026-01-01 08:00:01"}])[0]
    assert (READ_AT_UTC.isoformat(), row["reasons"]) == ("2026-01-01T00:00:00", ["reported_in_future"])


# personal columns


def test_the_tiny_worlds_bad_rows_are_found(con, tmp_path):
    profile = load_profile(write_tiny_world(tmp_path))
    source = profile.sources[0]
    staged = stage_file(
        con, tmp_path / "incidents.csv", source, profile=profile, folder=tmp_path / "stage", read_at_utc=READ_AT_UTC
    )
    rows = read_rows(staged.path)
    assert {row["row_number"]: row["reasons"] for row in rows if row["is_bad"]} == QUARANTINED


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"personal_columns": ["phone"]},
        {"quarantine_columns": ["*"], "personal_columns": ["phone"]},
        {"quarantine_columns": ["note"]},
        {"duplicates": {"policy": "all_columns"}},
        {"duplicates": {"policy": "all_columns"}, "quarantine_columns": ["*"], "personal_columns": ["phone"]},
    ],
)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_personal_value_is_in_no_byte_of_what_is_kept(con, tmp_path, change, kind):
    rows = [GOOD | changes | {"note": "n", "phone": SECRET_PHONE} for changes in ({}, {"t": "?"}, {"id": ""})]
    path = write_csv(tmp_path / "a.csv", rows)
    if kind == "parquet":
        path = tmp_path / "a.parquet"
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text(path.read_text() + f"9,{SECRET_PHONE}\n{SECRET_PHONE},,,,,,,,\n")
    staged = stage_one(con, path, make_source(format=kind, **change))
    assert SECRET_PHONE not in str(read_rows(staged.path))
    for kept in (tmp_path / "stage").rglob("*"):
        assert kept.is_dir() or SECRET_PHONE.encode() not in unpacked(kept)


def unpacked(path: Path) -> bytes:
    """The bytes of a Parquet file as stored, and once more without compression."""
    plain = path.with_suffix(".plain")
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(path), plain, compression="none", use_dictionary=False)
    content = path.read_bytes() + plain.read_bytes()
    plain.unlink()
    return content


def test_a_malformed_row_shows_its_text_only_where_every_column_may_be_shown(con, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,t,lon,lat,c\n1,secret\n")
    hidden = read_rows(stage_one(con, path).path)[0]["original"]
    shown = read_rows(stage_one(con, path, make_source(quarantine_columns=["*"])).path)[0]["original"]
    assert hidden == '{"fields_expected": 5, "fields_found": 2}'
    assert "secret" in shown
