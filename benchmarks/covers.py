"""Measures what covers of 1,000 to 1,000,000 polygons cost to build and keep, and how fast points are found in them.

`python -m benchmarks.covers` writes its table to docs/performance.md; each size is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import shapely

from benchmarks.contenders import read_polygons
from benchmarks.report import ROOT, date_and_machine, draw_table, read_peak_gb, write_section
from benchmarks.shapes import make_points, make_tessellation
from governance.grids.join import Cover, build_cover, load_cover, locate_and_count, save_cover

POINTS = 10_000_000
SIZES = ((1_000, 1.0), (10_000, 1.0), (10_000, 4.0), (100_000, 1.0), (1_000_000, 1.0))
TITLES = (
    "polygons", "corners a polygon", "build s", "build CPU s", "µs a polygon", "size MB", "build peak GB", "load ms",
    "10 M points s", "CPU ns a point", "left to shapely",
)  # fmt: skip


def main() -> None:
    """All sizes, smallest first; the last takes some minutes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=SIZES[-1][0], help="leave out larger sizes")
    most = parser.parse_args().most
    rows = []
    for count, detail in SIZES:
        if count <= most:
            with tempfile.TemporaryDirectory() as folder:
                make_polygons(count, detail, Path(folder))
                code = f"from pathlib import Path; from benchmarks.covers import measure; measure(Path({folder!r}))"
                command = [sys.executable, "-c", code]
                done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
            rows.append(json.loads(done.stdout))
            print(rows[-1], flush=True)
            write_section("cover", [date_and_machine("make bench-full"), "", *draw_table(TITLES, rows)])


def make_polygons(count: int, detail: float, folder: Path) -> None:
    polygons = make_tessellation(count, detail=detail)
    pyarrow.parquet.write_table(pa.table({"wkb": shapely.to_wkb(polygons)}), folder / "polygons.parquet")


def measure(folder: Path) -> None:
    """Print the row of the polygons in this folder as JSON, after a small cover to get everything loaded."""
    polygons = read_polygons(folder)
    build_cover(polygons[:100])
    idle_gb = read_peak_gb()
    cpu, start = time.process_time(), time.perf_counter()
    cover = build_cover(polygons)
    build_s, build_cpu_s = time.perf_counter() - start, time.process_time() - cpu
    peak_gb = read_peak_gb() - idle_gb
    save_cover(cover, folder / "cover.npz")
    start = time.perf_counter()
    cover = load_cover(folder / "cover.npz")
    load_ms = (time.perf_counter() - start) * 1e3
    size_mb = sum(getattr(cover, field.name).nbytes for field in fields(Cover)) / 1e6
    wall_s, cpu_s, exact = measure_locate(cover)
    corners = shapely.get_num_coordinates(polygons).mean() - 1
    row = [
        f"{len(polygons):,}", f"{corners:.0f}", f"{build_s:.2f}", f"{build_cpu_s:.2f}",
        f"{build_s / len(polygons) * 1e6:.0f}", f"{size_mb:.0f}", f"{peak_gb:.2f}", f"{load_ms:.0f}",
        f"{wall_s:.2f}", f"{cpu_s / POINTS * 1e9:.0f}", f"{exact / POINTS:.1e}",
    ]  # fmt: skip
    print(json.dumps(row))


def measure_locate(cover: Cover) -> tuple[float, float, int]:
    """Medians of five: wall and CPU seconds; and the number of points that shapely decided."""
    lon, lat = make_points(POINTS)
    walls, cpus, exact = [], [], 0
    for _ in range(5):
        cpu, start = time.process_time(), time.perf_counter()
        _, exact = locate_and_count(cover, lon, lat)
        walls.append(time.perf_counter() - start)
        cpus.append(time.process_time() - cpu)
    return statistics.median(walls), statistics.median(cpus), exact


if __name__ == "__main__":
    main()
