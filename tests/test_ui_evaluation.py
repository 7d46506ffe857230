"""The page of evaluation without a browser: every number it shows is that of the registry and of the export."""

from __future__ import annotations

import html
import io
import re
from datetime import date
from typing import Any

import pandas as pd
import pytest
import python_calamine
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from governance.cli import app
from governance.indicators import compare_periods, compare_with_control, rank_league, report_pilot, score_composite
from governance.indicators.evaluation import Assessment, Term, order_standing
from governance.indicators.naming import name_indicator
from governance.indicators.registry import load_registry
from governance.ui import language as words
from governance.ui.city_cache import forget_answers
from governance.ui.pages import evaluation_league
from governance.ui.pages.evaluation_score import read_weights
from governance.ui.pages.evaluation_words import make_file
from governance.ui.view import View
from tests.evaluation_city import HOSTILE, PILOT, open_evaluated, open_rich, show

FEBRUARY = (date(2025, 2, 1), date(2025, 3, 1))
MISSING = words.MISSING


@pytest.fixture(scope="module")
def city():
    return open_rich()


PAGE = """
from governance.ui.address import follow_address
from governance.ui.pages import evaluation
from governance.ui.view import View
from tests.evaluation_city import get_shown

follow_address("evaluation")
evaluation.show(View(get_shown(), "{language}"))
"""


def open_page(city, spoken: str = "en", **choices: str) -> AppTest:
    show(city)
    at = AppTest.from_string(PAGE.format(language=spoken), default_timeout=60)
    for name, value in choices.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return at


def read_texts(at: AppTest) -> str:
    """All that the page shows as HTML, as plain text."""
    bodies = [element.proto.body for element in at.get("html")]
    return html.unescape(re.sub(r"<[^>]+>", " ", " ".join(bodies)))


def read_table(at: AppTest, title: str) -> list[list[str]]:
    """The rows of the small table whose head holds a title."""
    found = [e.proto.body for e in at.get("html") if "<table" in e.proto.body and html.escape(title) in e.proto.body]
    assert len(found) == 1, title
    rows = re.findall(r"<tr>(.*?)</tr>", found[0])
    return [[html.unescape(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)] for row in rows]


def find_frame(at: AppTest, column: str) -> Any:
    """The large table that has a column, or None."""
    return next((found for found in at.dataframe if column in found.value), None)


def read_frame(at: AppTest, column: str) -> pd.DataFrame:
    """What the large table that has a column shows: its columns in their order."""
    element = find_frame(at, column)
    return element.value[[name for name in element.proto.column_order if name in element.value]]


def read_numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)]


def say(key: str, **values: object) -> str:
    return words.say("en", key, **values)


CHOICES = [
    {"asked": {}, "cut": {}, "by": "department", "span": FEBRUARY, "indicator": "on_time_disposal_rate"},
    {
        "asked": {"by": "level_1_id", "cohort": "reported", "begins": "2025-03-01", "indicator": "rework_rate"},
        "cut": {"cohort": "reported"}, "by": "level_1_id", "span": (date(2025, 3, 1), date(2025, 3, 16)),
        "indicator": "rework_rate",
    },
    {
        "asked": {"by": "level_2_id", "district": "J", "period": "year", "filter": "rental", "volume": "1",
                  "indicator": "on_time_closing_rate"},
        "cut": {"level_1_id": "J", "scenario": "rental", "minimum_volume": 1}, "by": "level_2_id", "period": "year",
        "span": (date(2024, 1, 1), date(2025, 1, 1)), "indicator": "on_time_closing_rate",
    },
    {
        "asked": {"period": "quarter", "begins": "2024-07-01", "volume": "500", "indicator": "holding_hours"},
        "cut": {"minimum_volume": 500}, "by": "department", "period": "quarter",
        "span": (date(2024, 7, 1), date(2024, 10, 1)), "indicator": "holding_hours",
    },
    {
        "asked": {"period": "quarter", "begins": "2024-10-01", "filter": "~unmapped", "indicator": "bounce_rate"},
        "cut": {"scenario": "~unmapped"}, "by": "department", "period": "quarter",
        "span": (date(2024, 10, 1), date(2025, 1, 1)), "indicator": "bounce_rate",
    },
]  # fmt: skip


