"""What a log tells, worked by hand: stages, holders, hand-overs, pauses, broken rules; rows in any order."""

from __future__ import annotations

import itertools
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance import warehouse
from governance.cases import lifecycle, moves
from governance.cases.work_clock import build_work_clock
from governance.profile import EVENT_KINDS
from governance.work_calendar import WorkCalendar

# Shanghai's working hours in UTC: 00:30-04:00 and 05:30-09:30; 3 to 7 November 2025 are Monday to Friday.
CLOCK = build_work_clock(
    WorkCalendar(country="CN"), ZoneInfo("Asia/Shanghai"), first_day=date(2025, 1, 1), last_day=date(2025, 12, 31)
)
TELLING = lifecycle.prepare_telling({"police": "police", "the police": "police"}, CLOCK)
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("source", "incident_id", "kind", "department", "reason")]
    + [(name, pa.timestamp("us")) for name in ("at_utc", "extended_until_utc")]
)


@pytest.fixture(scope="module")
def con():
    with warehouse.open_builder() as connection:
        lifecycle.load_moves(connection)
        yield connection


def at(text: str) -> datetime:
    """`day hour:minute` in November 2025, UTC."""
    day, clock = text.split()
    return datetime.fromisoformat(f"2025-11-{int(day):02}T{clock}")


def event(kind: str, moment: str, department: str | None = None, *, case: str = "1", reason: str | None = None) -> dict:
    return {
        "source": "s", "incident_id": case, "kind": kind, "department": department, "reason": reason,
        "at_utc": at(moment), "extended_until_utc": None,
    }  # fmt: skip


SHOWN = {part: f"select * from stg_{part} order by all" for part in lifecycle.PARTS} | {  # noqa: S608
    "illegal_move": "select * exclude (case_no) from stg_illegal_move order by all",
    "step": "select step, place, at_utc from stg_step order by all",
    # every stretch; stg_timed_stint keeps those of winding cases only
    "stint": """
        select incident_id, stint, holder, from_utc, to_utc, kind as ended_by, from_work_s, to_work_s
        from stg_worked_stint join map_log_case using (case_no) join map_holder using (holder_no)
        left join map_kind on map_kind.place = ended_place order by incident_id, stint
    """,
}


def tell(con, events: list[dict]) -> dict[str, list[dict]]:
    """The parts of what these events tell step by step, each in a fixed order.

    Plain lives are told at once too; whatever is kept must be the same.
    """
    warehouse.load_arrow(con, "src_event_rows", pa.Table.from_pylist(events, schema=SCHEMA))
    warehouse.create_view(con, "src_events", "select * from src_event_rows")
    warehouse.load_arrow(con, "map_plain_life", moves.list_plain_lives())
    at_once = show(con)
    warehouse.load_arrow(con, "map_plain_life", moves.list_plain_lives().slice(0, 0))
    by_step = show(con)
    assert {part: at_once[part] for part in lifecycle.PARTS} == {part: by_step[part] for part in lifecycle.PARTS}
    return by_step


def show(con) -> dict[str, list[dict]]:
    lifecycle.tell_events(con, TELLING)
    return {part: warehouse.run_text(con, text).to_arrow_table().to_pylist() for part, text in SHOWN.items()}


ORDINARY = [
    event("reported", "3 00:30", "village"),
    event("registered", "3 00:40", "center"),
    event("dispatched", "3 01:30", "housing"),
    event("accepted", "3 02:30", "housing"),
    event("disposed", "3 06:30", "housing"),
    event("verified", "4 00:30", "center"),
    event("closed", "4 01:30", "center"),
    event("evaluated", "5 01:30", "center"),
]


def test_an_ordinary_case_from_report_to_evaluation(con):
    told = tell(con, ORDINARY)
    (trace,) = told["trace"]
    assert [trace[f"{name}_at_utc"] for name in ("registered", "dispatched", "accepted", "disposed", "verified")] == [
        at("3 00:40"), at("3 01:30"), at("3 02:30"), at("3 06:30"), at("4 00:30"),
    ]  # fmt: skip
    assert (trace["closed_at_utc"], trace["evaluated_at_utc"]) == (at("4 01:30"), at("5 01:30"))
    assert [(s["holder"], s["from_utc"], s["to_utc"], s["ended_by"]) for s in told["stint"]] == [
        ("~desk", at("3 00:30"), at("3 01:30"), "dispatched"),
        ("housing", at("3 01:30"), at("3 06:30"), "disposed"),
        ("~check", at("3 06:30"), at("4 01:30"), "closed"),
    ]
    # an hour at the desk; 2.5 h before lunch and 1 h after it; 3 h to closing time and an hour next morning
    assert [trace[f"{name}_work_s"] / 3600 for name in ("desk", "held", "check")] == [1, 3.5, 4]
    assert (trace["holder"], trace["hops"], trace["illegal_moves"], told["illegal_move"], told["handover"]) == (
        None, 0, 0, [], [],
    )  # fmt: skip


