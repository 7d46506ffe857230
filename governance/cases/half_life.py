"""The half-life of recurrence: of the cases that ever come back, half have done so this long after closing.

Read off a curve, it is too short: whoever comes back after the window is not seen, and cases at busy places would be
followed by new ones anyway. So a model is fitted to the curve's counts. A share of the cases comes back, exponentially
in time; all meet unrelated new cases at a constant rate besides:

    share not recurred(t) = (1 - share + share * 2^(-t / half_life)) * exp(-background * t)

Each day's recurrences are binomial among those at risk, so right-censoring is no loss. Cases of one place are not
independent (several may share their new case, and a busy place has many), so the likelihood thinks it knows more than
it does: its interval is widened by the ratio of the cluster-robust to the model's variance, over groups of places
(Chandler and Bate 2007, "Inference for clustered data using the independence loglikelihood", Biometrika 94).

Where places differ much in their background, the busy ones recur first and look like quick returns: the half-life
comes out too short (by up to a third in the demo city), the share too large. The interval is that of the model's
half-life and does not hold this bias (docs/decisions/0010-recurrence.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy import optimize, special, stats

from governance.errors import GovernanceError

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
SHORTEST_DAYS = 0.1
LONGEST_WINDOWS = 20.0  # half-lives are looked for up to so many windows; beyond, a curve is a straight line
GROUPS = 20  # of places, as core_recurrence.sql parts them
_TRIALS = 40
_STEP = 1e-3  # for slopes, on the logarithmic scales of the parameters


@dataclass(frozen=True)
class HalfLife:
    """A half-life in days with its 95 % interval (widened profile likelihood), and what else the model says.

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


def estimate_half_life(curve: pd.DataFrame, lives: pd.DataFrame | None = None) -> HalfLife:
    """Give the half-life of one curve: the rows of `out_recurrence_curve` of one scenario and one department.

    `lives` are the same cases by group of places (`src_recurrence_group`); without them the interval takes all cases as
    independent. Raises GovernanceError when the rows are of several curves.
    """
    if curve.day.duplicated().any():
        raise GovernanceError("A half-life belongs to one curve; choose the rows of one scenario and one department.")
    counts = curve[(curve.day > 0) & (curve.at_risk > 0)].sort_values("day")
    recurred, at_risk = counts.recurred.to_numpy(dtype=float), counts.at_risk.to_numpy(dtype=float)
    if not recurred.sum():
        return HalfLife(None, None, None, None, None, None)
    shares = counts.share_recurred.to_numpy()
    naive_days = int(counts.day.to_numpy()[np.argmax(shares >= shares[-1] / 2)])

    profile = _Profile(recurred, at_risk)
    trials = np.linspace(np.log(SHORTEST_DAYS), np.log(LONGEST_WINDOWS * len(counts)), _TRIALS)
    best = int(np.argmin([profile.lose(trial) for trial in trials]))
    around = (trials[max(best - 1, 0)], trials[min(best + 1, _TRIALS - 1)])
    log_days = float(optimize.minimize_scalar(profile.lose, bounds=around, method="bounded").x)
    least, (share, background) = profile.lose(log_days), profile.find_others(log_days)
    worst = least + stats.chi2.ppf(CONFIDENCE, 1) / 2
    if lives is not None:
        groups = _count_groups(lives, counts.day.to_numpy())
        wider = _measure_clustering(np.array([log_days, share, background]), *groups)
        worst = least + wider * stats.t.ppf((1 + CONFIDENCE) / 2, len(groups[0]) - 1) ** 2 / 2
    low = _find_end(profile.lose, [log_days, *trials[trials < log_days][::-1]], worst)
    high = _find_end(profile.lose, [log_days, *trials[trials > log_days]], worst)
    low_days, high_days = (0.0 if low is None else np.exp(low)), (np.inf if high is None else np.exp(high))
    return HalfLife(naive_days, float(np.exp(log_days)), float(low_days), float(high_days), share, background)


