"""The known truth of the demo city, for tests and evaluations only: true hazard, planted effects, planted faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from governance.demo.catalogue import Catalogue
from governance.demo.incidents import World
from governance.demo.intensity import AHEAD, Intensity, add_followers
from governance.demo.plane import Floats


def write_truth(
    folder: Path, grids: gpd.GeoDataFrame, world: World, day_factors: Floats, *, facts: dict[str, Any]
) -> None:
    """Write `truth.parquet` (one row per grid and scenario) and `truth.json` (`facts` and what is planted)."""
    folder.mkdir(parents=True, exist_ok=True)
    tabulate_truth(grids, world, day_factors).to_parquet(folder / "truth.parquet", compression="zstd", index=False)
    document = {**facts, "planted": world.catalogue.planted.document, "effects": _describe_effects(grids, world)}
    text = json.dumps(document, ensure_ascii=False, indent=1, default=str)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")


def tabulate_truth(grids: gpd.GeoDataFrame, world: World, day_factors: Floats) -> pd.DataFrame:
    """The expectation for the 28 days after the end, without knowing the past, per grid and mapped scenario.

    `true_incidents_28d` happen, `reporting_rate` of them are reported: `expected_reports_28d`.
    """
    intensity, scenarios = world.intensity, world.catalogue.scenarios[:-1]
    count = len(scenarios)
    total = (expect_totals(intensity, world.catalogue) * day_factors[-AHEAD:].sum(axis=0))[:, :count]
    rate = np.repeat(intensity.reporting, count)
    return pd.DataFrame(
        {
            "grid_id": np.repeat(grids.grid_id.to_numpy(), count),
            "scenario": np.tile(scenarios, len(grids)),
            "true_incidents_28d": total.ravel(),
            "reporting_rate": rate,
            "expected_reports_28d": total.ravel() * rate,
        }
    )


def expect_totals(intensity: Intensity, catalogue: Catalogue) -> Floats:
    """True incidents per day with all effects in force, shape (grids, scenarios)."""
    first = intensity.first.copy()
    for effect in intensity.effects:
        first[effect.grids, effect.scenario] *= effect.factor
    return add_followers(first, intensity.neighbours, catalogue)


def _describe_effects(grids: gpd.GeoDataFrame, world: World) -> dict[str, Any]:
    intensity = world.intensity
    quiet = intensity.reporting < 1
    return {
        "half_rate_towns": sorted(grids.town_id[quiet].unique()),
        "rates": [
            {
                "from_day": str(effect.from_day),
                "scenario": world.catalogue.scenarios[effect.scenario],
                "factor": effect.factor,
                "grids": len(effect.grids),
                "communities": sorted(grids.community_id.iloc[effect.grids].unique())[:3],
            }
            for effect in intensity.effects
        ],
    }
