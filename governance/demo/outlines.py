"""Coarse outlines of Ningbo's ten districts, read from `outlines.toml`; neighbours share every vertex of a border."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from governance.demo.plane import Floats, to_degrees, to_km


@dataclass(frozen=True)
class District:
    """A district: GB code, names, facts, its ring of borders ("-x" = backwards) and where people crowd.

    Each centre is longitude, latitude, spread in km, weight.
    """

    code: str
    name_zh: str
    name_en: str
    population: int
    area_km2: int
    ring: list[str]
    centres: list[list[float]]
    islands: list[str] = field(default_factory=list)


def _read_document() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("outlines.toml").read_text(encoding="utf-8"))


def load_districts() -> tuple[District, ...]:
    """The ten districts."""
    entries: list[dict[str, Any]] = _read_document()["districts"]
    return tuple(District(**entry) for entry in entries)


_STEP_KM = 0.8  # borders are made crooked down to pieces of about this length
_CROOKEDNESS = (0.09, 0.06, 0.03, 0.0)  # of a piece's length; the next one when borders would cross


def build_outlines(seed: int) -> dict[str, shapely.MultiPolygon]:
    """The districts' land by GB code (degrees, WGS84); neighbours share every vertex of a border."""
    districts, outlines = load_districts(), []
    for crookedness in _CROOKEDNESS:
        outlines = _draw_outlines(districts, crookedness, np.random.default_rng([seed, 1]))
        if all(outline.is_valid for outline in outlines) and shapely.coverage_is_valid(outlines):
            break
    return {district.code: outline for district, outline in zip(districts, outlines, strict=True)}


def _draw_outlines(
    districts: tuple[District, ...], crookedness: float, rng: np.random.Generator
) -> list[shapely.MultiPolygon]:
    document = _read_document()
    arcs = {}
    for name, border in document["borders"].items():
        first, last = (document["junctions"][end] for end in border["ends"])
        arcs[name] = _bend([first, *border["between"], last], crookedness, rng)
    shores = {name: _bend([*ring, ring[0]], crookedness, rng) for name, ring in document["islands"].items()}
    return [
        shapely.MultiPolygon(
            [shapely.Polygon(_join(district.ring, arcs)), *(shapely.Polygon(shores[name]) for name in district.islands)]
        )
        for district in districts
    ]


def _join(ring: list[str], arcs: dict[str, Floats]) -> Floats:
    pieces = [arcs[name[1:]][::-1] if name.startswith("-") else arcs[name] for name in ring]
    return np.vstack([piece[:-1] for piece in pieces])


def _bend(points: list[list[float]], crookedness: float, rng: np.random.Generator) -> Floats:
    """Midpoint displacement: every piece is halved and its middle moved sideways, until pieces are short."""
    line = to_km(np.array(points))
    while True:
        steps = np.diff(line, axis=0)
        if np.median(np.hypot(steps[:, 0], steps[:, 1])) < _STEP_KM:
            return to_degrees(line)
        offset = np.clip(rng.normal(0, 1, (len(steps), 1)), -2, 2) * crookedness
        bent = np.empty((2 * len(line) - 1, 2))
        bent[::2], bent[1::2] = line, line[:-1] + steps / 2 + steps[:, ::-1] * (-1, 1) * offset
        line = bent
