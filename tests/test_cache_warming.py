"""A new generation is shown once it has answered what was asked of the one before, and not a moment later."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from governance.city import City
from governance.errors import NotReadyError
from governance.indicators.asking import find_day
from governance.ui import cache_warming
from governance.ui.cache_warming import follow_once, keep_warm, release_when_idle
from governance.ui.city_cache import keep_with_city, list_asked
from governance.ui.generations import find_shown, list_generations, open_current, show_generation
from governance.ui.turns import PAGES_AT_ONCE, TURNS
from governance.ui.view import Answers, View
from governance.warehouse import DatabaseError
from tests import tiny_snapshot
from tests.pages import run_page

Asks = list[tuple[str, str]]
FIGURES = {"scenario": "", "level": 0, "unit_id": ""}


@pytest.fixture
def city_dir(tmp_path: Path) -> Iterator[Path]:
    """A folder with one generation, which is shown."""
    tiny_snapshot.publish_tiny(tmp_path)
    follow(tmp_path)
    yield tmp_path
    show_generation(tmp_path, None)


@pytest.fixture
def asks(monkeypatch: pytest.MonkeyPatch) -> Asks:
    """Generation and question of all that reaches a snapshot."""
    heard: Asks = []
    ask = City.ask

    def listen(city: City, name: str, /, **params: Any) -> pd.DataFrame:
        heard.append((city.generation, name))
        return ask(city, name, **params)

    monkeypatch.setattr(City, "ask", listen)
    return heard


def follow(build_dir: Path) -> None:
    follow_once(build_dir, threading.Event())


def ask_page(build_dir: Path) -> None:
    """What a page asks: a row, and names, each of which needs a question of its own."""
    view = View(open_current(build_dir), "en")
    view.ask_row("overview_figures", **FIGURES)
    view.names("scenarios", "scenario")


def test_the_generation_before_is_shown_until_the_new_one_has_answered(city_dir: Path, asks: Asks) -> None:
    ask_page(city_dir)
    list_generations(city_dir)
    asked_of_first = [name for _, name in asks]
    tiny_snapshot.publish_tiny(city_dir)
    assert open_current(city_dir).generation == "000001"
    asks.clear()
    follow(city_dir)
    assert open_current(city_dir).generation == "000002"
    assert sorted(asks) == sorted(("000002", name) for name in asked_of_first)
    asks.clear()
    ask_page(city_dir)
    assert asks == []
    # Open pages may still ask for shapes of the one before.
    assert [city.generation for city in list_generations(city_dir)] == ["000002", "000001"]


def test_memory_of_generations_that_are_not_shown_any_more_is_handed_back(
    city_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released: list[str] = []
    made: list[bool] = []

    def release(city: City) -> None:
        # Streamlit keeps cities of other tests open.
        if city.build_dir == city_dir:
            released.append(city.generation)
            made.append(TURNS.acquire(blocking=False))

    monkeypatch.setattr(City, "release_memory", release)
    held = [open_current(city_dir)]  # as pages do that stand open
    for _ in range(2):
        tiny_snapshot.publish_tiny(city_dir)
        follow(city_dir)
        held.append(open_current(city_dir))
        with TURNS:
            before = list(released)
            release_when_idle()
            assert released == before, "a page is being made"
        for _ in range(2):
            release_when_idle()
    assert [city.generation for city in held] == ["000001", "000002", "000003"]
    assert released == ["000001", "000002"]
    assert not any(made), "a page could have been made meanwhile"


def test_a_generation_that_was_not_shown_for_a_moment_is_handed_back_in_the_end(
    city_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released: list[str] = []
    monkeypatch.setattr(
        City, "release_memory", lambda city: released.append(city.generation) if city.build_dir == city_dir else None
    )
    held = open_current(city_dir)
    pointer = city_dir / "CURRENT"
    pointer.rename(city_dir / "away")
    follow(city_dir)
    release_when_idle()
    (city_dir / "away").rename(pointer)
    follow(city_dir)
    released.clear()
    tiny_snapshot.publish_tiny(city_dir)
    follow(city_dir)
    release_when_idle()
    assert released == [held.generation] == ["000001"]


def test_memory_that_cannot_be_handed_back_is_logged_and_the_others_is(
    city_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[str] = []

    def refuse(city: City) -> None:
        if city.build_dir == city_dir:
            tried.append(city.generation)
            raise DatabaseError("the settings are locked")

    monkeypatch.setattr(City, "release_memory", refuse)
    held = [open_current(city_dir)]
    for _ in range(2):
        tiny_snapshot.publish_tiny(city_dir)
        follow(city_dir)
        held.append(open_current(city_dir))
    release_when_idle()
    assert sorted(tried) == ["000001", "000002"]
    assert caplog.text.count("was not handed back: the settings are locked") == 2
    assert held[0].ask("ui_scenarios").equals(held[2].ask("ui_scenarios"))


def test_nothing_happens_while_the_shown_generation_is_the_newest(city_dir: Path, asks: Asks) -> None:
    ask_page(city_dir)
    asks.clear()
    before = find_shown(city_dir)
    follow(city_dir)
    assert find_shown(city_dir) is before
    assert asks == []


def test_what_an_answer_needs_itself_is_not_remembered_and_the_newest_comes_first(city_dir: Path) -> None:
    ask_page(city_dir)
    names = [(asked.args[0], len(asked.args)) for asked in list_asked(city_dir)]
    assert names == [("scenarios", 3), ("ui_overview_figures", 1)]
    ask_page(city_dir)
    View(open_current(city_dir), "en").ask_row("overview_figures", **FIGURES)
    assert [asked.args[0] for asked in list_asked(city_dir)] == ["ui_overview_figures", "scenarios"]


# Evaluation is about whole months, and the tiny city's day is the first of one.
@pytest.mark.parametrize("page", ["overview", "city_map", "changes", "scenario", "overdue", "inspections"])
def test_what_a_page_asks_of_its_own_accord_names_no_day_of_the_data(tmp_path: Path, page: str) -> None:
    """Otherwise the next day's page would ask something else than what was asked ahead."""
    tiny_snapshot.publish_tiny(tmp_path)
    today = find_day(Answers(open_current(tmp_path)))
    run_page(page, tmp_path)
    asked = list_asked(tmp_path)
    assert asked
    assert [about for about in asked if repr(today) in repr((about.args, about.kwargs))] == []


