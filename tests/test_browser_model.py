"""The model page in a real Chromium: both languages, a phone, choices in the address, the way to a grid's card."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from governance.city import open_city
from governance.ui import language
from tests.dashboard import PHONE, OpenPage, running_dashboard, wait_until_still
from tests.kept_backtest import keep_backtest
from tests.tiny_snapshot import SCRIPT, publish_tiny

pytestmark = pytest.mark.browser
# Of each tab, a text that stands there once.
TABS = {
    "worth": "worth.by_scenario", "calibration": "calibration.poisson", "drift": "drift.levels",
    "card": "modelcard.not_for", "capacity": "capacity.by_teams", "fairness": "fairness.played",
}  # fmt: skip


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("model")
    publish_tiny(folder)
    city = open_city(folder)
    keep_backtest(city, generation="000000", older_days=40)
    city.close()
    with running_dashboard(folder) as address:
        yield address


@pytest.fixture
def visit(visit: OpenPage) -> OpenPage:
    """Opens the page with choices in its address."""
    return lambda query="", **choices: visit(f"/model?{query}", **choices)


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_each_tab_opens_from_its_link_in_each_language(visit: OpenPage, spoken: str) -> None:
    for tab, key in TABS.items():
        page = visit(f"tab={tab}", spoken=spoken)
        expect(page.locator(".g-head h1")).to_have_text(language.say(spoken, "model.title"))
        expect(page.get_by_text(language.say(spoken, key), exact=True)).to_be_visible()
        expect(page.locator(".g-state, [data-testid='stException']")).to_have_count(0)


def test_every_tab_fits_a_phone(visit: OpenPage) -> None:
    for tab in TABS:
        page = visit(f"tab={tab}", viewport=PHONE)
        wait_until_still(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        box = page.locator("[data-testid='stMainBlockContainer']")
        assert box.evaluate("e => e.scrollWidth - e.clientWidth") <= 1


def test_what_is_chosen_stands_in_the_address_and_an_old_backtest_is_told(visit: OpenPage) -> None:
    page = visit()
    expect(page.get_by_role("alert").filter(has_text="This backtest is old")).to_be_visible()
    page.get_by_role("tab", name=language.say("en", "model.capacity")).click()
    expect(page).to_have_url(re.compile("tab=capacity"))
    expect(page.get_by_text("They cover 3.6 expected reports (0–8), 100.0% of all")).to_be_visible()
    page.go_back()
    expect(page).not_to_have_url(re.compile("tab=capacity"))
    wait_until_still(page)  # a list that opens while the page is drawn anew closes again
    page.get_by_label(language.say("en", "worth.horizon")).click()
    page.get_by_role("option", name="7 days ahead").click()
    expect(page).to_have_url(re.compile("horizon=7"))
    expect(page.get_by_text("5 windows of 7 days")).to_be_visible()


def test_a_grid_that_flares_up_is_a_click_from_its_card(visit: OpenPage) -> None:
    page = visit("tab=drift")
    table = page.locator("[data-testid='stDataFrame']").first
    expect(table.locator("canvas").first).to_be_visible()
    table.click(position={"x": 60, "y": 52})
    expect(page).to_have_url(re.compile("grid=G-04"))
    expect(page.locator(".g-card h2")).to_have_text("G-04")
    expect(page).to_have_url(re.compile("scenario=group_rental"))


def test_hostile_names_stay_text(visit: OpenPage) -> None:
    page = visit()
    expect(page.locator(".g-table").filter(has_text=SCRIPT).first).to_be_visible()
    expect(visit("tab=drift").locator("[data-testid='stDataFrame']").first).to_be_visible()
