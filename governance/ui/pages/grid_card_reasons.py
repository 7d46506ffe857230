"""Why a grid is expected to see so many reports: the parts of its forecast, and the past incidents that carry it."""

from __future__ import annotations

from typing import Any

from governance.carriers import Carriers, Part, find_carriers
from governance.ui import parts
from governance.ui.language import load_texts
from governance.ui.view import View


def show_reasons(view: View, scenario: str, grid: dict[str, Any]) -> None:
    """The parts of the forecast, which add up to it, then the days and the other scenarios that carry it."""
    rows = view.ask("reasons", scenario=scenario, grid_id=grid["grid_id"]).to_dict("records")
    parts.show_title(view.say("card.reasons"), view.say("card.reasons_note"))
    known = load_texts(view.language)
    bars = []
    for row in rows:
        key = f"reason.{row['feature']}"
        words = view.say(key, value=view.decimal(row["value"], digits=2)) if key in known else str(row["feature"])
        bars.append(
            parts.Bar(words, row["share"], _spell_part(view, row["contribution"]), view.share(row["share"], digits=0))
        )
    total = view.say("card.sum_value", reports=view.decimal(grid["expected_reports_28d"], digits=2))
    parts.show_bars([*bars, parts.Bar(view.say("card.sum"), 1, total, view.share(1, digits=0))], is_wide=True)
    carriers: Carriers | None = view.once(find_carriers, scenario, grid["grid_id"])
    if carriers is not None:
        _show_days(view, carriers.days)
        _show_others(view, carriers.others)


def _show_days(view: View, part: Part) -> None:
    total = view.decimal(part.total, digits=2)
    parts.show_title(view.say("card.carried"), view.say("card.carried_note", reports=total))
    if part.rows.empty:
        parts.show_note(view.say("card.no_carrier"))
        return
    names = []
    for row in part.rows.to_dict("records"):
        incidents = view.decimal(row["incidents"], digits=0 if float(row["incidents"]).is_integer() else 1)
        names.append(view.say("card.carrier", day=view.date(row["day"]), incidents=incidents))
    _show_part(view, part, names, "card.carried_rest")


def _show_others(view: View, part: Part) -> None:
    if part.rows.empty:
        return
    total = view.decimal(part.total, digits=2)
    parts.show_title(view.say("card.others"), view.say("card.others_note", reports=total))
    _show_part(view, part, [view.scenario_name(scenario) for scenario in part.rows["scenario"]], "card.others_rest")


def _show_part(view: View, part: Part, names: list[str], rest_key: str) -> None:
    bars = [
        parts.Bar(name, row["share"], _spell_part(view, row["contribution"]), view.share(row["share"], digits=0))
        for name, row in zip(names, part.rows.to_dict("records"), strict=True)
    ]
    if part.rest_rows:
        rest = view.say(rest_key, rest=view.count(part.rest_rows))
        added = _spell_part(view, part.rest_contribution)
        bars.append(parts.Bar(rest, part.rest_share, added, view.share(part.rest_share, digits=0)))
    parts.show_bars(bars, is_wide=True)


def _spell_part(view: View, contribution: float) -> str:
    return view.say("card.adds", reports=view.decimal(contribution, digits=2))
