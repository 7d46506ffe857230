"""Does the number hold? Expected reports beside those that came, by tier and by tenth of the ranks."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.hazard.metrics import ALL
from governance.ui import parts
from governance.ui.model_charts import show_reliability
from governance.ui.view import View


def show_calibration(view: View, scenario: str) -> None:
    """All scenarios together, then the chosen one: tiers as a table, tenths as a chart of chances and a table."""
    whole = view.ask("model_calibration", scenario=ALL, grouping="tier")
    if whole.empty:
        parts.show_state(view.say("calibration.none_title"), view.say("calibration.none_text"))
        return
    parts.show_title(_tell(view, whole), view.say("calibration.note", windows=view.count(whole["windows"].iloc[0])))
    named = ((ALL, view.say("worth.all_scenarios")), (scenario, view.scenario_name(scenario)))
    for asked, name in named:
        parts.show_title(view.say("calibration.tiers", name=name), view.say("calibration.tiers_note"))
        _show_bands(view, view.ask("model_calibration", scenario=asked, grouping="tier"), "tier")
    parts.show_note(view.say("calibration.poisson"))
    for place, (asked, name) in zip(st.columns(2, gap="large"), named, strict=True):
        tenths = view.ask("model_calibration", scenario=asked, grouping="tenth")
        with place:
            parts.show_title(view.say("calibration.tenths", name=name), view.say("calibration.tenths_note"))
            show_reliability(view, tenths)
            _show_bands(view, tenths, "tenth")


def _tell(view: View, bands: pd.DataFrame) -> str:
    """What the red grids say, or the worst band that there is."""
    row = bands.iloc[0].to_dict()
    return view.say(
        "calibration.finding",
        tier=view.word("tier", row["band"]),
        expected=view.count(row["expected_reports"]),
        reports=view.count(row["reports"]),
        ratio=view.decimal(row["ratio"], digits=2),
        nothing=view.share(row["nothing_share"]),
    )


def _show_bands(view: View, rows: pd.DataFrame, kind: str) -> None:
    names = ("expected", "reports", "ratio", "p_said", "p_came", "verdict", "judged")
    # The tenths share the width with others: their table leaves out what the chart and the tiers say.
    shown = names if kind == "tier" else names[:5]
    columns = [
        parts.Column(view.say(f"calibration.{kind}")),
        *(parts.Column(view.say(f"calibration.{name}"), is_number=name != "verdict") for name in shown),
    ]
    parts.show_table(columns, (_list_band(view, row, kind, shown) for row in rows.to_dict("records")))


def _list_band(view: View, row: dict[Any, Any], kind: str, shown: tuple[str, ...]) -> list[str]:
    name = view.word("tier", row["band"]) if kind == "tier" else str(row["band"])
    cells = {
        "judged": view.count(row["judged"]),
        "expected": view.decimal(row["expected_reports"]),
        "reports": view.count(row["reports"]),
        "ratio": view.decimal(row["ratio"], digits=2),
        "p_said": view.share(row["p_any_said"]),
        "p_came": view.interval(row["p_any_came"], row["p_any_low"], row["p_any_high"]),
        "verdict": view.say(f"calibration.{row['verdict']}"),
    }
    return [name, *(cells[column] for column in shown)]
