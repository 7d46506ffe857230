"""What else the map fetches by address: marks of changed and listed grids, base layers, pictures of the hover card."""

from __future__ import annotations

import json
from dataclasses import asdict
from html import escape
from typing import Any

import numpy as np
import shapely

from governance.city import City
from governance.shapes.features import GROUND
from governance.ui import palette
from governance.ui.city_cache import keep_with_city
from governance.ui.language import LANGUAGES, format_decimal, load_texts, say
from governance.ui.map_points import Subject

MARKS = ("changes", "stops")
RISEN, FALLEN, STOP, AUDIT_STOP = "▲", "▼", "◆", "■"


def encode_marks(city: City, kind: str, subject: Subject) -> bytes:
    """One row per mark: place `p` and sign `t`. kind: of MARKS."""
    rows = city.ask(f"ui_map_{kind}", **asdict(subject)).to_dict("records")
    signs = [_choose_sign(kind, row) for row in rows]
    listed = [
        {"p": [round(row["lon"], 5), round(row["lat"], 5)], "t": sign} for row, sign in zip(rows, signs, strict=True)
    ]
    return json.dumps(listed, ensure_ascii=False, separators=(",", ":")).encode()


def _choose_sign(kind: str, row: dict[str, Any]) -> str:
    if kind == "changes":
        return RISEN if row["is_worse"] else FALLEN
    return STOP if row["kind"] == "red" else AUDIT_STOP


def list_base_layers(city: City) -> list[dict[str, Any]]:
    """The layers of the city's own base map (rows of `ask_ui_map_base`), in the order of city.toml."""
    return _read_base_layers(city)


@keep_with_city(1)
def _read_base_layers(city: City) -> list[dict[str, Any]]:
    rows = city.ask("ui_map_base").to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def encode_base_layer(city: City, sha256: str) -> bytes | None:
    """The GeoJSON of the base layer with this hash; nothing if the city has none."""
    wkb = next((row["geometry"] for row in list_base_layers(city) if row["sha256"] == sha256), None)
    if wkb is None:
        return None
    shape = shapely.transform(shapely.from_wkb(bytes(wkb)), lambda degrees: np.round(degrees, 5))
    return f'{{"type":"Feature","properties":{{}},"geometry":{shapely.to_geojson(shape)}}}'.encode()


def encode_style(city: City) -> bytes | None:
    """A map style with the city's own raster tiles as its only content; nothing if city.toml names no tile server."""
    tiles = read_map_settings(city).get("tiles")
    if not tiles:
        return None
    source = {"type": "raster", "tiles": [tiles], "tileSize": 256}
    layers = [{"id": "tiles", "type": "raster", "source": "tiles"}]
    return json.dumps({"version": 8, "sources": {"tiles": source}, "layers": layers}).encode()


def read_map_settings(city: City) -> dict[str, Any]:
    """What city.toml says about the map."""
    settings: dict[str, Any] = city.manifest["city"].get("map") or {}
    return settings


def draw_hover(city: City, language: str, scenario: str, number: int) -> bytes | None:
    """The picture of the hover card for one grid: letter on its colour, tier, expected reports; nothing without one.

    Between the grids of a large city lies a ground of its own, of which it says that it is a border.
    """
    forecasts = _read_forecasts(city, scenario)
    if language not in LANGUAGES or not GROUND <= number < len(forecasts):
        return None
    tier, expected = (None, 0.0) if number == GROUND else forecasts[number]
    if number == GROUND:
        words = say(language, "map.hover_border")
    elif tier is None:
        words = say(language, "map.hover_none")
    else:
        words = say(
            language,
            "map.hover",
            tier=load_texts(language)[f"tier.{tier}"],
            expected=format_decimal(language, expected, digits=2),
        )
    return _HOVER.format(
        ground=palette.TIER_COLOURS.get(str(tier), palette.OUTSIDE),
        ink=palette.TIER_INKS.get(str(tier), palette.INK),
        letter="" if number == GROUND else palette.TIER_LETTERS.get(str(tier), "?"),
        paper=palette.PAPER,
        words=escape(words),
    ).encode()


_HOVER = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='264' height='22' font-family='system-ui, sans-serif' "
    "font-size='13'>"
    "<rect width='20' height='18' y='1' fill='{ground}'/>"
    "<text x='10' y='15' text-anchor='middle' font-weight='700' fill='{ink}'>{letter}</text>"
    "<text x='27' y='15' fill='{paper}'>{words}</text></svg>"
)


@keep_with_city(32)
def _read_forecasts(city: City, scenario: str) -> list[tuple[str | None, float]]:
    frame = city.ask("ui_map_hover", scenario=scenario)
    tiers = frame["tier"].astype(object).where(frame["tier"].notna(), None)
    return list(zip(tiers, frame["expected_reports_28d"].astype(float), strict=True))
