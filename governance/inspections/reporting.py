"""How much of what happens is reported, place by place, as random audits show it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PRIOR_FOUND = 20.0
"""An area is believed to report like the city until its audits have found about so many incidents."""


def estimate_reporting_rates(
    reported: npt.NDArray[np.float64], found: npt.NDArray[np.float64], area: npt.NDArray[np.int64], *, areas: int
) -> npt.NDArray[np.float64]:
    """The share of incidents that is reported in each area (float64, areas), relative to the city's own share.

    One entry per audit: incidents that it found, how many of them had been reported, and the number of its area. The
    areas' ratios are drawn towards the city's by PRIOR_FOUND incidents (a Gamma-Poisson mean); 1 everywhere where
    nothing was found. A forecast divided by them is on the scale of incidents, up to the city's level.
    """
    total = float(found.sum())
    if total <= 0:
        return np.ones(areas)
    city = max(float(reported.sum()), 1.0) / total
    seen = np.bincount(area, reported, areas) + PRIOR_FOUND * city
    there = np.bincount(area, found, areas) + PRIOR_FOUND
    return np.maximum(seen / there / city, 1e-3)
