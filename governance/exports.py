"""Lists and maps for others: tiers, overdue cases, cases and grids as CSV, XLSX, GeoJSON, GeoPackage or Parquet.

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
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

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
from governance.toml_model import nearest

LISTS = ("tiers", "overdue", "cases", "grids")
FORMATS = {"csv": ".csv", "xlsx": ".xlsx", "geojson": ".geojson", "gpkg": ".gpkg", "parquet": ".parquet"}
LANGUAGES = ("zh", "en")
_POLYGONS = frozenset({"tiers", "grids"})
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


@dataclass(frozen=True)
class Order:
    """What is to be written: the list, its filters as ids, and the language of names."""

    what: str
    scenario: str | None
    district: str | None
    language: str

    @property
    def filters(self) -> dict[str, str | None]:
        """The values that the list's query takes."""
        chosen = {"scenario": self.scenario, "district": self.district}
        return {"district": self.district} if self.what == "grids" else chosen


def export_table(  # noqa: PLR0913  the command's options, each with a default
    city: City,
    what: str,
    out: Path,
    *,
    format: str | None = None,  # noqa: A002  the word of the command line
    scenario: str | None = None,
    district: str | None = None,
    language: str = "zh",
) -> int:
    """Write one list to `out` and give its number of rows; the file appears whole or not at all.

    `scenario` and `district` may be ids or names, Chinese or English; cases in no scenario or no grid are found
    under "~unmapped" and "~unmatched". Raises ConfigError for anything unknown, InputError for more rows than
    the format can hold.
    """
    kind = _find_format(out, format)
    order = _read_order(city, what, scenario=scenario, district=district, language=language)
    rows = city.count_rows(f"export_{what}", **order.filters)
    _check_size(rows, kind)
    with _replacing(out) as draft:
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


def export_frame(  # noqa: PLR0913  what, where, and how it is called
    city: City,
    frame: pd.DataFrame,
    out: Path,
    *,
    sheet: str,
    notes: list[tuple[str, str]],
    format: str | None = None,  # noqa: A002  the word of the command line
) -> int:
    """Write a frame that has no places by the rules of every list, and give its number of rows.

    Raises ConfigError for a format other than csv, xlsx and parquet, InputError for more rows than it can hold.
    """
    kind = _find_format(out, format)
    if kind in {"geojson", "gpkg"}:
        raise ConfigError(f"{out}: {sheet} have no places on a map; choose csv, xlsx or parquet.")
    _check_size(len(frame), kind)
    told = _localise(_add_origin(frame, city), city, as_text=kind == "csv", with_zone=kind == "parquet")
    with _replacing(out) as draft:
        if kind == "csv":
            with draft.open("wb") as file:
                _write_csv_pieces(file, iter([told]))
        elif kind == "xlsx":
            _write_workbook(draft, [told], sheet=sheet, rows=len(told), notes=notes)
        else:
            _write_pieces(iter([told]), lambda schema: pq.ParquetWriter(draft, schema, compression="zstd"))
    return len(frame)


def neutralise_formulas(texts: pd.Series) -> pd.Series:
    """The texts, with an apostrophe before those that a spreadsheet would run; missing ones stay missing."""
    # Arrow's own expressions: those of pandas would run through Python, five times slower.
    found = pc.match_substring_regex(pa.array(texts, pa.string(), from_pandas=True), _FORMULA).fill_null(False)
    is_formula = found.to_numpy(zero_copy_only=False)
    return texts.mask(is_formula, "'" + texts) if is_formula.any() else texts


def list_notes(city: City, order: Order, rows: int) -> list[tuple[str, str]]:
    """What a reader of the list must know, as (name, text): moment, generation, filters, units, denominators."""
    english = order.language == "en"
    told = city.manifest["city"]
    moment = _local_moment(city).isoformat()
    warning = ("Synthetic data: invented for demonstration.", "合成数据：为演示而虚构。")
    real = ("Data of the city's own systems.", "城市业务系统数据。")
    every = ("all", "全部")
    notes = [
        (("City", "城市"), (told.get("name_en", ""), told.get("name_zh", ""))),
        (("Data", "数据性质"), warning if city.manifest["is_synthetic"] else real),
        (("Data as of", "数据截至"), (moment, moment)),
        (("Generation", "快照版本"), (city.generation, city.generation)),
        (("Time zone of *_at_local", "*_at_local 列时区"), (_zone(city).key, _zone(city).key)),
        (("Scenario", "场景"), (order.scenario, order.scenario) if order.scenario else every),
        (("District", "区县"), (order.district, order.district) if order.district else every),
        (("Rows", "行数"), (f"{rows:,}", f"{rows:,}")),
        *_EXPLAINED.get(order.what, ()),
    ]
    place = 0 if english else 1
    return [(name[place], text[place]) for name, text in notes]


