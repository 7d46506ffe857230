"""What all tests share: hypothesis judges answers, never how long a machine took; a demo city; a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser
from streamlit.components.v2 import manifest_scanner

from governance import pipeline
from governance.cases import work_clock
from governance.city import City, open_city
from governance.demo import make_city
from tests.dashboard import OpenPage, open_browser, running_dashboard, visiting
from tests.tiny_snapshot import publish_tiny

# Streamlit reads what every installed package says of itself again for each run of a page: half of the time of a test.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
# A build counts the working seconds of 25 years first: a tenth of the time of a small city's, and the same each time.
work_clock.build_work_clock = cache(work_clock.build_work_clock)

settings.register_profile("no-clock", deadline=None)
settings.load_profile("no-clock")


@pytest.fixture(scope="session")
def demo_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo city, built: 150 days, large enough that departments bounce cases and are late in every way."""
    folder = tmp_path_factory.mktemp("demo")
    make_city(folder / "city", grids=120, days=150, incidents_per_day=80)
    now_utc = datetime(2026, 1, 2)  # noqa: DTZ001  naive UTC, as in storage
    pipeline.build_city(folder / "city" / "city.toml", folder / "build", now_utc=now_utc, progress=lambda *_: None)
    return folder / "build"


@pytest.fixture(scope="module")
def city(demo_build: Path) -> Iterator[City]:
    """The small demo city, opened; modules that look at another one have a fixture of their own."""
    opened = open_city(demo_build)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build folder with the tiny snapshot."""
    folder = tmp_path_factory.mktemp("tiny")
    publish_tiny(folder)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def dashboard(tiny: Path) -> Iterator[str]:
    """The address of a running dashboard that serves the tiny snapshot."""
    with running_dashboard(tiny) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, dashboard: str) -> Iterator[OpenPage]:
    """Opens pages by path and holds that none misbehaves, see `visiting`."""
    with visiting(browser, dashboard) as visit_page:
        yield visit_page
