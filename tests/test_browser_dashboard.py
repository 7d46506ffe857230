"""The dashboard in a real Chromium: pages in both languages, clicks, filters, downloads, empty and failed states."""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from governance import snapshot
from governance.ui import language, palette, tab_icon
from tests import tiny_snapshot
from tests.dashboard import (
    PHONE,
    WALKED,
    OpenPage,
    open_page,
    running_dashboard,
    wait_for_map,
    wait_until_still,
)

pytestmark = pytest.mark.browser
PAGES = {
    "overview": "/",
    "map": "/map",
    "changes": "/changes",
    "compare": "/compare?scenario=fire_lane",
    "scenario": "/scenario",
    "case": "/case?case=A-1",
    "overdue": "/overdue",
    "health": "/health",
}


def sample_map(page: Page, *places: tuple[float, float]) -> list[np.ndarray]:
    """The map's colours at places given as shares of its width and height."""
    picture = Image.open(io.BytesIO(page.locator("[data-testid='stDeckGlJsonChart']").screenshot())).convert("RGB")
    width, height = picture.size
    return [np.array(picture.getpixel((int(x * width), int(y * height)))) for x, y in places]


def is_colour(found: np.ndarray, colour: str) -> bool:
    return bool(np.abs(found - np.array(palette.to_rgba(colour)[:3])).max() <= 6)


def click_map(page: Page, x: float, y: float, *, clicks: int = 1) -> None:
    """Click where a visitor would: after the map has noticed the pointer."""
    chart = page.locator("[data-testid='stDeckGlJsonChart']")
    box = chart.bounding_box()
    assert box
    chart.hover(position={"x": x * box["width"] - 4, "y": y * box["height"]})
    chart.hover(position={"x": x * box["width"], "y": y * box["height"]})
    expect(page.locator(".deck-tooltip")).to_contain_text("G-0")
    chart.click(position={"x": x * box["width"], "y": y * box["height"]}, click_count=clicks)


