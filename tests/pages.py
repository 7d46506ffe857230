"""Pages without a server or a browser: run one as a visitor's script, and read all that it shows as texts and frames.

What has a form of its own (figures, tables, bars, steps, frames, charts) has a reader each; `read_rest` gives every
other text that holds a number, so that a test can say that it has walked them all.
"""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pandas as pd
import pyarrow as pa
from streamlit.testing.v1 import AppTest

from governance.ui.language import load_texts

_BLOCKS = ("<div class='g-figures'", "<div class='g-bars", "<ol class='g-ladder'", "<div class='g-scroll")


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

    import streamlit as st  # noqa: PLC0415

    from governance.ui.address import follow_address  # noqa: PLC0415
    from governance.ui.generations import open_current  # noqa: PLC0415
    from governance.ui.view import View  # noqa: PLC0415

    # Links need the pages that they lead to; which one is shown is said by `page`.
    names = ("map", "changes", "scenario", "case", "overdue", "evaluation", "model", "health")
    pages = {name: st.Page(lambda: None, title=name, url_path=name, default=name == "map") for name in names}
    st.navigation(list(pages.values()), position="hidden")
    for name, target in pages.items():
        st.session_state[f"page_{name}"] = target

    follow_address(page)
    importlib.import_module(f"governance.ui.pages.{page}").show(View(open_current(Path(build_dir)), language))


def read_html(test: AppTest) -> list[str]:
    """The pieces of HTML of the page, in its order."""
    return [element.proto.body for element in test.get("html")]


def read_figures(test: AppTest) -> dict[str, tuple[str, str]]:
    """Each headline figure's value and the words below it, by its label."""
    return {label: (value, basis) for label, value, basis in list_figures(test)}


def list_figures(test: AppTest) -> list[tuple[str, ...]]:
    """Label, value and the words below of every headline figure, in the page's order."""
    return _find_all(r"<div class='g-figure'><span>(.*?)</span><b>(.*?)</b><small>(.*?)</small>", read_html(test))


def read_bars(test: AppTest) -> list[list[tuple[str, ...]]]:
    """The lists of bars: label, value and note of each bar, and its width in percent."""
    line = r"<span>(.*?)</span><span class='g-bar'><i style='width:(.*?)%'></i></span><em>(.*?) <small>(.*?)</small>"
    return [_find_all(line, [html]) for html in read_html(test) if html.startswith("<div class='g-bars")]


def read_steps(test: AppTest) -> list[tuple[str, ...]]:
    """The steps of the ladder: where each begins, its title, the bar's width in percent, its value and its note."""
    line = (
        r"<li><b>(.*?)</b><div><span>(.*?)</span><span class='g-bar'><i style='width:(.*?)%'></i></span>"
        r"<em>(.*?)</em><small>(.*?)</small>"
    )
    return _find_all(line, [html for html in read_html(test) if html.startswith("<ol class='g-ladder'")])


def read_frame(test: AppTest, column: str) -> pd.DataFrame:
    """What the large table that has a column shows: the columns in sight, in their order."""
    element = next(found for found in test.dataframe if column in found.value)
    return element.value[[name for name in element.proto.column_order if name in element.value]]


def read_charts(test: AppTest) -> list[list[pd.DataFrame]]:
    """The data of every chart, as they travel to the browser."""
    return [
        [pa.ipc.open_stream(part.data.data).read_pandas() for part in chart.proto.datasets]
        for chart in test.get("vega_lite_chart")
    ]


def read_rest(test: AppTest, *, language: str = "en") -> list[str]:
    """The texts with a digit that stand in no figure, table, bar or step, and that change with the data."""
    fixed = set(load_texts(language).values())
    texts = [
        unescape(text).strip()
        for html in read_html(test)
        if not html.startswith(_BLOCKS)
        for text in re.split(r"<[^>]*>", html)
    ]
    return [text for text in texts if re.search(r"\d", text) and text not in fixed]


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


def _find_all(pattern: str, pieces: list[str]) -> list[tuple[str, ...]]:
    return [tuple(_read_text(cell) for cell in found) for found in re.findall(pattern, "".join(pieces), re.DOTALL)]


def _read_text(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html)).strip()


def read_text(page: AppTest) -> str:
    """All that the page says, as a reader sees it."""
    return unescape("".join(read_html(page)))
