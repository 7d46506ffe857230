"""Every number on three tabs of the scenario page, walked: counted again from cases, tiers and recurrences.

| tab and part | numbers | told by |
| --- | --- | --- |
| progress: funnel | cases and share of every stage; median and nine tenths of every step | cases |
| progress: stuck | open and late cases, median stay at every stage | cases, stretches of holding |
| progress: trend | reports and closings of every week | cases |
| recurrence: headlines | rate, rework, curve's last share, half-life, with their counts; the rule | registry, SQL |
| recurrence: curve | share, interval and cases watched, in the chart and in the table | a product over the days |
| recurrence: places | closed cases, came back, median days, latest case | cases, recurrences |
| sheet | every number of limits, tiers, posts, people, weights | template |

`test_walk_holders` walks the tab of holders, `test_walk_places` the way down; what is as of a year before has no figure
in this city of 150 days.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from streamlit.testing.v1 import AppTest

from governance.city import City
from governance.scenarios import load_templates
from governance.ui import recurrence_chart
from governance.ui.view import View
from tests.pages import find_table, list_figures, read_charts, read_html, read_rest, read_tables, run_page
from tests.spelling import count, days, decimal, hours, say, share

STAGES = ("reported", "registered", "dispatched", "accepted", "disposed", "verified", "closed", "evaluated")
# what the time to a stage is counted from: the first of these that the log tells
STARTS = {
    "registered": ("reported",), "dispatched": ("registered", "reported"), "accepted": ("dispatched",),
    "disposed": ("accepted", "dispatched", "registered", "reported"), "verified": ("disposed",),
    "closed": ("verified", "disposed", "reported"),
}  # fmt: skip
SCENARIOS = ("illegal_parking", "group_rental")


@pytest.fixture(scope="module", params=SCENARIOS)
def scenario(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def cases(city: City, scenario: str) -> pd.DataFrame:
    return city.sql(
        "select c.*, coalesce(g.level_1_id, '~unmatched') as level_1_id, g.level_2_id, g.grid_id from core_case as c "
        "left join core_grid as g using (grid_no) where scenario = $scenario",
        scenario=scenario,
    )


@pytest.fixture(scope="module", params=[0, 1, 2])
def unit(request: pytest.FixtureRequest, city: City) -> tuple[int, str]:
    """The city, its busiest district, the busiest town of another one."""
    level = request.param
    rows = city.sql("select level_1_id, level_2_id from core_case join core_grid using (grid_no)")
    district = rows["level_1_id"].mode()[0]
    town = rows.loc[rows["level_1_id"] != district, "level_2_id"].mode()[0]
    return level, ("", district, town)[level]


@pytest.fixture(scope="module")
def progress(demo_build: Path, scenario: str, unit: tuple[int, str]) -> AppTest:
    return run_page("scenario", demo_build, scenario=scenario, unit=unit[1], tab="progress")


def choose(rows: pd.DataFrame, unit: tuple[int, str]) -> pd.DataFrame:
    level, unit_id = unit
    return rows[rows[f"level_{level}_id"] == unit_id] if level else rows


def find_day(city: City) -> pd.Timestamp:
    return pd.Timestamp(city.as_of_utc, tz="UTC").tz_convert("Asia/Shanghai").tz_localize(None).normalize()


def spell_duration(value: float) -> str:
    if np.isnan(value):
        return "–"
    return say("unit.under_hour") if value < 1 else hours(value, 0) if value < 48 else days(value)


# How it goes


def measure_step(rows: pd.DataFrame, stage: str) -> list[str]:
    if stage not in STARTS:
        return ["–", "–"]
    start = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us]")
    for before in STARTS[stage]:
        start = start.fillna(rows[f"{before}_at_utc"])
    took = ((rows[f"{stage}_at_utc"] - start).dt.total_seconds() // 3600).dropna().clip(lower=0).sort_values()
    return [
        spell_duration(took.iloc[int(np.ceil(part * len(took))) - 1] if len(took) else np.nan) for part in (0.5, 0.9)
    ]


def test_funnel(progress: AppTest, cases: pd.DataFrame, unit) -> None:
    own = choose(cases, unit)
    own = own[own["stage"] != "cancelled"]
    places = own["stage"].map(STAGES.index)
    expected = []
    for place, stage in enumerate(STAGES):
        reached = int((places >= place).sum())
        told = f"{count(reached)} {share(reached, len(own))}"
        expected.append([say(f"stage.{stage}"), told, *measure_step(own, stage)])
    assert find_table(progress, say("column.stage")) == expected


def test_where_cases_stick(progress: AppTest, city: City, cases: pd.DataFrame, unit) -> None:
    own, now = choose(cases, unit), pd.Timestamp(city.as_of_utc)
    own = own[own["is_open"]]
    again = city.sql("select incident_id, from_utc from core_stint where began_by = 'reopened'")
    since = own["incident_id"].map(again.groupby("incident_id")["from_utc"].max())
    expected = []
    for stage in STAGES:
        rows = own[own["stage"] == stage]
        if rows.empty:
            continue
        early = rows["is_overdue"] | (rows["accept_due_at_utc"] < now)
        late = {
            "accepted": rows["is_overdue"], "disposed": rows["verify_due_at_utc"] < now,
            "verified": rows["close_due_at_utc"] < now,
        }.get(stage, early)  # fmt: skip
        moments = pd.concat([rows["reported_at_utc"], rows[f"{stage}_at_utc"], since[rows.index]], axis=1).max(axis=1)
        stay = (now - moments).dt.total_seconds().median() / 3600
        words = [say(f"stage.{stage}"), say(f"waits.{stage}")]
        expected.append([*words, count(len(rows)), count(late.sum()), days(stay)])
    tables = [table[1:] for table in read_tables(progress) if table[0][0] == say("column.stands_at")]
    assert tables == ([expected] if expected else [])


def test_trend(progress: AppTest, city: City, cases: pd.DataFrame, unit) -> None:
    own, day = choose(cases, unit), find_day(city)
    (told,) = (chart[0] for chart in read_charts(progress))
    for series, column in (("chart.reports", "reported_on"), ("chart.closed", "closed_on")):
        dates = pd.to_datetime(own[column]).dropna()
        weeks = (dates - pd.to_timedelta(dates.dt.day_of_week, unit="D")).value_counts()
        weeks = weeks[weeks.index + timedelta(days=7) <= day].astype(int)
        shown = told[told["series"] == say(series)].set_index("week_start")["cases"]
        assert shown[shown > 0].sort_index().to_dict() == weeks.sort_index().to_dict()


def test_no_other_text_on_progress_holds_a_number(progress: AppTest) -> None:
    assert read_rest(progress) == []
    assert len(read_tables(progress)) <= 2
    assert (len(list_figures(progress)), len(progress.dataframe)) == (0, 0)
    assert len(read_charts(progress)) == 1


# Does it come back


@pytest.fixture(scope="module")
def recurrence(demo_build: Path, scenario: str, unit: tuple[int, str]) -> AppTest:
    return run_page("scenario", demo_build, scenario=scenario, unit=unit[1], tab="recurrence")


@pytest.fixture(scope="module")
def followed(city: City, scenario: str) -> pd.DataFrame:
    return city.sql("select * from core_recurrence where scenario = $scenario", scenario=scenario)


@pytest.fixture(scope="module")
def district(city: City, unit: tuple[int, str]) -> str:
    """What the tab tells of a town is its district's."""
    if unit[0] < 2:
        return unit[1]
    return city.sql("select level_1_id from core_grid where level_2_id = $unit", unit=unit[1])["level_1_id"].iloc[0]


