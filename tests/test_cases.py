"""Cases out of files: who has them, how long each had them, by which version of a template they were judged."""

from __future__ import annotations

import random
from datetime import datetime

import pandas as pd
import pytest
from case_city import AS_OF_UTC, build, case, hours, local, stints

from governance import pipeline
from governance.city import City, open_city

ROWS = {
    # id: local report, local closing, position (g-1 south, g-3 north)
    "plain": ("3 08:30", "4 12:00", "south"),
    "passed": ("3 08:30", "", "south"),
    "paused": ("3 08:30", "", "south"),
    "extended": ("3 08:30", "", "south"),
    "north": ("3 08:30", "", "north"),
    "silent": ("3 08:30", "3 12:00", "south"),
    "unheard": ("3 08:30", "", "south"),
    "withdrawn": ("3 08:30", "", "south"),
    "rowclosed": ("3 08:30", "4 12:00", "south"),
    "asked": ("3 08:30", "", "south"),
    "waits": ("3 08:30", "", "south"),
    "reclosed": ("3 08:30", "3 10:30", "south"),
    "later": ("3 08:30", "8 08:30", "south"),
    "revived": ("3 08:30", "", "south"),
    "unaccepted": ("3 08:30", "", "south"),
    "again": ("3 08:30", "", "south"),
    "early": ("3 10:30", "4 12:00", "south"),
    "earlyopen": ("4 08:30", "", "south"),
    "earlyback": ("5 08:30", "", "south"),
    "foregone": ("5 08:30", "", "south"),
}
LOG = [
    ("plain", "reported", "3 08:30", "village", ""),
    ("plain", "dispatched", "3 09:30", "住房和城乡建设局", ""),
    ("plain", "accepted", "3 10:30", "住房和城乡建设局", ""),
    ("plain", "disposed", "3 14:30", "住房和城乡建设局", ""),
    ("plain", "verified", "4 09:30", "", ""),
    ("plain", "closed", "4 12:00", "", ""),
    ("passed", "dispatched", "3 09:30", "housing", ""),
    ("passed", "transferred", "4 08:30", "fire_rescue", "not ours"),
    ("passed", "transferred", "5 08:30", "housing", "nor ours"),
    ("paused", "dispatched", "3 08:30", "housing", ""),
    ("paused", "accepted", "3 09:30", "housing", ""),
    ("paused", "paused", "3 10:30", "", "hearing"),
    ("extended", "dispatched", "3 08:30", "housing", ""),
    ("extended", "extended", "4 08:30", "", "crowd"),
    ("withdrawn", "dispatched", "3 09:30", "housing", ""),
    ("withdrawn", "cancelled", "3 10:30", "", ""),
    ("rowclosed", "dispatched", "3 09:30", "housing", ""),
    ("asked", "extended", "3 09:30", "", "crowd"),
    ("waits", "extended", "3 08:30", "", "crowd"),
    ("waits", "dispatched", "3 09:30", "housing", ""),
    ("reclosed", "dispatched", "3 08:30", "housing", ""),
    ("reclosed", "closed", "3 10:30", "", ""),
    ("reclosed", "reopened", "3 11:30", "housing", ""),
    ("reclosed", "closed", "4 12:00", "", ""),
    ("later", "dispatched", "3 09:30", "housing", ""),
    ("later", "closed", "4 12:00", "", ""),
    ("revived", "dispatched", "3 08:30", "housing", ""),
    ("revived", "cancelled", "3 09:30", "", ""),
    ("revived", "reopened", "4 08:30", "housing", ""),
    ("unaccepted", "dispatched", "3 08:30", "housing", ""),
    ("unaccepted", "accepted", "3 09:30", "housing", ""),
    ("unaccepted", "transferred", "4 08:30", "police", ""),
    ("again", "dispatched", "3 08:30", "housing", ""),
    ("again", "accepted", "3 09:30", "housing", ""),
    ("again", "disposed", "3 10:30", "housing", ""),
    ("again", "dispatched", "3 11:30", "police", ""),
    ("early", "registered", "3 08:30", "", ""),
    ("early", "dispatched", "3 09:30", "housing", ""),
    ("early", "disposed", "3 14:30", "housing", ""),
    ("early", "closed", "4 12:00", "", ""),
    ("earlyopen", "registered", "3 08:30", "", ""),
    ("earlyopen", "dispatched", "3 09:30", "housing", ""),
    ("earlyopen", "transferred", "3 14:30", "police", ""),
    ("earlyopen", "transferred", "4 09:30", "housing", ""),
    ("earlyback", "dispatched", "3 08:30", "housing", ""),
    ("earlyback", "closed", "3 09:30", "", ""),
    ("earlyback", "reopened", "4 08:30", "housing", ""),
    ("earlyback", "disposed", "5 09:30", "housing", ""),
    ("foregone", "dispatched", "3 08:30", "housing", ""),
    ("foregone", "transferred", "3 09:30", "police", ""),
    ("foregone", "closed", "4 09:30", "", ""),
]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return build(tmp_path_factory.mktemp("cases"), LOG, ROWS)


