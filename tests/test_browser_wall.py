"""The wall in a real Chromium: it fits every screen, has no chrome, and comes back by itself when the server does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from governance.ui.language import LANGUAGES, say
from governance.ui.wall_parts import Headline, draw_headlines
from tests.dashboard import find_port, name_address, start_server
from tests.wall_screen import publish_wall

pytestmark = pytest.mark.browser
SIZES = {"1080p": (1920, 1080), "4K": (3840, 2160), "32:9": (5120, 1440)}
# Of the screen's height: docs/wall.md says from how far a text of this size is read.
SMALLEST, READING = 0.04, 0.052
# As many lines as a scene shows at most: the tiny city has fewer.
FILL = """() => {
  for (const [list, lines] of [['tbody', 4], ['.w-list ol', 5]])
    for (const e of document.querySelectorAll(list))
      while (e.children.length < lines) e.append(e.lastElementChild.cloneNode(true));
}"""
# Each scene in its turn: what lies outside the screen or its own place, what is cut, and the smallest text.
MEASURE = """() => {
  const stage = document.getElementById('stage'), scenes = [...stage.children], found = [];
  for (const scene of scenes) {
    scenes.forEach(other => { other.classList.toggle('is-on', other === scene); other.classList.remove('is-next'); });
    const around = scene.querySelector('.w-body').getBoundingClientRect();
    for (const e of document.querySelectorAll('.is-on *, #clock, #clock *, #banner, footer *')) {
      const box = e.getBoundingClientRect(), style = getComputedStyle(e);
      const owns = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
      if (!owns || e.closest('svg')) continue;
      found.push({
        scene: scene.className, text: e.textContent.slice(0, 60), size: parseFloat(style.fontSize),
        is_out: box.left < -1 || box.top < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1 ||
          (scene.contains(e) && !e.closest('header') && box.bottom > around.bottom + 1),
        is_cut: e.scrollWidth > e.clientWidth + 1 && style.overflow === 'hidden',
        is_essential: e.matches('h1, em, td, .w-name, .w-headlines b, .w-sign, .w-tier'),
      });
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server whose wall has a banner: what stays then has the least room."""
    folder = tmp_path_factory.mktemp("wall")
    publish_wall(folder)
    port = find_port()
    process = start_server(folder, port)
    yield name_address(port)
    process.terminate()
    process.wait(timeout=20)


def open_wall(browser: Browser, address: str, *, size: str = "1080p", spoken: str = "en", query: str = "") -> Page:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, locale={"en": "en-GB", "zh": "zh-CN"}[spoken])
    page.goto(f"{address}/wall{query}")
    expect(page.locator(".w-scene.is-on")).to_be_visible(timeout=60_000)
    return page


@pytest.mark.parametrize("spoken", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
def test_every_scene_fits_the_screen_and_can_be_read_from_afar(
    browser: Browser, wall: str, size: str, spoken: str
) -> None:
    page = open_wall(browser, wall, size=size, spoken=spoken)
    height = SIZES[size][1]
    expect(page.locator("#banner")).to_be_visible()
    page.evaluate(FILL)
    found = page.evaluate(MEASURE)
    assert {text["scene"].split()[1] for text in found} == {"w-figures", "w-map", "w-overdue", "w-changes"}
    assert [text for text in found if text["is_out"] or text["is_cut"]] == []
    assert min(text["size"] for text in found) >= SMALLEST * height - 0.5
    assert [t for t in found if t["is_essential"] and t["size"] < READING * height - 0.5] == []
    page.close()


@pytest.mark.parametrize("size", SIZES)
def test_there_is_nothing_but_the_wall(browser: Browser, wall: str, size: str) -> None:
    page = open_wall(browser, wall, size=size)
    scrolling = "(e => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight])(document.documentElement)"
    assert page.evaluate(scrolling) == [0, 0]
    assert page.locator("button, a, input, [data-testid], iframe").count() == 0
    assert page.locator("img[src='x']").count() == 0
    # A screen of double width shows two scenes.
    expect(page.locator(".w-scene:visible")).to_have_count(2 if size == "32:9" else 1)
    page.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "numbers",
    [
        ("4,903", "321", "92", "95"), ("214,903", "64,321", "13,192", "3,295"),
        ("8,214,903", "64,321", "13,192", "33,295"), ("88,214,903", "6,644,321", "813,192", "833,295"),
    ],
)  # fmt: skip
def test_large_numbers_stay_beside_each_other_and_on_the_screen(
    browser: Browser, wall: str, size: str, numbers: tuple[str, ...]
) -> None:
    page = open_wall(browser, wall, size=size, query="?scene=1")
    row = draw_headlines(Headline("Reports", number, "of 100") for number in numbers)
    page.evaluate("html => { document.querySelector('.is-on .w-headlines').outerHTML = html; }", row)
    boxes = page.evaluate(
        """[...document.querySelectorAll('.is-on .w-headlines b')].map(e => {
            const range = document.createRange(); range.selectNodeContents(e);
            const box = range.getBoundingClientRect(); return [box.left, box.right]; })"""
    )
    around = page.evaluate("document.querySelector('.is-on .w-body').getBoundingClientRect().right")
    assert all(left > right for (_, right), (left, _) in pairwise(boxes))
    assert boxes[-1][1] <= around + 1
    page.close()


def test_the_bars_of_a_list_have_one_scale(browser: Browser, wall: str) -> None:
    page = open_wall(browser, wall, query="?scene=3")
    grounds, lengths = (
        page.evaluate(f"[...document.querySelectorAll('{part}')].map(e => e.getBoundingClientRect().width)")
        for part in (".w-ground", ".w-length")
    )
    # Housing has three late cases, the three others one each.
    assert max(grounds) - min(grounds) < 1
    assert lengths == pytest.approx([grounds[0]] + [grounds[0] / 3] * 3, rel=0.01)
    page.close()


def test_a_pinned_scene_stays_and_the_dashboards_address_leads_to_it(browser: Browser, wall: str) -> None:
    page = browser.new_page(locale="zh-CN")
    page.goto(f"{wall}/?view=wall&scene=2")
    expect(page).to_have_url(re.compile(r"/wall\?view=wall&scene=2"))
    expect(page.locator(".w-scene")).to_have_count(1)
    expect(page.locator(".w-map.is-on .w-drawing .w-red")).to_be_visible()
    expect(page.locator("#turn")).to_have_text("")
    page.close()


def test_the_turn_follows_the_clock_of_the_server(browser: Browser, wall: str) -> None:
    """The page's clock is set back by a day, as on a kiosk that lost its own; the turns are those of the server."""
    page = browser.new_page(locale="en-GB")
    page.add_init_script("const real = Date.now; Date.now = () => real() - 86400017000;")
    page.goto(f"{wall}/wall")
    other = open_wall(browser, wall)
    expect(page.locator(".w-scene.is-on")).to_be_visible()
    which = "[...document.getElementById('stage').children].findIndex(scene => scene.classList.contains('is-on'))"
    agreed = [page.evaluate(which) == other.evaluate(which) for _ in range(5)]
    # Asked one after the other, a turn may end between the two.
    assert agreed.count(True) >= 4
    assert page.locator("#clock").inner_text() == other.locator("#clock").inner_text()
    page.close()
    other.close()


@pytest.mark.parametrize(
    ("spoken", "young", "old", "lost", "stale"),
    [
        ("en", "· 2 hours ago", "· 2 days ago", "No connection since 1 Mar, 10:00", "No new build for 48 hours"),
        ("zh", "距今 2小时", "距今 2天", "自 3月1日 10:00 起与服务器失去连接", "已有 48小时 没有新的构建"),
    ],
)
def test_without_connection_the_data_grow_old_on_the_screen(
    browser: Browser, wall: str, spoken: str, young: str, old: str, lost: str, stale: str
) -> None:
    """The server answers at 10:00 that the data are of 08:00, and never again; two days go by."""
    page = browser.new_page(locale={"en": "en-GB", "zh": "zh-CN"}[spoken])
    page.add_init_script("const real = Date.now; window.later_ms = 0; Date.now = () => real() + later_ms;")

    def answer_at_ten(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        told |= {"now_s": told["aging"]["as_of_s"] + 7200, "refresh_s": 1, "banner": ""}
        route.fulfill(response=answer, json=told)

    page.route("**/wall/state?*", answer_at_ten)
    page.goto(f"{wall}/wall")
    data, banner = page.locator("#foot .w-data"), page.locator("#banner")
    expect(data).to_contain_text(young, timeout=60_000)
    expect(banner).to_be_hidden()
    page.unroute("**/wall/state?*")
    page.route("**/wall/state?*", lambda route: route.abort())
    page.evaluate("later_ms = 47 * 3600 * 1000")
    expect(data).to_contain_text(old)
    # The two banners take turns.
    expect(banner).to_contain_text(lost, timeout=30_000)
    expect(banner).to_contain_text(stale, timeout=30_000)
    page.close()


@pytest.mark.slow
def test_the_wall_keeps_its_view_while_the_server_is_gone_and_comes_back_without_a_hand(
    browser: Browser, tmp_path: Path
) -> None:
    publish_wall(tmp_path, refresh_s=1, stale_after_h=10**6)
    port = find_port()
    process = start_server(tmp_path, port)
    try:
        page = open_wall(browser, name_address(port))
        banner, stage = page.locator("#banner"), page.locator("#stage")
        expect(banner).to_be_hidden()
        page.evaluate("document.body.dataset.isSame = 'yes'")
        process.kill()
        process.wait(timeout=20)
        expect(banner).to_contain_text("No connection since", timeout=30_000)
        expect(banner).to_contain_text(re.compile(r"\d\d:\d\d"))
        expect(stage.locator(".w-scene.is-on")).to_be_visible()
        # What is built meanwhile is shown when the server is back; the page was never loaded anew.
        publish_wall(tmp_path, refresh_s=1, stale_after_h=10**6, scenes=[{"page": "overdue"}])
        process = start_server(tmp_path, port)
        expect(banner).to_be_hidden(timeout=30_000)
        expect(stage.locator(".w-scene")).to_have_count(1)
        expect(stage.locator(".w-overdue.is-on")).to_be_visible()
        assert page.evaluate("document.body.dataset.isSame") == "yes"
        # Unplugged data are told within one refresh, and a restart meanwhile takes nothing from the wall.
        (tmp_path / "CURRENT").rename(tmp_path / "unplugged")
        expect(banner).to_contain_text("No data can be read since", timeout=10_000)
        process.kill()
        process.wait(timeout=20)
        process = start_server(tmp_path, port)
        expect(banner).to_have_text(say("en", "wall.not_ready"), timeout=30_000)
        expect(stage.locator(".w-overdue.is-on")).to_be_visible()
        (tmp_path / "unplugged").rename(tmp_path / "CURRENT")
        expect(banner).to_be_hidden(timeout=10_000)
        page.close()
    finally:
        process.kill()
        process.wait(timeout=20)
