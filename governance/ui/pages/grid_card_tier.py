"""The head of a grid's card: its tier and what stands beside it, why it changed last, and its history week by week."""

from __future__ import annotations

from typing import Any

import pandas as pd

from governance.hazard.flare_ups import FALSE_ALARMS
from governance.ui import parts
from governance.ui.tier_words import spell_change, spell_turn
from governance.ui.view import View

_ALMOST_CERTAIN = 0.995
_SIGNS = {"turned_red": "▲", "left_red": "▼", "turned_yellow": "▲", "turned_green": "▼"}
_GIVEN = "✎"


def show_tier(view: View, scenario: str, grid: dict[str, Any]) -> None:
    """The tier with its chance, urgent cases, an expert's word, a flare-up, and the sentence of the last change."""
    steps = view.ask("grid_tiers", scenario=scenario, grid_id=grid["grid_id"]).to_dict("records")
    marks = view.ask_row("grid_marks", scenario=scenario, grid_id=grid["grid_id"]) or {}
    parts.show_tier(grid["tier"], view.word("tier", grid["tier"]))
    _show_urgent(view, marks)
    _show_override(view, grid, marks)
    parts.show_text(_spell_last_change(view, steps))
    _show_figures(view, grid)
    _show_flare_up(view, marks)


def show_tier_history(view: View, scenario: str, grid_id: str) -> None:
    """The tiers of thirteen Mondays and of the day of the data as a strip."""
    steps = view.ask("grid_tiers", scenario=scenario, grid_id=grid_id).to_dict("records")
    parts.show_title(view.say("card.tiers"), view.say("card.tiers_note"))
    parts.show_strip(_make_cell(view, step, is_last=step is steps[-1]) for step in steps)


def _show_figures(view: View, grid: dict[str, Any]) -> None:
    chance = grid["p_any_28d"]
    told = view.say("card.almost_certain") if chance > _ALMOST_CERTAIN else view.share(chance, digits=0)
    expected = view.decimal(grid["expected_reports_28d"], digits=2)
    severity = view.decimal(grid["expected_severity_28d"], digits=2)
    mean = view.say("card.mean_severity", weight=view.decimal(grid["mean_severity"], digits=2))
    basis = view.say("card.rank_of", grids=view.count(grid["ranked_grids"]))
    parts.show_figures(
        [
            parts.Figure(view.say("card.expected"), expected, view.say("card.per_28d")),
            parts.Figure(view.say("card.p_any"), told, view.say("card.per_28d")),
            parts.Figure(view.say("card.severity"), severity, mean),
            parts.Figure(view.say("card.rank"), view.count(grid["rank"]), basis),
        ]
    )


def _show_urgent(view: View, marks: dict[str, Any]) -> None:
    told = []
    if _is_told(marks, "severe_cases"):
        told.append(view.say("mark.severe", cases=view.count(marks["severe_cases"])))
    if _is_told(marks, "overdue_cases"):
        seriously = view.count(marks["seriously_overdue_cases"])
        told.append(view.say("mark.overdue", cases=view.count(marks["overdue_cases"]), seriously=seriously))
    if told:
        parts.show_mark("!", view.say("mark.urgent"), view.say("sheet.semicolon").join(told))


def _show_override(view: View, grid: dict[str, Any], marks: dict[str, Any]) -> None:
    if not _is_told(marks, "override_author"):
        return
    text = view.say(
        "mark.given_text",
        tier=view.word("tier", grid["tier"]),
        model=view.word("tier", marks["model_tier"]),
        author=marks["override_author"],
        since=view.date(marks["from_day"]),
        until=view.date(marks["until_day"]),
        reason=marks["override_reason"],
    )
    parts.show_mark(_GIVEN, view.say("mark.given"), text)


def _show_flare_up(view: View, marks: dict[str, Any]) -> None:
    if not _is_told(marks, "window_days"):
        return
    text = view.say(
        "mark.flare_text",
        reports=view.count(marks["reports"]),
        reach=view.word("reach", marks["reach"]),
        days=view.count(marks["window_days"]),
        expected=view.decimal(marks["expected_reports"], digits=2),
        chance=view.chance(marks["p_value"]),
        alarms=view.count(FALSE_ALARMS),
    )
    parts.show_mark("▲", view.say("mark.flare"), text)


def _is_told(marks: dict[str, Any], name: str) -> bool:
    """Whether a part of `ask_ui_grid_marks` is there and, if a count, not 0."""
    value = marks.get(name)
    return value is not None and not pd.isna(value) and bool(value)


def _spell_last_change(view: View, steps: list[dict[str, Any]]) -> str:
    if not steps or pd.isna(steps[-1]["since_day"]):
        return view.say("card.no_past")
    changed = [step for step in steps if isinstance(step["reason"], str)]
    if not changed:
        return view.say("card.no_change", since=view.date(steps[0]["day"]))
    last = changed[-1]
    key = "card.last_change" if last is steps[-1] else "card.earlier_change"
    return view.say(key, since=view.date(last["since_day"]), day=view.date(last["day"]), **_spell(view, last))


def _spell(view: View, step: dict[str, Any]) -> dict[str, str]:
    change = {**step, "tier_before": step["tier_before"], "tier": step["tier"]}
    return {"turn": spell_turn(view.language, change), "why": spell_change(view.language, change)}


def _make_cell(view: View, step: dict[str, Any], *, is_last: bool) -> parts.Cell:
    has_changed = isinstance(step["reason"], str)
    sign = _SIGNS[step["direction"]] if has_changed else ""
    why = spell_change(view.language, step) if has_changed else ""
    hint = view.say("card.tier_hint", day=view.date(step["day"]), tier=view.word("tier", step["tier"]), why=why)
    below = view.say("card.today") if is_last else view.short_date(step["day"])
    return parts.Cell(step["tier"], f"{sign}{_GIVEN if step['is_override'] else ''}", below, hint.strip())
