"""What is kept for a city goes with it."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from governance.cases.moves import KINDS
from governance.city import City, open_city
from governance.ui.city_cache import keep_with_city
from governance.ui.generations import open_current
from governance.ui.map_points import Subject, find_letters, find_points
from governance.ui.view import View
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


def test_who_asks_while_another_finds_waits_for_the_same_answer(tiny: Path) -> None:
    asked: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    @keep_with_city(2)
    def find(_city: City, number: int) -> int:
        asked.append(number)
        begun.set()
        assert go_on.wait(timeout=60)
        return 10 * number

    city = open_city(tiny)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(find, city, 1)
        assert begun.wait(timeout=60)
        others = [threads.submit(find, city, 1) for _ in range(3)]
        go_on.set()
        assert [future.result(timeout=60) for future in (first, *others)] == [10] * 4
    assert asked == [1]
    city.close()


def test_what_went_wrong_is_tried_again(tiny: Path) -> None:
    asked: list[int] = []

    @keep_with_city(2)
    def find(_city: City, number: int) -> int:
        asked.append(number)
        if len(asked) == 1:
            raise RuntimeError("The first time fails.")
        return 10 * number

    city = open_city(tiny)
    with pytest.raises(RuntimeError, match="first time"):
        find(city, 1)
    assert [find(city, 1), find(city, 1)] == [10, 10]
    assert asked == [1, 1]
    city.close()


def test_a_frame_may_be_changed_by_whoever_was_given_it(tiny: Path) -> None:
    view = View(open_current(tiny), "en")
    first = view.ask("scenarios")
    kept = first.copy()
    first["scenario"] = "changed"
    first.loc[0, "name_en"] = "changed"
    pd.testing.assert_frame_equal(view.ask("scenarios"), kept)


def test_a_list_among_the_values_of_a_question_is_a_key_too(tiny: Path) -> None:
    view = View(open_current(tiny), "en")
    asked = {"source": "platform", "incident_id": "A-2", "reported_at_utc": datetime(2025, 2, 1)}  # noqa: DTZ001
    first, again = (view.ask("case_events", kinds=list(KINDS), **asked) for _ in range(2))
    assert len(first) > 0
    pd.testing.assert_frame_equal(first, again)
