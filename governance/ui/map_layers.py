"""What the map shows beside the tiers, as plain descriptions of deck.gl layers: which are drawn, in which order.

Everything comes by address (`layer_route`), so that a rerun carries a few hundred bytes a layer. Colours that stand on
a layer itself are faded by Streamlit when a grid is chosen; here they stand on the part layers, or where it looks not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from governance.city import City
from governance.ui import palette
from governance.ui.geometry import Shapes
from governance.ui.layer_route import locate_layer
from governance.ui.map_borders import Border, Spec, draw_border, find_borders
from governance.ui.map_marks import AUDIT_STOP, FALLEN, RISEN, STOP, list_base_layers, read_map_settings
from governance.ui.map_points import POINT_ZOOM, Subject

Sides = tuple[float, float, float, float]  # degrees west, south, east, north
# In the order of the switches; those of the city's own base map follow as base0, base1 and so on.
NAMES = ("districts", "towns", "incidents", "heat", "overdue", "changes", "stops")
# Not a tier's hue, and from light to dark.
_HEATS = [[222, 226, 240, 50], [188, 189, 220, 100], [158, 154, 200, 130], [117, 107, 177, 150], [84, 39, 143, 165]]
_LEAST_ZOOM = 3


@dataclass(frozen=True)
class Layers:
    """What is drawn beside the tiers.

    below, above: arguments of `pydeck.Layer`, under and over the letters and outlines. hover: the folder of the
    pictures of the hover card, one per grid. style: address of a style of raster tiles under the grids, "" for none.
    letters: the layer of the tiers' letters; without it they are made from the digits.
    """

    below: tuple[Spec, ...] = ()
    above: tuple[Spec, ...] = ()
    has_outlines: bool = True
    hover: str = ""
    style: str = ""
    letters: Spec | None = None


def list_layer_names(city: City) -> list[str]:
    """The names of all layers that a city's map can show, in the order of the switches."""
    return [*NAMES, *(f"base{row['layer']}" for row in list_base_layers(city))]


def list_default_names(city: City) -> list[str]:
    """The layers that are shown before anything is chosen: districts and the city's own base map."""
    return ["districts", *(f"base{row['layer']}" for row in list_base_layers(city))]


def make_layers(
    city: City, shapes: Shapes, subject: Subject, names: Collection[str], *, language: str, box: Sides | None = None
) -> Layers:
    """The chosen layers of a city's map, and the outline of a chosen rectangle."""
    base = [_draw_base(city, row) for row in list_base_layers(city) if f"base{row['layer']}" in names]
    towns = find_borders(shapes, "towns") if "towns" in names else None
    heat = [_draw_heat(city, subject)] if "heat" in names else []
    points = [_draw_points(city, kind, subject) for kind in ("incidents", "overdue") if kind in names]
    marks = [_draw_marks(city, kind, subject) for kind in ("stops", "changes") if kind in names]
    return Layers(
        below=(*base, *([_draw_towns(towns)] if towns else []), *heat),
        above=(*points, *marks, *([_draw_box(box)] if box else [])),
        has_outlines="districts" in names,
        hover=locate_layer(city, f"hover/{language}/{subject.scenario}"),
        style=locate_layer(city, "style.json") if read_map_settings(city).get("tiles") else "",
        letters=_draw_letters(city, subject),
    )


def _locate(city: City, subject: Subject, path: str) -> str:
    """The address of a layer of one unit."""
    within = urlencode({"level": subject.level, "unit": subject.unit_id}) if subject.level else ""
    return locate_layer(city, path) + (f"?{within}" if within else "")


def _draw_letters(city: City, subject: Subject) -> Spec:
    red, yellow = (palette.to_rgba(palette.TIER_INKS[tier]) for tier in ("red", "yellow"))
    return {
        "type": "TileLayer", "id": "letters", "pickable": False,
        "data": _locate(city, subject, f"letters/{subject.scenario}/{{z}}/{{x}}/{{y}}.json"),
        "min_zoom": _LEAST_ZOOM, "max_zoom": POINT_ZOOM, "tile_size": 512, "point_type": '"text"',
        "get_text": "properties.t", "get_text_size": "properties.s", "text_size_units": '"meters"',
        "text_font_weight": 700, "text_character_set": f'"{"".join(palette.TIER_LETTERS.values())}"',
        "get_text_color": f"properties.t == '{palette.TIER_LETTERS['red']}' ? {red} : {yellow}",
    }  # fmt: skip


