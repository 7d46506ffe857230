"""Measures features, scoring and training of the hazard in CPU seconds, and writes the table into docs/performance.md.

10,000 grids on a lattice, 15 scenarios, two years of reports by chance: about as many as the demo city has.
"""

from __future__ import annotations

import argparse
import time
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import scipy.sparse

from benchmarks.report import date_and_machine, draw_table, read_peak_gb, write_section
from governance.grids.neighbours import Neighbours
from governance.hazard.features import build_features, sum_blocks
from governance.hazard.forecast import fit_scenario, list_origins
from governance.hazard.model import explain

SIDE, SCENARIOS, DAYS, PER_DAY = 100, 15, 730, 8000
AS_OF = date(2026, 1, 1)
NEAR_CELLS, FAR_CELLS = 1.5, 3.0
SEED = 20260101


def main() -> None:
    """Measure, print, and write the section `hazard` where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="write the table into docs/performance.md")
    options = parser.parse_args()
    rows = measure()
    titles = ["step", "CPU s"]
    size = f"{SIDE * SIDE:,} grids, {SCENARIOS} scenarios, {DAYS} days"
    lines = [
        date_and_machine("python -m benchmarks.hazard_speed"),
        "",
        f"{size}. Peak of the process, reports included: {read_peak_gb():.2f} GB.",
        "",
        *draw_table(titles, [[name, f"{seconds:.2f}"] for name, seconds in rows]),
    ]
    print("\n".join(lines))
    if options.keep:
        write_section("hazard", lines)


def measure() -> list[tuple[str, float]]:
    """(step, CPU seconds): features as of today, scoring, features of past days, fitting."""
    daily, neighbours = make_reports(), make_neighbours()
    names = tuple(f"s{number:02d}" for number in range(SCENARIOS))
    clock = time.process_time
    marks = [clock()]
    blocks = sum_blocks(daily, names, grids=SIDE * SIDE, as_of=AS_OF)
    now = build_features(blocks, neighbours, origin=0)
    marks.append(clock())
    past = {origin: build_features(blocks, neighbours, origin=origin) for origin in list_origins(blocks)}
    marks.append(clock())
    fits = [fit_scenario(blocks, past, now[place], place) for place in range(SCENARIOS)]
    marks.append(clock())
    for place, (rates, factor) in enumerate(fits):
        _ = explain(rates, now[place]) * factor
    marks.append(clock())
    features, past_features, fitting, scoring = np.diff(marks)
    return [
        ("features as of a day", features),
        ("scoring, with all contributions", scoring),
        ("features as of twelve past days", past_features),
        ("fitting", fitting),
    ]


def make_reports() -> pa.Table:
    """One row per grid, scenario and day with reports."""
    rng = np.random.default_rng(SEED)
    weight = rng.gamma(0.5, 1.0, SIDE * SIDE * SCENARIOS)
    drawn = rng.choice(len(weight), DAYS * PER_DAY, p=weight / weight.sum())
    key, reports = np.unique(drawn * DAYS + rng.integers(0, DAYS, len(drawn)), return_counts=True)
    cell, day = np.divmod(key, DAYS)
    grid, scenario = np.divmod(cell, SCENARIOS)
    names = pa.array([f"s{number:02d}" for number in range(SCENARIOS)])
    first = np.datetime64(AS_OF - timedelta(days=DAYS))
    return pa.table(
        {
            "grid_no": grid.astype(np.int32),
            "scenario": names.take(pa.array(scenario)),
            "day": pa.array(first + day),
            "reports": reports.astype(np.int32),
        }
    )


def make_neighbours() -> Neighbours:
    """Lattice cells within 1.5 and within 3 widths."""
    x, y = np.divmod(np.arange(SIDE * SIDE), SIDE)
    rows = []
    for reach in (NEAR_CELLS, FAR_CELLS):
        steps = [(i, j) for i in range(-3, 4) for j in range(-3, 4) if 0 < i * i + j * j <= reach * reach]
        pairs = [
            ((x + i) * SIDE + y + j, (x + i >= 0) & (x + i < SIDE) & (y + j >= 0) & (y + j < SIDE)) for i, j in steps
        ]
        first = np.concatenate([np.flatnonzero(is_inside) for _, is_inside in pairs])
        second = np.concatenate([other[is_inside] for other, is_inside in pairs])
        matrix = scipy.sparse.csr_array((np.ones(len(first)), (first, second)), shape=(SIDE * SIDE, SIDE * SIDE))
        matrix.sort_indices()
        rows += [matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32)]
    return Neighbours(*rows)


if __name__ == "__main__":
    main()
