"""The city's column mapping: their columns in, ours out; a column that is not mapped never enters.

Every moment arrives in one of three forms, so that one fixed SQL text can type all files: exact
(`reported_at_utc`, the file knew the offset), on the source's clock (`reported_at`), or as `reported_at_text`.
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

from governance.errors import InputError, join_faults
from governance.ingest.coordinates import check_crs, to_wgs84
from governance.ingest.files import CHINESE_CRS, GEOMETRY_LAT, GEOMETRY_LON
from governance.profile import GEO_FORMATS, Events, Source
from governance.toml_model import nearest

TIME_COLUMNS = ("reported_at", "closed_at", "due_at", "updated_at")
TEXT_COLUMNS = ("incident_id", "category", "department", "status", "discovered", "place_key", "overdue_flag")


def map_columns(source: Source) -> dict[str, tuple[str, ...]]:
    """Our column → the file's column or columns, for the columns this source has."""
    mapped = {name: value for name, value in source.columns.model_dump().items() if value is not None}
    columns = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in mapped.items()}
    if source.format in GEO_FORMATS and "lon" not in columns:
        columns |= {"lon": (GEOMETRY_LON,), "lat": (GEOMETRY_LAT,)}
    return columns


def map_event_columns(events: Events) -> dict[str, tuple[str, ...]]:
    """Our column → the event log's column, for the columns this log has."""
    names = ("incident_id", "kind", "at", "department", "reason", "extended_until")
    return {name: (theirs,) for name in names if (theirs := getattr(events, name))}


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


def map_batch(batch: pa.RecordBatch, source: Source) -> pa.Table:
    """The batch under our names: times exact, on the source's clock or as text; points in WGS84; the rest as text.

    `lon_text`, `lat_text`, `severity_text` hold only what could not be read as a number. `original` is a struct of
    the columns that quarantine may show, `all_columns` one of every column where the duplicate policy compares
    them; both are missing values otherwise.
    """
    columns = map_columns(source)
    missing = source.values.missing  # noqa: PD011  our own field, not a frame's
    out: dict[str, Any] = {}
    for name in TEXT_COLUMNS:
        out[name] = _join_text([batch.column(theirs) for theirs in columns.get(name, ())], batch.num_rows, missing)
    for name in TIME_COLUMNS:
        values = batch.column(columns[name][0]) if name in columns else pa.nulls(batch.num_rows)
        out[name], out[f"{name}_utc"], out[f"{name}_text"] = _split_time(values)
        if name == "due_at":
            out["due_at_is_date"] = pa.repeat(pa.scalar(pa.types.is_date(values.type)), batch.num_rows)
    for name in ("lon", "lat", "severity"):
        values = batch.column(columns[name][0]) if name in columns else pa.nulls(batch.num_rows)
        out[name], out[f"{name}_text"] = _split_number(values, missing)
    out["severity"] = pa.array(out["severity"], from_pandas=True)
    has_geometry = columns.get("lon") == (GEOMETRY_LON,)
    out |= _convert_points(out["lon"], out["lat"], source, has_geometry=has_geometry)
    out["original"] = _pick_struct(batch, list_quarantine_columns(source, batch.schema.names))
    # Sorted, so that two files with the same columns in another order still hold the same rows.
    everything = sorted(batch.schema.names) if source.duplicates.policy == "all_columns" else []
    out["all_columns"] = _pick_struct(batch, everything)
    return pa.table(out)


def map_event_batch(batch: pa.RecordBatch, events: Events) -> pa.Table:
    """An event log under our names: texts, and event_at and until_at (of an extension) each in one of three forms."""
    nothing = pa.nulls(batch.num_rows)
    columns = {ours: batch.column(theirs) for ours, (theirs,) in map_event_columns(events).items()}
    out = {name: _as_text(columns.get(name, nothing)) for name in ("incident_id", "kind", "department", "reason")}
    until = columns.get("extended_until", nothing)
    for name, values in (("event_at", columns["at"]), ("until_at", until)):
        out[name], out[f"{name}_utc"], out[f"{name}_text"] = _split_time(values)
    out["until_at_is_date"] = pa.repeat(pa.scalar(pa.types.is_date(until.type)), batch.num_rows)
    return pa.table(out)


def list_quarantine_columns(source: Source, present: Iterable[str]) -> list[str]:
    """The columns a quarantined row is shown with: the mapped ones, and what the city allows beyond them.

    `quarantine_columns = ["*"]` means every column that is not in `personal_columns`.
    """
    mapped = {theirs for columns in map_columns(source).values() for theirs in columns}
    allowed = set(present) if "*" in source.quarantine_columns else mapped | set(source.quarantine_columns)
    return [name for name in present if name in allowed and name not in source.personal_columns]


def list_needed_columns(source: Source) -> set[str] | None:
    """The file's columns that reading this source needs; None means every one."""
    if source.duplicates.policy == "all_columns" or "*" in source.quarantine_columns:
        return None
    return {theirs for columns in map_columns(source).values() for theirs in columns} | set(source.quarantine_columns)


def check_quarantine_columns(file_name: str, present: Iterable[str], source: Source) -> None:
    """Raise InputError for a column that quarantine should show or, with "*", must hide, but the file lacks.

    A misspelt personal column would otherwise be shown.
    """
    wanted = {"quarantine_columns": tuple(name for name in source.quarantine_columns if name != "*")}
    if "*" in source.quarantine_columns:
        wanted["personal_columns"] = source.personal_columns
    check_columns(file_name, present, wanted)


