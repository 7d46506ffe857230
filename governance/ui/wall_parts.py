"""Pieces of the wall's scenes as HTML. Every text that goes in is escaped here, and only here.

No piece carries a style of its own: the page of the wall allows none, so that a text from a file can bring none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from governance.ui import palette


@dataclass(frozen=True)
class Line:
    """One line of a list: a sign before it, its name and value; below them words or a bar, and a note.

    length: of the bar, in any unit: the longest of the list is drawn whole.
    """

    name: str
    value: str
    sign: str = ""
    below: str = ""
    length: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Headline:
    """A number to be read from the far end of the room, with what it is and what it is measured against."""

    label: str
    value: str
    basis: str = ""


def frame_scene(page: str, above: str, title: str, body: str) -> str:
    """A whole scene: the small line above says what it is about, the title what was found."""
    head = f"<header><p>{escape(above)}</p><h1>{escape(title)}</h1></header>"
    return f"<section class='w-scene w-{escape(page)}'>{head}<div class='w-body'>{body}</div></section>"


def draw_lines(title: str, lines: Iterable[Line]) -> str:
    """A list below its title, which says unit and denominator."""
    listed = list(lines)
    longest = max((line.length or 0 for line in listed), default=0)
    cells = "".join(_draw_line(line, longest) for line in listed)
    return f"<div class='w-list'><h2>{escape(title)}</h2><ol>{cells}</ol></div>"


def _draw_line(line: Line, longest: float) -> str:
    sign = f"<b class='w-sign'>{escape(line.sign)}</b>" if line.sign else ""
    first = f"<span class='w-name'>{escape(line.name)}</span><em>{escape(line.value)}</em>"
    below = f"<small class='w-below'>{escape(line.below)}</small>" if line.below else ""
    bar = _draw_bar(line.length / (longest or 1)) if line.length is not None else ""
    note = f"<small class='w-beside'>{escape(line.note)}</small>" if line.note else ""
    return f"<li>{sign}{first}{below}{bar}{note}</li>"


def _draw_bar(share: float) -> str:
    width = f"{100 * min(max(share, 0), 1):.1f}"
    return (
        "<svg class='w-bar' viewBox='0 0 100 10' preserveAspectRatio='none' aria-hidden='true'>"
        f"<rect class='w-ground' width='100' height='10'/><rect class='w-length' width='{width}' height='10'/></svg>"
    )


_LETTERS_THAT_FIT = (22, 26, 33)
"""In a row of the largest numbers, of those of `.w-size-1`, and of those of `.w-size-2` in the style."""


def draw_headlines(headlines: Iterable[Headline]) -> str:
    """The large numbers in a row; the more letters they have in all, the smaller they are, so that all fit."""
    told = list(headlines)
    cells = "".join(
        f"<div><span>{escape(one.label)}</span><b>{escape(one.value)}</b><small>{escape(one.basis)}</small></div>"
        for one in told
    )
    size = sum(sum(len(one.value) for one in told) > limit for limit in _LETTERS_THAT_FIT)
    return f"<div class='w-headlines w-size-{size}'>{cells}</div>"


def draw_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A small table: the first column holds names, the others numbers."""
    head = "".join(f"<th scope='col'>{escape(title)}</th>" for title in titles)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def draw_legend(tiers: Iterable[tuple[str, str, str, str]]) -> str:
    """Tiers side by side, their letter on their colour: tier, word, count, share."""
    cells = "".join(
        f"<li>{mark_tier(tier)}<em>{escape(count)}</em><small>{escape(word)} {escape(share)}</small></li>"
        for tier, word, count, share in tiers
    )
    return f"<ul class='w-legend'>{cells}</ul>"


def mark_tier(tier: str) -> str:
    """A tier's letter on its colour."""
    return f"<b class='w-tier w-{escape(tier)}'>{escape(palette.TIER_LETTERS.get(tier, '?'))}</b>"


def draw_state(title: str, *sentences: str) -> str:
    """What stands where a scene has nothing to show."""
    told = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences if sentence)
    return f"<div class='w-state' role='status'><h2>{escape(title)}</h2>{told}</div>"


def draw_foot(data: str, synthetic: str) -> str:
    """The line at the foot: of when the data are, and whether they are synthetic."""
    badge = f"<span class='w-badge'>{escape(synthetic)}</span>" if synthetic else ""
    return f"<span class='w-data'>{escape(data)}</span>{badge}"
