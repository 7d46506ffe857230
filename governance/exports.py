"""Lists and maps for others: tiers, grids and cases (all, open, overdue) as CSV, XLSX, GeoJSON, GeoPackage or Parquet.

Every file says as of when it is (`as_of_local`) and whether the city is synthetic (`is_synthetic`), as columns that
machines can read; XLSX has a second sheet with the notes. Times are in the city's zone, in columns `*_at_local`: texts
with the offset (a GeoPackage's own times may only be UTC), but times without zone in XLSX, whose notes name the
zone, and instants in Parquet.

Texts in CSV that a spreadsheet would run as a formula (they start with = + - @, their full-width forms, a tab or a
line end) get a leading apostrophe; numbers stay as they are. Every text is quoted. XLSX stores texts as texts.
"""

from __future__ import annotations

import codecs
import datetime as dt
import itertools
import math
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import xlsxwriter

from governance.city import City
from governance.errors import ConfigError, InputError
from governance.export_orders import LANGUAGES, Narrowing, Order, find_zone, list_notes, read_order
from governance.toml_model import nearest

FORMATS = {"csv": ".csv", "xlsx": ".xlsx", "geojson": ".geojson", "gpkg": ".gpkg", "parquet": ".parquet"}
_POLYGONS = frozenset({"tiers", "grids"})
_PLACELESS = frozenset({"extensions"})
_MOST_FEATURES = 1_000_000
_WHOLE_NUMBERS = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
# Spaces and invisible characters before the sign are passed over, as some programs strip them.
_FORMULA = r"^(?:[\s\p{Z}\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|[\t\r\n])"
# The format's own limits: 2^20 rows, the first of which is the header; 32,767 characters in a cell.
_ROWS_PER_SHEET = 1_048_575
_LONGEST_TEXT = 32_767
_WIDEST = 40
_FIRST_SHEET_DAY = dt.datetime(1900, 1, 1)  # noqa: DTZ001  spreadsheet times have no zone
_SHEET_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def export_table(  # noqa: PLR0913  the command's options, each with a default
    city: City,
    what: str,
    out: Path,
    *,
    format: str | None = None,  # noqa: A002  the word of the command line
    scenario: str | None = None,
    district: str | None = None,
    language: str = "zh",
    **narrowing: Unpack[Narrowing],
) -> int:
    """Write one list to `out` and give its number of rows; the file appears whole or not at all.

    `scenario`, `district` and `department` may be ids or names, Chinese or English; cases in no scenario or no grid are
    found under "~unmapped" and "~unmatched". `department`, `state` (a worklist), `stage` and `age` narrow the list
    "open". Raises ConfigError for anything unknown, InputError for more rows than the format can hold.
    """
    kind = _find_format(out, format)
    if what in _PLACELESS:
        _refuse_map(out, what, kind)
    order = read_order(city, what, scenario=scenario, district=district, language=language, narrowing=narrowing)
    rows = city.count_rows(f"export_{what}", **order.filters)
    _check_size(rows, kind)
    with replacing(out) as draft:
        if kind == "csv":
            _write_csv(city, order, draft)
        elif kind == "xlsx":
            frames = (_localise(frame, city, as_text=False) for frame in _read_frames(city, order))
            _write_workbook(draft, frames, sheet=what, rows=rows, notes=list_notes(city, order, rows))
        elif kind == "parquet" and what not in _POLYGONS:
            _write_parquet(city, order, draft)
        else:
            _write_features(city, order, draft, kind)
    return rows


def export_bytes(city: City, what: str, *, format: str, **options: Any) -> bytes:  # noqa: A002  as above
    """The file that `export_table` would write, in memory; `options` are its own."""
    return read_bytes(f"{what}{FORMATS[format]}", lambda out: export_table(city, what, out, format=format, **options))


