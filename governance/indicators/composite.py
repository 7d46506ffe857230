"""The composite score: shares weighed and added, as an assessment of departments or districts does it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from governance.errors import ConfigError
from governance.indicators.registry import MAIN, check_weights, load_registry

FACTS = ("indicator", "variant", "cohort", "numerator", "denominator", "value", "low", "high", "has_volume")
"""The columns of an answer that are no slices."""


def score_composite(shares: pd.DataFrame, weights: Mapping[str, float] | None = None) -> pd.DataFrame:
    """One row per slice of `shares`, an answer of `ask_indicators`: `score`, `out_of`, `has_volume`.

    `weights` are points by indicator id (without: the registry's, 100 in all). A share that is better when lower
    counts as 1 - share. The score is blank where any part has an empty denominator; `has_volume` needs all parts'.
    Raises ConfigError for weights that cannot be used, or whose indicator is not in `shares`.
    """
    registry = load_registry()
    points = dict(registry.composite if weights is None else weights)
    check_weights(points, {entry.id: entry for entry in registry.indicators})
    parts = shares[shares["indicator"].isin(list(points)) & (shares["variant"] == MAIN)]
    # In one order, so that the last digit of a sum does not hang on the order in which a question was answered.
    parts = parts.sort_values("indicator", kind="stable")
    missing = sorted(set(points) - set(parts["indicator"])) if len(shares) else []
    if missing:
        raise ConfigError(f"The composite score needs {', '.join(missing)} too; ask for them.")
    is_lower = parts["indicator"].map({entry.id: entry.direction == "lower" for entry in registry.indicators})
    good = np.where(is_lower.astype(bool), 1 - parts["value"], parts["value"])
    weighed = parts.assign(score=good * parts["indicator"].map(points).astype(float))
    keys = [name for name in shares.columns if name not in FACTS]
    groups = weighed.groupby(keys or (lambda _row: 0), dropna=False, sort=False)
    scored = groups.agg(has_volume=("has_volume", "all")).assign(score=groups["score"].sum(min_count=len(points)))
    out = scored.reset_index() if keys else scored.reset_index(drop=True)
    return out.assign(out_of=float(sum(points.values())))[[*keys, "score", "out_of", "has_volume"]]