def test_a_case_that_one_department_settled(city):
    found = case(city, "plain")
    assert (found["stage"], found["department"], found["holder"]) == ("closed", "housing", None)
    # 08:30-09:30 at the desk; 09:30-12:00 and 13:30-14:30 in hand; 14:30-17:30 and 08:30-12:00 waiting
    assert hours(city, "plain") == [1, 3.5, 6.5]
    assert stints(city, "plain") == []


def test_an_open_case_that_went_there_and_back(city):
    found = case(city, "passed")
    assert (found["holder"], found["hops"], found["is_ping_pong"], found["transfers"]) == ("housing", 2, True, 2)
    # to Friday noon: housing Monday from 09:30 (6.5 h) and Wednesday to Friday (7.5 + 7.5 + 3.5 h), fire Tuesday
    assert stints(city, "passed") == [("~desk", 1), ("housing", 6.5), ("fire_rescue", 7.5), ("housing", 18.5)]
    assert hours(city, "passed") == [1, 32.5, None]
    told = city.sql("select came_from, came_for, holder from out_open where incident_id = 'passed'").iloc[0].tolist()
    assert told == ["fire_rescue", "nor ours", "housing"]


def test_the_clock_never_starts_again_on_a_transfer(city):
    assert case(city, "passed")["due_at_utc"] == case(city, "unheard")["due_at_utc"]


def test_a_paused_case_is_shown_as_paused_and_keeps_its_remaining_time(city):
    found = case(city, "paused")
    assert (found["is_paused"], found["pauses"], found["is_overdue"]) == (True, 1, False)
    assert found["paused_hours"] == pytest.approx(97.5)  # Monday 10:30 to Friday noon
    # 4 working hours to accept and 15 days to dispose make 116.5 hours, of which two are used
    assert found["used_share"] == pytest.approx(2 / 116.5)
    assert city.sql("select state from out_open where incident_id = 'paused'")["state"].tolist() == ["paused"]


def test_an_extended_case_is_due_when_the_extension_ends(city):
    found = case(city, "extended")
    assert (found["due_from"], found["extensions"]) == ("extension", 1)
    assert str(found["due_at_utc"]) == "2026-01-15 16:00:00"  # the day ends at midnight in Shanghai


def test_a_district_is_judged_by_its_own_version(city):
    south, north = case(city, "unheard"), case(city, "north")
    assert south["template_version"] == "group_rental@1.0.0"
    assert north["template_version"] == "group_rental@1.0.0+north@1.1.0"
    # accept Monday 08:30 + 4 h = 14:00; two working days on from there, and fifteen
    assert str(north["due_at_utc"]) == "2025-11-05 06:00:00"
    assert north["is_overdue"]
    assert not south["is_overdue"]


