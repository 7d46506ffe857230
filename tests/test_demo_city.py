"""The demo city as a whole: what it writes, what is planted, that it is the same every time."""

from __future__ import annotations

import json
from datetime import date
from fnmatch import fnmatch

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import shapely

from governance.demo import make_city
from governance.demo.catalogue import CODE_SYSTEM, load_catalogue
from governance.demo.city import list_months, make_world, read_grids
from governance.demo.day import make_day
from governance.demo.dirt import plant_faults
from governance.demo.geography import make_grids
from governance.demo.incidents import draw_cases
from governance.demo.intensity import add_followers, rate_days
from governance.demo.planted import load_planted
from governance.errors import ConfigError, NotReadyError
from governance.ingest.mapping import map_columns
from governance.profile import EVENT_KINDS, find_files, load_profile
from governance.scenarios.template import list_patterns, load_departments, load_templates

END = pd.Timestamp("2026-01-01")
TINY = {"grids": 400, "days": 60, "incidents_per_day": 200}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("city")
    make_city(path, seed=5, **TINY)
    return path


@pytest.fixture(scope="module")
def incidents(folder):
    return pd.concat([pd.read_parquet(path) for path in sorted(folder.glob("incidents/*.parquet"))], ignore_index=True)


@pytest.fixture(scope="module")
def events(folder):
    return pd.concat([pd.read_parquet(path) for path in sorted(folder.glob("events/*.parquet"))], ignore_index=True)


@pytest.fixture(scope="module")
def facts(folder):
    return json.loads((folder / "truth" / "truth.json").read_text(encoding="utf-8"))


def test_there_is_one_file_of_each_kind_per_month(folder):
    for kind, stem in (("incidents", "platform"), ("events", "events")):
        names = sorted(path.name for path in (folder / kind).iterdir())
        assert names == [f"{stem}-2025-11.parquet", f"{stem}-2025-12.parquet"]


def test_months_are_cut_at_both_ends():
    months = list(list_months(date(2024, 1, 30), date(2024, 3, 2)))
    assert months == [
        ("2024-01", np.datetime64("2024-01-30"), 2),
        ("2024-02", np.datetime64("2024-02-01"), 29),
        ("2024-03", np.datetime64("2024-03-01"), 1),
    ]


def test_about_as_many_incidents_a_day_as_asked_for(facts):
    assert facts["totals"]["incidents"] == pytest.approx(60 * 200, rel=0.1)
    assert 6.0 < facts["totals"]["events"] / facts["totals"]["incidents"] < 8.0


def test_nothing_happens_at_or_after_the_end(incidents, events):
    for column in ("上报时间", "更新时间", "结案时间"):
        assert incidents[column].max() < END
    assert events["时间"].max() < END
    assert events["时间"].min() >= END - pd.Timedelta(days=60)


def test_planted_faults_are_exactly_those_counted(incidents, facts):
    totals = facts["totals"]
    assert len(incidents) == totals["rows"] == totals["incidents"] + totals["duplicate_id"]
    assert incidents["经度"].isna().sum() >= totals["missing_coordinates"] > 0
    first = incidents.drop_duplicates("事件编号")
    assert len(first) == totals["incidents"]
    assert first["经度"].isna().sum() == first["纬度"].isna().sum() == totals["missing_coordinates"]
    assert (first["经度"] > 122.4).sum() == totals["outside_city"] > 0
    assert (first["结案时间"] < first["上报时间"]).sum() == totals["closed_before_reported"]
    assert first["上报时间"].isna().sum() == totals["missing_reported_at"]
    assert first["事件类别"].isna().sum() == totals["missing_category"]


