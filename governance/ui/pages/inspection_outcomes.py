"""What inspections found: a file is read, its faults are told all at once, and hit rates are compared."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.export_orders import find_id
from governance.inspections.outcome_files import COLUMNS, SUFFIXES, Fault, Reading, decode_outcomes
from governance.inspections.outcomes import HitRates, judge_hit_rates, measure_hit_rates
from governance.ui import parts
from governance.ui.view import Answers, View

_SHOWN = 200


def show_outcomes(view: View) -> None:
    """How to tell outcomes and where they go, a place for the file, and what it says."""
    parts.show_title(view.say("outcomes.title"), view.say("outcomes.note"))
    parts.show_text(view.say("outcomes.how", columns=", ".join(COLUMNS)))
    parts.show_text(view.say("outcomes.where"))
    given = st.file_uploader(
        view.say("outcomes.upload", size=st.get_option("server.maxUploadSize")),
        type=[suffix.removeprefix(".") for suffix in SUFFIXES],
        key="outcomes_file",
    )
    if given is not None:
        show_file(view, given.name, given.getvalue())


def show_file(view: View, name: str, content: bytes) -> None:
    """What a file of outcomes says, or every fault in it."""
    names = view.city.ask("export_names")
    names = names[names["id"].isin(list(view.city.manifest["scenarios"]))]
    reading = decode_outcomes(
        content,
        name,
        grid_ids=view.once(list_grid_ids),
        find_scenario=lambda text: find_id(names, "scenario", text),
    )
    if reading.faults:
        _show_faults(view, reading)
        return
    measured = measure_hit_rates(reading.outcomes, view.once(list_kept))
    _show_counts(view, reading, measured)
    if measured.counted:
        _show_rates(view, measured)


def list_grid_ids(city: Answers) -> list[str]:
    """The ids of all grids."""
    return list(city.ask("grid_ids")["grid_id"])


def list_kept(city: Answers) -> pd.DataFrame:
    """The lists of the last thirteen weeks."""
    return city.ask("inspections")


def _show_faults(view: View, reading: Reading) -> None:
    count = len(reading.faults)
    parts.show_state(view.say("outcomes.refused_title", faults=view.count(count)), view.say("outcomes.refused_text"))
    if count > _SHOWN:
        parts.show_note(view.say("outcomes.first_faults", shown=view.count(_SHOWN), faults=view.count(count)))
    columns = [
        parts.Column(view.say("outcomes.line"), is_number=True),
        parts.Column(view.say("outcomes.fault"), is_wide=True),
    ]
    parts.show_table(columns, (_spell_fault(view, fault) for fault in reading.faults[:_SHOWN]))


def _spell_fault(view: View, fault: Fault) -> tuple[str, str]:
    told = view.say(f"fault.{fault.kind}", value=fault.value, hint=fault.hint)
    if fault.hint and fault.kind == "unknown_grid":
        told = view.say("fault.nearest", fault=told, hint=fault.hint)
    return (view.count(fault.line) if fault.line else view.say("fault.whole_file"), told)


def _show_counts(view: View, reading: Reading, measured: HitRates) -> None:
    parts.show_title(view.say("outcomes.counted_title"), view.say("outcomes.counted_note"))
    figures = [
        parts.Figure(view.say("outcomes.counted"), view.count(measured.counted), view.say("outcomes.counted_basis")),
        parts.Figure(view.say("outcomes.unvisited"), view.count(reading.unvisited), view.say("outcomes.left_out")),
    ]
    if measured.first_week is not None:
        told = view.say("outcomes.old_basis", week=view.date(measured.first_week))
        figures.append(parts.Figure(view.say("outcomes.old"), view.count(measured.old), told))
    parts.show_figures(figures)
    if not measured.counted:
        parts.show_state(view.say("outcomes.nothing_title"), view.say("outcomes.nothing_text"))


def _show_rates(view: View, measured: HitRates) -> None:
    parts.show_title(view.say("outcomes.rates"), view.say("outcomes.rates_note"))
    for row in judge_hit_rates(measured.rates).to_dict("records"):
        parts.show_text(view.say(f"outcomes.{row['verdict']}", scenario=view.scenario_name(row["scenario"])))
    columns = [
        parts.Column(view.say("column.scenario"), is_wide=True),
        parts.Column(view.say("outcomes.kind")),
        parts.Column(view.say("outcomes.inspected"), is_number=True),
        parts.Column(view.say("outcomes.hits"), is_number=True),
        parts.Column(view.say("outcomes.hit_rate"), is_wide=True),
        parts.Column(view.say("outcomes.uninspectable"), is_number=True),
    ]
    parts.show_table(columns, (_list_rate(view, row) for row in measured.rates.to_dict("records")))


def _list_rate(view: View, row: dict[Any, Any]) -> list[str | parts.Bar]:
    told = view.interval(row["hit_rate"], row["low"], row["high"])
    share = 0.0 if pd.isna(row["hit_rate"]) else row["hit_rate"]
    return [
        view.scenario_name(row["scenario"]),
        view.word("listed", row["kind"]),
        view.count(row["inspected"]),
        view.count(row["hits"]),
        parts.Bar("", share, told),
        view.count(row["uninspectable"]),
    ]
