"""The models that stand beside the additive one, behind one small protocol: counts, smoothings, regressions, a mean.

Every candidate foretells reports per 28 days from the same evidence as of a day; the backtest judges them alike.
Simple before complex: `complexity` orders them, and ties go to the lower one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from governance.hazard.features import FEATURES, OTHER
from governance.hazard.metrics import measure_deviance
from governance.hazard.model import explain, fit_rates

Floats = npt.NDArray[np.float64]

COUNT_DAYS = (28, 91, 364)
LEAST_RATE = 0.02  # added before a logarithm: a grid without reports is not infinitely far from one with a few
OWN_SHARES = (0.3, 0.5, 0.7, 0.85, 1.0)
GREATEST_RATE = 1e4


@dataclass(frozen=True)
class Evidence:
    """What is known of the grids as of a day, one row per grid (or per grid and past origin).

    features: (rows, 6 + scenarios), see `build_features`. decays: (rows, half-lives) own rates by half-life, the
    whole history last. counts: (rows, 4) rates of the last 28, 91, 364 and all days; empty where not needed.
    history_days: days of data behind each row. All rates are reports per 28 days.
    """

    features: Floats
    decays: Floats
    counts: Floats
    history_days: Floats


class Fitted(Protocol):
    """A candidate that has learnt."""

    def predict(self, now: Evidence) -> Floats:
        """Expected reports per 28 days (rows)."""


class Candidate(Protocol):
    """A model by name."""

    @property
    def name(self) -> str:
        """How tables call it."""

    @property
    def complexity(self) -> int:
        """Its place from simple to complex."""

    def fit(self, past: Evidence, reports: Floats, *, exposure: float) -> Fitted:
        """Learn from evidence and the reports that followed (rows), counted over `exposure` times 28 days."""


@dataclass(frozen=True)
class Counts:
    """The ranking everybody knows: reports of the last so many days; None: of all days. It learns nothing."""

    days: int | None

    @property
    def name(self) -> str:
        """counts_28, counts_91, counts_364, counts_all."""
        return f"counts_{self.days or 'all'}"

    @property
    def complexity(self) -> int:
        """The simplest there is."""
        return 0

    def fit(self, past: Evidence, reports: Floats, *, exposure: float) -> Fitted:  # noqa: ARG002  nothing to learn
        """Itself."""
        return self

    def predict(self, now: Evidence) -> Floats:
        """The rate of those days."""
        place = COUNT_DAYS.index(self.days) if self.days else len(COUNT_DAYS)
        return np.asarray(now.counts[:, place])


@dataclass(frozen=True)
class Mixture:
    """A fixed mixture of columns: own decayed rate `column`, and the neighbours' mean for the rest, at one level."""

    column: int
    own_share: float
    level: float

    def predict(self, now: Evidence) -> Floats:
        """The mixture, per row."""
        around = now.features[:, FEATURES.index("near") : OTHER].mean(axis=1)
        mixed: Floats = self.level * (self.own_share * now.decays[:, self.column] + (1 - self.own_share) * around)
        return mixed


@dataclass(frozen=True)
class Ewma:
    """Own reports that fade with the half-life which foretold best (lowest deviance); neighbours where `is_spatial`."""

    is_spatial: bool

    @property
    def name(self) -> str:
        """Ewma, or kde_ewma: with the neighbours' mean, a kernel density on grids."""
        return "kde_ewma" if self.is_spatial else "ewma"

    @property
    def complexity(self) -> int:
        """One or two numbers learnt."""
        return 2 if self.is_spatial else 1

    def fit(self, past: Evidence, reports: Floats, *, exposure: float) -> Fitted:
        """Try every half-life, and every share of the neighbours."""
        tried = []
        for column in range(past.decays.shape[1]):
            for own_share in OWN_SHARES if self.is_spatial else (1.0,):
                shape = Mixture(column, own_share, 1.0).predict(past) * exposure
                level = (float(reports.sum()) + 1) / (float(shape.sum()) + 1)  # a new scenario has no past to scale
                tried.append((measure_deviance(shape * level, reports), Mixture(column, own_share, level)))
        return min(tried, key=lambda pair: pair[0])[1]


@dataclass(frozen=True)
class Bayes:
    """Empirical Bayes: the whole-history rate drawn towards the neighbours' mean, as a Gamma prior of Poisson counts.

    The prior's weight comes from the moments (Marshall 1991, the local estimator).
    """

    prior_units: float = 1.0

    @property
    def name(self) -> str:
        """Bayes."""
        return "bayes"

    @property
    def complexity(self) -> int:
        """One number learnt."""
        return 1

    def fit(self, past: Evidence, reports: Floats, *, exposure: float) -> Fitted:  # noqa: ARG002  moments only
        """The weight of the prior, in units of 28 days: mean over the variance beyond chance."""
        rates, units = past.decays[:, -1], float(past.history_days.mean()) / 28
        mean = float(rates.mean())
        spread = max(float(rates.var()) - mean / max(units, 1e-9), 1e-9)
        return Bayes(float(np.clip(mean / spread, 1e-3, 1e3)))

    def predict(self, now: Evidence) -> Floats:
        """The posterior mean."""
        units = now.history_days / 28
        prior = now.features[:, FEATURES.index("far")] + 1e-3
        posterior: Floats = (self.prior_units * prior + units * now.decays[:, -1]) / (self.prior_units + units)
        return posterior


