"""A page that nobody touches shows the next generation by itself, and the first one there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from governance import snapshot
from tests import tiny_snapshot
from tests.dashboard import open_page, running_dashboard

pytestmark = pytest.mark.browser
IMPATIENT = Path(__file__).with_name("impatient_app.py")


def publish_named(build_dir: Path, name: str) -> None:
    with snapshot.building(build_dir) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        city = {**tiny_snapshot.MANIFEST["city"], "name_en": name}
        snapshot.publish(draft, manifest={**tiny_snapshot.MANIFEST, "city": city})


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with running_dashboard(tmp_path, script=IMPATIENT) as address:
        yield address


def test_an_open_page_follows_the_city_and_keeps_what_was_chosen(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    page = open_page(browser, f"{address}/overdue")
    expect(page.locator(".g-state")).to_be_visible()
    publish_named(tmp_path, "Oldtown")
    head = page.locator(".g-head p")
    expect(head).to_contain_text("Oldtown")
    page.get_by_role("combobox").first.click()
    page.get_by_role("option").nth(1).click()
    chosen = page.get_by_role("combobox").first.input_value()
    publish_named(tmp_path, "Newtown")
    expect(head).to_contain_text("Newtown")
    expect(page.get_by_role("combobox").first).to_have_value(chosen)
    page.close()
