"""Measures a full and an incremental build of the demo city, and writes the table into docs/performance.md."""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.report import ROOT, date_and_machine, draw_table, write_section


def main() -> None:
    """Run the steps one after another, each in a process of its own, and write what they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "benchmark")
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--incidents-per-day", type=int, default=8000)
    options = parser.parse_args()
    os.chdir(ROOT)
    shutil.rmtree(options.folder, ignore_errors=True)
    city = options.folder / "demo"
    build = ["build", "--city", str(city / "city.toml"), "--build-dir", str(options.folder)]
    size = ["--days", str(options.days), "--incidents-per-day", str(options.incidents_per_day)]
    rows = [measure("make the demo city", ["-m", "governance", "demo", "--out", str(city), *size])]
    trace = options.folder / "steps.json"
    rows.append(measure("build, first time", ["-m", "benchmarks.traced_build", str(trace), *build]))
    day = f"from pathlib import Path; from governance.demo.day import make_day; make_day(Path({str(city)!r}))"
    subprocess.run([sys.executable, "-c", day], cwd=ROOT, check=True)
    rows.append(measure("build, one new day", ["-m", "governance", *build]))
    rows.append(measure("build, nothing new (--if-needed)", ["-m", "governance", *build, "--if-needed"]))
    steps = json.loads(trace.read_text(encoding="utf-8"))["steps"]
    write(rows, steps, days=options.days, per_day=options.incidents_per_day)


def measure(name: str, arguments: list[str]) -> tuple[str, float, float, float]:
    """(name, wall seconds, CPU seconds, peak memory in GB) of one Python process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    pid = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, *arguments])
    _, status, usage = os.wait4(pid, 0)
    wall_s = time.perf_counter() - start
    if status:
        raise SystemExit(f"{name} failed.")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{name}: {wall_s:.1f} s wall, {cpu_s:.1f} s CPU, {usage.ru_maxrss / 1e6:.2f} GB")
    return name, wall_s, cpu_s, usage.ru_maxrss / 1e6


def describe_join(steps: dict[str, dict[str, float]]) -> str:
    """One sentence about the join of the traced build."""
    join, cover = steps["join"], steps["cover"]
    return (
        f"In the first build, the join of {join['rows']:,.0f} incidents with the grids took {join['wall_s']:.2f} s, "
        f"and their cover {cover['wall_s']:.2f} s."
    )


CASE_STEPS = {
    "place_and_tell": "place incidents and tell event logs: grid, deadlines; order, holders, pauses (once a file)",
    "assemble": "assemble cases: stage, holder, clocks, stretches of holding",
    "recur": "find recurrences and draw their curves",
}
OTHER_STEPS = {
    "read": "read and judge the files (once per file)",
    "count": "count for the indicators",
    "hazard": "forecast, replay thirteen Mondays, tiers, lists, flare-ups",
}


def draw_steps(steps: dict[str, dict[str, float]]) -> list[str]:
    """The table of the first build's steps; those of the cases have a sum of their own."""
    cases = {part: sum(steps[name][part] for name in CASE_STEPS) for part in ("wall_s", "cpu_s")}
    rows = [
        *((words, steps[name]) for name, words in CASE_STEPS.items()),
        ("**cases, all of this**", cases),
        *((words, steps[name]) for name, words in OTHER_STEPS.items()),
    ]
    cells = [(words, f"{taken['wall_s']:.1f}", f"{taken['cpu_s']:.1f}") for words, taken in rows]
    return draw_table(("step of the first build", "wall s", "CPU s"), cells)


def write(
    rows: list[tuple[str, float, float, float]], steps: dict[str, dict[str, float]], *, days: int, per_day: int
) -> None:
    """Replace the tables of builds in docs/performance.md."""
    titles = ("step", "wall s", "CPU s", "peak memory GB")
    cells = [(name, f"{wall_s:.1f}", f"{cpu_s:.1f}", f"{peak_gb:.2f}") for name, wall_s, cpu_s, peak_gb in rows]
    size = f"Demo city: about {days * per_day:,} incidents with their events, 10,000 grids."
    machine = date_and_machine("make bench")
    lines = [size, machine, "", *draw_table(titles, cells), "", *draw_steps(steps), "", describe_join(steps)]
    write_section("build", lines)


if __name__ == "__main__":
    main()
