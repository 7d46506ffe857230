"""What teams would cover: rows of a prepared table, picked by three controls; nothing is computed here."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import parts
from governance.ui.choices import choose
from governance.ui.model_charts import show_coverage
from governance.ui.view import View

_FIRST = {"teams": "4", "visits": "20", "weeks": "4"}
_COLUMNS = {"teams": "teams", "visits": "visits_per_team_and_week", "weeks": "weeks"}


def show_capacity(view: View, scenario: str) -> None:
    """Teams, visits and weeks; what they cover with its interval, and the same for every number of teams."""
    choices = view.ask("model_capacity_choices", scenario=scenario)
    if choices.empty:
        parts.show_state(view.say("capacity.none_title"), view.say("capacity.none_text"))
        return
    asked = _choose_capacity(view, choices)
    rows = view.ask("model_capacity", scenario=scenario, **asked)
    chosen = rows[rows["is_chosen"]].to_dict("records")
    if not chosen:
        parts.show_state(view.say("capacity.none_title"), view.say("capacity.none_text"))
        return
    _show_chosen(view, chosen[0], asked)
    parts.show_title(view.say("capacity.by_teams"), view.say("capacity.by_teams_note", **asked))
    show_coverage(view, rows)
    _show_rows(view, rows)


def _choose_capacity(view: View, choices: pd.DataFrame) -> dict[str, int]:
    asked = {}
    for place, (name, column) in zip(st.columns(len(_COLUMNS)), _COLUMNS.items(), strict=True):
        options = {
            str(number): view.say(f"capacity.{name}_of", number=number) for number in sorted(set(choices[column]))
        }
        first = _FIRST[name] if _FIRST[name] in options else None
        with place:
            asked[name] = int(choose(view.say(f"capacity.{name}"), name, options, on_page="model", otherwise=first))
    return asked


def _show_chosen(view: View, row: dict[Any, Any], asked: dict[str, int]) -> None:
    say = view.say
    covered, ends = view.decimal(row["expected_reports"]), _spell_ends(view, row)
    title = say("capacity.finding", covered=covered, ends=ends, share=view.share(row["covered_share"]), **asked)
    parts.show_title(title, say("capacity.note"))
    parts.show_figures(
        [
            parts.Figure(say("capacity.covered"), covered, say("capacity.ends", ends=ends)),
            parts.Figure(
                say("capacity.share"),
                view.share(row["covered_share"]),
                say("capacity.of_all", reports=view.decimal(row["all_expected_reports"])),
            ),
            parts.Figure(say("capacity.visited"), view.count(row["grids_reached"]), say("capacity.once")),
            parts.Figure(
                say("capacity.made"),
                view.count(row["visits"]),
                say("capacity.audits", audits=view.count(row["audits"])),
            ),
        ]
    )


def _show_rows(view: View, rows: pd.DataFrame) -> None:
    names = ("teams", "made", "visited", "covered", "interval", "share", "more")
    columns = [parts.Column(view.say(f"capacity.{name}"), is_number=True) for name in names]
    parts.show_table(
        columns,
        (
            (
                view.say("capacity.chosen", teams=row["teams"]) if row["is_chosen"] else view.count(row["teams"]),
                view.count(row["visits"]), view.count(row["grids_reached"]), view.decimal(row["expected_reports"]),
                _spell_ends(view, row), view.share(row["covered_share"]), view.decimal(row["more"]),
            )
            for row in rows.to_dict("records")
        ),
    )  # fmt: skip


def _spell_ends(view: View, row: dict[Any, Any]) -> str:
    low, high = (view.count(row[end]) for end in ("low", "high"))
    return view.say("recurrence.between", low=low, high=high)
