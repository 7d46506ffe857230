"""The whole demo city, written as a folder: grids, two years of incidents with their events, the truth, `city.toml`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from governance.demo.catalogue import load_catalogue
from governance.demo.dirt import plant_faults
from governance.demo.geography import make_grids
from governance.demo.incidents import Cases, Reports, World, draw_cases
from governance.demo.intensity import boost_start, make_intensity, rate_days
from governance.demo.log_faults import count_log_faults
from governance.demo.places import make_places
from governance.demo.plane import Floats
from governance.demo.records import make_events, make_incidents, make_texts
from governance.demo.tally import Tally, add_tallies, describe_tally, tally_cases
from governance.demo.truth import write_truth
from governance.errors import ConfigError

END = date(2026, 1, 1)
GRID_FILE = Path("grids") / "ningbo_grids.parquet"
TRUTH_FOLDER = "truth"

_DAY = 86_400
_DELTA = ("事件编号", "上报时间", "结案时间", "截止时间", "更新时间", "时间", "地点编码")
Progress = Callable[[str, float], None]


def make_city(
    folder: Path,
    *,
    seed: int = 20260101,
    days: int = 730,
    incidents_per_day: int = 8000,
    grids: int = 10_000,
    progress: Progress | None = None,
) -> None:
    """Write a synthetic Ningbo whose last `days` days end at 2026-01-01 00:00 local time.

    The same arguments give the same data. `progress` gets a word and the share done. A demo city made before is
    replaced; `city.toml` is written last. Raises ConfigError for impossible sizes, or when the folder holds
    a city that is not a demo.
    """
    if days < 2 or incidents_per_day < 1:
        raise ConfigError("The demo city needs at least two days and one incident a day.")
    tell = progress or (lambda _word, _share: None)
    _clear_folder(folder)
    tell("grids", 0.0)
    table = make_grids(seed, grids)
    write_grids(table, folder / GRID_FILE)
    start = END - timedelta(days=days)
    tell("rates", 0.08)
    world = make_world(table, seed=seed, start=start, days=days, per_day=incidents_per_day)
    factors = rate_days(world.catalogue, start, days)
    counts = _write_months(folder, world, factors, seed=seed, start=start, tell=tell)
    facts = {
        "seed": seed, "start": str(start), "end": str(END), "days": days, "incidents_per_day": incidents_per_day,
        "grids": len(table), **counts,
    }  # fmt: skip
    tell("truth", 0.98)
    write_truth(folder / TRUTH_FOLDER, table, world, factors, facts=facts)
    text = Path(__file__).with_name("city.toml").read_text(encoding="utf-8") + name_pilots(table, world)
    (folder / "city.toml").write_text(text, encoding="utf-8")
    tell("done", 1.0)


def _clear_folder(folder: Path) -> None:
    if (folder / "city.toml").exists() and not (folder / TRUTH_FOLDER).is_dir():
        raise ConfigError(f"{folder} holds a city that is not the demo. Choose an empty folder for the demo city.")
    for pattern in ("city.toml", "incidents/platform-*.parquet", "events/events-*.parquet"):
        for path in folder.glob(pattern):
            path.unlink()


def make_world(grids: gpd.GeoDataFrame, *, seed: int, start: date, days: int, per_day: float) -> World:
    """Rates, places and effects for these grids; the same arguments give the same world."""
    catalogue = load_catalogue()
    rng = np.random.default_rng([seed, 3])
    intensity = make_intensity(grids, catalogue, rng, per_day=per_day, start=start, days=days)
    return World(
        catalogue=catalogue,
        intensity=intensity,
        places=make_places(grids, rng),
        pilot_rows=(grids.district_en == catalogue.planted.pilot["district_en"]).to_numpy(),
        pilot_from=np.datetime64(start) + np.timedelta64(days // 2, "D"),
    )


def name_pilots(grids: gpd.GeoDataFrame, world: World) -> str:
    """The planted pilot as a table of `city.toml`; nothing if the grids do not reach into its district."""
    districts = grids.district_id[world.pilot_rows]
    if districts.empty:
        return ""
    scenario, district = world.catalogue.planted.pilot["scenario"], districts.iloc[0]
    return f'\n[[pilots]]\nscenario = "{scenario}"\ndistrict = "{district}"\nfrom = {world.pilot_from}\n'


def write_grids(grids: gpd.GeoDataFrame, path: Path) -> None:
    """Write the polygons as GeoParquet, packed as small as it gets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    grids.to_parquet(path, index=False, compression="zstd", compression_level=15)


