"""Every number of the first page, walked: told again by exports, the registry, and the cases themselves in pandas.

| part of the page | numbers | told by |
| --- | --- | --- |
| headlines | red grids, different ones, those of the Monday before | export of tiers, history of the tiers |
| | reports of 28 days, those of a year before; open, overdue with its share | cases |
| | closed in time, rectified, with counts and points on a year before | registry |
| where is it red | red by unit, turned and left, bars | export of tiers, export of changes |
| what turned red | grids, places, sentences; how many (the digest: `test_walk_changes`) | export of changes |
| who is late | cases, share and bar, longest delay and its case, who is ranked | export of open cases |
| last year | change, reports of both years by week, how many units have fewer | cases |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from governance.city import City, open_city
from governance.ui import language
from governance.ui.parts import escape_markdown
from governance.ui.tier_words import spell_change
from tests.grown_city import publish_grown
from tests.pages import list_figures, read_bars, read_charts, read_rest, run_page
from tests.spelling import count, days, decimal, hours, say, share

WEEK = timedelta(days=7)
YEAR = timedelta(days=364)
WEEKS, COMPARED_AT_LEAST, RATE_WEEKS, MINIMUM, WORST = 26, 4, 4, 30, 3
RATES = ("on_time_closing_rate", "rectification_rate")
# city, scenario, unit
CHOICES = (
    ("demo", "", ""),
    ("demo", "illegal_parking", ""),
    ("demo", "", "330203"),
    ("demo", "illegal_parking", "330212"),
    ("demo", "", "town"),
    ("grown", "", ""),
    ("grown", "group_rental", ""),
    ("grown", "", "330203"),
    ("grown", "fire_lane", "330203001"),
    ("grown", "", "330203001"),
)


@dataclass(frozen=True)
class Walk:
    """A page as a visitor gets it, and the city's tables cut to what it is about."""

    page: AppTest
    city: City
    scenario: str
    unit: str
    level: int

    @property
    def day(self) -> date:
        """The snapshot's local day."""
        return pd.Timestamp(self.city.as_of_utc, tz="UTC").tz_convert("Asia/Shanghai").date()

    @property
    def monday(self) -> date:
        return self.day - timedelta(days=self.day.weekday())

    def cut(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of the page's scenario and unit, with the units of all levels of their grid."""
        grids = self.city.grids()[["grid_id", *(f"level_{level}_id" for level in (1, 2, 3)), "level_2_en"]]
        own = frame.drop(columns=[name for name in frame if name.startswith("level_")])
        own = own.merge(grids, on="grid_id", how="left")
        own = own[(own["scenario"] == self.scenario) | (self.scenario == "")]
        return own[own[f"level_{self.level}_id"] == self.unit] if self.level else own

    @property
    def cases(self) -> pd.DataFrame:
        cases = self.cut(self.city.cases())
        local = cases["reported_at_utc"].dt.tz_localize("UTC").dt.tz_convert("Asia/Shanghai")
        return cases.assign(day=local.dt.date, week=(local.dt.normalize().dt.tz_localize(None)).dt.date)

    @property
    def names(self) -> dict[str, str]:
        """The units right below, by id."""
        grids = self.city.grids()
        inside = grids[grids[f"level_{self.level}_id"] == self.unit] if self.level else grids
        below = f"level_{self.level + 1}"
        named = inside.dropna(subset=[f"{below}_id"]) if f"{below}_id" in inside else inside.iloc[:0]
        return dict(zip(named[f"{below}_id"], named[f"{below}_en"], strict=True))

    @property
    def first_day(self) -> date:
        return min(self.city.sql("select min(reported_on) as day from core_case")["day"]).date()


@pytest.fixture(scope="module")
def builds(demo_build: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    grown = tmp_path_factory.mktemp("grown")
    publish_grown(grown)
    return {"demo": demo_build, "grown": grown}


@pytest.fixture(scope="module", params=CHOICES, ids=lambda choice: "-".join(filter(None, choice)))
def walk(builds: dict[str, Path], request: pytest.FixtureRequest):
    name, scenario, unit = request.param
    city = open_city(builds[name])
    if unit == "town":
        unit = city.sql("select level_2_id as town, count(*) as n from core_case join core_grid using (grid_no) "
                        "group by 1 order by n desc, town limit 1")["town"].iloc[0]  # fmt: skip
    level = {0: 0, 6: 1}.get(len(unit), 2)
    yield Walk(run_page("overview", builds[name], filter=scenario, unit=unit), city, scenario, unit, level)
    city.close()


def figure(walk: Walk, key: str) -> tuple[str, str]:
    return next((value, basis) for label, value, basis in list_figures(walk.page) if label == say(key))


def list_red(walk: Walk) -> pd.DataFrame:
    tiers = walk.cut(walk.city.tiers())
    return tiers[tiers["tier"] == "red"]


def test_red_grids_are_those_of_the_tiers_and_of_the_history(walk: Walk) -> None:
    red = list_red(walk)
    grids = walk.city.grids()
    inside = grids[grids[f"level_{walk.level}_id"] == walk.unit] if walk.level else grids
    history = walk.city.sql(
        "select scenario, grid_id, tier from out_tier_history join core_grid using (grid_no) "
        "where day = (select max(since_day) from out_tier_step)"
    )
    before = walk.cut(history[history["tier"] == "red"])
    since = max(walk.city.sql("select since_day from out_tier_step")["since_day"].dropna())
    told = say(
        "overview.red_of" if walk.scenario else "overview.red_in",
        red=count(len(red)),
        grids=count(len(inside)),
        share=share(red["grid_id"].nunique(), len(inside)),
    )
    since_told = language.format_short_date("en", since)
    basis = say("overview.red_before", told=told, before=count(before["grid_id"].nunique()), since=since_told)
    assert figure(walk, "figure.red") == (count(red["grid_id"].nunique()), basis)


def test_the_reddest_units_two_levels_below_are_those_of_the_tiers(walk: Walk) -> None:
    deep = walk.level + 2
    shown = [button.label for button in walk.page.button if button.key.startswith("reddest_")]
    if deep > 3:
        assert shown == []
        return
    grids = walk.city.grids()
    # The tiny and the grown city have grids without units so deep.
    named = grids.dropna(subset=[f"level_{deep}_id"]).assign(
        name=lambda frame: frame[f"level_{deep}_en"], above=lambda frame: frame[f"level_{deep - 1}_en"]
    )
    red = list_red(walk)[f"level_{deep}_id"].value_counts()
    units = named.groupby(f"level_{deep}_id").agg(
        name=("name", "first"), above=("above", "first"), grids=("name", "size")
    )
    ranked = units.assign(red=red).dropna(subset=["red"]).rename_axis("unit").reset_index()
    ranked = ranked.sort_values(["red", "grids", "unit"], ascending=[False, True, True]).head(3)
    key = "overview.reddest_unit" if walk.scenario else "overview.reddest_all"
    assert shown == [
        escape_markdown(
            say(key, name=row["name"], above=row["above"], red=count(row["red"]), grids=count(row["grids"]))
        )
        for row in ranked.to_dict("records")
    ]  # fmt: skip


def test_reports_open_and_overdue_are_those_of_the_cases(walk: Walk) -> None:
    cases = walk.cases
    since = walk.day - timedelta(days=28)
    now = cases["day"].between(since, walk.day - timedelta(days=1)).sum()
    ago = cases["day"].between(since - YEAR, walk.day - YEAR - timedelta(days=1)).sum()
    basis = say("figure.no_last_year")
    if walk.first_day <= since - YEAR:
        change = language.format_change("en", now / ago - 1 if ago else None)
        basis = say("figure.yoy", change=change, last=count(ago))
    assert figure(walk, "figure.reports") == (count(now), basis)


def test_open_and_overdue_are_those_of_the_cases_now_and_a_year_before(walk: Walk) -> None:
    cases = walk.cases
    is_open, overdue = cases["is_open"].sum(), cases["is_overdue"].sum()
    of_open, now = say("overview.of_open", share=share(overdue, is_open), cases=count(is_open)), say("figure.now_alone")
    if walk.first_day <= walk.day - 2 * YEAR:
        then = walk.city.as_of_utc - YEAR
        cancelled = walk.city.sql("select source, incident_id, cancelled_at_utc from core_case")
        cases = cases.merge(cancelled, on=["source", "incident_id"])
        ended = cases[["closed_at_utc", "cancelled_at_utc"]].max(axis=1)
        was_open = cases[(cases["reported_at_utc"] < then) & (cases["is_open"] | (ended >= then))]
        is_undone = was_open["disposed_at_utc"].isna() | (was_open["disposed_at_utc"] >= then)
        was_overdue = (is_undone & (was_open["due_at_utc"] < then)).sum()
        before = len(was_open)
        now = say(
            "figure.yoy",
            change=language.format_change("en", is_open / before - 1 if before else None),
            last=count(before),
        )
        of_open = say("overview.overdue_before", told=of_open, last=count(was_overdue))
    assert figure(walk, "figure.open") == (count(is_open), now)
    assert figure(walk, "figure.overdue") == (count(overdue), of_open)


@pytest.mark.parametrize("indicator", RATES)
def test_the_rates_are_the_registrys(walk: Walk, indicator: str) -> None:
    where = {"scenario": walk.scenario or None, **({f"level_{walk.level}_id": walk.unit} if walk.level else {})}
    since = walk.monday - RATE_WEEKS * WEEK

    def ask(back: timedelta) -> dict:
        span = {"since": since - back, "until": walk.monday - back}
        rows = walk.city.indicators([indicator], **span, **where)
        return rows[rows["variant"] == "main"].iloc[0].to_dict()

    now, ago = ask(timedelta(0)), ask(YEAR)
    told = say("overview.part_of", part=count(now["numerator"]), cases=count(now["denominator"]))
    basis = say("overview.rate_alone", told=told)
    if walk.first_day <= since - YEAR and now["denominator"] and ago["denominator"]:
        change = language.format_points("en", 100 * (now["value"] - ago["value"]))
        base = share(ago["numerator"], ago["denominator"])
        basis = say("overview.rate_yoy", change=change, base=base, told=told)
    assert figure(walk, f"overview.{indicator}") == (share(now["numerator"], now["denominator"]), basis)


def test_the_bars_say_the_red_grids_of_each_unit_and_what_changed(walk: Walk) -> None:
    names, below = walk.names, f"level_{walk.level + 1}_id"
    if not names:
        assert [button.label for button in walk.page.button if button.key.startswith("red_")] == spell_grids(walk)
        return
    red = list_red(walk)[below].value_counts().reindex(list(names), fill_value=0)
    changes = walk.cut(walk.city.ask("export_changes", scenario=None, district=None))
    turns = pd.crosstab(changes[below], changes["direction"]).reindex(
        index=list(names), columns=["turned_red", "left_red"], fill_value=0
    )
    expected = set()
    for unit_id, name in names.items():
        turned, left = turns.loc[unit_id]
        key = "overview.red_bar" if turned or left else "overview.red_same"
        width = 100 * red[unit_id] / max(red.max(), 1)
        expected.add((name, f"{width:.1f}", count(red[unit_id]), say(key, turned=count(turned), left=count(left))))
    shown = read_bars(walk.page)[0]
    assert set(shown) == expected if len(names) <= len(shown) else set(shown) < expected
    assert [row[2] for row in shown] == [count(value) for value in sorted(red, reverse=True)[: len(shown)]]


def spell_grids(walk: Walk) -> list[str]:
    """The red grids by the number of scenarios, then by expected reports."""
    red = (
        list_red(walk)
        .groupby("grid_id")
        .agg(scenarios=("scenario", "size"), expected=("expected_reports_28d", "sum"), place=("level_2_en", "first"))
    )
    ordered = red.sort_values(["scenarios", "expected"], ascending=False)
    return [
        escape_markdown(
            say(
                "overview.red_grid", grid=grid_id, place=row["place"], scenarios=count(row["scenarios"]),
                expected=decimal(row["expected"]),
            )
        )
        for grid_id, row in ordered.iterrows()
    ]  # fmt: skip


def test_what_turned_red_is_the_export_of_changes(walk: Walk) -> None:
    changes = walk.cut(walk.city.ask("export_changes", scenario=None, district=None))
    turned = changes[changes["direction"] == "turned_red"].head(4).to_dict("records")
    shown = [button for button in walk.page.button if button.key.startswith("turned_")]
    assert [button.key for button in shown] == [f"turned_{row['scenario']}_{row['grid_id']}" for row in turned]
    rest = read_rest(walk.page)
    scenarios = dict(walk.city.sql("select scenario, name_en from meta_scenario").itertuples(index=False))
    for row in turned:
        why = spell_change("en", row)
        assert (why if walk.scenario else f"{scenarios[row['scenario']]}: {why}") in rest


def list_late(walk: Walk) -> tuple[pd.DataFrame, int, int]:
    """The worst departments of the export of open cases; how many are ranked, of how many."""
    opened = walk.cut(walk.city.open_cases())
    ordered = opened[opened["department"] != "~none"].sort_values(["overdue_hours", "source", "incident_id"])
    told = ordered.groupby("department").agg(cases=("incident_id", "size"), late=("overdue_hours", "count"))
    longest = (
        ordered.dropna(subset=["overdue_hours"])
        .groupby("department")[["source", "incident_id", "overdue_hours"]]
        .last()
    )
    told = told.join(longest).assign(share=lambda f: f["late"] / f["cases"], ranked=lambda f: f["cases"] >= MINIMUM)
    late = told[told["late"] > 0]
    late = late[late["ranked"]] if late["ranked"].any() else late
    by = ["share", "late"] if late["ranked"].any() else ["late"]
    worst = late.sort_index().sort_values(by, ascending=False, kind="stable").head(WORST)
    return worst, int(told["ranked"].sum()), len(told)


def find_longest(walk: Walk, worst: pd.DataFrame) -> pd.DataFrame:
    """The case that is overdue the longest of all, unless it is one of those that the worst departments name."""
    late = walk.cut(walk.city.open_cases()).dropna(subset=["overdue_hours"])
    late = late[late["department"] != "~none"].sort_values(["overdue_hours", "source", "incident_id"])
    return late.tail(1)[lambda rows: ~rows["department"].isin(worst.index)]


def test_the_latest_departments_are_those_of_the_open_cases(walk: Walk) -> None:
    worst, ranked, every = list_late(walk)
    names = dict(walk.city.sql("select department, name_en from meta_department").itertuples(index=False))
    buttons = [button for button in walk.page.button if button.key.startswith("late_")]
    assert [button.key for button in buttons] == [f"late_{department}" for department in worst.index]
    assert [button.label for button in buttons] == [
        escape_markdown(f"{names.get(department, department)} ›") for department in worst.index
    ]
    bars = read_bars(walk.page)[bool(walk.names) :]
    rest = read_rest(walk.page)
    links = {
        (link.proto.label, dict(parse_qsl(link.proto.query_string)).get("case")) for link in walk.page.get("page_link")
    }
    for row, [(label, width, value, _)] in zip(worst.to_dict("records"), bars, strict=True):
        assert label == say("overview.late_of", part=count(row["late"]), cases=count(row["cases"]))
        assert (width, value) == (f"{100 * row['share']:.1f}", share(row["late"], row["cases"]))
        told = say("overview.oldest", case=row["incident_id"], delay=spell_delay(row["overdue_hours"]))
        assert (escape_markdown(told), f"{row['source']}/{row['incident_id']}") in links
    for row in find_longest(walk, worst).to_dict("records"):
        assert say("overview.latest", department=names.get(row["department"], row["department"])) in read_all(walk.page)
        told = say("overview.oldest", case=row["incident_id"], delay=spell_delay(row["overdue_hours"]))
        assert (escape_markdown(told), f"{row['source']}/{row['incident_id']}") in links
    ends = language.load_texts("en")["overview.latest"].split("}")[1]
    assert read_all(walk.page).count(ends) == len(find_longest(walk, worst))
    if worst.empty:
        assert say("overview.nobody_late") in read_all(walk.page)
    elif worst["ranked"].all():
        assert say("overview.ranked", ranked=count(ranked), all=count(every)) in rest
    else:
        assert say("overview.unranked", cases=count(MINIMUM)) in rest


def spell_delay(value: float) -> str:
    if value >= 48:
        return days(value)
    return say("unit.under_hour") if value < 1 else hours(value, 0 if value.is_integer() else 1)


def read_all(page: AppTest) -> str:
    return "".join(element.proto.body for element in page.get("html"))


def list_weeks(walk: Walk) -> dict[str, pd.DataFrame]:
    """Reports of the last complete weeks by unit drawn, and those of a year before where the data reach back."""
    cases = walk.cases
    below = f"level_{walk.level + 1}_id" if walk.level < 2 and walk.names else None
    mondays = [walk.monday - back * WEEK for back in range(WEEKS, 0, -1)]
    first_monday = walk.first_day - timedelta(days=walk.first_day.weekday())
    told = {}
    for unit_id in walk.names if below else [walk.unit]:
        own = cases[cases[below] == unit_id] if below else cases
        week = np.array([day - timedelta(days=day.weekday()) for day in own["day"]])
        rows = [
            (monday, (week == monday).sum(), (week == monday - YEAR).sum() if monday - YEAR > first_monday else np.nan)
            for monday in mondays
        ]
        told[unit_id] = pd.DataFrame(rows, columns=["week_start", "reports", "reports_last_year"])
    return told


def test_each_unit_is_drawn_against_its_last_year(walk: Walk) -> None:
    told = list_weeks(walk)
    panels = [chart[0] for chart in read_charts(walk.page)]
    assert len(panels) == len(told)
    titles, counts, changes = {}, {}, {}
    for unit_id, weeks in told.items():
        both = weeks.dropna()
        now, ago = both["reports"].sum(), both["reports_last_year"].sum()
        changes[unit_id] = now / ago - 1 if len(both) >= COMPARED_AT_LEAST and ago else np.nan
        name = walk.names.get(unit_id) or dict(
            walk.city.sql("select unit_id, any_value(unit_en) from out_unit group by 1").itertuples(index=False)
        )[unit_id]  # fmt: skip
        if np.isnan(changes[unit_id]):
            titles[unit_id] = say("overview.no_change", unit=name)
            counts[unit_id] = say("overview.count_alone", reports=count(weeks["reports"].sum()))
        else:
            change = language.format_change("en", changes[unit_id])
            titles[unit_id] = say("overview.change", unit=name, change=change)
            counts[unit_id] = say("overview.counts", reports=count(now), last=count(ago))
    rest = read_rest(walk.page)
    assert set(counts.values()) <= set(rest)
    drawn = [button.key.removeprefix("unit_") for button in walk.page.button if button.key.startswith("unit_")]
    if drawn:
        labels = [button.label for button in walk.page.button if button.key.startswith("unit_")]
        assert labels == [escape_markdown(f"{titles[unit_id]} ›") for unit_id in drawn]
        assert [changes[unit_id] for unit_id in drawn] == sorted(
            changes.values(), key=lambda change: np.inf if np.isnan(change) else -change
        ) or all(np.isnan(list(changes.values())))
    for unit_id, panel in zip(drawn or [walk.unit], panels, strict=True):
        weeks = told[unit_id]
        assert [day.date() for day in panel["week_start"]] == list(weeks["week_start"])
        assert panel["reports"].tolist() == weeks["reports"].tolist()
        assert panel["reports_last_year"].astype(float).tolist() == pytest.approx(
            weeks["reports_last_year"].tolist(), nan_ok=True
        )
    fewer, units = sum(change < 0 for change in changes.values()), sum(not np.isnan(c) for c in changes.values())
    found = say("overview.years_found", fewer=count(fewer), units=count(units))
    assert (found in rest) == (units > 1)


def test_no_number_of_the_page_stands_unwalked(walk: Walk) -> None:
    known = {say("overview.late_note", cases=count(MINIMUM)), say("overview.years_note", weeks=count(WEEKS))}
    beginnings = (
        "Since ", "Longest overdue: case ", "this year, ", "The data reach back", "Are we better than last year? ",
        "None with 30 open cases",
    )  # fmt: skip
    changes = walk.cut(walk.city.ask("export_changes", scenario=None, district=None)).to_dict("records")
    sentences = tuple(spell_change("en", row) for row in changes)
    left = [
        text
        for text in read_rest(walk.page)
        if text not in known
        and not text.startswith(beginnings)
        and not (sentences and text.endswith(sentences))
        and " reports" not in text
        and not text.endswith("enough of them to be ranked.")
        and not (walk.level == 2 and "on last year" in text)
    ]
    assert left == []
