"""Event logs are read once, each event counts once, and the past is told as it was known at the moment."""

from __future__ import annotations

import json
import tempfile
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tiny_source import GOOD, READ_AT_UTC, list_accounts, make_profile, make_source, read_rows, stage_city, write_csv
from tiny_world import SECRET_PHONE

from governance import warehouse
from governance.cases.lifecycle import prepare_telling, tell_files
from governance.cases.moves import KINDS
from governance.cases.work_clock import build_work_clock
from governance.errors import InputError
from governance.ingest import event_staging, rules
from governance.ingest.combining import Staged, combine_events
from governance.ingest.event_staging import StagedEvents, stage_events
from governance.work_calendar import WorkCalendar

EVENTS = {
    "files": ["events/*.csv"], "format": "csv", "incident_id": "id", "kind": "k", "at": "at", "department": "d",
    "kinds": {"受理": "accepted", "转办": "transferred", "延期": "extended"},
}  # fmt: skip
LATE = datetime.fromisoformat("2025-12-31")
CLOCK = build_work_clock(WorkCalendar(), ZoneInfo("UTC"), first_day=date(2025, 1, 1), last_day=date(2025, 12, 31))
TELLING = prepare_telling({}, CLOCK)


@pytest.fixture(scope="module")
def con():
    with warehouse.open_builder() as connection:
        yield connection


def event(name: str, kind: str, at: str, department: str = "a") -> dict:
    """An event at a UTC moment of May 2025, written as `day hour`."""
    day, hour = at.split()
    return {"id": name, "k": kind, "at": f"2025-05-{int(day):02}T{int(hour):02}:00:00Z", "d": department}


def stage_one(con, folder: Path, rows: list[dict], **changes) -> StagedEvents:
    (folder / "events").mkdir(exist_ok=True)
    path = write_csv(folder / "events" / "e.csv", rows)
    return stage_path(con, path, **changes)


def stage_path(con, path: Path, values: dict | None = None, **changes) -> StagedEvents:
    source = make_source(events=EVENTS | changes, **({"values": values} if values else {}))
    profile = make_profile(path.parent, source)
    return stage_events(
        con, path, profile.sources[0], profile=profile, folder=path.parent / "stage", read_at_utc=READ_AT_UTC
    )


def list_cases(con, folder: Path, *, as_of: datetime = LATE, **logs: list[dict]) -> dict[str, dict]:
    """Incident → its case events, out of these event logs (name → rows)."""
    (folder / "events").mkdir(exist_ok=True)
    write_csv(folder / "i.csv", [GOOD])
    for name, rows in logs.items():
        write_csv(folder / "events" / f"{name}.csv", rows)
    staged = stage_city(con, make_profile(folder, make_source(files=["i.csv"], events=EVENTS)))
    combine_events(con, as_of_utc=as_of)
    return tell_cases(con, staged, folder)


def tell_cases(con, staged: Staged, folder: Path) -> dict[str, dict]:
    tell_files(con, staged.events, TELLING, folder=folder / "told")
    rows = warehouse.run_text(con, "select * from src_trace").to_arrow_table().to_pylist()
    assert len({row["incident_id"] for row in rows}) == len(rows)
    return {row["incident_id"]: row for row in rows}


def hours(case: dict, *names: str) -> list[str | None]:
    return [case[f"{name}_at_utc"] and case[f"{name}_at_utc"].strftime("%-d %-H") for name in names]


# reading


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, []),
        ({"k": "disposed"}, []),
        ({"k": "受理"}, []),
        ({"k": "开始"}, ["unknown_event"]),
        ({"k": ""}, ["unknown_event"]),
        ({"at": ""}, ["unreadable_event_time"]),
        ({"at": "soon"}, ["unreadable_event_time"]),
        ({"at": "2026-01-01T00:00:01Z"}, ["event_in_future"]),
        ({"id": " "}, ["missing_event_id"]),
        ({"id": "", "k": "?", "at": "?"}, ["unreadable_event_time", "unknown_event", "missing_event_id"]),
    ],
)
def test_each_rule_finds_its_event(con, tmp_path, changes, reasons):
    staged = stage_one(con, tmp_path, [event("1", "reported", "1 1") | changes, event("2", "reported", "1 1")])
    row = read_rows(staged.path)[0]
    assert (row["reasons"], row["is_bad"], row["original"] is not None) == (reasons, bool(reasons), bool(reasons))


def test_every_event_rule_is_planted():
    assert {rule.code for rule in rules.EVENT_RULES} == {
        "unreadable_event_time", "event_in_future", "unknown_event", "missing_event_id", "unreadable_extended_until",
    }  # fmt: skip
    assert set(rules.EVENT_ERROR_CODES) == {rule.code for rule in rules.EVENT_RULES} - {"unreadable_extended_until"}


