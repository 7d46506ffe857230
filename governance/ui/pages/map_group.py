"""Several grids together: those of a rectangle between two clicked grids, or of the chosen unit."""

from __future__ import annotations

from typing import Any

import streamlit as st

from governance.ui import palette, parts
from governance.ui.address import keep_choice, keep_widget, read_choice
from governance.ui.choices import Unit
from governance.ui.downloads import offer_downloads
from governance.ui.group_export import export_group_bytes
from governance.ui.map import WORLD, Box, frame_polygon, read_box, span_boxes, write_box
from governance.ui.view import View

_KEY = "pick_on_map"
_ONE, _SEVERAL = "one", "several"
_LISTED = 14


def choose_pick(view: View) -> None:
    """What a click on the map does: it opens one grid's card, or it is a corner of a rectangle of grids."""
    st.session_state[_KEY] = _SEVERAL if picks_several() else _ONE
    st.segmented_control(
        view.say("map.pick"),
        [_ONE, _SEVERAL],
        format_func={_ONE: view.say("map.pick_one"), _SEVERAL: view.say("map.pick_several")}.__getitem__,
        key=_KEY,
        on_change=_keep_pick,
        required=True,
        label_visibility="collapsed",
    )


def picks_several() -> bool:
    """Whether clicks are corners of a rectangle."""
    return read_choice("pick") == _SEVERAL


def keep_corner(view: View, grid_id: str) -> None:
    """A clicked grid is the first corner, or with a first one the second."""
    first = view.ask_row("grid", grid_id=read_choice("grid"), scenario="")
    second = view.ask_row("grid", grid_id=grid_id, scenario="")
    if first is None or second is None:
        keep_choice("grid", grid_id)
        keep_choice("box", "")
        return
    keep_choice("grid", "")
    both = span_boxes(frame_polygon(first["geometry"]), frame_polygon(second["geometry"]))
    keep_choice("box", write_box(both))


def show_group(view: View, scenario: str, unit: Unit) -> None:
    """Tiers, expected reports, reports and cases of the grids together, the reddest of them, and the list as a file."""
    box = read_box(read_choice("box"))
    group = describe_group(unit, box)
    figures = view.ask_row("group_figures", scenario=scenario, **group)
    title = view.say("group.title_box") if box else view.say("group.title_unit", unit=unit.name)
    parts.show_title(title, _say_next(view, box))
    if box or read_choice("grid"):
        st.button(view.say("group.clear"), key="clear_group", on_click=_clear, icon=":material/close:", type="tertiary")
    if figures is None or not figures["grids"]:
        parts.show_note(view.say("group.empty"))
        return
    _show_tiers(view, figures)
    parts.show_figures(_list_figures(view, figures))
    _offer_downloads(view, scenario, group, figures["grids"], is_box=box is not None)
    _list_grids(view, scenario, group)


def _clear() -> None:
    keep_choice("grid", "")
    keep_choice("box", "")


def _say_next(view: View, box: Box | None) -> str:
    """What the next click on the map does."""
    if box:
        return view.say("group.hint_again")
    first = view.ask_row("grid", grid_id=read_choice("grid"), scenario="")
    return view.say("group.hint_second", grid=first["grid_id"]) if first else view.say("group.hint")


def describe_group(unit: Unit, box: Box | None) -> dict[str, Any]:
    """The parameters of the questions about several grids."""
    inside = box or WORLD
    return {
        "level": unit.level, "unit_id": unit.unit_id, "west": inside.west, "south": inside.south, "east": inside.east,
        "north": inside.north,
    }  # fmt: skip


def _keep_pick() -> None:
    keep_widget("pick", _KEY)
    keep_choice("grid", "")
    if not picks_several():
        keep_choice("pick", "")
        keep_choice("box", "")


def _show_tiers(view: View, figures: dict[str, Any]) -> None:
    cells = "".join(
        f"<span>{parts.mark_tier(tier, view.word('tier', tier))} <b>{view.count(figures[tier])}</b></span>"
        for tier in palette.TIERS
    )
    st.html(f"<div class='g-legend' role='list'>{cells}</div>")


def _list_figures(view: View, figures: dict[str, Any]) -> list[parts.Figure]:
    area = view.say("card.area", area=view.decimal(figures["area_km2"]))
    return [
        parts.Figure(view.say("column.grids"), view.count(figures["grids"]), area),
        parts.Figure(
            view.say("figure.expected"),
            view.decimal(figures["expected_reports_28d"]),
            view.say("figure.next_28d"),
        ),
        parts.Figure(view.say("figure.reports"), view.count(figures["reports_28d"]), view.say("group.in_grids")),
        parts.Figure(view.say("figure.open"), view.count(figures["open_cases"]), view.say("figure.now")),
        parts.Figure(
            view.say("figure.overdue"),
            view.count(figures["overdue_cases"]),
            view.say("figure.of_open_cases", cases=view.count(figures["open_cases"])),
        ),
    ]


def _list_grids(view: View, scenario: str, group: dict[str, Any]) -> None:
    rows = view.ask("group_grids", scenario=scenario, rows=_LISTED, **group)
    parts.show_title(view.say("map.reddest", count=view.count(len(rows))), view.say("map.reddest_note"))
    ways = (
        parts.Way(name_ranked(view, row), key=f"together_{row['grid_id']}", go=_open_card, args=(row["grid_id"],))
        for row in rows.to_dict("records")
    )
    parts.show_ways(ways, key="reddest")


def name_ranked(view: View, row: dict[Any, Any]) -> str:
    """A grid on a list of the reddest: expected reports, letter of its tier, id, place."""
    letter = palette.TIER_LETTERS.get(row["tier"], "?")
    expected = view.decimal(row["expected_reports_28d"], digits=2)
    return f"{expected}　{letter}　{row['grid_id']}　{row[f'place_{view.language}']}"


def _open_card(grid_id: str) -> None:
    for name, value in (("pick", ""), ("box", ""), ("grid", grid_id)):
        keep_choice(name, value)


def _offer_downloads(view: View, scenario: str, group: dict[str, Any], grids: int, *, is_box: bool) -> None:
    """Buttons for a file of all these grids."""
    offer_downloads(
        view,
        "grids",
        {kind: view.say(f"group.{kind}", grids=view.count(grids)) for kind in ("csv", "xlsx")},
        lambda kind: export_group_bytes(view.city, format=kind, scenario=scenario, group=group, language=view.language),
        named=(scenario, group["unit_id"], "rectangle" if is_box else ""),
    )
