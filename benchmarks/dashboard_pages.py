"""The pages of a built city, visited by raw websocket: by one visitor over many choices, and by fifty at once.

Both on a copy of the city, so that a next generation can be published while visitors look.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from benchmarks.report import draw_table
from benchmarks.visits import Answer, crowd, walk
from governance import snapshot
from governance.city import City, open_city
from governance.ui import asked_file
from governance.ui.links import name_case
from tests.dashboard import running_dashboard

MAP = "map"
# What is visited: its path, the first page having none, and what its address says beside scenario and district.
VIEWS = {
    "overview": ("", {}), "map": (MAP, {}), "map, to print": (MAP, {"sheet": "1"}), "changes": ("changes", {}),
    "compare": ("compare", {}), "compare, by place": ("compare", {"tab": "units"}), "scenario": ("scenario", {}),
    **{f"scenario, {tab}": ("scenario", {"tab": tab}) for tab in ("progress", "holders", "recurrence", "sheet")},
    "case": ("case", {}), "overdue": ("overdue", {}), "overdue, a department": ("overdue", {"department": "housing"}),
    "evaluation": ("evaluation", {}), "model": ("model", {}), "inspections": ("inspections", {}),
    "data health": ("health", {}),
}  # fmt: skip
_PATIENCE_S = 180
_VISIT_FORGOTTEN_S = 150  # Streamlit keeps a visit for two minutes after it ended


def measure_pages(build_dir: Path, *, is_short: bool) -> list[str]:
    """Server time of each page over its choices, by one visitor; then fifty visitors at once."""
    with TemporaryDirectory() as folder:
        build = Path(folder)
        publish_copy(build, build_dir)
        city = open_city(build)
        choices = list(list_choices(city))[: 3 if is_short else None]
        city.close()
        with running_dashboard(build) as address:
            first = walk_views(address, choices)
            publish_copy(build, build)
            wait_for_generation(address, build)
            again = walk_views(address, choices)
        asked = {"visitors": 5 if is_short else 50, "every_s": 5.0, "clicks": 2 if is_short else 24}
        # Nothing may be known of what the visitor before asked.
        (build / asked_file.FILE).unlink()
        steps = [make_step(name, chosen) for chosen in choices for name in VIEWS]
        with running_dashboard(build) as address:
            crowds = measure_crowds(address, build, steps, asked)
        with running_dashboard(build) as address:
            see_each_view(address, steps)
            crowds.append(["just after a start, asked the same days before", *measure_crowd(address, steps, asked)])
    rows = [
        [name, str(len(choices)), *describe(first[name])[:2], *describe(again[name])[:2], errors]
        for name, errors in ((name, describe([*first[name], *again[name]])[2]) for name in VIEWS)
    ]
    crowd_told = (
        f"{asked['visitors']} visitors at once, each of whom clicks every {asked['every_s']:.0f} s, "
        f"{asked['visitors'] * asked['clicks']:,} clicks a row; one server for the first three, another for the last:"
    )
    return [
        "Pages by one visitor: asked for the first time, and again of the next generation:",
        "",
        *draw_table(("page", "choices", "first, p50 ms", "p95 ms", "again, p50 ms", "p95 ms", "errors"), rows),
        "",
        crowd_told,
        "",
        *draw_table(("when", "p50 ms", "p95 ms", "errors", "memory so far GB", "cores"), crowds),
    ]


def walk_views(address: str, choices: Sequence[dict[str, str]]) -> dict[str, list[Answer]]:
    """The answers of each view to one visitor, who sees one more first, which does not count."""
    answers = {}
    for name in VIEWS:
        steps = [make_step(name, chosen) for chosen in choices]
        answers[name] = asyncio.run(walk(address, [steps[0], *steps]))[1:]
    return answers


def measure_crowds(
    address: str, build: Path, steps: Sequence[tuple[str, dict[str, str]]], asked: dict[str, Any]
) -> list[list[str]]:
    """Visitors of a server that was asked nothing, while a new generation is made ready, and after it: a row each."""
    see_each_view(address, steps)
    rows = [["nothing was asked before", *measure_crowd(address, steps, asked)]]
    publish_copy(build, build)
    rows.append(["a new generation is made ready meanwhile", *measure_crowd(address, steps, asked)])
    # Builds are hours apart: until then the visits that are over have let go of the generation before.
    time.sleep(_VISIT_FORGOTTEN_S)
    publish_copy(build, build)
    wait_for_generation(address, build)
    rows.append(["after a new generation", *measure_crowd(address, steps, asked)])
    return rows


def see_each_view(address: str, steps: Sequence[tuple[str, dict[str, str]]]) -> None:
    """Each view once: a server stands for weeks, and what is made once a process is no visitor's time."""
    asyncio.run(walk(address, steps[: len(VIEWS)]))


