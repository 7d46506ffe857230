"""Whom it may overlook: each group's part of the red grids beside its part of all grids, and how much it reports."""

from __future__ import annotations

from typing import Any

import pandas as pd

from governance.ui import parts
from governance.ui.choices import name_level
from governance.ui.language import MISSING
from governance.ui.view import View

_OTHERS = ("repeats", "area")


def show_fairness(view: View, scenario: str) -> None:
    """The districts with a sentence of what it means, other groups, and what a played city says of under-reporting."""
    districts = view.ask("model_fairness", scenario=scenario, grouping="district")
    others = {grouping: view.ask("model_fairness", scenario=scenario, grouping=grouping) for grouping in _OTHERS}
    if districts.empty and all(rows.empty for rows in others.values()):
        parts.show_state(view.say("fairness.none_title"), view.say("fairness.none_text"))
        return
    if districts.empty:
        parts.show_note(view.say("fairness.no_districts"))
    else:
        parts.show_title(_tell(view, districts), view.say("fairness.note", name=view.scenario_name(scenario)))
        _show_groups(view, districts, name_level(view, 1))
        parts.show_text(view.say("fairness.meaning"))
    for grouping, rows in others.items():
        parts.show_title(view.say(f"fairness.{grouping}"), view.say(f"fairness.{grouping}_note"))
        _show_groups(view, rows, view.say("fairness.group"))
    parts.show_title(view.say("fairness.played"), view.say("fairness.played_note"))
    parts.show_text(view.say("fairness.played_text"))
    parts.show_text(view.say("fairness.what_to_do"))


def _tell(view: View, rows: pd.DataFrame) -> str:
    """The district with the most red grids for its grids, where there is any red one."""
    row = rows.iloc[0].to_dict()
    if pd.isna(row["red_ratio"]):
        return view.say("fairness.no_red")
    return view.say(
        "fairness.finding",
        name=_name(view, row),
        red=view.share(row["red_share"]),
        grids=view.share(row["grids_share"]),
        ratio=view.decimal(row["red_ratio"], digits=2),
    )


def _show_groups(view: View, rows: pd.DataFrame, title: str) -> None:
    names = (
        "red_ratio", "verdict", "red_share", "grids_share", "red", "yellow", "grids", "reports", "repeat_share",
        "repeat_rank",
    )  # fmt: skip
    columns = [
        parts.Column(title),
        *(parts.Column(view.say(f"fairness.{name}"), is_number=name != "verdict") for name in names),
    ]
    parts.show_table(columns, (_list_group(view, row) for row in rows.to_dict("records")))


def _list_group(view: View, row: dict[Any, Any]) -> list[str]:
    known = not pd.isna(row["repeat_share"])
    rank = {"rank": view.count(row["repeat_rank"]), "groups": view.count(row["repeat_groups"])}
    return [
        _name(view, row),
        view.decimal(row["red_ratio"], digits=2),
        view.say(f"fairness.{row['verdict']}") if isinstance(row["verdict"], str) else MISSING,
        view.share(row["red_share"]),
        view.share(row["grids_share"]),
        view.count(row["red"]),
        view.count(row["yellow"]),
        view.count(row["grids"]),
        view.count(row["reports_28d"]),
        view.share(row["repeat_share"], digits=2),
        view.say("fairness.rank_of", **rank) if known else MISSING,
    ]


def _name(view: View, row: dict[Any, Any]) -> str:
    """A district's name; of a third of the grids, what it is called."""
    named = row[f"group_{view.language}"]
    return named if isinstance(named, str) else view.word("third", row["group_id"])
