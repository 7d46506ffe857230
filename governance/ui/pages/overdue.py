"""The page of late cases: all departments side by side, or the morning of one: what it has, what is late, whom to call.

Figures are of the cases that a department is responsible for; what lies with it now is named apart.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import parts
from governance.ui.address import keep_choice
from governance.ui.choices import choose, choose_filter, list_units
from governance.ui.language import MISSING
from governance.ui.pages.bounces import show_bounces
from governance.ui.pages.lateness import show_ladder, show_matrix
from governance.ui.pages.morning import show_comparison, show_morning_figures
from governance.ui.pages.overdue_list import show_cases
from governance.ui.view import NONE, UNMAPPED, UNMATCHED, View


def show(view: View) -> None:
    """Filters; then one department's morning or all departments; then lateness, ladder and the list with downloads."""
    department, scenario, district = _choose_filters(view)
    chosen = {"department": department, "scenario": scenario, "district": district}
    figures = view.ask_row("overdue_figures", **chosen)
    rates = view.ask_row("overdue_rates", **chosen)
    if not figures or not rates or not (figures["open_cases"] or figures["held_cases"] or rates["due_cases"]):
        parts.show_state(view.say("overdue.none_title"), view.say("overdue.none_text"))
        return
    if department:
        show_morning_figures(view, chosen, figures)
    else:
        _show_figures(view, figures, rates)
        _show_departments(view, scenario, district)
    left, right = st.columns([1, 1.15], gap="large")
    with left:
        show_matrix(view, chosen)
    with right:
        if department:
            show_comparison(view, chosen)
        else:
            show_ladder(view, chosen, figures)
    if department:
        show_ladder(view, chosen, figures)
        show_bounces(view, chosen)
    show_cases(view, chosen, figures)


def _choose_filters(view: View) -> tuple[str, str, str]:
    departments = {"": view.say("choose.all_departments")}
    departments |= {id_: view.department_name(id_) for id_ in _list_departments(view)}
    districts = {"": view.say("choose.whole_city")}
    districts |= {unit.unit_id: unit.name for unit in list_units(view) if unit.level == 1}
    districts[UNMATCHED] = view.say("name.unmatched")
    first, second, third = st.columns(3)
    with first:
        department = choose(view.say("choose.department"), "department", departments, on_page="overdue")
    with second:
        scenario = choose_filter(view, on_page="overdue", more={UNMAPPED: view.say("name.unmapped")})
    with third:
        district = choose(view.say("choose.district"), "district", districts, on_page="overdue")
    return department, scenario, district


def _list_departments(view: View) -> list[str]:
    frame = view.ask("overdue_departments", scenario="", district="")
    return sorted(frame["department"], key=lambda id_: (id_ == NONE, view.department_name(id_)))


def _show_figures(view: View, figures: dict[str, Any], rates: dict[str, Any]) -> None:
    say, count, due = view.say, view.count, view.count(rates["due_cases"])
    of_open = say("figure.of_open_cases", cases=count(figures["open_cases"]))
    rate_note = say("overdue.rate_note", part=count(rates["due_still_open_cases"]), due=due)
    on_time_note = say("overdue.on_time_note", part=count(rates["disposed_on_time_cases"]), due=due)
    shown = [
        ("overdue.overdue", count(figures["overdue_cases"]), of_open),
        ("overdue.seriously", count(figures["seriously_overdue_cases"]), say("overdue.seriously_note")),
        ("overdue.today", count(figures["due_today_cases"]), say("overdue.today_note")),
        ("overdue.near", count(figures["near_due_cases"]), say("overdue.near_note")),
        ("overdue.rate", view.share(rates["overdue_rate"], digits=2), rate_note),
        ("overdue.on_time", view.share(rates["on_time_rate"]), on_time_note),
        (
            "overdue.mean",
            say("unit.days", value=view.decimal(figures["mean_overdue_days"])),
            say("overdue.mean_note"),
        ),
        ("name.unmatched", count(figures["unmatched_overdue_cases"]), say("overdue.unmatched_note")),
    ]
    parts.show_figures(parts.Figure(say(label), value, basis) for label, value, basis in shown)


def _show_departments(view: View, scenario: str, district: str) -> None:
    frame = view.ask("overdue_departments", scenario=scenario, district=district)
    parts.show_title(view.say("overdue.departments"), view.say("overdue.departments_note"))
    listed = frame.assign(name=[view.department_name(id_) for id_ in frame["department"]])
    st.session_state["department_ids"] = listed["department"].tolist()
    st.dataframe(
        listed,
        hide_index=True,
        placeholder=MISSING,
        width="stretch",
        height=parts.fit_rows(len(listed), most=10),
        key="departments",
        on_select=_keep_department,
        selection_mode="single-cell",
        column_order=["name", *_NUMBERS],
        column_config=_describe_columns(view, frame),
    )


def _keep_department() -> None:
    cells = st.session_state["departments"]["selection"]["cells"]
    ids = st.session_state["department_ids"]
    if cells and cells[0][0] < len(ids):
        keep_choice("department", ids[cells[0][0]])


def _describe_columns(view: View, frame: pd.DataFrame) -> dict[str, Any]:
    columns: dict[str, Any] = {"name": st.column_config.TextColumn(view.say("column.department"), width="medium")}
    for name, shape in _NUMBERS.items():
        columns[name] = st.column_config.NumberColumn(
            view.say(f"column.{name}"), help=view.say(f"help.{name}"), format=shape or "localized"
        )
    columns["overdue_cases"] = st.column_config.ProgressColumn(
        view.say("column.overdue_cases"),
        help=view.say("help.overdue_cases"),
        format="%d",
        min_value=0,
        max_value=max(int(frame["overdue_cases"].max()), 1),
        color="primary",
    )
    return columns


_NUMBERS = {
    "overdue_cases": "",
    "seriously_overdue_cases": "",
    "near_due_cases": "",
    "open_cases": "",
    "held_cases": "",
    "overdue_rate": "percent",
    "on_time_rate": "percent",
    "due_cases": "",
    "mean_overdue_days": "%.1f",
    "max_overdue_days": "%.1f",
}
