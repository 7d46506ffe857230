"""The working time of Shanghai in 2026, with and without a summer's season, and moments on its wall clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from governance.cases.work_clock import build_work_clock
from governance.scenarios.template import LimitUnit
from governance.work_calendar import WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = WorkCalendar(country="CN")
CLOCK = build_work_clock(CHINA, SHANGHAI, first_day=date(2025, 12, 1), last_day=date(2026, 12, 1))
SUMMER = {"from": "05-01", "to": "09-30", "windows": ["08:30-12:00", "14:30-18:00"]}
SEASONAL = WorkCalendar.model_validate({"country": "CN", "seasons": [SUMMER]})
SEASONS = build_work_clock(SEASONAL, SHANGHAI, first_day=date(2025, 12, 1), last_day=date(2026, 12, 1))
UNITS: tuple[LimitUnit, ...] = ("hours", "calendar_days", "work_hours", "work_days")
NOT_YET = "unknown"
OPEN = "still open"


def to_utc(local: str) -> np.datetime64:
    moment = datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)
    return np.datetime64(moment.astimezone(ZoneInfo("UTC")).replace(tzinfo=None), "us")


def to_local(moment: np.datetime64) -> str:
    """The wall clock of Shanghai; seconds only where there are some."""
    if np.isnat(moment):
        return NOT_YET
    return (moment.astype(datetime) + timedelta(hours=8)).isoformat(sep=" ").removesuffix(":00")
