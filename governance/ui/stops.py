"""The stops of an inspection list as HTML, to be read on a phone or ticked off on paper; every text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from governance.ui.parts import mark_tier


@dataclass(frozen=True)
class Stop:
    """One grid to be visited: its number on the list, tier, id, place, why, marks beside it, and a link to its card."""

    number: str
    tier: str
    tier_word: str
    grid_id: str
    place: str
    why: str
    audit: str = ""
    urgent: str = ""
    link: str = ""


def show_stops(stops: Iterable[Stop]) -> None:
    """The stops below each other, in the order of the visits."""
    listed = "".join(
        f"<li><b>{escape(stop.number)}</b><div><span class='g-stop'>{mark_tier(stop.tier, stop.tier_word)}</span>"
        f"{_link(stop)}{_mark(stop.audit, 'g-audit')}{_mark(stop.urgent, 'g-urgent')}"
        f"<span class='g-place'>{escape(stop.place)}</span><p>{escape(stop.why)}</p></div></li>"
        for stop in stops
    )
    st.html(f"<ol class='g-stops'>{listed}</ol>")


def show_sheet(titles: Sequence[str], stops: Iterable[Stop], boxes: Sequence[str]) -> None:
    """The stops as a table for paper: number, grid and tier, place, why, and empty boxes to be ticked and filled in."""
    head = "".join(f"<th>{escape(title)}</th>" for title in (*titles, *boxes))
    empty = "<td class='g-box'></td>" * len(boxes)
    body = "".join(
        f"<tr><td>{escape(stop.number)}</td>"
        f"<td>{mark_tier(stop.tier, '')}{escape(stop.grid_id)}{_mark(stop.audit, 'g-audit')}</td>"
        f"<td>{escape(stop.place)}</td><td>{escape(stop.why)}{_mark(stop.urgent, 'g-urgent')}</td>{empty}</tr>"
        for stop in stops
    )
    table = f"<table class='g-table g-paper'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    st.html(f"<div class='g-scroll'>{table}</div>")


def _link(stop: Stop) -> str:
    name = f"<strong>{escape(stop.grid_id)}</strong>"
    return f"<a href='{escape(stop.link)}'>{name}</a>" if stop.link else name


def _mark(word: str, kind: str) -> str:
    return f"<em class='{kind}'>{escape(word)}</em>" if word else ""
