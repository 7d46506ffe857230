"""Small cities for the hazard's tests: grids in a ring or alone, daily reports by hand or by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from governance.grids.neighbours import Neighbours

AS_OF = date(2025, 7, 1)
NO_NEIGHBOURS = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True)
class Policy:
    red_share: float = 0.05
    yellow_share: float = 0.15
    floor_expected_reports_28d: float = 0.05


def islands(grids: int) -> Neighbours:
    alone = np.zeros(grids + 1, dtype=np.int32)
    return Neighbours(alone, NO_NEIGHBOURS, alone, NO_NEIGHBOURS)


def ring(grids: int) -> Neighbours:
    """Every grid touches the one before and the one behind it."""
    places = np.arange(grids)
    indices = np.sort(np.stack([(places - 1) % grids, (places + 1) % grids], axis=1), axis=1).ravel()
    indptr = np.arange(0, 2 * grids + 1, 2)
    near = indptr.astype(np.int32), indices.astype(np.int32)
    return Neighbours(*near, *near)


def daily(rows: Sequence[tuple[int, str | None, date, int]]) -> pa.Table:
    grid_no, scenario, day, reports = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pa.table(
        {
            "grid_no": pa.array(grid_no, pa.int32()),
            "scenario": pa.array(scenario, pa.string()),
            "day": pa.array(day, pa.date32()),
            "reports": pa.array(reports, pa.int32()),
        }
    )


def simulate(*, grids: int = 60, days: int = 400, seed: int = 3) -> tuple[pa.Table, np.ndarray]:
    rng = np.random.default_rng(seed)
    rates = rng.gamma(0.5, 0.1, grids)
    counts = rng.poisson(rates[:, None], (grids, days))
    grid, age = np.nonzero(counts)
    rows = [
        (int(g), "a", AS_OF - timedelta(days=int(a) + 1), int(counts[g, a])) for g, a in zip(grid, age, strict=True)
    ]
    return daily(rows), rates
