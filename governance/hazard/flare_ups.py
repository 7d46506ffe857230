"""Places that flare up: the reports of the last weeks are out of line with their own forecast of before them.

A scan over six zones of space and time for every grid: the grid alone, and with the grids that touch it, over the last
7, 14 and 28 days. A window's forecast was made on its first day by a model that knew nothing of it, and is brought to
the level of all grids together, so that a season is no flare-up. Counts are taken as negative binomial around it;
their extra spread is measured on older windows of the same zones, so it holds how reports cluster and how wrong
forecasts are. A grid is told when its p-value, times the six zones, is at most 1 / grids: where nothing flares,
chance alone tells at most one grid of a scenario each time one looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import scipy

from governance.grids.neighbours import Neighbours
from governance.hazard.features import RATE_DAYS, Floats, sum_neighbours
from governance.hazard.weekly import WEEK_DAYS, WEEKS, PastForecasts

WINDOWS_WEEKS = (1, 2, 4)
REACHES = ("grid", "neighbours")
"""A zone is a grid alone, or the grid with those that touch it."""
FALSE_ALARMS = 1.0
"""How many grids of a scenario are told by chance alone, at most, each time one looks."""
LEAST_REPORTS = 3
LEAST_OLDER_WINDOWS = 3
"""Of fewer nobody can say how much counts vary, and a Poisson count would raise more false alarms than are said."""
FLARE_UPS = pa.schema(
    [
        ("scenario", pa.string()),
        ("grid_no", pa.int32()),
        ("reach", pa.string()),
        ("window_days", pa.int32()),
        ("reports", pa.float64()),
        ("expected_reports", pa.float64()),
        ("p_value", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Spread:
    """How much counts vary around an expected m: variance = `by_chance` · m + `by_rate` · m²; 1 and 0 for Poisson."""

    by_chance: float
    by_rate: float


@dataclass(frozen=True)
class _Zone:
    """Reports around every grid, what was expected of them, and how unlikely so many are; all (scenarios, grids)."""

    reach: str
    weeks: int
    reports: Floats
    expected: Floats
    p_value: Floats


def find_flare_ups(past: PastForecasts, *, as_of: date) -> pa.Table:
    """Grids that flare up (FLARE_UPS): by scenario, the least likely first, each with its least likely zone.

    `p_value` is the chance of so many reports or more in any of the zones (Bonferroni). A grid that touches a less
    likely one whose zone holds it is not told again. A window is left out where the city has no forecast from before
    it, or fewer than LEAST_OLDER_WINDOWS older ones to measure the spread on.
    """
    scores = past.score(as_of, back=tuple(range(1, WEEKS)))
    expected = {(as_of - made.day).days // WEEK_DAYS: made.expected for made in scores}
    zones = [
        _judge_zone(past, expected, reach, weeks, as_of=as_of)
        for reach in REACHES
        for weeks in WINDOWS_WEEKS
        if weeks in expected and len(_list_older(expected, weeks)) >= LEAST_OLDER_WINDOWS
    ]
    found = [FLARE_UPS.empty_table()]
    for number, scenario in enumerate(past.scenarios if zones else ()):
        found.append(_list_grids(scenario, number, zones, past.neighbours))
    return pa.concat_tables(found)


def measure_spread(reports: Floats, expected: Floats) -> Spread:
    """The spread of counts around what was expected, by moments; arrays of one shape, in any order.

    The counts are cut into two halves of equal expected total, one of small and one of large expectations, and the
    two parts of the variance are those that give both halves their squared errors; never less than Poisson's.
    """
    m, squares = expected.ravel(), ((reports - expected) ** 2).ravel()
    order = np.argsort(m, kind="stable")
    half = np.searchsorted(np.cumsum(m[order]), m.sum() / 2)
    sums = [(m[rows].sum(), (m[rows] ** 2).sum(), squares[rows].sum()) for rows in (order[:half], order[half:])]
    (m_low, m2_low, s_low), (m_high, m2_high, s_high) = sums
    determinant = m_low * m2_high - m_high * m2_low
    if determinant <= 0:
        return Spread(max(1.0, (s_low + s_high) / (m_low + m_high)) if m_low + m_high > 0 else 1.0, 0.0)
    by_chance = max(1.0, (s_low * m2_high - s_high * m2_low) / determinant)
    by_rate = max(0.0, (s_low + s_high - by_chance * (m_low + m_high)) / (m2_low + m2_high))
    return Spread(by_chance, by_rate)


def find_tail(reports: Floats, expected: Floats, spread: Spread) -> Floats:
    """P(so many reports or more) for negative binomial counts of that spread; 1 where there is no report."""
    counts, m = np.ceil(reports), np.maximum(expected, 1e-9)
    extra = (spread.by_chance - 1) * m + spread.by_rate * m**2
    # Without extra spread the negative binomial is a Poisson count.
    poisson, wide = scipy.stats.poisson.sf(counts - 1, m), np.maximum(extra, 1e-12)
    tail = np.where(extra > 0, scipy.stats.nbinom.sf(counts - 1, m**2 / wide, m / (m + wide)), poisson)
    return np.where(counts > 0, tail, 1.0)


def _judge_zone(past: PastForecasts, expected: Mapping[int, Floats], reach: str, weeks: int, *, as_of: date) -> _Zone:
    days = WEEK_DAYS * weeks

    def look(back: int) -> tuple[Floats, Floats]:
        """What came in the window that began so many weeks ago, and what was expected, at the level of all grids."""
        came = past.count(as_of - timedelta(days=WEEK_DAYS * (back - weeks)), days=days)
        said = _level(expected[back] * (days / RATE_DAYS), came)
        return _gather(came, reach, past.neighbours), _gather(said, reach, past.neighbours)

    reports, usual = look(weeks)
    older = [look(back) for back in _list_older(expected, weeks)]
    tails = []
    for number in range(len(past.scenarios)):
        came, said = (np.array([window[side][number] for window in older]) for side in (0, 1))
        tails.append(find_tail(reports[number], usual[number], measure_spread(came, said)))
    return _Zone(reach, weeks, reports, usual, np.reshape(tails, reports.shape))


def _list_older(expected: Mapping[int, Floats], weeks: int) -> list[int]:
    """When the windows that tell the usual spread began, in weeks back: what is judged must not widen it itself."""
    return [back for back in expected if back >= max(WINDOWS_WEEKS) + weeks]


def _gather(values: Floats, reach: str, neighbours: Neighbours) -> Floats:
    """Sums over each grid's zone, (scenarios, grids)."""
    if reach == REACHES[0]:
        return values
    return values + sum_neighbours(values, neighbours.near_indptr, neighbours.near_indices)


