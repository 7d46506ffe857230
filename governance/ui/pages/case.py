"""One case: where it stands, who had it how long, every event in order, its limits, and whether the place came back."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import parts
from governance.ui.address import keep_choice, read_choice
from governance.ui.case_chart import show_life
from governance.ui.choices import Unit
from governance.ui.links import name_case, show_link
from governance.ui.pages.case_events import list_events, show_events
from governance.ui.pages.case_facts import show_facts, show_figures
from governance.ui.pages.case_limits import show_limits
from governance.ui.pages.case_stints import name_stints, show_stints
from governance.ui.places import Place, find_holder, show_path
from governance.ui.view import UNMATCHED, View

_SEARCH = "search_case"


def show(view: View) -> None:
    """The search by id, and the case that the address names: `<source>/<id>`, or an id alone."""
    asked = read_choice("case")
    with st.columns([1, 2])[0]:
        st.text_input(
            view.say("case.search"), key=_SEARCH, placeholder=view.say("case.search_hint"), on_change=_keep_search
        )
    if not asked:
        parts.show_state(view.say("case.none_title"), view.say("case.none_text"))
        return
    case = _find_case(view, asked)
    if case is not None:
        _show_case(view, case)


def _keep_search() -> None:
    keep_choice("case", st.session_state[_SEARCH].strip())


def _find_case(view: View, asked: str) -> dict[str, Any] | None:
    """The case; without one, a sentence on what to do, or the choice between sources that use the same id."""
    source, _, incident_id = asked.partition("/")
    case = view.ask_row("case", source=source, incident_id=incident_id)
    if case is not None:
        return case
    found = view.ask("case_sources", incident_id=asked).to_dict("records")
    if len(found) == 1:
        return view.ask_row("case", source=found[0]["source"], incident_id=asked)
    if not found:
        parts.show_state(view.say("case.unknown_title"), view.say("case.unknown_text", case=asked))
        return None
    parts.show_title(view.say("case.several", case=asked), view.say("case.several_note"))
    for row in found:
        label = f"{row['source']} · {view.scenario_name(row['scenario'])} · {view.moment(row['reported_at_utc'])}"
        show_link("case", label, case=name_case(row))
    return None


def _show_case(view: View, case: dict[str, Any]) -> None:
    key = {"source": case["source"], "incident_id": case["incident_id"]}
    placed = {**key, "reported_at_utc": case["reported_at_utc"]}
    show_path(view, _find_place(view, case), case_id=case["incident_id"], on_case=True)
    show_figures(view, case)
    stints = name_stints(view, view.ask("case_stints", **placed))
    events = list_events(view, placed)
    limits = view.ask("case_limits", **placed)
    parts.show_title(view.say("case.life"), view.say("case.life_note"))
    if len(stints):
        show_life(view, stints, events, view.ask("case_pauses", **key), limits)
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        show_events(view, events)
        show_limits(view, limits)
        _show_recurrence(view, key, closed_at_utc=case["closed_at_utc"])
    with right:
        show_stints(view, stints)
        show_facts(view, case)


def _find_place(view: View, case: dict[str, Any]) -> Place:
    if not isinstance(case["grid_id"], str):
        return Place(Unit(1, UNMATCHED, view.say("name.unmatched"), ""))
    return Place(find_holder(view, case), {"grid_id": case["grid_id"]})


def _show_recurrence(view: View, key: dict[str, str], *, closed_at_utc: Any) -> None:
    """Links to the case at the same place that this one followed, and to the one that followed it."""
    closed = None if pd.isna(closed_at_utc) else closed_at_utc
    links = view.ask("case_links", **key, closed_at_utc=closed).to_dict("records")
    parts.show_title(view.say("case.recurrence"), view.say("case.recurrence_note"))
    if not links:
        parts.show_note(view.say("case.no_recurrence"))
    with st.container(key="links", gap=None):
        for row in links:
            by = view.word("matched", row["matched_by"])
            parts.show_note(view.say(f"case.{row['direction']}", days=view.decimal(row["days"]), by=by))
            show_link("case", str(row["incident_id"]), case=name_case(row))
