"""The way from the city to a case in a real Chromium: rows, links, the keyboard, the address, a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from governance.ui import language
from tests import tiny_snapshot
from tests.dashboard import PHONE, WALKED, OpenPage, wait_until_still
from tests.test_browser_dashboard import choose, click_row

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("spoken", WALKED)
def test_from_the_city_to_a_case_and_back_up(visit: OpenPage, spoken: str) -> None:
    def say(key: str, **values: object) -> str:
        return language.say(spoken, key, **values)

    page = visit("/scenario?scenario=group_rental&unit=330203", spoken=spoken)
    click_row(page, "children_1_330203")
    expect(page).to_have_url(re.compile("unit=330203001"))
    wait_until_still(page)
    click_row(page, "grids_2_330203001")
    expect(page).to_have_url(re.compile("grid=G-01"))
    wait_until_still(page)
    expect(page.get_by_text(say("place.cases", opened=2, closed=1))).to_be_visible()
    click_row(page, "place_cases_0")
    # The most urgent case of the grid, with a hostile department and reason in its life.
    expect(page).to_have_url(re.compile("case=platform%2FA-2"))
    expect(page.locator(".g-head h1")).to_have_text(say("case.title"))
    expect(page.locator(".g-table").first).to_contain_text(tiny_snapshot.SCRIPT)
    expect(page.get_by_text("⚠").first).to_be_visible()
    page.locator("[role=graphics-document]").wait_for()
    # A real link, reached and followed by the keyboard.
    wait_until_still(page)
    up = page.locator(".st-key-path a").nth(1)
    assert "unit=330203" in (up.get_attribute("href") or "")
    up.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".g-head h1")).to_have_text(say("scenario.title"))
    expect(page).not_to_have_url(re.compile("(case|grid)=[^&]"))
    expect(page.locator(".g-here")).to_have_text({"zh": "海曙区", "en": "Haishu"}[spoken])


def test_a_case_is_found_by_its_id_and_fits_a_phone(visit: OpenPage) -> None:
    page = visit("/case", viewport=PHONE)
    expect(page.locator(".g-state h2")).to_have_text(language.say("en", "case.none_title"))
    search = page.get_by_label(language.say("en", "case.search"))
    search.fill("A-1")
    search.press("Enter")
    expect(page.locator(".g-here")).to_have_text("A-1")
    page.locator("[role=graphics-document]").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    box = page.locator("[data-testid='stMainBlockContainer']")
    assert box.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
    wait_until_still(page)
    page.locator(".st-key-links a").click()
    expect(page.locator(".g-here")).to_have_text("A-3")
    # The address follows, and the browser's own way back leads back.
    expect(page).to_have_url(re.compile("case=platform%2FA-3$"))
    page.go_back()
    expect(page.locator(".g-here")).to_have_text("A-1")
    search.fill(tiny_snapshot.SCRIPT)
    search.press("Enter")
    expect(page.locator(".g-state")).to_contain_text(f"The snapshot holds no case {tiny_snapshot.SCRIPT}")


def test_lists_of_cases_lead_to_them(visit: OpenPage) -> None:
    page = visit("/map?scenario=group_rental&grid=G-01")
    wait_until_still(page)
    page.locator(".st-key-card_cases a", has_text="A-2").click()
    expect(page.locator(".g-here")).to_have_text("A-2")
    page.goto(page.url.split("/case")[0] + "/overdue?department=housing")
    wait_until_still(page)
    click_row(page, "cases")
    expect(page.locator(".g-here")).to_have_text("A-2")


def test_the_cases_in_no_grid_are_a_place_of_their_own(visit: OpenPage) -> None:
    page = visit("/scenario?scenario=group_rental")
    choose(page, "Go to (District)", "In no grid")
    expect(page).to_have_url(re.compile("unit=~unmatched"))
    choose(page, language.say("en", "place.open_case"), "C-1")
    expect(page.locator(".g-here")).to_have_text("C-1")
    expect(page.locator(".st-key-path a").last).to_contain_text("In no grid")
