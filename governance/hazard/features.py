"""Features of the hazard: what every grid's past, its neighbours and its other troubles say about the next 28 days.

Counts are summed once into blocks of 28 days that end at the forecast's day; the features as of every past origin
follow from the blocks by decay alone, so that twelve training origins cost hardly more than one.

    first day ──┬── 28 d ──┬── 28 d ──┬── 28 d ──┤ as_of
                └ block 2    block 1    block 0
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse

from governance.grids.neighbours import Neighbours

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int32]

BLOCK_DAYS = 28
HALF_LIVES_DAYS = (28, 448)
FEATURES = ("own_28d", "own_448d", "own_history", "near", "far", "other")


@dataclass(frozen=True)
class Blocks:
    """Counts by 28-day block before `as_of` (block 0 is the newest); arrays are (blocks, scenarios, grids).

    counts: reports. decayed[h]: reports decayed to the end of their block with half-life h.
    history_days: days of data before as_of.
    """

    scenarios: tuple[str, ...]
    counts: Floats
    decayed: tuple[Floats, ...]
    history_days: int


def sum_blocks(daily: pa.Table, scenarios: tuple[str, ...], *, grids: int, as_of: date) -> Blocks:
    """Sum the daily reports before `as_of`; rows on or after it are not looked at, whatever they hold."""
    day = pc.cast(pc.cast(daily["day"], pa.date32()), pa.int32()).to_numpy()
    age = (np.datetime64(as_of, "D").astype(int) - day).astype(np.int64)
    scenario = pc.index_in(pc.cast(daily["scenario"], pa.string()), pa.array(scenarios, pa.string()))
    index = scenario.fill_null(-1).to_numpy()
    keep = (age >= 1) & (index >= 0)
    age, index = age[keep], index[keep]
    grid = daily["grid_no"].to_numpy()[keep]
    reports = pc.cast(daily["reports"], pa.float64()).to_numpy()[keep]
    history_days = int(age.max()) if len(age) else 0
    blocks = max(1, -(-history_days // BLOCK_DAYS))
    block = (age - 1) // BLOCK_DAYS
    cell = (block * len(scenarios) + index) * grids + grid
    shape = (blocks, len(scenarios), grids)
    cells = blocks * len(scenarios) * grids

    def add_up(values: Floats) -> Floats:
        return np.bincount(cell, values, cells).astype(np.float64).reshape(shape)

    counts = add_up(reports)
    inside = age - block * BLOCK_DAYS  # 1 … 28 days before the block's end
    decayed = tuple(add_up(reports * 0.5 ** (inside / half_life)) for half_life in HALF_LIVES_DAYS)
    return Blocks(scenarios, counts, decayed, history_days)


def build_features(blocks: Blocks, neighbours: Neighbours, *, origin: int) -> Floats:
    """Features as of the end of block `origin` (0 = as_of): (scenarios, grids, 6), in reports per 28 days.

    A decayed sum becomes a rate by dividing by the decayed time there was: a short history is no low rate.
    """
    days = blocks.history_days - origin * BLOCK_DAYS
    fast, slow = (
        _decay(decayed[origin:], half_life) / _decayed_days(half_life, days) * BLOCK_DAYS
        for decayed, half_life in zip(blocks.decayed, HALF_LIVES_DAYS, strict=True)
    )
    history = blocks.counts[origin:].sum(axis=0) / max(days, 1) * BLOCK_DAYS
    near = _mean_of_neighbours(slow, neighbours.near_indptr, neighbours.near_indices)
    far = _mean_of_neighbours(slow, neighbours.far_indptr, neighbours.far_indices)
    other = slow.sum(axis=0, keepdims=True) - slow
    return np.stack([fast, slow, history, near, far, other], axis=-1)


def _decay(blocks: Floats, half_life: int) -> Floats:
    weight = 0.5 ** (np.arange(len(blocks)) * BLOCK_DAYS / half_life)
    return np.tensordot(weight, blocks, axes=1)


def _decayed_days(half_life: int, days: int) -> float:
    """The sum of 0.5 ** (age / half_life) over ages 1 … days."""
    ratio = 0.5 ** (1 / half_life)
    return float(ratio * (1 - ratio ** max(days, 1)) / (1 - ratio))


def _mean_of_neighbours(values: Floats, indptr: Integers, indices: Integers) -> Floats:
    grids = values.shape[1]
    matrix = scipy.sparse.csr_array((np.ones(len(indices)), indices, indptr), shape=(grids, grids))
    number = np.maximum(np.diff(indptr), 1)  # an island has no neighbours, and their mean is 0
    return np.asarray((matrix @ values.T).T) / number
