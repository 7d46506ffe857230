"""The wall's map: one drawing of a unit's grids by tier, a few paths for all of them, as SVG that needs no library.

Nobody pans a wall, so it needs no canvas that a screen must keep alive for weeks; a drawing is made once per
generation and stays sharp on every screen.
"""

from __future__ import annotations

import base64
import gzip
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from governance.city import City
from governance.ui import palette
from governance.ui.geometry import Overview, find_body, find_picture, make_shapes
from governance.ui.map import Box
from governance.ui.overview import draw_overview

_SIZE = 1600  # steps along the longer side: as many as a large screen has pixels for the map
_LEAST_LETTER = 60  # a smaller letter could be read by nobody; then lightness alone tells the tiers apart
_LETTER_SHARE = 0.55
_PIN = 62
_SPREADING_STEPS = 40
_TIERS = ("outside", "green", "yellow", "red")


@dataclass(frozen=True)
class Pin:
    """A numbered place on the map, in degrees."""

    number: int
    lon: float
    lat: float


def draw_map(city: City, digits: str, *, box: Box, pins: Iterable[Pin], title: str) -> str:
    """The SVG of all grids by tier: `digits` holds one digit per grid, 0 outside, 1 green, 2 yellow, 3 red.

    title: what the drawing says, for those who hear it; it is escaped.
    """
    plane = _Plane.frame(box)
    tiers = np.frombuffer(digits.encode(), dtype=np.uint8) - ord("0")
    shapes = make_shapes(city)
    letter, letters = 0, ""
    if shapes.overview:
        areas = _draw_picture(shapes.overview, digits, plane)
    else:
        polygons = _read_polygons(city, shapes.grids)
        areas = "".join(
            f"<path class='w-{name}' d='{_draw_paths(polygons[tiers == tier], plane)}'/>"
            for tier, name in enumerate(_TIERS)
        )
        letter = _size_letters(polygons[tiers > 0], plane)
        letters = "".join(_draw_letters(polygons[tiers == tier], plane, letter, tier) for tier in (2, 3))
    lines = f"<path class='w-outline' d='{_draw_paths(_read_polygons(city, shapes.outlines), plane)}'/>"
    # Where grids have letters, a pin stands above its grid's letter.
    marks = _draw_pins(list(pins), plane, raised=round(0.5 * letter))
    label = title.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;")
    return (
        f"<svg class='w-drawing' viewBox='0 0 {plane.width} {plane.height}' role='img' aria-label='{label}'>"
        f"{areas}{lines}{letters}{marks}</svg>"
    )


@dataclass(frozen=True)
class _Plane:
    """Web Mercator, so that the map has the shape of the other pages' map, in whole steps from the box's corner."""

    west: float
    north: float
    steps_per_degree: float
    width: int
    height: int

    @staticmethod
    def frame(box: Box) -> _Plane:
        across = box.east - box.west
        down = float(_mercator(box.north) - _mercator(box.south))
        scale = _SIZE / max(across, down)
        return _Plane(box.west, float(_mercator(box.north)), scale, math.ceil(across * scale), math.ceil(down * scale))

    def place(self, degrees: Any) -> Any:
        """Steps to the right and down, whole, of an array of longitudes and latitudes."""
        right = (degrees[:, 0] - self.west) * self.steps_per_degree
        down = (self.north - _mercator(degrees[:, 1])) * self.steps_per_degree
        return np.rint(np.column_stack([right, down])).astype(int)

    def scale_lengths(self, degrees: Any) -> Any:
        """Lengths in degrees of longitude as steps."""
        return degrees * self.steps_per_degree


def _mercator(latitude: Any) -> Any:
    return np.degrees(np.log(np.tan(np.pi / 4 + np.radians(latitude) / 2)))


def _read_polygons(city: City, name: str) -> Any:
    body = find_body(city, name)
    return shapely.get_parts(shapely.from_geojson(gzip.decompress(body))) if body else np.array([], dtype=object)


