"""The hazard model: non-negative additive rates, weighted as for Poisson counts.

Expected reports = base + Σ rate_f · feature_f with all rates ≥ 0, so that every feature's share of a forecast is its
own term, and one more past report never lowers a grid with the rates held fixed; a refit can move them a little. Among
the models measured on 18 real series this is the best simple one (docs/decisions/0004-hazard-model.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from governance.hazard.features import FEATURES, OTHER

Floats = npt.NDArray[np.float64]

REWEIGHTINGS = 3
# A rate of its own for each other scenario has a normal prior about the common one. In units of a standard error it
# is as wide as 1,000 reports make it: with 100 reports the scenarios are all but alike, with 10,000 each has its own.
POOLING_REPORTS = 1000.0
LEAST_OWN_SHARE = 0.1
LEAST_EXPECTED = 1e-3


@dataclass(frozen=True)
class Rates:
    """A model: `rates` per column of features, `base` in reports per 28 days, the fallback where none was fitted."""

    rates: Floats
    base: float
    fallback: str | None


def fit_rates(features: Floats, reports: Floats, *, exposure: float = 1.0) -> Rates:
    """Fit rates to (rows, columns) and the reports that followed (rows), counted over `exposure` times 28 days.

    Where the other scenarios stand one by one behind FEATURES, they share the rate of their sum, and each may have
    more than that as far as the reports bear it out: see POOLING_REPORTS.
    """
    used = np.flatnonzero(features.any(axis=0))
    penalty = np.where(used < len(FEATURES), 0.0, POOLING_REPORTS / max(float(reports.sum()), 1.0))
    design = np.column_stack([features[:, used], np.ones(len(features))]) * exposure
    expected = np.full(len(reports), max(float(reports.mean()), LEAST_EXPECTED))
    solution = np.zeros(design.shape[1])
    for _ in range(REWEIGHTINGS):
        # A Poisson count varies as much as it is expected: rows weigh by the inverse.
        weight = 1 / np.maximum(expected, LEAST_EXPECTED)
        solution = _solve(design, reports, weight, np.append(penalty, 0.0))
        expected = design @ solution
    rates = np.zeros(features.shape[1])
    rates[used] = solution[:-1]
    if len(rates) > len(FEATURES):
        # The common rate is every other scenario's; a scenario's own column is 0, so that its rate says nothing.
        rates[len(FEATURES) :] += rates[OTHER]
        rates[OTHER] = 0
    return Rates(rates, float(solution[-1]), None)


def _solve(design: Floats, reports: Floats, weight: Floats, penalty: Floats) -> Floats:
    """Non-negative weighted least squares; `penalty` per column of unit length draws its coefficient towards 0.

    The products of the columns, and a matrix of as many rows that has the same ones, say all that the rows say: so the
    solver sees dozens of rows instead of a hundred thousand. Columns are brought to one length first, for precision.
    """
    weighted = np.column_stack([design, reports]) * np.sqrt(weight)[:, None]
    length = np.maximum(np.linalg.norm(weighted, axis=0), np.finfo(float).tiny)
    products = (weighted / length).T @ (weighted / length)
    values, vectors = np.linalg.eigh(products + np.diag(np.append(penalty, 0.0)))
    root = np.sqrt(np.maximum(values, 0))[:, None] * vectors.T
    # Only builds fit; the dashboard starts a fifth of a second earlier without it.
    from sklearn.linear_model import LinearRegression  # noqa: PLC0415

    model = LinearRegression(positive=True, fit_intercept=False)
    model.fit(root[:, :-1], root[:, -1])
    solution: Floats = np.asarray(model.coef_) * length[-1] / length[:-1]
    return solution


def pool_rates(counts: Floats, weighted: Floats, features: Floats, *, history_feature: int) -> Rates:
    """Rates where there is too little to fit: each grid's whole-history rate, drawn towards the mean of all grids.

    counts: reports per grid over the whole history; weighted: what its history feature was made of, incidents found by
    inspections among them. These tell where reports may come, not how many: the forecast sums to the reports' own rate,
    and to 0 where nobody ever reported. The grid's own share is Bühlmann's credibility, 1 - mean /
    variance: none where the counts differ as by chance, all where they differ by far more. It stays above a tenth,
    so that grids with reports rank before those without.
    """
    mean = float(counts.mean())
    variance = float(counts.var(ddof=1)) if len(counts) > 1 else 0.0
    share = max(LEAST_OWN_SHARE, 1 - mean / variance) if variance > 0 else LEAST_OWN_SHARE
    rates = np.zeros(features.shape[1])
    all_weighted = float(weighted.sum())
    reported = float(counts.sum()) / all_weighted if all_weighted > 0 else 1.0
    rates[history_feature] = share * reported
    return Rates(rates, (1 - share) * float(features[:, history_feature].mean()) * reported, "pooled")


def explain(rates: Rates, features: Floats) -> Floats:
    """Contributions (rows, FEATURES + 1) in reports per 28 days, the base last; they sum to the forecast.

    What the other scenarios add one by one is summed into "other".
    """
    named, others = features[:, :OTHER] * rates.rates[:OTHER], features[:, OTHER:] @ rates.rates[OTHER:]
    base = np.full(len(features), rates.base)
    return np.column_stack([named, others, base])
