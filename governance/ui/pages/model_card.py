"""The model card: what it is learnt from, its rates, what it cannot see, and what it must not be used for."""

from __future__ import annotations

from typing import Any

import pandas as pd

from governance.ui import parts
from governance.ui.language import MISSING
from governance.ui.view import View

_ABOUT = ("purpose", "output", "data", "features", "method", "tiers", "real")
_LIMITS = ("complaints", "rare", "first", "bursts", "festival", "grids", "places")
_NOT_FOR = ("persons", "proof", "performance", "relaxing", "cause", "alone")
_OTHERS = 8


def show_model_card(view: View, scenario: str) -> None:
    """What it is, its limits and its misuse for all scenarios; what it learnt and its rates for the chosen one."""
    parts.show_title(view.say("modelcard.title"), view.say("modelcard.note"))
    row = _find_level(view, scenario)
    told = [(view.say(f"modelcard.{name}"), view.say(f"modelcard.{name}_text")) for name in _ABOUT]
    told.append((view.say("modelcard.learnt"), _tell_learnt(view, row)))
    columns = [parts.Column(view.say("sheet.item")), parts.Column(view.say("sheet.content"), is_wide=True)]
    parts.show_table(columns, told)
    for kind, names in (("limits", _LIMITS), ("not_for", _NOT_FOR)):
        parts.show_title(view.say(f"modelcard.{kind}"))
        rows = [(view.say(f"modelcard.{name}"), view.say(f"modelcard.{name}_text")) for name in names]
        parts.show_table([parts.Column(view.say(f"modelcard.{kind}_item")), columns[1]], rows)
    _show_rates(view, scenario, row)


def _find_level(view: View, scenario: str) -> dict[str, Any]:
    levels = view.ask("model_level")
    found = levels[levels["scenario"] == scenario].to_dict("records")
    return {str(key): value for key, value in found[0].items()}


def _tell_learnt(view: View, row: dict[str, Any]) -> str:
    name = view.scenario_name(row["scenario"])
    if isinstance(row["fallback"], str):
        return view.say("modelcard.pooled", name=name)
    if pd.isna(row["first_origin"]):
        return view.say("modelcard.unknown", name=name)
    return view.say(
        "modelcard.fitted",
        name=name,
        windows=view.count(row["windows"]),
        first=view.date(row["first_origin"]),
        last=view.date(row["last_learnt_day"]),
    )


def _show_rates(view: View, scenario: str, row: dict[str, Any]) -> None:
    name = view.scenario_name(scenario)
    told = {name: view.decimal(row[f"{name}_factor"], digits=2) for name in ("level", "festival")}
    told["base"] = view.decimal(row["base"], digits=4)
    parts.show_title(view.say("modelcard.rates", name=name), view.say("modelcard.rates_note", **told))
    features = view.ask("model_features", scenario=scenario).to_dict("records")
    parts.show_table(
        [
            parts.Column(view.say("modelcard.feature"), is_wide=True),
            parts.Column(view.say("modelcard.rate"), is_number=True),
            parts.Column(view.say("modelcard.adds"), is_number=True),
            parts.Column(view.say("modelcard.part")),
        ],
        (
            (
                view.word("feature", feature["feature"]),
                MISSING if pd.isna(feature["rate"]) else view.decimal(feature["rate"], digits=3),
                view.decimal(feature["expected_reports_28d"]),
                parts.Bar("", feature["share"], view.share(feature["share"])),
            )
            for feature in features
        ),
    )
    _show_others(view, scenario)


def _show_others(view: View, scenario: str) -> None:
    rows = view.ask("model_other_rates", scenario=scenario, rows=_OTHERS).to_dict("records")
    if not rows:
        parts.show_note(view.say("modelcard.no_others"))
        return
    told = {"shown": view.count(len(rows)), "rows": view.count(rows[0]["all_rows"])}
    parts.show_title(view.say("modelcard.others"), view.say("modelcard.others_note", **told))
    columns = [parts.Column(view.say("column.scenario"), is_wide=True), parts.Column(view.say("modelcard.rate"), True)]
    parts.show_table(columns, ((view.scenario_name(row["other"]), view.decimal(row["rate"], digits=3)) for row in rows))
