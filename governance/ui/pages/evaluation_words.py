"""What the evaluation says in words: names of members, values with intervals, what an indicator means, the download."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import pandas as pd
import streamlit as st

from governance.exports import read_bytes
from governance.indicator_exports import export_indicators
from governance.indicators.evaluation import Assessment, Members
from governance.indicators.naming import Language, list_names, name_indicator
from governance.indicators.registry import MAIN, load_registry, read_formulas
from governance.ui import parts
from governance.ui.downloads import offer_downloads
from governance.ui.view import View


def add_member_names(view: View, rows: pd.DataFrame, by: Members) -> pd.DataFrame:
    """The rows with `name`: what each member is called, with its id where two have the same name."""
    known: dict[str, str] = view.once(list_names, by, _spoken(view))
    names = {member: known.get(member, member) for member in rows[by].tolist()}
    shared = Counter(names.values())
    told = {member: name if shared[name] == 1 else f"{name} ({member})" for member, name in names.items()}
    return rows.assign(name=pd.Series([told[member] for member in rows[by].tolist()], index=rows.index, dtype="str"))


def name_of_indicator(view: View, indicator: str) -> str:
    """What an indicator is called in the view's language."""
    return name_indicator(indicator, language=_spoken(view))


def name_variant(view: View, indicator: str, variant: str) -> str:
    """What a variant of an indicator is called."""
    return name_indicator(indicator, variant, language=_spoken(view))


def spell_value(view: View, row: Mapping[str, Any]) -> str:
    """A value with unit and interval: "92.1% (90.3–93.6)", "3.4 h", "1,204"; a dash where the denominator is empty."""
    kind = load_registry().find(str(row["indicator"])).kind
    if kind == "share":
        return view.interval(row["value"], row["low"], row["high"])
    if kind == "mean":
        return view.say("unit.hours", value=view.decimal(row["value"]))
    return view.count(row["value"]) if kind == "count" else view.decimal(row["value"])


def spell_plain(view: View, row: Mapping[str, Any]) -> str:
    """A value with its unit alone."""
    return spell_value(view, {**row, "low": None, "high": None})


def spell_basis(view: View, row: Mapping[str, Any]) -> str:
    """What a value is made of: "45 of 50", or "1,204.5 h in 300 stretches"."""
    if load_registry().find(str(row["indicator"])).kind == "mean":
        return view.say(
            "evaluation.hours_of", hours=view.decimal(row["numerator"]), stretches=view.count(row["denominator"])
        )
    return view.say("evaluation.part_of", part=view.count(row["numerator"]), cases=view.count(row["denominator"]))


def spell_spans(view: View, row: Mapping[str, Any]) -> dict[str, str]:
    """Both stretches of days of a comparison (`add_last_days`) as "now" and "base"."""
    return {
        "now": f"{view.date(row['since'])}–{view.date(row['last_day'])}",
        "base": f"{view.date(row['base_since'])}–{view.date(row['base_last_day'])}",
    }


def spell_days(view: View, row: Mapping[str, Any]) -> str:
    """How many days each stretch has, and whether 29 February is not among them."""
    return view.say("evaluation.leap" if row["is_leap"] else "evaluation.days", days=view.count(row["days"]))


def name_direction(view: View, indicator: str) -> str:
    """Which way is better, in words."""
    return view.say(f"direction.{load_registry().find(indicator).direction}")


def show_meaning(view: View, indicators: list[str], *, weights: Mapping[str, float] | None = None) -> None:
    """A click away: formula, numerator, denominator, exclusions and source of indicators, from the registry.

    `weights` are those of the composite score, if it is among them.
    """
    with st.expander(view.say("evaluation.meaning"), icon=":material/help:"):
        columns = [parts.Column(view.say(f"meaning.{name}"), is_wide=name != "direction") for name in _MEANING]
        parts.show_table(columns, [_tell_meaning(view, indicator, weights or {}) for indicator in indicators])
        registry = load_registry()
        parts.show_note(view.say("evaluation.meaning_note"))
        parts.show_note(registry.exclusions_zh if view.language == "zh" else registry.exclusions_en)


_MEANING = ("indicator", "formula", "numerator", "denominator", "exclusions", "direction", "source")


def _tell_meaning(view: View, indicator: str, weights: Mapping[str, float]) -> list[str]:
    entry, spoken = load_registry().find(indicator), view.language
    formula = read_formulas(entry.question).get((indicator, MAIN))
    return [
        name_of_indicator(view, indicator),
        " / ".join(formula) if formula else _spell_score(view, weights),
        getattr(entry, f"numerator_{spoken}"),
        getattr(entry, f"denominator_{spoken}") or "",
        getattr(entry, f"exclusions_{spoken}") or "",
        name_direction(view, indicator),
        getattr(entry, f"source_{spoken}"),
    ]


def _spell_score(view: View, weights: Mapping[str, float]) -> str:
    registry, told = load_registry(), []
    for indicator, weight in weights.items():
        name = name_of_indicator(view, indicator)
        is_lower = registry.find(indicator).direction == "lower"
        told.append(f"{view.number(weight)} × (1 - {name})" if is_lower else f"{view.number(weight)} × {name}")
    return " + ".join(told)


def offer_download(view: View, asked: Assessment) -> None:
    """The table of all indicators as files: those of `governance export indicators` with the same options."""
    offer_downloads(
        view,
        "indicators",
        {kind: view.say(f"evaluation.download_{kind}") for kind in ("csv", "xlsx")},
        partial(make_file, view, asked),
        named=(
            asked.by.removesuffix("_id"),
            asked.cohort,
            asked.scenario or "",
            asked.district or "",
            f"{asked.term.since}-to-{asked.term.last_day}",
        ),
    )
    parts.show_note(view.say("evaluation.download_note"))


def make_file(view: View, asked: Assessment, kind: str) -> bytes:
    """The file's bytes."""
    write = partial(
        export_indicators, view.city, by=asked.by, cohort=asked.cohort, since=asked.term.since,
        until=asked.term.until, minimum_volume=asked.minimum_volume, scenario=asked.scenario,
        district=asked.district, language=view.language,
    )  # fmt: skip
    return read_bytes(f"indicators.{kind}", write)


def _spoken(view: View) -> Language:
    return cast("Language", view.language)
