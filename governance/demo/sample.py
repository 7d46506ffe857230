"""The sample that is committed: all grids, and three days of incidents as untidy as real extracts come.

GB18030 texts, points in GCJ-02 (the offset of Chinese maps), a few cells that nobody can read.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from governance.demo.city import END, make_nothing, make_world, seconds_of, write_grids
from governance.demo.dirt import plant_faults
from governance.demo.geography import make_grids
from governance.demo.incidents import draw_cases
from governance.demo.intensity import boost_start, rate_days
from governance.demo.records import make_events, make_incidents, make_texts
from governance.ingest.coordinates import wgs84_to_gcj02

SAMPLE_DAYS = (date(2025, 12, 15), date(2025, 12, 16), date(2025, 12, 17))
SAMPLE_PER_DAY = 1500
ENCODING = "gb18030"

_YEARS_DAYS = 730
_MORE_FAULTS = 5  # so that a small sample shows each
_UNREADABLE_TIMES = ("2025-13-45 25:61:00", "昨天下午", "#VALUE!")
_UNREADABLE_POINTS = ("不详", "121.5E")


def make_sample(repo_root: Path, *, seed: int = 20260101, grids: int = 10_000) -> None:
    """Write `data/` below `repo_root`: grids, three days of incidents and events as CSV, `city.toml`, READMEs."""
    data = repo_root / "data"
    table = make_grids(seed, grids)
    write_grids(table, data / "grids" / "ningbo_grids.parquet")
    start = END - timedelta(days=_YEARS_DAYS)
    world = make_world(table, seed=seed, start=start, days=_YEARS_DAYS, per_day=SAMPLE_PER_DAY)
    factors, texts = rate_days(world.catalogue, start, _YEARS_DAYS), make_texts(world)
    shares = {name: _MORE_FAULTS * share for name, share in world.catalogue.planted.dirt.items()}
    for day in SAMPLE_DAYS:
        rng = np.random.default_rng([seed, 6, day.toordinal()])
        factor = factors[[(day - start).days]] * boost_start(world.catalogue, 1)
        cases, _ = draw_cases(world, np.datetime64(day), factor, carried=make_nothing(), rng=rng)
        incidents = make_incidents(cases, world, texts, end=seconds_of(END), rng=rng)
        dirty, _ = plant_faults(incidents, shares, rng)
        _write_csv(_make_untidy(dirty, rng), data / "incidents" / f"platform-{day}.csv")
        events = make_events(cases, texts, end=seconds_of(END))
        _write_csv(_decode(events), data / "incidents" / f"events-{day}.csv")
    _write_texts(data)


def _decode(table: pa.Table) -> pd.DataFrame:
    """A frame of texts: times as the platform writes them, empty where nothing is known."""
    frame = table.to_pandas(strings_to_categorical=False, integer_object_nulls=True)
    for name in frame.columns[frame.dtypes.map(pd.api.types.is_datetime64_any_dtype)]:
        frame[name] = frame[name].dt.strftime("%Y/%m/%d %H:%M:%S")
    for name in [field.name for field in table.schema if pa.types.is_date(field.type)]:
        frame[name] = pd.to_datetime(frame[name]).dt.strftime("%Y/%m/%d")
    return frame.astype(object)


def _make_untidy(table: pa.Table, rng: np.random.Generator) -> pd.DataFrame:
    """The incidents with points in GCJ-02 and a few unreadable times and longitudes."""
    frame = _decode(table)
    lon, lat = wgs84_to_gcj02(frame["经度"].to_numpy(dtype=float), frame["纬度"].to_numpy(dtype=float))
    frame["经度"], frame["纬度"] = _write_degrees(lon), _write_degrees(lat)
    rows = rng.choice(len(frame), len(_UNREADABLE_TIMES) + len(_UNREADABLE_POINTS), replace=False)
    frame.loc[rows[: len(_UNREADABLE_TIMES)], "上报时间"] = _UNREADABLE_TIMES
    frame.loc[rows[len(_UNREADABLE_TIMES) :], "经度"] = _UNREADABLE_POINTS
    return frame


def _write_degrees(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[str]:
    return ["" if np.isnan(value) else f"{value:.6f}" for value in values]


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False, encoding=ENCODING, lineterminator="\r\n")


def _write_texts(data: Path) -> None:
    """`city.toml` for the CSV files, and the READMEs that stand beside them."""
    here = Path(__file__).parent
    profile = (here / "city.toml").read_text(encoding="utf-8")
    for parquet, csv in _AS_CSV.items():
        if parquet not in profile:
            raise ValueError(f"city.toml no longer has {parquet!r}; mend _AS_CSV.")
        profile = profile.replace(parquet, csv)
    (data / "city.toml").write_text(profile, encoding="utf-8")
    for name in ("grids", "incidents"):
        text = (here / "texts" / f"{name}.md").read_text(encoding="utf-8")
        (data / name / "README.md").write_text(text, encoding="utf-8")


_AS_CSV = {
    'id = "ningbo_demo"': 'id = "ningbo_sample"',
    'name_zh = "宁波（合成演示）"': 'name_zh = "宁波（合成样例）"',
    'name_en = "Ningbo (synthetic)"': 'name_en = "Ningbo (synthetic sample)"',
    'files = ["incidents/platform-*.parquet"]\nformat = "parquet"\ncrs = "EPSG:4326"': (
        'files = ["incidents/platform-*.csv"]\nformat = "csv"\nencoding = "gb18030"\ncrs = "GCJ-02"\n'
        'time_formats = ["%Y/%m/%d %H:%M:%S"]'
    ),
    'files = ["events/events-*.parquet"]\nformat = "parquet"': (
        'files = ["incidents/events-*.csv"]\nformat = "csv"\nencoding = "gb18030"\n'
        'time_formats = ["%Y/%m/%d %H:%M:%S", "%Y/%m/%d"]'
    ),
}
