"""Leaves a wall running for many refreshes and new generations, and writes what grew into docs/performance.md.

python -m benchmarks.wall [--build build] [--refreshes 2000] [--swaps 200] [--warm-up 200]

A screen asks once a second, while the tiny city of the tests and a copy of `--build` are published in turn. First
come generations of which nothing is read, one with each answer: until the allocator has all the memory that the
largest answers of two generations need side by side, the server grows. Then the server's memory and the page's heap
(after a collection) are read as it goes. Last the server is killed and started again, and the data are unplugged:
both must mend themselves.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import numpy as np
from playwright.sync_api import CDPSession, Page
from scipy import stats

from benchmarks.report import PERFORMANCE, ROOT, date_and_machine, draw_table, write_section
from governance import snapshot
from governance.city import City, open_city
from tests.dashboard import find_port, name_address, open_browser, start_server
from tests.wall_screen import publish_wall

_BLOCKS = 20
_PLAN = {"refresh_s": 1, "stale_after_h": 10**7}
_PATIENCE_MS = 60_000


@dataclass
class Soak:
    """What was read as the wall ran: refreshes so far, the server's memory, the page's heap, both in MB."""

    refreshes: list[int] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    heap_mb: list[float] = field(default_factory=list)

    def read(self, refreshes: int, process: Popen, session: CDPSession) -> None:
        """One more reading."""
        self.refreshes.append(refreshes)
        self.rss_mb.append(read_rss_mb(process.pid))
        session.send("HeapProfiler.collectGarbage")
        self.heap_mb.append(session.send("Runtime.getHeapUsage")["usedSize"] / 1e6)


@dataclass(frozen=True)
class Slope:
    """Growth in kB per 1,000 refreshes with its 95 % interval, and the mean of the first and the last block in MB."""

    per_1000: float
    low: float
    high: float
    first_mb: float
    last_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--refreshes", type=int, default=2000)
    parser.add_argument("--swaps", type=int, default=200)
    parser.add_argument("--warm-up", type=int, default=200, help="generations before the first reading")
    parser.add_argument("--document", type=Path, default=PERFORMANCE)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = run(Path(folder) / "build", open_city(options.build), options)
    print("\n".join(lines))
    write_section("wall", lines, path=options.document)


def run(build_dir: Path, demo: City, options: argparse.Namespace) -> list[str]:
    """The whole run; gives the lines of its section."""
    publish_wall(build_dir, **_PLAN)
    port = find_port()
    process = start_server(build_dir, port)
    try:
        with open_browser(is_whole=True) as browser:
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            page.goto(f"{name_address(port)}/wall")
            page.locator(".w-scene.is-on").wait_for()
            warm_up(page, build_dir, demo, swaps=options.warm_up)
            soak = let_run(page, process, build_dir, demo, refreshes=options.refreshes, swaps=options.swaps)
            unplugged_s = unplug(page, build_dir)
            back_s, process = restart(page, process, build_dir, port)
    finally:
        process.kill()
        process.wait()
    return write_lines(soak, options, unplugged_s=unplugged_s, back_s=back_s)


def warm_up(page: Page, build_dir: Path, demo: City, *, swaps: int) -> None:
    """One generation after the other, as soon as the screen has asked about the last."""
    for number in range(1, swaps + 1):
        wait_for_answer(page)
        publish_next(build_dir, demo, is_demo=number % 2 == 1)


def wait_for_answer(page: Page) -> None:
    """The next answer to the screen; one that is none ends the run."""
    with page.expect_response("**/wall/state?*", timeout=_PATIENCE_MS) as answer:
        pass
    if not answer.value.ok:
        raise SystemExit(f"The server answered {answer.value.status}.")


def let_run(page: Page, process: Popen, build_dir: Path, demo: City, *, refreshes: int, swaps: int) -> Soak:
    """Count answers, publish generations evenly among them, read memory five times a block."""
    soak, session = Soak(), page.context.new_cdp_session(page)
    every_swap, every_reading = max(refreshes // max(swaps, 1), 1), max(refreshes // (_BLOCKS * 5), 1)
    for number in range(1, refreshes + 1):
        wait_for_answer(page)
        if number % every_swap == 0:
            publish_next(build_dir, demo, is_demo=(number // every_swap) % 2 == 1)
        if number % every_reading == 0:
            soak.read(number, process, session)
    if page.locator("#banner:visible").count():
        raise SystemExit(f"The wall shows a banner: {page.locator('#banner').inner_text()}")
    return soak


def publish_next(build_dir: Path, demo: City, *, is_demo: bool) -> None:
    """The tiny city, or a copy of the demo city, as the next generation."""
    if not is_demo:
        publish_wall(build_dir, **_PLAN)
        return
    manifest = {**demo.manifest, "city": {**demo.manifest["city"], "wall": dict(_PLAN)}}
    with snapshot.building(build_dir, start_from=demo.file) as draft:
        snapshot.publish(draft, manifest=manifest)


def unplug(page: Page, build_dir: Path) -> float:
    """Seconds from unplugged data to the banner; it must go again when they are plugged in."""
    pointer = build_dir / "CURRENT"
    aside = pointer.with_name("unplugged")
    pointer.rename(aside)
    seconds = measure(lambda: page.locator("#banner:visible").wait_for(timeout=_PATIENCE_MS))
    if not page.locator(".w-scene.is-on").count():
        raise SystemExit("The last good view is gone.")
    aside.rename(pointer)
    page.locator("#banner").wait_for(state="hidden", timeout=_PATIENCE_MS)
    return seconds


def restart(page: Page, process: Popen, build_dir: Path, port: int) -> tuple[float, Popen]:
    """Kill the server and start it again; seconds from its first answer until the wall's banner is gone."""
    process.kill()
    process.wait()
    page.locator("#banner:visible").wait_for(timeout=_PATIENCE_MS)
    if not page.locator(".w-scene.is-on").count():
        raise SystemExit("The last good view is gone.")
    started = start_server(build_dir, port)
    return measure(lambda: page.locator("#banner").wait_for(state="hidden", timeout=_PATIENCE_MS)), started


