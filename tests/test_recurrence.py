"""Recurrence: new cases at the place of closed ones, told apart from rework, duplicates and chance of the calendar."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from governance import warehouse
from governance.cases.nearby import NOT_CLOSED, find_next_nearby
from governance.cases.recurrence import find_recurrences
from governance.scenarios.template import Recurrence

START = datetime.fromisoformat("2024-01-01")
AS_OF_DAY = 200
RULES = {"carport": Recurrence(radius_m=50, within_days=30), "dogs": Recurrence(radius_m=200, within_days=10)}
SPHERE = Geod(a=6_371_008.8, b=6_371_008.8)
HERE = (121.5, 29.8)
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("source", "incident_id", "scenario", "department", "stage", "place_key")]
    + [(name, pa.float64()) for name in ("lon", "lat")]
    + [(name, pa.timestamp("us")) for name in ("reported_at_utc", "closed_at_utc")]
    + [("grid_no", pa.int32()), ("reopenings", pa.int16())]
)


@pytest.fixture(scope="module")
def con(tmp_path_factory):
    builder = warehouse.open_builder(threads=1, temp_directory=tmp_path_factory.mktemp("spill"))
    grids = {"grid_no": pa.array([0, 1, 2], pa.int32()), "level_1_id": ["south", "north", None]}
    grids["level_2_id"] = ["port", None, None]
    warehouse.load_arrow(builder, "core_grid", pa.table(grids))
    yield builder
    builder.close()


def case(name, reported, closed=None, *, at=HERE, key=None, source="platform", scenario="carport", **others):
    """A case; times in days after START, `closed` None while it is open."""
    row = {
        "source": source, "incident_id": name, "scenario": scenario, "department": "patrol", "place_key": key,
        "stage": "dispatched" if closed is None else "closed", "lon": at[0], "lat": at[1],
        "grid_no": 0, "reopenings": 0,
        "reported_at_utc": START + timedelta(days=reported),
        "closed_at_utc": None if closed is None else START + timedelta(days=closed),
    }  # fmt: skip
    return row | others


def find(con, *cases, defaults=(), as_of_day=AS_OF_DAY):
    """The rows of core_recurrence by incident id."""
    warehouse.load_arrow(con, "core_case", pa.Table.from_pylist(list(cases), schema=SCHEMA))
    points = [{"source": "platform", "lon": lon, "lat": lat} for lon, lat in defaults]
    schema = pa.schema([("source", pa.string()), ("lon", pa.float64()), ("lat", pa.float64())])
    warehouse.load_arrow(con, "meta_suspicious_point", pa.Table.from_pylist(points, schema=schema))
    find_recurrences(con, RULES, as_of_utc=START + timedelta(days=as_of_day))
    rows = con.execute("select * from core_recurrence").to_arrow_table().to_pylist()
    return {row["incident_id"]: row for row in rows}


def tell(rows):
    """By incident id: the new case's id and how it was matched, for those that recurred."""
    return {
        name: (row["recurred_incident_id"], row["matched_by"])
        for name, row in rows.items()
        if row["recurred_incident_id"]
    }


def move(metres, azimuth=90.0, start=HERE):
    lon, lat, _ = SPHERE.fwd(*start, azimuth, metres)
    return lon, lat


def test_the_first_new_case_with_the_same_place_key_is_a_recurrence_wherever_its_point_lies(con):
    far = move(5_000)
    rows = find(con, case("a", 0, 10, key="p"), case("c", 25, key="p"), case("b", 12.5, 14, key="p", at=far))
    assert tell(rows) == {"a": ("b", "place"), "b": ("c", "place")}
    assert rows["a"]["days_to_recurrence"] == 2.5
    assert rows["a"]["followed_days"] == 190.0
    assert rows["a"]["recurred_source"] == "platform"
    assert "c" not in rows, "an open case cannot have come back"


@pytest.mark.parametrize("start", [HERE, (18.9, 69.6), (179.9999, -16.5), (40.0, 89.9995)])
@pytest.mark.parametrize("azimuth", [0, 33, 90, 200, 270])
@pytest.mark.parametrize(("metres", "expected"), [(49.99, {"a": ("b", "distance")}), (50.01, {})])
def test_without_place_keys_the_radius_decides_everywhere_on_earth(con, start, azimuth, metres, expected):
    assert tell(find(con, case("a", 0, 1, at=start), case("b", 2, at=move(metres, azimuth, start)))) == expected


