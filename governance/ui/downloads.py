"""Buttons that hand an answer out as a file: on every page in one row, named alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date
from functools import partial

import streamlit as st

from governance.ui.view import View

_MIMES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gpkg": "application/geopackage+sqlite3",
}


def offer_downloads(
    view: View, sheet: str, labels: Mapping[str, str], write: Callable[[str], bytes], *, named: tuple[str, ...] = ()
) -> None:
    """A button per kind of file (`csv`, `xlsx`, `gpkg`) with its label.

    `write` gives the bytes of a kind, not before a button is pressed; `named` are what the list was asked for.
    """
    with st.container(horizontal=True, key=f"downloads_{sheet}"):
        for kind, label in labels.items():
            st.download_button(
                label,
                partial(write, kind),
                file_name=name_file(view, sheet, *named, kind=kind),
                mime=_MIMES[kind],
                icon=":material/download:",
                on_click="ignore",
                key=f"download_{sheet}_{kind}",
            )


def name_file(view: View, sheet: str, *named: str, kind: str, day: date | None = None) -> str:
    """Such as `open-housing-overdue-as-of-2026-01-02-000012.csv`: what, of whom, the day shown, the generation.

    Without a `day` it is that of the data. What is empty or could not be part of a file's name everywhere is left out.
    """
    shown = day or view.city.as_of_utc.replace(tzinfo=UTC).astimezone(view.zone).date()
    safe = [text for text in named if re.fullmatch(r"[A-Za-z0-9_-]+", text)]
    return "-".join([sheet, *safe, "as-of", shown.isoformat(), view.city.generation]) + f".{kind}"
