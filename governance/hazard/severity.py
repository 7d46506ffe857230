"""How grave the reports of a grid are on average, by the severity weights that the templates give to scenes.

Grids rank by expected reports, which a backtest can check. What an incident weighs is a judgement, so it stands beside
the forecast: expected reports times the mean weight of the grid's past reports.
"""

from __future__ import annotations

from governance.hazard.features import Blocks, Floats

PRIOR_REPORTS = 20.0
"""A grid's reports are believed to weigh what the scenario's do until it has had about so many of its own."""
DEFAULT_WEIGHT = 1.0


def average_severity(blocks: Blocks, *, origin: int) -> Floats:
    """Mean weight of one report as of the end of block `origin`, (scenarios, grids), in weights of the templates.

    The mean of all the grid's reports, drawn towards the scenario's own mean by PRIOR_REPORTS; DEFAULT_WEIGHT where
    a scenario has no report yet.
    """
    severity, counts = (sums[origin:].sum(axis=0) for sums in (blocks.severity, blocks.counts))
    reports = counts.sum(axis=1, keepdims=True)
    whole = DEFAULT_WEIGHT + (severity.sum(axis=1, keepdims=True) - DEFAULT_WEIGHT * reports) / reports.clip(min=1)
    mean: Floats = (severity + PRIOR_REPORTS * whole) / (counts + PRIOR_REPORTS)
    return mean
