"""Neighbours of grids: those that touch, and those within a distance."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from pyproj import Geod

from governance.grids.neighbours import Neighbours, find_neighbours, find_within


def list_rows(rows):
    indptr, indices = rows
    return [indices[a:b].tolist() for a, b in itertools.pairwise(indptr)]


def test_edges_corners_and_overlaps_make_neighbours_and_islands_have_none():
    boxes = [(0, 0, 1, 1), (1, 0, 2, 1), (1, 1, 2, 2), (1.5, 1.5, 3, 3), (9, 9, 10, 10)]
    rows = find_neighbours(np.array([shapely.box(*box) for box in boxes]))
    assert list_rows(rows) == [[1, 2], [0, 2], [0, 1, 3], [2], []]
    assert rows[0].dtype == rows[1].dtype == np.int32


def test_a_grid_in_the_hole_of_another_is_its_neighbour():
    inner = shapely.box(1, 1, 2, 2)
    assert list_rows(find_neighbours(np.array([shapely.box(0, 0, 3, 3).difference(inner), inner]))) == [[1], [0]]


def test_the_same_with_every_order_of_grids():
    rng = np.random.default_rng(3)
    boxes = np.array([shapely.box(x, y, x + 1, y + 1) for x in range(8) for y in range(8)])
    order = rng.permutation(len(boxes))
    plain = list_rows(find_neighbours(boxes))
    shuffled = list_rows(find_neighbours(boxes[order]))
    assert [sorted(order[row].tolist()) for row in shuffled] == [plain[i] for i in order]


def test_points_within_a_distance_agree_with_geodesics():
    rng = np.random.default_rng(4)
    lon, lat = rng.uniform(121, 121.2, 300), rng.uniform(29, 29.2, 300)
    rows = list_rows(find_within(lon, lat, 3000.0))
    first, second = (grid.ravel() for grid in np.meshgrid(np.arange(300), np.arange(300), indexing="ij"))
    metres = Geod(ellps="WGS84").inv(lon[first], lat[first], lon[second], lat[second])[2].reshape(300, 300)
    for i, row in enumerate(rows):
        # A sphere differs from the ellipsoid by up to 0.5 %.
        assert set(np.flatnonzero(metres[i] < 2980)) - {i} <= set(row)
        assert set(row) <= set(np.flatnonzero(metres[i] < 3020)) - {i}


def test_distance_reaches_over_the_date_line():
    rows = find_within(np.array([179.999, -179.999, 0.0]), np.zeros(3), 1000.0)
    assert list_rows(rows) == [[1], [0], []]


def test_no_grids_have_no_neighbours():
    assert list_rows(find_neighbours(np.array([], dtype=object))) == []
    assert list_rows(find_within(np.array([]), np.array([]), 10.0)) == []


def test_both_kinds_fit_one_record():
    near = find_neighbours(np.array([shapely.box(0, 0, 1, 1)]))
    both = Neighbours(*near, *find_within(np.array([0.5]), np.array([0.5]), 1.0))
    assert both.near_indptr.tolist() == both.far_indptr.tolist() == [0, 0]
    with pytest.raises(AttributeError):
        both.near_indptr = near[0]
