"""The state of a visit, kept in the page's address so that a link shows the same thing.

Streamlit drops the address's parameters when a visitor goes to another page; what was chosen is put back there.
On the same page the address wins, so that the browser's back button works. A name that stands in it without a value
is taken back: so a link to another page can leave out what was chosen before.
"""

from __future__ import annotations

import streamlit as st

NAMES = (
    "lang", "scenario", "unit", "grid", "case", "department", "district", "stage", "filter", "tab", "kind", "compare",
    "view", "age", "part", "by", "period", "begins", "cohort", "volume", "indicator", "member", "weights", "pilot",
    "since", "horizon", "teams", "visits", "weeks", "layers", "find", "near", "pick", "box", "day",
    "other", "other_day", "sheet", "version",
)  # fmt: skip
_STORE = "address"
_PAGE = "address_page"
_VIA = "via"
_LONGEST = 200


def follow_address(page: str) -> None:
    """Bring address and memory together at the start of a run."""
    chosen: dict[str, str] = st.session_state.setdefault(_STORE, {})
    has_moved = st.session_state.get(_PAGE) != page
    # A link within the page leaves the browser's own address as it was; taking this out brings it up to date.
    st.query_params.pop(_VIA, None)
    st.session_state[_PAGE] = page
    for name in NAMES:
        if st.query_params.get(name):
            chosen[name] = st.query_params[name][:_LONGEST]
        elif name in st.query_params:
            chosen.pop(name, None)
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


def carry_choice(name: str, value: str) -> None:
    """Choose a value for other pages: this page's address says it only where it named another one."""
    if name in st.query_params:
        keep_choice(name, value)
        return
    chosen: dict[str, str] = st.session_state.setdefault(_STORE, {})
    if value:
        chosen[name] = value
    else:
        chosen.pop(name, None)


def keep_widget(name: str, key: str) -> None:
    """The callback of a widget whose value is a choice."""
    keep_choice(name, st.session_state[key] or "")


def list_choices(page: str, **changes: str) -> dict[str, str]:
    """The parameters of a link to a page: everything chosen now, with some changes; "" takes a choice back."""
    merged = {**st.session_state.get(_STORE, {}), **changes}
    if st.session_state.get(_PAGE) == page:
        return {**{name: value for name, value in merged.items() if value}, _VIA: "link"}
    # Another page would put back what is chosen; without a value it is taken back.
    return {name: value for name, value in merged.items() if value or name in st.session_state.get(_STORE, {})}
