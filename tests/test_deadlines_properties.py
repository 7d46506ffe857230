"""What holds for deadlines whatever the start, the limit, the clock and the pauses."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from governance.cases.deadlines import (
    Pauses,
    add_limit,
    advance,
    count_ticks,
    extend_due,
    measure,
    place,
)
from tests.shanghai import CLOCK, SEASONS, UNITS, to_utc

SECONDS = st.integers(0, 280 * 24 * 3600)
STARTS = st.lists(SECONDS, min_size=2, max_size=30).map(
    lambda seconds: to_utc("2026-01-20T00:00") + np.array(sorted(seconds)).astype("timedelta64[s]")
)
VALUES = st.integers(1, 80).map(lambda quarters: quarters / 4)
UNIT = st.sampled_from(UNITS)
ANY_CLOCK = st.sampled_from([CLOCK, SEASONS])
WORKING_UNIT = st.sampled_from(["work_hours", "work_days"])


@given(STARTS, VALUES, UNIT, ANY_CLOCK)
def test_a_later_report_is_never_due_earlier_and_nothing_is_due_before_it_starts(starts, value, unit, clock):
    due = add_limit(starts, value, unit, clock=clock)
    assert (np.diff(due).astype(int) >= 0).all()
    assert (due > starts).all()
    if unit != "work_days":
        hours = value * 24 if unit == "calendar_days" else value
        assert (due >= starts + np.timedelta64(int(hours * 3600), "s")).all()


@given(STARTS, VALUES, VALUES, UNIT, ANY_CLOCK)
def test_two_limits_after_each_other_are_one_limit(starts, first, second, unit, clock):
    """On the line to the tick; on the wall clock to the second, where a day's share may be rounded up twice."""
    ticks = count_ticks(first, unit, clock=clock), count_ticks(second, unit, clock=clock)
    assert sum(ticks) == count_ticks(first + second, unit, clock=clock)
    step = add_limit(add_limit(starts, first, unit, clock=clock), second, unit, clock=clock)
    late = (step - add_limit(starts, first + second, unit, clock=clock)) / np.timedelta64(1, "s")
    is_exact = clock is CLOCK or unit != "work_days"
    assert ((late >= 0) & (late <= (0 if is_exact else 2))).all()


@given(STARTS, VALUES, VALUES, UNIT, ANY_CLOCK)
def test_a_longer_limit_is_never_due_earlier(starts, first, second, unit, clock):
    short, long = sorted((first, second))
    assert (add_limit(starts, short, unit, clock=clock) <= add_limit(starts, long, unit, clock=clock)).all()


@given(STARTS, VALUES, UNIT, ANY_CLOCK)
def test_the_order_of_rows_never_matters(starts, value, unit, clock):
    turned = add_limit(starts[::-1].copy(), value, unit, clock=clock)
    assert (turned[::-1] == add_limit(starts, value, unit, clock=clock)).all()


@given(st.lists(st.integers(0, 240 * 7 * 3600), min_size=1), st.sampled_from(UNITS[:3]), ANY_CLOCK)
def test_every_position_is_measured_where_it_was_placed(positions, unit, clock):
    given = np.array(positions)
    assert (measure(place(given, unit, clock=clock), unit, clock=clock) == given).all()


@given(st.lists(st.floats(0, 240), min_size=1), ANY_CLOCK)
def test_a_position_in_working_days_is_placed_at_the_first_second_that_reaches_it(days, clock):
    given = (np.array(days) * clock.ticks_a_day).astype(np.int64)
    moments = place(given, "work_days", clock=clock)
    assert (measure(moments, "work_days", clock=clock) >= given).all()
    before = measure(moments - np.timedelta64(1, "s"), "work_days", clock=clock)
    assert ((before < given) | (given == 0)).all()


@given(STARTS, WORKING_UNIT, ANY_CLOCK)
def test_a_moment_is_placed_back_at_itself_or_at_the_closing_before_it(starts, unit, clock):
    positions = measure(starts, unit, clock=clock)
    back = place(positions, unit, clock=clock)
    assert (back <= starts).all()
    assert (measure(back, unit, clock=clock) == positions).all()
    is_inside = measure(starts - np.timedelta64(1, "s"), unit, clock=clock) < positions
    assert (back[is_inside] == starts[is_inside]).all()


PAUSES = st.lists(st.tuples(st.integers(0, 5), st.integers(-20, 400), st.integers(0, 200)), max_size=12)


def make_pauses(rows: list[tuple[int, int, int]]) -> Pauses:
    """Pauses of six cases, in hours after the start of all and hours of length."""
    case, begin, length = (
        (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
        if rows
        else [np.zeros(0, dtype=np.int64)] * 3
    )
    start = to_utc("2026-02-10T09:00")
    return Pauses(case, start + begin.astype("timedelta64[h]"), start + (begin + length).astype("timedelta64[h]"))


@given(PAUSES, st.randoms(use_true_random=False), UNIT, ANY_CLOCK)
def test_the_order_of_pauses_never_matters_and_none_makes_a_deadline_earlier(rows, random, unit, clock):
    starts, as_of = np.full(6, to_utc("2026-02-10T09:00")), to_utc("2026-06-01T00:00")
    ticks = count_ticks(3, unit, clock=clock)
    due, paused = extend_due(starts, ticks, unit, pauses=make_pauses(rows), as_of_utc=as_of, clock=clock)
    random.shuffle(rows)
    again, _ = extend_due(starts, ticks, unit, pauses=make_pauses(rows), as_of_utc=as_of, clock=clock)
    assert (due == again).all()
    assert (due >= add_limit(starts, 3, unit, clock=clock)).all()
    assert (due == place(advance(measure(starts, unit, clock=clock), ticks + paused), unit, clock=clock)).all()


@given(PAUSES, UNIT)
def test_what_happens_after_the_moment_of_asking_changes_nothing(rows, unit):
    starts, as_of = np.full(6, to_utc("2026-02-10T09:00")), to_utc("2026-02-16T15:00")
    pauses = make_pauses(rows)
    is_past = pauses.from_utc < as_of
    still_open = np.where(pauses.to_utc >= as_of, np.datetime64("NaT"), pauses.to_utc)
    known = Pauses(pauses.case_index[is_past], pauses.from_utc[is_past], still_open[is_past])
    found = [
        extend_due(starts, count_ticks(3, unit, clock=CLOCK), unit, pauses=given, as_of_utc=as_of, clock=CLOCK)[0]
        for given in (pauses, known)
    ]
    assert (found[0] == found[1]).all()
