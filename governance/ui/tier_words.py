"""Why a grid changed its tier, as one sentence of the language in which the page is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.ui.view import View

_COUNTED = frozenset({"own_reports", "others_moved", "place_free", "displaced"})


def spell_change(view: View, change: Mapping[str, Any]) -> str:
    """The sentence of a row of `ask_tier_changes`; its numbers are counts of reports, ranks, or expected reports."""
    reason = change["reason"]
    before, after = (_spell_number(view, reason, change[name]) for name in ("number_before", "number_after"))
    return view.say(
        f"change.{reason}",
        before=before,
        after=after,
        places=view.count(change["red_places"]),
        floor=view.decimal(change["floor_expected_reports_28d"], digits=2),
    )


def _spell_number(view: View, reason: str, number: float) -> str:
    return view.count(number) if reason in _COUNTED else view.decimal(number, digits=2)
