"""A backtest to be kept beside a snapshot: made-up outcomes of every model, judged as a real one is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from governance.backtest_store import COUNTS, PRODUCT, Result, store_result
from governance.city import City
from governance.hazard.backtest import OUTCOMES
from governance.hazard.metrics import RATIO
from governance.hazard.summary import summarise
from tests.tiny_snapshot import SCRIPT

HORIZONS_DAYS = (7, 28)
WINDOWS = 5
SHARES = (
    "capture_1", "capture_5", "capture_10", "area_capture_5", "pei_5", "precision_5", "red_kept", "occupied",
)  # fmt: skip


def make_outcomes(scenarios: Sequence[str], *, seed: int = 3, rare: Sequence[str] = ()) -> pa.Table:
    """OUTCOMES of the counts, the published model and one with a hostile name, in five windows of each horizon.

    Of `rare` scenarios there are nine reports a window.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for scenario in scenarios:
        for model in (*COUNTS, PRODUCT, SCRIPT):
            for horizon in HORIZONS_DAYS:
                for window in range(WINDOWS):
                    key = (scenario, model, horizon, date(2025, 1, 1) + timedelta(days=horizon * window))
                    total = 9.0 if scenario in rare else 100.0 + window
                    rows += [(*key, metric, total * rng.uniform(0.2, 0.8), total) for metric in SHARES]
                    rows += [
                        (*key, "deviance", rng.uniform(50, 90), 1.0),
                        (*key, "deviance_levelled", rng.uniform(50, 90), 1.0),
                        (*key, "calibration", total * rng.uniform(0.9, 1.1), total),
                        (*key, "find_day", total * rng.uniform(1, horizon / 2), total),
                    ]
    return pa.Table.from_pylist([dict(zip(OUTCOMES.names, row, strict=True)) for row in rows], schema=OUTCOMES)


def keep_backtest(
    city: City,
    *,
    generation: str | None = None,
    older_days: int = 0,
    seed: int = 3,
    shifts: bool = True,
    rare: Sequence[str] = (),
) -> Result:
    """Keep one of a snapshot: the city's own, or another generation so many days older; gives it."""
    outcomes = make_outcomes(list(city.ask("ui_scenarios")["scenario"]), seed=seed, rare=rare)
    as_of = city.as_of_utc.replace(tzinfo=UTC) - timedelta(days=older_days)
    days = sorted({(row["horizon_days"], row["day"]) for row in outcomes.to_pylist()})
    about = {
        "generation": generation or city.generation,
        "as_of_utc": datetime.isoformat(as_of.replace(tzinfo=None)),
        "is_synthetic": True,
        "settings": {"horizons_days": list(HORIZONS_DAYS), "seed": seed},
        "days": {str(horizon): [day.isoformat() for own, day in days if own == horizon] for horizon in HORIZONS_DAYS},
        "audit": {"numbers": 12345, "days": 1},
        "choice": {"model": SCRIPT, "periods": 4, "seen": {}},
        "shifts": [{"east_widths": 0.25, "north_widths": 0.5, "metric": RATIO, "value": 1.234}] if shifts else [],
    }
    result = Result(summarise(outcomes, seed=seed), outcomes, about)
    store_result(result, city.build_dir, lambda _: None)
    return result


def copy_build(build_dir: Path, folder: Path) -> Path:
    """A build folder with the same snapshots, to which something may be added."""
    for file in (file for file in build_dir.rglob("*") if file.is_file() and "stage" not in file.parts):
        copy = folder / file.relative_to(build_dir)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.hardlink_to(file)
    return folder
