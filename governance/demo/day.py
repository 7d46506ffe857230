"""One new day of the demo city, as a platform would deliver it next morning: to measure an incremental build."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from governance.demo.catalogue import COMMAND_CENTER
from governance.demo.city import (
    END,
    list_months,
    make_nothing,
    make_world,
    read_facts,
    read_grids,
    seconds_of,
    write_table,
)  # fmt: skip
from governance.demo.incidents import World, draw_cases
from governance.demo.intensity import AHEAD, boost_start, rate_days
from governance.demo.plane import Floats
from governance.demo.records import make_events, make_incidents, make_texts
from governance.demo.tessellation import Integers
from governance.errors import ConfigError, NotReadyError

_MOST_UPDATES = 2000
_DAY = 86_400


def make_day(folder: Path, day: date = END, *, seed: int | None = None) -> None:
    """Write the incidents reported on `day` and about 2,000 older cases closed on it, into a city made before.

    An older case comes with its whole row and a later 更新时间; its event log gets only the new events. `seed`
    is the day's own chance (default: the city's). Raises NotReadyError without a city, ConfigError when the
    day is not within the four weeks after the city's end.
    """
    if not (folder / "truth" / "truth.json").is_file():
        raise NotReadyError(f"There is no demo city in {folder}. Make one first: python -m governance demo.")
    facts = read_facts(folder)
    if not END <= day < END + timedelta(days=AHEAD):
        raise ConfigError(f"The city ends at {END}; a new day lies within {AHEAD} days from then, not {day}.")
    start = date.fromisoformat(facts["start"])
    world = make_world(
        read_grids(folder), seed=facts["seed"], start=start, days=facts["days"], per_day=facts["incidents_per_day"]
    )
    rng = np.random.default_rng([facts["seed"] if seed is None else seed, 5, day.toordinal()])
    factor = rate_days(world.catalogue, start, facts["days"])[facts["days"] + (day - END).days]
    incidents, events = _draw_day(world, day, factor, rng)
    updates, closing = _close_older(folder, world, day, rng)
    write_table(pa.concat_tables([incidents, updates]), folder / "incidents" / f"platform-{day}.parquet")
    write_table(pa.concat_tables([events, closing]), folder / "events" / f"events-{day}.parquet")


def _draw_day(world: World, day: date, factor: Floats, rng: np.random.Generator) -> tuple[pa.Table, pa.Table]:
    """The incidents and events of one day's new cases, as they stand at its end."""
    boosted = factor[None] * boost_start(world.catalogue, 1)
    cases, _ = draw_cases(world, np.datetime64(day), boosted, carried=make_nothing(), rng=rng)
    end, texts = seconds_of(day) + _DAY, make_texts(world)
    incidents = make_incidents(cases, world, texts, end=end, rng=rng)
    return _decode(incidents), _decode(make_events(cases, texts, end=end))


def _close_older(folder: Path, world: World, day: date, rng: np.random.Generator) -> tuple[pa.Table, pa.Table]:
    """Rows of the last month that were open, closed on `day`, and the events that did it; each day has its own."""
    month = list(list_months(END - timedelta(days=1), END))[-1][0]
    table = pq.read_table(folder / "incidents" / f"platform-{month}.parquet")
    being_handled = pc.equal(table["当前状态"].cast(pa.string()), "处置中").to_numpy()
    todays = table["事件编号"].to_numpy() % AHEAD == (day - END).days
    rows = np.flatnonzero(being_handled & todays & table["上报时间"].is_valid().to_numpy())
    older = _decode(table.take(np.sort(rng.choice(rows, min(_MOST_UPDATES, len(rows)), replace=False))))
    office = seconds_of(day) + np.sort(rng.integers(9 * 3600, 17 * 3600, (older.num_rows, 2)), axis=1)
    closed = pa.array(office[:, 1] * 1000).cast(pa.timestamp("ms"))
    done = pa.array(["已结案"] * older.num_rows, pa.string())
    for name, column in {"结案时间": closed, "更新时间": closed, "当前状态": done}.items():
        older = older.set_column(older.schema.get_field_index(name), name, column)
    return older, _log_closing(older, office, world)


def _log_closing(older: pa.Table, office: Integers, world: World) -> pa.Table:
    """处置完成 and 结案 for each of the rows."""
    count = 2 * older.num_rows
    center = world.catalogue.department_names[world.catalogue.find_department(COMMAND_CENTER)]
    return pa.table(
        {
            "事件编号": np.repeat(older["事件编号"].to_numpy(), 2),
            "动作": pa.array(["处置完成", "结案"] * older.num_rows, pa.string()),
            "时间": pa.array(office.ravel() * 1000).cast(pa.timestamp("ms")),
            "单位": pa.array([unit for held in older["主办单位"].to_pylist() for unit in (held, center)], pa.string()),
            "原因": pa.nulls(count, pa.string()),
            "延期至": pa.nulls(count, pa.date32()),
        }
    )


def _decode(table: pa.Table) -> pa.Table:
    """Dictionary columns as plain texts, so that tables with different dictionaries fit together."""
    for number, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(number, field.name, table[field.name].cast(pa.string()))
    return table
