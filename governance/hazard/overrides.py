"""Tiers that experts have given: a CSV file beside city.toml, applied after the model, visible, and only for a time.

One row: grid_id, scenario, tier, reason, author, from, until. The tier holds on the city's days from `from` on, up to
`until`, itself not included.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path

import numpy as np

from governance.errors import ConfigError, join_faults
from governance.hazard.tiers import NOT_GIVEN, TIERS, Codes
from governance.toml_model import nearest

COLUMNS = ("grid_id", "scenario", "tier", "reason", "author", "from", "until")
LONGEST_TEXT = 500
_FORMULA_STARTS = ("=", "+", "-", "@", "\t")


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


def read_overrides(
    path: Path, *, grid_ids: Collection[str], scenarios: Collection[str], today: date | None = None
) -> tuple[Override, ...]:
    """The file's rows in their order; raises one ConfigError with every fault of every row."""
    return decode_overrides(read_content(path), path, grid_ids=grid_ids, scenarios=scenarios, today=today)


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
    content: bytes,
    path: Path,
    *,
    grid_ids: Collection[str],
    scenarios: Collection[str],
    today: date | None = None,
) -> tuple[Override, ...]:
    """The rows of the bytes of `path`, in their order; raises one ConfigError with every fault of every row."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 at byte {error.start}. Save it as UTF-8.") from error
    overrides, faults = parse_overrides(text, grid_ids=grid_ids, scenarios=scenarios, today=today)
    if faults:
        raise ConfigError(join_faults(f"{path} (tier_overrides) cannot be used:", faults))
    return overrides


def parse_overrides(
    text: str, *, grid_ids: Collection[str], scenarios: Collection[str], today: date | None = None
) -> tuple[tuple[Override, ...], list[str]]:
    """The rows of a CSV text, and what is wrong with it, a sentence each; `today` as in `find_faults`."""
    header, rows, faults = _read_rows(text)
    if sorted(header) != sorted(COLUMNS):
        told = f"its first line must name {','.join(COLUMNS)}; it is {','.join(header)!r}."
        return (), [*faults, told] if header or not faults else faults
    known_ids, known_scenarios = set(grid_ids), set(scenarios)
    overrides: list[tuple[int, Override]] = []
    for line, row in rows:
        cells = {name: str(row[name]).strip() for name in COLUMNS}
        wrong = find_faults(cells, grid_ids=known_ids, scenarios=known_scenarios, today=today)
        wrong += ["it has more cells than the first line."] * ("beyond" in row)
        faults += [f"line {line}: {fault}" for fault in wrong]
        if not wrong:
            overrides.append((line, make_override(cells)))
    return tuple(override for _, override in overrides), faults + _find_overlaps(overrides)


def find_faults(
    cells: Mapping[str, str],
    *,
    grid_ids: Collection[str],
    scenarios: Collection[str],
    today: date | None = None,
) -> list[str]:
    """What is wrong with one row, whose cells are texts by column.

    A row that has ended by `today` may name a grid or a scenario that is gone.
    """
    faults = [f"`{name}` is empty; fill it." for name in COLUMNS if not cells[name]]
    end = _read_day(cells["until"])
    has_ended = today is not None and end is not None and end <= today
    for name, known in (("grid_id", grid_ids), ("scenario", scenarios), ("tier", TIERS)):
        if cells[name] and cells[name] not in known and not (has_ended and name != "tier"):
            faults.append(f"there is no {name} {cells[name]!r}{nearest(cells[name], sorted(known)) or '.'}")
    faults += [fault for name in ("reason", "author") for fault in _find_text_faults(name, cells[name])]
    faults += _find_day_faults(cells)
    return faults


def _find_text_faults(name: str, text: str) -> list[str]:
    """A text is shown in terminals and opened in spreadsheets: it must command neither."""
    faults = []
    if len(text) > LONGEST_TEXT:
        faults.append(f"`{name}` has {len(text)} characters; {LONGEST_TEXT} are the most.")
    odd = sorted({letter for letter in text if unicodedata.category(letter) == "Cc"})
    if odd:
        faults.append(f"`{name}` holds control characters ({', '.join(map(repr, odd))}); leave them out.")
    if text.startswith(_FORMULA_STARTS):
        faults.append(f"`{name}` begins with {text[0]!r}, as a formula does; begin it with a word.")
    return faults


def _find_day_faults(cells: Mapping[str, str]) -> list[str]:
    days = {name: _read_day(cells[name]) for name in ("from", "until") if cells[name]}
    faults = [
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
    path: Path,
    cells: Mapping[str, str],
    *,
    grid_ids: Collection[str],
    scenarios: Collection[str],
    today: date | None = None,
) -> Override:
    """Add one row to the file, which is made if it is not there; raises ConfigError and changes nothing for a fault.

    Of the rows that the file has, those that have ended by `today` may name what is gone; the new one may not.
    Two who add at once take turns, so that neither writes over the other's row.
    """
    known = {"grid_ids": grid_ids, "scenarios": scenarios}
    with _taking_turns(path.parent):
        listed = list(read_overrides(path, **known, today=today)) if path.exists() else []
        faults = find_faults(cells, grid_ids=grid_ids, scenarios=scenarios)
        if faults:
            raise ConfigError(join_faults("The override cannot be added:", faults))
        added = make_override(cells)
        overlaps = _find_overlaps([(place, override) for place, override in enumerate([*listed, added], start=2)])
        if overlaps:
            raise ConfigError(join_faults("The override cannot be added:", overlaps))
        _write_rows(path, [*listed, added])
    return added


@contextmanager
def _taking_turns(folder: Path) -> Iterator[None]:
    """Hold the folder itself, so that no lock file stays behind; the system lets go of it when the process ends."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


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


def _read_rows(text: str) -> tuple[list[str], list[tuple[int, dict[str, str]]], list[str]]:
    """The names of the first line, the rows with their lines, and why the text cannot be read to its end."""
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="beyond", restval="")
    header: list[str] = []
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = header
        rows.extend((reader.line_num, row) for row in reader)
    except csv.Error as error:
        return header, rows, [f"line {reader.line_num + 1}: it cannot be read as CSV ({error}); save the file anew."]
    return header, rows, []


def _write_rows(path: Path, overrides: Iterable[Override]) -> None:
    """Write the whole file beside the old one and put it in its place: a reader never sees half of it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(astuple(override) for override in overrides)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text.getvalue(), encoding="utf-8", newline="")
    draft.replace(path)


def _read_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None
