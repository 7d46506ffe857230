"""A tiny city of a few cases in November 2025 and their log, built; and what became of each case."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
from tiny_source import write_csv
from tiny_world import write_tiny_world

from governance import pipeline
from governance.city import City, open_city

# Monday 3 November 2025, Shanghai; working hours 08:30-12:00 and 13:30-17:30.
AS_OF_UTC = datetime.fromisoformat("2025-11-07T04:00")  # Friday noon
HOUR = 3600
EVENTS = """
[sources.events]
files = ["log.csv"]
format = "csv"
incident_id = "id"
kind = "kind"
at = "at"
department = "unit"
reason = "why"
extended_until = "until"
"""
OVERLAY = """
extends = "group_rental@1"
version = "1.1.0"
district = "north"
[limits.III.dispose]
value = 2
unit = "work_days"
"""


def local(text: str) -> str:
    day, clock = text.split()
    return f"2025-11-{int(day):02} {clock}:00"


def build(folder: Path, log: list[tuple[str, ...]], rows: dict[str, tuple[str, ...]]) -> City:
    """The tiny city with `rows` (id: local report, local closing, place) and a `log` (id, kind, time, unit, reason)."""
    city_file = write_tiny_world(folder)
    text = city_file.read_text(encoding="utf-8").replace("[[sources.categories]]", EVENTS + "[[sources.categories]]", 1)
    text = text.replace("[grids]", 'scenario_folder = "own"\n[grids]', 1)
    city_file.write_text(text, encoding="utf-8")
    overlay = folder / "own" / "north" / "group_rental.toml"
    overlay.parent.mkdir(parents=True)
    overlay.write_text(OVERLAY, encoding="utf-8")
    points = {"south": ("121.505", "29.805"), "north": ("121.505", "29.815")}
    write_csv(
        folder / "incidents.csv",
        [
            {
                "id": name, "reported": local(reported), "closed": closed and local(closed), "due": "",
                "updated": local("6 00:00"), "lon": points[where][0], "lat": points[where][1],
                "category": "Group rental", "department": "" if name != "silent" else "housing",
                "status": "closed" if closed else "open", "phone": "",
            }
            for name, (reported, closed, where) in rows.items()
        ],
    )  # fmt: skip
    write_csv(
        folder / "log.csv",
        [
            {"id": name, "kind": kind, "at": local(at), "unit": unit, "why": why,
             "until": "2026-01-15" if kind == "extended" else ""}
            for name, kind, at, unit, why in log
        ],
    )  # fmt: skip
    build_dir = folder / "build"
    pipeline.build_city(city_file, build_dir, now_utc=datetime.fromisoformat("2025-12-01"), as_of_utc=AS_OF_UTC,
                        progress=lambda *_: None)  # fmt: skip
    return open_city(build_dir)


def case(city: City, name: str) -> dict:
    return city.sql("select * from core_case where incident_id = $name", name=name).to_dict("records")[0]


def hours(city: City, name: str) -> list[float | None]:
    found = case(city, name)
    seconds = [found[f"{part}_work_s"] for part in ("desk", "held", "check")]
    return [None if pd.isna(part) else part / HOUR for part in seconds]


def stints(city: City, name: str) -> list[tuple[str, float]]:
    rows = city.sql("select holder, work_s from core_stint where incident_id = $name order by stint", name=name)
    return [(holder, seconds / HOUR) for holder, seconds in rows.itertuples(index=False)]