def write_table(table: pa.Table, path: Path) -> None:
    """Write incidents or events; ids and times are stored as differences, which packs them best."""
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [
        field.name for field in table.schema if pa.types.is_dictionary(field.type) or pa.types.is_string(field.type)
    ]
    encoding = dict.fromkeys([name for name in _DELTA if name in table.schema.names], "DELTA_BINARY_PACKED")
    pq.write_table(table, path, compression="zstd", use_dictionary=texts, column_encoding=encoding)


def list_months(start: date, end: date) -> Iterator[tuple[str, np.datetime64, int]]:
    """Name, first day and number of days of every calendar month in [start, end), cut at both ends."""
    day = start
    while day < end:
        following = min((day.replace(day=1) + timedelta(days=32)).replace(day=1), end)
        yield f"{day:%Y-%m}", np.datetime64(day), (following - day).days
        day = following


def make_nothing() -> Reports:
    """No reports: what is carried into the first month."""
    return Reports(*(np.zeros(0, dtype=np.int64) for _ in range(4)))


def _write_months(
    folder: Path, world: World, factors: Floats, *, seed: int, start: date, tell: Progress
) -> dict[str, Any]:
    """Draw month after month while the last one is being written; gives the counts for the truth file."""
    boosted = factors * boost_start(world.catalogue, len(factors))
    carried, done, files = make_nothing(), 0, {}
    total = (END - start).days
    writing: list[Future[tuple[dict[str, int], Tally]]] = []
    with ThreadPoolExecutor(1) as writer:
        for name, first_day, days in list_months(start, END):
            tell(name, 0.1 + 0.87 * done / total)
            rng = np.random.default_rng([seed, 8, int(name.replace("-", ""))])
            cases, carried = draw_cases(world, first_day, boosted[done : done + days], carried=carried, rng=rng)
            done += days
            files[name] = writer.submit(_write_month, folder, name, cases, world, rng)
            writing.append(files[name])
            if len(writing) > 1:
                writing.pop(0).result()
    counts = {name: future.result()[0] for name, future in files.items()}
    lives = describe_tally(add_tallies([future.result()[1] for future in files.values()]), world.catalogue)
    kinds = next(iter(counts.values()))
    totals = {kind: sum(count[kind] for count in counts.values()) for kind in kinds}
    return {"totals": totals, "lives": lives, "files": counts}


def _write_month(
    folder: Path, name: str, cases: Cases, world: World, rng: np.random.Generator
) -> tuple[dict[str, int], Tally]:
    end, texts = seconds_of(END), make_texts(world)
    events = make_events(cases, texts, end=end)
    write_table(events, folder / "events" / f"events-{name}.parquet")
    incidents = make_incidents(cases, world, texts, end=end, rng=rng)
    dirty, faults = plant_faults(incidents, world.catalogue.planted.dirt, rng)
    write_table(dirty, folder / "incidents" / f"platform-{name}.parquet")
    shown = count_log_faults(cases.lives, cases.lives.happens & (cases.lives.at < end))
    counts = {"incidents": incidents.num_rows, "rows": dirty.num_rows, "events": events.num_rows, **faults, **shown}
    return counts, tally_cases(cases, world, end=end)


def seconds_of(day: date) -> int:
    """Local seconds since 1970 at the day's first moment."""
    return int(np.datetime64(day).astype("datetime64[D]").astype(np.int64)) * _DAY


def read_facts(folder: Path) -> dict[str, Any]:
    """What `truth.json` says of a city made before."""
    facts: dict[str, Any] = json.loads((folder / TRUTH_FOLDER / "truth.json").read_text(encoding="utf-8"))
    return facts


def read_grids(folder: Path) -> gpd.GeoDataFrame:
    """The grids of a city made before, in the order of `grid_id`."""
    return gpd.read_parquet(folder / GRID_FILE)