def test_to_ask_ahead_is_no_visit(city_dir: Path) -> None:
    ask_page(city_dir)
    before = list_asked(city_dir)
    for _ in range(3):
        tiny_snapshot.publish_tiny(city_dir)
        follow(city_dir)
    assert list_asked(city_dir) == before


def test_of_each_function_no_more_is_asked_than_it_keeps(city_dir: Path) -> None:
    asked: list[tuple[str, int]] = []

    @keep_with_city(2)
    def find(city: City, number: int) -> int:
        asked.append((city.generation, number))
        return number

    for number in (1, 2, 3):
        find(open_current(city_dir), number)
    asked.clear()
    tiny_snapshot.publish_tiny(city_dir)
    follow(city_dir)
    assert asked == [("000002", 3), ("000002", 2)]


def test_a_question_without_an_answer_any_more_holds_nothing_up_and_is_forgotten(city_dir: Path, asks: Asks) -> None:
    @keep_with_city(2)
    def find(city: City) -> str:
        if city.generation != "000001":
            raise KeyError("a unit that is gone")
        return city.generation

    ask_page(city_dir)
    find(open_current(city_dir))
    tiny_snapshot.publish_tiny(city_dir)
    asks.clear()
    follow(city_dir)
    assert find_shown(city_dir) == open_current(city_dir)
    assert ("000002", "ui_overview_figures") in asks
    assert not any(asked.find is find for asked in list_asked(city_dir))


def test_a_still_newer_generation_ends_the_asking(city_dir: Path) -> None:
    asked: list[tuple[str, int]] = []

    @keep_with_city(9)
    def find(city: City, number: int) -> int:
        asked.append((city.generation, number))
        if city.generation == "000002":
            tiny_snapshot.publish_tiny(city_dir)
        return number

    for number in (1, 2):
        find(open_current(city_dir), number)
    tiny_snapshot.publish_tiny(city_dir)
    asked.clear()
    follow(city_dir)
    assert asked == [("000002", 2)]
    assert open_current(city_dir).generation == "000002"
    follow(city_dir)
    assert asked[1:] == [("000003", 2), ("000003", 1)]
    assert open_current(city_dir).generation == "000003"


@pytest.mark.parametrize("is_over", [False, True])
def test_it_ends_after_its_time_and_with_the_server(
    city_dir: Path, asks: Asks, monkeypatch: pytest.MonkeyPatch, *, is_over: bool
) -> None:
    ask_page(city_dir)
    tiny_snapshot.publish_tiny(city_dir)
    asks.clear()
    event = threading.Event()
    if is_over:
        event.set()
    else:
        monkeypatch.setattr(cache_warming, "_PATIENCE_S", -1.0)
    follow_once(city_dir, event)
    assert asks == []
    assert open_current(city_dir).generation == "000002"


def test_a_damaged_generation_is_told_and_not_hidden_behind_the_one_before(city_dir: Path) -> None:
    tiny_snapshot.publish_tiny(city_dir)
    file = city_dir / "snapshots" / "snap-000002.duckdb"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    follow(city_dir)
    assert find_shown(city_dir) is None
    with pytest.raises(NotReadyError, match="damaged"):
        open_current(city_dir)
    tiny_snapshot.publish_tiny(city_dir)
    follow(city_dir)
    assert open_current(city_dir).generation == "000003"


def test_data_that_are_gone_are_told_though_a_city_is_open(city_dir: Path) -> None:
    pointer = city_dir / "CURRENT"
    pointer.rename(city_dir / "away")
    with pytest.raises(NotReadyError):
        open_current(city_dir)
    (city_dir / "away").rename(pointer)
    assert open_current(city_dir).generation == "000001"


def test_a_page_can_be_made_between_two_answers(city_dir: Path) -> None:
    free: list[bool] = []

    @keep_with_city(2)
    def find(city: City) -> str:
        # One turn is the warming's own; all others are left to pages.
        taken = [TURNS.acquire(blocking=False) for _ in range(PAGES_AT_ONCE)]
        for _ in range(sum(taken)):
            TURNS.release()
        free.append(sum(taken) == PAGES_AT_ONCE - 1)
        return city.generation

    find(open_current(city_dir))
    free.clear()
    tiny_snapshot.publish_tiny(city_dir)
    follow(city_dir)
    assert free == [True]


def test_a_server_follows_as_long_as_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_snapshot.publish_tiny(tmp_path)
    looked, left = threading.Event(), threading.Event()

    def look(build_dir: Path, is_over: threading.Event) -> None:
        follow_once(build_dir, is_over)
        looked.set()

    def show(build_dir: Path, city: City | None) -> None:
        show_generation(build_dir, city)
        if city is None:
            left.set()

    monkeypatch.setattr(cache_warming, "follow_once", look)
    monkeypatch.setattr(cache_warming, "show_generation", show)

    async def live() -> str:
        async with keep_warm(tmp_path)(None):
            assert await asyncio.to_thread(looked.wait, 60)
            return open_current(tmp_path).generation

    assert asyncio.run(live()) == "000001"
    assert left.wait(timeout=60)
    assert find_shown(tmp_path) is None
