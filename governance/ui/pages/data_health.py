"""The page of the data's health: what became of every row, and whether the snapshot keeps its own rules."""

from __future__ import annotations

from typing import Any

import streamlit as st

from governance.ui import parts
from governance.ui.choices import choose
from governance.ui.language import MISSING
from governance.ui.pages.illegal_moves import show_moves
from governance.ui.view import View

_SAMPLES = 50
_LISTED = 200


def show(view: View) -> None:
    """Totals, files, reasons with samples, broken procedures, places and categories not found, polygons, checks."""
    totals = view.ask_row("health_totals")
    if totals is None or not totals["files"]:
        parts.show_state(view.say("health.none_title"), view.say("health.none_text"))
        return
    _show_totals(view, totals)
    _show_files(view)
    _show_reasons(view)
    _show_samples(view)
    show_moves(view)
    left, right = st.columns(2, gap="large")
    with left:
        _show_places(view)
        _show_points(view)
    with right:
        _show_categories(view)
    _show_polygons(view)
    _show_checks(view)


def _show_totals(view: View, totals: dict[str, Any]) -> None:
    say, count = view.say, view.count
    cases = count(totals["cases"])
    parts.show_figures(
        [
            parts.Figure(
                say("health.read"), count(totals["read"]), say("health.in_files", files=count(totals["files"]))
            ),
            parts.Figure(say("health.accepted"), count(totals["accepted"]), say("health.balance")),
            parts.Figure(
                say("health.quarantined"),
                count(totals["quarantined"]),
                say("health.of_read", share=view.share(totals["quarantined_share"], digits=2)),
            ),
            parts.Figure(say("health.duplicate"), count(totals["duplicate"]), say("health.duplicate_note")),
            parts.Figure(
                say("health.unmatched"),
                view.share(totals["unmatched_share"], digits=2),
                say(
                    "health.unmatched_note",
                    outside=count(totals["outside"]),
                    missing=count(totals["missing"]),
                    cases=cases,
                ),
            ),
            parts.Figure(
                say("health.unmapped"),
                view.share(totals["unmapped_share"], digits=2),
                say("health.unmapped_note", part=count(totals["unmapped"]), cases=cases),
            ),
            parts.Figure(say("health.last"), view.day(totals["last_reported_at_utc"]), say("health.last_note")),
            parts.Figure(
                say("health.checks"),
                count(totals["failing_checks"]),
                say("health.checks_of", checks=count(totals["checks"])),
            ),
        ]
    )


def _show_files(view: View) -> None:
    frame = view.ask("health_files")
    parts.show_title(view.say("health.files"), view.say("health.files_note"))
    listed = frame.assign(
        content=[view.word("content", content) for content in frame["content"]],
        last=[view.moment(moment) for moment in frame["last_reported_at_utc"]],
    )
    counts = ("read", "accepted", "quarantined", "duplicate")
    columns: dict[str, Any] = {
        name: st.column_config.TextColumn(view.say(f"column.{name}")) for name in ("source", "content", "file", "last")
    }
    columns |= {name: st.column_config.NumberColumn(view.say(f"column.{name}"), format="localized") for name in counts}
    st.dataframe(
        listed,
        hide_index=True,
        placeholder=MISSING,
        width="stretch",
        height=parts.fit_rows(len(listed), most=8),
        key="files",
        column_order=["source", "content", "file", *counts, "last"],
        column_config=columns,
    )


def _show_reasons(view: View) -> None:
    rows = view.ask("health_reasons").to_dict("records")
    parts.show_title(view.say("health.reasons"), view.say("health.reasons_note"))
    if not rows:
        parts.show_note(view.say("health.no_reasons"))
        return
    titles = ("column.source", "column.effect", "column.message", "column.code")
    columns = [parts.Column(view.say(title), is_wide=title == "column.message") for title in titles]
    columns += [parts.Column(view.say(title), is_number=True) for title in ("column.files", "column.rows")]
    parts.show_table(
        columns,
        (
            (
                row["source"],
                view.word("severity", row["severity"]),
                str(row[f"message_{view.language}"]),
                row["code"],
                view.count(row["files"]),
                view.count(row["rows"]),
            )
            for row in rows
        ),
    )