def compare(city, choice: dict, against: str) -> pd.DataFrame:
    cut = {name: value for name, value in choice["cut"].items() if name != "minimum_volume"}
    rows = compare_periods(
        city, period=choice.get("period", "month"), day=choice["span"][0], against=against, by=choice["by"], **cut
    )
    rows = rows[(rows["variant"] == "main") & (rows["indicator"] == choice["indicator"])].set_index(choice["by"])
    return rows["change_points"].fillna(rows["change"])


@pytest.mark.parametrize("spoken", ["en", "zh"])
@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice["indicator"])
def test_every_number_of_the_league_is_the_registrys(city, choice, spoken):
    since, until = choice["span"]
    at = open_page(city, spoken, **choice["asked"])
    expected = rank_league(city, choice["indicator"], by=choice["by"], since=since, until=until, **choice["cut"])
    ranked = expected[expected["rank"].notna()].reset_index(drop=True)
    kind = load_registry().find(choice["indicator"]).kind
    if ranked.empty:
        assert find_frame(at, "shown_value") is None
    else:
        shown = read_frame(at, "shown_value")
        columns = ["rank", "name", "shown_value", "denominator", "year_change", "previous_change"]
        assert list(shown) == [*columns, *(["against_all"] if kind == "share" else [])]
        assert shown["rank"].tolist() == ranked["rank"].tolist()
        assert shown["denominator"].tolist() == ranked["denominator"].tolist()
        for told, row in zip(shown["shown_value"], ranked.to_dict("records"), strict=True):
            numbers = [row["value"]] if kind == "mean" else [100 * row[name] for name in ("value", "low", "high")]
            assert read_numbers(told.replace("–", " ")) == pytest.approx(numbers, abs=0.0501)
        for against in ("year", "previous"):
            changes = compare(city, choice, against).reindex(ranked[choice["by"]])
            assert shown[f"{against}_change"].to_numpy(float) == pytest.approx(changes.to_numpy(float), nan_ok=True)
        words_of = {"better": "beyond.better", "worse": "beyond.worse", "": "beyond.unclear"}
        if kind == "share":
            assert shown["against_all"].tolist() == [words.say(spoken, words_of[word]) for word in ranked["beyond"]]
    unranked = expected[expected["rank"].isna()]
    if len(unranked):
        table = read_table(at, words.say(spoken, "evaluation.why"))[1:]
        # "45 of 50 cases", but "50 件中的 45 件"; hours come with one digit
        order = ["numerator", "denominator"] if spoken == "en" else ["denominator", "numerator"]
        told = [pytest.approx(list(pair), abs=0.0501) for pair in unranked[order].astype(float).to_numpy()]
        assert [read_numbers(row[2]) for row in table] == told


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice["indicator"])
def test_all_indicators_and_all_together_are_the_registrys(city, choice):
    since, until = choice["span"]
    at = open_page(city, **choice["asked"])
    cut = {"since": since, "until": until, **choice["cut"]}
    rows = city.indicators(by=choice["by"], **cut)
    rows = rows[(rows["variant"] == "main")].set_index([choice["by"], "indicator"])
    spread = read_frame(at, "rework_rate_cases")
    order = [name for name in list(spread) if not name.endswith("_cases") and name != "name"]
    assert {"rework_rate", "closing_rate", choice["indicator"]} <= set(order)
    members = find_frame(at, "rework_rate_cases").value[choice["by"]].tolist()
    assert set(members) == set(rows.index.get_level_values(0))
    for indicator in order:
        found = rows.xs(indicator, level="indicator").reindex(members)
        assert spread[indicator].to_numpy(float) == pytest.approx(found["value"].to_numpy(float), nan_ok=True)
        told = spread[f"{indicator}_cases"].astype(float).to_numpy()
        assert told == pytest.approx(found["denominator"].astype(float).to_numpy(), nan_ok=True)
    whole = city.indicators([choice["indicator"]], **cut)
    (figures,) = [found.proto.body for found in at.get("html") if "g-figures" in found.proto.body]
    value = whole["value"].iloc[0] if choice["indicator"] == "holding_hours" else 100 * whole["value"].iloc[0]
    (first, *_rest) = re.findall(r"<b>(.*?)</b>", figures)
    assert read_numbers(first) == pytest.approx([value], abs=0.0501)


