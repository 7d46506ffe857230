"""Every number on the way down from the city to a grid, walked: counted again from cases, tiers and months.

| part | numbers | told by |
| --- | --- | --- |
| headlines | tiers of the grids, reports expected and of 28 days, open, overdue | tiers, cases |
| trend | reports of every complete week or month | cases |
| units, grids | every column, and that the rows add up to the headlines | export of tiers, cases |
| cases | how many are open and closed of late, and each one's row | cases |
"""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from governance import snapshot
from governance.city import City, open_city
from governance.exports import export_bytes
from governance.ui import places
from governance.ui.pages import scenario_below
from tests.pages import list_figures, read_charts, read_frame, read_html, read_rest, run_page
from tests.spelling import count, decimal, say, share
from tests.tiny_snapshot import MANIFEST, fill_tiny

SCENARIO = "illegal_parking"
SUMS = ("expected_reports_28d", "reports_28d", "open_cases", "overdue_cases")
PLACES = ("city", "district", "town", "village", "grid", "unmatched")


@pytest.fixture(scope="module")
def cases(city: City) -> pd.DataFrame:
    return city.sql(
        "select c.*, g.grid_id, coalesce(g.level_1_id, '~unmatched') as level_1_id, g.level_2_id, g.level_3_id "
        "from core_case as c left join core_grid as g using (grid_no) where scenario = $scenario",
        scenario=SCENARIO,
    )


@pytest.fixture(scope="module")
def tiers(city: City) -> pd.DataFrame:
    file = export_bytes(city, "tiers", format="csv", scenario=SCENARIO)
    names = ("level_1_id", "level_2_id", "level_3_id", "grid_id")
    frame = pd.read_csv(io.BytesIO(file), dtype=dict.fromkeys(names, "str"))
    grids = city.sql("select grid_id, level_1_id, level_2_id, level_3_id from core_grid")
    return frame[[name for name in frame if name not in names[:3]]].merge(grids, on="grid_id")


@pytest.fixture(scope="module", params=PLACES)
def place(request: pytest.FixtureRequest, cases: pd.DataFrame) -> tuple[str, dict[str, str], dict[str, str]]:
    """A name, what the address says, and the columns of a case in it: around the busiest grid."""
    busiest = cases["grid_id"].value_counts().index[0]
    row = cases[cases["grid_id"] == busiest].iloc[0]
    by_name = {
        "city": ({}, {}),
        "district": ({"unit": row["level_1_id"]}, {"level_1_id": row["level_1_id"]}),
        "town": ({"unit": row["level_2_id"]}, {"level_2_id": row["level_2_id"]}),
        "village": ({"unit": row["level_3_id"]}, {"level_3_id": row["level_3_id"]}),
        "grid": ({"grid": busiest}, {"grid_id": busiest}),
        "unmatched": ({"unit": "~unmatched"}, {"level_1_id": "~unmatched"}),
    }
    return request.param, *by_name[request.param]


@pytest.fixture(scope="module")
def page(demo_build: Path, place) -> AppTest:
    return run_page("scenario", demo_build, scenario=SCENARIO, **place[1])


def choose(rows: pd.DataFrame, place) -> pd.DataFrame:
    for name, value in place[2].items():
        rows = rows[rows[name] == value]
    return rows


def find_day(city: City) -> pd.Timestamp:
    return pd.Timestamp(city.as_of_utc, tz="UTC").tz_convert("Asia/Shanghai").tz_localize(None).normalize()


def count_recent(rows: pd.DataFrame, day: pd.Timestamp) -> int:
    reported = pd.to_datetime(rows["reported_on"])
    return int(((reported >= day - timedelta(days=28)) & (reported < day)).sum())


def test_headlines(page: AppTest, city: City, cases: pd.DataFrame, tiers: pd.DataFrame, place) -> None:
    own, graded = choose(cases, place), choose(tiers, place)
    opened, late = int(own["is_open"].sum()), int(own["is_overdue"].sum())
    grids = say("figure.of_grids", grids=count(len(graded)))
    digits = 2 if place[0] == "grid" else 0
    expected = (
        say("figure.expected"), decimal(graded["expected_reports_28d"].sum(), digits), say("figure.next_28d")
    )  # fmt: skip
    head = [
        (say("figure.red"), count((graded["tier"] == "red").sum()), grids),
        (say("figure.yellow"), count((graded["tier"] == "yellow").sum()), grids),
        expected,
    ]
    if place[0] == "grid":
        rank = say("place.rank", rank=count(graded["rank"].iloc[0]), grids=count(len(tiers)))
        head = [(say("column.tier"), say(f"tier.{graded['tier'].iloc[0]}"), rank), expected]
    assert list_figures(page) == [
        *([] if place[0] == "unmatched" else head),
        (say("figure.reports"), count(count_recent(own, find_day(city))), say("figure.no_last_year")),
        (say("figure.open"), count(opened), say("figure.now")),
        (say("figure.overdue"), count(late), say("figure.of_open", share=share(late, opened))),
    ]