def test_an_open_case_is_still_held(con):
    (trace,) = tell(con, ORDINARY[:4])["trace"]
    assert (trace["holder"], trace["holder_since_utc"], trace["closed_at_utc"]) == ("housing", at("3 01:30"), None)
    assert (trace["desk_work_s"], trace["held_work_s"]) == (3600, None)


def test_passing_a_case_there_and_back_is_ping_pong(con):
    told = tell(
        con,
        [
            event("dispatched", "3 01:00", "a"),
            event("transferred", "3 02:00", "b", reason="not ours"),
            event("transferred", "3 03:00", "a", reason="nor ours"),
            event("accepted", "3 03:30", "a"),
        ],
    )
    (trace,) = told["trace"]
    assert (trace["transfers"], trace["hops"], trace["is_ping_pong"]) == (2, 2, True)
    assert (trace["first_department"], trace["last_department"]) == ("a", "a")
    assert [(h["from_department"], h["to_department"], h["reason"]) for h in told["handover"]] == [
        ("a", "b", "not ours"),
        ("b", "a", "nor ours"),
    ]


def test_a_case_that_goes_on_and_on_is_no_ping_pong(con):
    (trace,) = tell(con, [event("dispatched", "3 01:00", "a"), *passes("b", "c", "d")])["trace"]
    assert (trace["hops"], trace["is_ping_pong"]) == (3, False)


def passes(*departments: str) -> list[dict]:
    return [event("transferred", f"3 {2 + hour:02}:00", name) for hour, name in enumerate(departments)]


def test_two_names_of_one_department_are_no_hand_over(con):
    told = tell(con, [event("dispatched", "3 01:00", "The Police"), event("transferred", "3 02:00", "police")])
    assert (told["trace"][0]["hops"], told["handover"]) == (0, [])
    assert [s["holder"] for s in told["stint"]] == ["police"]


def test_a_return_goes_to_the_desk_and_says_where_the_case_went_next(con):
    told = tell(
        con,
        [
            event("dispatched", "3 01:00", "a"),
            event("returned", "3 02:00", "a", reason="wrong district"),
            event("dispatched", "3 03:00", "b"),
            event("dispatched", "3 01:00", "a", case="2"),
            event("returned", "3 02:00", "a", case="2"),
        ],
    )
    assert [(h["incident_id"], h["from_department"], h["to_department"]) for h in told["handover"]] == [
        ("1", "a", "b"), ("2", "a", "~desk"),
    ]  # fmt: skip
    first, second = told["trace"]
    assert (first["returns"], first["hops"], first["holder"]) == (1, 1, "b")
    assert (second["returns"], second["hops"], second["holder"]) == (1, 0, "~desk")


def test_a_reopened_case_goes_back_to_whoever_had_it_and_the_time_between_belongs_to_nobody(con):
    told = tell(con, [*ORDINARY[:7], event("reopened", "5 00:30"), event("disposed", "5 01:30", "housing")])
    assert [(s["holder"], s["from_utc"], s["to_utc"]) for s in told["stint"]][2:] == [
        ("~check", at("3 06:30"), at("4 01:30")),
        ("housing", at("5 00:30"), at("5 01:30")),
        ("~check", at("5 01:30"), None),
    ]
    (trace,) = told["trace"]
    assert (trace["reopenings"], trace["held_work_s"] / 3600, trace["illegal_moves"]) == (1, 4.5, 0)


def test_a_pause_ends_with_the_resumption_or_with_the_work(con):
    told = tell(
        con,
        [
            *ORDINARY[:4],
            event("paused", "3 03:00", reason="hearing"),
            event("resumed", "3 05:30"),
            event("paused", "3 06:00"),
            event("disposed", "3 06:30", "housing"),  # without resuming: broken, but believed
            event("dispatched", "3 01:00", "a", case="2"),
            event("paused", "3 02:00", case="2"),
        ],
    )
    assert [(p["incident_id"], p["from_utc"], p["to_utc"], p["reason"]) for p in told["pause"]] == [
        ("1", at("3 03:00"), at("3 05:30"), "hearing"),
        ("1", at("3 06:00"), at("3 06:30"), None),
        ("2", at("3 02:00"), None, None),
    ]
    assert [(m["kind"], m["state"], m["is_paused"]) for m in told["illegal_move"]] == [("disposed", "accepted", True)]
    assert [trace["pauses"] for trace in told["trace"]] == [2, 1]