def _level(expected: Floats, reports: Floats) -> Floats:
    """Expected reports of each scenario, brought to the total that came."""
    said = expected.sum(axis=1, keepdims=True)
    ratio: Floats = np.divide(reports.sum(axis=1, keepdims=True), said, out=np.ones_like(said), where=said > 0)
    return expected * ratio


def _list_grids(scenario: str, number: int, zones: list[_Zone], neighbours: Neighbours) -> pa.Table:
    p_values = np.stack([zone.p_value[number] for zone in zones])
    best, grids = p_values.argmin(axis=0), np.arange(p_values.shape[1])
    p_value = np.minimum(p_values[best, grids] * len(REACHES) * len(WINDOWS_WEEKS), 1.0)
    reports = np.stack([zone.reports[number] for zone in zones])[best, grids]
    expected = np.stack([zone.expected[number] for zone in zones])[best, grids]
    is_unusual = (p_value <= FALSE_ALARMS / max(1, len(grids))) & (reports >= LEAST_REPORTS)
    reach = np.array([REACHES.index(zone.reach) for zone in zones])[best]
    told = _drop_repeated(np.flatnonzero(is_unusual), p_value, reach, neighbours)
    columns = {
        "scenario": [scenario] * len(told),
        "grid_no": told.astype(np.int32),
        "reach": pa.array(REACHES, pa.string()).take(pa.array(reach[told])),
        "window_days": np.array([WEEK_DAYS * zone.weeks for zone in zones], dtype=np.int32)[best[told]],
        "reports": reports[told],
        "expected_reports": expected[told],
        "p_value": p_value[told],
    }
    return pa.table(columns, schema=FLARE_UPS)


def _drop_repeated(
    found: npt.NDArray[np.int64], p_value: Floats, reach: npt.NDArray[np.int64], neighbours: Neighbours
) -> npt.NDArray[np.int64]:
    """The grids found, the least likely first, without those whose zone overlaps the zone of a less likely one."""
    kept: list[int] = []
    covered: set[int] = set()
    for grid in found[np.lexsort((found, p_value[found]))].tolist():
        zone = {grid}
        if reach[grid]:
            zone |= set(
                neighbours.near_indices[neighbours.near_indptr[grid] : neighbours.near_indptr[grid + 1]].tolist()
            )
        if not zone & covered:
            kept.append(grid)
            covered |= zone
    return np.array(kept, dtype=np.int64)
