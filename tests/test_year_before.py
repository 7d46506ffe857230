"""How many cases were open and overdue a year (364 days) before: every clause on cases worked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from governance import warehouse
from tests.tiny_snapshot import CASE_SCHEMA

AS_OF = datetime.fromisoformat("2026-03-01T00:00")
DAY = AS_OF.date()
THEN = AS_OF - timedelta(days=364)
MOMENTS = ("reported", "disposed", "closed", "cancelled", "due")
# Days from the moment a year before: reported, last disposal, closed, cancelled, due; whether it is open now; and
# whether it was open and overdue then.
CASES: dict[str, tuple[tuple[float | None, ...], bool, tuple[int, int]]] = {
    "open since, and late": ((-9, None, None, None, -4), True, (1, 1)),
    "open since, its limit later": ((-9, None, None, None, 4), True, (1, 0)),
    "open since, without a limit": ((-9, None, None, None, None), True, (1, 0)),
    "due at the very moment": ((-9, None, None, None, 0), True, (1, 0)),
    "reported at the very moment": ((0, None, None, None, None), True, (0, 0)),
    "closed before": ((-9, -3, -2, None, -4), False, (0, 0)),
    "closed at the very moment": ((-9, -3, 0, None, -4), False, (1, 0)),
    "disposed of before, closed after": ((-9, -3, 2, None, -4), False, (1, 0)),
    "disposed of and closed after": ((-9, 1, 2, None, -4), False, (1, 1)),
    "cancelled before": ((-9, None, None, -1, -4), False, (0, 0)),
    "cancelled after": ((-9, None, None, 1, -4), False, (1, 1)),
    "closed before, reopened, cancelled after": ((-9, -3, -2, 30, -4), False, (1, 0)),
    "ended undated": ((-9, None, None, None, -4), False, (0, 0)),
}


@pytest.fixture
def con() -> Iterator[warehouse.Connection]:
    opened = warehouse.open_builder()
    yield opened
    opened.close()


def make_row(name: str, days: tuple[float | None, ...], *, is_open: bool) -> dict[str, Any]:
    moments = {
        f"{moment}_at_utc": None if day is None else THEN + timedelta(days=day)
        for moment, day in zip(MOMENTS, days, strict=True)
    }
    return {
        "source": "s", "incident_id": name, "grid_no": 7, "scenario": "lamps", "reported_on": date(2025, 2, 20),
        "is_open": is_open, "is_overdue": False, **moments,
    }  # fmt: skip


def load(con: warehouse.Connection, rows: list[dict[str, Any]]) -> None:
    warehouse.load_arrow(con, "core_case", pa.Table.from_pylist(rows, schema=CASE_SCHEMA))


def count(con: warehouse.Connection, *, tells: bool = True) -> tuple[int, int]:
    told = {"as_of_utc": AS_OF, "as_of_day": DAY, "first_day": date(2020, 1, 1), "tells_year_before": tells}
    warehouse.build_table(con, "out_grid_count", **told)
    query = "select open_cases_last_year, overdue_cases_last_year from out_grid_count"
    return con.execute(query).fetchone()


@pytest.mark.parametrize("name", CASES)
def test_a_case_counts_by_its_last_disposal_and_ending(con: warehouse.Connection, name: str) -> None:
    days, is_open, expected = CASES[name]
    load(con, [make_row(name, days, is_open=is_open)])
    assert count(con) == expected


def test_all_together_are_their_sum_and_untold_they_are_null(con: warehouse.Connection) -> None:
    load(con, [make_row(name, days, is_open=is_open) for name, (days, is_open, _) in CASES.items()])
    assert count(con) == (9, 3)
    assert count(con, tells=False) == (None, None)


@pytest.mark.parametrize(
    ("first_day", "undated", "expected"),
    [
        (DAY - timedelta(days=728), 1, True),
        (DAY - timedelta(days=727), 1, False),
        (DAY - timedelta(days=728), 2, False),
    ],
)
def test_it_is_told_with_a_year_of_data_before_and_endings_that_are_dated(
    con: warehouse.Connection, first_day: date, undated: int, expected: bool
) -> None:
    ended, untold = (-9, -3, -2, None, -4), (-9, None, None, None, -4)
    rows = [make_row(str(place), untold if place < undated else ended, is_open=False) for place in range(100)]
    # What is undated in other years tells nothing of this one.
    rows += [
        make_row("old", (-365, None, None, None, None), is_open=False),
        make_row("new", (0, None, None, None, None), is_open=False),
    ]
    load(con, rows)
    told = warehouse.fetch_value(con, "src_tells_year_before", as_of_utc=AS_OF, as_of_day=DAY, first_day=first_day)
    assert told is expected


def test_no_case_in_that_year_is_told_as_none(con: warehouse.Connection) -> None:
    load(con, [])
    first_day = DAY - timedelta(days=728)
    assert warehouse.fetch_value(con, "src_tells_year_before", as_of_utc=AS_OF, as_of_day=DAY, first_day=first_day)