def test_an_extension_is_told_with_its_reason_and_whoever_had_the_case(con):
    told = tell(
        con,
        [
            event("extended", "3 00:50", "center", reason="no hands"),  # before anyone had it: whoever is named
            event("dispatched", "3 01:00", "The Police"),
            event("extended", "3 02:00", "center", reason="crowd") | {"extended_until_utc": at("9 00:00")},
            event("transferred", "3 03:00", "b"),
            event("extended", "3 04:00") | {"extended_until_utc": at("10 00:00")},
            event("extended", "3 01:00", case="2"),
        ],
    )
    names = ("incident_id", "step", "at_utc", "department", "reason", "extended_until_utc")
    assert [tuple(row[name] for name in names) for row in told["extension"]] == [
        ("1", 1, at("3 00:50"), "center", "no hands", None),
        ("1", 3, at("3 02:00"), "police", "crowd", at("9 00:00")),
        ("1", 5, at("3 04:00"), "b", None, at("10 00:00")),
        ("2", 1, at("3 01:00"), "~desk", None, None),
    ]
    assert [trace["extensions"] for trace in told["trace"]] == [3, 1]


@pytest.mark.parametrize(
    ("log", "broken"),
    [
        (["dispatched", "accepted", "closed", "disposed"], [("accepted", "closed"), ("closed", "disposed")]),
        (["dispatched", "accepted", "resumed"], [("accepted", "resumed")]),
        (["accepted", "dispatched"], [("start", "accepted"), ("accepted", "dispatched")]),
        (["dispatched", "cancelled", "accepted"], [("cancelled", "accepted")]),
        (["dispatched", "paused", "paused"], [("dispatched", "paused")]),
        (["disposed"], [("start", "disposed")]),
        (["reported", "reported"], [("reported", "reported")]),
        (["reported", "registered", "dispatched", "returned", "dispatched", "accepted", "extended", "disposed"], []),
        (["dispatched", "accepted", "disposed", "reopened", "disposed", "verified", "evaluated", "reopened"], []),
    ],
)
def test_broken_rules_are_found_and_kept(con, log, broken):
    events = [event(kind, f"3 01:{minute:02}", "a") for minute, kind in enumerate(log)]
    told = tell(con, events)
    found = sorted(told["illegal_move"], key=lambda move: move["at_utc"])
    assert [(move["state"], move["kind"]) for move in found] == broken
    assert told["trace"][0]["illegal_moves"] == len(broken)
    assert len(told["step"]) == len(log)


def test_what_comes_after_the_end_brings_a_case_back_into_nobodys_hands(con):
    told = tell(con, [*ORDINARY[:4], event("closed", "3 05:30"), event("disposed", "3 06:30", "housing")])
    assert [(s["holder"], s["to_utc"]) for s in told["stint"]] == [
        ("~desk", at("3 01:30")), ("housing", at("3 05:30")),
    ]  # fmt: skip
    assert told["trace"][0]["closed_at_utc"] == at("3 05:30")


def test_an_evaluation_closes_a_case_that_its_log_never_closed(con):
    (trace,) = tell(con, [*ORDINARY[:6], ORDINARY[7]])["trace"]
    assert (trace["closed_at_utc"], trace["illegal_moves"]) == (at("5 01:30"), 0)


def test_a_log_without_names_has_nameless_holders(con):
    told = tell(con, [event("dispatched", "3 01:00"), event("accepted", "3 02:00"), event("disposed", "3 03:00")])
    assert [s["holder"] for s in told["stint"]] == ["~none", "~check"]


def test_the_same_event_told_twice_counts_once(con):
    assert len(tell(con, [*ORDINARY, *ORDINARY])["step"]) == len(ORDINARY)


def test_every_kind_of_event_has_its_place_and_its_moves():
    assert set(moves.KINDS) == set(EVENT_KINDS)
    assert set(moves.MOVES) == {moves.START, *EVENT_KINDS} - set(moves.STATELESS)
    assert {kind for kinds in moves.MOVES.values() for kind in kinds} | {"resumed"} == set(EVENT_KINDS)


