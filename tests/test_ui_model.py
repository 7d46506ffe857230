"""The model page without a browser: its numbers against counts of their own, its empty states, hostile names.

The first tab stands in test_ui_model_worth.

| tab | numbers | told by |
| --- | --- | --- |
| calibration | expected and come by tier, chances | cases and the history of the tiers |
| drift | flare-ups, levels, age of the newest report | tables, cases, and the models as JSON |
| card | rates, parts, other rates; figures from the documents | the models as JSON, all reasons, docs |
| capacity | every row, the chosen one | `simulate_capacity` on the ranks |
| fairness | every row of districts | tiers and cases, by pandas |
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from governance import snapshot
from governance.city import City, open_city
from governance.hazard.capacity import Teams, simulate_capacity
from governance.hazard.weekly import find_monday
from governance.ui.language import LANGUAGES, MISSING, load_texts
from tests.kept_backtest import keep_backtest
from tests.pages import (
    find_table,
    read_figures,
    read_frame,
    read_html,
    read_tables,
    read_text,
    run_page,
)
from tests.spelling import count, decimal, share
from tests.tiny_snapshot import MANIFEST, SCRIPT, fill_tiny, publish_tiny

ROOT = Path(__file__).parents[1]
TABS = ("worth", "calibration", "drift", "card", "capacity", "fairness")
SCENARIO = "fire_lane"
ALL = "~all"


# Does the number hold


def test_expected_and_come_are_those_of_the_history_and_the_cases(demo_build: Path, city: City) -> None:
    page = run_page("model", demo_build, tab="calibration", scenario=SCENARIO)
    history = city.sql("select * from out_tier_history")
    grids = len(city.ask("export_grids", district=None))
    as_of = city.as_of_utc + timedelta(hours=8)
    days = [pd.Timestamp(find_monday(as_of.date()) - timedelta(weeks=weeks)) for weeks in (4, 8, 12)]
    assert all((history["day"] == day).any() for day in days)
    cases = city.sql("select * from core_case where grid_no is not null and not is_discovered")
    judged = {}
    for scenario, name in ((SCENARIO, "Fire lane management"), (None, "All scenarios together")):
        own = cases if scenario is None else cases[cases["scenario"] == scenario]
        for day in days:
            told = history[history["day"] == day]
            told = told if scenario is None else told[told["scenario"] == scenario]
            reported = pd.to_datetime(own["reported_on"])
            came = own[(reported >= day) & (reported < day + pd.Timedelta(days=28))]
            counts = came.groupby(["scenario", "grid_no"]).size().rename("reports")
            rows = told.join(counts, on=["scenario", "grid_no"]).fillna({"reports": 0})
            for tier, group in rows.groupby("tier"):
                sums = judged.setdefault((name, tier), np.zeros(4))
                sums += (
                    len(group),
                    group["expected_reports_28d"].sum(),
                    group["reports"].sum(),
                    (group["reports"] > 0).sum(),
                )
            everything = judged.setdefault((name, "all"), np.zeros(4))
            everything += (
                grids * (1 if scenario else city.sql("select count(*) from meta_scenario").iloc[0, 0]),
                0,
                0,
                0,
            )
            everything[2] += counts.sum()
    tables = [table for table in read_tables(page) if table[0][0] == "Tier"]
    for table, name in zip(tables, ("All scenarios together", "Fire lane management"), strict=True):
        rows = {row[0]: row for row in table[1:]}
        for tier in ("Red", "Yellow"):
            grid_windows, expected, reports, occupied = judged[name, tier.lower()]
            row = rows[tier]
            assert row[1:4] == [decimal(expected), count(reports), decimal(reports / expected, 2)]
            assert row[5].startswith(share(occupied, grid_windows))
            assert row[7] == count(grid_windows)
        number = [sum(int(row[place].replace(",", "")) for row in table[1:]) for place in (2, 7)]
        assert number == [judged[name, "all"][2], judged[name, "all"][0]]
    red = judged["All scenarios together", "red"]
    assert f"{share(red[0] - red[3], red[0])} of these grids saw none" in read_text(page)
    tenths = [table for table in read_tables(page) if table[0][0] == "Tenth, 1 the worst"]
    for table, name in zip(tenths, ("All scenarios together", "Fire lane management"), strict=True):
        assert sum(int(row[2].replace(",", "")) for row in table[1:]) == judged[name, "all"][2]


def test_a_city_too_young_to_be_judged_says_so(tmp_path: Path) -> None:
    with snapshot.building(tmp_path) as draft:
        fill_tiny(draft.con)
        draft.con.execute("delete from out_calibration")
        snapshot.publish(draft, manifest=MANIFEST)
    text = read_text(run_page("model", tmp_path, tab="calibration"))
    assert load_texts("en")["calibration.none_title"] in text


# Is it still right


def test_levels_and_flare_ups_are_those_of_the_snapshot(demo_build: Path, city: City) -> None:
    page = run_page("model", demo_build, tab="drift")
    told = city.sql("select * from out_flare_up")
    grids = city.sql("select count(*) from core_grid").iloc[0, 0]
    models = {row["scenario"]: json.loads(row["model"]) for row in city.sql("from meta_model").to_dict("records")}
    figures = read_figures(page)
    assert figures["Grids flaring up"][0] == count(len(told))
    assert figures["Share flaring up"] == (
        share(len(told), grids * len(models), 2), f"stated false alarms: at most {share(1, grids, 2)}",
    )  # fmt: skip
    off = [name for name, model in models.items() if not 0.8 <= model["level_factor"] <= 1.25]
    assert figures["Scenarios off their level"] == (count(len(off)), f"of {len(models)} scenarios")
    assert figures["Too little to learn from"][0] == count(
        sum(model["fallback"] == "pooled" for model in models.values())
    )
    newest = city.sql("select max(reported_at_utc) as at from core_case").iloc[0, 0]
    age = (pd.Timestamp(city.as_of_utc) - newest).total_seconds() / 3600
    assert figures["Age of the newest report"][0] == ("under 1 h" if age < 1 else f"{decimal(age)} h")
    names = dict(city.ask("ui_scenarios")[["scenario", "name_en"]].itertuples(index=False))
    rows = {row[0]: row for row in find_table(page, "Scenario")}
    assert set(rows) == set(names.values())
    for scenario, model in models.items():
        row = rows[names[scenario]]
        flaring = int((told["scenario"] == scenario).sum())
        assert row[1] == decimal(model["level_factor"], 2)
        assert row[3:] == [count(len(model["origins"])), count(flaring), share(flaring, grids, 2)]
    if len(told):
        listed = read_frame(page, "grid_id")
        assert listed["reports"].tolist() == told.sort_values("p_value")["reports"].tolist()


def test_the_alarms_of_the_tiny_city_by_hand(tmp_path: Path) -> None:
    publish_tiny(tmp_path)
    page = run_page("model", tmp_path, tab="drift")
    text = read_text(page)
    # A level of 1.5; two flare-ups in two scenarios are what chance may tell; the newest report is a day old.
    assert "The level has moved by more than a quarter: Group rental hazards." in text
    assert text.count("g-stale") == 1 + text.count(".g-stale")
    assert "Look before you plan" in text
    listed = read_frame(page, "grid_id")
    assert listed[["grid_id", "zone", "window_days", "reports"]].to_numpy().tolist() == [
        ["G-04", "with neighbours", 28, 5.0], ["G-03", "grid", 7, 3.0],
    ]  # fmt: skip
    rows = {row[0]: row[2] for row in find_table(page, "Scenario")}
    assert [word.split("\N{NO-BREAK SPACE}")[-1] for word in rows.values()] == [
        "drifts",
        "pooled: too little to learn from",
    ]


def test_nothing_out_of_line_old_data_and_many_flare_ups_are_told(tmp_path: Path) -> None:
    quiet, loud = tmp_path / "quiet", tmp_path / "loud"
    with snapshot.building(quiet) as draft:
        fill_tiny(draft.con)
        draft.con.execute("delete from out_flare_up")
        draft.con.execute("update meta_model set model = replace(model, '1.5', '1.2')")
        snapshot.publish(draft, manifest=MANIFEST)
    page = run_page("model", quiet, tab="drift")
    assert "Nothing is out of line" in read_text(page)
    assert "No grid is out of line with its own forecast." in read_text(page)
    assert not page.dataframe
    with snapshot.building(loud) as draft:
        fill_tiny(draft.con)
        draft.con.execute("insert into out_flare_up from out_flare_up")
        draft.con.execute("update meta_file set last_reported_at_utc = last_reported_at_utc - interval 1 day")
        draft.con.execute("update meta_model set model = replace(model, '1.5', '2.0')")
        snapshot.publish(draft, manifest=MANIFEST)
    text = read_text(run_page("model", loud, tab="drift"))
    assert "The newest report is 2.0 d older" in text
    assert "4 grids flare up; chance alone tells at most 2" in text
    assert "held at its limit" in text


# The card


def test_rates_and_parts_are_those_of_the_model(demo_build: Path, city: City) -> None:
    page = run_page("model", demo_build, tab="card", scenario=SCENARIO)
    model = json.loads(city.sql(f"select model from meta_model where scenario = '{SCENARIO}'").iloc[0, 0])
    reasons = city.sql(f"select * from out_reason where scenario = '{SCENARIO}'")
    parts = reasons.groupby("feature")["contribution"].sum()
    texts = load_texts("en")
    table = find_table(page, "What it looks at")
    assert {row[0] for row in table} == {texts[f"feature.{feature}"] for feature in parts.index}
    for row in table:
        feature = next(
            key.split(".")[1] for key, text in texts.items() if key.startswith("feature.") and text == row[0]
        )
        rate = model["rates"].get(feature)
        assert row[1] == (MISSING if rate is None else decimal(rate, 3))
        assert row[2:] == [decimal(parts[feature]), share(parts[feature], parts.sum())]
    expected = city.tiers(scenario=SCENARIO)["expected_reports_28d"].sum()
    assert parts.sum() == pytest.approx(expected)
    level, festival = (decimal(model[f"{name}_factor"], 2) for name in ("level", "festival"))
    told = f"Level {level}, Spring Festival {festival}, base {decimal(model['base'], 4)} per grid"
    assert told in read_text(page)
    others = find_table(page, "Scenario") if model["other_rates"] else []
    largest = sorted(model["other_rates"].values(), reverse=True)[:8]
    assert [row[1] for row in others] == [decimal(rate, 3) for rate in largest]
    assert f"from {len(model['origins'])} windows of 28 days" in read_text(page)


def test_a_pooled_model_says_so_and_an_untold_one_too(tmp_path: Path) -> None:
    publish_tiny(tmp_path / "a")
    text = read_text(run_page("model", tmp_path / "a", tab="card", scenario="fire_lane"))
    assert "Fire lane management: pooled. Too few reports" in text
    text = read_text(run_page("model", tmp_path / "a", tab="card", scenario="group_rental"))
    # Windows begin on 4 January and 1 February; the last ends on the 28th.
    assert "from 2 windows of 28 days between 4 Jan 2025 and 28 Feb 2025" in text
    assert "Level 1.50, Spring Festival 0.75, base 0.0625 per grid" in text
    with snapshot.building(tmp_path / "b") as draft:
        fill_tiny(draft.con)
        draft.con.execute("update meta_model set model = '{}'")
        snapshot.publish(draft, manifest=MANIFEST)
    text = read_text(run_page("model", tmp_path / "b", tab="card", scenario="group_rental"))
    assert "Group rental hazards: the snapshot does not say." in text
    run_page("model", tmp_path / "b", tab="drift")


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_quoted_from_the_documents_stand_there(language: str) -> None:
    texts = load_texts(language)
    fairness = (ROOT / "docs" / "fairness.md").read_text(encoding="utf-8")
    quoted = re.findall(r"\d+\.\d%", texts["fairness.played_text"])
    rows = (
        "red by the true rates",
        "everybody reports",
        "every second incident",
        "13 weeks of audits",
        "52 weeks of audits",
    )
    told = [re.search(rf"\| [^|]*{name}[^|]* \| (\d+\.\d%)", fairness) for name in rows]
    assert quoted == [found.group(1) for found in told if found]
    backtest = (ROOT / "docs" / "backtest.md").read_text(encoding="utf-8")
    numbers = re.findall(r"1\.\d{3}", texts["modelcard.real_text"])
    assert len(numbers) == 3
    assert f"**{numbers[0]} times**" in backtest
    assert f"{numbers[1]} to {numbers[2]}" in backtest


# What teams cover


@pytest.mark.parametrize(("visits", "weeks"), [(20, 4), (5, 1), (40, 13)])
def test_coverage_is_that_of_the_ranks(demo_build: Path, city: City, visits: int, weeks: int) -> None:
    page = run_page(
        "model", demo_build, tab="capacity", scenario=SCENARIO, teams="3", visits=str(visits), weeks=str(weeks)
    )
    expected = city.ask("capacity", scenario=SCENARIO, district=None)["expected_reports_28d"].to_numpy()
    spreads = city.ask("capacity_spreads", scenario=SCENARIO)
    known = dict(zip(spreads["grids"], spreads["spread"], strict=True))
    template = json.loads(city.ask("ui_template", scenario=SCENARIO)["template"].iloc[0])
    before = None
    for row in find_table(page, "Teams"):
        teams = int(row[0].removeprefix("▶").strip())
        told = simulate_capacity(expected, known, Teams(teams, visits, weeks, template["tiers"]["audit_share"]))
        more = MISSING if before is None else decimal(told.expected_reports - before)
        ends = f"{told.low:,.0f}–{told.high:,.0f}"
        share_ = share(told.expected_reports, told.all_expected_reports)
        assert row[1:] == [
            count(told.visits), count(told.grids_reached), decimal(told.expected_reports), ends, share_, more,
        ]  # fmt: skip
        before = told.expected_reports
        if teams == 3:
            figures = read_figures(page)
            assert row[0].startswith("▶")
            assert figures["Covered reports"] == (decimal(told.expected_reports), f"95 %: {ends}")
            assert figures["Covered share"][0] == share_
            named = "a random audit" if told.audits == 1 else "random audits"
            assert figures["Visits"][1] == f"{count(told.audits)} of them {named}"


def test_a_choice_that_is_not_prepared_falls_back_to_one_that_is(tmp_path: Path) -> None:
    publish_tiny(tmp_path)
    page = run_page("model", tmp_path, tab="capacity", teams="7", visits="x", weeks="-1", scenario="group_rental")
    assert read_figures(page)["Covered reports"] == ("3.6", "95 %: 0–8")
    with snapshot.building(tmp_path) as draft:
        fill_tiny(draft.con)
        draft.con.execute("delete from out_capacity")
        snapshot.publish(draft, manifest=MANIFEST)
    assert load_texts("en")["capacity.none_title"] in read_text(run_page("model", tmp_path, tab="capacity"))


# Whom it overlooks


def test_the_districts_parts_are_those_of_the_tiers(demo_build: Path, city: City) -> None:
    page = run_page("model", demo_build, tab="fairness", scenario=SCENARIO)
    tiers = city.tiers(scenario=SCENARIO)
    cases = city.sql("select * from core_case join core_grid using (grid_no)")
    cases = cases[cases["scenario"] == SCENARIO]
    today = pd.Timestamp((city.as_of_utc + timedelta(hours=8)).date())
    reported = pd.to_datetime(cases["reported_on"])
    is_late = (reported >= today - pd.Timedelta(days=28)) & (reported < today)
    reports = cases[is_late].groupby("level_1_en").size()
    table = {row[0]: row for row in find_table(page, "District")}
    grids = city.grids().set_index("grid_id")["level_1_en"]
    tiers = tiers.assign(district=tiers["grid_id"].map(grids))
    red = tiers[tiers["tier"] == "red"].groupby("district").size()
    assert set(table) == set(tiers["district"])
    for district, group in tiers.groupby("district"):
        row, own = table[district], int(red.get(district, 0))
        ratio = (own / red.sum()) / (len(group) / len(tiers))
        assert row[1] == decimal(ratio, 2)
        assert row[2].split("\N{NO-BREAK SPACE}")[1] == (
            "more" if ratio >= 1.5 else "less" if ratio < 0.667 else "even"
        )
        yellow = int((group["tier"] == "yellow").sum())
        assert row[3:8] == [
            share(own, red.sum()), share(len(group), len(tiers)), count(own), count(yellow), count(len(group)),
        ]  # fmt: skip
        assert row[8] == count(reports.get(district, 0))


def test_a_city_without_districts_or_red_grids_says_so(tmp_path: Path) -> None:
    with snapshot.building(tmp_path / "a") as draft:
        fill_tiny(draft.con)
        draft.con.execute("delete from out_fairness where \"grouping\" = 'district'")
        snapshot.publish(draft, manifest=MANIFEST)
    assert load_texts("en")["fairness.no_districts"] in read_text(run_page("model", tmp_path / "a", tab="fairness"))
    with snapshot.building(tmp_path / "b") as draft:
        fill_tiny(draft.con)
        draft.con.execute("update out_fairness set red = 0, red_share = null, red_ratio = null")
        snapshot.publish(draft, manifest=MANIFEST)
    assert load_texts("en")["fairness.no_red"] in read_text(run_page("model", tmp_path / "b", tab="fairness"))
    with snapshot.building(tmp_path / "c") as draft:
        fill_tiny(draft.con)
        draft.con.execute("delete from out_fairness")
        snapshot.publish(draft, manifest=MANIFEST)
    assert load_texts("en")["fairness.none_title"] in read_text(run_page("model", tmp_path / "c", tab="fairness"))


# Hostile texts


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tab", TABS)
def test_hostile_names_stay_text(tmp_path: Path, tab: str, language: str) -> None:
    with snapshot.building(tmp_path) as draft:
        fill_tiny(draft.con)
        for name in ("meta_scenario set name_zh", "meta_scenario set name_en", "out_fairness set group_zh"):
            draft.con.execute(f"update {name} = $hostile", {"hostile": SCRIPT})
        draft.con.execute("update out_fairness set group_en = $hostile", {"hostile": SCRIPT})
        snapshot.publish(draft, manifest=MANIFEST)
    keep_backtest(open_city(tmp_path))
    page = run_page("model", tmp_path, tab=tab, language=language)
    html = "".join(read_html(page))
    assert "<img" not in html
    if tab != "capacity":
        assert "&lt;img src=x" in html