@pytest.mark.parametrize("spoken", language.LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_each_page_opens_directly_in_each_language(visit: OpenPage, name: str, spoken: str) -> None:
    page = visit(PAGES[name], spoken=spoken)
    expect(page.locator(".g-head h1")).to_have_text(language.say(spoken, f"{name}.title"))
    expect(page.locator(".g-head")).to_contain_text({"en": "1 Mar 2025, 08:00", "zh": "2025年3月1日 08:00"}[spoken])
    expect(page.locator(".g-badge")).to_have_text(language.say(spoken, "frame.synthetic"))
    expect(page.locator(".g-state, [data-testid='stException']")).to_have_count(0)


@pytest.mark.parametrize("name", PAGES)
def test_each_page_fits_a_phone(visit: OpenPage, name: str) -> None:
    page = visit(PAGES[name], viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    box = page.locator("[data-testid='stMainBlockContainer']")
    assert box.evaluate("e => e.scrollWidth - e.clientWidth") <= 1


def test_the_tab_has_its_own_sign_and_fetches_nothing_for_it(visit: OpenPage) -> None:
    page = visit("/health")
    expect(page.locator("link[rel~='icon']").first).to_have_attribute("href", tab_icon.ICON)
    drawn = "address => new Promise(done => {const i = new Image(); i.onload = () => done(i.width); i.src = address})"
    assert page.evaluate(drawn, tab_icon.ICON) > 0
    asked = page.evaluate("performance.getEntriesByType('resource').map(entry => new URL(entry.name).pathname)")
    assert [path for path in asked if not re.match(r"/(static|style|_stcore|health/_stcore)/|/favicon", path)] == []


def test_the_scripts_of_a_page_travel_zipped(visit: OpenPage) -> None:
    page = visit("/map")
    wait_for_map(page)
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').filter(entry => /static.js.*[.]js$/.test(entry.name))"
        ".map(entry => [entry.encodedBodySize, entry.decodedBodySize])"
    )
    assert sum(whole for _, whole in sizes) > 5_000_000
    assert sum(sent for sent, _ in sizes) < 2_000_000


def test_the_language_switch_changes_the_page_and_the_address(visit: OpenPage) -> None:
    page = visit("/overdue")
    page.get_by_role("radio", name="中文").or_(page.get_by_role("button", name="中文")).first.click()
    expect(page.locator(".g-head h1")).to_have_text(language.say("zh", "overdue.title"))
    expect(page).to_have_url(re.compile("lang=zh"))


def test_a_click_on_a_grid_opens_its_card_and_another_scenario_recolours_it(visit: OpenPage) -> None:
    page = visit("/map")
    wait_for_map(page)
    # The tiny city is a square of four grids: G-01 red and G-02 yellow below, G-03 and G-04 green above.
    below, above = sample_map(page, (0.3, 0.62), (0.3, 0.2))
    assert is_colour(below, palette.TIER_COLOURS["red"])
    assert is_colour(above, palette.TIER_COLOURS["green"])
    click_map(page, 0.3, 0.62)
    expect(page.locator(".g-card h2")).to_have_text("G-01")
    expect(page.get_by_text("+1.88")).to_be_visible()
    expect(page.locator(".g-table")).to_contain_text("A-2")
    expect(page).to_have_url(re.compile("grid=G-01"))
    choose(page, "Scenario", "Fire lane")
    expect(page.locator(".g-card h2")).to_have_text("G-01")
    expect(page.locator(".g-figure b").first).to_have_text("0.30")
    wait_for_colour(page, (0.3, 0.2), palette.TIER_COLOURS["red"])
    # Of a second click, quick or slow, and of one on the sea Streamlit tells that nothing is chosen: the card stays.
    click_map(page, 0.7, 0.62)
    expect(page.locator(".g-card h2")).to_have_text("G-02")
    click_map(page, 0.7, 0.62)
    wait_until_still(page)
    click_map(page, 0.3, 0.62, clicks=2)
    wait_until_still(page)
    expect(page.locator(".g-card h2")).to_have_text("G-02")
    page.locator("[data-testid='stDeckGlJsonChart']").click(position={"x": 15, "y": 300})
    wait_until_still(page)
    expect(page.locator(".g-card h2")).to_have_text("G-02")


def test_the_view_is_kept_when_something_else_is_chosen(visit: OpenPage) -> None:
    page = visit("/map")
    wait_for_map(page)
    chart = page.locator("[data-testid='stDeckGlJsonChart']")
    chart.hover(position={"x": 300, "y": 380})
    page.mouse.down()
    page.mouse.move(1400, 380, steps=6)
    page.mouse.up()
    # Dragged far to the right, the city has left the map's right half and its own old place.
    wait_for_colour(page, (0.3, 0.62), "#fbfaf8")
    choose(page, "Scenario", "Fire lane")
    expect(page.locator(".g-legend")).to_contain_text("Red")
    page.locator(".st-key-reddest button").first.click()
    expect(page.locator(".g-card")).to_be_visible()
    wait_for_colour(page, (0.3, 0.62), "#fbfaf8")


def test_the_keyboard_reaches_the_reddest_grids(visit: OpenPage) -> None:
    page = visit("/map?scenario=fire_lane")
    first = page.locator(".st-key-reddest button").first
    expect(first).to_contain_text("G-03")
    first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".g-card h2")).to_have_text("G-03")
    wait_until_still(page)
    page.get_by_role("button", name="Back to the list").click()
    expect(page.locator(".st-key-reddest")).to_be_visible()
    expect(page).not_to_have_url(re.compile("grid="))


def test_a_grid_is_found_by_its_id_and_an_unknown_one_is_told(visit: OpenPage) -> None:
    page = visit("/map")
    search = page.get_by_label("Find a place or a grid")
    search.fill("G-04")
    search.press("Enter")
    expect(page.locator(".g-card")).to_contain_text(tiny_snapshot.SCRIPT)
    search.fill("<script>alert(1)</script>")
    search.press("Enter")
    expect(page.locator(".g-stale")).to_contain_text("No grid and no place has “<script>")


def test_the_way_down_stands_in_the_address(visit: OpenPage) -> None:
    page = visit("/scenario?scenario=fire_lane")
    choose(page, "Go to (District)", "Jiangbei")
    expect(page.locator(".st-key-path")).to_contain_text("Jiangbei")
    expect(page).to_have_url(re.compile("unit=330205"))
    choose(page, "Go to (Town)", "Cicheng")
    expect(page.locator(".st-key-path")).to_contain_text("Cicheng")
    expect(page.get_by_text("Grids, the most reports expected first")).to_be_visible()
    page.reload()
    wait_until_still(page)
    expect(page.locator(".st-key-path")).to_contain_text("Cicheng")
    page.locator(".st-key-path").get_by_role("link", name="Whole city").click()
    expect(page).not_to_have_url(re.compile("unit="))


def test_the_template_says_who_leads_and_what_is_to_be_done(visit: OpenPage) -> None:
    page = visit("/scenario?scenario=group_rental", spoken="zh")
    page.get_by_role("tab", name=language.say("zh", "scenario.sheet")).click()
    for text in ("牵头单位", "不符合出租房屋消防安全要求", "子场景：8 个", "任务：11 项", "时限", "响应等级"):
        expect(page.get_by_text(text).first).to_be_visible()


