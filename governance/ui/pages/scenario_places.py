"""The tab that goes down from the city to a grid: at each level the map, what lies right below, and the year so far."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import parts
from governance.ui.address import keep_choice
from governance.ui.choices import Unit
from governance.ui.geometry import make_shapes
from governance.ui.language import MISSING
from governance.ui.links import show_link
from governance.ui.map import make_deck, read_selected
from governance.ui.map_borders import outline_grid
from governance.ui.pages.scenario_below import show_below
from governance.ui.pages.scenario_cases import show_cases
from governance.ui.place_map import HEIGHT_PX, frame_place
from governance.ui.places import Place
from governance.ui.view import View
from governance.ui.year_chart import show_year

_WEEKLY_LEVEL = 2
_GRID_LEVEL = 4


def show_place(view: View, scenario: str, place: Place) -> None:
    """Figures, map and trend of the place; below them its units, its grids, or the cases of a grid."""
    figures = place.grid or view.ask_row(
        "unit_figures", level=place.unit.level, unit_id=place.unit.unit_id, scenario=scenario
    )
    if figures is None:
        parts.show_state(view.say("scenario.nothing_title"), view.say("scenario.nothing_text"))
        return
    _show_figures(view, place, figures)
    if place.is_unmatched:
        _show_trend(view, scenario, place)
    else:
        left, right = st.columns(2, gap="large")
        with left:
            _show_map(view, scenario, place)
        with right:
            _show_trend(view, scenario, place)
    if place.grid is not None or place.is_unmatched:
        if place.grid is not None:
            with st.container(key="to_card"):
                show_link("map", view.say("place.card"), grid=str(place.grid["grid_id"]))
        show_cases(view, scenario, None if place.grid is None else int(place.grid["grid_no"]))
    else:
        show_below(view, scenario, place.unit)


def _show_figures(view: View, place: Place, figures: dict[str, Any]) -> None:
    say, count = view.say, view.count
    shown = _list_tiers(view, place, figures)
    if not place.is_unmatched:
        digits = 2 if place.grid is not None else 0
        expected = view.decimal(figures["expected_reports_28d"], digits=digits)
        shown.append(parts.Figure(say("figure.expected"), expected, say("figure.next_28d")))
    share = view.share(figures["overdue_share"])
    parts.show_figures(
        [
            *shown,
            parts.Figure(say("figure.reports"), count(figures["reports_28d"]), _compare(view, figures)),
            parts.Figure(say("figure.open"), count(figures["open_cases"]), say("figure.now")),
            parts.Figure(say("figure.overdue"), count(figures["overdue_cases"]), say("figure.of_open", share=share)),
        ]
    )


def _list_tiers(view: View, place: Place, figures: dict[str, Any]) -> list[parts.Figure]:
    """How many grids are red and yellow; of a grid, its own tier; nothing for what lies in no grid."""
    if place.is_unmatched:
        return []
    if place.grid is None:
        grids = view.say("figure.of_grids", grids=view.count(figures["grids"]))
        return [
            parts.Figure(view.say(f"figure.{tier}"), view.count(figures[tier]), grids) for tier in ("red", "yellow")
        ]
    has_tier = isinstance(figures["tier"], str)
    tier = view.word("tier", figures["tier"]) if has_tier else MISSING
    basis = view.say("place.rank", rank=view.count(figures["rank"]), grids=view.count(figures["ranked_grids"]))
    return [parts.Figure(view.say("column.tier"), tier, basis if has_tier else view.say("place.no_tier"))]


def _compare(view: View, figures: dict[str, Any]) -> str:
    """Beside the reports of the last 28 days those of a year before."""
    last = figures["reports_28d_last_year"]
    if last is None or pd.isna(last):
        return view.say("figure.no_last_year")
    return view.say("figure.yoy", change=view.change(figures["reports_change"]), last=view.count(last))


def _show_map(view: View, scenario: str, place: Place) -> None:
    parts.show_title(view.say("place.map"), view.say("place.map_note"))
    unit = place.unit
    digits = view.ask_row("tier_digits", scenario=scenario, level=unit.level, unit_id=unit.unit_id)
    bounds = view.ask_row("bounds", level=unit.level, unit_id=unit.unit_id)
    if not digits or not digits["digits"] or not bounds:
        parts.show_note(view.say("place.no_map"))
        return
    grid = None if place.grid is None else outline_grid(place.grid["grid_no"], place.grid["geometry"])
    deck = make_deck(
        make_shapes(view.city), str(digits["digits"]), box=frame_place(bounds), language=view.language, chosen=grid
    )
    # Each place has a map of its own: the view is that place's, and no click of the place before is left in it.
    key = f"place_map_{unit.level}_{unit.unit_id}_{bool(place.grid)}"
    st.pydeck_chart(
        deck,
        key=key,
        on_select=lambda: _keep_clicked(view, unit, key),
        selection_mode="single-object",
        height=HEIGHT_PX,
        alt=view.say("place.map_alt"),
    )


def _keep_clicked(view: View, unit: Unit, key: str) -> None:
    """A click goes down by one level, to the unit that holds the grid, and at last to the grid itself."""
    number = read_selected(st.session_state[key].get("selection", {}))
    row = view.ask_row("grid_id", grid_no=number) if number is not None else None
    if row is None:
        return
    below = row.get(f"level_{unit.level + 1}_id")
    keep_choice("unit", below if isinstance(below, str) else unit.unit_id)
    keep_choice("grid", "" if isinstance(below, str) else str(row["grid_id"]))


def _show_trend(view: View, scenario: str, place: Place) -> None:
    """Weeks for large units, months for small ones and grids, where a week holds a report or none."""
    unit = place.unit
    if place.grid is None and unit.level <= _WEEKLY_LEVEL:
        step, level, unit_id = "week", unit.level, unit.unit_id
    else:
        step, level, unit_id = "month", unit.level, unit.unit_id
    if place.grid is not None:
        level, unit_id = _GRID_LEVEL, str(place.grid["grid_id"])
    frame = view.ask(f"{step}s", level=level, unit_id=unit_id, scenario=scenario)
    parts.show_title(view.say("place.trend"), view.say(f"place.{step}s"))
    if not frame["reports"].any() and not frame["reports_last_year"].any():
        parts.show_note(view.say("scenario.no_cases"))
        return
    if frame["reports_last_year"].isna().all():
        parts.show_note(view.say("figure.no_last_year"))
    show_year(view, frame, step=step)
