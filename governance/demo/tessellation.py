"""Irregular polygons without gaps or overlaps: a Voronoi diagram with crooked edges, cut at the coast.

All lines are noded together on a grid of 1e-6 degrees before any polygon is made from them, so neighbours
share every vertex exactly.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi, cKDTree

from governance.demo.plane import Floats, to_degrees

Integers = NDArray[np.int64]

_GRID_DEGREES = 1e-6
_FRAME_KM = 300.0
_BEND_EVERY_KM = 0.14
_MOST_BENDS = 5


def find_clusters(points: Floats, count: int, rng: np.random.Generator, *, rounds: int) -> tuple[Floats, Integers]:
    """Centres, shape (count, 2), and the cluster of each point by k-means; no cluster is empty.

    Few rounds keep the density of the points; many rounds even the sizes out.
    """
    centres = points[rng.choice(len(points), size=count, replace=False)]
    for _ in range(rounds):
        cluster = cKDTree(centres).query(points)[1]
        size = np.bincount(cluster, minlength=count)
        sums = np.column_stack([np.bincount(cluster, points[:, axis], count) for axis in (0, 1)])
        centres = np.where(size[:, None] > 0, sums / np.maximum(size, 1)[:, None], centres)
    return centres, np.unique(cKDTree(centres).query(points)[1], return_inverse=True)[1].astype(np.int64)


def make_cells(seeds_km: Floats, land: shapely.Geometry, rng: np.random.Generator) -> NDArray[np.object_]:
    """The polygon (degrees, WGS84) of every seed, or None where noding left a seed without one.

    Cells end at the edge of `land` (degrees). A scrap cut off from its seed by water is left out.
    """
    lines = _draw_edges(seeds_km, rng)
    shapely.prepare(land)
    lines = lines[shapely.intersects(land, lines)]
    noded = shapely.unary_union(np.append(lines, land.boundary), grid_size=_GRID_DEGREES)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    faces = shapely.transform(faces, lambda xy: np.round(xy, 6))
    points = shapely.points(to_degrees(seeds_km))
    seed, face = shapely.STRtree(faces).query(points, predicate="within")
    cells = np.full(len(seeds_km), None, dtype=object)
    cells[seed] = faces[face]
    return cells


def _draw_edges(seeds_km: Floats, rng: np.random.Generator) -> NDArray[np.object_]:
    """The edges between the cells of the seeds as crooked lines in degrees."""
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    frame = _FRAME_KM * np.column_stack([np.cos(angles), np.sin(angles)])
    diagram = Voronoi(np.vstack([seeds_km, frame]))
    ends = np.array(diagram.ridge_vertices)
    inner = (diagram.ridge_points.min(axis=1) < len(seeds_km)) & (ends.min(axis=1) >= 0)
    start, end = (diagram.vertices[ends[inner, side]] for side in (0, 1))
    first, second = (diagram.points[diagram.ridge_points[inner, side]] for side in (0, 1))
    length = np.hypot(*(end - start).T)
    bends = np.clip(length / _BEND_EVERY_KM + 0.6, 0, _MOST_BENDS).astype(np.int64)
    drawn = [
        _bend_edges(start[chosen], end[chosen], first[chosen], second[chosen], bends=number, rng=rng)
        for number in range(_MOST_BENDS + 1)
        if (chosen := bends == number).any()
    ]
    return np.concatenate(drawn)


def _bend_edges(
    start: Floats, end: Floats, first: Floats, second: Floats, *, bends: int, rng: np.random.Generator
) -> NDArray[np.object_]:
    """Lines from start to end with `bends` points moved sideways.

    A point stays inside the two triangles of its edge and the seeds on either side. These triangles tile the
    cells, so no two lines can cross.
    """
    along = end - start
    length = np.maximum(np.hypot(*along.T), 1e-9)
    normal = along[:, ::-1] * (-1, 1) / length[:, None]
    half = np.hypot(*(second - first).T) / 2
    foot = ((first - start) * along).sum(axis=1) / length**2
    line = np.empty((len(start), bends + 2, 2))
    line[:, 0], line[:, -1] = start, end
    for number in range(1, bends + 1):
        t = (number + rng.uniform(-0.25, 0.25, len(start))) / (bends + 1)
        rising = np.where(foot > 0, t / np.where(foot > 0, foot, 1), np.inf)
        falling = np.where(foot < 1, (1 - t) / np.where(foot < 1, 1 - foot, 1), np.inf)
        room = 0.4 * half * np.minimum(rising, falling)
        offset = np.clip(rng.normal(0, 0.09, len(start)) * length, -room, room)
        line[:, number] = start + t[:, None] * along + offset[:, None] * normal
    degrees = to_degrees(line.reshape(-1, 2))
    lines: NDArray[np.object_] = shapely.linestrings(degrees, indices=np.repeat(np.arange(len(start)), bends + 2))
    return lines
