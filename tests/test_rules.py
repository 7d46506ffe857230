"""Every rule finds exactly the rows it is about, and no row loses a value that it holds."""

from __future__ import annotations

import datetime as dt
import json
import math
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_source import GOOD, make_source, read_rows, stage_one, stage_rows

from governance import warehouse
from governance.ingest import rules

ALL = {
    "columns": {
        "closed_at": "closed", "due_at": "due", "updated_at": "updated", "department": "dept", "status": "status",
        "severity": "sev", "discovered": "how", "place_key": "place", "overdue_flag": "flag",
    },
    "values": {"closed": ["Closed"], "cancelled": ["Void"], "discovered": ["Patrol"], "overdue": ["LATE"]},
    "default_points": [[121.0, 29.0]],
}  # fmt: skip
CLOSED = {"closed": "2025-05-02 10:00:00", "status": "Closed"}


@pytest.fixture(scope="module")
def con():
    with warehouse.open_builder() as connection:
        yield connection


def reasons_of(con, tmp_path, **changes) -> list[str]:
    return stage_rows(con, tmp_path, [GOOD | changes, GOOD | ALL_BLANK], **ALL)[0]["reasons"]


ALL_BLANK = dict.fromkeys(["closed", "due", "updated", "dept", "status", "sev", "how", "place", "flag"], "")

PLANTED = {
    "missing_id": {"id": " "},
    "missing_reported_at": {"t": "NULL"},
    "unreadable_reported_at": {"t": "yesterday"},
    "implausible_reported_at": {"t": "1989-12-31 10:00:00"},
    "reported_in_future": {"t": "2026-01-01 08:00:01"},
    "closed_before_reported": {"closed": "2025-05-01 09:59:59", "status": "Closed"},
    "unreadable_coordinates": {"lon": "121,5"},
    "coordinates_out_of_range": {"lon": "29.8", "lat": "121.5"},
    "missing_coordinates": {"lat": ""},
    "zero_coordinates": {"lon": "0", "lat": "0.0"},
    "default_location": {"lon": "121", "lat": "29.00"},
    "missing_category": {"c": "N/A"},
    "unreadable_closed_at": {"closed": "soon", "status": "Open"},
    "unreadable_due_at": {"due": "31.31.2025"},
    "due_before_reported": {"due": "2025-05-01 09:00:00"},
    "closed_at_but_open": {"closed": "2025-05-02 10:00:00", "status": "Open"},
    "closed_without_time": {"status": "Closed"},
    "unreadable_severity": {"sev": "high"},
}


@pytest.mark.parametrize("code", PLANTED)
def test_a_planted_row_breaks_exactly_one_rule(con, tmp_path, code):
    assert reasons_of(con, tmp_path, **PLANTED[code]) == [code]


def test_every_rule_has_a_planted_row():
    elsewhere = {rules.WRONG_FIELD_COUNT.code}
    assert set(PLANTED) | elsewhere == {rule.code for rule in rules.RULES}


def test_codes_are_unique_and_messages_are_in_both_languages():
    codes = [rule.code for rule in rules.ALL_RULES]
    assert len(codes) == len(set(codes))
    assert all(rule.message_zh and rule.message_en.endswith((".", "?")) for rule in rules.ALL_RULES)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        CLOSED,
        {"closed": "2025-05-01 10:00:00", "status": "Closed"},  # closed in the same second
        {"t": "1990-01-01 08:00:00"},
        {"t": "2026-01-01 08:00:00"},  # the very moment of reading
        {"lon": "-180", "lat": "90"},
        {"lon": "0", "lat": "29.8"},
        {"status": "Void", "closed": "2025-05-02 10:00:00"},
        {"due": "2025-05-01"},  # due when the day of the report ends
        {"sev": "2.5"},
    ],
)
def test_a_row_at_the_border_of_a_rule_breaks_none(con, tmp_path, changes):
    assert reasons_of(con, tmp_path, **changes) == []


