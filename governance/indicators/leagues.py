"""League tables of departments, districts or towns: ranked by one indicator, with intervals and a minimum volume."""

from __future__ import annotations

from datetime import date
from typing import Literal, Unpack

import numpy as np
import pandas as pd

from governance.errors import ConfigError
from governance.indicators.asking import Asks, Cohort, Where, ask_indicators
from governance.indicators.registry import MAIN, load_registry


def rank_league(  # noqa: PLR0913  each is one way to cut, and has a default
    city: Asks,
    indicator: str,
    *,
    by: Literal["department", "level_1_id", "level_2_id"] = "department",
    variant: str = MAIN,
    cohort: Cohort = "due",
    since: date | None = None,
    until: date | None = None,
    minimum_volume: int | None = None,
    **where: Unpack[Where],
) -> pd.DataFrame:
    """One row per member, the best first: columns of `ask_indicators`, `rank`, `all_value`, `beyond`.

    Whoever has too small a denominator stands below with no rank, and so do the pseudo members ("~none"). Equal
    values share a rank. `all_value` is the value of all together; `beyond` says "better" or "worse" if a member's
    interval leaves it out, and is empty if the difference may be chance. Raises ConfigError for an indicator that
    is no share or mean, or has no better direction.
    """
    entry = load_registry().find(indicator)
    if entry.kind not in {"share", "mean", "score"} or entry.direction == "none":
        raise ConfigError(f"`{indicator}` does not say who is better, so nobody can be ranked by it; choose a rate.")
    if variant not in entry.variant_ids:
        raise ConfigError(f"`{indicator}` has no variant {variant!r}; known: {', '.join(entry.variant_ids)}.")
    span = {"cohort": cohort, "since": since, "until": until, "minimum_volume": minimum_volume}
    rows = ask_indicators(city, indicators=[indicator], by=by, **span, **where)  # type: ignore[arg-type]
    whole = ask_indicators(city, indicators=[indicator], **span, **where)  # type: ignore[arg-type]
    return rank_rows(rows[rows["variant"] == variant], whole[whole["variant"] == variant], by=by)


def rank_rows(rows: pd.DataFrame, together: pd.DataFrame, *, by: str) -> pd.DataFrame:
    """The league table of rows that were asked already, as `rank_league` gives it.

    `rows`: one indicator and variant of every member; `together`: the same of all members as one row, or no row.
    """
    is_higher_better = len(rows) > 0 and load_registry().find(rows["indicator"].iloc[0]).direction == "higher"
    whole = float(together["value"].iloc[0]) if len(together) else np.nan
    is_ranked = rows["has_volume"] & ~rows[by].str.startswith("~") & rows["value"].notna()
    rank = rows["value"].where(is_ranked).rank(method="min", ascending=not is_higher_better).astype("Int64")
    above, below = rows["low"] > whole, rows["high"] < whole
    better, worse = (above, below) if is_higher_better else (below, above)
    ranked = rows.assign(
        rank=rank, all_value=whole, beyond=np.select([is_ranked & better, is_ranked & worse], ["better", "worse"], "")
    )
    value = ranked["value"] if not is_higher_better else -ranked["value"]
    ordered = ranked.assign(_value=value).sort_values(["rank", "_value", by], na_position="last", ignore_index=True)
    return ordered.drop(columns="_value")
