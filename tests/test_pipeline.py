"""The whole walk on the tiny world worked by hand, and on small demo cities."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from governance import freshness, pipeline
from governance.cases import assembly
from governance.city import City, open_city
from governance.demo import make_city
from governance.demo.day import make_day
from governance.errors import ConfigError, InputError, NotReadyError
from tests import tiny_world

NOW = datetime.fromisoformat("2026-11-01")


def quiet(step: str, fraction: float) -> None:
    """No progress bar."""


def build(city_file: Path, build_dir: Path, *, as_of_utc: datetime | None = None, now_utc: datetime = NOW) -> City:
    pipeline.build_city(city_file, build_dir, now_utc=now_utc, as_of_utc=as_of_utc, progress=quiet)
    return open_city(build_dir)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = tmp_path_factory.mktemp("tiny")
    city_file = tiny_world.write_tiny_world(folder / "city")
    return build(city_file, folder / "build", as_of_utc=tiny_world.AS_OF_UTC, now_utc=tiny_world.READ_AT_UTC)


def test_every_row_of_the_tiny_world_is_accounted_for(tiny: City) -> None:
    told = tiny.sql("select read, accepted, quarantined, duplicate from meta_file").iloc[0].tolist()
    assert told == [tiny_world.READ, tiny_world.ACCEPTED, tiny_world.QUARANTINED_ROWS, tiny_world.DUPLICATE]
    quarantine = tiny.sql("select row_number, reasons from core_quarantine")
    found = {int(row.row_number): list(row.reasons) for row in quarantine.itertuples()}
    assert found == tiny_world.QUARANTINED


def test_every_case_of_the_tiny_world_lies_where_it_lies(tiny: City) -> None:
    cases = tiny.sql("select incident_id, grid_id, location_status from core_case left join core_grid using (grid_no)")
    assert {row.incident_id: row.grid_id or None for row in cases.fillna("").itertuples()} == tiny_world.GRID_OF
    assert dict(zip(cases["incident_id"], cases["location_status"], strict=True)) == tiny_world.LOCATION_OF


def test_open_and_overdue_cases_of_the_tiny_world(tiny: City) -> None:
    cases = tiny.sql("select incident_id, is_open, is_overdue, due_from, overdue_hours, department from core_case")
    assert set(cases[cases["is_open"]]["incident_id"]) == tiny_world.OPEN
    by_row = cases[cases["due_from"] == "row"]
    assert by_row["incident_id"].tolist() == ["T-11"]
    # Due on the 5th at 10:00, asked on the 15th at 12:00.
    assert by_row["overdue_hours"].tolist() == [242.0]
    assert set(cases["department"]) == {"patrol"}


def test_cases_in_no_grid_and_in_no_scenario_stay_in_the_totals(tiny: City) -> None:
    units = tiny.sql("select level, unit_id, scenario, cases from out_unit where cases > 0")
    city = units[units["level"] == 0]
    assert city["cases"].sum() == len(tiny_world.GRID_OF)
    assert city.set_index("scenario")["cases"].to_dict() == {"group_rental": 9, "fire_lane": 1, "~unmapped": 1}
    unmatched = units[units["unit_id"] == "~unmatched"]
    assert unmatched["cases"].sum() == sum(grid is None for grid in tiny_world.GRID_OF.values())


def test_every_grid_has_one_tier_in_each_scenario(tiny: City) -> None:
    tiers = tiny.tiers()
    assert len(tiers) == 4 * 2
    assert set(tiers["tier"]) <= {"red", "yellow", "green"}
    assert tiers.groupby("scenario")["tier"].agg(lambda tier: (tier == "red").sum()).max() == 1


def test_the_unit_totals_say_what_the_cases_say(tiny: City) -> None:
    told = tiny.sql("select sum(open_cases) as n, sum(overdue_cases) as late from out_unit where level = 0").iloc[0]
    assert told["n"] == len(tiny_world.OPEN)
    late = tiny.sql("select count(*) filter (where is_overdue) as n from core_case").iloc[0]["n"]
    assert told["late"] == late
    assert tiny.sql("select sum(overdue_cases) as n from out_department").iloc[0]["n"] == late
    assert len(tiny.overdue()) == tiny.sql("select * from out_open")["is_overdue"].sum() == late


def test_personal_columns_reach_no_file_of_the_build(tiny: City) -> None:
    secret = tiny_world.SECRET_PHONE.encode()
    files = [path for path in tiny.build_dir.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not [path for path in files if secret in path.read_bytes()]
    everything = tiny.sql("select original::varchar as text from core_quarantine")["text"]
    assert not everything.str.contains(tiny_world.SECRET_PHONE).any()


def test_the_same_files_again_need_no_build_and_a_changed_one_does(tmp_path: Path) -> None:
    city_file = tiny_world.write_tiny_world(tmp_path / "city")
    build(city_file, tmp_path / "build", now_utc=tiny_world.READ_AT_UTC)
    assert freshness.is_current(tmp_path / "build", pipeline.load_city(city_file))
    with (tmp_path / "city" / "incidents.csv").open("a", encoding="utf-8") as stream:
        stream.write(",".join(tiny_world.ROWS[0]).replace("T-01", "T-99") + "\n")
    assert not freshness.is_current(tmp_path / "build", pipeline.load_city(city_file))


def test_without_a_moment_the_city_is_shown_just_after_its_newest_report(tmp_path: Path) -> None:
    city = build(tiny_world.write_tiny_world(tmp_path / "city"), tmp_path / "build", now_utc=tiny_world.READ_AT_UTC)
    newest = datetime.fromisoformat("2024-03-15T04:00")  # T-14, noon in Shanghai
    assert city.as_of_utc == newest + timedelta(minutes=1)


def _tables(city: City, names: tuple[str, ...]) -> dict[str, list[tuple[object, ...]]]:
    """The rows as texts; the last digits of a sum of doubles depend on the order in which it was added up."""
    tables = {}
    for name in names:
        frame = city.sql(f"select * from {name}")  # noqa: S608
        doubles = frame.select_dtypes("float").round(9)
        tables[name] = sorted(frame.assign(**doubles).astype(object).map(str).itertuples(index=False, name=None))
    return tables


SAME = (
    "core_case", "core_quarantine", "out_unit", "out_trend", "out_funnel", "out_department", "out_open",
    "out_grid_month", "out_stuck", "out_illegal_move", "out_illegal_sample", "out_recurring_place", "out_half_life",
    "core_stint", "out_handover", "out_holding", "out_count", "out_dispute", "out_received",
    "meta_file", "meta_file_reason", "meta_location", "meta_unmapped", "out_tier", "out_tier_history",
    "out_tier_change", "out_tier_place", "out_inspection", "out_flare_up", "out_capacity", "out_urgent", "out_fairness",
    "out_recent_incident",
    "out_calibration",
)  # fmt: skip


def test_a_build_from_the_last_snapshot_equals_a_build_from_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    make_city(folder, grids=200, days=40, incidents_per_day=60)
    first = build(folder / "city.toml", tmp_path / "build")
    make_day(folder)
    second = build(folder / "city.toml", tmp_path / "build")
    fresh = build(folder / "city.toml", tmp_path / "fresh")
    assert second.as_of_utc > first.as_of_utc
    assert second.generation != first.generation
    ours, oracle = _tables(second, SAME), _tables(fresh, SAME)
    for name in SAME:
        assert ours[name] == oracle[name], name


def test_cases_assembled_in_many_ranges_of_ids_equal_those_assembled_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "demo"
    make_city(folder, grids=100, days=40, incidents_per_day=30)
    make_day(folder)
    whole = build(folder / "city.toml", tmp_path / "whole")
    for incidents in (1, 400):
        monkeypatch.setattr(assembly, "RANGE_INCIDENTS", incidents)
        parts = build(folder / "city.toml", tmp_path / f"parts-{incidents}")
        for name in ("core_case", "core_stint", "out_count"):
            assert _tables(parts, (name,)) == _tables(whole, (name,)), (name, incidents)


def test_a_file_that_is_gone_takes_its_cases_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    make_city(folder, grids=200, days=60, incidents_per_day=20)
    before = build(folder / "city.toml", tmp_path / "build")
    gone = min((folder / "incidents").glob("*.parquet"))
    rows = before.sql("select accepted from meta_file where file = $file", file=gone.name).iloc[0, 0]
    total = before.sql("select count(*) from core_case").iloc[0, 0]
    gone.unlink()
    after = build(folder / "city.toml", tmp_path / "build")
    assert after.sql("select count(*) from core_case").iloc[0, 0] == total - rows


def test_an_earlier_moment_shows_the_city_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    make_city(folder, grids=200, days=40, incidents_per_day=40)
    now = build(folder / "city.toml", tmp_path / "build")
    moment = now.as_of_utc - timedelta(days=10)
    then = build(folder / "city.toml", tmp_path / "build", as_of_utc=moment)
    fresh = build(folder / "city.toml", tmp_path / "fresh", as_of_utc=moment)
    assert _tables(then, SAME) == _tables(fresh, SAME)
    assert then.sql("select max(reported_at_utc) as t from core_case").iloc[0]["t"] < moment
    closed_later = "select count(*) from core_case where closed_at_utc >= $moment"
    assert then.sql(closed_later, moment=moment).iloc[0, 0] == 0


def test_rules_that_name_no_scenario_are_refused_together(tmp_path: Path) -> None:
    city_file = tiny_world.write_tiny_world(tmp_path / "city")
    text = city_file.read_text(encoding="utf-8")
    wrong = text.replace('scenario = "group_rental"', 'scenario = "group_rentals"').replace(
        'scenario = "fire_lane"', 'scenario = "fire_lane"\nscene = "compound_vehicles"'
    )
    city_file.write_text(wrong, encoding="utf-8")
    with pytest.raises(ConfigError, match="group_rental") as caught:
        pipeline.load_city(city_file)
    assert "compound_vehicle`?" in str(caught.value)


@pytest.mark.parametrize("policy", ["never", "all_columns"])
def test_a_doubled_id_that_tells_nothing_apart_is_two_cases(tmp_path: Path, policy: str) -> None:
    city_file = tiny_world.write_tiny_world(tmp_path / "city")
    text = city_file.read_text(encoding="utf-8").replace(
        'policy = "by_id"\nlatest_by = "updated_at"', f'policy = "{policy}"'
    )
    city_file.write_text(text, encoding="utf-8")
    city = build(city_file, tmp_path / "build", as_of_utc=tiny_world.AS_OF_UTC, now_utc=tiny_world.READ_AT_UTC)
    cases = city.sql("select incident_id from core_case")["incident_id"]
    assert len(cases) == len(tiny_world.GRID_OF) + 1
    assert cases.str.startswith("T-05#").sum() == 2


def test_a_city_without_usable_rows_is_not_published(tmp_path: Path) -> None:
    city_file = tiny_world.write_tiny_world(tmp_path / "city", rows=(tiny_world.ROWS[7],))
    with pytest.raises(NotReadyError, match="No input row was accepted"):
        build(city_file, tmp_path / "build", now_utc=tiny_world.READ_AT_UTC)
    with pytest.raises(NotReadyError):
        open_city(tmp_path / "build")


def test_a_failed_build_leaves_the_last_snapshot_current(tmp_path: Path) -> None:
    city_file = tiny_world.write_tiny_world(tmp_path / "city")
    good = build(city_file, tmp_path / "build", now_utc=tiny_world.READ_AT_UTC)
    shutil.copy(city_file.parent / "incidents.csv", city_file.parent / "other.csv")
    (city_file.parent / "incidents.csv").write_bytes(b"id,reported\n\xff\xfe\x00\n")
    with pytest.raises(InputError):
        build(city_file, tmp_path / "build", now_utc=tiny_world.READ_AT_UTC)
    assert open_city(tmp_path / "build").generation == good.generation


def test_the_committed_sample_of_gbk_text_and_gcj_02_points_lands_in_its_grids(tmp_path: Path) -> None:
    city = build(Path(__file__).parents[1] / "data" / "city.toml", tmp_path / "build")
    cases = city.sql("select place_key, grid_id from core_case join core_grid using (grid_no)")
    # The platform's place key holds the digits of the grid that the incident was made in: a truth of its own.
    made_in = cases["place_key"].str[:-5].str.zfill(12)
    joined = cases["grid_id"].str.removeprefix("33").str.replace("-", "")
    assert len(cases) > 4000
    # A place is a spot of some metres, so a few of its incidents lie just across a border.
    assert (made_in == joined).mean() > 0.99
    told = city.sql("select sum(read) as n, sum(accepted + quarantined + duplicate) as m from meta_file").iloc[0]
    assert told["n"] == told["m"] > 30_000


def test_old_data_is_built_in_a_year_that_the_calendar_does_not_know(tmp_path: Path) -> None:
    city_file = tiny_world.write_tiny_world(tmp_path / "city")
    city = build(city_file, tmp_path / "build", now_utc=datetime.fromisoformat("2031-05-01"))
    assert city.sql("select count(due_at_utc) as n from core_case").iloc[0]["n"] > 0


def test_a_case_of_a_year_that_the_calendar_does_not_know_is_refused_with_what_to_add(tmp_path: Path) -> None:
    rows = (*tiny_world.ROWS[:2], tiny_world.row("T-90", "2031-03-03 09:00:00", tiny_world.at(0.5, 0.5)))
    city_file = tiny_world.write_tiny_world(tmp_path / "city", rows=rows)
    with pytest.raises(ConfigError, match="extra_holidays"):
        build(city_file, tmp_path / "build", now_utc=datetime.fromisoformat("2031-05-01"))
