"""Which past incidents carry a forecast: every term of the additive model is linear in them, so it can be shared out.

A report of grid g, a days old, adds to its own grid  factor · Σ rate_h · 28 · 0.5 ** (a / h) / Σ_days 0.5 ** (day / h),
and to its neighbours its part of their mean. The shares and the base sum to the forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.errors import InputError
from governance.grids.neighbours import Neighbours
from governance.hazard.features import (
    DISCOVERED_WEIGHT,
    FEATURES,
    HALF_LIVES_DAYS,
    OTHER,
    RATE_DAYS,
    Floats,
    measure_ages,
    sum_decay,
)
from governance.hazard.model import Rates

SHARES = pa.schema(
    [
        ("feature", pa.string()),
        ("grid_no", pa.int32()),
        ("scenario", pa.string()),
        ("day", pa.date32()),
        ("incidents", pa.float64()),
        ("contribution", pa.float64()),
    ]
)


def read_rates(model: Mapping[str, Any], scenarios: Sequence[str]) -> tuple[Rates, float]:
    """The rates and the factor of one entry of `Forecast.models`, as kept with a snapshot."""
    others = [model["other_rates"].get(name, 0.0) for name in scenarios]
    rates = [*(model["rates"][name] for name in FEATURES[:OTHER]), 0.0, *others]
    return Rates(np.array(rates), model["base"], model["fallback"]), float(model["level_factor"]) * float(
        model["festival_factor"]
    )


def share_forecast(
    daily: pa.Table,
    model: Mapping[str, Any],
    *,
    grid_no: int,
    scenarios: Sequence[str],
    neighbours: Neighbours,
    as_of: date,
) -> pa.Table:
    """The days whose incidents carry the forecast of one grid for the model's scenario, those that add most first.

    daily: as `forecast_hazard` takes it. model: an entry of `Forecast.models` made from it with these scenarios.
    Gives SHARES: feature is "own", "near", "far" or "other"; contribution in expected reports per 28 days. They sum to
    the forecast without its base.
    Raises InputError where there is no such grid.
    """
    if not 0 <= grid_no < len(neighbours.near_indptr) - 1:
        raise InputError(f"There is no grid {grid_no}; grids are 0 … {len(neighbours.near_indptr) - 2}.")
    known = daily.filter(pa.array(measure_ages(daily, as_of) >= 1))
    rates, factor = read_rates(model, scenarios)
    slow = _weigh_ages(HALF_LIVES_DAYS[1], model["history_days"])
    shares = [share_own(known, model, grid_no=grid_no, scenarios=scenarios, as_of=as_of)]
    for name, grids in zip(("near", "far"), _find_neighbours(neighbours, grid_no), strict=True):
        weights = rates.rates[FEATURES.index(name)] / max(len(grids), 1) * slow * factor
        shares.append(_list_shares(known, as_of, name, model["scenario"], grids, weights))
    return _sort_shares(shares)


def share_own(
    daily: pa.Table, model: Mapping[str, Any], *, grid_no: int, scenarios: Sequence[str], as_of: date
) -> pa.Table:
    """The part of `share_forecast` that rests on the grid itself (SHARES): its own past and its other scenarios.

    daily: the grid's own rows are enough. Rows from before a scenario's history, as the model keeps its days, carry
    nothing. A model that keeps one number of days alone was made when all scenarios shared it.
    """
    rates, factor = read_rates(model, scenarios)
    known = daily.filter(pa.array(measure_ages(daily, as_of) >= 1))
    history_days = model["history_days"]
    fast, slow = (_weigh_ages(half_life, history_days) for half_life in HALF_LIVES_DAYS)
    past = rates.rates[0] * fast + rates.rates[1] * slow + rates.rates[2] * RATE_DAYS / max(history_days, 1)
    itself = np.array([grid_no])
    shares = [_list_shares(known, as_of, "own", model["scenario"], itself, past * factor)]
    for scenario, rate in zip(scenarios, rates.rates[len(FEATURES) :], strict=True):
        if rate > 0:
            days = model.get("other_history_days", {}).get(scenario, history_days)
            slow = _weigh_ages(HALF_LIVES_DAYS[1], days)
            shares.append(_list_shares(known, as_of, "other", scenario, itself, rate * slow * factor))
    return _sort_shares(shares)


def _sort_shares(shares: Sequence[pa.Table]) -> pa.Table:
    """One table of what adds anything, the most first."""
    table = pa.concat_tables([SHARES.empty_table(), *shares])
    order = [("contribution", "descending"), ("day", "descending"), ("scenario", "ascending"), ("grid_no", "ascending")]
    return table.filter(pc.greater(table["contribution"], 0)).sort_by(order)


def _weigh_ages(half_life_days: int, history_days: int) -> Floats:
    """What one report adds to the decayed rate by its age, 0 … history_days."""
    ages = np.arange(history_days + 1)
    weights: Floats = 0.5 ** (ages / half_life_days) / sum_decay(half_life_days, history_days) * RATE_DAYS
    return weights


def _find_neighbours(neighbours: Neighbours, grid_no: int) -> tuple[np.ndarray, np.ndarray]:
    near = neighbours.near_indices[neighbours.near_indptr[grid_no] : neighbours.near_indptr[grid_no + 1]]
    far = neighbours.far_indices[neighbours.far_indptr[grid_no] : neighbours.far_indptr[grid_no + 1]]
    return near, far


def _list_shares(
    known: pa.Table, as_of: date, feature: str, scenario: str, grids: np.ndarray, weight_of_age: Floats
) -> pa.Table:
    is_meant = pc.and_(pc.is_in(known["grid_no"], pa.array(grids)), pc.equal(known["scenario"], scenario))
    is_in_history = pa.array(measure_ages(known, as_of) < len(weight_of_age))
    rows = known.filter(pc.and_(is_meant, is_in_history))
    incidents = pc.cast(rows["reports"], pa.float64()).to_numpy()
    if "discovered" in rows.column_names:
        incidents = incidents + DISCOVERED_WEIGHT * pc.cast(rows["discovered"], pa.float64()).to_numpy()
    columns = {
        "feature": [feature] * rows.num_rows,
        "grid_no": rows["grid_no"],
        "scenario": [scenario] * rows.num_rows,
        "day": rows["day"],
        "incidents": incidents,
        "contribution": incidents * weight_of_age[measure_ages(rows, as_of)],
    }
    return pa.table(columns).cast(SHARES)
