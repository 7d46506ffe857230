"""The forecast: expected reports of each grid and scenario for the next 28 days, its tier and its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from governance.grids.neighbours import Neighbours
from governance.hazard.features import BLOCK_DAYS, FEATURES, Blocks, Floats, build_features, sum_blocks
from governance.hazard.model import Rates, explain, fit_rates
from governance.hazard.tiers import Policy, assign_tiers, rank_grids

MOST_ORIGINS = 12
LEAST_HISTORY_BLOCKS = 2
LEVEL_BLOCKS = 3
LEVEL_PRIOR_REPORTS = 50.0
LEAST_FACTOR, GREATEST_FACTOR = 0.5, 2.0


@dataclass(frozen=True)
class Forecast:
    """tiers: grid_no, scenario, expected_reports_28d, p_any_28d, rank, tier (one row per grid and scenario).

    reasons: grid_no, scenario, feature, value (reports per 28 days), contribution (expected reports).
    models: per scenario its rates, base, origins, level factor and fallback.
    """

    tiers: pa.Table
    reasons: pa.Table
    models: list[dict[str, object]]


def forecast_hazard(
    daily: pa.Table, *, grids: int, neighbours: Neighbours, as_of: date, policies: Mapping[str, Policy]
) -> Forecast:
    """Forecast from the reports before `as_of` alone.

    daily: grid_no int32, scenario string, day date32 (the city's days), reports; any order, days may be missing.
    """
    scenarios = tuple(policies)
    blocks = sum_blocks(daily, scenarios, grids=grids, as_of=as_of)
    origins = list_origins(blocks)
    past = {origin: build_features(blocks, neighbours, origin=origin) for origin in origins}
    now = build_features(blocks, neighbours, origin=0)
    tiers, reasons, models = [], [], []
    for place, scenario in enumerate(scenarios):
        rates, factor = _fit(blocks, past, place)
        contributions = explain(rates, now[place]) * factor
        expected = contributions.sum(axis=1)
        tiers.append(_list_tiers(scenario, expected, policies[scenario]))
        reasons.append(_list_reasons(scenario, now[place], contributions))
        models.append(_describe(scenario, rates, factor, origins))
    return Forecast(pa.concat_tables(tiers), pa.concat_tables(reasons), models)


def list_origins(blocks: Blocks) -> list[int]:
    """Past block ends to learn from: whole blocks that have two blocks of history before them, newest first."""
    whole = blocks.history_days // BLOCK_DAYS
    return list(range(1, min(MOST_ORIGINS, max(whole - LEAST_HISTORY_BLOCKS, 0)) + 1))


def _fit(blocks: Blocks, past: Mapping[int, Floats], place: int) -> tuple[Rates, float]:
    """The rates of one scenario, and the factor that brings their level to that of the last blocks."""
    history_feature = FEATURES.index("own_history")
    if not past:
        return fit_rates(np.zeros((0, len(FEATURES))), np.zeros(0), history_feature=history_feature), 1.0
    features = np.concatenate([past[origin][place] for origin in past])
    reports = np.concatenate([blocks.counts[origin - 1, place] for origin in past])
    rates = fit_rates(features, reports, history_feature=history_feature)
    return rates, 1.0 if rates.fallback else _find_level(blocks, past, place, rates)


def _find_level(blocks: Blocks, past: Mapping[int, Floats], place: int, rates: Rates) -> float:
    """Reports that came over reports that were forecast in the last three blocks, drawn towards 1 by few reports."""
    recent = [origin for origin in past if origin <= LEVEL_BLOCKS]
    said = sum(float(explain(rates, past[origin][place]).sum()) for origin in recent)
    came = sum(float(blocks.counts[origin - 1, place].sum()) for origin in recent)
    factor = (came + LEVEL_PRIOR_REPORTS) / (said + LEVEL_PRIOR_REPORTS)
    return float(np.clip(factor, LEAST_FACTOR, GREATEST_FACTOR))


def _list_tiers(scenario: str, expected: Floats, policy: Policy) -> pa.Table:
    grids = len(expected)
    return pa.table(
        {
            "grid_no": pa.array(np.arange(grids, dtype=np.int32)),
            "scenario": pa.array([scenario] * grids),
            "expected_reports_28d": expected,
            # Poisson: reports come independently of each other.
            "p_any_28d": -np.expm1(-expected),
            "rank": rank_grids(expected),
            "tier": pa.array(assign_tiers(expected, policy).tolist()),
        }
    )


def _list_reasons(scenario: str, features: Floats, contributions: Floats) -> pa.Table:
    grids, terms = contributions.shape
    values = np.hstack([features, np.ones((grids, 1))])
    names = pa.array([*FEATURES, "base"])
    return pa.table(
        {
            "grid_no": pa.array(np.repeat(np.arange(grids, dtype=np.int32), terms)),
            "scenario": pa.array([scenario] * (grids * terms)),
            "feature": names.take(pa.array(np.tile(np.arange(terms), grids))),
            "value": values.ravel(),
            "contribution": contributions.ravel(),
        }
    )


def _describe(scenario: str, rates: Rates, factor: float, origins: list[int]) -> dict[str, object]:
    return {
        "scenario": scenario,
        "rates": dict(zip(FEATURES, rates.rates.tolist(), strict=True)),
        "base": rates.base,
        "level_factor": factor,
        "origins": len(origins),
        "fallback": rates.fallback,
    }
