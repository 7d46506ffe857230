"""What inspections found: the hit rate of red grids beside that of the random audits.

Outcomes are rows of grid_id, scenario, inspected_on and found (true, false, or missing where nobody could look).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection
from pathlib import Path

import pandas as pd

from governance.errors import ConfigError, InputError, join_faults
from governance.indicators.intervals import wilson_interval
from governance.toml_model import nearest

COLUMNS = ("grid_id", "scenario", "inspected_on", "found")
_DAY = "%Y-%m-%d"
_TRUTHS = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}


def read_outcomes(path: Path, *, grid_ids: Collection[str], find_scenario: Callable[[str], str]) -> pd.DataFrame:
    """The outcomes of a CSV file: texts, a day, and a nullable truth.

    find_scenario: the id of a scenario that an id or a name means; raises ConfigError. Raises one InputError with
    every fault of every row: unknown grids and scenarios, days, truths, cells too many or too few.
    """
    known, scenarios = set(grid_ids), _Scenarios(find_scenario)
    told: list[dict[str, object]] = []
    faults: list[str] = []
    for line, row in _read_rows(path):
        cells = {name: str(row[name] or "").strip() for name in COLUMNS}
        wrong = _find_faults(cells, known, scenarios)
        wrong += ["it has more cells than the first line."] * (None in row)
        wrong += ["it has fewer cells than the first line."] * (None in row.values())
        faults += [f"line {line}: {fault}" for fault in wrong]
        told.append(cells | {"scenario": scenarios.ids.get(cells["scenario"])})
    if faults:
        raise InputError(join_faults(f"{path} cannot be used:", faults))
    rows = pd.DataFrame(told, columns=list(COLUMNS), dtype="str")
    day = pd.to_datetime(rows["inspected_on"], format=_DAY)
    return rows.assign(inspected_on=day, found=rows["found"].str.lower().map(_TRUTHS).astype("boolean"))


def leave_out_old(outcomes: pd.DataFrame, listed: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The outcomes since the first week of `listed`, and a sentence on those from before it; empty if there are none.

    Their lists are no longer kept, so nobody can say under which kind a grid stood there.
    """
    first = pd.to_datetime(listed["week"]).min()
    is_old = outcomes["inspected_on"] < first
    if not is_old.any():
        return outcomes, ""
    told = (
        f"Outcomes before {first.date()}, the first week whose lists are kept: {is_old.sum():,}. They are in no rate."
    )
    return outcomes[~is_old], told


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


class _Scenarios:
    """What each text of the file means, asked once: its id, or why it has none."""

    def __init__(self, find: Callable[[str], str]) -> None:
        self.find, self.ids, self._faults = find, dict[str, str](), dict[str, str]()

    def find_fault(self, text: str) -> str | None:
        if text not in self.ids and text not in self._faults:
            try:
                self.ids[text] = self.find(text)
            except ConfigError as error:
                self._faults[text] = str(error)
        return self._faults.get(text)


def _read_rows(path: Path) -> list[tuple[int, dict[str | None, str | None]]]:
    """The file's rows with their line numbers; raises InputError for what is no CSV, or other columns."""
    try:
        reader = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
        header = list(reader.fieldnames or ())
        rows = [(reader.line_num, dict(row)) for row in reader]
    except FileNotFoundError as error:
        raise InputError(f"{path} was not found. Check the path.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as CSV in UTF-8: {error}. Save it as CSV in UTF-8.") from error
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise InputError(f"{path}: the columns {', '.join(missing)} are missing; it has {', '.join(header)}.")
    return rows


def _find_faults(cells: dict[str, str], grid_ids: set[str], scenarios: _Scenarios) -> list[str]:
    grid, day, found = (cells[name] for name in ("grid_id", "inspected_on", "found"))
    faults = []
    if grid not in grid_ids:
        faults.append(f"there is no grid_id {grid!r}{nearest(grid, sorted(grid_ids)) or '.'}")
    unknown = scenarios.find_fault(cells["scenario"])
    if unknown:
        faults.append(unknown)
    if pd.isna(pd.to_datetime(day, format=_DAY, errors="coerce")):
        faults.append(f"inspected_on is {day!r}, which is no day; write it like 2026-03-01.")
    if found.lower() not in {*_TRUTHS, ""}:
        faults.append(f"found is {found!r}; write true, false, or nothing where nobody could look.")
    return faults
