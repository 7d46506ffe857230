"""The inspection list of the week: what it was made of, its stops in the order of visits, what to check, its files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from governance.ui import parts
from governance.ui.address import list_choices
from governance.ui.choices import Unit, find_district
from governance.ui.downloads import offer_downloads
from governance.ui.inspection_export import export_inspection_bytes
from governance.ui.inspection_list import list_stops, list_tasks, read_template
from governance.ui.stops import Stop, show_sheet, show_stops
from governance.ui.view import Answers, View

_SHOWN = 200


def show_list(view: View, scenario: str, unit: Unit) -> None:
    """Figures, how audits are meant, what to check, files, and the stops with why."""
    figures = _ask_figures(view, scenario, unit)
    if figures is None:
        return
    _show_figures(view, figures)
    _explain(view, figures)
    with st.expander(view.say("inspections.what"), key="inspection_checks"):
        _show_checks(view, scenario, unit)
    parts.show_title(view.say("inspections.stops"), _spell_week(view, "inspections.stops_note", figures))
    _offer_downloads(view, scenario, unit, figures)
    show_stops(_make_stops(view, scenario, unit, figures))


def show_paper(view: View, scenario: str, unit: Unit) -> None:
    """The same stops as a sheet to be printed and filled in by hand."""
    figures = _ask_figures(view, scenario, unit)
    if figures is None:
        return
    with st.container(key="paper_hint"):
        parts.show_note(view.say("inspections.paper_hint"))
    title = view.say("inspections.paper_title", scenario=view.scenario_name(scenario), unit=unit.name)
    parts.show_title(title, _spell_week(view, "inspections.paper_note", figures))
    titles = [view.say(f"inspections.{name}") for name in ("number", "grid", "place", "why")]
    boxes = [view.say(f"inspections.{name}") for name in ("inspected_on", "found", "remark")]
    show_sheet(titles, _make_stops(view, scenario, unit, figures), boxes)
    _show_checks(view, scenario, unit)


def _ask_figures(view: View, scenario: str, unit: Unit) -> dict[str, Any] | None:
    """The row of the list; where there is nothing to visit, says so and gives nothing."""
    figures = view.ask_row("inspection_figures", scenario=scenario, unit_id=unit.unit_id)
    if figures is None or pd.isna(figures["week"]):
        parts.show_state(view.say("inspections.none_title"), view.say("inspections.none_text"))
        return None
    if not figures["city_stops"]:
        told = view.say("inspections.empty_text", places=view.count(figures["red_places"]))
        parts.show_state(_spell_week(view, "inspections.empty_title", figures), told)
        return None
    if not figures["stops"]:
        told = view.say("inspections.elsewhere_text", stops=view.count(figures["city_stops"]))
        parts.show_state(view.say("inspections.elsewhere_title", unit=unit.name), told)
        return None
    return figures


def _show_figures(view: View, figures: dict[str, Any]) -> None:
    city = view.say("inspections.of_city", stops=view.count(figures["city_stops"]))
    places = view.say("inspections.red_note", places=view.count(figures["red_places"]))
    audits = view.say("inspections.audits_note", chance=_spell_chance(view, figures))
    parts.show_figures(
        [
            parts.Figure(view.say("inspections.all"), view.count(figures["stops"]), city),
            parts.Figure(view.say("inspections.red"), view.count(figures["red"]), places),
            parts.Figure(view.say("inspections.audits"), view.count(figures["audits"]), audits),
            parts.Figure(
                view.say("inspections.urgent"), view.count(figures["urgent"]), view.say("inspections.urgent_note")
            ),
        ]
    )


def _explain(view: View, figures: dict[str, Any]) -> None:
    if not figures["red"]:
        parts.show_text(view.say("inspections.no_red"))
    key = "audits_text" if figures["audits"] else "no_audits"
    if figures["audits"] and figures["least_audit_probability"] < figures["most_audit_probability"]:
        key = "audits_text_by_district"
    parts.show_text(view.say(f"inspections.{key}", chance=_spell_chance(view, figures)))


def _spell_chance(view: View, figures: dict[str, Any]) -> str:
    """The chance to be drawn; from the least to the most where districts draw by rules of their own."""
    least, most = view.share(figures["least_audit_probability"]), view.share(figures["most_audit_probability"])
    return least if least == most else view.say("inspections.chances", least=least, most=most)


def _spell_week(view: View, key: str, figures: dict[str, Any]) -> str:
    days = {"week": view.date(figures["week"]), "week_end": view.date(figures["week_end"])}
    return view.say(key, stops=view.count(figures["stops"]), **days)


def _offer_downloads(view: View, scenario: str, unit: Unit, figures: dict[str, Any]) -> None:
    """Buttons for the file that `governance export inspections` would write under the same choice."""
    offer_downloads(
        view,
        "inspections",
        {kind: view.say(f"inspections.{kind}", stops=view.count(figures["stops"])) for kind in ("csv", "xlsx", "gpkg")},
        lambda kind: export_inspection_bytes(
            view.city, format=kind, language=view.language, scenario=scenario, unit=unit.unit_id
        ),
        named=(scenario, unit.unit_id),
    )


def _make_stops(view: View, scenario: str, unit: Unit, figures: dict[str, Any]) -> list[Stop]:
    """The first stops of the list as they are shown; if there are more, says so."""
    if figures["stops"] > _SHOWN:
        told = {"shown": view.count(_SHOWN), "stops": view.count(figures["stops"])}
        parts.show_note(view.say("inspections.first", **told))
    rows: list[dict[Any, Any]] = view.once(list_stop_rows, view.language, scenario, unit.unit_id)[:_SHOWN]
    return [_make_stop(view, row) for row in rows]


def list_stop_rows(city: Answers, language: str, scenario: str, unit_id: str) -> list[dict[Any, Any]]:
    """The list's rows as `inspection_list.list_stops` gives them."""
    rows: list[dict[Any, Any]] = list_stops(city, language, scenario, unit_id).to_dict("records")
    return rows


