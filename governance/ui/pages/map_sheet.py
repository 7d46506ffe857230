"""The map on one sheet: a picture with legend and scale, and the table of red grids; to download, or to print."""

from __future__ import annotations

import base64
import gzip
from datetime import date
from html import escape

import streamlit as st

from governance.city import City
from governance.ui import language as words
from governance.ui import map_picture, palette, parts
from governance.ui.address import keep_choice, read_choice
from governance.ui.choices import Unit, find_unit
from governance.ui.city_cache import keep_with_city
from governance.ui.downloads import name_file
from governance.ui.geometry import find_body, make_shapes
from governance.ui.map_picture import Entry, NoFontError, Sheet
from governance.ui.view import View

_LISTED = 60
_KIND = "png"


def is_asked_for() -> bool:
    """Whether the address asks for the sheet instead of the map."""
    return bool(read_choice("sheet"))


def offer_sheet(view: View) -> None:
    """The way to the sheet."""
    st.button(
        view.say("sheet_of_map.open"),
        key="open_sheet",
        icon=":material/print:",
        type="tertiary",
        on_click=keep_choice,
        args=("sheet", "1"),
    )


def show_sheet(view: View, scenario: str, unit: Unit, day: date) -> None:
    """Picture, download and table of one scenario, unit and day; without a font for it, a sentence and the table."""
    with st.container(horizontal=True, key="sheet_buttons", vertical_alignment="center"):
        st.button(
            view.say("sheet_of_map.close"), on_click=keep_choice, args=("sheet", ""), icon=":material/arrow_back:"
        )
        picture = _draw(view.city, view.language, scenario, unit.unit_id, day)
        if picture:
            name = name_file(view, "map", scenario, unit.unit_id, kind=_KIND, day=day)
            st.download_button(
                view.say("sheet_of_map.png"), picture, file_name=name, mime="image/png", icon=":material/download:",
                on_click="ignore",
            )  # fmt: skip
        parts.show_note(view.say("sheet_of_map.hint"))
    if picture:
        told = escape(view.say("sheet_of_map.alt"), quote=True)
        coded = base64.b64encode(picture).decode()
        st.html(f"<img class='g-picture' alt='{told}' src='data:image/png;base64,{coded}'>")
    else:
        parts.show_banner(view.say("sheet_of_map.no_font"))
    _show_red(view, scenario, unit, day)


@keep_with_city(64)
def _draw(city: City, language: str, scenario: str, unit_id: str, day: date) -> bytes | None:
    """The PNG; nothing where no font has its letters, or no grid is there."""
    view = View(city, language)
    unit = find_unit(view, unit_id)
    place = {"level": unit.level, "unit_id": unit.unit_id}
    bounds = view.ask_row("bounds", **place)
    digits = str(view.ask("day_digits", scenario=scenario, day=day, **place)["digits"].iloc[0] or "")
    if not bounds or not digits:
        return None
    box = tuple(float(bounds[side]) for side in ("west", "south", "east", "north"))
    sheet = _describe(view, scenario, unit, day)
    grounds = (palette.OUTSIDE, *(palette.TIER_COLOURS[tier] for tier in ("green", "yellow", "red")))
    letters = ("", "", palette.TIER_LETTERS["yellow"], palette.TIER_LETTERS["red"])
    inks = (palette.INK, palette.INK, palette.TIER_INKS["yellow"], palette.TIER_INKS["red"])
    entries = [Entry(*look, "") for look in zip(grounds, inks, letters, strict=True)]
    overview = make_shapes(view.city).overview
    try:
        if overview and unit.level == 0:
            return map_picture.draw_numbers(sheet, overview, digits, entries=entries, box=box)
        # Polygons of a rectangle that hardly anyone asks for twice: they are not kept.
        rows = view.city.ask("ui_picture_grids", **dict(zip(("west", "south", "east", "north"), box, strict=True)))
        chosen = "".join(digits[number] for number in rows["grid_no"])
        return map_picture.draw_polygons(sheet, rows["geometry"], chosen, entries=entries, box=box)
    except NoFontError:
        return None


def _describe(view: View, scenario: str, unit: Unit, day: date) -> Sheet:
    figures = view.ask_row("day_figures", scenario=scenario, day=day, level=unit.level, unit_id=unit.unit_id) or {}
    legend = tuple(
        Entry(
            palette.TIER_COLOURS[tier],
            palette.TIER_INKS[tier],
            palette.TIER_LETTERS[tier],
            f"{view.word('tier', tier)} {view.count(figures[tier])} ({view.share(figures[f'{tier}_share'])})",
        )
        for tier in palette.TIERS
    )
    moment, zone = view.moment(view.city.as_of_utc), words.name_zone(view.language, view.city.as_of_utc, view.zone)
    as_of = view.say("sheet_of_map.day", day=view.date(day))
    lines = (
        f"{view.scenario_name(scenario)} · {unit.name} · {as_of}",
        view.say("frame.as_of", city=view.city_name, moment=moment, zone=zone)
        + (f" · {view.say('frame.synthetic')}" if view.city.manifest["is_synthetic"] else ""),
    )
    zipped = find_body(view.city, make_shapes(view.city).outlines)
    outlines = gzip.decompress(zipped).decode() if zipped else ""
    return Sheet(view.say("map.title"), lines, legend, view.say("sheet_of_map.km"), outlines)


def _show_red(view: View, scenario: str, unit: Unit, day: date) -> None:
    asked = {"scenario": scenario, "day": day, "level": unit.level, "unit_id": unit.unit_id}
    figures = view.ask_row("day_figures", **asked) or {"red": 0}
    rows = view.ask("day_grids", rows=_LISTED, **asked)
    red = rows[rows["tier"] == "red"].sort_values(["expected_reports_28d", "grid_id"], ascending=[False, True])
    counts = {"count": view.count(len(red)), "total": view.count(figures["red"])}
    parts.show_title(view.say("sheet_of_map.red", **counts), view.say("day.reddest_note"))
    columns = [
        parts.Column(view.say("column.grid")),
        parts.Column(view.say("column.place"), is_wide=True),
        parts.Column(view.say("column.expected"), is_number=True),
    ]
    parts.show_table(
        columns,
        [
            (row["grid_id"], str(row[f"place_{view.language}"]), view.decimal(row["expected_reports_28d"], digits=2))
            for row in red.to_dict("records")
        ],
    )
