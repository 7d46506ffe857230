"""The cover's own promises: what its tables hold, that it survives a file, that it stays small."""

from __future__ import annotations

import itertools
from dataclasses import fields

import numpy as np
import pytest
import shapely

from governance.errors import ConfigError, InputError
from governance.grids import cover as cover_module
from governance.grids.cover import EDGE, MOST_LEAF_EDGES, Cover, build_cover, load_cover, save_cover
from governance.grids.edges import list_edges, move_to_unit_square, name_edges
from governance.grids.join import locate, locate_and_count


@pytest.fixture
def cover():
    """Two squares side by side, the right one with a hole, and a part far away of the left one."""
    left = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(9, 9, 9.5, 9.5)])
    right = shapely.box(1, 0, 2, 1).difference(shapely.box(1.25, 0.25, 1.75, 0.75))
    return build_cover(np.array([left, right]))


def test_a_saved_cover_is_the_same_array_for_array(cover, tmp_path):
    path = tmp_path / "cover.npz"
    save_cover(cover, path)
    loaded = load_cover(path)
    for field in fields(Cover):
        saved, read = getattr(cover, field.name), getattr(loaded, field.name)
        assert saved.dtype == read.dtype, field.name
        assert saved.tobytes() == read.tobytes(), field.name
    x, y = np.array([0.5, 1.0, 1.5, 1.25, 9.2]), np.array([0.5, 0.5, 0.5, 0.5, 9.5])
    assert locate(loaded, x, y).tolist() == locate(cover, x, y).tolist() == [0, 0, -1, 1, 0]


def test_a_cover_that_an_older_version_saved_is_refused(cover, tmp_path):
    arrays = {field.name: getattr(cover, field.name) for field in fields(Cover)}
    renamed = {"origin" if name == "frame" else name: array for name, array in arrays.items()}
    leaf = [("edge", "i4"), ("candidate", "i4"), ("default", "i4"), ("inside", "u2"), ("edges", "u2")]
    retyped = arrays | {"leaves": cover.leaves.view(leaf)}
    for number, older in enumerate([renamed, retyped]):
        path = tmp_path / f"cover-{number}.npz"
        np.savez(path, **older)
        with pytest.raises(InputError, match=rf"cover-{number}\.npz is no cover of this version"):
            load_cover(path)


def test_geometries_that_are_no_polygons_are_refused_with_the_place_of_the_first():
    square, line = shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1)])
    geometries = np.array([square, None, shapely.MultiPolygon([square]), shapely.Point(0, 0), square, line])
    with pytest.raises(InputError, match="2 of 6 geometries are no polygons; the first, at position 3, is a Point"):
        build_cover(geometries)
    with pytest.raises(InputError, match=r"1 of 1 .* is a Geometrycollection"):
        build_cover(np.array([shapely.GeometryCollection([square])]))


def test_missing_polygons_hold_no_point():
    cover = build_cover(np.array([None, shapely.box(0, 0, 1, 1), shapely.Polygon()]))
    assert locate(cover, np.array([0.5, 1.0, 2.0]), np.array([0.5, 1.0, 2.0])).tolist() == [1, 1, -1]


@pytest.mark.parametrize("budget_mb", [0, -1.0, np.nan])
def test_a_budget_that_is_not_above_zero_is_refused(budget_mb):
    with pytest.raises(ConfigError, match=f"A budget of {budget_mb} MB is not possible"):
        build_cover(np.array([shapely.box(0, 0, 1, 1)]), budget_mb=budget_mb)


@pytest.mark.parametrize(
    ("kind", "polygons"),
    [
        ("cells", [shapely.box(0, 0, 1, 1)]),
        ("edges", [shapely.Point(0, 0).buffer(1, quad_segs=250)]),
        ("candidates", [shapely.box(0, 0, 1, 1)] * 12),
    ],
)
def test_more_than_32_bits_can_number_is_refused(monkeypatch, kind, polygons):
    cover = build_cover(np.array(polygons), budget_mb=0.001)
    counts = {name: len(getattr(cover, name)) for name in ("cells", "edges", "candidates")}
    assert counts[kind] == max(counts.values())
    monkeypatch.setattr(cover_module, "_MOST_NUMBER", counts[kind])
    build_cover(np.array(polygons), budget_mb=0.001)
    monkeypatch.setattr(cover_module, "_MOST_NUMBER", counts[kind] - 1)
    with pytest.raises(ConfigError, match=rf"can number .* {kind}.*, not {counts[kind]:,}\. Give a smaller budget_mb"):
        build_cover(np.array(polygons), budget_mb=0.001)


def test_the_polygons_lie_in_the_unit_square_with_free_cells_around(cover):
    side = int(cover.blocks["width"][0])
    table = cover.cells[: side * side].reshape(side, side)
    for border in (table[0], table[-1], table[:, 0], table[:, -1]):
        assert (border == -1).all()


def test_every_cell_holds_a_polygon_none_or_a_number_further_on(cover):
    side = int(cover.blocks["width"][0])
    coarse, fine = cover.cells[: side * side], cover.cells[side * side :]
    assert coarse.max() <= 1
    assert fine.max() <= 1
    assert set(-2 - coarse[coarse < -1]) == set(range(1, len(cover.blocks)))
    assert set(-2 - fine[fine < -1]) == set(range(len(cover.leaves) - 1))
    assert len(cover.cells) == (cover.blocks["width"].astype(int) ** 2).sum()


