"""What commands print of files' texts: no markup, nothing that commands the terminal."""

from __future__ import annotations

import unicodedata

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from governance.cli_tables import print_table, spell_cell, spell_text, strip_controls


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("住建局\t[bold]a[/bold]\nb", "住建局\t[bold]a[/bold]\nb"),
        ("\x1b[2J\x1b]0;title\x07done", "\ufffd[2J\ufffd]0;title\ufffddone"),
        ("a\x9b31mb\x00\x7f\r", "a\ufffd31mb\ufffd\ufffd\ufffd"),  # \x9b is an escape of one byte
        ("paid \u202e001 not\u2066", "paid \ufffd001 not\ufffd"),  # would read backwards
    ],
)
def test_a_text_commands_no_terminal(text: str, shown: str) -> None:
    assert strip_controls(text) == shown


@given(st.text())
@example("C:\\")
@example("[b]\\")
def test_no_text_leaves_a_control_character_and_markup_stays_text(text: str) -> None:
    console = Console(file=None, width=10_000, color_system=None)
    with console.capture() as captured:
        console.print(spell_text(text), soft_wrap=True, highlight=False, end="")
    assert {letter for letter in captured.get() if unicodedata.category(letter) == "Cc"} <= {"\n", "\t"}
    assert captured.get().replace("\t", " ").split() == strip_controls(text).replace("\t", " ").split()


def test_a_printed_table_holds_no_escape_of_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(pd.DataFrame({"department": ["\x1b[31mred\x1b[0m", None], "cases": [1.5, 2.0]}))
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\ufffd[31mred" in told
    assert spell_cell("\x1b") == "\ufffd"
