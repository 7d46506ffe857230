"""Figures that judge a ranking of grids against the reports that came: capture, PAI, PEI, precision, deviance.

Grids of the same score share what they catch: the expectation over every order of them, so that the numbering of the
grids decides nothing. All arrays are per grid.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy

from governance.hazard.tiers import count_share

Floats = npt.NDArray[np.float64]

ALL = "~all"
"""Stands for all scenarios together: geometric means of ratios, sums of everything else."""
RATIO, DEVIANCE_RATIO = "capture_5_over_best_count", "deviance_over_best_count"
"""Names of the two figures that hold a model against the best of the counts."""
LEVELLED_RATIO = "deviance_over_best_levelled_count"
"""The same with every count brought to the latest level first, as the models are: the fairer of the two."""
LEAST_EXPECTED = 1e-3
"""The deviance takes no forecast for less than this: a count of 0 says 0, and a single report would be infinite."""


def measure_capture(score: Floats, reports: Floats, share: float) -> float:
    """Reports in the worst `share` of the grids: of n grids the worst ⌊n · share⌋, at least one."""
    return _catch(score, reports, _count_worst(score, share))


def measure_capture_by_area(score: Floats, reports: Floats, area_km2: Floats, share: float) -> float:
    """Reports in the grids that rank first by score per km², as many as fill `share` of the area; the last in part."""
    density = score / area_km2
    order = np.lexsort((np.arange(len(score)), -density))
    # Grids of one density are one grid of their summed area, so that their order decides nothing.
    group = np.append(0, np.cumsum(np.diff(density[order]) != 0))
    area, caught = np.bincount(group, area_km2[order]), np.bincount(group, reports[order])
    budget = share * float(area_km2.sum())
    taken = np.clip((budget - (np.cumsum(area) - area)) / area, 0, 1)
    return float((taken * caught).sum())


def measure_best_capture(reports: Floats, share: float) -> float:
    """What a ranking with hindsight would have caught: the denominator of PEI."""
    return measure_capture(reports, reports, share)


def measure_precision(score: Floats, reports: Floats, share: float) -> float:
    """The share of the worst grids that had any report: precision@k with k = ⌊n · share⌋."""
    k = _count_worst(score, share)
    return _catch(score, (reports > 0).astype(np.float64), k) / k


def measure_deviance(expected: Floats, reports: Floats) -> float:
    """Poisson deviance 2 Σ (y log(y / μ) - (y - μ)), with μ at least LEAST_EXPECTED."""
    mean = np.maximum(expected, LEAST_EXPECTED)
    terms = scipy.special.xlogy(reports, reports / mean) - (reports - mean)
    return float(2 * terms.sum())


def measure_find_day(score: Floats, reports: Floats, horizon_days: int) -> float:
    """The mean day (from 0) on which the reports' grids are reached when all grids are walked in order of score.

    The same number of grids is walked every day and all are reached within the horizon; grids of equal score are
    reached on their mean day. Summed over reports; divide by their number.
    """
    _, inverse, number = np.unique(-score, return_inverse=True, return_counts=True)
    before = np.cumsum(number) - number
    place = before[inverse] + (number[inverse] - 1) / 2
    return float((reports * place).sum() / len(score) * horizon_days)


def find_worst(score: Floats, share: float) -> npt.NDArray[np.int64]:
    """The numbers of the worst grids, equal scores by number, as the tiers take them."""
    return np.argsort(-score, kind="stable")[: _count_worst(score, share)]


def _count_worst(score: Floats, share: float) -> int:
    return max(1, count_share(share, len(score)))


def _catch(score: Floats, worth: Floats, k: int) -> float:
    """The worth of the k highest scores, expected over every order of equal ones."""
    threshold = -np.partition(-score, k - 1)[k - 1]
    is_above, is_tied = score > threshold, score == threshold
    return float(worth[is_above].sum() + worth[is_tied].mean() * (k - is_above.sum()))
