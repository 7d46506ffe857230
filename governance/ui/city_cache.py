"""Answers that are kept for a city as long as it is open, and go with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from governance.city import City

P = ParamSpec("P")
R = TypeVar("R")


def keep_with_city(limit: int) -> Callable[[Callable[Concatenate[City, P], R]], Callable[Concatenate[City, P], R]]:
    """Keep the answers of a function of a city and of hashable positional arguments: the last `limit` per city.

    An `lru_cache` would hold the city itself, and with it the file of a generation that nobody looks at any more. What
    the function gives must not hold the city either.
    """

    def decorate(find: Callable[Concatenate[City, P], R]) -> Callable[Concatenate[City, P], R]:
        kept: WeakKeyDictionary[City, dict[Hashable, R]] = WeakKeyDictionary()
        lock = threading.Lock()

        @wraps(find)
        def find_once(city: City, /, *args: P.args, **kwargs: P.kwargs) -> R:
            key = (args, tuple(sorted(kwargs.items())))
            with lock:
                answers = kept.setdefault(city, {})
                if key in answers:
                    answers[key] = answers.pop(key)  # the newest stands last
                    return answers[key]
            found = find(city, *args, **kwargs)
            with lock:
                answers[key] = found
                while len(answers) > limit:
                    del answers[next(iter(answers))]
            return found

        return find_once

    return decorate
