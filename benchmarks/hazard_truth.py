"""Holds the forecasts of the demo city against its known truth, and writes the table into docs/backtest.md.

In some of the demo's towns half of the incidents are never reported. So the true hazard can be asked for twice: over
the grids that report everything, and over all of them, where no model that sees only reports can be right.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy.stats import spearmanr

from benchmarks.report import ROOT, date_and_machine, draw_table, write_section
from governance.backtests import read_ground
from governance.city import open_city
from governance.hazard.backtest import forecast_day
from governance.hazard.candidates import CHEAP
from governance.hazard.metrics import measure_capture

SHARE = 0.05


def main() -> None:
    """Forecast as of the snapshot's end and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build" / "benchmark")
    parser.add_argument("--truth", type=Path, help="truth.parquet; default: of the demo in the build folder")
    parser.add_argument("--keep", action="store_true", help="write the table into docs/backtest.md")
    options = parser.parse_args()
    truth = pq.read_table(options.truth or options.build_dir / "demo" / "truth" / "truth.parquet").to_pandas()
    lines = [date_and_machine("python -m benchmarks.hazard_truth"), "", *tabulate(compare(options.build_dir, truth))]
    print("\n".join(lines))
    if options.keep:
        write_section("demo-truth", lines, path=ROOT / "docs" / "backtest.md")


def compare(build_dir: Path, truth: pd.DataFrame) -> pd.DataFrame:
    """One row per model and scenario: rank correlation with the truth, and the true incidents in the worst 5 %."""
    city = open_city(build_dir)
    ground, end = read_ground(city)
    ids = city.grids()["grid_id"]
    expected = forecast_day(ground, CHEAP, end).expected
    rows = []
    for scenario, part in truth.groupby("scenario"):
        known = part.set_index("grid_id").reindex(ids)
        true = known["true_incidents_28d"].to_numpy()
        is_whole = known["reporting_rate"].to_numpy() == 1
        for candidate in CHEAP:
            score = expected[str(scenario), candidate.name]
            rows.append(
                {
                    "model": candidate.name,
                    "scenario": scenario,
                    "whole": spearmanr(score[is_whole], true[is_whole]).statistic,
                    "all": spearmanr(score, true).statistic,
                    "linear": np.corrcoef(score, true)[0, 1],
                    "caught": measure_capture(score, true, SHARE) / measure_capture(true, true, SHARE),
                    "red_of_half": _measure_share(score, ~is_whole),
                    "true_red_of_half": _measure_share(true, ~is_whole),
                }
            )
    return pd.DataFrame(rows)


def _measure_share(score: np.ndarray, is_half: np.ndarray) -> float:
    """The share of the worst 5 % of the grids that lies in the towns that report half."""
    worst = np.argsort(-score, kind="stable")[: int(len(score) * SHARE)]
    return float(is_half[worst].mean())


def tabulate(rows: pd.DataFrame) -> list[str]:
    """Means over the scenarios, one row per model."""
    means = rows.groupby("model")[["whole", "all", "linear", "caught", "red_of_half", "true_red_of_half"]].mean()
    titles = [
        "mean of the scenarios", "rank correlation with the true hazard, where all is reported", "everywhere",
        "linear correlation, everywhere", "true incidents in the worst 5 %, of the most possible",
        "worst 5 % in towns that report half", "the same, truly",
    ]  # fmt: skip
    listed = [[candidate.name, *(f"{value:.3f}" for value in means.loc[candidate.name])] for candidate in CHEAP]
    return draw_table(titles, listed)


if __name__ == "__main__":
    main()
