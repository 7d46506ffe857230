"""The day that a map shows: one of those of which the tiers are kept, chosen on a slider or played through.

A step of the play is a rerun of the whole page with another day in its address: legend, map and list follow, and the
map's view stays.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import streamlit as st

from governance.ui import parts
from governance.ui.address import keep_choice, read_choice
from governance.ui.view import View

STEP_S = 1.5
_IS_PLAYING = "is_playing_days"
_IS_WHOLE_RUN = "is_whole_run_of_days"


def list_days(view: View) -> tuple[date, ...]:
    """The days of which tiers are kept, the oldest first; the last is the snapshot's own."""
    return tuple(day.date() for day in view.ask("tier_days")["day"])


def find_month_before(days: tuple[date, ...]) -> date:
    """The last day that lies four weeks or more before the newest; of a young history the one before the newest."""
    earlier = [day for day in days if days[-1] - day >= timedelta(weeks=4)]
    return earlier[-1] if earlier else days[max(len(days) - 2, 0)]


def find_day(view: View, name: str) -> date:
    """The day that the address names, if its tiers are kept; else the snapshot's, with a sentence about the other."""
    days = list_days(view)
    asked = read_choice(name)
    day = next((day for day in days if day.isoformat() == asked), None)
    if asked and day is None:
        span = {"first": view.date(days[0]), "last": view.date(days[-1])}
        parts.show_banner(view.say("day.unknown", day=asked, **span))
    return day or days[-1]


def choose_day(view: View, *, on_page: str) -> date | None:
    """A slider over the days, with a button that plays them; None for now, and where only one day is known."""
    days = list_days(view)
    if len(days) < 2:  # noqa: PLR2004  one day is no choice
        return None
    with st.container(key="unknown_day"):
        day = find_day(view, "day")
    button, slider = st.columns([1, 9], vertical_alignment="bottom")
    with slider:
        _show_slider(view, days, day, on_page)
    with button:
        _show_button(view, days)
    # A place of its own that is always there: otherwise everything below would move by one, and the map begin anew.
    with st.container(key="clock_of_days"):
        if st.session_state.get(_IS_PLAYING):
            st.session_state[_IS_WHOLE_RUN] = True
            st.fragment(partial(_step, days), run_every=STEP_S)()
    return None if day == days[-1] else day


def _show_slider(view: View, days: tuple[date, ...], day: date, on_page: str) -> None:
    key = f"choose_day_{on_page}_{view.language}"
    st.session_state[key] = day
    st.select_slider(
        view.say("day.label"),
        days,
        format_func=lambda option: (
            view.say("day.now", day=view.date(option)) if option == days[-1] else view.date(option)
        ),
        key=key,
        on_change=_keep_day,
        args=(key, days),
    )


def _keep_day(key: str, days: tuple[date, ...]) -> None:
    st.session_state[_IS_PLAYING] = False
    _go_to(st.session_state[key], days)


def _go_to(day: date, days: tuple[date, ...]) -> None:
    keep_choice("day", "" if day == days[-1] else day.isoformat())


def _show_button(view: View, days: tuple[date, ...]) -> None:
    is_playing = bool(st.session_state.get(_IS_PLAYING))
    st.button(
        view.say("day.stop" if is_playing else "day.play"),
        key="play_days",
        icon=":material/pause:" if is_playing else ":material/play_arrow:",
        on_click=_start_or_stop,
        args=(days,),
        width="stretch",
    )


def _start_or_stop(days: tuple[date, ...]) -> None:
    is_starting = not st.session_state.get(_IS_PLAYING)
    st.session_state[_IS_PLAYING] = is_starting
    if is_starting and not read_choice("day"):
        _go_to(days[0], days)


def _step(days: tuple[date, ...]) -> None:
    """One day on, at each tick of the clock; the run of the whole page that made the clock is none."""
    if st.session_state.pop(_IS_WHOLE_RUN, False):
        return
    shown = next((place for place, day in enumerate(days) if day.isoformat() == read_choice("day")), len(days) - 1)
    following = min(shown + 1, len(days) - 1)
    _go_to(days[following], days)
    st.session_state[_IS_PLAYING] = following < len(days) - 1
    st.rerun()