def _make_stop(view: View, row: Mapping[Any, Any]) -> Stop:
    urgent = [
        view.say(f"stop.{name}", cases=view.count(row[f"{name}_cases"]))
        for name in ("severe", "overdue")
        if row[f"{name}_cases"]
    ]
    return Stop(
        number=view.count(row["stop"]),
        tier=row["tier"],
        tier_word=view.word("tier", row["tier"]),
        grid_id=row["grid_id"],
        place=str(row[f"place_{view.language}"]),
        why=row["why"],
        audit=view.say("stop.audit") if row["kind"] == "audit" else "",
        urgent=view.say("sheet.semicolon").join(urgent),
        link=_link_card(row),
    )


def _link_card(row: Mapping[Any, Any]) -> str:
    """The address of the grid's card on the map; "" where the page stands alone."""
    page = st.session_state.get("page_map")
    asked = list_choices("map", grid=str(row["grid_id"]), scenario=str(row["scenario"]), unit="", tab="")
    return f"./{page.url_path}?{urlencode(asked)}" if page else ""


def _show_checks(view: View, scenario: str, unit: Unit) -> None:
    """What to look for and what to do there, by the template of the unit's district or of the city."""
    template = read_template(Answers(view.city), scenario, find_district(view, unit).unit_id)
    if not template:
        return
    lang = view.language
    parts.show_title(view.say("inspections.checks"), view.say("inspections.checks_note"))
    parts.show_table(
        [parts.Column(view.say("sheet.scene")), parts.Column(view.say("sheet.sign"), is_wide=True)],
        ((scene[f"name_{lang}"], scene[f"sign_{lang}"]) for scene in template["scenes"]),
    )
    parts.show_title(view.say("inspections.tasks"), view.say("inspections.tasks_note"))
    titles = ("sheet.stage", "sheet.department", "sheet.action", "sheet.deliverable")
    parts.show_table(
        [parts.Column(view.say(title), is_wide=title == "sheet.action") for title in titles],
        (
            (
                view.word("limit", task["stage"]),
                view.department_name(task["department"] or None),
                task[f"action_{lang}"],
                task[f"deliverable_{lang}"],
            )
            for task in list_tasks(template, ("accept", "verify"))
        ),
    )
