"""Pieces of pages as HTML: figures, bars, tables, states. Every text that goes in is escaped here, and only here."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import streamlit as st

from governance.ui import palette
from governance.ui.style_route import locate_style

# Markdown is read in labels of links and buttons; a backslash before any of these makes it plain text.
_MARKDOWN = frozenset("\\`*_{}[]()#+-.!|<>~$:^=&\"'")
# As high as Streamlit draws a table's row at the font size of .streamlit/config.toml.
_ROW_PX = 33


@dataclass(frozen=True)
class Figure:
    """A headline number: what it is, its value with unit, and what it is measured against."""

    label: str
    value: str
    basis: str = ""


@dataclass(frozen=True)
class Bar:
    """One line of a bar list: a length between 0 and 1, and the words around it."""

    label: str
    share: float
    value: str
    note: str = ""


@dataclass(frozen=True)
class Step:
    """One step of a ladder: where it begins, what happens there, a length between 0 and 1, its value and a note."""

    begins: str
    title: str
    share: float
    value: str
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a table: its title, and whether it holds numbers."""

    title: str
    is_number: bool = False
    is_wide: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell of a strip of tiers: the tier, a sign on it, the words below, and those that a pointer finds."""

    tier: str
    sign: str
    below: str
    hint: str


@dataclass(frozen=True)
class Way:
    """A line that leads somewhere: its text, its name on the page, and what a click on it does."""

    label: str
    key: str
    go: Callable[..., None]
    args: tuple[Any, ...]


def show_ways(ways: Iterable[Way], *, key: str) -> None:
    """Lines close together, each of which can be clicked and reached by the keyboard."""
    with st.container(key=key, gap=None):
        for way in ways:
            st.button(escape_markdown(way.label), key=way.key, type="tertiary", on_click=way.go, args=way.args)


def show_style(*, swipe: str, pick_file: str) -> None:
    """Give the page the dashboard's own style, and the words in it.

    On a phone, `swipe` stands below every large table; `pick_file` on the button that takes a file, whose own word
    knows no language but English.
    """
    words = {"--g-swipe": swipe, "--g-pick-file": pick_file}
    told = " ".join(f"{name}: {json.dumps(word, ensure_ascii=False)};" for name, word in words.items())
    st.html(f"<style>@import url('{locate_style()}'); :root {{ {told} }}</style>")


def show_title(title: str, note: str = "") -> None:
    """A section's title, and a line that says unit, source or denominator."""
    below = f"<div class='g-note'>{escape(note)}</div>" if note else ""
    st.html(f"<div class='g-title' role='heading' aria-level='2'>{escape(title)}</div>{below}")


def fit_rows(rows: int, most: int = 14) -> int | Literal["content"]:
    """The height of a table: that of all rows, or of `most` and half of the next, which tells that there are more."""
    return "content" if rows <= most else round(_ROW_PX * (most + 1.5))


def show_note(text: str) -> None:
    """A quiet line of words."""
    st.html(f"<div class='g-note'>{escape(text)}</div>")


def show_text(text: str) -> None:
    """A sentence to be read."""
    st.html(f"<p class='g-text'>{escape(text)}</p>")


def show_link(text: str, address: str, *, before: str = "") -> None:
    """A real link to an address of this dashboard, after some words."""
    told = f"{escape(before)} " if before else ""
    st.html(f"<p class='g-link'>{told}<a href='{escape(address)}'>{escape(text)}</a></p>")


def show_line_key(line: str, area: str) -> None:
    """What the line of a chart shows, and what the area behind it."""
    keys = (("g-line", line), ("g-area", area))
    told = "".join(f"<span><i class='{name}' aria-hidden='true'></i>{escape(text)}</span>" for name, text in keys)
    st.html(f"<div class='g-key'>{told}</div>")


def show_figures(figures: Iterable[Figure]) -> None:
    """Headline numbers in a row."""
    cells = "".join(
        f"<div class='g-figure'><span>{escape(figure.label)}</span><b>{escape(figure.value)}</b>"
        f"<small>{escape(figure.basis)}</small></div>"
        for figure in figures
    )
    st.html(f"<div class='g-figures'>{cells}</div>")


def show_bars(bars: Iterable[Bar], *, is_wide: bool = False) -> None:
    """Bars below each other with their words and values; `is_wide` gives the words the room."""
    cells = "".join(
        f"<span>{escape(bar.label)}</span>"
        f"<span class='g-bar'><i style='width:{100 * min(max(bar.share, 0), 1):.1f}%'></i></span>"
        f"<em>{escape(bar.value)} <small>{escape(bar.note)}</small></em>"
        for bar in bars
    )
    st.html(f"<div class='g-bars{' g-wide' if is_wide else ''}'>{cells}</div>")


