"""Cache warming: a new generation is shown once it has answered what visitors asked of the one before."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from governance import snapshot
from governance.city import City
from governance.errors import GovernanceError
from governance.ui.asked_file import read_asked, write_asked
from governance.ui.city_cache import Asked, forget_asked, list_asked
from governance.ui.generations import find_shown, list_idle, open_newest, release_memory, show_generation
from governance.ui.turns import TURNS, taking_free_turns
from governance.warehouse import DatabaseError

_LOOK_EVERY_S = 1.0
_PATIENCE_S = 60.0
_PATIENCE_WHEN_SHOWN_S = 600.0
_KEEP_EVERY_S = 600.0
_LET_PASS_S = 0.02
_LOG = logging.getLogger(__name__)


def keep_warm(build_dir: Path) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """The life of a server that looks for new generations by itself, and shows each one when it is warm."""

    @asynccontextmanager
    async def live(_app: Any) -> AsyncIterator[None]:
        is_over = threading.Event()
        read_asked(build_dir)
        # Nobody waits for it at the end: it may stand within a question that takes seconds.
        threading.Thread(target=_follow, args=(build_dir, is_over), name="cache-warming", daemon=True).start()
        try:
            yield
        finally:
            is_over.set()
            write_asked(build_dir)

    return live


def _follow(build_dir: Path, is_over: threading.Event) -> None:
    kept_s = time.monotonic()
    while not is_over.is_set():
        try:
            follow_once(build_dir, is_over)
            release_when_idle()
            if time.monotonic() > kept_s + _KEEP_EVERY_S:
                write_asked(build_dir)
                kept_s = time.monotonic()
        except Exception:  # noqa: BLE001  the thread must live as long as the server
            # Whatever it was: pages open new generations themselves until it goes well again.
            _LOG.exception("A new generation could not be made ready; tried again in a minute.")
            show_generation(build_dir, None)
            is_over.wait(_PATIENCE_S)
        is_over.wait(_LOOK_EVERY_S)
    show_generation(build_dir, None)


def follow_once(build_dir: Path, is_over: threading.Event) -> None:
    """If there is a newer generation than the one shown: warm it, then show it; the first one is shown at once."""
    shown = find_shown(build_dir)
    try:
        if shown is not None and snapshot.read_current(build_dir) == shown.current:
            return
        city = open_newest(build_dir)
        if shown is None:
            show_generation(build_dir, city)
        warm_answers(city, is_over)
    except (GovernanceError, DatabaseError, OSError):
        # Pages and walls ask for the newest one now, and say what is wrong with it.
        show_generation(build_dir, None)
    else:
        show_generation(build_dir, city)


def release_when_idle() -> None:
    """Hand back the memory of generations before, unless a page is made: then the next look does it.

    A page may still be one of theirs, and ask for more than is left in that moment.
    """
    if not list_idle():
        return
    with taking_free_turns() as is_idle:
        if is_idle:
            release_memory()


def warm_answers(city: City, is_over: threading.Event) -> None:
    """Ask what was asked, the newest first, for a minute at most and until a still newer generation is there.

    Of a city that is shown already, as after a start, nothing is asked while a page is made, and for ten minutes.
    """
    is_shown = find_shown(city.build_dir) is city
    until_s = time.monotonic() + (_PATIENCE_WHEN_SHOWN_S if is_shown else _PATIENCE_S)

    def is_enough() -> bool:
        is_late = is_over.is_set() or time.monotonic() > until_s
        return is_late or snapshot.read_current(city.build_dir) != city.current

    for asked in list_asked(city.build_dir):
        if is_shown:
            _let_pages_pass(is_over, is_enough)
        # As one more visitor: a page that is wanted now waits for one answer at most.
        with TURNS:
            if is_enough():
                return
            _ask_ahead(city, asked)


def _let_pages_pass(is_over: threading.Event, is_enough: Callable[[], bool]) -> None:
    while not is_enough():
        with taking_free_turns() as is_idle:
            if is_idle:
                return
        is_over.wait(_LET_PASS_S)


def _ask_ahead(city: City, asked: Asked) -> None:
    try:
        asked.ask_ahead(city)
    except Exception:  # noqa: BLE001  a unit that is gone, a broken page: told to whoever asks
        _LOG.debug("Not answered ahead: %s", asked, exc_info=True)
        forget_asked(city.build_dir, asked)
