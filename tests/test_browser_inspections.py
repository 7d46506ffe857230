"""The page of inspections in a real Chromium: a phone's list, ways to a card, files, paper, outcomes given."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from governance.ui import language
from tests.dashboard import PHONE, WALKED, OpenPage, wait_until_still

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_an_inspector_reads_the_list_on_a_phone_and_opens_a_grid(visit: OpenPage, spoken: str) -> None:
    page = visit("/inspections?scenario=fire_lane", spoken=spoken, viewport=PHONE)
    expect(page.locator(".g-head h1")).to_have_text(language.say(spoken, "inspections.title"))
    stops = page.locator(".g-stops li")
    expect(stops).to_have_count(2)
    expect(stops.first).to_contain_text("G-02")
    expect(stops.last.locator(".g-audit")).to_have_text(language.say(spoken, "stop.audit"))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    stops.first.get_by_role("link").click()
    expect(page.locator(".g-card h2")).to_have_text("G-02")
    expect(page).to_have_url(re.compile("scenario=fire_lane"))


@pytest.mark.parametrize("spoken", WALKED)
def test_the_list_is_taken_filled_in_and_given_back(visit: OpenPage, tmp_path: Path, spoken: str) -> None:
    page = visit("/inspections?scenario=fire_lane", spoken=spoken)
    with page.expect_download() as event:
        page.get_by_role("button", name="CSV").click()
    file = tmp_path / event.value.suggested_filename
    event.value.save_as(file)
    assert file.name == "inspections-fire_lane-as-of-2025-03-01-000001.csv"
    assert "inspected_on" in file.read_text(encoding="utf-8-sig").splitlines()[0]
    outcomes = tmp_path / "outcomes.csv"
    header = "grid_id,scenario,inspected_on,found\n"
    outcomes.write_text(f"{header}G-03,fire_lane,2025-02-25,yes\nG-01,fire_lane,2025-02-26,no\n", encoding="utf-8")
    page.get_by_role("tab", name=language.say(spoken, "inspections.outcomes")).click()
    wait_until_still(page)
    page.locator("input[type=file]").set_input_files(outcomes)
    expect(page.locator(".g-table")).to_contain_text(language.say(spoken, "listed.audit"))
    expect(page.locator(".g-figure b").first).to_have_text("2")
    page.reload()
    wait_until_still(page)
    outcomes.write_text(f"{header}G-9,fire_lane,March,yes\n", encoding="utf-8")
    page.locator("input[type=file]").set_input_files(outcomes)
    expect(page.locator(".g-state")).to_contain_text(language.say(spoken, "outcomes.refused_title", faults="2"))


def test_paper_holds_the_list_and_no_menu(visit: OpenPage) -> None:
    page = visit("/inspections?scenario=fire_lane&tab=paper")
    expect(page.locator(".g-paper tbody tr")).to_have_count(2)
    page.emulate_media(media="print")
    expect(page.locator(".g-paper")).to_be_visible()
    expect(page.locator(".st-key-inspection_choices")).to_be_hidden()
    expect(page.get_by_role("tablist")).to_be_hidden()
    page.emulate_media(media="screen")


def test_a_phone_is_told_that_a_table_is_wider(visit: OpenPage) -> None:
    page = visit("/changes", viewport=PHONE)
    expect(page.locator("[data-testid=stDataFrame]")).to_be_visible()
    table = "document.querySelector('.stElementContainer:has([data-testid=stDataFrame])')"
    assert page.evaluate(f"getComputedStyle({table}, '::after').content") == f'"{language.say("en", "frame.swipe")}"'