def test_candidates_ascend_and_stand_before_the_answer_by_default(cover):
    for leaf, following in itertools.pairwise(cover.leaves):
        candidates = cover.candidates[leaf["first_candidate"] : following["first_candidate"]]
        default = leaf["default"]
        assert (np.diff(candidates) > 0).all()
        assert default == -1 or candidates[-1] < default


def test_a_shared_edge_is_kept_once_for_both_its_polygons():
    cover = build_cover(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]))
    # Of all edges, only those on the border between the two bound both candidates.
    shared = cover.edges[cover.edges["polygons"] == 0b11]
    assert len(shared)
    assert (np.abs(shared["a"]) == 1).all()


def test_edges_are_lines_of_unit_length_so_that_distances_are_in_cell_widths(cover):
    length = np.hypot(cover.edges["a"], cover.edges["b"])
    assert np.allclose(length, 1, atol=1e-6)
    assert cover.edges.dtype == EDGE


def test_a_polygon_under_a_smaller_one_is_no_candidate():
    cover = build_cover(np.array([shapely.box(-10, -10, 10, 10), shapely.box(-1, -1, 1, 1)]))
    assert 1 not in cover.candidates
    assert locate(cover, np.array([0.0, 1.0, 10.0]), np.array([0.0, 0.0, 10.0])).tolist() == [0, 0, 0]


def test_a_leaf_with_very_many_edges_is_left_to_shapely(rng):
    angle = np.linspace(0, 2 * np.pi, 4 * MOST_LEAF_EDGES, endpoint=False)
    tips = [(np.cos(a), np.sin(a)) for a in angle]
    thorns = [shapely.Polygon([(0, 0), a, b]) for a, b in zip(tips[::2], tips[1::2], strict=True)]
    flower = shapely.union_all(thorns)
    cover = build_cover(np.array([flower]))
    x, y = rng.normal(0, 1e-3, (2, 2000))
    found, exact = locate_and_count(cover, x, y)
    assert exact > 0
    assert (found == np.where(shapely.intersects_xy(flower, x, y), 0, -1)).all()


def test_equal_edges_have_equal_names_and_others_do_not():
    polygon, ends = list_edges(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]))
    _, ends = move_to_unit_square(ends, border=0.1)
    names = name_edges(ends)
    assert polygon.tolist() == [0] * 4 + [1] * 4
    assert len(set(names.tolist())) == 7
    assert len(set(names[:4].tolist()) & set(names[4:].tolist())) == 1


def test_edges_without_length_and_empty_polygons_are_passed_over():
    doubled = shapely.Polygon([(0, 0), (0, 0), (1, 0), (1, 1)])
    polygon, ends = list_edges(np.array([shapely.Polygon(), doubled, shapely.MultiPolygon()]))
    assert polygon.tolist() == [1, 1, 1]
    assert ends.shape == (4, 3)


def test_the_cover_of_a_large_set_stays_small(rng):
    side = 60
    corners = np.arange(side + 1.0)
    squares = np.array([shapely.box(x, y, x + 1, y + 1) for y in corners[:-1] for x in corners[:-1]])
    cover = build_cover(squares)
    size = sum(getattr(cover, field.name).nbytes for field in fields(Cover))
    assert size < 1000 * len(squares)
    x, y = rng.random((2, 20_000)) * side
    assert (locate(cover, x, y) == np.floor(y) * side + np.floor(x)).all()


def test_a_smaller_budget_gives_coarser_cells_and_the_same_answers(rng):
    angle = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
    radius = 1 + rng.uniform(0, 0.02, len(angle))
    coast = shapely.Polygon(np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None])
    polygons = np.array([coast.intersection(box) for box in (shapely.box(-2, -2, 0, 2), shapely.box(0, -2, 2, 2))])
    x, y = rng.uniform(-1.1, 1.1, (2, 20_000))
    expected = locate(build_cover(polygons), x, y)
    sizes = []
    for budget_mb in (2048, 0.2, 0.05, 0.001):
        cover = build_cover(polygons, budget_mb=budget_mb)
        sizes.append(len(cover.cells))
        assert (locate(cover, x, y) == expected).all()
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0] / 10


def test_every_leaf_has_an_edge_and_one_more_leaf_ends_the_last(cover):
    leaves = cover.leaves
    assert (leaves["edge_count"][:-1] >= 1).all()
    assert (np.diff(leaves["first_edge"]) == leaves["edge_count"][:-1]).all()
    assert leaves["first_edge"][-1] == len(cover.edges)
    assert leaves["first_candidate"][-1] == len(cover.candidates)


def test_many_polygons_on_one_another_do_not_fill_the_memory():
    layers = np.array([shapely.box(0, 0, 1 + i, 1 + i) for i in range(1500)])[::-1]
    cover = build_cover(layers)
    assert locate(cover, np.array([0.5, 1499.5, 1501.0]), np.array([0.5, 3.0, 0.0])).tolist() == [0, 0, -1]


@pytest.fixture
def rng():
    return np.random.default_rng(7)
