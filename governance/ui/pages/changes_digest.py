"""What changed since the Monday before, in one sentence: for the first glance, above a map or a page."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import parts
from governance.ui.address import keep_choice
from governance.ui.choices import Unit, find_district
from governance.ui.view import View


def show_digest(view: View, scenario: str, unit: Unit) -> None:
    """How many grids turned red and left it in a unit and a scenario, why most did, and a way to the whole list."""
    figures = view.ask_row("change_figures", scenario=scenario, level=unit.level, unit_id=unit.unit_id)
    if figures is None:
        return
    with st.container(horizontal=True, key="digest", vertical_alignment="center", gap="small"):
        parts.show_text(_spell_digest(view, figures))
        if st.button(view.say("digest.all"), key="all_changes", type="tertiary", icon=":material/arrow_forward:"):
            keep_choice("filter", scenario)
            keep_choice("district", find_district(view, unit).unit_id)
            st.switch_page(st.session_state["page_changes"], query_params=dict(st.query_params))


def _spell_digest(view: View, figures: dict[str, Any]) -> str:
    if pd.isna(figures["since_day"]):
        return view.say("digest.young")
    since = view.date(figures["since_day"])
    if not figures["turned_red"] and not figures["left_red"]:
        return view.say("digest.none", since=since)
    return view.say(
        "digest.sentence",
        since=since,
        turned=view.count(figures["turned_red"]),
        turned_why=spell_most(view, figures, "turned_red", "digest.mostly", otherwise=""),
        left=view.count(figures["left_red"]),
        left_why=spell_most(view, figures, "left_red", "digest.mostly", otherwise=""),
    )


def spell_most(view: View, figures: dict[str, Any], direction: str, key: str, *, otherwise: str) -> str:
    """The most frequent reason of a direction with its count, from a row of `ask_ui_change_figures`."""
    if not figures[direction]:
        return otherwise
    why = view.word("why", figures[f"{direction}_reason"])
    return view.say(key, why=why, part=view.count(figures[f"{direction}_most"]), whole=view.count(figures[direction]))
