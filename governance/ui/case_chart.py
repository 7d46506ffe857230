"""The life of a case as a picture: a lane per holder, its pauses, its limits as lines, and its events as marks."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from governance.ui import language as words
from governance.ui import palette
from governance.ui.charts import finish_drawing, show_drawing
from governance.ui.view import CHECK, DESK, View

_LANE_PX = 42
_TOP = "00"
_LATE = 0.8


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
    rows = {
        "bars": bars,
        "names": bars.drop_duplicates("lane")[["lane", "name"]],
        "events": _list_events(view, events),
        "pauses": _list_pauses(view, pauses),
        "limits": _list_limits(
            view, limits, first=min(row["from_utc"] for row in stints), last=max(row["until_utc"] for row in stints)
        ),
    }
    show_drawing(_draw_life(view.language), rows)


def _list_bars(view: View, stints: list[dict[str, Any]]) -> pd.DataFrame:
    """A lane each for the holders in the order in which they first had it, below the lane of the events."""
    holders = list(dict.fromkeys(row["holder"] for row in stints))
    return pd.DataFrame(
        {
            "lane": [f"{1 + holders.index(row['holder']):02d}" for row in stints],
            "name": [row["name"] for row in stints],
            "start": [_on_clock(view, row["from_utc"]) for row in stints],
            "end": [_on_clock(view, row["until_utc"]) for row in stints],
            "work_hours": [row["work_hours"] for row in stints],
            "is_ours": [row["holder"] in {DESK, CHECK} for row in stints],
        }
    )


def _list_events(view: View, events: list[dict[str, Any]]) -> pd.DataFrame:
    shown = [{name: row[name] for name in ("event", "who", "mark", "is_illegal")} for row in events]
    return pd.DataFrame(shown).assign(lane=_TOP, at=[_on_clock(view, row["at_utc"]) for row in events])


def _list_pauses(view: View, pauses: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "start": [_on_clock(view, moment) for moment in pauses["from_utc"]],
            "end": [_on_clock(view, moment) for moment in pauses["to_utc"]],
            "reason": pauses["reason"].fillna("").astype(str),
            "word": view.say("chart.paused"),
        }
    )


def _list_limits(view: View, limits: pd.DataFrame, *, first: Any, last: Any) -> pd.DataFrame:
    """The limits that lie within the life that is drawn; of several at one moment the first.

    Their words stand in two lines in turn, and left of the line where it is late, so that none meets another.
    """
    inside = limits[limits["due_at_utc"].notna() & (limits["due_at_utc"] <= last)].drop_duplicates("due_at_utc")
    inside = inside.sort_values("due_at_utc")
    return pd.DataFrame(
        {
            "at": [_on_clock(view, moment) for moment in inside["due_at_utc"]],
            "word": [view.word("casestep", step) for step in inside["step"]],
            "line": [place % 2 for place in range(len(inside))],
            "is_late": (inside["due_at_utc"] > first + (last - first) * _LATE).to_list(),
        }
    )


def _on_clock(view: View, moment_utc: Any) -> pd.Timestamp:
    return pd.Timestamp(words.format_local(moment_utc, view.zone))


@lru_cache(maxsize=len(words.LANGUAGES))
def _draw_life(language: str) -> dict[str, Any]:
    """The drawing in Vega-Lite over the rows named bars, names, events, pauses and limits."""
    layers = (_draw_pauses(language), *_draw_limits(language), _draw_bars(language), _draw_names())
    return finish_drawing(alt.layer(*layers, _draw_events(language)), height=alt.Step(_LANE_PX))


def _lane() -> alt.Y:
    return alt.Y("lane:O", sort="ascending", axis=None)


def _time(name: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{name}:T", format="%Y-%m-%d %H:%M", title=title)


def _draw_bars(language: str) -> Any:
    axis = alt.Axis(format="%Y-%m-%d", labelAngle=0, tickCount=5, grid=True)
    bars = alt.Chart(alt.NamedData("bars")).mark_bar(height=13, yOffset=8)
    return bars.encode(
        y=_lane(),
        x=alt.X("start:T", title=None, axis=axis),
        x2="end:T",
        color=alt.condition("datum.is_ours", alt.value(palette.SOFT), alt.value(palette.ACCENT)),
        tooltip=[
            alt.Tooltip("name:N", title=" "),
            _time("start", words.say(language, "chart.from")),
            _time("end", words.say(language, "chart.to")),
            alt.Tooltip("work_hours:Q", format=".1f", title=words.say(language, "case.work_hours")),
        ],
    )


def _draw_names() -> Any:
    names = alt.Chart(alt.NamedData("names"))
    marks = names.mark_text(align="left", baseline="middle", dy=-9, fontSize=11, color=palette.INK)
    return marks.encode(y=_lane(), x=alt.value(3), text="name:N")


def _draw_events(language: str) -> Any:
    """Marks on the lane on top; shape as well as colour: a triangle for what the procedure forbids."""
    events = alt.Chart(alt.NamedData("events")).mark_point(size=70, filled=True, opacity=1, yOffset=4)
    return events.encode(
        y=_lane(),
        x=alt.X("at:T", title=None),
        shape=alt.condition("datum.is_illegal", alt.value("triangle-up"), alt.value("circle")),
        color=alt.condition("datum.is_illegal", alt.value(palette.WARNING), alt.value(palette.INK)),
        tooltip=[
            _time("at", words.say(language, "column.at")),
            alt.Tooltip("event:N", title=words.say(language, "case.event")),
            alt.Tooltip("who:N", title=words.say(language, "case.who")),
            alt.Tooltip("mark:N", title=" "),
        ],
    )


def _draw_pauses(language: str) -> Any:
    """Grey bands over all lanes: the clock stood still."""
    bands = alt.Chart(alt.NamedData("pauses")).mark_rect(color=palette.RULE, opacity=0.75)
    why = alt.Tooltip("reason:N", title=words.say(language, "column.reason"))
    return bands.encode(x=alt.X("start:T", title=None), x2="end:T", tooltip=[alt.Tooltip("word:N", title=" "), why])


def _draw_limits(language: str) -> tuple[Any, Any]:
    """Dashed lines, each with its word on top."""
    told = [alt.Tooltip("word:N", title=words.say(language, "case.limit")), _time("at", "")]
    base = alt.Chart(alt.NamedData("limits")).encode(x=alt.X("at:T", title=None), tooltip=told)
    lines = base.mark_rule(color=palette.WARNING, strokeDash=[4, 3], strokeWidth=1.4)
    texts = base.mark_text(
        align=alt.ExprRef("datum.is_late ? 'right' : 'left'"),
        dx=alt.ExprRef("datum.is_late ? -3 : 3"),
        dy=alt.ExprRef("11 * datum.line"),
        baseline="top",
        fontSize=10,
        color=palette.WARNING,
    )
    return lines, texts.encode(y=alt.value(0), text="word:N")