def test_a_case_without_a_log_was_held_by_its_department(city):
    assert (case(city, "silent")["department"], hours(city, "silent")) == ("housing", [None, 3.5, None])
    assert stints(city, "unheard") == [("housing", 33.5)]  # the lead of the scenario


def test_a_withdrawn_case_ends_when_it_was_withdrawn(city):
    found = case(city, "withdrawn")
    assert (found["stage"], found["is_open"], hours(city, "withdrawn")) == ("cancelled", False, [1, 1, None])


def test_a_closing_that_only_the_row_tells_ends_the_holding(city):
    # 09:30-12:00 and 13:30-17:30 on Monday, 08:30-12:00 on Tuesday
    assert hours(city, "rowclosed") == [1, 10, None]


@pytest.mark.parametrize("name", ["asked", "waits"])
def test_a_log_that_gives_nobody_the_case_tells_of_no_holder(city, name):
    found = case(city, name)
    assert (found["holder"], found["due_from"]) == ("housing", "extension")
    before = [("housing", 33.5)] if name == "asked" else [("~desk", 1), ("housing", 32.5)]
    assert stints(city, name) == before


def test_what_a_log_tells_of_the_time_before_the_report_is_no_time_of_the_case(city):
    # reported 10:30: with housing until 14:30 (1.5 h and 1 h), then checked until the next noon (3 h and 3.5 h)
    assert hours(city, "early") == [None, 2.5, 6.5]
    # reported Tuesday 08:30: an hour with the police, then with housing (6.5, 7.5, 7.5 and 3.5 h)
    assert stints(city, "earlyopen") == [("police", 1), ("housing", 25)]
    assert hours(city, "earlyopen") == [None, 26, None]
    # closed and reopened before the report: an hour with housing from 08:30, then to be checked
    assert stints(city, "earlyback") == [("housing", 1), ("~check", 17.5)]
    assert hours(city, "earlyback") == [None, 1, 17.5]
    # over before it was reported
    assert stints(city, "foregone") == []
    assert hours(city, "foregone") == [None, None, None]


def test_the_stretches_of_any_log_last_from_the_report_to_the_end(tmp_path):
    rng = random.Random(4)  # noqa: S311
    rows = {f"r{number}": (f"{rng.randint(3, 6)} 08:30", "", "south") for number in range(150)}
    kinds = ("registered", "dispatched", "transferred", "returned", "accepted", "disposed", "closed", "reopened")
    log = [
        (name, kind, f"{rng.randint(1, 7)} {rng.randint(0, 11):02}:30", rng.choice(["housing", "police", ""]), "")
        for name in rows
        for kind in rng.choices(kinds, (3, 5, 5, 2, 5, 3, 1, 1), k=rng.randint(1, 7))
    ]
    told = build(tmp_path, log, rows).sql("""
        select incident_id, reopenings, reported_at_utc, coalesce(closed_at_utc, $as_of) as end_utc, work_s, clock_s,
            coalesce(desk_work_s, 0) + coalesce(held_work_s, 0) + coalesce(check_work_s, 0) as case_work_s
        from core_case join (
            select source, incident_id, sum(work_s) as work_s, sum(clock_s) as clock_s from core_stint group by all
        ) using (source, incident_id)
    """, as_of=AS_OF_UTC)  # fmt: skip
    # the working time until a closing that the log alone tells is not known where nobody ever had the case
    known = told.dropna(subset="work_s")
    assert (known["work_s"] == known["case_work_s"]).all()
    assert len(known) > 100
    whole = told[told["reopenings"] == 0]
    lasted = (whole["end_utc"] - whole["reported_at_utc"]).dt.total_seconds().clip(lower=0)
    early = {name for name, kind, at, *_ in log if kind != "closed" and local(at) < local(rows[name][0])}
    assert whole["incident_id"].isin(early).sum() > 20
    assert (whole["clock_s"] == lasted).all()