WHY = {"reason": "why", "extended_until": "until"}


@pytest.mark.parametrize(
    ("kind", "until", "expected", "reasons"),
    [
        ("延期", "2025-06-01 10:00", "2025-06-01T02:00:00", []),
        ("延期", "2025-06-01T10:00:00Z", "2025-06-01T10:00:00", []),
        ("延期", "2025-06-01", "2025-06-01T16:00:00", []),  # midnight of the next day in Shanghai
        ("extended", "2025年6月1日", "2025-06-01T16:00:00", []),
        ("延期", "", None, []),
        ("延期", "soon", None, ["unreadable_extended_until"]),
        ("转办", "2025-06-01", None, []),
        ("转办", "soon", None, []),
    ],
)
def test_an_extension_says_until_when(con, tmp_path, kind, until, expected, reasons):
    rows = [event("1", kind, "1 1") | {"why": " 情况复杂 ", "until": until}]
    staged = stage_one(con, tmp_path, rows, **WHY, time_formats=["%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y年%m月%d日"])
    row = read_rows(staged.path)[0]
    assert (row["reason"], row["reasons"], row["is_bad"]) == ("情况复杂", reasons, False)
    assert (row["extended_until_utc"] and row["extended_until_utc"].isoformat()) == expected


def test_a_date_in_a_parquet_log_ends_with_its_day(con, tmp_path):
    table = pa.table(
        {
            "id": ["1"], "k": ["extended"], "d": ["a"], "why": pa.array(["x"]).dictionary_encode(),
            "at": pa.array([datetime.fromisoformat("2025-05-01")], pa.timestamp("ms")),
            "until": pa.array([datetime.fromisoformat("2025-06-01").date()]),
        }
    )  # fmt: skip
    pyarrow.parquet.write_table(table, tmp_path / "e.parquet")
    row = read_rows(stage_path(con, tmp_path / "e.parquet", format="parquet", **WHY).path)[0]
    assert (row["reason"], row["extended_until_utc"].isoformat()) == ("x", "2025-06-01T16:00:00")


def test_a_log_without_reasons_has_none(con, tmp_path):
    row = read_rows(stage_one(con, tmp_path, [event("1", "extended", "1 1") | {"why": "x"}]).path)[0]
    assert (row["reason"], row["extended_until_utc"]) == (None, None)


def test_a_quarantined_event_is_shown_as_it_came(con, tmp_path):
    rows = [event("1", "?", "1 1") | {"why": "x", "until": "2025-06-01"}]
    row = read_rows(stage_one(con, tmp_path, rows, **WHY).path)[0]
    assert json.loads(row["original"]) == {
        "incident_id": "1", "kind": "?", "department": "a", "event_at": "2025-05-01T01:00:00Z", "reason": "x",
        "extended_until": "2025-06-01",
    }  # fmt: skip


def test_a_remark_on_an_event_is_counted_and_the_event_kept(con, tmp_path):
    (tmp_path / "events").mkdir()
    write_csv(tmp_path / "i.csv", [GOOD])
    write_csv(tmp_path / "events" / "e.csv", [event("1", "extended", "1 1") | {"until": "soon"}])
    stage_city(con, make_profile(tmp_path, make_source(files=["i.csv"], events=EVENTS | {"extended_until": "until"})))
    counted = warehouse.run_text(con, "select file, code, severity, rows from meta_file_reason where file = 'e.csv'")
    assert counted.fetchall() == [("e.csv", "unreadable_extended_until", "warning", 1)]
    assert list_accounts(con)["e.csv"] == (1, 1, 0, 0)


def test_kinds_are_translated_and_ours_are_understood_without(con, tmp_path):
    rows = [event("1", kind, "1 1") for kind in ("受理", " accepted ", "转办")]
    assert [row["kind"] for row in read_rows(stage_one(con, tmp_path, rows).path)] == [
        "accepted", "accepted", "transferred",
    ]  # fmt: skip
    staged = stage_one(con, tmp_path, rows, kinds={})
    assert [row["is_bad"] for row in read_rows(staged.path)] == [True, False, True]


def test_the_logs_own_zone_and_formats_are_used(con, tmp_path):
    row = event("1", "reported", "1 1") | {"at": "01.05.2025 10:00"}
    staged = stage_one(con, tmp_path, [row], time_zone="UTC", time_formats=["%d.%m.%Y %H:%M"])
    assert read_rows(staged.path)[0]["at_utc"].isoformat() == "2025-05-01T10:00:00"
    staged = stage_one(con, tmp_path, [row | {"at": "2025-05-01 10:00"}])
    assert read_rows(staged.path)[0]["at_utc"].isoformat() == "2025-05-01T02:00:00"


