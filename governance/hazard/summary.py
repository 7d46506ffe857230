"""What a backtest comes to: one figure with its interval per scenario, model, horizon and metric, and a choice.

Intervals are 95 % by resampling the periods (pairs of model and baseline stay together), seeded. They say how much the
figure hangs on the periods looked at; where the city changes, the next ones may lie outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from governance.errors import InputError
from governance.hazard.candidates import BASELINES, Candidate, Mean
from governance.hazard.metrics import ALL, DEVIANCE_RATIO, LEVELLED_RATIO, RATIO

RESAMPLES = 1000
LEAST_WINDOW_REPORTS = 10
"""A scenario with fewer reports per window, in the mean, is too rare to judge: chance decides what is caught."""
LEAST_CAUGHT = 0.5
"""A ratio takes nothing caught for half a report, so that the mean of all scenarios does not hang on one of them."""
LEAST_DEVIANCE = 1e-9

SUMMARY = pa.schema(
    [
        ("scenario", pa.string()),
        ("model", pa.string()),
        ("horizon_days", pa.int32()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("periods", pa.int32()),
    ]
)

Arrays = dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Choice:
    """The model that validation chose, and what it saw: per model the ratio to the best and its standard error."""

    model: str
    seen: Mapping[str, tuple[float, float]]


def summarise(outcomes: pa.Table, *, seed: int, scenarios: Sequence[str] | None = None) -> pa.Table:
    """SUMMARY of the OUTCOMES of a backtest: every metric, and three ratios to the best of the count baselines.

    The best count baseline is chosen in hindsight, scenario by scenario: of all of them the one that caught most (or
    whose deviance is least) in these very periods. So the ratios are hard on the model. `scenarios` are those that
    the ratios of ALL are made of (default: every one). A scenario with fewer than LEAST_WINDOW_REPORTS per window has
    its other metrics but no ratio, of its own or in ALL (`list_rare`).
    """
    frame = outcomes.to_pandas()
    tables = []
    for horizon, rows in frame.groupby("horizon_days", sort=True):
        weights = _resample(rows["day"].nunique(), seed)
        arrays = _pivot(rows)
        counted = [name for name in sorted(rows["scenario"].unique()) if _count_reports(arrays, name) > 0]
        judged = [name for name in counted if _count_reports(arrays, name) >= LEAST_WINDOW_REPORTS]
        chosen = [name for name in judged if scenarios is None or name in scenarios]
        tables += [
            _list_metrics(arrays, weights, int(str(horizon)), counted),
            _list_ratios(arrays, weights, int(str(horizon)), judged, chosen),
        ]
    summary = pd.concat(tables) if tables else pd.DataFrame(columns=SUMMARY.names)
    return pa.Table.from_pandas(summary, schema=SUMMARY, preserve_index=False)


def list_rare(summary: pd.DataFrame) -> list[str]:
    """The scenarios that are too rare to judge: they have reports and no ratio. `summary`: rows of one horizon."""
    judged = set(summary.loc[summary["metric"] == RATIO, "scenario"])
    return sorted(set(summary["scenario"]) - judged - {ALL})


def choose_model(outcomes: pa.Table, candidates: Sequence[Candidate | Mean], *, seed: int) -> Choice:
    """The simplest candidate whose capture lies within one standard error of the best one's.

    outcomes: of validation periods, which no test looks at. Capture at 5 %, as the geometric mean of the scenarios'
    ratios to the best candidate, the standard error by resampling periods.
    Raises InputError where every scenario is too rare to judge (LEAST_WINDOW_REPORTS) in these periods.
    """
    arrays = _pivot(outcomes.to_pandas()) if outcomes.num_rows else {}
    names = sorted({key[0] for key in arrays})
    scenarios = [name for name in names if _count_reports(arrays, name) >= LEAST_WINDOW_REPORTS]
    if not scenarios:
        raise InputError(
            f"No scenario has {LEAST_WINDOW_REPORTS} reports or more per window in the validation periods, so no model "
            "can be chosen by them. Give longer windows, or wait for more reports."
        )
    periods = len(next(iter(arrays.values()))[0])
    weights = _resample(periods, seed)
    logs = {
        candidate.name: np.mean(
            [_log(arrays[name, f"{candidate.name}/capture_5"][0] @ weights, LEAST_CAUGHT) for name in scenarios], 0
        )
        for candidate in candidates
    }
    best = max(logs, key=lambda name: logs[name][0])
    seen = {
        name: (float(np.exp(log[0] - logs[best][0])), float((log - logs[best])[1:].std())) for name, log in logs.items()
    }
    within = [candidate for candidate in candidates if seen[candidate.name][0] >= 1 - seen[candidate.name][1]]
    return Choice(min(within, key=lambda candidate: candidate.complexity).name, seen)


def _resample(periods: int, seed: int) -> np.ndarray:
    """How often each period is drawn, (periods, 1 + RESAMPLES); the first column is the periods as they were."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(periods, np.full(periods, 1 / periods), size=RESAMPLES).T
    return np.column_stack([np.ones(periods), drawn]).astype(np.float64)


