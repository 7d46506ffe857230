"""Whether a scenario's troubles come back after closing: the rate, the curve, and the places where they do."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import parts
from governance.ui.choices import Unit, choose, find_district
from governance.ui.language import MISSING
from governance.ui.recurrence_chart import list_marks, show_curves
from governance.ui.view import View

_ALL = "~all"
_PLACES = 20


def show_recurrence(view: View, scenario: str, unit: Unit) -> None:
    """Headlines, the curve beside another one, the same numbers as a table, and the places that came back most."""
    curves = view.ask("curves", scenario=scenario).to_dict("records")
    if not curves:
        parts.show_state(view.say("recurrence.none_title"), view.say("recurrence.none_text"))
        return
    district = find_district(view, unit)
    whole = {str(key): value for key, value in curves[0].items()}
    _show_figures(view, scenario, district, whole)
    if unit.level > 1:
        parts.show_note(view.say("holders.by_district", unit=unit.name, district=district.name))
    _show_curves(view, scenario, curves)
    _show_places(view, scenario, district)


def _show_figures(view: View, scenario: str, district: Unit, whole: dict[str, Any]) -> None:
    where = {"scenario": scenario, **({"level_1_id": district.unit_id} if district.level else {})}
    rate = view.figure(["recurrence_rate"], "recurrence_rate", **where)
    rework = view.figure(["rework_rate"], "rework_rate", **where)
    say = view.say
    told = {"part": view.count(rate["numerator"]), "cases": view.count(rate["denominator"])}
    place = district.name if district.level else say("choose.whole_city")
    parts.show_figures(
        [
            parts.Figure(
                say("recurrence.rate"), view.share(rate["value"]), say("recurrence.rate_note", place=place, **told)
            ),
            parts.Figure(
                say("recurrence.by_curve"),
                view.share(whole["known_share"]),
                say(
                    "recurrence.by_curve_note",
                    days=view.count(whole["known_day"]),
                    cases=view.count(whole["closed_cases"]),
                ),
            ),
            _tell_half_life(view, whole),
            parts.Figure(
                say("recurrence.rework"),
                view.share(rework["value"]),
                say(
                    "recurrence.rework_note",
                    place=place,
                    part=view.count(rework["numerator"]),
                    cases=view.count(rework["denominator"]),
                ),
            ),
        ]
    )
    parts.show_note(_explain(view, scenario))


def _tell_half_life(view: View, whole: dict[str, Any]) -> parts.Figure:
    """The half-life, where the counts tell one."""
    label = view.say("recurrence.half_life")
    if pd.isna(whole["half_life_days"]):
        return parts.Figure(label, MISSING, view.say("recurrence.half_life_unknown"))
    low, high = (view.decimal(whole[f"half_life_{end}_days"], digits=0) for end in ("low", "high"))
    days = view.say("unit.days", value=view.decimal(whole["half_life_days"], digits=0))
    return parts.Figure(label, days, view.say("recurrence.half_life_note", low=low, high=high))


def _explain(view: View, scenario: str) -> str:
    """The template's rule in words, and what is no recurrence."""
    row = view.ask_row("template", scenario=scenario)
    rule = json.loads(row["template"])["recurrence"] if row else {}
    metres, days = view.count(rule.get("radius_m")), view.count(rule.get("within_days"))
    return view.say("recurrence.rule", metres=metres, days=days)


def _show_curves(view: View, scenario: str, curves: list[dict[Any, Any]]) -> None:
    last_day = int(curves[0]["last_day"])
    parts.show_title(view.say("recurrence.title"), view.say("recurrence.note", days=view.count(last_day)))
    options = {"": view.say("recurrence.alone"), _ALL: view.say("recurrence.all")}
    options |= {row["department"]: view.department_name(row["department"]) for row in curves[1:]}
    with st.columns([1, 2])[0]:
        other = choose(view.say("recurrence.compare"), "compare", options, on_page="recurrence")
    named = [(view.scenario_name(scenario), {"scenario": scenario, "department": ""})]
    if other == _ALL:
        named.append((options[_ALL], {"scenario": "", "department": ""}))
    elif other:
        named.append((options[other], {"scenario": scenario, "department": other}))
    drawn = [view.ask("recurrence_curve", **curve, last_day=last_day).assign(series=series) for series, curve in named]
    show_curves(view, pd.concat(drawn, ignore_index=True), last_day=last_day)
    if other == _ALL:
        parts.show_note(view.say("recurrence.all_note"))
    _show_numbers(view, drawn, last_day)


def _show_numbers(view: View, drawn: list[pd.DataFrame], last_day: int) -> None:
    """The curve in numbers: what a reader of the chart would look up."""
    days = list_marks(last_day)[1:]
    rows = []
    for curve in drawn:
        at = curve.set_index("day").reindex(days).reset_index().to_dict("records")
        name = str(curve["series"].iloc[0])
        rows.append((name, view.say("recurrence.share"), *(view.share(row["share_recurred"]) for row in at)))
        bounds = [_spell_bounds(view, row) for row in at]
        rows.append(("", view.say("recurrence.interval"), *bounds))
        rows.append(("", view.say("recurrence.at_risk"), *(view.count(row["at_risk"]) for row in at)))
    titles = [parts.Column(view.say("recurrence.after", days=view.count(day)), is_number=True) for day in days]
    parts.show_table([parts.Column(""), parts.Column(""), *titles], rows)


def _spell_bounds(view: View, row: dict[Any, Any]) -> str:
    if pd.isna(row["low"]):
        return MISSING
    return view.say("recurrence.between", low=view.share(row["low"]), high=view.share(row["high"]))


def _show_places(view: View, scenario: str, district: Unit) -> None:
    frame = view.ask("recurring_places", scenario=scenario, district=district.unit_id, rows=_PLACES)
    parts.show_title(view.say("recurrence.places"), view.say("recurrence.places_note", rows=view.count(_PLACES)))
    if frame.empty:
        parts.show_note(view.say("recurrence.no_places"))
        return
    columns = [
        parts.Column(view.say("column.grid")),
        parts.Column(view.say("column.place")),
        *(
            parts.Column(view.say(f"column.{name}"), is_number=True)
            for name in ("closed_cases", "came_back", "back_after")
        ),
        parts.Column(view.say("column.last_case")),
        parts.Column(view.say("column.reported")),
    ]
    parts.show_table(
        columns,
        (
            (
                row["grid_id"] or view.say("name.unmatched"),
                str(row[f"place_{view.language}"]),
                view.count(row["closed_cases"]),
                view.count(row["came_back"]),
                view.say("unit.days", value=view.decimal(row["median_days"])),
                str(row["last_incident_id"]),
                view.day(row["last_reported_at_utc"]),
            )
            for row in frame.to_dict("records")
        ),
    )
