"""Files of outcomes (CSV in UTF-8, XLSX): read whole, and every fault of every row told at once.

A file has the columns grid_id, scenario, inspected_on and found (true, false, or nothing where nobody could look);
others are left alone, so a list that was exported and filled in can be read as it is. A row whose inspected_on and
found are both empty has not been visited yet.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import python_calamine

from governance.errors import ConfigError, InputError, join_faults
from governance.toml_model import find_nearest

COLUMNS = ("grid_id", "scenario", "inspected_on", "found")
SUFFIXES = (".csv", ".xlsx")
MOST_BYTES = 10_000_000
_MOST_UNZIPPED_BYTES = 200_000_000
_HINTED = 50
_DAY = "%Y-%m-%d"
_TRUTHS = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}
_SENTENCES = {
    "not_csv": "it cannot be read as CSV in UTF-8: {value}. Save it as CSV in UTF-8 or as XLSX.",
    "not_xlsx": "it cannot be read as XLSX: {value}. Save it as XLSX again or as CSV in UTF-8.",
    "too_large": "it is larger than {value} MB. Split it.",
    "missing_columns": "the columns {value} are missing; it has {hint}.",
    "unknown_grid": "there is no grid_id {value!r}",
    "unknown_scenario": "there is no scenario {value!r}, or several are called so",
    "no_day": "inspected_on is {value!r}, which is no day; write it like 2026-03-01.",
    "no_truth": "found is {value!r}; write true, false, or nothing where nobody could look.",
    "more_cells": "it has more cells than the first line.",
    "fewer_cells": "it has fewer cells than the first line.",
}
"""What is wrong, by kind; a kind whose sentence has no end of its own gets the nearest name that is known."""


@dataclass(frozen=True)
class Fault:
    """One fault: its line (0: the whole file), its kind (a key of the sentences), what was found, the nearest known."""

    line: int
    kind: str
    value: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Reading:
    """A file as read. outcomes: the visited rows, see `read_outcomes`; unvisited: rows that say nothing yet."""

    outcomes: pd.DataFrame
    unvisited: int
    faults: tuple[Fault, ...]


class _FileFault(Exception):  # noqa: N818  not an error of the program: it becomes a Fault
    def __init__(self, kind: str, value: str, hint: str = "") -> None:
        super().__init__(kind)
        self.fault = Fault(0, kind, value, hint)


@dataclass(frozen=True)
class _Known:
    """What the cells may name; each text for a scenario is looked up once."""

    grid_ids: frozenset[str]
    find_scenario: Callable[[str], str]
    scenarios: dict[str, str | None]

    def find(self, text: str) -> str | None:
        if text not in self.scenarios:
            try:
                self.scenarios[text] = self.find_scenario(text)
            except ConfigError:
                self.scenarios[text] = None
        return self.scenarios[text]

    def strip_apostrophe(self, text: str) -> str:
        """The grid's id without the apostrophe that our own CSV puts before what a spreadsheet would run."""
        bare = text.removeprefix("'")
        return bare if text not in self.grid_ids and bare in self.grid_ids else text


def read_outcomes(path: Path, *, grid_ids: Collection[str], find_scenario: Callable[[str], str]) -> Reading:
    """The outcomes of a file; find_scenario: the id of a scenario that a text means; raises ConfigError.

    Outcomes are rows of grid_id, scenario (its id), inspected_on (a day) and found (a nullable truth). Raises one
    InputError with every fault of every row.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path} was not found. Check the path.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    reading = decode_outcomes(content, path.name, grid_ids=grid_ids, find_scenario=find_scenario)
    if reading.faults:
        raise InputError(join_faults(f"{path} cannot be used:", map(_spell_fault, reading.faults)))
    return reading


def decode_outcomes(
    content: bytes, name: str, *, grid_ids: Collection[str], find_scenario: Callable[[str], str]
) -> Reading:
    """The outcomes of a file's bytes, its kind taken from its name (.xlsx, else CSV), with all faults as data."""
    try:
        rows = list(_read_rows(content, name))
    except _FileFault as error:
        return Reading(_make_frame([]), 0, (error.fault,))
    known = _Known(frozenset(grid_ids), find_scenario, {})
    for _, cells, _ in rows:
        cells["grid_id"] = known.strip_apostrophe(cells["grid_id"])
    visited = [(line, cells, wrong) for line, cells, wrong in rows if wrong or cells["inspected_on"] or cells["found"]]
    faults = _add_hints(
        [fault for line, cells, wrong in visited for fault in _find_faults(line, cells, wrong, known)], known
    )
    told = [] if faults else [{**cells, "scenario": known.find(cells["scenario"])} for _, cells, _ in visited]
    return Reading(_make_frame(told), len(rows) - len(visited), faults)