def draw_by_hand(followed: pd.DataFrame) -> pd.DataFrame:
    """Kaplan and Meier's curve with Greenwood's variance on the log-log scale, day after day."""
    within = int(followed["within_days"].max())
    seen = np.minimum(np.floor(followed["followed_days"]), within)
    back = np.ceil(followed["days_to_recurrence"])
    is_back = back <= seen
    ends = np.where(is_back, back, seen)
    alive, variance, z, rows = 1.0, 0.0, norm.ppf(0.975), []
    for day in range(within + 1):
        at_risk, events = int((ends >= day).sum()), int((is_back & (ends == day)).sum())
        if events:
            variance += events / (at_risk * (at_risk - events)) if at_risk > events else np.nan
            alive *= 1 - events / at_risk
        low = high = np.nan
        if 0 < alive < 1:
            spread = z * np.sqrt(variance) / abs(np.log(alive))
            low, high = 1 - alive ** np.exp(-spread), 1 - alive ** np.exp(spread)
        known = at_risk > 0
        rows.append((day, at_risk, *((1 - alive, low, high) if known else (np.nan,) * 3)))
    return pd.DataFrame(rows, columns=["day", "at_risk", "share_recurred", "low", "high"]).set_index("day")


def test_headlines_of_recurrence(
    recurrence: AppTest, city: City, scenario: str, followed: pd.DataFrame, district: str
) -> None:
    where = {"level_1_id": district} if district else {}
    rate, rework = (
        city.indicators([name], scenario=scenario, **where).iloc[0] for name in ("recurrence_rate", "rework_rate")
    )
    names = city.sql("select distinct level_1_id, level_1_en from core_grid").set_index("level_1_id")["level_1_en"]
    place = names[district] if district else say("choose.whole_city")
    curve = draw_by_hand(followed)["share_recurred"].dropna()
    life = city.sql("select * from out_half_life where scenario = $scenario", scenario=scenario)
    half = list(life[["half_life_days", "low_days", "high_days"]].to_numpy().ravel())
    is_told = len(half) == 3 and half[1] > 0 and np.isfinite(half[2])
    ends = {"low": decimal(half[1], 0), "high": decimal(half[2], 0)} if is_told else {}
    told = [
        {"part": count(row["numerator"]), "cases": count(row["denominator"]), "place": place} for row in (rate, rework)
    ]
    assert list_figures(recurrence) == [
        (
            say("recurrence.rate"), share(rate["numerator"], rate["denominator"]),
            say("recurrence.rate_note", **told[0]),
        ),
        (
            say("recurrence.by_curve"), share(curve.iloc[-1], 1),
            say("recurrence.by_curve_note", days=count(curve.index[-1]), cases=count(len(followed))),
        ),
        (
            say("recurrence.half_life"), say("unit.days", value=decimal(half[0], 0)) if is_told else "–",
            say("recurrence.half_life_note", **ends) if is_told else say("recurrence.half_life_unknown"),
        ),
        (
            say("recurrence.rework"), share(rework["numerator"], rework["denominator"]),
            say("recurrence.rework_note", **told[1]),
        ),
    ]  # fmt: skip


