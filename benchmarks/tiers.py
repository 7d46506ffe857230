"""Measures how still the red list keeps from week to week, and at what cost, and writes the table into docs/tiers.md.

Lists are made as builds on eight Mondays would have published them, each replayed from the reports before that day
alone. Without memory, red are the worst grids of the same forecast, as many as there are places. `--real` does the same
with Stuttgart's reports, on every Monday of the 13 windows on which the model was settled, and none of its test's.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.hazard_real import cut_future
from benchmarks.hazard_series import load_stuttgart
from benchmarks.report import ROOT, date_and_machine, draw_table, write_section
from governance.city import City, open_city
from governance.grids.city_grids import FAR_RADIUS_M
from governance.grids.neighbours import Neighbours, find_neighbours, find_within
from governance.hazard.backtest import PERIODS
from governance.hazard.flare_ups import find_flare_ups
from governance.hazard.replay import replay_tiers
from governance.hazard.tiers import RED, rank_grids
from governance.hazard.weekly import PastForecasts, find_week
from governance.scenarios import load_templates
from governance.scenarios.template import TierPolicy

MONDAYS = 8
AHEAD_DAYS = 28


@dataclass
class Tally:
    """What the lists of one number of places held, over scenarios and Mondays."""

    red: int = 0
    kept: int = 0
    caught: float = 0.0
    came: float = 0.0

    def add(self, red: np.ndarray, before: np.ndarray | None, came: np.ndarray) -> None:
        """One Monday: flags and reports that came, (scenarios, grids)."""
        if before is not None:
            self.red += int(before.sum())
            self.kept += int((before & red).sum())
        self.caught += float(came[red].sum())
        self.came += float(came.sum())


def main() -> None:
    """Read a built city, make the lists, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build" / "benchmark")
    parser.add_argument("--thin", type=float, default=0.03, help="Share of reports kept for the sparse rows.")
    parser.add_argument("--real", action="store_true", help="Stuttgart's reports instead of the demo city's.")
    options = parser.parse_args()
    if options.real:
        write_real()
        return
    city = open_city(options.build_dir)
    daily, neighbours, scenarios = read_city(city)
    grids = len(neighbours.near_indptr) - 1
    sparse = thin(daily, options.thin)
    rows = [
        [f"{label}, {max(1, int(share * grids)):,} places", *measure(table, neighbours, scenarios, share)]
        for label, table in (("all reports", daily), (f"{options.thin:.0%} of the reports", sparse))
        for share in (0.05, 0.005)
    ]
    titles = ("reports and red places", "kept", "kept without memory", "reports caught ÷ without memory")
    cost = describe_cost(daily, neighbours, scenarios)
    write_section(
        "stillness",
        [date_and_machine("python -m benchmarks.tiers"), "", *draw_table(titles, rows), "", cost],
        path=ROOT / "docs" / "tiers.md",
    )


def write_real() -> None:
    """Stuttgart's validation periods: the scenarios with reports enough to judge, all others speak for them."""
    series, end = cut_future(load_stuttgart(), is_test=False)
    ground = series.ground
    first = end - timedelta(days=PERIODS * AHEAD_DAYS)
    mondays = [day for day in list_weeks(first, end) if day + timedelta(days=AHEAD_DAYS) <= end]
    judged = np.isin(ground.scenarios, ground.judged)
    rows = [
        [
            f"{max(1, int(share * ground.grids)):,} places",
            *measure(ground.daily, ground.neighbours, ground.scenarios, share, mondays=mondays, judged=judged),
        ]
        for share in (0.05, 0.005)
    ]
    titles = ("red places", "kept", "kept without memory", "reports caught ÷ without memory")
    about = (
        f"Stuttgart: {ground.grids:,} grids, {len(ground.judged)} scenarios, {len(mondays)} Mondays from {mondays[0]} "
        f"to {mondays[-1]}; reports of the 28 days after each."
    )
    write_section(
        "stillness-real",
        [date_and_machine("python -m benchmarks.tiers --real"), "", *draw_table(titles, rows), "", about],
        path=ROOT / "docs" / "tiers.md",
    )