def test_one_row_carries_all_of_its_reasons_in_the_order_of_the_rules(con, tmp_path):
    changes = {"id": "", "t": "?", "lon": "x", "lat": "", "c": "", "sev": "?"}
    assert reasons_of(con, tmp_path, **changes) == [
        "missing_id", "unreadable_reported_at", "unreadable_coordinates", "missing_coordinates", "missing_category",
        "unreadable_severity",
    ]  # fmt: skip


def test_unbelieved_values_are_left_out_of_the_staged_row(con, tmp_path):
    rows = stage_rows(
        con, tmp_path,
        [GOOD | ALL_BLANK | PLANTED[code] for code in ("closed_at_but_open", "zero_coordinates")]
        + [GOOD | ALL_BLANK | CLOSED],
        **ALL,
    )  # fmt: skip
    assert (rows[0]["closed_at_utc"], rows[0]["is_closed"]) == (None, False)
    assert (rows[1]["lon"], rows[1]["lat"], rows[1]["is_bad"]) == (None, None, False)
    assert (rows[2]["closed_at_utc"].isoformat(), rows[2]["is_closed"]) == ("2025-05-02T02:00:00", True)


# times

SHANGHAI_10 = "2025-05-01T02:00:00"


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-05-01 10:00:00", SHANGHAI_10),
        ("2025/5/1 10:00", SHANGHAI_10),
        ("2025年5月1日 10:00:00", SHANGHAI_10),
        ("2025年5月1日10时00分", SHANGHAI_10),
        ("20250501100000", SHANGHAI_10),
        ("2025-05-01T10:00:00", SHANGHAI_10),
        ("2025-05-01T10:00:00.000", SHANGHAI_10),
        ("2025-05-01T02:00:00Z", SHANGHAI_10),
        ("2025-05-01 02:00:00z", SHANGHAI_10),
        ("2025-05-01 02:00:00 UTC", SHANGHAI_10),
        ("2025-05-01T10:00:00+08:00", SHANGHAI_10),
        ("2025-05-01T10:00:00+0800", SHANGHAI_10),
        ("2025-05-01 10:00:00+08", SHANGHAI_10),
        ("2025-05-01 10:00:00 +08:00", SHANGHAI_10),
        ("2025-05-01T07:30:00.5+05:30", "2025-05-01T02:00:00.500000"),
        ("2025-04-30T22:00:00-04:00", SHANGHAI_10),
        ("2025/5/1 11:00 +0900", SHANGHAI_10),
        ("　2025-05-01 10:00:00　", SHANGHAI_10),
        ("2025-05", "2025-04-30T16:00:00"),
        ("2025-05-01", "2025-04-30T16:00:00"),
        ("20250501", "2025-04-30T16:00:00"),
        ("2025年5月1日", "2025-04-30T16:00:00"),
        ("2024-02-29 10:00:00", "2024-02-29T02:00:00"),
        ("2025-05-01 24:00:00", "2025-05-01T16:00:00"),
    ],
)
def test_a_time_as_people_write_it_is_read_on_the_sources_clock(con, tmp_path, text, utc):
    row = stage_rows(con, tmp_path, [GOOD | {"t": text}])[0]
    assert (row["reported_at_utc"].isoformat(), row["reasons"]) == (utc, [])


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-29 10:00:00", "2025-04-31", "2025-13-01", "2025-05-01 25:00:00", "2025-05-01T10:61:00Z", "10:00",
        "01.05.2025", "2025-02-29T10:00:00+08:00", "2025-05-01 10:00:00 CST", "2025-05-01 10:00:00+15:00", "45778.4",
        "=1+1", "2025-05-01 10:00:00 America/New_York",
    ],
)  # fmt: skip
def test_a_time_that_is_none_is_never_guessed(con, tmp_path, text):
    assert stage_rows(con, tmp_path, [GOOD | {"t": text}])[0]["reasons"] == ["unreadable_reported_at"]


