"""The numbers of the evaluation page that stand outside its large tables, walked against the registry.

| part | numbers | told by |
| --- | --- | --- |
| league: headlines | all together with interval and counts, ranked of all, better, worse | registry without `by` |
| league: chart | value and interval of every member, the line of all together | registry |
| league: unranked | value with interval, counts | registry |
| league: notes | the days of both comparisons, the volume that is missing | windows by hand |
| score | sum of the weights; score, points and rank of the ranked and the unranked | shares, weighed by hand |
| pilot: headlines | cases and their change, rate with counts, points, relative change | `report_pilot` |
| pilot: sentences | effect and placebo with their intervals, days of both | `compare_with_control` |

`test_ui_evaluation` walks the large tables, both checks of the pilot and the download.
"""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from governance.city import City
from governance.indicators import compare_with_control, rank_league, report_pilot
from governance.indicators.naming import name_indicator
from governance.indicators.registry import load_registry
from governance.ui import language
from governance.ui.view import View
from tests.evaluation_city import open_rich
from tests.pages import list_figures, read_charts, read_frame, read_rest, read_tables
from tests.spelling import count, decimal, hours, say, share
from tests.test_ui_evaluation import CHOICES, FEBRUARY, open_page

PARTS = {
    "disposal_rate": 1,
    "on_time_disposal_rate": 1,
    "rework_rate": -1,
    "overdue_open_rate": -1,
    "extension_rate": -1,
}


@pytest.fixture(scope="module")
def city() -> City:
    return open_rich()


def spell(row: dict, kind: str) -> str:
    if kind == "mean":
        return hours(row["value"])
    return language.format_interval("en", row["value"], row["low"], row["high"])


def spell_basis(row: dict, kind: str) -> str:
    if kind == "mean":
        return say("evaluation.hours_of", hours=decimal(row["numerator"]), stretches=count(row["denominator"]))
    return say("evaluation.part_of", part=count(row["numerator"]), cases=count(row["denominator"]))


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice["indicator"])
def test_headlines_chart_and_unranked_members_of_the_league(city: City, choice: dict) -> None:
    indicator, by, (since, until) = choice["indicator"], choice["by"], choice["span"]
    at, kind = open_page(city, **choice["asked"]), load_registry().find(indicator).kind
    league = rank_league(city, indicator, by=by, since=since, until=until, **choice["cut"])
    whole = city.indicators([indicator], since=since, until=until, **choice["cut"]).query("variant == 'main'")
    whole = whole.to_dict("records")[0]
    basis = spell_basis(whole, kind)
    if kind == "share":
        ends = {end: share(whole[end], 1) for end in ("low", "high")}
        basis = say("evaluation.with_interval", **ends, basis=basis)
    ranked = league[league["rank"].notna()]
    together = choice["cut"].get("level_1_id")
    place = {"J": "Jiangbei"}.get(together, View(city, "en").city_name)
    value = hours(whole["value"]) if kind == "mean" else share(whole["value"], 1)
    members = say("evaluation.of_members", members=count(len(league)))
    expected = [
        (say("evaluation.all_of", name=place), value, basis),
        (say("evaluation.ranked"), count(len(ranked)), members),
    ]
    if kind == "share":
        told = {side: count((ranked["beyond"] == side).sum()) for side in ("better", "worse")}
        expected += [(say(f"evaluation.{side}"), told[side], say("evaluation.beyond")) for side in told]
    assert list_figures(at) == expected

    known = league[league["value"].notna()]
    drawn = [part for chart in read_charts(at) for part in chart]
    (members_drawn,) = [part for part in drawn if "value" in part]
    numbers = ["value", "low", "high"]
    assert members_drawn[numbers].to_numpy(float) == pytest.approx(known[numbers].to_numpy(float), nan_ok=True)
    assert members_drawn["is_ranked"].tolist() == known["rank"].notna().tolist()
    assert [part["whole"].iloc[0] for part in drawn if "whole" in part] == pytest.approx([whole["value"]])

    unranked = [(spell(row, kind), spell_basis(row, kind)) for row in league[league["rank"].isna()].to_dict("records")]
    tables = [table[1:] for table in read_tables(at) if table[0][-1] == say("evaluation.why")]
    assert [tuple(row[1:3]) for table in tables for row in table] == unranked
    volume = count(choice["cut"].get("minimum_volume", load_registry().minimum_volume))
    told = {row[3] for table in tables for row in table}
    assert told <= {say("evaluation.no_member"), say("evaluation.few_cases", cases=volume)}


@pytest.mark.parametrize(
    ("asked", "year", "previous"),
    [
        # February against the same days a year before, which had a leap day, and against January's first 28
        ({}, ("2025-02-01", "2025-02-28", "2024-02-01", "2024-02-29", 28), ("2025-01-01", "2025-01-28", 28)),
        ({"begins": "2025-03-01"}, ("2025-03-01", "2025-03-15", "2024-03-01", "2024-03-15", 15),
         ("2025-02-01", "2025-02-15", 15)),
        ({"period": "quarter", "begins": "2024-10-01"}, ("2024-10-01", "2024-12-31", "2023-10-01", "2023-12-31", 92),
         ("2024-07-01", "2024-09-30", 92)),
    ],
)  # fmt: skip
def test_the_days_of_both_comparisons(city: City, asked: dict, year: tuple, previous: tuple) -> None:
    *ends, days = year
    now, base = spell_span(*ends[:2]), spell_span(*ends[2:])
    told = say("evaluation.leap" if ends[3].endswith("-29") else "evaluation.days", days=days)
    # both have as many days: a shorter base leaves out the last ones of the longer period
    first, length = date.fromisoformat(ends[0]), previous[2]
    current, before = spell_span(ends[0], str(first + timedelta(days=length - 1))), spell_span(*previous[:2])
    equal = say("evaluation.days", days=length)
    rest = read_rest(open_page(city, **asked))
    assert say("evaluation.year_days", now=now, base=base, days=told) in rest
    assert say("evaluation.previous_days", now=current, base=before, days=equal) in rest


