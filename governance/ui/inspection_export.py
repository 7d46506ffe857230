"""The inspection list of the week as a file to work with: the stops in their order, and columns for what is found."""

from __future__ import annotations

from pathlib import Path

from governance.city import City
from governance.errors import ConfigError
from governance.export_orders import LANGUAGES, Order, find_id, list_notes
from governance.exports import FORMATS, export_frame, read_bytes
from governance.ui.inspection_list import list_stops
from governance.ui.language import say

SHEET = "inspections"
_EXPLAINED = ("stop", "kind", "sampling_probability", "expected_reports_28d", "urgent", "inspected_on")
_LEFT_OUT = {"place_zh", "place_en", "feature", "value", "share", "is_override", "override_reason", "override_author"}


def export_inspections(  # noqa: PLR0913  the command's options, each with a default
    city: City,
    out: Path,
    *,
    format: str | None = None,  # noqa: A002  the word of the command line
    scenario: str | None = None,
    district: str | None = None,
    unit: str | None = None,
    language: str = "zh",
) -> int:
    """Write the stops of this week's lists, with their grids in a map format, and give their number.

    `scenario` and `district` may be ids or names; `unit` is the id of a unit of any level. The columns inspected_on
    and found are empty: filled in, the file is one of outcomes. Raises ConfigError for anything unknown.
    """
    if language not in LANGUAGES:
        raise ConfigError(f"There is no language {language!r}; known: {', '.join(LANGUAGES)}.")
    if district and unit:
        raise ConfigError("A district is a unit, too; give either the district or the unit.")
    names = city.ask("export_names")
    scenario_id = find_id(names, "scenario", scenario) if scenario else None
    unit_id = find_id(names, "district", district) if district else _find_unit(city, unit)
    stops = list_stops(city, language, scenario_id or "", unit_id or "")
    other = "en" if language == "zh" else "zh"
    kept = stops.drop(columns=[name for name in stops if name in _LEFT_OUT or name.endswith(f"_{other}")])
    own = [name for name in kept if name.endswith(f"_{language}")]
    kept = kept.rename(columns={name: f"{name.removesuffix(f'_{language}')}_name" for name in own})
    kept.insert(1, "scenario_name", kept["scenario"].map(_name_scenarios(city, language)))
    kept = kept.assign(week=kept["week"].dt.date.astype(str), inspected_on="", found="")
    notes = list_notes(city, Order(SHEET, scenario_id, unit_id, language), len(kept))
    notes += [(name, say(language, f"stopnote.{name}")) for name in _EXPLAINED]
    return export_frame(city, kept, out, sheet=SHEET, notes=notes, format=format, has_grids=True)


def export_inspection_bytes(city: City, *, format: str, **options: str | None) -> bytes:  # noqa: A002  as above
    """The file that `export_inspections` would write, in memory; `options` are its own."""
    return read_bytes(
        f"{SHEET}{FORMATS[format]}",
        lambda out: export_inspections(city, out, format=format, **options),  # type: ignore[arg-type]
    )


def _find_unit(city: City, unit: str | None) -> str | None:
    if unit and unit not in set(city.ask("ui_units")["unit_id"]):
        raise ConfigError(f"There is no unit {unit!r}; give the id of a district, town or community.")
    return unit or None


def _name_scenarios(city: City, language: str) -> dict[str, str]:
    rows = city.ask("ui_scenarios")
    return dict(zip(rows["scenario"], rows[f"name_{language}"], strict=True))
