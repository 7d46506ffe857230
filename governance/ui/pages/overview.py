"""The first page, a leader's five seconds: where is it red, what changed, are we better than last year, who is late."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.indicators import compare_weeks
from governance.ui import parts
from governance.ui.address import read_choice
from governance.ui.choices import Unit, choose_filter, choose_town, find_unit
from governance.ui.own_unit import locate_own_unit, read_own_unit
from governance.ui.pages.overview_late import show_late
from governance.ui.pages.overview_red import show_red, show_turned
from governance.ui.pages.overview_years import show_years
from governance.ui.view import Answers, View

_PAGE = "overview"
_RATES = ("on_time_closing_rate", "rectification_rate")
_WEEKS = 4


def show(view: View) -> None:
    """Scenario and unit; headlines; red grids, what turned red, who is late side by side; each unit against last year.

    A city without scenarios, without units or without last year is told in words.
    """
    scenarios = view.names("scenarios", "scenario")
    if not scenarios:
        parts.show_state(view.say("state.no_scenario_title"), view.say("state.no_scenario_text"))
        return
    first, second = st.columns([1, 2])
    with first:
        scenario = choose_filter(view, on_page=_PAGE)
    with second:
        unit = choose_town(view, on_page=_PAGE)
    _show_own_unit(view, unit)
    with st.container(key="headlines"):
        _show_figures(view, scenario, unit)
    with st.container(key="questions"):
        red, turned, late = st.columns(3, gap="large")
        with red:
            show_red(view, scenario, unit)
        with turned:
            show_turned(view, scenario, unit)
        with late:
            show_late(view, scenario, unit)
    show_years(view, scenario, unit)


def _show_own_unit(view: View, unit: Unit) -> None:
    """Where this viewer starts, and the way to start elsewhere; and that a deeper unit is told by its town."""
    own = read_own_unit(view)
    asked = find_unit(view, read_choice("unit"))
    if asked.level > unit.level:
        parts.show_note(view.say("overview.by_town", unit=asked.name, town=unit.name))
    if own and unit.unit_id in {own, ""}:
        before = view.say("overview.own_unit", unit=find_unit(view, own).name)
        parts.show_link(view.say("overview.forget_unit"), locate_own_unit(""), before=before)
    elif unit.level > 0:
        parts.show_link(view.say("overview.keep_unit", unit=unit.name), locate_own_unit(unit.unit_id))


def _show_figures(view: View, scenario: str, unit: Unit) -> None:
    figures = view.ask_row("overview_figures", scenario=scenario, level=unit.level, unit_id=unit.unit_id) or {}
    rates = {row["indicator"]: row for row in _compare_rates(view, scenario, unit).to_dict("records")}
    say, count = view.say, view.count
    parts.show_figures(
        [
            parts.Figure(say("figure.red"), count(figures["red_grids"]), _tell_red(view, scenario, figures)),
            parts.Figure(say("figure.reports"), count(figures["reports_28d"]), _tell_reports(view, figures)),
            *(_make_rate(view, f"overview.{name}", rates[name]) for name in _RATES),
            parts.Figure(say("figure.overdue"), count(figures["overdue_cases"]), _tell_overdue(view, figures)),
            parts.Figure(say("figure.open"), count(figures["open_cases"]), _tell_open(view, figures)),
        ]
    )
    parts.show_note(view.say("overview.figures_note"))
    if not pd.isna(figures["open_last_year"]):
        parts.show_note(view.say("overview.stock_note"))


def _tell_red(view: View, scenario: str, figures: dict[str, Any]) -> str:
    """Of how many grids; how often they are red in all scenarios; and how many there were at the step before."""
    told = view.say(
        "overview.red_of" if scenario else "overview.red_in",
        share=view.share(figures["red_share"]),
        grids=view.count(figures["grids"]),
        red=view.count(figures["red"]),
    )
    if pd.isna(figures["since_day"]):
        return view.say("overview.no_week_before", told=told)
    before = view.count(figures["red_before"])
    return view.say("overview.red_before", told=told, before=before, since=view.short_date(figures["since_day"]))


def _tell_reports(view: View, figures: dict[str, Any]) -> str:
    if pd.isna(figures["reports_28d_last_year"]):
        return view.say("figure.no_last_year")
    last = view.count(figures["reports_28d_last_year"])
    return view.say("figure.yoy", change=view.change(figures["reports_change"]), last=last)


def _tell_overdue(view: View, figures: dict[str, Any]) -> str:
    """Which share of the open cases, and how many a year before if it is known."""
    cases = view.count(figures["open_cases"])
    told = view.say("overview.of_open", share=view.share(figures["overdue_share"]), cases=cases)
    if pd.isna(figures["overdue_last_year"]):
        return told
    return view.say("overview.overdue_before", told=told, last=view.count(figures["overdue_last_year"]))


def _tell_open(view: View, figures: dict[str, Any]) -> str:
    if pd.isna(figures["open_last_year"]):
        return view.say("figure.now_alone")
    return view.say(
        "figure.yoy", change=view.change(figures["open_change"]), last=view.count(figures["open_last_year"])
    )


def _compare_rates(view: View, scenario: str, unit: Unit) -> pd.DataFrame:
    cut = {f"level_{unit.level}_id": unit.unit_id} if unit.level else {}
    return view.once(_ask_rates, tuple(sorted({**cut, **({"scenario": scenario} if scenario else {})}.items())))


def _ask_rates(city: Answers, where: tuple[tuple[str, Any], ...]) -> pd.DataFrame:
    compared = compare_weeks(city, weeks=_WEEKS, indicators=_RATES, **dict(where))
    return compared[compared["variant"] == "main"]


def _make_rate(view: View, key: str, row: dict[str, Any]) -> parts.Figure:
    """A share of the last complete weeks, and how it stands against the same weeks a year before."""
    told = view.say("overview.part_of", part=view.count(row["numerator"]), cases=view.count(row["denominator"]))
    if pd.isna(row["change_points"]):
        basis = view.say("overview.rate_alone", told=told)
    else:
        change, base = view.points(row["change_points"]), view.share(row["base_value"])
        basis = view.say("overview.rate_yoy", change=change, base=base, told=told)
    return parts.Figure(view.say(key), view.share(row["value"]), basis)
