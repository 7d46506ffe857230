"""Judges Spring Festival's factor on the demo city: forecasts of the weeks around its last festival, with and without.

Nothing is learnt from the festival judged before it has come; what it brings is learnt from the ones before.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow.compute as pc

from benchmarks.report import ROOT, date_and_machine, draw_table
from governance.backtests import PRODUCT, read_ground
from governance.city import open_city
from governance.hazard.backtest import Ground, run_backtest
from governance.hazard.candidates import Additive
from governance.hazard.features import RATE_DAYS
from governance.hazard.festivals import share_days

WEEKS_BEFORE, WEEKS_AFTER = 4, 13


def main() -> None:
    """Forecast every week from four before the last whole festival to thirteen after its first day."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build" / "benchmark")
    options = parser.parse_args()
    ground, end = read_ground(open_city(options.build_dir))
    days = list_weeks(ground, end)
    rows = []
    for name, days_known in (("without", frozenset[date]()), ("with the factor", ground.festival_days)):
        rows += judge(replace(ground, festival_days=days_known), days, name, ground.festival_days)
    titles = ["windows of 28 days", "forecast", "deviance", "expected over reported"]
    command = "python -m benchmarks.hazard_festival"
    print("\n".join([date_and_machine(command), "", *draw_table(titles, sorted(rows, reverse=True))]))


def list_weeks(ground: Ground, end: date) -> list[date]:
    """The days to forecast from."""
    last = max(day for day in ground.festival_days if day < end).year
    begins = min(day for day in ground.festival_days if day.year == last)
    days = [begins + timedelta(weeks=week) for week in range(-WEEKS_BEFORE, WEEKS_AFTER)]
    return [day for day in days if day + timedelta(days=RATE_DAYS) <= end]


def judge(ground: Ground, days: list[date], name: str, festival_days: frozenset[date]) -> list[list[str]]:
    """Deviance and calibration of the product, in windows that hold a festival day and in those that do not."""
    outcomes = run_backtest(ground, [Additive(is_pooled=True)], days={RATE_DAYS: days}, progress=lambda _: None)
    table = outcomes.filter(pc.equal(outcomes["model"], PRODUCT)).to_pandas()
    holds = {day: share_days(festival_days, day, RATE_DAYS) > 0 for day in days}
    table["holds"] = table["day"].map(holds)
    rows = []
    for is_held, part in table.groupby("holds"):
        sums = part.groupby("metric")[["numerator", "denominator"]].sum()
        ratio = sums.loc["calibration", "numerator"] / sums.loc["calibration", "denominator"]
        windows = f"{part['day'].nunique()} that {'hold' if is_held else 'follow'} the festival"
        rows.append([windows, name, f"{sums.loc['deviance', 'numerator']:,.0f}", f"{ratio:.3f}"])
    return rows


if __name__ == "__main__":
    main()
