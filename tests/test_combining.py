"""Every row of every file is accounted for once, and the newest good version of an incident stands."""

from __future__ import annotations

import itertools
import json
import tempfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tiny_source import (
    GOOD,
    READ_AT_UTC,
    list_accounts,
    list_incidents,
    make_profile,
    make_source,
    stage_city,
    write_csv,
)
from tiny_world import ACCEPTED, DUPLICATE, QUARANTINED, QUARANTINED_ROWS, READ, SECRET_PHONE, write_tiny_world

from governance import warehouse
from governance.errors import InputError
from governance.ingest.combining import Staged, stage_sources
from governance.profile import Profile, load_profile

BY_UPDATE = {"columns": {"updated_at": "u"}, "duplicates": {"policy": "by_id", "latest_by": "updated_at"}}


@pytest.fixture(scope="module")
def con():
    with warehouse.open_builder() as connection:
        yield connection


def write_files(folder: Path, **files: list[dict]) -> None:
    for name, rows in files.items():
        write_csv(folder / f"{name}.csv", rows)


def combine(con, folder: Path, *sources: dict) -> Staged:
    return stage_city(con, make_profile(folder, *sources))


def version(name: str, updated: str, category: str, **changes) -> dict:
    return GOOD | {"id": name, "u": updated, "c": category} | changes


def test_the_tiny_world_adds_up(con, tmp_path):
    stage_city(con, load_profile(write_tiny_world(tmp_path)))
    assert list_accounts(con) == {"incidents.csv": (READ, ACCEPTED, QUARANTINED_ROWS, DUPLICATE)}
    assert ("T-05",) in list_incidents(con)
    assert list_incidents(con, "incident_id, is_closed")[4] == ("T-05", True)
    quarantined = warehouse.run_text(con, "select row_number, reasons, original from core_quarantine").fetchall()
    assert {number: reasons for number, reasons, _ in quarantined} == QUARANTINED
    assert SECRET_PHONE not in str(quarantined)
    assert json.loads(quarantined[0][2])["id"] == "T-07"


def test_the_newest_version_stands_whatever_the_files_are_called(con, tmp_path):
    write_files(tmp_path, b=[version("1", "2025-06-01", "old")], a=[version("1", "2025-06-03", "new")])
    combine(con, tmp_path, make_source(**BY_UPDATE))
    assert list_incidents(con, "incident_id, category") == [("1", "new")]
    assert list_accounts(con) == {"a.csv": (1, 1, 0, 0), "b.csv": (1, 0, 0, 1)}


def test_a_bad_newest_version_goes_to_quarantine_and_leaves_the_newest_good_one(con, tmp_path):
    write_files(
        tmp_path,
        a=[version("1", "2025-06-01", "oldest"), version("1", "2025-06-02", "good")],
        b=[version("1", "2025-06-03", "bad", lon="x"), version("1", "2025-05-20", "bad and old", lon="x")],
    )
    combine(con, tmp_path, make_source(**BY_UPDATE))
    assert list_incidents(con, "incident_id, category") == [("1", "good")]
    assert list_accounts(con) == {"a.csv": (2, 1, 0, 1), "b.csv": (2, 0, 1, 1)}
    rows = warehouse.run_text(con, "select file, row_number, reasons from core_quarantine").fetchall()
    assert rows == [("b.csv", 1, ["unreadable_coordinates"])]


def test_without_a_version_column_the_file_with_the_newest_report_wins_then_the_last_row(con, tmp_path):
    newest = GOOD | {"id": "9", "t": "2025-07-01 10:00:00"}
    write_files(
        tmp_path,
        a=[GOOD | {"c": "later file"}, newest],
        b=[GOOD | {"c": "earlier file"}],
        c=[GOOD | {"id": "2", "c": "first"}, GOOD | {"id": "2", "c": "last"}],
    )
    combine(con, tmp_path)
    assert list_incidents(con, "incident_id, category") == [("1", "later file"), ("2", "last"), ("9", "lamp")]


def test_the_same_bytes_under_two_names_are_duplicates(con, tmp_path):
    rows = [GOOD, GOOD | {"id": "2", "t": "?"}]
    write_files(tmp_path, a=rows, b=rows)
    for policy in ("by_id", "all_columns", "never"):
        staged = combine(con, tmp_path, make_source(duplicates={"policy": policy}))
        assert list_accounts(con) == {"a.csv": (2, 1, 1, 0), "b.csv": (2, 0, 0, 2)}
        assert [file.is_new for file in staged.files] == [True, False]
        assert len(list_incidents(con)) == 1


