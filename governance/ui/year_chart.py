"""Reports of the last year beside those of the year before, week by week or month by month."""

from __future__ import annotations

import altair as alt
import pandas as pd

from governance.ui import palette
from governance.ui.charts import show_chart
from governance.ui.view import View

_HEIGHT = 300


def show_year(view: View, frame: pd.DataFrame, *, step: str) -> None:
    """Two lines told apart by dashes too; step: "week" or "month", whose start is the column `<step>_start`."""
    start = f"{step}_start"
    series = {"reports": view.say("chart.this_year"), "reports_last_year": view.say("chart.year_before")}
    order = list(series.values())
    long = frame.rename(columns=series).melt(start, order, "series", "cases")
    long = long.assign(**{start: pd.to_datetime(long[start]), "cases": long["cases"].astype("Float64")})
    shape = "%Y-%m" if step == "month" else "%Y-%m-%d"
    chart = (
        alt.Chart(long)
        .mark_line(strokeWidth=1.7, point=alt.OverlayMarkDef(size=22) if step == "month" else False)
        .encode(
            x=alt.X(f"{start}:T", title=None, axis=alt.Axis(format="%Y-%m", labelAngle=0, tickCount=6, grid=False)),
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
                alt.Tooltip(f"{start}:T", format=shape, title=view.say(f"chart.{step}")),
                alt.Tooltip("series:N", title=" "),
                alt.Tooltip("cases:Q", title=view.say("chart.reports")),
            ],
        )
    )
    show_chart(chart, height=_HEIGHT)
