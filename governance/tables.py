"""Every table that a snapshot publishes: its grain, its key, and its columns with type, unit and meaning.

`tables.toml` beside this file holds them; the docs are written from it, and a test holds it against a snapshot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from pydantic import Field

from governance.errors import ConfigError, join_faults
from governance.toml_model import Strict, read_model

_HEAD = """# Data dictionary

Every table of a snapshot. Times are UTC, days are the city's own; a type is DuckDB's. Pseudo ids: `~unmatched` (in no
grid), `~unmapped` (in no scenario), `~none` (no department), `~desk` (dispatching room), `~check` (waiting for
verification). Written by `python -m governance dictionary` from `governance/tables.toml`; a test holds it against a
snapshot.
"""
_UNFINISHED = (",", " the", " of", " a", " and", " or")


@dataclass(frozen=True)
class Column:
    """A column of a table; `unit` is None for what has none: ids, texts, times, counts, flags."""

    name: str
    type: str
    meaning: str
    unit: str | None = None


@dataclass(frozen=True)
class Table:
    """A published table; one without `key` may hold equal rows."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


class _Column(Strict):
    type: str
    meaning: str
    unit: str | None = None


class _Own(Strict):
    type: str | None = None
    meaning: str | None = None
    unit: str | None = None


class _Table(Strict):
    key: tuple[str, ...]
    columns: tuple[str, ...]
    grain: str | None = None
    own: dict[str, _Own] = Field(default_factory=dict)


class _Dictionary(Strict):
    columns: dict[str, _Column]
    tables: dict[str, _Table]


@cache
def load_tables() -> Mapping[str, Table]:
    """The published tables by name; raises ConfigError for a name that has no meaning or no column."""
    told = read_model(Path(__file__).with_name("tables.toml"), _Dictionary)
    faults = [
        f"`tables.{name}` names the column `{column}`, which has no meaning; add it to `columns`."
        for name, table in told.tables.items()
        for column in table.columns
        if column not in told.columns
    ]
    faults += [
        f"`tables.{name}` has no column `{column}`; take it out of `key` and `own`."
        for name, table in told.tables.items()
        for column in (*table.key, *table.own)
        if column not in table.columns
    ]
    used = {column for table in told.tables.values() for column in table.columns}
    faults += [f"`columns.{name}` stands in no table; take it out." for name in told.columns if name not in used]
    if faults:
        raise ConfigError(join_faults("The dictionary of tables cannot be used:", faults))
    return MappingProxyType({name: _make_table(name, table, told.columns) for name, table in told.tables.items()})


def _make_table(name: str, table: _Table, known: Mapping[str, _Column]) -> Table:
    columns = []
    for column in table.columns:
        facts = known[column].model_dump() | table.own.get(column, _Own()).model_dump(exclude_none=True)
        columns.append(Column(column, **facts))
    return Table(name, table.grain or read_grain(name), table.key, tuple(columns))


def read_grain(name: str) -> str:
    """The grain in the first line of a table's SQL file, without the names of bound values.

    Where it ends with a comma or in the middle of a sentence (`_UNFINISHED`), the next line belongs to it.
    """
    first, second, *_ = files("governance").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8").splitlines()
    grain = first.removeprefix("-- grain: ")
    grain = f"{grain} {second.removeprefix('-- ')}" if grain.endswith(_UNFINISHED) else grain
    return re.sub(r" \$\w+", "", grain.replace("$as_of_utc", "the snapshot's moment"))


def compare_tables(found: Mapping[str, Iterable[tuple[str, str]]]) -> list[str]:
    """What stands in a snapshot but not in the dictionary, or the other way, as sentences that say what to write.

    `found`: the names and types of every table's columns, in their order.
    """
    known, faults = load_tables(), []
    for name, listed in found.items():
        columns = list(listed)
        if name not in known:
            names = ", ".join(f'"{column}"' for column, _ in columns)
            faults.append(f"Add to tables.toml: [tables.{name}] with key = [...] and columns = [{names}].")
            continue
        types = {column.name: column.type for column in known[name].columns}
        faults += [
            f'Add "{column}" to the columns of [tables.{name}], and to [columns] its meaning and type = "{type_}".'
            for column, type_ in columns
            if column not in types
        ]
        faults += [
            f'`{name}.{column}` is {type_}, not {types[column]}; write own.{column} = {{ type = "{type_}" }}.'
            for column, type_ in columns
            if types.get(column, type_) != type_
        ]
        gone = sorted(set(types) - {column for column, _ in columns})
        faults += [f"`{name}` has no column `{column}` any more; take it out of [tables.{name}]." for column in gone]
    faults += [f"There is no table `{name}` any more; take [tables.{name}] out." for name in known if name not in found]
    return faults


def write_dictionary() -> str:
    """The dictionary as Markdown, what `docs/data-dictionary.md` holds."""
    parts = [_HEAD]
    for table in load_tables().values():
        key = ", ".join(f"`{name}`" for name in table.key) or "none: rows may be equal"
        grain = table.grain[:1].upper() + table.grain[1:].rstrip(".")
        parts.append(f"\n## {table.name}\n\n{grain}. Key: {key}.\n\n| column | type | unit | meaning |\n")
        parts.append("| --- | --- | --- | --- |\n")
        parts += [
            f"| {column.name} | {column.type} | {column.unit or ''} | {column.meaning} |\n" for column in table.columns
        ]
    return "".join(parts)
