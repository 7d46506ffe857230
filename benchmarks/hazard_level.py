"""Says the deviance of the product both ways: over the best count as it counts, and over that at the latest level.

Judged are the forecasts of docs/backtest.md over again, on the periods of the test and on those before them. Nothing is
chosen here. The table goes into docs/backtest.md.
"""

from __future__ import annotations

import argparse

import pandas as pd
import pyarrow.compute as pc

from benchmarks.hazard_real import REPORT, SEED, cut_future, pool_cities
from benchmarks.hazard_series import Series, load_merseyside, load_stuttgart
from benchmarks.report import date_and_machine, draw_table, write_section
from governance.hazard.backtest import PERIODS, list_days, run_backtest
from governance.hazard.candidates import BASELINES, Additive
from governance.hazard.features import RATE_DAYS
from governance.hazard.metrics import ALL, DEVIANCE_RATIO, LEVELLED_RATIO
from governance.hazard.summary import summarise

CANDIDATES = (*BASELINES, Additive(is_pooled=True))


def main() -> None:
    """Judge both cities on both sets of periods and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="write the table into docs/backtest.md")
    options = parser.parse_args()
    cities = (load_merseyside(), load_stuttgart())
    rows = [
        row
        for name, is_test in (("test", True), ("before it", False))
        for row in list_ratios(name, summarise_cities(cities, is_test=is_test))
    ]
    titles = ["periods, model", "deviance over the best count", "95 %", "over the best count at the same level", "95 %"]
    lines = [date_and_machine("python -m benchmarks.hazard_level"), "", *draw_table(titles, rows)]
    print("\n".join(lines))
    if options.keep:
        write_section("real-series-level", lines, path=REPORT)


def summarise_cities(cities: tuple[Series, ...], *, is_test: bool) -> pd.DataFrame:
    """The rows of all series together, over windows of 28 days."""
    parts = []
    for whole in cities:
        series, end = cut_future(whole, is_test=is_test)
        first = pc.min(series.ground.daily["day"]).as_py()
        days = list_days(first, end, horizon_days=RATE_DAYS, periods=PERIODS)
        parts.append(run_backtest(series.ground, CANDIDATES, days={RATE_DAYS: days}, progress=lambda _: None))
    summary = summarise(pool_cities(parts), seed=SEED).to_pandas()
    return summary[summary["scenario"] == ALL].set_index(["model", "metric"])


def list_ratios(name: str, rows: pd.DataFrame) -> list[list[str]]:
    """One row per model: both ratios with their intervals."""
    listed = []
    for candidate in CANDIDATES:
        cells = [f"{name}: {candidate.name}"]
        for metric in (DEVIANCE_RATIO, LEVELLED_RATIO):
            at = rows.loc[(candidate.name, metric)]
            cells += [f"{at['value']:.3f}", f"{at['low']:.3f}–{at['high']:.3f}"]
        listed.append(cells)
    return listed


if __name__ == "__main__":
    main()
