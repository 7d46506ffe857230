"""The registry: it and the SQL name the same formulas, its document is current, its weights are checked."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from governance.errors import ConfigError
from governance.indicators import load_registry, read_formulas, score_composite
from governance.indicators.documents import write_document
from governance.indicators.intervals import wilson_interval
from governance.indicators.registry import Indicator, Registry

ROOT = Path(__file__).parents[1]
QUESTIONS = ("count", "holding", "recurrence")


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_sql_and_the_registry_name_the_same_formulas(question):
    registered = {
        (entry.id, variant)
        for entry in load_registry().indicators
        if entry.question == question
        for variant in entry.variant_ids
    }
    assert set(read_formulas(question)) == registered


def test_every_formula_stands_on_one_line_and_once():
    for question in QUESTIONS:
        text = (ROOT / "governance" / "sql" / f"ask_indicator_{question}.sql").read_text(encoding="utf-8")
        lines = re.findall(r"^\s+\('(\w+)', '(\w+)',", text, flags=re.MULTILINE)
        assert len(lines) == len(set(lines)) == len(read_formulas(question))


def test_counts_have_no_denominator_and_all_others_have_one():
    for entry in load_registry().indicators:
        for (name, _), (_, denominator) in read_formulas(entry.question).items():
            if name == entry.id:
                assert (denominator == "null") == (entry.kind == "count")


def test_the_document_is_current():
    found = (ROOT / "docs" / "indicators.md").read_text(encoding="utf-8")
    assert found == write_document(), "run: python -m governance indicators --docs > docs/indicators.md"


def test_the_document_shows_every_formula():
    text = write_document()
    assert "`closed / due_to_close`" in text
    assert "`closed_in_limit / (close_limited - open_in_time)`" in text
    assert "30 · disposal_rate" in text
    assert "20 · (1 − rework_rate)" in text


def test_the_registered_weights_are_those_of_jinniu():
    weights = load_registry().composite
    assert list(weights.values()) == [30, 20, 20, 20, 10]
    assert sum(weights.values()) == 100


ENTRY = {
    "id": "x", "name_zh": "甲", "name_en": "A", "kind": "count", "direction": "none", "question": "count",
    "numerator_zh": "子", "numerator_en": "n", "source_zh": "源", "source_en": "s",
}  # fmt: skip


def test_a_share_without_a_denominator_and_an_indicator_that_stands_twice_are_refused():
    with pytest.raises(ValueError, match="says its denominator"):
        Indicator(**{**ENTRY, "kind": "share"})
    whole = {"minimum_volume": 1, "exclusions_zh": "无", "exclusions_en": "none", "composite": {"x": 1}}
    with pytest.raises(ValueError, match="indicators stand twice: x"):
        Registry(**whole, indicators=(ENTRY, ENTRY))


def shares(**values):
    """An answer of one slice per position of the values; each is a share, or None for an empty denominator."""
    rows = [
        {
            "department": f"d{place}", "indicator": name, "variant": "main", "cohort": "due", "numerator": 0.0,
            "denominator": 10, "value": np.nan if value is None else value, "low": 0.0, "high": 1.0,
            "has_volume": place == 0,
        }
        for name, column in values.items()
        for place, value in enumerate(column)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_score_weighs_shares_turns_those_round_that_are_better_low_and_is_blank_with_a_blank_part():
    table = shares(
        disposal_rate=[0.9, 0.5], on_time_disposal_rate=[0.8, 0.5], rework_rate=[0.1, None],
        overdue_open_rate=[0.1, 0.5], extension_rate=[0.05, 0.5],
    )  # fmt: skip
    scored = score_composite(table)
    assert scored["department"].tolist() == ["d0", "d1"]
    assert scored["score"].iloc[0] == pytest.approx(27 + 16 + 18 + 18 + 9.5)
    assert np.isnan(scored["score"].iloc[1])
    assert scored["out_of"].tolist() == [100, 100]
    assert scored["has_volume"].tolist() == [True, False]
    own = score_composite(table, {"disposal_rate": 1, "overdue_open_rate": 3})
    assert own["score"].tolist() == pytest.approx([0.9 + 2.7, 0.5 + 1.5])
    assert own["out_of"].tolist() == [4, 4]


def test_the_score_is_the_same_to_the_last_digit_in_whichever_order_the_rows_come():
    table = shares(
        disposal_rate=[0.914, 0.53], on_time_disposal_rate=[0.83, 0.71], rework_rate=[0.107, 0.33],
        overdue_open_rate=[0.1003, 0.57], extension_rate=[0.0507, 0.59],
    )  # fmt: skip
    scores = [score_composite(table.sample(frac=1, random_state=seed)).sort_values("department") for seed in range(50)]
    assert len({tuple(scored["score"]) for scored in scores}) == 1


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"disposal_rat": 1}, "`disposal_rat` is no indicator; did you mean `disposal_rate`"),
        ({"registered_cases": 1}, "`registered_cases` is no share with a better direction"),
        ({"disposal_rate": 0}, "`disposal_rate` weighs 0; a weight is above 0"),
        ({"disposal_rate": float("nan")}, "a weight is above 0"),
        ({}, "there are none"),
        ({"closing_rate": 5}, "needs closing_rate too; ask for them"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(weights, sentence):
    with pytest.raises(ConfigError, match=sentence):
        score_composite(shares(disposal_rate=[0.9]), weights)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_scipys(pair):
    hits, count = pair
    low, high = wilson_interval([hits], [count])
    expected = binomtest(hits, count).proportion_ci(confidence_level=0.95, method="wilson")
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low[0] <= hits / count <= high[0] <= 1


def test_without_trials_there_is_no_interval():
    low, high = wilson_interval([0, 0, 1], [0, np.nan, 2])
    assert np.isnan(low[:2]).all()
    assert np.isnan(high[:2]).all()
    assert low[2] < 0.5 < high[2]
