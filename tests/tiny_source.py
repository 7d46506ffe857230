"""One small source at a time: a profile around a few rows, staged and read back."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet

from governance import warehouse
from governance.ingest.combining import Staged, combine_incidents, stage_sources
from governance.ingest.staging import StagedFile, stage_file
from governance.profile import Profile, Source

READ_AT_UTC = datetime.fromisoformat("2026-01-01")
COLUMNS = {"incident_id": "id", "reported_at": "t", "lon": "lon", "lat": "lat", "category": "c"}
GOOD = {"id": "1", "t": "2025-05-01 10:00:00", "lon": "121.5", "lat": "29.8", "c": "lamp"}


def make_source(**changes: Any) -> dict[str, Any]:
    """A source of CSV files with the least columns; `columns` are added to these."""
    columns = COLUMNS | changes.pop("columns", {})
    source = {"id": "s", "files": ["*.csv"], "format": "csv"} | changes
    return source | {"columns": {name: value for name, value in columns.items() if value is not None}}


def make_profile(folder: Path, *sources: dict[str, Any], timezone: str = "Asia/Shanghai") -> Profile:
    document = {
        "schema": 1, "id": "tiny", "name_zh": "小", "name_en": "tiny", "timezone": timezone,
        "grids": {"files": ["grids.geojson"]}, "sources": list(sources or (make_source(),)),
    }  # fmt: skip
    return Profile.model_validate(document).model_copy(update={"folder": folder})


def write_csv(path: Path, rows: list[dict[str, Any]], *, encoding: str = "utf-8") -> Path:
    """The rows under the union of their keys, in the order of first use."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def stage_one(
    con: warehouse.Connection,
    path: Path,
    source: dict[str, Any] | None = None,
    *,
    timezone: str = "Asia/Shanghai",
    read_at_utc: datetime = READ_AT_UTC,
) -> StagedFile:
    profile = make_profile(path.parent, source or make_source(), timezone=timezone)
    one: Source = profile.sources[0]
    return stage_file(con, path, one, profile=profile, folder=path.parent / "stage", read_at_utc=read_at_utc)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a staged file in the order of their numbers."""
    return pyarrow.parquet.read_table(path).sort_by("row_number").to_pylist()


def stage_rows(con: warehouse.Connection, folder: Path, rows: list[dict[str, Any]], **source: Any) -> list[dict]:
    """The rows as a CSV file, staged, read back."""
    timezone = source.pop("timezone", "Asia/Shanghai")
    path = write_csv(folder / "rows.csv", rows)
    return read_rows(stage_one(con, path, make_source(**source), timezone=timezone).path)


def stage_city(con: warehouse.Connection, profile: Profile, *, folder: Path | None = None) -> Staged:
    staged = stage_sources(
        con, profile, folder or profile.folder / "stage", read_at_utc=READ_AT_UTC, progress=lambda *_: None
    )
    combine_incidents(con, staged, profile)
    return staged


def list_accounts(con: warehouse.Connection) -> dict[str, tuple[int, int, int, int]]:
    """File → read, accepted, quarantined, duplicate."""
    rows = warehouse.run_text(con, "select file, read, accepted, quarantined, duplicate from meta_file").fetchall()
    return {name: tuple(counts) for name, *counts in rows}


def list_incidents(con: warehouse.Connection, columns: str = "incident_id") -> list[tuple[Any, ...]]:
    """The accepted rows, sorted by these columns."""
    text = f"""
        select {columns} from read_parquet(getvariable('staged_files')) as row join mid_file using (file_key)
        anti join (select file_key, row_number from mid_fate where fate <> 'accepted') using (file_key, row_number)
        where not is_bad order by all
    """
    return warehouse.run_text(con, text).fetchall()
