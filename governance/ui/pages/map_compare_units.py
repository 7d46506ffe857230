"""Two days or two scenarios against each other, place by place: where red has become more, where less."""

from __future__ import annotations

from typing import Any

import streamlit as st

from governance.ui import parts
from governance.ui.choices import Unit, name_level
from governance.ui.language import MISSING
from governance.ui.places import has_units_below
from governance.ui.view import View

_NONE = "~none"
_SHAPES = {"grids": "localized", "red_left": "localized", "red_right": "localized", "red_change": "%+d",
           "up": "localized", "down": "localized"}  # fmt: skip


def show_units(view: View, unit: Unit, *, left: str, right: str, **asked: Any) -> None:
    """A row per unit right below `unit`; `left` and `right` name the sides that are `asked` for."""
    if not has_units_below(view, unit):
        parts.show_state(view.say("compare.units_none_title"), view.say("compare.units_none_text"))
        return
    rows = view.ask("difference_units", **asked)
    parts.show_title(view.say("compare.units_title"), view.say("compare.units_note", left=left, right=right))
    names = [
        view.say("compare.no_unit") if row["unit_id"] == _NONE else str(row[f"name_{view.language}"])
        for row in rows.to_dict("records")
    ]
    st.dataframe(
        rows.assign(name=names),
        hide_index=True,
        placeholder=MISSING,
        key="difference_units",
        width="stretch",
        height=parts.fit_rows(len(rows)),
        column_order=["name", *_SHAPES],
        column_config=_describe_columns(view, name_level(view, unit.level + 1)),
    )


def _describe_columns(view: View, level: str) -> dict[str, Any]:
    titles = {
        "grids": view.say("column.grids"),
        **{name: view.say(f"compare.{name}") for name in ("red_left", "red_right", "red_change")},
        **{name: view.word("difference", name) for name in ("up", "down")},
    }
    numbers = {name: st.column_config.NumberColumn(titles[name], format=shape) for name, shape in _SHAPES.items()}
    return {"name": st.column_config.TextColumn(level, width="medium"), **numbers}