def test_each_scenario_has_its_own_radius_and_days_and_never_meets_another(con):
    near = move(150)
    rows = find(
        con,
        case("a", 0, 1, key="p"), case("b", 2, scenario="dogs", key="p"),
        case("c", 0, 1, at=near), case("d", 3, scenario="dogs", at=near),
        case("e", 100, 101, scenario="dogs"), case("f", 102, scenario="dogs", at=near),
        case("g", 150, 151, scenario="dogs", key="q"), case("h", 162, scenario="dogs", key="q"),
        case("i", 0, 1, scenario="unruled"), case("j", 2, scenario="unruled"), case("k", 0, 1, scenario=None),
    )  # fmt: skip
    assert tell(rows) == {"e": ("f", "distance")}
    assert {name: row["within_days"] for name, row in rows.items()} == {"a": 30, "c": 30, "e": 10, "g": 10}


def test_different_place_keys_are_different_places_but_a_missing_one_leaves_it_to_the_distance(con):
    assert tell(find(con, case("a", 0, 1, key="p"), case("b", 2, key="q"))) == {}
    assert tell(find(con, case("a", 0, 1, key="p"), case("b", 2))) == {"a": ("b", "distance")}
    assert tell(find(con, case("a", 0, 1), case("b", 2, key="q"))) == {"a": ("b", "distance")}


def test_the_earlier_of_a_match_by_key_and_one_by_distance_counts_and_the_key_wins_a_tie(con):
    first = case("a", 0, 1, key="p")
    assert tell(find(con, first, case("b", 3, key="p"), case("c", 2)))["a"] == ("c", "distance")
    assert tell(find(con, first, case("b", 2, key="p"), case("c", 3)))["a"] == ("b", "place")
    assert tell(find(con, first, case("b", 2), case("c", 2, key="p")))["a"] == ("c", "place")


def test_of_two_cases_reported_at_one_moment_the_smaller_source_and_id_is_named(con):
    for key in ("p", None):
        first = case("a", 0, 1, key=key)
        later = [case("z", 2, key=key, source="hotline"), case("c", 2, key=key), case("b", 2, key=key)]
        row = find(con, *later, first)["a"]
        assert (row["recurred_source"], row["recurred_incident_id"]) == ("hotline", "z")


@pytest.mark.parametrize("key", ["p", None])
def test_a_report_at_the_closing_moment_or_before_is_no_recurrence(con, key):
    rows = find(con, case("a", 0, 10, key=key), case("b", 5, key=key), case("c", 10, key=key))
    assert tell(rows) == {}
    assert rows["a"]["reports_while_open"] == (2 if key else None)


def test_a_case_closed_in_the_moment_of_its_report_does_not_bring_itself_back(con):
    for key in ("p", None):
        assert tell(find(con, case("a", 5, 5, key=key), case("b", 5, 5, key=key))) == {}
        assert tell(find(con, case("a", 5, 4, key=key))) == {}, "closed before its report"


@pytest.mark.parametrize("key", ["p", None])
def test_the_days_end_before_the_last_moment(con, key):
    moment = timedelta(microseconds=1) / timedelta(days=1)
    assert tell(find(con, case("a", 0, 1, key=key), case("b", 31, key=key))) == {}
    just_inside = find(con, case("a", 0, 1, key=key), case("b", 31 - moment, key=key))
    assert tell(just_inside) == {"a": ("b", "place" if key else "distance")}
    just_after = find(con, case("a", 0, 1, key=key), case("b", 1 + moment, key=key))
    assert tell(just_after) == {"a": ("b", "place" if key else "distance")}


@pytest.mark.parametrize("key", ["p", None])
def test_cancelled_cases_neither_come_back_nor_bring_back(con, key):
    rows = find(
        con,
        case("a", 0, 1, key=key), case("b", 2, 3, key=key, stage="cancelled"), case("c", 4, key=key, stage="cancelled"),
        case("d", 5, key=key),
    )  # fmt: skip
    assert tell(rows) == {"a": ("d", "place" if key else "distance")}
    assert set(rows) == {"a"}


@pytest.mark.parametrize("key", ["p", None])
def test_a_reopened_case_is_rework_and_no_recurrence_of_itself(con, key):
    rows = find(con, case("a", 0, 20, key=key, reopenings=2), case("b", 3, 4, key=key))
    assert tell(rows) == {}, "a was open again, or still, while b came and went"
    assert rows["a"]["followed_days"] == 180.0, "followed from its last closing"


def test_several_earlier_cases_may_share_their_recurrence(con):
    rows = find(con, case("a", 0, 5, key="p"), case("b", 2, 6, key="p"), case("c", 8, key="p"))
    assert tell(rows) == {"a": ("c", "place"), "b": ("c", "place")}
    assert [rows[name]["reports_while_open"] for name in "ab"] == [1, 0]


