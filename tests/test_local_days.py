"""Local days where a zone changes its clock: every zone, against the standard library's own calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tiny_counts import local, make_case, open_counts
from tiny_world import write_tiny_world

from governance import pipeline, warehouse
from governance.city import open_city

TIME = pa.timestamp("us")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
ST_JOHNS = "America/St_Johns"
# On 29 October 2006 at 00:01 the clocks of St. John's went back to 23:01 of the 28th: at 02:31 UTC.
BEFORE, AFTER = datetime.fromisoformat("2006-10-29T02:30:30"), datetime.fromisoformat("2006-10-29T02:35")


@pytest.fixture(scope="module")
def con():
    with warehouse.open_builder() as connection:
        yield connection


@pytest.fixture(scope="module")
def zones(con) -> list[str]:
    known = {name for (name,) in warehouse.run_text(con, "select name from pg_timezone_names()").fetchall()}
    return sorted(known & available_timezones())


def to_local(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def find_change(moment: datetime, zone: str) -> datetime | None:
    """The first moment from this one on, to the second, with another offset; None within a year."""
    offset = to_local(moment, zone) - moment
    for day in range(366):
        low, high = moment + day * DAY, moment + (day + 1) * DAY
        if to_local(high, zone) - high != offset:
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (middle, high) if to_local(middle, zone) - middle == offset else (low, middle)
            return high
    return None


@pytest.mark.parametrize("query", ["map_local_quarter", "mid_local_quarter"])
@settings(max_examples=250, deadline=None)
@given(
    data=st.data(),
    start=st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2030-12-31")),
    minutes=st.lists(st.integers(-30, 30), min_size=1, max_size=6),
)
def test_a_quarter_that_is_listed_has_one_offset(con, zones, query, data, start, minutes):
    zone = data.draw(st.sampled_from(zones))
    change = find_change(start.replace(microsecond=0), zone)
    moments = [start, *((change or start) + minute * MINUTE for minute in minutes)]
    table = pa.table({name: pa.array(moments, TIME) for name in ("reported_at_utc", "closed_at_utc", "due_at_utc")})
    table = table.append_column("close_due_at_utc", table["due_at_utc"])
    for name in ("mid_told_case", "core_case"):
        warehouse.load_arrow(con, name, table)
    warehouse.build_table(con, query, zone=zone)
    rows = warehouse.run_text(
        con,
        f"""select moment.due_at_utc, moment.due_at_utc + quarter.offset_from_utc,
            (moment.due_at_utc at time zone 'UTC') at time zone $zone
        from core_case as moment left join {query} as quarter
            on quarter.quarter_utc = time_bucket(interval 15 minutes, moment.due_at_utc)""",  # noqa: S608
        zone=zone,
    ).fetchall()
    # the database brings a calendar of zones of its own, which may know another future (or past) of some of them
    assume(all(asked == to_local(moment, zone) for moment, _, asked in rows))
    for moment, told, asked in rows:
        quarter = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
        is_split = to_local(quarter, zone) - quarter != to_local(quarter + 15 * MINUTE - timedelta.resolution, zone) - (
            quarter + 15 * MINUTE - timedelta.resolution
        )
        assert told == (None if is_split else asked)


def test_a_report_and_a_closing_just_after_the_clock_went_back_lie_on_the_day_before(tmp_path):
    city_file = write_tiny_world(tmp_path)
    text = city_file.read_text(encoding="utf-8")
    city_file.write_text(text.replace("Asia/Shanghai", ST_JOHNS).replace('country = "CN"', ""), encoding="utf-8")
    lines = (tmp_path / "incidents.csv").read_text(encoding="utf-8").splitlines()
    first = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    rows = [
        first | {"id": name, "reported": f"{moment:%Y-%m-%d %H:%M:%S}Z", "closed": f"{moment:%Y-%m-%d %H:%M:%S}Z",
                 "status": "closed", "due": ""}
        for name, moment in (("before", BEFORE), ("after", AFTER))
    ]  # fmt: skip
    text = "\n".join([lines[0], *(",".join(row.values()) for row in rows)]) + "\n"
    (tmp_path / "incidents.csv").write_text(text, encoding="utf-8")
    pipeline.build_city(
        city_file, tmp_path / "build", now_utc=AFTER + 30 * DAY, as_of_utc=AFTER + 30 * DAY, progress=lambda *_: None
    )
    city = open_city(tmp_path / "build")
    told = city.sql("select incident_id, reported_on, closed_on from core_case order by incident_id desc")
    assert [[str(cell)[:10] for cell in row] for row in told.to_numpy()] == [
        ["before", "2006-10-29", "2006-10-29"],
        ["after", "2006-10-28", "2006-10-28"],
    ]


def test_a_limit_just_after_the_clock_went_back_lies_on_the_day_before():
    as_of = AFTER + 10 * DAY
    cases = [make_case(moment - 5 * DAY, as_of=as_of, zone=ST_JOHNS, close_days=5) for moment in (BEFORE, AFTER)]
    city = open_counts(cases, as_of=as_of, zone=ST_JOHNS)
    rows = city.sql("select cohort, period_start from out_count where period = 'day' and cohort <> 'reported'")
    expected = {date(2006, 10, 28), date(2006, 10, 29)}
    for cohort in ("disposal_due", "closing_due"):
        assert set(rows.loc[rows["cohort"] == cohort, "period_start"].dt.date) == expected
    assert local("2006-10-29T00:00:30", ST_JOHNS) == BEFORE