def _make_frame(rows: list[dict[str, str | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")
    day = pd.to_datetime(frame["inspected_on"], format=_DAY)
    return frame.assign(inspected_on=day, found=frame["found"].str.lower().map(_TRUTHS).astype("boolean"))


def _read_rows(content: bytes, name: str) -> Iterator[tuple[int, dict[str, str], list[str]]]:
    """Line, the cells of our columns, and the kinds of faults in the row's length."""
    if len(content) > MOST_BYTES:
        raise _FileFault("too_large", str(MOST_BYTES // 1_000_000))
    lines = _read_sheet(content) if name.lower().endswith(".xlsx") else _read_text(content)
    header = [cell.strip() for cell in (lines[0][1] if lines else [])]
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise _FileFault("missing_columns", ", ".join(missing), ", ".join(header) or "–")
    for line, cells in lines[1:]:
        if any(cell.strip() for cell in cells):
            wrong = ["more_cells"] * (len(cells) > len(header)) + ["fewer_cells"] * (len(cells) < len(header))
            row = dict(zip(header, cells, strict=False))
            yield line, {column: row.get(column, "").strip() for column in COLUMNS}, wrong


def _read_text(content: bytes) -> list[tuple[int, list[str]]]:
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        return [(reader.line_num, cells) for cells in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise _FileFault("not_csv", str(error)) from error


def _read_sheet(content: bytes) -> list[tuple[int, list[str]]]:
    """The rows of the first sheet; days as 2026-03-01, truths and whole numbers as texts."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            size = sum(part.file_size for part in book.infolist())
        if size > _MOST_UNZIPPED_BYTES:
            raise _FileFault("too_large", str(_MOST_UNZIPPED_BYTES // 1_000_000))
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        rows = workbook.get_sheet_by_index(0).to_python()
    except (zipfile.BadZipFile, python_calamine.CalamineError, ValueError, OSError) as error:
        raise _FileFault("not_xlsx", str(error)) from error
    return [(number, [_spell_cell(cell) for cell in row]) for number, row in enumerate(rows, 1)]


def _spell_cell(cell: object) -> str:
    if isinstance(cell, dt.datetime | dt.date):
        return cell.strftime(_DAY)
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _find_faults(line: int, cells: dict[str, str], wrong: list[str], known: _Known) -> Iterator[Fault]:
    grid, day, found = (cells[name] for name in ("grid_id", "inspected_on", "found"))
    if grid not in known.grid_ids:
        yield Fault(line, "unknown_grid", grid)
    if known.find(cells["scenario"]) is None:
        yield Fault(line, "unknown_scenario", cells["scenario"])
    if not _is_day(day):
        yield Fault(line, "no_day", day)
    if found.lower() not in {*_TRUTHS, ""}:
        yield Fault(line, "no_truth", found)
    yield from (Fault(line, kind) for kind in wrong)


def _is_day(text: str) -> bool:
    try:
        dt.datetime.strptime(text, _DAY)  # noqa: DTZ007  a day has no zone
    except ValueError:
        return False
    return True


def _add_hints(faults: list[Fault], known: _Known) -> tuple[Fault, ...]:
    """The faults; the first of them say which grid is nearest, as looking for it takes long in a large city."""
    ids = sorted(known.grid_ids) if any(fault.kind == "unknown_grid" for fault in faults) else []
    told = [
        replace(fault, hint=find_nearest(fault.value, ids) or "") if fault.kind == "unknown_grid" else fault
        for fault in faults[:_HINTED]
    ]
    return (*told, *faults[_HINTED:])


def _spell_fault(fault: Fault) -> str:
    sentence = _SENTENCES[fault.kind].format(value=fault.value, hint=fault.hint)
    if not sentence.endswith("."):
        sentence += f"; did you mean `{fault.hint}`?" if fault.hint else "."
    return f"line {fault.line}: {sentence}" if fault.line else sentence
