"""Why a grid changed its tier, as one sentence of the language in which it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.ui import language as words

_COUNTED = frozenset({"own_reports", "others_moved", "place_free", "displaced"})


def spell_change(language: str, change: Mapping[str, Any]) -> str:
    """The sentence of a row of `out_tier_change`; its numbers are counts of reports, ranks, or expected reports."""
    reason = change["reason"]
    before, after = (_spell_number(language, reason, change[name]) for name in ("number_before", "number_after"))
    return words.say(
        language,
        f"change.{reason}",
        before=before,
        after=after,
        places=words.format_count(language, change["red_places"]),
        floor=words.format_decimal(language, change["floor_expected_reports_28d"], digits=2),
    )


def spell_turn(language: str, change: Mapping[str, Any]) -> str:
    """From which tier to which, with a sign for up or down: the same words in lists, files and cards."""
    tiers = {name: words.say(language, f"tier.{change[name]}") for name in ("tier_before", "tier")}
    return words.say(language, f"turn.{change['direction']}", before=tiers["tier_before"], after=tiers["tier"])


def _spell_number(language: str, reason: str, number: float) -> str:
    is_count = reason in _COUNTED
    return words.format_count(language, number) if is_count else words.format_decimal(language, number, digits=2)
