"""Who holds the cases of a scenario: hand-overs, ping-pong, waiting for acceptance, hours, the slowest link."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from governance.indicators import charge_hours
from governance.indicators.asking import find_day
from governance.indicators.windows import start_months
from governance.ui import parts
from governance.ui.choices import Unit, choose, find_district
from governance.ui.flow_picture import show_flows
from governance.ui.language import MISSING
from governance.ui.pages.scenario_disputes import show_disputes
from governance.ui.view import Answers, View

_MONTHS = 12
_FLOWS = 12
_MATRIX = 14
_EXTENSIONS = 12
_STRONG = 5
_FIGURES = ("registered_cases", "bounce_rate", "returned_cases")
_KINDS = ("transferred", "returned")


def show_holders(view: View, scenario: str, unit: Unit) -> None:
    """Headlines, flow picture and matrix, who has not accepted, whose hours, the slowest link, extensions, disputes."""
    since = start_months(find_day(view.city), months=_MONTHS)
    waiting = view.ask("waiting", level=unit.level, unit_id=unit.unit_id, scenario=scenario)
    _show_figures(view, scenario, unit, since=since, waiting=waiting)
    district = find_district(view, unit)
    if unit.level > 1:
        parts.show_note(view.say("holders.by_district", unit=unit.name, district=district.name))
    rows = _show_flows(view, scenario, district)
    left, right = st.columns([1.15, 1], gap="large")
    with left:
        _show_matrix(view, rows)
    with right:
        _show_waiting(view, waiting)
    left, right = st.columns([1.15, 1], gap="large")
    with left:
        _show_hours(view, scenario, district, since=since)
    with right:
        _show_slowest(view, scenario)
    _show_extensions(view, scenario, district)
    show_disputes(view, scenario)


def _show_figures(view: View, scenario: str, unit: Unit, *, since: date, waiting: pd.DataFrame) -> None:
    where: dict[str, Any] = {"scenario": scenario, "since": since, "cohort": "reported"}
    if unit.level:
        where[f"level_{unit.level}_id"] = unit.unit_id
    cases = view.figure(_FIGURES, "registered_cases", **where)
    bounced = view.figure(_FIGURES, "bounce_rate", **where)
    ping_pong = view.figure(_FIGURES, "bounce_rate", variant="ping_pong", **where)
    returned = view.figure(_FIGURES, "returned_cases", **where)
    not_accepted, late = (waiting["all_waiting"].iloc[0], waiting["all_late"].iloc[0]) if len(waiting) else (0, 0)
    say, count = view.say, view.count
    figures = [
        parts.Figure(say("holders.cases"), count(cases["numerator"]), say("holders.since", month=view.month(since))),
        parts.Figure(say("holders.bounce"), view.share(bounced["value"]), _name_parts(view, bounced, "bounce_note")),
        parts.Figure(
            say("holders.ping_pong"), view.share(ping_pong["value"]), _name_parts(view, ping_pong, "ping_pong_note")
        ),
        parts.Figure(say("holders.returned"), count(returned["numerator"]), say("holders.returned_note")),
        parts.Figure(say("holders.waiting"), count(not_accepted), say("holders.waiting_late", late=count(late))),
    ]
    parts.show_figures(figures)


def _name_parts(view: View, figure: dict[str, Any], text: str) -> str:
    return view.say(f"holders.{text}", part=view.count(figure["numerator"]), cases=view.count(figure["denominator"]))


def _show_flows(view: View, scenario: str, district: Unit) -> pd.DataFrame:
    """The picture of the largest flows, a list of them on a phone; gives all flows."""
    place = district.name if district.level else view.say("choose.whole_city")
    parts.show_title(view.say("holders.flows", place=place), view.say("holders.flows_note"))
    kinds = {"": view.say("holders.every_kind"), **{kind: view.word("handover", kind) for kind in _KINDS}}
    with st.columns([1, 3])[0]:
        kind = choose(view.say("holders.kind"), "kind", kinds, on_page="holders")
    rows = view.ask("flows", scenario=scenario, district=district.unit_id, kind=kind)
    if rows.empty:
        parts.show_note(view.say("holders.no_flows"))
        return rows
    shown = rows.head(_FLOWS)
    flows = _name_flows(view, shown)
    told = {
        "shown": view.count(len(shown)),
        "pairs": view.count(len(rows)),
        "share": view.share(shown["share_so_far"].iloc[-1]),
        "events": view.count(rows["all_events"].iloc[0]),
    }
    parts.show_note(view.say("holders.shown", **told))
    with st.container(key="flow_picture"):
        show_flows(view, flows)
    with st.container(key="flow_list"):
        _show_list(view, flows)
    return rows


def _name_flows(view: View, rows: pd.DataFrame) -> pd.DataFrame:
    """The flows as the picture takes them: names, and every number as a text beside it."""
    told = rows.to_dict("records")
    return pd.DataFrame(
        {
            "sender": [view.department_name(row["from_department"]) for row in told],
            "receiver": [view.department_name(row["to_department"]) for row in told],
            "events": rows["events"].to_numpy(),
            "is_mutual": (rows["back_events"] > 0).to_numpy(),
            "told": [view.count(row["events"]) for row in told],
            "told_share": [view.share(row["share"]) for row in told],
            "told_back": [view.count(row["back_events"]) for row in told],
            "reasons": [_list_reasons(view, row["reasons"]) for row in told],
        }
    )


def _list_reasons(view: View, reasons: Any) -> str:
    listed = reasons if hasattr(reasons, "__len__") else ()  # missing where no reason was given
    texts = [view.say("holders.reason", reason=entry["reason"], events=view.count(entry["events"])) for entry in listed]
    return view.say("sheet.semicolon").join(texts) or view.say("holders.no_reason")


def _show_list(view: View, flows: pd.DataFrame) -> None:
    columns = [
        parts.Column(view.say("flow.sender"), is_wide=True),
        parts.Column(view.say("flow.receiver"), is_wide=True),
        parts.Column(view.say("flow.told"), is_number=True),
        parts.Column(view.say("flow.told_back"), is_number=True),
    ]
    parts.show_table(columns, flows[["sender", "receiver", "told", "told_back"]].itertuples(index=False, name=None))


def _show_matrix(view: View, rows: pd.DataFrame) -> None:
    """Senders as lines, receivers as columns, in the order of their hand-overs; the largest ones bold."""
    parts.show_title(view.say("holders.matrix"), view.say("holders.matrix_note"))
    if rows.empty:
        parts.show_note(view.say("holders.no_flows"))
        return
    names = list(dict.fromkeys([*rows["from_department"], *rows["to_department"]]))[:_MATRIX]
    cells = {
        (row["from_department"], row["to_department"]): view.count(row["events"]) for row in rows.to_dict("records")
    }
    receivers = [name for name in names if any(to == name for _, to in cells)]
    lines = [
        (view.department_name(sender), [cells.get((sender, receiver), "") for receiver in receivers])
        for sender in names
        if any(origin == sender for origin, _ in cells)
    ]
    parts.show_matrix(
        view.say("holders.matrix_corner"),
        [view.department_name(name) for name in receivers],
        [("", lines)],
        strong=set(list(cells.values())[:_STRONG]),
    )


def _show_hours(view: View, scenario: str, district: Unit, *, since: date) -> None:
    parts.show_title(
        view.say("holders.hours"),
        view.say(
            "holders.hours_note",
            place=district.name if district.level else view.say("choose.whole_city"),
            month=view.month(since),
        ),
    )
    frame: pd.DataFrame = view.once(_charge, scenario, district.unit_id, since)
    if frame.empty:
        parts.show_note(view.say("scenario.no_cases"))
        return
    parts.show_table(
        [
            parts.Column(view.say("column.holder")),
            parts.Column(view.say("column.hours_share"), is_wide=True),
            parts.Column(view.say("column.hours_per_case"), is_number=True),
            parts.Column(view.say("column.hours_per_stretch"), is_number=True),
            parts.Column(view.say("column.stretches"), is_number=True),
        ],
        (
            (
                view.department_name(row["department"]),
                parts.Bar("", row["share"], view.share(row["share"])),
                view.say("unit.hours", value=view.decimal(row["hours_per_case"], digits=2)),
                view.say("unit.hours", value=view.decimal(row["hours_per_stretch"])),
                view.count(row["stretches"]),
            )
            for row in frame.to_dict("records")
        ),
    )


def _charge(city: Answers, scenario: str, district: str, since: date) -> pd.DataFrame:
    return charge_hours(city, since=since, scenario=scenario, level_1_id=district or None)


def _show_extensions(view: View, scenario: str, district: Unit) -> None:
    """Who was given more time, for which reasons, and how much."""
    place = district.name if district.level else view.say("choose.whole_city")
    parts.show_title(view.say("holders.extensions", place=place), view.say("holders.extensions_note"))
    rows = view.ask("extensions", scenario=scenario, district=district.unit_id)
    if rows.empty:
        parts.show_note(view.say("holders.no_extensions"))
        return
    shown = rows.head(_EXTENSIONS).to_dict("records")
    told = {"shown": view.count(len(shown)), "rows": view.count(len(rows))}
    parts.show_note(view.say("holders.extensions_shown", **told, extensions=view.count(shown[0]["all_extensions"])))
    parts.show_table(
        [
            parts.Column(view.say("column.department")),
            parts.Column(view.say("column.reason"), is_wide=True),
            *(
                parts.Column(view.say(f"column.{name}"), is_number=True)
                for name in ("extensions", "share", "mean_extra")
            ),
        ],
        (
            (
                view.department_name(row["department"]),
                row["reason"] or view.say("holders.no_reason"),
                view.count(row["extensions"]),
                view.share(row["share"]),
                _spell_hours(view, row["mean_extra_hours"]),
            )
            for row in shown
        ),
    )


def _spell_hours(view: View, hours: float) -> str:
    return MISSING if pd.isna(hours) else view.say("unit.hours", value=view.decimal(hours))


def _show_slowest(view: View, scenario: str) -> None:
    frame = view.ask("slowest_link", scenario=scenario)
    parts.show_title(view.say("holders.slowest"), view.say("holders.slowest_note"))
    if frame.empty:
        parts.show_note(view.say("holders.no_links"))
        return
    first = frame.to_dict("records")[0]
    told = {"department": view.department_name(first["department"]), "part": view.count(first["slowest_cases"])}
    parts.show_note(view.say("holders.slowest_first", **told, cases=view.count(first["all_cases"])))
    names = ("linked_cases", "slowest_share", "mean_share", "hours_per_case")
    parts.show_table(
        [
            parts.Column(view.say("column.department")),
            *(parts.Column(view.say(f"column.{name}"), is_number=True) for name in names),
        ],
        (
            (
                view.department_name(row["department"]),
                view.count(row["cases"]),
                view.share(row["slowest_share"]),
                view.share(row["mean_share"]),
                view.say("unit.hours", value=view.decimal(row["hours_per_case"])),
            )
            for row in frame.to_dict("records")
        ),
    )


def _show_waiting(view: View, frame: pd.DataFrame) -> None:
    parts.show_title(view.say("holders.not_accepted"), view.say("holders.not_accepted_note"))
    if frame.empty:
        parts.show_note(view.say("holders.all_accepted"))
        return
    names = ("waiting", "late", "over_1_day", "over_3_days", "over_7_days")
    parts.show_table(
        [
            parts.Column(view.say("column.holder")),
            *(parts.Column(view.say(f"column.{name}"), is_number=True) for name in (*names, "longest")),
        ],
        (
            (
                view.department_name(row["holder"]),
                *(view.count(row[name]) for name in names),
                view.say("unit.days", value=view.decimal(row["longest_days"])),
            )
            for row in frame.to_dict("records")
        ),
    )
