"""The backtest: forecasts as they would have been made on past days, judged by what was reported afterwards.

Every origin is forecast by the code of the product itself, from the rows before that day alone. The forecast is the
one for 28 days; that of 7 days is a quarter of it, since the product ranks grids once a week by the same score.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from governance.errors import InputError
from governance.grids.neighbours import Neighbours
from governance.hazard import metrics
from governance.hazard.candidates import BASELINES, COUNT_DAYS, Candidate, Counts, Evidence, Mean
from governance.hazard.features import (
    RATE_DAYS,
    Blocks,
    Floats,
    build_features,
    count_reports,
    decay_reports,
    sum_blocks,
)
from governance.hazard.festivals import measure_ratio, weigh_window
from governance.hazard.forecast import LEAST_HISTORY_DAYS, LEAST_REPORTS, list_origins, measure_level, share_windows

HORIZONS_DAYS = (7, 28)
PERIODS = 13
SHARES = (0.01, 0.05, 0.10)
DECAYS_DAYS = (28, 91, 182, 448)
KEEP_SHARE = 0.05

OUTCOMES = pa.schema(
    [
        ("scenario", pa.string()),
        ("model", pa.string()),
        ("horizon_days", pa.int32()),
        ("day", pa.date32()),
        ("metric", pa.string()),
        ("numerator", pa.float64()),
        ("denominator", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Ground:
    """What a backtest stands on: the daily reports (see `forecast_hazard`) and the grids they lie in.

    judged: the scenarios to forecast (none: all of them); the others only speak for them. festival_days: as in
    `forecast_hazard`.
    """

    daily: pa.Table
    scenarios: tuple[str, ...]
    neighbours: Neighbours
    area_km2: Floats
    judged: tuple[str, ...] = ()
    festival_days: frozenset[date] = frozenset()

    @property
    def grids(self) -> int:
        """Number of grids."""
        return len(self.area_km2)


@dataclass(frozen=True)
class Forecasts:
    """The forecasts of one day: per scenario and model, expected reports per 28 days (grids).

    levels: per scenario and count, the factor that would bring it to the latest level, as all other models are.
    """

    day: date
    expected: Mapping[tuple[str, str], Floats]
    levels: Mapping[tuple[str, str], float]


Progress = Callable[[float], None]


def list_days(first: date, end: date, *, horizon_days: int, periods: int, skip: int = 0) -> list[date]:
    """Origins, oldest first: the `periods` windows before `end` that follow each other, the last `skip` left out.

    Each has 56 days of history and one 28-day window to learn from. Raises InputError where there is none at all.
    """
    days = [end - timedelta(days=horizon_days * number) for number in range(periods + skip, skip, -1)]
    least = first + timedelta(days=LEAST_HISTORY_DAYS + RATE_DAYS)
    known = [day for day in days if day >= least]
    if not known:
        raise InputError(
            f"The reports begin on {first} and end before {end}: too short to look back. A backtest needs 84 days "
            f"before its first forecast, and {horizon_days} days after it."
        )
    return known


def run_backtest(
    ground: Ground, candidates: Sequence[Candidate | Mean], *, days: Mapping[int, Sequence[date]], progress: Progress
) -> pa.Table:
    """Forecast as of every day and judge: OUTCOMES, one row per scenario, model, horizon, day and metric.

    days: per horizon in days, the days to forecast from. The metric's value over some periods is the sum of its
    numerators over that of its denominators. Metrics: capture_1 … (by grids), area_capture_1 …, pai_1 … (by area),
    pei_1 …, precision_1 …, deviance, deviance_levelled (of a count brought to the latest level first; of any other the
    same), calibration (expected over reported), find_day (mean day on which a walk in this order reaches a report),
    occupied (share of the grids with any report), red_kept (of the worst 5 %, against the window before).
    """
    wanted = sorted({day for listed in days.values() for day in listed})
    tables = [OUTCOMES.empty_table()]
    worst: dict[tuple[str, str, int], np.ndarray] = {}
    for number, day in enumerate(wanted):
        forecasts = forecast_day(ground, candidates, day)
        for horizon, listed in days.items():
            if day in listed:
                tables.append(_judge(ground, forecasts, horizon, worst))
        progress((number + 1) / len(wanted))
    return pa.concat_tables(tables)


def forecast_day(ground: Ground, candidates: Sequence[Candidate | Mean], day: date) -> Forecasts:
    """Every candidate's forecast for every scenario, learnt from the rows before the day alone.

    The parts of a Mean stand before it in `candidates`.
    """
    blocks = sum_blocks(ground.daily, ground.scenarios, grids=ground.grids, as_of=day, half_lives_days=DECAYS_DAYS)
    counts = count_windows(ground, blocks)
    known = [0, *list_origins(blocks)]
    features = {origin: build_features(blocks, ground.neighbours, origin=origin) for origin in known}
    shares = share_windows(blocks, ground.festival_days, origins=known)
    expected: dict[tuple[str, str], Floats] = {}
    levels: dict[tuple[str, str], float] = {}
    for scenario in ground.judged or ground.scenarios:
        place = ground.scenarios.index(scenario)
        origins = list_origins(blocks, place)
        past = [_find_evidence(blocks, features[origin], origin, place) for origin in origins]
        now = _find_evidence(blocks, features[0], 0, place, counts=counts[:, place].T)
        reports = [blocks.counts[origin - 1, place] for origin in origins]
        ratio = measure_ratio(blocks, place, ground.festival_days)
        seasons = [weigh_window(ratio, share) for share in shares[: len(origins) + 1]]
        for candidate in candidates:
            if isinstance(candidate, Mean):
                parts = [expected[scenario, part.name] for part in candidate.parts]
                expected[scenario, candidate.name] = np.mean(parts, axis=0)
            else:
                expected[scenario, candidate.name] = _forecast(candidate, past, reports, now, seasons)
            if isinstance(candidate, Counts):
                levels[scenario, candidate.name] = level_counts(blocks, place, candidate.days, seasons)
    return Forecasts(day, expected, levels)


def level_counts(blocks: Blocks, place: int, days: int | None, seasons: Sequence[float]) -> float:
    """The factor that brings a count of the last so many days (None: of all) to the latest level.

    It is the factor of the product's own model (`measure_level`), found from what the same count said of the windows
    before, over all grids together. 1 where the other candidates have too little to learn from. seasons: the
    festival's factor in the window ahead, then in each past one.
    """
    origins = list_origins(blocks, place)
    came = [float(blocks.counts[origin - 1, place].sum()) for origin in origins]
    if sum(came) < LEAST_REPORTS:
        return 1.0
    said = []
    for origin, season in zip(origins, seasons[1:], strict=True):
        until = origin * blocks.block_days
        history = max(int(blocks.scenario_days[origin, place]), 1)
        length = history if days is None else min(days, history)
        reports = float(blocks.daily_totals[place, until : until + length].sum())
        said.append(reports / length * RATE_DAYS * season)
    return seasons[0] * measure_level(said, came, RATE_DAYS)


def count_windows(ground: Ground, blocks: Blocks) -> Floats:
    """Rates per 28 days of the last 28, 91, 364 and all days before the blocks' day, (windows, scenarios, grids).

    No window is longer than the scenario's history.
    """
    history = np.maximum(blocks.scenario_days[0], 1)[:, None]
    # Rows from before a scenario's history lie a year behind it, so that no window of at most a year has them.
    recent = [
        _count(ground, blocks.as_of - timedelta(days=days), blocks.as_of) / np.minimum(days, history)
        for days in COUNT_DAYS
    ]
    return np.stack([*recent, blocks.counts.sum(axis=0) / history]) * RATE_DAYS


def _count(ground: Ground, first: date, until: date) -> Floats:
    return count_reports(ground.daily, ground.scenarios, grids=ground.grids, first=first, until=until)


def _find_evidence(
    blocks: Blocks, features: Floats, origin: int, place: int, *, counts: Floats | None = None
) -> Evidence:
    decays = [decay_reports(blocks, days, origin=origin)[place] for days in DECAYS_DAYS]
    history = features[place, :, 2]
    grids = len(history)
    days = float(blocks.scenario_days[origin, place])
    none = np.zeros((grids, 0))
    return Evidence(
        features[place], np.column_stack([*decays, history]), none if counts is None else counts, np.full(grids, days)
    )


def _forecast(
    candidate: Candidate,
    past: Sequence[Evidence],
    reports: Sequence[Floats],
    now: Evidence,
    seasons: Sequence[float],
) -> Floats:
    """Fit, foretell, and bring the level to that of the last windows; with too little to learn from, the mean rate.

    seasons: the festival's factor in the window ahead, then in each past one.
    """
    if candidate in BASELINES:
        return candidate.fit(now, now.counts[:, 0], exposure=1.0).predict(now)
    if not reports or sum(float(came.sum()) for came in reports) < LEAST_REPORTS:
        return _scale_mean(now)
    fitted = candidate.fit(_stack(past), np.concatenate(reports), exposure=1.0)
    said = [float(fitted.predict(evidence).sum()) * season for evidence, season in zip(past, seasons[1:], strict=True)]
    return fitted.predict(now) * seasons[0] * measure_level(said, [float(came.sum()) for came in reports], RATE_DAYS)


def _scale_mean(now: Evidence) -> Floats:
    """Each grid's rate over all days, brought to that of the reports: what inspections found is not foretold."""
    weighted, reported = now.decays[:, -1], now.counts[:, -1]
    scaled: Floats = weighted * (reported.sum() / weighted.sum()) if weighted.sum() > 0 else weighted
    return scaled