def spell_span(first: str, last: str) -> str:
    return "–".join(language.format_date("en", date.fromisoformat(day)) for day in (first, last))


@pytest.mark.parametrize("weights", ["", "5,20,45,20,10"])
def test_scores_of_ranked_and_unranked_members_are_the_weighed_shares(city: City, weights: str) -> None:
    at = open_page(city, part="score", **({"weights": weights} if weights else {}))
    points = dict(zip(PARTS, map(float, (weights or "30,20,20,20,10").split(",")), strict=True))
    rows = city.indicators(list(PARTS), by="department", since=FEBRUARY[0], until=FEBRUARY[1])
    rows = rows[rows["variant"] == "main"]
    shares = rows.pivot_table(index="department", columns="indicator", values="value", dropna=False)
    given = pd.DataFrame(
        {name: points[name] * (shares[name] if sign > 0 else 1 - shares[name]) for name, sign in PARTS.items()}
    )
    scores = given.sum(axis=1, skipna=False)
    volume = rows.groupby("department")["denominator"].min() >= load_registry().minimum_volume
    is_ranked = volume & ~scores.index.str.startswith("~")
    assert say("evaluation.sum_of_weights", total=count(sum(points.values()))) in read_rest(at)
    order = scores[is_ranked].sort_values(ascending=False)
    shown = read_frame(at, "score")
    assert shown["rank"].tolist() == list(range(1, len(order) + 1))
    assert shown["score"].to_numpy(float) == pytest.approx(order.to_numpy())
    parts = shown[[f"points_{name}" for name in PARTS]].to_numpy(float)
    assert parts == pytest.approx(given.loc[order.index].to_numpy())
    (table,) = [table[1:] for table in read_tables(at) if table[0][-1] == say("evaluation.why")]
    left = scores[~is_ranked].index
    expected = [[decimal(scores[name]), *(decimal(x) for x in given.loc[name])] for name in left]
    assert sorted(row[1:-1] for row in table) == sorted(expected)
    assert len(expected) == 2


@pytest.mark.parametrize("free", [False, True])
def test_headlines_and_sentences_of_the_pilot(city: City, free: bool) -> None:
    chosen = {"pilot": "~free", "scenario": "lane", "district": "J", "since": "2024-10-07"} if free else {}
    scenario, district, since = ("lane", "J", date(2024, 10, 7)) if free else ("rental", "H", date(2024, 9, 2))
    at = open_page(city, part="pilot", **chosen)
    report = report_pilot(city, scenario, district, pilot_from=since)
    report = report[report["variant"] == "main"].set_index("indicator")
    cases, rate = report.loc["registered_cases"], report.loc["rectification_rate"]
    names = [name_indicator(name, language="en") for name in ("registered_cases", "rectification_rate")]
    change = language.format_change
    yoy = say("pilot.yoy", change=change("en", cases["relative"]), last=count(cases["base_value"]))
    parts = say("evaluation.part_of", part=count(rate["numerator"]), cases=count(rate["denominator"]))
    base = say("pilot.from_value", value=share(rate["base_numerator"], rate["base_denominator"]))
    points = language.format_points("en", 100 * (rate["value"] - rate["base_value"]))
    assert list_figures(at) == [
        (names[0], count(cases["value"]), yoy),
        (names[1], share(rate["numerator"], rate["denominator"]), parts),
        (say("pilot.in_points"), points, base),
        (say("pilot.relative"), change("en", rate["value"] / rate["base_value"] - 1), say("pilot.relative_note")),
    ]
    rest, spell_day = read_rest(at), View(city, "en").date
    spans = []
    for indicator, name in (("rectification_rate", names[1]), ("registered_cases", names[0])):
        effect, placebo = compare_with_control(city, scenario, district, pilot_from=since, indicator=indicator).to_dict(
            "records"
        )
        (sentence,) = [text for text in rest if text.startswith(f"{name}: ")]
        for row in (effect, placebo):
            assert tell_effect(row) in sentence
            days = [
                spell_span(str(row[f"{base}since"]), str(row[f"{base}until"] - timedelta(days=1)))
                for base in ("", "base_")
            ]
            spans.append(dict(zip(("now", "base"), days, strict=True)))
    assert say("pilot.effect_days", **spans[0]) in rest
    assert say("pilot.placebo_days", **spans[1]) in rest
    assert say("pilot.report", day=spell_day(since)) in rest
    span = report.iloc[0]
    now, before = (
        spell_span(str(span[f"{base}since"]), str(span[f"{base}until"] - timedelta(days=1))) for base in ("", "base_")
    )
    (told,) = [text for text in rest if text.startswith("Cases reported ")]
    assert told.startswith(f"Cases reported {now}, against {before}; {span['days']} days")
    # nothing else: title, days, effect, placebo, and one sentence for each measure
    assert len(rest) == 6


def tell_effect(row: dict) -> str:
    points = row["scale"] == "points"
    spelled = [
        language.format_points("en", 100 * row[name]) if points else language.format_change("en", row[name])
        for name in ("effect", "low", "high")
    ]
    value = say("unit.points", value=spelled[0]) if points else spelled[0]
    return say("pilot.interval", value=value, low=spelled[1], high=spelled[2])
