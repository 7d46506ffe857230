"""Indicators as a file for others: the rows of `ask_indicators` with names, and what each indicator means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import cast

from governance.city import City
from governance.errors import ConfigError
from governance.export_orders import LANGUAGES, Order, find_id, list_notes
from governance.exports import export_frame
from governance.indicators.asking import Cohort, Period
from governance.indicators.naming import Language, add_names, name_indicator
from governance.indicators.registry import MAIN, Indicator, Variant, load_registry

SHEET = "indicators"
_LEFT_OUT: dict[Language, str] = {"zh": "未列出（不按此切分统计）", "en": "Not listed (not counted this way)"}


def export_indicators(  # noqa: PLR0913  the command's options, each with a default
    city: City,
    out: Path,
    *,
    format: str | None = None,  # noqa: A002  the word of the command line
    indicators: Iterable[str] | None = None,
    by: str | Sequence[str] = (),
    period: Period | None = None,
    cohort: Cohort = "due",
    since: date | None = None,
    until: date | None = None,
    minimum_volume: int | None = None,
    scenario: str | None = None,
    district: str | None = None,
    language: str = "zh",
    tell: Callable[[str], None] = lambda _sentence: None,
) -> int:
    """Write the indicators to a .csv, .xlsx or .parquet file and give the number of rows.

    `tell` hears why indicators are left out that cannot be cut so. `scenario` and `district` may be ids or names.
    Numbers are those of `City.indicators`; a blank is an empty cell.
    Raises ConfigError for anything unknown or that cannot be cut so.
    """
    if language not in LANGUAGES:
        raise ConfigError(f"There is no language {language!r}; known: {', '.join(LANGUAGES)}.")
    names = city.ask("export_names")
    scenario_id = find_id(names, "scenario", scenario) if scenario else None
    district_id = find_id(names, "district", district) if district else None
    frame = city.indicators(
        indicators, by=by, period=period, cohort=cohort, since=since, until=until,
        minimum_volume=minimum_volume, scenario=scenario_id, level_1_id=district_id,
    )  # fmt: skip
    spoken = cast("Language", language)
    notes = list_notes(city, Order(SHEET, scenario_id, district_id, language), len(frame))
    notes += explain_indicators(dict.fromkeys(frame["indicator"]), language=spoken)
    if indicators is None and frame.attrs["left_out"]:
        listed = [name_indicator(indicator, MAIN, language=spoken) for indicator in frame.attrs["left_out"]]
        notes.append((_LEFT_OUT[spoken], ", ".join(listed)))
        for why in dict.fromkeys(frame.attrs["left_out"].values()):
            tell(f"Left out: {why}")
    named = add_names(city, frame, language=spoken)
    return export_frame(city, named, out, sheet=SHEET, notes=notes, format=format)


def explain_indicators(indicators: Iterable[str], *, language: Language) -> list[tuple[str, str]]:
    """What each indicator divides by what, and what it leaves out, as (name, text)."""
    registry = load_registry()
    told = [("value", f"numerator / denominator; {registry.exclusions_en}")]
    if language == "zh":
        told = [("value", f"分子 / 分母；{registry.exclusions_zh}")]
    for indicator in indicators:
        entry = registry.find(indicator)
        forms: list[tuple[str, Indicator | Variant]] = [(MAIN, entry), *((form.id, form) for form in entry.variants)]
        for variant, form in forms:
            parts = [getattr(form, f"{part}_{language}") for part in ("numerator", "denominator")]
            text = " / ".join(part for part in parts if part)
            left_out = getattr(entry, f"exclusions_{language}") or ""
            told.append((name_indicator(indicator, variant, language=language), f"{text}. {left_out}".strip()))
    return told