def test_each_fault_is_planted_where_it_is_counted(folder):
    clean = pq.read_table(folder / "incidents" / "platform-2025-11.parquet", read_dictionary=["事件类别", "当前状态"])
    clean = clean.filter(pc.and_(pc.is_valid(clean["上报时间"]), pc.less(clean["经度"], 122.4)))
    shares = dict.fromkeys(load_planted().dirt, 0.1)
    dirty, counts = plant_faults(clean, shares, np.random.default_rng(3))
    assert all(count > 0.05 * clean.num_rows for count in counts.values())
    before, after = clean.to_pandas(), dirty.to_pandas()
    assert len(after) == len(before) + counts["duplicate_id"]
    changed = after[: len(before)]
    assert changed["经度"].isna().sum() == counts["missing_coordinates"]
    assert (changed["经度"] != before["经度"]).sum() == counts["missing_coordinates"] + counts["outside_city"]
    assert changed["上报时间"].isna().sum() == counts["missing_reported_at"]
    assert changed["事件类别"].isna().sum() - before["事件类别"].isna().sum() == pytest.approx(
        counts["missing_category"], abs=1
    )
    already = (before["结案时间"] < before["上报时间"]).sum()
    assert (changed["结案时间"] < before["上报时间"]).sum() == pytest.approx(
        counts["closed_before_reported"] + already, abs=1
    )
    copies = after[len(before) :]
    assert (copies["当前状态"] == "待派遣").all()
    assert copies["事件编号"].is_unique


def test_of_two_rows_with_one_id_the_later_is_the_true_state(incidents, events):
    twice = incidents[incidents.duplicated("事件编号", keep=False)].sort_values("更新时间")
    assert len(twice) > 0
    last = events.groupby("事件编号")["时间"].max()
    for number, rows in twice.groupby("事件编号"):
        assert len(rows) == 2
        assert rows["更新时间"].is_unique
        assert rows["更新时间"].iloc[1] == last[number]
        assert pd.isna(rows["结案时间"].iloc[0])


