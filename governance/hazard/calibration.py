"""Whether forecasts said the right number: expected reports beside those that came, by tier and by tenth of the ranks.

Judged are the forecasts of the Mondays four, eight and twelve weeks before the last one, each by the 28 days that
followed it: three windows that do not overlap. Each was made by a model that knew only what came before it, and the
tiers are those that were shown on that day.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.stats

from governance.hazard.features import RATE_DAYS, Floats
from governance.hazard.metrics import ALL
from governance.hazard.tiers import TIERS, rank_grids
from governance.hazard.weekly import PastForecasts, find_monday

BACK_WEEKS = (4, 8, 12)
TENTHS = 10

CALIBRATION = pa.schema(
    [
        ("scenario", pa.string()),
        ("grouping", pa.string()),
        ("band", pa.string()),
        ("windows", pa.int32()),
        ("judged", pa.int64()),
        ("expected_reports", pa.float64()),
        ("reports", pa.float64()),
        ("p_any_said", pa.float64()),
        ("p_any_came", pa.float64()),
        ("p_any_low", pa.float64()),
        ("p_any_high", pa.float64()),
    ]
)

Codes = npt.NDArray[np.int64]


def measure_calibration(past: PastForecasts, history: pa.Table, *, as_of: date) -> pa.Table:
    """Expected and come (CALIBRATION), one row per scenario (ALL: together), way of grouping and band with any grid.

    history: the tiers that were shown (`replay.HISTORY`); what it does not name was green. `judged` counts grids, once
    per window. p_any_said: the mean chance of at least one report that the forecasts stated; p_any_came: the share of
    grids that had one, with its 95 % Wilson interval. No row where the city is too young for any window.
    """
    monday = find_monday(as_of)
    windows = [
        (scores.day, scores.expected, past.count(scores.day + timedelta(days=RATE_DAYS)))
        for scores in past.score(monday, back=BACK_WEEKS)
    ]
    if not windows:
        return CALIBRATION.empty_table()
    expected, reports = np.stack([said for _, said, _ in windows]), np.stack([came for *_, came in windows])
    tiers = np.stack([find_tiers(history, day, past.scenarios, past.grids) for day, *_ in windows])
    tenths = np.stack([[_find_tenths(own) for own in window] for window in expected])
    grouped = [
        *_list_bands(past.scenarios, "tier", TIERS, tiers, expected, reports),
        *_list_bands(past.scenarios, "tenth", range(1, TENTHS + 1), tenths, expected, reports),
    ]
    return pa.Table.from_pylist(grouped, schema=CALIBRATION)


def find_tiers(history: pa.Table, day: date, scenarios: tuple[str, ...], grids: int) -> Codes:
    """The tier of every grid as it was shown on a day: its place in TIERS, (scenarios, grids)."""
    rows = history.filter(pc.equal(history["day"], pa.scalar(day)))
    tiers = np.zeros((len(scenarios), grids), dtype=np.int64)
    number = pc.index_in(rows["scenario"], pa.array(scenarios, pa.string())).to_numpy()
    tiers[number, rows["grid_no"].to_numpy()] = pc.index_in(rows["tier"], pa.array(TIERS, pa.string())).to_numpy()
    return tiers


def _find_tenths(expected: Floats) -> Codes:
    """0 for the worst tenth of the grids, 9 for the last."""
    tenths: Codes = (rank_grids(expected).astype(np.int64) - 1) * TENTHS // len(expected)
    return tenths


def _list_bands(
    scenarios: tuple[str, ...],
    grouping: str,
    names: range | tuple[str, ...],
    bands: Codes,
    expected: Floats,
    reports: Floats,
) -> list[dict[str, object]]:
    """The rows of one way of grouping; all arrays are (windows, scenarios, grids)."""
    values = (np.ones_like(expected), expected, reports, -np.expm1(-expected), (reports > 0).astype(np.float64))
    cells = (np.arange(len(scenarios))[None, :, None] * len(names) + bands).ravel()
    shape = len(scenarios), len(names)
    sums = np.stack([np.bincount(cells, value.ravel(), shape[0] * shape[1]).reshape(shape) for value in values])
    named = [*zip(scenarios, sums.swapaxes(0, 1), strict=True), (ALL, sums.sum(axis=1))]
    return [
        {"scenario": scenario, "grouping": grouping, "band": str(name), "windows": len(expected)} | _describe(column)
        for scenario, own in named
        for name, column in zip(names, own.T, strict=True)
        if column[0] > 0
    ]


def _describe(sums: Floats) -> dict[str, object]:
    """The figures of a band from its sums: grids, expected, reports, chances said, grids with a report."""
    judged, expected, reports, said, came = (float(value) for value in sums)
    ends = scipy.stats.binomtest(int(came), int(judged)).proportion_ci(method="wilson")
    return {
        "judged": int(judged), "expected_reports": expected, "reports": reports, "p_any_said": said / judged,
        "p_any_came": came / judged, "p_any_low": float(ends.low), "p_any_high": float(ends.high),
    }  # fmt: skip
