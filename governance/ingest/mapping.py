"""The city's column mapping: their columns in, ours out; a column that is not mapped never enters.

Every value arrives either typed (`reported_at`) or as text (`reported_at_text`), never as both, so that one
fixed SQL text can type all files.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from governance.ingest.coordinates import to_wgs84

from governance.errors import InputError, join_faults
from governance.ingest.files import GEOMETRY_LAT, GEOMETRY_LON
from governance.profile import GEO_FORMATS, Events, Source
from governance.toml_model import nearest

TIME_COLUMNS = ("reported_at", "closed_at", "due_at", "updated_at")
PARTIAL_CRS = frozenset({"GCJ-02", "BD-09"})
TEXT_COLUMNS = ("incident_id", "category", "department", "status", "discovered", "place_key", "overdue_flag")


def map_columns(source: Source) -> dict[str, tuple[str, ...]]:
    """Our column → the file's column or columns, for the columns this source has."""
    mapped = {name: value for name, value in source.columns.model_dump().items() if value is not None}
    columns = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in mapped.items()}
    if source.format in GEO_FORMATS and "lon" not in columns:
        columns |= {"lon": (GEOMETRY_LON,), "lat": (GEOMETRY_LAT,)}
    return columns


def check_columns(file_name: str, present: Iterable[str], wanted: Mapping[str, tuple[str, ...]]) -> None:
    """Raise InputError naming every mapped column that the file lacks, with the nearest one it has."""
    known = list(present)
    faults = [
        f"column `{theirs}` (mapped to {ours}) is not in the file{nearest(theirs, known) or '.'}"
        for ours, columns in wanted.items()
        for theirs in columns
        if theirs not in known
    ]
    if faults:
        raise InputError(join_faults(f"{file_name}: has the columns {', '.join(known)}.", faults))


def map_batch(batch: pa.RecordBatch, source: Source, *, zone: str) -> pa.Table:
    """The batch under our names: times naive in `zone`, lon and lat as WGS84 degrees, the rest as text.

    `lon_text`, `lat_text`, `severity_text` hold only what could not be read as a number. `original` is a struct of
    the columns that quarantine may show, `all_columns` one of every column where the duplicate policy compares
    them; both are missing values otherwise.
    """
    columns = map_columns(source)
    missing = source.values.missing  # noqa: PD011  our own field, not a frame's
    out: dict[str, Any] = {}
    for name in TEXT_COLUMNS:
        out[name] = _join_text([batch.column(theirs) for theirs in columns.get(name, ())], batch.num_rows)
    for name in TIME_COLUMNS:
        values = batch.column(columns[name][0]) if name in columns else pa.nulls(batch.num_rows)
        out[name], out[f"{name}_text"], out[f"{name}_is_date"] = _split_time(values, zone)
    for name in ("lon", "lat", "severity"):
        values = batch.column(columns[name][0]) if name in columns else pa.nulls(batch.num_rows)
        out[name], out[f"{name}_text"] = _split_number(values, missing)
    out["severity"] = pa.array(out["severity"], from_pandas=True)
    out |= _convert_points(out["lon"], out["lat"], source)
    out["original"] = _pick_struct(batch, list_quarantine_columns(source, batch.schema.names))
    everything = batch.schema.names if source.duplicates.policy == "all_columns" else []
    out["all_columns"] = _pick_struct(batch, everything)
    return pa.table(out)


def map_event_batch(batch: pa.RecordBatch, events: Events, *, zone: str) -> pa.Table:
    """An event log under our names: incident_id, kind, department (text), event_at / event_at_text."""
    at, at_text, _ = _split_time(batch.column(events.at), zone)
    department = [batch.column(events.department)] if events.department else []
    return pa.table(
        {
            "incident_id": _as_text(batch.column(events.incident_id)),
            "kind": _as_text(batch.column(events.kind)),
            "department": _join_text(department, batch.num_rows),
            "event_at": at,
            "event_at_text": at_text,
        }
    )


def list_quarantine_columns(source: Source, present: Iterable[str]) -> list[str]:
    """The columns a quarantined row is shown with: the mapped ones, and what the city allows beyond them.

    `quarantine_columns = ["*"]` means every column that is not in `personal_columns`.
    """
    mapped = {theirs for columns in map_columns(source).values() for theirs in columns}
    allowed = set(present) if "*" in source.quarantine_columns else mapped | set(source.quarantine_columns)
    return [name for name in present if name in allowed and name not in source.personal_columns]


