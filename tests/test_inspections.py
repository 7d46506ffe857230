"""Inspection lists and what came of them: every red grid, a reproducible random share of the others, hit rates."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from test_tiers import Policy

from governance.errors import ConfigError, InputError
from governance.hazard.replay import HISTORY
from governance.hazard.tiers import count_audits, count_places
from governance.hazard.weekly import find_week
from governance.hazard_tables import list_all_inspections
from governance.indicators.intervals import wilson_interval
from governance.inspections.lists import compare_lists, draw_numbers, list_inspections
from governance.inspections.outcome_files import MOST_BYTES, Fault, decode_outcomes, read_outcomes
from governance.inspections.outcomes import compare_hit_rates, judge_hit_rates, measure_hit_rates
from governance.inspections.reporting import estimate_reporting_rates

WEEK = date(2026, 3, 2)


def make_list(red: int, grids: int, **given) -> pd.DataFrame:
    return list_inspections(
        np.arange(grids) < red, **{"scenario": "a", "week": WEEK, "audit_share": 0.1} | given
    ).to_pandas()


@pytest.mark.parametrize(
    ("red", "share", "capacity", "audits"),
    [(9, 0.1, None, 1), (10, 0.1, None, 2), (90, 0.1, None, 10), (1, 0.1, None, 1), (0, 0.1, None, 1), (5, 0, None, 0),
     (36, 0.1, 40, 4), (20, 0.1, 40, 4), (3, 0.5, None, 3), (1, 0.1, 1, 0), (4, 0.1, 5, 1), (8, 0.1, 9, 1)],
)  # fmt: skip
def test_audits_are_their_share_of_the_whole_list(red: int, share: float, capacity: int | None, audits: int) -> None:
    assert count_audits(red, audit_share=share, capacity=capacity) == audits


@pytest.mark.parametrize("places_by", ["city", "district"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.29, 0.5])
def test_a_list_is_as_long_as_its_capacity_and_never_longer(share: float, places_by: str) -> None:
    districts = np.repeat([0, 1, 2], [50, 30, 20])
    lengths = {}
    for capacity in range(1, 120):
        places = count_places(Policy(capacity=capacity, audit_share=share, places_by=places_by), districts)
        lengths[capacity] = len(make_list(int(places.red.sum()), 100, audit_share=share, capacity=capacity))
    assert lengths == {capacity: min(capacity, 100) for capacity in lengths}


def test_a_list_holds_every_red_grid_and_its_audits_with_their_chance() -> None:
    listed = make_list(9, 59)
    assert listed[listed["kind"] == "red"]["grid_no"].tolist() == [*range(9)]
    assert listed[listed["kind"] == "red"]["sampling_probability"].tolist() == [1.0] * 9
    audits = listed[listed["kind"] == "audit"]
    assert len(audits) == 1
    assert audits["grid_no"].iloc[0] >= 9
    assert audits["sampling_probability"].tolist() == [1 / 50]
    assert make_list(3, 3)["kind"].tolist() == ["red"] * 3  # nobody is left to be drawn


def test_a_list_can_be_made_again_and_another_week_or_scenario_draws_others() -> None:
    assert make_list(90, 1000).equals(make_list(90, 1000))
    others = [make_list(90, 1000, week=date(2026, 3, 9)), make_list(90, 1000, scenario="b")]
    audits = {tuple(rows[rows["kind"] == "audit"]["grid_no"]) for rows in (make_list(90, 1000), *others)}
    assert len(audits) == 3


def test_another_red_grid_changes_at_most_one_audit() -> None:
    numbers = draw_numbers(200, scenario="a", week=WEEK)
    is_red = np.arange(200) < 18
    before = set(np.flatnonzero(~is_red)[np.argsort(numbers[18:])[:2]])
    drawn = list_inspections(is_red, scenario="a", week=WEEK, audit_share=0.1).to_pandas()
    assert set(drawn[drawn["kind"] == "audit"]["grid_no"]) == before
    moved = is_red.copy()
    moved[0], moved[min(before)] = False, True
    after = list_inspections(moved, scenario="a", week=WEEK, audit_share=0.1).to_pandas()
    assert len(before & set(after[after["kind"] == "audit"]["grid_no"])) >= len(before) - 2


def test_a_list_of_a_district_holds_its_own_grids_alone() -> None:
    among = np.arange(100) >= 60
    listed = list_inspections(np.arange(100) % 20 == 0, scenario="a", week=WEEK, audit_share=0.5, among=among)
    told = listed.to_pandas().set_index("kind")
    assert told.loc[["red"], "grid_no"].tolist() == [60, 80]
    audits = told.loc[["audit"]]
    assert len(audits) == 2
    assert (audits["grid_no"] >= 60).all()
    assert audits["sampling_probability"].tolist() == [2 / 38] * 2


def test_over_many_weeks_every_grid_is_drawn_as_often_as_it_is_said() -> None:
    drawn, expected = np.zeros(60), 0.0
    for week in range(400):
        day = date.fromordinal(WEEK.toordinal() + 7 * week)
        rows = make_list(10, 60, week=day)
        audits = rows[rows["kind"] == "audit"]
        drawn[audits["grid_no"]] += 1
        expected += audits["sampling_probability"].iloc[0]
    assert drawn[:10].sum() == 0
    assert expected == pytest.approx(400 * 2 / 50)
    assert abs(drawn[10:] - expected).max() < 5 * np.sqrt(expected)


@pytest.mark.parametrize("capacity", [None, 40])
def test_a_past_week_without_red_keeps_its_audits(capacity: int | None) -> None:
    grids, policy = 100, SimpleNamespace(audit_share=0.1, capacity=capacity)
    monday, later = date(2026, 3, 9), date(2026, 3, 16)

    def list_on(today: date, red: dict[date, list[int]]) -> pd.DataFrame:
        rows = [{"scenario": "s", "day": day, "grid_no": grid, "tier": "red"} for day in red for grid in red[day]]
        flags = np.isin(np.arange(grids), red.get(find_week(today), []))[None]
        history = SimpleNamespace(
            history=pa.Table.from_pylist(rows, schema=HISTORY), red_of_week=flags,
            steps=pa.table({"day": [day for day in (monday, later, today) if day <= today]}),
            today=SimpleNamespace(scores=SimpleNamespace(day=today), shown=None),
        )  # fmt: skip
        told = list_all_inspections(history, {"s": policy}, np.zeros(grids, dtype=int), {}).to_pandas()  # type: ignore[arg-type, dict-item]
        return told[told["week"] == monday].reset_index(drop=True)

    then, afterwards = list_on(date(2026, 3, 11), {}), list_on(date(2026, 3, 18), {later: [5]})
    assert len(then) == (1 if capacity is None else 4)
    pd.testing.assert_frame_equal(then, afterwards)


@given(st.lists(st.booleans(), min_size=1, max_size=80), st.floats(0, 0.5))
def test_no_list_names_a_grid_twice_or_audits_a_red_one(red: list[bool], share: float) -> None:
    rows = list_inspections(np.array(red), scenario="a", week=WEEK, audit_share=share).to_pandas()
    assert rows["grid_no"].is_unique
    assert rows["grid_no"].is_monotonic_increasing
    assert set(rows[rows["kind"] == "red"]["grid_no"]) == set(np.flatnonzero(red))
    assert rows["sampling_probability"].between(0, 1, inclusive="right").all()


LISTED = pd.DataFrame(
    {
        "scenario": "a", "week": [WEEK] * 5, "grid_id": ["g1", "g2", "g3", "g4", "g5"],
        "kind": ["red", "red", "red", "audit", "audit"], "sampling_probability": [1.0, 1.0, 1.0, 0.2, 0.2],
    }
)  # fmt: skip


def test_hit_rates_by_hand() -> None:
    found = [True, True, False, None, False, True]
    outcomes = pd.DataFrame(
        {
            "grid_id": ["g1", "g2", "g3", "g3", "g4", "g9"], "scenario": "a",
            "inspected_on": [f"2026-03-{day:02}" for day in (2, 8, 5, 5, 3, 3)],
            "found": pd.array(found, "boolean"),
        }
    )  # fmt: skip
    told = compare_hit_rates(outcomes, LISTED).set_index("kind")
    assert told.index.tolist() == ["red", "audit", "unlisted"]
    assert told.loc["red", ["inspected", "hits", "uninspectable"]].tolist() == [3, 2, 1]
    assert told.loc["red", "hit_rate"] == pytest.approx(2 / 3)
    # Wilson for 2 of 3: (2/3 + z²/6 ± z·√(2/27 + z²/36)) / (1 + z²/3) with z = 1.96.
    assert told.loc["red", ["low", "high"]].tolist() == pytest.approx([0.2077, 0.9385], abs=1e-4)
    assert told.loc["audit", ["inspected", "hits"]].tolist() == [1, 0]
    assert told.loc["audit", "low"] == 0


def test_an_audit_stands_for_as_many_grids_as_its_chance_says() -> None:
    # Two audits of a district that draws one in two, both hits; one of the rest, which draws one in ten, no hit.
    listed = LISTED[2:].assign(kind="audit", sampling_probability=[0.5, 0.5, 0.1])
    outcomes = pd.DataFrame(
        {"grid_id": ["g3", "g4", "g5"], "scenario": "a", "inspected_on": "2026-03-03", "found": [True, True, False]}
    )
    (audits,) = compare_hit_rates(outcomes, listed).to_dict("records")
    assert (audits["inspected"], audits["hits"]) == (3, 2)
    assert audits["hit_rate"] == pytest.approx((2 + 2) / (2 + 2 + 10))
    # As much as 14² / (2² + 2² + 10²) equal audits tell.
    low, high = wilson_interval(4 / 14 * 196 / 108, 196 / 108)
    assert (audits["low"], audits["high"]) == (pytest.approx(float(low)), pytest.approx(float(high)))


def test_the_week_after_a_grid_is_on_no_list() -> None:
    outcomes = pd.DataFrame({"grid_id": ["g1"], "scenario": "a", "inspected_on": ["2026-03-09"], "found": [None]})
    told = compare_hit_rates(outcomes, LISTED)
    assert told["kind"].tolist() == ["unlisted"]
    assert told["inspected"].tolist() == [0]
    assert told["hit_rate"].isna().all()


def read(path: Path, text: str, *, encoding: str = "utf-8") -> pd.DataFrame:
    path.write_text(text, encoding=encoding)
    return read_outcomes(path, grid_ids=["007", "008"], find_scenario=find_scenario).outcomes


def find_scenario(text: str) -> str:
    if text not in {"a", "甲"}:
        raise ConfigError(f"There is no scenario {text!r}; known: a.")
    return "a"


def test_outcomes_are_read_whole_or_refused_with_every_fault(tmp_path) -> None:
    path, header = tmp_path / "outcomes.csv", "grid_id,scenario,inspected_on,found\n"
    told = read(path, f"{header}007,a,2026-03-02,是\n008,甲,2026-03-02,\n", encoding="utf-8-sig")
    assert told["grid_id"].tolist() == ["007", "008"]
    assert told["scenario"].tolist() == ["a", "a"]
    assert told["inspected_on"].dt.date.tolist() == [WEEK] * 2
    assert told["found"].isna().tolist() == [False, True]
    rows = "7,a,March,maybe\n007,b,2026-03-02,no\n007,a,2026-03-02,no,more\n008,a,2026-03-02\n"
    with pytest.raises(InputError) as caught:
        read(path, header + rows)
    assert [line.strip(" -") for line in str(caught.value).splitlines()[1:]] == [
        "line 2: there is no grid_id '7'; did you mean `007`?",
        "line 2: inspected_on is 'March', which is no day; write it like 2026-03-01.",
        "line 2: found is 'maybe'; write true, false, or nothing where nobody could look.",
        "line 3: there is no scenario 'b', or several are called so.",
        "line 4: it has more cells than the first line.",
        "line 5: it has fewer cells than the first line.",
    ]
    # Where all rows have a cell more, none of them is taken for a name of the row.
    with pytest.raises(InputError, match="line 2: it has more cells"):
        read(path, f"{header}007,a,2026-03-02,yes,more\n")
    with pytest.raises(InputError, match="grid_id, inspected_on, found are missing"):
        read(path, "grid,scenario\n1,a\n")
    with pytest.raises(InputError, match="cannot be read as CSV"):
        read(path, f"{header}007,a,2026-03-02,{'x' * 200_000}\n")
    with pytest.raises(InputError, match="was not found"):
        read_outcomes(tmp_path / "none.csv", grid_ids=[], find_scenario=find_scenario)
    assert read(path, header).empty


def decode(content: bytes, name: str = "outcomes.csv"):
    return decode_outcomes(content, name, grid_ids=["007", "008", "=1+1"], find_scenario=find_scenario)


def test_a_list_that_was_exported_and_filled_in_is_read_as_it_is() -> None:
    header = "stop,grid_id,scenario,why,inspected_on,found\n"
    reading = decode(f"{header}1,007,a,x,2026-03-02,yes\n2,008,a,x,,\n3,'=1+1,a,x,2026-03-03,no\n\n".encode())
    assert reading.faults == ()
    assert reading.unvisited == 1
    assert reading.outcomes["grid_id"].tolist() == ["007", "=1+1"]
    # A finding without a day is a fault; a day without a finding says that nobody could look.
    assert decode(f"{header}1,007,a,x,,yes\n".encode()).faults == (Fault(2, "no_day", ""),)
    assert decode(f"{header}1,007,a,x,2026-03-02,\n".encode()).outcomes["found"].isna().tolist() == [True]


def write_sheet(*rows: list[object]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        page, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for place, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    page.write_datetime(place, column, cell, day)
                else:
                    page.write(place, column, cell)
    return content.getvalue()


def test_a_sheet_is_read_like_a_text_with_its_days_truths_and_numbers() -> None:
    header = ["grid_id", "scenario", "inspected_on", "found", "note"]
    content = write_sheet(header, ["007", "a", WEEK, True, 1.5], ["008", "甲", "2026-03-03", 0], [], ["008", "a"])
    reading = decode(content, "LIST.XLSX")
    assert (reading.faults, reading.unvisited) == ((), 1)
    assert reading.outcomes["inspected_on"].dt.date.tolist() == [WEEK, date(2026, 3, 3)]
    assert reading.outcomes["found"].tolist() == [True, False]
    # A number where a text with zeros was: the id is another one, and that is told.
    faults = decode(write_sheet(header[:4], [7, "b", WEEK, "maybe"]), "list.xlsx").faults
    assert faults == (
        Fault(2, "unknown_grid", "7", "007"),
        Fault(2, "unknown_scenario", "b"),
        Fault(2, "no_truth", "maybe"),
    )


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"\xff\xfe", "a.csv", "not_csv"), (b"", "a.csv", "missing_columns"), (b"grid_id", "a.xlsx", "not_xlsx"),
        (b"PK\x05\x06" + b"\0" * 18, "a.xlsx", "not_xlsx"), (b"x" * (MOST_BYTES + 1), "a.csv", "too_large"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_outcomes_is_one_fault_of_the_whole_file(content: bytes, name: str, kind: str) -> None:
    assert [(fault.line, fault.kind) for fault in decode(content, name).faults] == [(0, kind)]


def test_a_sheet_that_would_unzip_without_end_is_refused() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as book, book.open("xl/a.xml", "w") as part:
        for _ in range(201):
            part.write(b"0" * 1_000_000)
    assert len(content.getvalue()) < MOST_BYTES
    assert [fault.kind for fault in decode(content.getvalue(), "a.xlsx").faults] == ["too_large"]


def test_outcomes_whose_lists_are_no_longer_kept_are_counted_and_in_no_rate() -> None:
    days = pd.to_datetime(["2026-03-01", "2026-02-20", "2026-03-02"])
    outcomes = pd.DataFrame({"grid_id": ["g1", "g1", "g1"], "scenario": "a", "inspected_on": days, "found": True})
    measured = measure_hit_rates(outcomes, LISTED)
    assert (measured.counted, measured.old, measured.first_week) == (1, 2, WEEK)
    assert measured.rates["kind"].tolist() == ["red"]
    assert measure_hit_rates(outcomes, LISTED[:0]).first_week is None


@pytest.mark.parametrize(
    ("red", "audit", "verdict"),
    [((40, 50), (5, 50), "red_higher"), ((5, 50), (40, 50), "audit_higher"), ((3, 5), (2, 5), "unclear"),
     ((3, 5), (0, 0), "untold"), (None, (1, 5), "untold"), ((1, 5), None, "untold")],
)  # fmt: skip
def test_the_verdict_is_that_of_intervals_that_lie_apart(red, audit, verdict: str) -> None:
    rows = [("red", red), ("audit", audit), ("unlisted", (9, 9))]
    rates = pd.DataFrame(
        [{"scenario": "a", "kind": kind, "hits": told[0], "inspected": told[1]} for kind, told in rows if told]
    )
    low, high = wilson_interval(rates["hits"], rates["inspected"])
    told = judge_hit_rates(rates.assign(low=low, high=high))
    assert told.to_dict("records") == [{"scenario": "a", "verdict": verdict}]


def test_reporting_rates_by_hand() -> None:
    # The city's own share is 30 of 60; 20 incidents of it stand for what is not known of an area.
    rates = estimate_reporting_rates(np.array([10.0, 20.0]), np.array([40.0, 20.0]), np.array([0, 1]), areas=3)
    assert rates.tolist() == pytest.approx([(20 / 60) / 0.5, (30 / 40) / 0.5, 1.0])
    assert estimate_reporting_rates(np.zeros(0), np.zeros(0), np.zeros(0, dtype=int), areas=2).tolist() == [1, 1]


def test_two_builds_of_a_week_are_compared_grid_by_grid() -> None:
    def lists(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
        frame = pd.DataFrame(rows, columns=["scenario", "grid_id", "week", "kind"])
        return frame.assign(week=pd.to_datetime(frame["week"]))

    old = ("a", "g-9", "2026-02-23", "red")
    before = lists(old, ("a", "g-1", "2026-03-02", "red"), ("a", "g-2", "2026-03-02", "audit"),
                   ("b", "g-1", "2026-03-02", "red"))  # fmt: skip
    assert compare_lists(before, before).empty
    after = lists(
        ("a", "g-2", "2026-03-02", "red"), ("a", "g-3", "2026-03-02", "red"), ("b", "g-1", "2026-03-02", "red")
    )
    # g-1 left, g-2 was an audit and is red now, g-3 is new; last week's list does not count
    assert compare_lists(before, after).to_dict("records") == [{"scenario": "a", "added": 2, "removed": 2}]
    assert compare_lists(before, lists(("a", "g-7", "2026-03-09", "red"))).empty, "another week has another list"
    assert compare_lists(lists(old).iloc[:0], before).empty
