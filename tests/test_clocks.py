"""Final deadlines by hand: pauses stop the clock, extensions move it, the time used counts on the limit's clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from governance import warehouse
from governance.cases.clocks import judge_clocks
from governance.cases.work_clock import build_work_clock
from governance.scenarios import load_templates
from governance.scenarios.template import Limit
from governance.work_calendar import WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
CLOCK = build_work_clock(WorkCalendar(country="CN"), SHANGHAI, first_day=date(2025, 1, 1), last_day=date(2025, 12, 31))
CASE = {
    "source": "s", "reported_at_utc": None, "template_version": "t@1", "level": "III", "due_at_utc": None,
    "template_due_at_utc": None, "disposed_at_utc": None, "extended_until_utc": None, "extended_at_utc": None,
    "ended_at_utc": None, "is_open": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def con():
    with warehouse.open_builder() as connection:
        yield connection


def local(text: str | None) -> datetime | None:
    """`day hour:minute` of November 2025 in Shanghai, as UTC; the 3rd is a Monday."""
    if text is None:
        return None
    day, clock = text.split()
    return datetime.fromisoformat(f"2025-11-{int(day):02}T{clock}") - timedelta(hours=8)


def judge(
    con,
    *,
    as_of: str,
    dispose: Limit,
    pauses: tuple[tuple[str, str | None], ...] = (),
    verify: Limit | None = None,
    **case: str | bool | None,
) -> dict:
    """The clock of one case; moments are written in local time."""
    times = {name: local(value) if name.endswith("utc") else value for name, value in case.items()}
    row = {**CASE, "incident_id": "1", **times}
    schema = pa.schema(
        [
            (name, pa.timestamp("us") if name.endswith("utc") else pa.bool_() if name == "is_open" else pa.string())
            for name in row
        ]
    )
    warehouse.set_variables(con, as_of_utc=local(as_of))
    warehouse.load_arrow(con, "src_told_rows", pa.Table.from_pylist([row | {"pauses": None}], schema=schema))
    warehouse.create_view(con, "mid_told_case", f"select *, {len(pauses)} as pauses from src_told_rows")
    stretches = [
        {"source": "s", "incident_id": "1", "from_utc": local(start), "to_utc": local(end)} for start, end in pauses
    ]
    types = pa.schema(
        [(name, pa.timestamp("us") if name.endswith("utc") else pa.string()) for name in
         ("source", "incident_id", "from_utc", "to_utc")]
    )  # fmt: skip
    warehouse.load_arrow(con, "src_pause_rows", pa.Table.from_pylist(stretches, schema=types))
    warehouse.create_view(con, "src_pause", "select * from src_pause_rows")
    template = load_templates()["group_rental"]
    limits = {"III": {"accept": dispose, "dispose": dispose, "verify": verify or Limit(value=1, unit="hours")}}
    templates = {"t@1": template.model_copy(update={"limits": limits})}
    cases = warehouse.fetch_frame(con, warehouse.read_sql("src_clock_case"))
    paused = warehouse.fetch_frame(con, warehouse.read_sql("src_clock_pause"), as_of_utc=local(as_of))
    return judge_clocks(cases, paused, templates, clock=CLOCK).to_pylist()[0]


WORK_HOURS = Limit(value=10, unit="work_hours")
HOURS = Limit(value=10, unit="hours")
FIVE_DAYS = Limit(value=5, unit="work_days")
BASE = {"reported_at_utc": "3 08:30", "template_due_at_utc": "4 11:00"}  # ten working hours


def test_a_clock_that_never_stood_still(con):
    found = judge(con, as_of="3 17:30", dispose=WORK_HOURS, **BASE)
    assert (found["due_at_utc"], found["used_share"]) == (local("4 11:00"), 0.75)
    assert (found["is_extended"], found["is_paused"], found["paused_hours"]) == (False, False, 0)


def test_a_pause_moves_the_deadline_by_the_working_time_in_it(con):
    found = judge(con, as_of="4 08:30", dispose=WORK_HOURS, pauses=(("3 10:30", "3 14:30"),), **BASE)
    # 10:30 to 12:00 and 13:30 to 14:30 stood still: two and a half hours; 5 of 10 hours are used
    assert (found["due_at_utc"], found["used_share"]) == (local("4 14:30") + timedelta(minutes=30), 0.5)
    assert found["paused_hours"] == 4


def test_a_pause_over_a_weekend_stops_no_working_time_but_clock_time(con):
    over = ("7 17:30", "10 08:30")
    friday = {"reported_at_utc": "7 15:30", "template_due_at_utc": "10 16:30"}
    assert judge(con, as_of="10 09:00", dispose=WORK_HOURS, pauses=(over,), **friday)["due_at_utc"] == local("10 16:30")
    hours = {"reported_at_utc": "7 15:30", "template_due_at_utc": "8 01:30"}
    assert judge(con, as_of="10 09:00", dispose=HOURS, pauses=(over,), **hours)["due_at_utc"] == local("10 16:30")


def test_a_paused_case_is_not_overdue_however_long_it_stands(con):
    found = judge(con, as_of="28 12:00", dispose=WORK_HOURS, pauses=(("3 10:30", None),), **BASE)
    assert found["is_paused"]
    assert found["used_share"] == 0.2
    assert found["due_at_utc"] > local("28 12:00")


def test_a_pause_that_begins_after_the_deadline_changes_nothing(con):
    found = judge(con, as_of="7 17:30", dispose=WORK_HOURS, pauses=(("4 14:00", None),), **BASE)
    assert (found["due_at_utc"], found["used_share"]) == (local("4 11:00"), 3.75)


def test_an_extension_moves_the_deadline_and_the_time_allowed(con):
    found = judge(con, as_of="4 17:30", dispose=WORK_HOURS, extended_until_utc="5 17:30", **BASE)
    assert (found["due_at_utc"], found["is_extended"]) == (local("5 17:30"), True)
    assert found["used_share"] == pytest.approx(15 / 22.5)


def test_a_pause_inside_an_extension_moves_its_end(con):
    extension = {"extended_until_utc": "5 17:30", "extended_at_utc": "4 08:30"}
    found = judge(con, as_of="6 12:00", dispose=WORK_HOURS, pauses=(("5 13:30", None),), **extension, **BASE)
    assert found["is_paused"]
    assert found["due_at_utc"] > local("6 12:00")
    # 10 hours to accept and 8.5 more to the pause, of the 22.5 that the extension grants
    assert found["used_share"] == pytest.approx(18.5 / 22.5)
    # What paused before the extension was granted is in it.
    found = judge(con, as_of="6 12:00", dispose=WORK_HOURS, pauses=(("3 10:30", "3 11:30"),), **extension, **BASE)
    assert found["due_at_utc"] == local("5 17:30")


def test_a_pause_that_nothing_ends_ends_with_its_case(con):
    ended = {"is_open": False, "ended_at_utc": "4 10:30", "disposed_at_utc": "4 10:30"}
    found = judge(con, as_of="28 12:00", dispose=WORK_HOURS, pauses=(("3 16:30", None),), **ended, **BASE)
    # an hour on the 3rd and two on the 4th
    assert (found["due_at_utc"], found["paused_hours"], found["is_paused"]) == (local("4 15:30"), 18, False)


def test_an_extension_to_an_earlier_moment_takes_nothing_away(con):
    found = judge(con, as_of="4 17:30", dispose=WORK_HOURS, extended_until_utc="3 17:30", **BASE)
    assert (found["due_at_utc"], found["is_extended"]) == (local("4 11:00"), False)


def test_what_the_source_promised_stands_before_the_template(con):
    found = judge(con, as_of="3 17:30", dispose=WORK_HOURS, due_at_utc="5 23:59", **BASE)
    # 5 Nov 23:59 lies outside working hours: 22.5 working hours, of which 7.5 are used
    assert (found["due_at_utc"], found["used_share"]) == (local("5 23:59"), pytest.approx(7.5 / 22.5))


def test_closing_is_due_the_time_to_verify_after_the_disposal_is(con):
    found = judge(con, as_of="3 17:30", dispose=WORK_HOURS, verify=Limit(value=1, unit="work_days"), **BASE)
    assert (found["close_due_at_utc"], found["verify_due_at_utc"]) == (local("5 11:00"), None)


def test_verification_is_due_after_the_disposal_itself(con):
    done = {**BASE, "disposed_at_utc": "3 16:30"}
    found = judge(con, as_of="3 17:30", dispose=WORK_HOURS, verify=Limit(value=1, unit="work_days"), **done)
    assert (found["verify_due_at_utc"], found["used_share"]) == (local("4 16:30"), None)


def test_a_case_of_no_scenario_runs_on_clock_time_to_the_moment_that_its_source_promised(con):
    found = judge(
        con, as_of="3 14:30", dispose=FIVE_DAYS, template_version=None, level=None, reported_at_utc="3 08:30",
        due_at_utc="3 20:30",
    )  # fmt: skip
    assert (found["due_at_utc"], found["close_due_at_utc"], found["used_share"]) == (
        local("3 20:30"), local("3 20:30"), 0.5,
    )  # fmt: skip


def test_a_case_without_any_limit_has_no_deadline(con):
    found = judge(con, as_of="3 14:30", dispose=FIVE_DAYS, template_version=None, level=None, reported_at_utc="3 08:30")
    assert (found["due_at_utc"], found["used_share"]) == (None, None)
