"""The limits of a case, stage by stage and of the whole: until when, when it was done, kept or by how much not."""

from __future__ import annotations

from typing import Any

import pandas as pd

from governance.ui import parts
from governance.ui.view import View


def show_limits(view: View, limits: pd.DataFrame) -> None:
    """A row per limit (`ask_ui_case_limits`), in the order of the stages."""
    parts.show_title(view.say("case.limits"), view.say("case.limits_note"))
    columns = [
        parts.Column(view.say("case.limit")),
        parts.Column(view.say("column.due")),
        parts.Column(view.say("case.done")),
        parts.Column(view.say("column.state"), is_wide=True),
        parts.Column(view.say("column.used_share"), is_number=True),
    ]
    parts.show_table(columns, [_list_limit(view, row) for row in limits.to_dict("records")])


def _list_limit(view: View, row: dict[Any, Any]) -> list[str]:
    return [
        view.word("casestep", row["step"]),
        view.short_moment(row["due_at_utc"]),
        view.short_moment(row["done_at_utc"]),
        _tell_state(view, row),
        view.share(row["used_share"], digits=0),
    ]


def _tell_state(view: View, row: dict[Any, Any]) -> str:
    """What became of the limit, and by how much it was missed."""
    word = view.word("casestate", row["state"])
    if row["state"] in {"late", "overdue"}:
        return view.say("case.state_by", state=word, time=view.duration(row["late_hours"]))
    return word
