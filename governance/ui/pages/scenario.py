"""The scenario page: how one cross-department problem goes, from the city down to a grid, and who has to do what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import parts
from governance.ui.address import keep_choice, read_choice
from governance.ui.charts import show_trend
from governance.ui.choices import Unit, choose_scenario, find_unit, list_path, name_level, show_tabs
from governance.ui.language import MISSING
from governance.ui.pages.scenario_funnel import show_funnel, show_stuck
from governance.ui.pages.scenario_holders import show_holders
from governance.ui.pages.scenario_recurrence import show_recurrence
from governance.ui.pages.template_sheet import show_template
from governance.ui.view import UNMATCHED, View

_DEEPEST = 2
_GRIDS = 500


def show(view: View) -> None:
    """Scenario, breadcrumb, and a tab each for how it goes, who holds it, whether it comes back, and the template."""
    if not view.names("scenarios", "scenario"):
        parts.show_state(view.say("state.no_scenario_title"), view.say("state.no_scenario_text"))
        return
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    with left:
        scenario = choose_scenario(view, on_page="scenario")
    unit = _choose_unit(view)
    with right:
        _show_path(view, unit)
    contents: dict[str, Callable[[], None]] = {
        "progress": lambda: _show_progress(view, scenario, unit),
        "holders": lambda: show_holders(view, scenario, unit),
        "recurrence": lambda: show_recurrence(view, scenario, unit),
        "sheet": lambda: show_template(view, scenario),
    }
    labels = {name: view.say(f"scenario.{name}") for name in contents}
    show_tabs(contents, labels, key=f"tabs_scenario_{view.language}")


def _choose_unit(view: View) -> Unit:
    unit = find_unit(view, read_choice("unit"))
    while unit.level > _DEEPEST:
        unit = list_path(view, unit)[-2]
    return unit


def _show_path(view: View, unit: Unit) -> None:
    """The way from the city down to the unit, each step a button back to it."""
    with st.container(horizontal=True, gap="small", key="path", vertical_alignment="center"):
        for step in list_path(view, unit):
            label = parts.escape_markdown(step.name if step.level else view.say("choose.whole_city"))
            st.button(
                label if step == unit else f"{label} ›",
                key=f"path_{step.level}",
                type="tertiary",
                disabled=step == unit,
                on_click=keep_choice,
                args=("unit", step.unit_id),
            )


def _show_progress(view: View, scenario: str, unit: Unit) -> None:
    figures = view.ask_row("unit_figures", level=unit.level, unit_id=unit.unit_id, scenario=scenario)
    if figures is None:
        parts.show_state(view.say("scenario.nothing_title"), view.say("scenario.nothing_text"))
        return
    _show_figures(view, figures)
    left, right = st.columns(2, gap="large")
    with left:
        show_funnel(view, scenario, unit)
    with right:
        _show_trend(view, scenario, unit)
        show_stuck(view, scenario, unit)
    children = view.ask("children", level=unit.level, unit_id=unit.unit_id, scenario=scenario)
    # A city without levels has no units to go down to, only its cases in no grid.
    if unit.level < _DEEPEST and (children["unit_id"] != UNMATCHED).any():
        _show_children(view, scenario, unit)
    else:
        _show_grids(view, scenario, unit)


def _show_figures(view: View, figures: dict[str, Any]) -> None:
    say, count = view.say, view.count
    parts.show_figures(
        [
            parts.Figure(
                say("figure.red"), count(figures["red"]), say("figure.of_grids", grids=count(figures["grids"]))
            ),
            parts.Figure(
                say("figure.yellow"), count(figures["yellow"]), say("figure.of_grids", grids=count(figures["grids"]))
            ),
            parts.Figure(
                say("figure.expected"), view.decimal(figures["expected_reports_28d"], digits=0), say("figure.next_28d")
            ),
            parts.Figure(say("figure.reports"), count(figures["reports_28d"]), _compare(view, figures)),
            parts.Figure(say("figure.open"), count(figures["open_cases"]), say("figure.now")),
            parts.Figure(
                say("figure.overdue"),
                count(figures["overdue_cases"]),
                say("figure.of_open", share=view.share(figures["overdue_share"])),
            ),
        ]
    )


def _compare(view: View, figures: dict[str, Any]) -> str:
    if figures["reports_28d_last_year"] is None or pd.isna(figures["reports_28d_last_year"]):
        return view.say("figure.no_last_year")
    last = view.count(figures["reports_28d_last_year"])
    return view.say("figure.yoy", change=view.change(figures["reports_change"]), last=last)


def _show_trend(view: View, scenario: str, unit: Unit) -> None:
    weeks = view.ask("trend", level=unit.level, unit_id=unit.unit_id, scenario=scenario)
    parts.show_title(view.say("scenario.trend"), view.say("scenario.trend_note"))
    if weeks.empty:
        parts.show_note(view.say("scenario.no_cases"))
        return
    show_trend(view, weeks)


def _show_children(view: View, scenario: str, unit: Unit) -> None:
    frame = view.ask("children", level=unit.level, unit_id=unit.unit_id, scenario=scenario)
    level = name_level(view, unit.level + 1)
    parts.show_title(view.say("scenario.children", level=level), view.say("scenario.children_note"))
    names = [
        view.say("name.unmatched") if row["unit_id"] == UNMATCHED else row[f"name_{view.language}"]
        for row in frame.to_dict("records")
    ]
    listed = frame.assign(name=names)
    key = f"children_{unit.level}_{unit.unit_id}"
    st.session_state["children_ids"] = listed["unit_id"].tolist()
    st.dataframe(
        listed,
        hide_index=True,
        placeholder=MISSING,
        key=key,
        on_select=lambda: _keep_child(key),
        selection_mode="single-cell",
        width="stretch",
        height=_fit(len(listed)),
        column_order=["name", *_NUMBERS],
        column_config=_describe_columns(view, level),
    )
    _offer_child(view, unit, dict(zip(listed["unit_id"], listed["name"], strict=True)))


def _offer_child(view: View, unit: Unit, names: dict[str, str]) -> None:
    """The way down for the keyboard."""
    below = {id_: name for id_, name in names.items() if id_ != UNMATCHED}
    key = f"down_{unit.level}_{unit.unit_id}"
    st.selectbox(
        view.say("scenario.go_down", level=name_level(view, unit.level + 1)),
        list(below),
        index=None,
        key=key,
        format_func=lambda id_: below.get(id_, id_),
        placeholder=view.say("scenario.go_down_hint"),
        on_change=lambda: keep_choice("unit", st.session_state[key] or ""),
    )


def _keep_child(key: str) -> None:
    cells = st.session_state[key]["selection"]["cells"]
    ids = st.session_state["children_ids"]
    if cells and cells[0][0] < len(ids) and ids[cells[0][0]] != UNMATCHED:
        keep_choice("unit", ids[cells[0][0]])


def _show_grids(view: View, scenario: str, unit: Unit) -> None:
    frame = view.ask("ranked_grids", scenario=scenario, level=unit.level, unit_id=unit.unit_id, rows=_GRIDS)
    parts.show_title(view.say("scenario.grids"), view.say("scenario.grids_note"))
    tiers = [view.word("tier", tier) for tier in frame["tier"]]
    listed = frame.assign(place=frame[f"place_{view.language}"], tier=tiers)
    st.session_state["grid_ids"] = frame["grid_id"].tolist()
    key = f"grids_{unit.level}_{unit.unit_id}"
    event = st.dataframe(
        listed,
        hide_index=True,
        placeholder=MISSING,
        key=key,
        on_select="rerun",
        selection_mode="single-cell",
        width="stretch",
        height=_fit(min(len(listed), 12)),
        column_order=["grid_id", "place", "tier", "expected_reports_28d", "p_any_28d", "rank"],
        column_config={
            "grid_id": st.column_config.TextColumn(view.say("column.grid")),
            "place": st.column_config.TextColumn(view.say("column.place")),
            "tier": st.column_config.TextColumn(view.say("column.tier")),
            "expected_reports_28d": st.column_config.NumberColumn(view.say("column.expected"), format="%.2f"),
            "p_any_28d": st.column_config.NumberColumn(view.say("column.p_any"), format="percent"),
            "rank": st.column_config.NumberColumn(view.say("column.rank")),
        },
    )
    cells = event["selection"]["cells"]
    if cells and cells[0][0] < len(frame):
        keep_choice("grid", frame["grid_id"].iloc[cells[0][0]])
        st.switch_page(st.session_state["page_map"], query_params=dict(st.query_params))


def _describe_columns(view: View, level: str) -> dict[str, Any]:
    columns: dict[str, Any] = {"name": st.column_config.TextColumn(level, width="medium")}
    for name, shape in _NUMBERS.items():
        columns[name] = st.column_config.NumberColumn(
            view.say(f"column.{name}"), help=view.say(f"help.{name}"), format=shape or "localized"
        )
    return columns


_NUMBERS = {
    "grids": "",
    "red": "",
    "yellow": "",
    "red_share": "percent",
    "expected_reports_28d": "%.1f",
    "reports_28d": "",
    "reports_change": "percent",
    "open_cases": "",
    "overdue_cases": "",
    "overdue_share": "percent",
}


def _fit(rows: int) -> int:
    return 35 * (min(rows, 14) + 1) + 3
