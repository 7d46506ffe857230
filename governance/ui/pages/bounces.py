"""What bounced to a department and what bounced off it in the last 28 days: from and to whom, and why."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import parts
from governance.ui.view import View

_SHOWN = 6
_OWN_WORDS = ("~desk", "~check")


def show_bounces(view: View, chosen: dict[str, str]) -> None:
    """Beside each other: cases that others passed to the department, and those that it passed on or sent back."""
    frame = view.ask("overdue_bounces", **chosen)
    parts.show_title(view.say("bounce.title"), view.say("bounce.note", rows=_SHOWN))
    columns = st.columns(2, gap="large")
    for column, direction in zip(columns, ("to", "by"), strict=True):
        with column:
            _show_direction(view, frame[frame["direction"] == direction], direction)


def _show_direction(view: View, rows: pd.DataFrame, direction: str) -> None:
    total = next(iter(rows[rows["cut"] == "all"].to_dict("records")), None)
    if total is None:
        parts.show_note(view.say(f"bounce.none_{direction}"))
        return
    returned = view.say("bounce.by_return", cases=view.count(total["returned_cases"]))
    received = view.say("bounce.of_received", cases=view.count(total["received_cases"]))
    parts.show_figures(
        [
            parts.Figure(view.say(f"bounce.{direction}"), view.count(total["cases"]), returned),
            parts.Figure(view.say("bounce.share"), view.share(total["share"]), received),
        ]
    )
    for cut in ("department", "reason"):
        parts.show_note(view.say(f"bounce.{direction}_{cut}"))
        lines = rows[rows["cut"] == cut].head(_SHOWN).to_dict("records")
        parts.show_bars(
            parts.Bar(
                _name_value(view, cut, row, own=direction == "by"),
                row["part"],
                view.count(row["cases"]),
                view.share(row["part"], digits=0),
            )
            for row in lines
        )


def _name_value(view: View, cut: str, row: dict[Any, Any], *, own: bool) -> str:
    if cut == "reason":
        return row["value"] or view.say("bounce.no_reason")
    if row["is_own"] and own:
        return view.say("bounce.back_to_itself")
    return name_holder(view, row["value"])


def name_holder(view: View, holder: Any) -> str:
    """The name of a department, or words for the dispatching room and for waiting to be checked."""
    return view.word("holder", holder[1:]) if holder in _OWN_WORDS else view.department_name(holder)