def test_what_is_reported_or_closed_from_the_moment_on_is_not_known_yet(con):
    cases = [case("a", 0, 10, key="p"), case("b", 20, 30, key="p"), case("c", 5, 25), case("d", 26)]
    assert tell(find(con, *cases, as_of_day=20)) == {}
    rows = find(con, *cases, as_of_day=26)
    assert tell(rows) == {"a": ("b", "place")}
    assert {name: row["followed_days"] for name, row in rows.items()} == {"a": 16.0, "c": 1.0}


def test_a_default_point_is_no_place_unless_a_key_tells_it(con):
    hall, other = HERE, move(20)
    cases = [case("a", 0, 1), case("b", 2), case("c", 40, 41, at=other), case("d", 42)]
    assert tell(find(con, *cases)) == {"a": ("b", "distance"), "c": ("d", "distance")}
    assert tell(find(con, *cases, defaults=[hall])) == {}
    keyed = [case("a", 0, 1, key="p"), case("b", 2, key="p")]
    assert tell(find(con, *keyed, defaults=[hall])) == {"a": ("b", "place")}
    elsewhere = [row | {"source": "hotline"} for row in cases]
    assert len(tell(find(con, *elsewhere, defaults=[hall]))) == 2, "a default point is one source's habit"


def test_cases_without_key_and_point_are_followed_but_match_nothing(con):
    rows = find(con, case("a", 0, 1, at=(None, None)), case("b", 2, 3, at=(None, None)))
    assert tell(rows) == {}
    assert set(rows) == {"a", "b"}


def test_the_case_keeps_its_department_its_district_and_its_town(con):
    rows = find(
        con,
        case("a", 0, 1, grid_no=1), case("b", 0, 1, grid_no=None, department=None), case("c", 0, 1, grid_no=2),
        case("d", 0, 1, grid_no=0),
    )  # fmt: skip
    told = {name: (row["department"], row["level_1_id"], row["level_2_id"]) for name, row in rows.items()}
    assert told == {
        "a": ("patrol", "north", ""), "b": ("~none", "~unmatched", "~unmatched"), "c": ("patrol", "", ""),
        "d": ("patrol", "south", "port"),
    }  # fmt: skip


def test_nothing_closed_gives_empty_tables_of_the_same_columns(con):
    full = find(con, case("a", 0, 1, key="p"), case("b", 2, key="p"))
    columns = warehouse.run_text(con, "describe out_recurrence_curve").fetchall()
    assert full
    assert find(con, case("a", 0)) == find(con) == {}
    assert warehouse.run_text(con, "describe out_recurrence_curve").fetchall() == columns


@pytest.mark.parametrize("middle", [HERE, (180.0, 10.0), (0.0, 90.0)])
@pytest.mark.parametrize("unkeyed", [0.005, 0.1, 1.0])
def test_leaving_out_what_no_case_without_key_can_meet_changes_nothing(con, middle, unkeyed):
    rng, count = np.random.default_rng(7), 2_000
    lon, lat, _ = SPHERE.fwd(
        np.full(count, middle[0]), np.full(count, middle[1]), rng.uniform(0, 360, count), rng.uniform(0, 1_500, count)
    )
    has_key = rng.random(count) >= unkeyed
    reported, lasts = np.sort(rng.integers(0, 150, count)), rng.integers(0, 40, count)
    scenario = rng.choice(["carport", "dogs"], count)
    cases = [
        case(
            f"{row:04}", int(reported[row]), int(reported[row] + lasts[row]), at=(lon[row], lat[row]),
            key=f"p{row}" if has_key[row] else None, scenario=scenario[row],
        )
        for row in range(count)
    ]  # fmt: skip
    told = tell(find(con, *cases, as_of_day=400))
    searched = {}
    for name, rule in RULES.items():
        rows = np.flatnonzero(scenario == name)
        next_row = find_next_nearby(
            lon[rows], lat[rows], reported[rows], closed=(reported + lasts)[rows], has_key=has_key[rows],
            radius_m=rule.radius_m, within=rule.within_days,
        )  # fmt: skip
        pairs = zip(rows[next_row >= 0], rows[next_row[next_row >= 0]], strict=True)
        searched |= {f"{row:04}": (f"{new:04}", "distance") for row, new in pairs}
    assert told == searched
    assert len(told) > 5
    kept = con.execute("select count(*) filter (where has_key), count(*) from mid_located_case").fetchone()
    assert kept[1] - kept[0] == (~has_key).sum()
    assert kept[0] < has_key.sum() / 2 if unkeyed < 0.01 else kept[0] <= has_key.sum()  # noqa: PLR2004


