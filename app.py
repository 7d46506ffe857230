"""Front door of the dashboard: the server with its map route and, for every visit, the language and the page list."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import streamlit as st

from governance.ui import language
from governance.ui.cache_warming import keep_warm
from governance.ui.frame import choose_language, name_tab, show_page
from governance.ui.pages import (
    case,
    changes,
    city_map,
    data_health,
    evaluation,
    inspections,
    map_compare,
    model,
    overdue,
    overview,
    scenario,
)
from governance.ui.routes import list_doors, list_routes
from governance.ui.turns import TURNS

BUILD_DIR = Path(os.environ.get("GOVERNANCE_BUILD_DIR") or Path(__file__).with_name("build"))
PAGES = {
    "overview": overview.show, "map": city_map.show, "changes": changes.show, "compare": map_compare.show,
    "scenario": scenario.show, "case": case.show, "overdue": overdue.show, "evaluation": evaluation.show,
    "model": model.show, "inspections": inspections.show, "health": data_health.show,
}  # fmt: skip


def show_dashboard() -> None:
    """Show the page that the visitor asked for."""
    spoken = choose_language()
    name_tab(spoken)
    now_utc = datetime.now(UTC).replace(tzinfo=None)
    pages = [
        st.Page(
            partial(show_page, name, show, build_dir=BUILD_DIR, now_utc=now_utc),
            title=language.say(spoken, f"{name}.menu"), url_path=name, default=name == "overview",
        )
        for name, show in PAGES.items()
    ]  # fmt: skip
    st.session_state.update({f"page_{name}": page for name, page in zip(PAGES, pages, strict=True)})
    with TURNS:
        st.navigation(pages, position="top").run()


if __name__ == "__main__":
    # Streamlit runs this file for every visit; the server imports it once, under its own name.
    show_dashboard()
else:
    app = st.App(__file__, routes=list_routes(BUILD_DIR), middleware=list_doors(PAGES), lifespan=keep_warm(BUILD_DIR))
