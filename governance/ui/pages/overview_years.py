"""Are we better than last year: one small chart per unit, all on one scale, each with what it says as its title."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from governance.indicators.asking import find_day
from governance.ui import parts
from governance.ui.address import keep_choice
from governance.ui.choices import Unit, is_below, list_units
from governance.ui.view import Answers, View
from governance.ui.year_charts import part_years, show_year

_WEEKS = 26
_DEEPEST = 2
_MOST = 24


def show_years(view: View, scenario: str, unit: Unit) -> None:
    """Weekly reports of the units right below, or of the unit itself, against those of a year before."""
    has_below = unit.level < _DEEPEST and any(is_below(other, unit) for other in list_units(view))
    frame = view.once(_ask_weeks, scenario, unit.level, unit.unit_id, has_below)
    parts.show_title(_tell_finding(view, frame), view.say("overview.years_note", weeks=view.count(_WEEKS)))
    if frame.empty:
        parts.show_note(view.say("scenario.no_cases"))
        return
    since, until = view.date(frame["week_start"].min()), view.date(frame["last_day"].max())
    parts.show_line_key(view.say("overview.this_year", since=since, until=until), view.say("overview.year_before"))
    compared = frame["compared_weeks"].iloc[0]
    if not frame["compared_units"].iloc[0]:
        parts.show_note(view.say("overview.nothing_compared"))
    elif compared < _WEEKS:
        parts.show_note(view.say("overview.compared", weeks=view.count(compared), all=view.count(_WEEKS)))
    below = frame.drop_duplicates("unit_id").to_dict("records")
    with st.container(key="years"):
        for place, (row, weeks) in enumerate(zip(below[:_MOST], part_years(frame, "unit_id"), strict=False)):
            with st.container(key=f"year_{place}"):
                _show_unit(view, row, weeks, has_below=has_below)
    if len(below) > _MOST:
        parts.show_note(view.say("overview.first", shown=view.count(_MOST), all=view.count(len(below))))


def _ask_weeks(city: Answers, scenario: str, level: int, unit_id: str, is_below: bool) -> pd.DataFrame:  # noqa: FBT001
    return city.ask(
        "ui_overview_weeks",
        scenario=scenario,
        level=level,
        unit_id=unit_id,
        is_below=is_below,
        weeks=_WEEKS,
        as_of_day=find_day(city),
    )


def _tell_finding(view: View, frame: pd.DataFrame) -> str:
    """The question, and its answer where several units can be compared."""
    if frame.empty or frame["compared_units"].iloc[0] <= 1:
        return view.say("overview.years")
    fewer, units = (view.count(frame[name].iloc[0]) for name in ("fewer_units", "compared_units"))
    return view.say("overview.years_found", fewer=fewer, units=units)


def _show_unit(view: View, row: dict[Any, Any], weeks: pa.Table, *, has_below: bool) -> None:
    title = _tell_change(view, row)
    if has_below:
        label, key = parts.escape_markdown(f"{title}\u00a0›"), f"unit_{row['unit_id']}"
        st.button(label, key=key, type="tertiary", on_click=keep_choice, args=("unit", row["unit_id"]))
    else:
        parts.show_text(title)
    parts.show_note(_tell_counts(view, row))
    show_year(view, weeks, most=float(row["most_reports"]), alt_text=title)


def _tell_change(view: View, row: dict[Any, Any]) -> str:
    name = str(row[f"name_{view.language}"])
    if pd.isna(row["change"]):
        return view.say("overview.no_change", unit=name)
    return view.say("overview.change", unit=name, change=view.change(row["change"]))


def _tell_counts(view: View, row: dict[Any, Any]) -> str:
    if pd.isna(row["change"]):
        return view.say("overview.count_alone", reports=view.count(row["all_reports"]))
    now, last = view.count(row["compared_reports"]), view.count(row["compared_last_year"])
    return view.say("overview.counts", reports=now, last=last)
