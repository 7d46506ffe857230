"""The report of a backtest: Markdown with two pictures, plain SVG, so that it can be read without any program."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from governance.backtest_store import PRODUCT, Result
from governance.hazard.metrics import ALL, DEVIANCE_RATIO, LEVELLED_RATIO, RATIO
from governance.hazard.summary import LEAST_WINDOW_REPORTS, list_rare

FIGURES = {
    RATIO: "capture@5 % over the best count",
    DEVIANCE_RATIO: "deviance over the best count",
    LEVELLED_RATIO: "deviance over the best count at the same level",
    "capture_1": "capture@1 %",
    "capture_5": "capture@5 %",
    "capture_10": "capture@10 %",
    "area_capture_5": "capture@5 % of the area",
    "pai_5": "PAI@5 % of the area",
    "pei_5": "PEI@5 %",
    "precision_5": "precision@5 %",
    "calibration": "expected / reported",
    "occupied": "grids with a report",
    "red_kept": "worst 5 % kept from the window before",
    "find_day": "mean day of finding",
}
_METHOD = (
    "Every forecast was made from the reports before its day alone, and judged by those after it. Intervals are 95 %, "
    "by resampling the periods. The best count baseline is picked in hindsight, scenario by scenario, from the last "
    "28, 91, 364 and all days: a ratio above 1 is better than anyone could have counted."
)
_LEFT, _RIGHT, _ROW, _TOP = 230, 700, 22, 46


def write_report(result: Result, folder: Path) -> None:
    """Write `report.md`, `scenarios.svg` and `models.svg` into a folder."""
    summary = result.summary.to_pandas()
    horizon = max(result.about["settings"]["horizons_days"])
    rows = summary[(summary["metric"] == RATIO) & (summary["horizon_days"] == horizon)]
    by_scenario = rows[(rows["model"] == PRODUCT) & (rows["scenario"] != ALL)]
    by_model = rows[rows["scenario"] == ALL]
    title = "Capture at the worst 5 % of the grids, over the best count baseline in hindsight"
    pictures = {
        "scenarios.svg": draw_intervals(by_scenario, "scenario", title=f"{title}, by scenario"),
        "models.svg": draw_intervals(by_model, "model", title=f"{title}, by model"),
    }
    for name, text in pictures.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "report.md").write_text("\n".join(describe_result(result)) + "\n", encoding="utf-8")


def describe_result(result: Result) -> list[str]:
    """The lines of the report."""
    about, summary = result.about, result.summary.to_pandas()
    audit = about["audit"]
    kind = "; synthetic data" if about["is_synthetic"] else ""
    lines = [
        "# Backtest of the hazard",
        "",
        (
            f"Snapshot {about['generation']}, as of {about['as_of_utc']} UTC{kind}. {about['grids']:,} grids, reports "
            f"from {about['first_day']} to {about['end']}."
        ),
        "",
        _METHOD,
        "",
        (
            f"Leakage audit: {audit['numbers']:,} features and forecasts as of {audit['days']} day(s) were made again "
            "with another future; none changed."
        ),
        "",
        _describe_choice(about["choice"]),
    ]
    for horizon in sorted(about["settings"]["horizons_days"], reverse=True):
        part = summary[summary["horizon_days"] == horizon]
        periods = about["days"][str(horizon)]
        lines += ["", f"## {horizon} days ahead", "", f"{len(periods)} periods from {periods[0]}.", ""]
        lines += tabulate(part[part["scenario"] == ALL], "model")
        lines += ["", f"The product's model (`{PRODUCT}`) by scenario:", ""]
        lines += tabulate(part[(part["scenario"] != ALL) & (part["model"] == PRODUCT)], "scenario")
        lines += _describe_rare(list_rare(part))
    lines += ["", "![by scenario](scenarios.svg)", "", "![by model](models.svg)", *_describe_shifts(about["shifts"])]
    return lines


def tabulate(rows: pd.DataFrame, column: str) -> list[str]:
    """A Markdown table: one row per value of the column, one column per figure, the ratio with its interval."""
    listed = rows.set_index([column, "metric"])
    names = sorted(rows[column].unique())
    titles = [column, *FIGURES.values()]
    table = [f"| {' | '.join(titles)} |", f"| --- |{' ---: |' * len(FIGURES)}"]
    for name in names:
        cells = [_write_cell(listed, str(name), metric) for metric in FIGURES]
        table.append(f"| {name} | {' | '.join(cells)} |")
    return table


def draw_intervals(rows: pd.DataFrame, column: str, *, title: str) -> str:
    """Dots with their 95 % intervals, the highest on top, against a line at 1: an SVG of its own."""
    known = rows.dropna(subset=["value"]).sort_values("value", ascending=False)
    low = min([0.9, *known["low"]])
    high = max([1.1, *known["high"]])
    height = _TOP + _ROW * len(known) + 34

    def place(value: float) -> float:
        return round(float(_LEFT + (value - low) / (high - low) * (_RIGHT - _LEFT)), 1)

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_RIGHT + 60} {height}" font-family="sans-serif" '
            f'font-size="12"><title>{escape(title)}</title><rect width="100%" height="100%" fill="white"/>'
        ),
        f'<text x="10" y="20" font-size="14">{escape(title)}</text>',
        f'<line x1="{place(1)}" x2="{place(1)}" y1="{_TOP - 12}" y2="{height - 28}" stroke="#999" />',
        f'<text x="{place(1)}" y="{height - 10}" text-anchor="middle">1: as good as the best count</text>',
    ]
    for number, row in enumerate(known.to_dict("records")):
        y = _TOP + _ROW * number + 4
        parts += [
            f'<text x="{_LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(str(row[column]))}</text>',
            f'<line x1="{place(row["low"])}" x2="{place(row["high"])}" y1="{y}" y2="{y}" stroke="#1f5a94" />',
            f'<circle cx="{place(row["value"])}" cy="{y}" r="4" fill="#1f5a94" />',
            f'<text x="{_RIGHT + 8}" y="{y + 4}">{row["value"]:.3f}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])


def _write_cell(listed: pd.DataFrame, name: str, metric: str) -> str:
    if (name, metric) not in listed.index:
        return ""
    row = listed.loc[(name, metric)]
    if pd.isna(row["value"]):
        return ""
    interval = f" ({row['low']:.3f}–{row['high']:.3f})" if metric in {RATIO, "capture_5"} else ""
    return f"{row['value']:.3f}{interval}"


def _describe_choice(choice: dict[str, Any] | None) -> str:
    if choice is None:
        return "Before the test there are too few days or reports to choose a model by periods of its own."
    return (
        f"On {choice['periods']} periods before the test, the simplest model within one standard error of the best is "
        f"`{choice['model']}`."
    )


def _describe_rare(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    told = f"Too rare to judge, with fewer than {LEAST_WINDOW_REPORTS} reports per window, and in no ratio"
    return ["", f"{told}: {', '.join(names)}."]


def _describe_shifts(rows: Sequence[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    lines = ["", "## Grids drawn elsewhere", "", "| shifted by grid widths | figure | value |", "| --- | --- | ---: |"]
    for row in rows:
        where = f"{row['east_widths']:g} east, {row['north_widths']:g} north"
        lines.append(f"| {where} | {FIGURES[row['metric']]} | {row['value']:.3f} |")
    return lines
