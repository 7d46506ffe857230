"""The forecast: expected reports of each grid and scenario for the next 28 days, its tier and its reasons."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from governance.errors import ConfigError
from governance.grids.neighbours import Neighbours
from governance.hazard.features import (
    FEATURES,
    MOST_ORIGINS,
    OTHER,
    RATE_DAYS,
    Blocks,
    Floats,
    build_features,
    sum_blocks,
)
from governance.hazard.festivals import measure_ratio, share_days, weigh_window
from governance.hazard.model import Rates, explain, fit_rates, pool_rates
from governance.hazard.severity import average_severity
from governance.hazard.tiers import Policy, assign_tiers, rank_grids

LEAST_HISTORY_DAYS = 56
LEAST_HISTORY_DAYS_YOUNG = 28
LEAST_REPORTS = 20
LEVEL_DAYS = 84
LEVEL_PRIOR_REPORTS = 50.0
LEAST_FACTOR, GREATEST_FACTOR = 0.5, 2.0

_KEY = [("grid_no", pa.int32()), ("scenario", pa.string())]
TIERS = pa.schema(
    [
        *_KEY,
        ("expected_reports_28d", pa.float64()),
        ("p_any_28d", pa.float64()),
        ("mean_severity", pa.float64()),
        ("expected_severity_28d", pa.float64()),
        ("rank", pa.int32()),
        ("tier", pa.string()),
    ]
)
REASONS = pa.schema([*_KEY, ("feature", pa.string()), ("value", pa.float64()), ("contribution", pa.float64())])


@dataclass(frozen=True)
class Forecast:
    """What a forecast gives.

    tiers: TIERS, one row per grid and scenario, ranked by expected reports. mean_severity is the mean weight of the
    grid's reports (see `average_severity`), expected_severity_28d the product of both.

    reasons: grid_no, scenario, feature, value (reports per 28 days), contribution (expected reports).
    models: per scenario its rates and base before the factors, the level's and the festival's factor, the days it
    learnt as of, the fallback used (None: fitted; "pooled": too little to learn from, see `pool_rates`), the days of
    the scenario's history behind it, and those of the others.
    """

    tiers: pa.Table
    reasons: pa.Table
    models: list[dict[str, object]]


@dataclass(frozen=True)
class Fit:
    """A model as learnt: its rates, the factor that brings them to the latest level, and what festival days bring.

    festival_ratio: reports of a day of Spring Festival over those of a usual day (1: no festival was seen).
    """

    rates: Rates
    level: float
    festival_ratio: float

    def explain(self, features: Floats, *, festival_share: float) -> Floats:
        """Contributions (rows, FEATURES + 1) to a window of which so large a share are festival days."""
        factor = self.level * weigh_window(self.festival_ratio, festival_share)
        return explain(self.rates, features) * factor


def forecast_hazard(  # noqa: PLR0913  what is known, of which grids, and when
    daily: pa.Table,
    *,
    grids: int,
    neighbours: Neighbours,
    as_of: date,
    policies: Mapping[str, Policy],
    horizon_days: int = RATE_DAYS,
    festival_days: Collection[date] = (),
) -> Forecast:
    """Forecast from the reports before `as_of` alone, for every grid and every scenario that has a policy.

    daily: grid_no int32, scenario string, day date32 (the city's days), reports (0 or more, weighted or not), and
    what `sum_blocks` reads beside them; any order, days may be missing. The model learns to foretell the next
    `horizon_days`; all figures are rates per 28 days, whatever the horizon.
    festival_days: the days of Spring Festival, past and coming; none where the city knows no such days.
    Raises InputError where a row before `as_of` has no day, no grid of the city, or no countable reports,
    ConfigError where the horizon is shorter than a day.
    """
    if horizon_days < 1:
        raise ConfigError(f"The horizon is {horizon_days} days; give one day or more.")
    scenarios = tuple(policies)
    blocks = sum_blocks(daily, scenarios, grids=grids, as_of=as_of, block_days=horizon_days)
    past = {origin: build_features(blocks, neighbours, origin=origin) for origin in list_origins(blocks)}
    now = build_features(blocks, neighbours, origin=0)
    share = share_days(festival_days, as_of, horizon_days)
    severity = average_severity(blocks, origin=0)
    tiers, reasons, models = [TIERS.empty_table()], [REASONS.empty_table()], []
    for place, scenario in enumerate(scenarios):
        fit = fit_scenario(blocks, past, now[place], place, festival_days=festival_days)
        contributions = fit.explain(now[place], festival_share=share)
        expected = contributions.sum(axis=1)
        tiers.append(_list_tiers(scenario, expected, severity[place], policies[scenario]))
        reasons.append(_list_reasons(scenario, now[place], contributions))
        models.append(_describe(blocks, place, fit, share))
    return Forecast(pa.concat_tables(tiers), pa.concat_tables(reasons), models)


def list_origins(blocks: Blocks, place: int | None = None) -> list[int]:
    """Past block ends to learn from, newest first: whole blocks that have 56 days of history before them.

    The history is that of the scenario number `place`, or of the city: every scenario's origins are among the city's.
    One too young for that learns from its last block, given 28 days before it.
    """
    days = blocks.history_days if place is None else int(blocks.scenario_days[0, place])
    whole = (days - LEAST_HISTORY_DAYS) // blocks.block_days
    of_young = (days - LEAST_HISTORY_DAYS_YOUNG) // blocks.block_days
    return list(range(1, min(MOST_ORIGINS, max(whole, min(of_young, 1))) + 1))


def fit_scenario(
    blocks: Blocks, past: Mapping[int, Floats], now: Floats, place: int, *, festival_days: Collection[date] = ()
) -> Fit:
    """The model of the scenario number `place`, with the factor that brings its level to that of the last blocks.

    past: the features as of each origin of the city, see `list_origins`, of which the scenario learns from its own;
    now: its features as of the blocks' day.
    """
    past = {origin: past[origin] for origin in list_origins(blocks, place)}
    reports = np.concatenate([np.zeros(0), *(blocks.counts[origin - 1, place] for origin in past)])
    if reports.sum() < LEAST_REPORTS:
        counts, weighted = (sums[:, place].sum(axis=0) for sums in (blocks.counts, blocks.weighted))
        pooled = pool_rates(counts, weighted, now, history_feature=FEATURES.index("own_history"))
        return Fit(pooled, 1.0, 1.0)
    features = np.concatenate([past[origin][place] for origin in past])
    rates = fit_rates(features, reports, exposure=blocks.block_days / RATE_DAYS)
    ratio = measure_ratio(blocks, place, festival_days)
    return Fit(rates, _find_level(blocks, past, place, Fit(rates, 1.0, ratio), festival_days), ratio)


def _find_level(
    blocks: Blocks, past: Mapping[int, Floats], place: int, fit: Fit, festival_days: Collection[date]
) -> float:
    """Reports that came over reports that were forecast in the last 84 days, drawn towards 1 by few reports."""
    exposure = blocks.block_days / RATE_DAYS
    shares = share_windows(blocks, festival_days, origins=past)
    said = [
        float(fit.explain(past[origin][place], festival_share=share).sum()) * exposure
        for origin, share in zip(past, shares, strict=True)
    ]
    came = [float(blocks.counts[origin - 1, place].sum()) for origin in past]
    return measure_level(said, came, blocks.block_days)


def share_windows(blocks: Blocks, festival_days: Collection[date], *, origins: Collection[int]) -> list[float]:
    """The share of festival days in the block that follows each origin."""
    ends = [blocks.as_of - timedelta(days=origin * blocks.block_days) for origin in origins]
    return [share_days(festival_days, end, blocks.block_days) for end in ends]


def measure_level(said: Sequence[float], came: Sequence[float], block_days: int) -> float:
    """Reports that came over those foretold in the windows of the last 84 days, drawn towards 1 by few reports.

    said, came: sums over all grids per window of `block_days`, the newest first.
    """
    recent = -(-LEVEL_DAYS // block_days)
    factor = (sum(came[:recent]) + LEVEL_PRIOR_REPORTS) / (sum(said[:recent]) + LEVEL_PRIOR_REPORTS)
    return float(np.clip(factor, LEAST_FACTOR, GREATEST_FACTOR))


def _list_tiers(scenario: str, expected: Floats, severity: Floats, policy: Policy) -> pa.Table:
    grids = len(expected)
    columns = {
        "grid_no": np.arange(grids, dtype=np.int32),
        "scenario": [scenario] * grids,
        "expected_reports_28d": expected,
        # Poisson: reports come independently of each other. Where they come in bursts this is too high.
        "p_any_28d": -np.expm1(-expected),
        "mean_severity": severity,
        "expected_severity_28d": expected * severity,
        "rank": rank_grids(expected),
        "tier": assign_tiers(expected, policy).tolist(),
    }
    return pa.table(columns, schema=TIERS)


def _list_reasons(scenario: str, features: Floats, contributions: Floats) -> pa.Table:
    grids, terms = contributions.shape
    values = np.hstack([features[:, : len(FEATURES)], np.ones((grids, 1))])
    names = pa.array([*FEATURES, "base"])
    columns = {
        "grid_no": np.repeat(np.arange(grids, dtype=np.int32), terms),
        "scenario": [scenario] * (grids * terms),
        "feature": names.take(pa.array(np.tile(np.arange(terms), grids))),
        "value": values.ravel(),
        "contribution": contributions.ravel(),
    }
    return pa.table(columns, schema=REASONS)


def _describe(blocks: Blocks, place: int, fit: Fit, festival_share: float) -> dict[str, object]:
    rates, scenarios = fit.rates, blocks.scenarios
    days = dict(zip(scenarios, blocks.scenario_days[0].tolist(), strict=True))
    learnt_on = [blocks.as_of - timedelta(days=origin * blocks.block_days) for origin in list_origins(blocks, place)]
    others = dict(zip(scenarios, rates.rates[len(FEATURES) :].tolist(), strict=True))
    return {
        "scenario": scenarios[place],
        "rates": dict(zip(FEATURES[:OTHER], rates.rates[:OTHER].tolist(), strict=True)),
        "other_rates": {name: rate for name, rate in others.items() if rate > 0 and name != scenarios[place]},
        "base": rates.base,
        "level_factor": fit.level,
        "festival_ratio": fit.festival_ratio,
        "festival_factor": weigh_window(fit.festival_ratio, festival_share),
        "origins": [] if rates.fallback else [day.isoformat() for day in learnt_on],
        "fallback": rates.fallback,
        "history_days": days.pop(scenarios[place]),
        "other_history_days": days,
    }