def read_bytes(name: str, write: Callable[[Path], object]) -> bytes:
    """The bytes of the file that `write` makes when it is given a path of this name."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / name
        write(out)
        return out.read_bytes()


def export_frame(  # noqa: PLR0913  what, where, and how it is called
    city: City,
    frame: pd.DataFrame,
    out: Path,
    *,
    sheet: str,
    notes: list[tuple[str, str]],
    format: str | None = None,  # noqa: A002  the word of the command line
    has_grids: bool = False,
) -> int:
    """Write a frame by the rules of every list, and give its number of rows.

    has_grids: each row's `grid_id` names the polygon that stands for it in a map format; without it, a map format is
    refused. Raises ConfigError for a format that does not fit, InputError for more rows than it can hold.
    """
    kind = _find_format(out, format)
    if not has_grids:
        _refuse_map(out, sheet, kind)
    _check_size(len(frame), kind)
    as_text = kind not in {"xlsx", "parquet"}
    told = _localise(_add_origin(frame, city), city, as_text=as_text, with_zone=kind == "parquet")
    with replacing(out) as draft:
        if kind == "csv":
            with draft.open("wb") as file:
                _write_csv_pieces(file, iter([told]))
        elif kind == "xlsx":
            _write_workbook(draft, [told], sheet=sheet, rows=len(told), notes=notes)
        elif has_grids:
            _save_features(_add_polygons(told, city), draft, kind, layer=sheet)
        else:
            _write_pieces(iter([told]), lambda schema: pq.ParquetWriter(draft, schema, compression="zstd"))
    return len(frame)


def neutralise_formulas(texts: pd.Series) -> pd.Series:
    """The texts, with an apostrophe before those that a spreadsheet would run; missing ones stay missing."""
    # Arrow's own expressions: those of pandas would run through Python, five times slower.
    found = pc.match_substring_regex(pa.array(texts, pa.string(), from_pandas=True), _FORMULA).fill_null(False)
    is_formula = found.to_numpy(zero_copy_only=False)
    return texts.mask(is_formula, "'" + texts) if is_formula.any() else texts


def _find_format(out: Path, asked: str | None) -> str:
    by_suffix = {suffix: name for name, suffix in FORMATS.items()}
    found = by_suffix.get(out.suffix.lower())
    if asked is None and found is None:
        raise ConfigError(f"{out}: the name must end in one of {', '.join(by_suffix)}, or a format must be given.")
    if asked is not None and asked not in FORMATS:
        hint = nearest(asked, list(FORMATS)) or "."
        raise ConfigError(f"There is no format {asked!r}; known: {', '.join(FORMATS)}{hint}")
    if asked is not None and found != asked:
        raise ConfigError(f"{out} does not end in {FORMATS[asked]}, which the format {asked} needs.")
    return asked or str(found)


def _refuse_map(out: Path, what: str, kind: str) -> None:
    if kind in {"geojson", "gpkg"}:
        raise ConfigError(f"{out}: {what} have no places on a map; choose csv, xlsx or parquet.")


def _check_size(rows: int, kind: str) -> None:
    if kind == "xlsx" and rows > _ROWS_PER_SHEET:
        raise InputError(
            f"The list has {rows:,} rows and a sheet holds {_ROWS_PER_SHEET:,}; choose csv or parquet, or a filter."
        )
    if kind in {"geojson", "gpkg"} and rows > _MOST_FEATURES:
        raise InputError(
            f"The list has {rows:,} rows, more than the {_MOST_FEATURES:,} that {kind} is made for; "
            "choose parquet or csv, or a filter."
        )


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A name beside `out` to write to; it becomes `out` when the block ends well, and is gone otherwise."""
    if not out.parent.is_dir():
        raise ConfigError(f"The folder {out.parent} does not exist; make it first.")
    # The suffix stays last, as writers look at it.
    draft = out.with_name(f".{uuid.uuid4().hex[:8]}-{out.name}")
    try:
        yield draft
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)


def _read_frames(city: City, order: Order) -> Iterator[pd.DataFrame]:
    """The list in pieces, with names in the chosen language and the columns that every list has."""
    for batch in city.ask_batches(f"export_{order.what}", **order.filters):
        frame = batch.to_pandas(types_mapper=_WHOLE_NUMBERS.get)
        chosen = {name: name.removesuffix(f"_{order.language}") + "_name" for name in _named(frame, order.language)}
        other = LANGUAGES[1 - LANGUAGES.index(order.language)]
        frame = frame.drop(columns=[*_named(frame, other), "grid_no"], errors="ignore").rename(columns=chosen)
        yield _add_origin(frame, city)


