"""The dashboard as a running server, and a Chromium that looks at it; for browser tests and screenshots."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

OpenPage = Callable[..., Page]
ROOT = Path(__file__).parents[1]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
_PHONE_SIGN: dict[str, Any] = {"is_mobile": True, "has_touch": True, "user_agent": "Mobile"}
WALKED = ("zh",)  # long walks are made in one language; every page is opened in both
# The same engine without windows: a test costs a fifth less.
_SHELL = "chromium-headless-shell"
_BROWSERS = (
    "chromium", "chromium-browser", "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)  # fmt: skip
_SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
)  # fmt: skip
_PATIENCE_S = 60
expect.set_options(timeout=_PATIENCE_S * 1000)  # a busy machine is slow, and a test judges what comes, not when


@contextmanager
def running_dashboard(build_dir: Path, *, script: Path | None = None) -> Iterator[str]:
    """The address of a dashboard (or of another `script`) that serves `build_dir`; it ends with the block."""
    port = find_port()
    process = start_server(build_dir, port, script=script)
    try:
        yield name_address(port)
    finally:
        process.terminate()
        process.wait(timeout=20)


def find_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def name_address(port: int) -> str:
    """Where a server on this port is found."""
    return f"http://127.0.0.1:{port}"


def start_server(build_dir: Path, port: int, *, script: Path | None = None) -> subprocess.Popen:
    """A dashboard that serves `build_dir` and answers already; whoever starts it ends it."""
    command = [
        sys.executable, "-m", "streamlit", "run", str(script or "app.py"),
        "--server.port", str(port), "--server.address", "127.0.0.1",
    ]  # fmt: skip
    environment = {**os.environ, "GOVERNANCE_BUILD_DIR": str(build_dir)}
    # The child has its own handle; what it writes is gone with the last one.
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_up(name_address(port), process)
    except RuntimeError:
        process.kill()
        raise
    return process


@contextmanager
def open_browser(*, is_whole: bool = False) -> Iterator[Browser]:
    """The machine's own Chromium, headless, drawing in software; a whole one is what a visitor has, and is measured."""
    names = _BROWSERS if is_whole else (_SHELL, *_BROWSERS)
    program = next((found for name in names if (found := shutil.which(name))), None)
    if program is None:
        raise RuntimeError(f"None of these browsers is on this machine: {', '.join(names)}.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_SWITCHES))
        yield browser
        browser.close()


@contextmanager
def visiting(browser: Browser, dashboard: str) -> Iterator[OpenPage]:
    """Opens pages by path; at the end holds that none asked another host, ran a text or made a node of one."""
    pages: list[Page] = []
    strange: list[str] = []

    def watch(request: Request) -> None:
        if not request.url.startswith((dashboard, dashboard.replace("http", "ws"), "data:", "blob:")):
            strange.append(request.url)

    def visit_page(path: str = "/", *, spoken: str = "en", viewport: dict | None = None) -> Page:
        page = open_page(browser, dashboard + path, language=spoken, viewport=viewport, watch=watch, dialogs=strange)
        pages.append(page)
        return page

    yield visit_page
    for page in pages:
        expect(page.locator("img[src='x']")).to_have_count(0)
        page.close()
    assert strange == []


def open_page(
    browser: Browser,
    address: str,
    *,
    language: str = "en",
    viewport: dict | None = None,
    watch: Callable[[Request], None] | None = None,
    dialogs: list[str] | None = None,
) -> Page:
    """A visitor's first page; the browser asks for `language` first, `watch` hears every request it sends."""
    page = _find_context(browser, language, viewport or DESKTOP).new_page()
    page.set_default_timeout(_PATIENCE_S * 1000)
    if watch:
        page.on("request", watch)
    if dialogs is not None:
        page.on("dialog", lambda dialog: (dialogs.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.goto(address)
    wait_until_still(page)
    return page


def _find_context(browser: Browser, language: str, viewport: dict) -> BrowserContext:
    """One per language and size, so that the browser keeps the program's own files as a visitor's does."""
    key = (id(browser), language, viewport["width"])
    if key not in _CONTEXTS:
        locale = {"en": "en-GB", "zh": "zh-CN"}[language]
        sign = _PHONE_SIGN if viewport["width"] == PHONE["width"] else {}
        _CONTEXTS[key] = browser.new_context(viewport=viewport, locale=locale, accept_downloads=True, **sign)
    return _CONTEXTS[key]


_CONTEXTS: dict[tuple[int, str, int], BrowserContext] = {}


def wait_until_still(page: Page) -> None:
    """Wait until the page has its title and the server has finished the run."""
    expect(page.locator(".g-head h1")).to_be_visible()
    idle = "[data-testid='stApp'][data-test-script-state='notRunning']"
    expect(page.locator(idle)).to_be_attached()
    expect(page.locator("[data-stale='true']")).to_have_count(0)


def wait_for_map(page: Page, *, fetches: tuple[str, ...] = ("/geometry/", "/letters/")) -> None:
    """Wait until the map has fetched its shapes and drawn them; a map of no scenario's own tiers has no letters."""
    for part in fetches:
        fetched = f"performance.getEntriesByType('resource').some(r => r.name.includes('{part}') && r.responseEnd > 0)"
        page.wait_for_function(fetched)
    expect(page.locator("[data-testid='stDeckGlJsonChart'] canvas").first).to_be_visible()
    # Two frames: the first one after the shapes arrived, and one more in which they are on the screen.
    twice = "requestAnimationFrame(() => requestAnimationFrame(done))"
    page.evaluate(f"() => new Promise(done => {twice})")


def _wait_until_up(address: str, process: subprocess.Popen) -> None:
    up = threading.Event()
    for _ in range(_PATIENCE_S * 5):
        if process.poll() is not None:
            raise RuntimeError(f"The dashboard ended with code {process.returncode} before it was up.")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):  # noqa: S310  our own address
                return
        except OSError:
            up.wait(0.2)
    raise RuntimeError(f"The dashboard was not up after {_PATIENCE_S} seconds.")
