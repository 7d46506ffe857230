"""The page of evaluation in a real Chromium: both languages, a phone, choices in the address, files, hostile texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from governance.ui import language
from tests import evaluation_city, tiny_snapshot
from tests.dashboard import PHONE, OpenPage, running_dashboard, wait_until_still

pytestmark = pytest.mark.browser
PARTS = ("league", "score", "pilot")


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("evaluated")
    evaluation_city.publish_tiny_evaluated(folder)
    with running_dashboard(folder) as address:
        yield address


@pytest.fixture
def visit(visit: OpenPage) -> OpenPage:
    """Opens the page with choices in its address."""
    return lambda query="", **choices: visit(f"/evaluation?{query}", **choices)


@pytest.mark.parametrize("spoken", language.LANGUAGES)
@pytest.mark.parametrize("part", PARTS)
def test_each_part_opens_from_its_link_in_each_language(visit: OpenPage, part: str, spoken: str) -> None:
    page = visit(f"part={part}&volume=1", spoken=spoken)
    expect(page.locator(".g-head h1")).to_have_text(language.say(spoken, "evaluation.title"))
    title = {"league": "evaluation.all", "score": "evaluation.score_note", "pilot": "pilot.control"}[part]
    expect(page.get_by_text(language.say(spoken, title), exact=True)).to_be_visible()
    expect(page.locator(".g-state, [data-testid='stException']")).to_have_count(0)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_fits_a_phone(visit: OpenPage, part: str) -> None:
    page = visit(f"part={part}", viewport=PHONE)
    wait_until_still(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    box = page.locator("[data-testid='stMainBlockContainer']")
    assert box.evaluate("e => e.scrollWidth - e.clientWidth") <= 1


def test_what_is_chosen_stands_in_the_address(visit: OpenPage) -> None:
    page = visit("volume=1")
    page.get_by_role("radio", name="Composite score").or_(
        page.get_by_role("button", name="Composite score")
    ).first.click()
    expect(page).to_have_url(re.compile("part=score"))
    field = page.get_by_label("Rework rate", exact=True)
    field.fill("60")
    field.press("Enter")
    expect(page).to_have_url(re.compile(r"weights=30(%2C|,)20(%2C|,)60(%2C|,)20(%2C|,)10"))
    expect(page.get_by_text("Sum of the weights: 140 points")).to_be_visible()


def test_what_an_indicator_means_is_a_click_away(visit: OpenPage) -> None:
    page = visit("indicator=overdue_open_rate")
    page.get_by_text(language.say("en", "evaluation.meaning")).click()
    expect(page.get_by_text("overdue_open / due_to_dispose")).to_be_visible()
    expect(page.get_by_text("common practice, OO/ND")).to_be_visible()


def test_the_download_is_a_file_without_a_formula(visit: OpenPage, tmp_path: Path) -> None:
    page = visit("volume=1")
    with page.expect_download() as event:
        page.get_by_role("button", name="All indicators (CSV)").click()
    file = tmp_path / event.value.suggested_filename
    event.value.save_as(file)
    assert file.name == "indicators-department-due-2025-02-01-to-2025-02-28-as-of-2025-03-01-000001.csv"
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith('"department","department_name"')
    assert any(tiny_snapshot.SCRIPT in line for line in lines)
    assert not [line for line in lines if re.match(r'"?[=+\-@]', line)]


def test_hostile_names_stay_text(visit: OpenPage) -> None:
    page = visit("by=level_2_id&district=330205&volume=1&period=month")
    expect(page.locator(".vega-embed, [data-testid='stVegaLiteChart']").first).to_be_visible()
    expect(page.locator("[data-testid='stDataFrame']").first).to_be_visible()
    listed = visit("volume=30")
    expect(listed.locator(".g-table").filter(has_text=tiny_snapshot.SCRIPT).first).to_be_visible()
