"""Is it better than counting? The backtest that is kept beside the snapshots, in words, a chart and tables."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from governance.backtest_findings import Worth, compare_age, judge_worth, list_horizons, list_models
from governance.backtest_store import COMMAND, Result, find_result, read_folder
from governance.errors import NotReadyError
from governance.hazard.metrics import ALL, RATIO
from governance.hazard.summary import LEAST_WINDOW_REPORTS
from governance.ui import parts
from governance.ui.choices import choose
from governance.ui.model_charts import show_ratios
from governance.ui.view import View

# Metric → whether it is a share; the ratio to the best count stands before them, with its interval.
_METRICS = {
    "capture_1": True, "capture_5": True, "capture_10": True, "area_capture_5": True, "precision_5": True,
    "pei_5": True, "red_kept": True, "deviance_over_best_levelled_count": False,
    "deviance_over_best_count": False, "calibration": False, "find_day": False,
}  # fmt: skip


def show_worth(view: View, scenario: str) -> None:
    """The finding with its figures, every scenario, where it fails, all models, and how it was judged."""
    result = open_backtest(view)
    if result is None:
        parts.show_state(view.say("worth.none_title"), view.say("worth.none_text"), command=COMMAND)
        return
    _tell_age(view, result)
    options = {str(days): view.say("worth.days_ahead", days=days) for days in list_horizons(result)}
    with st.columns([1, 2])[0]:
        horizon = int(choose(view.say("worth.horizon"), "horizon", options, on_page="model"))
    worth = judge_worth(result, horizon_days=horizon)
    if worth is None:
        parts.show_state(view.say("worth.nothing_title"), view.say("worth.nothing_text"))
        return
    _show_finding(view, result, worth, horizon)
    _show_scenarios(view, worth)
    _show_failing(view, worth)
    named = ((ALL, view.say("worth.all_scenarios")), (scenario, view.scenario_name(scenario)))
    with st.container(key="models"):
        for asked, name in named:
            _show_models(view, list_models(result, horizon_days=horizon, scenario=asked), name)
    _tell_how(view, result)


def open_backtest(view: View) -> Result | None:
    """The backtest of the shown snapshot, else the newest of another one; None where none has been run."""
    build_dir = view.city.build_dir
    for generation in (view.city.generation, None):
        try:
            return _read_folder(str(find_result(build_dir, generation)))
        except NotReadyError:
            continue
    return None


# A folder is written once, so its name says what is in it.
@st.cache_resource(max_entries=2, show_spinner=False)
def _read_folder(folder: str) -> Result:
    return read_folder(Path(folder))


def _tell_age(view: View, result: Result) -> None:
    age = compare_age(result, generation=view.city.generation, as_of_utc=view.city.as_of_utc)
    told = {"generation": result.about["generation"], "moment": _spell_moment(view, result), "command": COMMAND}
    if age == "same":
        parts.show_note(view.say("worth.same", **told))
    else:
        parts.show_banner(view.say(f"worth.{age}", **told))


def _spell_moment(view: View, result: Result) -> str:
    return view.moment(datetime.fromisoformat(result.about["as_of_utc"]))


def _show_finding(view: View, result: Result, worth: Worth, horizon: int) -> None:
    whole, say = worth.whole, view.say
    first = view.date(date.fromisoformat(result.about["days"][str(horizon)][0]))
    title = say(f"worth.{whole['verdict']}", value=view.decimal(whole["value"], digits=3))
    parts.show_title(title, say("worth.note", days=horizon, windows=view.count(whole["days"]), first=first))
    scenarios = view.count(len(worth.scenarios))
    ends = say("capacity.ends", ends=_spell_ends(view, whole))
    parts.show_figures(
        [
            parts.Figure(say("worth.ratio"), view.decimal(whole["value"], digits=3), ends),
            parts.Figure(
                say("worth.failing"),
                view.count(worth.failing),
                say("worth.failing_of", scenarios=scenarios, sure=view.count(worth.surely_failing)),
            ),
            parts.Figure(say("metric.capture_5"), view.share(whole["capture_5"]), say("worth.capture_note")),
            parts.Figure(
                say("metric.deviance_over_best_levelled_count"),
                view.decimal(whole["deviance"], digits=3),
                say("worth.deviance_note"),
            ),
            parts.Figure(say("worth.occupied"), view.share(whole["reports_share"]), say("worth.occupied_note")),
        ]
    )


def _spell_ends(view: View, row: dict[Any, Any]) -> str:
    low, high = (view.decimal(row[end], digits=3) for end in ("low", "high"))
    return view.say("recurrence.between", low=low, high=high)


def _show_scenarios(view: View, worth: Worth) -> None:
    parts.show_title(view.say("worth.by_scenario"), view.say("worth.by_scenario_note"))
    names = [view.scenario_name(name) for name in worth.scenarios["scenario"]]
    show_ratios(view, worth.scenarios.assign(name=names))
    if worth.rare:
        rare = view.say("sheet.semicolon").join(view.scenario_name(name) for name in worth.rare)
        parts.show_note(view.say("worth.rare", least=LEAST_WINDOW_REPORTS, names=rare))


def _show_failing(view: View, worth: Worth) -> None:
    rows = worth.scenarios[worth.scenarios["value"] < 1]
    told = {"failing": view.count(worth.failing), "scenarios": view.count(len(worth.scenarios))}
    if rows.empty:
        parts.show_title(view.say("worth.nowhere", **told))
        return
    parts.show_title(view.say("worth.where", **told), view.say("worth.where_note"))
    columns = [
        parts.Column(view.say("column.scenario"), is_wide=True),
        parts.Column(view.say("worth.ratio"), is_number=True),
        parts.Column(view.say("worth.ends"), is_number=True),
        parts.Column(view.say("worth.verdict")),
        parts.Column(view.say("metric.capture_5"), is_number=True),
        parts.Column(view.say("worth.occupied"), is_number=True),
    ]
    parts.show_table(
        columns,
        (
            (
                view.scenario_name(row["scenario"]), view.decimal(row["value"], digits=3), _spell_ends(view, row),
                view.say(f"worth.is_{row['verdict']}"), view.share(row["capture_5"]), view.share(row["reports_share"]),
            )
            for row in rows[::-1].to_dict("records")
        ),
    )  # fmt: skip


def _show_models(view: View, models: pd.DataFrame, name: str) -> None:
    parts.show_title(view.say("worth.models", name=name), view.say("worth.models_note"))
    if models.empty:
        parts.show_note(view.say("worth.nothing_text"))
        return
    metrics = [metric for metric in _METRICS if metric in models.columns]
    columns = [
        parts.Column(view.say("worth.model"), is_wide=True),
        parts.Column(view.say("worth.ratio"), is_number=True),
        parts.Column(view.say("worth.ends"), is_number=True),
        *(parts.Column(view.say(f"metric.{metric}"), is_number=True) for metric in metrics),
    ]
    parts.show_table(columns, (_list_model(view, row, metrics) for row in models.to_dict("records")))


def _list_model(view: View, row: dict[Any, Any], metrics: list[str]) -> list[str]:
    name = view.word("candidate", row["model"])
    cells = [view.share(row[metric]) if _METRICS[metric] else view.decimal(row[metric], digits=3) for metric in metrics]
    shown = view.say("worth.published", name=name) if row["is_product"] else name
    return [shown, view.decimal(row[RATIO], digits=3), _spell_ends(view, row), *cells]


def _tell_how(view: View, result: Result) -> None:
    """What was audited, what the periods before would have chosen, shifted grids, and how to run it again."""
    about, say = result.about, view.say
    parts.show_title(say("worth.how"))
    parts.show_text(say("worth.how_text"))
    parts.show_text(say("worth.audit", numbers=view.count(about["audit"]["numbers"]), days=about["audit"]["days"]))
    if about["choice"]:
        name = view.word("candidate", about["choice"]["model"])
        parts.show_text(say("worth.choice", model=name, periods=about["choice"]["periods"]))
    moved = [row for row in about["shifts"] if row["metric"] == RATIO]
    if moved:
        told = say("sheet.semicolon").join(_spell_shift(view, row) for row in moved)
        parts.show_text(say("worth.shifts", told=told))
    parts.show_note(say("worth.again", command=COMMAND))


def _spell_shift(view: View, row: dict[str, Any]) -> str:
    east, north = (view.decimal(row[f"{side}_widths"], digits=2) for side in ("east", "north"))
    return view.say("worth.shift", east=east, north=north, value=view.decimal(row["value"], digits=3))
