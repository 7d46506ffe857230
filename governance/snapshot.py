"""Snapshots: one immutable database file per generation, and the pointer CURRENT that names the newest.

A published file is never written again and never replaced under its name: a process that still holds it would go on
seeing the old content. A torn or damaged file is refused with a sentence; we do not fall back to an older generation,
because stale figures that look current are worse than none, and a build makes a new one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from governance import warehouse
from governance.errors import CheckFailed, NotReadyError, join_faults

SCHEMA_VERSION = 7
GENERATIONS_KEPT = 3
_POINTER = "CURRENT"
_FOLDER = "snapshots"
_SNAPSHOT_NAME = re.compile(r"snap-(\d{6,})\.duckdb")


@dataclass(frozen=True)
class Draft:
    """A database being filled; `con` writes into it, nobody else sees it."""

    build_dir: Path
    generation: str
    path: Path
    con: warehouse.Connection


@dataclass(frozen=True)
class Published:
    """A generation that readers can open."""

    generation: str
    file: Path
    sha256: str


@dataclass(frozen=True)
class Current:
    """What CURRENT says."""

    generation: str
    file: Path
    sha256: str
    schema_version: int


@contextmanager
def building(build_dir: Path, *, start_from: Path | None = None) -> Iterator[Draft]:
    """A draft of the next generation, gone again after the block unless published.

    It is empty, or holds a copy of the snapshot `start_from`, which itself is never written. Only one process
    builds in a folder at a time: raises NotReadyError naming the one that does.
    """
    folder = build_dir / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with _hold_lock(build_dir):
        _remove_drafts(folder)
        path = folder / f".building-{uuid.uuid4().hex[:12]}.duckdb"
        if start_from is not None:
            shutil.copyfile(start_from, path)
        con = warehouse.open_builder(path, temp_directory=path.with_suffix(".tmp"))
        try:
            yield Draft(build_dir, _next_generation(build_dir), path, con)
        finally:
            con.close()
            _remove_drafts(folder)


def publish(
    draft: Draft, *, manifest: Mapping[str, object], after_step: Callable[[str], None] | None = None
) -> Published:
    """Make the draft the current generation; a crash at any moment leaves the old one or the new one.

    `manifest` needs `as_of_utc`, `built_at_utc` (naive UTC) and `city`; it may hold `scenarios`, `inputs`,
    `versions` and `is_synthetic`. `after_step` hears each name of `STEP_NAMES` when that step is done.
    Raises CheckFailed, and publishes nothing, if a check finds rows.
    """
    state = _Publication(draft, manifest, draft.build_dir / _FOLDER / f"snap-{draft.generation}.duckdb")
    for step in _STEPS:
        state = step(state)
        if after_step:
            after_step(_name_step(step))
    return Published(draft.generation, state.file, state.sha256)


def read_current(build_dir: Path) -> Current:
    """The newest published generation; raises NotReadyError, saying what to run, if there is none to read."""
    pointer = build_dir / _POINTER
    try:
        told = json.loads(pointer.read_text(encoding="utf-8"))
        name = str(told["file"])
        current = Current(str(told["generation"]), build_dir / name, str(told["sha256"]), int(told["schema_version"]))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotReadyError(f"There is no snapshot in {build_dir}. {_advise(build_dir)}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise NotReadyError(f"{pointer} is damaged and names no snapshot. {_advise(build_dir)}") from error
    if current.schema_version != SCHEMA_VERSION:
        raise NotReadyError(
            f"The snapshot in {build_dir} was built by another version of this program (table layout "
            f"{current.schema_version}, this one reads {SCHEMA_VERSION}). {_advise(build_dir)}"
        )
    if current.file.parent != build_dir / _FOLDER or not _SNAPSHOT_NAME.fullmatch(current.file.name):
        raise NotReadyError(f"{pointer} is damaged and names no snapshot. {_advise(build_dir)}")
    return current


def open_snapshot(build_dir: Path, *, can_release: bool = False) -> tuple[Current, warehouse.Connection]:
    """The current generation and a hardened read-only connection to it.

    The content is checked against the published hash once per process and generation; raises NotReadyError
    if it differs or the file cannot be opened. `can_release` is the reader's (`warehouse.open_reader`).
    """
    current = read_current(build_dir)
    try:
        return current, _open_checked(current, can_release=can_release)
    except FileNotFoundError:
        # Builds may have swept the file since CURRENT was read; then CURRENT names another one by now.
        current = read_current(build_dir)
    try:
        return current, _open_checked(current, can_release=can_release)
    except FileNotFoundError as error:
        raise NotReadyError(f"{current.file} is missing. {_advise(build_dir)}") from error


def check_file(current: Current) -> None:
    """Raise NotReadyError if the file's content is not what was published; FileNotFoundError if it is gone."""
    log = current.file.with_name(f"{current.file.name}.wal")
    if log.exists():
        # DuckDB would replay it, and so show what was never published.
        raise NotReadyError(
            f"{log} lies beside the snapshot: a program opened it for writing. Delete that file. "
            f"If in doubt, run a new build: {_name_command(current.file.parents[1])}"
        )
    facts = current.file.stat()
    found = _hash_once(current.file.resolve(), facts.st_size, facts.st_mtime_ns, facts.st_ino)
    if found != current.sha256:
        raise NotReadyError(
            f"{current.file} is damaged: its content is not what generation {current.generation} was published with. "
            f"{_advise(current.file.parents[1])}"
        )