def test_two_files_of_one_name_are_told_apart(con, tmp_path):
    for folder, name in (("x", "1"), ("y", "2")):
        (tmp_path / folder).mkdir()
        write_csv(tmp_path / folder / "a.csv", [GOOD | {"id": name}])
    combine(con, tmp_path, make_source(files=["*/a.csv"]))
    assert list_accounts(con) == {"x/a.csv": (1, 1, 0, 0), "y/a.csv": (1, 1, 0, 0)}


@pytest.mark.parametrize(("policy", "accepted"), [("by_id", 2), ("all_columns", 3), ("never", 4)])
def test_the_duplicate_policies_differ_as_they_say(con, tmp_path, policy, accepted):
    write_files(tmp_path, a=[GOOD, GOOD | {"c": "other"}], b=[GOOD, GOOD | {"id": "2"}])
    combine(con, tmp_path, make_source(duplicates={"policy": policy}))
    assert len(list_incidents(con)) == accepted
    assert sum(counts[3] for counts in list_accounts(con).values()) == 4 - accepted


def test_rows_are_compared_by_columns_that_are_not_mapped_too(con, tmp_path):
    write_files(tmp_path, a=[GOOD | {"note": "x"}], b=[GOOD | {"note": "y"}])
    combine(con, tmp_path, make_source(duplicates={"policy": "all_columns"}))
    assert len(list_incidents(con)) == 2


def test_the_same_id_in_two_sources_is_two_incidents(con, tmp_path):
    write_files(tmp_path, a=[GOOD], b=[GOOD])
    combine(con, tmp_path, make_source(id="one", files=["a.csv"]), make_source(id="two", files=["b.csv"]))
    assert list_incidents(con, "source, incident_id") == [("one", "1"), ("two", "1")]


def test_the_columns_of_two_sources_may_differ(con, tmp_path):
    write_files(tmp_path, a=[GOOD], b=[{"no": "5", "when": "2025-05-01", "x": "121", "y": "29", "kind": "k"}])
    other = {"id": "two", "files": ["b.csv"], "format": "csv", "columns": {
        "incident_id": "no", "reported_at": "when", "lon": "x", "lat": "y", "category": "kind"}}  # fmt: skip
    combine(con, tmp_path, make_source(files=["a.csv"]), other)
    assert list_incidents(con) == [("1",), ("5",)]


SNAPSHOTS = [
    [
        version(str(i), f"2025-06-{day:02}", f"day {day}", t=f"2025-05-{i % 20 + 1:02} 10:00:00")
        for i in range(day, day + 10)
    ]
    for day in range(1, 7)
]


def test_six_snapshots_in_any_order_give_the_same_incidents(con, tmp_path):
    expected = None
    for place, order in enumerate(itertools.islice(itertools.permutations(range(6)), 0, 720, 239)):
        folder = tmp_path / str(place)
        folder.mkdir()
        write_files(folder, **{f"file{name}": SNAPSHOTS[number] for name, number in enumerate(order)})
        combine(con, folder, make_source(**BY_UPDATE))
        found = list_incidents(con, "incident_id, category, reported_at_utc")
        expected = expected or found
        assert found == expected
        assert len(found) == 15
        assert {name: text for name, text, _ in found}["6"] == "day 6"
        assert sum(counts[1] for counts in list_accounts(con).values()) == 15


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["a", "b", "c", ""]),
            "t": st.sampled_from(["2025-05-01 10:00:00", "2025-05-02 10:00:00", "?"]),
            "lon": st.sampled_from(["121.5", "", "x"]),
            "lat": st.just("29.8"),
            "c": st.sampled_from(["lamp", "noise"]),
            "u": st.sampled_from(["", "2025-05-03", "2025-05-04"]),
        }
    ),
    max_size=10,
)


def expect_accepted(rows: list[dict], policy: str, *, has_versions: bool) -> set[tuple[str, int]]:
    """Which rows (file key, number) stand, in plain Python; `rows` holds each staged row once."""
    if policy == "never":
        return {(row["file_key"], row["row_number"]) for row in rows if not row["is_bad"]}
    groups: dict[str | None, list[dict]] = {}
    for row in rows:
        groups.setdefault(row["incident_id"] if policy == "by_id" else row["row_hash"], []).append(row)
    newest = {key: _last_report(rows, key) for key in {row["file_key"] for row in rows}}

    def age(row: dict) -> tuple:
        updated = row["updated_at_utc"] if has_versions else None
        return (
            -updated.timestamp() if updated else float("inf"),
            -newest[row["file_key"]].timestamp() if newest[row["file_key"]] else float("inf"),
            row["file_key"],
            -row["row_number"],
        )

    good = ([row for row in group if not row["is_bad"]] for group in groups.values())
    best = (min(group, key=age) for group in good if group)
    return {(row["file_key"], row["row_number"]) for row in best}


