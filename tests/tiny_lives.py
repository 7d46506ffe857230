"""The lives of the tiny city's cases, worked by hand: who held them, hand-overs, broken procedures.

A-1   housing -> fire_rescue -> housing (there and back: two hops), accepted, with housing since 2025-02-24
A-2   sent back by SCRIPT (reason SCRIPT), dispatched to housing again on 2025-02-26 and not accepted: late
A-3   closed by housing: 1 h at the desk, 10 h with housing, 2 h until it was checked; A-1 came 6 days after it
B-2   with fire_rescue since its report
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa

TEXT, SMALL, DOUBLE, BOOL, TIME, LONG = (
    pa.string(), pa.int16(), pa.float64(), pa.bool_(), pa.timestamp("us"), pa.int64(),
)  # fmt: skip
CASE_COLUMNS = (
    [(name, TEXT) for name in ("level", "template_version", "holder", "first_department", "last_department")]
    + [(f"{name}_at_utc", TIME) for name in ("registered", "evaluated", "cancelled")]
    + [(f"{name}_at_utc", TIME) for name in ("accept_due", "verify_due", "close_due")]
    + [("holder_since_utc", TIME), ("is_paused", BOOL), ("is_ping_pong", BOOL), ("has_stints", BOOL)]
    + [("used_share", DOUBLE), ("paused_hours", DOUBLE)]
    + [(name, SMALL) for name in ("extensions", "pauses", "hops", "illegal_moves")]
    + [(f"{name}_work_s", LONG) for name in ("desk", "held", "check")]
)
HANDOVER_SCHEMA = pa.schema(
    [("source", TEXT), ("incident_id", TEXT), ("at_utc", TIME), ("step", SMALL)]
    + [(name, TEXT) for name in ("kind", "from_department", "to_department", "reason")]
)
EXTENSION_SCHEMA = pa.schema(
    [(name, TEXT) for name in ("source", "incident_id", "department", "reason")]
    + [("step", LONG), ("at_utc", TIME), ("extended_until_utc", TIME)]
)
PROMISE_SCHEMA = pa.schema(
    [("source", TEXT), ("incident_id", TEXT), ("due_at_utc", TIME), ("template_due_at_utc", TIME)]
)
PAUSE_SCHEMA = pa.schema(
    [(name, TEXT) for name in ("source", "incident_id", "reason")] + [("from_utc", TIME), ("to_utc", TIME)]
)
MOVE_SCHEMA = pa.schema(
    [(name, TEXT) for name in ("source", "incident_id", "kind", "state", "department")]
    + [("at_utc", TIME), ("is_paused", BOOL)]
)
STINT_SCHEMA = pa.schema(
    [(name, TEXT) for name in ("source", "incident_id", "holder", "began_by", "ended_by", "reason")]
    + [("stint", SMALL), ("from_utc", TIME), ("to_utc", TIME), ("work_s", LONG), ("clock_s", LONG)]
)


def live(case: dict, *, as_of_utc: datetime) -> dict:
    """The case with what its log tells: nothing for most, so that its department holds it from report to end."""
    plain = {
        "level": "III", "template_version": f"{case['scenario']}@1.0.0" if case["scenario"] else None,
        "is_paused": False, "is_ping_pong": False, "has_stints": case["is_open"], "extensions": 0, "pauses": 0,
        "paused_hours": 0.0, "hops": 0,
        "illegal_moves": 0, "first_department": case.get("department"), "last_department": case.get("department"),
        "holder": (case.get("department") or "~none") if case["is_open"] else None,
        "holder_since_utc": case["reported_at_utc"] if case["is_open"] else None,
        "close_due_at_utc": case["due_at_utc"] and case["due_at_utc"] + timedelta(days=2),
    }  # fmt: skip
    reported, due = case["reported_at_utc"], case["due_at_utc"]
    if case["is_open"] and due:
        plain["used_share"] = (as_of_utc - reported) / (due - reported)
    told = {
        "A-1": {
            "hops": 2, "is_ping_pong": True, "extensions": 2, "holder_since_utc": as_of_utc - timedelta(days=5),
            "dispatched_at_utc": reported + timedelta(hours=1), "accepted_at_utc": reported + timedelta(hours=13),
            "desk_work_s": 3600, "held_work_s": 72 * 3600, "check_work_s": 0,
        },
        "A-2": {
            "holder_since_utc": as_of_utc - timedelta(days=3), "dispatched_at_utc": as_of_utc - timedelta(days=3),
            "accept_due_at_utc": as_of_utc - timedelta(days=2), "illegal_moves": 2, "extensions": 1, "pauses": 1,
            "paused_hours": 24.0,
            "desk_work_s": 0, "held_work_s": 40 * 3600, "check_work_s": 0,
        },
        "A-3": {
            "dispatched_at_utc": reported + timedelta(hours=1), "accepted_at_utc": reported + timedelta(hours=6),
            "desk_work_s": 3600, "held_work_s": 36000, "check_work_s": 7200,
        },
        "B-2": {"desk_work_s": 0, "held_work_s": 24 * 3600, "check_work_s": 0},
        "B-3": {"extensions": 1},
        "B-4": {"illegal_moves": 1, "evaluated_at_utc": as_of_utc - timedelta(days=25)},
        "E-1": {"cancelled_at_utc": as_of_utc - timedelta(days=5)},
    }.get(case["incident_id"], {})  # fmt: skip
    return plain | case | told


def list_handovers(as_of_utc: datetime, *, hostile: str) -> list[dict]:
    """A-1 there and back, A-2 sent back and dispatched anew."""
    rows = [
        ("A-1", 8, "transferred", "housing", "fire_rescue", "管辖区域有误"),
        ("A-1", 5, "transferred", "fire_rescue", "housing", None),
        ("A-2", 4, "returned", hostile, "housing", hostile),
    ]
    names = ("incident_id", "at_utc", "kind", "from_department", "to_department", "reason")
    days = timedelta(days=1)
    return [
        dict(zip(names, (name, as_of_utc - ago * days, *rest), strict=True), source="platform", step=step)
        for step, (name, ago, *rest) in enumerate(rows)
    ]


def list_extensions(as_of_utc: datetime, *, hostile: str) -> list[dict]:
    """A-1: for two days more than promised, then one more; A-2 without a moment; B-3 before its limit: nothing."""
    rows = [
        ("A-1", 6, "housing", "现场情况复杂", 3),
        ("A-1", 4, "housing", "现场情况复杂", 2),
        ("A-2", 20, hostile, hostile, None),
        ("B-3", 28, "fire_rescue", None, 26),
    ]
    days = timedelta(days=1)
    return [
        {
            "source": "platform", "incident_id": name, "step": step, "at_utc": as_of_utc - ago * days,
            "department": department, "reason": reason,
            "extended_until_utc": None if until is None else as_of_utc - until * days,
        }
        for step, (name, ago, department, reason, until) in enumerate(rows)
    ]  # fmt: skip


def list_pauses(as_of_utc: datetime, *, hostile: str) -> list[dict]:
    """The clock of A-2 stood still for a day, while SCRIPT had it."""
    ended = {"from_utc": as_of_utc - timedelta(days=7), "to_utc": as_of_utc - timedelta(days=6)}
    return [{"source": "platform", "incident_id": "A-2", "reason": hostile, **ended}]


def list_promises(as_of_utc: datetime) -> list[dict]:
    """Until when the extended cases were due at first: A-1 by its template, the others by their rows."""
    days = timedelta(days=1)
    promised = [("A-1", None, 5), ("A-2", 26, 25), ("B-3", 25, None)]
    return [
        {
            "source": "platform", "incident_id": name, "due_at_utc": row and as_of_utc - row * days,
            "template_due_at_utc": template and as_of_utc - template * days,
        }
        for name, row, template in promised
    ]  # fmt: skip


def list_moves(as_of_utc: datetime, *, hostile: str) -> list[dict]:
    """A-2 breaks the procedure twice, B-4 once; one of the three while the clock stood still."""
    rows = [
        ("A-2", 6, "closed", "accepted", False, hostile),
        ("A-2", 5, "disposed", "accepted", True, hostile),
        ("B-4", 20, "closed", "accepted", False, "fire_rescue"),
    ]
    names = ("incident_id", "at_utc", "kind", "state", "is_paused", "department")
    return [
        dict(zip(names, (name, as_of_utc - ago * timedelta(days=1), *rest), strict=True), source="platform")
        for name, ago, *rest in rows
    ]


def list_stints(as_of_utc: datetime, *, hostile: str) -> list[dict]:
    """A-1: an hour at the desk, then 8, 24 and 40 h of work; A-2: 16 h with SCRIPT, 24 h with housing; B-2: 24 h."""
    rows = [
        ("A-1", "~desk", 216, 215, "reported", "dispatched", 1),
        ("A-1", "housing", 215, 192, "dispatched", "transferred", 8),
        ("A-1", "fire_rescue", 192, 120, "transferred", "transferred", 24),
        ("A-1", "housing", 120, None, "transferred", None, 40),
        ("A-2", hostile, 672, 96, "reported", "returned", 16),
        ("A-2", "housing", 72, None, "dispatched", None, 24),
        ("B-2", "fire_rescue", 72, None, "reported", None, 24),
    ]
    counts: dict[str, int] = {}
    out = []
    for name, holder, start_h, end_h, began_by, ended_by, work_h in rows:
        counts[name] = counts.get(name, 0) + 1
        start, end = (as_of_utc - timedelta(hours=hours) if hours is not None else None for hours in (start_h, end_h))
        out.append(
            {
                "source": "platform", "incident_id": name, "stint": counts[name], "holder": holder, "from_utc": start,
                "to_utc": end, "began_by": began_by, "ended_by": ended_by, "work_s": work_h * 3600,
                "clock_s": int(((end or as_of_utc) - start).total_seconds()),
            }
        )  # fmt: skip
    return out
