"""The hazard model: non-negative additive rates, weighted as for Poisson counts. The only room that knows scikit-learn.

Expected reports = base + Σ rate_f · feature_f with all rates ≥ 0, so that every feature's share of a forecast is its
own term, and one more past report never lowers a grid. Among the models measured on 18 real series this is the best
simple one (docs/decisions/0004-hazard-model.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LinearRegression

Floats = npt.NDArray[np.float64]

REWEIGHTINGS = 3
LEAST_REPORTS = 20
LEAST_EXPECTED = 1e-3


@dataclass(frozen=True)
class Rates:
    """A fitted model: `rates` per feature, `base` in reports per 28 days, and the fallback used, if any."""

    rates: Floats
    base: float
    fallback: str | None


def fit_rates(features: Floats, reports: Floats, *, history_feature: int) -> Rates:
    """Fit rates to (rows, features) and the reports of the following 28 days (rows).

    With fewer than 20 reports there is nothing to learn from: the whole-history rate alone is used.
    """
    kinds = features.shape[1]
    if reports.sum() < LEAST_REPORTS:
        rates = np.zeros(kinds)
        rates[history_feature] = 1.0
        return Rates(rates, 0.0, "history")
    design = np.column_stack([features, np.ones(len(features))])
    expected = np.full(len(reports), max(float(reports.mean()), LEAST_EXPECTED))
    solution = np.zeros(kinds + 1)
    for _ in range(REWEIGHTINGS):
        # A Poisson count varies as much as it is expected: rows weigh by the inverse.
        scale = 1 / np.sqrt(np.maximum(expected, LEAST_EXPECTED))
        # The triangle of a QR decomposition has the same least squares as all the rows, in eight rows.
        weighted = np.column_stack([design, reports]) * scale[:, None]
        triangle = np.asarray(np.linalg.qr(weighted, mode="r"))
        model = LinearRegression(positive=True, fit_intercept=False)
        model.fit(triangle[:, :-1], triangle[:, -1])
        solution = np.asarray(model.coef_)
        expected = design @ solution
    return Rates(solution[:-1], float(solution[-1]), None)


def explain(rates: Rates, features: Floats) -> Floats:
    """Contributions (rows, features + 1) in reports per 28 days, the base last; they sum to the forecast."""
    base = np.full((len(features), 1), rates.base)
    return np.hstack([features * rates.rates, base])
