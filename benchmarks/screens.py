"""Pictures of every page in both languages, on a desk and on a phone: python benchmarks/screens.py [build] [folder]."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.dashboard import (  # noqa: E402  the folder of the tests is no package that could be installed
    DESKTOP,
    PHONE,
    open_browser,
    open_page,
    running_dashboard,
    wait_for_map,
    wait_until_still,
)  # fmt: skip

PAGES = ("overview", "map", "changes", "scenario", "overdue", "evaluation", "model", "inspections", "health")
SIZES = {"desk": DESKTOP, "phone": PHONE}
# The wall's scenes by their numbers in the default rotation, and the screens that it is made for.
SCENES = {"figures-1080p": "1", "map-1080p": "2", "overdue-1080p": "5", "changes-1080p": "6", "two-wide": "2,5"}
WALLS = {"1080p": {"width": 1920, "height": 1080}, "wide": {"width": 5120, "height": 1440}}


def main(build_dir: Path, folder: Path, only: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with running_dashboard(build_dir) as address, open_browser() as browser:
        for language in ("en", "zh"):
            for size in SIZES:
                for name in PAGES:
                    if only in f"{name}-{language}-{size}":
                        take_picture(browser, address, folder, name=name, language=language, size=size)
            take_walls(browser, address, folder, language=language, only=only)


def take_picture(browser: Browser, address: str, folder: Path, *, name: str, language: str, size: str) -> None:
    path = "" if name == "overview" else name
    page = open_page(browser, f"{address}/{path}", language=language, viewport=SIZES[size])
    if name == "map":
        wait_for_map(page)
        save(page, folder / f"{name}-{language}-{size}.png", size)
        page.locator(".st-key-reddest button").first.click()
        page.locator(".g-card").wait_for()
        wait_until_still(page)
    if name in {"overview", "scenario"}:
        page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
    suffix = "-card" if name == "map" else ""
    save(page, folder / f"{name}{suffix}-{language}-{size}.png", size)
    if name == "map" and page.locator(".st-key-card_cases a").count():
        page.locator(".st-key-card_cases a").first.click()
        page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
        wait_until_still(page)
        save(page, folder / f"case-{language}-{size}.png", size)
    if name == "scenario":
        for place, tab in enumerate(("progress", "holders", "recurrence", "sheet"), start=1):
            page.get_by_role("tab").nth(place).click()
            wait_until_still(page)
            save(page, folder / f"{name}-{tab}-{language}-{size}.png", size)
    if name == "model":
        for tab in ("calibration", "drift", "card", "capacity", "fairness"):
            page.goto(f"{address}/{path}?tab={tab}")
            wait_until_still(page)
            save(page, folder / f"{name}-{tab}-{language}-{size}.png", size)
    if name == "inspections":
        for tab in ("paper", "outcomes"):
            page.goto(f"{address}/{path}?tab={tab}")
            wait_until_still(page)
            save(page, folder / f"{name}-{tab}-{language}-{size}.png", size)
    if name == "overdue":
        page.goto(f"{address}/{path}?department=housing")
        wait_until_still(page)
        save(page, folder / f"{name}-morning-{language}-{size}.png", size)
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
    main(
        Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build"),
        Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "docs" / "screens"),
        sys.argv[3] if len(sys.argv) > 3 else "",
    )
