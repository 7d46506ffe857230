"""How late the overdue cases are, by stage; and the ladder of escalation with the cases that stand on each rung."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import parts
from governance.ui.address import keep_choice
from governance.ui.view import View

_POSTS = 6


def show_matrix(view: View, chosen: dict[str, str]) -> None:
    """Overdue cases by delay and stage; a click on a cell takes both as filters of the list below."""
    frame = view.ask("overdue_matrix", **chosen)
    parts.show_title(view.say("overdue.matrix"), view.say("overdue.matrix_note"))
    stages = list(dict.fromkeys(frame["stage"]))
    table = frame.pivot(index="from_days", columns="stage", values="cases")[stages]  # noqa: PD010  nothing is aggregated
    rows = frame.drop_duplicates("overdue_age")
    table = table.assign(
        delay=[name_age(view, row) for row in rows.to_dict("records")], all_stages=rows["all_stages"].tolist()
    )
    ages = rows["overdue_age"].tolist()
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        height="content",
        key="delays",
        on_select=lambda: _keep_cell(ages, stages),
        selection_mode="single-cell",
        column_order=["delay", "all_stages", *stages],
        column_config=_describe_matrix(view, frame, stages),
    )


def _describe_matrix(view: View, frame: pd.DataFrame, stages: list[str]) -> dict[str, Any]:
    columns: dict[str, Any] = {"delay": st.column_config.TextColumn(view.say("column.overdue_age"))}
    columns["all_stages"] = st.column_config.ProgressColumn(
        view.say("column.overdue_cases"),
        format="%d",
        min_value=0,
        max_value=max(int(frame["all_stages"].max()), 1),
        color="primary",
    )
    columns |= {stage: st.column_config.NumberColumn(view.word("stage", stage)) for stage in stages}
    return columns


def _keep_cell(ages: list[str], stages: list[str]) -> None:
    cells = st.session_state["delays"]["selection"]["cells"]
    if cells and cells[0][0] < len(ages):
        row, column = cells[0]
        keep_choice("view", "overdue")
        keep_choice("age", ages[row])
        keep_choice("stage", column if column in stages else "")


def name_age(view: View, row: dict[Any, Any]) -> str:
    """A class of delay in words, from its ends in days (`from_days`, `to_days`)."""
    start, end = view.count(row["from_days"]), view.count(row["to_days"])
    if not row["from_days"]:
        return view.say("overdue.age_under", end=end)
    if pd.isna(row["to_days"]):
        return view.say("overdue.age_over", start=start)
    return view.say("overdue.age_between", start=start, end=end)


def show_ladder(view: View, chosen: dict[str, str], figures: dict[str, Any]) -> None:
    """From which share of the time allowed on which level answers, with which posts, and how many cases are there."""
    parts.show_title(view.say("ladder.title"), view.say("ladder.note"))
    frame = view.ask("overdue_ladder", **chosen)
    if frame.empty:
        parts.show_note(view.say("ladder.none"))
        return
    posts = view.ask("overdue_posts", **chosen, language=view.language)
    rungs = frame[frame["rung_share"].notna()]
    steps = [
        _make_step(view, rungs[rungs["rung_share"] == share], posts[posts["rung_share"] == share])
        for share in dict.fromkeys(rungs["rung_share"])
    ]
    ground = frame[frame["rung_share"].isna()].to_dict("records")
    if ground:
        begins, title = view.say("ladder.below"), view.say("ladder.ground")
        steps.append(parts.Step(begins, title, ground[0]["rung_part"], view.count(ground[0]["cases"])))
    parts.show_ladder(steps)
    parts.show_note(view.say("ladder.off", cases=view.count(figures["off_ladder_cases"])))


def _make_step(view: View, rows: pd.DataFrame, posts: pd.DataFrame) -> parts.Step:
    first = rows.iloc[0]
    levels = view.say("sheet.comma").join(
        view.say("ladder.level", level=row["call_level"], cases=view.count(row["cases"]))
        for row in rows.to_dict("records")
    )
    return parts.Step(
        view.say("ladder.from", share=view.share(first["rung_share"], digits=0)),
        levels,
        first["rung_part"],
        view.count(first["rung_cases"]),
        _list_posts(view, posts),
    )


def _list_posts(view: View, posts: pd.DataFrame) -> str:
    """The posts that answer for the most cases, those that the level adds first; then how many more there are."""
    if posts.empty:
        return ""
    told = [
        view.say(
            "ladder.post",
            post=row["name"],
            department=view.department_name(row["department"]),
            cases=view.count(row["cases"]),
        )
        for row in posts.head(_POSTS).to_dict("records")
    ]
    if len(posts) > _POSTS:
        told.append(view.say("ladder.more_posts", posts=view.count(len(posts) - _POSTS)))
    return view.say("sheet.semicolon").join(told)
