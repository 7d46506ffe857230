"""Every number on the scenario page's tab of holders, walked: from the cases, the log of hand-overs, the stretches.

| part | numbers | told by |
| --- | --- | --- |
| headlines | cases, bounce rate, ping-pong, returned, not accepted, with their counts | registry, cases |
| flows | shown of all; hand-overs, share, the other way, reasons; of each sender and receiver | counts of hand-overs |
| matrix | every cell | counts of hand-overs, whose sums are those of the cases |
| not accepted | waiting, late, more than 1, 3 and 7 days, the longest | export of open cases |
| hours | share, per case, per stretch, stretches | stretches of holding, cases |
| slowest link | cases, slowest in, mean share, hours per case, the first of all | stretches of holding |
| extensions | how many, share, mean time given, shown of all | table of extensions, cases |
| disputes | cases, sentences, rows of the file | file of the register |
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from governance.city import City
from governance.disputes import export_disputes
from governance.exports import export_bytes
from governance.indicators import charge_hours
from governance.ui.pages.scenario_holders import _FLOWS
from governance.ui.view import View
from tests.demo_cases import SCENARIOS, Unit, choose, find_units, read_cases
from tests.pages import (
    find_table,
    read_charts,
    read_figures,
    read_html,
    read_rest,
    read_tables,
    run_page,
)
from tests.spelling import count, days, say, share
from tests.spelling import hours as spell_hours

MONTH = pd.Timestamp("2025-01-01")
SINCE = "January 2025"


@pytest.fixture(scope="module")
def cases(city: City) -> pd.DataFrame:
    return read_cases(city)


@pytest.fixture(scope="module")
def units(cases: pd.DataFrame) -> list[Unit]:
    return find_units(cases)


@pytest.fixture(scope="module")
def stints(city: City, cases: pd.DataFrame) -> pd.DataFrame:
    keys = ["source", "incident_id", "scenario", "level_1_id", "reported_at_utc", "stage"]
    rows = city.sql("select * from core_stint").merge(cases[keys], on=["source", "incident_id"])
    return rows[rows["stage"] != "cancelled"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_headlines_of_holding_are_the_registrys_and_those_of_the_cases(
    demo_build: Path, city: City, cases: pd.DataFrame, units: list[tuple[int, str]], scenario: str
) -> None:
    for level, unit_id in units:
        chosen = choose(cases, scenario, (level, unit_id))
        chosen = chosen[(chosen["stage"] != "cancelled") & (pd.to_datetime(chosen["reported_on"]) >= MONTH)]
        shown = read_figures(run_page("scenario", demo_build, tab="holders", scenario=scenario, unit=unit_id))
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


def test_the_matrix_holds_every_flow(demo_build: Path, city: City) -> None:
    page = run_page("scenario", demo_build, tab="holders", scenario="illegal_parking", kind="transferred")
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
    demo_build: Path, city: City, cases: pd.DataFrame, stints: pd.DataFrame
) -> None:
    scenario = "illegal_parking"
    district = cases.loc[cases["scenario"] == scenario, "level_1_id"].mode()[0]
    chosen = cases[
        (cases["scenario"] == scenario) & (cases["level_1_id"] == district) & (cases["stage"] != "cancelled")
    ]
    plain = chosen[~chosen["has_stints"]]
    straight = ~(plain["is_open"] | (plain[["hops", "returns", "reopenings", "illegal_moves"]] > 0).any(axis=1))
    assert straight.all()
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
    page = run_page("scenario", demo_build, tab="holders", scenario=scenario, unit=district)
    shown = find_table(page, "Held by", with_title="Per stretch")
    assert [row[2] for row in shown] == [f"{hours[name] / len(chosen):,.2f} h" for name in frame.index]
    assert [row[1] for row in shown] == [share(hours[name], hours.sum()) for name in frame.index]
    # A case that nobody passed on has at most one stretch at the desk, one with its department, one at the check.
    stretches = (
        told["holder"].value_counts().add(plain.groupby("first_department")["held_work_s"].count(), fill_value=0)
    )
    for holder in ("desk", "check"):
        stretches = stretches.add(pd.Series({f"~{holder}": plain[f"{holder}_work_s"].count()}), fill_value=0)
    assert [row[4] for row in shown] == [count(stretches[name]) for name in frame.index]
    assert [row[3] for row in shown] == [spell_hours(hours[name] / stretches[name]) for name in frame.index]


def test_the_slowest_link_is_the_department_that_held_most_cases_longest(
    demo_build: Path, city: City, stints: pd.DataFrame
) -> None:
    scenario = "illegal_parking"
    rows = stints[(stints["scenario"] == scenario) & ~stints["holder"].isin(["~desk", "~check"])]
    held = rows.groupby(["incident_id", "holder"])["work_s"].sum().reset_index()
    held = held[held.groupby("incident_id")["holder"].transform("count") > 1]
    slowest = held.sort_values(["work_s", "holder"], ascending=[False, True]).drop_duplicates("incident_id")
    page = run_page("scenario", demo_build, tab="holders", scenario=scenario)
    view_rows = {row[0]: row for row in find_table(page, "Department", with_title="Slowest in")}
    counts, wins = held["holder"].value_counts(), slowest["holder"].value_counts()
    parts = held["work_s"] / held.groupby("incident_id")["work_s"].transform("sum").replace(0, np.nan)
    mean_share, sums = parts.groupby(held["holder"]).mean(), held.groupby("holder")["work_s"].sum()
    view = View(city, "en")
    expected = {
        view.department_name(name): [
            count(counts[name]), share(wins.get(name, 0), counts[name]), share(mean_share[name], 1),
            spell_hours(sums[name] / 3600 / counts[name]),
        ]
        for name in counts.index
    }  # fmt: skip
    assert {name: row[1:] for name, row in view_rows.items()} == expected
    first = min(wins.index, key=lambda name: (-wins[name], name))
    told = {"department": view.department_name(first), "part": count(wins[first]), "cases": count(wins.sum())}
    assert say("holders.slowest_first", **told) in read_rest(page)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_flows_are_drawn_and_told_with_their_numbers(demo_build: Path, city: City, scenario: str) -> None:
    page, view = run_page("scenario", demo_build, tab="holders", scenario=scenario), View(city, "en")
    rows = city.sql("select * from out_handover where scenario = $scenario", scenario=scenario)
    pairs = rows.groupby(["from_department", "to_department"])["events"].sum()
    whole = pairs.sum()
    order = sorted(pairs.index, key=lambda pair: (-pairs[pair], *pair))
    told = {"shown": count(min(_FLOWS, len(pairs))), "pairs": count(len(pairs)), "events": count(whole)}
    told["share"] = share(pairs[order[:_FLOWS]].sum(), whole)
    assert say("holders.shown", **told) in read_rest(page)
    expected = []
    for pair in order[:_FLOWS]:
        reasons = rows[(rows["from_department"] == pair[0]) & (rows["to_department"] == pair[1])]
        reasons = reasons[reasons["reason"] != ""].groupby("reason")["events"].sum()
        first = sorted(reasons.index, key=lambda reason: (-reasons[reason], reason))[:3]
        named = [say("holders.reason", reason=reason, events=count(reasons[reason])) for reason in first]
        back = pairs.get((pair[1], pair[0]), 0) if pair[0] != pair[1] else 0
        names = [view.department_name(name) for name in pair]
        numbers = [count(pairs[pair]), share(pairs[pair], whole), count(back)]
        expected.append([*names, *numbers, say("sheet.semicolon").join(named) or say("holders.no_reason")])
    drawn, *nodes = read_charts(page)[0]
    columns = ["sender", "receiver", "told", "told_share", "told_back", "reasons"]
    assert sorted(drawn.drop_duplicates("band")[columns].to_numpy().tolist()) == sorted(expected)
    listed = find_table(page, say("flow.sender"))
    assert listed == [[*row[:3], row[4]] for row in expected]
    labels = {label for part in nodes if "label" in part for label in part["label"]}
    sums = {}
    for side in (0, 1):
        for pair in order[:_FLOWS]:
            sums[side, pair[side]] = sums.get((side, pair[side]), 0) + pairs[pair]
    assert labels == {f"{view.department_name(name)}  {count(events)}" for (_, name), events in sums.items()}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_who_has_not_accepted(demo_build: Path, city: City, units: list[tuple[int, str]], scenario: str) -> None:
    view = View(city, "en")
    rows = pd.read_csv(io.BytesIO(export_bytes(city, "open", format="csv", scenario=scenario, stage="dispatched")))
    for level, unit_id in units:
        own = rows[rows[f"level_{level}_id"].astype(str) == unit_id] if level else rows
        expected = []
        for holder, group in own.groupby("holder"):
            held = group["held_days"]
            late = group["worklists"].str.contains("late_to_accept").sum()
            numbers = [len(group), late, *((held > limit).sum() for limit in (1, 3, 7))]
            line = [view.department_name(holder), *map(count, numbers), days(24 * held.max())]
            expected.append(((-len(group), holder), line))
        page = run_page("scenario", demo_build, tab="holders", scenario=scenario, unit=unit_id)
        title = say("column.waiting")
        tables = [table[1:] for table in read_tables(page) if title in table[0]]
        assert tables == ([[line for _, line in sorted(expected)]] if expected else [])


def test_the_register_of_disputes_is_its_file(demo_build: Path, city: City, tmp_path: Path) -> None:
    seen = 0
    for scenario in city.sql("select distinct scenario from out_dispute where scenario <> '~unmapped'")["scenario"]:
        page = run_page("scenario", demo_build, tab="holders", scenario=scenario)
        rows = export_disputes(city, tmp_path / "x.csv", scenario=scenario, language="en")
        tables = [table[1:] for table in read_tables(page) if say("disputes.finding") in table[0]]
        buttons = [button.proto.label for button in page.get("download_button")]
        if not rows:
            assert (tables, buttons) == ([], [])
            continue
        file = pd.read_csv(tmp_path / "x.csv")
        told = zip(file["cases"], file["finding"], file["proposal"], strict=True)
        assert tables == [[[count(cases), finding, proposal] for cases, finding, proposal in told]]
        assert buttons == [say("disputes.download", rows=count(rows), kind=kind) for kind in ("XLSX", "CSV")]
        seen += 1
    assert seen


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_other_text_holds_a_number(
    demo_build: Path, city: City, units: list[tuple[int, str]], scenario: str
) -> None:
    names = city.sql("select level_1_id, any_value(level_1_en) as name from core_grid group by all")
    names = names.set_index("level_1_id")["name"]
    for level, unit_id in units:
        page = run_page("scenario", demo_build, tab="holders", scenario=scenario, unit=unit_id)
        district = city.sql("select level_1_id from core_grid where level_2_id = $id", id=unit_id)["level_1_id"]
        place = say("choose.whole_city") if level == 0 else names[unit_id if level == 1 else district.iloc[0]]
        rest = [text for text in read_rest(page) if not text.startswith(("Shown: the ", "Most often the slowest: "))]
        rest = [text for text in rest if "combinations of department and reason" not in text]
        assert rest == [say("holders.hours_note", place=place, month=SINCE)]
        assert {table[0][0] for table in read_tables(page)} <= {"From", "From \\ to", "Held by", "Department", "Cases"}
        assert len(page.dataframe) == 0
        assert len(read_charts(page)) <= 1


@pytest.mark.parametrize("is_district", [False, True])
def test_extensions_are_those_of_the_export_and_of_the_cases(
    demo_build: Path, city: City, cases: pd.DataFrame, *, is_district: bool
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
    page = run_page(
        "scenario", demo_build, tab="holders", scenario=scenario, **({"unit": district} if district else {})
    )
    shown = find_table(page, "Department", with_title="Mean time given")
    grouped = rows.groupby(["department", "reason"])["extensions"].sum()
    assert [row[2] for row in shown] == [f"{count:,}" for count in grouped.sort_values(ascending=False)][: len(shown)]
    assert len(shown) == min(len(grouped), 12)
    assert shown[0][3] == share(grouped.max(), grouped.sum())
    told = say("holders.extensions_shown", extensions=count(grouped.sum()), shown=len(shown), rows=count(len(grouped)))
    assert told in read_rest(page)