def test_the_sheet_shows_a_districts_own_version_and_who_does_what(visit: OpenPage) -> None:
    page = visit("/scenario?unit=330203", viewport=PHONE)
    page.get_by_role("tab", name=language.say("en", "scenario.sheet")).click()
    expect(page.get_by_text("group_rental@1.0.0+haishu@1.2.0")).to_be_visible()
    expect(page.locator(".g-table").get_by_text("5 working days").first).to_be_visible()
    matrix = page.locator(".g-matrix")
    # Scene by scene: its lead accountable, the department of the task responsible.
    expect(matrix.locator("tbody tr", has_text="Investigate illegal construction").locator("b")).to_have_text(["R/A"])
    expect(matrix.locator("thead")).to_contain_text("Fire and Rescue")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    choose(page, language.say("en", "sheet.judged_in"), language.say("en", "sheet.city_version"))
    expect(page.get_by_text("group_rental@1.0.0 ·")).to_be_visible()
    expect(page).to_have_url(re.compile("version=~city"))


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_the_open_tab_stands_in_the_address_and_outlives_the_language(visit: OpenPage, spoken: str) -> None:
    page = visit("/scenario?scenario=group_rental", spoken=spoken)
    page.get_by_role("tab", name=language.say(spoken, "scenario.holders")).click()
    expect(page).to_have_url(re.compile("tab=holders"))
    expect(page.locator(".g-matrix")).to_contain_text(tiny_snapshot.SCRIPT)
    other = {"zh": "English", "en": "中文"}[spoken]
    page.get_by_role("radio", name=other).or_(page.get_by_role("button", name=other)).first.click()
    again = {"zh": "en", "en": "zh"}[spoken]
    expect(page.get_by_role("tab", selected=True)).to_have_text(language.say(again, "scenario.holders"))
    page.get_by_role("tab", name=language.say(again, "scenario.progress")).click()
    expect(page.get_by_text(language.say(again, "scenario.stuck"))).to_be_visible()