def test_trend(page: AppTest, city: City, cases: pd.DataFrame, place) -> None:
    own, day = choose(cases, place), find_day(city)
    (told,) = (chart[0] for chart in read_charts(page))
    shown = told[told["series"] == say("chart.this_year")]
    dates = pd.to_datetime(own["reported_on"])
    every = pd.to_datetime(city.sql("select min(reported_on) as day from core_case")["day"].iloc[0])
    if place[0] in {"grid", "village"}:
        starts, start, first = dates.dt.to_period("M").dt.start_time, "month_start", every + pd.offsets.MonthBegin(1)
        starts = starts[(starts < day.replace(day=1)) & (starts >= first.normalize())]
    else:
        starts, start = dates - pd.to_timedelta(dates.dt.day_of_week, unit="D"), "week_start"
        first = every - timedelta(days=every.day_of_week) + timedelta(days=7)
        starts = starts[(starts + timedelta(days=7) <= day) & (starts >= first)]
    drawn = shown[shown["cases"] > 0].set_index(start)["cases"].astype(int)
    assert drawn.sort_index().to_dict() == starts.value_counts().sort_index().to_dict()
    assert told[told["series"] == say("chart.year_before")]["cases"].isna().all()


def test_the_rows_below_are_counted_from_the_cases_and_add_up(
    page: AppTest, city: City, cases: pd.DataFrame, tiers: pd.DataFrame, place
) -> None:
    below = {"city": "level_1_id", "district": "level_2_id", "town": "level_3_id", "village": "grid_id"}.get(place[0])
    if below is None:
        return
    own, graded = choose(cases, place), choose(tiers, place)
    key = "grid_id" if below == "grid_id" else "unit_id"
    shown = page.dataframe[0].value.set_index(key)
    assert set(shown.index) == set(graded[below]) | ({"~unmatched"} if place[0] == "city" else set())
    for id_, row in shown.iterrows():
        inside, rows = graded[graded[below] == id_], own[own[below] == id_]
        opened, late = rows["is_open"].sum(), rows["is_overdue"].sum()
        expected = {
            "expected_reports_28d": inside["expected_reports_28d"].sum(),
            "reports_28d": count_recent(rows, find_day(city)), "reports_28d_last_year": np.nan,
            "open_cases": opened, "overdue_cases": late,
        }  # fmt: skip
        if below == "grid_id":
            assert row["tier"] == say(f"tier.{inside['tier'].iloc[0]}")
            expected |= {"p_any_28d": inside["p_any_28d"].iloc[0], "rank": inside["rank"].iloc[0]}
        else:
            red, grids = (inside["tier"] == "red").sum(), len(inside)
            expected |= {
                "grids": grids, "red": red, "yellow": (inside["tier"] == "yellow").sum(),
                "red_share": red / grids if grids else np.nan, "reports_change": np.nan,
                "overdue_share": late / opened if opened else np.nan,
            }  # fmt: skip
        names = {"name", "tier", *expected} if below == "grid_id" else {"name", *expected}
        assert set(read_frame(page, "reports_28d")) == names
        told = row[list(expected)].where(row[list(expected)].notna(), np.nan).astype(float).to_numpy()
        assert told == pytest.approx(np.array(list(expected.values()), float), abs=0.00051, nan_ok=True), id_
    figures = {label: value for label, value, _ in list_figures(page)}
    for column, label in zip(SUMS, ("expected", "reports", "open", "overdue"), strict=True):
        assert decimal(shown[column].astype(float).sum(), 0) == figures[say(f"figure.{label}")]


def test_the_cases_of_a_grid_and_of_none(page: AppTest, city: City, cases: pd.DataFrame, place) -> None:
    if place[0] not in {"grid", "unmatched"}:
        return
    own, day = choose(cases, place), find_day(city)
    opened = own[own["is_open"]]
    closed = own[pd.to_datetime(own["closed_on"]) >= day - timedelta(days=91)]
    told = say("place.cases", opened=count(len(opened)), closed=count(len(closed)))
    assert told in "".join(read_html(page))
    shown = page.dataframe[0].value.set_index("incident")
    urgent = opened.assign(late=opened["overdue_hours"].where(opened["is_overdue"]))
    order = urgent.sort_values(["late", "used_share", "incident_id"], ascending=[False, False, True])
    assert list(shown.index[: len(opened)]) == list(order["incident_id"])
    assert list(shown.index[len(opened) :]) == list(
        closed.sort_values(["closed_at_utc", "incident_id"], ascending=[False, True])["incident_id"]
    )
    by_id = own.set_index("incident_id")
    late = say("place.closed_late")
    assert all((shown.loc[id_, "state"] == late) == by_id.loc[id_, "is_disposed_late"] for id_ in closed["incident_id"])
    local = by_id["reported_at_utc"].dt.tz_localize("UTC").dt.tz_convert("Asia/Shanghai").dt.strftime("%Y-%m-%d %H:%M")
    assert shown["reported"].to_dict() == local[shown.index].to_dict()
    assert {option.partition("/")[2] for option in page.selectbox(key="open_case").options} <= set(shown.index) | {""}