def test_a_league_is_put_in_order_once_and_anew_for_another_indicator(city, monkeypatch):
    ordered = []

    def count(standing, indicator, *, by):
        ordered.append(indicator)
        return order_standing(standing, indicator, by=by)

    forget_answers()
    monkeypatch.setattr(evaluation_league, "order_standing", count)
    for indicator in ("rework_rate", "rework_rate", "overdue_open_rate"):
        open_page(city, indicator=indicator)
    assert ordered == ["rework_rate", "overdue_open_rate"]


def test_one_member_closely_has_every_indicator_with_its_changes(city):
    at = open_page(city, member="fire", filter="rental")
    rows = city.indicators(by="department", since=FEBRUARY[0], until=FEBRUARY[1], scenario="rental", department="fire")
    rows = rows[rows["variant"] == "main"].set_index("indicator")
    changes = {
        against: compare_periods(city, day=FEBRUARY[0], against=against, by="department", scenario="rental")
        .query("department == 'fire' and variant == 'main'")
        .set_index("indicator")
        for against in ("year", "previous")
    }
    table = read_table(at, say("evaluation.year_change"))[1:]
    names = {name_indicator(id_, language="en"): id_ for id_ in rows.index}
    assert {"Rework rate", "Recurrence rate", "Mean holding time"} <= {row[0] for row in table}
    for name, value, basis, *told in table[:9]:
        row = rows.loc[names[name]]
        assert read_numbers(value.replace("–", " ")) == pytest.approx(
            [100 * row[n] for n in ("value", "low", "high")], abs=0.0501
        )
        assert read_numbers(basis) == [row["numerator"], row["denominator"]]
        for text, against in zip(told, changes, strict=False):
            assert read_numbers(text) == pytest.approx([changes[against].loc[names[name], "change_points"]], abs=0.0501)


def test_the_days_of_a_comparison_are_told_and_why_there_is_none(city):
    told = read_texts(open_page(city))
    leap = "1 Feb 2025–28 Feb 2025 against 1 Feb 2024–29 Feb 2024, 28 days (29 February left out) each"
    assert leap in told
    assert "against 1 Jan 2025–28 Jan 2025, 28 days each" in told
    running = open_page(city, begins="2025-03-01")
    assert "1 Mar 2025–15 Mar 2025 against 1 Mar 2024–15 Mar 2024, 15 days each" in read_texts(running)
    left_out = "Not shown for a running period, as they are counted by whole weeks and months: "
    assert f"{left_out}Mean holding time; Recurrence rate." in read_texts(running)
    assert left_out not in told
    assert any("running, up to 15 Mar 2025" in option for option in running.selectbox[2].options)
    uncut = read_texts(open_page(city, indicator="recurrence_rate"))
    assert say("evaluation.previous_uncut") in uncut
    first = read_texts(open_page(city, period="year", begins="2023-01-01"))
    assert "no change, as there is no value for 1 Jan 2022" in first
    assert not any("running" in option for option in open_page(city, by="level_2_id").selectbox[2].options)


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice["indicator"])
def test_the_download_is_the_commands_file(city, choice, monkeypatch, tmp_path):
    monkeypatch.setattr("governance.city.open_city", lambda _build_dir: city)
    since, until = choice["span"]
    cut = choice["cut"]
    term = Term(choice.get("period", "month"), since, until, is_running=False)
    asked = Assessment(
        choice["by"], term, cut.get("cohort", "due"), cut.get("minimum_volume"), cut.get("scenario"),
        cut.get("level_1_id"),
    )  # fmt: skip
    options = ["--by", choice["by"], "--since", str(since), "--until", str(until), "--language", "zh"]
    names = {"cohort": "cohort", "minimum_volume": "minimum-volume", "scenario": "scenario", "level_1_id": "district"}
    for name, value in cut.items():
        options += [f"--{names[name]}", str(value)]
    out = tmp_path / "x.csv"
    result = CliRunner().invoke(app, ["export", "indicators", "--out", str(out), *options], catch_exceptions=False)
    assert result.exit_code == 0
    assert make_file(View(city, "zh"), asked, "csv") == out.read_bytes()
    told = pd.read_csv(out)
    expected = city.indicators(by=choice["by"], since=since, until=until, **cut)
    assert told["value"].to_numpy(float) == pytest.approx(expected["value"].to_numpy(float), nan_ok=True)
    assert told["has_volume"].tolist() == expected["has_volume"].tolist()
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(make_file(View(city, "zh"), asked, "xlsx")))
    assert len(book.get_sheet_by_name("indicators").to_python()) == 1 + len(expected)


# The score


