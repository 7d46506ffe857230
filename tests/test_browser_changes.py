"""The page of tier changes and the card's history in a real Chromium: links, clicks, files, a phone, hostile texts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from governance.ui import language
from tests import tiny_snapshot
from tests.dashboard import PHONE, WALKED, OpenPage, wait_until_still

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("spoken", WALKED)
def test_from_the_map_to_all_changes_and_back_to_a_card(visit: OpenPage, spoken: str) -> None:
    page = visit("/map?scenario=fire_lane", spoken=spoken)
    sentence = {"en": "1 grid turned red", "zh": "1 个网格变红"}[spoken]
    expect(page.locator(".st-key-digest")).to_contain_text(sentence)
    page.get_by_role("button", name=language.say(spoken, "digest.all")).click()
    expect(page.locator(".g-head h1")).to_have_text(language.say(spoken, "changes.title"))
    expect(page).to_have_url(re.compile("filter=fire_lane"))
    expect(page.locator(".g-figure b").first).to_have_text("1")
    wait_until_still(page)
    table = page.locator("[data-testid='stDataFrame'] canvas").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": 60, "y": 52}, force=True)
    expect(page.locator(".g-card h2")).to_have_text("G-03")
    expect(page).to_have_url(re.compile("grid=G-03"))
    expect(page.locator(".g-mark")).to_contain_text(
        [language.say(spoken, "mark.urgent"), language.say(spoken, "mark.flare")]
    )
    cells = page.locator(".g-strip [role=listitem]")
    expect(cells).to_have_count(2)
    expect(cells.last).to_contain_text("▲")
    expect(cells.last).to_have_attribute("title", re.compile("2025"))


def test_a_link_opens_the_list_of_a_district_and_its_file(visit: OpenPage, tmp_path: Path) -> None:
    page = visit("/changes?filter=fire_lane&district=330205")
    expect(page.get_by_role("button", name="1 change as CSV")).to_be_visible()
    with page.expect_download() as event:
        page.get_by_role("button", name="CSV").click()
    file = tmp_path / event.value.suggested_filename
    event.value.save_as(file)
    assert file.name == "changes-fire_lane-330205-as-of-2025-03-01-000001.csv"
    assert "Own reports of 28 days went from 1 to 4." in file.read_text(encoding="utf-8-sig")


def test_an_experts_word_stays_text_and_fits_a_phone(visit: OpenPage) -> None:
    page = visit("/map?scenario=group_rental&grid=G-02", viewport=PHONE)
    expect(page.locator(".g-mark").filter(has_text=tiny_snapshot.SCRIPT)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_a_choice_without_changes_is_told_in_words(visit: OpenPage, spoken: str) -> None:
    page = visit("/changes?filter=group_rental", spoken=spoken)
    expect(page.locator(".g-state h2")).to_have_text(language.say(spoken, "changes.none_title"))
