"""Is it still right? Age of the newest report, the level of each model, and grids out of line with their forecast."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import parts
from governance.ui.address import keep_choice
from governance.ui.language import MISSING
from governance.ui.view import View

_LISTED = 200
_LEVEL_OFF = ("drifts", "cut")


def show_drift(view: View) -> None:
    """The alarms in one line each, the level of every scenario, the grids that flare up and a way to their cards."""
    figures = view.ask_row("model_drift") or {}
    levels = view.ask("model_level")
    off = levels[levels["verdict"].isin(_LEVEL_OFF)]
    _show_alarms(view, figures, off)
    _show_figures(view, figures, levels, off)
    _show_flare_ups(view, figures)
    _show_levels(view, levels)


def _show_alarms(view: View, figures: dict[str, Any], off: pd.DataFrame) -> None:
    alarms = []
    if figures["is_old"]:
        alarms.append(view.say("drift.old", age=view.duration(figures["newest_age_hours"])))
    if len(off):
        names = view.say("sheet.comma").join(view.scenario_name(name) for name in off["scenario"])
        alarms.append(view.say("drift.off", names=names))
    if figures["is_beyond_chance"]:
        alarms.append(
            view.say("drift.beyond", flaring=view.count(figures["flaring"]), chance=view.count(figures["scenarios"]))
        )
    for alarm in alarms:
        parts.show_banner(alarm)
    parts.show_title(view.say("drift.alarm" if alarms else "drift.quiet"), view.say("drift.note"))


def _show_figures(view: View, figures: dict[str, Any], levels: pd.DataFrame, off: pd.DataFrame) -> None:
    say, count = view.say, view.count
    pooled = levels[levels["fallback"].notna()]
    chance = say("drift.by_chance", chance=count(figures["scenarios"]), judged=count(figures["judged"]))
    parts.show_figures(
        [
            parts.Figure(
                say("drift.newest"),
                view.duration(figures["newest_age_hours"]),
                say("drift.newest_note", moment=view.moment(figures["newest_at_utc"])),
            ),
            parts.Figure(
                say("drift.off_level"), count(len(off)), say("drift.of_scenarios", scenarios=count(len(levels)))
            ),
            parts.Figure(say("drift.flaring"), count(figures["flaring"]), chance),
            parts.Figure(
                say("drift.flaring_share"),
                view.share(figures["flaring_share"], digits=2),
                say("drift.chance_share", share=view.share(figures["chance_share"], digits=2)),
            ),
            parts.Figure(
                say("drift.pooled"), count(len(pooled)), say("drift.of_scenarios", scenarios=count(len(levels)))
            ),
        ]
    )


def _show_levels(view: View, levels: pd.DataFrame) -> None:
    parts.show_title(view.say("drift.levels"), view.say("drift.levels_note"))
    columns = [
        parts.Column(view.say("column.scenario"), is_wide=True),
        parts.Column(view.say("drift.level"), is_number=True),
        parts.Column(view.say("drift.verdict")),
        parts.Column(view.say("drift.windows"), is_number=True),
        parts.Column(view.say("drift.flaring"), is_number=True),
        parts.Column(view.say("drift.flaring_share"), is_number=True),
    ]
    parts.show_table(
        columns,
        (
            (
                view.scenario_name(row["scenario"]), view.decimal(row["level_factor"], digits=2),
                _judge_level(view, row),
                view.count(row["windows"]), view.count(row["flaring"]), view.share(row["flaring_share"], digits=2),
            )
            for row in levels.to_dict("records")
        ),
    )  # fmt: skip


def _judge_level(view: View, row: dict[Any, Any]) -> str:
    return view.say("drift.is_pooled" if isinstance(row["fallback"], str) else f"drift.{row['verdict']}")


def _show_flare_ups(view: View, figures: dict[str, Any]) -> None:
    rows = view.ask("model_flare_ups", scenario="", rows=_LISTED)
    parts.show_title(view.say("drift.list"), view.say("drift.list_note", grids=view.count(figures["grids"])))
    if rows.empty:
        parts.show_note(view.say("drift.none"))
        return
    if rows["all_rows"].iloc[0] > len(rows):
        parts.show_note(view.say("drift.first", shown=view.count(len(rows)), rows=view.count(rows["all_rows"].iloc[0])))
    listed = rows.assign(
        name=[view.scenario_name(name) for name in rows["scenario"]],
        place=rows[f"place_{view.language}"],
        zone=[view.say(f"drift.{reach}") for reach in rows["reach"]],
    )
    event = st.dataframe(
        listed,
        hide_index=True,
        placeholder=MISSING,
        key="flare_ups",
        on_select="rerun",
        selection_mode="single-cell",
        width="stretch",
        column_order=list(columns := _describe_columns(view)),
        column_config=columns,
    )
    cells = event["selection"]["cells"]
    if cells and cells[0][0] < len(rows):
        keep_choice("scenario", rows["scenario"].iloc[cells[0][0]])
        keep_choice("grid", rows["grid_id"].iloc[cells[0][0]])
        st.switch_page(st.session_state["page_map"], query_params=dict(st.query_params))


def _describe_columns(view: View) -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "grid_id": text(view.say("column.grid")),
        "place": text(view.say("column.place")),
        "name": text(view.say("column.scenario")),
        "zone": text(view.say("drift.zone")),
        "window_days": number(view.say("drift.window"), format="%d"),
        "reports": number(view.say("drift.reports"), format="%d"),
        "expected_reports": number(view.say("drift.expected"), format="%.2f"),
        "p_value": number(view.say("drift.p_value"), format="%.1e", help=view.say("drift.p_value_help")),
    }
