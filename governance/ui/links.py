"""Ways to other pages: real links, which the keyboard reaches and a new tab opens, and jumps after a click on a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from governance.ui import parts
from governance.ui.address import list_choices


def show_link(page: str, label: str, **changes: str) -> None:
    """A link to a page with everything that is chosen now but for `changes`; "" leaves a name out."""
    target = st.session_state[f"page_{page}"]
    st.page_link(target, label=parts.escape_markdown(label), query_params=list_choices(page, **changes))


def go_to(page: str, **changes: str) -> None:
    """Go to a page at once, as a link with the same `changes` would."""
    st.switch_page(st.session_state[f"page_{page}"], query_params=list_choices(page, **changes))


def name_case(row: Mapping[Any, Any] | pd.Series) -> str:
    """A case in the address: its source, a slash, its id; the source itself never holds a slash."""
    return f"{row['source']}/{row['incident_id']}"


def open_case(cells: list[tuple[int, str]], rows: pd.DataFrame) -> None:
    """Go to the case of the row whose cell was clicked on, if any; `rows` in the order in which they are shown."""
    if cells and cells[0][0] < len(rows):
        go_to("case", case=name_case(rows.iloc[cells[0][0]]))
