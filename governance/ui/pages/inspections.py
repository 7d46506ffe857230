"""The page of inspections: this week's list of a scenario in a unit, a sheet for paper, and what was found."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from governance.ui import parts
from governance.ui.address import read_choice
from governance.ui.choices import Unit, choose, choose_scenario, find_unit, list_path, list_units, show_tabs
from governance.ui.pages.inspection_outcomes import show_outcomes
from governance.ui.pages.inspection_stops import show_list, show_paper
from governance.ui.view import View

_DEEPEST = 2


def show(view: View) -> None:
    """Scenario and unit, then a tab each for the list, its printable form, and outcomes."""
    if not view.names("scenarios", "scenario"):
        parts.show_state(view.say("state.no_scenario_title"), view.say("state.no_scenario_text"))
        return
    with st.container(key="inspection_choices"):
        first, second = st.columns(2)
    with first:
        scenario = choose_scenario(view, on_page="inspections")
    with second:
        unit = _choose_unit(view)
    contents: dict[str, Callable[[], None]] = {
        "list": lambda: show_list(view, scenario, unit),
        "paper": lambda: show_paper(view, scenario, unit),
        "outcomes": lambda: show_outcomes(view),
    }
    labels = {name: view.say(f"inspections.{name}") for name in contents}
    show_tabs(contents, labels, key=f"tabs_inspections_{view.language}")


def _choose_unit(view: View) -> Unit:
    """The whole city, a unit of its first two levels by its way from the city, or the deeper one of the address."""
    asked = find_unit(view, read_choice("unit"))
    offered = [unit for unit in list_units(view) if 0 < unit.level <= _DEEPEST or unit == asked]
    named = {unit.unit_id: " › ".join(above.name for above in list_path(view, unit)[1:]) for unit in offered}
    named.pop("", None)
    ordered = dict(sorted(named.items(), key=lambda item: item[1]))
    chosen = choose(
        view.say("choose.area"), "unit", {"": view.say("choose.whole_city"), **ordered}, on_page="inspections"
    )
    return find_unit(view, chosen)
