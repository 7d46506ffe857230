"""A build that also tells what its steps took: `python -m benchmarks.traced_build FILE.json build …`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from governance import outputs, pipeline, warehouse
from governance.cases import assembly, placing
from governance.cli import app
from governance.grids import city_grids


@dataclass
class Taken:
    """What a step took, over all its calls; `rows` is the length of what it gave, where that has one."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    rows: int = 0


STEPS: dict[str, tuple[ModuleType, str]] = {
    "cover": (city_grids, "_open_cover"),
    "join": (placing, "locate"),
    "read": (pipeline, "stage_sources"),
    "account": (pipeline, "combine_incidents"),
    "place": (pipeline, "place_file"),
    "tell": (pipeline, "tell_files"),
    "place_and_tell": (pipeline, "_place_and_tell"),
    "clocks": (assembly, "judge_clocks"),
    "assemble": (pipeline, "build_cases"),
    "hazard": (pipeline, "build_hazard_tables"),
    "recur": (outputs, "find_recurrences"),
    "count": (outputs, "build_counts"),
    "prepare": (outputs, "build_outputs"),
}


def main() -> None:
    """Run the command line with the remaining arguments; write what every step and every table took to the file."""
    steps = {name: Taken() for name in STEPS}
    tables: dict[str, Taken] = {}
    for name, (module, function) in STEPS.items():
        setattr(module, function, timed(getattr(module, function), lambda *_, name=name, **__: steps[name]))
    for name in ("build_table", "insert_into"):
        # The second argument is the table.
        measured = timed(getattr(warehouse, name), lambda *given, **_: tables.setdefault(given[1], Taken()))
        setattr(warehouse, name, measured)
    try:
        app(sys.argv[2:])
    finally:
        told = {
            part: {name: asdict(taken) for name, taken in found.items()}
            for part, found in (("steps", steps), ("tables", tables))
        }
        Path(sys.argv[1]).write_text(json.dumps(told), encoding="utf-8")


def timed(step: Callable[..., Any], find: Callable[..., Taken]) -> Callable[..., Any]:
    """The same step, whose seconds are added up."""

    def run(*given: Any, **options: Any) -> Any:
        taken, wall_s, cpu_s = find(*given, **options), time.perf_counter(), time.process_time()
        result = step(*given, **options)
        taken.wall_s += time.perf_counter() - wall_s
        taken.cpu_s += time.process_time() - cpu_s
        taken.rows += len(result) if hasattr(result, "__len__") else 0
        return result

    return run


if __name__ == "__main__":
    main()
