"""The switches of the map's layers, and what the marks of those that are on mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from governance.ui import parts
from governance.ui.address import keep_choice, read_choice
from governance.ui.choices import Unit, name_level
from governance.ui.map_layers import list_default_names, list_layer_names
from governance.ui.map_marks import list_base_layers, read_map_settings
from governance.ui.view import View

_KEY = "layers"
_NONE = "~none"
_COUNTED = ("incidents", "overdue", "changes", "stops")


def choose_layers(view: View, scenario: str, unit: Unit) -> list[str]:
    """The switches; gives the names of the layers that are on, those of the address, or the usual ones."""
    known = list_layer_names(view.city)
    asked = read_choice("layers")
    wanted = asked.split(",") if asked else list_default_names(view.city)
    shown = [name for name in known if name in wanted]
    labels = _label_layers(view, view.ask_row("map_counts", scenario=scenario, level=unit.level, unit_id=unit.unit_id))
    st.session_state[_KEY] = shown
    st.pills(
        view.say("map.layers"),
        known,
        selection_mode="multi",
        key=_KEY,
        format_func=lambda name: labels.get(name, name),
        on_change=_keep_layers,
        args=(list_default_names(view.city),),
    )
    return shown


def explain_marks(view: View, scenario: str, unit: Unit, shown: Sequence[str], *, is_past: bool = False) -> None:
    """One quiet line with the meaning of each mark on the map, and whose tiles lie below it.

    Where the tiers are those of a past day, it says that the marks are not.
    """
    counts = view.ask_row("map_counts", scenario=scenario, level=unit.level, unit_id=unit.unit_id) or {}
    week = counts.get("week")
    told: list[str] = []
    for name in shown:
        if name in ("incidents", "heat", "overdue", "changes", "stops"):
            since = view.short_date(week) if name == "stops" and week is not None else ""
            told.append(view.say(f"marks.{name}", week=since))
    # The figures of the city count them, so the overview tells more than the map can show.
    for name, layers in {"incidents": {"incidents", "heat"}, "overdue": {"overdue"}}.items():
        outside = counts.get(f"{name}_outside")
        if outside and layers & {*shown}:
            told.append(view.say(f"marks.outside_{name}", cases=view.count(outside)))
    if told and is_past:
        told.insert(0, view.say("day.marks_are_now"))
    settings = read_map_settings(view.city)
    if settings.get("tiles"):
        told.append(view.say("marks.tiles", source=settings.get("attribution", "")))
    if told:
        parts.show_note("　".join(told))


def _label_layers(view: View, counts: dict[str, Any] | None) -> dict[str, str]:
    labels = {"districts": name_level(view, 1), "towns": name_level(view, 2), "heat": view.say("layers.heat")}
    labels |= {
        name: view.say(f"layers.{name}", count=view.count(counts[name] if counts else None)) for name in _COUNTED
    }
    named = {f"base{row['layer']}": row[f"name_{view.language}"] for row in list_base_layers(view.city)}
    return {name: parts.escape_markdown(label) for name, label in (labels | named).items()}


def _keep_layers(default: list[str]) -> None:
    shown = st.session_state[_KEY]
    keep_choice("layers", "" if list(shown) == default else ",".join(shown) or _NONE)
