"""What all tests share: hypothesis judges answers, never how long a loaded machine took for them; one demo city."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import settings

from governance import pipeline
from governance.demo import make_city

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