def measure(wait: Callable[[], None]) -> float:
    """Seconds that something took."""
    start = time.perf_counter()
    wait()
    return time.perf_counter() - start


def read_rss_mb(pid: int) -> float:
    """The memory of a process that is in use."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))) * 1024 / 1e6


def fit_slope(refreshes: list[int], values_mb: list[float]) -> Slope:
    """A straight line through the means of blocks.

    Readings that follow each other resemble each other; the means of blocks do so much less, so that their interval
    (Student, two degrees less than blocks) is not too narrow.
    """
    blocks = np.array_split(np.arange(len(refreshes)), min(_BLOCKS, len(refreshes)))
    at = np.array([np.mean(np.array(refreshes)[block]) for block in blocks])
    means = np.array([np.mean(np.array(values_mb)[block]) for block in blocks])
    fitted = stats.linregress(at, means)
    half = stats.t.ppf(0.975, len(blocks) - 2) * fitted.stderr
    scale = 1000 * 1000  # MB per refresh to kB per 1,000
    low, high = (float(fitted.slope + sign * half) * scale for sign in (-1, 1))
    return Slope(float(fitted.slope) * scale, low, high, float(means[0]), float(means[-1]))


def write_lines(soak: Soak, options: argparse.Namespace, *, unplugged_s: float, back_s: float) -> list[str]:
    """The section: the table of growth, then the two checked steps."""
    named = {"server, resident memory": soak.rss_mb, "page, heap after a collection": soak.heap_mb}
    cells = []
    for name, values in named.items():
        slope = fit_slope(soak.refreshes, values)
        cells.append(
            (
                name,
                f"{slope.first_mb:.1f}",
                f"{slope.last_mb:.1f}",
                f"{slope.per_1000:+.0f} ({slope.low:+.0f} to {slope.high:+.0f})",
                "yes" if slope.low <= 0 <= slope.high else "no",
            )
        )
    mended = (
        f"Data unplugged: the banner stood after {unplugged_s:.1f} s (a refresh is 1 s), and the view stayed. "
        f"Server killed and started again: the wall was back {back_s:.1f} s after the server's first answer."
    )
    titles = ("", "first MB", "last MB", "kB per 1,000 refreshes (95 %)", "zero lies within")
    asked, published = f"{options.refreshes:,}", f"{options.swaps:,}"
    return [
        f"One screen at 1920 x 1080, {asked} refreshes a second apart, {published} generations among them.",
        date_and_machine("python -m benchmarks.wall"),
        f"Before them {options.warm_up:,} generations, in which memory fills; the line goes through {_BLOCKS} means.",
        "",
        *draw_table(titles, cells),
        "",
        mended,
    ]


if __name__ == "__main__":
    main()
