"""Every event of a case in order, with its time, whom it concerns and why; what broke the procedure is marked."""

from __future__ import annotations

from typing import Any

from governance.cases.moves import KINDS
from governance.ui import parts
from governance.ui.pages.bounces import name_holder
from governance.ui.view import View

_MARK = "⚠"


def list_events(view: View, key: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a case (`source`, `incident_id`, `reported_at_utc`) with `event`, `who`, `why`, `mark` as words."""
    rows = view.ask("case_events", kinds=list(KINDS), **key).to_dict("records")
    return [
        {
            "kind": row["kind"],
            "at_utc": row["at_utc"],
            "is_illegal": isinstance(row["state"], str),
            "event": view.word("event", row["kind"]),
            "who": _name_way(view, row),
            "why": _tell_why(view, row),
            "mark": _tell_mark(view, row),
        }
        for row in rows
    ]


def show_events(view: View, events: list[dict[str, Any]]) -> None:
    """The table of the events."""
    parts.show_title(view.say("case.events"), view.say("case.events_note"))
    columns = [
        parts.Column(view.say("column.at"), is_wide=True),
        parts.Column(view.say("case.event")),
        parts.Column(view.say("case.who"), is_wide=True),
        parts.Column(view.say("column.reason"), is_wide=True),
    ]
    parts.show_table(
        columns,
        [
            [
                view.short_moment(row["at_utc"]),
                row["event"],
                row["who"],
                " ".join(filter(None, (row["why"], row["mark"]))),
            ]
            for row in events
        ],
    )


def _name_way(view: View, row: dict[Any, Any]) -> str:
    """From whom to whom it went; one name if it stayed."""
    sender, receiver = row["sender"], row["receiver"]
    names = [name_holder(view, name) for name in (sender, receiver) if isinstance(name, str)]
    return " → ".join(names if sender != receiver else names[:1])


def _tell_why(view: View, row: dict[Any, Any]) -> str:
    reason = row["reason"] if isinstance(row["reason"], str) else ""
    until = view.short_moment(row["until_utc"])
    if row["kind"] == "extended" and row["until_utc"] == row["until_utc"]:  # noqa: PLR0124  NaT differs from itself
        until = view.say("case.until", moment=until)
        return view.say("sheet.semicolon").join(filter(None, (until, reason)))
    return reason


def _tell_mark(view: View, row: dict[Any, Any]) -> str:
    """That the procedure forbids the event where the case stood."""
    if not isinstance(row["state"], str):
        return ""
    state, _, paused = row["state"].partition("+")
    name = view.word("event", state)
    return f"{_MARK} " + view.say("case.illegal", state=view.say("health.paused", state=name) if paused else name)
