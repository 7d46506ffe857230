"""Judges the hazard on real series, and writes the table into docs/backtest.md.

`--test` looks at the periods that no choice was made on; it was run once (docs/decisions/0013-hazard-model.md).
Without it, the 13 periods before those are looked at, on which everything was settled.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.hazard_series import Series, list_judged, load_merseyside, load_stuttgart, shift_series
from benchmarks.report import ROOT, date_and_machine, draw_table, write_section
from governance.hazard.backtest import HORIZONS_DAYS, PERIODS, list_days, run_backtest
from governance.hazard.candidates import BASELINES, CANDIDATES, Additive, Boosted, Candidate, Mean
from governance.hazard.leakage import audit_leakage
from governance.hazard.metrics import DEVIANCE_RATIO, RATIO
from governance.hazard.summary import Choice, choose_model, summarise

SEED = 20260824
REPORT = ROOT / "docs" / "backtest.md"
PRODUCT = "additive"
JUDGED = tuple(candidate for candidate in CANDIDATES if not isinstance(candidate, Boosted))
"""Trees take longer than all the others together, and are measured by `--with-trees` alone."""
SHIFTS = ((0.25, 0.25), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5))
FIGURES = "capture_1", "capture_5", "capture_10", "area_capture_5", "pei_5", "precision_5", "occupied"


def main() -> None:
    """Judge both cities and write what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test", action="store_true", help="the reserved periods; else those before them")
    parser.add_argument("--keep", action="store_true", help="write the table into docs/backtest.md")
    parser.add_argument("--with-trees", action="store_true", help="judge boosted trees too: half an hour")
    options = parser.parse_args()
    candidates = CANDIDATES if options.with_trees else JUDGED
    cities = [cut_future(series, is_test=options.test) for series in (load_merseyside(), load_stuttgart())]
    judged = [(series, end, judge_city(series, end, candidates)) for series, end in cities]
    together = summarise(pool_cities([outcomes for *_, outcomes in judged]), seed=SEED).to_pandas()
    lines = [
        date_and_machine("python -m benchmarks.hazard_real" + " --test" * options.test),
        "",
        "### Both cities: every series counts alike",
        "",
        *tabulate_together(together, candidates),
        "",
    ]
    for series, end, outcomes in judged:
        lines += describe_city(series, end, outcomes, candidates)
    print("\n".join(lines))
    if options.keep:
        write_section("real-series-test" if options.test else "real-series-choice", lines, path=REPORT)


def cut_future(series: Series, *, is_test: bool) -> tuple[Series, date]:
    """The series and the day its judged periods end; before the test, nothing of the test's periods is there at all."""
    judged = tuple(list_judged(series))
    if is_test:
        return replace(series, ground=replace(series.ground, judged=judged)), series.test_ends
    early = series.ground.daily.filter(pc.less(series.ground.daily["day"], pa.scalar(series.test_begins)))
    points = series.points[series.points["day"] < np.datetime64(series.test_begins)]
    return replace(series, ground=replace(series.ground, daily=early, judged=judged), points=points), series.test_begins


def judge_city(series: Series, end: date, candidates: Sequence[Candidate | Mean]) -> pa.Table:
    """The outcomes of 13 windows of 28 days, and of the last 13 weeks."""
    first = pc.min(series.ground.daily["day"]).as_py()
    days = {horizon: list_days(first, end, horizon_days=horizon, periods=PERIODS) for horizon in HORIZONS_DAYS}
    return run_backtest(series.ground, candidates, days=days, progress=lambda _: None)


def pool_cities(parts: Sequence[pa.Table]) -> pa.Table:
    """The windows of 28 days of all cities as if they were one; windows are numbered instead of dated."""
    frames = []
    for number, part in enumerate(parts):
        frame = part.filter(pc.equal(part["horizon_days"], 28)).to_pandas()
        frame["scenario"] = frame["scenario"] + f"/{number}"
        frame["day"] = frame["day"].rank(method="dense").astype(int)
        frames.append(frame)
    return pa.Table.from_pandas(pd.concat(frames), preserve_index=False)


def tabulate_together(summary: pd.DataFrame, candidates: Sequence[Candidate | Mean]) -> list[str]:
    """Geometric means over all series, and the worst of them."""
    series = summary[summary.scenario != "~all"].pivot_table(
        index=["model", "scenario"], columns="metric", values="value"
    )
    rows = summary[summary.scenario == "~all"].set_index(["model", "metric"])
    listed = []
    for candidate in candidates:
        ratio, deviance = rows.loc[(candidate.name, RATIO)], rows.loc[(candidate.name, DEVIANCE_RATIO)]
        listed.append(
            [
                candidate.name,
                f"{ratio['value']:.3f}",
                f"{ratio['low']:.3f}–{ratio['high']:.3f}",
                f"{series.loc[candidate.name][RATIO].min():.3f}",
                f"{(series.loc[candidate.name][RATIO] < 0.99).sum()} of {len(series.loc[candidate.name])}",
                f"{deviance['value']:.3f}",
                f"{deviance['low']:.3f}–{deviance['high']:.3f}",
            ]
        )
    titles = ["model", "capture@5 % over the best count", "95 %", "worst series", "series below 0.99"]
    return draw_table([*titles, "deviance over the best count", "95 %"], listed)


