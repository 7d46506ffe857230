"""What was asked is kept with the city: a server that starts anew asks it again, and only that."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from governance.city import City
from governance.ui import cache_warming, city_cache
from governance.ui.asked_file import FILE, read_asked, write_asked
from governance.ui.cache_warming import follow_once, keep_warm
from governance.ui.city_cache import forget_answers, list_asked
from governance.ui.generations import open_current, show_generation
from governance.ui.turns import TURNS
from governance.ui.view import View
from tests import tiny_snapshot
from tests.pages import run_page

GOOD = ["governance.ui.view:_list_names", ["scenarios", "scenario", "name_en"], []]


@pytest.fixture
def city_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with one generation; nothing was asked of it."""
    tiny_snapshot.publish_tiny(tmp_path)
    start_anew(monkeypatch)
    yield tmp_path
    show_generation(tmp_path, None)


def start_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a server just started: nothing was asked, and no answer is kept."""
    monkeypatch.setattr(city_cache, "_ASKED", {})
    forget_answers()


def read_rows(city_dir: Path) -> list[Any]:
    rows: list[Any] = json.loads((city_dir / FILE).read_text(encoding="utf-8"))
    return rows


def test_all_that_pages_ask_is_there_again_in_its_order(city_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for page in ("overview", "evaluation", "inspections"):
        run_page(page, city_dir)
    asked = list_asked(city_dir)
    kinds = {type(value) for about in asked for value in (*about.args, *about.kwargs)}
    assert len(kinds) > 2, "records and functions, not texts only"
    write_asked(city_dir)
    start_anew(monkeypatch)
    assert list_asked(city_dir) == []
    read_asked(city_dir)
    assert list_asked(city_dir) == asked


@pytest.mark.parametrize("value", ["户", "\ud800", 7, 0.5, True, None, date(2026, 1, 31), ("a", ("b", 1)), ()])
def test_values_come_back_as_they_were(city_dir: Path, monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    with pytest.raises(Exception, match=r".+"):  # no question takes it; what was asked is remembered all the same
        View(open_current(city_dir), "en").ask("no such question", value=value)
    write_asked(city_dir)
    start_anew(monkeypatch)
    read_asked(city_dir)
    (asked,) = list_asked(city_dir)
    assert asked.kwargs == (("value", value),)
    assert type(dict(asked.kwargs)["value"]) is type(value)


def test_what_was_asked_since_the_start_is_newer_than_the_file(city_dir: Path) -> None:
    (city_dir / FILE).write_text(json.dumps([GOOD]), encoding="utf-8")
    View(open_current(city_dir), "en").names("departments", "department")
    read_asked(city_dir)
    assert [asked.args[0] for asked in list_asked(city_dir)] == ["departments", "scenarios"]


@pytest.mark.parametrize(
    "row",
    [
        "text",
        None,
        ["governance.ui.view:_list_names", []],
        ["governance.ui.view:_no_such_function", [], []],
        ["governance.ui.view:View", [], []],
        ["governance.no_such_module:read", [], []],
        ["os:system", ["true"], []],
        ["governance.snapshot:read_current", [], []],  # ours, but it keeps no answers
        ["governance.ui.asked_file:replacing", [], []],  # in a module of ours, but not of it
        [*GOOD[:1], [{"function": "shutil:rmtree"}], []],
        [*GOOD[:1], [{"function": "governance.city:fields"}], []],
        [*GOOD[:1], json.loads("[" * 600 + "]" * 600), []],
        [*GOOD[:1], "text", "text"],
        [*GOOD[:1], [{"record": "governance.ui.view:_ask", "fields": {}}], []],
        [*GOOD[:1], [{"record": "governance.ui.map_points:Subject", "fields": {"no_such_field": 1}}], []],
        [*GOOD[:1], [{"date": "2026-02-30"}], []],
        [*GOOD[:1], [{"kind": "of another version"}], []],
    ],
)
def test_a_row_that_is_not_understood_is_left_out_and_the_others_are_not(city_dir: Path, row: Any) -> None:
    (city_dir / FILE).write_text(json.dumps([row, GOOD]), encoding="utf-8")
    read_asked(city_dir)
    assert [(asked.find.__name__, asked.args) for asked in list_asked(city_dir)] == [("_list_names", tuple(GOOD[1]))]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"{}", b"7", b"[" * 100_000])
def test_a_broken_file_is_written_anew(city_dir: Path, content: bytes) -> None:
    (city_dir / FILE).write_bytes(content)
    read_asked(city_dir)
    assert list_asked(city_dir) == []
    View(open_current(city_dir), "en").names("scenarios", "scenario")
    write_asked(city_dir)
    assert read_rows(city_dir) == [GOOD]


def test_long_texts_from_addresses_are_not_kept(city_dir: Path) -> None:
    view = View(open_current(city_dir), "en")
    for grid_id in ("x" * 200, "x" * 201):
        view.ask_row("grid", grid_id=grid_id, scenario="")
    write_asked(city_dir)
    assert [row[2][0] for row in read_rows(city_dir)] == [["grid_id", "x" * 200]]


def test_a_file_that_says_the_same_is_not_written_again(city_dir: Path) -> None:
    view = View(open_current(city_dir), "en")
    view.names("scenarios", "scenario")
    write_asked(city_dir)
    first = (city_dir / FILE).stat()
    write_asked(city_dir)
    assert (city_dir / FILE).stat().st_mtime_ns == first.st_mtime_ns
    view.names("departments", "department")
    write_asked(city_dir)
    assert len(read_rows(city_dir)) == 2
    assert [file.name for file in city_dir.iterdir() if file.name.startswith(FILE)] == [FILE]


def test_a_folder_that_cannot_be_written_stops_nothing(
    city_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_args: object) -> None:
        raise OSError("the disk is full")

    View(open_current(city_dir), "en").names("scenarios", "scenario")
    for step in ("write_bytes", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, step, refuse)
            write_asked(city_dir)
    assert caplog.text.count("could not be kept") == 2
    assert [file.name for file in city_dir.iterdir() if FILE in file.name] == []
    assert len(list_asked(city_dir)) == 1


def test_what_another_server_of_the_folder_wrote_meanwhile_stays(city_dir: Path) -> None:
    other = [*GOOD[:1], ["departments", "department", "name_en"], []]
    (city_dir / FILE).write_text(json.dumps([other]), encoding="utf-8")
    View(open_current(city_dir), "en").names("scenarios", "scenario")
    write_asked(city_dir)
    assert read_rows(city_dir) == [GOOD, other]


def test_many_writers_never_leave_half_a_file(city_dir: Path) -> None:
    view = View(open_current(city_dir), "en")
    for number in range(300):
        view.ask_row("grid", grid_id=f"g{number}", scenario="")

    def write(name: str) -> None:
        for _ in range(8):
            View(open_current(city_dir), "en").names(name, name[:-1])
            write_asked(city_dir)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("scenarios", "departments")]
    for thread in threads:
        thread.start()
    seen = []
    while any(thread.is_alive() for thread in threads):
        with suppress(FileNotFoundError):
            seen.append(len(read_rows(city_dir)))
    for thread in threads:
        thread.join()
    assert min(seen, default=300) >= 300
    assert len(read_rows(city_dir)) == 302


def test_cases_that_visitors_type_are_not_kept(city_dir: Path) -> None:
    run_page("case", city_dir, case="王小明 13800138000")
    view = View(open_current(city_dir), "en")
    view.names("scenarios", "scenario")
    view.ask_row("case", source="A", incident_id="A-1")
    assert any("A-1" in repr(asked) for asked in list_asked(city_dir))
    write_asked(city_dir)
    assert not re.search(r"A-1|incident_id|13800138000|case_sources", (city_dir / FILE).read_text(encoding="utf-8"))


def test_no_more_is_remembered_than_there_is_room_for_and_the_newest_stays(
    city_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(city_cache, "_MOST_ASKED", 3)
    View(open_current(city_dir), "en").names("departments", "department")
    rows = [[GOOD[0], ["scenarios", "scenario", f"name_{number}"], []] for number in range(5)]
    (city_dir / FILE).write_text(json.dumps(rows), encoding="utf-8")
    read_asked(city_dir)
    assert [asked.args[-1] for asked in list_asked(city_dir)] == ["name_en", "name_0", "name_1"]


def test_nothing_asked_leaves_what_is_kept(city_dir: Path) -> None:
    write_asked(city_dir)
    assert not (city_dir / FILE).exists()
    (city_dir / FILE).write_text(json.dumps([GOOD]), encoding="utf-8")
    write_asked(city_dir)
    assert read_rows(city_dir) == [GOOD]


def test_a_server_that_starts_anew_asks_what_was_asked_of_the_one_before(
    city_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def live(*, until: threading.Event) -> None:
        async with keep_warm(city_dir)(None):
            assert await asyncio.to_thread(until.wait, 60)

    at_once, answered = threading.Event(), threading.Event()
    at_once.set()
    View(open_current(city_dir), "en").names("scenarios", "scenario")
    asyncio.run(live(until=at_once))
    start_anew(monkeypatch)
    ask = city_cache.Asked.ask_ahead

    def listen(asked: city_cache.Asked, city: Any) -> None:
        ask(asked, city)
        assert asked.args == tuple(GOOD[1])
        answered.set()

    monkeypatch.setattr(city_cache.Asked, "ask_ahead", listen)
    asyncio.run(live(until=answered))


class Patience(threading.Event):
    """Counts how often it is waited for; at the third time it does something, or the server ends."""

    def __init__(self, third: Callable[[], object] | None = None) -> None:
        super().__init__()
        self.waits, self._third = 0, third or self.set

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout
        self.waits += 1
        if self.waits == 3:
            self._third()
        assert self.waits < 9, "it waits for ever"
        return self.is_set()


@pytest.fixture
def busy(city_dir: Path) -> Iterator[Callable[[], None]]:
    """A page is being made, until the function is called; a server just started knows one question."""
    (city_dir / FILE).write_text(json.dumps([GOOD]), encoding="utf-8")
    read_asked(city_dir)
    TURNS.acquire()
    is_made = threading.Event()

    def end() -> None:
        if not is_made.is_set():
            is_made.set()
            TURNS.release()

    yield end
    end()


def follow(city_dir: Path, patience: Patience) -> None:
    """In a thread, which may stand still."""
    thread = threading.Thread(target=follow_once, args=(city_dir, patience), daemon=True)
    thread.start()
    thread.join(timeout=60)
    assert not thread.is_alive()


def count_answers(city: City) -> int:
    return sum(len(kept[city]) for kept in city_cache._KEPT if city in kept)


def test_pages_of_a_server_just_started_go_first(city_dir: Path, busy: Callable[[], None]) -> None:
    answers: list[int] = []

    def go_on() -> None:
        answers.append(count_answers(open_current(city_dir)))
        busy()

    patience = Patience(third=go_on)
    follow(city_dir, patience)
    assert (patience.waits, answers) == (3, [0])
    assert count_answers(open_current(city_dir)) == 1


def test_a_new_generation_does_not_wait_until_nobody_looks_at_a_page(city_dir: Path, busy: Callable[[], None]) -> None:
    follow(city_dir, Patience(third=lambda: tiny_snapshot.publish_tiny(city_dir)))
    assert open_current(city_dir).generation == "000001"
    assert count_answers(open_current(city_dir)) == 0
    follow(city_dir, Patience(third=busy))
    assert open_current(city_dir).generation == "000002"
    assert count_answers(open_current(city_dir)) == 1


def test_the_server_ends_though_pages_are_made(city_dir: Path, busy: Callable[[], None]) -> None:
    patience = Patience()
    follow(city_dir, patience)
    assert patience.waits == 3
    busy()


def test_patience_ends(city_dir: Path, busy: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_warming, "_PATIENCE_WHEN_SHOWN_S", -1.0)
    patience = Patience(third=busy)
    follow(city_dir, patience)
    assert patience.waits == 0
    assert count_answers(open_current(city_dir)) == 0


def test_what_was_asked_is_written_while_the_server_lives(city_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_warming, "_KEEP_EVERY_S", -1.0)
    View(open_current(city_dir), "en").names("scenarios", "scenario")
    patience = Patience()
    cache_warming._follow(city_dir, patience)
    assert read_rows(city_dir) == [GOOD]


def test_a_failure_is_logged_and_the_thread_goes_on(
    city_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_build_dir: Path, _is_over: threading.Event) -> None:
        raise RuntimeError("nobody foresaw it")

    monkeypatch.setattr(cache_warming, "follow_once", fail)
    patience = Patience()
    cache_warming._follow(city_dir, patience)
    assert caplog.text.count("could not be made ready") == 2
    assert open_current(city_dir).generation == "000001"
