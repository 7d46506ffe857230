"""Only mapped columns enter, under our names, exactly as they were written."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_source import make_profile, make_source

from governance.errors import InputError
from governance.ingest import mapping
from governance.ingest.coordinates import to_wgs84, wgs84_to_gcj02
from governance.ingest.files import GEOMETRY_LAT, GEOMETRY_LON
from governance.profile import Source

BIG = 2**53 + 1


def source_of(**changes) -> Source:
    return make_profile("/", make_source(**changes)).sources[0]


def map_one(source: Source, **columns) -> dict[str, list]:
    """Map one batch; columns that are not given hold plain values."""
    rows = len(next(iter(columns.values())))
    plain = {
        "id": ["1"] * rows,
        "t": ["2025-01-01"] * rows,
        "lon": ["1"] * rows,
        "lat": ["2"] * rows,
        "c": ["x"] * rows,
    }
    batch = pa.RecordBatch.from_pydict(plain | columns)
    return mapping.map_batch(batch, source).to_pydict()


def map_ids(values: pa.Array) -> list[str | None]:
    return map_one(source_of(), id=values)["incident_id"]


def test_a_missing_mapped_column_is_named_with_the_nearest_one():
    with pytest.raises(InputError) as caught:
        mapping.check_columns("a.csv", ["编号", "lon"], {"incident_id": ("编 号",), "lon": ("lon",), "lat": ("latt",)})
    assert "a.csv" in str(caught.value)
    assert "`编 号` (mapped to incident_id) is not in the file; did you mean `编号`?" in str(caught.value)
    assert "`latt` (mapped to lat)" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([BIG, None, -1]), [str(BIG), None, "-1"]),
        (pa.array([2**64 - 1], pa.uint64()), [str(2**64 - 1)]),
        (pa.array(["007", "", None]), ["007", "", None]),
        (pa.array([1.0, 2.0, None]), ["1", "2", None]),
        (pa.array([1.0, float("nan"), 2.5]), ["1", None, "2.5"]),
        (pa.array([Decimal(12345678901234567890)]), ["12345678901234567890"]),
        (pa.array(["a", None, "a"]).dictionary_encode(), ["a", None, "a"]),
        (pa.array([7, 8], pa.int32()).dictionary_encode(), ["7", "8"]),
        (pa.array(["x"], pa.large_string()), ["x"]),
        (pa.array([True, None]), ["true", None]),
        (pa.array([b"abc"]), ["abc"]),
        (pa.nulls(2), [None, None]),
    ],
)
def test_ids_of_any_type_become_exact_texts(values, texts):
    assert map_ids(values) == texts


def test_an_id_does_not_depend_on_its_neighbours_in_the_batch():
    assert map_ids(pa.array([1.0, 2.0]))[0] == map_ids(pa.array([1.0, 2.5]))[0] == "1"


@given(st.lists(st.none() | st.integers(-(2**53) + 1, 2**53 - 1), min_size=1, max_size=5))
def test_whole_numbers_that_came_as_floating_point_read_as_whole_numbers(numbers):
    values = pa.array([None if number is None else float(number) for number in numbers], pa.float64())
    assert map_ids(values) == [None if number is None else str(number) for number in numbers]


def test_blanks_of_any_kind_around_a_text_are_cut():
    assert map_ids(pa.array(["\u3000海曙\u3000", "\ta\xa0b\r\n", "x"])) == ["海曙", "a\xa0b", "x"]


def test_category_parts_are_joined_and_missing_ones_left_out():
    source = source_of(columns={"category": ["c", "d"]})
    mapped = map_one(source, c=pa.array(["a", None, None, "a"]), d=pa.array(["b", "b", None, " N/A"], pa.string()))
    assert mapped["category"] == ["a / b", "b", None, "a"]


def test_hostile_text_is_carried_unchanged():
    texts = ["<script>alert('x')</script>", '=cmd|"/c calc"!A1', "'; drop table t; --", "a\nb", "％%_", "\0"]
    assert map_one(source_of(), c=pa.array(texts))["category"] == texts


# times


def split(values: pa.Array) -> tuple:
    mapped = map_one(source_of(), t=values)
    return mapped["reported_at"][0], mapped["reported_at_utc"][0], mapped["reported_at_text"][0]


MOMENT = dt.datetime.fromisoformat("2025-03-01T10:00:00.123456")


def test_a_time_without_zone_stays_on_the_sources_clock():
    assert split(pa.array([MOMENT])) == (MOMENT, None, None)
    assert split(pa.array([MOMENT]).dictionary_encode()) == (MOMENT, None, None)
    assert split(pa.array([dt.date(2025, 3, 1)])) == (dt.datetime.fromisoformat("2025-03-01"), None, None)


@pytest.mark.parametrize("unit", ["us", "ns", "ms"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "+08:00"])
def test_a_time_with_a_zone_is_exact(unit, zone):
    moment = MOMENT.replace(microsecond=123000, tzinfo=dt.UTC)
    values = pa.array([moment], pa.timestamp(unit, tz=zone))
    assert split(values) == (None, moment.replace(tzinfo=None), None)


def test_any_other_time_is_text_still_to_be_read():
    assert split(pa.array(["2025"])) == (None, None, "2025")
    assert split(pa.array([202503])) == (None, None, "202503")


def test_only_a_due_date_remembers_that_it_is_a_date():
    source = source_of(columns={"due_at": "due"})
    assert map_one(source, due=pa.array([dt.date(2025, 3, 1)]))["due_at_is_date"] == [True]
    assert map_one(source, due=pa.array([MOMENT]))["due_at_is_date"] == [False]


# coordinates


@pytest.mark.parametrize(
    ("values", "numbers", "texts"),
    [
        (pa.array(["121.5", " 1e2 ", "+3", "-4."]), [121.5, 100, 3, -4], [None] * 4),
        (pa.array(["", None, "NULL", "nan"]), [None] * 4, [None] * 4),
        (pa.array(["48,7", "0x10", "1_000", "１２１", "x"]), [None] * 5, ["48,7", "0x10", "1_000", "１２１", "x"]),
        (pa.array([Decimal("121.50"), None]), [121.5, None], [None, None]),
        (pa.array([1, None]), [1, None], [None, None]),
        (pa.array(["1.5", "1.5"]).dictionary_encode(), [1.5, 1.5], [None, None]),
        (pa.array([True]), [None], ["true"]),
    ],
)
def test_numbers_are_read_or_kept_as_the_text_they_are(values, numbers, texts):
    mapped = map_one(source_of(), lon=values)
    assert mapped["lon"] == [None if number is None else pytest.approx(number) for number in numbers]
    assert mapped["lon_text"] == texts


@pytest.mark.parametrize("crs", ["EPSG:4549", "GCJ-02", "gcj02", "BD-09", "EPSG:4490"])
def test_coordinate_columns_are_brought_to_wgs84(crs):
    x, y = ("384000.5", "3297000.25") if crs == "EPSG:4549" else ("121.5", "29.8")
    mapped = map_one(source_of(crs=crs), lon=pa.array([x]), lat=pa.array([y]))
    lon, lat = to_wgs84(np.array([float(x)]), np.array([float(y)]), crs)
    assert (mapped["lon"], mapped["lat"]) == (lon.tolist(), lat.tolist())


def test_coordinate_columns_of_a_geo_file_are_converted_too():
    source = source_of(format="geojson", crs="GCJ-02")
    lon, lat = wgs84_to_gcj02(np.array([121.5]), np.array([29.8]))
    mapped = map_one(source, lon=pa.array(lon), lat=pa.array(lat))
    assert mapped["lon"] == pytest.approx([121.5], abs=1e-8)


def test_geometry_is_not_converted_twice_but_loses_the_chinese_offset():
    columns = {"lon": None, "lat": None}
    points = {GEOMETRY_LON: pa.array([121.5]), GEOMETRY_LAT: pa.array([29.8])}
    plain = map_one(source_of(format="geojson", crs="EPSG:4549", columns=columns), **points)
    assert plain["lon"] == [121.5]
    shifted = map_one(source_of(format="geojson", crs="GCJ-02", columns=columns), **points)
    assert shifted["lon"][0] == pytest.approx(121.4955, abs=1e-3)
    assert shifted["lon"] != [121.5]


def test_a_point_that_the_projection_cannot_place_is_out_of_range_rather_than_missing():
    mapped = map_one(source_of(crs="EPSG:4549"), lon=pa.array(["1e30", ""]), lat=pa.array(["1e30", ""]))
    assert mapped["lon"] == [float("inf"), None]


def test_default_points_are_compared_before_the_conversion():
    source = source_of(crs="GCJ-02", default_points=[[121.5, 29.8]])
    mapped = map_one(source, lon=pa.array(["121.50", "121.51"]), lat=pa.array(["29.8", "29.8"]))
    assert mapped["is_default_point"] == [True, False]


# what quarantine may show

PRESENT = ["id", "t", "lon", "lat", "c", "note", "phone"]


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, ["id", "t", "lon", "lat", "c"]),
        ({"quarantine_columns": ["note"]}, ["id", "t", "lon", "lat", "c", "note"]),
        ({"quarantine_columns": ["*"]}, PRESENT),
        ({"quarantine_columns": ["*"], "personal_columns": ["phone"]}, PRESENT[:-1]),
        ({"personal_columns": ["phone"]}, ["id", "t", "lon", "lat", "c"]),
    ],
)
def test_quarantine_shows_the_mapped_columns_and_what_is_allowed_beyond(changes, shown):
    source = source_of(**changes)
    assert mapping.list_quarantine_columns(source, PRESENT) == shown
    batch = pa.RecordBatch.from_pydict({name: ["1"] for name in PRESENT})
    assert list(mapping.map_batch(batch, source)["original"][0].as_py()) == shown


def test_a_misspelt_personal_column_is_refused_where_everything_else_is_shown():
    source = source_of(quarantine_columns=["*"], personal_columns=["phones"])
    with pytest.raises(InputError, match="did you mean `phone`"):
        mapping.check_quarantine_columns("a.csv", PRESENT, source)
    mapping.check_quarantine_columns("a.csv", PRESENT, source_of(personal_columns=["phones"]))


def test_rows_are_compared_by_all_columns_in_one_order():
    source = source_of(duplicates={"policy": "all_columns"})
    batch = pa.RecordBatch.from_pydict({name: [name] for name in PRESENT})
    turned = batch.select(PRESENT[::-1])
    assert str(mapping.map_batch(batch, source)["all_columns"]) == str(mapping.map_batch(turned, source)["all_columns"])


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({}, {"id", "t", "lon", "lat", "c"}),
        ({"quarantine_columns": ["note"]}, {"id", "t", "lon", "lat", "c", "note"}),
        ({"quarantine_columns": ["*"]}, None),
        ({"duplicates": {"policy": "all_columns"}}, None),
    ],
)
def test_only_needed_columns_are_asked_for(changes, needed):
    assert mapping.list_needed_columns(source_of(**changes)) == needed


# categories

RULES = [
    ("Noise*", "noise", None),
    ("Noise/Loud", "loud", "x"),
    ("* / lamp", "lamps", "dark"),
    ("占道?营", "stalls", None),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Noise", ("noise", None)),
        ("  nOISE/LOUD ", ("noise", None)),  # the first rule wins
        ("Street / Lamp", ("lamps", "dark")),
        ("a\nb / lamp", ("lamps", "dark")),
        ("占道经营", ("stalls", None)),
        ("占道经营2", None),
        ("", None),
    ],
)
def test_the_first_glob_over_the_whole_text_gives_the_scene(text, found):
    assert mapping.match_category(text, RULES) == found


def test_events_are_mapped_like_rows():
    source = source_of(
        events={
            "files": ["e.csv"], "incident_id": "id", "kind": "k", "at": "t", "department": "d",
            "reason": "why", "extended_until": "until",
        },
    )  # fmt: skip
    columns = {"id": [BIG], "k": ["受理"], "t": [MOMENT], "d": ["a"], "why": ["b"], "until": ["2025"], "phone": ["1"]}
    expected = {
        "incident_id": str(BIG), "kind": "受理", "department": "a", "reason": "b",
        "event_at": MOMENT, "event_at_utc": None, "event_at_text": None,
        "until_at": None, "until_at_utc": None, "until_at_text": "2025", "until_at_is_date": False,
    }  # fmt: skip
    assert mapping.map_event_batch(pa.RecordBatch.from_pydict(columns), source.events).to_pylist() == [expected]


def test_a_log_without_a_column_has_nothing_in_its_place():
    source = source_of(events={"files": ["e.csv"], "incident_id": "id", "kind": "k", "at": "t"})
    batch = pa.RecordBatch.from_pydict({"id": ["1"], "k": ["受理"], "t": [MOMENT], "why": ["b"]})
    row = mapping.map_event_batch(batch, source.events).to_pylist()[0]
    assert [row[name] for name in ("department", "reason", "until_at", "until_at_text")] == [None] * 4
