"""A page that stays open follows the city: it is made again once another generation is shown, or the first one is."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from governance.errors import GovernanceError
from governance.ui.generations import open_current
from governance.warehouse import DatabaseError

LOOK_EVERY_S = 60
NOTHING = ""


def follow_city(build_dir: Path, shown_sha256: str) -> None:
    """Look once a minute whether another generation is shown than the one that this page was made of.

    Besides news, it lets go of old generations: a page's downloads hold theirs open for as long as it stands.
    """
    st.fragment(partial(_look, build_dir, shown_sha256), run_every=LOOK_EVERY_S)()


def _look(build_dir: Path, shown_sha256: str) -> None:
    try:
        current = open_current(build_dir).current
    except (GovernanceError, DatabaseError, OSError):
        return  # what the page shows is still the last that there was
    if current.sha256 != shown_sha256:
        st.rerun()
