"""The section of data health on events that break the procedure: how many of each sort, and examples."""

from __future__ import annotations

from typing import Any

import streamlit as st

from governance.ui import language as words
from governance.ui import parts
from governance.ui.choices import choose
from governance.ui.language import MISSING
from governance.ui.links import open_case
from governance.ui.view import View

_SAMPLES = 50


def show_moves(view: View) -> None:
    """What came in which state, in how many cases of all; samples of the sort that is chosen."""
    total, *moves = view.ask("illegal_moves").to_dict("records")
    told = {"part": view.count(total["cases"]), "cases": view.count(total["all_cases"])}
    parts.show_title(
        view.say("health.moves"), view.say("health.moves_note", **told, share=view.share(total["share"], digits=2))
    )
    if not moves:
        parts.show_note(view.say("health.no_moves"))
        return
    titles = ("column.events", "column.cases", "column.share")
    parts.show_table(
        [
            parts.Column(view.say("column.state")),
            parts.Column(view.say("column.event"), is_wide=True),
            *(parts.Column(view.say(title), is_number=True) for title in titles),
        ],
        (
            (
                _name_state(view, row),
                view.word("event", row["kind"]),
                view.count(row["events"]),
                view.count(row["cases"]),
                view.share(row["share"], digits=3),
            )
            for row in moves
        ),
    )
    _show_samples(view, moves)


def _show_samples(view: View, moves: list[dict[Any, Any]]) -> None:
    sorts = {"": view.say("choose.all_moves")}
    for row in moves:
        name = view.say("health.move", state=_name_state(view, row), kind=view.word("event", row["kind"]))
        sorts[f"{row['state']}{'+' if row['is_paused'] else '-'}{row['kind']}"] = name
    parts.show_title(view.say("health.moves_samples"))
    with st.columns([1, 2])[0]:
        sort = choose(view.say("choose.move"), "kind", sorts, on_page="health")
    frame = view.ask("illegal_samples", sort=sort, rows=_SAMPLES)
    rows = frame.to_dict("records")
    listed = frame[["source"]].assign(
        incident=frame["incident_id"],
        at=[words.format_local(row["at_utc"], view.zone) for row in rows],
        state=[_name_state(view, row) for row in rows],
        event=[view.word("event", row["kind"]) for row in rows],
        department=[view.department_name(row["department"]) for row in rows],
    )
    names = ("source", "incident", "at", "state", "event", "department")
    shown = st.dataframe(
        listed,
        hide_index=True,
        placeholder=MISSING,
        width="stretch",
        height=parts.fit_rows(len(listed), most=7),
        key="moves",
        on_select="rerun",
        selection_mode="single-cell",
        column_order=names,
        column_config={name: view.say(f"column.{name}") for name in names},
    )
    open_case(shown["selection"]["cells"], frame)


def _name_state(view: View, row: dict[Any, Any]) -> str:
    state = view.word("event", row["state"])
    return view.say("health.paused", state=state) if row["is_paused"] else state
