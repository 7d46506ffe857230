"""The cases of a grid, or of those in no grid: the open ones first, then those closed lately; a row opens its case."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import language as words
from governance.ui import parts
from governance.ui.language import MISSING
from governance.ui.links import go_to, name_case, open_case
from governance.ui.pages.bounces import name_holder
from governance.ui.pages.grid_card import name_scenes
from governance.ui.view import View

_SHOWN = 500


def show_cases(view: View, scenario: str, grid_no: int | None) -> None:
    """At most 500 open cases, the most urgent first, and 500 closed ones of the last 91 days, the newest first."""
    cases = view.ask("place_cases", scenario=scenario, grid_no=grid_no, rows=_SHOWN)
    counted = {is_open: _count(cases[cases["is_open"] == is_open]) for is_open in (True, False)}
    told = {"opened": view.count(counted[True]), "closed": view.count(counted[False])}
    parts.show_title(view.say("place.cases", **told), view.say("place.cases_note"))
    if cases.empty:
        parts.show_note(view.say("place.no_cases"))
        return
    if max(counted.values()) > _SHOWN:
        parts.show_note(view.say("place.first_cases", rows=view.count(_SHOWN)))
    rows = cases.to_dict("records")
    event = st.dataframe(
        _name_cases(view, scenario, rows),
        hide_index=True,
        placeholder=MISSING,
        key=f"place_cases_{grid_no}",
        on_select="rerun",
        selection_mode="single-cell",
        width="stretch",
        height=parts.fit_rows(len(rows)),
        column_config={
            name: st.column_config.TextColumn(view.say(f"column.{name}"), width=width)
            for name, width in _WIDTHS.items()
        },
    )
    open_case(event["selection"]["cells"], cases)
    offer_cases(view, rows)


def offer_cases(view: View, rows: list[dict[Any, Any]]) -> None:
    """The way to the cases of a list for the keyboard; rows with `source` and `incident_id`."""
    names = {name_case(row): str(row["incident_id"]) for row in rows}
    chosen = st.selectbox(
        view.say("place.open_case"),
        list(names),
        index=None,
        key="open_case",
        format_func=lambda name: names.get(name, name),
        placeholder=view.say("place.open_case_hint"),
    )
    if chosen:
        go_to("case", case=chosen)


def _count(rows: pd.DataFrame) -> int:
    return int(rows["all_rows"].iloc[0]) if len(rows) else 0


def _name_cases(view: View, scenario: str, rows: list[dict[Any, Any]]) -> pd.DataFrame:
    scenes = name_scenes(view, scenario)
    return pd.DataFrame(
        {
            "incident": [row["incident_id"] for row in rows],
            "state": [_name_state(view, row) for row in rows],
            "scene": [scenes.get(row["scene"], "") for row in rows],
            "stage": [view.word("stage", row["stage"]) for row in rows],
            "reported": [words.format_local(row["reported_at_utc"], view.zone) for row in rows],
            "due": [words.format_local(row["due_at_utc"], view.zone) for row in rows],
            "closed": [words.format_local(row["closed_at_utc"], view.zone) for row in rows],
            "holder": [name_holder(view, row["holder"]) if row["is_open"] else "" for row in rows],
            "department": [view.department_name(row["department"]) for row in rows],
        }
    )


def _name_state(view: View, row: dict[Any, Any]) -> str:
    if row["is_open"]:
        return view.word("clock", row["state"])
    return view.say("place.closed_late" if row["is_disposed_late"] else "place.closed")


_WIDTHS: dict[str, Any] = {
    "incident": None, "state": 170, "scene": 260, "stage": 95, "reported": 135, "due": 135, "closed": 135,
    "holder": 200, "department": None,
}  # fmt: skip
