"""What lies right below a unit: its units or its grids with their figures, and the way down to each."""

from __future__ import annotations

from typing import Any

import streamlit as st

from governance.ui import parts
from governance.ui.address import keep_choice
from governance.ui.choices import Unit, name_level
from governance.ui.language import MISSING
from governance.ui.places import has_units_below
from governance.ui.view import UNMATCHED, View

_GRIDS = 2000
_REST = "~rest"


def show_below(view: View, scenario: str, unit: Unit) -> None:
    """The units of the next level, or the grids where there is none: their rows add up to the unit's figures."""
    if has_units_below(view, unit):
        _show_units(view, scenario, unit)
    else:
        _show_grids(view, scenario, unit)


def _show_units(view: View, scenario: str, unit: Unit) -> None:
    frame = view.ask("children", level=unit.level, unit_id=unit.unit_id, scenario=scenario)
    level = name_level(view, unit.level + 1)
    parts.show_title(view.say("scenario.children", level=level), view.say("scenario.children_note"))
    names = [
        view.say("name.unmatched") if row["unit_id"] == UNMATCHED else row[f"name_{view.language}"] or row["unit_id"]
        for row in frame.to_dict("records")
    ]
    ids = frame["unit_id"].tolist()
    key = f"children_{unit.level}_{unit.unit_id}"
    st.dataframe(
        frame.assign(name=names),
        hide_index=True,
        placeholder=MISSING,
        key=key,
        on_select=lambda: _keep_row(key, "unit", ids),
        selection_mode="single-cell",
        width="stretch",
        height=parts.fit_rows(len(frame)),
        column_order=["name", *_NUMBERS],
        column_config=_describe_columns(view, "name", level, _NUMBERS),
    )
    _offer_below(view, unit, "unit", level, dict(zip(ids, names, strict=True)))


def _show_grids(view: View, scenario: str, unit: Unit) -> None:
    frame = view.ask("unit_grids", scenario=scenario, level=unit.level, unit_id=unit.unit_id, rows=_GRIDS)
    parts.show_title(view.say("scenario.grids"), view.say("place.grids_note"))
    names = [_name_grid(view, row) for row in frame.to_dict("records")]
    ids = frame["grid_id"].tolist()
    tiers = [view.word("tier", tier) if isinstance(tier, str) else "" for tier in frame["tier"]]
    key = f"grids_{unit.level}_{unit.unit_id}"
    st.dataframe(
        frame.assign(name=names, tier=tiers),
        hide_index=True,
        placeholder=MISSING,
        key=key,
        on_select=lambda: _keep_row(key, "grid", ids),
        selection_mode="single-cell",
        width="stretch",
        height=parts.fit_rows(len(frame)),
        column_order=["name", "tier", *_GRID_NUMBERS],
        column_config=_describe_columns(view, "name", view.say("column.grid"), _GRID_NUMBERS)
        | {"tier": st.column_config.TextColumn(view.say("column.tier"))},
    )
    _offer_below(view, unit, "grid", view.say("column.grid"), dict(zip(ids, names, strict=True)))


def _name_grid(view: View, row: dict[Any, Any]) -> str:
    if row["grid_id"] == _REST:
        return view.say("place.rest", grids=view.count(row["grids"]))
    return view.say("name.unmatched") if row["grid_id"] == UNMATCHED else str(row["grid_id"])


def _offer_below(view: View, unit: Unit, name: str, title: str, names: dict[str, str]) -> None:
    """The way down for the keyboard."""
    below = {id_: shown for id_, shown in names.items() if id_ != _REST}
    key = f"down_{unit.level}_{unit.unit_id}"
    st.selectbox(
        view.say("scenario.go_down", level=title),
        list(below),
        index=None,
        key=key,
        format_func=lambda id_: below.get(id_, id_),
        placeholder=view.say("scenario.go_down_hint"),
        on_change=lambda: _keep_below(name, st.session_state[key]),
    )


def _keep_row(key: str, name: str, ids: list[str]) -> None:
    cells = st.session_state[key]["selection"]["cells"]
    if cells and cells[0][0] < len(ids):
        _keep_below(name, ids[cells[0][0]])


def _keep_below(name: str, id_: str | None) -> None:
    """Go down to a unit or a grid; what lies in no grid is a place of its own, whatever list names it."""
    if id_ and id_ != _REST:
        keep_choice("unit" if id_ == UNMATCHED else name, id_)


def _describe_columns(view: View, name: str, title: str, numbers: dict[str, str]) -> dict[str, Any]:
    columns: dict[str, Any] = {name: st.column_config.TextColumn(title, width="medium")}
    for column, shape in numbers.items():
        columns[column] = st.column_config.NumberColumn(
            view.say(f"column.{column}"), help=view.say(f"help.{column}"), format=shape or "localized"
        )
    return columns


_NUMBERS = {
    "grids": "", "red": "", "yellow": "", "red_share": "percent", "expected_reports_28d": "%.1f", "reports_28d": "",
    "reports_28d_last_year": "", "reports_change": "percent", "open_cases": "", "overdue_cases": "",
    "overdue_share": "percent",
}  # fmt: skip
_GRID_NUMBERS = {
    "expected_reports_28d": "%.2f", "p_any_28d": "percent", "rank": "", "reports_28d": "",
    "reports_28d_last_year": "", "open_cases": "", "overdue_cases": "",
}  # fmt: skip
