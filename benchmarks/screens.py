"""Pictures of every page in both languages, on a desk and on a phone: python -m benchmarks.screens --help."""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from benchmarks.report import ROOT
from tests.dashboard import (
    DESKTOP,
    PHONE,
    open_browser,
    open_page,
    running_dashboard,
    wait_for_map,
    wait_until_still,
)

_MARKS = "districts,incidents,overdue,changes,stops"
VIEWS = {
    "overview": "", "map": "map", "map-layers": f"map?layers={_MARKS}", "map-sheet": "map?sheet=1",
    "changes": "changes", "compare": "compare", "compare-units": "compare?tab=units", "scenario": "scenario",
    **{f"scenario-{tab}": f"scenario?tab={tab}" for tab in ("progress", "holders", "recurrence", "sheet")},
    "overdue": "overdue", "overdue-morning": "overdue?department=housing", "evaluation": "evaluation", "model": "model",
    **{f"model-{tab}": f"model?tab={tab}" for tab in ("calibration", "drift", "card", "capacity", "fairness")},
    "inspections": "inspections",
    **{f"inspections-{tab}": f"inspections?tab={tab}" for tab in ("paper", "outcomes")},
    "health": "health",
}  # fmt: skip
# Pages whose first chart comes after their first texts.
_CHARTED = {"overview", "scenario"}
SIZES = {"desk": DESKTOP, "phone": PHONE}
# The wall's scenes by their numbers in the default rotation, and the screens that it is made for.
SCENES = {"figures-1080p": "1", "map-1080p": "2", "overdue-1080p": "5", "changes-1080p": "6", "two-wide": "2,5"}
WALLS = {"1080p": {"width": 1920, "height": 1080}, "wide": {"width": 5120, "height": 1440}}


def main() -> None:
    """Take those pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "screens")
    parser.add_argument("--only", default="", help="A part of their names, such as `map-en`.")
    options = parser.parse_args()
    take_pictures(options.build_dir, options.folder, only=options.only)


def take_pictures(build_dir: Path, folder: Path, *, only: str = "") -> None:
    """Pictures of all views whose names hold `only`."""
    folder.mkdir(parents=True, exist_ok=True)
    with running_dashboard(build_dir) as address, open_browser() as browser:
        for language in ("en", "zh"):
            for size in SIZES:
                for name in VIEWS:
                    if only in f"{name}-{language}-{size}":
                        take_picture(browser, address, folder, name=name, language=language, size=size)
                if only in f"map-card-{language}-{size}":
                    take_card(browser, address, folder, language=language, size=size)
            take_walls(browser, address, folder, language=language, only=only)


def take_picture(browser: Browser, address: str, folder: Path, *, name: str, language: str, size: str) -> None:
    page = open_page(browser, f"{address}/{VIEWS[name]}", language=language, viewport=SIZES[size])
    if name in {"map", "map-layers"}:
        wait_for_map(page)
    if name in _CHARTED:
        page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
    wait_until_drawn(page)
    save(page, folder / f"{name}-{language}-{size}.png", size)
    page.close()


def take_card(browser: Browser, address: str, folder: Path, *, language: str, size: str) -> None:
    """The card of the reddest grid, and from there the first of its open cases."""
    page = open_page(browser, f"{address}/map", language=language, viewport=SIZES[size])
    wait_for_map(page)
    page.locator(".st-key-reddest button").first.click()
    page.locator(".g-card").wait_for()
    wait_until_still(page)
    save(page, folder / f"map-card-{language}-{size}.png", size)
    if page.locator(".st-key-card_cases a").count():
        page.locator(".st-key-card_cases a").first.click()
        page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
        wait_until_still(page)
        save(page, folder / f"case-{language}-{size}.png", size)
    page.close()


def take_walls(browser: Browser, address: str, folder: Path, *, language: str, only: str) -> None:
    for name, numbers in SCENES.items():
        scene, size = name.split("-")
        if only in f"wall-{scene}-{language}-{size}":
            page = browser.new_page(viewport=WALLS[size])
            page.goto(f"{address}/wall?lang={language}&scenes={numbers}")
            page.locator(".w-scene.is-on").wait_for()
            keep(page, folder / f"wall-{scene}-{language}-{size}.png")
            page.close()


def wait_until_drawn(page: Page) -> None:
    """Wait until nothing is a grey place for what comes, and maps without letters are drawn, too."""
    page.wait_for_function("document.querySelectorAll('[data-testid=stSkeleton]').length === 0")
    if page.locator("[data-testid=stDeckGlJsonChart]").count():
        wait_for_map(page, fetches=("/geometry/",))


def save(page: Page, file: Path, size: str) -> None:
    # Streamlit scrolls inside its own box; a window as tall as the content shows all of it.
    tall = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
    page.set_viewport_size({"width": SIZES[size]["width"], "height": max(SIZES[size]["height"], min(tall + 20, 3600))})
    page.wait_for_timeout(700)
    keep(page, file)


def keep(page: Page, file: Path) -> None:
    page.screenshot(path=file)
    # 256 colours are enough for pages of few colours, and a third of the bytes.
    Image.open(file).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
    print(file)


if __name__ == "__main__":
    main()
