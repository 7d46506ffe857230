"""Confidence intervals of shares."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray


def wilson_interval(
    successes: ArrayLike, trials: ArrayLike, *, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper end of the Wilson score interval of each share, NaN where there are no trials.

    It stays inside 0..1 and is sound for few trials and for shares near 0 or 1 (Wilson 1927).
    """
    hits, count = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = hits / count
        middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
        half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    low = np.where(hits == 0, 0.0, np.maximum(middle - half, 0.0))
    high = np.where(hits == count, 1.0, np.minimum(middle + half, 1.0))
    blank = ~(count > 0)
    return np.where(blank, np.nan, low), np.where(blank, np.nan, high)
