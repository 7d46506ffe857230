"""The generations of a city that open pages may still show: the current one and the one before."""

from __future__ import annotations

import threading
from pathlib import Path

from governance.city import City
from governance.errors import GovernanceError
from governance.ui.view import open_current

_KEPT = 2
_LOCK = threading.Lock()
_RECENT: dict[str, dict[str, City]] = {}


def list_generations(build_dir: Path) -> list[City]:
    """The current one first; none if there has been none to read."""
    try:
        current = open_current(build_dir)
    except (GovernanceError, OSError):
        current = None
    with _LOCK:
        recent = _RECENT.setdefault(str(build_dir), {})
        if current:
            recent.pop(current.current.sha256, None)
            recent[current.current.sha256] = current
        while len(recent) > _KEPT:
            del recent[next(iter(recent))]
        return list(reversed(recent.values()))
