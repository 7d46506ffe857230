"""The flow picture: who hands cases over to whom, as bands from senders on the left to receivers on the right."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd

from governance.ui import language as words
from governance.ui import palette
from governance.ui.charts import finish_drawing, show_drawing
from governance.ui.view import View

_GAP = 0.03
_STEPS = 24
_NODE_WIDTH = 0.012
# Of the picture's width, in widths of the space between the two columns: room for the names on both sides.
_MARGIN = 0.5
_HEIGHT = 420
_LABEL_PX = 340
_SIDES: tuple[tuple[str, float, Literal["left", "right"], int], ...] = (
    ("sender", 0.0, "right", -8),
    ("receiver", 1 - _NODE_WIDTH, "left", 8),
)


@dataclass(frozen=True)
class Layout:
    """Where everything stands, y from 0 (above) to 1: nodes (side, name, events, top, bottom), bands, their outlines.

    bands: one row per sender and receiver with `left_top`, `left_bottom`, `right_top`, `right_bottom`.
    """

    nodes: pd.DataFrame
    bands: pd.DataFrame


def lay_out(flows: pd.DataFrame) -> Layout:
    """Give each sender and receiver a stretch as high as its events, and each flow its part of both.

    `flows` has `sender`, `receiver` (each pair once) and `events` > 0. The largest senders stand above; receivers
    stand in the order of the mean height that they receive from.
    """
    by_sender = flows.groupby("sender")["events"].sum().sort_index().sort_values(ascending=False, kind="stable")
    place = {name: number for number, name in enumerate(by_sender.index)}
    weighted = (
        flows.assign(pull=flows["sender"].map(place) * flows["events"]).groupby("receiver")[["pull", "events"]].sum()
    )
    order = (weighted["pull"] / weighted["events"]).sort_index().sort_values(kind="stable").index
    by_receiver = weighted["events"].reindex(order)
    height = (1 - _GAP * (max(len(by_sender), len(by_receiver)) - 1)) / flows["events"].sum()
    nodes = pd.concat([_stack("sender", by_sender, height), _stack("receiver", by_receiver, height)], ignore_index=True)
    bands = flows.assign(
        _from=flows["sender"].map(place), _to=flows["receiver"].map({n: i for i, n in enumerate(order)})
    )
    bands = _part_nodes(bands, nodes, "sender", ["_from", "_to"], height, names=("left_top", "left_bottom"))
    bands = _part_nodes(bands, nodes, "receiver", ["_to", "_from"], height, names=("right_top", "right_bottom"))
    return Layout(nodes, bands.drop(columns=["_from", "_to"]).reset_index(drop=True))


def _stack(side: str, events: pd.Series, height: float) -> pd.DataFrame:
    """The nodes of one side below each other, the column in the middle of the picture."""
    heights = events.to_numpy(dtype=float) * height
    starts = np.concatenate([[0.0], np.cumsum(heights + _GAP)[:-1]])
    tops = starts + (1 - heights.sum() - _GAP * (len(heights) - 1)) / 2
    return pd.DataFrame(
        {"side": side, "name": events.index, "events": events.to_numpy(), "top": tops, "bottom": tops + heights}
    )


def _part_nodes(  # noqa: PLR0913, PLR0917  what to part, of which nodes, in which order
    bands: pd.DataFrame, nodes: pd.DataFrame, side: str, order: list[str], height: float, *, names: tuple[str, str]
) -> pd.DataFrame:
    """Each flow's own stretch of its node on one side."""
    starts = nodes[nodes["side"] == side].set_index("name")["top"]
    ordered = bands.sort_values(order)
    before = ordered.groupby(side)["events"].cumsum() - ordered["events"]
    top = ordered[side].map(starts) + before * height
    return ordered.assign(**{names[0]: top, names[1]: top + ordered["events"] * height})


