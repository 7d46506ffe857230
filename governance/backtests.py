"""Backtests of a published city, run on its snapshot; the same snapshot and settings give the same figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import pyarrow as pa

from governance.backtest_store import PRODUCT, Result
from governance.cases.work_clock import list_festival_days
from governance.city import City
from governance.errors import InputError
from governance.grids.city_grids import choose_radius_m
from governance.grids.cover import build_cover
from governance.grids.neighbours import Neighbours, find_neighbours, find_within
from governance.hazard.backtest import HORIZONS_DAYS, PERIODS, Ground, list_days, run_backtest
from governance.hazard.candidates import BASELINES, CANDIDATES, CHEAP, Additive
from governance.hazard.features import RATE_DAYS, measure_ages
from governance.hazard.histories import measure_city
from governance.hazard.leakage import audit_leakage
from governance.hazard.metrics import ALL, RATIO
from governance.hazard.shifts import date_days, shift_ground
from governance.hazard.summary import choose_model, summarise
from governance.work_calendar import WorkCalendar

SHIFTS = ((0.25, 0.25), (0.5, 0.5))


@dataclass(frozen=True)
class Settings:
    """What a backtest looks at. `validation_periods` lie before the test and choose the model; no test sees them."""

    periods: int = PERIODS
    validation_periods: int = 6
    horizons_days: tuple[int, ...] = HORIZONS_DAYS
    with_all_candidates: bool = False
    with_shifts: bool = False
    seed: int = 20260101


def name_run(city: City, settings: Settings, *, program: str) -> dict[str, Any]:
    """What tells one run from another, as `locate_result` reads it; `program` names the code that judges."""
    made_by = {"snapshot": city.current.sha256, "program": program}
    return {"generation": city.generation, "settings": asdict(settings), "made_by": made_by}


def backtest_city(
    city: City, settings: Settings, *, program: str = "", progress: Callable[[str, float], None]
) -> Result:
    """Judge every model on the city's last windows; raises InputError where its history is too short.

    Raises CheckFailed where the leakage audit finds a forecast that knows its future.
    """
    ground, end = read_ground(city)
    candidates = CANDIDATES if settings.with_all_candidates else CHEAP
    first = end - timedelta(days=measure_city(measure_ages(ground.daily, end)))
    days = {
        horizon: list_days(first, end, horizon_days=horizon, periods=settings.periods)
        for horizon in settings.horizons_days
    }
    progress("leakage audit", 0.0)
    longest = max(settings.horizons_days)
    audit = audit_leakage(ground, [*BASELINES, Additive(is_pooled=True)], days[longest][-1:], seed=settings.seed)
    outcomes = run_backtest(ground, candidates, days=days, progress=lambda done: progress("test periods", done))
    about = {
        **name_run(city, settings, program=program),
        "as_of_utc": city.as_of_utc.isoformat(),
        "is_synthetic": bool(city.manifest["is_synthetic"]),
        "grids": ground.grids,
        "first_day": first.isoformat(),
        "end": end.isoformat(),
        "days": {str(horizon): [day.isoformat() for day in listed] for horizon, listed in days.items()},
        "audit": asdict(audit),
        "choice": _choose(ground, settings, days[longest], longest, first, progress),
        "shifts": _shift(city, ground, settings, days[longest], progress) if settings.with_shifts else [],
    }
    return Result(summarise(outcomes, seed=settings.seed), outcomes, about)


def read_ground(city: City) -> tuple[Ground, date]:
    """The snapshot's daily reports and grids, and the day it knows nothing of any more."""
    zone = ZoneInfo(city.manifest["city"]["timezone"])
    end = city.as_of_utc.replace(tzinfo=UTC).astimezone(zone).date()
    grids = city.grids()
    daily = pa.Table.from_pandas(city.ask("daily", as_of_day=end), preserve_index=False)
    if not daily.num_rows:
        raise InputError("The snapshot holds no located incident of any scenario, so there is nothing to look back at.")
    scenarios = tuple(sorted(city.manifest["scenarios"]))
    calendar = WorkCalendar.model_validate(city.manifest["city"].get("work_calendar", {}))
    ground = Ground(
        date_days(daily),
        scenarios,
        _find_neighbours(grids),
        grids["area_km2"].to_numpy(),
        festival_days=list_festival_days(calendar),
    )
    return ground, end


def _choose(  # noqa: PLR0913, PLR0917  what validation needs
    ground: Ground, settings: Settings, test: Sequence[date], horizon: int, first: date, progress: Callable[..., None]
) -> dict[str, Any] | None:
    """What the periods before the test choose; None where the history is too short for them, or reports too few."""
    candidates = CANDIDATES if settings.with_all_candidates else CHEAP
    try:
        days = list_days(first, test[0], horizon_days=horizon, periods=settings.validation_periods)
    except InputError:
        return None
    outcomes = run_backtest(
        ground, candidates, days={horizon: days}, progress=lambda done: progress("validation periods", done)
    )
    try:
        choice = choose_model(outcomes, candidates, seed=settings.seed)
    except InputError:
        return None
    return {"model": choice.model, "seen": choice.seen, "periods": len(days)}


def _shift(
    city: City, ground: Ground, settings: Settings, days: Sequence[date], progress: Callable[[str, float], None]
) -> list[dict[str, Any]]:
    """Capture and its ratio to the best count, with all incidents moved by parts of a grid's width."""
    end = days[-1] + timedelta(days=RATE_DAYS)
    points, cover = city.ask("points", as_of_day=end), build_cover(city.grids().geometry.to_numpy())
    candidates = [*BASELINES, Additive(is_pooled=True)]
    rows = []
    for number, (east, north) in enumerate(((0.0, 0.0), *SHIFTS)):
        progress("shifted grids", number / (len(SHIFTS) + 1))
        moved = shift_ground(ground, points, cover, east=east, north=north)
        outcomes = run_backtest(moved, candidates, days={RATE_DAYS: days}, progress=lambda _: None)
        listed = summarise(outcomes, seed=settings.seed).to_pylist()
        rows += [
            {"east_widths": east, "north_widths": north, **row}
            for row in listed
            if row["scenario"] == ALL and row["model"] == PRODUCT and row["metric"] in {"capture_5", RATIO}
        ]
    return rows


def _find_neighbours(grids: gpd.GeoDataFrame) -> Neighbours:
    """The neighbours as a build finds them."""
    far = find_within(grids["lon"].to_numpy(), grids["lat"].to_numpy(), choose_radius_m(grids))
    return Neighbours(*find_neighbours(grids.geometry.to_numpy()), *far)