# A lattice of points 30 m apart (so that 50 m is never met exactly) and few moments, so that ties are common.
CASES = st.lists(
    st.tuples(
        st.integers(0, 40), st.none() | st.integers(0, 20), st.sampled_from([0, 30, 60, 90]), st.sampled_from([0, 30]),
        st.sampled_from([None, None, "p", "q"]), st.sampled_from(["carport", "carport", "dogs"]),
        st.sampled_from(["closed", "closed", "closed", "cancelled"]),
    ),
    max_size=14,
)  # fmt: skip


@given(CASES, st.integers(20, 70))
@settings(max_examples=80)
def test_it_finds_what_comparing_all_pairs_finds(con, drawn, as_of_day):
    cases = []
    for number, (reported, lasts, east, north, key, scenario, stage) in enumerate(drawn):
        closed = None if lasts is None else reported + lasts
        told = {} if closed is None else {"stage": stage}
        point = move(north, 0, move(east))
        cases.append(case(f"{number:02}", reported, closed, at=point, key=key, scenario=scenario, **told))
    expected = compare_all_pairs(cases, as_of_day)
    rows = find(con, *reversed(cases), as_of_day=as_of_day)
    columns = ("recurred_incident_id", "matched_by", "days_to_recurrence", "reports_while_open")
    assert {name: tuple(row[column] for column in columns) for name, row in rows.items()} == expected


def compare_all_pairs(cases, as_of_day):
    """The rule word by word, for every pair of cases."""
    as_of = START + timedelta(days=as_of_day)
    known = [row for row in cases if row["stage"] != "cancelled" and row["reported_at_utc"] < as_of]
    found = {}
    for old in known:
        closed = old["closed_at_utc"]
        if closed is None or closed >= as_of:
            continue
        candidates, while_open = [], 0
        for new in known:
            if new is old or new["scenario"] != old["scenario"]:
                continue
            keys = old["place_key"], new["place_key"]
            if None in keys:
                metres = SPHERE.inv(old["lon"], old["lat"], new["lon"], new["lat"])[2]
                matched_by = "distance" if metres <= RULES[old["scenario"]].radius_m else None
            else:
                matched_by = "place" if keys[0] == keys[1] else None
            days = (new["reported_at_utc"] - closed) / timedelta(days=1)
            if matched_by and 0 < days < RULES[old["scenario"]].within_days:
                candidates.append((days, matched_by == "distance", new["incident_id"], matched_by))
            order = [(row["reported_at_utc"], row["incident_id"]) for row in (old, new)]
            while_open += matched_by == "place" and order[0] < order[1] and days <= 0
        days, _, name, matched_by = min(candidates, default=(None, None, None, None))
        found[old["incident_id"]] = (name, matched_by, days, while_open if old["place_key"] else None)
    return found


@pytest.mark.parametrize("spread_m", [20, 300, 5_000])
@pytest.mark.parametrize("middle", [HERE, (180.0, 10.0), (0.0, 90.0)])
def test_crowds_on_and_around_hot_points_get_the_same_answer_as_all_pairs(spread_m, middle):
    rng, count = np.random.default_rng(spread_m), 800
    lon, lat, _ = SPHERE.fwd(
        np.full(count, middle[0]), np.full(count, middle[1]),
        rng.uniform(0, 360, count), spread_m * rng.random(count) ** 2,
    )  # fmt: skip
    reported = np.sort(rng.integers(0, 2_000, count))
    closed = np.where(rng.random(count) < 0.9, reported + rng.integers(0, 300, count), NOT_CLOSED)
    has_key = rng.random(count) < 0.5
    found = find_next_nearby(lon, lat, reported, closed=closed, has_key=has_key, radius_m=30, within=500)
    first, second = (axis.ravel() for axis in np.indices((count, count)))
    is_later = (closed[first] != NOT_CLOSED) & (reported[second] > closed[first])
    is_later &= (reported[second] - 500 < closed[first]) & ~(has_key[first] & has_key[second])
    first, second = first[is_later], second[is_later]
    metres = SPHERE.inv(lon[first], lat[first], lon[second], lat[second])[2]
    pairs = pd.DataFrame({"first": first, "second": second})[metres <= 30]
    expected = pairs.groupby("first").second.min().reindex(range(count), fill_value=-1)
    assert found.tolist() == expected.tolist()
    assert (found >= 0).any()
