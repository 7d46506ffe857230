"""Who had a case how long: each stretch of holding with the working hours that are charged to its holder."""

from __future__ import annotations

from typing import Any

from governance.ui import parts
from governance.ui.pages.bounces import name_holder
from governance.ui.view import View


def name_stints(view: View, frame: Any) -> list[dict[str, Any]]:
    """The rows of `ask_ui_case_stints` with the holder's name as `name`."""
    return [{**row, "name": name_holder(view, row["holder"])} for row in frame.to_dict("records")]


def show_stints(view: View, stints: list[dict[str, Any]]) -> None:
    """Holder, since when, until when, working hours with their share, hours of the clock."""
    parts.show_title(view.say("case.stints"), view.say("case.stints_note"))
    if not stints:
        parts.show_note(view.say("case.no_stints"))
        return
    columns = [
        parts.Column(view.say("column.holder")),
        parts.Column(view.say("case.held_from")),
        parts.Column(view.say("case.work_hours"), is_wide=True),
        parts.Column(view.say("case.clock_hours"), is_number=True),
    ]
    parts.show_table(columns, [_list_stint(view, row) for row in stints])


def _list_stint(view: View, row: dict[str, Any]) -> list[str | parts.Bar]:
    share = row["work_share"] if row["work_share"] == row["work_share"] else 0.0  # noqa: PLR0124  NaN: nothing yet
    is_over = row["to_utc"] == row["to_utc"]  # noqa: PLR0124  NaT: it lasts
    until = view.short_moment(row["to_utc"]) if is_over else view.say("case.still")
    return [
        row["name"],
        view.say("case.span", start=view.short_moment(row["from_utc"]), end=until),
        parts.Bar("", share or 0.0, view.decimal(row["work_hours"]), view.share(row["work_share"], digits=0)),
        view.decimal(row["clock_hours"]),
    ]
