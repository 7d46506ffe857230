"""The state of a visit, kept in the page's address so that a link shows the same thing.

Streamlit drops the address's parameters when a visitor goes to another page; what was chosen is put back there.
On the same page the address wins, so that the browser's back button works.
"""

from __future__ import annotations

import streamlit as st

NAMES = (
    "lang", "scenario", "unit", "grid", "department", "district", "stage", "filter", "tab", "kind", "compare", "view",
    "age", "part", "by", "period", "begins", "cohort", "volume", "indicator", "member", "weights", "pilot", "since",
    "horizon", "teams", "visits", "weeks", "day", "other", "other_day", "sheet",
)  # fmt: skip
_STORE = "address"
_PAGE = "address_page"
_LONGEST = 200


def follow_address(page: str) -> None:
    """Bring address and memory together at the start of a run."""
    chosen: dict[str, str] = st.session_state.setdefault(_STORE, {})
    has_moved = st.session_state.get(_PAGE) != page
    st.session_state[_PAGE] = page
    for name in NAMES:
        if name in st.query_params:
            chosen[name] = st.query_params[name][:_LONGEST]
        elif name in chosen and has_moved:
            st.query_params[name] = chosen[name]
        else:
            chosen.pop(name, None)


def read_choice(name: str) -> str:
    """What was chosen under a name, "" if nothing."""
    return str(st.session_state.get(_STORE, {}).get(name, ""))


def keep_choice(name: str, value: str) -> None:
    """Choose a value; "" takes the choice back."""
    chosen: dict[str, str] = st.session_state.setdefault(_STORE, {})
    if value:
        chosen[name] = value
        st.query_params[name] = value
    else:
        chosen.pop(name, None)
        st.query_params.pop(name, None)


def keep_widget(name: str, key: str) -> None:
    """The callback of a widget whose value is a choice."""
    keep_choice(name, st.session_state[key] or "")


def list_choices(**changes: str) -> dict[str, str]:
    """The parameters of a link: everything chosen now, with some changes; "" leaves a name out."""
    merged = {**st.session_state.get(_STORE, {}), **changes}
    return {name: value for name, value in merged.items() if value}
