"""The committed sample: small, untidy on purpose, readable with its own profile."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from governance.demo.sample import ENCODING, SAMPLE_DAYS, make_sample
from governance.ingest.coordinates import gcj02_to_wgs84
from governance.profile import find_files, load_profile

REPO = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("repo")
    make_sample(root, seed=5, grids=400)
    return root / "data"


@pytest.fixture(scope="module")
def incidents(data):
    files = sorted(data.glob("incidents/platform-*.csv"))
    return pd.concat([pd.read_csv(path, encoding=ENCODING, dtype=str, keep_default_na=False) for path in files])


def test_the_profile_finds_the_files(data):
    profile = load_profile(data / "city.toml")
    source = profile.sources[0]
    assert profile.is_synthetic
    assert (source.format, source.encoding, source.crs) == ("csv", "gb18030", "GCJ-02")
    assert len(find_files(profile, source.files)) == len(SAMPLE_DAYS)
    assert len(find_files(profile, source.events.files)) == len(SAMPLE_DAYS)
    assert len(find_files(profile, profile.grids.files)) == 1


def test_files_are_gb18030_and_not_utf8(data):
    raw = next(iter(data.glob("incidents/platform-*.csv"))).read_bytes()
    assert raw.decode("gb18030").startswith("事件编号,上报时间,")
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")


def test_points_are_moved_as_chinese_maps_move_them(data, incidents):
    grids = gpd.read_parquet(data / "grids" / "ningbo_grids.parquet")
    polygons = grids.set_index(grids.grid_id.str.replace("-", "").str[2:].astype(int)).geometry
    points = incidents[["经度", "纬度"]].apply(pd.to_numeric, errors="coerce")
    known = points.notna().all(axis=1) & (points["经度"] < 122.4)
    lon, lat = points[known].to_numpy().T
    own = polygons.loc[incidents["地点编码"][known].astype(int) // 100_000].to_numpy()
    as_written = shapely.distance(shapely.points(lon, lat), own)
    brought_back = shapely.distance(shapely.points(*gcj02_to_wgs84(lon, lat)), own)
    assert brought_back.max() < 2e-4  # the jitter of a phone
    assert np.quantile(as_written, 0.9) > 1e-4


def test_each_fault_is_there(incidents):
    times = pd.to_datetime(incidents["上报时间"], format="%Y/%m/%d %H:%M:%S", errors="coerce")
    unreadable = incidents["上报时间"][times.isna() & (incidents["上报时间"] != "")]
    assert set(unreadable) == {"2025-13-45 25:61:00", "昨天下午", "#VALUE!"}
    assert {"不详", "121.5E", ""} <= set(incidents["经度"])
    assert incidents["事件编号"].duplicated().sum() > 0
    assert (pd.to_numeric(incidents["经度"], errors="coerce") > 122.4).sum() > 0


def test_numbers_and_ids_are_written_without_a_decimal_point(incidents):
    for column in ("事件编号", "地点编码", "严重程度"):
        assert incidents[column].str.fullmatch(r"\d+").all()


def test_events_belong_to_the_incidents_of_their_day(data):
    for day in SAMPLE_DAYS:
        rows, events = (
            pd.read_csv(data / "incidents" / f"{kind}-{day}.csv", encoding=ENCODING, dtype=str)
            for kind in ("platform", "events")
        )
        assert set(events["事件编号"]) == set(rows["事件编号"])


def test_the_committed_sample_is_small_and_as_the_code_makes_it(data):
    files = [path for path in (REPO / "data").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 6_000_000
    assert {path.name for path in data.rglob("*") if path.is_file()} <= {path.name for path in files}
    assert (REPO / "data" / "city.toml").read_bytes() == (data / "city.toml").read_bytes()


def test_reasons_and_extensions_stand_in_the_events_and_are_readable(data):
    source = load_profile(data / "city.toml").sources[0]
    rows = pd.concat(
        [pd.read_csv(path, encoding=ENCODING, dtype=str) for path in sorted(data.glob("incidents/events-*.csv"))]
    )
    assert set(rows["动作"]) <= set(source.events.kinds)
    until = rows["延期至"].dropna()
    assert set(rows["动作"][rows["延期至"].notna()]) == {"延期"}
    assert until.str.fullmatch(r"2025/12/\d\d|2026/\d\d/\d\d").all()
    assert len(until) == (rows["动作"] == "延期").sum() > 50
    assert {"转办", "退回", "延期", "暂停", "作废"} == set(rows["动作"][rows["原因"].notna()])