def test_of_two_closings_the_later_one_counts_and_none_of_the_future(city):
    assert (case(city, "reclosed")["stage"], str(case(city, "reclosed")["closed_at_utc"])) == (
        "closed", "2025-11-04 04:00:00",
    )  # fmt: skip
    assert (case(city, "later")["stage"], str(case(city, "later")["closed_at_utc"])) == (
        "closed",
        "2025-11-04 04:00:00",
    )


def test_a_cancelled_case_may_come_back(city):
    assert (case(city, "revived")["stage"], case(city, "revived")["holder"]) == ("accepted", "housing")


def test_an_open_case_stands_where_its_last_event_brought_it(city):
    assert (case(city, "unaccepted")["stage"], case(city, "unaccepted")["holder"]) == ("dispatched", "police")
    again = case(city, "again")
    assert (again["stage"], pd.isna(again["disposed_at_utc"]), again["illegal_moves"]) == ("dispatched", True, 1)


def test_hand_overs_are_counted_with_their_reasons(city):
    rows = city.sql(
        "select from_department, to_department, kind, reason, cases from out_handover "
        "where reason <> '' order by reason"
    )
    assert rows.to_numpy().tolist() == [
        ["fire_rescue", "housing", "transferred", "nor ours", 1],
        ["housing", "fire_rescue", "transferred", "not ours", 1],
    ]


def test_extensions_are_counted_with_their_reasons_and_the_time_they_give(city):
    rows = city.extensions()
    # reported on the 3rd at 08:30: accepted by 14:00, disposed of by 14:00 on the 24th, 15 working days later;
    # extended to the end of 15 January: 53 days less 14 hours. Two were not dispatched yet.
    assert rows[["department", "reason", "extensions", "cases", "mean_extra_hours"]].to_numpy().tolist() == [
        ["~desk", "crowd", 2, 2, 1258], ["housing", "crowd", 1, 1, 1258],
    ]  # fmt: skip
    assert rows["level_1_id"].tolist() == ["south", "south"]
    assert city.extensions(district="north").empty


def test_the_order_of_the_log_changes_nothing(city, tmp_path):
    other = build(tmp_path, LOG[::-1], ROWS)
    for table in ("core_case", "core_stint", "out_open", "out_handover", "out_extension", "out_holding"):
        query = f"select * from {table} order by all"  # noqa: S608
        assert other.sql(query).equals(city.sql(query)), table


def test_a_later_build_shows_closings_of_rows_that_came_due_since(tmp_path):
    log = [*LOG, ("void", "dispatched", "3 08:30", "housing", ""), ("void", "paused", "3 09:30", "", "")]
    build(tmp_path, log, {**ROWS, "void": ("3 08:30", "", "south")})
    for name in ("incidents.csv", "city.toml"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert 'closed = ["closed"]' in text or name != "city.toml"
        changed = text.replace('closed = ["closed"]', 'closed = ["closed"]\ncancelled = ["void"]')
        lines = [line.replace("open", "void") if line.startswith("void,") else line for line in changed.splitlines()]
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def build_at(folder: str, day: int) -> City:
        pipeline.build_city(
            tmp_path / "city.toml", tmp_path / folder, now_utc=datetime.fromisoformat("2025-12-01"),
            as_of_utc=datetime.fromisoformat(f"2025-11-{day:02}T04:00"), progress=lambda *_: None,
        )  # fmt: skip
        return open_city(tmp_path / folder)

    build_at("again", 7)
    again, fresh = build_at("again", 10), build_at("fresh", 10)
    assert case(fresh, "void")["stage"] == "cancelled"
    assert case(fresh, "void")["paused_hours"] > 0
    for table in ("core_case", "core_stint", "out_count", "core_recurrence", "meta_department"):
        query = f"select * from {table} order by all"  # noqa: S608
        assert again.sql(query).equals(fresh.sql(query)), table
