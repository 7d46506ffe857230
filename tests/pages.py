"""Pages without a server or a browser: run one as a visitor's script, and read its figures and tables as texts."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from streamlit.testing.v1 import AppTest


def run_page(page: str, build_dir: Path, *, language: str = "en", **choices: str) -> AppTest:
    """One run of a page with choices in its address; what fails inside fails here."""
    test = AppTest.from_function(_show, args=(page, str(build_dir), language), default_timeout=60)
    for name, value in choices.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception, test.exception
    return test


def _show(page: str, build_dir: str, language: str) -> None:
    # Its text alone is run, as a script of its own.
    import importlib  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from governance.ui.address import follow_address  # noqa: PLC0415
    from governance.ui.view import View, open_current  # noqa: PLC0415

    follow_address(page)
    importlib.import_module(f"governance.ui.pages.{page}").show(View(open_current(Path(build_dir)), language))


def read_html(test: AppTest) -> list[str]:
    """The pieces of HTML of the page, in its order."""
    return [element.proto.body for element in test.get("html")]


def read_figures(test: AppTest) -> dict[str, tuple[str, str]]:
    """Each headline figure's value and the words below it, by its label."""
    cells = re.findall(
        r"<div class='g-figure'><span>(.*?)</span><b>(.*?)</b><small>(.*?)</small>", "".join(read_html(test)), re.DOTALL
    )
    return {_read_text(label): (_read_text(value), _read_text(basis)) for label, value, basis in cells}


def read_tables(test: AppTest) -> list[list[list[str]]]:
    """Each table's rows as texts, the header first."""
    tables = re.findall(r"<table.*?</table>", "".join(read_html(test)), re.DOTALL)
    return [
        [
            [_read_text(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
            for row in re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.DOTALL)
        ]
        for table in tables
    ]


def find_table(test: AppTest, first_title: str, *, with_title: str = "") -> list[list[str]]:
    """The rows below the header of the table whose first title this is."""
    found = [
        table for table in read_tables(test) if table[0][0] == first_title and (with_title or first_title) in table[0]
    ]
    assert len(found) == 1, (first_title, len(found))
    return found[0][1:]


def _read_text(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html)).strip()