def test_the_curve_in_the_chart_and_in_numbers(
    recurrence: AppTest, city: City, scenario: str, followed: pd.DataFrame
) -> None:
    expected = draw_by_hand(followed)
    drawn = next(part for part in read_charts(recurrence)[0] if "share_recurred" in part).set_index("day")
    for name in expected:
        assert drawn[name].to_numpy(float) == pytest.approx(expected[name].to_numpy(float), nan_ok=True), name
    marks = recurrence_chart.list_marks(int(followed["within_days"].max()))[1:]
    at = expected.loc[marks]
    bounds = [
        "–" if np.isnan(row.low) else say("recurrence.between", low=share(row.low, 1), high=share(row.high, 1))
        for row in at.itertuples()
    ]
    lines = [
        [View(city, "en").scenario_name(scenario), say("recurrence.share"), *(share(x, 1) for x in at.share_recurred)],
        ["", say("recurrence.interval"), *bounds],
        ["", say("recurrence.at_risk"), *(count(x) for x in at.at_risk)],
    ]
    (table,) = [table for table in read_tables(recurrence) if table[0][0] == ""]
    assert table == [["", "", *(say("recurrence.after", days=count(day)) for day in marks)], *lines]


def test_places_that_came_back_most(recurrence: AppTest, city: City, followed: pd.DataFrame, cases, district) -> None:
    rows = followed.merge(cases[["source", "incident_id", "place_key", "grid_id"]], on=["source", "incident_id"])
    rows = rows[rows["place_key"].notna() & ((rows["level_1_id"] == district) | (district == ""))]
    gone = pd.to_timedelta(rows["days_to_recurrence"], unit="D")
    rows = rows.assign(again=rows["closed_at_utc"] + gone, is_back=rows["days_to_recurrence"].notna())
    expected = []
    for (_, key, grid_id), group in rows.groupby(["level_1_id", "place_key", "grid_id"], dropna=False):
        back = group[group["is_back"]]
        if len(back) < 2:
            continue
        last = back.sort_values("closed_at_utc").iloc[-1]["recurred_incident_id"]
        numbers = [count(len(group)), count(len(back)), days(24 * back["days_to_recurrence"].median())]
        day = View(city, "en").day(back["again"].max())
        order = (-len(back), -back["again"].max().value, key)
        expected.append((order, [grid_id if isinstance(grid_id, str) else say("name.unmatched"), *numbers, last, day]))
    expected = [row for _, row in sorted(expected, key=lambda pair: pair[0])][:20]
    tables = [table[1:] for table in read_tables(recurrence) if table[0][0] == say("column.grid")]
    assert [[row[0], *row[2:]] for table in tables for row in table] == expected
    assert expected or not tables


