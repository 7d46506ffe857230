"""Where it is red now, and what turned red since the Monday before, and why."""

from __future__ import annotations

from typing import Any

import streamlit as st

from governance.ui import parts
from governance.ui.address import keep_choice
from governance.ui.choices import Unit, name_level
from governance.ui.pages.changes_digest import show_digest
from governance.ui.tier_words import spell_change
from governance.ui.view import View

_UNITS = 12
_GRIDS = 8
_TURNED = 4
_REDDEST = 3


def show_red(view: View, scenario: str, unit: Unit) -> None:
    """The units right below by red grids, with what changed; the red grids themselves where there is none below."""
    rows = view.ask("overview_units", scenario=scenario, level=unit.level, unit_id=unit.unit_id)
    if rows.empty:
        _show_grids(view, scenario, unit)
        return
    level = name_level(view, unit.level + 1)
    parts.show_title(view.say("overview.red"), view.say("overview.red_note", level=level))
    shown = rows.head(_UNITS)
    with st.container(key="where_red"):
        parts.show_bars(_make_bar(view, row) for row in shown.to_dict("records"))
    if len(rows) > len(shown):
        parts.show_note(view.say("overview.first", shown=view.count(len(shown)), all=view.count(len(rows))))
    _show_reddest(view, scenario, unit)
    if st.button(view.say("overview.to_map"), key="to_map", type="tertiary", icon=":material/arrow_forward:"):
        _open_map(scenario, "")


def _show_reddest(view: View, scenario: str, unit: Unit) -> None:
    """The reddest units two levels below, wherever they lie: the worst town need not lie in the worst district."""
    rows = view.ask("overview_reddest", scenario=scenario, level=unit.level, unit_id=unit.unit_id, rows=_REDDEST)
    if rows.empty:
        return
    parts.show_note(view.say("overview.reddest", level=name_level(view, unit.level + 2)))
    parts.show_ways((_name_unit(view, scenario, row) for row in rows.to_dict("records")), key="reddest_units")


def _name_unit(view: View, scenario: str, row: dict[Any, Any]) -> parts.Way:
    label = view.say(
        # Of all scenarios a grid counts several times: then its number of grids would say nothing.
        "overview.reddest_unit" if scenario else "overview.reddest_all",
        name=row[f"name_{view.language}"],
        above=row[f"above_{view.language}"],
        red=view.count(row["red"]),
        grids=view.count(row["grids"]),
    )
    return parts.Way(label, key=f"reddest_{row['unit_id']}", go=keep_choice, args=("unit", row["unit_id"]))


def _make_bar(view: View, row: dict[Any, Any]) -> parts.Bar:
    has_changed = row["turned_red"] or row["left_red"]
    note = view.say(
        "overview.red_bar" if has_changed else "overview.red_same",
        turned=view.count(row["turned_red"]),
        left=view.count(row["left_red"]),
    )
    return parts.Bar(str(row[f"name_{view.language}"]), row["of_most"], view.count(row["red"]), note)


def _show_grids(view: View, scenario: str, unit: Unit) -> None:
    rows = view.ask("overview_grids", scenario=scenario, level=unit.level, unit_id=unit.unit_id, rows=_GRIDS)
    parts.show_title(view.say("overview.red_grids"), view.say("overview.red_grids_note"))
    if rows.empty:
        parts.show_note(view.say("overview.no_red"))
        return
    with st.container(key="red_grids", gap=None):
        for row in rows.to_dict("records"):
            label = view.say(
                "overview.red_grid",
                grid=row["grid_id"],
                place=row[f"place_{view.language}"],
                scenarios=view.count(row["scenarios"]),
                expected=view.decimal(row["expected_reports_28d"], digits=1),
            )
            if st.button(parts.escape_markdown(label), key=f"red_{row['grid_id']}", type="tertiary"):
                _open_map(scenario or row["scenario"], row["grid_id"])


def show_turned(view: View, scenario: str, unit: Unit) -> None:
    """How many grids turned red and left it, and of those that turned the ones with the most reports expected."""
    parts.show_title(view.say("overview.turned"), view.say("overview.turned_note"))
    show_digest(view, scenario, unit)
    rows = view.ask("overview_turned", scenario=scenario, level=unit.level, unit_id=unit.unit_id, rows=_TURNED)
    with st.container(key="turned"):
        for row in rows.to_dict("records"):
            _show_turned_grid(view, scenario, row)


def _show_turned_grid(view: View, scenario: str, row: dict[Any, Any]) -> None:
    label = f"{row['grid_id']} · {row[f'place_{view.language}']} ›"
    key = f"turned_{row['scenario']}_{row['grid_id']}"
    if st.button(parts.escape_markdown(label), key=key, type="tertiary"):
        _open_map(row["scenario"], row["grid_id"])
    why = spell_change(view.language, row)
    named = view.say("overview.turned_why", scenario=view.scenario_name(row["scenario"]), why=why)
    parts.show_note(why if scenario else named)


def _open_map(scenario: str, grid_id: str) -> None:
    if scenario:
        keep_choice("scenario", scenario)
    keep_choice("grid", grid_id)
    st.switch_page(st.session_state["page_map"], query_params=dict(st.query_params))
