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

PLAIN_KINDS = ("reported", "registered", "dispatched", "accepted", "disposed", "verified", "closed", "evaluated")
"""What a case goes through when nothing comes in between (`list_plain_lives`)."""


NOBODY, DESK_NO, CHECK_NO, NAMELESS_NO = -3, -1, -2, 0
"""Numbers of holders that are no department: nobody, the dispatching room, whoever verifies, one without a name."""

_RUNS_ON = ("dispatched", "transferred", "returned", "accepted", "extended")  # a hand-over takes the clock along
_NAMES_UNIT = ("dispatched", "transferred", "accepted", "reopened")
_HOLDERS = {
    **dict.fromkeys(("reported", "registered", "returned"), DESK_NO),
    **dict.fromkeys(("disposed", "verified"), CHECK_NO),
    **dict.fromkeys(("closed", "evaluated", "cancelled"), NOBODY),
}


def list_moves() -> pa.Table:
    """Every allowed move: state (place of the kind that brought it; null: none), is_paused, place of the next kind."""
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
            "state": pa.array([None if state == START else KINDS.index(state) for state, _, _ in rows], pa.int8()),
            "is_paused": pa.array([is_paused for _, is_paused, _ in rows], pa.bool_()),
            "place": pa.array([KINDS.index(kind) for _, _, kind in rows], pa.int8()),
        }
    )


def list_kinds() -> pa.Table:
    """What every kind does to a case; null: it leaves that as it is.

    place: among events of one moment; state: the place of the state it brings; is_paused, is_ended: whether the clock
    stands still, or the case is over, from then on; names_unit: whether its department takes charge, and nameless_no
    who does if it names none; holder_no: who has the case, where that is no department.
    """
    return pa.table(
        {
            "kind": pa.array(KINDS, pa.string()),
            "place": pa.array(range(len(KINDS)), pa.int8()),
            "state": pa.array([None if kind in STATELESS else KINDS.index(kind) for kind in KINDS], pa.int8()),
            "is_paused": pa.array([None if kind in _RUNS_ON else kind == "paused" for kind in KINDS], pa.bool_()),
            "is_ended": pa.array(
                [True if _HOLDERS.get(kind) == NOBODY else False if kind == "reopened" else None for kind in KINDS],
                pa.bool_(),
            ),
            "names_unit": pa.array([kind in _NAMES_UNIT for kind in KINDS], pa.bool_()),
            "nameless_no": pa.array(
                [NAMELESS_NO if kind in {"dispatched", "transferred"} else None for kind in KINDS], pa.int32()
            ),
            "holder_no": pa.array([_HOLDERS.get(kind) for kind in KINDS], pa.int32()),
        }
    )


def list_plain_lives() -> pa.Table:
    """The lives that go straight from a first event to closing or evaluation: `kinds`, one bit for each by its place.

    Every move is allowed and every kind comes once, in the order of `KINDS`, without a hand-over, a pause or an
    extension: about three quarters of all cases.
    """
    lives: list[tuple[str, ...]] = [(START,)]
    ended: list[tuple[str, ...]] = []
    while lives:
        life = lives.pop()
        ended += [life[1:]] if life[-1] in {"closed", "evaluated"} else []
        follows = [kind for kind in MOVES[life[-1]] if kind in PLAIN_KINDS and kind not in life]
        lives += [(*life, kind) for kind in follows]
    bits = sorted({sum(1 << KINDS.index(kind) for kind in life) for life in ended})
    return pa.table({"kinds": pa.array(bits, pa.int32())})