def _add_origin(frame: pd.DataFrame, city: City) -> pd.DataFrame:
    """The frame with the columns that every list has: its moment, and whether its city is invented."""
    moment = np.full(len(frame), np.datetime64(city.as_of_utc), dtype="datetime64[us]")
    return frame.assign(as_of_at_utc=moment, is_synthetic=bool(city.manifest["is_synthetic"]))


def _named(frame: pd.DataFrame, language: str) -> list[str]:
    return [name for name in frame.columns if name.endswith(f"_{language}")]


def _localise(frame: pd.DataFrame, city: City, *, as_text: bool, with_zone: bool = False) -> pd.DataFrame:
    """Columns `*_at_utc` as `*_at_local`: texts with offset, or instants with zone, or naive local times."""
    out = {}
    for name in frame.columns:
        values = frame[name]
        if not name.endswith("_at_utc"):
            out[name] = values
            continue
        local = values.dt.tz_localize("UTC").dt.tz_convert(find_zone(city))
        naive = local.dt.tz_localize(None)
        shown = _spell_times(naive, naive - values) if as_text else local if with_zone else naive
        out["as_of_local" if name == "as_of_at_utc" else name.removesuffix("_utc") + "_local"] = shown
    return pd.DataFrame(out, index=frame.index)


def _spell_times(naive: pd.Series, offset: pd.Series) -> pd.Series:
    """Texts such as 2025-03-01T08:00:00+08:00; strftime of each value would take minutes for a whole city."""
    minutes = (offset.dt.total_seconds() / 60).fillna(0).astype(int)
    spelled = {m: f"{'-' if m < 0 else '+'}{abs(m) // 60:02d}:{abs(m) % 60:02d}" for m in minutes.unique()}
    texts = pd.Series(np.datetime_as_string(naive.to_numpy(), unit="s"), index=naive.index, dtype="str")
    return (texts + minutes.map(spelled).astype("str")).where(naive.notna())


def _write_csv(city: City, order: Order, path: Path) -> None:
    with path.open("wb") as file:
        _write_csv_pieces(file, (_localise(piece, city, as_text=True) for piece in _read_frames(city, order)))


def _write_csv_pieces(file: BinaryIO, pieces: Iterator[pd.DataFrame]) -> None:
    # The mark at the start tells Excel that the file is UTF-8.
    file.write(codecs.BOM_UTF8)
    options = pa_csv.WriteOptions(quoting_style="needed")
    safe = (_neutralise_frame(piece) for piece in pieces)
    _write_pieces(safe, lambda schema: pa_csv.CSVWriter(file, schema, write_options=options))


def _neutralise_frame(frame: pd.DataFrame) -> pd.DataFrame:
    plain = frame.drop(columns="geometry", errors="ignore")
    texts = plain.select_dtypes(include=["str", "object"]).columns
    return plain.assign(**{name: neutralise_formulas(plain[name].astype("str")) for name in texts})


def _write_workbook(
    path: Path, frames: Iterable[pd.DataFrame], *, sheet: str, rows: int, notes: list[tuple[str, str]]
) -> None:
    """Write the frames below one header to the sheet `sheet`, and the notes to a second sheet, "about"."""
    with xlsxwriter.Workbook(str(path), _SHEET_OPTIONS) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        page = book.add_worksheet(sheet)
        row = 0
        for frame in frames:
            plain = frame.drop(columns="geometry", errors="ignore")
            if row == 0:
                _start_sheet(page, plain, bold, rows=rows)
            for values in plain.astype(object).itertuples(index=False, name=None):
                row += 1
                _write_row(page, row, values, time)
        _write_notes(book.add_worksheet("about"), notes, bold)


