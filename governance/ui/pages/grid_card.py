"""One grid's card: tier and what stands beside it, reasons in words and numbers, histories, open cases."""

from __future__ import annotations

import json
from html import escape
from typing import Any

import streamlit as st

from governance.ui import parts
from governance.ui.charts import show_history
from governance.ui.links import name_case, show_link
from governance.ui.pages.grid_card_reasons import show_reasons
from governance.ui.pages.grid_card_tier import show_tier, show_tier_history
from governance.ui.view import View

CARD = "card"  # what a link to the card names, where it lies below the map
_CASES = 12


def show_grid_card(view: View, scenario: str, grid: dict[str, Any]) -> None:
    """The card of a grid (a row of `ask_ui_grid`) in a scenario."""
    place = escape(str(grid[f"place_{view.language}"]))
    area = escape(view.say("card.area", area=view.decimal(grid["area_km2"], digits=2)))
    title = f"<h2>{escape(grid['grid_id'])}</h2><div class='g-note'>{place} · {area}</div>"
    st.html(f"<div class='g-card' id='{CARD}'>{title}</div>")
    if grid["tier"] is None or grid["tier"] != grid["tier"]:  # noqa: PLR0124  NaN from a frame
        parts.show_state(view.say("card.no_forecast_title"), view.say("card.no_forecast_text"))
    else:
        show_tier(view, scenario, grid)
        show_reasons(view, scenario, grid)
        show_tier_history(view, scenario, grid["grid_id"])
    _show_reports(view, scenario, grid["grid_id"])


def name_scenes(view: View, scenario: str) -> dict[str, str]:
    """The names of a scenario's scenes by id."""
    return {scene["id"]: scene[f"name_{view.language}"] for scene in read_template(view, scenario).get("scenes", [])}


def read_template(view: View, scenario: str) -> dict[str, Any]:
    """A scenario's template as it was when the snapshot was built."""
    row = view.ask_row("template", scenario=scenario)
    template: dict[str, Any] = json.loads(row["template"]) if row else {}
    return template


def _show_reports(view: View, scenario: str, grid_id: str) -> None:
    months = view.ask("history", scenario=scenario, grid_id=grid_id)
    parts.show_title(view.say("card.history"), view.say("card.history_note"))
    if months.empty or not months["reports"].any():
        parts.show_note(view.say("card.no_history"))
        return
    show_history(view, months)


def show_open_cases(view: View, scenario: str, grid_id: str) -> None:
    """The most urgent open cases of a grid in a scenario, and how many there are."""
    cases = view.ask("open_cases", scenario=scenario, grid_id=grid_id, rows=_CASES)
    total = int(cases["all_rows"].iloc[0]) if len(cases) else 0
    parts.show_title(view.say("card.open_cases", count=view.count(total)))
    if cases.empty:
        parts.show_note(view.say("card.no_open_cases"))
        return
    if total > len(cases):
        parts.show_note(view.say("card.first_cases", shown=view.count(len(cases))))
    scenes = name_scenes(view, scenario)
    columns = [
        parts.Column(view.say("column.incident")),
        parts.Column(view.say("column.stage")),
        parts.Column(view.say("column.department")),
        parts.Column(view.say("column.due")),
    ]
    rows = cases.to_dict("records")
    parts.show_table(columns, [_list_case(view, case, scenes) for case in rows])
    parts.show_note(view.say("card.open_one"))
    with st.container(horizontal=True, gap="small", key="card_cases"):
        for row in rows:
            show_link("case", str(row["incident_id"]), case=name_case(row))


def _list_case(view: View, case: dict[str, Any], scenes: dict[str, str]) -> list[str]:
    scene = scenes.get(case["scene"], "") if isinstance(case["scene"], str) else ""
    state = "overdue" if case["is_overdue"] else "near_due" if case["is_near_due"] else ""
    late = view.say(f"card.{state}", days=view.decimal(case["overdue_days"])) if state else ""
    return [
        f"{case['incident_id']} {scene}".strip(),
        view.word("stage", case["stage"]),
        view.department_name(case["department"]),
        f"{view.moment(case['due_at_utc'])} {late}".strip(),
    ]
