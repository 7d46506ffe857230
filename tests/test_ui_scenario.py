"""The scenario page: every number it shows, recomputed in pandas from the cases of a small demo city."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance import pipeline, snapshot, warehouse
from governance.city import City, open_city
from governance.demo import make_city
from governance.indicators import charge_hours
from governance.ui import flow_picture, recurrence_chart
from governance.ui.view import View
from tests.pages import find_table, read_figures, read_html, read_tables, run_page
from tests.tiny_snapshot import MANIFEST, SCRIPT, fill_tiny, publish_tiny

NOW_UTC = datetime(2026, 1, 2)  # noqa: DTZ001  naive UTC, as in storage
MONTH = pd.Timestamp("2025-01-01")
SINCE = "2025-01"
STAGES = ("reported", "registered", "dispatched", "accepted", "disposed", "verified", "closed", "evaluated")
SCENARIOS = ("illegal_parking", "group_rental")


@pytest.fixture(scope="module")
def build_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenario")
    make_city(folder / "demo", grids=120, days=150, incidents_per_day=80)
    pipeline.build_city(folder / "demo" / "city.toml", folder / "build", now_utc=NOW_UTC, progress=lambda *_: None)
    return folder / "build"


@pytest.fixture(scope="module")
def city(build_dir: Path) -> Iterator[City]:
    opened = open_city(build_dir)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def cases(city: City) -> pd.DataFrame:
    return city.sql(
        "select c.*, coalesce(g.level_1_id, '~unmatched') as level_1_id, coalesce(g.level_2_id, '~unmatched') as "
        "level_2_id, g.grid_id from core_case as c left join core_grid as g using (grid_no)"
    )


@pytest.fixture(scope="module")
def stints(city: City, cases: pd.DataFrame) -> pd.DataFrame:
    keys = ["source", "incident_id", "scenario", "level_1_id", "reported_at_utc", "stage"]
    rows = city.sql("select * from core_stint").merge(cases[keys], on=["source", "incident_id"])
    return rows[rows["stage"] != "cancelled"]


@pytest.fixture(scope="module")
def units(cases: pd.DataFrame) -> list[tuple[int, str]]:
    """The city, its busiest district, and the busiest town of another one."""
    placed = cases[(cases["level_1_id"] != "~unmatched") & (cases["scenario"] == SCENARIOS[0])]
    district = placed["level_1_id"].value_counts().index[0]
    town = placed.loc[placed["level_1_id"] != district, "level_2_id"].value_counts().index[0]
    return [(0, ""), (1, district), (2, town)]


def choose(cases: pd.DataFrame, scenario: str, unit: tuple[int, str]) -> pd.DataFrame:
    level, unit_id = unit
    chosen = cases[cases["scenario"] == scenario]
    return chosen[chosen[f"level_{level}_id"] == unit_id] if level else chosen


def spell_hours(hours: float) -> str:
    if np.isnan(hours):
        return "–"
    return "under 1 h" if hours < 1 else f"{hours:.0f} h" if hours < 48 else f"{hours / 24:,.1f} d"  # noqa: PLR2004


def share(part: float, whole: float) -> str:
    return f"{100 * part / whole:,.1f}%" if whole else "–"


# How it goes


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_funnel_counts_the_cases_that_reached_each_stage_and_times_its_step(
    build_dir: Path, city: City, cases: pd.DataFrame, units: list[tuple[int, str]], scenario: str
) -> None:
    for unit in units:
        chosen = choose(cases, scenario, unit)
        chosen = chosen[chosen["stage"] != "cancelled"]
        shown = find_table(run_page("scenario", build_dir, scenario=scenario, unit=unit[1]), "Stage")
        reached = [int((chosen["stage"].map(STAGES.index) >= place).sum()) for place in range(len(STAGES))]
        assert [row[1] for row in shown] == [f"{n:,} {share(n, len(chosen))}" for n in reached]
        before = {"accepted": chosen["dispatched_at_utc"], "verified": chosen["disposed_at_utc"]}
        for stage, start in before.items():
            hours = (
                ((chosen[f"{stage}_at_utc"] - start).dt.total_seconds() // 3600).dropna().clip(lower=0).sort_values()
            )
            told = [hours.iloc[int(np.ceil(part * len(hours))) - 1] if len(hours) else np.nan for part in (0.5, 0.9)]
            assert shown[STAGES.index(stage)][2:] == [spell_hours(value) for value in told]
    assert city.as_of_utc.year == 2025  # noqa: PLR2004  all cases lie within the last 365 days


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_open_cases_stand_at_their_stage_past_its_limit_or_not(
    build_dir: Path, city: City, cases: pd.DataFrame, units: list[tuple[int, str]], scenario: str
) -> None:
    now = pd.Timestamp(city.as_of_utc)
    names = {"reported": "Reported", "registered": "Registered", "dispatched": "Dispatched", "accepted": "Accepted"}
    names |= {"disposed": "Disposed", "verified": "Verified"}
    for unit in units:
        chosen = choose(cases, scenario, unit)
        chosen = chosen[chosen["is_open"]]
        expected = []
        for stage, rows in chosen.groupby("stage"):
            early = rows["is_overdue"] | (rows["accept_due_at_utc"] < now)
            late = {
                "accepted": rows["is_overdue"],
                "disposed": rows["verify_due_at_utc"] < now,
                "verified": rows["close_due_at_utc"] < now,
            }.get(str(stage), early)
            expected.append((STAGES.index(stage), names[str(stage)], f"{len(rows):,}", f"{int(late.sum()):,}"))
        page = run_page("scenario", build_dir, scenario=scenario, unit=unit[1])
        shown = find_table(page, "Stand at") if expected else []
        assert [(row[0], row[2], row[3]) for row in shown] == [row[1:] for row in sorted(expected)]
        assert sum(int(row[2].replace(",", "")) for row in shown) == len(chosen)


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


# Who holds it


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_headlines_of_holding_are_the_registrys_and_those_of_the_cases(
    build_dir: Path, city: City, cases: pd.DataFrame, units: list[tuple[int, str]], scenario: str
) -> None:
    for level, unit_id in units:
        chosen = choose(cases, scenario, (level, unit_id))
        chosen = chosen[(chosen["stage"] != "cancelled") & (pd.to_datetime(chosen["reported_on"]) >= MONTH)]
        shown = read_figures(run_page("scenario", build_dir, tab="holders", scenario=scenario, unit=unit_id))
        bounced, back = int((chosen["hops"] >= 2).sum()), int(chosen["is_ping_pong"].sum())  # noqa: PLR2004
        assert shown["Cases"] == (f"{len(chosen):,}", f"reported since {SINCE}, cancelled ones left out")
        assert shown["Bounce rate"][0] == share(bounced, len(chosen))
        assert shown["Bounce rate"][1].startswith(f"{bounced:,} of {len(chosen):,} cases")
        assert shown["Ping-pong A to B to A"][0] == share(back, len(chosen))
        assert shown["Returned cases"][0] == f"{int((chosen['returns'] > 0).sum()):,}"
        where = {f"level_{level}_id": unit_id} if level else {}
        asked = city.indicators(["bounce_rate"], cohort="reported", since=MONTH.date(), scenario=scenario, **where)
        assert asked["numerator"].tolist() == [bounced, back]
        waiting = choose(cases[cases["is_open"] & (cases["stage"] == "dispatched")], scenario, (level, unit_id))
        late = int((waiting["accept_due_at_utc"] < pd.Timestamp(city.as_of_utc)).sum())
        assert shown["Not accepted yet"] == (f"{len(waiting):,}", f"{late:,} of them past the limit to accept")


def test_flows_add_up_to_the_transfers_and_returns_of_the_cases(city: City, cases: pd.DataFrame) -> None:
    for scenario in SCENARIOS:
        for district in ("", cases["level_1_id"].mode()[0]):
            chosen = choose(cases, scenario, (1 if district else 0, district))
            told = {
                kind: city.ask("ui_flows", scenario=scenario, district=district, kind=kind)
                for kind in ("", "transferred", "returned")
            }
            assert told["returned"]["events"].sum() == chosen["returns"].sum()
            assert told["transferred"]["events"].sum() == chosen["transfers"].sum()
            assert told[""]["events"].sum() == told["transferred"]["events"].sum() + told["returned"]["events"].sum()
            both = told[""].merge(
                told[""], left_on=["from_department", "to_department"], right_on=["to_department", "from_department"]
            )
            both = both[both["from_department_x"] != both["to_department_x"]]
            assert (both["back_events_x"] == both["events_y"]).all()
            assert told[""]["share_so_far"].iloc[-1] == pytest.approx(1)


def test_the_matrix_holds_every_flow(build_dir: Path, city: City) -> None:
    page = run_page("scenario", build_dir, tab="holders", scenario="illegal_parking", kind="transferred")
    rows = city.ask("ui_flows", scenario="illegal_parking", district="", kind="transferred")
    view = View(city, "en")
    matrix = next(table for table in read_tables(page) if table[0][0] == "From \\ to")
    shown = {
        (line[0], receiver): cell
        for line in matrix[1:]
        for receiver, cell in zip(matrix[0][1:], line[1:], strict=True)
        if cell
    }
    expected = {
        (view.department_name(row.from_department), view.department_name(row.to_department)): f"{row.events:,}"
        for row in rows.itertuples()
    }
    assert shown == expected
    assert f"of all {rows['events'].sum():,} hand-overs" in "".join(read_html(page))


def test_hours_per_case_add_up_to_the_working_time_of_an_average_case(
    build_dir: Path, city: City, cases: pd.DataFrame, stints: pd.DataFrame
) -> None:
    scenario = "illegal_parking"
    district = cases.loc[cases["scenario"] == scenario, "level_1_id"].mode()[0]
    chosen = cases[
        (cases["scenario"] == scenario) & (cases["level_1_id"] == district) & (cases["stage"] != "cancelled")
    ]
    plain = chosen[~(chosen["is_open"] | (chosen["hops"] > 0) | (chosen["returns"] > 0) | (chosen["reopenings"] > 0))]
    told = stints[(stints["scenario"] == scenario) & (stints["level_1_id"] == district)]
    hours = told.groupby("holder")["work_s"].sum()
    sums = plain.groupby(plain["first_department"].fillna("~none"))["held_work_s"].sum()
    hours = hours.add(sums, fill_value=0)
    for holder in ("desk", "check"):
        hours = hours.add(pd.Series({f"~{holder}": plain[f"{holder}_work_s"].sum()}), fill_value=0)
    hours = hours / 3600
    frame = charge_hours(city, since=MONTH.date(), scenario=scenario, level_1_id=district).set_index("department")
    assert frame["work_hours"].to_dict() == pytest.approx(hours.to_dict())
    assert frame["hours_per_case"].sum() == pytest.approx(hours.sum() / len(chosen))
    page = run_page("scenario", build_dir, tab="holders", scenario=scenario, unit=district)
    shown = find_table(page, "Held by", with_title="Per stretch")
    assert [row[2] for row in shown] == [f"{hours[name] / len(chosen):,.2f} h" for name in frame.index]
    assert [row[1] for row in shown] == [share(hours[name], hours.sum()) for name in frame.index]


def test_the_slowest_link_is_the_department_that_held_most_cases_longest(
    build_dir: Path, cases: pd.DataFrame, stints: pd.DataFrame
) -> None:
    scenario = "illegal_parking"
    rows = stints[(stints["scenario"] == scenario) & ~stints["holder"].isin(["~desk", "~check"])]
    held = rows.groupby(["incident_id", "holder"])["work_s"].sum().reset_index()
    held = held[held.groupby("incident_id")["holder"].transform("count") > 1]
    slowest = held.sort_values(["work_s", "holder"], ascending=[False, True]).drop_duplicates("incident_id")
    page = run_page("scenario", build_dir, tab="holders", scenario=scenario)
    view_rows = {row[0]: row for row in find_table(page, "Department", with_title="Slowest in")}
    assert f"of {held['incident_id'].nunique():,} cases with several departments" in "".join(read_html(page))
    counts, wins = held["holder"].value_counts(), slowest["holder"].value_counts()
    assert sorted(row[1:3] for row in view_rows.values()) == sorted(
        [f"{counts[name]:,}", share(wins.get(name, 0), counts[name])] for name in counts.index
    )


@pytest.mark.parametrize("is_district", [False, True])
def test_extensions_are_those_of_the_export_and_of_the_cases(
    build_dir: Path, city: City, cases: pd.DataFrame, *, is_district: bool
) -> None:
    scenario = "illegal_parking"
    district = cases["level_1_id"].dropna().iloc[0] if is_district else None
    rows = city.extensions(scenario=scenario, district=district)
    own = cases[(cases["scenario"] == scenario) & (cases["stage"] != "cancelled")]
    own = own[own["level_1_id"] == district] if district else own
    recent = own["reported_at_utc"] >= city.as_of_utc - pd.Timedelta(days=300)
    assert own.loc[recent, "extensions"].sum() <= rows["extensions"].sum() <= own["extensions"].sum()
    assert (rows["reason"] != "").all()
    assert (rows["mean_extra_hours"] > 0).all()
    page = run_page("scenario", build_dir, tab="holders", scenario=scenario, **({"unit": district} if district else {}))
    shown = find_table(page, "Department", with_title="Mean time given")
    grouped = rows.groupby(["department", "reason"])["extensions"].sum()
    assert [row[2] for row in shown] == [f"{count:,}" for count in grouped.sort_values(ascending=False)][: len(shown)]
    assert len(shown) == min(len(grouped), 12)
    assert shown[0][3] == share(grouped.max(), grouped.sum())


# Does it come back


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_recurrence_rate_is_the_registrys_and_the_curves_cohort(
    build_dir: Path, city: City, cases: pd.DataFrame, scenario: str
) -> None:
    rows = city.sql("select * from core_recurrence")
    rows = rows[rows["scenario"] == scenario]
    curve = city.ask("ui_recurrence_curve", scenario=scenario, department="", last_day=10_000)
    for district in ("", rows["level_1_id"].mode()[0]):
        chosen = rows[rows["level_1_id"] == district] if district else rows
        followed = chosen[chosen["followed_days"] >= chosen["within_days"]]
        back = int(followed["days_to_recurrence"].notna().sum())
        shown = read_figures(run_page("scenario", build_dir, tab="recurrence", scenario=scenario, unit=district))
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


def test_broken_procedures_are_counted_once_per_case(build_dir: Path, city: City, cases: pd.DataFrame) -> None:
    moves = city.sql("select * from core_illegal_move")
    page = run_page("data_health", build_dir)
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
    assert (told["fire_rescue", "housing"]["ended_with_receiver"], told["fire_rescue", "housing"]["held_cases"]) == (
        1,
        1,
    )
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
