"""The composite score with weights that a visitor may change: rank, score, and the points that every part gives."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from governance.indicators.evaluation import Assessment, ask_members, explain_scores
from governance.indicators.registry import load_registry
from governance.ui import parts
from governance.ui.address import keep_choice, read_choice
from governance.ui.pages.evaluation_choices import name_term
from governance.ui.pages.evaluation_league import name_by, show_listing, tell_why
from governance.ui.pages.evaluation_words import (
    add_member_names,
    name_of_indicator,
    offer_download,
    show_meaning,
)
from governance.ui.view import View

_HEAVIEST = 1000.0


def show_scores(view: View, asked: Assessment) -> None:
    """The weights, the order by score, whoever has no rank, and what each part means."""
    weights = _choose_weights(view)
    members = view.once(ask_members, asked)
    missing = set(weights) - set(members["indicator"])
    if not weights or missing:
        title, text = ("no_weights_title", "no_weights_text") if not weights else ("no_cases_title", "no_cases_text")
        parts.show_state(view.say(f"evaluation.{title}"), view.say(f"evaluation.{text}"))
        return
    scores = add_member_names(view, explain_scores(members, weights, by=asked.by), asked.by)
    parts.show_title(
        view.say("evaluation.score_of", term=name_term(view, asked.term)), view.say("evaluation.score_note")
    )
    _show_ranked(view, asked, scores[scores["rank"].notna()], weights)
    _show_unranked(view, asked, scores[scores["rank"].isna()], weights)
    show_meaning(view, ["composite_score", *weights], weights=weights)
    offer_download(view, asked)


def read_weights(text: str) -> dict[str, float] | None:
    """The weights that an address holds, in the registry's order; None unless it is one number from 0 up for each."""
    ids, words = list(load_registry().composite), text.split(",")
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        return None
    if len(numbers) != len(ids) or not all(math.isfinite(number) and 0 <= number <= _HEAVIEST for number in numbers):
        return None
    return dict(zip(ids, numbers, strict=True))


def _choose_weights(view: View) -> dict[str, float]:
    """The weights above 0; a part that weighs nothing is no part."""
    usual, text = load_registry().composite, read_choice("weights")
    asked = read_weights(text) if text else usual
    if asked is None:
        parts.show_banner(view.say("evaluation.bad_weights"))
    weights = usual if asked is None else asked
    for column, (indicator, weight) in zip(st.columns(len(usual) + 1), weights.items(), strict=False):
        st.session_state[_key(indicator)] = float(weight)
        column.number_input(
            parts.escape_markdown(name_of_indicator(view, indicator)),
            min_value=0.0,
            max_value=_HEAVIEST,
            step=5.0,
            format="%g",
            key=_key(indicator),
            on_change=_keep_weights,
        )
    total = view.decimal(sum(weights.values()), digits=0 if all(w == int(w) for w in weights.values()) else 1)
    parts.show_note(view.say("evaluation.sum_of_weights", total=total))
    return {indicator: weight for indicator, weight in weights.items() if weight > 0}


def _key(indicator: str) -> str:
    return f"weight_{indicator}"


def _keep_weights() -> None:
    usual = load_registry().composite
    chosen = {indicator: float(st.session_state[_key(indicator)] or 0) for indicator in usual}
    keep_choice("weights", "" if chosen == usual else ",".join(f"{weight:g}" for weight in chosen.values()))


def _show_ranked(view: View, asked: Assessment, scores: pd.DataFrame, weights: dict[str, float]) -> None:
    if scores.empty:
        parts.show_note(view.say("evaluation.nobody_ranked", cases=view.count(asked.minimum_volume)))
        return
    columns: dict[str, Any] = {
        "rank": st.column_config.NumberColumn(view.say("column.rank"), format="%d", width="small"),
        "name": st.column_config.TextColumn(name_by(view, asked)),
        "score": st.column_config.ProgressColumn(
            view.say("evaluation.score"),
            help=view.say("evaluation.out_of", total=view.decimal(scores["out_of"].iloc[0])),
            format="%.1f",
            min_value=0,
            max_value=float(scores["out_of"].iloc[0]),
            color="primary",
        ),
    }
    for indicator, weight in weights.items():
        columns[f"points_{indicator}"] = st.column_config.NumberColumn(
            _name_part(view, indicator, weight), format="%.1f"
        )
    show_listing(scores, columns, key="scores")


def _show_unranked(view: View, asked: Assessment, scores: pd.DataFrame, weights: dict[str, float]) -> None:
    if scores.empty:
        return
    parts.show_title(view.say("evaluation.unranked"), view.say("evaluation.unranked_score_note"))
    numbers = ["score", *(f"points_{indicator}" for indicator in weights)]
    titles = [view.say("evaluation.score"), *(_name_part(view, name, weight) for name, weight in weights.items())]
    columns = [
        parts.Column(name_by(view, asked)),
        *(parts.Column(title, is_number=True) for title in titles),
        parts.Column(view.say("evaluation.why"), is_wide=True),
    ]
    parts.show_table(
        columns,
        [
            (row["name"], *(view.decimal(row[number]) for number in numbers), _tell_why(view, asked, row))
            for row in scores.to_dict("records")
        ],
    )


def _tell_why(view: View, asked: Assessment, row: dict[str, Any]) -> str:
    is_blank = row["score"] != row["score"]  # noqa: PLR0124  only NaN differs from itself
    return view.say("evaluation.no_score") if is_blank else tell_why(view, asked, row)


def _name_part(view: View, indicator: str, weight: float) -> str:
    name, is_lower = name_of_indicator(view, indicator), load_registry().find(indicator).direction == "lower"
    return view.say(
        "evaluation.part_lower" if is_lower else "evaluation.part_higher", name=name, weight=view.number(weight)
    )
