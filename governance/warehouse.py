"""The warehouse: the only room that knows DuckDB. Opens it offline, runs our `.sql` files, moves Arrow in and out."""

from __future__ import annotations

import importlib.util
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from governance.errors import GovernanceError, NotReadyError

Connection = duckdb.DuckDBPyConnection
DatabaseError = duckdb.Error
Interrupted = duckdb.InterruptException
STORAGE_VERSION = "v1.4.0"
BATCH_ROWS = 1 << 18  # fewer make a stream slower; more make it wait
_READER_LIMIT = "2GB"
_IDLE_LIMIT = "64MB"  # for a moment: enough for most of what may be asked in it
_TEMPORARY = ("src_", "stg_", "mid_", "map_")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class CheckResult:
    """One check of `sql/checks/`: a sound snapshot has no failing row."""

    name: str
    failing_rows: int


def extension_path(name: str = "spatial") -> Path:
    """Where the extension's wheel keeps its file; raises NotReadyError if it is missing or of another version."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    package = f"duckdb-extension-{name}=={duckdb.__version__}"
    if spec is None or not spec.submodule_search_locations:
        raise NotReadyError(f"DuckDB's extension {name} is not installed. Run: pip install {package}")
    folder = Path(next(iter(spec.submodule_search_locations))) / "extensions"
    path = folder / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    if not path.exists():
        found = ", ".join(sorted(entry.name for entry in folder.glob("v*"))) or "none"
        raise NotReadyError(f"DuckDB's extension {name} has versions {found}. Run: pip install {package}")
    return path


def open_builder(
    path: Path | None = None,
    *,
    memory_limit: str = "2500MB",
    threads: int | None = None,
    temp_directory: Path | None = None,
) -> Connection:
    """A trusted, writing connection: offline, in UTC, spatial loaded; in memory without `path`."""
    con = duckdb.connect(config=_OFFLINE)
    con.load_extension(str(extension_path()))
    _set(con, "memory_limit", memory_limit)
    _set(con, "temp_directory", str(temp_directory or (path.parent if path else ".")))
    _set(con, "preserve_insertion_order", value=False)
    _set(con, "python_enable_replacements", value=False)
    if threads is not None:
        _set(con, "threads", threads)
    _set(con, "timezone", "UTC")
    if path is not None:
        # The path is quoted by doubling: attach takes no parameters.
        quoted = str(path).replace("'", "''")
        con.execute(f"attach '{quoted}' as snapshot (storage_version '{STORAGE_VERSION}')")
        con.execute("use snapshot")
    return con


def close_builder(con: Connection) -> None:
    """Write everything into the one file and let go of it; no write-ahead log stays behind."""
    con.execute("checkpoint snapshot")
    con.execute("use memory")
    con.execute("detach snapshot")
    con.close()


def open_reader(path: Path, *, can_release: bool = False) -> Connection:
    """A read-only connection that can reach nothing but this file, and whose settings cannot be changed.

    With `can_release` one of them can be, the limit of its memory: for `release_memory`, where nobody else writes SQL.
    Connections of one process to one file share their settings: the first one decides.
    """
    # Without the lock a second thread would meet the settings half made, or already closed to changes.
    with _OPENING:
        con = duckdb.connect(str(path), read_only=True, config=_OFFLINE)
        if not fetch_value(con, "settings", text="select current_setting('lock_configuration')"):
            con.load_extension(str(extension_path()))
            _set(con, "timezone", "UTC")
            _set(con, "memory_limit", _READER_LIMIT)
            _set(con, "max_temp_directory_size", "0KiB")
            _set(con, "python_enable_replacements", value=False)
            _set(con, "enable_external_access", value=False)
            if can_release:
                con.execute("set global allowed_configs = ['memory_limit']")
            _set(con, "lock_configuration", value=True)
    return con


def release_memory(con: Connection) -> None:
    """Hand back what is kept of this file: while it is open, DuckDB keeps all it ever read, up to its limit.

    What is asked next is read anew; a question that needs more than 64 MB in this very moment fails. For connections
    opened with `can_release`.
    """
    try:
        _set(con, "memory_limit", _IDLE_LIMIT)
    except duckdb.OutOfMemoryException:
        pass  # a question that runs now holds more, and what it does not hold is free already
    finally:
        _set(con, "memory_limit", _READER_LIMIT)


@cache
def read_sql(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return files("governance").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def list_queries(prefix: str) -> list[str]:
    """The names of the queries that start with `prefix`, sorted."""
    folder = files("governance").joinpath("sql")
    return sorted(entry.name[:-4] for entry in folder.iterdir() if re.fullmatch(f"{prefix}.*\\.sql", entry.name))


def run_query(con: Connection, name: str, /, **params: Any) -> Connection:
    """Run `sql/<name>.sql` with those of `params` that its text names; gives the connection with its result."""
    return run_text(con, read_sql(name), **params)


def run_text(con: Connection, text: str, /, **params: Any) -> Connection:
    """Run one statement with those of `params` that it names; raises GovernanceError for a missing one."""
    wanted = list_params(text)
    missing = sorted(wanted - set(params))
    if missing:
        raise GovernanceError(f"The query needs values for {', '.join(missing)}.")
    return con.execute(text, {name: params[name] for name in wanted} or None)


@lru_cache(maxsize=1024)  # as many texts as there are files, and a page asks some of them at every turn
def list_params(text: str) -> frozenset[str]:
    """The `$names` in an SQL text, outside comments, strings and quoted names."""
    bare = re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", " ", text, flags=re.DOTALL)
    return frozenset(re.findall(r"\$([A-Za-z_]\w*)", bare))


def run_script(con: Connection, name: str) -> None:
    """Run all statements of `sql/<name>.sql`, which take no values."""
    con.execute(read_sql(name))


def build_table(con: Connection, name: str, *, table: str | None = None, **params: Any) -> int:
    """Make the table `name` from the select in `sql/<name>.sql`; gives its number of rows.

    Tables that only a build needs (src_, stg_, mid_, map_) are temporary and never reach the snapshot.
    """
    target = _check_name(table or name)
    kind = "temp table" if target.startswith(_TEMPORARY) else "table"
    run_text(con, f"create or replace {kind} {target} as\n{read_sql(name)}", **params)
    return count_rows(con, f"from {target}")


def drop_table(con: Connection, name: str) -> None:
    """Let go of a table, and of the memory it holds."""
    con.execute(f"drop table {_check_name(name)}")


def insert_into(con: Connection, name: str, **params: Any) -> None:
    """Append the result of `sql/<name>.sql` to the table of that name, column by column."""
    run_text(con, f"insert into {_check_name(name)} by name\n{read_sql(name)}", **params)


def delete_matching(con: Connection, table: str, others: str, *, keys: tuple[str, ...]) -> None:
    """Delete the rows of `table` that have a row with the same keys in `others`."""
    same = " and ".join(f"{table}.{_check_name(key)} = {others}.{key}" for key in keys)
    con.execute(f"delete from {_check_name(table)} using {_check_name(others)} where {same}")


def create_view(con: Connection, name: str, text: str) -> None:
    """Make a temporary view from one of our own select texts."""
    con.execute(f"create or replace temp view {_check_name(name)} as\n{text}")


def set_variables(con: Connection, **values: Any) -> None:
    """Bind values that views and macros read by `getvariable('name')`, as those take no parameters.

    Lists are lists of text; saying so gives an empty one its type.
    """
    for name, value in values.items():
        cast = "::varchar[]" if isinstance(value, list) else ""
        con.execute(f"set variable {_check_name(name)} = $value{cast}", {"value": value})


@contextmanager
def registered(con: Connection, **tables: Any) -> Iterator[None]:
    """Show Arrow tables or readers to SQL under these names while the block runs."""
    for name, table in tables.items():
        con.register(name, table)
    try:
        yield
    finally:
        for name in tables:
            con.unregister(name)


def load_arrow(con: Connection, table: str, data: pa.Table | pa.RecordBatchReader) -> None:
    """Make a table from Arrow data; temporary by the same rule as `build_table`."""
    kind = "temp table" if _check_name(table).startswith(_TEMPORARY) else "table"
    with registered(con, arrow_input=data):
        con.execute(f"create or replace {kind} {table} as select * from arrow_input")


def stream_arrow(con: Connection, text: str, /, **params: Any) -> pa.RecordBatchReader:
    """The result of a statement in batches, read as they are taken; until the last one `con` can do nothing else."""
    return run_text(con, text, **params).to_arrow_reader(BATCH_ROWS)


def load_changed(
    con: Connection,
    table: str,
    text: str,
    change: Callable[[pa.RecordBatchReader], pa.RecordBatchReader],
    **params: Any,
) -> None:
    """Make a table from a select that passes through `change` in batches: memory does not grow with the rows.

    The select runs on a cursor of its own, which sees neither temporary tables nor what is not committed yet.
    """
    database = fetch_value(con, "database", text="select current_database()")
    with closing(con.cursor()) as cursor:
        # A cursor starts in the first database again. The name is quoted by doubling: `use` takes no parameters.
        cursor.execute('use "{}"'.format(database.replace('"', '""')))
        load_arrow(con, table, change(stream_arrow(cursor, text, **params)))


def fetch_arrow(con: Connection, name: str, /, **params: Any) -> pa.Table:
    """The result of `sql/<name>.sql` as an Arrow table."""
    return run_query(con, name, **params).to_arrow_table()


def fetch_rows(con: Connection, name: str, /, **params: Any) -> list[tuple[Any, ...]]:
    """The result of `sql/<name>.sql` as Python tuples; for small results."""
    return run_query(con, name, **params).fetchall()


def fetch_value(con: Connection, name: str, *, text: str | None = None, **params: Any) -> Any:
    """The single value that `sql/<name>.sql` (or `text`) gives."""
    row = run_text(con, text or read_sql(name), **params).fetchone()
    return row[0] if row else None


def count_rows(con: Connection, text: str, /, **params: Any) -> int:
    """How many rows a select gives."""
    return int(fetch_value(con, "count", text=f"select count(*) from (\n{text}\n)", **params))


def fetch_frame(con: Connection, text: str, /, **params: Any) -> pd.DataFrame:
    """The result of a statement as a pandas frame; times with a zone arrive in UTC."""
    return run_text(con, text, **params).df()


def write_parquet(con: Connection, name: str, path: Path) -> None:
    """Write the result of `sql/<name>.sql` (without values) to a Parquet file."""
    con.sql(read_sql(name)).write_parquet(str(path), compression="zstd")


def write_table(con: Connection, table: str, path: Path) -> None:
    """Write a table to a Parquet file, packed quickly rather than small."""
    con.table(_check_name(table)).write_parquet(str(path), compression="snappy")


def failing_rows(con: Connection) -> list[CheckResult]:
    """Run every query of `sql/checks/`; the right answer of each is no rows."""
    folder = files("governance").joinpath("sql", "checks")
    names = sorted(entry.name[:-4] for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [CheckResult(name, count_rows(con, read_sql(f"checks/{name}"))) for name in names]


@contextmanager
def run_with_deadline(con: Connection, seconds: float) -> Iterator[None]:
    """Interrupt whatever runs on `con` after `seconds`; DuckDB then raises InterruptException."""
    timer = threading.Timer(seconds, con.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


_OPENING = threading.Lock()
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "allow_community_extensions": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def _set(con: Connection, name: str, value: str | int | bool) -> None:  # noqa: FBT001
    # Global, as a cursor is a connection of its own that does not see what was set for this one only.
    con.execute(f"set global {_check_name(name)} = $value", {"value": value})


def _check_name(name: str) -> str:
    """Names of tables and settings come from our own code only; anything else is a mistake in it."""
    if not _NAME.fullmatch(name):
        raise GovernanceError(f"{name!r} is no name of a table.")
    return name
