"""The first page in a real Chromium: ways to other pages, the viewer's own unit, a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from governance.ui import language
from tests.dashboard import PHONE, WALKED, OpenPage, wait_until_still

pytestmark = pytest.mark.browser


@pytest.fixture
def own(browser: Browser, dashboard: str) -> Iterator[Page]:
    """A page of a browser that is nobody else's, for it remembers."""
    context = browser.new_context(locale="zh-CN", viewport=PHONE)
    page = context.new_page()
    page.goto(dashboard)
    wait_until_still(page)
    yield page
    context.close()


@pytest.mark.parametrize("spoken", WALKED)
def test_from_the_city_to_a_district_to_a_card(visit: OpenPage, spoken: str) -> None:
    page = visit("/", spoken=spoken)
    expect(page.locator(".st-key-years [role=graphics-document]")).to_have_count(2)
    name = {"en": "Jiangbei", "zh": "江北区"}[spoken]
    page.locator(".st-key-years").get_by_role("button", name=re.compile(f"^{name}")).click()
    expect(page).to_have_url(re.compile("unit=330205"))
    expect(page.locator(".st-key-where_red")).to_contain_text({"en": "Cicheng", "zh": "慈城镇"}[spoken])
    wait_until_still(page)
    page.locator(".st-key-turned").get_by_role("button").click()
    expect(page.locator(".g-head h1")).to_have_text(language.say(spoken, "map.title"))
    expect(page.locator(".g-card h2")).to_have_text("G-03")
    expect(page).to_have_url(re.compile(r"/map\?(?=.*scenario=fire_lane)(?=.*unit=330205)"))


@pytest.mark.parametrize("spoken", WALKED)
def test_from_a_late_department_to_its_overdue_cases(visit: OpenPage, spoken: str) -> None:
    page = visit("/?filter=group_rental", spoken=spoken)
    page.locator(".st-key-late").get_by_role("button").first.click()
    expect(page.locator(".g-head h1")).to_have_text(language.say(spoken, "overdue.title"))
    expect(page).to_have_url(re.compile("department=housing"))
    expect(page.get_by_role("button", name="CSV")).to_contain_text({"en": "3 ", "zh": "3 件"}[spoken])


def test_a_viewer_starts_at_the_own_district_until_the_city_is_chosen(own: Page, dashboard: str) -> None:
    def say(key: str, **values: object) -> str:
        return language.say("zh", key, **values)

    own.locator(".st-key-years").get_by_role("button", name=re.compile("^海曙区")).click()
    own.get_by_role("link", name=say("overview.keep_unit", unit="海曙区")).click()
    expect(own.get_by_role("link", name=say("overview.forget_unit"))).to_be_visible()
    [cookie] = [cookie for cookie in own.context.cookies() if cookie["name"] == "own_unit_tiny"]
    assert (cookie["value"], cookie["httpOnly"], cookie["sameSite"]) == ("330203", True, "Lax")
    assert own.evaluate("document.cookie.includes('own_unit')") is False
    own.goto(f"{dashboard}/map")
    expect(own).to_have_url(re.compile("unit=330203"))
    own.goto(f"{dashboard}/?unit=330205")
    wait_until_still(own)
    expect(own.locator(".st-key-where_red")).to_contain_text("慈城镇")
    own.goto(f"{dashboard}/?unit=~city")
    wait_until_still(own)
    expect(own.locator(".st-key-where_red")).to_contain_text("江北区")
    own.get_by_role("link", name=say("overview.forget_unit")).click()
    expect(own.locator(".g-link")).to_have_count(0)
    expect(own).not_to_have_url(re.compile("unit="))
    assert not [cookie for cookie in own.context.cookies() if cookie["name"] == "own_unit_tiny"]


def test_the_first_page_stands_in_two_columns_on_a_phone(visit: OpenPage) -> None:
    page = visit("/", viewport=PHONE)
    charts = page.locator(".st-key-years [role=graphics-document]")
    expect(charts).to_have_count(2)
    first, second = (charts.nth(place).bounding_box() for place in range(2))
    assert first
    assert second
    assert abs(first["y"] - second["y"]) < 40 < second["x"] - first["x"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