@pytest.mark.parametrize(
    ("formats", "text", "utc"),
    [
        (["%d.%m.%Y %H:%M"], "01.05.2025 10:00", SHANGHAI_10),
        (["%m/%d/%Y %I:%M:%S %p"], "05/01/2025 10:00:00 AM", SHANGHAI_10),
        (["%d/%m/%Y %H:%M %z"], "01/05/2025 02:00 +0000", SHANGHAI_10),
        (["%d/%m/%Y %H:%M%z"], "01/05/2025 10:00", SHANGHAI_10),
        (["%H:%M %d-%m-%Y"], "10:00 01-05-2025", SHANGHAI_10),
        (["%H:%M %Y-%m-%d"], "10:00 2025-05-01", SHANGHAI_10),
        (["%d.%m.%Y"], "2025-05-01 10:00:00", SHANGHAI_10),  # ISO is always understood
        (["%b %d %Y", "%d.%m.%Y"], "01.05.2025", "2025-04-30T16:00:00"),
    ],
)
def test_the_sources_own_formats_come_first(con, tmp_path, formats, text, utc):
    row = stage_rows(con, tmp_path, [GOOD | {"t": text}], time_formats=formats)[0]
    assert (row["reported_at_utc"] and row["reported_at_utc"].isoformat()) == utc


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-05-03", "2025-05-03T16:00:00"),  # the end of that day in Shanghai
        ("2025年5月3日", "2025-05-03T16:00:00"),
        ("03.05.2025", "2025-05-03T16:00:00"),
        ("20250503", "2025-05-03T16:00:00"),
        ("2025-05-03 00:00:00", "2025-05-02T16:00:00"),
        ("2025-05-03T00:00:00Z", "2025-05-03T00:00:00"),
    ],
)
def test_a_due_date_without_a_time_is_due_when_that_day_ends(con, tmp_path, text, utc):
    formats = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y年%m月%d日", "%d.%m.%Y", "%Y%m%d"]
    row = stage_rows(con, tmp_path, [GOOD | {"due": text}], columns={"due_at": "due"}, time_formats=formats)[0]
    assert row["due_at_utc"].isoformat() == utc


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-03-09 01:59:59", "2025-03-09T06:59:59"),
        ("2025-03-09 02:30:00", "2025-03-09T07:30:00"),  # does not exist: as if the clock had not been set forward
        ("2025-03-09 03:00:00", "2025-03-09T07:00:00"),
        ("2025-11-02 00:59:59", "2025-11-02T04:59:59"),
        ("2025-11-02 02:00:00", "2025-11-02T07:00:00"),
        ("2025-11-02T01:30:00-04:00", "2025-11-02T05:30:00"),  # both passes of the doubled hour, told apart
        ("2025-11-02T01:30:00-05:00", "2025-11-02T06:30:00"),
    ],
)
def test_the_days_on_which_the_clock_changes(con, tmp_path, text, utc):
    row = stage_rows(con, tmp_path, [GOOD | {"t": text}], timezone="America/New_York")[0]
    assert row["reported_at_utc"].isoformat() == utc


def test_a_time_in_the_doubled_hour_is_one_of_the_two(con, tmp_path):
    row = stage_rows(con, tmp_path, [GOOD | {"t": "2025-11-02 01:30:00"}], timezone="America/New_York")[0]
    assert row["reported_at_utc"].isoformat() in {"2025-11-02T05:30:00", "2025-11-02T06:30:00"}


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Shanghai"])
def test_exact_times_of_a_parquet_file_survive_the_doubled_hour(con, tmp_path, zone):
    moments = [dt.datetime(2025, 11, 2, hour, 30, tzinfo=dt.UTC) for hour in range(4, 9)]
    table = pa.table(
        {
            "id": [str(i) for i in range(5)], "t": pa.array(moments, pa.timestamp("us", tz=zone)),
            "lon": [121.5] * 5, "lat": [29.8] * 5, "c": ["x"] * 5,
        }
    )  # fmt: skip
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    staged = stage_one(con, tmp_path / "a.parquet", make_source(format="parquet"), timezone="America/New_York")
    assert [row["reported_at_utc"] for row in read_rows(staged.path)] == [at.replace(tzinfo=None) for at in moments]


def test_the_sources_zone_comes_before_the_citys(con, tmp_path):
    assert stage_rows(con, tmp_path, [GOOD], time_zone="UTC")[0]["reported_at_utc"].hour == 10


# values


