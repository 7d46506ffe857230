"""The leakage audit: a forecast must not change when everything on and after its day does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

from governance.errors import CheckFailed
from governance.hazard.backtest import Ground, forecast_day
from governance.hazard.candidates import Candidate, Mean
from governance.hazard.features import build_features, measure_ages, sum_blocks


@dataclass(frozen=True)
class Audit:
    """How many numbers were compared: features and forecasts, as of how many days. All were equal, bit for bit."""

    days: int
    numbers: int


def audit_leakage(ground: Ground, candidates: Sequence[Candidate | Mean], days: Sequence[date], *, seed: int) -> Audit:
    """Forecast twice as of each day: with the rows as they are, and with another future and all rows shuffled.

    Raises CheckFailed, naming what leaked, where any feature or forecast differs.
    """
    rng = np.random.default_rng(seed)
    numbers, leaks = 0, []
    for day in days:
        other = replace(ground, daily=change_future(ground.daily, day, ground.grids, rng))
        pairs = {"the features": (_read_features(ground, day), _read_features(other, day))}
        one, two = (forecast_day(which, candidates, day) for which in (ground, other))
        pairs |= {
            f"{model} for {name}": (said, two.expected[name, model]) for (name, model), said in one.expected.items()
        }
        pairs |= {
            f"the level of {model} for {name}": (np.array(level), np.array(two.levels[name, model]))
            for (name, model), level in one.levels.items()
        }
        numbers += sum(before.size for before, _ in pairs.values())
        leaks += [f"{name} as of {day}" for name, (before, after) in pairs.items() if not np.array_equal(before, after)]
    if leaks:
        raise CheckFailed(
            f"What came later changed {len(leaks)} forecasts, such as {leaks[0]}. A backtest of them says nothing; "
            "look for a sum that does not stop at `as_of`."
        )
    return Audit(len(days), numbers)


def change_future(daily: pa.Table, day: date, grids: int, rng: np.random.Generator) -> pa.Table:
    """The rows before `day`, and of the others as many with other grids and counts, all in another order."""
    age = measure_ages(daily, day)
    past, future = daily.filter(pa.array(age >= 1)), daily.filter(pa.array(age <= 0))
    for name in future.column_names:
        if name not in {"scenario", "day"}:
            drawn = rng.integers(0, grids if name == "grid_no" else 50, future.num_rows)
            column = pa.array(drawn).cast(daily.schema.field(name).type)
            future = future.set_column(future.column_names.index(name), daily.schema.field(name), column)
    both = pa.concat_tables([future, past])
    return both.take(pa.array(rng.permutation(both.num_rows)))


def _read_features(ground: Ground, day: date) -> np.ndarray:
    blocks = sum_blocks(ground.daily, ground.scenarios, grids=ground.grids, as_of=day)
    return build_features(blocks, ground.neighbours, origin=0)
