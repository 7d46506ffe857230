"""Measures a full and an incremental build of the demo city, and writes the table into docs/performance.md."""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- build: begin -->", "<!-- build: end -->"


def main() -> None:
    """Run the steps one after another, each in a process of its own, and write what they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "benchmark")
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--incidents-per-day", type=int, default=8000)
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    city = options.folder / "demo"
    build = ["build", "--city", str(city / "city.toml"), "--build-dir", str(options.folder)]
    size = ["--days", str(options.days), "--incidents-per-day", str(options.incidents_per_day)]
    rows = [measure("make the demo city", ["-m", "governance", "demo", "--out", str(city), *size])]
    rows.append(measure("build, first time", ["-m", "governance", *build]))
    day = f"from pathlib import Path; from governance.demo.day import make_day; make_day(Path({str(city)!r}))"
    subprocess.run([sys.executable, "-c", day], cwd=ROOT, check=True)
    rows.append(measure("build, one new day", ["-m", "governance", *build]))
    rows.append(measure("build, nothing new (--if-needed)", ["-m", "governance", *build, "--if-needed"]))
    write(rows, days=options.days, per_day=options.incidents_per_day)


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


def write(rows: list[tuple[str, float, float, float]], *, days: int, per_day: int) -> None:
    """Replace the table between the two marks of docs/performance.md."""
    path = ROOT / "docs" / "performance.md"
    text = path.read_text(encoding="utf-8") if path.exists() else f"# Performance\n\n{BEGIN}\n{END}\n"
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    lines = [
        f"Demo city: about {days * per_day:,} incidents with their events, 10,000 grids.",
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine} by `make bench`.",
        "",
        "| step | wall s | CPU s | peak memory GB |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {name} | {wall:.1f} | {cpu:.1f} | {memory:.2f} |" for name, wall, cpu, memory in rows),
    ]
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{head}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