def _draw_base(city: City, row: dict[str, Any]) -> Spec:
    spec = {
        "type": "GeoJsonLayer",
        "id": f"base{row['layer']}",
        "data": locate_layer(city, f"base/{row['sha256']}.json"),
        "pickable": False,
    }
    if row["kind"] == "area":
        fill = {"polygons-fill": {"getFillColor": palette.to_rgba(row["colour"], 100)}}
        return {**spec, "stroked": False, "_subLayerProps": fill}
    colour = palette.to_rgba(row["colour"], 220)
    return {
        **spec, "filled": False, "get_line_color": colour, "line_width_units": '"pixels"', "get_line_width": 1.5,
    }  # fmt: skip


def _draw_towns(border: Border) -> Spec:
    return draw_border("towns", border, colour=palette.to_rgba(palette.MUTED, 220))


def _draw_heat(city: City, subject: Subject) -> Spec:
    return {
        "type": "HeatmapLayer", "id": "heat", "data": _locate(city, subject, f"heat/{subject.scenario}.json"),
        "pickable": False, "get_position": "p", "get_weight": "w", "radius_pixels": 28, "color_range": _HEATS,
        "aggregation": '"SUM"',
    }  # fmt: skip


def _draw_points(city: City, kind: str, subject: Subject) -> Spec:
    """Discs with their number where several lie together: full ones for incidents, rings with ! for overdue cases."""
    is_overdue = kind == "overdue"
    ink, ground = (palette.WARNING, palette.PAPER) if is_overdue else (palette.PAPER, palette.ACCENT)
    one = "'!'" if is_overdue else "''"
    return {
        "type": "TileLayer", "id": kind, "pickable": False,
        "data": _locate(city, subject, f"points/{kind}/{subject.scenario}/{{z}}/{{x}}/{{y}}.json"),
        "min_zoom": _LEAST_ZOOM, "max_zoom": POINT_ZOOM, "tile_size": 512, "point_type": '"circle+text"',
        "get_fill_color": palette.to_rgba(ground, 225), "stroked": True,
        "get_line_color": palette.to_rgba(palette.WARNING if is_overdue else palette.PAPER),
        "line_width_units": '"pixels"', "get_line_width": 2 if is_overdue else 1,
        "point_radius_units": '"pixels"',
        "get_point_radius": "properties.c < 2 ? 5 : properties.c < 10 ? 9 : properties.c < 100 ? 12 : 15"
        if not is_overdue
        else "properties.c < 2 ? 8 : properties.c < 10 ? 10 : properties.c < 100 ? 13 : 16",
        "get_text": f"properties.c < 2 ? {one} : '' + properties.c",
        "get_text_color": palette.to_rgba(ink), "get_text_size": 11, "text_size_units": '"pixels"',
        "text_character_set": '"!0123456789"', "text_font_weight": 700,
        "text_font_family": '"system-ui, sans-serif"',
    }  # fmt: skip


def _draw_marks(city: City, kind: str, subject: Subject) -> Spec:
    is_change = kind == "changes"
    return {
        "type": "TextLayer", "id": kind, "pickable": False,
        "data": _locate(city, subject, f"marks/{kind}/{subject.scenario}.json"), "get_position": "p", "get_text": "t",
        "get_size": 260, "size_units": '"meters"',
        "size_min_pixels": 9, "size_max_pixels": 17, "get_pixel_offset": [9, -7] if is_change else [-9, -7],
        "character_set": f'"{RISEN}{FALLEN}{STOP}{AUDIT_STOP}"', "font_family": '"system-ui, sans-serif"',
        "font_settings": {"sdf": True, "fontSize": 48, "radius": 10, "buffer": 8}, "outline_width": 5,
        "outline_color": palette.to_rgba(palette.PAPER, 240),
        "_subLayerProps": {"characters": {"getColor": palette.to_rgba(palette.INK if is_change else palette.ACCENT)}},
    }  # fmt: skip


def _draw_box(box: Sides) -> Spec:
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "GeoJsonLayer", "id": "box", "pickable": False, "filled": False,
        "data": {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}},
        "get_line_color": palette.to_rgba(palette.ACCENT), "line_width_units": '"pixels"', "get_line_width": 3,
    }  # fmt: skip
