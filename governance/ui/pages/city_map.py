"""The map page: where it is red and why; one click on a grid opens its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import palette, parts
from governance.ui.address import keep_choice, read_choice
from governance.ui.choices import Unit, choose_scenario, choose_town
from governance.ui.geometry import make_shapes
from governance.ui.map import Box, frame_polygon, make_deck, read_box, read_selected
from governance.ui.map_borders import outline_grid
from governance.ui.map_layers import make_layers
from governance.ui.map_points import Subject
from governance.ui.map_times import choose_day, find_day
from governance.ui.pages.changes_digest import show_digest
from governance.ui.pages.grid_card import CARD, show_grid_card, show_open_cases
from governance.ui.pages.map_group import choose_pick, keep_corner, name_ranked, picks_several, show_group
from governance.ui.pages.map_search import count_moves, show_hits, show_search, show_whole
from governance.ui.pages.map_sheet import is_asked_for, offer_sheet, show_sheet
from governance.ui.pages.map_switches import choose_layers, explain_marks
from governance.ui.screen import find_map_size, is_phone
from governance.ui.view import View

_KEY = "map"
_LISTED = 14
_NEAR_MARGIN = 2.5


def show(view: View) -> None:
    """Scenario, district, search, layers, polygons by tier; beside them the reddest grids, one card or a group."""
    if not view.names("scenarios", "scenario"):
        parts.show_state(view.say("state.no_scenario_title"), view.say("state.no_scenario_text"))
        return
    scenario, unit = _show_choices(view)
    show_hits(view)
    if is_asked_for():
        show_sheet(view, scenario, unit, find_day(view, "day"))
        return
    if not is_phone():
        show_digest(view, scenario, unit)
    day = choose_day(view, on_page="map")
    _show_legend(view, scenario, unit, day)
    grid = _find_grid(view, scenario)
    layers = choose_layers(view, scenario, unit)
    left, right = st.columns([1.75, 1], gap="medium")
    with left:
        _show_map(view, scenario, unit, grid=grid, layers=layers, day=day)
    with right:
        _show_side(view, scenario, unit, grid, day=day)
    if grid and not picks_several():
        show_open_cases(view, scenario, grid["grid_id"])
    if is_phone():
        # There the map comes first, and what changed can wait.
        show_digest(view, scenario, unit)


def _show_choices(view: View) -> tuple[str, Unit]:
    first, second, third = st.columns([1.2, 2, 1])
    with first:
        scenario = choose_scenario(view, on_page="map")
    with second:
        unit = choose_town(view, on_page="map", keeps_deeper=True)
    with third:
        show_search(view)
    return scenario, unit


def _find_grid(view: View, scenario: str) -> dict[str, Any] | None:
    asked = read_choice("grid")
    if not asked:
        return None
    grid = view.ask_row("grid", grid_id=asked, scenario=scenario)
    if grid is None:
        parts.show_banner(view.say("map.no_such_grid", grid=asked))
    return grid


def _show_side(view: View, scenario: str, unit: Unit, grid: dict[str, Any] | None, *, day: date | None) -> None:
    choose_pick(view)
    if picks_several():
        show_group(view, scenario, unit)
    elif grid:
        st.button(view.say("map.close_card"), on_click=keep_choice, args=("grid", ""), icon=":material/arrow_back:")
        if day:
            parts.show_note(view.say("day.card_is_now"))
        show_grid_card(view, scenario, grid)
    else:
        _show_reddest(view, scenario, unit, day)


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


def _show_map(
    view: View, scenario: str, unit: Unit, *, grid: dict[str, Any] | None, layers: list[str], day: date | None
) -> None:
    shapes = make_shapes(view.city)
    place = {"level": unit.level, "unit_id": unit.unit_id}
    digits = _ask_of_day(view, day, "day_digits", "tier_digits", scenario=scenario, **place)["digits"].iloc[0]
    view_box = _frame_view(view, unit)
    if not digits or not view_box:
        parts.show_state(view.say("state.no_grids_title"), view.say("state.no_grids_text"))
        return
    box = read_box(read_choice("box")) if picks_several() else None
    drawn = make_layers(
        view.city, shapes, Subject(scenario, unit.level, unit.unit_id), layers, language=view.language,
        box=(box.west, box.south, box.east, box.north) if box else None,
    )  # fmt: skip
    deck = make_deck(
        shapes,
        str(digits),
        box=view_box,
        language=view.language,
        chosen=outline_grid(grid["grid_no"], grid["geometry"]) if grid else None,
        # Letters and the hover card that come by address tell today's tiers.
        layers=replace(drawn, letters=None, hover="") if day else drawn,
    )
    st.pydeck_chart(
        deck,
        key=_KEY,
        on_select=_keep_selected,
        selection_mode="single-object",
        height=440 if is_phone() else 600,
        alt=_describe_map(view, scenario, unit, grid, day=day),
    )
    st.session_state["map_view"] = view
    if grid and is_phone() and not picks_several():
        # Below the map, so that nothing moves under the finger that chose.
        parts.show_link(view.say("map.to_card"), f"#{CARD}", before=view.say("map.chosen", grid=grid["grid_id"]))
    explain_marks(view, scenario, unit, layers, is_past=day is not None)
    with st.container(horizontal=True, vertical_alignment="center", key="below_map"):
        parts.show_note(view.say("map.hint_large" if shapes.overview else "map.hint"))
        st.button(
            view.say("map.whole", unit=parts.escape_markdown(unit.name)),
            key="map_whole",
            on_click=show_whole,
            type="tertiary",
            icon=":material/zoom_out_map:",
        )
        offer_sheet(view)


def _frame_view(view: View, unit: Unit) -> Box | None:
    """What the map shows at first: the place that was searched for, else the unit; the same until one is chosen."""
    if st.session_state.setdefault("map_unit", unit.unit_id) != unit.unit_id:
        keep_choice("near", read_choice("near") if st.session_state.get("map_moved") != count_moves() else "")
    st.session_state["map_unit"], st.session_state["map_moved"] = unit.unit_id, count_moves()
    near = view.ask_row("grid", grid_id=read_choice("near"), scenario="")
    if near is not None:
        framed = frame_polygon(near["geometry"], margin=_NEAR_MARGIN)
        return replace(framed, moves=count_moves(), **find_map_size())
    bounds = view.ask_row("bounds", level=unit.level, unit_id=unit.unit_id)
    if not bounds:
        return None
    west, south, east, north = (float(bounds[side]) for side in ("west", "south", "east", "north"))
    return Box(west, south, east, north, moves=count_moves(), **find_map_size())


def _describe_map(view: View, scenario: str, unit: Unit, grid: dict[str, Any] | None, *, day: date | None) -> str:
    """What a screen reader says of the map: scenario, place, grids by tier on its day, the chosen grid."""
    asked = {"scenario": scenario, "level": unit.level, "unit_id": unit.unit_id}
    figures = next(iter(_ask_of_day(view, day, "day_figures", "unit_figures", **asked).to_dict("records")), None)
    counts = {tier: view.count(figures[tier] if figures else None) for tier in palette.TIERS}
    told = view.say("map.alt", scenario=view.scenario_name(scenario), unit=unit.name, **counts)
    return told + (view.say("map.alt_grid", grid=grid["grid_id"]) if grid else "")


def _keep_selected() -> None:
    """A click on a grid opens its card; the button above the card closes it.

    Nothing chosen is no answer: it comes of a click beside the grids and, from Streamlit, of the second click of two.
    """
    number = read_selected(st.session_state[_KEY].get("selection", {}))
    view = st.session_state["map_view"]
    row = view.ask_row("grid_id", grid_no=number) if number is not None else None
    if row is None:
        return
    if picks_several():
        keep_corner(view, str(row["grid_id"]))
    else:
        keep_choice("grid", str(row["grid_id"]))


def _show_reddest(view: View, scenario: str, unit: Unit, day: date | None) -> None:
    """The list beside the map: real links, so that the keyboard and screen readers reach every grid in it."""
    asked = {"scenario": scenario, "level": unit.level, "unit_id": unit.unit_id, "rows": _LISTED}
    rows = _ask_of_day(view, day, "day_grids", "ranked_grids", **asked)
    if day:
        title = view.say("day.reddest", count=view.count(len(rows)), day=view.date(day))
        parts.show_title(title, view.say("day.reddest_note"))
    else:
        parts.show_title(view.say("map.reddest", count=view.count(len(rows))), view.say("map.reddest_note"))
    ways = (
        parts.Way(
            name_ranked(view, row), key=f"reddest_{row['grid_id']}", go=keep_choice, args=("grid", row["grid_id"])
        )
        for row in rows.to_dict("records")
    )
    parts.show_ways(ways, key="reddest")