def show_ladder(steps: Iterable[Step]) -> None:
    """Steps below each other, the highest first, on a rail; each with a bar, its value and who is called on it."""
    cells = "".join(
        f"<li><b>{escape(step.begins)}</b><div><span>{escape(step.title)}</span>"
        f"<span class='g-bar'><i style='width:{100 * min(max(step.share, 0), 1):.1f}%'></i></span>"
        f"<em>{escape(step.value)}</em><small>{escape(step.note)}</small></div></li>"
        for step in steps
    )
    st.html(f"<ol class='g-ladder'>{cells}</ol>")


def show_table(columns: Sequence[Column], rows: Iterable[Sequence[str | Bar]]) -> None:
    """A small table whose texts wrap, with bars in cells if wanted; for long ones there is `st.dataframe`."""
    head = "".join(f"<th{_style(column)}>{escape(column.title)}</th>" for column in columns)
    body = "".join(
        "<tr>"
        + "".join(f"<td{_style(column)}>{_draw_cell(cell)}</td>" for column, cell in zip(columns, row, strict=True))
        + "</tr>"
        for row in rows
    )
    table = f"<table class='g-table'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    st.html(f"<div class='g-scroll'>{table}</div>")


def show_matrix(
    title: str,
    columns: Sequence[str],
    groups: Iterable[tuple[str, Iterable[tuple[str, Sequence[str]]]]],
    *,
    strong: Collection[str] = (),
) -> None:
    """A large table of short marks, `strong` ones in bold: lines in groups, all names in sight while it scrolls.

    A group without a name has no line of its own.
    """
    head = "".join(f"<th scope='col'><span>{escape(name)}</span></th>" for name in columns)
    body, width = "", len(columns) + 1
    for name, lines in groups:
        head_cell = f"<th colspan='{width}' scope='rowgroup'><span>{escape(name)}</span></th>"
        body += f"<tr class='g-group'>{head_cell}</tr>" if name else ""
        for line, cells in lines:
            marks = "".join(
                f"<td><b>{escape(cell)}</b></td>" if cell in strong else f"<td>{escape(cell)}</td>" for cell in cells
            )
            body += f"<tr><th scope='row'>{escape(line)}</th>{marks}</tr>"
    top = f"<thead><tr><th>{escape(title)}</th>{head}</tr></thead>"
    table = f"<table class='g-table g-matrix'>{top}<tbody>{body}</tbody></table>"
    st.html(f"<div class='g-scroll g-tall' tabindex='0'>{table}</div>")


def show_state(title: str, *sentences: str, command: str = "") -> None:
    """A designed state of a page that has nothing to show: what is missing, and what to do."""
    told = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences if sentence)
    run = f"<p><code>{escape(command)}</code></p>" if command else ""
    st.html(f"<div class='g-state' role='status'><h2>{escape(title)}</h2>{told}{run}</div>")


def show_tier(tier: str, word: str) -> None:
    """A tier on a line of its own."""
    st.html(f"<div>{mark_tier(tier, word)}</div>")


def show_mark(sign: str, title: str, text: str) -> None:
    """Something that stands beside a tier: a sign and a title, then what it means."""
    told = f"<b><span aria-hidden='true'>{escape(sign)}</span> {escape(title)}</b>"
    st.html(f"<div class='g-mark'>{told} {escape(text)}</div>")


def show_strip(cells: Iterable[Cell]) -> None:
    """Tiers of days side by side, the oldest first: letter on colour, a sign, the day."""
    listed = "".join(
        f"<span role='listitem' title='{escape(cell.hint)}' aria-label='{escape(cell.hint)}'><i>{escape(cell.sign)}</i>"
        f"{mark_tier(cell.tier, '')}<small>{escape(cell.below)}</small></span>"
        for cell in cells
    )
    st.html(f"<div class='g-strip' role='list'>{listed}</div>")


def show_banner(sentence: str) -> None:
    """A warning above the page."""
    st.html(f"<div class='g-stale' role='alert'>{escape(sentence)}</div>")


def mark_tier(tier: str, word: str) -> str:
    """A tier as HTML: its letter on its colour, then the word."""
    letter = palette.TIER_LETTERS.get(tier, "?")
    ground, ink = palette.TIER_COLOURS.get(tier, palette.RULE), palette.TIER_INKS.get(tier, palette.INK)
    return f"<span class='g-tier' style='background:{ground};color:{ink}'>{letter}</span>{escape(word)}"


def escape_markdown(text: str) -> str:
    """The text as it stands, for labels that Streamlit reads as Markdown."""
    return "".join(f"\\{letter}" if letter in _MARKDOWN else letter for letter in " ".join(text.split()))


def _draw_cell(cell: str | Bar) -> str:
    if isinstance(cell, str):
        return escape(cell)
    bar = f"<span class='g-bar'><i style='width:{100 * min(max(cell.share, 0), 1):.1f}%'></i></span>"
    kind = "g-cell g-noted" if cell.note else "g-cell"
    return f"<span class='{kind}'>{bar}<em>{escape(cell.value)} <small>{escape(cell.note)}</small></em></span>"


def _style(column: Column) -> str:
    names = " ".join(name for name, is_on in (("g-n", column.is_number), ("g-w", column.is_wide)) if is_on)
    return f' class="{names}"' if names else ""
