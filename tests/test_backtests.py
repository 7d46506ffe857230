"""Backtests of a published city: what is read of it, what is kept, the report, the command."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from tiny_snapshot import AS_OF_UTC, publish_tiny

from governance.backtest_report import draw_intervals, write_report
from governance.backtest_store import COUNTS, PRODUCT, Result, locate_result, read_result, store_result
from governance.backtests import Settings, backtest_city, read_ground
from governance.city import open_city
from governance.errors import NotReadyError
from governance.grids.cover import build_cover
from governance.hazard.candidates import BASELINES, Additive
from governance.hazard.metrics import ALL, RATIO
from governance.hazard.shifts import shift_ground
from governance.hazard.summary import SUMMARY
from governance.snapshot import SCHEMA_VERSION, Current
from tests.tiny_hazard import AS_OF, simulate

SIDE = 8
WIDTH = 0.01


@dataclass(frozen=True)
class LatticeCity:
    """What a backtest asks of a city: 64 squares, one scenario, and an end one day after its last report."""

    generation: str = "000007"
    as_of_utc: datetime = datetime(AS_OF.year, AS_OF.month, AS_OF.day)  # noqa: DTZ001, RUF009  naive UTC, as a City

    @property
    def current(self) -> Current:
        return Current(self.generation, Path("lattice.duckdb"), "5" * 64, SCHEMA_VERSION)

    @property
    def manifest(self) -> dict[str, Any]:
        return {"city": {"timezone": "UTC"}, "scenarios": {"a": "a@1"}, "is_synthetic": True}

    def grids(self) -> gpd.GeoDataFrame:
        y, x = np.divmod(np.arange(SIDE * SIDE), SIDE)
        squares = shapely.box(121 + x * WIDTH, 29 + y * WIDTH, 121 + (x + 1) * WIDTH, 29 + (y + 1) * WIDTH)
        frame = {
            "grid_no": np.arange(64),
            "area_km2": 1.07,
            "lon": 121 + (x + 0.5) * WIDTH,
            "lat": 29 + (y + 0.5) * WIDTH,
        }
        return gpd.GeoDataFrame(frame, geometry=squares, crs="EPSG:4326")

    def ask(self, name: str, /, *, as_of_day: date) -> pd.DataFrame:
        table, _ = simulate(grids=SIDE * SIDE, days=500, seed=9)
        frame = table.to_pandas()
        frame = frame[pd.to_datetime(frame["day"]) < pd.Timestamp(as_of_day)]
        if name == "points":
            places = self.grids().iloc[frame["grid_no"]]
            frame = frame.assign(lon=places["lon"].to_numpy(), lat=places["lat"].to_numpy()).drop(columns="grid_no")
        return frame.assign(discovered=0)


@pytest.fixture(scope="module")
def result() -> Result:
    settings = Settings(periods=3, validation_periods=2, with_shifts=True, seed=4)
    return backtest_city(LatticeCity(), settings, progress=lambda _, __: None)  # type: ignore[arg-type]


def test_every_scenario_model_horizon_and_metric_has_a_row(result: Result) -> None:
    frame = result.summary.to_pandas()
    assert set(frame["horizon_days"]) == {7, 28}
    assert set(frame["scenario"]) == {"a", ALL}
    per_model = frame.groupby(["scenario", "model", "horizon_days"])["metric"].nunique()
    assert len(set(per_model)) == 1
    assert (frame["periods"] <= 3).all()
    about = result.about
    assert about["days"]["28"] == [(AS_OF - timedelta(days=days)).isoformat() for days in (84, 56, 28)]
    assert about["choice"]["periods"] == 2
    assert about["audit"]["numbers"] > 0


def test_reports_on_shifted_grids_are_the_same_ones(result: Result) -> None:
    city = LatticeCity()
    ground, end = read_ground(city)  # type: ignore[arg-type]
    points, cover = city.ask("points", as_of_day=end), build_cover(city.grids().geometry.to_numpy())
    still = shift_ground(ground, points, cover, east=0, north=0).daily.to_pandas()
    assert still["reports"].sum() == points["reports"].sum()
    moved = shift_ground(ground, points, cover, east=1.0, north=0).daily.to_pandas()
    # Every report now lies one square to the east; those of the last column fell out.
    by_grid = still.groupby("grid_no")["reports"].sum().reindex(range(64), fill_value=0)
    shifted = moved.groupby("grid_no")["reports"].sum().reindex(range(64), fill_value=0)
    inner = [grid for grid in range(64) if grid % SIDE]
    assert shifted[inner].tolist() == by_grid[[grid - 1 for grid in inner]].tolist()
    assert len(result.about["shifts"]) == 3 * 2


def test_a_backtest_is_kept_once_and_found_again(result: Result, tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="python -m governance backtest"):
        read_result(tmp_path)
    folder = store_result(result, tmp_path, lambda where: write_report(result, where))
    assert folder.parent == tmp_path / "backtests"
    assert folder.name.startswith("000007-")
    before = (folder / "summary.parquet").stat().st_mtime_ns
    assert store_result(result, tmp_path, lambda _: pytest.fail("written twice")) == folder
    assert (folder / "summary.parquet").stat().st_mtime_ns == before
    again = read_result(tmp_path, "000007")
    assert again.summary == result.summary
    assert again.about["settings"]["periods"] == 3
    with pytest.raises(NotReadyError):
        read_result(tmp_path, "000008")


def test_another_snapshot_or_program_has_a_backtest_of_its_own(result: Result, tmp_path: Path) -> None:
    own = locate_result(result.about, tmp_path)
    assert locate_result({**result.about, "end": "2020-01-01"}, tmp_path) == own
    for part in ("snapshot", "program"):
        made_by = {**result.about["made_by"], part: "another"}
        assert locate_result({**result.about, "made_by": made_by}, tmp_path) != own


def test_the_report_tells_what_was_done_and_its_pictures_are_pictures(result: Result, tmp_path: Path) -> None:
    write_report(result, tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    for words in ("Leakage audit", "synthetic data", "## 28 days ahead", "## 7 days ahead", "Grids drawn elsewhere"):
        assert words in text
    ratio = result.summary.to_pandas().query("scenario == 'a' and model == 'additive' and horizon_days == 28")
    value = ratio.set_index("metric")["value"][RATIO]
    assert f"{value:.3f}" in (tmp_path / "scenarios.svg").read_text(encoding="utf-8")
    for name in ("scenarios.svg", "models.svg"):
        assert ET.parse(tmp_path / name).getroot().tag.endswith("svg")  # noqa: S314  our own file


def test_hostile_names_do_not_leave_the_picture() -> None:
    row = {"scenario": "<script>alert(1)</script>", "value": 1.0, "low": 0.9, "high": 1.1}
    text = draw_intervals(pd.DataFrame([row]), "scenario", title="a & b")
    assert "<script>" not in text
    assert ET.fromstring(text) is not None  # noqa: S314  our own text
    assert draw_intervals(pd.DataFrame([row])[:0], "scenario", title="none").count("circle") == 0


def test_what_is_read_of_a_snapshot_by_hand(tmp_path: Path) -> None:
    publish_tiny(tmp_path)
    city = open_city(tmp_path)
    day = (AS_OF_UTC + timedelta(hours=8)).date()
    daily = city.ask("daily", as_of_day=day)
    assert daily["reports"].sum() == 9, "thirteen, less two outside every grid, one unmapped and one discovered"
    assert daily["discovered"].sum() == 1
    found = daily[daily["discovered"] > 0].iloc[0]
    assert (found["grid_no"], found["scenario"], found["reports"]) == (1, "fire_lane", 0)
    points = city.ask("points", as_of_day=day)
    assert points["reports"].sum() == 10, "one of those outside has a place"
    assert city.ask("daily", as_of_day=day - timedelta(days=360))["reports"].sum() == 1


def test_a_young_city_is_told_so_in_one_sentence(tmp_path: Path) -> None:
    publish_tiny(tmp_path)
    command = [sys.executable, "-m", "governance", "backtest", "--build-dir", str(tmp_path), "--periods", "0"]
    wrong = subprocess.run(command, capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "--periods" in wrong.stderr


def test_the_summary_has_the_columns_that_pages_read(result: Result) -> None:
    assert result.summary.schema.equals(SUMMARY)
    assert pa.types.is_date(result.outcomes.schema.field("day").type)


def test_the_names_that_readers_know_are_those_of_the_models() -> None:
    assert Additive(is_pooled=True).name == PRODUCT
    assert tuple(baseline.name for baseline in BASELINES) == COUNTS
