"""Measures the join of points and polygons against its peers, interleaved, and writes docs/performance.md.

`python -m benchmarks.join` takes about two minutes, `python -m benchmarks.join --full` 35. Every run is
a process of its own, checked point by point against our answer; what takes long is run fewer times.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import shapely

from benchmarks.contenders import CONTENDERS, FLOOR, OURS, OURS_COLD, Polygons, open_database
from benchmarks.postgis import NAME as POSTGIS
from benchmarks.postgis import fetch_postgis, join_postgis, load_postgis, running_postgis
from benchmarks.report import ROOT, date_and_machine, draw_table, write_section
from benchmarks.shapes import make_points, make_tessellation
from governance.grids.cell_table import list_cells
from governance.grids.join import build_cover, locate, save_cover

FEW = 10_000
CHUNK = 10_000_000
ROUNDS = 3


@dataclass(frozen=True)
class Setting:
    """One size; `patience_s` is how long a contender may have run before it is not run once more."""

    polygons: int
    points: int
    contenders: tuple[str, ...]
    patience_s: float
    detail: float = 1.0
    memory_limit: str = ""


@dataclass
class Runs:
    """What the runs of one contender took; `wrong` counts points whose answer differs from ours."""

    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    peak_gb: list[float] = field(default_factory=list)
    wrong: int = 0


ALL = (*CONTENDERS, POSTGIS)
BEST = (FLOOR, OURS, OURS_COLD, "SedonaDB", "DuckDB ST_Contains")
FULL = (
    *(
        Setting(polygons, points, ALL, patience_s=30)
        for polygons in (10_000, 1_000, 100_000)
        for points in (1_000_000, 10_000_000)
    ),
    *(Setting(10_000, 10_000_000, BEST, patience_s=30, detail=detail) for detail in (2.0, 4.0)),
    Setting(10_000, 100_000_000, (FLOOR, OURS), patience_s=1, memory_limit="1GB"),
)
QUICK = (
    Setting(10_000, 1_000_000, ALL, patience_s=4),
    Setting(10_000, 10_000_000, (FLOOR, OURS, OURS_COLD, "SedonaDB"), patience_s=30),
)


def main() -> None:
    """Run the settings one after another; the section is written after each, so that nothing is lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "benchmark-join")
    parser.add_argument("--full", action="store_true", help="all sizes and every peer")
    options = parser.parse_args()
    name, command = ("join", "make bench-full") if options.full else ("join-quick", "make bench")
    lines = [f"{date_and_machine(command)} Wall seconds are medians; every run is a process of its own.", ""]
    with running_postgis() as server:
        for setting in FULL if options.full else QUICK:
            polygons = make_tessellation(setting.polygons, detail=setting.detail)
            runs = measure(setting, polygons, options.folder, server)
            lines += [*draw_setting(setting, polygons, runs), ""]
            write_section(name, lines)
    shutil.rmtree(options.folder)


def measure(setting: Setting, polygons: Polygons, folder: Path, server: Path | None) -> dict[str, Runs]:
    """All contenders in turn, then again those with patience left."""
    print(f"{setting.points:,} points, {setting.polygons:,} polygons", flush=True)
    make_databases(setting, polygons, folder)
    names = [name for name in setting.contenders if name != POSTGIS or server]
    if server and POSTGIS in names:
        load_postgis(server, folder)
    runs = {name: Runs() for name in names}
    for _ in range(ROUNDS):
        for name in names:
            if sum(runs[name].wall_s) < setting.patience_s:
                measure_once(name, runs[name], setting, folder, server)
                print(f"  {name}: {runs[name].wall_s[-1]:.2f} s, {runs[name].wrong} differences", flush=True)
    return runs


def measure_once(name: str, runs: Runs, setting: Setting, folder: Path, server: Path | None) -> None:
    if name == POSTGIS and server:
        runs.wall_s.append(join_postgis(server))
    else:
        command = [sys.executable, "-m", "benchmarks.contenders", name, str(folder), setting.memory_limit]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        took = json.loads(done.stdout.splitlines()[-1])
        runs.wall_s.append(took["wall_s"])
        runs.cpu_s.append(took["cpu_s"])
        runs.peak_gb.append(took["peak_gb"])
    if name != FLOOR and len(runs.wall_s) == 1:
        runs.wrong = count_differences(name, folder, server)