def describe_city(series: Series, end: date, outcomes: pa.Table, candidates: Sequence[Candidate | Mean]) -> list[str]:
    """The tables of one city."""
    ground = series.ground
    monthly = outcomes.filter(pc.equal(outcomes["horizon_days"], 28))
    days = sorted(pc.unique(monthly["day"]).to_pylist())
    summary = summarise(outcomes, seed=SEED).to_pandas()
    audit = audit_leakage(ground, [*BASELINES, Additive(is_pooled=True)], [days[0], days[-1]], seed=SEED)
    return [
        f"### {series.name}: {ground.grids:,} grids, {len(ground.judged)} scenarios",
        "",
        f"{len(days)} windows of 28 days from {days[0]} to {end}.",
        "",
        *tabulate_models(summary, choose_model(monthly, candidates, seed=SEED), candidates),
        "",
        *tabulate_scenarios(summary),
        "",
        *tabulate_shifts(series, days),
        "",
        f"Leakage audit: {audit.numbers:,} features and forecasts of {audit.days} days; another future changed none.",
        "",
    ]


def tabulate_models(summary: pd.DataFrame, choice: Choice, candidates: Sequence[Candidate | Mean]) -> list[str]:
    """All scenarios together: one row per model."""
    is_monthly = (summary.scenario == "~all") & (summary.horizon_days == 28)
    rows = summary[is_monthly].pivot_table(index="model", columns="metric", values=["value", "low", "high"])
    is_weekly = (summary.scenario == "~all") & (summary.horizon_days == 7)
    weekly = summary[is_weekly].set_index(["model", "metric"])["value"]
    titles = [
        "28 days", "capture@5 % over the best count", "95 %", "deviance over the best count", "calibration",
        *(name.replace("_", " ") for name in FIGURES), "red kept a week", "7 days: capture 5",
    ]  # fmt: skip
    listed = []
    for candidate in candidates:
        at = rows.loc[candidate.name]
        listed.append(
            [
                candidate.name,
                f"{at['value', RATIO]:.3f}",
                f"{at['low', RATIO]:.3f}–{at['high', RATIO]:.3f}",
                f"{at['value', DEVIANCE_RATIO]:.3f}",
                f"{at['value', 'calibration']:.2f}",
                *(f"{at['value', name]:.3f}" for name in FIGURES),
                f"{weekly[candidate.name, 'red_kept']:.3f}",
                f"{weekly[candidate.name, 'capture_5']:.3f}",
            ]
        )
    chosen = f"In these periods the simplest within one standard error of the best is `{choice.model}`."
    return [*draw_table(titles, listed), "", chosen]


def tabulate_scenarios(summary: pd.DataFrame) -> list[str]:
    """The product's model, scenario by scenario."""
    monthly = summary[(summary.horizon_days == 28) & (summary.model == PRODUCT) & (summary.scenario != "~all")]
    rows = monthly.pivot_table(index="scenario", columns="metric", values=["value", "low", "high"])
    listed = [
        [
            str(name),
            f"{at['value', 'capture_5']:.3f}",
            f"{at['value', RATIO]:.3f}",
            f"{at['low', RATIO]:.3f}–{at['high', RATIO]:.3f}",
            f"{at['value', DEVIANCE_RATIO]:.3f}",
            f"{at['value', 'calibration']:.2f}",
            f"{at['value', 'occupied']:.3f}",
        ]
        for name, at in rows.iterrows()
    ]
    titles = ["scenario", "capture@5 %", "over the best count", "95 %", "deviance over the best count", "calibration"]
    return draw_table([*titles, "occupied"], listed)


def tabulate_shifts(series: Series, days: Sequence[date]) -> list[str]:
    """The same incidents on grids drawn elsewhere."""
    candidates = [*BASELINES, Additive(is_pooled=True)]
    listed = []
    for east, north in ((0.0, 0.0), *SHIFTS):
        moved = shift_series(series, east, north) if east or north else series
        ground = replace(moved.ground, judged=series.ground.judged)
        outcomes = run_backtest(ground, candidates, days={28: days}, progress=lambda _: None)
        at = summarise(outcomes, seed=SEED).to_pandas().query("scenario == '~all' and model == @PRODUCT")
        value = at.set_index("metric")["value"]
        listed.append([f"{east:g} east, {north:g} north", f"{value['capture_5']:.3f}", f"{value[RATIO]:.3f}"])
    return draw_table(["grids shifted by widths", "capture@5 %", "over the best count"], listed)


if __name__ == "__main__":
    main()
