"""All staged files together: which row of each incident stands, which are duplicates, which are quarantined."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from os.path import relpath
from pathlib import Path

import pyarrow as pa

from governance import warehouse
from governance.errors import InputError, join_faults
from governance.ingest import rules
from governance.ingest.coordinates import check_crs
from governance.ingest.event_staging import StagedEvents, stage_events
from governance.ingest.staging import StagedFile, stage_file
from governance.profile import Profile, Source, find_files

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Staged:
    """Every input file of a city after reading."""

    files: tuple[StagedFile, ...]
    events: tuple[StagedEvents, ...]


def stage_sources(
    con: warehouse.Connection, profile: Profile, folder: Path, *, read_at_utc: datetime, progress: Progress
) -> Staged:
    """Read every file of every source that was not read before; raises one InputError with all faults."""
    _remove_leftovers(folder)
    jobs, faults = _list_jobs(profile)
    results: list[StagedFile | StagedEvents] = []
    for place, job in enumerate(jobs):
        progress(f"{job.path.name}", place / len(jobs))
        try:
            staged = job.stage(con, job.path, job.source, profile=profile, folder=folder, read_at_utc=read_at_utc)
            results.append(replace(staged, file=job.name))
        except InputError as error:
            faults.append(str(error))
    if faults:
        raise InputError(join_faults("The input cannot be used:", faults))
    return Staged(
        tuple(result for result in results if isinstance(result, StagedFile)),
        tuple(result for result in results if isinstance(result, StagedEvents)),
    )


def _remove_leftovers(folder: Path) -> None:
    """Half-written files of a build that was killed; the caller holds the builders' lock, so nobody writes them."""
    for leftover in [*folder.rglob("*.partial")]:
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Job:
    """One file to stage, and the name under which pages speak of it."""

    stage: Callable[..., StagedFile | StagedEvents]
    source: Source
    path: Path
    name: str


def _list_jobs(profile: Profile) -> tuple[list[_Job], list[str]]:
    """Every file of every source, and a fault for each source that cannot be staged at all."""
    jobs: list[_Job] = []
    faults: list[str] = []
    for source in profile.sources:
        if fault := _find_crs_fault(source.crs):
            faults.append(f"source {source.id}: {fault}")
            continue
        kinds: list[tuple[Callable[..., StagedFile | StagedEvents], tuple[str, ...]]] = [(stage_file, source.files)]
        if source.events:
            kinds.append((stage_events, source.events.files))
        for stage, patterns in kinds:
            paths = find_files(profile, patterns)
            if not paths:
                faults.append(f"source {source.id}: no file matches {', '.join(patterns)} under {profile.folder}.")
            jobs.extend(_Job(stage, source, path, name) for path, name in _name_files(paths, profile.folder))
    return jobs, faults


def _name_files(paths: list[Path], folder: Path) -> list[tuple[Path, str]]:
    """Each path with its bare name, or with its path from `city.toml` where two files have the same name."""
    counts = Counter(path.name for path in paths)
    return [(path, path.name if counts[path.name] == 1 else Path(relpath(path, folder)).as_posix()) for path in paths]


def combine_incidents(con: warehouse.Connection, staged: Staged, profile: Profile) -> None:
    """Make `mid_fate` (what becomes of each doubled row) and the accounts of every row of every file.

    read = accepted + quarantined + duplicate holds for each file in `meta_file`.
    """
    warehouse.load_arrow(con, "src_files", _list_files(staged.files, profile))
    warehouse.load_arrow(con, "src_event_files", _list_files(staged.events, profile))
    warehouse.load_arrow(con, "meta_rule", _list_rules())
    warehouse.set_variables(con, staged_files=sorted({str(file.path) for file in staged.files}))
    _open_events(con, staged)
    for name in (
        "mid_file", "mid_doubled", "mid_fate", "mid_bad_row", "core_quarantine",
        "mid_incident_account", "mid_event_account", "meta_file", "meta_file_reason",
    ):  # fmt: skip
        warehouse.build_table(con, name)


def combine_events(con: warehouse.Connection, *, as_of_utc: datetime) -> None:
    """Make `mid_unsettled`: the incidents whose events stand in several files, or reach beyond the moment."""
    warehouse.set_variables(con, as_of_utc=as_of_utc)
    warehouse.build_table(con, "mid_unsettled", as_of_utc=as_of_utc)


def _open_events(con: warehouse.Connection, staged: Staged) -> None:
    """The two views on the event logs; each content is read once, under however many names it came."""
    files = {file.key: file for file in staged.events}.values()
    kind = "" if files else "no_"
    warehouse.set_variables(
        con,
        event_files=[str(file.path) for file in files],
        reduced_event_files=[str(file.reduced_path) for file in files],
    )
    warehouse.create_view(con, "src_event_rows", warehouse.read_sql(f"src_{kind}event_rows"))
    warehouse.create_view(con, "src_reduced_events", warehouse.read_sql(f"src_{kind}reduced_events"))


def _find_crs_fault(crs: str) -> str | None:
    try:
        check_crs(crs)
    except ValueError as error:
        return str(error)
    return None


def _list_files(files: Sequence[StagedFile | StagedEvents], profile: Profile) -> pa.Table:
    sources = {source.id: source for source in profile.sources}
    firsts: dict[str, StagedFile | StagedEvents] = {}
    for file in files:
        firsts.setdefault(file.key, file)
    rows = [
        {
            "source": file.source,
            "file": file.file,
            "file_key": file.key,
            "sha256": file.sha256,
            "policy": sources[file.source].duplicates.policy,
            "latest_by": sources[file.source].duplicates.latest_by,
            "tells_closing": sources[file.source].tells_closing,
            "is_first": firsts[file.key] is file,
        }
        for file in files
    ]
    return pa.Table.from_pylist(rows, schema=_FILE_SCHEMA)


_FILE_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("source", "file", "file_key", "sha256", "policy", "latest_by")]
    + [("tells_closing", pa.bool_()), ("is_first", pa.bool_())]
)


def _list_rules() -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "code": rule.code,
                "severity": rule.severity,
                "message_zh": rule.message_zh,
                "message_en": rule.message_en,
            }
            for rule in rules.ALL_RULES
        ]
    )
