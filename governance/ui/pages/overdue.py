"""The page of overdue cases by department: who is late, how late, out of how many."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.exports import neutralise_formulas
from governance.ui import language as words
from governance.ui import parts
from governance.ui.choices import choose, list_units
from governance.ui.language import MISSING
from governance.ui.pages.grid_card import name_scenes
from governance.ui.view import NONE, UNMAPPED, UNMATCHED, View

_SHOWN = 1000
_ALL = 1_000_000


def show(view: View) -> None:
    """Filters, headline figures, the table of departments, the list of cases and its download."""
    department, scenario, district = _choose_filters(view)
    chosen = {"department": department, "scenario": scenario, "district": district}
    total = view.ask_row("overdue_total", **chosen)
    if total is None or not (total["open_cases"] or total["due_cases"]):
        parts.show_state(view.say("overdue.none_title"), view.say("overdue.none_text"))
        return
    _show_figures(view, total)
    _show_departments(view, chosen)
    _show_cases(view, chosen)


def _choose_filters(view: View) -> tuple[str, str, str]:
    departments = {"": view.say("choose.all_departments")}
    departments |= {id_: view.department_name(id_) for id_ in _list_departments(view)}
    scenarios = {"": view.say("choose.all_scenarios"), **view.names("scenarios", "scenario")}
    scenarios[UNMAPPED] = view.say("name.unmapped")
    districts = {"": view.say("choose.whole_city")}
    districts |= {unit.unit_id: unit.name for unit in list_units(view) if unit.level == 1}
    districts[UNMATCHED] = view.say("name.unmatched")
    first, second, third = st.columns(3)
    with first:
        department = choose(view.say("choose.department"), "department", departments, on_page="overdue")
    with second:
        scenario = choose(view.say("choose.scenario"), "filter", scenarios, on_page="overdue")
    with third:
        district = choose(view.say("choose.district"), "district", districts, on_page="overdue")
    return department, scenario, district


def _list_departments(view: View) -> list[str]:
    frame = view.ask("overdue_departments", department="", scenario="", district="")
    return sorted(frame["department"], key=lambda id_: (id_ == NONE, view.department_name(id_)))


def _show_figures(view: View, total: dict[str, Any]) -> None:
    say, count, due = view.say, view.count, view.count(total["due_cases"])
    parts.show_figures(
        [
            parts.Figure(
                say("overdue.overdue"),
                count(total["overdue_cases"]),
                say("figure.of_open_cases", cases=count(total["open_cases"])),
            ),
            parts.Figure(
                say("overdue.seriously"), count(total["seriously_overdue_cases"]), say("overdue.seriously_note")
            ),
            parts.Figure(say("overdue.near"), count(total["near_due_cases"]), say("overdue.near_note")),
            parts.Figure(
                say("overdue.rate"),
                view.share(total["overdue_rate"], digits=2),
                say("overdue.rate_note", part=count(total["due_still_open_cases"]), due=due),
            ),
            parts.Figure(
                say("overdue.on_time"),
                view.share(total["on_time_rate"]),
                say("overdue.on_time_note", part=count(total["disposed_on_time_cases"]), due=due),
            ),
            parts.Figure(
                say("overdue.mean"),
                say("unit.days", value=view.decimal(total["mean_overdue_days"])),
                say("overdue.mean_note"),
            ),
            parts.Figure(say("name.unmatched"), count(total["unmatched_overdue_cases"]), say("overdue.unmatched_note")),
        ]
    )


def _show_departments(view: View, chosen: dict[str, str]) -> None:
    frame = view.ask("overdue_departments", **chosen)
    parts.show_title(view.say("overdue.departments"), view.say("overdue.departments_note"))
    listed = frame.assign(name=[view.department_name(id_) for id_ in frame["department"]])
    columns: dict[str, Any] = {"name": st.column_config.TextColumn(view.say("column.department"), width="medium")}
    for name, shape in _NUMBERS.items():
        columns[name] = st.column_config.NumberColumn(
            view.say(f"column.{name}"), help=view.say(f"help.{name}"), format=shape or "localized"
        )
    columns["overdue_cases"] = st.column_config.ProgressColumn(
        view.say("column.overdue_cases"),
        help=view.say("help.overdue_cases"),
        format="%d",
        min_value=0,
        max_value=max(int(frame["overdue_cases"].max()), 1),
        color="primary",
    )
    st.dataframe(
        listed,
        hide_index=True,
        placeholder=MISSING,
        width="stretch",
        height=35 * (min(len(listed), 10) + 1) + 3,
        key="departments",
        column_order=["name", *_NUMBERS],
        column_config=columns,
    )


_NUMBERS = {
    "overdue_cases": "",
    "seriously_overdue_cases": "",
    "near_due_cases": "",
    "open_cases": "",
    "overdue_rate": "percent",
    "on_time_rate": "percent",
    "due_cases": "",
    "mean_overdue_days": "%.1f",
    "max_overdue_days": "%.1f",
}


def _show_cases(view: View, chosen: dict[str, str]) -> None:
    stages = {"": view.say("choose.all_stages")}
    stages |= {stage: view.word("stage", stage) for stage in view.ask("overdue_stages")["stage"]}
    parts.show_title(view.say("overdue.list"), view.say("overdue.list_note"))
    left, right = st.columns([1, 1], vertical_alignment="bottom")
    with left:
        stage = choose(view.say("choose.stage"), "stage", stages, on_page="overdue")
    cases = view.ask("overdue_cases", **chosen, stage=stage, rows=_SHOWN)
    total = int(cases["all_rows"].iloc[0]) if len(cases) else 0
    if not total:
        parts.show_note(view.say("overdue.no_cases"))
        return
    with right:
        st.download_button(
            view.say("overdue.download", cases=view.count(total)),
            lambda: _write_csv(view, chosen, stage),
            file_name=f"overdue-{view.city.generation}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
    if total > len(cases):
        parts.show_note(view.say("overdue.first_cases", shown=view.count(len(cases)), cases=view.count(total)))
    listed = _name_cases(view, cases)
    st.dataframe(
        listed,
        hide_index=True,
        placeholder=MISSING,
        width="stretch",
        height=35 * (min(len(listed), 12) + 1) + 3,
        key="cases",
        column_config=_describe_cases(view),
    )


def _name_cases(view: View, cases: pd.DataFrame) -> pd.DataFrame:
    """The cases with names instead of ids, under the columns that list and download show."""
    units = {unit.unit_id: unit.name for unit in list_units(view)}
    scenes = {scenario: name_scenes(view, scenario) for scenario in cases["scenario"].unique()}
    rows = cases.to_dict("records")
    return pd.DataFrame(
        {
            "incident": cases["incident_id"],
            "department": [view.department_name(row["department"]) for row in rows],
            "overdue_days": cases["overdue_days"].round(1),
            "stage": [view.word("stage", row["stage"]) for row in rows],
            "scenario": [view.scenario_name(row["scenario"]) for row in rows],
            "scene": [scenes[row["scenario"]].get(row["scene"], "") for row in rows],
            "district": [
                view.say("name.unmatched") if row["level_1_id"] == UNMATCHED else units.get(row["level_1_id"], "")
                for row in rows
            ],
            "town": [units.get(row["level_2_id"], "") for row in rows],
            "grid": cases["grid_id"].fillna(""),
            "reported": [words.format_local(moment, view.zone) for moment in cases["reported_at_utc"]],
            "due": [words.format_local(moment, view.zone) for moment in cases["due_at_utc"]],
            "age_days": cases["age_days"].round(1),
            "transfers": cases["transfers"],
            "returns": cases["returns"],
            "source": cases["source"],
        }
    )


def _describe_cases(view: View) -> dict[str, Any]:
    texts = (
        "incident",
        "department",
        "stage",
        "scenario",
        "scene",
        "district",
        "town",
        "grid",
        "reported",
        "due",
        "source",
    )
    columns: dict[str, Any] = {name: st.column_config.TextColumn(view.say(f"column.{name}")) for name in texts}
    for name in ("overdue_days", "age_days"):
        columns[name] = st.column_config.NumberColumn(view.say(f"column.{name}"), format="%.1f")
    for name in ("transfers", "returns"):
        columns[name] = st.column_config.NumberColumn(view.say(f"column.{name}"))
    return columns


def _write_csv(view: View, chosen: dict[str, str], stage: str) -> bytes:
    """All cases under the filters as CSV that a spreadsheet opens in the right encoding and never runs."""
    listed = _name_cases(view, view.city.ask("ui_overdue_cases", **chosen, stage=stage, rows=_ALL))
    safe = {
        name: neutralise_formulas(listed[name].astype("str")) for name in listed if listed[name].dtype.kind not in "iuf"
    }
    listed = listed.assign(**safe, as_of=words.format_local(view.city.as_of_utc, view.zone))
    listed = listed.assign(is_synthetic=view.say("frame.yes" if view.city.manifest["is_synthetic"] else "frame.no"))
    titles = {name: view.say(f"column.{name}") for name in listed}
    text: str = listed.rename(columns=titles).to_csv(index=False, lineterminator="\r\n")
    return text.encode("utf-8-sig")