def trace_bands(bands: pd.DataFrame) -> pd.DataFrame:
    """The bands' outlines: for each one `x` from 0 to 1 with `top` and `bottom`, and the band's other columns."""
    x = np.linspace(0, 1, _STEPS + 1)
    ease = x**2 * (3 - 2 * x)
    points = bands.loc[bands.index.repeat(len(x))].reset_index(names="band")
    x, ease = np.tile(x, len(bands)), np.tile(ease, len(bands))
    top = points["left_top"] + (points["right_top"] - points["left_top"]) * ease
    bottom = points["left_bottom"] + (points["right_bottom"] - points["left_bottom"]) * ease
    return points.assign(x=_NODE_WIDTH + x * (1 - 2 * _NODE_WIDTH), top=top, bottom=bottom)


def show_flows(view: View, flows: pd.DataFrame) -> None:
    """The picture of `flows`: sender, receiver, events, share, back (events the other way) and reasons as texts."""
    layout = lay_out(flows)
    names = _name_ways(view.language)
    points = trace_bands(layout.bands).assign(
        way=[names[0 if back else 1] for back in layout.bands["is_mutual"].repeat(_STEPS + 1)]
    )
    rows = {"bands": points, **{side: _place_nodes(view, layout.nodes, side, start) for side, start, *_ in _SIDES}}
    show_drawing(_draw_flows(view.language), rows)


def _name_ways(language: str) -> tuple[str, str]:
    return words.say(language, "flow.both_ways"), words.say(language, "flow.one_way")


def _place_nodes(view: View, nodes: pd.DataFrame, side: str, start: float) -> pd.DataFrame:
    """The nodes of one side with their edges, their middle and their label."""
    rows = nodes[nodes["side"] == side]
    return rows.assign(
        start=start,
        end=start + _NODE_WIDTH,
        middle=(rows["top"] + rows["bottom"]) / 2,
        label=[f"{name}  {view.count(events)}" for name, events in zip(rows["name"], rows["events"], strict=True)],
    )


@lru_cache
def _draw_flows(language: str) -> dict[str, Any]:
    scale = alt.Scale(domain=[-_MARGIN, 1 + _MARGIN], nice=False)
    height = alt.Scale(domain=[0, 1], reverse=True, nice=False)
    hover = alt.selection_point(on="pointerover", fields=["band"], empty=False)
    tooltip = [
        alt.Tooltip(f"{name}:N", title=words.say(language, f"flow.{name}"))
        for name in ("sender", "receiver", "told", "told_share", "told_back", "reasons")
    ]
    bands = (
        alt.Chart(alt.NamedData("bands"))
        .mark_area()
        .encode(
            x=alt.X("x:Q", scale=scale, axis=None),
            y=alt.Y("top:Q", scale=height, axis=None),
            y2="bottom:Q",
            detail="band:N",
            color=alt.Color(
                "way:N",
                title=None,
                scale=alt.Scale(domain=_name_ways(language), range=[palette.ACCENT, palette.SOFT]),
                legend=alt.Legend(orient="top"),
            ),
            opacity=alt.condition(hover, alt.value(0.95), alt.value(0.6)),
            tooltip=tooltip,
        )
        .add_params(hover)
    )
    return finish_drawing(alt.layer(bands, *_draw_nodes(language, scale, height)), height=_HEIGHT)


def _draw_nodes(language: str, scale: alt.Scale, height: alt.Scale) -> list[alt.Chart]:
    drawn = []
    for side, _, align, offset in _SIDES:
        base = alt.Chart(alt.NamedData(side)).encode(x=alt.X("start:Q", scale=scale, axis=None))
        drawn.append(
            base.mark_rect(color=palette.INK).encode(
                x2="end:Q", y=alt.Y("top:Q", scale=height, axis=None), y2="bottom:Q"
            )
        )
        edge = "start:Q" if side == "sender" else "end:Q"
        drawn.append(
            alt.Chart(alt.NamedData(side))
            .mark_text(align=align, dx=offset, fontSize=12, color=palette.INK, limit=_LABEL_PX, baseline="middle")
            .encode(
                x=alt.X(edge, scale=scale, axis=None),
                y=alt.Y("middle:Q", scale=height, axis=None),
                text="label:N",
                tooltip=[alt.Tooltip("name:N", title=words.say(language, f"flow.{side}"))],
            )
        )
    return drawn
