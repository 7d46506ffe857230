"""How many reports so many teams would cover: grids are visited once each, in the order of their rank.

The interval is that of a negative binomial count around the forecast. Its extra spread is what the forecasts of past
Mondays got wrong over the 28 days that followed, for as many of the worst grids; so it holds the chance of reports
and the error of the model, and no more than nine Mondays tell of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import scipy.stats

from governance.errors import ConfigError, join_faults
from governance.hazard.features import RATE_DAYS, Floats
from governance.hazard.tiers import count_share
from governance.hazard.weekly import WEEK_DAYS, WEEKS, PastForecasts, find_monday

CONFIDENCE = 0.95
LEAST_EXPECTED = 10.0
"""With fewer expected reports in all past periods together, a single report would pass for a huge spread."""
TEAMS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20)
VISITS_PER_TEAM_AND_WEEK = (5, 10, 15, 20, 30, 40)
WEEKS_AHEAD = (1, 2, 4, 8, 13)
CAPACITY = pa.schema(
    [
        ("scenario", pa.string()),
        ("teams", pa.int32()),
        ("visits_per_team_and_week", pa.int32()),
        ("weeks", pa.int32()),
        ("visits", pa.int32()),
        ("audits", pa.int32()),
        ("grids_reached", pa.int32()),
        ("expected_reports", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("all_expected_reports", pa.float64()),
        ("covered_share", pa.float64()),
    ]
)
SPREADS = pa.schema([("scenario", pa.string()), ("grids", pa.int32()), ("spread", pa.float64())])

_LADDER = (1, 2, 5)


@dataclass(frozen=True)
class Teams:
    """What is at hand: so many teams, visits of each in a week, for so many weeks, and the share that is audits."""

    teams: int
    visits_per_team_and_week: int
    weeks: int
    audit_share: float = 0.1

    def check(self) -> None:
        """Raise one ConfigError for everything that no team can do."""
        counts = {"teams": self.teams, "visits": self.visits_per_team_and_week, "weeks": self.weeks}
        faults = [f"{name} is {count}; give 1 or more." for name, count in counts.items() if count < 1]
        if not 0 <= self.audit_share < 1:
            faults.append(f"the audit share is {self.audit_share}; give 0 or more, less than 1.")
        if faults:
            raise ConfigError(join_faults("The capacity cannot be simulated:", faults))


@dataclass(frozen=True)
class Coverage:
    """What they would cover: reports expected in the grids they reach, in the same weeks, with a 95 % interval."""

    visits: int
    audits: int
    grids_reached: int
    expected_reports: float
    low: float
    high: float
    all_expected_reports: float

    @property
    def covered_share(self) -> float | None:
        """Covered of all expected reports; None where none is expected."""
        return self.expected_reports / self.all_expected_reports if self.all_expected_reports else None


def simulate_capacity(expected: Floats, spreads: Mapping[int, float], teams: Teams) -> Coverage:
    """What `teams` would cover of `expected` (grids; reports in 28 days, in any order).

    spreads: the extra spread of the reports in the worst 1, 2, 5 … grids, as `measure_spreads` gives it; between
    them it is read off a line over the logarithm. Raises ConfigError for a capacity below one visit.
    """
    teams.check()
    visits = teams.teams * teams.visits_per_team_and_week * teams.weeks
    audits = count_share(teams.audit_share, visits)
    reached = min(visits - audits, len(expected))
    scale = teams.weeks * WEEK_DAYS / RATE_DAYS
    covered = float(np.sort(expected)[::-1][:reached].sum()) * scale
    low, high = _find_interval(covered, _read_spread(spreads, reached))
    return Coverage(visits, audits, reached, covered, low, high, float(expected.sum()) * scale)


def measure_spreads(past: PastForecasts, *, as_of: date) -> pa.Table:
    """The extra spread (SPREADS) of the reports in the worst 1, 2, 5, 10 … grids: variance = m + spread · m².

    From the Mondays whose following 28 days had passed by `as_of`; 0 where there is none yet. Where they expected
    fewer than LEAST_EXPECTED reports in all, the spread of the next larger number of grids that had as many; 0 if none.
    """
    sizes = list_sizes(past.grids)
    monday = find_monday(as_of)
    said: list[Floats] = []
    came: list[Floats] = []
    for scores in past.score(monday, back=tuple(range(1, WEEKS))):
        end = scores.day + timedelta(days=RATE_DAYS)
        if end <= as_of:
            order = np.argsort(-scores.expected, axis=1, kind="stable")
            said.append(_sum_worst(scores.expected, order, sizes))
            came.append(_sum_worst(past.count(end), order, sizes))
    shape = (len(said), len(past.scenarios), len(sizes))
    spread = pool_spread(np.reshape(said, shape), np.reshape(came, shape))
    columns = {
        "scenario": np.repeat(np.array(past.scenarios, dtype=object), len(sizes)),
        "grids": np.tile(np.array(sizes, dtype=np.int32), len(past.scenarios)),
        "spread": spread.ravel(),
    }
    return pa.table(columns, schema=SPREADS)


def pool_spread(said: Floats, came: Floats) -> Floats:
    """Σ((came - said)² - said) / Σ said² over days, not below 0; (days, scenarios, sizes) → (scenarios, sizes).

    A moment estimate, pooled: a mean of ratios would be led by the days on which next to nothing was expected.
    Where LEAST_EXPECTED is not reached, see `measure_spreads`; `said` never falls with the size.
    """
    error, squares = ((came - said) ** 2 - said).sum(axis=0), (said**2).sum(axis=0)
    spread = np.maximum(np.divide(error, squares, out=np.zeros_like(error), where=squares > 0), 0.0)
    is_enough = said.sum(axis=0) >= LEAST_EXPECTED
    place = np.maximum(np.arange(spread.shape[1]), is_enough.argmax(axis=1)[:, None])
    pooled: Floats = np.where(is_enough.any(axis=1)[:, None], np.take_along_axis(spread, place, axis=1), 0.0)
    return pooled


def list_sizes(grids: int) -> list[int]:
    """1, 2, 5, 10, 20, 50 … up to all grids."""
    steps = (first * 10**power for power in range(10) for first in _LADDER)
    return sorted({min(step, grids) for step in steps} - {0})


def tabulate_capacity(expected: Mapping[str, Floats], spreads: pa.Table, audit_shares: Mapping[str, float]) -> pa.Table:
    """`simulate_capacity` (CAPACITY) for every scenario and every choice that the page offers."""
    rows = []
    for scenario, own in expected.items():
        known = find_spreads(spreads, scenario)
        rows += [
            {"scenario": scenario, **_describe(teams, simulate_capacity(own, known, teams))}
            for teams in list_choices(audit_shares[scenario])
        ]
    return pa.Table.from_pylist(rows, schema=CAPACITY)


def list_choices(audit_share: float) -> list[Teams]:
    """Every number of teams, visits and weeks that is prepared."""
    return [
        Teams(teams, visits, weeks, audit_share)
        for teams in TEAMS
        for visits in VISITS_PER_TEAM_AND_WEEK
        for weeks in WEEKS_AHEAD
    ]


def find_spreads(spreads: pa.Table, scenario: str) -> dict[int, float]:
    """Grids → spread of one scenario, from SPREADS."""
    rows = spreads.to_pylist()
    return {row["grids"]: row["spread"] for row in rows if row["scenario"] == scenario}


def _describe(teams: Teams, coverage: Coverage) -> dict[str, float | None]:
    return {
        "teams": teams.teams,
        "visits_per_team_and_week": teams.visits_per_team_and_week,
        "weeks": teams.weeks,
        "visits": coverage.visits,
        "audits": coverage.audits,
        "grids_reached": coverage.grids_reached,
        "expected_reports": coverage.expected_reports,
        "low": coverage.low,
        "high": coverage.high,
        "all_expected_reports": coverage.all_expected_reports,
        "covered_share": coverage.covered_share,
    }


def _sum_worst(values: Floats, order: npt.NDArray[np.int64], sizes: list[int]) -> Floats:
    """Sums over the first grids of `order`, (scenarios, sizes)."""
    sums: Floats = np.take_along_axis(values, order, axis=1).cumsum(axis=1)[:, np.array(sizes) - 1]
    return sums


def _read_spread(spreads: Mapping[int, float], grids: int) -> float:
    if not spreads or grids < 1:
        return 0.0
    sizes = sorted(spreads)
    return float(np.interp(np.log(grids), np.log(sizes), [spreads[size] for size in sizes]))


@lru_cache(maxsize=4096)  # many choices of teams and visits reach the same grids in the same weeks
def _find_interval(expected: float, spread: float) -> tuple[float, float]:
    """The middle 95 % of a negative binomial count; of a Poisson count without extra spread."""
    if expected <= 0:
        return 0.0, 0.0
    ends = np.array([0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2])
    if spread > 0:
        low, high = scipy.stats.nbinom.ppf(ends, 1 / spread, 1 / (1 + spread * expected))
    else:
        low, high = scipy.stats.poisson.ppf(ends, expected)
    return float(low), float(high)
