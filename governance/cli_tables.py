"""How commands print a frame: a table in the terminal, blanks blank, texts of files as texts."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

if TYPE_CHECKING:
    import pandas as pd


def print_table(frame: pd.DataFrame, *, decimals: int | None = None) -> None:
    """Print every row; numbers with so many decimals, or with up to four."""
    table = Table(*(Column(str(name), overflow="fold") for name in frame.columns))
    for row in frame.itertuples(index=False, name=None):
        table.add_row(*(spell_cell(value, decimals=decimals) for value in row))
    Console().print(table)


def spell_text(text: str) -> str:
    """A text of a file as it may stand in a terminal: no markup, and nothing that commands the terminal.

    Control characters, and those that turn the direction of what follows, become the replacement character: an escape
    sequence in a reason or a department's name would otherwise move the cursor, or write what is not there.
    No markup of ours may follow it directly: a backslash at its end stands as it is.
    """
    return escape(f"{strip_controls(text)} ")[:-1]  # escape doubles a backslash at the end, and no printing undoes it


def strip_controls(text: str) -> str:
    """The text with control characters and turns of direction made visible; line ends and tabs stay."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _commands(letter) else letter for letter in text)


def _commands(letter: str) -> bool:
    is_control = unicodedata.category(letter) == "Cc" and letter not in "\n\t"
    return is_control or unicodedata.bidirectional(letter) in _TURNS


_TURNS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def spell_cell(value: Any, *, decimals: int | None = None) -> str:
    """A cell as text: what is missing stays blank, so that it is not taken for zero."""
    if value is None or value != value or str(value) == "<NA>":  # noqa: PLR0124  only NaN differs from itself
        return ""
    if not isinstance(value, float):
        return spell_text(str(value))
    return f"{value:,.4f}".rstrip("0").rstrip(".") if decimals is None else f"{value:.{decimals}f}"
