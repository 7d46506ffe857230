"""The page of tier changes: how many grids turned red or left it, why, and grid by grid with a way to its card."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import parts
from governance.ui.address import keep_choice
from governance.ui.change_export import export_change_bytes
from governance.ui.choices import choose, choose_filter, find_unit, list_units
from governance.ui.downloads import offer_downloads
from governance.ui.language import MISSING
from governance.ui.pages.changes_digest import spell_most
from governance.ui.tier_words import spell_change, spell_turn
from governance.ui.view import View

_SHOWN = 1000
_DIRECTIONS = ("turned_red", "left_red", "turned_yellow", "turned_green")


def show(view: View) -> None:
    """Filters; counts by direction; reasons; the list with downloads. No change and no history are told in words."""
    chosen = _choose_filters(view)
    unit = find_unit(view, chosen["district"])
    figures = view.ask_row("change_figures", scenario=chosen["scenario"], level=unit.level, unit_id=unit.unit_id)
    if figures is None or pd.isna(figures["since_day"]):
        parts.show_state(view.say("changes.young_title"), view.say("changes.young_text"))
        return
    days = {"day": view.date(figures["day"]), "since": view.date(figures["since_day"])}
    if not figures["changes"]:
        parts.show_state(view.say("changes.none_title"), view.say("changes.none_text", **days))
        return
    parts.show_note(view.say("changes.against", **days))
    _show_figures(view, figures)
    _show_reasons(view, chosen, figures)
    _show_list(view, chosen)


def _choose_filters(view: View) -> dict[str, str]:
    districts = {"": view.say("choose.whole_city")}
    districts |= {unit.unit_id: unit.name for unit in list_units(view) if unit.level == 1}
    first, second = st.columns(2)
    with first:
        scenario = choose_filter(view, on_page="changes")
    with second:
        district = choose(view.say("choose.district"), "district", districts, on_page="changes")
    return {"scenario": scenario, "district": district}


def _show_figures(view: View, figures: dict[str, Any]) -> None:
    nobody = view.say("changes.no_mostly")
    basis = {
        "turned_red": spell_most(view, figures, "turned_red", "changes.mostly", otherwise=nobody),
        "left_red": spell_most(view, figures, "left_red", "changes.mostly", otherwise=nobody),
        "turned_yellow": view.say("changes.from_green"),
        "turned_green": view.say("changes.from_yellow"),
    }
    parts.show_figures(
        parts.Figure(view.say(f"changes.{name}"), view.count(figures[name]), basis[name]) for name in _DIRECTIONS
    )


def _show_reasons(view: View, chosen: dict[str, str], figures: dict[str, Any]) -> None:
    note = view.say("changes.reasons_note", changes=view.count(figures["changes"]))
    parts.show_title(view.say("changes.reasons"), note)
    columns = [
        parts.Column(view.say("changes.reason")),
        *(parts.Column(view.say(f"changes.{name}"), is_number=True) for name in _DIRECTIONS),
        parts.Column(view.say("changes.all"), is_wide=True),
    ]
    rows: list[list[str | parts.Bar]] = [
        [
            view.word("why", row["reason"]),
            *(view.count(row[name]) for name in _DIRECTIONS),
            parts.Bar("", row["share"], view.count(row["changes"]), view.share(row["share"], digits=0)),
        ]
        for row in view.ask("change_reasons", **chosen).to_dict("records")
    ]
    with st.container(key="change_reasons"):
        parts.show_table(columns, rows)


def _show_list(view: View, chosen: dict[str, str]) -> None:
    rows = view.ask("tier_changes", **chosen, rows=_SHOWN)
    total = view.count(rows["all_rows"].iloc[0])
    parts.show_title(view.say("changes.list"), view.say("changes.list_note"))
    _offer_downloads(view, chosen, total)
    if rows["all_rows"].iloc[0] > len(rows):
        parts.show_note(view.say("changes.first", shown=view.count(len(rows)), changes=total))
    event = st.dataframe(
        _name_changes(view, rows),
        hide_index=True,
        placeholder=MISSING,
        key=f"changes_{chosen['scenario']}_{chosen['district']}",
        on_select="rerun",
        selection_mode="single-cell",
        width="stretch",
        height=parts.fit_rows(len(rows)),
        column_order=[name for name in _COLUMNS if name != "scenario" or not chosen["scenario"]],
        column_config=_describe_columns(view),
    )
    cells = event["selection"]["cells"]
    if cells and cells[0][0] < len(rows):
        _open_card(rows.iloc[cells[0][0]])


def _open_card(row: pd.Series) -> None:
    keep_choice("scenario", row["scenario"])
    keep_choice("grid", row["grid_id"])
    # The map shows the whole city, so that the grid lies within what it shows.
    keep_choice("unit", "")
    st.switch_page(st.session_state["page_map"], query_params=dict(st.query_params))


def _name_changes(view: View, rows: pd.DataFrame) -> pd.DataFrame:
    told = rows.to_dict("records")
    return pd.DataFrame(
        {
            "turn": [spell_turn(view.language, row) for row in told],
            "grid": rows["grid_id"],
            "place": rows[f"place_{view.language}"],
            "scenario": [view.scenario_name(row["scenario"]) for row in told],
            "why": [spell_change(view.language, row) for row in told],
            "expected": rows["expected_after"],
            "p_any": rows["p_any_28d"],
        }
    )


_COLUMNS = ("turn", "grid", "why", "scenario", "expected", "p_any", "place")
_WHY_PX = 440


def _describe_columns(view: View) -> dict[str, Any]:
    columns: dict[str, Any] = {
        name: st.column_config.TextColumn(view.say(f"column.{name}"), width=_WHY_PX if name == "why" else None)
        for name in _COLUMNS
    }
    columns["expected"] = st.column_config.NumberColumn(view.say("column.expected"), format="%.2f")
    columns["p_any"] = st.column_config.NumberColumn(view.say("column.p_any"), format="percent")
    return columns


def _offer_downloads(view: View, chosen: dict[str, str], total: str) -> None:
    """Buttons for the file that `governance export changes` would write under the same filters."""
    offer_downloads(
        view,
        "changes",
        {kind: view.say(f"changes.{kind}", changes=total) for kind in ("csv", "xlsx")},
        lambda kind: export_change_bytes(view.city, format=kind, language=view.language, **chosen),
        named=tuple(chosen.values()),
    )
