"""Answers that are kept for a city as long as it is open, and go with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import pandas as pd

from governance.city import City

P = ParamSpec("P")
R = TypeVar("R")

_LOCK = threading.Lock()
_KEPT: list[WeakKeyDictionary[City, dict[Hashable, Future[Any]]]] = []


def keep_with_city(limit: int) -> Callable[[Callable[Concatenate[City, P], R]], Callable[Concatenate[City, P], R]]:
    """Keep the answers of a function of a city and of hashable arguments: the last `limit` per city.

    Who asks for what another thread is finding waits for it. Frames are given as shallow copies, which may be changed;
    everything else is shared and must not be. An `lru_cache` would hold the city itself, and with it the file of a
    generation that nobody looks at any more. What the function gives must not hold the city either.
    """

    def decorate(find: Callable[Concatenate[City, P], R]) -> Callable[Concatenate[City, P], R]:
        kept: WeakKeyDictionary[City, dict[Hashable, Future[Any]]] = WeakKeyDictionary()
        _KEPT.append(kept)

        @wraps(find)
        def find_once(city: City, /, *args: P.args, **kwargs: P.kwargs) -> R:
            key = (args, tuple(sorted(kwargs.items())))
            with _LOCK:
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

        return find_once

    return decorate


def forget_answers() -> None:
    """Let go of all that is kept for any city."""
    with _LOCK:
        for kept in _KEPT:
            kept.clear()


def _find(future: Future[Any], find: Callable[[], Any], *, forget: Callable[[], Any]) -> None:
    """Fill the future; what went wrong is told to all who wait, and tried again by the next one who asks."""
    try:
        found = find()
    except BaseException as error:  # noqa: BLE001  whoever waits must not wait for ever
        with _LOCK:
            forget()
        future.set_exception(error)
    else:
        future.set_result(found)
