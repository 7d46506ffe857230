"""How many pages are made at once: visitors wait their turn rather than slow one another down."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Python runs one thread at a time; the second one works while the first waits for the database. Measured in
# docs/decisions/0018-turns.md. Kept here because the front door's own names are made anew for every visit.
PAGES_AT_ONCE = 2
TURNS = threading.BoundedSemaphore(PAGES_AT_ONCE)


@contextmanager
def holding_all_turns() -> Iterator[None]:
    """No page is made in the block; for one thread at a time, as two would wait for each other."""
    for _ in range(PAGES_AT_ONCE):
        TURNS.acquire()
    try:
        yield
    finally:
        for _ in range(PAGES_AT_ONCE):
            TURNS.release()


def count_free_turns() -> int:
    """How many more pages could be made at this moment."""
    taken = sum(TURNS.acquire(blocking=False) for _ in range(PAGES_AT_ONCE))
    for _ in range(taken):
        TURNS.release()
    return taken
