"""The four scenes of the wall as HTML: where it is red, who is late, what turned red and why, how much there is.

A scene says nothing about now: its times are those of the snapshot, so it is made once per generation. It shows no
case, no address and no person; small counts are masked on small units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from governance.ui import palette
from governance.ui import wall_parts as parts
from governance.ui.choices import Unit
from governance.ui.language import MISSING
from governance.ui.map import Box
from governance.ui.view import View
from governance.ui.wall_map import Pin, draw_map
from governance.ui.wall_mask import Mask, choose_mask
from governance.wall_plan import WallPlan, WallScene

_PLACES = 5
_DEPARTMENTS = 5
_CHANGES = 5
_SCENARIOS = 4
_ALL = 100


@dataclass(frozen=True)
class _About:
    """What a scene is about, and how it asks: its answers are not kept, for the scene itself is."""

    view: View
    scenario: str
    unit: Unit
    mask: Mask

    def ask(self, name: str, **params: Any) -> list[dict[str, Any]]:
        """The answer of `sql/ask_ui_<name>.sql` as rows."""
        rows = self.view.city.ask(f"ui_{name}", **params).to_dict("records")
        return [{str(key): value for key, value in row.items()} for row in rows]

    def ask_here(self, name: str, **params: Any) -> list[dict[str, Any]]:
        """The answer to a question about this unit and this scenario."""
        return self.ask(name, level=self.unit.level, unit_id=self.unit.unit_id, scenario=self.scenario, **params)

    def spell(self) -> str:
        """Unit and scenario in words."""
        scenario = self.view.scenario_name(self.scenario) if self.scenario else self.view.say("choose.all_scenarios")
        unit = self.unit.name if self.unit.level else self.view.city_name
        return f"{unit} · {scenario}"


def draw_scene(view: View, scene: WallScene, plan: WallPlan) -> str:
    """One scene of the plan in the view's language."""
    unit = _find_unit(view, scene.unit)
    about = _About(view, scene.scenario, unit, choose_mask(plan, unit))
    title, body = _DRAWERS[scene.page](about)
    return parts.frame_scene(scene.page, about.spell(), title, body)


def _find_unit(view: View, unit_id: str) -> Unit:
    """The unit with this id, or the city; asked without keeping all units of every generation for the pages."""
    rows = view.city.ask("ui_units").to_dict("records") if unit_id else []
    row = next((row for row in rows if row["unit_id"] == unit_id and row["level"] > 0), None)
    if row is None:
        return Unit(0, "", view.city_name, "")
    return Unit(int(row["level"]), unit_id, str(row[f"name_{view.language}"]), str(row["parent_unit_id"] or ""))


def _draw_map(about: _About) -> tuple[str, str]:
    view = about.view
    figures = about.ask_here("unit_figures")
    digits = about.ask_here("tier_digits")
    bounds = about.ask("bounds", level=about.unit.level, unit_id=about.unit.unit_id)
    if not figures or not bounds or not digits[0]["digits"]:
        return view.say("wall.map_plain"), parts.draw_state(view.say("state.no_grids_title"), view.say("map.no_tiers"))
    west, south, east, north = (float(bounds[0][side]) for side in ("west", "south", "east", "north"))
    places = about.ask_here("wall_places", rows=_PLACES)
    pins = [Pin(number, float(row["lon"]), float(row["lat"])) for number, row in enumerate(places, start=1)]
    drawing = draw_map(
        view.city,
        digits[0]["digits"],
        box=Box(west, south, east, north),
        pins=pins,
        title=view.say("wall.map_alt"),
    )
    title = view.say("wall.map", red=view.count(figures[0]["red"]), grids=view.count(figures[0]["grids"]))
    return title, f"{drawing}<div class='w-side'>{_draw_legend(view, figures[0])}{_draw_places(view, places)}</div>"


def _draw_legend(view: View, figures: Mapping[str, Any]) -> str:
    tiers = (
        (tier, view.word("tier", tier), view.count(figures[tier]), view.share(figures[f"{tier}_share"]))
        for tier in palette.TIERS
    )
    return parts.draw_legend(tiers)