@dataclass(frozen=True)
class _Publication:
    draft: Draft
    manifest: Mapping[str, object]
    file: Path
    sha256: str = ""


def _write_manifest(state: _Publication) -> _Publication:
    told = state.manifest
    row = {
        "generation": state.draft.generation,
        "schema_version": SCHEMA_VERSION,
        "as_of_utc": _read_naive_utc(told["as_of_utc"]),
        "built_at_utc": _read_naive_utc(told["built_at_utc"]),
        "is_synthetic": bool(told.get("is_synthetic", False)),
    }
    row |= {name: json.dumps(told.get(name, {}), ensure_ascii=False, default=str) for name in _JSON_PARTS}
    warehouse.load_arrow(state.draft.con, "meta_manifest", pa.Table.from_pylist([row], schema=_MANIFEST_SCHEMA))
    return state


def _run_checks(state: _Publication) -> _Publication:
    results = warehouse.failing_rows(state.draft.con)
    faults = [
        f"{result.name}: {result.failing_rows:,} rows; see governance/sql/checks/{result.name}.sql"
        for result in results
        if result.failing_rows
    ]
    if faults:
        raise CheckFailed(join_faults("The snapshot breaks its own rules and was not published:", faults))
    rows = [{"name": result.name, "failing_rows": result.failing_rows} for result in results]
    schema = pa.schema([("name", pa.string()), ("failing_rows", pa.int64())])
    warehouse.load_arrow(state.draft.con, "meta_check", pa.Table.from_pylist(rows, schema=schema))
    return state


def _close_database(state: _Publication) -> _Publication:
    warehouse.close_builder(state.draft.con)
    return state


def _sync_database(state: _Publication) -> _Publication:
    _sync(state.draft.path)
    return state


def _hash_database(state: _Publication) -> _Publication:
    return replace(state, sha256=_hash_file(state.draft.path))


def _name_database(state: _Publication) -> _Publication:
    state.draft.path.chmod(0o444)
    state.draft.path.rename(state.file)
    return state


def _sync_folder(state: _Publication) -> _Publication:
    _sync(state.file.parent)
    return state


def _write_pointer(state: _Publication) -> _Publication:
    told = {
        "generation": state.draft.generation,
        "file": f"{_FOLDER}/{state.file.name}",
        "sha256": state.sha256,
        "schema_version": SCHEMA_VERSION,
    }
    path = state.draft.build_dir / f"{_POINTER}.tmp"
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    _sync(path)
    return state