def match_category(text: str, rules: Iterable[tuple[str, str, str | None]]) -> tuple[str, str | None] | None:
    """(scenario, scene) of the first rule whose glob matches the whole text, case-insensitive; else None."""
    for pattern, scenario, scene in rules:
        if re.fullmatch(fnmatch.translate(pattern.casefold()), text.casefold().strip()):
            return scenario, scene
    return None


def _as_text(values: pa.Array) -> pa.Array:
    """Any column as text; whole numbers that came as floating point lose their `.0`."""
    if pa.types.is_floating(values.type):
        whole = pc.equal(values, pc.floor(values))
        if pc.all(whole, skip_nulls=True).as_py() in (True, None) and _fits_int64(values):
            values = pc.cast(values, pa.int64())
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return pc.cast(values, pa.string())


def _fits_int64(values: pa.Array) -> bool:
    # Above 2^53 a double no longer tells neighbouring whole numbers apart.
    greatest = pc.max(pc.abs(values)).as_py()
    return greatest is None or greatest < 2**53


def _join_text(parts: list[pa.Array], rows: int) -> pa.Array:
    if not parts:
        return pa.nulls(rows, pa.string())
    texts = [_as_text(part) for part in parts]
    if len(texts) == 1:
        return texts[0]
    joined = pc.binary_join_element_wise(*texts, " / ", null_handling="skip")
    return pc.if_else(pc.equal(joined, ""), None, joined)


def _split_time(values: pa.Array, zone: str) -> tuple[pa.Array, pa.Array, pa.Array]:
    """(typed, text, is a date without time): naive microseconds in `zone`, or text still to be parsed."""
    rows = len(values)
    is_date = pa.repeat(pa.scalar(pa.types.is_date(values.type)), rows)
    typed, text = pa.nulls(rows, pa.timestamp("us")), pa.nulls(rows, pa.string())
    if pa.types.is_timestamp(values.type) and values.type.tz is not None:
        moved = pc.cast(values, pa.timestamp("us", tz=zone), safe=False)
        return pc.local_timestamp(moved), text, is_date
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        return pc.cast(values, pa.timestamp("us"), safe=False), text, is_date
    return typed, _as_text(values), is_date


def _split_number(values: pa.Array, missing: tuple[str, ...]) -> tuple[np.ndarray, pa.Array]:
    """(double with NaN where there is none, the text that is not a number)."""
    rows = len(values)
    if pa.types.is_null(values.type):
        return np.full(rows, np.nan), pa.nulls(rows, pa.string())
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
        numbers = pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return numbers, pa.nulls(rows, pa.string())
    text = pc.utf8_trim_whitespace(_as_text(values))
    text = pc.if_else(pc.is_in(text, pa.array(missing, pa.string())), None, text)
    numbers = pd.to_numeric(text.to_pandas(), errors="coerce").to_numpy(dtype=float)
    return numbers, pc.if_else(np.isnan(numbers), text, None)


def _convert_points(lon: np.ndarray, lat: np.ndarray, source: Source) -> dict[str, pa.Array]:
    """The points in WGS84, and whether the point is one of the source's default points."""
    is_default = np.zeros(len(lon), dtype=bool)
    for default_lon, default_lat in source.default_points:
        is_default |= (lon == default_lon) & (lat == default_lat)
    # Geo formats state their own system and were converted while reading, except for the Chinese offsets,
    # which no file format can state.
    if source.format not in GEO_FORMATS or source.crs.upper() in PARTIAL_CRS:
        lon, lat = to_wgs84(lon, lat, source.crs)
    return {
        "lon": pa.array(lon, from_pandas=True),
        "lat": pa.array(lat, from_pandas=True),
        "is_default_point": pa.array(is_default),
    }


def _pick_struct(batch: pa.RecordBatch, names: list[str]) -> pa.Array:
    if not names:
        return pa.nulls(batch.num_rows, pa.struct([("none", pa.bool_())]))
    return pa.StructArray.from_arrays([batch.column(name) for name in names], names=names)
