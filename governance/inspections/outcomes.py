"""What inspections found: the hit rate of red grids beside that of the random audits.

Outcomes are rows of grid_id, scenario, inspected_on and found (true, false, or missing where nobody could look).
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from governance.errors import InputError, join_faults
from governance.indicators.intervals import wilson_interval

COLUMNS = ("grid_id", "scenario", "inspected_on", "found")
_TRUTHS = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}


def read_outcomes(path: Path) -> pd.DataFrame:
    """The outcomes of a CSV file: texts, a day, and a nullable truth. Raises one InputError with every faulty row."""
    try:
        rows = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{path} cannot be read as CSV in UTF-8: {error}") from error
    missing = [name for name in COLUMNS if name not in rows.columns]
    if missing:
        raise InputError(f"{path}: the columns {', '.join(missing)} are missing; it has {', '.join(rows.columns)}.")
    day = pd.to_datetime(rows["inspected_on"], format="%Y-%m-%d", errors="coerce")
    said = rows["found"].str.strip().str.lower()
    faults = [
        f"line {line}: inspected_on is {text!r}, which is no day; write it like 2026-03-01."
        for line, text in zip(rows.index[day.isna()] + 2, rows["inspected_on"][day.isna()], strict=True)
    ]
    is_odd = ~said.isin([*_TRUTHS, ""])
    faults += [
        f"line {line}: found is {text!r}; write true, false, or nothing where nobody could look."
        for line, text in zip(rows.index[is_odd] + 2, rows["found"][is_odd], strict=True)
    ]
    if faults:
        raise InputError(join_faults(f"{path} cannot be used:", faults))
    return rows.assign(inspected_on=day, found=said.map(_TRUTHS).astype("boolean"))[list(COLUMNS)]


def match_outcomes(outcomes: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """The outcomes with the `kind` under which their grid stood on the list of their week; missing if on none.

    listed: grid_id, scenario, week (its Monday), kind.
    """
    days = pd.to_datetime(outcomes["inspected_on"])
    week = days - pd.to_timedelta(days.dt.day_of_week, unit="D")
    lists = listed.assign(week=pd.to_datetime(listed["week"]))[["grid_id", "scenario", "week", "kind"]]
    return outcomes.assign(week=week).merge(lists, on=["grid_id", "scenario", "week"], how="left")


def compare_hit_rates(outcomes: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """One row per scenario and kind (red, audit, and unlisted where there are any), with 95 % Wilson intervals.

    Columns: scenario, kind, inspected, hits, uninspectable, hit_rate, low, high. An inspection where nobody could
    look is in no rate. The audits' rate is an unbiased estimate for all grids that were not red.
    """
    matched = match_outcomes(outcomes, listed)
    matched = matched.assign(kind=matched["kind"].fillna("unlisted"), found=matched["found"].astype("boolean"))
    grouped = matched.groupby(["scenario", "kind"])["found"]
    table = pd.DataFrame(
        {
            "inspected": grouped.count(),
            "hits": grouped.sum().astype("int64"),
            "uninspectable": grouped.apply(lambda found: int(found.isna().sum())),
        }
    ).reset_index()
    low, high = wilson_interval(table["hits"], table["inspected"])
    rate = table["hits"] / table["inspected"].where(table["inspected"] > 0)
    order = table["kind"].map({"red": 0, "audit": 1, "unlisted": 2})
    told = table.assign(hit_rate=rate, low=low, high=high, order=order)
    return told.sort_values(["scenario", "order"], ignore_index=True).drop(columns="order")
