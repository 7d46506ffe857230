"""Work in several threads at once, a little ahead of who takes the results, which come in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 3  # results that may wait beside those in work: giver and taker do not stand still for each other


def map_ahead(work: Callable[[Item], Result], items: Iterable[Item], *, threads: int | None = None) -> Iterator[Result]:
    """`work(item)` for each item, in order; only a few items are taken before their results are.

    For work that NumPy does, as it lets other threads run meanwhile. `threads` is by default the number of cores.
    """
    _keep_freed_memory()
    threads = threads or os.cpu_count() or 1
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