def test_parquet_logs_keep_exact_times_and_ids(con, tmp_path):
    moment = datetime.fromisoformat("2025-05-01T02:00:00+00:00")
    for zone, expected in (("America/New_York", "2025-05-01T02:00:00"), (None, "2025-04-30T18:00:00")):
        at = pa.array([moment if zone else moment.replace(tzinfo=None)], pa.timestamp("us", tz=zone))
        table = pa.table({"id": [2**53 + 1], "k": ["reported"], "at": at, "d": [None], "phone": [SECRET_PHONE]})
        pyarrow.parquet.write_table(table, tmp_path / "e.parquet")
        row = read_rows(stage_path(con, tmp_path / "e.parquet", format="parquet").path)[0]
        assert (row["incident_id"], row["at_utc"].isoformat()) == (str(2**53 + 1), expected)


def test_malformed_and_personal_values_stay_outside(con, tmp_path):
    (tmp_path / "e.csv").write_text(
        f"id,k,at,d,phone\n1,?,2025-05-01,a,{SECRET_PHONE}\n{SECRET_PHONE}\n2,reported,2025-05-01,a,{SECRET_PHONE}\n"
    )
    staged = stage_path(con, tmp_path / "e.csv")
    rows = read_rows(staged.path)
    assert SECRET_PHONE not in str(rows)
    assert [(row["row_number"], row["reasons"]) for row in rows if row["is_bad"]] == [
        (1, ["unknown_event"]), (2, ["wrong_field_count"]),
    ]  # fmt: skip
    assert staged.rows_read == 3


def test_a_log_is_read_once_for_its_bytes_and_rules(con, tmp_path, monkeypatch):
    rows = [event("1", "reported", "1 1")]
    first = stage_one(con, tmp_path, rows)
    for changes in ({"time_zone": "UTC"}, {"kinds": {}}, {"department": "k"}, {"values": {"missing": ["a"]}}):
        assert stage_one(con, tmp_path, rows, **changes).is_new
    monkeypatch.setattr(event_staging, "open_table", None)
    again = stage_one(con, tmp_path, rows, files=["e*.csv"])
    assert (first.is_new, again.is_new, again.key) == (True, False, first.key)


def test_a_missing_column_and_another_format_are_refused(con, tmp_path):
    with pytest.raises(InputError, match="`when`"):
        stage_one(con, tmp_path, [event("1", "reported", "1 1")], at="when")
    with pytest.raises(InputError, match="cannot be read as parquet"):
        stage_one(con, tmp_path, [event("1", "reported", "1 1")], format="parquet")
    assert list((tmp_path / "events").rglob("*.parquet")) == []


# combining


def test_one_case_out_of_its_events(con, tmp_path):
    log = [
        event("1", "reported", "1 0"), event("1", "dispatched", "1 1", "centre"),
        event("1", "accepted", "1 2", "police"),
        event("1", "returned", "1 3", "police"), event("1", "transferred", "1 4", "housing"),
        event("1", "accepted", "1 5", "housing"), event("1", "disposed", "2 1", "housing"),
        event("1", "verified", "2 2", "centre"), event("1", "reopened", "3 1", ""),
        event("1", "disposed", "4 1", "housing"),
        event("1", "closed", "5 1"), event("1", "evaluated", "6 1"),
    ]  # fmt: skip
    case = list_cases(con, tmp_path, log=log)["1"]
    names = ("dispatched", "accepted", "disposed", "verified", "closed", "evaluated", "reopened")
    assert hours(case, *names) == ["1 1", "1 2", "4 1", "2 2", "5 1", "6 1", "3 1"]
    assert (case["transfers"], case["returns"], case["reopenings"], case["last_department"]) == (
        1, 1, 1, "housing",
    )  # fmt: skip


def test_events_out_of_order_in_several_files_and_told_twice_count_once(con, tmp_path):
    first, second, third = (event("1", "transferred", f"{day} 1", f"d{day}") for day in (1, 2, 3))
    case = list_cases(con, tmp_path, a=[third, first, first], b=[second, third])["1"]
    assert (case["transfers"], case["last_department"]) == (3, "d3")
    accounts = list_accounts(con)
    assert accounts["a.csv"] == (3, 2, 0, 1)
    assert accounts["b.csv"] == (2, 2, 0, 0)


