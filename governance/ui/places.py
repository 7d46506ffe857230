"""The way from the city down to a grid: units of the hierarchy, grids, and the cases that lie in none."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import streamlit as st

from governance.ui.choices import Unit, find_unit, list_path, list_units
from governance.ui.links import show_link
from governance.ui.view import UNMATCHED, View


@dataclass(frozen=True)
class Place:
    """A unit of any level, or a grid in it (`grid`, a row of `ask_ui_grid_figures`), or the cases in no grid."""

    unit: Unit
    grid: dict[str, Any] | None = None

    @property
    def is_unmatched(self) -> bool:
        """Whether it holds the cases that lie in no grid."""
        return self.unit.unit_id == UNMATCHED


def find_place(view: View, scenario: str, *, unit_id: str, grid_id: str) -> Place:
    """The place with these ids: the grid if there is one of this id, else the unit, else the city."""
    grid = view.ask_row("grid_figures", grid_id=grid_id, scenario=scenario) if grid_id else None
    if grid is not None:
        return Place(find_holder(view, grid), grid)
    if unit_id == UNMATCHED:
        return Place(Unit(1, UNMATCHED, view.say("name.unmatched"), ""))
    return Place(find_unit(view, unit_id))


def find_holder(view: View, row: dict[str, Any]) -> Unit:
    """The innermost unit that a row with `level_1_id` to `level_3_id` names; the city if it names none."""
    ids = [row[f"level_{level}_id"] for level in (1, 2, 3)]
    named = [(level, id_) for level, id_ in enumerate(ids, start=1) if isinstance(id_, str)]
    return next(
        (unit for unit in list_units(view) if named and (unit.level, unit.unit_id) == named[-1]), find_unit(view, "")
    )


def has_units_below(view: View, unit: Unit) -> bool:
    """Whether the city's hierarchy goes on below the unit; if not, its grids come next."""
    return any(other.level == unit.level + 1 for other in list_units(view))


def show_path(view: View, place: Place, *, case_id: str = "", on_case: bool = False) -> None:
    """The way from the city down to the place, and to a case in it: each step above the last is a link.

    From a case the links lead to the first tab of the scenario page, else to the tab that is open.
    """
    steps = [
        (step.name if step.level else view.say("choose.whole_city"), {"unit": step.unit_id, "grid": ""})
        for step in ([find_unit(view, ""), place.unit] if place.is_unmatched else list_path(view, place.unit))
    ]
    if place.grid is not None:
        steps.append((str(place.grid["grid_id"]), {"unit": place.unit.unit_id, "grid": str(place.grid["grid_id"])}))
    with st.container(horizontal=True, gap="small", key="path", vertical_alignment="center"):
        for name, choices in steps if on_case else steps[:-1]:
            show_link("scenario", f"{name} ›", **choices, **({"case": "", "tab": ""} if on_case else {}))
        st.html(f"<span class='g-here' aria-current='page'>{escape(case_id if on_case else steps[-1][0])}</span>")
