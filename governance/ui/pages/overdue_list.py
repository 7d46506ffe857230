"""The list of open cases by urgency, on one of the morning's worklists, and its downloads: the same export."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from governance.export_orders import OPEN_STAGES, WORKLISTS
from governance.exports import export_bytes
from governance.ui import language as words
from governance.ui import parts
from governance.ui.choices import choose, list_units
from governance.ui.downloads import offer_downloads
from governance.ui.language import MISSING
from governance.ui.links import open_case
from governance.ui.pages.bounces import name_holder
from governance.ui.pages.grid_card import name_scenes
from governance.ui.pages.lateness import name_age
from governance.ui.view import UNMATCHED, View

_SHOWN = 1000
_STEPS = ("late_to_accept", "late_to_verify")


def show_cases(view: View, chosen: dict[str, str], figures: dict[str, Any]) -> None:
    """Choice of worklist, stage and delay; at most 1000 cases, the most urgent first; all of them as CSV or XLSX."""
    parts.show_title(view.say("worklist.title"), view.say("worklist.note"))
    narrowed = _choose_narrowing(view, chosen, figures)
    cases = view.ask("overdue_cases", **chosen, **narrowed, rows=_SHOWN)
    if cases.empty:
        parts.show_note(view.say("overdue.no_cases"))
        return
    if narrowed["state"] in _STEPS:
        parts.show_note(view.say("worklist.step_note"))
    total = int(cases["all_rows"].iloc[0])
    _offer_downloads(view, {**chosen, **narrowed}, total)
    if total > len(cases):
        parts.show_note(view.say("overdue.first_cases", shown=view.count(len(cases)), cases=view.count(total)))
    listed = _name_cases(view, cases)
    event = st.dataframe(
        listed,
        hide_index=True,
        placeholder=MISSING,
        on_select="rerun",
        selection_mode="single-cell",
        width="stretch",
        height=parts.fit_rows(len(listed)),
        key="cases",
        column_config=_describe_cases(view),
        column_order=[name for name in listed if name != "department" or not chosen["department"]],
    )
    open_case(event["selection"]["cells"], cases)


def _choose_narrowing(view: View, chosen: dict[str, str], figures: dict[str, Any]) -> dict[str, str]:
    """The worklist (`state`), stage and class of delay that the visitor chose, "" for all."""
    everything = "worklist.responsible" if chosen["department"] else "worklist.all"
    lists = {"": view.say(everything, cases=view.count(figures["open_cases"]))}
    for name in WORKLISTS:
        listed = view.say("worklist.counted", name=view.word("list", name), cases=view.count(figures[f"{name}_cases"]))
        lists[name] = listed
    stages = {"": view.say("choose.all_stages"), **{stage: view.word("stage", stage) for stage in OPEN_STAGES}}
    ages = {"": view.say("overdue.age_all")}
    ages |= {row["overdue_age"]: name_age(view, row) for row in view.ask("overdue_ages").to_dict("records")}
    first, second, third = st.columns([1.4, 1, 1])
    with first:
        state = choose(view.say("choose.worklist"), "view", lists, on_page="overdue")
    with second:
        stage = choose(view.say("choose.stage"), "stage", stages, on_page="overdue")
    with third:
        age = choose(view.say("choose.overdue_age"), "age", ages, on_page="overdue")
    return {"state": state, "stage": stage, "age": age}


def _offer_downloads(view: View, filters: dict[str, str], total: int) -> None:
    """Buttons for the file that `governance export open` would write under the same filters."""
    offer_downloads(
        view,
        "open",
        {kind: view.say(f"worklist.{kind}", cases=view.count(total)) for kind in ("csv", "xlsx")},
        lambda kind: export_bytes(view.city, "open", format=kind, language=view.language, **filters),
        named=tuple(filters.values()),
    )


def _name_cases(view: View, cases: pd.DataFrame) -> pd.DataFrame:
    """The cases with names instead of ids, in the order in which the list shows its columns."""
    units = {unit.unit_id: unit.name for unit in list_units(view)}
    units |= {UNMATCHED: view.say("name.unmatched")}
    scenes = {scenario: name_scenes(view, scenario) for scenario in cases["scenario"].unique()}
    departments = _name_each(view.department_name, cases["department"])
    return pd.DataFrame(
        {
            "incident": cases["incident_id"],
            "state": _name_each(lambda state: view.word("clock", state), cases["state"]),
            "overdue_days": cases["overdue_days"].round(1),
            "used_share": cases["used_share"],
            "due": [words.format_local(moment, view.zone) for moment in cases["due_at_utc"]],
            "stage": _name_each(lambda stage: view.word("stage", stage), cases["stage"]),
            "department": departments,
            "held_days": cases["held_days"].round(1),
            "level": cases["level"],
            "call_post": _name_each(partial(_name_post, view), *(cases[name] for name in _list_call(view))),
            "came_from": _name_each(partial(_tell_origin, view), cases["came_from"], cases["came_for"]),
            "transfers": cases["transfers"],
            "holder": _name_each(partial(name_holder, view), cases["holder"]),
            "scenario": _name_each(view.scenario_name, cases["scenario"]),
            "scene": [
                scenes[scenario].get(scene, "")
                for scenario, scene in zip(cases["scenario"], cases["scene"], strict=True)
            ],
            "district": [units.get(unit, "") for unit in cases["level_1_id"]],
            "town": [units.get(unit, "") for unit in cases["level_2_id"]],
            "grid": cases["grid_id"].fillna(""),
        }
    )


def _name_each(name: Callable[..., str], *columns: pd.Series) -> list[str]:
    """The name of every row's values, looked up once for each that differs: names are few, rows are many."""
    told: dict[tuple[Any, ...], str] = {}
    rows = list(zip(*(column.astype(object).where(column.notna(), None) for column in columns), strict=True))
    for row in rows:
        if row not in told:
            told[row] = name(*row)
    return [told[row] for row in rows]


def _list_call(view: View) -> tuple[str, ...]:
    return "rung_share", "call_level", f"call_post_{view.language}", "call_department"


def _name_post(
    view: View, rung_share: float | None, level: str | None, post: str | None, department: str | None
) -> str:
    """The post to call on the case's rung; below the first rung, that it need not be called yet."""
    if post is None:
        return ""
    key = "ladder.call_later" if rung_share is None else "ladder.call_now"
    return view.say(key, level=level, post=post, department=view.department_name(department))


def _tell_origin(view: View, sender: str | None, reason: str | None) -> str:
    """From whom the case came to its holder and why; empty if it came from the desk."""
    if sender is None:
        return ""
    name = name_holder(view, sender)
    return view.say("worklist.came_for", name=name, reason=reason) if reason else name


def _describe_cases(view: View) -> dict[str, Any]:
    columns: dict[str, Any] = {
        name: st.column_config.TextColumn(view.say(f"column.{name}"), width=width) for name, width in _TEXTS.items()
    }
    for name in ("overdue_days", "held_days"):
        columns[name] = st.column_config.NumberColumn(
            view.say(f"column.{name}"), help=view.say(f"help.{name}"), format="%.1f"
        )
    columns["used_share"] = st.column_config.NumberColumn(
        view.say("column.used_share"), help=view.say("help.used_share"), format="percent"
    )
    columns["transfers"] = st.column_config.NumberColumn(view.say("column.transfers"))
    return columns


_TEXTS: dict[str, Any] = {
    "incident": None, "state": None, "due": None, "stage": "small", "department": None, "holder": None,
    "level": "small", "call_post": "large", "came_from": "medium", "scenario": None, "scene": None,
    "district": None, "town": None, "grid": None,
}  # fmt: skip
