"""The half-life of recurrence: of the cases that ever come back, half have done so this long after closing.

Read off a curve, it is too short: whoever comes back after the window is not seen, and cases at busy places would be
followed by new ones anyway. So a model is fitted to the curve's counts. A share of the cases comes back, exponentially
in time; all meet unrelated new cases at a constant rate besides:

    share not recurred(t) = (1 - share + share * 2^(-t / half_life)) * exp(-background * t)

Each day's recurrences are binomial among those at risk, so right-censoring is no loss. Where places differ much in
their background, the busy ones recur first and look like quick returns: the half-life comes out too short (by up to a
third in the demo city), the share too large, and the interval knows nothing of it
(docs/decisions/0010-recurrence.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy import optimize, stats

from governance.errors import GovernanceError

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
SHORTEST_DAYS = 0.1
LONGEST_WINDOWS = 20.0  # half-lives are looked for up to so many windows; beyond, a curve is a straight line
_TRIALS = 40


@dataclass(frozen=True)
class HalfLife:
    """A half-life in days with its 95 % interval (profile likelihood), and what else the model says.

    `naive_days` is read off the curve: the day by which half of those that recurred within the window had. `share` is
    that of the cases that ever come back, `background_per_day` the rate of unrelated new cases. An interval that ends
    at 0 or infinity says that the counts do not tell; without any recurrence all is None.
    """

    naive_days: int | None
    half_life_days: float | None
    low_days: float | None
    high_days: float | None
    share: float | None
    background_per_day: float | None


def estimate_half_life(curve: pd.DataFrame) -> HalfLife:
    """Give the half-life of one curve: the rows of `out_recurrence_curve` of one scenario and one department.

    Raises GovernanceError when the rows are of several curves.
    """
    if curve.day.duplicated().any():
        raise GovernanceError("A half-life belongs to one curve; choose the rows of one scenario and one department.")
    counts = curve[(curve.day > 0) & (curve.at_risk > 0)].sort_values("day")
    recurred, at_risk = counts.recurred.to_numpy(dtype=float), counts.at_risk.to_numpy(dtype=float)
    if not recurred.sum():
        return HalfLife(None, None, None, None, None, None)
    shares = counts.share_recurred.to_numpy()
    naive_days = int(counts.day.to_numpy()[np.argmax(shares >= shares[-1] / 2)])

    def lose(log_days: float) -> float:
        return _fit_others(np.exp(log_days), recurred, at_risk)[0]

    trials = np.linspace(np.log(SHORTEST_DAYS), np.log(LONGEST_WINDOWS * len(counts)), _TRIALS)
    best = int(np.argmin([lose(trial) for trial in trials]))
    around = (trials[max(best - 1, 0)], trials[min(best + 1, _TRIALS - 1)])
    log_days = float(optimize.minimize_scalar(lose, bounds=around, method="bounded").x)
    least, share, background = _fit_others(np.exp(log_days), recurred, at_risk)
    worst = least + stats.chi2.ppf(CONFIDENCE, 1) / 2
    low = _find_end(lose, [log_days, *trials[trials < log_days][::-1]], worst)
    high = _find_end(lose, [log_days, *trials[trials > log_days]], worst)
    low_days, high_days = (0.0 if low is None else np.exp(low)), (np.inf if high is None else np.exp(high))
    return HalfLife(naive_days, float(np.exp(log_days)), float(low_days), float(high_days), share, background)


def tabulate_half_lives(curves: pd.DataFrame) -> pa.Table:
    """The rows of `out_half_life`: one per scenario, from the rows of one curve for each of them."""
    rows = [
        {"scenario": scenario, **asdict(estimate_half_life(curve))} for scenario, curve in curves.groupby("scenario")
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _fit_others(half_life_days: float, recurred: Floats, at_risk: Floats) -> tuple[float, float, float]:
    """Give the least negative log-likelihood with this half-life, and the share and the background that reach it."""
    days = len(recurred)
    still_away = 2 ** (-np.arange(days + 1) / half_life_days)

    def lose(others: Floats) -> tuple[float, Floats]:
        share, background = others[0], others[1] / days
        remaining = 1 - share + share * still_away
        log_quiet = np.diff(np.log(remaining)) - background  # of the chance that a day passes without a recurrence
        chance = -np.expm1(log_quiet)
        loss = -np.sum(recurred * np.log(chance) + (at_risk - recurred) * log_quiet)
        slope = recurred * (1 - chance) / chance - (at_risk - recurred)
        by_share = np.sum(slope * np.diff((still_away - 1) / remaining))
        # Per recurrence, so that the numbers, and the step at which to stop, don't grow with the cases.
        return loss / recurred.sum(), np.array([by_share, -np.sum(slope) / days]) / recurred.sum()

    start = np.clip([recurred.sum() / at_risk[0] / 2, recurred.sum() / at_risk.sum() * days / 2], *_BOUNDS.T)
    fitted = optimize.minimize(
        lose, start, jac=True, method="L-BFGS-B", bounds=_BOUNDS, options={"ftol": 1e-14, "gtol": 1e-10}
    )
    return float(fitted.fun * recurred.sum()), float(fitted.x[0]), float(fitted.x[1] / days)


# Of the share, and of the background over all days: a hair from 0 and 1, where logarithms end.
_BOUNDS = np.array([[1e-9, 1 - 1e-9], [1e-9, 50.0]])


def _find_end(lose: Callable[[float], float], trials: list[float], worst: float) -> float | None:
    """Where the loss passes `worst` on the way from the first trial to the last; None if it never does."""
    for inside, outside in pairwise(trials):
        if lose(outside) > worst:
            return float(optimize.brentq(lambda trial: lose(trial) - worst, inside, outside, xtol=1e-6))
    return None


_SCHEMA = pa.schema(
    [("scenario", pa.string()), ("naive_days", pa.int32())]
    + [(name, pa.float64()) for name in ("half_life_days", "low_days", "high_days", "share", "background_per_day")]
)
