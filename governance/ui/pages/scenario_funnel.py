"""How far the cases of a scenario got, how long each step took, and where they stick now."""

from __future__ import annotations

from typing import Any

from governance.ui import parts
from governance.ui.choices import Unit
from governance.ui.view import View


def show_funnel(view: View, scenario: str, unit: Unit) -> None:
    """The stages in the order of the procedure: cases that reached them, median and nine tenths of the step's time."""
    rows = view.ask("funnel", level=unit.level, unit_id=unit.unit_id, scenario=scenario).to_dict("records")
    parts.show_title(view.say("scenario.funnel"), view.say("scenario.funnel_note"))
    if not rows:
        parts.show_note(view.say("scenario.no_cases"))
        return
    parts.show_table(
        [
            parts.Column(view.say("column.stage")),
            parts.Column(view.say("column.reached"), is_wide=True),
            parts.Column(view.say("column.step_median"), is_number=True),
            parts.Column(view.say("column.step_p90"), is_number=True),
        ],
        (
            (
                view.word("stage", row["stage"]),
                parts.Bar("", row["share"], view.count(row["cases"]), view.share(row["share"])),
                view.duration(row["median_hours"]),
                view.duration(row["p90_hours"]),
            )
            for row in rows
        ),
    )


def show_stuck(view: View, scenario: str, unit: Unit) -> None:
    """The open cases by the stage where they stand: how many, how many of them past its limit, and how long."""
    rows: list[dict[str, Any]] = [
        {str(key): value for key, value in row.items()}
        for row in view.ask("funnel", level=unit.level, unit_id=unit.unit_id, scenario=scenario).to_dict("records")
        if row["open_cases"]
    ]
    parts.show_title(view.say("scenario.stuck"), view.say("scenario.stuck_note"))
    if not rows:
        parts.show_note(view.say("scenario.nothing_stuck"))
        return
    parts.show_table(
        [
            parts.Column(view.say("column.stands_at")),
            parts.Column(view.say("column.waits_for")),
            *(
                parts.Column(view.say(f"column.{name}"), is_number=True)
                for name in ("open_cases", "past_limit", "median_days")
            ),
        ],
        (
            (
                view.word("stage", row["stage"]),
                view.word("waits", row["stage"]),
                view.count(row["open_cases"]),
                view.count(row["late_cases"]),
                view.say("unit.days", value=view.decimal(row["median_days"])),
            )
            for row in rows
        ),
    )
