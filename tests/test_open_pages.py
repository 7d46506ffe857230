"""When a page that nobody touches is made again, and when it is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from governance.ui import open_pages
from governance.ui.generations import open_current
from governance.ui.open_pages import NOTHING, follow_city
from tests import tiny_snapshot


@pytest.fixture
def reruns(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows with each page that is made again; the clock of a page ticks at once, and once."""
    made: list[str] = []
    monkeypatch.setattr(open_pages.st, "rerun", lambda: made.append("again"))
    monkeypatch.setattr(open_pages.st, "fragment", lambda look, run_every: look if run_every == 60 else None)
    return made


def test_a_page_of_the_generation_that_is_shown_is_left_alone(tmp_path: Path, reruns: list[str]) -> None:
    tiny_snapshot.publish_tiny(tmp_path)
    follow_city(tmp_path, open_current(tmp_path).current.sha256)
    assert reruns == []


def test_a_page_of_another_generation_is_made_again(tmp_path: Path, reruns: list[str]) -> None:
    tiny_snapshot.publish_tiny(tmp_path)
    before = open_current(tmp_path).current.sha256
    tiny_snapshot.publish_tiny(tmp_path)
    follow_city(tmp_path, before)
    assert reruns == ["again"]


def test_a_page_without_a_city_waits_for_one(tmp_path: Path, reruns: list[str]) -> None:
    follow_city(tmp_path, NOTHING)
    assert reruns == []
    tiny_snapshot.publish_tiny(tmp_path)
    follow_city(tmp_path, NOTHING)
    assert reruns == ["again"]


def test_a_page_keeps_its_last_figures_while_the_data_are_away(tmp_path: Path, reruns: list[str]) -> None:
    tiny_snapshot.publish_tiny(tmp_path)
    shown = open_current(tmp_path).current.sha256
    (tmp_path / "CURRENT").rename(tmp_path / "away")
    follow_city(tmp_path, shown)
    assert reruns == []
