"""What a department's head asks first: what is mine, what is due, what is late, and are we better than the city."""

from __future__ import annotations

from typing import Any

import streamlit as st

from governance.ui import parts
from governance.ui.language import MISSING
from governance.ui.view import View

# Of all cases due few are still open: a tenth of a percent would hide what differs.
_DIGITS = {"overdue_rate": 2}


def show_morning_figures(view: View, chosen: dict[str, str], figures: dict[str, Any]) -> None:
    """Headline figures of the department (a row of `ask_ui_overdue_figures`), its overdue share beside the city's."""
    overdue = _ask_measures(view, chosen)["overdue_share"]
    say, count = view.say, view.count
    beside = say("morning.beside", own=view.share(overdue["value"]), city=view.share(overdue["city_value"]))
    waiting = say("morning.waiting", check=count(figures["check_cases"]), desk=count(figures["desk_cases"]))
    not_accepted = say("morning.late_to_accept_note", cases=count(figures["not_accepted_cases"]))
    shown = [
        ("morning.held", figures["held_cases"], say("morning.held_note")),
        ("morning.responsible", figures["open_cases"], waiting),
        ("overdue.today", figures["due_today_cases"], say("overdue.today_note")),
        ("overdue.near", figures["near_due_cases"], say("overdue.near_note")),
        ("overdue.overdue", figures["overdue_cases"], beside),
        ("overdue.seriously", figures["seriously_overdue_cases"], say("overdue.seriously_note")),
        ("morning.paused", figures["paused_cases"], say("morning.paused_note")),
        ("morning.late_to_accept", figures["late_to_accept_cases"], not_accepted),
    ]
    parts.show_figures(parts.Figure(say(label), count(value), basis) for label, value, basis in shown)


def _ask_measures(view: View, chosen: dict[str, str]) -> dict[str, dict[Any, Any]]:
    return {row["measure"]: row for row in view.ask("overdue_comparison", **chosen).to_dict("records")}


def show_comparison(view: View, chosen: dict[str, str]) -> None:
    """Rates and age of the department beside those of the whole city, with better or worse in words."""
    measures = _ask_measures(view, chosen)
    parts.show_title(view.say("morning.comparison"), view.say("morning.comparison_note"))
    columns = [
        parts.Column(view.say("morning.measure"), is_wide=True),
        parts.Column(view.say("morning.verdict")),
        parts.Column(view.say("morning.own"), is_number=True),
        parts.Column(view.say("morning.city"), is_number=True),
    ]
    with st.container(key="comparison"):
        parts.show_table(
            columns,
            (
                (
                    view.say(f"measure.{name}"),
                    _spell_verdict(view, name, row),
                    _spell_value(view, name, row["value"], row["part"], row["whole"]),
                    _spell_value(view, name, row["city_value"], row["city_part"], row["city_whole"]),
                )
                for name, row in measures.items()
            ),
        )


def _spell_value(view: View, measure: str, value: Any, part: Any, whole: Any) -> str:
    if measure == "median_age_days":
        return view.say("unit.days", value=view.decimal(value))
    share = view.share(value, digits=_DIGITS.get(measure, 1))
    return view.say("morning.part_of", share=share, part=view.count(part), whole=view.count(whole))


def _spell_verdict(view: View, measure: str, row: dict[str, Any]) -> str:
    """Better or worse in words, and by how much: points of a share, days of an age."""
    if row["verdict"] not in {"better", "worse", "same"}:
        return MISSING
    if row["verdict"] == "same":
        return view.say("morning.same")
    is_age = measure == "median_age_days"
    number = row["difference"] if is_age else row["difference_points"]
    told = view.say(
        "unit.days" if is_age else "unit.points", value=view.decimal(number, digits=_DIGITS.get(measure, 1))
    )
    return view.say(f"morning.{row['verdict']}", difference=told)
