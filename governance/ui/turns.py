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
def taking_free_turns() -> Iterator[bool]:
    """Whether no page is made at this moment; if so, none is made in the block either. Waits for nobody."""
    taken = 0
    try:
        while taken < PAGES_AT_ONCE and TURNS.acquire(blocking=False):
            taken += 1
        yield taken == PAGES_AT_ONCE
    finally:
        for _ in range(taken):
            TURNS.release()
