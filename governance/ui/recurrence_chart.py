"""The chart of recurrence curves: the share that came back by day, its band, and the number still watched below."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from governance.ui import language as words
from governance.ui import palette
from governance.ui.charts import finish_drawing, show_drawing
from governance.ui.view import View

_HEIGHT = 270
_MARKS = 6


def show_curves(view: View, curves: pd.DataFrame, *, last_day: int) -> None:
    """Curves with `series`, `day`, `share_recurred`, `low`, `high`, `at_risk`: the first in accent, the other dashed.

    The window of the template ends at `last_day`, where a line stands.
    """
    values = {
        "last_day": last_day,
        "marks": list_marks(last_day),
        "labels": _write_labels(view, curves, last_day),
        "window_told": view.say("recurrence.window", days=last_day),
    }
    rows = {"curves": curves, "window": pd.DataFrame({"day": [last_day]})}
    show_drawing(_draw_curves(view.language), rows, values=values)


@lru_cache
def _draw_curves(language: str) -> dict[str, Any]:
    days = alt.X(
        "day:Q",
        title=[words.say(language, "recurrence.days"), words.say(language, "recurrence.at_risk_line")],
        scale=alt.Scale(domain=[0, alt.ExprRef("last_day")], nice=False),
        axis=alt.Axis(
            values=alt.ExprRef("marks"),
            grid=False,
            labelExpr="labels[datum.value]",
            labelLineHeight=14,
            titleLineHeight=14,
        ),
    )
    colour = alt.Color(
        "series:N",
        sort=None,
        title=None,
        scale=alt.Scale(range=[palette.ACCENT, palette.WARNING]),
        legend=alt.Legend(orient="top", labelLimit=500, symbolType="stroke", symbolOpacity=1, symbolStrokeWidth=2),
    )
    base = alt.Chart(alt.NamedData("curves")).encode(x=days, color=colour)
    shares = alt.Y("share_recurred:Q", title=None, axis=alt.Axis(format="%", tickCount=5))
    band = base.mark_area(opacity=0.18, interpolate="step-after").encode(y=alt.Y("low:Q", title=None), y2="high:Q")
    line = base.mark_line(strokeWidth=1.8, interpolate="step-after").encode(
        y=shares,
        strokeDash=alt.StrokeDash("series:N", sort=None, legend=None, scale=alt.Scale(range=[[1, 0], [5, 3]])),
        tooltip=_list_tooltips(language),
    )
    window = (
        alt.Chart(alt.NamedData("window"))
        .mark_rule(color=palette.INK, strokeDash=[2, 3])
        .encode(x=days, tooltip=alt.value(alt.ExprRef("window_told")))
    )
    return finish_drawing(alt.layer(band, line, window), height=_HEIGHT)


def list_marks(last_day: int) -> list[int]:
    """Days to be written below the axis: about six, from 0 to the last one, equally far apart where they can be."""
    step = max(round(last_day / _MARKS), 1)
    marks = list(range(0, last_day + 1, step))
    return marks if marks[-1] == last_day else [*(day for day in marks if day <= last_day - step / 2), last_day]


def _write_labels(view: View, curves: pd.DataFrame, last_day: int) -> dict[str, list[str]]:
    """The axis' labels by day: the day, and below it for each curve the cases still watched and not back."""
    order = list(dict.fromkeys(curves["series"]))
    marked = curves[curves["day"].isin(list_marks(last_day))]
    return {
        str(day): [str(day), *(view.count(rows.get(name)) for name in order)]
        for day, rows in (
            (day, dict(zip(at["series"], at["at_risk"], strict=True))) for day, at in marked.groupby("day")
        )
    }


def _list_tooltips(language: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("series:N", title=" "),
        alt.Tooltip("day:Q", title=words.say(language, "recurrence.day")),
        alt.Tooltip("share_recurred:Q", title=words.say(language, "recurrence.share"), format=".1%"),
        alt.Tooltip("low:Q", title=words.say(language, "recurrence.low"), format=".1%"),
        alt.Tooltip("high:Q", title=words.say(language, "recurrence.high"), format=".1%"),
        alt.Tooltip("at_risk:Q", title=words.say(language, "recurrence.at_risk"), format=","),
    ]
