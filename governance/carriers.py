"""What carries a grid's forecast: the days of its own past, and its other scenarios, in expected reports and shares."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa

from governance.hazard.shares import SHARES, share_own

CARRIERS = 5


class Asked(Protocol):
    """Whatever answers the questions of `sql/ask_*.sql`: a city, or what a page sees of it."""

    def ask(self, name: str, /, **params: Any) -> pd.DataFrame:
        """The answer of a question."""


@dataclass(frozen=True)
class Part:
    """A part of a forecast in expected reports per 28 days, and what carries it.

    rows: what adds most, the most first, at most CARRIERS (contribution, share of `total`, incidents; and the day, or
    the scenario). rest_rows, rest_contribution, rest_share: those beyond. Incidents found by inspections count with
    their small weight.
    """

    total: float
    rows: pd.DataFrame
    rest_rows: int
    rest_contribution: float
    rest_share: float


@dataclass(frozen=True)
class Carriers:
    """What a grid's own incidents add to its forecast in one scenario: by day of its past, and by other scenario."""

    days: Part
    others: Part


def find_carriers(city: Asked, scenario: str, grid_id: str) -> Carriers | None:
    """The carriers of a grid's forecast, from the published cases and model; None where no model was published."""
    asked = city.ask("forecast_model", scenario=scenario).to_dict("records")
    model = json.loads(asked[0]["model"]) if asked else {}
    if "history_days" not in model:
        return None
    frame = city.ask("grid_days", grid_id=grid_id)
    if frame.empty:
        return _sum_up(SHARES.empty_table().to_pandas())
    days = frame.assign(day=frame["day"].dt.date)
    shares = share_own(
        pa.Table.from_pandas(days, preserve_index=False),
        model,
        grid_no=int(frame["grid_no"].iloc[0]),
        scenarios=(scenario, *model["other_rates"]),
        as_of=asked[0]["as_of_day"].date(),
    )
    return _sum_up(shares.to_pandas())


def _sum_up(shares: pd.DataFrame) -> Carriers:
    own, other = (shares[shares["feature"] == feature] for feature in ("own", "other"))
    summed = other.groupby("scenario", as_index=False)[["incidents", "contribution"]].sum()
    others = summed.sort_values(["contribution", "scenario"], ascending=[False, True])
    return Carriers(_cut(own[["day", "incidents", "contribution"]]), _cut(others))


def _cut(rows: pd.DataFrame) -> Part:
    """The first CARRIERS rows with their shares, and the others together."""
    total = float(rows["contribution"].sum())
    shared = rows.assign(share=rows["contribution"] / total if total else 0.0)
    first, rest = shared.head(CARRIERS).reset_index(drop=True), shared.iloc[CARRIERS:]
    return Part(total, first, len(rest), float(rest["contribution"].sum()), float(rest["share"].sum()))
