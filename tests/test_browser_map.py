"""The map in a real Chromium: layers, search, groups of grids, the hover card, touch, and what travels."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from governance.ui import language, palette
from tests import tiny_snapshot
from tests.dashboard import OpenPage, wait_for_map, wait_until_still
from tests.test_browser_dashboard import choose, click_map, is_colour, sample_map, wait_for_colour

pytestmark = pytest.mark.browser
CHART = "[data-testid='stDeckGlJsonChart']"
# React keeps what it draws in a tree beside the nodes; of the two trees the root knows the one that is shown.
_VIEW = """selector => {
  const node = document.querySelector(selector);
  let root = node[Object.keys(node).find(name => name.startsWith('__reactFiber'))];
  while (root.return) root = root.return;
  const waiting = [root.stateNode.current];
  while (waiting.length) {
    const fibre = waiting.pop();
    const view = fibre.memoizedProps?.viewState;
    if (view) return {longitude: view.longitude, latitude: view.latitude, zoom: view.zoom};
    if (fibre.sibling) waiting.push(fibre.sibling);
    if (fibre.child) waiting.push(fibre.child);
  }
}"""


def read_view(page: Page) -> dict[str, float]:
    """Where the map is now: longitude, latitude, zoom."""
    view: dict[str, float] = page.evaluate(_VIEW, CHART)
    return view


def hear(page: Page) -> list[str]:
    """The addresses that the page asks for from now on."""
    heard: list[str] = []
    page.on("request", lambda request: heard.append(request.url))
    return heard


def switch(page: Page, key: str, spoken: str = "en", **values: Any) -> None:
    """Press the switch of a layer."""
    words = language.say(spoken, key, count="").split("(")[0].split("（")[0].strip()
    page.get_by_role("button", name=re.compile(re.escape(words))).first.click()
    wait_until_still(page)


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_each_layer_is_switched_on_by_a_link_and_by_its_switch(visit: OpenPage, spoken: str) -> None:
    page = visit("/?layers=~none", spoken=spoken)
    wait_for_map(page)
    heard = hear(page)
    for key, path in {
        "layers.incidents": "/points/incidents/", "layers.overdue": "/points/overdue/", "layers.heat": "/heat/",
        "layers.changes": "/marks/changes/", "layers.stops": "/marks/stops/",
    }.items():  # fmt: skip
        with page.expect_response(lambda answer, path=path: path in answer.url and answer.ok):
            switch(page, key, spoken)
    expect(page).to_have_url(re.compile("layers=incidents%2Cheat%2Coverdue%2Cchanges%2Cstops|layers=incidents,heat"))
    assert not [url for url in heard if "/geometry/grids-" in url], "the shapes travel once"
    expect(page.get_by_text(language.say(spoken, "marks.overdue"))).to_be_visible()
