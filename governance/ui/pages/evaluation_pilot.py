"""The report of a pilot: what came in and what was put right, year on year, and against everybody else."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from governance.errors import InputError
from governance.indicators import compare_with_control, report_pilot
from governance.indicators.asking import Asks, find_day
from governance.indicators.evaluation import add_last_days, judge_effect, list_pilots
from governance.indicators.registry import MAIN, load_registry
from governance.ui import parts
from governance.ui.address import keep_choice, read_choice
from governance.ui.choices import choose, name_level
from governance.ui.pages.evaluation_choices import name_districts
from governance.ui.pages.evaluation_words import (
    name_of_indicator,
    name_variant,
    show_meaning,
    spell_days,
    spell_spans,
    spell_value,
)
from governance.ui.view import Answers, View

_PAGE = "evaluation"
_FREE = "~free"
_MEASURES = ("rectification_rate", "registered_cases")
_SINCE_KEY = "choose_since_evaluation"


def show_pilot(view: View) -> None:
    """The pilot chosen, its figures year on year, the check against all other districts, and what both mean."""
    chosen = _choose_pilot(view)
    if chosen is None:
        parts.show_state(view.say("pilot.nowhere_title"), view.say("pilot.nowhere_text"))
        return
    _show_report(view, *chosen)
    _show_control(view, *chosen)
    show_meaning(view, list(_MEASURES))


def ask_report(city: Asks, scenario: str, district: str, pilot_from: date) -> pd.DataFrame:
    """`report_pilot` with the last days of both stretches; no rows if nothing can be compared."""
    try:
        rows = report_pilot(city, scenario, district, pilot_from=pilot_from)
    except InputError:
        return pd.DataFrame()
    return add_last_days(rows)


def ask_control(city: Asks, scenario: str, district: str, pilot_from: date, indicator: str) -> pd.DataFrame:
    """`compare_with_control` with the last days of both stretches; no rows if too little can be compared."""
    try:
        rows = compare_with_control(city, scenario, district, pilot_from=pilot_from, indicator=indicator)
    except InputError:
        return pd.DataFrame()
    return add_last_days(rows)


def _choose_pilot(view: View) -> tuple[str, str, date] | None:
    """Scenario, district and first day: one of the city's pilots, or any."""
    districts, scenarios = name_districts(view), view.names("scenarios", "scenario")
    if not districts or not scenarios:
        return None
    pilots = {
        f"{scenario}:{district}": (scenario, district, day)
        for scenario, district, day in list_pilots(Answers(view.city))
    }
    options = {
        key: view.say(
            "pilot.named", scenario=view.scenario_name(scenario), district=districts.get(district, district),
            day=view.date(day),
        )
        for key, (scenario, district, day) in pilots.items()
    }  # fmt: skip
    first, *rest = st.columns([1.6, 1, 1, 1])
    with first:
        key = choose(view.say("choose.pilot"), "pilot", {**options, _FREE: view.say("pilot.free")}, on_page=_PAGE)
    if key != _FREE:
        return pilots[key]
    with rest[0]:
        scenario = choose(view.say("choose.scenario"), "scenario", scenarios, on_page=_PAGE)
    with rest[1]:
        district = choose(name_level(view, 1), "district", districts, on_page=_PAGE)
    with rest[2]:
        return scenario, district, _choose_day(view, [day for *_, day in pilots.values()])


def _choose_day(view: View, pilot_days: list[date]) -> date:
    city = Answers(view.city)
    first_day: date = pd.Timestamp(city.ask("indicator_span")["first_day"].iloc[0]).date()
    last_day = max(find_day(city) - timedelta(days=1), first_day)
    asked = _read_day(read_choice("since")) or next(iter(pilot_days), first_day)
    day = min(max(asked, first_day), last_day)
    st.session_state[_SINCE_KEY] = day
    st.date_input(
        view.say("choose.since"), min_value=first_day, max_value=last_day, key=_SINCE_KEY, on_change=_keep_day
    )
    return day


def _read_day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  a day has no zone
    except ValueError:
        return None


def _keep_day() -> None:
    day = st.session_state[_SINCE_KEY]
    keep_choice("since", str(day) if day else "")