def _show_samples(view: View) -> None:
    reasons = view.ask("health_reasons")
    errors = reasons[reasons["severity"] == "error"]
    codes = {"": view.say("choose.all_reasons")}
    codes |= dict(zip(errors["code"], errors[f"message_{view.language}"], strict=True))
    if len(codes) == 1:
        return
    parts.show_title(view.say("health.samples"), view.say("health.samples_note", rows=view.count(_SAMPLES)))
    code = choose(view.say("choose.reason"), "filter", codes, on_page="health")
    frame = view.ask("health_samples", code=code, rows=_SAMPLES)
    names = ("source", "file", "row_number", "reasons", "original")
    st.dataframe(
        frame,
        hide_index=True,
        placeholder=MISSING,
        width="stretch",
        height=parts.fit_rows(len(frame), most=7),
        key="samples",
        column_order=names,
        column_config={name: view.say(f"column.{name}") for name in names},
    )


def _show_places(view: View) -> None:
    parts.show_title(view.say("health.places"), view.say("health.places_note"))
    parts.show_table(
        [
            parts.Column(view.say("column.source")),
            parts.Column(view.say("column.location")),
            parts.Column(view.say("column.cases"), is_number=True),
        ],
        (
            (row["source"], view.word("location", row["location_status"]), view.count(row["rows"]))
            for row in view.ask("health_places").to_dict("records")
        ),
    )


def _show_points(view: View) -> None:
    rows = view.ask("health_points").to_dict("records")
    if not rows:
        return
    parts.show_title(view.say("health.points"), view.say("health.points_note"))
    titles = ("column.source", "column.lon", "column.lat", "column.cases", "column.share")
    parts.show_table(
        [parts.Column(view.say(title), is_number=place > 0) for place, title in enumerate(titles)],
        (
            (
                row["source"],
                view.decimal(row["lon"], digits=5),
                view.decimal(row["lat"], digits=5),
                view.count(row["rows"]),
                view.share(row["share"]),
            )
            for row in rows
        ),
    )


def _show_categories(view: View) -> None:
    frame = view.ask("health_unmapped", rows=_LISTED)
    parts.show_title(view.say("health.categories"), view.say("health.categories_note"))
    if frame.empty:
        parts.show_note(view.say("health.no_categories"))
        return
    names = ("source", "category", "rows")
    st.dataframe(
        frame,
        hide_index=True,
        placeholder=MISSING,
        width="stretch",
        height=parts.fit_rows(len(frame), most=8),
        key="categories",
        column_order=names,
        column_config={name: view.say(f"column.{name}") for name in names},
    )


def _show_polygons(view: View) -> None:
    frame = view.ask("health_grids", rows=_LISTED)
    parts.show_title(view.say("health.polygons"), view.say("health.polygons_note"))
    if frame.empty:
        parts.show_note(view.say("health.no_polygons"))
        return
    columns = [
        parts.Column(view.say("column.kind")),
        parts.Column(view.say("column.grid")),
        parts.Column(view.say("column.detail"), is_wide=True),
        parts.Column(view.say("column.area_km2"), is_number=True),
    ]
    parts.show_table(
        columns,
        (
            (
                view.word("polygon", row["kind"]),
                row["grid_id"],
                str(row[f"detail_{view.language}"]),
                view.decimal(row["area_km2"], digits=4),
            )
            for row in frame.to_dict("records")
        ),
    )


def _show_checks(view: View) -> None:
    parts.show_title(view.say("health.rules"), view.say("health.rules_note"))
    parts.show_table(
        [parts.Column(view.say("column.rule"), is_wide=True), parts.Column(view.say("column.failing"), is_number=True)],
        (
            (str(row["name"]).replace("_", " "), view.count(row["failing_rows"]))
            for row in view.ask("health_checks").to_dict("records")
        ),
    )
