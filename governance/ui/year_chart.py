"""Reports of the last year beside those of the year before, week by week or month by month."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from governance.ui import language as words
from governance.ui import palette
from governance.ui.charts import date_rows, finish_drawing, show_drawing, tell_apart
from governance.ui.view import View

_HEIGHT = 300


def show_year(view: View, frame: pd.DataFrame, *, step: str) -> None:
    """Two lines told apart by dashes too; step: "week" or "month", whose start is the column `<step>_start`."""
    start = f"{step}_start"
    series = {"reports": view.say("chart.this_year"), "reports_last_year": view.say("chart.year_before")}
    long = frame.rename(columns=series).melt(start, list(series.values()), "series", "cases")
    long = date_rows(long.assign(cases=long["cases"].astype("Float64")), start)
    show_drawing(_draw_year(view.language, tuple(series.values()), step), {"steps": long})


@lru_cache
def _draw_year(language: str, series: tuple[str, ...], step: str) -> dict[str, Any]:
    start, shape = f"{step}_start", "%Y-%m" if step == "month" else "%Y-%m-%d"
    chart = (
        alt.Chart(alt.NamedData("steps"))
        .mark_line(strokeWidth=1.7, point=alt.OverlayMarkDef(size=22) if step == "month" else False)
        .encode(
            x=alt.X(f"{start}:T", title=None, axis=alt.Axis(format="%Y-%m", labelAngle=0, tickCount=6, grid=False)),
            y=alt.Y("cases:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=5)),
            **tell_apart(series, (palette.ACCENT, palette.MUTED)),
            tooltip=[
                alt.Tooltip(f"{start}:T", format=shape, title=words.say(language, f"chart.{step}")),
                alt.Tooltip("series:N", title=" "),
                alt.Tooltip("cases:Q", title=words.say(language, "chart.reports")),
            ],
        )
    )
    return finish_drawing(chart, height=_HEIGHT)
