"""The map page: where it is red and why; one click on a grid opens its card."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import palette, parts
from governance.ui.address import keep_choice, read_choice
from governance.ui.choices import Unit, choose_district, choose_scenario
from governance.ui.geometry import make_shapes
from governance.ui.map import Box, make_deck, read_selected
from governance.ui.map_times import choose_day, find_day
from governance.ui.pages.changes_digest import show_digest
from governance.ui.pages.grid_card import show_grid_card, show_open_cases
from governance.ui.pages.map_sheet import is_asked_for, offer_sheet, show_sheet
from governance.ui.view import View

_KEY = "map"
_LISTED = 14
_SEARCH = "search_grid"


def show(view: View) -> None:
    """Scenario, district, polygons by tier, legend with counts, and beside it the reddest grids or one grid's card."""
    if not view.names("scenarios", "scenario"):
        parts.show_state(view.say("state.no_scenario_title"), view.say("state.no_scenario_text"))
        return
    scenario, unit = _show_choices(view)
    if is_asked_for():
        show_sheet(view, scenario, unit, find_day(view, "day"))
        return
    show_digest(view, scenario, unit)
    day = choose_day(view, on_page="map")
    _show_legend(view, scenario, unit, day)
    left, right = st.columns([1.75, 1], gap="medium")
    grid = _find_grid(view, scenario)
    with left:
        _show_map(view, scenario, unit, grid, day=day)
    with right:
        if grid:
            st.button(view.say("map.close_card"), on_click=keep_choice, args=("grid", ""), icon=":material/arrow_back:")
            if day:
                parts.show_note(view.say("day.card_is_now"))
            show_grid_card(view, scenario, grid)
        else:
            _show_reddest(view, scenario, unit, day)
    if grid:
        show_open_cases(view, scenario, grid["grid_id"])


def _show_choices(view: View) -> tuple[str, Unit]:
    first, second, third = st.columns([1.2, 1, 1])
    with first:
        scenario = choose_scenario(view, on_page="map")
    with second:
        unit = choose_district(view, on_page="map")
    with third:
        st.text_input(
            view.say("map.search"), key=_SEARCH, placeholder=view.say("map.search_hint"), on_change=_keep_search
        )
    return scenario, unit


def _keep_search() -> None:
    keep_choice("grid", st.session_state[_SEARCH].strip())


def _find_grid(view: View, scenario: str) -> dict[str, Any] | None:
    asked = read_choice("grid")
    if not asked:
        return None
    grid = view.ask_row("grid", grid_id=asked, scenario=scenario)
    if grid is None:
        parts.show_banner(view.say("map.no_such_grid", grid=asked))
    return grid


def _ask_of_day(view: View, day: date | None, of_day: str, of_now: str, **asked: Any) -> pd.DataFrame:
    """The answer for a past day, or for now."""
    return view.ask(of_day, day=day, **asked) if day else view.ask(of_now, **asked)


def _show_legend(view: View, scenario: str, unit: Unit, day: date | None) -> None:
    asked = {"scenario": scenario, "level": unit.level, "unit_id": unit.unit_id}
    figures = next(iter(_ask_of_day(view, day, "day_figures", "unit_figures", **asked).to_dict("records")), None)
    show_tier_legend(view, figures, day)


def show_tier_legend(view: View, figures: Mapping[str, Any] | None, day: date | None = None) -> None:
    """The tiers' colours and letters with how many grids have each; `figures`: red, red_share and so on, grids."""
    if figures is None:
        parts.show_note(view.say("map.no_tiers"))
        return
    cells = [
        "<span>"
        + parts.mark_tier(tier, view.word("tier", tier))
        + f" <b>{view.count(figures[tier])}</b> ({view.share(figures[f'{tier}_share'])})</span>"
        for tier in palette.TIERS
    ]
    basis = view.say("map.legend_basis", grids=view.count(figures["grids"]))
    basis += view.say("day.legend", day=view.date(day)) if day else ""
    st.html(f"<div class='g-legend' role='list'>{''.join(cells)}<span class='g-note'>{basis}</span></div>")


def _show_map(view: View, scenario: str, unit: Unit, grid: dict[str, Any] | None, *, day: date | None) -> None:
    shapes = make_shapes(view.city)
    place = {"level": unit.level, "unit_id": unit.unit_id}
    digits = _ask_of_day(view, day, "day_digits", "tier_digits", scenario=scenario, **place)["digits"].iloc[0]
    bounds = view.ask_row("bounds", **place)
    if not digits or not bounds:
        parts.show_state(view.say("state.no_grids_title"), view.say("state.no_grids_text"))
        return
    box = Box(*(float(bounds[side]) for side in ("west", "south", "east", "north")))
    deck = make_deck(shapes, str(digits), box=box, language=view.language, chosen=grid["geometry"] if grid else None)
    st.pydeck_chart(
        deck, key=_KEY, on_select=_keep_selected, selection_mode="single-object", height=600, alt=view.say("map.alt")
    )
    st.session_state["map_view"] = view
    with st.container(horizontal=True, vertical_alignment="center", key="below_map"):
        parts.show_note(view.say("map.hint_large" if shapes.overview else "map.hint"))
        offer_sheet(view)


def _keep_selected() -> None:
    """A click on a grid opens its card; a click beside the grids, or on it again, closes it."""
    number = read_selected(st.session_state[_KEY].get("selection", {}))
    row = st.session_state["map_view"].ask_row("grid_id", grid_no=number) if number is not None else None
    keep_choice("grid", str(row["grid_id"]) if row else "")


def _show_reddest(view: View, scenario: str, unit: Unit, day: date | None) -> None:
    """The list beside the map: real links, so that the keyboard and screen readers reach every grid in it."""
    asked = {"scenario": scenario, "level": unit.level, "unit_id": unit.unit_id, "rows": _LISTED}
    rows = _ask_of_day(view, day, "day_grids", "ranked_grids", **asked)
    if day:
        title = view.say("day.reddest", count=view.count(len(rows)), day=view.date(day))
        parts.show_title(title, view.say("day.reddest_note"))
    else:
        parts.show_title(view.say("map.reddest", count=view.count(len(rows))), view.say("map.reddest_note"))
    with st.container(key="reddest", gap=None):
        for row in rows.to_dict("records"):
            letter = palette.TIER_LETTERS.get(row["tier"], "?")
            place = str(row[f"place_{view.language}"])
            label = f"{view.decimal(row['expected_reports_28d'], digits=2)}　{letter}　{row['grid_id']}　{place}"
            st.button(
                parts.escape_markdown(label),
                key=f"reddest_{row['grid_id']}",
                type="tertiary",
                on_click=keep_choice,
                args=("grid", row["grid_id"]),
            )
