"""Answers that are kept for a city as long as it is open, and go with it; and what was asked, which stays."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import pandas as pd

from governance.city import City

P = ParamSpec("P")
R = TypeVar("R")

# As many as pages and map need for all scenarios of a dozen districts; what is asked less often is forgotten.
_MOST_ASKED = 4000
_LOCK = threading.Lock()
_KEPT: list[WeakKeyDictionary[City, dict[Hashable, Future[Any]]]] = []
_ASKED: dict[Path, dict[Asked, None]] = {}
_LIMITS: dict[Callable[..., Any], int] = {}
_WITHIN = threading.local()


@dataclass(frozen=True)
class Asked:
    """What somebody wanted to know of a city: a function that keeps its answers, and its arguments but the city."""

    find: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]

    def ask_ahead(self, city: City) -> None:
        """Let this city keep its answer, before somebody wants it."""
        with _asking_within():
            self.find(city, *self.args, **dict(self.kwargs))


def keep_with_city(limit: int) -> Callable[[Callable[Concatenate[City, P], R]], Callable[Concatenate[City, P], R]]:
    """Keep the answers of a function of a city and of hashable arguments: the last `limit` per city.

    Who asks for what another thread is finding waits for it. Frames are given as shallow copies, which may be changed;
    everything else is shared and must not be. An `lru_cache` would hold the city itself, and with it the file of a
    generation that nobody looks at any more. What the function gives must not hold the city either, nor may its other
    arguments: they are remembered as what was asked (`list_asked`), and outlive the city.
    """

    def decorate(find: Callable[Concatenate[City, P], R]) -> Callable[Concatenate[City, P], R]:
        kept: WeakKeyDictionary[City, dict[Hashable, Future[Any]]] = WeakKeyDictionary()
        _KEPT.append(kept)

        @wraps(find)
        def find_once(city: City, /, *args: P.args, **kwargs: P.kwargs) -> R:
            key = (args, tuple(sorted(kwargs.items())))
            with _LOCK:
                _note(city, Asked(find_once, *key))
                answers = kept.setdefault(city, {})
                future = answers.pop(key, None)
                is_new = future is None
                future = answers[key] = future or Future()  # the newest stands last
                while len(answers) > limit:
                    del answers[next(iter(answers))]
            if is_new:
                _find(future, lambda: find(city, *args, **kwargs), forget=lambda: answers.pop(key, None))
            found: R = future.result()
            return found.copy(deep=False) if isinstance(found, pd.DataFrame) else found

        _LIMITS[find_once] = limit
        return find_once

    return decorate


def forget_answers(*, but_of: Iterable[City] = ()) -> None:
    """Let go of all that is kept for any city, but of these."""
    spared = set(but_of)
    with _LOCK:
        for kept in _KEPT:
            for city in [city for city in kept if city not in spared]:
                del kept[city]


def list_asked(build_dir: Path) -> list[Asked]:
    """What was last asked of any generation in this folder, the newest first; what answers need themselves is not.

    Of each function no more than it keeps.
    """
    with _LOCK:
        newest_first = list(reversed(_ASKED.get(build_dir, {})))
    counts: Counter[Callable[..., Any]] = Counter()
    chosen = []
    for asked in newest_first:
        counts[asked.find] += 1
        if counts[asked.find] <= _LIMITS[asked.find]:
            chosen.append(asked)
    return chosen


def remember_asked(build_dir: Path, newest_first: Iterable[Asked]) -> None:
    """As if these had been asked before all that was; of functions that keep no answers nothing is remembered."""
    with _LOCK:
        known = _ASKED.setdefault(build_dir, {})
        older = [asked for asked in newest_first if asked.find in _LIMITS and asked not in known]
        _ASKED[build_dir] = dict.fromkeys(reversed(older[: max(0, _MOST_ASKED - len(known))])) | known


def forget_asked(build_dir: Path, asked: Asked) -> None:
    """Let go of a question that has no answer any more."""
    with _LOCK:
        _ASKED.get(build_dir, {}).pop(asked, None)


def _note(city: City, asked: Asked) -> None:
    """Remember, as the newest, what a page asked; the questions within its answer come of themselves."""
    if getattr(_WITHIN, "is_on", False):
        return
    known = _ASKED.setdefault(city.build_dir, {})
    known.pop(asked, None)
    known[asked] = None
    if len(known) > _MOST_ASKED:
        del known[next(iter(known))]


@contextmanager
def _asking_within() -> Iterator[None]:
    """What this thread asks in the block is part of another answer, and nothing that a page asked."""
    before = getattr(_WITHIN, "is_on", False)
    _WITHIN.is_on = True
    try:
        yield
    finally:
        _WITHIN.is_on = before


def _find(future: Future[Any], find: Callable[[], Any], *, forget: Callable[[], Any]) -> None:
    """Fill the future; what went wrong is told to all who wait, and tried again by the next one who asks."""
    try:
        with _asking_within():
            found = find()
    except BaseException as error:  # noqa: BLE001  whoever waits must not wait for ever
        with _LOCK:
            forget()
        future.set_exception(error)
    else:
        future.set_result(found)
