"""Measures the dashboard on a built city and writes the table into docs/performance.md: python -m benchmarks.dashboard.

The map in a real Chromium that draws in software: first sight cold and warm, another scenario, a click; the same in
the way a map is usually written (`naive_map.py`), and of one rectangle (`floor_map.py`), which nothing can be faster
than. The pages by raw websocket: one visitor over many choices, then fifty visitors at once, each before and after a
new generation. Give a second build of a large city with `--large`.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.dashboard_pages import MAP, measure_pages
from benchmarks.report import ROOT, date_and_machine, draw_table, write_section
from benchmarks.visits import walk
from governance.city import City, open_city
from tests.dashboard import DESKTOP, open_browser, running_dashboard, wait_until_still

NAIVE = ROOT / "benchmarks" / "naive_map.py"
FLOOR = ROOT / "benchmarks" / "floor_map.py"
_PATIENCE_MS = 180_000
_SETTLED_MS = 500
# A small copy of the map's drawing tells when the tiers are on the screen, and when they have changed.
_WATCH = """() => {
  const small = document.createElement('canvas'); small.width = 96; small.height = 64;
  const pen = small.getContext('2d', {willReadFrequently: true});
  window.lookAtMap = () => {
    const map = document.querySelector("[data-testid='stDeckGlJsonChart'] canvas");
    if (!map || !map.width) return null;
    pen.clearRect(0, 0, 96, 64); pen.drawImage(map, 0, 0, 96, 64);
    const seen = pen.getImageData(0, 0, 96, 64).data;
    let sum = 0, full = 0;
    for (let i = 0; i < seen.length; i += 4) {
      if (seen[i + 3] > 200) { full += 1; sum = (sum * 31 + seen[i] + 7 * seen[i + 1] + 13 * seen[i + 2]) % 1000003; }
    }
    return full > 300 ? sum : null;
  };
  window.waitForMap = (before) => new Promise(done => {
    const look = () => {
      const seen = window.lookAtMap();
      if (seen !== null && seen !== before) done(performance.now()); else setTimeout(look, 30);
    };
    look();
  });
  document.addEventListener('mousedown', () => { window.pressedAt = performance.now(); }, true);
}"""


@dataclass(frozen=True)
class MapTimes:
    """Seconds until the map is seen, cold and warm; until another scenario is; until a card is; None: not measured."""

    cold_s: float
    warm_s: float
    change_s: float
    card_s: float | None


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build")
    parser.add_argument("--large", type=Path, help="A build of a city with 100,000 grids.")
    parser.add_argument("--short", action="store_true", help="One of each, to see that it works; writes nothing.")
    options = parser.parse_args()
    lines = [date_and_machine("python -m benchmarks.dashboard"), "", *measure_maps(options)]
    lines += ["", *measure_pages(options.build_dir, is_short=options.short)]
    if options.short:
        print("\n".join(lines))
    else:
        write_section("dashboard", lines)


def measure_maps(options: argparse.Namespace) -> list[str]:
    """A row per city and way."""
    rows = []
    cities = [open_city(build_dir) for build_dir in filter(None, (options.build_dir, options.large))]
    wire = {city.build_dir: measure_change_bytes(city) for city in cities}
    with open_browser(is_whole=True) as browser:
        for city in cities:
            name = f"{count_grids(city):,} grids"
            rows.append([f"{name}, ours", *tell(measure_map(browser, city)), f"{wire[city.build_dir] / 1000:.1f}"])
            if city.build_dir != options.large:  # where it does not end within minutes
                rows.append([f"{name}, inline", *tell(measure_map(browser, city, script=NAIVE)), "–"])
                rows.append(["one rectangle", *tell(measure_map(browser, city, script=FLOOR)), "–"])
    titles = ("map", "first, cold s", "first, warm s", "other scenario s", "click → card s", "kB over the wire")
    return draw_table(titles, rows)


def measure_map(browser: Browser, city: City, *, script: Path | None = None) -> MapTimes:
    """The times of one way; three scenarios are chosen one after the other, and the middle time counts."""
    names = city.ask("ui_scenarios")["name_en" if script is None else "scenario"].tolist()
    context = browser.new_context(viewport=DESKTOP, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.add_init_script(f"({_WATCH})()")
    with running_dashboard(city.build_dir, script=script) as address:
        cold, warm = (see_map(page, f"{address}/{'' if script else MAP}") for _ in range(2))
        changes = [change_scenario(page, name) for name in names[1:4]]
        card = None if script else open_card(page, city, address)
        context.close()
    return MapTimes(cold, warm, statistics.median(changes), card)


def see_map(page: Page, address: str) -> float:
    """Seconds from asking for the page until the tiers are seen."""
    page.goto(address)
    seen_ms: float = page.evaluate("window.waitForMap(null)")
    wait_until_still(page)
    return seen_ms / 1000


def change_scenario(page: Page, name: str) -> float:
    """Seconds from the press on another scenario until the map shows other colours."""
    wait_until_still(page)
    page.get_by_role("combobox").first.click()
    option = page.get_by_role("option", name=name, exact=True)
    option.wait_for()
    before = page.evaluate("window.lookAtMap()")
    option.click()
    seen_ms: float = page.evaluate("before => window.waitForMap(before).then(at => at - window.pressedAt)", before)
    wait_until_still(page)
    return seen_ms / 1000


def open_card(page: Page, city: City, address: str) -> float:
    """Seconds from a click on the middle of a town's map until the grid's card stands beside it."""
    town = city.sql("select unit_id from out_unit where level = 2 order by grids desc limit 1").iloc[0]["unit_id"]
    see_map(page, f"{address}/{MAP}?unit={town}")
    chart = page.locator("[data-testid='stDeckGlJsonChart']")
    box = chart.bounding_box()
    if box is None:
        raise SystemExit("There is no map to click on.")
    # The middle itself may lie on the border of two grids.
    for aside in range(0, 60, 9):
        place = {"x": box["width"] / 2 + aside, "y": box["height"] / 2}
        chart.hover(position={"x": place["x"] - 4, "y": place["y"]})
        chart.hover(position=place)
        page.locator(".deck-tooltip b").wait_for(state="attached")
        page.wait_for_timeout(_SETTLED_MS)
        if page.locator(".deck-tooltip b").inner_text():
            break
    chart.click(position=place)
    shown = "requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - window.pressedAt)))"
    page.locator(".g-card h2").wait_for()
    taken_ms: float = page.evaluate(f"() => new Promise(done => {shown})")
    return taken_ms / 1000


def measure_change_bytes(city: City) -> float:
    """Bytes of the websocket for another scenario, compressed as they travel: the most of three."""
    names = city.ask("ui_scenarios")["scenario"].tolist()[:4]
    with running_dashboard(city.build_dir) as address:
        answers = asyncio.run(walk(address, [(MAP, {"scenario": name, "lang": "en"}) for name in names]))
    return max(answer.wire_bytes for answer in answers[1:])


def tell(times: MapTimes) -> list[str]:
    """The times as cells."""
    values = (times.cold_s, times.warm_s, times.change_s, times.card_s)
    return ["–" if value is None else f"{value:.2f}" for value in values]


def count_grids(city: City) -> int:
    """How many grids the city has."""
    return int(city.sql("select count(*) as grids from core_grid").iloc[0]["grids"])


if __name__ == "__main__":
    main()