def make_databases(setting: Setting, polygons: Polygons, folder: Path) -> None:
    """Points, polygons, cells and the answer that is expected, for the warm-up and for the measured run."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wkb = pa.table({"grid_no": np.arange(len(polygons), dtype=np.int32), "wkb": shapely.to_wkb(polygons)})
    pyarrow.parquet.write_table(wkb, folder / "polygons.parquet")
    cells = list_cells(polygons)
    numbers = {name: value for name, value in vars(cells).items() if name != "rows"}
    (folder / "cells.json").write_text(json.dumps(numbers))
    cover = build_cover(polygons)
    save_cover(cover, folder / "cover.npz")
    for name, count in (("few", FEW), ("many", setting.points)):
        with open_database(folder / f"{name}.duckdb") as con:
            con.execute("create table points (id bigint, lon double, lat double)")
            con.execute("create table expected (id bigint, grid_no integer)")
            for start in range(0, count, CHUNK):
                lon, lat = make_points(min(CHUNK, count - start), seed=2 + start)
                ids = np.arange(start, start + len(lon))
                answer = locate(cover, lon, lat)
                rows = {"id": ids, "lon": lon, "lat": lat, "grid_no": pa.array(answer, mask=answer < 0)}
                con.register("made", pa.table(rows))
                con.execute("insert into points select id, lon, lat from made")
                con.execute("insert into expected select id, grid_no from made")
            con.register("shapes", wkb)
            con.execute("create table polygons as select *, st_geomfromwkb(wkb) as geometry from shapes")
            con.register("made", cells.rows)
            con.execute("create table cells as select * from made")
            con.unregister("made")


def count_differences(name: str, folder: Path, server: Path | None) -> int:
    """Points whose smallest polygon by this contender is not the expected one."""
    with open_database(folder / "many.duckdb") as con:
        if name == POSTGIS and server:
            fetch_postgis(server, folder, con)
        if name in {OURS, OURS_COLD}:
            text = "select points.id, result.grid_no from points positional join result"
        else:
            text = "select id, min(grid_no) as grid_no from result group by id"
        row = con.sql(
            f"select count(*) from ({text}) as found full join expected using (id) "  # noqa: S608  our own two texts
            "where found.grid_no is distinct from expected.grid_no"
        ).fetchone()
    return int(row[0]) if row else -1


def draw_setting(setting: Setting, polygons: Polygons, runs: dict[str, Runs]) -> list[str]:
    """A title and a table, fastest first."""
    median = {name: statistics.median(run.wall_s) for name, run in runs.items()}
    titles = ("way", "wall s", "CPU s", "peak GB", "wall ÷ ours", "wall ÷ floor", "runs", "differing points")
    rows = []
    for name in sorted(runs, key=lambda name: median[name]):
        run = runs[name]
        cpu_s = f"{statistics.median(run.cpu_s):.2f}" if run.cpu_s else "–"
        peak_gb = f"{max(run.peak_gb):.2f}" if run.peak_gb else "–"
        ratios = [f"{median[name] / median[other]:.2f}" for other in (OURS, FLOOR)]
        wrong = "–" if name == FLOOR else str(run.wrong)
        rows.append((name, f"{median[name]:.2f}", cpu_s, peak_gb, *ratios, str(len(run.wall_s)), wrong))
    missing = [] if POSTGIS in runs or POSTGIS not in setting.contenders else ["", f"{POSTGIS} is not installed here."]
    corners = shapely.get_num_coordinates(polygons).mean() - 1
    title = f"**{setting.points:,} points, {setting.polygons:,} polygons of {corners:.0f} corners on average**"
    limit = [f"DuckDB may take {setting.memory_limit} here.", ""] if setting.memory_limit else []
    return [title, "", *limit, *draw_table(titles, rows), *missing]


if __name__ == "__main__":
    main()
