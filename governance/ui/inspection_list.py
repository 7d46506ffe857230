"""The inspection list of the week with its words: why each grid stands on it, and what to check there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from governance.ui import language as words


class Asking(Protocol):
    """What answers questions to a snapshot: a city, or the answers of one generation."""

    def ask(self, name: str, /, **params: Any) -> pd.DataFrame:
        """The answer of `sql/ask_<name>.sql`."""


def list_stops(city: Asking, language: str, scenario: str, unit_id: str) -> pd.DataFrame:
    """The rows of `ask_ui_inspections`, with `why` and `what_to_check`; "" for all scenarios, "" for the whole city."""
    stops = city.ask("ui_inspections", scenario=scenario, unit_id=unit_id)
    rows = stops.to_dict("records")
    signs = {
        asked: spell_signs(read_template(city, *asked), language)
        for asked in {(row["scenario"], row["level_1_id"]) for row in rows}
    }
    return stops.assign(
        why=[spell_why(language, row) for row in rows],
        what_to_check=[signs[row["scenario"], row["level_1_id"]] for row in rows],
    )


def spell_why(language: str, stop: Mapping[Any, Any]) -> str:
    """Why a grid stands on the list, in one sentence: drawn by chance, an expert's word, or its largest part."""
    if stop["kind"] == "audit":
        chance = words.format_share(language, stop["sampling_probability"])
        return words.say(language, "stop.why_audit", chance=chance)
    if stop["is_override"]:
        told = {"author": stop["override_author"], "reason": stop["override_reason"]}
        return words.say(language, "stop.why_given", **told)
    key = f"reason.{stop['feature']}"
    texts = words.load_texts(language)
    value = words.format_decimal(language, stop["value"], digits=2)
    return words.say(
        language,
        "stop.why_red",
        expected=words.format_decimal(language, stop["expected_reports_28d"], digits=2),
        reason=words.say(language, key, value=value) if key in texts else str(stop["feature"]),
        share=words.format_share(language, stop["share"], digits=0),
    )


def spell_signs(template: Mapping[str, Any], language: str) -> str:
    """What to look for by a template: its scenes with their signs."""
    semicolon = words.say(language, "sheet.semicolon")
    return semicolon.join(
        words.say(language, "stop.sign", scene=scene[f"name_{language}"], sign=scene[f"sign_{language}"])
        for scene in template.get("scenes", ())
    )


def read_template(city: Asking, scenario: str, district: object) -> dict[str, Any]:
    """The template by which a district works: its own, or the city's; nothing if the snapshot holds none."""
    rows = city.ask("ui_template_versions", scenario=scenario).set_index("district")["template"]
    template: dict[str, Any] = {}
    if len(rows):
        template = json.loads(rows[district] if district in rows.index else rows.iloc[0])
    return template


def list_tasks(template: Mapping[str, Any], stages: Sequence[str]) -> list[dict[str, Any]]:
    """The template's tasks of some stages, in its order."""
    return [task for task in template.get("tasks", ()) if task["stage"] in stages]
