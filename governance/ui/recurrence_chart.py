"""The chart of recurrence curves: the share that came back by day, its band, and the number still watched below."""

from __future__ import annotations

import json

import altair as alt
import pandas as pd
import streamlit as st

from governance.ui import palette
from governance.ui.view import View

_HEIGHT = 270
_MARKS = 6


def show_curves(view: View, curves: pd.DataFrame, *, last_day: int) -> None:
    """Curves with `series`, `day`, `share_recurred`, `low`, `high`, `at_risk`: the first in accent, the other dashed.

    The window of the template ends at `last_day`, where a line stands.
    """
    order = list(dict.fromkeys(curves["series"]))
    days = alt.X(
        "day:Q",
        title=[view.say("recurrence.days"), view.say("recurrence.at_risk_line")],
        scale=alt.Scale(domain=[0, last_day], nice=False),
        axis=alt.Axis(
            values=list_marks(last_day),
            grid=False,
            labelExpr=_write_labels(view, curves, order, last_day),
            labelLineHeight=14,
            titleLineHeight=14,
        ),
    )
    colour = alt.Color(
        "series:N",
        sort=order,
        title=None,
        scale=alt.Scale(domain=order, range=[palette.ACCENT, palette.WARNING][: len(order)]),
        legend=alt.Legend(orient="top", labelLimit=500, symbolType="stroke", symbolOpacity=1, symbolStrokeWidth=2),
    )
    base = alt.Chart(curves).encode(x=days, color=colour)
    shares = alt.Y("share_recurred:Q", title=None, axis=alt.Axis(format="%", tickCount=5))
    band = base.mark_area(opacity=0.18, interpolate="step-after").encode(y=alt.Y("low:Q", title=None), y2="high:Q")
    line = base.mark_line(strokeWidth=1.8, interpolate="step-after").encode(
        y=shares,
        strokeDash=alt.StrokeDash(
            "series:N", sort=order, legend=None, scale=alt.Scale(domain=order, range=[[1, 0], [5, 3]][: len(order)])
        ),
        tooltip=_list_tooltips(view),
    )
    window = (
        alt.Chart(pd.DataFrame({"day": [last_day]}))
        .mark_rule(color=palette.INK, strokeDash=[2, 3])
        .encode(x=days, tooltip=alt.value(view.say("recurrence.window", days=last_day)))
    )
    chart = alt.layer(band, line, window).properties(height=_HEIGHT).configure_view(strokeWidth=0)
    styled = chart.configure_axis(
        labelColor=palette.MUTED, gridColor=palette.RULE, domainColor=palette.RULE, tickColor=palette.RULE,
        labelFontSize=11, titleColor=palette.MUTED, titleFontWeight="normal", titleFontSize=11,
    )  # fmt: skip
    st.altair_chart(styled, width="stretch", theme=None)


def list_marks(last_day: int) -> list[int]:
    """Days to be written below the axis: about six, from 0 to the last one, equally far apart where they can be."""
    step = max(round(last_day / _MARKS), 1)
    marks = list(range(0, last_day + 1, step))
    return marks if marks[-1] == last_day else [*(day for day in marks if day <= last_day - step / 2), last_day]


def _write_labels(view: View, curves: pd.DataFrame, order: list[str], last_day: int) -> str:
    """The axis' labels as an expression: the day, and below it for each curve the cases still watched and not back."""
    marked = curves[curves["day"].isin(list_marks(last_day))]
    labels = {
        str(day): [str(day), *(view.count(rows.get(name)) for name in order)]
        for day, rows in (
            (day, dict(zip(at["series"], at["at_risk"], strict=True))) for day, at in marked.groupby("day")
        )
    }
    return f"{json.dumps(labels)}[datum.value]"


def _list_tooltips(view: View) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("series:N", title=" "),
        alt.Tooltip("day:Q", title=view.say("recurrence.day")),
        alt.Tooltip("share_recurred:Q", title=view.say("recurrence.share"), format=".1%"),
        alt.Tooltip("low:Q", title=view.say("recurrence.low"), format=".1%"),
        alt.Tooltip("high:Q", title=view.say("recurrence.high"), format=".1%"),
        alt.Tooltip("at_risk:Q", title=view.say("recurrence.at_risk"), format=","),
    ]
