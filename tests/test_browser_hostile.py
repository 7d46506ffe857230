"""Every page of the dashboard in a real Chromium over hostile texts: no dialog, no foreign node, no foreign request."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from app import PAGES
from governance.ui import language
from tests.dashboard import OpenPage, running_dashboard, visiting, wait_until_still
from tests.hostile import publish_hostile, spoil

pytestmark = pytest.mark.browser

# What texts of data must never become; nodes of Streamlit's own are none of these.
FOREIGN = (
    "iframe", "object", "embed", "form[action]", "math", "[autofocus]", "a[href^='javascript:']", "a[href^='data:']",
    "[src^='javascript:']", "[href*='evil.example']", "[src*='evil.example']", "[action*='evil.example']",
    "img[src='x']",
)  # fmt: skip
COUNT = """selectors => {
  const found = selectors.filter(selector => document.querySelector(selector));
  for (const node of document.querySelectorAll('*')) {
    for (const name of node.getAttributeNames()) if (name.startsWith('on')) found.push(node.tagName + '[' + name + ']');
    const isOurs = !['SCRIPT', 'STYLE'].includes(node.tagName) || !/alert\\(|[*]{display:none}/.test(node.textContent);
    if (!isOurs) found.push(node.tagName);
  }
  return found;
}"""
# Choices under which a page shows more of what data say.
DEEPER = {"map": {"grid": "G-02"}, "overdue": {"department": "housing"}, "scenario": {"unit": "330203001"}}


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard whose city is hostile."""
    with running_dashboard(publish_hostile(tmp_path_factory.mktemp("hostile"))) as address:
        yield address


def find_foreign(page: Page) -> list[str]:
    return list(page.evaluate(COUNT, list(FOREIGN)))


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_no_text_of_data_becomes_more_than_a_text(browser: Browser, spoilt: str, spoken: str) -> None:
    with visiting(browser, spoilt) as visit:
        for name in PAGES:
            choices = {key: spoil(value) for key, value in DEEPER.get(name, {}).items()}
            # The first page is the front door's own address.
            path = "" if name == next(iter(PAGES)) else name
            walk_page(visit, f"/{path}?{urlencode(choices)}", name, spoken)


def walk_page(visit: OpenPage, path: str, name: str, spoken: str) -> None:
    """Open a page and each of its tabs, point at its charts, and look for what is not ours."""
    page = visit(path, spoken=spoken)
    expect(page.locator(".g-head h1")).to_have_text(language.say(spoken, f"{name}.title"))
    assert find_foreign(page) == [], name
    tabs = page.get_by_role("tab")
    for place in range(1, tabs.count()):
        tabs.nth(place).click()
        wait_until_still(page)
        assert find_foreign(page) == [], (name, place)
    charts = page.locator("[data-testid='stVegaLiteChart']:visible")
    if charts.count():
        charts.first.hover()
    expect(page.locator("[data-testid='stException']")).to_have_count(0)
    assert find_foreign(page) == [], name


def test_a_foreign_node_would_be_found(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<p onclick='x()'>a</p><iframe></iframe><a href='javascript:alert(1)'>b</a>")
    assert sorted(find_foreign(page)) == ["P[onclick]", "a[href^='javascript:']", "iframe"]
    page.close()
