"""The map page's search: a field, and the places it found as a list to choose from."""

from __future__ import annotations

import streamlit as st

from governance.ui import parts
from governance.ui.address import keep_choice, read_choice
from governance.ui.choices import find_unit, name_level
from governance.ui.map_search import GRID_LEVEL, Place, find_places
from governance.ui.view import View

_FIELD = "search_grid"
_VIEW = "search_view"
_MOVES = "map_moves"
_LISTED = 12


def show_search(view: View) -> None:
    """The field; one hit is gone to at once, of several one is chosen below (`show_hits`)."""
    st.session_state[_VIEW] = view
    st.text_input(view.say("map.search"), key=_FIELD, placeholder=view.say("map.search_hint"), on_change=_search)


def show_hits(view: View) -> None:
    """What was found, as buttons; what was not, as a sentence."""
    asked = read_choice("find")
    if not asked:
        return
    hits = find_places(view, asked)
    if not hits:
        parts.show_banner(view.say("map.not_found", text=asked))
        return
    count = view.count(len(hits))
    with st.container(key="hits", gap=None):
        title = "map.hits" if len(hits) <= _LISTED else "map.first_hits"
        parts.show_note(view.say(title, count=count, shown=view.count(_LISTED), text=asked))
        ways = (
            parts.Way(_name_hit(view, hit), key=f"hit_{hit.level}_{hit.id}", go=_go_to, args=(view, hit))
            for hit in hits[:_LISTED]
        )
        parts.show_ways(ways, key="hit_list")


def count_moves() -> int:
    """How often the visitor has asked for a place: each time the map moves there, and never otherwise."""
    return int(st.session_state.get(_MOVES, 0))


def show_whole() -> None:
    """Move the map back to all of the chosen unit."""
    st.session_state[_MOVES] = count_moves() + 1
    keep_choice("near", "")


def _search() -> None:
    text = st.session_state[_FIELD].strip()
    hits = find_places(st.session_state[_VIEW], text)
    keep_choice("find", text)
    if len(hits) == 1:
        _go_to(st.session_state[_VIEW], hits[0])


def _go_to(view: View, place: Place) -> None:
    """Choose a unit, or a grid and the place around it."""
    st.session_state[_MOVES] = count_moves() + 1
    is_grid = place.level == GRID_LEVEL
    keep_choice("find", "")
    keep_choice("box", "")
    keep_choice("grid", place.id if is_grid else "")
    keep_choice("near", place.id if is_grid else "")
    if not is_grid:
        keep_choice("unit", place.id)
    elif not _is_inside(view, place.id):
        keep_choice("unit", "")


def _is_inside(view: View, grid_id: str) -> bool:
    """Whether the grid lies in the chosen unit."""
    unit = find_unit(view, read_choice("unit"))
    row = view.ask_row("grid", grid_id=grid_id, scenario="")
    return unit.level == 0 or (row is not None and row[f"level_{unit.level}_id"] == unit.unit_id)


def _name_hit(view: View, hit: Place) -> str:
    kind = view.say("map.kind_grid") if hit.level == GRID_LEVEL else name_level(view, hit.level)
    name = hit.name_zh if view.language == "zh" else hit.name_en
    above = hit.above_zh if view.language == "zh" else hit.above_en
    return " · ".join(part for part in (name, kind, above) if part)
