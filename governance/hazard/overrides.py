"""Tiers that experts have given: a CSV file beside city.toml, applied after the model, visible, and only for a time.

One row: grid_id, scenario, tier, reason, author, from, until. The tier holds on the city's days from `from` on, up to
`until`, itself not included.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path

import numpy as np

from governance.errors import ConfigError, join_faults
from governance.hazard.tiers import NOT_GIVEN, TIERS, Codes
from governance.toml_model import nearest

COLUMNS = ("grid_id", "scenario", "tier", "reason", "author", "from", "until")
LONGEST_TEXT = 500


@dataclass(frozen=True)
class Override:
    """An expert's word on one grid in one scenario, from a day on (`from_day`) and before another (`until_day`)."""

    grid_id: str
    scenario: str
    tier: str
    reason: str
    author: str
    from_day: date
    until_day: date

    def holds_on(self, day: date) -> bool:
        """Whether the tier is in force on the day."""
        return self.from_day <= day < self.until_day


def read_overrides(path: Path, *, grid_ids: Collection[str], scenarios: Collection[str]) -> tuple[Override, ...]:
    """The file's rows in their order; raises one ConfigError with every fault of every row."""
    return decode_overrides(read_content(path), path, grid_ids=grid_ids, scenarios=scenarios)


def read_content(path: Path) -> bytes:
    """The file's bytes, for whoever parses and hashes the same ones; raises ConfigError."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path} (tier_overrides) was not found. Check the path, or write its first line: {','.join(COLUMNS)}"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error


def decode_overrides(
    content: bytes, path: Path, *, grid_ids: Collection[str], scenarios: Collection[str]
) -> tuple[Override, ...]:
    """The rows of the bytes of `path`, in their order; raises one ConfigError with every fault of every row."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 at byte {error.start}. Save it as UTF-8.") from error
    overrides, faults = parse_overrides(text, grid_ids=grid_ids, scenarios=scenarios)
    if faults:
        raise ConfigError(join_faults(f"{path} (tier_overrides) cannot be used:", faults))
    return overrides


def parse_overrides(
    text: str, *, grid_ids: Collection[str], scenarios: Collection[str]
) -> tuple[tuple[Override, ...], list[str]]:
    """The rows of a CSV text, and what is wrong with it, a sentence each."""
    reader = csv.DictReader(io.StringIO(text), restkey="beyond", restval="")
    header = [name.strip() for name in reader.fieldnames or ()]
    if sorted(header) != sorted(COLUMNS):
        return (), [f"its first line must name {','.join(COLUMNS)}; it is {','.join(header)!r}."]
    reader.fieldnames = header
    known_ids, known_scenarios = set(grid_ids), set(scenarios)
    overrides: list[tuple[int, Override]] = []
    faults: list[str] = []
    for row in reader:
        cells = {name: str(row[name]).strip() for name in COLUMNS}
        wrong = find_faults(cells, grid_ids=known_ids, scenarios=known_scenarios)
        wrong += ["it has more cells than the first line."] * ("beyond" in row)
        faults += [f"line {reader.line_num}: {fault}" for fault in wrong]
        if not wrong:
            overrides.append((reader.line_num, make_override(cells)))
    return tuple(override for _, override in overrides), faults + _find_overlaps(overrides)


def find_faults(cells: Mapping[str, str], *, grid_ids: Collection[str], scenarios: Collection[str]) -> list[str]:
    """What is wrong with one row, whose cells are texts by column."""
    faults = [f"`{name}` is empty; fill it." for name in COLUMNS if not cells[name]]
    for name, known in (("grid_id", grid_ids), ("scenario", scenarios), ("tier", TIERS)):
        if cells[name] and cells[name] not in known:
            faults.append(f"there is no {name} {cells[name]!r}{nearest(cells[name], sorted(known)) or '.'}")
    faults += [
        f"`{name}` has {len(cells[name])} characters; {LONGEST_TEXT} are the most."
        for name in ("reason", "author")
        if len(cells[name]) > LONGEST_TEXT
    ]
    days = {name: _read_day(cells[name]) for name in ("from", "until") if cells[name]}
    faults += [
        f"`{name}` is {cells[name]!r}, which is no day; write it like 2026-03-01."
        for name, day in days.items()
        if day is None
    ]
    first, end = days.get("from"), days.get("until")
    if first and end and first >= end:
        faults.append(f"it ends on {end}, which is not after {first}; `until` is the first day without it.")
    return faults


def make_override(cells: Mapping[str, str]) -> Override:
    """The override of a row without faults."""
    return Override(
        **{name: cells[name] for name in COLUMNS[:5]},
        from_day=date.fromisoformat(cells["from"]),
        until_day=date.fromisoformat(cells["until"]),
    )


def append_override(
    path: Path, cells: Mapping[str, str], *, grid_ids: Collection[str], scenarios: Collection[str]
) -> Override:
    """Add one row to the file, which is made if it is not there; raises ConfigError and changes nothing for a fault."""
    known = {"grid_ids": grid_ids, "scenarios": scenarios}
    listed = list(read_overrides(path, **known)) if path.exists() else []
    faults = find_faults(cells, grid_ids=grid_ids, scenarios=scenarios)
    if faults:
        raise ConfigError(join_faults("The override cannot be added:", faults))
    added = make_override(cells)
    overlaps = _find_overlaps([(place, override) for place, override in enumerate([*listed, added], start=2)])
    if overlaps:
        raise ConfigError(join_faults("The override cannot be added:", overlaps))
    _write_rows(path, [*listed, added])
    return added


def list_given(overrides: Iterable[Override], day: date, *, number_of_grid: Mapping[str, int]) -> dict[str, Codes]:
    """Tier codes in force on a day, per scenario that has any: (grids), NOT_GIVEN where no expert has spoken."""
    given: dict[str, Codes] = {}
    for override in overrides:
        if override.holds_on(day):
            codes = given.setdefault(override.scenario, np.full(len(number_of_grid), NOT_GIVEN, dtype=np.int8))
            codes[number_of_grid[override.grid_id]] = TIERS.index(override.tier)
    return given


def _find_overlaps(overrides: Sequence[tuple[int, Override]]) -> list[str]:
    """Two words on the same grid and scenario for the same day."""
    faults: list[str] = []
    by_place: dict[tuple[str, str], list[tuple[int, Override]]] = {}
    for line, override in overrides:
        same = by_place.setdefault((override.grid_id, override.scenario), [])
        faults += [
            f"line {line}: {override.grid_id} has a tier in {override.scenario} from {other.from_day} to "
            f"{other.until_day} already (line {earlier}); end that one first."
            for earlier, other in same
            if override.from_day < other.until_day and other.from_day < override.until_day
        ]
        same.append((line, override))
    return faults


def _write_rows(path: Path, overrides: Iterable[Override]) -> None:
    """Write the whole file beside the old one and put it in its place: a reader never sees half of it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(astuple(override) for override in overrides)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text.getvalue(), encoding="utf-8", newline="")
    draft.replace(path)


def _read_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None
