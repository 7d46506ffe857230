"""Who is late: the departments with the largest share of overdue cases, and the longest overdue case of each."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.indicators.registry import load_registry
from governance.ui import parts
from governance.ui.address import keep_choice
from governance.ui.choices import Unit, find_district
from governance.ui.links import name_case, show_link
from governance.ui.view import View

_WORST = 3


def show_late(view: View, scenario: str, unit: Unit) -> None:
    """The worst departments of those with enough open cases, each a way to its own page of overdue cases."""
    minimum = load_registry().minimum_volume
    rows = view.ask(
        "overview_late", scenario=scenario, level=unit.level, unit_id=unit.unit_id, minimum=minimum, rows=_WORST
    )
    parts.show_title(view.say("overview.late"), view.say("overview.late_note", cases=view.count(minimum)))
    with st.container(key="late"):
        for row in rows.to_dict("records"):
            _show_department(view, scenario, unit, row)
    _show_latest(view, rows)
    parts.show_note(_tell_ranked(view, rows, view.count(minimum)))
    if st.button(view.say("overview.to_overdue"), key="to_overdue", type="tertiary", icon=":material/arrow_forward:"):
        _open_overdue(view, scenario, unit, "")


def _show_latest(view: View, rows: pd.DataFrame) -> None:
    """The longest overdue case of all, if its department is none of those above: by share another one may be worst."""
    latest = rows.filter(like="latest_").rename(columns=lambda name: name.removeprefix("latest_")).head(1)
    for row in latest[~latest["department"].isin(rows["department"])].to_dict("records"):
        parts.show_note(view.say("overview.latest", department=view.department_name(row["department"])))
        _link_case(view, row, row["hours"])


def _tell_ranked(view: View, rows: pd.DataFrame, minimum: str) -> str:
    """How many departments were ranked; that none could be, or that none is late."""
    if rows.empty:
        return view.say("overview.nobody_late")
    first = rows.iloc[0]
    if not first["is_ranked"]:
        return view.say("overview.unranked", cases=minimum)
    ranked, every = view.count(first["ranked_departments"]), view.count(first["all_departments"])
    return view.say("overview.ranked", ranked=ranked, all=every)


def _show_department(view: View, scenario: str, unit: Unit, row: dict[Any, Any]) -> None:
    label = f"{view.department_name(row['department'])} ›"
    if st.button(parts.escape_markdown(label), key=f"late_{row['department']}", type="tertiary"):
        _open_overdue(view, scenario, unit, row["department"])
    part, cases = view.count(row["overdue_cases"]), view.count(row["open_cases"])
    told = view.say("overview.late_of", part=part, cases=cases)
    parts.show_bars([parts.Bar(told, row["overdue_share"], view.share(row["overdue_share"]))])
    _link_case(view, row, row["overdue_hours_max"])


def _link_case(view: View, row: dict[Any, Any], hours: float) -> None:
    told = view.say("overview.oldest", case=row["incident_id"], delay=view.duration(hours))
    show_link("case", told, case=name_case(row))


def _open_overdue(view: View, scenario: str, unit: Unit, department: str) -> None:
    keep_choice("department", department)
    keep_choice("filter", scenario)
    keep_choice("district", find_district(view, unit).unit_id)
    keep_choice("view", "overdue")
    st.switch_page(st.session_state["page_overdue"], query_params=dict(st.query_params))
