"""The league table: members in order of one indicator with intervals and changes, and all indicators side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
import streamlit as st

from governance.indicators.evaluation import (
    AGAINST,
    Assessment,
    League,
    Standing,
    ask_standing,
    list_left_out,
    list_rated,
    order_standing,
)
from governance.indicators.registry import load_registry
from governance.ui import charts, parts
from governance.ui.choices import choose, name_level
from governance.ui.language import MISSING
from governance.ui.pages.evaluation_choices import name_districts, name_term
from governance.ui.pages.evaluation_words import (
    add_member_names,
    name_direction,
    name_of_indicator,
    offer_download,
    show_meaning,
    spell_basis,
    spell_days,
    spell_plain,
    spell_spans,
    spell_value,
)
from governance.ui.view import Answers, View

_PAGE = "evaluation"
_FIRST = "on_time_disposal_rate"
_MOST_IN_SIGHT, _TALLEST_PX = 20, 720


def show_league(view: View, asked: Assessment) -> None:
    """The order by one indicator, then every indicator of every member, one member closely, and the download."""
    standing: Standing = view.once(ask_standing, asked)
    rated = [indicator for indicator in list_rated() if indicator in set(standing.members["indicator"])]
    if not rated:
        parts.show_state(view.say("evaluation.no_cases_title"), view.say("evaluation.no_cases_text"))
        return
    options = {indicator: name_of_indicator(view, indicator) for indicator in rated}
    first = _FIRST if _FIRST in options else rated[0]
    with st.columns(2)[0]:
        indicator = choose(view.say("choose.indicator"), "indicator", options, on_page=_PAGE, otherwise=first)
    league: League = view.once(_ask_league, asked, indicator)
    rows = add_member_names(view, league.rows, asked.by)
    _show_figures(view, asked, rows, league.whole)
    _show_order(view, asked, rows, indicator)
    for against, compared in standing.changes.items():
        parts.show_note(_tell_days(view, against, compared[compared["indicator"] == indicator]))
    show_meaning(view, [indicator])
    _show_all(view, asked, league.spread, rated)
    _show_member(view, asked, league.members, rated)
    offer_download(view, asked)


def _ask_league(city: Answers, asked: Assessment, indicator: str) -> League:
    return order_standing(city.once(ask_standing, asked), indicator, by=asked.by)


def name_whole(view: View, asked: Assessment) -> str:
    """Who all members together are: the city, or the district whose towns are compared."""
    return view.city_name if asked.district is None else name_districts(view).get(asked.district, asked.district)


def _show_figures(view: View, asked: Assessment, rows: pd.DataFrame, whole: Mapping[str, Any]) -> None:
    say, count = view.say, view.count
    ranked = rows[rows["rank"].notna()]
    title = say("evaluation.all_of", name=name_whole(view, asked))
    figures = [
        parts.Figure(title, spell_plain(view, whole), _spell_whole_basis(view, whole)),
        parts.Figure(
            say("evaluation.ranked"), count(len(ranked)), say("evaluation.of_members", members=count(len(rows)))
        ),
    ]
    if load_registry().find(whole["indicator"]).kind == "share":
        figures += [
            parts.Figure(say(f"evaluation.{side}"), count((ranked["beyond"] == side).sum()), say("evaluation.beyond"))
            for side in ("better", "worse")
        ]
    parts.show_figures(figures)


def _spell_whole_basis(view: View, whole: Mapping[str, Any]) -> str:
    basis = spell_basis(view, whole)
    if load_registry().find(whole["indicator"]).kind != "share" or not whole["denominator"]:
        return basis
    ends = {end: view.share(whole[end]) for end in ("low", "high")}
    return view.say("evaluation.with_interval", **ends, basis=basis)


def _show_order(view: View, asked: Assessment, rows: pd.DataFrame, indicator: str) -> None:
    title = f"{name_of_indicator(view, indicator)} · {name_term(view, asked.term)}"
    dated = view.say(f"dated.{rows['cohort'].iloc[0]}") if len(rows) else ""
    parts.show_title(title, f"{name_direction(view, indicator)} {dated}")
    kind = load_registry().find(indicator).kind
    known = rows[rows["value"].notna()].assign(is_ranked=rows["rank"].notna())
    if len(known):
        shown = known[["name", "value", "low", "high", "is_ranked"]]
        charts.show_intervals(view, shown, float(rows["all_value"].iloc[0]), is_share=kind == "share")
        note = "evaluation.chart_note" if kind == "share" else "evaluation.chart_note_mean"
        parts.show_note(view.say(note, name=name_whole(view, asked)))
    ranked = rows[rows["rank"].notna()]
    _show_ranked(view, asked, ranked, is_share=kind == "share")
    _show_unranked(view, asked, rows[rows["rank"].isna()])


def _show_ranked(view: View, asked: Assessment, ranked: pd.DataFrame, *, is_share: bool) -> None:
    if ranked.empty:
        parts.show_note(view.say("evaluation.nobody_ranked", cases=view.count(asked.minimum_volume)))
        return
    records = ranked.to_dict("records")
    shown = ranked.assign(
        shown_value=[spell_value(view, row) for row in records],
        against_all=[view.say(f"beyond.{row['beyond'] or 'unclear'}") for row in records],
    )
    columns: dict[str, Any] = {
        "rank": st.column_config.NumberColumn(view.say("column.rank"), format="%d", width="small"),
        "name": st.column_config.TextColumn(name_by(view, asked)),
        "shown_value": st.column_config.TextColumn(view.say("evaluation.value" if is_share else "evaluation.mean")),
        "denominator": st.column_config.NumberColumn(view.say("meaning.denominator"), format="localized"),
    }
    unit = "points" if is_share else "hours"
    for against in AGAINST:
        columns[f"{against}_change"] = st.column_config.NumberColumn(
            view.say(f"evaluation.{against}_{unit}"), format="%+.1f", help=view.say(f"evaluation.{against}_help")
        )
    if is_share:
        label = view.say("evaluation.against_all", name=name_whole(view, asked))
        columns["against_all"] = st.column_config.TextColumn(label)
    show_listing(shown, columns, key="league")


def _show_unranked(view: View, asked: Assessment, rows: pd.DataFrame) -> None:
    if rows.empty:
        return
    parts.show_title(view.say("evaluation.unranked"), view.say("evaluation.unranked_note"))
    columns = [
        parts.Column(name_by(view, asked)),
        parts.Column(view.say("evaluation.value"), is_number=True),
        parts.Column(view.say("evaluation.basis"), is_number=True),
        parts.Column(view.say("evaluation.why"), is_wide=True),
    ]
    parts.show_table(
        columns,
        [
            (row["name"], spell_value(view, row), spell_basis(view, row), tell_why(view, asked, row))
            for row in rows.to_dict("records")
        ],
    )


def tell_why(view: View, asked: Assessment, row: dict[str, Any]) -> str:
    """Why a member has no rank."""
    if str(row[asked.by]).startswith("~"):
        return view.say("evaluation.no_member")
    return view.say("evaluation.few_cases", cases=view.count(asked.minimum_volume))


def _tell_days(view: View, against: str, known: pd.DataFrame) -> str:
    """Which days the changes of one indicator compare, or why there are none."""
    if known.empty:
        return view.say(f"evaluation.{against}_uncut")
    row = known.iloc[0]
    key = f"evaluation.{against}_days" if known["base_value"].notna().any() else f"evaluation.{against}_blank"
    return view.say(key, **spell_spans(view, row), days=spell_days(view, row))


def _show_all(view: View, asked: Assessment, spread: pd.DataFrame, rated: list[str]) -> None:
    parts.show_title(view.say("evaluation.all"), view.say("evaluation.all_note"))
    spread = add_member_names(view, spread, asked.by)
    columns: dict[str, Any] = {"name": st.column_config.TextColumn(name_by(view, asked), pinned=True)}
    for indicator in rated:
        kind, name = load_registry().find(indicator).kind, name_of_indicator(view, indicator)
        columns[indicator] = st.column_config.NumberColumn(
            name, format="percent" if kind == "share" else "%.1f", help=name_direction(view, indicator)
        )
        columns[f"{indicator}_cases"] = st.column_config.NumberColumn(
            view.say("evaluation.cases"), format="localized", help=view.say("evaluation.cases_of", name=name)
        )
    show_listing(spread, columns, key="all_indicators")
    left_out = [name_of_indicator(view, indicator) for indicator in list_left_out(asked)]
    if left_out:
        parts.show_note(view.say("evaluation.left_out", names=view.say("sheet.semicolon").join(left_out)))


def _show_member(view: View, asked: Assessment, members: pd.DataFrame, rated: list[str]) -> None:
    named = add_member_names(view, members[[asked.by]].drop_duplicates(), asked.by)
    options = dict(zip(named[asked.by], named["name"], strict=True))
    parts.show_title(view.say("evaluation.member"), view.say("evaluation.member_note"))
    with st.columns(2)[0]:
        member = choose(name_by(view, asked), "member", options, on_page=_PAGE)
    own = members[(members[asked.by] == member) & members["indicator"].isin(rated)]
    columns = [
        parts.Column(view.say("meaning.indicator"), is_wide=True),
        parts.Column(view.say("evaluation.value"), is_number=True),
        parts.Column(view.say("evaluation.basis"), is_number=True),
        *(parts.Column(view.say(f"evaluation.{against}_change"), is_number=True) for against in AGAINST),
        parts.Column(view.say("meaning.direction")),
    ]
    parts.show_table(
        columns,
        [
            (
                name_of_indicator(view, row["indicator"]), spell_value(view, row), spell_basis(view, row),
                *(view.points(row[f"{against}_change"]) for against in AGAINST),
                name_direction(view, row["indicator"]),
            )
            for row in own.to_dict("records")
        ],
    )  # fmt: skip


def name_by(view: View, asked: Assessment) -> str:
    """What the members are: departments, or units of a level."""
    if asked.by == "department":
        return view.say("column.department")
    return name_level(view, 1 if asked.by == "level_1_id" else 2)


def show_listing(rows: pd.DataFrame, columns: dict[str, Any], *, key: str) -> None:
    """A table that sorts, of these columns in this order, as high as its rows up to a limit."""
    st.dataframe(
        rows,
        hide_index=True,
        placeholder=MISSING,
        width="stretch",
        height=fit_height(len(rows)),
        key=key,
        column_order=list(columns),
        column_config=columns,
    )


def fit_height(rows: int) -> int | Literal["content"]:
    """The height of a table with so many rows: all of them, or as many pixels as show twenty."""
    return "content" if rows <= _MOST_IN_SIGHT else _TALLEST_PX
