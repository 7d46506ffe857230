"""A tiny world worked by hand: four unit squares and sixteen rows, each there for one reason.

g-3 │ g-4        unit: 0.01 degrees; the south-west corner lies at 121.50 E, 29.80 N;
────┼────        `at(u, v)` gives the point u units east and v units north of it.
g-1 │ g-2
"""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path

AS_OF_UTC = datetime.fromisoformat("2024-03-15T04:00")  # noon in Shanghai
READ_AT_UTC = datetime.fromisoformat("2024-04-01")
SECRET_PHONE = "13957418888"  # noqa: S105  must never be found in what is kept

LONS = ("121.50", "121.505", "121.51", "121.515", "121.52", "121.60")
LATS = ("29.80", "29.805", "29.81", "29.815", "29.82", "29.90")


def at(u: float, v: float) -> tuple[str, str]:
    """The point as texts; u and v in 0, 0.5, 1, 1.5, 2 or 10 (far outside)."""
    places = (0, 0.5, 1, 1.5, 2, 10)
    return LONS[places.index(u)], LATS[places.index(v)]


HEADER = (
    "id", "reported", "closed", "due", "updated", "lon", "lat", "category", "department", "status", "phone",
)  # fmt: skip


def row(
    name: str,
    reported: str,
    point: tuple[str, str],
    *,
    category: str = "Group rental",
    closed: str = "",
    due: str = "",
    updated: str = "",
) -> tuple[str, ...]:
    status = "closed" if closed else "open"
    return (name, reported, closed, due, updated, *point, category, "Patrol team", status, SECRET_PHONE)


ROWS: tuple[tuple[str, ...], ...] = (
    row("T-01", "2024-03-01 09:00:00", at(0.5, 0.5)),  # inside g-1
    row("T-02", "2024-03-01 10:00:00", at(1, 0.5)),  # on the edge of g-1 and g-2
    row("T-03", "2024-03-02 10:00:00", at(1, 1)),  # the corner of all four
    row("T-04", "2024-03-02 11:00:00", at(10, 10)),  # outside every grid
    row("T-05", "2024-03-03 08:00:00", at(1.5, 1.5), updated="2024-03-03 08:00:00"),  # twice: the older version
    row("T-05", "2024-03-03 08:00:00", at(1.5, 1.5), closed="2024-03-04 08:00:00", updated="2024-03-04 08:00:00"),
    row("T-06", "2024-03-03 09:00:00", ("", "")),  # no coordinates
    row("T-07", "2099-01-01 00:00:00", at(0.5, 0.5)),  # from the future: quarantined
    row("T-08", "2024-02-29 23:30:00", at(0.5, 1.5), closed="2024-03-01 00:30:00"),  # leap day, in g-3
    row("T-09", "2024-03-05 10:00:00", at(0.5, 0.5), closed="2024-03-05 09:59:59"),  # closed first: quarantined
    row("T-10", "2024-03-06 10:00:00", at(1.5, 1.5), category="Potholes"),  # in no scenario, in g-4
    row("T-11", "2024-03-04 10:00:00", at(1.5, 0.5), category="Fire lane", due="2024-03-05 10:00:00"),  # overdue, g-2
    row("T-12", "2024-03-07 10:00:00", at(2, 2)),  # the outer corner of g-4 belongs to it
    row("T-13", "2024-03-08 10:00:00", ("0", "0")),  # zero coordinates: no location
    row("T-14", "2024-03-15 12:00:00", at(0.5, 0.5)),  # at the very moment: not yet a case
    ("T-15", "2024-03-09 10:00:00", SECRET_PHONE),  # too few fields: quarantined
)

GRID_OF = {
    "T-01": "g-1", "T-02": "g-1", "T-03": "g-1", "T-04": None, "T-05": "g-4", "T-06": None, "T-08": "g-3",
    "T-10": "g-4", "T-11": "g-2", "T-12": "g-4", "T-13": None,
}  # fmt: skip
LOCATION_OF = {
    name: "matched" if grid else {"T-04": "far_outside"}.get(name, "missing") for name, grid in GRID_OF.items()
}
OPEN = {"T-01", "T-02", "T-03", "T-04", "T-06", "T-10", "T-11", "T-12", "T-13"}
QUARANTINED = {8: ["reported_in_future"], 10: ["closed_before_reported"], 16: ["wrong_field_count"]}
READ, ACCEPTED, QUARANTINED_ROWS, DUPLICATE = 16, 12, 3, 1

CITY = """
schema = 1
id = "tiny"
name_zh = "小世界"
name_en = "Tiny world"
timezone = "Asia/Shanghai"
is_synthetic = true
scenarios = ["group_rental", "fire_lane"]

[grids]
files = ["grids.geojson"]

[[grids.levels]]
name_zh = "区县"
name_en = "District"
id = "district_id"
label_zh = "district_zh"
label_en = "district_en"

[work_calendar]
country = "CN"

[[departments]]
id = "patrol"
name_zh = "巡查队"
name_en = "Patrol"
aliases = ["Patrol team"]

[[sources]]
id = "platform"
files = ["incidents.csv"]
format = "csv"
personal_columns = ["phone"]
[sources.columns]
incident_id = "id"
reported_at = "reported"
closed_at = "closed"
due_at = "due"
updated_at = "updated"
lon = "lon"
lat = "lat"
category = "category"
department = "department"
status = "status"
[sources.values]
closed = ["closed"]
[sources.duplicates]
policy = "by_id"
latest_by = "updated_at"
[[sources.categories]]
pattern = "Group rental*"
scenario = "group_rental"
[[sources.categories]]
pattern = "Fire lane*"
scenario = "fire_lane"
"""


def write_tiny_world(folder: Path, *, rows: tuple[tuple[str, ...], ...] = ROWS) -> Path:
    """Write `incidents.csv`, `grids.geojson` and `city.toml`; gives the path of `city.toml`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "incidents.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *rows])
    (folder / "grids.geojson").write_text(json.dumps(make_grids()), encoding="utf-8")
    city = folder / "city.toml"
    city.write_text(CITY, encoding="utf-8")
    return city


def make_grids() -> dict:
    """The four squares as GeoJSON; g-1 and g-2 lie in the southern district, g-3 and g-4 in the northern."""
    return {
        "type": "FeatureCollection",
        "features": [_make_square(1 + u + 2 * v, u, v) for v in (0, 1) for u in (0, 1)],
    }


def _make_square(number: int, u: int, v: int) -> dict:
    corners = [at(u, v), at(u + 1, v), at(u + 1, v + 1), at(u, v + 1), at(u, v)]
    side = ("south", "南区", "South") if v == 0 else ("north", "北区", "North")
    return {
        "type": "Feature",
        "properties": {"grid_id": f"g-{number}", **dict(zip(DISTRICT_COLUMNS, side, strict=True))},
        "geometry": {"type": "Polygon", "coordinates": [[[float(x), float(y)] for x, y in corners]]},
    }


DISTRICT_COLUMNS = ("district_id", "district_zh", "district_en")