def _draw_places(view: View, places: list[dict[str, Any]]) -> str:
    lines = (
        parts.Line(
            name=str(row[f"place_{view.language}"]) or str(row["grid_id"]),
            value=view.decimal(row["expected_reports_28d"]),
            sign=str(number),
        )
        for number, row in enumerate(places, start=1)
    )
    return parts.draw_lines(view.say("wall.reddest"), lines)


def _draw_overdue(about: _About) -> tuple[str, str]:
    view, mask = about.view, about.mask
    chosen = {"scenario": about.scenario, "district": about.unit.unit_id}
    figures = about.ask("overdue_figures", department="", **chosen)[0]
    late = [row for row in about.ask("overdue_departments", **chosen) if row["overdue_cases"]]
    if not late:
        return view.say("wall.overdue_none"), parts.draw_state(view.say("wall.nothing_late"))
    counts = [row["overdue_cases"] for row in late]
    # A scene beside this one may tell the same unit's counts by scenario, and the total less those would be the others.
    rows = about.ask_here("wall_scenarios", rows=_ALL)
    within = [count for found in _list_late(about, rows).values() for count in found]
    spelt = {
        name: mask.spell_total(view, figures[name], [*counts, *within, *(row[name] for row in rows)])
        for name in ("overdue_cases", "open_cases")
    }
    title = view.say("wall.overdue", overdue=spelt["overdue_cases"], open=spelt["open_cases"])
    shown = late[:_DEPARTMENTS]
    listed = view.say("wall.by_department", shown=len(shown), all=len(late))
    return title, parts.draw_lines(listed, (_draw_department(view, mask, row) for row in shown))


def _list_late(about: _About, rows: list[dict[str, Any]]) -> dict[str, list[int]]:
    """The overdue counts by department in each of the rows' scenarios: the late departments' scene may tell them.

    None where nothing is masked, and none below districts: no scene tells departments of a town.
    """
    late: dict[str, list[int]] = {row["scenario"]: [] for row in rows}
    if about.mask.below and about.unit.level <= 1:
        for told in about.ask("wall_late", district=about.unit.unit_id):
            if told["scenario"] in late:
                late[told["scenario"]].append(told["overdue_cases"])
    return late


def _draw_department(view: View, mask: Mask, row: Mapping[str, Any]) -> parts.Line:
    """A department's line; of a count that is masked neither the bar nor the note tells anything."""
    is_masked = mask.hides(row["overdue_cases"])
    note = view.say(
        "wall.lateness",
        days=view.decimal(row["mean_overdue_days"]),
        cases=mask.spell(view, row["seriously_overdue_cases"]),
    )
    return parts.Line(
        name=view.department_name(row["department"]),
        value=mask.spell(view, row["overdue_cases"]),
        length=0 if is_masked else row["overdue_cases"],
        note="" if is_masked else note,
    )


def _draw_changes(about: _About) -> tuple[str, str]:
    view = about.view
    figures = about.ask_here("change_figures")
    if not figures or pd.isna(figures[0]["since_day"]):
        title, text = view.say("changes.young_title"), view.say("changes.young_text")
        return title, parts.draw_state(text)
    since, turned = view.date(figures[0]["since_day"]), view.count(figures[0]["turned_red"])
    title = view.say("wall.changes", turned=turned, since=view.short_date(figures[0]["since_day"]))
    rows = about.ask_here("wall_changes", rows=_CHANGES)
    lines = [
        parts.Line(
            name=_spell_place(view, row, with_scenario=not about.scenario),
            below=view.say("wall.why", why=view.word("why", row["reason"]), grid=row["grid_id"]),
            value=view.decimal(row["expected_after"]),
            sign=palette.TIER_LETTERS["red"],
        )
        for row in rows
    ]
    left = view.count(figures[0]["left_red"])
    if not lines:
        return title, parts.draw_state(view.say("wall.nothing_turned", since=since, left=left))
    return title, parts.draw_lines(view.say("wall.turned_red", shown=len(rows), all=turned, left=left), lines)