def test_the_scores_are_the_registrys_and_other_weights_stand_in_the_address(city):
    at = open_page(city, part="score")
    rows = city.indicators(by="department", since=FEBRUARY[0], until=FEBRUARY[1])
    for weights in (
        load_registry().composite,
        {**load_registry().composite, "disposal_rate": 5.0, "rework_rate": 45.0},
    ):
        shown = read_frame(at, "score")
        expected = score_composite(rows, weights).set_index("department")["score"]
        members = find_frame(at, "score").value["department"]
        assert shown["score"].to_numpy() == pytest.approx(expected.reindex(members).to_numpy())
        assert shown["score"].is_monotonic_decreasing
        parts = shown[[name for name in shown if name.startswith("points_")]]
        assert parts.sum(axis=1).to_numpy() == pytest.approx(shown["score"].to_numpy())
        assert f"{sum(weights.values()):.0f} points" in read_texts(at)
        at.number_input(key="weight_disposal_rate").set_value(5.0)
        at.number_input(key="weight_rework_rate").set_value(45.0).run()
        assert at.query_params["weights"] == "5,20,45,20,10"
        assert not at.exception


def test_a_part_that_weighs_nothing_is_left_out_and_nothing_at_all_is_said(city):
    at = open_page(city, part="score", weights="0,50,0,50,0")
    assert [name for name in read_frame(at, "score") if name.startswith("points_")] == [
        "points_on_time_disposal_rate", "points_overdue_open_rate",
    ]  # fmt: skip
    assert say("evaluation.no_weights_title") in read_texts(open_page(city, part="score", weights="0,0,0,0,0"))


@pytest.mark.parametrize(
    "text", ["1,2,3,4", "1,2,3,4,5,6", "a,1,1,1,1", "nan,1,1,1,1", "-1,1,1,1,1", "inf,1,1,1,1", "1e9,1,1,1,1", "<img>"]
)
def test_weights_that_cannot_be_used_are_told_and_the_usual_ones_taken(city, text):
    assert read_weights(text) is None
    at = open_page(city, part="score", weights=text)
    assert say("evaluation.bad_weights") in read_texts(at)
    assert at.number_input(key="weight_disposal_rate").value == 30


# The pilot


@pytest.mark.parametrize("free", [False, True])
def test_the_pilots_numbers_are_the_registrys(city, free):
    chosen = {"pilot": "~free", "scenario": "lane", "district": "J", "since": "2024-10-07"} if free else {}
    scenario, district, since = ("lane", "J", date(2024, 10, 7)) if free else ("rental", "H", date(2024, 9, 2))
    at = open_page(city, part="pilot", **chosen)
    rows = report_pilot(city, scenario, district, pilot_from=since)
    table = {row[0]: row[1:] for row in read_table(at, say("pilot.before"))[1:]}
    assert len(table) == len(rows) == 3
    for row in rows.to_dict("records"):
        now, before, points, relative = table[name_indicator(row["indicator"], row["variant"], language="en")]
        assert read_numbers(relative) == pytest.approx([100 * row["relative"]], abs=0.0501)
        if row["indicator"] == "registered_cases":
            assert (read_numbers(now), read_numbers(before), points) == ([row["value"]], [row["base_value"]], "")
        else:
            shares = [100 * row[name] for name in ("value", "low", "high")]
            told = [*shares, row["numerator"], row["denominator"]]
            assert read_numbers(now.replace("–", " ")) == pytest.approx(told, abs=0.0501)
            told = [100 * row["base_value"], row["base_numerator"], row["base_denominator"]]
            assert read_numbers(before) == pytest.approx(told, abs=0.0501)
            assert read_numbers(points) == pytest.approx([row["change_points"]], abs=0.0501)
    checks = read_table(at, say("pilot.placebo"))[1:]
    for indicator, line in zip(("rectification_rate", "registered_cases"), checks, strict=True):
        effect, placebo = compare_with_control(
            city, scenario, district, pilot_from=since, indicator=indicator
        ).to_dict("records")  # fmt: skip
        for text, row in ((line[1], effect), (line[5], placebo)):
            assert read_numbers(text) == pytest.approx([100 * row[n] for n in ("effect", "low", "high")], abs=0.0501)
        changes = [100 * effect[name] for name in ("pilot_change", "control_change")]
        assert [read_numbers(text)[0] for text in line[2:4]] == pytest.approx(changes, abs=0.0501)
        assert read_numbers(line[4]) == [effect[n] for n in ("pilot_towns", "control_towns", "left_out")]


