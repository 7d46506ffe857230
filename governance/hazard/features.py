"""Features of the hazard: what every grid's past, its neighbours and its other troubles say about the next 28 days.

Counts are summed once into blocks that end at the forecast's day; the features as of every past origin follow from
the blocks by decay alone, so that twelve training origins cost hardly more than one. Blocks too old to learn from are
one block, so that a stray report of thirty years ago costs no memory.

    first day ────────┬── 28 d ──┬── 28 d ──┬── 28 d ──┤ as_of
         older block  └ block 2    block 1    block 0
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy

from governance.errors import InputError
from governance.grids.neighbours import Neighbours
from governance.hazard.histories import measure_city, measure_scenarios

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int32]

RATE_DAYS = 28  # every feature is a rate in reports per 28 days, whatever the length of the blocks
MOST_ORIGINS = 12
HALF_LIVES_DAYS = (28, 448)
FEATURES = ("own_28d", "own_448d", "own_history", "near", "far", "other")
OTHER = FEATURES.index("other")
# An incident found by an inspection tells where inspectors were sent: it counts little, or red grids would stay red.
DISCOVERED_WEIGHT = 0.2
# Weighted reports are rounded to multiples of this. Sums of up to eight million reports are then exact, and so the
# same for every order of the rows: else two grids with the same past could swap ranks from one build to the next.
QUANTUM = 2.0**-30


@dataclass(frozen=True)
class Blocks:
    """Counts by block before `as_of` (block 0 is the newest); arrays are (blocks, scenarios, grids).

    counts: reports. severity: the sum of what these reports weigh. weighted: reports, and incidents found by
    inspections at their weight; decayed[h]: the same, decayed to the end of their block with half-life h.
    daily_totals: (scenarios, days) reports of all grids by age, the day before as_of first. history_days: days of the
    city's history before as_of; scenario_days: those of each scenario as of the end of each block, (blocks, scenarios),
    see `measure_scenarios`. block_days: length of every block but the oldest.
    """

    scenarios: tuple[str, ...]
    counts: Floats
    severity: Floats
    weighted: Floats
    decayed: tuple[Floats, ...]
    daily_totals: Floats
    as_of: date
    history_days: int
    scenario_days: npt.NDArray[np.int64]
    block_days: int
    half_lives_days: tuple[int, ...]


def sum_blocks(  # noqa: PLR0913  what to count, where, until when, and how it fades
    daily: pa.Table,
    scenarios: tuple[str, ...],
    *,
    grids: int,
    as_of: date,
    block_days: int = RATE_DAYS,
    half_lives_days: tuple[int, ...] = HALF_LIVES_DAYS,
    discovered_weight: float = DISCOVERED_WEIGHT,
) -> Blocks:
    """Sum the daily reports before `as_of`; rows on or after it are not looked at, whatever they hold.

    daily: grid_no, scenario, day, reports, and where inspections are told apart `discovered`: incidents they found
    that day, which count `discovered_weight` in the features and nothing in what is foretold; and where scenes weigh
    differently `severity`: the sum of the weights of that day's reports (else each weighs 1).

    Rows of any scenario begin the city's history, and each scenario has its own, see `governance.hazard.histories`.
    Left out of the sums are rows of other scenarios than `scenarios`, and those from before their scenario's history:
    strays such as one report of 1991, with a year or more without any behind them.
    Raises InputError where a row names no grid of the city or no countable number of incidents.
    """
    age = measure_ages(daily, as_of)
    history_days = measure_city(age)
    index = pc.index_in(pc.cast(daily["scenario"], pa.string()), pa.array(scenarios, pa.string()))
    scenario = index.fill_null(-1).to_numpy()
    # One block more than there are origins: what came before the oldest of them.
    blocks = min(max(1, -(-history_days // block_days)), MOST_ORIGINS + 1)
    scenario_days = measure_scenarios(
        age, scenario, scenarios=len(scenarios), city_days=history_days, ends=np.arange(blocks) * block_days
    )
    # The number of a scenario that is not asked for is -1: it has no days to count.
    keep = (age >= 1) & (age <= np.append(scenario_days[0], 0)[scenario])
    kinds = [name for name in ("reports", "discovered", "severity") if name in daily.column_names]
    grid, counted = _read_counts(daily.select(["grid_no", *kinds]).filter(pa.array(keep)), grids)
    reports = counted["reports"]
    weighted = reports + discovered_weight * counted["discovered"] if "discovered" in counted else reports
    age, scenario = age[keep], scenario[keep]
    block = np.minimum((age - 1) // block_days, blocks - 1)
    cell = (block * len(scenarios) + scenario) * grids + grid
    shape = (blocks, len(scenarios), grids)

    def add_up(values: Floats) -> Floats:
        sums: Floats = np.bincount(cell, np.rint(values / QUANTUM), blocks * len(scenarios) * grids).astype(np.float64)
        return sums.reshape(shape) * QUANTUM

    days_before_end = age - block * block_days  # 1 … block_days, more in the oldest block
    decayed = tuple(add_up(weighted * 0.5 ** (days_before_end / half_life)) for half_life in half_lives_days)
    counts = add_up(reports)
    past = counts if weighted is reports else add_up(weighted)
    severity = add_up(counted["severity"]) if "severity" in counted else counts
    days = max(history_days, 1)
    by_day = np.bincount(scenario * days + age - 1, np.rint(reports / QUANTUM), len(scenarios) * days) * QUANTUM
    totals: Floats = by_day.astype(np.float64).reshape(len(scenarios), days)
    return Blocks(
        scenarios, counts, severity, past, decayed, totals, as_of, history_days,
        scenario_days, block_days, half_lives_days,
    )  # fmt: skip


def count_reports(daily: pa.Table, scenarios: tuple[str, ...], *, grids: int, first: date, until: date) -> Floats:
    """Reports of the days from `first` on, before `until`, (scenarios, grids); other scenarios are left out."""
    day = pc.cast(daily["day"], pa.date32())
    rows = daily.filter(pc.and_(pc.greater_equal(day, pa.scalar(first)), pc.less(day, pa.scalar(until))))
    index = pc.index_in(pc.cast(rows["scenario"], pa.string()), pa.array(scenarios, pa.string()))
    number = index.fill_null(-1).to_numpy().astype(np.int64)
    is_known = number >= 0
    cell = number[is_known] * grids + rows["grid_no"].to_numpy()[is_known]
    reports = pc.cast(rows["reports"], pa.float64()).to_numpy()[is_known]
    sums: Floats = np.bincount(cell, reports, len(scenarios) * grids).astype(np.float64)
    return sums.reshape(len(scenarios), grids)


def build_features(blocks: Blocks, neighbours: Neighbours, *, origin: int) -> Floats:
    """Features as of the end of block `origin` (0 = as_of): (scenarios, grids, 6 + scenarios), in reports per 28 days.

    First those named in FEATURES; then the slow rates of all scenarios one by one, 0 for the scenario itself, of
    which "other" is the sum.
    """
    fast, slow = (decay_reports(blocks, half_life, origin=origin) for half_life in HALF_LIVES_DAYS)
    days = np.maximum(blocks.scenario_days[origin], 1)[:, None]
    history = blocks.weighted[origin:].sum(axis=0) / days * RATE_DAYS
    near = _average_neighbours(slow, neighbours.near_indptr, neighbours.near_indices)
    far = _average_neighbours(slow, neighbours.far_indptr, neighbours.far_indices)
    others = np.repeat(slow.T[None], len(slow), axis=0)
    others[np.arange(len(slow)), :, np.arange(len(slow))] = 0
    return np.concatenate([np.stack([fast, slow, history, near, far, others.sum(axis=-1)], axis=-1), others], axis=-1)


def decay_reports(blocks: Blocks, half_life_days: int, *, origin: int) -> Floats:
    """Rates (scenarios, grids) per 28 days as of the end of block `origin`, of reports that fade with the half-life.

    A decayed sum becomes a rate by dividing by the decayed time that the scenario had: a short history is no low rate.
    """
    decayed = blocks.decayed[blocks.half_lives_days.index(half_life_days)]
    total = _decay(decayed[origin:], blocks.block_days / half_life_days)
    times = np.array([sum_decay(half_life_days, days) for days in blocks.scenario_days[origin].tolist()])
    rates: Floats = total / times[:, None] * RATE_DAYS
    return rates


def measure_ages(daily: pa.Table, as_of: date) -> npt.NDArray[np.int64]:
    """Days from each row to `as_of`: 1 is the day before, 0 and less are the future."""
    day = pc.cast(pc.cast(daily["day"], pa.date32()), pa.int32())
    if day.null_count:
        raise InputError(f"{day.null_count} of {len(day)} daily rows have no day; leave them out or date them.")
    ages: npt.NDArray[np.int64] = np.datetime64(as_of, "D").astype(np.int64) - day.to_numpy().astype(np.int64)
    return ages


def _read_counts(daily: pa.Table, grids: int) -> tuple[npt.NDArray[np.int64], dict[str, Floats]]:
    """Grid number, and the counts of each further column by its name; all faults are told at once."""
    grid = pc.fill_null(pc.cast(daily["grid_no"], pa.int64()), -1).to_numpy()
    kinds = daily.column_names[1:]
    counted = {name: pc.fill_null(pc.cast(daily[name], pa.float64()), np.nan).to_numpy() for name in kinds}
    is_nowhere = (grid < 0) | (grid >= grids)
    faults = []
    if is_nowhere.any():
        faults.append(
            f"{is_nowhere.sum()} daily rows lie in no grid of 0 … {grids - 1}, such as {grid[is_nowhere][0]}."
        )
    for name, counts in counted.items():
        is_uncounted = ~(np.isfinite(counts) & (counts >= 0))
        if is_uncounted.any():
            faults.append(
                f"{is_uncounted.sum()} daily rows have no countable {name}, such as {counts[is_uncounted][0]}."
            )
    if faults:
        raise InputError(" ".join([*faults, "Count only located incidents, and weigh them by 0 or more."]))
    return grid, counted


def _decay(blocks: Floats, half_lives: float) -> Floats:
    """The blocks' sum, every block decayed by so many half-lives more than the next newer one."""
    total: Floats = blocks[-1].copy()
    for block in blocks[-2::-1]:
        total *= 0.5**half_lives
        total += block
    return total


def sum_decay(half_life: int, days: int) -> float:
    """The sum of 0.5 ** (age / half_life) over ages 1 … days, in days."""
    ratio = 0.5 ** (1 / half_life)
    return float(ratio * (1 - ratio ** max(days, 1)) / (1 - ratio))


def sum_neighbours(values: Floats, indptr: Integers, indices: Integers) -> Floats:
    """Sums over the neighbours of each grid, itself not included; values: (scenarios, grids)."""
    grids = values.shape[1]
    matrix = scipy.sparse.csr_array((np.ones(len(indices)), indices, indptr), shape=(grids, grids))
    return np.asarray((matrix @ values.T).T)


def _average_neighbours(values: Floats, indptr: Integers, indices: Integers) -> Floats:
    number = np.maximum(np.diff(indptr), 1)  # an island has no neighbours, and their mean is 0
    return sum_neighbours(values, indptr, indices) / number
