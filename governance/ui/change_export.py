"""The tier changes as a file for others: the rows of the page of changes, with the sentence of the reason."""

from __future__ import annotations

from pathlib import Path

from governance.city import City
from governance.errors import ConfigError
from governance.export_orders import LANGUAGES, Order, find_id, list_notes
from governance.exports import FORMATS, export_frame, read_bytes
from governance.hazard.changes import REASONS
from governance.ui.language import say
from governance.ui.tier_words import spell_change

SHEET = "changes"


def export_changes(
    city: City,
    out: Path,
    *,
    format: str | None = None,  # noqa: A002  the word of the command line
    scenario: str | None = None,
    district: str | None = None,
    language: str = "zh",
) -> int:
    """Write the changes since the step before to a .csv, .xlsx or .parquet file and give the number of rows.

    `scenario` and `district` may be ids or names. Raises ConfigError for anything unknown.
    """
    if language not in LANGUAGES:
        raise ConfigError(f"There is no language {language!r}; known: {', '.join(LANGUAGES)}.")
    names = city.ask("export_names")
    scenario_id = find_id(names, "scenario", scenario) if scenario else None
    district_id = find_id(names, "district", district) if district else None
    frame = city.ask("export_changes", scenario=scenario_id, district=district_id)
    frame.insert(
        frame.columns.get_loc("reason") + 1,
        "reason_sentence",
        [spell_change(language, change) for change in frame.to_dict("records")],
    )
    other = "en" if language == "zh" else "zh"
    frame = frame.drop(columns=[name for name in frame.columns if name.endswith(f"_{other}")])
    frame = frame.rename(
        columns=lambda name: f"{name.removesuffix(f'_{language}')}_name" if name.endswith(f"_{language}") else name
    )
    notes = list_notes(city, Order(SHEET, scenario_id, district_id, language), len(frame))
    notes += [(name, say(language, f"filenote.{name}")) for name in _EXPLAINED]
    notes += [(reason, say(language, f"why.{reason}")) for reason in REASONS]
    return export_frame(city, frame, out, sheet=SHEET, notes=notes, format=format)


def export_change_bytes(city: City, *, format: str, **options: str | None) -> bytes:  # noqa: A002  as above
    """The file that `export_changes` would write, in memory; `options` are its own."""
    return read_bytes(
        f"{SHEET}{FORMATS[format]}",
        lambda out: export_changes(city, out, format=format, **options),  # type: ignore[arg-type]
    )


_EXPLAINED = ("since_day", "direction", "expected_before", "p_any_28d", "number_before", "rank_before")
