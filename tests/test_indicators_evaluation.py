"""What an evaluation is made of: periods, members with their changes, scores part by part, verdicts on pilots."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from governance.indicators.comparing import compare_periods
from governance.indicators.composite import score_composite
from governance.indicators.evaluation import (
    Assessment,
    Term,
    add_changes,
    ask_changes,
    ask_members,
    ask_standing,
    explain_scores,
    judge_effect,
    list_pilots,
    list_rated,
    list_terms,
    order_standing,
    put_in_order,
    spread_members,
    sum_members,
)
from governance.indicators.leagues import rank_league
from governance.indicators.registry import load_registry
from tests.evaluation_city import open_evaluated, open_rich
from tests.tiny_counts import local, make_case

FEBRUARY = Term("month", date(2025, 2, 1), date(2025, 3, 1), is_running=False)


@pytest.fixture(scope="module")
def city():
    return open_rich()


def test_the_running_period_ends_with_the_last_complete_day(city):
    running, last, *_ = list_terms(city, "month", by="department")
    assert running == Term("month", date(2025, 3, 1), date(2025, 3, 16), is_running=True)
    assert (last, running.last_day) == (FEBRUARY, date(2025, 3, 15))
    assert [term.since.year for term in list_terms(city, "year", by="level_1_id")] == [2025, 2024, 2023]
    quarters = list_terms(city, "quarter", by="department")
    assert [str(term.since) for term in quarters[:2]] == ["2025-01-01", "2024-10-01"]
    assert len(quarters) == 7


def test_towns_are_offered_complete_periods_only(city):
    assert list_terms(city, "month", by="level_2_id")[0] == FEBRUARY
    assert [term.since.year for term in list_terms(city, "year", by="level_2_id")] == [2024, 2023]


def test_on_the_first_of_a_month_no_day_of_it_is_running_and_without_cases_there_is_no_period():
    as_of = local("2025-03-01T09:00:00")
    city = open_evaluated([make_case(local("2025-02-10T10:00:00"), as_of=as_of, incident_id="A")], as_of=as_of)
    assert list_terms(city, "month", by="department") == (FEBRUARY,)
    assert list_terms(open_evaluated([]), "month", by="department") == ()


def test_whoever_is_rated_has_a_better_direction():
    registry = load_registry()
    assert {"on_time_closing_rate", "holding_hours", "recurrence_rate", "bounce_rate"} <= set(list_rated())
    assert {registry.find(name).kind for name in list_rated()} == {"share", "mean"}


@pytest.mark.parametrize("by", ["department", "level_1_id", "level_2_id"])
@pytest.mark.parametrize("cohort", ["due", "reported"])
def test_members_and_all_together_are_those_of_the_registry(city, by, cohort):
    district = "H" if by == "level_2_id" else None
    asked = Assessment(by, FEBRUARY, cohort, 20, "rental", district)
    cut = {"since": date(2025, 2, 1), "until": date(2025, 3, 1), "cohort": cohort, "scenario": "rental"}
    expected = city.indicators(by=by, **cut, level_1_id=district, minimum_volume=20)
    expected = expected[expected["variant"] == "main"].reset_index(drop=True)
    pd.testing.assert_frame_equal(ask_members(city, asked), expected)
    together = city.indicators(**cut, level_1_id=district).query("variant == 'main'").set_index("indicator")
    facts = ["numerator", "denominator", "value", "low", "high"]
    for indicator in set(list_rated()) & set(expected["indicator"]):
        whole = sum_members(ask_members(city, asked), indicator)
        assert whole[facts].astype(float).to_numpy() == pytest.approx(
            together.loc[[indicator], facts].astype(float).to_numpy(), nan_ok=True
        )
    assert together.loc["rework_rate", "denominator"] > 0


def test_a_change_is_in_points_for_shares_and_in_hours_for_holding(city):
    asked = Assessment("department", FEBRUARY)
    found = ask_changes(city, asked, "year").set_index(["department", "indicator"])["shown_change"]
    rows = compare_periods(city, day=date(2025, 2, 1), by="department", indicators=["closing_rate"])
    expected = rows.set_index("department")["change_points"]
    assert found.xs("closing_rate", level="indicator").to_dict() == pytest.approx(expected.to_dict(), nan_ok=True)
    # February 2024 had a leap day, so what is counted by month only is not there; January 2025 against 2024 is.
    assert "holding_hours" not in found.index.get_level_values("indicator")
    january = Assessment("department", Term("month", date(2025, 1, 1), date(2025, 2, 1), is_running=False))
    hours = ask_changes(city, january, "year").set_index(["department", "indicator"])
    rows = compare_periods(city, day=date(2025, 1, 1), by="department", indicators=["holding_hours"])
    assert hours.loc[("fire", "holding_hours"), "shown_change"] == rows.set_index("department").loc["fire", "change"]
    assert hours.loc[("fire", "holding_hours"), "base_last_day"] == date(2024, 1, 31)


@pytest.mark.parametrize("by", ["department", "level_1_id", "level_2_id"])
@pytest.mark.parametrize("period", ["month", "quarter", "year"])
def test_what_is_asked_once_is_what_is_asked_apart(city, by, period):
    """Also of the running period, and of a longer month against a shorter one, whose days are cut."""
    for term in list_terms(city, period, by=by)[:3]:
        asked = Assessment(by, term)
        standing = ask_standing(city, asked)
        pd.testing.assert_frame_equal(standing.members, ask_members(city, asked))
        for against, changes in standing.changes.items():
            apart = ask_changes(city, asked, against)
            pd.testing.assert_frame_equal(changes, apart, check_dtype=len(changes) > 0)


def test_changes_find_their_member_and_indicator_whatever_the_order(city):
    asked = Assessment("department", FEBRUARY)
    changes = {"year": ask_changes(city, asked, "year")}
    members = ask_members(city, asked)
    told = add_changes(members.sample(frac=1, random_state=3), changes, by="department")
    both = told.merge(changes["year"], on=["department", "indicator"])
    assert both["year_change"].to_numpy() == pytest.approx(both["shown_change"].to_numpy(), nan_ok=True)
    assert told.loc[told["indicator"] == "holding_hours", "year_change"].isna().all()


def test_members_side_by_side_keep_every_value_and_the_order_asked_for(city):
    rows = ask_members(city, Assessment("department", FEBRUARY))
    spread = spread_members(put_in_order(rows, "department", ["housing", "fire"]), "department")
    assert spread["department"].tolist()[:2] == ["housing", "fire"]
    assert set(spread["department"]) == set(rows["department"])
    for row in rows.to_dict("records"):
        line = spread[spread["department"] == row["department"]].iloc[0]
        assert line[row["indicator"]] == pytest.approx(row["value"], nan_ok=True)


def test_a_league_is_all_of_a_standing_in_the_order_of_one_indicator(city):
    standing = ask_standing(city, Assessment("department", FEBRUARY))
    for indicator in ("on_time_disposal_rate", "rework_rate"):
        league = order_standing(standing, indicator, by="department")
        whole = standing.members[standing.members["indicator"] == indicator]
        assert league.whole["numerator"] == whole["numerator"].sum()
        assert set(league.rows["indicator"]) == {indicator}
        order = league.rows["department"].tolist()
        assert sorted(order) == sorted(whole["department"])
        assert list(dict.fromkeys(league.members["department"])) == league.spread["department"].tolist()
        assert league.spread["department"].tolist()[: len(order)] == order
        assert len(league.members) == len(standing.members)
        assert {"year_change", "previous_change"} <= set(league.rows) & set(league.members)


def test_the_parts_add_up_to_the_score_of_the_registry_and_rank_as_it_does(city):
    rows = ask_members(city, Assessment("level_1_id", FEBRUARY))
    usual = explain_scores(rows, load_registry().composite, by="level_1_id")
    points = usual[[name for name in usual if name.startswith("points_")]].sum(axis=1, skipna=False)
    assert points.to_numpy() == pytest.approx(usual["score"].to_numpy(), nan_ok=True)
    expected = score_composite(rows).set_index("level_1_id")["score"]
    assert usual.set_index("level_1_id")["score"].to_dict() == pytest.approx(expected.to_dict(), nan_ok=True)
    league = rank_league(city, "composite_score", by="level_1_id", since=date(2025, 2, 1), until=date(2025, 3, 1))
    assert usual["level_1_id"].tolist() == league["level_1_id"].tolist()
    assert usual["rank"].tolist()[:2] == league["rank"].tolist()[:2] == [1, 2]


def test_other_weights_give_another_score_by_hand():
    facts = {"variant": "main", "cohort": "due", "low": 0.0, "high": 1.0, "has_volume": True, "denominator": 40}
    values = {"a": (0.9, 0.2), "b": (0.5, 0.0), "c": (0.9, None), "~none": (1.0, 0.0)}
    rows = pd.DataFrame(
        [
            {"department": department, "indicator": indicator, "value": value, "numerator": 1.0, **facts}
            for department, pair in values.items()
            for indicator, value in zip(("closing_rate", "rework_rate"), pair, strict=True)
        ]
    )
    scores = explain_scores(rows, {"closing_rate": 10.0, "rework_rate": 30.0}, by="department")
    # a: 9 + 24 = 33; b: 5 + 30 = 35; c has no rework rate; whoever has no department is not ranked
    assert scores["department"].tolist() == ["b", "a", "~none", "c"]
    assert scores["score"].tolist()[:3] == pytest.approx([35, 33, 40])
    assert scores["rank"].tolist()[:2] == [1, 2]
    assert scores["rank"].isna().tolist() == [False, False, True, True]
    assert scores["points_rework_rate"].tolist()[:2] == pytest.approx([30, 24])
    assert scores["out_of"].tolist() == [40] * 4


def test_the_pilots_of_the_profile_are_known_and_older_snapshots_have_none(city):
    assert list_pilots(city) == (("rental", "H", date(2024, 9, 2)),)
    city.manifest["city"].pop("pilots")
    assert list_pilots(city) == ()


@pytest.mark.parametrize(
    ("low", "high", "direction", "verdict"),
    [
        (0.1, 0.2, "higher", "better"), (-0.2, -0.1, "higher", "worse"), (0.1, 0.2, "lower", "worse"),
        (-0.2, -0.1, "lower", "better"), (0.1, 0.2, "none", "more"), (-0.2, -0.1, "none", "less"),
        (-0.1, 0.2, "higher", "unclear"), (0.0, 0.2, "higher", "unclear"), (float("nan"), 0.2, "none", "unclear"),
    ],
)  # fmt: skip
def test_an_effect_is_called_one_only_if_its_interval_leaves_out_zero(low, high, direction, verdict):
    assert judge_effect({"effect": (low + high) / 2, "low": low, "high": high}, direction=direction) == verdict