def _start_sheet(page: Any, frame: pd.DataFrame, bold: Any, *, rows: int) -> None:
    for place, name in enumerate(frame.columns):
        lengths = frame[name].head(200).astype(str).str.len()
        widest = max([len(name) + 3, *lengths.tolist()])
        page.set_column(place, place, min(widest + 1, _WIDEST))
        page.write_string(0, place, str(name), bold)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, rows, len(frame.columns) - 1)


def _write_row(page: Any, row: int, values: tuple[Any, ...], time: Any) -> None:
    for place, value in enumerate(values):
        if (
            value is None
            or value is pd.NA
            or value is pd.NaT
            or (isinstance(value, float) and not math.isfinite(value))
        ):
            continue
        if isinstance(value, bool):
            page.write_boolean(row, place, value)
        elif isinstance(value, int | float):
            page.write_number(row, place, value)
        elif isinstance(value, dt.datetime) and value >= _FIRST_SHEET_DAY:
            page.write_datetime(row, place, value, time)
        else:
            page.write_string(row, place, str(value)[:_LONGEST_TEXT])


def _write_notes(page: Any, notes: list[tuple[str, str]], bold: Any) -> None:
    page.set_column(0, 0, 34)
    page.set_column(1, 1, 110)
    for row, (name, text) in enumerate(notes):
        page.write_string(row, 0, name, bold)
        page.write_string(row, 1, str(text))


def _write_parquet(city: City, order: Order, path: Path) -> None:
    pieces = (_localise(piece, city, as_text=False, with_zone=True) for piece in _read_frames(city, order))
    _write_pieces(pieces, lambda schema: pq.ParquetWriter(path, schema, compression="zstd"))


def _write_pieces(pieces: Iterator[pd.DataFrame], open_writer: Callable[[pa.Schema], Any]) -> None:
    """Write pieces of one list with one writer; the first piece decides the types of all."""
    first = next(pieces)
    schema = _name_types(first)
    with open_writer(schema) as writer:
        for piece in itertools.chain([first], pieces):
            writer.write_table(pa.Table.from_pandas(piece, schema=schema, preserve_index=False))


def _name_types(frame: pd.DataFrame) -> pa.Schema:
    """The columns' types; a text column that is empty so far is one of texts all the same."""
    found = pa.Schema.from_pandas(frame, preserve_index=False).remove_metadata()
    return pa.schema([(f.name, pa.string() if pa.types.is_null(f.type) else f.type) for f in found])


def _write_features(city: City, order: Order, path: Path, kind: str) -> None:
    frame = pd.concat(list(_read_frames(city, order)), ignore_index=True)
    frame = _localise(frame, city, as_text=kind != "parquet", with_zone=True)
    features = _add_geometry(frame, city, order)
    _save_features(features, path, kind, layer=order.what)


def _save_features(features: gpd.GeoDataFrame, path: Path, kind: str, *, layer: str) -> None:
    if kind == "parquet":
        features.to_parquet(path, compression="zstd")
    elif kind == "geojson":
        features.to_file(path, driver="GeoJSON", engine="pyogrio", RFC7946="YES", WRITE_NAME="NO")
    else:
        features.to_file(path, driver="GPKG", engine="pyogrio", layer=layer)


def _add_geometry(frame: pd.DataFrame, city: City, order: Order) -> gpd.GeoDataFrame:
    """Polygons of the grids, or the points of the cases; a case without a place has no geometry."""
    if order.what in _POLYGONS:
        return _add_polygons(frame, city)
    points = gpd.points_from_xy(frame["lon"], frame["lat"])
    shapes = np.where(frame["lon"].notna() & frame["lat"].notna(), points, None)
    return _add_shapes(frame, shapes)


def _add_polygons(frame: pd.DataFrame, city: City) -> gpd.GeoDataFrame:
    polygons = city.grids().set_index("grid_id").geometry
    return _add_shapes(frame, polygons.reindex(frame["grid_id"]).to_numpy())


def _add_shapes(frame: pd.DataFrame, shapes: Any) -> gpd.GeoDataFrame:
    plain = frame.drop(columns="geometry", errors="ignore")
    return gpd.GeoDataFrame(plain, geometry=gpd.GeoSeries(shapes, index=plain.index), crs="EPSG:4326")
