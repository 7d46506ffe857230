"""Planted faults: what real extracts are like, counted so that tests know what must be found."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_FAR_EAST_DEGREES = 1.6  # a point moved this far lies in the East China Sea


def plant_faults(
    table: pa.Table, shares: dict[str, float], rng: np.random.Generator
) -> tuple[pa.Table, dict[str, int]]:
    """The incidents with faults in a few rows, no row with two, and how many of each; copies come last."""
    masks = _choose_rows(table, shares, rng)
    for name in ("经度", "纬度"):
        table = _clear(table, name, masks["missing_coordinates"])
    table = _clear(table, "上报时间", masks["missing_reported_at"])
    table = _clear(table, "事件类别", masks["missing_category"])
    moved = pc.add(table["经度"], _FAR_EAST_DEGREES)
    table = _replace(table, "经度", pc.if_else(masks["outside_city"], moved, table["经度"]))
    hours = rng.integers(1, 48, table.num_rows) * 3_600_000
    before = pc.subtract(table["上报时间"], pa.array(hours, pa.duration("ms")))
    table = _replace(table, "结案时间", pc.if_else(masks["closed_before_reported"], before, table["结案时间"]))
    copies = _make_stale(table.filter(masks["duplicate_id"]))
    counts = {name: int(pc.sum(mask).as_py() or 0) for name, mask in masks.items()}
    return pa.concat_tables([table, copies]), counts


def _choose_rows(table: pa.Table, shares: dict[str, float], rng: np.random.Generator) -> dict[str, pa.Array]:
    """A mask per fault; one draw per row, so that no row gets two."""
    luck = rng.random(table.num_rows)
    changed = pc.greater(table["更新时间"], table["上报时间"]).to_numpy()
    closed = table["结案时间"].is_valid().to_numpy()
    able: dict[str, NDArray[np.bool_]] = {"closed_before_reported": closed, "duplicate_id": changed}
    masks, low = {}, 0.0
    for name, share in shares.items():
        hit = (luck >= low) & (luck < low + share)
        masks[name] = pa.array(hit & able.get(name, True))
        low += share
    return masks


def _make_stale(rows: pa.Table) -> pa.Table:
    """The same incidents as they stood when they had just been reported."""
    rows = _clear(rows, "结案时间", pa.array(np.ones(rows.num_rows, dtype=bool)))
    first = rows["当前状态"].chunk(0).dictionary.index("待派遣").as_py() if rows.num_rows else 0
    status = [
        pa.DictionaryArray.from_arrays(pa.array(np.full(len(chunk), first), chunk.indices.type), chunk.dictionary)
        for chunk in rows["当前状态"].chunks
    ]
    rows = _replace(rows, "当前状态", pa.chunked_array(status, rows["当前状态"].type))
    return _replace(rows, "更新时间", rows["上报时间"])


def _clear(table: pa.Table, name: str, mask: pa.Array) -> pa.Table:
    column = table[name]
    return _replace(table, name, pc.if_else(mask, pa.scalar(None, column.type), column))


def _replace(table: pa.Table, name: str, column: pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, column)
