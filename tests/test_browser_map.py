"""The map in a real Chromium: layers, search, groups of grids, the hover card, touch, and what travels."""

from __future__ import annotations

import copy
import io
import re
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from governance import snapshot, warehouse
from governance.ui import language
from tests import tiny_snapshot
from tests.dashboard import DESKTOP, PHONE, WALKED, OpenPage, running_dashboard, wait_for_map, wait_until_still
from tests.test_browser_dashboard import choose, click_map, download, wait_for_colour

pytestmark = pytest.mark.browser
PATIENCE_MS = 60_000
TILE_COLOUR = (120, 60, 200)
CHART = "[data-testid='stDeckGlJsonChart']"
# React keeps what it draws in a tree beside the nodes; of the two trees the root knows the one that is shown.
_VIEW = """selector => {
  const node = document.querySelector(selector);
  let root = node[Object.keys(node).find(name => name.startsWith('__reactFiber'))];
  while (root.return) root = root.return;
  const waiting = [root.stateNode.current];
  while (waiting.length) {
    const fibre = waiting.pop();
    const view = fibre.memoizedProps?.viewState;
    if (view) return {longitude: view.longitude, latitude: view.latitude, zoom: view.zoom};
    if (fibre.sibling) waiting.push(fibre.sibling);
    if (fibre.child) waiting.push(fibre.child);
  }
}"""


def read_view(page: Page) -> dict[str, float]:
    """Where the map is now: longitude, latitude, zoom."""
    view: dict[str, float] = page.evaluate(_VIEW, CHART)
    return view


def wait_for_view(page: Page, lon: float, lat: float) -> None:
    """Wait until the middle of the map is this place."""
    near = f"Math.abs(view.longitude - {lon}) < 1e-4 && Math.abs(view.latitude - {lat}) < 1e-4"
    page.wait_for_function(f"selector => {{ const view = ({_VIEW})(selector); return {near}; }}", arg=CHART)


def hear(page: Page) -> list[str]:
    """The addresses that the page asks for from now on."""
    heard: list[str] = []
    page.on("request", lambda request: heard.append(request.url))
    return heard


def switch(page: Page, key: str, spoken: str) -> None:
    """Press the switch of a layer."""
    words = re.split("[(（]", language.say(spoken, key, count=""))[0].strip()
    page.get_by_role("button", name=re.compile(re.escape(words))).first.click()
    wait_until_still(page)


@pytest.mark.parametrize("spoken", WALKED)
def test_each_layer_is_fetched_when_it_is_switched_on(visit: OpenPage, spoken: str) -> None:
    page = visit("/map?layers=~none", spoken=spoken)
    wait_for_map(page)
    heard = hear(page)
    for name, path in {
        "incidents": "/points/incidents/", "overdue": "/points/overdue/", "heat": "/heat/",
        "changes": "/marks/changes/", "stops": "/marks/stops/",
    }.items():  # fmt: skip
        with page.expect_response(lambda answer, path=path: path in answer.url and answer.ok):
            switch(page, f"layers.{name}", spoken)
        expect(page).to_have_url(re.compile(f"layers=[a-z%2C,]*{name}"))
    assert not [url for url in heard if "/geometry/" in url], "the shapes travel once"
    expect(page.get_by_text(language.say(spoken, "marks.overdue"))).to_be_visible()


def test_only_a_search_moves_the_view(visit: OpenPage) -> None:
    page = visit("/map?layers=districts,incidents")
    wait_for_map(page)
    page.mouse.move(500, 600)
    page.mouse.down()
    page.mouse.move(560, 640, steps=4)
    page.mouse.up()
    moved = read_view(page)
    choose(page, "Scenario", "Fire lane")
    switch(page, "layers.heat", "en")
    page.locator(".st-key-reddest button").filter(has_text="G-03").click()
    expect(page.locator(".g-card h2")).to_have_text("G-03")
    wait_until_still(page)
    assert read_view(page) == moved
    field = page.get_by_label(language.say("en", "map.search"))
    for text in ("Ｇ－０１", "g-01"):
        field.fill(text)
        field.press("Enter")
        expect(page.locator(".g-card h2")).to_have_text("G-01")
        wait_for_view(page, 121.505, 29.805)
        # The visitor goes elsewhere; the same place asked for again is gone to again.
        page.mouse.move(500, 600)
        page.mouse.down()
        page.mouse.move(700, 640, steps=4)
        page.mouse.up()
        field.fill("")
        field.press("Enter")


