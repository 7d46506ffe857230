"""The charts of the pages: one accent colour, axes with units, months and weeks as dates."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from governance.ui import palette
from governance.ui.view import View

_SHORT_WEEKS = 26


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
    _show(chart, height=130)


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
    _show(chart, height=210)


def _dated(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    return frame.assign(**{column: pd.to_datetime(frame[column])})


def _show(chart: Any, *, height: int) -> None:
    styled = (
        chart.properties(height=height)
        .configure_view(strokeWidth=0)
        .configure_axis(
            labelColor=palette.MUTED,
            gridColor=palette.RULE,
            domainColor=palette.RULE,
            tickColor=palette.RULE,
            labelFontSize=11,
        )
    )
    st.altair_chart(styled, width="stretch", theme=None)
