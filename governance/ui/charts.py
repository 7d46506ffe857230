"""The charts of the pages: one accent colour, axes with units, months and weeks as dates."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st
from altair.utils import schemapi

from governance.ui import palette
from governance.ui.view import View

# Each part of a chart would be held against the grammar when it is made, and all of them again when they are drawn.
schemapi.disable_debug_mode()
_SHORT_WEEKS = 26
NAME_LIMIT: Any = alt.ExprRef("containerSize()[0] < 500 ? 130 : 230")
"""Pixels for the names beside a chart: on a phone, half as many, so that the chart keeps its room."""


def show_history(view: View, months: pd.DataFrame) -> None:
    """Reports per month (`month_start`, `reports`) as bars."""
    chart = (
        alt.Chart(_dated(months, "month_start"))
        .mark_bar(color=palette.ACCENT, size=7)
        .encode(
            x=alt.X("month_start:T", title=None, axis=alt.Axis(format="%Y-%m", labelAngle=0, tickCount=4, grid=False)),
            y=alt.Y("reports:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=4)),
            tooltip=[
                alt.Tooltip("month_start:T", format="%Y-%m", title=view.say("chart.month")),
                alt.Tooltip("reports:Q", title=view.say("chart.reports")),
            ],
        )
    )
    show_chart(chart, height=130)


def show_trend(view: View, weeks: pd.DataFrame) -> None:
    """Reports and closings per week (`week_start`, `reports`, `closed`) as two lines, told apart by dashes too."""
    series = {"reports": view.say("chart.reports"), "closed": view.say("chart.closed")}
    long = weeks.rename(columns=series).melt("week_start", list(series.values()), "series", "cases")
    order = list(series.values())
    shape = "%Y-%m" if len(weeks) > _SHORT_WEEKS else "%Y-%m-%d"
    chart = (
        alt.Chart(_dated(long, "week_start"))
        .mark_line(strokeWidth=1.6)
        .encode(
            x=alt.X("week_start:T", title=None, axis=alt.Axis(format=shape, labelAngle=0, tickCount=6, grid=False)),
            y=alt.Y("cases:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=5)),
            color=alt.Color(
                "series:N",
                sort=order,
                title=None,
                scale=alt.Scale(domain=order, range=[palette.ACCENT, palette.MUTED]),
                legend=alt.Legend(orient="top"),
            ),
            strokeDash=alt.StrokeDash(
                "series:N", sort=order, legend=None, scale=alt.Scale(domain=order, range=[[1, 0], [4, 3]])
            ),
            tooltip=[
                alt.Tooltip("week_start:T", format="%Y-%m-%d", title=view.say("chart.week")),
                alt.Tooltip("series:N", title=" "),
                alt.Tooltip("cases:Q", title=view.say("chart.cases")),
            ],
        )
    )
    show_chart(chart, height=210)


def show_intervals(view: View, rows: pd.DataFrame, whole: float, *, is_share: bool) -> None:
    """Members below each other (`name`, `value`, `low`, `high`, `is_ranked`): a dot on its interval, a line for all."""
    order, shape = list(rows["name"]), ".1%" if is_share else ".1f"
    place = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=NAME_LIMIT, grid=False, labelPadding=6))
    across = alt.X(
        "value:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(format="%" if is_share else "", tickCount=8)
    )
    told = [
        alt.Tooltip("name:N", title=" "),
        alt.Tooltip("value:Q", format=shape, title=view.say("chart.value")),
        *(alt.Tooltip(f"{end}:Q", format=shape, title=view.say(f"chart.{end}")) for end in ("low", "high") if is_share),
    ]
    base = alt.Chart(rows).encode(y=place, tooltip=told)
    line = alt.Chart(pd.DataFrame({"whole": [whole]})).mark_rule(color=palette.INK, strokeDash=[4, 3])
    chart = alt.layer(
        base.mark_rule(color=palette.SOFT, strokeWidth=4).encode(x=alt.X("low:Q", title=None), x2="high:Q"),
        line.encode(x=alt.X("whole:Q", title=None)),
        base.transform_filter("datum.is_ranked").mark_circle(color=palette.ACCENT, size=75, opacity=1).encode(x=across),
        base.transform_filter("!datum.is_ranked")
        .mark_point(color=palette.MUTED, size=60, opacity=1, fill=palette.PAPER)
        .encode(x=across),
    )
    show_chart(chart, height=34 + 22 * len(rows))


def _dated(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    return frame.assign(**{column: pd.to_datetime(frame[column])})


def show_chart(chart: Any, *, height: int) -> None:
    """A chart in the pages' style, as wide as its place."""
    st.altair_chart(style_chart(chart, height=height), width="stretch", theme=None)


def style_chart(chart: Any, *, height: int | alt.Step) -> Any:
    """The chart in the pages' style, so many pixels high, or so many a lane."""
    return (
        chart.properties(height=height)
        .configure_view(strokeWidth=0)
        .configure_axis(
            labelColor=palette.MUTED,
            gridColor=palette.RULE,
            domainColor=palette.RULE,
            tickColor=palette.RULE,
            labelFontSize=11,
            titleColor=palette.MUTED,
            titleFontSize=11,
            titleFontWeight="normal",
        )
    )