def test_hostile_text_and_long_ids_are_staged_unchanged(con, tmp_path):
    texts = ['<img src=x onerror="alert(1)">', "=cmd|'/c calc'!A1", 'say "hi"', "a\nb,c", "'; drop table x; --"]
    rows = [GOOD | {"id": f"00{2**53 + i}", "c": text, "d": text} for i, text in enumerate(texts)]
    staged = stage_rows(con, tmp_path, rows, columns={"department": "d"})
    assert [(row["category"], row["department"]) for row in staged] == [(text, text) for text in texts]
    assert [row["incident_id"] for row in staged] == [f"00{2**53 + i}" for i in range(5)]


def test_the_original_of_a_quarantined_row_is_what_the_file_said(con, tmp_path):
    bad = GOOD | {"t": ' "soon" ', "c": "<b>", "phone": "139"}
    row = stage_rows(con, tmp_path, [bad])[0]
    assert json.loads(row["original"]) == {name: bad[name] for name in GOOD}


@pytest.mark.parametrize(
    ("status", "how", "flag", "expected"),
    [
        ("Closed", "Patrol", "LATE", (True, False, True, True)),
        ("Open", "Citizen", "OK", (False, False, False, False)),
        ("Void", "", "", (False, True, False, None)),
        ("", "", "", (False, False, False, None)),
        (" Closed ", "", "", (True, False, False, None)),
    ],
)
def test_texts_mean_what_the_profile_says(con, tmp_path, status, how, flag, expected):
    row = stage_rows(con, tmp_path, [GOOD | ALL_BLANK | {"status": status, "how": how, "flag": flag}], **ALL)[0]
    assert (row["is_closed"], row["is_cancelled"], row["is_discovered"], row["source_is_overdue"]) == expected


def test_without_closed_texts_the_closing_time_alone_decides(con, tmp_path):
    rows = [GOOD | {"closed": ""}, GOOD | {"closed": "2025-05-02 10:00:00"}]
    staged = stage_rows(con, tmp_path, rows, columns={"closed_at": "closed"})
    assert [row["is_closed"] for row in staged] == [False, True]


# oracles

DAYS = ["2025-05-01 10:00:00", "2025-05-03 10:00:00", "1980-01-01 00:00:00", "2030-01-01 00:00:00"]
ROW = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["1", "", "a"]),
        "t": st.sampled_from([*DAYS, "", "x", "NULL"]),
        "closed": st.sampled_from([*DAYS, "", "x"]),
        "due": st.sampled_from([*DAYS, "", "2025-05-01", "x"]),
        "lon": st.sampled_from(["121.5", "0", "", "x", "181", "121", "-180"]),
        "lat": st.sampled_from(["29.8", "0", "", "x", "91", "29", "inf"]),
        "c": st.sampled_from(["lamp", "", "nan"]),
        "status": st.sampled_from(["Closed", "Open", "Void", ""]),
        "sev": st.sampled_from(["1", "", "x"]),
    }
)
MISSING = {"", "nan", "NULL"}


def expect_reasons(row: dict[str, str]) -> list[str]:
    """The rules once more, in plain Python."""
    reported, closed, due = (_read_time(row[name]) for name in ("t", "closed", "due"))
    due = due + dt.timedelta(days=1) if due and len(row["due"]) == len("2025-05-01") else due
    lon, lat = _read_number(row["lon"]), _read_number(row["lat"])
    wrong = [row[name] not in MISSING and number is None for name, number in (("lon", lon), ("lat", lat))]
    found = {
        "missing_id": row["id"] in MISSING,
        "missing_reported_at": row["t"] in MISSING,
        "unreadable_reported_at": row["t"] == "x",
        "implausible_reported_at": reported and reported.year < 1990,
        "reported_in_future": reported and reported > dt.datetime.fromisoformat("2026-01-01T08:00"),
        "closed_before_reported": reported and closed and closed < reported,
        "unreadable_coordinates": any(wrong),
        "coordinates_out_of_range": (lon is not None and abs(lon) > 180) or (lat is not None and abs(lat) > 90),
        "missing_coordinates": row["lon"] in MISSING or row["lat"] in MISSING,
        "zero_coordinates": lon == lat == 0,
        "default_location": (lon, lat) == (121, 29),
        "missing_category": row["c"] in MISSING,
        "unreadable_closed_at": row["closed"] == "x",
        "unreadable_due_at": row["due"] == "x",
        "due_before_reported": reported and due and due < reported,
        "closed_at_but_open": closed and row["status"] not in {"Closed", "Void"},
        "closed_without_time": row["status"] == "Closed" and closed is None,
        "unreadable_severity": row["sev"] == "x",
    }
    return [code for code, is_true in found.items() if is_true]


