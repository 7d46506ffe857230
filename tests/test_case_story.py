"""What the snapshot tells of a case, against the log that it was told by: every event, every stretch of holding."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from governance.cases.moves import KINDS
from governance.city import City
from governance.profile import load_profile

SORTS = (
    "hops = 0 and not is_open and reopenings = 0", "is_open and stage = 'dispatched'", "is_open and is_overdue",
    "returns > 0", "reopenings > 0", "is_ping_pong", "pauses > 0", "extensions > 0", "illegal_moves > 0",
    "stage = 'cancelled'", "stage = 'evaluated'",
)  # fmt: skip
A_SORT = 12


@pytest.fixture(scope="module")
def log(demo_build: Path, city: City) -> pd.DataFrame:
    """The demo city's event files in our words, before the snapshot's moment, each event once."""
    profile = load_profile(demo_build.parent / "city" / "city.toml")
    (source,) = profile.sources
    assert source.events
    told = source.events
    files = sorted(path for pattern in told.files for path in profile.folder.glob(pattern))
    rows = pd.concat([pd.read_parquet(path) for path in files])
    at = pd.to_datetime(rows[told.at])
    at = at.dt.tz_localize(profile.timezone) if at.dt.tz is None else at
    frame = pd.DataFrame(
        {
            "incident_id": rows[told.incident_id].astype(str),
            "kind": rows[told.kind].map(lambda kind: told.kinds.get(kind, kind)),
            "at_utc": at.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[us]"),
        }
    )
    return frame[(frame["at_utc"] < city.as_of_utc) & frame["kind"].isin(KINDS)].drop_duplicates()


@pytest.mark.parametrize("sort", SORTS)
def test_the_events_of_a_case_are_those_of_its_log(city: City, log: pd.DataFrame, sort: str) -> None:
    columns = "source, incident_id, reported_at_utc"
    chosen = city.sql(f"select {columns} from core_case where {sort} order by hash(incident_id) limit {A_SORT}")
    assert len(chosen) > 0, "the demo plants such cases"
    for id_, key in zip(chosen["incident_id"], chosen.to_dict("records"), strict=True):
        rows = city.ask("ui_case_events", kinds=list(KINDS), **key)
        own = log[log["incident_id"] == id_]
        assert set(zip(rows["kind"], rows["at_utc"], strict=True)) == set(zip(own["kind"], own["at_utc"], strict=True))
        assert rows["at_utc"].is_monotonic_increasing


@pytest.mark.parametrize("sort", SORTS)
def test_the_stretches_of_a_case_tile_its_life_and_sum_to_its_working_time(city: City, sort: str) -> None:
    chosen = city.sql(
        "select *, coalesce(desk_work_s, 0) + coalesce(held_work_s, 0) + coalesce(check_work_s, 0) as work_s "
        f"from core_case where {sort} order by hash(incident_id) limit {A_SORT}"
    )
    for case in chosen.itertuples():
        key = {"source": case.source, "incident_id": case.incident_id, "reported_at_utc": case.reported_at_utc}
        rows = city.ask("ui_case_stints", **key)
        assert rows["work_hours"].sum() * 3600 == pytest.approx(case.work_s)
        assert rows["from_utc"].iloc[0] == case.reported_at_utc
        # Between closing and reopening nobody has it; otherwise a stretch begins where the one before ended.
        gaps = rows["from_utc"].iloc[1:].to_numpy() != rows["to_utc"].iloc[:-1].to_numpy()
        assert (rows["began_by"].iloc[1:].to_numpy()[gaps] == "reopened").all()
        end = city.as_of_utc if case.is_open else case.cancelled_at_utc if case.stage == "cancelled" else None
        assert rows["until_utc"].iloc[-1] == pd.Timestamp(end or case.closed_at_utc)
        assert rows["to_utc"].isna().sum() == int(case.is_open)
        assert rows["work_share"].sum() == pytest.approx(1) or case.work_s == 0


def test_pauses_and_extensions_are_kept_once_for_each_that_a_case_counts(city: City) -> None:
    for table, counted in (("core_pause", "pauses"), ("core_extension", "extensions")):
        rows = city.sql(f"select source, incident_id, count(*) as told from {table} group by all")
        cases = city.sql(f"select source, incident_id, {counted} as told from core_case where {counted} > 0")
        keys = ["source", "incident_id"]
        assert len(cases) > 0
        pd.testing.assert_frame_equal(
            rows.sort_values(keys, ignore_index=True), cases.sort_values(keys, ignore_index=True), check_dtype=False
        )


def test_every_case_that_was_closed_of_late_is_listed(city: City) -> None:
    day = pd.Timestamp(city.as_of_utc, tz="UTC").tz_convert("Asia/Shanghai").date()
    cases = city.sql("select incident_id, closed_on from core_case where closed_on is not null")
    recent = cases[pd.to_datetime(cases["closed_on"]).dt.date >= day - pd.Timedelta(days=91)]
    listed = city.sql("select incident_id from out_closed_case")
    assert set(listed["incident_id"]) == set(recent["incident_id"])
    assert len(listed) == len(recent) > 0