@pytest.mark.parametrize("spoken", WALKED)
def test_two_clicks_choose_the_grids_between_them(visit: OpenPage, spoken: str, tmp_path: Path) -> None:
    page = visit("/map", spoken=spoken)
    wait_for_map(page)
    page.get_by_role("radio", name=language.say(spoken, "map.pick_several")).or_(
        page.get_by_role("button", name=language.say(spoken, "map.pick_several"))
    ).first.click()
    expect(page.get_by_text(language.say(spoken, "group.hint"))).to_be_visible()
    wait_until_still(page)
    click_map(page, 0.3, 0.62)
    expect(page).to_have_url(re.compile("grid=G-01"))
    expect(page.get_by_text(language.say(spoken, "group.hint_second", grid="G-01"))).to_be_visible()
    wait_until_still(page)
    click_map(page, 0.7, 0.62)
    expect(page).to_have_url(re.compile("box="))
    expect(page.locator(".g-figure b").first).to_have_text("2")
    lines = download(page, tmp_path)
    assert [line.split(",")[0].strip('"') for line in lines] == ["grid_id", "G-01", "G-02"]


def test_the_hover_card_tells_the_tier_and_hostile_names_stay_text(visit: OpenPage) -> None:
    page = visit("/map")
    wait_for_map(page)
    chart = page.locator(CHART)
    box = chart.bounding_box()
    assert box
    with page.expect_response(lambda answer: "/hover/en/group_rental/3.svg" in answer.url) as answer:
        for step in (0, 4, 8):
            chart.hover(position={"x": 0.7 * box["width"] + step, "y": 0.2 * box["height"]})
    assert "Green · 0.10 expected in 28 d" in answer.value.text()
    expect(page.locator(".deck-tooltip")).to_contain_text(f"G-04{tiny_snapshot.SCRIPT}")


def test_a_finger_moves_the_page_and_not_the_map(browser: Browser, dashboard: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, user_agent="Mobile", locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{dashboard}/map")
    wait_until_still(page)
    wait_for_map(page)
    chart = page.locator(CHART)
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    assert box["height"] < PHONE["height"] * 0.6
    before, view = read_scroll(page), read_view(page)
    swipe_up(page, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, by_px=150)
    page.wait_for_function(f"{_SCROLL} > {before + 100}")
    # The first touch may draw the map along for a few pixels until the browser takes the gesture.
    after = read_view(page)
    assert after["zoom"] == view["zoom"]
    assert abs(after["latitude"] - view["latitude"]) < 0.002  # of 0.03 degrees that are seen
    context.close()


def test_a_tap_moves_nothing_and_leads_to_the_card(visit: OpenPage) -> None:
    page = visit("/map", viewport=PHONE)
    wait_for_map(page)
    chart = page.locator(CHART)
    chart.scroll_into_view_if_needed()
    before, view = chart.bounding_box(), read_view(page)
    assert before
    page.touchscreen.tap(before["x"] + 0.3 * before["width"], before["y"] + 0.62 * before["height"])
    expect(page.locator(".g-card h2")).to_have_text("G-01")
    wait_until_still(page)
    assert (chart.bounding_box(), read_view(page)) == (before, view)
    expect(page.locator(".g-card h2")).not_to_be_in_viewport()
    page.get_by_role("link", name=language.say("en", "map.to_card")).click()
    expect(page.locator(".g-card h2")).to_be_in_viewport()


_SCROLL = "document.querySelector('[data-testid=stMain]').scrollTop"


def swipe_up(page: Page, x: float, y: float, *, by_px: int) -> None:
    """Move one finger up the screen."""
    screen = page.context.new_cdp_session(page)
    screen.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 11):
        point = {"x": x, "y": y - by_px * step / 10}
        screen.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def read_scroll(page: Page) -> float:
    """How far the page is scrolled down."""
    offset: float = page.evaluate(_SCROLL)
    return offset


def test_the_keyboard_reaches_a_found_place_and_the_focus_is_seen(visit: OpenPage) -> None:
    page = visit("/map")
    field = page.get_by_label(language.say("en", "map.search"))
    field.fill("g-0")
    field.press("Enter")
    hits = page.locator(".st-key-hits button")
    expect(hits).to_have_count(4)
    wait_until_still(page)
    field.focus()
    page.keyboard.press("Tab")
    expect(hits.first).to_be_focused()
    assert hits.first.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".g-card h2")).to_have_text("G-01")
    label = page.get_by_role("figure").first.get_attribute("aria-label")
    assert label
    assert "Chosen: grid G-01" in label


