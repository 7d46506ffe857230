"""The frame around every page: language, guard, title, "data as of", and what is shown when nothing can be."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

import streamlit as st

from governance.errors import NotReadyError
from governance.ui import language as words
from governance.ui import parts
from governance.ui.address import follow_address, keep_choice, read_choice
from governance.ui.choices import find_unit, follow_place, list_units, start_at_own_unit
from governance.ui.generations import open_current
from governance.ui.open_pages import NOTHING, follow_city
from governance.ui.page_door import LOST
from governance.ui.tab_icon import ICON
from governance.ui.view import View

STALE_AFTER = timedelta(hours=36)
_LANGUAGE_KEY = "choose_lang"
_LOG = logging.getLogger(__name__)


def choose_language() -> str:
    """The visit's language: the one chosen on the page, else the browser's first."""
    asked = st.session_state.get(_LANGUAGE_KEY) or st.query_params.get("lang") or read_choice("lang")
    return asked if asked in words.LANGUAGES else words.prefer_language(st.context.locale)


def name_tab(language: str) -> None:
    """The dashboard's name and sign in the browser's tab, and its pages as wide as the window."""
    st.set_page_config(page_title=words.say(language, "frame.product"), page_icon=ICON, layout="wide")


def show_page(page: str, show: Callable[[View], None], *, build_dir: Path, now_utc: datetime) -> None:
    """One page inside its frame; whatever goes wrong inside becomes a sentence."""
    follow_address(page)
    language = choose_language()
    parts.show_style(swipe=words.say(language, "frame.swipe"), pick_file=words.say(language, "frame.pick_file"))
    title = words.say(language, f"{page}.title")
    try:
        view = View(open_current(build_dir), language)
    except NotReadyError as error:
        _show_head(language, title, "")
        follow_city(build_dir, NOTHING)
        _show_not_ready(language, error)
        return
    except Exception:  # noqa: BLE001  such as a folder that this server may not read
        _show_head(language, title, "")
        _show_failed(language, page)
        return
    start_at_own_unit(view)
    _show_head(language, title, _describe_data(view))
    follow_city(build_dir, view.city.current.sha256)
    try:
        _warn_if_stale(view, now_utc)
        with st.container(key="unknown_names"):
            _warn_of_unknown(view, page)
        follow_place(view, page)
        show(view)
    except Exception:  # noqa: BLE001  a visitor gets a sentence whatever fails
        _show_failed(language, page)


def _show_head(language: str, title: str, below: str) -> None:
    left, right = st.columns([5, 1.2], vertical_alignment="bottom")
    left.html(f"<div class='g-head'><h1>{escape(title)}</h1><p>{below}</p></div>")
    with right:
        _offer_language(language)


def _offer_language(language: str) -> None:
    st.session_state[_LANGUAGE_KEY] = language
    st.segmented_control(
        "语言 / Language",
        words.LANGUAGES,
        format_func=words.LANGUAGE_NAMES.__getitem__,
        key=_LANGUAGE_KEY,
        on_change=_keep_language,
        label_visibility="collapsed",
        width="stretch",
        required=True,
    )


def _keep_language() -> None:
    keep_choice("lang", st.session_state[_LANGUAGE_KEY] or "")


def _describe_data(view: View) -> str:
    """City, moment of the data and whether it is synthetic, as escaped HTML."""
    zone = words.name_zone(view.language, view.city.as_of_utc, view.zone)
    told = escape(view.say("frame.as_of", city=view.city_name, moment=view.moment(view.city.as_of_utc), zone=zone))
    if view.city.manifest["is_synthetic"]:
        badge = escape(view.say("frame.synthetic"))
        told += f"<span class='g-badge'>{badge}</span>"
    return told


def _warn_if_stale(view: View, now_utc: datetime) -> None:
    """Say so when the newest report is old; a synthetic city has no present to fall behind."""
    if now_utc - view.city.as_of_utc > STALE_AFTER and not view.city.manifest["is_synthetic"]:
        age = words.format_age(view.language, view.city.as_of_utc, now_utc)
        parts.show_banner(view.say("frame.stale", age=age))


def _warn_of_unknown(view: View, page: str) -> None:
    """Say so where the address names a page, a unit or a scenario that there is not: something else is shown."""
    lost = st.query_params.get(LOST)
    if lost:
        parts.show_banner(view.say("frame.lost", name=lost))
    unit = read_choice("unit")
    unknown = {unit} if find_unit(view, unit).level == 0 else set()
    names = ("scenario",) if page == "health" else ("scenario", "filter")  # there the filter is a reason
    unknown |= {read_choice(name) for name in names} - set(view.names("scenarios", "scenario"))
    unknown |= {read_choice("department")} - set(view.names("departments", "department"))
    unknown |= {read_choice("district")} - {other.unit_id for other in list_units(view) if other.level == 1}
    # What begins with ~ is what no name is known of, such as cases in no grid.
    unknown = {value for value in unknown if value and not value.startswith("~")}
    if read_choice("department") in unknown:
        # Departments that only the city's files name have cases, but no name of their own.
        unknown -= set(view.ask("overdue_departments", scenario="", district="")["department"])
    for value in sorted(unknown):
        parts.show_banner(view.say("frame.unknown", value=value))


def _show_failed(language: str, page: str) -> None:
    """A sentence for the visitor; the server's log gets the trace of the failure that is being handled."""
    _LOG.exception("The page %s failed.", page)
    parts.show_state(words.say(language, "state.failed_title"), words.say(language, "state.failed_text"))


def _show_not_ready(language: str, error: NotReadyError) -> None:
    sentence, _, command = str(error).partition("Run: ")
    parts.show_state(
        words.say(language, "state.not_ready_title"),
        words.say(language, "state.not_ready_text"),
        sentence.strip(),
        command=command,
    )