@dataclass(frozen=True)
class Additive:
    """Non-negative additive rates: the model of `model.py`; or a simpler one, with one rate for all other scenarios."""

    is_pooled: bool

    @property
    def name(self) -> str:
        """Additive, or additive_sum: the other scenarios as one number."""
        return "additive" if self.is_pooled else "additive_sum"

    @property
    def complexity(self) -> int:
        """Seven numbers, or six and the scenarios."""
        return 4 if self.is_pooled else 3

    def fit(self, past: Evidence, reports: Floats, *, exposure: float) -> Fitted:
        """See `fit_rates`."""
        width = past.features.shape[1] if self.is_pooled else len(FEATURES)
        rates = fit_rates(past.features[:, :width], reports, exposure=exposure)
        return _Predict(lambda now: explain(rates, now.features[:, :width]).sum(axis=1))


@dataclass(frozen=True)
class LogLinear:
    """Poisson regression on the logarithms of the six features (log link): effects multiply."""

    alpha: float = 1e-4

    @property
    def name(self) -> str:
        """Poisson."""
        return "poisson"

    @property
    def complexity(self) -> int:
        """Seven numbers learnt; its terms do not add up to the forecast."""
        return 5

    def fit(self, past: Evidence, reports: Floats, *, exposure: float) -> Fitted:
        """Fit on features of unit spread."""
        # Only a backtest fits: the dashboard reads this module's names, and starts earlier without the library.
        from sklearn.linear_model import PoissonRegressor  # noqa: PLC0415

        logs = _take_logs(past)
        mean, spread = logs.mean(axis=0), logs.std(axis=0) + 1e-9
        model = PoissonRegressor(alpha=self.alpha, solver="newton-cholesky").fit(
            (logs - mean) / spread, reports / exposure
        )
        return _Predict(lambda now: np.minimum(model.predict((_take_logs(now) - mean) / spread), GREATEST_RATE))


@dataclass(frozen=True)
class Boosted:
    """Gradient-boosted trees for Poisson counts, never falling in any feature."""

    trees: int = 60

    @property
    def name(self) -> str:
        """Boosted."""
        return "boosted"

    @property
    def complexity(self) -> int:
        """Hundreds of numbers."""
        return 7

    def fit(self, past: Evidence, reports: Floats, *, exposure: float) -> Fitted:
        """Shallow trees, slowly: most grids have no report."""
        from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415

        model = HistGradientBoostingRegressor(
            loss="poisson", learning_rate=0.08, max_iter=self.trees, max_leaf_nodes=8, min_samples_leaf=100,
            l2_regularization=1.0, monotonic_cst=[1] * len(FEATURES), early_stopping=False, random_state=0,
        )  # fmt: skip
        model.fit(past.features[:, : len(FEATURES)], reports / exposure)
        return _Predict(lambda now: np.asarray(model.predict(now.features[:, : len(FEATURES)])))


@dataclass(frozen=True)
class Mean:
    """The plain mean of the forecasts of other candidates, which have been made already."""

    parts: tuple[Candidate, ...]

    @property
    def name(self) -> str:
        """Its parts, joined."""
        return "+".join(part.name for part in self.parts)

    @property
    def complexity(self) -> int:
        """That of its parts together."""
        return sum(part.complexity for part in self.parts)


BASELINES: tuple[Candidate, ...] = (*(Counts(days) for days in COUNT_DAYS), Counts(None))
CHEAP: tuple[Candidate, ...] = (
    *BASELINES,
    Ewma(is_spatial=False),
    Bayes(),
    Ewma(is_spatial=True),
    Additive(is_pooled=False),
    Additive(is_pooled=True),
)
CANDIDATES: tuple[Candidate | Mean, ...] = (
    *CHEAP,
    LogLinear(),
    Mean((Additive(is_pooled=True), LogLinear(), Ewma(is_spatial=True))),
    Boosted(),
)


@dataclass(frozen=True)
class _Predict:
    """A fitted candidate made of one function."""

    function: _Function

    def predict(self, now: Evidence) -> Floats:
        return self.function(now)


class _Function(Protocol):
    def __call__(self, now: Evidence, /) -> Floats: ...


def _take_logs(evidence: Evidence) -> Floats:
    logs: Floats = np.log(evidence.features[:, : len(FEATURES)] + LEAST_RATE)
    return logs