@pytest.fixture(scope="module")
def large_dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The tiny city among 10,000 small grids, of which three in twenty are red or yellow."""
    folder = tmp_path_factory.mktemp("large")
    with snapshot.building(folder) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        add_grids(draft.con, 9_996)
        snapshot.publish(draft, manifest=tiny_snapshot.MANIFEST)
    with running_dashboard(folder) as address:
        yield address


def add_grids(con: warehouse.Connection, count: int) -> None:
    """Squares in rows of a hundred east of the tiny city, with tiers drawn by a fixed seed."""
    random = np.random.default_rng(7)
    west, south = 121.6 + 0.01 * (np.arange(count) % 100), 29.5 + 0.01 * (np.arange(count) // 100)
    numbers = np.arange(4, 4 + count).astype(np.int32)
    grids = {
        "grid_no": numbers, "grid_id": [f"X-{number:05d}" for number in numbers],
        "level_1_id": ["330205"] * count, "level_1_zh": ["江北区"] * count, "level_1_en": ["Jiangbei"] * count,
        "area_km2": np.full(count, 1.07), "lon": west + 0.005, "lat": south + 0.005,
        "geometry": shapely.to_wkb(shapely.box(west, south, west + 0.01, south + 0.01)),
    }  # fmt: skip
    with warehouse.registered(con, arrow_input=pa.table(grids)):
        con.execute("insert into core_grid by name select * from arrow_input")
    for scenario in tiny_snapshot.SCENARIOS:
        tiers = {
            "grid_no": numbers, "scenario": [scenario] * count, "expected_reports_28d": random.random(count),
            "rank": numbers, "tier": random.choice(["green", "yellow", "red"], count, p=[0.85, 0.1, 0.05]),
        }  # fmt: skip
        with warehouse.registered(con, arrow_input=pa.table(tiers)):
            con.execute("insert into out_tier by name select * from arrow_input")
    con.execute(_FOLLOWING)


# What the checks of a snapshot hold against the tiers.
_FOLLOWING = """
insert into out_reason by name
select grid_no, scenario, 'ewma_28d' as feature, expected_reports_28d as value, expected_reports_28d as contribution
from out_tier where grid_no > 3;
insert into out_inspection by name
select scenario, (select max(week) from out_inspection) as week, grid_no, 'red' as kind, 1.0 as sampling_probability
from out_tier where grid_no > 3 and tier = 'red';
insert into out_tier_history by name
select scenario, day, grid_no, tier, expected_reports_28d, rank, false as is_override
from out_tier, (
    select max(day) as day from out_tier_step union all select max(week) from out_inspection
) where grid_no > 3 and tier <> 'green';
update out_tier_place set red_places = 10000, yellow_places = 10000;
"""


def measure(frame: str | bytes) -> int:
    return len(zlib.compress(frame if isinstance(frame, bytes) else frame.encode()))


def test_a_change_of_scenario_of_10000_grids_travels_in_20_kb(browser: Browser, large_dashboard: str) -> None:
    received: list[int] = []
    page = browser.new_context(viewport=DESKTOP, locale="en-GB").new_page()
    # The connection compresses; each message by itself is no smaller than on the wire, where the last one is known.
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(measure(frame))))
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{large_dashboard}/map")
    wait_until_still(page)
    wait_for_map(page)
    view, heard = read_view(page), hear(page)
    received.clear()
    choose(page, "Scenario", "Fire lane")
    expect(page).to_have_url(re.compile("scenario=fire_lane"))
    wait_until_still(page)
    assert 4_000 < sum(received) <= 20_000
    assert read_view(page) == view
    assert [url for url in heard if "/geometry/" in url or "/style/" in url] == []
    page.context.close()


@pytest.fixture(scope="module")
def tiles() -> Iterator[str]:
    """The address of a server of map tiles, all of one colour."""
    picture = io.BytesIO()
    Image.new("RGB", (256, 256), TILE_COLOUR).save(picture, "PNG")

    class Tiles(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(picture.getvalue())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_the_citys_own_tile_server_is_the_only_other_host(
    browser: Browser, tiles: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("tiles")
    manifest = copy.deepcopy(tiny_snapshot.MANIFEST)
    manifest["city"]["map"] = {"tiles": tiles + "/{z}/{x}/{y}.png", "attribution": tiny_snapshot.SCRIPT}
    with snapshot.building(folder) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        snapshot.publish(draft, manifest=manifest)
    with running_dashboard(folder) as address:
        page = browser.new_context(viewport=DESKTOP, locale="en-GB").new_page()
        heard = hear(page)
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{address}/map")
        wait_until_still(page)
        wait_for_map(page)
        wait_for_colour(page, (0.05, 0.5), "#{:02x}{:02x}{:02x}".format(*TILE_COLOUR))
        asked = [url for url in heard if url.startswith(tiles)]
        assert all(re.fullmatch(re.escape(tiles) + r"/\d+/\d+/\d+\.png", url) for url in asked)
        assert asked
        assert [url for url in heard if not url.startswith((tiles, address, "blob:", "data:"))] == []
        expect(page.get_by_text(tiny_snapshot.SCRIPT).first).to_be_visible()
        expect(page.locator("img[src='x']")).to_have_count(0)
        page.context.close()
