"""The charts of the pages: one accent colour, axes with units, months and weeks as dates.

To make a drawing takes longer than most pages. So each is made once for a language, over rows and values that it only
names, and a page lays its own rows and values under it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import altair as alt
import pandas as pd
import pyarrow as pa
import streamlit as st
from altair.utils import schemapi

from governance.ui import language as words
from governance.ui import palette
from governance.ui.view import View

# Each part of a chart would be held against the grammar when it is made: the tests do that for every page.
schemapi.disable_debug_mode()
_SHORT_WEEKS = 26
_ROW_PX, _AXIS_PX = 22, 34
NAME_LIMIT: Any = alt.ExprRef("containerSize()[0] < 500 ? 130 : 230")
"""Pixels for the names beside a chart: on a phone, half as many, so that the chart keeps its room."""


def show_drawing(
    drawing: dict[str, Any],
    rows: Mapping[str, pd.DataFrame | pa.Table],
    *,
    values: Mapping[str, Any] = MappingProxyType({}),
    height: int | None = None,
    alt_text: str | None = None,
) -> None:
    """A drawing (`finish_drawing`) over rows by the name of their data, as wide as its place.

    values: what the drawing's expressions name. height: pixels instead of the drawing's own.
    """
    params = [*drawing.get("params", ()), *({"name": name, "value": value} for name, value in values.items())]
    spec = {**drawing, "params": params, "datasets": dict(rows), "height": height or drawing["height"]}
    st.vega_lite_chart(spec, width="stretch", theme=None, alt=alt_text)


def finish_drawing(chart: Any, *, height: int | alt.Step) -> dict[str, Any]:
    """A chart over named data in the pages' style, so many pixels high, or so many a lane, as Vega-Lite takes it."""
    styled = (
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
    drawn: dict[str, Any] = styled.to_dict(validate=False)
    return drawn


def date_rows(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """The frame with days as moments, which the axes of time ask for."""
    return frame.assign(**{column: pd.to_datetime(frame[column])})


def show_history(view: View, months: pd.DataFrame) -> None:
    """Reports per month (`month_start`, `reports`) as bars."""
    show_drawing(_draw_history(view.language), {"months": date_rows(months, "month_start")})


@lru_cache
def _draw_history(language: str) -> dict[str, Any]:
    chart = (
        alt.Chart(alt.NamedData("months"))
        .mark_bar(color=palette.ACCENT, size=7)
        .encode(
            x=alt.X("month_start:T", title=None, axis=alt.Axis(format="%Y-%m", labelAngle=0, tickCount=4, grid=False)),
            y=alt.Y("reports:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=4)),
            tooltip=[
                alt.Tooltip("month_start:T", format="%Y-%m", title=words.say(language, "chart.month")),
                alt.Tooltip("reports:Q", title=words.say(language, "chart.reports")),
            ],
        )
    )
    return finish_drawing(chart, height=130)


def show_trend(view: View, weeks: pd.DataFrame) -> None:
    """Reports and closings per week (`week_start`, `reports`, `closed`) as two lines, told apart by dashes too."""
    series = {"reports": view.say("chart.reports"), "closed": view.say("chart.closed")}
    long = weeks.rename(columns=series).melt("week_start", list(series.values()), "series", "cases")
    drawing = _draw_trend(view.language, tuple(series.values()), "%Y-%m" if len(weeks) > _SHORT_WEEKS else "%Y-%m-%d")
    show_drawing(drawing, {"weeks": date_rows(long, "week_start")})


@lru_cache
def _draw_trend(language: str, series: tuple[str, ...], shape: str) -> dict[str, Any]:
    chart = (
        alt.Chart(alt.NamedData("weeks"))
        .mark_line(strokeWidth=1.6)
        .encode(
            x=alt.X("week_start:T", title=None, axis=alt.Axis(format=shape, labelAngle=0, tickCount=6, grid=False)),
            y=alt.Y("cases:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=5)),
            **tell_apart(series, (palette.ACCENT, palette.MUTED)),
            tooltip=[
                alt.Tooltip("week_start:T", format="%Y-%m-%d", title=words.say(language, "chart.week")),
                alt.Tooltip("series:N", title=" "),
                alt.Tooltip("cases:Q", title=words.say(language, "chart.cases")),
            ],
        )
    )
    return finish_drawing(chart, height=210)


def tell_apart(series: tuple[str, ...], colours: tuple[str, str]) -> dict[str, Any]:
    """Colour and dashes of two lines of the column `series`, with a legend above them."""
    dashes = alt.Scale(domain=series, range=[[1, 0], [4, 3]])
    colour = alt.Scale(domain=series, range=colours)
    return {
        "color": alt.Color("series:N", sort=series, title=None, scale=colour, legend=alt.Legend(orient="top")),
        "strokeDash": alt.StrokeDash("series:N", sort=series, legend=None, scale=dashes),
    }


def show_intervals(view: View, rows: pd.DataFrame, whole: float, *, is_share: bool) -> None:
    """Members below each other (`name`, `value`, `low`, `high`, `is_ranked`): a dot on its interval, a line for all."""
    data = {"members": rows, "all": pd.DataFrame({"whole": [whole]})}
    show_drawing(_draw_intervals(view.language, is_share=is_share), data, height=_AXIS_PX + _ROW_PX * len(rows))


@lru_cache
def _draw_intervals(language: str, *, is_share: bool) -> dict[str, Any]:
    shape = ".1%" if is_share else ".1f"
    # Without an order of their own: in that of the rows.
    place = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=NAME_LIMIT, grid=False, labelPadding=6))
    across = alt.X(
        "value:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(format="%" if is_share else "", tickCount=8)
    )
    told = [
        alt.Tooltip("name:N", title=" "),
        *(
            alt.Tooltip(f"{name}:Q", format=shape, title=words.say(language, f"chart.{name}"))
            for name in (("value", "low", "high") if is_share else ("value",))
        ),
    ]
    base = alt.Chart(alt.NamedData("members")).encode(y=place, tooltip=told)
    line = alt.Chart(alt.NamedData("all")).mark_rule(color=palette.INK, strokeDash=[4, 3])
    chart = alt.layer(
        base.mark_rule(color=palette.SOFT, strokeWidth=4).encode(x=alt.X("low:Q", title=None), x2="high:Q"),
        line.encode(x=alt.X("whole:Q", title=None)),
        base.transform_filter("datum.is_ranked").mark_circle(color=palette.ACCENT, size=75, opacity=1).encode(x=across),
        base.transform_filter("!datum.is_ranked")
        .mark_point(color=palette.MUTED, size=60, opacity=1, fill=palette.PAPER)
        .encode(x=across),
    )
    return finish_drawing(chart, height=_AXIS_PX)
