"""The real series on which the hazard is judged: reports per grid, scenario and day, from the shared data.

Merseyside: police.uk incidents on Output Areas. The source tells the month alone, so each month with data is a window
of 28 days, over which its incidents are spread by a seed. Stuttgart: citizens' reports on H3 cells of about 0.1 km²,
the size of the Output Areas; those in or beside which anything was reported before the test began.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely

from benchmarks.report import ROOT
from governance.grids.cover import build_cover
from governance.grids.join import locate
from governance.grids.neighbours import Neighbours, find_neighbours, find_within
from governance.grids.polygons import make_hexagons, measure_areas
from governance.grids.repair import read_sound_polygons
from governance.hazard.backtest import Ground
from governance.hazard.shifts import count_daily, shift_ground

DATA = ROOT.parent / "shared" / "data"
LEAST_REPORTS = 50
"""Scenarios with fewer reports per period, in the 13 before the test, are shown apart: chance decides their figures."""
STUTTGART_TEST = date(2025, 8, 24), date(2026, 8, 23)
"""Settled before any model was tried: the last 364 days of the file."""
MERSEYSIDE_TEST_MONTH = "2020-09"
STUTTGART_BOX = 9.03, 48.69, 9.32, 48.87
FAR_WIDTHS = 3.0
EPOCH = date(2018, 1, 1)
WINDOW_DAYS = 28


@dataclass(frozen=True)
class Series:
    """One city: its reports, the day its test begins and the day it ends (not included), and how to shift its grids.

    points: lon, lat, scenario, day of every incident. polygons: shapely, in grid order.
    """

    name: str
    ground: Ground
    test_begins: date
    test_ends: date
    points: pd.DataFrame
    polygons: np.ndarray


def load_merseyside(folder: Path = DATA / "merseyside") -> Series:
    """Output Areas × crime types."""
    frame = read_sound_polygons(folder / "oa_merseyside.parquet", id_column="OA11CD")
    columns = ["Month", "Longitude", "Latitude", "Crime type"]
    rows = pq.read_table(folder / "merseyside_2018-01_2021-09.parquet", columns=columns).to_pandas()
    rows.columns = ["month", "lon", "lat", "scenario"]
    months = sorted(rows["month"].unique())
    window = rows["month"].map({month: number for number, month in enumerate(months)}).to_numpy()
    spread = np.random.default_rng(5).integers(0, WINDOW_DAYS, len(rows))
    rows["day"] = np.datetime64(EPOCH) + (window * WINDOW_DAYS + spread)
    begins, ends = (
        EPOCH + timedelta(days=WINDOW_DAYS * number) for number in (months.index(MERSEYSIDE_TEST_MONTH), len(months))
    )
    return _prepare("Merseyside", rows, frame.geometry.to_numpy(), begins, ends)


def load_stuttgart(folder: Path = DATA / "stuttgart", *, resolution: int = 9) -> Series:
    """H3 cells × categories."""
    rows = pq.read_table(folder / "gelbekarten_2020-12_2026-08.parquet").to_pandas()
    rows = rows.drop_duplicates(subset=[name for name in rows.columns if name != "source_file"])
    points = pd.DataFrame({"lon": rows["lon"], "lat": rows["lat"], "scenario": rows["category"].astype(str)})
    points["day"] = rows["first_seen_date"].to_numpy().astype("datetime64[D]")
    polygons = make_hexagons(resolution, *STUTTGART_BOX).geometry.to_numpy()
    begins, ends = STUTTGART_TEST
    early = points[points["day"] < np.datetime64(begins)]
    used = np.bincount(_locate(polygons, early) + 1, minlength=len(polygons) + 1)[1:] > 0
    indptr, indices = find_neighbours(polygons)
    touches = np.add.reduceat(np.append(used[indices], False), indptr[:-1]) * (np.diff(indptr) > 0)
    return _prepare("Stuttgart", points, polygons[used | (touches > 0)], begins, ends)


def shift_series(series: Series, east: float, north: float) -> Series:
    """The same incidents, all moved by so many grid widths: as if the grids had been drawn elsewhere."""
    cover = build_cover(series.polygons)
    return replace(series, ground=shift_ground(series.ground, series.points, cover, east=east, north=north))


def _prepare(name: str, points: pd.DataFrame, polygons: np.ndarray, begins: date, ends: date) -> Series:
    points = points.dropna(subset=["lon", "lat"]).assign(reports=1)
    area = measure_areas(polygons)
    inside = shapely.point_on_surface(polygons)
    radius_m = FAR_WIDTHS * 1000 * float(np.sqrt(np.median(area)))
    far = find_within(shapely.get_x(inside), shapely.get_y(inside), radius_m)
    ground = Ground(
        count_daily(points, build_cover(polygons)),
        tuple(sorted(points["scenario"].unique())),
        Neighbours(*find_neighbours(polygons), *far),
        area,
    )
    return Series(name, ground, begins, ends, points, polygons)


def _locate(polygons: np.ndarray, points: pd.DataFrame) -> np.ndarray:
    return locate(build_cover(polygons), points["lon"].to_numpy(), points["lat"].to_numpy(), threads=1)


def list_judged(series: Series) -> list[str]:
    """Scenarios with at least LEAST_REPORTS per window, on average of the 13 windows before the test."""
    first = series.test_begins - timedelta(days=13 * WINDOW_DAYS)
    day = series.ground.daily["day"]
    rows = series.ground.daily.filter(
        pc.and_(pc.greater_equal(day, pa.scalar(first)), pc.less(day, pa.scalar(series.test_begins)))
    )
    counted = rows.group_by("scenario").aggregate([("reports", "sum")]).to_pylist()
    return sorted(row["scenario"] for row in counted if row["reports_sum"] / 13 >= LEAST_REPORTS)