def tabulate_half_lives(curves: pd.DataFrame, lives: pd.DataFrame) -> pa.Table:
    """The rows of `out_half_life`: one per scenario, from the rows of one curve and of `src_recurrence_group` each."""
    by_scenario = dict(iter(lives.groupby("scenario")))
    rows = [
        {"scenario": scenario, **asdict(estimate_half_life(curve, by_scenario[scenario]))}
        for scenario, curve in curves.groupby("scenario")
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


class _Profile:
    """The likelihood of a curve's counts by half-life alone: the other parameters are the best for each."""

    def __init__(self, recurred: Floats, at_risk: Floats) -> None:
        self._counts = recurred, at_risk
        self._fits: dict[float, tuple[float, Floats]] = {}

    def lose(self, log_days: float) -> float:
        """Give the least negative log-likelihood with this half-life."""
        return self._fit(log_days)[0]

    def find_others(self, log_days: float) -> tuple[float, float]:
        """Give the share and the background per day that reach it."""
        share, background = self._fit(log_days)[1]
        return float(share), float(background / len(self._counts[0]))

    def _fit(self, log_days: float) -> tuple[float, Floats]:
        """Start from the nearest half-life that is known: it takes half of the steps from a plain guess."""
        if log_days not in self._fits:
            near = min(self._fits, key=lambda known: abs(known - log_days), default=None)
            start = _guess_others(*self._counts) if near is None else self._fits[near][1]
            self._fits[log_days] = _fit_others(np.exp(log_days), *self._counts, start)
        return self._fits[log_days]


def _guess_others(recurred: Floats, at_risk: Floats) -> Floats:
    """A share, and a background over all days, to start from: each makes half of what came back."""
    rough = [recurred.sum() / at_risk[0] / 2, recurred.sum() / at_risk.sum() * len(recurred) / 2]
    start: Floats = np.clip(rough, *_BOUNDS.T)
    return start


def _fit_others(half_life_days: float, recurred: Floats, at_risk: Floats, start: Floats) -> tuple[float, Floats]:
    """Give the least negative log-likelihood with this half-life, and the others (`_guess_others`) that reach it."""
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

    fitted = optimize.minimize(
        lose, start, jac=True, method="L-BFGS-B", bounds=_BOUNDS, options={"ftol": 1e-14, "gtol": 1e-10}
    )
    return float(fitted.fun * recurred.sum()), fitted.x


def _count_groups(lives: pd.DataFrame, days: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Recurred and at risk on each of the days, shape (groups, days)."""
    last = int(max(lives.day.max(), days.max()))
    ends, recurred = np.zeros((2, GROUPS, last + 1))
    np.add.at(ends, (lives.place_group.to_numpy(), lives.day.to_numpy()), lives.cases.to_numpy())
    back = lives[lives.is_recurrence]
    np.add.at(recurred, (back.place_group.to_numpy(), back.day.to_numpy()), back.cases.to_numpy())
    at_risk = ends[:, ::-1].cumsum(axis=1)[:, ::-1]
    has_cases = at_risk[:, 0] > 0
    return recurred[has_cases][:, days], at_risk[has_cases][:, days]


def _measure_clustering(fitted: Floats, recurred: Floats, at_risk: Floats) -> float:
    """The cluster-robust variance of the log half-life over the model's own, at least 1; 1 where it cannot be told.

    `fitted` holds the log half-life, the share and the background.
    """
    groups, days = recurred.shape
    day = np.arange(days + 1)
    start = np.array([fitted[0], special.logit(fitted[1]), np.log(fitted[2])])

    def lose(point: Floats) -> Floats:
        share = special.expit(point[1])
        remaining = 1 - share + share * 2 ** (-day / np.exp(point[0]))
        log_quiet = np.diff(np.log(remaining)) - np.exp(point[2])
        losses: Floats = -(recurred @ np.log(-np.expm1(log_quiet)) + (at_risk - recurred) @ log_quiet)
        return losses

    steps = _STEP * np.eye(len(start))
    scores = np.array([(lose(start + step) - lose(start - step)) / (2 * _STEP) for step in steps])
    bends = [
        [sum(a * b * lose(start + a * one + b * other).sum() for a in (-1, 1) for b in (-1, 1)) for other in steps]
        for one in steps
    ]
    model = np.linalg.pinv(np.array(bends) / (4 * _STEP**2))
    if groups < 2 or not model[0, 0] > 0:  # noqa: PLR2004  one group tells nothing of the others
        return 1.0
    robust = model @ (scores @ scores.T) @ model * groups / (groups - 1)
    return max(float(robust[0, 0] / model[0, 0]), 1.0)


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