def list_weeks(first: date, end: date) -> list[date]:
    """The Mondays from `first` to `end`, not included."""
    monday = find_week(first + timedelta(days=6))
    return [monday + timedelta(weeks=week) for week in range((end - monday).days // 7 + 1)]


def read_city(city: City) -> tuple[pa.Table, Neighbours, tuple[str, ...]]:
    """Daily reports, neighbours and scenarios of a snapshot."""
    counts = city.sql(
        "select grid_no, scenario, reported_on as day, count(*)::integer as reports from core_case "
        "where grid_no is not null and scenario is not null group by all"
    )
    columns = {
        "grid_no": pa.array(counts["grid_no"], pa.int32()),
        "scenario": pa.array(counts["scenario"], pa.string()),
        "day": pa.array(counts["day"].dt.date, pa.date32()),
        "reports": pa.array(counts["reports"], pa.int32()),
    }
    grids = city.grids()
    far = find_within(grids["lon"].to_numpy(), grids["lat"].to_numpy(), FAR_RADIUS_M)
    neighbours = Neighbours(*find_neighbours(grids.geometry.to_numpy()), *far)
    return pa.table(columns), neighbours, tuple(city.manifest["scenarios"])


def thin(daily: pa.Table, share: float) -> pa.Table:
    """Each report kept with the same chance."""
    kept = np.random.default_rng(1).binomial(daily["reports"].to_numpy(), share)
    place = daily.schema.get_field_index("reports")
    return daily.set_column(place, "reports", pa.array(kept, pa.int32())).filter(pa.array(kept > 0))


def measure(  # noqa: PLR0913  what was reported where, how many are red, when and in which scenarios one looks
    daily: pa.Table,
    neighbours: Neighbours,
    scenarios: tuple[str, ...],
    share: float,
    *,
    mondays: Sequence[date] | None = None,
    judged: np.ndarray | None = None,
) -> list[str]:
    """Share of red kept, the same without memory, and reports caught against those without memory.

    mondays: when lists are made, a week apart (none: the last eight). judged: flags of the scenarios that count.
    """
    meant = np.ones(len(scenarios), dtype=bool) if judged is None else judged
    policy = TierPolicy(
        red_share=share,
        floor_expected_reports_28d=0,
        visit_every_days=next(iter(load_templates().values())).tiers.visit_every_days,
    )
    tallies = {name: Tally() for name in ("replayed", "without memory")}
    # One for all Mondays: its models are of fixed days, whatever the Monday from which one looks back.
    past = PastForecasts(daily, neighbours, scenarios, len(neighbours.near_indptr) - 1)
    before: dict[str, np.ndarray] = {}
    for day in mondays or list_mondays(daily):
        for name, (red, came) in list_red(past, policy, day).items():
            tallies[name].add(red[meant], before.get(name), came[meant])
            before[name] = red[meant]
    ours, plain = tallies["replayed"], tallies["without memory"]
    ratio = ours.caught / plain.caught
    print(f"{share}: kept {ours.kept / ours.red:.4f}, {plain.kept / plain.red:.4f} without; caught {ratio:.4f}")
    return [f"{ours.kept / ours.red:.1%}", f"{plain.kept / plain.red:.1%}", f"{ratio:.3f}"]


def list_mondays(daily: pa.Table) -> list[date]:
    """The last Mondays that have 28 days of reports after them."""
    last = find_week(max(daily["day"].unique().to_pylist()) - timedelta(days=AHEAD_DAYS - 1))
    return [last - timedelta(days=7 * back) for back in range(MONDAYS - 1, -1, -1)]


def list_red(past: PastForecasts, policy: TierPolicy, day: date) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The red grids as published on a Monday, with and without memory, and the reports of the 28 days after it."""
    (today,) = past.score(day, back=(0,))
    districts = np.zeros(past.grids, dtype=np.int64)
    history = replay_tiers(past, today, dict.fromkeys(past.scenarios, policy), districts=districts, given=lambda _: {})
    red = history.today.shown == RED
    places = history.places["red_places"].to_numpy()
    ranks = np.stack([rank_grids(expected) for expected in today.expected])
    came = past.count(day + timedelta(days=AHEAD_DAYS), days=AHEAD_DAYS)
    return {"replayed": (red, came), "without memory": (ranks <= places[:, None], came)}


def describe_cost(daily: pa.Table, neighbours: Neighbours, scenarios: tuple[str, ...]) -> str:
    """CPU seconds of a replay and of a look for flare-ups."""
    grids = len(neighbours.near_indptr) - 1
    policies = {name: load_templates()[name].tiers for name in scenarios}
    past = PastForecasts(daily, neighbours, scenarios, grids)
    day = list_mondays(daily)[-1]
    (today,) = past.score(day, back=(0,))
    districts = np.zeros(grids, dtype=np.int64)
    replay_s = spend(lambda: replay_tiers(past, today, policies, districts=districts, given=lambda _: {}))
    flare_s = spend(lambda: find_flare_ups(past, as_of=day))
    return (
        f"{grids:,} grids, {len(scenarios)} scenarios, {daily.num_rows:,} rows of daily reports: the replay takes "
        f"{replay_s:.1f} s of CPU, its models included; a look for flare-ups {flare_s:.1f} s."
    )


def spend(work: Callable[[], object]) -> float:
    """CPU seconds of a piece of work."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
