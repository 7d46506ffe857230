"""Work in several threads at once, a little ahead of who takes the results, which come in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from governance.errors import ConfigError

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 3  # results that may wait beside those in work: giver and taker do not stand still for each other


def map_in_threads(
    work: Callable[[Item], Result], items: Iterable[Item], *, threads: int | None = None
) -> Iterator[Result]:
    """`work(item)` for each item, done by several threads; the results come in the order of the items.

    At most `threads` + 3 items are taken ahead of their results. One thread is the caller's own, and nothing is taken
    ahead. For work that NumPy does, as it lets other threads run meanwhile. Raises ConfigError as `count_threads`.
    """
    return _map_in_order(work, items, count_threads(threads))


def count_threads(threads: int | None) -> int:
    """The number itself, or that of the cores for None; raises ConfigError if it is below 1."""
    if threads is None:
        return os.cpu_count() or 1
    if threads < 1:
        raise ConfigError(f"{threads} threads cannot work. Give 1 or more, or None for one a core.")
    return threads


def _map_in_order(work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[Result]:
    _keep_freed_memory()
    if threads == 1:
        yield from map(work, items)
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= threads + _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _keep_freed_memory() -> None:
    """Let the C library keep what arrays of a few megabytes give back, instead of fetching it anew for each.

    glibc returns freed blocks to the system above a size that it learns from what is freed, at most 32 MB (see
    M_MMAP_THRESHOLD in mallopt(3)). Without this lesson half the time of a join goes into fresh pages. The block
    itself is never touched, and elsewhere nothing happens.
    """
    np.empty(31 << 20, dtype=np.uint8)
