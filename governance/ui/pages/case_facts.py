"""What a case is: the headline figures, and by which rules it is judged."""

from __future__ import annotations

from typing import Any

from governance.ui import parts
from governance.ui.pages.bounces import name_holder
from governance.ui.pages.grid_card import name_scenes
from governance.ui.view import View


def show_figures(view: View, case: dict[str, Any]) -> None:
    """Stage and clock, who has it, how long it has taken, how often it changed hands, was reopened or stood still."""
    say = view.say
    stage = view.word("stage", case["stage"])
    figures = [parts.Figure(say("column.stage"), stage, _tell_clock(view, case))]
    if case["is_open"]:
        held = say("case.held_for", time=view.duration(case["held_hours"]))
        figures.append(parts.Figure(say("case.held_by"), name_holder(view, case["holder"]), held))
        figures.append(parts.Figure(say("case.open_for"), view.duration(case["age_hours"]), _tell_start(view, case)))
    else:
        figures.append(parts.Figure(say("case.took"), view.duration(case["took_hours"]), _tell_start(view, case)))
    passed = say("case.passed_note", transfers=view.count(case["transfers"]), returns=view.count(case["returns"]))
    stood = say("case.paused_note", pauses=view.count(case["pauses"]), extensions=view.count(case["extensions"]))
    if case["is_ping_pong"]:
        passed = say("sheet.semicolon").join((passed, say("case.ping_pong")))
    figures += [
        parts.Figure(say("case.hops"), view.count(case["hops"]), passed),
        parts.Figure(say("case.paused"), view.duration(case["paused_hours"]) if case["pauses"] else "–", stood),
        parts.Figure(say("case.reopened"), view.count(case["reopenings"]), say("case.times")),
    ]
    parts.show_figures(figures)


def show_facts(view: View, case: dict[str, Any]) -> None:
    """Scenario, scene, level, who is responsible, the version of the template, and where the limit comes from."""
    scene = name_scenes(view, case["scenario"]).get(case["scene"], "") if isinstance(case["scenario"], str) else ""
    facts = {
        "choose.scenario": view.scenario_name(case["scenario"]),
        "column.scene": scene,
        "column.category": _text(case["category"]),
        "case.responsible": view.department_name(case["department"]),
        "case.level": _text(case["level"]),
        "case.judged_by": _text(case["template_version"]),
        "case.limit_from": view.word("duefrom", case["due_from"]) if isinstance(case["due_from"], str) else "",
        "case.found": view.say("case.discovered" if case["is_discovered"] else "case.reported"),
        "column.location": view.word("location", case["location_status"]),
        "column.source": case["source"],
    }
    parts.show_title(view.say("case.facts"), view.say("case.facts_note"))
    columns = [parts.Column(view.say("sheet.item")), parts.Column(view.say("sheet.content"), is_wide=True)]
    parts.show_table(columns, [[view.say(key), text or "–"] for key, text in facts.items()])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _tell_start(view: View, case: dict[str, Any]) -> str:
    return view.say("case.since", moment=view.moment(case["reported_at_utc"]))


def _tell_clock(view: View, case: dict[str, Any]) -> str:
    """How the clock of an open case stands; when the others ended."""
    if case["is_open"]:
        late = view.duration(case["overdue_hours"]) if case["state"] in {"overdue", "seriously_overdue"} else ""
        word = view.word("clock", case["state"])
        return view.say("case.state_by", state=word, time=late) if late else word
    ended = case["cancelled_at_utc"] if case["stage"] == "cancelled" else case["closed_at_utc"]
    return view.moment(ended)
