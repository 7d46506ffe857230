"""The scenario page: what its questions gather of a whole city, hostile texts, data health, the flow picture.

`test_walk_scenario` and `test_walk_holders` walk every number of its tabs.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance import snapshot, warehouse
from governance.city import City, open_city
from governance.ui import flow_picture, recurrence_chart
from tests.demo_cases import SCENARIOS, Unit, choose, find_units, read_cases
from tests.pages import find_table, read_figures, read_html, read_tables, run_page
from tests.tiny_snapshot import MANIFEST, SCRIPT, fill_tiny, publish_tiny

MONTH = pd.Timestamp("2025-01-01")
SINCE = "2025-01"
STAGES = ("reported", "registered", "dispatched", "accepted", "disposed", "verified", "closed", "evaluated")


@pytest.fixture(scope="module")
def cases(city: City) -> pd.DataFrame:
    return read_cases(city)


@pytest.fixture(scope="module")
def units(cases: pd.DataFrame) -> list[Unit]:
    return find_units(cases)


def share(part: float, whole: float) -> str:
    return f"{100 * part / whole:,.1f}%" if whole else "–"


# How it goes


def test_the_median_stay_counts_from_the_stages_start_or_a_later_reopening(city: City, cases: pd.DataFrame) -> None:
    rows = city.sql("select * from out_stuck where level = 0")
    reopened = city.sql(
        "select source, incident_id, max(from_utc) as at from core_stint where began_by = 'reopened' group by all"
    )
    chosen = cases[cases["is_open"] & (cases["stage"] == "accepted")].merge(reopened, how="left")
    assert chosen["at"].notna().any()
    start = chosen[["accepted_at_utc", "at", "reported_at_utc"]].max(axis=1)
    days = (pd.Timestamp(city.as_of_utc) - start).dt.total_seconds() / 86400
    expected = days.groupby(chosen["scenario"].fillna("~unmapped")).median()
    told = rows[rows["stage"] == "accepted"].set_index("scenario")["median_days"]
    pd.testing.assert_series_equal(told.sort_index(), expected.sort_index(), check_names=False, check_index_type=False)


# Does it come back


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_recurrence_rate_is_the_registrys_and_the_curves_cohort(
    demo_build: Path, city: City, cases: pd.DataFrame, scenario: str
) -> None:
    rows = city.sql("select * from core_recurrence")
    rows = rows[rows["scenario"] == scenario]
    curve = city.ask("ui_recurrence_curve", scenario=scenario, department="", last_day=10_000)
    for district in ("", rows["level_1_id"].mode()[0]):
        chosen = rows[rows["level_1_id"] == district] if district else rows
        followed = chosen[chosen["followed_days"] >= chosen["within_days"]]
        back = int(followed["days_to_recurrence"].notna().sum())
        shown = read_figures(run_page("scenario", demo_build, tab="recurrence", scenario=scenario, unit=district))
        assert shown["Recurrence rate"][0] == share(back, len(followed))
        assert f"{back:,} of {len(followed):,} closed cases" in shown["Recurrence rate"][1]
        if not district:
            assert (curve["followed_fully"].iloc[0], curve["recurred_within"].iloc[0]) == (len(followed), back)
            assert f"{curve['closed_cases'].iloc[0]:,} cases" in shown["Estimated by the curve"][1]
            known = curve[curve["share_recurred"].notna()].iloc[-1]
            assert shown["Estimated by the curve"][0] == f"{known['share_recurred']:.1%}"
            assert f"within {known['day']:.0f} days of closing" in shown["Estimated by the curve"][1]
        due = choose(cases, scenario, (1 if district else 0, district))
        asked = city.indicators(["rework_rate"], scenario=scenario, **({"level_1_id": district} if district else {}))
        assert shown["Rework rate"][0] == share(asked["numerator"].iloc[0], asked["denominator"].iloc[0])
        assert asked["denominator"].iloc[0] <= len(due)


def test_places_that_came_back_most_are_those_of_the_cases(city: City, cases: pd.DataFrame) -> None:
    rows = city.sql("select * from core_recurrence").merge(
        cases[["source", "incident_id", "place_key", "grid_id"]], on=["source", "incident_id"]
    )
    rows = rows[rows["place_key"].notna()].assign(back=rows["days_to_recurrence"].notna())
    keys = ["scenario", "level_1_id", "place_key", "grid_id"]
    counted = rows.groupby(keys, dropna=False).agg(closed=("back", "size"), back=("back", "sum")).reset_index()
    expected = counted[counted["back"] >= 2]  # noqa: PLR2004
    told = city.sql("select * from out_recurring_place")
    assert len(expected) == len(told) > 0, "the demo plants places that flare up again"
    merged = told.merge(expected, on=keys)
    assert len(merged) == len(told)
    assert (merged["came_back"] == merged["back"]).all()
    assert (merged["closed_cases"] == merged["closed"]).all()


@pytest.mark.parametrize(("low", "high", "shown"), [(30.2, 61.7, "44 d"), (0.0, 61.7, "–"), (30.2, np.inf, "–")])
def test_a_half_life_is_shown_only_where_the_counts_tell_one(
    tmp_path: Path, low: float, high: float, shown: str
) -> None:
    with snapshot.building(tmp_path) as draft:
        fill_tiny(draft.con)
        row = {"scenario": "group_rental", "half_life_days": 44.4, "low_days": low, "high_days": high}
        warehouse.load_arrow(draft.con, "out_half_life", pa.Table.from_pylist([row]))
        snapshot.publish(draft, manifest=MANIFEST)
    value, basis = read_figures(run_page("scenario", tmp_path, tab="recurrence", scenario="group_rental"))["Half-life"]
    assert value == shown
    assert ("95 % interval 30 to 62 days" in basis) == (shown != "–")


# Data health


def test_broken_procedures_are_counted_once_per_case(demo_build: Path, city: City, cases: pd.DataFrame) -> None:
    moves = city.sql("select * from core_illegal_move")
    page = run_page("data_health", demo_build)
    part = moves.drop_duplicates(["source", "incident_id"])
    told = f"{len(part):,} of {len(cases):,} cases have one ({100 * len(part) / len(cases):,.2f}%)"
    assert told in "".join(read_html(page))
    assert len(part) == (cases["illegal_moves"] > 0).sum()
    counts = moves.groupby(["state", "is_paused", "kind"]).size()
    assert sorted(int(row[2].replace(",", "")) for row in find_table(page, "State")) == sorted(counts)


# Hostile texts


@pytest.mark.parametrize("language", ["zh", "en"])
def test_hostile_departments_and_reasons_stay_text(tmp_path: Path, language: str) -> None:
    publish_tiny(tmp_path)
    for page, tab in (
        ("scenario", "progress"),
        ("scenario", "holders"),
        ("scenario", "recurrence"),
        ("data_health", ""),
    ):
        test = run_page(page, tmp_path, language=language, scenario="group_rental", **({"tab": tab} if tab else {}))
        assert "<img" not in "".join(read_html(test))
        if tab == "holders":
            assert SCRIPT in {cell for table in read_tables(test) for row in table for cell in row}


def test_a_case_counts_once_for_its_pair_however_often_it_went_that_way(tmp_path: Path) -> None:
    publish_tiny(tmp_path)
    city = open_city(tmp_path)
    rows = city.sql("select * from out_dispute where scenario = 'group_rental'").to_dict("records")
    told = {(row["from_department"], row["to_department"]): row for row in rows}
    there = told["housing", "fire_rescue"]
    # A-1 of the scene's four cases of the last year; FORMULA's department is SCRIPT, E-1 is cancelled.
    assert (there["cases"], there["ended_with_receiver"], there["held_cases"]) == (1, 0, 4)
    assert there["reason"] == "管辖区域有误"
    # That it came back belongs to the way there.
    assert ("fire_rescue", "housing") not in told
    assert told[SCRIPT, "housing"]["held_cases"] == 2  # noqa: PLR2004  A-2, which it sent back, and FORMULA
    city.close()


# The pictures


FLOWS = st.dictionaries(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), st.integers(1, 5000), min_size=1, max_size=12
).map(lambda pairs: pd.DataFrame([{"sender": a, "receiver": b, "events": n} for (a, b), n in pairs.items()]))


@given(FLOWS)
def test_flows_tile_their_senders_and_receivers_and_are_as_high_as_their_events(flows: pd.DataFrame) -> None:
    layout = flow_picture.lay_out(flows)
    bands, nodes = layout.bands, layout.nodes
    assert len(bands) == len(flows)
    scale = (bands["left_bottom"] - bands["left_top"]) / bands["events"]
    assert np.allclose(scale, scale.iloc[0])
    assert np.allclose(bands["right_bottom"] - bands["right_top"], bands["events"] * scale.iloc[0])
    for side, top, bottom in (("sender", "left_top", "left_bottom"), ("receiver", "right_top", "right_bottom")):
        own = nodes[nodes["side"] == side].sort_values("top")
        assert own["events"].sum() == flows["events"].sum()
        assert (own["top"].to_numpy()[1:] >= own["bottom"].to_numpy()[:-1] - 1e-9).all()
        assert own["top"].min() >= -1e-9
        assert own["bottom"].max() <= 1 + 1e-9
        for node in own.itertuples():
            inside = bands[bands[side] == node.name].sort_values(top)
            edges = [node.top, *inside[bottom]]
            assert np.allclose(inside[top], edges[:-1])
            assert np.isclose(edges[-1], node.bottom)


def test_a_band_runs_from_its_sender_to_its_receiver() -> None:
    layout = flow_picture.lay_out(pd.DataFrame({"sender": ["a", "b"], "receiver": ["c", "c"], "events": [3, 1]}))
    points = flow_picture.trace_bands(layout.bands)
    for number, band in layout.bands.iterrows():
        line = points[points["band"] == number]
        assert (line["top"].iloc[0], line["top"].iloc[-1]) == (band["left_top"], band["right_top"])
        assert (line["x"].diff().dropna() > 0).all()
        assert np.allclose(line["bottom"] - line["top"], band["left_bottom"] - band["left_top"])


@pytest.mark.parametrize(
    ("last_day", "marks"),
    [
        (180, [0, 30, 60, 90, 120, 150, 180]),
        (365, [0, 61, 122, 183, 244, 305, 365]),
        (30, [0, 5, 10, 15, 20, 25, 30]),
        (1, [0, 1]),
    ],
)
def test_marks_end_with_the_window(last_day: int, marks: list[int]) -> None:
    assert recurrence_chart.list_marks(last_day) == marks
    assert timedelta(days=marks[-1]).days == last_day
