"""The last complete week and month are those of the city's own day, also where its midnight lies in the day before."""

from __future__ import annotations

import re
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from governance import snapshot
from governance.city import open_city
from tests import tiny_snapshot

# Midnight of 1 March 2025 in the city of the tests, whose clock is eight hours ahead.
MIDNIGHT_UTC = datetime(2025, 2, 28, 16)  # noqa: DTZ001  naive UTC, as in storage


@pytest.mark.parametrize("as_of_utc", [MIDNIGHT_UTC, tiny_snapshot.AS_OF_UTC])
def test_the_month_that_ended_at_midnight_is_complete(tmp_path: Path, as_of_utc: datetime) -> None:
    with snapshot.building(tmp_path) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        draft.con.execute("update out_grid_month set month_start = date '2024-01-01' where month_start < '2025-02-01'")
        snapshot.publish(draft, manifest={**tiny_snapshot.MANIFEST, "as_of_utc": as_of_utc})
    city = open_city(tmp_path)
    asked = {"level": 4, "unit_id": "G-01", "scenario": "group_rental"}
    assert city.ask("ui_months", **asked)["month_start"].max().date() == date(2025, 2, 1)
    weeks = city.ask("ui_weeks", level=0, unit_id="", scenario="group_rental")["week_start"]
    assert weeks.empty or weeks.max().date() == date(2025, 2, 17)
    city.close()


def test_no_question_takes_a_local_day_from_a_moment_in_utc() -> None:
    questions = [file for file in files("governance").joinpath("sql").iterdir() if file.name.endswith(".sql")]
    assert len(questions) > 100
    pattern = re.compile(r"_utc::date|date_trunc\('(day|week|month|quarter|year)', *[a-z_.]*_utc")
    assert [file.name for file in questions if pattern.search(file.read_text(encoding="utf-8"))] == []
