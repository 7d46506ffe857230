"""What is kept for a city goes with it."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from governance.city import City, open_city
from governance.ui.city_cache import keep_with_city
from governance.ui.map_points import Subject, find_letters, find_points
from governance.ui.view import View, open_current
from tests import tiny_snapshot


def test_an_answer_is_found_once_and_of_many_the_last_are_kept(tiny: Path) -> None:
    asked: list[tuple[str, int]] = []

    @keep_with_city(2)
    def find(city: City, number: int) -> int:
        asked.append((city.generation, number))
        return 10 * number

    city = open_city(tiny)
    assert [find(city, number) for number in (1, 2, 1, 3, 1, 2)] == [10, 20, 10, 30, 10, 20]
    assert [number for _, number in asked] == [1, 2, 3, 2]
    city.close()


def test_a_generation_that_nobody_looks_at_is_let_go(tmp_path: Path) -> None:
    seen = []
    for _ in range(4):
        tiny_snapshot.publish_tiny(tmp_path)
        city = open_city(tmp_path)
        find_points(city, "incidents", Subject("group_rental"))
        find_letters(city, Subject("group_rental"))
        seen.append(weakref.ref(city))
    del city
    gc.collect()
    assert [reference() for reference in seen] == [None] * 4


def test_answers_about_an_old_generation_are_let_go_when_a_new_one_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = City.ask

    def count_asked(city: City, name: str, **params: Any) -> pd.DataFrame:
        asked.append(name)
        return ask(city, name, **params)

    monkeypatch.setattr(City, "ask", count_asked)
    tiny_snapshot.publish_tiny(tmp_path)
    view = View(open_current(tmp_path), "en")
    for _ in range(2):
        view.ask("scenarios")
    assert asked.count("ui_scenarios") == 1
    tiny_snapshot.publish_tiny(tmp_path)
    open_current(tmp_path)
    view.ask("scenarios")
    assert asked.count("ui_scenarios") == 2
