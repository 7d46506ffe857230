"""Cities for the page of evaluation: a made-up one of two years in memory, and the tiny one with a pilot, published.

Four towns in two districts; departments `fire`, `housing`, one with a hostile name, and none; about 4,000 cases.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from governance import snapshot
from governance.city import City
from tests import tiny_counts, tiny_snapshot

HOSTILE = "=cmd|' /C calc'!A0 <img src=x onerror=alert(1)>"
AS_OF = tiny_counts.local("2025-03-16T09:00:00")
PILOT = {"scenario": "rental", "district": "H", "from_": "2024-09-02"}
_NUMBERS = itertools.count()
_SHOWN: dict[str, City] = {}


def show(city: City) -> None:
    """Let `get_shown` give this city, which a page's script cannot be given itself."""
    _SHOWN["city"] = city


def get_shown() -> City:
    """The city that was shown last."""
    return _SHOWN["city"]


def open_rich(*, seed: int = 7, grids: Sequence[tuple[str, str]] = tiny_counts.GRIDS) -> City:
    """Cases from September 2023 to 16 March 2025, a few of them unmatched, unmapped, cancelled, reworked, extended."""
    rng = np.random.default_rng(seed)
    day, cases = timedelta(days=1), []
    for number in range(4000):
        reported = tiny_counts.local("2023-09-01T10:00:00") + int(rng.integers(0, 562)) * day
        done = reported + float(rng.exponential(4.0)) * day
        is_done = done < AS_OF and rng.random() < 0.93
        cases.append(
            tiny_counts.make_case(
                reported, as_of=AS_OF, incident_id=f"R-{number}",
                department=[HOSTILE, "housing", "fire", None][rng.choice(4, p=[0.02, 0.55, 0.4, 0.03])],
                grid_no=None if rng.random() < 0.03 else int(rng.integers(0, len(grids))),
                scenario=[None, "rental", "lane"][rng.choice(3, p=[0.03, 0.57, 0.4])],
                disposed_at_utc=done if is_done else None, closed_at_utc=done if is_done else None,
                verified_at_utc=done if is_done and rng.random() < 0.75 else None,
                reopenings=int(rng.random() < 0.06), extensions=int(rng.random() < 0.05), hops=int(rng.integers(0, 3)),
            )
        )  # fmt: skip
    cases += [tiny_counts.make_case(AS_OF - 40 * day, as_of=AS_OF, stage="cancelled", incident_id="R-cancelled")]
    return open_evaluated(cases, grids=grids)


def open_evaluated(cases: list[dict], *, as_of: datetime = AS_OF, grids: Sequence[tuple[str, str]] = ()) -> City:
    """A city in memory that the page can show: counts, stints and recurrences of these cases, units, a pilot."""
    held = [case for case in cases if case["department"]]
    stints = [
        {"source": "platform", "incident_id": case["incident_id"], "stint": 1, "holder": case["department"],
         "work_s": 3600 * (1 + number % 50)}
        for number, case in enumerate(held)
    ]  # fmt: skip
    closed = [case for case in cases if case.get("closed_at_utc") and case["scenario"]]
    recurrences = [
        {"source": "platform", "incident_id": case["incident_id"], "scenario": case["scenario"],
         "department": case["department"], "level_1_id": "H", "level_2_id": "H1",
         "closed_at_utc": case["closed_at_utc"], "followed_days": 0.0,
         "days_to_recurrence": 5.0 if number % 7 else None}
        for number, case in enumerate(closed)
    ]  # fmt: skip
    grids = grids or tiny_counts.GRIDS
    city = tiny_counts.open_counts(cases, as_of=as_of, stints=stints, recurrences=recurrences, grids=grids)
    _load_names(city, grids)
    return replace(city, current=snapshot.Current("000001", Path("none"), f"city {next(_NUMBERS)}", 1))


def _load_names(city: City, grids: Sequence[tuple[str, str]]) -> None:
    """What pages ask beside the counts: units, levels, scenarios in their order, the pilot of the profile."""
    districts = dict.fromkeys(district for district, _ in grids)
    units = [{"level": 0, "unit_id": "", "unit_zh": "小城", "unit_en": "Tiny"}]
    for district in districts:
        zh, en = tiny_counts.DISTRICTS.get(district, (district, district))
        units.append({"level": 1, "unit_id": district, "unit_zh": zh, "unit_en": en, "parent_unit_id": ""})
    units += [
        {"level": 2, "unit_id": town, "unit_zh": town, "unit_en": town, "parent_unit_id": district}
        for district, town in dict.fromkeys(grids)
    ]
    tiny_counts.load(city.con, "out_unit", UNIT_SCHEMA, units)
    tiny_counts.load(city.con, "meta_level", tiny_snapshot.LEVEL_SCHEMA, tiny_snapshot.LEVELS if grids else [])
    scenarios = [{**row, "place": place} for place, row in enumerate(tiny_counts.SCENARIOS)]
    tiny_counts.load(city.con, "meta_scenario", SCENARIO_SCHEMA, scenarios)
    told = {"id": "tiny", "name_zh": "小城", "name_en": "Tiny", "timezone": tiny_counts.ZONE, "pilots": [PILOT]}
    city.con.execute("update meta_manifest set city = $told", {"told": json.dumps(told)})


def publish_tiny_evaluated(folder: Path) -> None:
    """The tiny snapshot, with a pilot of group rentals in Haishu."""
    pilot = {"scenario": "group_rental", "district": "330203", "from_": "2025-02-03"}
    city = {**tiny_snapshot.MANIFEST["city"], "pilots": [pilot]}
    with snapshot.building(folder) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        snapshot.publish(draft, manifest={**tiny_snapshot.MANIFEST, "city": city})


UNIT_SCHEMA = pa.schema(
    [("level", pa.int32())] + [(name, pa.string()) for name in ("unit_id", "unit_zh", "unit_en", "parent_unit_id")]
)
SCENARIO_SCHEMA = pa.schema(
    [("place", pa.int32())] + [(name, pa.string()) for name in ("scenario", "name_zh", "name_en")]
)
