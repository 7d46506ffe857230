"""Hours of holders: by hand, against a slow walk through the log, and told alike whichever way a life is told."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pandas as pd
import pytest
from case_city import HOUR, build, case, hours, stints

from governance.cases import lifecycle, moves
from governance.city import City

# id: local report, local closing, place; the logs close the cases themselves.
NAMES = ("named_late", "named_again", "unnamed_later", "named_once", "nameless", "checked_first")
ROWS = dict.fromkeys(NAMES, ("3 08:30", "", "south")) | {
    "checked_early": ("3 11:30", "", "south"),
    "straight_early": ("3 10:30", "", "south"),
}
LOG = [
    # nobody is named until housing accepts
    ("named_late", "reported", "3 08:30", "", ""),
    ("named_late", "dispatched", "3 09:30", "", ""),
    ("named_late", "accepted", "3 10:30", "housing", ""),
    ("named_late", "disposed", "3 14:30", "housing", ""),
    ("named_late", "closed", "3 15:30", "", ""),
    ("named_again", "dispatched", "3 08:30", "", ""),
    ("named_again", "transferred", "3 09:30", "housing", ""),
    ("named_again", "accepted", "3 10:30", "", ""),
    ("named_again", "disposed", "3 11:30", "", ""),
    ("named_again", "closed", "3 12:00", "", ""),
    ("unnamed_later", "dispatched", "3 08:30", "housing", ""),
    ("unnamed_later", "transferred", "3 09:30", "", ""),
    ("unnamed_later", "accepted", "3 10:30", "", ""),
    ("unnamed_later", "disposed", "3 11:30", "", ""),
    ("unnamed_later", "closed", "3 12:00", "", ""),
    ("named_once", "dispatched", "3 08:30", "housing", ""),
    ("named_once", "accepted", "3 09:30", "", ""),
    ("named_once", "disposed", "3 10:30", "", ""),
    ("named_once", "closed", "3 11:30", "", ""),
    ("nameless", "dispatched", "3 08:30", "", ""),
    ("nameless", "accepted", "3 09:30", "", ""),
    ("nameless", "disposed", "3 10:30", "", ""),
    ("nameless", "closed", "3 11:30", "", ""),
    ("straight_early", "registered", "3 08:30", "", ""),
    ("straight_early", "dispatched", "3 09:30", "housing", ""),
    ("straight_early", "accepted", "3 10:00", "housing", ""),
    ("straight_early", "disposed", "3 14:30", "housing", ""),
    ("straight_early", "closed", "3 15:30", "", ""),
    # waits to be checked before anyone has it
    ("checked_first", "disposed", "3 08:30", "", ""),
    ("checked_first", "accepted", "3 09:30", "housing", ""),
    ("checked_first", "closed", "3 11:30", "", ""),
    ("checked_early", "disposed", "3 08:30", "", ""),
    ("checked_early", "accepted", "3 10:30", "housing", ""),
    ("checked_early", "closed", "3 14:30", "", ""),
]
MINUTE = timedelta(minutes=1)
BREAKS = (510, 720), (810, 1050)  # 08:30-12:00 and 13:30-17:30, in minutes of the day


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return build(tmp_path_factory.mktemp("holders"), LOG, ROWS)


def list_holdings(city: City) -> dict[str, tuple[int, float]]:
    """Stretches and hours by holder, over all scenarios and places."""
    rows = city.sql("""
        select department, sum(stretches) as stretches, sum(work_s) as work_s
        from out_holding where period = 'month' group by department order by department
    """)
    return {row.department: (int(row.stretches), row.work_s / HOUR) for row in rows.itertuples()}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        # an hour of nobody's, then housing's: 10:30-12:00 and 13:30-14:30
        ("named_late", [("~desk", 1), ("~none", 1), ("housing", 2.5), ("~check", 1)]),
        ("named_again", [("~none", 1), ("housing", 2), ("~check", 0.5)]),
        ("unnamed_later", [("housing", 1), ("~none", 2), ("~check", 0.5)]),
        ("checked_first", [("~check", 1), ("housing", 2)]),
        # reported at 11:30, when housing had it: 11:30-12:00 and 13:30-14:30
        ("checked_early", [("housing", 1.5)]),
        # one holder from the dispatch to the end: the sums say it
        ("named_once", []),
        ("nameless", []),
        ("straight_early", []),
    ],
)
def test_each_stretch_belongs_to_whom_the_log_names_from_then_on(city, name, told):
    assert stints(city, name) == told


def test_the_hours_of_a_department_named_late_are_its_own(city):
    assert case(city, "named_late")["first_department"] == "~none"
    assert list_holdings(city) == {
        "housing": (7, 2.5 + 2 + 1 + 2 + 2 + 1.5 + 2.5), "~none": (4, 1 + 1 + 2 + 2), "~desk": (1, 1),
        "~check": (7, 1 + 0.5 + 0.5 + 1 + 1 + 1 + 1),
    }  # fmt: skip


def test_early_time_is_taken_off_whoever_had_the_case_then(city):
    # two of three hours of waiting lie before the report, though in a straight life a department comes first
    assert hours(city, "checked_early") == [None, 1.5, None]
    # a stretch that was over by the report is none, in a straight life too
    assert hours(city, "straight_early") == [None, 2.5, 1]


def draw_lives(rng: random.Random, *, cases: int) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, ...]]]:
    """Mostly straight lives, with names left out, steps left out and now and then a step too many."""
    rows, log = {}, []
    for name in (f"r{number}" for number in range(cases)):
        rows[name] = (f"{rng.choice([3, 3, 3, 4])} 08:30", "", "south")
        kinds = [kind for kind in ("reported", "registered", "dispatched", "accepted", "disposed", "verified", "closed")
                 if kind == "dispatched" or rng.random() < 0.85]  # fmt: skip
        if rng.random() < 0.3:
            kinds.insert(rng.randrange(len(kinds) + 1), rng.choice(["transferred", "returned", "accepted", "reopened"]))
        hour = rng.randint(0, 20)
        units = rng.choice([["housing"], ["housing", ""], ["housing", "police", ""]])
        for kind in kinds:
            log.append((name, kind, f"{3 + hour // 24} {hour % 24:02}:30", rng.choice(units), ""))
            hour += rng.randint(1, 9)
    return rows, log


def walk(log: list[tuple[str, ...]], reported_at: datetime, as_of: datetime) -> list[tuple[str, datetime, datetime]]:
    """Who had one case from when to when, by the rules of docs/cases.md one event at a time; all times local."""
    unit, holder, since, is_ended = None, "~desk", reported_at, False
    told: list[tuple[str, datetime, datetime]] = []

    def hand(to: str | None, at: datetime) -> None:
        nonlocal holder, since
        if to != holder:
            told.extend([(holder, max(since, reported_at), max(at, reported_at))] if holder else [])
            holder, since = to, at

    for at, kind, named in sorted((read(at), kind, unit) for _, kind, at, unit, _ in log):
        if kind in ("dispatched", "transferred", "accepted", "reopened"):
            unit = named or (unit if kind in ("accepted", "reopened") else "~none")
            to = unit or "~none"
        else:
            to = {"disposed": "~check", "verified": "~check", "closed": None}.get(kind, "~desk")
        is_stopped = is_ended and kind != "reopened"
        is_ended = to is None or is_stopped
        if not is_stopped:
            hand(to, at)
    hand(None, as_of)
    return [stretch for stretch in told if stretch[2] > stretch[1]]


def read(text: str) -> datetime:
    day, clock = text.split()
    return datetime.fromisoformat(f"2025-11-{int(day):02}T{clock}")


def count_work_hours(start: datetime, end: datetime) -> float:
    """Minute by minute; every day from 3 to 7 November 2025 is a working day."""
    minutes = range(int((end - start) / MINUTE))
    of_day = ((start + minute * MINUTE) for minute in minutes)
    return sum(any(low <= at.hour * 60 + at.minute < high for low, high in BREAKS) for at in of_day) / 60


def test_hours_agree_with_a_slow_walk_and_do_not_hang_on_how_a_life_is_told(tmp_path, monkeypatch):
    rows, log = draw_lives(random.Random(11), cases=120)  # noqa: S311
    at_once = build(tmp_path / "at_once", log, rows)
    expected: dict[str, tuple[int, float]] = {}
    for name, (reported, *_) in rows.items():
        for holder, start, end in walk([event for event in log if event[0] == name], read(reported), read("7 12:00")):
            stretches, held = expected.get(holder, (0, 0))
            expected[holder] = (stretches + 1, held + count_work_hours(start, end))
    assert list_holdings(at_once) == {holder: (n, pytest.approx(held)) for holder, (n, held) in expected.items()}
    monkeypatch.setattr(lifecycle, "list_plain_lives", lambda: moves.list_plain_lives().slice(0, 0))
    by_step = build(tmp_path / "by_step", log, rows)
    for table in ("core_case", "core_stint", "out_holding"):
        query = f"select * from {table} order by all"  # noqa: S608
        pd.testing.assert_frame_equal(at_once.sql(query), by_step.sql(query))
