"""Which event may follow which: the procedure of a case as one table.

    reported → registered → dispatched → accepted → disposed → verified → closed → evaluated
                  ↑             ↓  ↺ transferred        ↑ ↓
                  └── returned ─┘                    reopened          cancelled: from any state before disposal

A case stands in the state that its last event of procedure brought it to. `extended`, `paused` and `resumed` change
no state; between the last two the clock stands still. Logs break these rules all the time. An event that breaks
them is kept and believed (the log says it happened), counted, and listed on the page of data health.
"""

from __future__ import annotations

import pyarrow as pa

START = "start"  # before the first event

KINDS = (
    "reported", "registered", "dispatched", "transferred", "returned", "accepted", "paused", "resumed", "extended",
    "reopened", "disposed", "verified", "closed", "evaluated", "cancelled",
)  # fmt: skip
"""All kinds; of several events at one moment the earlier in this list comes first."""

# A log that starts with the dispatch is common: the platform takes the report down elsewhere.
# Closing without verification is allowed (the case is then closed, its hazard not verified as fixed).
MOVES: dict[str, tuple[str, ...]] = {
    START: ("reported", "registered", "dispatched"),
    "reported": ("registered", "dispatched", "cancelled"),
    "registered": ("dispatched", "cancelled"),
    "dispatched": ("accepted", "transferred", "returned", "extended", "paused", "cancelled"),
    "transferred": ("accepted", "transferred", "returned", "extended", "paused", "cancelled"),
    "returned": ("dispatched", "cancelled"),
    "accepted": ("disposed", "transferred", "returned", "extended", "paused", "cancelled"),
    "disposed": ("verified", "reopened", "closed"),
    "verified": ("closed", "evaluated", "reopened"),
    "closed": ("evaluated", "reopened"),
    "evaluated": ("reopened",),
    "reopened": ("dispatched", "accepted", "disposed", "transferred", "returned", "extended", "paused", "cancelled"),
    "cancelled": (),
}
"""State → the kinds that may come next while the clock runs."""

MOVES_WHILE_PAUSED = ("resumed", "extended", "transferred", "returned", "cancelled")
"""What may come while the clock stands still, where the state allows it at all (`resumed`: wherever it stands)."""

STATELESS = ("paused", "resumed", "extended")


def list_moves() -> pa.Table:
    """Every allowed move: state (text), is_paused (bool), kind (text)."""
    rows = [(state, False, kind) for state, kinds in MOVES.items() for kind in kinds]
    rows += [
        (state, True, kind)
        for state, kinds in MOVES.items()
        if "paused" in kinds
        for kind in MOVES_WHILE_PAUSED
        if kind in kinds or kind == "resumed"
    ]
    return pa.table(
        {
            "state": pa.array([state for state, _, _ in rows], pa.string()),
            "is_paused": pa.array([is_paused for _, is_paused, _ in rows], pa.bool_()),
            "kind": pa.array([kind for _, _, kind in rows], pa.string()),
        }
    )


def list_kinds() -> pa.Table:
    """Every kind with its place among events of one moment, and the state it brings (null: none)."""
    return pa.table(
        {
            "kind": pa.array(KINDS, pa.string()),
            "place": pa.array(range(len(KINDS)), pa.int32()),
            "state": pa.array([None if kind in STATELESS else kind for kind in KINDS], pa.string()),
        }
    )