def _last_report(rows: list[dict], key: str) -> datetime | None:
    times = [row["reported_at_utc"] for row in rows if row["file_key"] == key and not row["is_bad"]]
    return max(times, default=None)


@settings(max_examples=15, deadline=None, phases=[Phase.generate])  # shrinking would take minutes
@given(
    files=st.lists(ROWS, min_size=1, max_size=4),
    policy=st.sampled_from(["by_id", "all_columns", "never"]),
    has_versions=st.booleans(),
    turned=st.booleans(),
)
def test_random_splits_into_files_add_up_and_keep_the_right_rows(con, files, policy, has_versions, turned):
    duplicates = {"policy": policy} | ({"latest_by": "updated_at"} if has_versions else {})
    source = make_source(columns={"updated_at": "u"}, duplicates=duplicates)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        named = {f"f{place}": rows or [] for place, rows in enumerate(files[::-1] if turned else files)}
        for file, rows in named.items():
            write_csv(folder / f"{file}.csv", rows or [dict.fromkeys(("id", "t", "lon", "lat", "c", "u"), "")])
        staged = combine(con, folder, source)
        rows = warehouse.run_text(
            con, "select * from read_parquet(getvariable('staged_files'))"
        ).to_arrow_table().to_pylist()  # fmt: skip
        found = list_incidents(con, "file_key, row_number")
        in_quarantine = warehouse.run_text(con, "select file, count(*) from core_quarantine group by file").fetchall()
    accounts = list_accounts(con)
    assert {file.file: file.rows_read for file in staged.files} == {
        name: counts[0] for name, counts in accounts.items()
    }
    assert all(read == accepted + bad + twice for read, accepted, bad, twice in accounts.values())
    assert set(found) == expect_accepted(rows, policy, has_versions=has_versions)
    assert sum(counts[1] for counts in accounts.values()) == len(found)
    assert dict(in_quarantine) == {name: counts[2] for name, counts in accounts.items() if counts[2]}


def test_reasons_are_counted_once_per_row_that_counts(con, tmp_path):
    bad = GOOD | {"id": "3", "t": "?", "lon": "x"}
    rows = [GOOD | {"lat": ""}, GOOD | {"lat": ""}, bad]
    write_files(tmp_path, a=rows, b=rows)
    combine(con, tmp_path)
    counted = warehouse.run_text(con, "select file, code, severity, rows from meta_file_reason").fetchall()
    assert counted == [
        ("a.csv", "missing_coordinates", "warning", 1),
        ("a.csv", "unreadable_coordinates", "error", 1),
        ("a.csv", "unreadable_reported_at", "error", 1),
    ]


# faults


def stage(con, profile: Profile) -> Staged:
    folder = profile.folder / "stage"
    return stage_sources(con, profile, folder, read_at_utc=READ_AT_UTC, progress=lambda *_: None)


def test_all_faults_of_all_files_come_at_once(con, tmp_path):
    write_files(tmp_path, a=[{"id": "1"}], b=[GOOD])
    (tmp_path / "c.csv").write_bytes("id,t,lon,lat,c\n街,1,2,3,4\n".encode("gb18030"))
    profile = make_profile(
        tmp_path,
        make_source(),
        make_source(id="two", files=["none*.csv"]),
        make_source(id="three", crs="EPSG:99999"),
        make_source(id="four", files=["b.csv"], events={
            "files": ["e*.csv"], "format": "csv", "incident_id": "id", "kind": "k", "at": "t"}),
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        stage(con, profile)
    text = str(caught.value)
    for part in (
        "a.csv: has the columns id.", "c.csv, about line 2", "source two: no file matches none*.csv",
        "source three: crs 'EPSG:99999'", "source four: no file matches e*.csv",
    ):  # fmt: skip
        assert text.count(part) == 1


def test_progress_names_each_file_and_grows(con, tmp_path):
    write_files(tmp_path, a=[GOOD], b=[GOOD | {"id": "2"}])
    steps: list[tuple[str, float]] = []
    stage_sources(
        con,
        make_profile(tmp_path),
        tmp_path / "stage",
        read_at_utc=READ_AT_UTC,
        progress=lambda *step: steps.append(step),
    )
    assert steps == [("a.csv", 0.0), ("b.csv", 0.5)]


def test_what_a_killed_build_left_behind_is_removed(con, tmp_path):
    left = tmp_path / "stage" / "told" / "s" / "key.1.partial"
    left.mkdir(parents=True)
    (left / "trace.parquet").write_bytes(b"half")
    (tmp_path / "stage" / "s.partial").write_bytes(b"half")
    write_files(tmp_path, i=[version("1", "2025-06-01", "lamp")])
    combine(con, tmp_path, make_source(**BY_UPDATE))
    assert list((tmp_path / "stage").rglob("*.partial")) == []
