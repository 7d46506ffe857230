"""The grids of a rectangle or a unit as a file for others: tier, expected reports, reports, open and overdue cases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from governance.city import City
from governance.export_orders import Order, list_notes
from governance.exports import FORMATS, export_frame, read_bytes
from governance.ui.language import say

SHEET = "grids"
_ALL = 2**31 - 1


def export_group(
    city: City,
    out: Path,
    *,
    scenario: str,
    group: Mapping[str, object],
    language: str,
    format: str | None = None,  # noqa: A002  the word of the command line
) -> int:
    """Write the grids of `group` (level, unit_id, west, south, east, north) and give their number."""
    frame = city.ask("ui_group_grids", scenario=scenario, rows=_ALL, **group)
    other = "en" if language == "zh" else "zh"
    frame = frame.drop(columns=f"place_{other}").rename(columns={f"place_{language}": "place_name"})
    district = str(group["unit_id"]) if group["level"] == 1 else None
    notes = list_notes(city, Order(SHEET, scenario, district, language), len(frame))
    notes += [(name, say(language, f"groupnote.{name}")) for name in _EXPLAINED]
    sides = (("west", "south", "east", "north"), [str(group[side]) for side in ("west", "south", "east", "north")])
    notes += list(zip(*sides, strict=True)) if group["west"] != -180 else []  # noqa: PLR2004  no rectangle
    return export_frame(city, frame, out, sheet=SHEET, notes=notes, format=format)


def export_group_bytes(city: City, *, format: str, **options: object) -> bytes:  # noqa: A002  as above
    """The file that `export_group` would write, in memory; `options` are its own."""
    return read_bytes(
        f"{SHEET}{FORMATS[format]}",
        lambda out: export_group(city, out, format=format, **options),  # type: ignore[arg-type]
    )


_EXPLAINED = ("expected_reports_28d", "p_any_28d", "reports_28d", "open_cases")