random_events = st.builds(
    lambda kind, minute, department, case: event(kind, f"3 {minute // 60:02}:{minute % 60:02}", department, case=case),
    st.sampled_from(EVENT_KINDS), st.integers(0, 1439), st.sampled_from(["a", "b", "c", None]),
    st.sampled_from("12345678"),
)  # fmt: skip


# Many cases at once, since a case costs next to nothing and a telling a second.
@settings(max_examples=20, deadline=None)
@given(events=st.lists(random_events, max_size=56), shuffled=st.randoms())
def test_whatever_the_log_says_its_rows_may_come_in_any_order_and_holders_never_overlap(con, events, shuffled):
    told = tell(con, events)
    mixed = list(events)
    shuffled.shuffle(mixed)
    assert tell(con, mixed) == told
    for case in {row["incident_id"] for row in events}:
        stints = [row for row in told["stint"] if row["incident_id"] == case]
        assert [row["stint"] for row in stints] == sorted(row["stint"] for row in stints)
        for one, other in itertools.pairwise(stints):
            assert one["to_utc"] is not None
            assert one["from_utc"] <= one["to_utc"] <= other["from_utc"]
            assert one["holder"] != other["holder"] or one["to_utc"] <= other["from_utc"]
        (trace,) = (row for row in told["trace"] if row["incident_id"] == case)
        done = [row for row in stints if row["to_utc"] is not None]
        parts = [trace[f"{name}_work_s"] or 0 for name in ("desk", "held", "check")]
        assert sum(parts) == sum(row["to_work_s"] - row["from_work_s"] for row in done)
        assert trace["hops"] >= 2 or not trace["is_ping_pong"]


def test_the_stretches_of_cases_that_went_straight_to_their_end_are_kept_in_sums_only(con):
    passed_on = [event("dispatched", "3 01:00", "a", case="2"), event("transferred", "3 02:00", "b", case="2")]
    still_open = [event("dispatched", "3 01:00", "a", case="3")]
    told = tell(con, [*ORDINARY, *passed_on, *still_open])
    assert {row["incident_id"] for row in told["stint"]} == {"1", "2", "3"}
    assert {row["incident_id"] for row in told["timed_stint"]} == {"2", "3"}


lives = st.tuples(
    st.sets(st.sampled_from(moves.PLAIN_KINDS)),
    st.lists(st.integers(0, 6), min_size=8, max_size=8),
    st.lists(st.sampled_from(["housing", "police", "the police", None]), min_size=8, max_size=8),
    st.lists(st.tuples(st.sampled_from(moves.KINDS), st.integers(0, 40)), max_size=1),
)


def list_life(case: str, kinds: set, hours: list, departments: list, extra: list) -> list[dict]:
    given_kinds = [kind for kind in moves.PLAIN_KINDS if kind in kinds]
    passed = itertools.accumulate(hours)
    told = [*zip(given_kinds, passed, departments, strict=False), *((kind, hour, "housing") for kind, hour in extra)]
    return [event(kind, f"{3 + hour // 24} {hour % 24:02}:30", by, case=case) for kind, hour, by in told]


@settings(max_examples=20, deadline=None)
@given(told=st.lists(lives, min_size=1, max_size=20))
def test_a_life_that_is_almost_plain_is_told_alike_at_once_and_step_by_step(con, told):
    cases = {f"c{place:02}": list_life(f"c{place:02}", *life) for place, life in enumerate(told)}
    events = [row for rows in cases.values() for row in rows]
    # `tell` holds that both ways agree; every case has one trace, whichever way it was told.
    traces = [row["incident_id"] for row in tell(con, [*events, *ORDINARY])["trace"]]
    assert sorted(traces) == ["1", *(name for name, rows in cases.items() if rows)]


def test_plain_lives_are_allowed_from_the_first_event_to_the_end():
    bits = moves.list_plain_lives()["kinds"].to_pylist()
    lives = [[kind for place, kind in enumerate(moves.KINDS) if number >> place & 1] for number in bits]
    assert ["reported", "registered", "dispatched", "accepted", "disposed", "verified", "closed", "evaluated"] in lives
    assert ["dispatched", "accepted", "disposed", "closed"] in lives
    for life in lives:
        assert all(after in moves.MOVES[before] for before, after in itertools.pairwise([moves.START, *life]))
        assert life[-1] in {"closed", "evaluated"}