def match_category(text: str, rules: Iterable[tuple[str, str, str | None]]) -> tuple[str, str | None] | None:
    """(scenario, scene) of the first rule whose glob matches the whole text, case-insensitive; else None."""
    for pattern, scenario, scene in rules:
        if re.fullmatch(fnmatch.translate(pattern.casefold()), text.casefold().strip()):
            return scenario, scene
    return None


def _as_text(values: pa.Array) -> pa.Array:
    """Any column as text; whole numbers that came as floating point lose their `.0`, and NaN is no value."""
    values = _decode(values)
    if not pa.types.is_floating(values.type):
        return _trim(pc.cast(values, pa.string()))
    numbers = pc.cast(values, pa.float64())
    numbers = pc.if_else(pc.is_nan(numbers), None, numbers)
    # Value by value, so that one fraction elsewhere never changes an id. Above 2^53 a double no longer tells
    # neighbouring whole numbers apart.
    is_whole = pc.and_(pc.equal(numbers, pc.floor(numbers)), pc.less(pc.abs(numbers), 2.0**53))
    whole = pc.cast(pc.if_else(is_whole, numbers, None), pa.int64())
    return pc.coalesce(pc.cast(whole, pa.string()), pc.cast(pc.if_else(is_whole, None, values), pa.string()))


def _trim(texts: pa.Array) -> pa.Array:
    """Texts without blanks around them. SQL trims plain spaces; the rare others are looked for by their bytes."""
    data = texts.buffers()[2]
    held = data.to_pybytes() if data else b""
    return pc.utf8_trim_whitespace(texts) if any(blank in held for blank in _RARE_BLANKS) else texts


_RARE_BLANKS = tuple(blank.encode() for blank in ("\t", "\n", "\r", "\u00a0", "\u3000"))


def _decode(values: pa.Array) -> pa.Array:
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def _join_text(parts: list[pa.Array], rows: int, missing: tuple[str, ...]) -> pa.Array:
    """The parts as one text; of several, those that are missing are left out."""
    if not parts:
        return pa.nulls(rows, pa.string())
    joined, *others = [_as_text(part) for part in parts]
    if not others:
        return joined
    joined = _drop_missing(joined, missing)
    for other in (_drop_missing(text, missing) for text in others):
        # Joining gives null where either is; Arrow's own way to skip nulls loses rows whose parts are all null.
        joined = pc.coalesce(pc.binary_join_element_wise(joined, other, " / "), joined, other)
    return joined


def _drop_missing(text: pa.Array, missing: tuple[str, ...]) -> pa.Array:
    return pc.if_else(pc.is_in(pc.utf8_trim_whitespace(text), pa.array(missing, pa.string())), None, text)


def _split_time(values: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
    """(on the source's clock, in UTC, text still to be parsed): naive microseconds; each row has at most one."""
    values = _decode(values)
    no_time, no_text = pa.nulls(len(values), pa.timestamp("us")), pa.nulls(len(values), pa.string())
    if pa.types.is_timestamp(values.type) and values.type.tz is not None:
        exact = pc.cast(values, pa.timestamp("us", tz=values.type.tz), safe=False)
        return no_time, pc.local_timestamp(pc.cast(exact, pa.timestamp("us", tz="UTC"))), no_text
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        return pc.cast(values, pa.timestamp("us"), safe=False), no_time, no_text
    return no_time, no_time, _as_text(values)


def _split_number(values: pa.Array, missing: tuple[str, ...]) -> tuple[np.ndarray, pa.Array]:
    """(double with NaN where there is none, the text that is not a number)."""
    values, rows = _decode(values), len(values)
    if pa.types.is_null(values.type):
        return np.full(rows, np.nan), pa.nulls(rows, pa.string())
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
        numbers = pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return numbers, pa.nulls(rows, pa.string())
    text = _drop_missing(pc.utf8_trim_whitespace(_as_text(values)), missing)
    numbers = pd.to_numeric(text.to_pandas(), errors="coerce").to_numpy(dtype=float)
    return numbers, pc.if_else(np.isnan(numbers), text, None)


def _convert_points(lon: np.ndarray, lat: np.ndarray, source: Source, *, has_geometry: bool) -> dict[str, pa.Array]:
    """The points in WGS84, and whether the point is one of the source's default points."""
    is_default = np.zeros(len(lon), dtype=bool)
    for default_lon, default_lat in source.default_points:
        is_default |= (lon == default_lon) & (lat == default_lat)
    # A geometry was brought to WGS84 while reading, except for the Chinese offsets, which no file can state.
    if not has_geometry or check_crs(source.crs) in CHINESE_CRS:
        given = ~(np.isnan(lon) | np.isnan(lat))
        lon, lat = to_wgs84(lon, lat, source.crs)
        # A point that the projection cannot place was given all the same: out of range, not missing.
        lost = given & (np.isnan(lon) | np.isnan(lat))
        lon, lat = np.where(lost, np.inf, lon), np.where(lost, np.inf, lat)
    return {
        "lon": pa.array(lon, from_pandas=True),
        "lat": pa.array(lat, from_pandas=True),
        "is_default_point": pa.array(is_default),
    }


def _pick_struct(batch: pa.RecordBatch, names: list[str]) -> pa.Array:
    if not names:
        return pa.nulls(batch.num_rows, pa.struct([("none", pa.bool_())]))
    return pa.StructArray.from_arrays([batch.column(name) for name in names], names=names)