def _read_time(text: str) -> dt.datetime | None:
    return None if text in MISSING or text == "x" else dt.datetime.fromisoformat(text)


def _read_number(text: str) -> float | None:
    return None if text in MISSING or text == "x" else float(text)


ORACLE = {
    "columns": {"closed_at": "closed", "due_at": "due", "status": "status", "severity": "sev"},
    "values": {"closed": ["Closed"], "cancelled": ["Void"]},
    "default_points": [[121.0, 29.0]],
}


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=40))
def test_random_rows_get_the_reasons_that_plain_python_gives(con, rows):
    with tempfile.TemporaryDirectory() as folder:
        staged = stage_rows(con, Path(folder), rows, **ORACLE)
    assert [row["reasons"] for row in staged] == [expect_reasons(row) for row in rows]
    errors = {rule.code for rule in rules.RULES if rule.severity == "error"}
    assert [row["is_bad"] for row in staged] == [bool(errors & set(row["reasons"])) for row in staged]
    assert [row["original"] is not None for row in staged] == [row["is_bad"] for row in staged]


def test_pandera_finds_the_same_rows(con, tmp_path):
    """The same rules, judged by another library on ten thousand random rows."""
    rng = np.random.default_rng(7)
    size = 10_000
    frame = pd.DataFrame(
        {
            "id": np.where(rng.random(size) < 0.02, None, np.arange(size).astype(str)),
            "t": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(-40 * 365, 500, size), unit="D"),
            "lon": np.where(rng.random(size) < 0.03, np.nan, rng.uniform(-200, 200, size)),
            "lat": rng.uniform(-95, 95, size),
            "c": rng.choice(["a", "b", None], size, p=[0.5, 0.45, 0.05]),
        }
    )
    frame["closed"] = frame["t"] + pd.to_timedelta(rng.integers(-3, 300, size), unit="D")
    frame.to_parquet(tmp_path / "a.parquet")
    staged = stage_one(
        con, tmp_path / "a.parquet", make_source(format="parquet", columns={"closed_at": "closed"}), timezone="UTC"
    )
    ours = {(row["row_number"] - 1, code) for row in read_rows(staged.path) for code in row["reasons"]}
    assert ours == _ask_pandera(frame)


def _ask_pandera(frame: pd.DataFrame) -> set[tuple[int, str]]:
    def check(name: str, test) -> pandera.Check:
        return pandera.Check(test, name=name, ignore_na=False)

    schema = pandera.DataFrameSchema(
        {
            "id": pandera.Column(nullable=True, checks=check("missing_id", lambda s: s.notna())),
            "t": pandera.Column(
                checks=[
                    check("implausible_reported_at", lambda s: s >= "1990-01-01"),
                    check("reported_in_future", lambda s: s <= "2026-01-01"),
                ]
            ),
            "lon": pandera.Column(nullable=True, checks=check("missing_coordinates", lambda s: s.notna())),
            "c": pandera.Column(nullable=True, checks=check("missing_category", lambda s: s.notna())),
        },
        checks=[
            check("closed_before_reported", lambda f: f["closed"] >= f["t"]),
            check("coordinates_out_of_range", lambda f: ~((f["lon"].abs() > 180) | (f["lat"].abs() > 90))),
        ],
    )
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        return {(int(index), code) for index, code in zip(cases["index"], cases["check"], strict=True)}
    return set()


def test_infinity_is_a_number_out_of_range(con, tmp_path):
    row = stage_rows(con, tmp_path, [GOOD | {"lon": "inf"}])[0]
    assert row["reasons"] == ["coordinates_out_of_range"]
    assert row["lon"] is None
    assert math.isinf(float("inf"))
