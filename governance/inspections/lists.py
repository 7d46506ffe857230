"""A week's inspection list: every red grid, and a random share of the others to see what the colours miss.

The draw is by permanent random numbers: each grid has one number for a scenario and a week, and of the grids that are
not red those with the smallest numbers are drawn. So the list is the same however often it is made, and where late
rows make another grid red, at most one audit changes.
"""

from __future__ import annotations

import hashlib
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from governance.hazard.tiers import count_audits

INSPECTIONS = pa.schema(
    [
        ("scenario", pa.string()),
        ("week", pa.date32()),
        ("grid_no", pa.int32()),
        ("kind", pa.string()),
        ("sampling_probability", pa.float64()),
    ]
)
Flags = npt.NDArray[np.bool_]


def list_inspections(
    is_red: Flags,
    *,
    scenario: str,
    week: date,
    audit_share: float,
    capacity: int | None = None,
    among: Flags | None = None,
) -> pa.Table:
    """The list of a scenario for the week that begins on a Monday (INSPECTIONS, by grid_no).

    is_red: (grids). `kind` is "red", with probability 1, or "audit", drawn with the same known probability from all
    grids that are not red. Audits are `audit_share` of the whole list, or of the capacity where there is one
    (`count_audits`). among: the grids that the list is of, where a district has one of its own (default: all).
    """
    here = np.ones(len(is_red), dtype=bool) if among is None else among
    is_red = is_red & here
    others = np.flatnonzero(~is_red & here)
    audits = min(count_audits(int(is_red.sum()), audit_share=audit_share, capacity=capacity), len(others))
    numbers = draw_numbers(len(is_red), scenario=scenario, week=week)
    drawn = others[np.argsort(numbers[others], kind="stable")[:audits]]
    red = np.flatnonzero(is_red)
    grids = np.concatenate([red, drawn])
    order = np.argsort(grids, kind="stable")
    probability = np.concatenate([np.ones(len(red)), np.full(audits, audits / max(1, len(others)))])
    columns = {
        "scenario": [scenario] * len(grids),
        "week": pa.array([week] * len(grids), pa.date32()),
        "grid_no": grids[order].astype(np.int32),
        "kind": np.array(["red"] * len(red) + ["audit"] * audits, dtype=object)[order],
        "sampling_probability": probability[order],
    }
    return pa.table(columns, schema=INSPECTIONS)


def draw_numbers(grids: int, *, scenario: str, week: date) -> npt.NDArray[np.float64]:
    """The random number of every grid for a scenario and a week, the same on every machine."""
    digest = hashlib.sha256(f"{scenario}|{week.isoformat()}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big")).random(grids)


def compare_lists(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """How the newest week's lists of two snapshots differ: one row per scenario that does, with `added` and `removed`.

    Both have scenario, grid_id, week and kind, as `ask_inspections` gives them. Grids are counted, a grid that became
    an audit or ceased to be one as both. Empty where the newest weeks are not the same one.
    """
    keys = ["scenario", "grid_id", "kind"]
    weeks = {frame["week"].max() for frame in (before, after)}
    if len(weeks) != 1 or before.empty:
        return pd.DataFrame({"scenario": [], "added": [], "removed": []})
    this, other = (frame.loc[frame["week"] == frame["week"].max(), keys] for frame in (before, after))
    both = this.merge(other, on=keys, how="outer", indicator=True)
    both = both.assign(added=both["_merge"] == "right_only", removed=both["_merge"] == "left_only")
    counted = both.groupby("scenario", as_index=False)[["added", "removed"]].sum()
    return counted[(counted["added"] + counted["removed"]) > 0].reset_index(drop=True)
