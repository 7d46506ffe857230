"""The map's days, differences and sheet in a real Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from governance.ui import language, palette
from tests.dashboard import WALKED, OpenPage, wait_for_map, wait_until_still
from tests.test_browser_dashboard import is_colour, sample_map, wait_for_colour

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("spoken", WALKED)
def test_arrow_keys_move_the_day_and_play_goes_on_to_now(visit: OpenPage, spoken: str) -> None:
    page = visit("/map?scenario=fire_lane", spoken=spoken)
    wait_for_map(page)
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("day=2025-02-24"))
    # The map is that of before: its element is the same, so that the view is, too.
    page.evaluate("document.querySelector('[data-testid=stDeckGlJsonChart] canvas').dataset.before = 'yes'")
    # G-02, in the south-east of the middle, was red on Monday and is yellow now.
    wait_for_colour(page, (0.7, 0.62), palette.TIER_COLOURS["red"])
    wait_until_still(page)
    page.get_by_role("button", name=language.say(spoken, "day.play")).click()
    expect(page).not_to_have_url(re.compile("day="), timeout=60_000)
    wait_for_colour(page, (0.7, 0.62), palette.TIER_COLOURS["yellow"])
    expect(page.get_by_role("button", name=language.say(spoken, "day.play"))).to_be_visible()
    expect(page.locator("[data-testid=stDeckGlJsonChart] canvas[data-before=yes]")).to_have_count(1)


def test_a_difference_is_marked_beside_its_colour(visit: OpenPage) -> None:
    page = visit("/compare?scenario=fire_lane")
    wait_for_colour(page, (0.7, 0.72), palette.DIFFERENCE_COLOURS["down"])
    (above,) = sample_map(page, (0.45, 0.42))
    assert is_colour(above, palette.DIFFERENCE_COLOURS["up"])


def test_the_sheet_prints_the_picture_and_hides_what_is_to_click(visit: OpenPage) -> None:
    page = visit("/map?scenario=fire_lane&sheet=1")
    expect(page.locator(".g-picture")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".g-picture")).to_be_visible()
    expect(page.get_by_role("button").locator("visible=true")).to_have_count(0)
    expect(page.locator(".g-table")).to_contain_text("G-03")