def test_the_same_log_under_two_names_counts_once(con, tmp_path):
    log = [event("1", "transferred", "1 1"), event("1", "?", "1 1")]
    assert list_cases(con, tmp_path, a=log, b=log)["1"]["transfers"] == 1
    assert list_accounts(con) == {"i.csv": (1, 1, 0, 0), "a.csv": (2, 1, 1, 0), "b.csv": (2, 0, 0, 2)}
    assert warehouse.run_text(con, "select file, row_number from core_quarantine").fetchall() == [("a.csv", 2)]


def test_the_past_knows_nothing_of_what_came_later(con, tmp_path):
    log = [event("1", "accepted", "1 1", "x"), event("1", "disposed", "3 1"), event("2", "accepted", "3 1")]
    cases = list_cases(con, tmp_path, as_of=datetime.fromisoformat("2025-05-03T01:00"), log=log)
    assert hours(cases["1"], "accepted", "disposed") == ["1 1", None]
    assert "2" not in cases
    cases = list_cases(con, tmp_path, as_of=datetime.fromisoformat("2025-05-03T01:01"), log=log)
    assert hours(cases["1"], "disposed") == ["3 1"]
    assert set(cases) == {"1", "2"}


def test_a_city_without_logs_has_no_case_events(con, tmp_path):
    write_csv(tmp_path / "i.csv", [GOOD])
    staged = stage_city(con, make_profile(tmp_path))
    combine_events(con, as_of_utc=LATE)
    assert tell_cases(con, staged, tmp_path) == {}


EVENT = st.builds(
    event,
    st.sampled_from("123456789"),
    st.sampled_from(["reported", "dispatched", "受理", "转办", "returned", "disposed", "reopened", "closed", "?"]),
    st.builds("{} {}".format, st.integers(1, 3), st.integers(0, 2)),
    st.sampled_from(["a", "b", ""]),
)


def tell_slowly(log: list[dict], as_of: datetime) -> dict[str, dict]:
    """All events before the moment, each once, told by plain Python: one event after the other."""
    known = {"受理": "accepted", "转办": "transferred"}
    told = {
        (datetime.fromisoformat(row["at"].rstrip("Z")), KINDS.index(known.get(row["k"], row["k"])), row["d"], row["id"])
        for row in log
        if row["k"] != "?"
    }
    cases: dict[str, dict] = {}
    for at, place, department, name in sorted(told, key=lambda event: (*event[:2], event[2] or "~~")):
        if at < as_of:
            tell_one(cases.setdefault(name, dict.fromkeys(TOLD) | COUNTS), KINDS[place], at, department or None)
    return {name: {key: case[key] for key in (*TOLD, *COUNTS)} for name, case in cases.items()}


TOLD = (
    "dispatched_at_utc", "accepted_at_utc", "disposed_at_utc", "closed_at_utc", "reopened_at_utc", "last_department",
)  # fmt: skip
COUNTS = {"transfers": 0, "returns": 0, "reopenings": 0}


def tell_one(case: dict, kind: str, at: datetime, department: str | None) -> None:
    if kind in {"dispatched", "accepted"}:
        case[f"{kind}_at_utc"] = case[f"{kind}_at_utc"] or at
    elif kind in {"disposed", "reopened"} or (kind == "closed" and not case.get("has_ended")):
        case[f"{kind}_at_utc"] = at
    case["has_ended"] = kind == "closed" or (case.get("has_ended", False) and kind != "reopened")
    for count, counted in {"transfers": "transferred", "returns": "returned", "reopenings": "reopened"}.items():
        case[count] += kind == counted
    if kind in {"dispatched", "transferred"}:
        case["last_department"] = department or "~none"
    elif kind in {"accepted", "reopened"}:
        case["last_department"] = department or case["last_department"]


@settings(max_examples=8, deadline=None, phases=[Phase.generate])  # shrinking would take minutes
@given(
    logs=st.lists(st.lists(EVENT, min_size=1, max_size=40), min_size=1, max_size=3),
    as_of=st.builds("2025-05-0{}T0{}:30".format, st.integers(1, 4), st.integers(0, 2)).map(datetime.fromisoformat),
)
def test_random_logs_agree_with_plain_python(con, logs, as_of):
    with tempfile.TemporaryDirectory() as folder:
        cases = list_cases(con, Path(folder), as_of=as_of, **{f"log{place}": rows for place, rows in enumerate(logs)})
    expected = tell_slowly([row for rows in logs for row in rows], as_of)
    shown = {name: {key: case[key] for key in expected.get(name, case)} for name, case in cases.items()}
    assert shown == expected
    assert all(read == accepted + bad + twice for read, accepted, bad, twice in list_accounts(con).values())