def _pivot(rows: pd.DataFrame) -> Arrays:
    """Numerators and denominators over the days, keyed by scenario and "model/metric"; a missing period is 0 over 0."""
    days = np.sort(rows["day"].unique())
    arrays: Arrays = {}
    for (scenario, model, metric), part in rows.groupby(["scenario", "model", "metric"], sort=True):
        place = np.searchsorted(days, part["day"].to_numpy())
        pair = np.zeros((2, len(days)))
        pair[:, place] = part[["numerator", "denominator"]].to_numpy().T
        arrays[str(scenario), f"{model}/{metric}"] = pair[0], pair[1]
    return arrays


def _count_reports(arrays: Arrays, scenario: str) -> float:
    """Reports per window, in the mean of all windows."""
    pair = arrays.get((scenario, "counts_all/capture_5"))
    return float(pair[1].mean()) if pair else 0.0


def _list_metrics(arrays: Arrays, weights: np.ndarray, horizon: int, scenarios: Sequence[str]) -> pd.DataFrame:
    rows = []
    names = sorted({key[1] for key in arrays})
    for name in names:
        model, metric = name.rsplit("/", 1)
        parts = {scenario: arrays[scenario, name] for scenario in scenarios if (scenario, name) in arrays}
        together = [np.sum(side, axis=0) for side in zip(*parts.values(), strict=True)] if parts else None
        for scenario, pair in [*parts.items(), *([(ALL, together)] if together else [])]:
            numerator, denominator = pair[0] @ weights, pair[1] @ weights
            values = np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0)
            rows.append((scenario, model, horizon, metric, *_find_interval(values), int((pair[1] > 0).sum())))
    return pd.DataFrame(rows, columns=SUMMARY.names)


def _list_ratios(
    arrays: Arrays, weights: np.ndarray, horizon: int, scenarios: Sequence[str], chosen: Sequence[str]
) -> pd.DataFrame:
    """Capture and deviance of every model over that of the best count baseline, as it counts and at the same level."""
    rows = []
    models = sorted({key[1].rsplit("/", 1)[0] for key in arrays})
    kinds = (
        (RATIO, "capture_5", max, LEAST_CAUGHT),
        (DEVIANCE_RATIO, "deviance", min, LEAST_DEVIANCE),
        (LEVELLED_RATIO, "deviance_levelled", min, LEAST_DEVIANCE),
    )
    for metric, source, pick, least in kinds:
        for model in models:
            logs = {}
            for scenario in scenarios:
                sums = {
                    name: arrays[scenario, f"{name}/{source}"][0] @ weights for name in {model, *_name_counts(models)}
                }
                best = pick(_name_counts(models), key=lambda name, sums=sums: sums[name][0])  # type: ignore[misc]
                logs[scenario] = _log(sums[model], least) - _log(sums[best], least)
            listed = [*logs.items()]
            if chosen:
                listed.append((ALL, np.mean([logs[name] for name in chosen], axis=0)))
            rows += [(name, model, horizon, metric, *_find_interval(np.exp(log)), len(weights)) for name, log in listed]
    return pd.DataFrame(rows, columns=SUMMARY.names)


def _name_counts(models: Sequence[str]) -> list[str]:
    return [baseline.name for baseline in BASELINES if baseline.name in models]


def _log(values: np.ndarray, least: float) -> np.ndarray:
    logs: np.ndarray = np.log(np.maximum(values, least))
    return logs


def _find_interval(values: np.ndarray) -> tuple[float, float, float]:
    """The value as it was, and the 2.5th and 97.5th percentile of the resampled ones."""
    if np.isnan(values[0]):
        return float("nan"), float("nan"), float("nan")
    low, high = np.nanpercentile(values[1:], [2.5, 97.5])
    return float(values[0]), float(low), float(high)
