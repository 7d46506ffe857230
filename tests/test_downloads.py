"""The names of files that pages hand out."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from governance.ui.downloads import name_file


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (("housing", "overdue"), "open-housing-overdue-as-of-2026-01-01-000012.csv"),
        (("", "~none"), "open-as-of-2026-01-01-000012.csv"),
        (("../../etc", "a b", "=1+1", "海曙"), "open-as-of-2026-01-01-000012.csv"),
    ],
)
def test_a_file_tells_what_it_is_and_the_citys_day(named: tuple[str, ...], told: str) -> None:
    # Five in the afternoon in Greenwich is an hour of the new year in Ningbo.
    city = SimpleNamespace(as_of_utc=datetime(2025, 12, 31, 17), generation="000012")  # noqa: DTZ001  naive UTC
    view = cast("Any", SimpleNamespace(city=city, zone=ZoneInfo("Asia/Shanghai")))
    assert name_file(view, "open", *named, kind="csv") == told