_EXPECTED = (
    ("expected_reports_28d, p_any_28d", "expected_reports_28d、p_any_28d"),
    (
        "Reports expected in the 28 days after the moment; probability (0 to 1) of at least one.",
        "截至时刻之后28天内预计上报数；至少上报一件的概率（0至1）。",
    ),
)
_TIER = (
    ("tier, rank", "tier、rank"),
    (
        "red / yellow / green by capacity among all grids of the city for the scenario; rank 1 is the most hazardous.",
        "按该场景全市网格排序与巡查能力分红黄绿三级；rank 1 为风险最高。",
    ),
)
_HOURS = (
    ("overdue_hours, age_hours", "overdue_hours、age_hours"),
    (
        "Clock hours past the due time, and since the report; overdue: open, not disposed, due before the moment.",
        "超过截止时间、距上报的自然小时；超期：未结案、未处置且截止时间早于截至时刻。",
    ),
)
_AREA = (("area_km2", "area_km2"), ("Area in square kilometres.", "面积，平方千米。"))
_POINT = (("lon, lat", "lon、lat"), ("Degrees, WGS84 (EPSG:4326).", "经纬度，WGS84（EPSG:4326）。"))
_EXPLAINED = {
    "tiers": (_EXPECTED, _TIER, _AREA, _POINT),
    "overdue": (_HOURS, _POINT),
    "cases": (_HOURS, _POINT),
    "grids": (_AREA, _POINT),
}


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


def _read_order(city: City, what: str, *, scenario: str | None, district: str | None, language: str) -> Order:
    if what not in LISTS:
        raise ConfigError(f"There is no list {what!r}; known: {', '.join(LISTS)}{nearest(what, list(LISTS)) or '.'}")
    if language not in LANGUAGES:
        raise ConfigError(f"There is no language {language!r}; known: {', '.join(LANGUAGES)}.")
    if what == "grids" and scenario is not None:
        raise ConfigError("Grids belong to no scenario; leave the scenario out, or export tiers.")
    names = city.ask("export_names")
    return Order(
        what,
        find_id(names, "scenario", scenario) if scenario else None,
        find_id(names, "district", district) if district else None,
        language,
    )


def find_id(names: pd.DataFrame, kind: str, text: str) -> str:
    """The id that a text names: an id first, else a name in either language; raises ConfigError."""
    known = names[names["kind"] == kind]
    if text in set(known["id"]):
        return text
    said = text.strip().casefold()
    ids = known.loc[(known["name_zh"].str.casefold() == said) | (known["name_en"].str.casefold() == said), "id"]
    if len(ids) == 1:
        return str(ids.iloc[0])
    if len(ids) > 1:
        raise ConfigError(f"Several {kind}s are called {text!r}; give one of the ids {', '.join(sorted(ids))}.")
    every = [str(name) for column in ("id", "name_zh", "name_en") for name in known[column].dropna()]
    hint = nearest(text, every)
    listed = "" if hint else f"; known: {', '.join(known['id'])}."
    raise ConfigError(f"There is no {kind} {text!r}{hint}{listed}")


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
def _replacing(out: Path) -> Iterator[Path]:
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
        local = values.dt.tz_localize("UTC").dt.tz_convert(_zone(city))
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
    if kind == "parquet":
        features.to_parquet(path, compression="zstd")
    elif kind == "geojson":
        features.to_file(path, driver="GeoJSON", engine="pyogrio", RFC7946="YES", WRITE_NAME="NO")
    else:
        features.to_file(path, driver="GPKG", engine="pyogrio", layer=order.what)


def _add_geometry(frame: pd.DataFrame, city: City, order: Order) -> gpd.GeoDataFrame:
    """Polygons of the grids, or the points of the cases; a case without a place has no geometry."""
    if order.what in _POLYGONS:
        polygons = city.grids().set_index("grid_id").geometry
        shapes = polygons.reindex(frame["grid_id"]).to_numpy()
    else:
        points = gpd.points_from_xy(frame["lon"], frame["lat"])
        shapes = np.where(frame["lon"].notna() & frame["lat"].notna(), points, None)
    plain = frame.drop(columns="geometry", errors="ignore")
    return gpd.GeoDataFrame(plain, geometry=gpd.GeoSeries(shapes, index=plain.index), crs="EPSG:4326")


def _zone(city: City) -> ZoneInfo:
    return ZoneInfo(city.manifest["city"]["timezone"])


def _local_moment(city: City) -> Any:
    return pd.Timestamp(city.as_of_utc, tz="UTC").tz_convert(_zone(city))