def test_what_a_pilot_means_is_one_sentence_for_each_measure_in_both_languages(city):
    for spoken, heads in (("en", ("Rectification rate: ", "Registered cases: ")), ("zh", ("整改率：", "立案数："))):
        at = open_page(city, spoken, part="pilot")
        told = [found.proto.body for found in at.get("html") if "g-text" in found.proto.body]
        assert len(told) == 2
        assert all(head in text for head, text in zip(heads, told, strict=True))
        assert words.say(spoken, "pilot.no_experiment") in read_texts(at)
    assert PILOT["district"] == "H"


def test_a_pilot_that_cannot_be_judged_is_told(city):
    late = read_texts(open_page(city, part="pilot", pilot="~free", since="2025-03-15"))
    assert "against 15 Mar 2024–15 Mar 2024; 1 day each." in late
    assert say("pilot.no_control") in late
    early = read_texts(open_page(city, part="pilot", pilot="~free", since="no day"))
    assert say("pilot.report", day="2 Sept 2024") in early


# Hostile, empty and small cities


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_hostile_names_stay_text_everywhere(city, spoken):
    at = open_page(city, spoken, volume="1", period="year", member=HOSTILE)
    bodies = " ".join(found.proto.body for found in at.get("html"))
    assert "<img" not in bodies
    assert HOSTILE in read_frame(at, "shown_value")["name"].tolist()
    unranked = " ".join(found.proto.body for found in open_page(city, spoken).get("html"))
    assert html.escape(HOSTILE) in unranked
    assert "<img" not in unranked
    asked = Assessment("department", Term("month", *FEBRUARY, is_running=False))
    assert f"'{HOSTILE}".encode() in make_file(View(city, spoken), asked, "csv")


@pytest.mark.parametrize(
    "choices",
    [
        {"by": "nobody", "period": "decade", "begins": "1999-01-01", "cohort": "x", "volume": "-3", "indicator": "<b>"},
        {"volume": "9" * 150, "filter": "<script>", "member": "<script>", "part": "nothing"},
        {"volume": "²"},
        {"part": "pilot", "pilot": "<script>", "scenario": "<b>", "district": "<b>", "since": "0000-99-99"},
    ],
)
def test_an_address_that_asks_for_what_is_not_there_shows_the_usual_page(city, choices):
    at = open_page(city, **choices)
    assert "<script" not in " ".join(found.proto.body for found in at.get("html"))
    if choices.get("part") != "pilot":
        assert read_frame(at, "shown_value")["rank"].tolist() == [1, 2]
        assert at.number_input(key="choose_volume_evaluation").value == 30


@pytest.mark.parametrize("spoken", ["en", "zh"])
@pytest.mark.parametrize("part", ["league", "score", "pilot"])
def test_a_city_without_a_case_says_so(spoken, part):
    at = open_page(open_evaluated([]), spoken, part=part)
    assert words.say(spoken, "evaluation.none_title") in read_texts(at)


@pytest.mark.parametrize("part", ["league", "score"])
def test_a_scenario_without_a_case_in_these_days_says_so(city, part):
    at = open_page(city, part=part, filter="~unmapped", by="level_2_id", begins="2023-09-01")
    lone = open_page(open_rich(grids=[("H", "H1")]), part=part, filter="lane", begins="2023-08-01")
    assert not at.exception
    assert not lone.exception


def test_a_city_of_one_district_has_one_rank_and_no_check_against_others():
    city = open_rich(grids=[("H", "H1"), ("H", "H2")])
    at = open_page(city, by="level_1_id")
    assert read_frame(at, "shown_value")["name"].tolist() == ["Haishu"]
    pilot = read_texts(open_page(city, part="pilot"))
    assert say("pilot.no_control") in pilot
    assert "Registered cases" in pilot


def test_what_an_indicator_means_comes_from_the_registry(city):
    for spoken in ("en", "zh"):
        at = open_page(city, spoken, indicator="rework_rate")
        entry = load_registry().find("rework_rate")
        (row,) = read_table(at, words.say(spoken, "meaning.formula"))[1:]
        told = [getattr(entry, f"{name}_{spoken}") for name in ("numerator", "denominator", "exclusions")]
        assert row[1:5] == ["reworked_due / due_to_close", *told]
        assert row[6] == getattr(entry, f"source_{spoken}")
