"""One real month, forecast: police.uk incidents of Merseyside by LSOA, where the shared data is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from governance.grids.neighbours import Neighbours
from governance.hazard.forecast import forecast_hazard

DATA = Path(__file__).parents[1].parent / "shared/data/merseyside"
FILE = DATA / "merseyside_2018-01_2021-09.parquet"
AS_OF = date(2020, 3, 1)
NEXT = date(2020, 4, 1)


@dataclass(frozen=True)
class Policy:
    red_share: float = 0.05
    yellow_share: float = 0.15
    floor_expected_reports_28d: float = 0.05


@pytest.fixture(scope="module")
def reports() -> pa.Table:
    """One row per incident: lsoa number, crime type, a day of its month (the source tells the month alone)."""
    if not FILE.exists():
        pytest.skip(f"{FILE.name} is not there")
    lsoas = pq.read_table(DATA / "lsoa_merseyside.parquet", columns=["LSOA11CD"])["LSOA11CD"].combine_chunks()
    source = pq.read_table(FILE, columns=["Month", "LSOA code", "Crime type"])
    number = pc.index_in(source["LSOA code"], lsoas)
    spread = np.random.default_rng(5).integers(0, 28, len(source)).astype("timedelta64[D]")
    day = np.array(source["Month"].to_pylist(), dtype="datetime64[M]").astype("datetime64[D]") + spread
    rows = pa.table(
        {
            "grid_no": number,
            "scenario": pc.cast(source["Crime type"], pa.string()),
            "day": pa.array(day),
            "reports": np.ones(len(source), dtype=np.int32),
        }
    )
    return rows.filter(pc.is_valid(rows["grid_no"]))


def count(rows: pa.Table, grids: int) -> np.ndarray:
    return np.bincount(rows["grid_no"].to_numpy(), minlength=grids)


def test_the_red_grids_catch_more_of_the_next_month_than_last_months_counts(reports: pa.Table) -> None:
    grids = 910
    alone = np.zeros(grids + 1, dtype=np.int32)
    islands = Neighbours(alone, alone[:0], alone, alone[:0])
    scenarios = ["Anti-social behaviour", "Burglary", "Vehicle crime", "Robbery", "Drugs"]
    policies = {name: Policy() for name in scenarios}
    forecast = forecast_hazard(reports, grids=grids, neighbours=islands, as_of=AS_OF, policies=policies)
    caught = {"forecast": 0, "last month": 0}
    for name in scenarios:
        rows = reports.filter(pc.equal(reports["scenario"], name))
        day = rows["day"]
        last = count(rows.filter(pc.and_(pc.greater_equal(day, date(2020, 2, 2)), pc.less(day, AS_OF))), grids)
        came = count(rows.filter(pc.and_(pc.greater_equal(day, AS_OF), pc.less(day, NEXT))), grids)
        tiers = forecast.tiers.filter(pc.equal(forecast.tiers["scenario"], name))
        red = tiers["grid_no"].to_numpy()[tiers["rank"].to_numpy() <= 45]
        assert tiers.num_rows == grids
        assert set(tiers["grid_no"].to_numpy()[tiers["tier"].to_numpy(zero_copy_only=False) == "red"]) <= set(red)
        caught["forecast"] += came[red].sum()
        caught["last month"] += came[np.argsort(-last, kind="stable")[:45]].sum()
    assert caught["forecast"] > 1.1 * caught["last month"], caught
