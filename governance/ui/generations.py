"""Which generation of a city the dashboard shows, and the one before, which open pages may still ask for."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from weakref import WeakSet

import streamlit as st

from governance import snapshot
from governance.city import City, open_city
from governance.errors import GovernanceError
from governance.ui.city_cache import forget_answers
from governance.warehouse import DatabaseError

_KEPT = 2
_LOCK = threading.Lock()
_RECENT: dict[Path, dict[str, City]] = {}
_SHOWN: dict[Path, City] = {}
_FILLED: WeakSet[City] = WeakSet()
_LOG = logging.getLogger(__name__)


def open_current(build_dir: Path) -> City:
    """The city that is shown now: the published one, or the one before until `show_generation` is told otherwise.

    Raises NotReadyError if there is none to read, even while one from before is open.
    """
    current = snapshot.read_current(build_dir)
    return find_shown(build_dir) or _open_generation(build_dir, current.generation, current.sha256)


def open_newest(build_dir: Path) -> City:
    """The published city, opened once per generation and process; raises NotReadyError if there is none."""
    current = snapshot.read_current(build_dir)
    return _open_generation(build_dir, current.generation, current.sha256)


def find_shown(build_dir: Path) -> City | None:
    """The city that `show_generation` was last given."""
    return _SHOWN.get(build_dir)


def show_generation(build_dir: Path, city: City | None) -> None:
    """Show this city from now on, whatever is published, and let go of the answers of others; none: the newest."""
    if city is None:
        _SHOWN.pop(build_dir, None)
        return
    _SHOWN[build_dir] = city
    with _LOCK:
        _FILLED.add(city)
    forget_answers(but_of=_SHOWN.values())


def list_idle() -> list[City]:
    """The cities that are open, are not shown any more, and whose memory was not handed back since.

    Visits that are over and pages that were left hold theirs open: Streamlit keeps what their buttons would call.
    """
    with _LOCK:
        return list(set(_FILLED) - set(_SHOWN.values()))


def release_memory() -> None:
    """Hand back the memory of all idle cities; where that fails, the log says so, and it stays with the city."""
    for city in list_idle():
        with _LOCK:
            _FILLED.discard(city)
        try:
            city.release_memory()
        except DatabaseError as error:
            _LOG.warning("The memory of generation %s was not handed back: %s", city.generation, error)


# Two generations at most: visits that run while a new one is published still have theirs.
@st.cache_resource(max_entries=2, show_spinner=False)
def _open_generation(build_dir: Path, _generation: str, sha256: str) -> City:  # noqa: ARG001  the hash is the cache's key
    # What was asked of generations before is hardly asked again, and would stay as long as somebody looks at one.
    forget_answers(but_of=_SHOWN.values())
    with _LOCK:
        _forget_recent(build_dir, kept=_KEPT - 1)
    city = open_city(build_dir, can_release=True)
    with _LOCK:
        _FILLED.add(city)
    return city


def _forget_recent(build_dir: Path, *, kept: int) -> None:
    recent = _RECENT.get(build_dir, {})
    while len(recent) > kept:
        del recent[next(iter(recent))]


def list_generations(build_dir: Path) -> list[City]:
    """The current one first; none if there has been none to read."""
    try:
        current = open_current(build_dir)
    except (GovernanceError, OSError):
        current = None
    with _LOCK:
        recent = _RECENT.setdefault(build_dir, {})
        if current:
            recent.pop(current.current.sha256, None)
            recent[current.current.sha256] = current
        _forget_recent(build_dir, kept=_KEPT)
        return list(reversed(recent.values()))