def _show_report(view: View, scenario: str, district: str, pilot_from: date) -> None:
    rows = view.once(ask_report, scenario, district, pilot_from)
    title = view.say("pilot.report", day=view.date(pilot_from))
    if rows.empty:
        parts.show_title(title)
        parts.show_note(view.say("pilot.no_report"))
        return
    span = rows.iloc[0]
    days = view.say("pilot.days", **spell_spans(view, span), days=spell_days(view, span))
    later = view.say("pilot.later") if span["since"] > pilot_from else ""
    parts.show_title(title, f"{days}{later}")
    mains = rows[rows["variant"] == MAIN].set_index("indicator", drop=False)
    counts, rate = (mains.loc[name].to_dict() for name in ("registered_cases", "rectification_rate"))
    yoy = view.say("pilot.yoy", change=view.change(counts["relative"]), last=view.count(counts["base_value"]))
    points = view.effect(rate["change"], "points", with_unit=False)
    parts.show_figures(
        [
            parts.Figure(name_of_indicator(view, "registered_cases"), view.count(counts["value"]), yoy),
            parts.Figure(
                name_of_indicator(view, "rectification_rate"), view.share(rate["value"]), _tell_cases(view, rate)
            ),
            parts.Figure(
                view.say("pilot.in_points"), points, view.say("pilot.from_value", value=_spell_base(view, rate))
            ),
            parts.Figure(view.say("pilot.relative"), view.change(rate["relative"]), view.say("pilot.relative_note")),
        ]
    )
    columns = [parts.Column(view.say("meaning.indicator"), is_wide=True)]
    columns += [
        parts.Column(view.say(f"pilot.{name}"), is_number=True) for name in ("since", "before", "in_points", "relative")
    ]
    parts.show_table(columns, [_tell_change(view, row) for row in rows.to_dict("records")])


def _tell_cases(view: View, row: dict[str, Any]) -> str:
    return view.say("evaluation.part_of", part=view.count(row["numerator"]), cases=view.count(row["denominator"]))


def _tell_change(view: View, row: dict[str, Any]) -> list[str]:
    """A line of the report: now and before with their denominators, the change in points and relative."""
    name, is_share = name_variant(view, row["indicator"], row["variant"]), row["denominator"] == row["denominator"]  # noqa: PLR0124
    before = {**row, **{name: row[f"base_{name}"] for name in ("numerator", "denominator", "value")}}
    if load_registry().find(row["indicator"]).kind != "share":
        is_share = False
    now, then = spell_value(view, row), _spell_base(view, row)
    if is_share:
        now, then = f"{now} · {_tell_cases(view, row)}", f"{then} · {_tell_cases(view, before)}"
    points = view.effect(row["change"], "points", with_unit=False) if is_share else ""
    return [name, now, then, points, view.change(row["relative"])]


def _spell_base(view: View, row: dict[str, Any]) -> str:
    is_share = load_registry().find(row["indicator"]).kind == "share"
    return view.share(row["base_value"]) if is_share else view.count(row["base_value"])


def _show_control(view: View, scenario: str, district: str, pilot_from: date) -> None:
    parts.show_title(view.say("pilot.control"), view.say("pilot.control_note"))
    found = {}
    for indicator in _MEASURES:
        rows = view.once(ask_control, scenario, district, pilot_from, indicator)
        if len(rows):
            effect, placebo = rows.to_dict("records")
            found[indicator] = (effect, placebo)
    if not found:
        parts.show_note(view.say("pilot.no_control"))
        return
    heads = ("effect", "pilot_change", "control_change", "towns", "placebo")
    columns = [parts.Column(view.say("meaning.indicator"), is_wide=True)]
    columns += [parts.Column(view.say(f"pilot.{name}"), is_number=True) for name in heads]
    parts.show_table(columns, [_tell_effect(view, *pair) for pair in found.values()])
    effect, placebo = next(iter(found.values()))
    parts.show_note(view.say("pilot.effect_days", **spell_spans(view, effect)))
    parts.show_note(view.say("pilot.placebo_days", **spell_spans(view, placebo)))
    for pair in found.values():
        parts.show_text(" ".join(_judge(view, *pair)))
    parts.show_note(view.say("pilot.no_experiment"))


def _tell_effect(view: View, effect: dict[str, Any], placebo: dict[str, Any]) -> list[str]:
    scale = effect["scale"]
    towns = view.say(
        "pilot.town_counts", pilot=view.count(effect["pilot_towns"]), control=view.count(effect["control_towns"]),
        left_out=view.count(effect["left_out"]),
    )  # fmt: skip
    changes = [view.effect(effect[name], scale) for name in ("pilot_change", "control_change")]
    return [
        name_of_indicator(view, effect["indicator"]), spell_effect(view, effect), *changes, towns,
        spell_effect(view, placebo),
    ]  # fmt: skip


def spell_effect(view: View, row: dict[str, Any]) -> str:
    """An effect with its interval: "+13.1 points (+7.6 to +18.6)"."""
    ends = {end: view.effect(row[end], row["scale"], with_unit=False) for end in ("low", "high")}
    return view.say("pilot.interval", value=view.effect(row["effect"], row["scale"]), **ends)


def _judge(view: View, effect: dict[str, Any], placebo: dict[str, Any]) -> list[str]:
    """What the numbers mean, in two sentences."""
    direction = load_registry().find(effect["indicator"]).direction
    name, told = name_of_indicator(view, effect["indicator"]), spell_effect(view, effect)
    verdict = judge_effect(effect, direction=direction)
    apart = judge_effect(placebo, direction=direction) != "unclear"
    return [
        view.say(f"verdict.{verdict}", name=name, effect=told),
        view.say("pilot.placebo_apart" if apart else "pilot.placebo_calm", effect=spell_effect(view, placebo)),
    ]