def _replace_pointer(state: _Publication) -> _Publication:
    (state.draft.build_dir / f"{_POINTER}.tmp").replace(state.draft.build_dir / _POINTER)
    return state


def _sync_pointer(state: _Publication) -> _Publication:
    _sync(state.draft.build_dir)
    return state


def _sweep(state: _Publication) -> _Publication:
    """Remove old generations and whatever dead builders left; the lock says that no other builder is alive."""
    folder = state.file.parent
    _remove_drafts(folder)
    numbers = sorted(_list_generations(folder), reverse=True)
    for number in numbers[GENERATIONS_KEPT:]:
        (folder / f"snap-{number:06d}.duckdb").unlink(missing_ok=True)
    for leftover in folder.glob("*.wal"):
        leftover.unlink(missing_ok=True)
    return state


_STEPS: tuple[Callable[[_Publication], _Publication], ...] = (
    _write_manifest, _run_checks, _close_database, _sync_database, _hash_database, _name_database, _sync_folder,
    _write_pointer, _replace_pointer, _sync_pointer, _sweep,
)  # fmt: skip


def _name_step(step: Callable[[_Publication], _Publication]) -> str:
    return step.__name__.lstrip("_")


STEP_NAMES = tuple(_name_step(step) for step in _STEPS)
_JSON_PARTS = ("city", "scenarios", "inputs", "versions")
_MANIFEST_SCHEMA = pa.schema(
    [
        ("generation", pa.string()),
        ("schema_version", pa.int32()),
        ("as_of_utc", pa.timestamp("us")),
        ("built_at_utc", pa.timestamp("us")),
        *((name, pa.string()) for name in _JSON_PARTS),
        ("is_synthetic", pa.bool_()),
    ]
)


@contextmanager
def _hold_lock(build_dir: Path) -> Iterator[None]:
    """The builder's lock; the system lets go of it when the process ends, however it ends."""
    with (build_dir / "build.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise NotReadyError(
                f"Another build is running in {build_dir}: {holder}. Wait until it ends, or stop that process."
            ) from error
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        yield


def _remove_drafts(folder: Path) -> None:
    for leftover in folder.glob(".building-*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def _list_generations(folder: Path) -> list[int]:
    matches = (_SNAPSHOT_NAME.fullmatch(entry.name) for entry in folder.iterdir())
    return [int(match[1]) for match in matches if match]


def _next_generation(build_dir: Path) -> str:
    # An unpublished leftover counts too: a name that anybody may have opened is never used again.
    numbers = _list_generations(build_dir / _FOLDER)
    with suppress(NotReadyError, ValueError):
        numbers.append(int(read_current(build_dir).generation))
    return f"{max(numbers, default=0) + 1:06d}"


def _open_checked(current: Current, *, can_release: bool) -> warehouse.Connection:
    check_file(current)
    try:
        return warehouse.open_reader(current.file, can_release=can_release)
    except warehouse.DatabaseError as error:
        if not current.file.exists():
            raise FileNotFoundError(current.file) from error
        raise NotReadyError(f"{current.file} cannot be opened. {_advise(current.file.parents[1])}") from error


@lru_cache(maxsize=16)
def _hash_once(path: Path, size: int, changed_ns: int, inode: int) -> str:  # noqa: ARG001  the facts are the cache's key
    return _hash_file(path)


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_naive_utc(moment: object) -> datetime:
    if not isinstance(moment, datetime):
        raise TypeError(f"The manifest's times must be datetimes, not {moment!r}.")
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _advise(build_dir: Path) -> str:
    return f"Run: {_name_command(build_dir)}"


def _name_command(build_dir: Path) -> str:
    return f"python -m governance build --build-dir {build_dir}"
