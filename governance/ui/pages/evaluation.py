"""The page of evaluation: who does how well, by which score, and what a pilot has changed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from governance.indicators.evaluation import Assessment, list_terms
from governance.ui import parts
from governance.ui.address import keep_widget, read_choice
from governance.ui.pages.evaluation_choices import choose_assessment
from governance.ui.pages.evaluation_league import show_league
from governance.ui.pages.evaluation_pilot import show_pilot
from governance.ui.pages.evaluation_score import show_scores
from governance.ui.view import Answers, View

_COMPARED: dict[str, Callable[[View, Assessment], None]] = {"league": show_league, "score": show_scores}
_PARTS = (*_COMPARED, "pilot")


def show(view: View) -> None:
    """The part that the visitor chose: league table, composite score or pilot report."""
    if not list_terms(Answers(view.city), "year", by="department"):
        parts.show_state(view.say("evaluation.none_title"), view.say("evaluation.none_text"))
        return
    part = _choose_part(view)
    if part == "pilot":
        show_pilot(view)
        return
    asked = choose_assessment(view)
    if asked is None:
        parts.show_state(view.say("evaluation.no_term_title"), view.say("evaluation.no_term_text"))
        return
    _COMPARED[part](view, asked)


def _choose_part(view: View) -> str:
    key, asked = "choose_part_evaluation", read_choice("part")
    part = asked if asked in _PARTS else _PARTS[0]
    st.session_state[key] = part
    st.segmented_control(
        view.say("evaluation.part"),
        _PARTS,
        format_func=lambda name: view.say(f"part.{name}"),
        key=key,
        on_change=keep_widget,
        args=("part", key),
        label_visibility="collapsed",
        required=True,
    )
    return part
