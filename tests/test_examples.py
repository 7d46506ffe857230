"""The example cities, built from the publishers' real files where those are there; figures counted independently."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import geopandas
import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely

from governance import pipeline
from governance.city import City, open_city
from governance.ui.geometry import make_shapes

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
INPUTS = {"nyc311": "nyc311", "boston311": "boston311_2011", "merseyside": "merseyside", "stuttgart": "stuttgart"}
NOW = datetime.fromisoformat("2026-11-01")

pytestmark = pytest.mark.slow


def copy_example(name: str, folder: Path, *, files: list[Path] | None = None) -> Path:
    """The example beside links to the publisher's files."""
    source = SHARED / INPUTS[name]
    if not source.is_dir():
        pytest.skip(f"the real files of {name} are not on this machine")
    shutil.copytree(ROOT / "examples" / name, folder, ignore=shutil.ignore_patterns("input"))
    (folder / "input").mkdir()
    for path in files or sorted(source.iterdir()):
        (folder / "input" / path.name).symlink_to(path)
    return folder / "city.toml"


def build(city_file: Path, build_dir: Path, *, as_of_utc: datetime | None = None) -> City:
    """The published city; its polygons, however untidy, can be drawn on the map."""
    pipeline.build_city(city_file, build_dir, now_utc=NOW, as_of_utc=as_of_utc, progress=lambda *_: None)
    city = open_city(build_dir)
    assert make_shapes(city).grids
    return city


def account(city: City) -> dict[str, int]:
    row = city.sql("select sum(read) as read, sum(accepted) as accepted, sum(quarantined) as quarantined, "
                   "sum(duplicate) as duplicate from meta_file").iloc[0]  # fmt: skip
    return {name: int(row[name]) for name in ("read", "accepted", "quarantined", "duplicate")}


def reasons(city: City) -> dict[str, int]:
    frame = city.sql("select code, sum(rows) as rows from meta_file_reason group by code")
    return dict(zip(frame["code"], frame["rows"].astype(int), strict=True))


def locations(city: City) -> dict[str, int]:
    frame = city.sql("select location_status, sum(rows) as rows from meta_location group by location_status")
    return dict(zip(frame["location_status"], frame["rows"].astype(int), strict=True))


@pytest.fixture(scope="module")
def nyc(tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = tmp_path_factory.mktemp("nyc")
    return build(copy_example("nyc311", folder / "city"), folder / "build")


def test_new_york_accounts_for_every_row_of_its_six_extracts(nyc: City) -> None:
    extracts = sorted((SHARED / "nyc311").glob("snapshot_*.parquet"))
    read = sum(pq.read_metadata(path).num_rows for path in extracts)
    told = account(nyc)
    assert told["read"] == read == told["accepted"] + told["quarantined"] + told["duplicate"]
    # 62,812 ids: the accepted ones and those whose only good answer is quarantine.
    ids = set().union(*(pq.read_table(path, columns=["unique_key"])["unique_key"].to_pylist() for path in extracts))
    assert len(ids) == 62_812 == told["accepted"] + told["quarantined"]
    found = reasons(nyc)
    assert found["missing_coordinates"] == 1_109
    assert found["closed_before_reported"] == 14 == told["quarantined"]
    assert found["closed_at_but_open"] == 2_204
    assert locations(nyc) == {"matched": 61_681, "missing": 1_109, "outside": 8}


def test_new_york_is_the_same_in_any_order_of_its_extracts(nyc: City, tmp_path: Path) -> None:
    extracts = sorted((SHARED / "nyc311").glob("snapshot_*.parquet"))
    others = [path for path in (SHARED / "nyc311").iterdir() if path not in extracts]
    city_file = copy_example("nyc311", tmp_path / "city", files=others)
    for place, path in enumerate(reversed(extracts)):
        (tmp_path / "city" / "input" / f"snapshot_{place}.parquet").symlink_to(path)
    columns = "incident_id, reported_at_utc, stage, grid_no, department, closed_at_utc, is_open"
    query = f"select {columns} from core_case order by incident_id"  # noqa: S608
    assert build(city_file, tmp_path / "build").sql(query).equals(nyc.sql(query))


def test_new_york_points_lie_in_the_tracts_that_shapely_finds(nyc: City) -> None:
    grids = nyc.grids()
    cases = nyc.sql("select lon, lat, grid_no from core_case where lon is not null")
    tree = shapely.STRtree(grids.geometry.to_numpy())
    point, tract = tree.query(shapely.points(cases["lon"], cases["lat"]), predicate="intersects")
    smallest = np.full(len(cases), np.iinfo(np.int64).max)
    np.minimum.at(smallest, point, grids["grid_no"].to_numpy()[tract])
    found = np.where(smallest == np.iinfo(np.int64).max, -1, smallest)
    assert np.array_equal(found, cases["grid_no"].fillna(-1).to_numpy(dtype=np.int64))


def test_boston_flags_what_the_city_flags(tmp_path: Path) -> None:
    # All closings of the extract lie before this moment, and so do all due times of its open cases.
    city = build(
        copy_example("boston311", tmp_path / "city"), tmp_path / "build", as_of_utc=datetime.fromisoformat("2019-11-01")
    )
    flags = city.sql(
        "select source_is_overdue as flagged, is_overdue or is_disposed_late as late, "
        "due_at_utc is not null as has_due, count(*) as cases from core_case group by all"
    )
    assert flags[flags["flagged"].eq(True)]["cases"].sum() == 11_521
    both = flags[flags["flagged"].notna() & flags["has_due"]]
    assert both["cases"].sum() == 35_591 + 11_521
    assert (both["flagged"].astype(bool) == both["late"].astype(bool)).all()
    assert reasons(city)["default_location"] == 4_775


def test_merseyside_joins_agree_with_the_areas_that_the_police_name(tmp_path: Path) -> None:
    city = build(copy_example("merseyside", tmp_path / "city"), tmp_path / "build")
    assert account(city) == {"read": 627_122, "accepted": 627_122, "quarantined": 0, "duplicate": 0}
    repaired = city.sql("select count(*) as n from meta_grid_report where kind = 'repaired'").iloc[0]["n"]
    assert repaired == 9
    areas = geopandas.read_parquet(SHARED / "merseyside" / "lsoa_merseyside.parquet").set_index("LSOA11CD")
    grids = city.grids()
    within = grids.set_geometry(grids.representative_point()).sjoin(areas.reset_index()[["LSOA11CD", "geometry"]])
    area_of_grid = within.set_index("grid_no")["LSOA11CD"]
    cases = city.sql("select grid_no, place_key from core_case where grid_no is not null")
    named = cases[cases["place_key"].isin(areas.index)]
    agreeing = (named["grid_no"].map(area_of_grid) == named["place_key"]).mean()
    assert len(named) > 0.95 * len(cases)
    # The areas were told from finer borders than are published: one point in 24 lies on the other side of one.
    assert agreeing > 0.95
    # police.uk never says when a case was closed: none may be called overdue.
    assert city.sql("select count(*) filter (where is_open or is_overdue) as n from core_case").iloc[0]["n"] == 0


def test_stuttgart_drops_exact_duplicates_and_shows_the_far_points(tmp_path: Path) -> None:
    city = build(copy_example("stuttgart", tmp_path / "city"), tmp_path / "build")
    assert account(city) == {"read": 134_627, "accepted": 133_608, "quarantined": 0, "duplicate": 1_019}
    found = locations(city)
    assert sum(found.values()) == 133_608
    assert found["far_outside"] == 98
