"""Small multiples: this year's weeks against those of a year before, one chart per unit, all on the same scale."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa

from governance.ui import palette
from governance.ui.charts import date_rows, finish_drawing, show_drawing
from governance.ui.view import View

_HEIGHT = 92
_MOST = "most"
_COLUMNS = ["week_start", "reports", "reports_last_year"]


def part_years(frame: pd.DataFrame, column: str) -> Iterator[pa.Table]:
    """The rows of each value of a column, which stand together, as `show_year` takes them: made for Arrow at once."""
    table = pa.Table.from_pandas(date_rows(frame[_COLUMNS], "week_start"), preserve_index=False)
    starts = np.flatnonzero(~frame.duplicated(column))
    for start, end in pairwise([*starts.tolist(), len(frame)]):
        yield table.slice(start, end - start)


def show_year(view: View, weeks: pa.Table, *, most: float, alt_text: str) -> None:
    """Reports per week (`week_start`, `reports`) as a line over `reports_last_year` as an area; a scale to `most`."""
    titles = tuple(view.say(f"chart.{name}") for name in ("week", "reports", "reports_last_year"))
    show_drawing(_draw_year(titles), {"weeks": weeks}, values={_MOST: max(most, 1)}, alt_text=alt_text)


@lru_cache
def _draw_year(titles: tuple[str, ...]) -> dict[str, Any]:
    week, now, ago = titles
    base = alt.Chart(alt.NamedData("weeks")).encode(
        x=alt.X("week_start:T", title=None, axis=alt.Axis(format="%m-%d", labelAngle=0, tickCount=3, grid=False)),
        tooltip=[
            alt.Tooltip("week_start:T", format="%Y-%m-%d", title=week),
            alt.Tooltip("reports:Q", format=",", title=now),
            alt.Tooltip("reports_last_year:Q", format=",", title=ago),
        ],
    )
    scale, axis = (
        alt.Scale(domainMin=0, domainMax=alt.ExprRef(_MOST), nice=False),
        alt.Axis(tickCount=2, tickMinStep=1, format=",d"),
    )
    before = base.mark_area(color=palette.RULE, opacity=1, line={"color": palette.MUTED, "strokeWidth": 0.8})
    line = base.mark_line(color=palette.ACCENT, strokeWidth=1.8)
    chart = alt.layer(
        before.encode(y=alt.Y("reports_last_year:Q", title=None, scale=scale, axis=axis)),
        line.encode(y=alt.Y("reports:Q", title=None, scale=scale, axis=axis)),
    )
    return finish_drawing(chart, height=_HEIGHT)
