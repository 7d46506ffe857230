"""The life of a case as a picture: a lane per holder, its pauses, its limits as lines, and its events as marks."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from governance.ui import language as words
from governance.ui import palette
from governance.ui.charts import show_chart
from governance.ui.view import CHECK, DESK, View

_LANE = 42
_TOP = "0"


def show_life(
    view: View,
    stints: list[dict[str, Any]],
    events: list[dict[str, Any]],
    pauses: pd.DataFrame,
    limits: pd.DataFrame,
) -> None:
    """Stretches (`ask_ui_case_stints`, named) over events (`list_events`), pauses and limits, on the city's clock.

    Names stand on the lanes themselves, so that the picture needs no margin for them on a phone.
    """
    bars = _list_bars(view, stints)
    lanes = list(dict.fromkeys([_TOP, *bars["lane"]]))
    lane = alt.Y("lane:N", sort=lanes, axis=None, scale=alt.Scale(domain=lanes))
    layers = [
        _draw_pauses(view, pauses),
        _draw_limits(view, limits, stints),
        _draw_bars(view, bars, lane),
        _draw_names(bars, lane),
        _draw_events(view, events, lane),
    ]
    shown = [layer for layer in layers if layer is not None]
    show_chart(alt.layer(*shown), height=_LANE * len(lanes))


def _list_bars(view: View, stints: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "lane": [f"1{row['holder']}" for row in stints],
            "name": [row["name"] for row in stints],
            "start": [_on_clock(view, row["from_utc"]) for row in stints],
            "end": [_on_clock(view, row["until_utc"]) for row in stints],
            "work_hours": [row["work_hours"] for row in stints],
            "is_ours": [row["holder"] in {DESK, CHECK} for row in stints],
        }
    )


def _draw_bars(view: View, bars: pd.DataFrame, lane: alt.Y) -> Any:
    return (
        alt.Chart(bars)
        .mark_bar(height=13, yOffset=8)
        .encode(
            y=lane,
            x=alt.X("start:T", title=None, axis=alt.Axis(format="%Y-%m-%d", labelAngle=0, tickCount=5, grid=True)),
            x2="end:T",
            color=alt.condition("datum.is_ours", alt.value(palette.SOFT), alt.value(palette.ACCENT)),
            tooltip=[
                alt.Tooltip("name:N", title=" "),
                alt.Tooltip("start:T", format="%Y-%m-%d %H:%M", title=view.say("chart.from")),
                alt.Tooltip("end:T", format="%Y-%m-%d %H:%M", title=view.say("chart.to")),
                alt.Tooltip("work_hours:Q", format=".1f", title=view.say("case.work_hours")),
            ],
        )
    )


def _draw_names(bars: pd.DataFrame, lane: alt.Y) -> Any:
    names = bars.drop_duplicates("lane")[["lane", "name"]]
    marks = alt.Chart(names).mark_text(align="left", baseline="middle", dy=-9, fontSize=11, color=palette.INK)
    return marks.encode(y=lane, x=alt.value(3), text="name:N")


def _draw_events(view: View, events: list[dict[str, Any]], lane: alt.Y) -> Any:
    frame = pd.DataFrame(
        {
            "lane": _TOP,
            "at": [_on_clock(view, row["at_utc"]) for row in events],
            "event": [row["event"] for row in events],
            "who": [row["who"] for row in events],
            "mark": [row["mark"] for row in events],
            "is_illegal": [row["is_illegal"] for row in events],
        }
    )
    told = [
        alt.Tooltip("at:T", format="%Y-%m-%d %H:%M", title=view.say("column.at")),
        alt.Tooltip("event:N", title=view.say("case.event")),
        alt.Tooltip("who:N", title=view.say("case.who")),
        alt.Tooltip("mark:N", title=" "),
    ]
    return (
        alt.Chart(frame)
        .mark_point(size=70, filled=True, opacity=1, yOffset=4)
        .encode(
            y=lane,
            x=alt.X("at:T"),
            # Shape as well as colour: a triangle for what the procedure forbids.
            shape=alt.condition("datum.is_illegal", alt.value("triangle-up"), alt.value("circle")),
            color=alt.condition("datum.is_illegal", alt.value(palette.WARNING), alt.value(palette.INK)),
            tooltip=told,
        )
    )


def _draw_pauses(view: View, pauses: pd.DataFrame) -> Any:
    """Grey bands over all lanes: the clock stood still; None without a pause."""
    if pauses.empty:
        return None
    frame = pd.DataFrame(
        {
            "start": [_on_clock(view, moment) for moment in pauses["from_utc"]],
            "end": [_on_clock(view, moment) for moment in pauses["to_utc"]],
            "reason": pauses["reason"].fillna(""),
            "word": view.say("chart.paused"),
        }
    )
    told = [alt.Tooltip("word:N", title=" "), alt.Tooltip("reason:N", title=view.say("column.reason"))]
    bands = alt.Chart(frame).mark_rect(color=palette.RULE, opacity=0.75)
    return bands.encode(x=alt.X("start:T"), x2="end:T", tooltip=told)


def _draw_limits(view: View, limits: pd.DataFrame, stints: list[dict[str, Any]]) -> Any:
    """Dashed lines where the limits lie within the life that is drawn, each with its word on top; None without any."""
    last = max(row["until_utc"] for row in stints)
    inside = limits[limits["due_at_utc"].notna() & (limits["due_at_utc"] <= last)].drop_duplicates("due_at_utc")
    if inside.empty:
        return None
    frame = pd.DataFrame(
        {
            "at": [_on_clock(view, moment) for moment in inside["due_at_utc"]],
            "word": [view.word("casestep", step) for step in inside["step"]],
        }
    )
    told = [
        alt.Tooltip("word:N", title=view.say("case.limit")),
        alt.Tooltip("at:T", format="%Y-%m-%d %H:%M", title=view.say("column.due")),
    ]
    base = alt.Chart(frame).encode(x=alt.X("at:T"), tooltip=told)
    lines = base.mark_rule(color=palette.WARNING, strokeDash=[4, 3], strokeWidth=1.4)
    texts = base.mark_text(align="left", dx=3, baseline="top", fontSize=10, color=palette.WARNING)
    return alt.layer(lines, texts.encode(y=alt.value(0), text="word:N"))


def _on_clock(view: View, moment_utc: Any) -> pd.Timestamp:
    return pd.Timestamp(words.format_local(moment_utc, view.zone))
