"""Polygons and points to measure joins with: tessellations of any size, as untidy as real ones, and crowded points."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import Voronoi

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WEST, SOUTH, WIDTH, HEIGHT = 121.0, 29.0, 1.5, 1.2  # degrees
_WIGGLE = 0.3  # of the length of a piece of an edge: how far a corner leaves the straight line, at most
_CELLS_A_POLYGON = 3


def make_tessellation(count: int, *, seed: int = 1, detail: float = 1.0) -> NDArray[np.object_]:
    """`count` valid polygons of about 36 x `detail` corners on average, in degrees; neighbours share edges exactly.

    They are as untidy as real ones: cells grown together, most of their edges almost straight, some of a hundred
    corners and more, as rivers and coasts are. What a join pays for is how many bounding boxes a point lies in, and
    how many corners these polygons have together. For a point of a random polygon that is 2.1 boxes and 2.7 x the
    mean of corners here; 1.8 and 3.4 in New York's census tracts (74 corners on average), 2.4 and 3.4 in Merseyside's
    output areas (17).
    """
    rng = np.random.default_rng(seed)
    corners, ring, start = _draw_cells(_draw_seeds(count * _CELLS_A_POLYGON, rng))
    following = _follow(ring)
    low, high = np.minimum(start, start[following]), np.maximum(start, start[following])
    edges, edge = np.unique(low * len(corners) + high, return_inverse=True)
    ends = corners[np.stack(np.divmod(edges, len(corners)))]
    pieces = _count_pieces(ends, detail, rng)
    shapes = _draw_polygons(ends, edge, start > start[following], ring, pieces, rng)
    return _merge(shapes, _group(edge, ring, count, rng))


def make_points(count: int, *, seed: int = 2) -> tuple[Floats, Floats]:
    """Longitude and latitude of `count` points: two in three crowd around 200 centres, the others lie anywhere.

    About one in forty lies outside the polygons of `make_tessellation`.
    """
    rng = np.random.default_rng(seed)
    centres = rng.random((200, 2))
    crowd = centres[rng.integers(len(centres), size=count * 2 // 3)]
    crowd += rng.normal(0, 0.02, crowd.shape)
    even = rng.random((count - len(crowd), 2)) * 1.01 - 0.005
    points = np.vstack([crowd, even])
    points = points[rng.permutation(len(points))]
    return WEST + WIDTH * points[:, 0], SOUTH + HEIGHT * points[:, 1]


def _draw_seeds(count: int, rng: np.random.Generator) -> Floats:
    """Half the seeds lie crowded, as the small grids of a city's centre do."""
    crowd = 0.5 + 0.15 * rng.normal(size=(count // 2, 2))
    crowd = crowd[((crowd > 0) & (crowd < 1)).all(axis=1)]
    return np.vstack([crowd, rng.random((count - len(crowd), 2))])


def _draw_cells(seeds: Floats) -> tuple[Floats, Ints, Ints]:
    """Corners of the Voronoi cells in the unit square; for every corner of every cell: the cell, and which corner."""
    mirrored = [seeds, seeds * [-1, 1], seeds * [1, -1], [2, 0] + seeds * [-1, 1], [0, 2] + seeds * [1, -1]]
    near = [part[((part > -0.2) & (part < 1.2)).all(axis=1)] for part in mirrored]
    diagram = Voronoi(np.vstack(near))
    regions = [diagram.regions[region] for region in diagram.point_region[: len(seeds)]]
    ring = np.repeat(np.arange(len(seeds)), [len(region) for region in regions])
    return diagram.vertices, ring, np.concatenate(regions)


def _count_pieces(ends: Floats, detail: float, rng: np.random.Generator) -> Ints:
    """Corners lie as dense along long edges as along short ones, but here and there ten times denser."""
    length = np.hypot(*(ends[1] - ends[0]).T)
    pieces = detail * length / length.mean() * rng.lognormal(0.02, 1.4, len(length))
    return pieces.clip(1, 400).astype(np.int64)


def _follow(ring: Ints) -> Ints:
    """The place of the next corner of the same ring."""
    following = np.arange(len(ring)) + 1
    is_last = np.diff(ring, append=-1) != 0
    following[is_last] -= np.bincount(ring)[ring[is_last]]
    return following


def _draw_polygons(  # noqa: PLR0913, PLR0917  the parts of one drawing
    ends: Floats, edge: Ints, is_turned: NDArray[np.bool_], ring: Ints, pieces: Ints, rng: np.random.Generator
) -> NDArray[np.object_]:
    """Every edge is drawn once, in crooked pieces, and used by both its neighbours."""
    way = ends[1] - ends[0]
    first = np.cumsum(pieces) - pieces
    drawn = np.repeat(np.arange(len(pieces)), pieces)
    step = np.arange(len(drawn)) - first[drawn]
    wiggle = rng.uniform(-_WIGGLE, _WIGGLE, len(drawn)) * (step > 0) / pieces[drawn]
    # Every use of an edge walks through its points, forward from the first end, or backward from the second.
    use = np.repeat(np.arange(len(edge)), pieces[edge])
    place = np.arange(len(use)) - (np.cumsum(pieces[edge]) - pieces[edge])[use]
    place = np.where(is_turned[use], pieces[edge][use] - place, place)
    point = (first[edge][use] + place).clip(max=len(drawn) - 1)
    is_end = place == pieces[edge][use]
    while True:
        share = (step / pieces[drawn])[:, None]
        aside = wiggle[:, None] * np.column_stack([-way[:, 1], way[:, 0]])[drawn]
        points = ends[0][drawn] + share * way[drawn] + aside
        walked = np.where(is_end[:, None], ends[1][edge[use]], points[point])
        walked = np.array([WEST, SOUTH]) + walked * [WIDTH, HEIGHT]
        polygons: NDArray[np.object_] = shapely.polygons(shapely.linearrings(walked, indices=ring[use]))
        wrong = ~shapely.is_valid(polygons)
        if not wrong.any():
            return polygons
        is_tamed = np.zeros(len(pieces), dtype=bool)
        is_tamed[edge[wrong[ring]]] = True
        wiggle[is_tamed[drawn]] *= 0.5


def _group(edge: Ints, ring: Ints, count: int, rng: np.random.Generator) -> Ints:
    """A group for every cell: `count` of them grow from neighbour to neighbour until none is left over."""
    order = np.argsort(edge, kind="stable")
    is_shared = edge[order][1:] == edge[order][:-1]
    left, right = ring[order][:-1][is_shared], ring[order][1:][is_shared]
    cells = int(ring[-1]) + 1
    ones = np.ones(2 * len(left), dtype=np.int8)
    neighbours = csr_array((ones, (np.append(left, right), np.append(right, left))), shape=(cells, cells))
    group = np.full(cells, -1)
    group[rng.permutation(cells)[:count]] = np.arange(count)
    while (group < 0).any():
        alone = np.flatnonzero(group < 0)
        many = np.diff(neighbours.indptr)[alone]
        chosen = neighbours.indices[neighbours.indptr[alone] + (rng.random(len(alone)) * many).astype(int)]
        group[alone] = group[chosen]
    return group


def _merge(shapes: NDArray[np.object_], group: Ints) -> NDArray[np.object_]:
    order = np.argsort(group, kind="stable")
    parts = np.split(shapes[order], np.flatnonzero(np.diff(group[order])) + 1)
    return np.array([shapely.coverage_union_all(part) for part in parts], dtype=object)
