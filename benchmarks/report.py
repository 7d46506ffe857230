"""Where measured tables go: sections of docs/performance.md, each between two marks of its own."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
PERFORMANCE = ROOT / "docs" / "performance.md"


def describe_machine() -> str:
    """Kind of processor, cores and Python, as far as they may be told."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def date_and_machine(command: str) -> str:
    """The sentence that stands over every table."""
    return f"Measured {datetime.now(UTC):%Y-%m-%d} on {describe_machine()} by `{command}`."


def read_peak_gb() -> float:
    """The most memory that this process ever held; getrusage would count its parent's before the start, too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024 / 1e9


def draw_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table: the first column is text, the others are numbers."""
    rule = ["---", *["---:"] * (len(titles) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (titles, rule, *rows)]


def write_section(name: str, lines: Iterable[str], *, path: Path = PERFORMANCE) -> None:
    """Replace what stands between the marks of this name in a document, by default docs/performance.md."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = path.read_text(encoding="utf-8")
    if begin not in text:
        raise SystemExit(f"{path.name} has no mark {begin}. Put it, and its end, where the table belongs.")
    head, rest = text.split(begin)
    tail = rest.split(end)[1]
    path.write_text("\n".join([head + begin, *lines, end + tail]), encoding="utf-8")
