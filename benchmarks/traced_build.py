"""A build that also tells what its join took: `python -m benchmarks.traced_build FILE.json build …`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from governance.cases import placing
from governance.cli import app
from governance.grids import city_grids


def main() -> None:
    """Run the command line with the remaining arguments; write seconds and points of the join to the file."""
    took = {"cover_s": 0.0, "locate_s": 0.0, "points": 0}
    city_grids._open_cover = timed(city_grids._open_cover, took, "cover_s")  # noqa: SLF001  the step to be measured
    placing.locate = timed(placing.locate, took, "locate_s")
    try:
        app(sys.argv[2:])
    finally:
        Path(sys.argv[1]).write_text(json.dumps(took), encoding="utf-8")


def timed(step: Callable[..., Any], took: dict[str, float], name: str) -> Callable[..., Any]:
    """The same step, whose seconds are added up; points are counted where it takes any."""

    def run(*arguments: Any, **options: Any) -> Any:
        start = time.perf_counter()
        result = step(*arguments, **options)
        took[name] += time.perf_counter() - start
        took["points"] += len(result) if name == "locate_s" else 0
        return result

    return run


if __name__ == "__main__":
    main()
