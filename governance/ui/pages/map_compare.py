"""Two maps against each other: two days, or two scenarios; side by side, or only where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import palette, parts
from governance.ui.address import keep_choice, read_choice
from governance.ui.choices import Unit, choose, choose_district, show_tabs
from governance.ui.geometry import make_shapes
from governance.ui.language import MISSING
from governance.ui.map import DIFFERENCE_LOOK, TIER_LOOK, Box, Look, make_deck
from governance.ui.map_times import find_month_before, list_days
from governance.ui.pages.city_map import show_tier_legend
from governance.ui.pages.map_compare_units import show_units
from governance.ui.screen import find_map_size
from governance.ui.view import View

_LISTED = 500
_HEIGHT = 560


@dataclass(frozen=True)
class Side:
    """One of the two maps: the tiers of a scenario on a day."""

    scenario: str
    day: str


def show(view: View) -> None:
    """Two scenarios with a day each, one unit; the difference with counts and a list, by place, or both maps."""
    if not view.names("scenarios", "scenario"):
        parts.show_state(view.say("state.no_scenario_title"), view.say("state.no_scenario_text"))
        return
    unit, left, right = _choose_sides(view)
    contents = {
        "difference": lambda: _show_difference(view, unit, left, right),
        "units": lambda: show_units(
            view, unit, left=_name(view, left), right=_name(view, right), **_ask_both(left, right, unit)
        ),
        "sides": lambda: _show_sides(view, unit, left, right),
    }
    labels = {name: view.say(f"compare.{name}") for name in contents}
    show_tabs(contents, labels, key=f"compare_{view.language}")


def _choose_sides(view: View) -> tuple[Unit, Side, Side]:
    days = list_days(view)
    options = {day.isoformat(): view.date(day) for day in days}
    options[days[-1].isoformat()] = view.say("day.now", day=view.date(days[-1]))
    _warn_of_unknown(view, options)
    first, second, third = st.columns([1, 1, 1], gap="medium")
    with first:
        unit = choose_district(view, on_page="compare")
    names = view.names("scenarios", "scenario")
    with second:
        one = choose(view.say("compare.one"), "scenario", names, on_page="compare")
        earlier = find_month_before(days).isoformat()
        day = choose(view.say("compare.day_left"), "day", options, on_page="compare", otherwise=earlier)
        left = Side(one, day)
    with third:
        other = choose(view.say("compare.other"), "other", names, on_page="compare", otherwise=left.scenario)
        now = days[-1].isoformat()
        right = Side(
            other, choose(view.say("compare.day_right"), "other_day", options, on_page="compare", otherwise=now)
        )
    return unit, left, right


def _warn_of_unknown(view: View, options: dict[str, str]) -> None:
    names = list(options.values())
    for name in ("day", "other_day"):
        if read_choice(name) and read_choice(name) not in options:
            parts.show_banner(view.say("day.unknown", day=read_choice(name), first=names[0], last=names[-1]))


def _show_difference(view: View, unit: Unit, left: Side, right: Side) -> None:
    asked = _ask_both(left, right, unit)
    rows = view.ask("difference_grids", rows=_LISTED, **asked)
    parts.show_text(view.say("compare.sentence", left=_name(view, left), right=_name(view, right)))
    _show_counts(view, rows)
    digits = view.ask_row("difference_digits", **asked)
    on_left, on_right = st.columns([1.1, 1], gap="medium")
    with on_left:
        _draw(view, unit, str((digits or {}).get("digits") or ""), key="difference", look=DIFFERENCE_LOOK)
    with on_right:
        _show_list(view, rows)


def _show_counts(view: View, rows: pd.DataFrame) -> None:
    cells = []
    for name in palette.DIFFERENCES:
        style = f"background:{palette.DIFFERENCE_COLOURS[name]};color:{palette.DIFFERENCE_INKS[name]}"
        mark = f"<span class='g-tier' style='{style}'>{palette.DIFFERENCE_SIGNS[name]}</span>"
        word = view.word("difference", name)
        cells.append(f"<span role='listitem'>{mark}{escape(word)} <b>{view.count(rows[name].iloc[0])}</b></span>")
    st.html(f"<div class='g-legend' role='list'>{''.join(cells)}</div>")


def _show_list(view: View, rows: pd.DataFrame) -> None:
    changed = rows[rows["grid_id"].notna()]
    if changed.empty:
        parts.show_state(view.say("compare.same_title"), view.say("compare.same_text"))
        return
    total = view.count(changed["up"].iloc[0] + changed["down"].iloc[0])
    parts.show_title(
        view.say("compare.list", count=view.count(len(changed)), total=total), view.say("compare.list_note")
    )
    event = st.dataframe(
        _name_rows(view, changed),
        hide_index=True,
        placeholder=MISSING,
        key="difference_list",
        on_select="rerun",
        selection_mode="single-cell",
        width="stretch",
        height=parts.fit_rows(len(changed), most=13),
        column_order=("turn", "grid", "left", "right", "place"),
        column_config=_describe_columns(view),
    )
    cells = event["selection"]["cells"]
    if cells and cells[0][0] < len(changed):
        keep_choice("grid", str(changed.iloc[cells[0][0]]["grid_id"]))
        keep_choice("unit", "")
        st.switch_page(st.session_state["page_map"], query_params=dict(st.query_params))


def _name_rows(view: View, rows: pd.DataFrame) -> pd.DataFrame:
    told = rows.to_dict("records")
    signs = {1: palette.DIFFERENCE_SIGNS["up"], -1: palette.DIFFERENCE_SIGNS["down"]}
    turns = [
        f"{signs[row['direction']]} {view.word('tier', row['tier_left'])} → {view.word('tier', row['tier_right'])}"
        for row in told
    ]
    return pd.DataFrame(
        {
            "turn": turns,
            "grid": rows["grid_id"],
            "left": rows["expected_left"],
            "right": rows["expected_right"],
            "place": rows[f"place_{view.language}"],
        }
    )


def _describe_columns(view: View) -> dict[str, Any]:
    texts = {name: st.column_config.TextColumn(view.say(f"column.{name}")) for name in ("turn", "grid", "place")}
    numbers = {
        name: st.column_config.NumberColumn(view.say(f"compare.expected_{name}"), format="%.2f")
        for name in ("left", "right")
    }
    return {**texts, **numbers}


def _show_sides(view: View, unit: Unit, left: Side, right: Side) -> None:
    columns = st.columns(2, gap="medium")
    for name, column, side in zip(("left", "right"), columns, (left, right), strict=True):
        with column:
            parts.show_title(_name(view, side))
            asked = _ask_side(side, unit)
            show_tier_legend(view, view.ask_row("day_figures", **asked))
            digits = view.ask_row("day_digits", **asked)
            _draw(view, unit, str((digits or {}).get("digits") or ""), key=f"side_{name}", look=TIER_LOOK)
    parts.show_note(view.say("compare.sides_note"))


def _ask_both(left: Side, right: Side, unit: Unit) -> dict[str, Any]:
    return {**_ask_side(left, unit), "other": right.scenario, "other_day": date.fromisoformat(right.day)}


def _ask_side(side: Side, unit: Unit) -> dict[str, Any]:
    return {
        "scenario": side.scenario,
        "day": date.fromisoformat(side.day),
        "level": unit.level,
        "unit_id": unit.unit_id,
    }


def _name(view: View, side: Side) -> str:
    return f"{view.scenario_name(side.scenario)} · {view.date(date.fromisoformat(side.day))}"


def _draw(view: View, unit: Unit, digits: str, *, key: str, look: Look) -> None:
    bounds = view.ask_row("bounds", level=unit.level, unit_id=unit.unit_id)
    if not digits or not bounds:
        parts.show_state(view.say("state.no_grids_title"), view.say("state.no_grids_text"))
        return
    west, south, east, north = (float(bounds[side]) for side in ("west", "south", "east", "north"))
    box = Box(west, south, east, north, **find_map_size())
    deck = make_deck(make_shapes(view.city), digits, box=box, language=view.language, look=look)
    st.pydeck_chart(deck, key=key, height=_HEIGHT, alt=view.say("compare.map_alt"))
