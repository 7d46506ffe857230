"""One grid's card: tier, forecast, reasons in words and numbers, history, open cases."""

from __future__ import annotations

import json
from html import escape
from typing import Any

import streamlit as st

from governance.ui import parts
from governance.ui.charts import show_history
from governance.ui.language import load_texts
from governance.ui.view import View

_CASES = 12
_ALMOST_CERTAIN = 0.995


def show_grid_card(view: View, scenario: str, grid: dict[str, Any]) -> None:
    """The card of a grid (a row of `ask_ui_grid`) in a scenario."""
    place = escape(str(grid[f"place_{view.language}"]))
    area = escape(view.say("card.area", area=view.decimal(grid["area_km2"], digits=2)))
    st.html(f"<div class='g-card'><h2>{escape(grid['grid_id'])}</h2><div class='g-note'>{place} · {area}</div></div>")
    if grid["tier"] is None or grid["tier"] != grid["tier"]:  # noqa: PLR0124  NaN from a frame
        parts.show_state(view.say("card.no_forecast_title"), view.say("card.no_forecast_text"))
    else:
        _show_forecast(view, grid)
        _show_reasons(view, scenario, grid["grid_id"])
    _show_reports(view, scenario, grid["grid_id"])


def name_scenes(view: View, scenario: str) -> dict[str, str]:
    """The names of a scenario's scenes by id."""
    return {scene["id"]: scene[f"name_{view.language}"] for scene in read_template(view, scenario).get("scenes", [])}


def read_template(view: View, scenario: str) -> dict[str, Any]:
    """A scenario's template as it was when the snapshot was built."""
    row = view.ask_row("template", scenario=scenario)
    template: dict[str, Any] = json.loads(row["template"]) if row else {}
    return template


def _show_forecast(view: View, grid: dict[str, Any]) -> None:
    st.html(parts.mark_tier(grid["tier"], view.word("tier", grid["tier"])))
    parts.show_figures(
        [
            parts.Figure(
                view.say("card.expected"),
                view.decimal(grid["expected_reports_28d"], digits=2),
                view.say("card.per_28d"),
            ),
            parts.Figure(view.say("card.p_any"), _spell_chance(view, grid["p_any_28d"]), view.say("card.per_28d")),
            parts.Figure(
                view.say("card.severity"),
                view.decimal(grid["expected_severity_28d"], digits=2),
                view.say("card.mean_severity", weight=view.decimal(grid["mean_severity"], digits=2)),
            ),
            parts.Figure(
                view.say("card.rank"),
                view.count(grid["rank"]),
                view.say("card.rank_of", grids=view.count(grid["ranked_grids"])),
            ),
        ]
    )


def _spell_chance(view: View, chance: float) -> str:
    return view.say("card.almost_certain") if chance > _ALMOST_CERTAIN else view.share(chance, digits=0)


def _show_reasons(view: View, scenario: str, grid_id: str) -> None:
    rows = view.ask("reasons", scenario=scenario, grid_id=grid_id).to_dict("records")
    parts.show_title(view.say("card.reasons"), view.say("card.reasons_note"))
    known = load_texts(view.language)
    bars = []
    for row in rows:
        key = f"reason.{row['feature']}"
        words = known[key].format(value=view.decimal(row["value"], digits=2)) if key in known else str(row["feature"])
        adds = view.say("card.adds", reports=view.decimal(row["contribution"], digits=2))
        bars.append(parts.Bar(words, row["share"], adds, view.share(row["share"], digits=0)))
    parts.show_bars(bars, is_wide=True)


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
    parts.show_table(columns, [_list_case(view, case, scenes) for case in cases.to_dict("records")])


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