def test_no_other_text_holds_a_number(page: AppTest, place) -> None:
    rest = [text for text in read_rest(page) if text not in place[1].values()]
    assert [text for text in rest if not text.startswith("Cases: ")] == []
    assert len(page.dataframe) == 1


# Other hierarchies


@pytest.fixture(scope="module", params=[0, 1])
def flat(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """The tiny city with no level above its grids, or one."""
    folder = tmp_path_factory.mktemp("flat")
    with snapshot.building(folder) as draft:
        fill_tiny(draft.con, levels=request.param)
        snapshot.publish(draft, manifest=MANIFEST)
    return request.param, folder


def test_a_city_with_fewer_levels_reaches_its_grids_and_the_cases_in_none(flat: tuple[int, Path]) -> None:
    levels, folder = flat
    page = run_page("scenario", folder, scenario="group_rental")
    shown = page.dataframe[0].value
    if levels == 0:
        assert shown["grid_id"].tolist() == ["G-01", "G-02", "G-03", "G-04", "~unmatched"]
    else:
        assert shown["unit_id"].tolist() == ["330203", "330205", "~unmatched"]
        grids = run_page("scenario", folder, scenario="group_rental", unit="330203").dataframe[0].value
        assert grids["grid_id"].tolist() == ["G-01", "G-02"]
    city = open_city(folder)
    whole = city.ask("ui_unit_figures", level=0, unit_id="", scenario="group_rental").iloc[0]
    for column in SUMS:
        assert shown[column].astype(float).sum() == pytest.approx(whole[column]), column
    city.close()


def test_grids_beyond_the_list_are_added_up(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "has_units_below", lambda *_: False)
    monkeypatch.setattr(scenario_below, "has_units_below", lambda *_: False)
    monkeypatch.setattr(scenario_below, "_GRIDS", 2)
    shown = run_page("scenario", tiny, scenario="group_rental").dataframe[0].value
    assert shown["grid_id"].tolist() == ["G-01", "G-02", "~rest", "~unmatched"]
    assert shown["name"].tolist()[2:] == [say("place.rest", grids=2), say("name.unmatched")]
    # By hand: E-1 (cancelled) in G-04, C-1 in no grid.
    assert shown["reports_28d"].astype(int).tolist() == [3, 1, 1, 1]
    assert shown["overdue_cases"].astype(int).tolist() == [2, 1, 0, 1]


def test_last_year_stands_beside_this_one_where_the_cases_reach_back(tiny: Path, tmp_path: Path) -> None:
    """Of fire lanes: B-3 and B-4 in one week, B-1 in the last complete one, F-1 52 weeks before that one, in G-01."""
    week, month = pd.Timestamp("2025-02-17"), pd.Timestamp("2025-02-01")
    with snapshot.building(tmp_path) as draft:
        fill_tiny(draft.con)
        draft.con.execute("insert into out_trend values (0, '', 'group_rental', date '2023-01-02', 1, 0)")
        draft.con.execute("insert into out_grid_month values (1, 'group_rental', date '2023-01-01', 1)")
        snapshot.publish(draft, manifest=MANIFEST)
    for folder, last_year in ((tiny, None), (tmp_path, 1)):
        city = open_city(folder)
        weeks = city.ask("ui_weeks", level=0, unit_id="", scenario="fire_lane").set_index("week_start")
        months = city.ask("ui_months", level=4, unit_id="G-01", scenario="fire_lane").set_index("month_start")
        assert (weeks["reports"].sum(), weeks.loc[week, "reports"]) == (3, 1)
        assert months["reports"].sum() == 0
        for told in (weeks.loc[week, "reports_last_year"], months.loc[month, "reports_last_year"]):
            assert (None if pd.isna(told) else int(told)) == last_year
        city.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_wrong_place_is_told_and_a_hostile_one_stays_text(tiny: Path, language: str) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    for choices in ({"unit": hostile}, {"grid": hostile}, {"unit": "330205002"}, {"grid": "G-04"}):
        page = run_page("scenario", tiny, language=language, scenario="group_rental", **choices)
        html = "".join(read_html(page))
        assert "<img" not in html
        if choices.get("grid") == hostile:
            assert "&lt;img" in html


def test_the_path_leads_back_up(tiny: Path) -> None:
    page = run_page("scenario", tiny, scenario="group_rental", grid="G-01", tab="places")
    links = [(link.proto.label, link.proto.query_string) for link in page.get("page_link")]
    assert [label for label, _ in links[:3]] == ["Whole city ›", "Haishu ›", "Gulou ›"]
    assert set(links[1][1].split("&")) >= {"unit=330203", "tab=places"}
    assert "grid=" not in links[1][1]
    assert "case=" not in links[1][1]
