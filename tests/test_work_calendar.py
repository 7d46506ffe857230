"""The work calendar of a city file: seasons that may not overlap, and a file of extra days, checked row by row."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from tiny_world import CITY, write_tiny_world

from governance.errors import ConfigError
from governance.profile import load_profile
from governance.work_calendar import WorkCalendar

WINDOWS = ["08:30-12:00", "14:30-18:00"]


def make_season(start: str, end: str) -> dict[str, object]:
    return {"from": start, "to": end, "windows": WINDOWS}


def write_city(folder: Path, calendar: str, *, days: str | bytes | None = None) -> Path:
    """The tiny city with more in its [work_calendar], and `days.csv` beside it."""
    path = write_tiny_world(folder)
    path.write_text(CITY.replace('country = "CN"', f'country = "CN"\n{calendar}'), encoding="utf-8")
    if days is not None:
        (folder / "days.csv").write_bytes(days.encode() if isinstance(days, str) else days)
    return path


def find_faults(folder: Path, calendar: str, *, days: str | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_profile(write_city(folder, calendar, days=days))
    return str(caught.value).split("\n  - ")[1:]


# seasons


@pytest.mark.parametrize(
    ("start", "end", "inside", "outside"),
    [
        ("05-01", "09-30", ["2026-05-01", "2026-07-15", "2026-09-30"], ["2026-04-30", "2026-10-01", "2026-01-01"]),
        ("11-01", "02-29", ["2026-11-01", "2026-12-31", "2027-01-01", "2028-02-29"], ["2026-10-31", "2026-03-01"]),
        ("06-01", "06-01", ["2026-06-01"], ["2026-05-31", "2026-06-02"]),
    ],
)
def test_a_season_holds_its_first_and_its_last_day_also_over_new_year(start, end, inside, outside):
    calendar = WorkCalendar.model_validate({"seasons": [make_season(start, end)]})
    assert [calendar.list_windows(date.fromisoformat(day)) for day in inside] == [tuple(WINDOWS)] * len(inside)
    assert {calendar.list_windows(date.fromisoformat(day)) for day in outside} == {calendar.windows}


@pytest.mark.parametrize(
    "seasons",
    [
        [make_season("05-01", "09-30"), make_season("09-30", "10-31")],
        [make_season("11-01", "03-31"), make_season("03-01", "04-30")],
        [make_season("11-01", "03-31"), make_season("12-24", "12-31")],
    ],
)
def test_seasons_that_share_a_day_are_refused(seasons):
    with pytest.raises(ValueError, match="overlap; a day has one season"):
        WorkCalendar.model_validate({"seasons": seasons})


def test_seasons_that_follow_each_other_are_taken():
    seasons = [make_season("04-01", "10-31"), make_season("11-01", "03-31")]
    assert len(WorkCalendar.model_validate({"seasons": seasons}).seasons) == 2


def test_the_faults_of_a_season_are_named_with_their_place(tmp_path):
    text = '[[work_calendar.seasons]]\nfrom = "02-30"\nto = "9-30"\nwindows = ["08:30"]\nname = "summer"'
    faults = find_faults(tmp_path, text)
    assert len(faults) == 4
    assert "`work_calendar.seasons.0.from`: '02-30' is no day of the year" in faults[0]
    assert "`work_calendar.seasons.0.to`: '9-30' is no day of the year" in faults[1]
    assert "`work_calendar.seasons.0.windows`: working hours are written like" in faults[2]
    assert "unknown key `work_calendar.seasons.0.name`" in faults[3]


def test_every_wrong_day_is_named_at_once(tmp_path):
    text = 'extra_workdays = ["2026-02-30", "2026-03-07"]\nextra_holidays = ["2026-03-07", "7 May"]'
    (fault,) = find_faults(tmp_path, text)
    assert [text in fault for text in ("'2026-02-30' is no date", "'7 May' is no date", "2026-03-07 is among")] == [
        True
    ] * 3


# the file of extra days


def test_the_days_of_the_file_join_those_of_the_city_file(tmp_path):
    days = "date,is_workday,name\n2027-01-01,false,元旦\n2027-01-02,TRUE,补班\n\n2027-01-09,是,\n"
    path = write_city(tmp_path, 'days_file = "days.csv"\nextra_holidays = ["2027-05-01", "2027-01-01"]', days=days)
    calendar = load_profile(path).work_calendar
    assert calendar.extra_workdays == ("2027-01-02", "2027-01-09")
    assert calendar.extra_holidays == ("2027-01-01", "2027-05-01")


def test_names_in_an_old_encoding_and_a_byte_order_mark_do_no_harm(tmp_path):
    days = "date , is_workday,name\r\n2027-01-02,1,春节\r\n2027-01-03,0,元旦\r\n"
    path = write_city(tmp_path, 'days_file = "days.csv"', days=days.encode("gb18030"))
    assert load_profile(path).work_calendar.extra_workdays == ("2027-01-02",)
    path = write_city(tmp_path, 'days_file = "days.csv"', days=days.encode("utf-8-sig"))
    assert load_profile(path).work_calendar.extra_holidays == ("2027-01-03",)


def test_every_faulty_row_is_named_with_its_number(tmp_path):
    days = "date,is_workday\n2027-01-01,false\n2027-02-30,true\n2027-01-01,true\n2027-01-04,maybe\n2027-01-05\n1,2,3\n"
    faults = find_faults(tmp_path, 'days_file = "days.csv"', days=days)
    assert [fault.split(": ")[0] for fault in faults[1:]] == [
        "row 3",
        "row 4",
        "row 5",
        "row 6",
        "row 7",
        "row 7",
        "row 7",
    ]
    assert "'2027-02-30' is no date" in faults[1]
    assert "2027-01-01 stands in the file twice" in faults[2]
    assert "is_workday is 'maybe'; write true or false" in faults[3]
    assert "is_workday is ''" in faults[4]


def test_a_day_that_the_two_files_tell_differently_is_refused(tmp_path):
    faults = find_faults(
        tmp_path, 'days_file = "days.csv"\nextra_workdays = ["2027-01-01"]', days="date,is_workday\n2027-01-01,no\n"
    )
    assert "2027-01-01 stands there as a holiday, in city.toml as a workday; keep one." in faults[-1]


@pytest.mark.parametrize("first_line", ["", "day,is_workday", "date", "date,is_workday,holiday", "date;is_workday"])
def test_a_file_with_another_first_line_is_refused(tmp_path, first_line):
    faults = find_faults(tmp_path, 'days_file = "days.csv"', days=f"{first_line}\n2027-01-01,no\n")
    assert "its first line must be date,is_workday" in faults[-1]


def test_a_missing_file_is_named_beside_the_other_faults(tmp_path):
    text = CITY.replace('country = "CN"', 'country = "CN"\ndays_file = "absent.csv"').replace("Asia/Shanghai", "Asia/X")
    (tmp_path / "city.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_profile(tmp_path / "city.toml")
    assert "unknown zone 'Asia/X'" in str(caught.value)
    assert "absent.csv (work_calendar.days_file) cannot be used:\n  - it cannot be read: No such file" in str(
        caught.value
    )


def test_the_calendar_and_the_file_that_the_document_shows_are_sound(tmp_path):
    document = (Path(__file__).parents[1] / "docs" / "work-time.md").read_text(encoding="utf-8")
    ((toml,), (days,)) = (re.findall(rf"```{kind}\n(.*?)```", document, flags=re.DOTALL) for kind in ("toml", "csv"))
    days = "\n".join(line.strip() for line in days.splitlines())
    path = write_city(tmp_path, "", days=days)
    path.write_text(CITY.replace('[work_calendar]\ncountry = "CN"\n', toml), encoding="utf-8")
    calendar = load_profile(path).work_calendar
    assert calendar.extra_workdays == ("2026-03-07", "2027-01-02")
    assert calendar.list_windows(date(2026, 9, 30)) == ("08:30-12:00", "14:30-18:00")