def _spell_place(view: View, row: Mapping[str, Any], *, with_scenario: bool) -> str:
    place = str(row[f"place_{view.language}"]) or str(row["grid_id"])
    if not with_scenario:
        return place
    return f"{place} · {view.scenario_name(row['scenario'])}"


def _draw_figures(about: _About) -> tuple[str, str]:
    view, mask = about.view, about.mask
    whole = about.ask_here("wall_figures")[0]
    # All of them: what is not shown could be had by subtracting what is.
    rows = about.ask_here("wall_scenarios", rows=_ALL)
    late = _list_late(about, rows)
    within = [count for counts in late.values() for count in counts]
    totals = {
        name: mask.spell_total(view, whole[name], [*(row[name] for row in rows), *inside])
        for name, inside in {"reports_28d": [], "open_cases": within, "overdue_cases": within}.items()
    }
    headlines = [
        parts.Headline(view.say("wall.reports"), totals["reports_28d"], _compare(view, mask, whole, rows)),
        parts.Headline(view.say("wall.open"), totals["open_cases"], view.say("wall.open_note")),
        parts.Headline(view.say("wall.late"), totals["overdue_cases"], _spell_share(view, mask, whole, rows, within)),
        parts.Headline(
            view.say("wall.red_grids"),
            view.count(whole["red_grids"]),
            view.say("wall.of_grids", grids=view.count(whole["grids"])),
        ),
    ]
    title = view.say("wall.figures", day=view.day(view.city.as_of_utc))
    return title, parts.draw_headlines(headlines) + _draw_scenarios(view, mask, rows[:_SCENARIOS], late)


def _compare(view: View, mask: Mask, whole: Mapping[str, Any], rows: list[dict[str, Any]]) -> str:
    """Reports against those of last year in words; a dash where a count is masked, of the whole or of a scenario.

    The change and last year's count give the total, and either year's total gives the part that is not told.
    """
    if pd.isna(whole["reports_28d_last_year"]):
        return view.say("wall.no_last_year")
    if mask.hides(*(row[name] for row in (whole, *rows) for name in ("reports_28d", "reports_28d_last_year"))):
        return MISSING
    last = view.count(whole["reports_28d_last_year"])
    return view.say("wall.last_year", change=view.change(whole["reports_change"]), last=last)


def _spell_share(
    view: View, mask: Mask, whole: Mapping[str, Any], rows: list[dict[str, Any]], within: list[int]
) -> str:
    """The overdue share; a dash where a count is masked that it would give away, `within` the scenarios' among them."""
    counts = [row[name] for row in (whole, *rows) for name in ("open_cases", "overdue_cases")]
    if mask.hides(*counts, *within):
        return MISSING
    return view.say("wall.of_open", share=view.share(whole["overdue_share"]))


def _draw_scenarios(view: View, mask: Mask, rows: list[dict[str, Any]], late: Mapping[str, list[int]]) -> str:
    """The table by scenario; late: the overdue counts by department of each, beside which its own is a total."""
    columns = ("scenario", "reports_short", "change", "late_short", "red_short")
    cells = (
        (
            view.scenario_name(row["scenario"]),
            mask.spell(view, row["reports_28d"]),
            MISSING
            if mask.hides(row["reports_28d"], row["reports_28d_last_year"])
            else view.change(row["reports_change"]),
            mask.spell_total(view, row["overdue_cases"], late[row["scenario"]]),
            view.count(row["red"]),
        )
        for row in rows
    )
    return parts.draw_table([view.say(f"wall.{name}") for name in columns], cells)


_DRAWERS: Mapping[str, Callable[[_About], tuple[str, str]]] = {
    "map": _draw_map,
    "overdue": _draw_overdue,
    "changes": _draw_changes,
    "figures": _draw_figures,
}