def test_hand_overs_are_a_picture_on_a_desk_and_a_list_on_a_phone(visit: OpenPage) -> None:
    page = visit("/scenario?scenario=group_rental&tab=holders")
    picture, listed = (
        page.locator(".st-key-flow_picture [role=graphics-document]"),
        page.locator(".st-key-flow_list table"),
    )
    picture.wait_for()
    expect(listed).to_be_hidden()
    page.set_viewport_size(PHONE)
    expect(listed).to_be_visible()
    expect(picture).to_be_hidden()
    expect(listed.locator("tbody tr")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_recurrence_curve_is_compared_with_all_scenarios(visit: OpenPage) -> None:
    page = visit("/scenario?scenario=group_rental&tab=recurrence")
    page.locator("[role=graphics-document]").wait_for()
    choose(page, "Compare with", "All scenarios")
    expect(page).to_have_url(re.compile("compare=~all"))
    expect(page.locator(".g-table").first.get_by_text("All scenarios")).to_be_visible()


def test_filters_change_the_figures_and_the_download(visit: OpenPage, tmp_path: Path) -> None:
    page = visit("/overdue?view=overdue")
    expect(page.locator(".g-figure b").first).to_have_text("6")
    assert len(download(page, tmp_path)) == 7
    choose(page, "Department", "Housing")
    expect(page.locator(".g-figure b").first).to_have_text("3")
    expect(page).to_have_url(re.compile("department=housing"))
    lines = download(page, tmp_path)
    assert [line.split(",")[1].strip('"') for line in lines] == ["incident_id", "A-2", "C-1", "A-1"]
    choose(page, "District", "In no grid")
    expect(page.locator(".g-figure b").first).to_have_text("1")
    choose(page, "Scenario", "Fire lane")
    expect(page.locator(".g-state h2")).to_have_text("No case under these filters")


def test_a_download_holds_no_formula(visit: OpenPage, tmp_path: Path) -> None:
    lines = download(visit("/overdue"), tmp_path)
    hostile = next(line for line in lines if "cmd|" in line)
    assert "\"'=cmd|" in hostile
    assert not [line for line in lines if re.search(r'(^|,)"?[=+\-@]', line)]


@pytest.mark.parametrize("spoken", WALKED)
def test_a_row_opens_a_departments_morning_and_a_cell_narrows_its_list(visit: OpenPage, spoken: str) -> None:
    page = visit("/overdue", spoken=spoken)
    click_row(page, "departments")
    expect(page).to_have_url(re.compile("department=housing"))
    expect(page.get_by_text(language.say(spoken, "morning.comparison"))).to_be_visible()
    expect(page.locator(".g-ladder li")).to_have_count(3)
    # The fourth row of the matrix, its second column: the cases that are 7 to 30 days late, whatever their stage.
    table = page.locator(".st-key-delays canvas").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": 150, "y": 35 * 4 + 17}, force=True)
    expect(page).to_have_url(re.compile("age=7_to_30_days"))
    expect(page.get_by_role("button", name="CSV")).to_contain_text("1 " if spoken == "en" else "1 件")


def test_quarantined_rows_are_shown_as_they_came(visit: OpenPage) -> None:
    page = visit("/health")
    expect(page.locator(".g-figure").nth(2)).to_contain_text("1")
    expect(page.get_by_text("The time of the report fits none of the time formats.").first).to_be_visible()
    expect(page.locator(".g-table").filter(has_text="repaired")).to_contain_text(tiny_snapshot.SCRIPT)


@pytest.fixture(scope="module")
def empty_dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_dashboard(tmp_path_factory.mktemp("empty") / "build") as address:
        yield address


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_without_a_snapshot_every_page_says_what_to_run(browser: Browser, empty_dashboard: str, spoken: str) -> None:
    for path in PAGES.values() if spoken == "en" else ["/overdue"]:
        page = open_page(browser, empty_dashboard + path, language=spoken)
        expect(page.locator(".g-state h2")).to_have_text(language.say(spoken, "state.not_ready_title"))
        expect(page.locator(".g-state code")).to_contain_text("python -m governance build --build-dir")
        page.close()


@pytest.fixture(scope="module")
def broken_dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real city of last year, without scenarios, and without the table of departments."""
    folder = tmp_path_factory.mktemp("broken")
    manifest = {**copy.deepcopy(tiny_snapshot.MANIFEST), "is_synthetic": False}
    with snapshot.building(folder) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        draft.con.execute("drop table out_department")
        draft.con.execute("delete from meta_scenario")
        snapshot.publish(draft, manifest=manifest)
    with running_dashboard(folder) as address:
        yield address


def test_a_failed_query_becomes_a_sentence(browser: Browser, broken_dashboard: str) -> None:
    page = open_page(browser, broken_dashboard + "/overdue")
    expect(page.locator(".g-state h2")).to_have_text(language.say("en", "state.failed_title"))
    expect(page.get_by_text("Traceback")).to_have_count(0)
    page.close()


def test_a_city_without_scenarios_and_old_data_says_so(browser: Browser, broken_dashboard: str) -> None:
    page = open_page(browser, broken_dashboard)
    expect(page.locator(".g-state h2")).to_have_text(language.say("en", "state.no_scenario_title"))
    expect(page.locator(".g-stale")).to_contain_text("The newest report is")
    expect(page.locator(".g-badge")).to_have_count(0)
    page.close()


def choose(page: Page, label: str, option: str) -> None:
    """Pick an option of a select box by the words it shows."""
    wait_until_still(page)
    box = page.get_by_role("combobox", name=re.compile(re.escape(label))).first
    wanted = page.get_by_role("option", name=re.compile(re.escape(option))).first
    # A rerun that arrives late closes the list again; a reader would open it once more.
    for _ in range(5):
        box.click()
        try:
            wanted.click(timeout=10_000)
        except PlaywrightTimeoutError:
            page.keyboard.press("Escape")
        else:
            return
    raise AssertionError(f"{label} never offered {option}")
    wait_until_still(page)


def click_row(page: Page, key: str) -> None:
    """Click on the first row of a table, which is a drawing."""
    table = page.locator(f".st-key-{key} canvas").first
    table.scroll_into_view_if_needed()
    # The drawing lies below a layer that scrolls it and takes its clicks.
    table.click(position={"x": 60, "y": 52}, force=True)


def wait_for_colour(page: Page, place: tuple[float, float], colour: str) -> None:
    """Wait until the map shows a colour at a place; the picture itself is what is polled."""
    for _ in range(40):
        if is_colour(sample_map(page, place)[0], colour):
            return
    assert is_colour(sample_map(page, place)[0], colour)


def download(page: Page, folder: Path) -> list[str]:
    """The lines of the CSV that the page's button gives."""
    wait_until_still(page)
    with page.expect_download() as event:
        page.get_by_role("button", name="CSV").click()
    file = folder / "overdue.csv"
    event.value.save_as(file)
    return file.read_text(encoding="utf-8-sig").splitlines()