def measure_crowd(address: str, steps: Sequence[tuple[str, dict[str, str]]], asked: dict[str, Any]) -> list[str]:
    """Median and 95th percentile, errors, the server's memory at its highest so far, and its use of the processor."""
    server, start = find_server(), time.perf_counter()
    before_s = read_cpu_s(server)
    answers = asyncio.run(crowd(address, steps, **asked))
    cores = (read_cpu_s(server) - before_s) / (time.perf_counter() - start)
    return [*describe(answers), f"{read_peak_gb(server):.2f}", f"{cores:.2f}"]


def publish_copy(build: Path, source: Path) -> None:
    """The city published in `source` as the next generation of `build`."""
    city = open_city(source)
    with snapshot.building(build, start_from=city.file) as draft:
        snapshot.publish(draft, manifest=city.manifest)
    city.close()


def wait_for_generation(address: str, build: Path) -> None:
    """Until the dashboard shows the newest generation; the wall says which it shows."""
    newest, until_s = snapshot.read_current(build).generation, time.monotonic() + _PATIENCE_S
    while time.monotonic() < until_s:
        with urlopen(f"{address}/wall/state?lang=en&scenes=1") as answer:  # noqa: S310  our own server
            if json.load(answer)["generation"] == newest:
                return
        time.sleep(0.5)
    raise SystemExit("The new generation was not shown.")


def make_step(name: str, chosen: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Page and address of a view with a choice; only the page of a case reads `case`."""
    page, more = VIEWS[name]
    asked = {key: value for key, value in chosen.items() if page != "health" or key == "lang"}
    return page, {**asked, **more}


def list_choices(city: City) -> Iterator[dict[str, str]]:
    """Scenario and district, under every name that pages have for them: every fourth pair, which takes all in turn.

    With each a case of the scenario, the longest overdue there is.
    """
    scenarios = city.ask("ui_scenarios")["scenario"].tolist()
    units = city.ask("ui_units")
    districts = ["", *units.loc[units["level"] == 1, "unit_id"]]
    cases = city.open_cases()
    late = cases.sort_values("overdue_hours", ascending=False)
    for place, (scenario, district) in enumerate(itertools.product(scenarios, districts)):
        own = late[late["scenario"] == scenario]
        if place % 4 == 0:
            case = name_case(own.iloc[place % max(len(own), 1)]) if len(own) else ""
            yield {
                "scenario": scenario, "filter": scenario, "unit": district, "district": district, "case": case,
                "lang": "en",
            }  # fmt: skip


def describe(answers: Sequence[Answer]) -> list[str]:
    """Median and 95th percentile in ms, and how many went wrong."""
    times = sorted(1000 * answer.seconds for answer in answers)
    late = times[min(len(times) - 1, round(0.95 * len(times)))]
    return [f"{statistics.median(times):.0f}", f"{late:.0f}", str(sum(bool(answer.error) for answer in answers))]


def find_server() -> Path:
    """The folder under /proc of our server, the only child that runs Streamlit."""
    for status in Path("/proc").glob("[0-9]*/status"):
        told = read_status(status.parent)
        command = status.with_name("cmdline").read_text(encoding="utf-8")
        if int(told["PPid"]) == os.getpid() and "streamlit" in command:
            return status.parent
    raise SystemExit("The server's process was not found.")


def read_status(process: Path) -> dict[str, str]:
    """What the system says of a process, by name."""
    lines = process.joinpath("status").read_text(encoding="utf-8").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def read_peak_gb(process: Path) -> float:
    """The most memory that a process ever held."""
    return int(read_status(process)["VmHWM"].split()[0]) * 1024 / 1e9


def read_cpu_s(process: Path) -> float:
    """Processor time of a process so far: user and system, in the clock's ticks."""
    after_name = process.joinpath("stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