def test_no_other_text_on_recurrence_holds_a_number(recurrence: AppTest, scenario: str, followed: pd.DataFrame) -> None:
    template = load_templates()[scenario]
    rule = template.recurrence
    expected = [
        say("recurrence.rule", metres=count(rule.radius_m), days=count(rule.within_days)),
        say("recurrence.note", days=count(followed["within_days"].max())),
        say("recurrence.places_note", rows=20),
    ]
    assert sorted(read_rest(recurrence)) == sorted(expected)
    assert len(read_tables(recurrence)) <= 2
    assert len(read_charts(recurrence)) == 1


# The sheet


def test_every_number_of_the_sheet_is_the_templates(demo_build: Path, city: City, scenario: str) -> None:
    page = run_page("scenario", demo_build, scenario=scenario, tab="sheet")
    template = load_templates()[scenario]
    told = json.loads(template.model_dump_json())
    visits, recurrence = told["tiers"]["visit_every_days"], told["recurrence"]
    head = {row[0]: row[1] for row in find_table(page, say("sheet.item"))}
    tiers = {
        "red": share(told["tiers"]["red_share"], 1, 0), "yellow": share(told["tiers"]["yellow_share"], 1, 0),
        "floor": decimal(told["tiers"]["floor_expected_reports_28d"], 2),
        **{f"{tier}_days": visits[tier] for tier in ("red", "yellow", "green")},
    }  # fmt: skip
    assert head[say("sheet.tiers")] == say("sheet.tiers_text", **tiers)
    within = say("sheet.recurrence_text", metres=count(recurrence["radius_m"]), days=count(recurrence["within_days"]))
    assert head[say("sheet.recurrence")] == within
    rungs = [say("sheet.rung", share=share(rung["at_share"], 1, 0), level=rung["level"]) for rung in told["escalation"]]
    assert head[say("sheet.escalation")] == say("sheet.semicolon").join(rungs)
    assert head[say("sheet.version")].startswith(f"{scenario}@{told['version']} ")
    drafts = [part for part, status in told["part_status"].items() if status == "draft"]
    listed = head[say("sheet.to_confirm")].split(say("sheet.semicolon"))
    assert listed == ([say(f"part_of_template.{part}") for part in drafts] or [say("sheet.nothing")])
    weights = [row[-1] for row in find_table(page, say("sheet.scene"))]
    assert weights == [decimal(scene["severity_weight"]) for scene in told["scenes"]]
    limits = find_table(page, say("sheet.level"), with_title=say("limit.accept"))
    assert [row[0] for row in limits] == sorted(told["limits"])
    for level, *cells in limits:
        for stage, cell in zip(("accept", "dispose", "verify"), cells, strict=True):
            limit = told["limits"][level].get(stage)
            digits = 0 if limit is None or float(limit["value"]).is_integer() else 1
            expected = say(f"unit.{limit['unit']}", value=decimal(limit["value"], digits)) if limit else "–"
            assert cell == (expected if limit else say("sheet.no_limit"))
    levels = find_table(page, say("sheet.level"), with_title=say("sheet.people"))
    assert [row[-1] for row in levels] == [count(told["levels"][level]["people"]) for level in sorted(told["levels"])]
    for level, _, posts, _ in levels:
        people = [int(number.replace(",", "")) for number in re.findall(r", ([\d,]+)\): ", posts)]
        assert people == [post["people"] for post in told["levels"][level]["posts"]]
    html = "".join(read_html(page))
    for part in ("scenes", "tasks"):
        assert say(f"sheet.{part}", count=len(told[part])) in html
