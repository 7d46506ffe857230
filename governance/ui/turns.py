"""How many pages are made at once: visitors wait their turn rather than slow one another down."""

from __future__ import annotations

import threading

# Python runs one thread at a time; the second one works while the first waits for the database. Measured in
# docs/decisions/0018-turns.md. Kept here because the front door's own names are made anew for every visit.
PAGES_AT_ONCE = 2
TURNS = threading.BoundedSemaphore(PAGES_AT_ONCE)