def _draw_picture(overview: Overview, digits: str, plane: _Plane) -> str:
    """A large city's grids as the picture that its map shows, too: 100,000 of them would be megabytes of paths.

    The picture is within the drawing, a few kilobytes: the server forgets the map's pictures, a wall hangs on.
    """
    west, south, east, north = overview.box
    (left, top), (right, bottom) = plane.place(np.array([[west, north], [east, south]])).tolist()
    fills = (palette.WALL_OUTSIDE, *(palette.WALL_TIER_COLOURS[tier] for tier in ("green", "yellow", "red")))
    picture = find_picture(draw_overview(overview, digits, fills))
    if picture is None:
        raise LookupError("The map's picture was pushed out while it was drawn; the scene is tried again.")
    address = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    size = f"x='{left}' y='{top}' width='{right - left}' height='{bottom - top}'"
    return f"<image href='{address}' {size} preserveAspectRatio='none'/>"


def _size_letters(inside: Any, plane: _Plane) -> int:
    """How many steps high a letter may be in a middling grid of the unit; 0 where nobody could read it."""
    size = float(np.median(plane.scale_lengths(np.sqrt(shapely.area(inside))))) if len(inside) else 0.0
    return round(_LETTER_SHARE * size) if _LETTER_SHARE * size >= _LEAST_LETTER else 0


def _draw_paths(geometries: Sequence[Any] | Any, plane: _Plane) -> str:
    """One path for all rings or lines; steps that do not move are left out."""
    parts = shapely.get_parts(shapely.boundary(geometries) if _are_areas(geometries) else geometries)
    lines = parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING]
    degrees, owners = shapely.get_coordinates(lines, return_index=True)
    if not len(degrees):
        return ""
    points = plane.place(degrees)
    begins = np.flatnonzero(np.diff(owners, prepend=-1))
    moves = np.diff(points, axis=0, prepend=points[:1])
    moves[begins] = points[begins]
    is_kept = moves.any(axis=1)
    is_kept[begins] = True
    heads = np.zeros(len(points), dtype=bool)
    heads[begins] = True
    return "".join(
        f"{'M' if is_head else 'l'}{x} {y}"
        for (x, y), is_head in zip(moves[is_kept].tolist(), heads[is_kept].tolist(), strict=True)
    )


def _are_areas(geometries: Any) -> bool:
    areas = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
    return bool(np.isin(shapely.get_type_id(geometries), areas).all())


def _draw_letters(polygons: Any, plane: _Plane, height: int, tier: int) -> str:
    """The tier's letter in each grid, so many steps high; nothing at no height."""
    if not height or not len(polygons):
        return ""
    letter = palette.TIER_LETTERS[_TIERS[tier]]
    points = plane.place(shapely.get_coordinates(shapely.point_on_surface(polygons)))
    written = "".join(f"<text x='{x}' y='{y}'>{letter}</text>" for x, y in points.tolist())
    return f"<g class='w-letters w-on-{_TIERS[tier]}' font-size='{height}'>{written}</g>"


def _draw_pins(pins: list[Pin], plane: _Plane, *, raised: int) -> str:
    """Numbered pins, the first on top; those that would cover each other stand aside, with a line to their place."""
    if not pins:
        return ""
    points = plane.place(np.array([[pin.lon, pin.lat] for pin in pins])) - [0, raised]
    asides = np.rint(_spread(points.astype(float), 2.1 * _PIN)).astype(int)
    drawn = [
        f"<g class='w-pin'><path d='M{px} {py}L{x} {y}'/><circle cx='{x}' cy='{y}' r='{_PIN}'/>"
        f"<text x='{x}' y='{y}' font-size='{round(1.35 * _PIN)}'>{pin.number}</text></g>"
        for pin, (px, py), (x, y) in zip(pins, points.tolist(), asides.tolist(), strict=True)
    ]
    return "".join(reversed(drawn))


def _spread(points: Any, apart: float) -> Any:
    """The points, those nearer to each other than `apart` moved away from each other step by step."""
    moved = points + np.arange(len(points))[:, None] * 1e-3
    for _ in range(_SPREADING_STEPS):
        between = moved[:, None] - moved[None]
        distance = np.linalg.norm(between, axis=2) + np.eye(len(points)) * apart
        push = np.maximum(apart - distance, 0) / 2 / distance
        moved = moved + (between * push[:, :, None]).sum(axis=1)
    return moved
