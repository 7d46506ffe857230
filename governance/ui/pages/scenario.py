"""The scenario page: how one cross-department problem goes, from the city down to a grid, and who has to do what."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from governance.ui import parts
from governance.ui.address import read_choice
from governance.ui.charts import show_trend
from governance.ui.choices import Unit, choose_scenario, find_unit, list_path, show_tabs
from governance.ui.pages.scenario_funnel import show_funnel, show_stuck
from governance.ui.pages.scenario_holders import show_holders
from governance.ui.pages.scenario_places import show_place
from governance.ui.pages.scenario_recurrence import show_recurrence
from governance.ui.pages.template_sheet import show_template
from governance.ui.places import Place, find_place, show_path
from governance.ui.view import View

_DEEPEST = 2


def show(view: View) -> None:
    """Scenario, breadcrumb, and a tab each: places, how it goes, who holds it, recurrence, the template."""
    if not view.names("scenarios", "scenario"):
        parts.show_state(view.say("state.no_scenario_title"), view.say("state.no_scenario_text"))
        return
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    with left:
        scenario = choose_scenario(view, on_page="scenario")
    place = find_place(view, scenario, unit_id=read_choice("unit"), grid_id=read_choice("grid"))
    if read_choice("grid") and place.grid is None:
        parts.show_banner(view.say("map.no_such_grid", grid=read_choice("grid")))
    with right:
        show_path(view, place)
    unit = _find_told(view, place)
    contents: dict[str, Callable[[], None]] = {
        "places": lambda: show_place(view, scenario, place),
        "progress": lambda: _show_progress(view, scenario, unit),
        "holders": lambda: show_holders(view, scenario, unit),
        "recurrence": lambda: show_recurrence(view, scenario, unit),
        "sheet": lambda: show_template(view, scenario),
    }
    labels = {name: view.say(f"scenario.{name}") for name in contents}
    show_tabs(contents, labels, key=f"tabs_scenario_{view.language}")


def _find_told(view: View, place: Place) -> Unit:
    """The unit that the other tabs tell of: no deeper than towns, and the whole city for what lies in no grid."""
    unit = find_unit(view, "") if place.is_unmatched else place.unit
    while unit.level > _DEEPEST:
        unit = list_path(view, unit)[-2]
    return unit


def _show_progress(view: View, scenario: str, unit: Unit) -> None:
    parts.show_note(view.say("scenario.told_of", place=unit.name if unit.level else view.say("choose.whole_city")))
    left, right = st.columns(2, gap="large")
    with left:
        show_funnel(view, scenario, unit)
    with right:
        _show_trend(view, scenario, unit)
        show_stuck(view, scenario, unit)


def _show_trend(view: View, scenario: str, unit: Unit) -> None:
    weeks = view.ask("trend", level=unit.level, unit_id=unit.unit_id, scenario=scenario)
    parts.show_title(view.say("scenario.trend"), view.say("scenario.trend_note"))
    if weeks.empty:
        parts.show_note(view.say("scenario.no_cases"))
        return
    show_trend(view, weeks)