def test_points_lie_in_the_grid_that_their_place_names(folder, incidents):
    grids = read_grids(folder)
    polygons = grids.set_index(grids.grid_id.str.replace("-", "").str[2:].astype(int)).geometry
    known = incidents[incidents["经度"] < 122.4]
    points = shapely.points(known["经度"], known["纬度"])
    assert shapely.distance(points, polygons.loc[known["地点编码"] // 100_000].to_numpy()).max() < 2e-4


def test_ids_carry_the_day_of_the_report(incidents):
    known = incidents[incidents["上报时间"].notna()]
    assert (known["事件编号"] // 1_000_000 == known["上报时间"].dt.strftime("%Y%m%d").astype(int)).all()


def test_rows_and_events_tell_the_same_story(incidents, events):
    latest = incidents.sort_values("更新时间").drop_duplicates("事件编号", keep="last").set_index("事件编号")
    assert set(events["事件编号"]) == set(latest.index)
    closed = events[events["动作"] == "结案"].set_index("事件编号")["时间"]
    sound = latest[~(latest["结案时间"] < latest["上报时间"])]
    assert sound["结案时间"].dropna().to_dict() == closed[closed.index.isin(sound.index)].to_dict()
    assert ((latest["当前状态"] == "已结案") == latest.index.isin(closed.index)).all()
    cancelled = set(events["事件编号"][events["动作"] == "作废"])
    assert set(latest.index[latest["当前状态"] == "已作废"]) == cancelled != set()
    assert latest["更新时间"].to_dict() == events.groupby("事件编号")["时间"].max()[latest.index].to_dict()


def test_every_category_falls_under_exactly_one_scene_or_is_meant_to_be_unmapped():
    patterns = list_patterns(load_templates(), CODE_SYSTEM)
    catalogue = load_catalogue()
    for number, text in enumerate(catalogue.categories):
        hits = [scenario for pattern, scenario, _ in patterns if fnmatch(text, pattern)]
        owner = int(np.searchsorted(catalogue.scene_first, number, side="right")) - 1
        assert hits == ([catalogue.scenarios[owner]] if catalogue.scenarios[owner] else []), text


def test_planted_numbers_name_known_scenarios_and_departments():
    planted, templates, departments = load_planted(), load_templates(), load_departments()
    assert set(planted.scenarios) == set(templates)
    assert set(planted.slow_departments) <= set(departments)
    for pair in planted.buck_passing:
        assert {pair.sender, pair.receiver} <= set(departments)
        assert pair.reason in planted.reasons["hand_over"]


def test_departments_are_those_of_the_shared_list(incidents, events):
    names = {department.name_zh for department in load_departments().values()}
    assert set(incidents["主办单位"].astype(str)) <= names
    assert set(events["单位"].astype(str)) <= names


def test_the_profile_reads_the_city_and_maps_no_personal_column(folder):
    profile = load_profile(folder / "city.toml")
    source = profile.sources[0]
    assert profile.is_synthetic
    assert len(find_files(profile, source.files)) == len(find_files(profile, source.events.files)) == 2
    assert len(find_files(profile, profile.grids.files)) == 1
    columns = pq.read_schema(folder / "incidents" / "platform-2025-12.parquet").names
    mapped = {theirs for columns in map_columns(source).values() for theirs in columns}
    assert mapped == set(columns) - {"上报人", "联系电话"}
    assert set(source.events.kinds.values()) <= set(EVENT_KINDS)


def test_the_profile_names_the_planted_pilot(folder):
    (pilot,) = load_profile(folder / "city.toml").pilots
    grids = read_grids(folder)
    assert (pilot.scenario, str(pilot.from_)) == ("group_rental", "2025-12-02")
    assert set(grids.loc[grids["district_id"] == pilot.district, "district_en"]) == {"Haishu"}
    assert "Haishu" not in set(grids.loc[grids["district_id"] != pilot.district, "district_en"])


def test_every_event_word_is_mapped(folder, events):
    kinds = load_profile(folder / "city.toml").sources[0].events.kinds
    assert set(events["动作"].astype(str)) == set(kinds)


def test_people_are_plainly_false(incidents):
    assert incidents["上报人"].astype(str).str.startswith("演示人").all()
    assert incidents["联系电话"].astype(str).str.startswith("000-0000-").all()


def test_the_truth_has_a_row_for_every_grid_and_scenario(folder):
    truth = pd.read_parquet(folder / "truth" / "truth.parquet")
    grids = read_grids(folder)
    assert len(truth) == len(grids) * len(load_templates())
    assert set(truth.grid_id) == set(grids.grid_id)
    assert (truth.true_incidents_28d > 0).all()
    expected = truth.true_incidents_28d * truth.reporting_rate
    assert truth.expected_reports_28d.to_numpy() == pytest.approx(expected.to_numpy())


def test_half_rate_towns_report_half(folder, facts):
    truth = pd.read_parquet(folder / "truth" / "truth.parquet").merge(read_grids(folder)[["grid_id", "town_id"]])
    towns = facts["effects"]["half_rate_towns"]
    assert towns
    assert ((truth.reporting_rate == 0.5) == truth.town_id.isin(towns)).all()


def test_followers_add_up_by_hand():
    # One town of two grids, each the other's only neighbour; a scenario with 0.2 children and 0.1 recurrences.
    class Two:
        def collect(self, _name):
            return np.array([0.2])

        def expect_recurrences(self):
            return np.array([0.1])

    neighbours = np.array([[1] * 5, [0] * 5])
    total = add_followers(np.array([[1.0], [0.0]]), neighbours, Two())
    # x0 = 1 + 0.24 x0 + 0.06 x1, x1 = 0.24 x1 + 0.06 x0
    a, b = 0.76, 0.06
    assert total[:, 0] == pytest.approx([a / (a * a - b * b), b / (a * a - b * b)])


def test_day_factors_have_mean_one_in_either_half_and_dip_at_spring_festival():
    catalogue = load_catalogue()
    factors = rate_days(catalogue, date(2024, 1, 2), 730)
    assert factors.shape == (758, len(catalogue.scenarios))
    for half in (slice(0, 365), slice(365, 730)):
        assert factors[half].mean(axis=0) == pytest.approx(1.0)
    festival, ordinary = (date(2025, 1, 29) - date(2024, 1, 2)).days, (date(2025, 3, 5) - date(2024, 1, 2)).days
    assert (factors[festival] < 0.75 * factors[ordinary]).all()


def test_counts_are_what_the_truth_expects_within_chance():
    grids = make_grids(5, 100)
    world = make_world(grids, seed=5, start=date(2025, 1, 1), days=365, per_day=20_000)
    flat = np.ones((20, len(world.catalogue.scenarios)))
    none = draw_nothing()
    cases, _ = draw_cases(world, np.datetime64("2025-01-01"), flat, carried=none, rng=np.random.default_rng(1))
    first = (world.intensity.first * world.intensity.reporting[:, None]).sum() * 20
    total = (world.intensity.total * world.intensity.reporting[:, None]).sum() * 20
    assert total == pytest.approx(400_000)
    assert first < len(cases.scene) < total  # the start has no followers of the time before


def draw_nothing():
    from governance.demo.city import make_nothing  # noqa: PLC0415

    return make_nothing()


def test_two_runs_give_the_same_data(folder, tmp_path):
    make_city(tmp_path, seed=5, **TINY)
    for path in sorted(folder.glob("*/*.parquet")):
        assert pq.read_table(path).equals(pq.read_table(tmp_path / path.relative_to(folder))), path.name
    for name in ("city.toml", "truth/truth.json"):
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes()


def test_progress_is_told_from_zero_to_one(tmp_path):
    told = []
    make_city(tmp_path, grids=40, days=4, incidents_per_day=20, progress=lambda word, share: told.append((word, share)))
    shares = [share for _, share in told]
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert told[-1] == ("done", 1.0)


def test_a_city_that_is_not_a_demo_is_left_alone(tmp_path):
    (tmp_path / "city.toml").write_text("schema = 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="is not the demo"):
        make_city(tmp_path, **TINY)
    assert (tmp_path / "city.toml").read_text(encoding="utf-8") == "schema = 1\n"


def test_a_smaller_city_leaves_no_file_of_a_larger_one(tmp_path):
    make_city(tmp_path, grids=40, days=70, incidents_per_day=20)
    make_city(tmp_path, grids=40, days=20, incidents_per_day=20)
    assert [path.name for path in (tmp_path / "incidents").iterdir()] == ["platform-2025-12.parquet"]


def test_a_new_day_brings_new_cases_and_closes_old_ones(tmp_path):
    make_city(tmp_path, seed=5, **TINY)
    before = pd.read_parquet(tmp_path / "incidents" / "platform-2025-12.parquet")
    make_day(tmp_path, seed=1)
    rows = pd.read_parquet(tmp_path / "incidents" / "platform-2026-01-01.parquet")
    events = pd.read_parquet(tmp_path / "events" / "events-2026-01-01.parquet")
    assert list(rows.columns) == list(before.columns)
    is_new = rows["上报时间"] >= END
    assert 100 < is_new.sum() < 300
    older = rows[~is_new].merge(before, on="事件编号", suffixes=("", "_before"))
    assert set(older["事件编号"]) == set(rows["事件编号"][~is_new])
    assert 5 < (~is_new).sum() < 100
    assert (older["更新时间"] > older["更新时间_before"]).all()
    assert older["结案时间_before"].isna().all()
    for times in (events["时间"], rows["更新时间"]):
        assert times.min() >= END
        assert times.max() < END + pd.Timedelta(days=1)
    assert set(events["事件编号"]) == set(rows["事件编号"])


def test_a_new_day_needs_a_city_and_a_near_date(folder, tmp_path):
    with pytest.raises(NotReadyError, match="python -m governance demo"):
        make_day(tmp_path)
    with pytest.raises(ConfigError, match="within 28 days"):
        make_day(folder, date(2026, 3, 1))


@pytest.mark.slow
def test_planted_effects_show_in_a_middling_city(tmp_path):
    make_city(tmp_path, grids=1000, days=730, incidents_per_day=1500)
    grids = read_grids(tmp_path)
    names = ["上报时间", "截止时间", "事件类别", "地点编码"]
    rows = pd.concat([pd.read_parquet(path, columns=names) for path in tmp_path.glob("incidents/*.parquet")])
    key = (grids.grid_id.str.replace("-", "").str[2:]).astype(int)
    grid = pd.Series(np.arange(len(grids)), index=key).loc[rows["地点编码"] // 100_000].to_numpy()
    rows = rows.assign(grid=grid, code=rows["事件类别"].astype(str).str[:3])
    pilot = rows[(rows.code == "QZF") & (grids.district_en.to_numpy()[grid] == "Haishu")]
    years = pilot.groupby(pilot["上报时间"].dt.year).size()
    assert years[2025] / years[2024] == pytest.approx(1 - 0.057, abs=0.1)
    truth = pd.read_parquet(tmp_path / "truth" / "truth.parquet")
    parking = (
        truth[truth.scenario == "illegal_parking"].set_index("grid_id").expected_reports_28d.reindex(grids.grid_id)
    )
    counted = np.bincount(rows.grid[rows.code == "WTC"], minlength=len(grids))
    assert np.corrcoef(parking, counted)[0, 1] > 0.97
    festival = rows[(rows["上报时间"] >= "2025-01-27") & (rows["上报时间"] < "2025-02-03")]
    ordinary = rows[(rows["上报时间"] >= "2025-03-03") & (rows["上报时间"] < "2025-03-10")]
    assert len(festival) < 0.75 * len(ordinary)
