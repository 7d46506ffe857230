"""The charts of the model page: ratios to counting, stated chances against what came, coverage by teams."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from governance.ui import language as words
from governance.ui import palette
from governance.ui.charts import NAME_LIMIT, finish_drawing, show_drawing
from governance.ui.view import View

_SIDE = 260


def show_ratios(view: View, rows: pd.DataFrame) -> None:
    """Scenarios below each other (`name`, `value`, `low`, `high`, `verdict`) on their intervals, against a line at 1.

    A dot is filled where the whole interval lies on one side. The scale is one of ratios: twice is as far as half.
    """
    data = {"members": rows, "one": pd.DataFrame({"at": [1.0]})}
    show_drawing(_draw_ratios(view.language), data, height=50 + 22 * len(rows))


@lru_cache
def _draw_ratios(language: str) -> dict[str, Any]:
    scale = alt.Scale(type="log", nice=False, zero=False)
    axis = alt.Axis(labelLimit=NAME_LIMIT, grid=False)
    place = alt.Y("name:N", sort=None, title=None, axis=axis)
    told = [
        alt.Tooltip("name:N", title=" "),
        alt.Tooltip("value:Q", format=".3f", title=words.say(language, "worth.ratio")),
        *(alt.Tooltip(f"{end}:Q", format=".3f", title=words.say(language, f"chart.{end}")) for end in ("low", "high")),
    ]
    # What the axis measures stands in the title above it: a phone has no room for it beside the names.
    across = alt.X("value:Q", title=None, scale=scale, axis=alt.Axis(format=".2~f", tickCount=6))
    base = alt.Chart(alt.NamedData("members")).encode(y=place, tooltip=told)
    line = alt.Chart(alt.NamedData("one")).mark_rule(color=palette.INK, strokeDash=[4, 3])
    chart = alt.layer(
        base.mark_rule(color=palette.SOFT, strokeWidth=4).encode(
            x=alt.X("low:Q", title=None, scale=scale), x2="high:Q"
        ),
        line.encode(x=alt.X("at:Q", title=None, scale=scale)),
        base.transform_filter("datum.verdict != 'unclear'")
        .mark_circle(color=palette.ACCENT, size=75, opacity=1)
        .encode(x=across),
        base.transform_filter("datum.verdict == 'unclear'")
        .mark_point(color=palette.ACCENT, size=60, opacity=1, fill=palette.PAPER)
        .encode(x=across),
    )
    return finish_drawing(chart, height=50)


def show_reliability(view: View, bands: pd.DataFrame) -> None:
    """Bands (`band`, `p_any_said`, `p_any_came`, `p_any_low`, `p_any_high`): chances said against shares that came."""
    ends = pd.DataFrame({"p_any_said": [0.0, 1.0], "p_any_came": [0.0, 1.0]})
    show_drawing(_draw_reliability(view.language), {"bands": bands, "ends": ends})


@lru_cache
def _draw_reliability(language: str) -> dict[str, Any]:
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format="%", tickCount=5)
    across = alt.X("p_any_said:Q", title=words.say(language, "calibration.p_said"), scale=scale, axis=axis)
    base = alt.Chart(alt.NamedData("bands")).encode(
        x=across,
        tooltip=[
            alt.Tooltip("band:N", title=words.say(language, "calibration.tenth")),
            alt.Tooltip("p_any_said:Q", format=".1%", title=words.say(language, "calibration.p_said")),
            alt.Tooltip("p_any_came:Q", format=".1%", title=words.say(language, "calibration.p_came")),
            alt.Tooltip("p_any_low:Q", format=".1%", title=words.say(language, "chart.low")),
            alt.Tooltip("p_any_high:Q", format=".1%", title=words.say(language, "chart.high")),
        ],
    )
    upward = alt.Y("p_any_came:Q", title=words.say(language, "calibration.p_came_short"), scale=scale, axis=axis)
    chart = alt.layer(
        alt.Chart(alt.NamedData("ends"))
        .mark_line(color=palette.INK, strokeDash=[4, 3], strokeWidth=1)
        .encode(x=across, y=upward),
        base.mark_rule(color=palette.SOFT, strokeWidth=4).encode(
            y=alt.Y("p_any_low:Q", title=words.say(language, "calibration.p_came_short")), y2="p_any_high:Q"
        ),
        base.mark_circle(color=palette.ACCENT, size=60, opacity=1).encode(y=upward),
    )
    return finish_drawing(chart, height=_SIDE)


def show_coverage(view: View, rows: pd.DataFrame) -> None:
    """Covered reports by `teams`: `expected_reports`, `low`, `high`, `covered_share`, and which one `is_chosen`."""
    show_drawing(_draw_coverage(view.language), {"teams": rows})


@lru_cache
def _draw_coverage(language: str) -> dict[str, Any]:
    across = alt.X("teams:O", title=words.say(language, "capacity.teams"), axis=alt.Axis(labelAngle=0, grid=False))
    base = alt.Chart(alt.NamedData("teams")).encode(
        x=across,
        tooltip=[
            alt.Tooltip("teams:O", title=words.say(language, "capacity.teams")),
            alt.Tooltip("expected_reports:Q", format=",.1f", title=words.say(language, "capacity.covered")),
            alt.Tooltip("low:Q", format=",", title=words.say(language, "chart.low")),
            alt.Tooltip("high:Q", format=",", title=words.say(language, "chart.high")),
            alt.Tooltip("covered_share:Q", format=".1%", title=words.say(language, "capacity.share")),
        ],
    )
    upward = alt.Y("expected_reports:Q", title=words.say(language, "capacity.covered"), axis=alt.Axis(tickCount=5))
    chart = alt.layer(
        base.mark_rule(color=palette.SOFT, strokeWidth=6).encode(
            y=alt.Y("low:Q", title=words.say(language, "capacity.covered")), y2="high:Q"
        ),
        base.transform_filter("!datum.is_chosen")
        .mark_point(color=palette.ACCENT, size=60, opacity=1, fill=palette.PAPER)
        .encode(y=upward),
        base.transform_filter("datum.is_chosen")
        .mark_circle(color=palette.ACCENT, size=110, opacity=1)
        .encode(y=upward),
    )
    return finish_drawing(chart, height=_SIDE)