def _stack(parts: Sequence[Evidence]) -> Evidence:
    names = ("features", "decays", "counts", "history_days")
    return Evidence(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _judge(
    ground: Ground, forecasts: Forecasts, horizon: int, worst: dict[tuple[str, str, int], np.ndarray]
) -> pa.Table:
    """The OUTCOMES of one day and horizon; `worst` remembers the worst grids of the forecast before."""
    came = _count(ground, forecasts.day, forecasts.day + timedelta(days=horizon))
    rows = []
    for (scenario, model), expected in forecasts.expected.items():
        reports = came[ground.scenarios.index(scenario)]
        key = scenario, model, horizon
        found = metrics.find_worst(expected, KEEP_SHARE)
        figures = _measure(expected * horizon / RATE_DAYS, reports, ground.area_km2, horizon)
        levelled = expected * forecasts.levels.get((scenario, model), 1.0) * horizon / RATE_DAYS
        figures["deviance_levelled"] = metrics.measure_deviance(levelled, reports), 1.0
        if key in worst:
            figures["red_kept"] = float(len(np.intersect1d(found, worst[key]))), float(len(found))
        worst[key] = found
        rows += [(*key, forecasts.day, metric, *pair) for metric, pair in figures.items()]
    columns = zip(*rows, strict=True) if rows else [()] * len(OUTCOMES)
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, OUTCOMES, strict=True)], OUTCOMES)


def _measure(expected: Floats, reports: Floats, area_km2: Floats, horizon: int) -> dict[str, tuple[float, float]]:
    total = float(reports.sum())
    figures = {}
    for share in SHARES:
        caught, name = metrics.measure_capture(expected, reports, share), f"{share * 100:.0f}"
        figures[f"capture_{name}"] = caught, total
        figures[f"pei_{name}"] = caught, metrics.measure_best_capture(reports, share)
        by_area = metrics.measure_capture_by_area(expected, reports, area_km2, share)
        figures[f"area_capture_{name}"] = by_area, total
        figures[f"pai_{name}"] = by_area / share, total
        figures[f"precision_{name}"] = metrics.measure_precision(expected, reports, share), 1.0
    figures["deviance"] = metrics.measure_deviance(expected, reports), 1.0
    figures["calibration"] = float(expected.sum()), total
    figures["find_day"] = metrics.measure_find_day(expected, reports, horizon), total
    figures["occupied"] = float((reports > 0).mean()), 1.0
    return figures
