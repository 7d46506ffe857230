"""Pages wait their turn at the front door, and give it back whatever happens to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from governance.ui import turns
from governance.ui.pages import overview

FRONT_DOOR = Path(__file__).parents[1] / "app.py"


def count_free_turns() -> int:
    taken = 0
    while turns.TURNS.acquire(blocking=False):
        taken += 1
    for _ in range(taken):
        turns.TURNS.release()
    return taken


@pytest.mark.parametrize("fails", [False, True])
def test_a_page_holds_one_turn_while_it_is_made(tiny: Path, monkeypatch: pytest.MonkeyPatch, *, fails: bool) -> None:
    free: list[int] = []

    def show(view: object) -> None:
        free.append(count_free_turns())
        if fails:
            raise RuntimeError(f"{view} is broken")

    monkeypatch.setattr(overview, "show", show)
    monkeypatch.setenv("GOVERNANCE_BUILD_DIR", str(tiny))
    AppTest.from_file(FRONT_DOOR, default_timeout=60).run()
    assert free == [turns.PAGES_AT_ONCE - 1]
    assert count_free_turns() == turns.PAGES_AT_ONCE
