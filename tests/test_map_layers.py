"""What the map fetches by address, without a browser: tiles, letters, heat, marks, base layers, hover card, boxes."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from governance import snapshot
from governance.base_layers import hash_base_layers, read_base_layers
from governance.city import City, open_city
from governance.errors import ConfigError, InputError
from governance.profile import MapLayer, MapSettings, Profile
from governance.toml_model import read_model
from governance.ui import geometry, map_marks, map_points
from governance.ui import map as city_map
from governance.ui.layer_route import locate_layer
from governance.ui.map_layers import list_default_names, list_layer_names, make_layers
from governance.ui.map_points import (
    POINT_ZOOM,
    Letters,
    Subject,
    encode_heat,
    encode_letters,
    encode_tile,
    place_points,
)
from tests import tiny_snapshot
from tests.test_ui import fetch

RENTAL, LANE = Subject("group_rental"), Subject("fire_lane")
degrees = {limit: st.floats(-limit, limit).map(lambda value: round(value, 4)) for limit in (179, 84)}
places = st.lists(st.tuples(degrees[179], degrees[84]), max_size=30)
TILES = geometry.Tiles("tile-0-{z}-{x}-{y}.json", 10, 10.2, (121.0, 29.0, 122.0, 30.0))


@pytest.fixture(scope="module")
def city(tiny: Path) -> Iterator[City]:
    opened = open_city(tiny)
    yield opened
    opened.close()


def read(body: bytes) -> list[tuple[dict, list[float]]]:
    """Properties and coordinates of each feature."""
    features = json.loads(body)["features"]
    return [(feature["properties"], feature["geometry"]["coordinates"]) for feature in features]


def list_tiles(points: map_points.Points, zoom: int) -> set[tuple[int, int]]:
    return set(zip((points.x * 2**zoom).astype(int), (points.y * 2**zoom).astype(int), strict=True))


# Tiles


@given(places, st.integers(0, POINT_ZOOM))
def test_every_point_is_in_one_tile_and_no_mark_leaves_its_tile(pairs: list, zoom: int) -> None:
    points = place_points(np.array([lon for lon, _ in pairs]), np.array([lat for _, lat in pairs]))
    told = {
        tile: read(encode_tile(points, zoom=zoom, column=int(tile[0]), row=int(tile[1])))
        for tile in list_tiles(points, zoom)
    }
    assert sum(mark["c"] for marks in told.values() for mark, _ in marks) == len(pairs)
    for (column, row), marks in told.items():
        at = place_points(*np.array([place for _, place in marks]).T)
        # The mean of two points may lie off by the rounding of its fifth decimal.
        slack = 2**zoom * 1e-5
        assert (np.abs(at.x * 2**zoom - column - 0.5) <= 0.5 + slack).all()
        assert (np.abs(at.y * 2**zoom - row - 0.5) <= 0.5 + slack).all()


@given(places)
def test_near_every_point_stands_for_itself_where_it_is(pairs: list) -> None:
    points = place_points(np.array([lon for lon, _ in pairs]), np.array([lat for _, lat in pairs]))
    tiles = [encode_tile(points, zoom=POINT_ZOOM, column=int(x), row=int(y)) for x, y in list_tiles(points, POINT_ZOOM)]
    found = [tuple(place) for tile in tiles for _, place in read(tile)]
    assert sorted(found) == sorted(pairs)


def test_two_points_in_a_cell_are_one_mark_at_their_mean_and_a_third_far_off_is_another() -> None:
    points = place_points(np.array([10.01, 10.03, 40.0]), np.array([0.01, 0.03, 0.01]))
    marks = sorted(read(encode_tile(points, zoom=1, column=1, row=0)), key=lambda mark: mark[1])
    assert marks == [({"c": 2}, [10.02, 0.02]), ({"c": 1}, [40.0, 0.01])]


def test_the_mercator_square_begins_in_the_north_west() -> None:
    points = place_points(np.array([-180.0, 0.0, 90.0]), np.array([85.0511287798, 0.0, 0.0]))
    assert points.x.tolist() == pytest.approx([0, 0.5, 0.75])
    assert points.y.tolist() == pytest.approx([0, 0.5, 0.5], abs=1e-4)


@given(places)
def test_heat_loses_no_point(pairs: list) -> None:
    points = place_points(np.array([lon for lon, _ in pairs]), np.array([lat for _, lat in pairs]))
    rows = json.loads(encode_heat(points))
    assert sum(row["w"] for row in rows) == len(pairs)
    assert len({tuple(row["p"]) for row in rows}) == len(rows) <= len(pairs)


def test_a_letter_comes_as_soon_as_it_can_be_read() -> None:
    # At the equator a tile of zoom 10 is seen at up to 78,271.5 / 2^11 = 38.2 m a pixel: six pixels are 229 m.
    letters = Letters(
        place_points(np.zeros(2) + 0.1, np.zeros(2) + 0.1), np.array([225.0, 233.0]), np.array(["red"] * 2)
    )
    far = read(encode_letters(letters, zoom=10, column=512, row=511))
    near = read(encode_letters(letters, zoom=POINT_ZOOM, column=8196, row=8187))
    assert [told["s"] for told, _ in far] == [233]
    assert [(told["t"], told["s"]) for told, _ in near] == [("R", 225), ("R", 233)]


# The tiny city: group rentals of 28 days in a grid are, the one with the formula, and E-1


def test_points_are_those_of_the_scenario_and_the_unit(city: City) -> None:
    def count(kind: str, subject: Subject) -> int:
        return len(map_points.find_points(city, kind, subject).lon)

    assert (count("incidents", RENTAL), count("incidents", LANE)) == (5, 2)
    assert (count("overdue", RENTAL), count("overdue", LANE)) == (3, 1)
    assert count("incidents", Subject("group_rental", 1, "330205")) == 1
    assert count("incidents", Subject("group_rental", 2, "330203001")) == 3
    counts = city.ask("ui_map_counts", scenario="group_rental", level=0, unit_id="").iloc[0]
    assert (counts["incidents"], counts["overdue"]) == (5, 3)
    # Of the six reports of 28 days one, C-1, lies in no grid.
    figures = city.ask("ui_unit_figures", scenario="group_rental", level=0, unit_id="").iloc[0]
    assert figures["reports_28d"] == counts["incidents"] + 1
    assert counts["incidents_outside"] == 1
    assert figures["overdue_cases"] == counts["overdue"] + counts["overdue_outside"]
    below = city.ask("ui_map_counts", scenario="group_rental", level=1, unit_id="330205").iloc[0]
    assert (below["incidents_outside"], below["overdue_outside"]) == (0, 0)


def test_marks_have_a_form_each(city: City) -> None:
    def signs(kind: str, subject: Subject) -> list[str]:
        return [mark["t"] for mark in json.loads(map_marks.encode_marks(city, kind, subject))]

    assert signs("changes", LANE) == ["▼", "▲"]  # G-02 left red, G-03 turned red
    assert signs("changes", Subject("fire_lane", 1, "330205")) == ["▲"]
    listed = city.sql(
        "select kind from out_inspection where scenario = 'group_rental' order by week desc, grid_no limit 2"
    )
    assert signs("stops", RENTAL) == [{"red": "◆", "audit": "■"}[kind] for kind in listed["kind"]]


@pytest.mark.parametrize(
    ("language", "number", "words"),
    [
        ("en", 0, "Red · 2.50 expected in 28 d"),
        ("zh", 1, "黄 · 28 天预期上报 0.80 件"),
        ("en", 3, "Green · 0.10"),
        ("en", -1, "Border between grids"),
        ("zh", -1, "网格之间的边界"),
    ],
)
def test_the_hover_card_tells_tier_and_expected_reports(city: City, language: str, number: int, words: str) -> None:
    picture = map_marks.draw_hover(city, language, "group_rental", number)
    assert picture is not None
    assert words in picture.decode()


def test_there_is_no_hover_card_without_a_grid_and_none_of_a_language_unknown(city: City) -> None:
    assert map_marks.draw_hover(city, "en", "group_rental", 4) is None
    assert map_marks.draw_hover(city, "en", "group_rental", -2) is None
    assert map_marks.draw_hover(city, "<b>", "group_rental", 0) is None
    unknown = map_marks.draw_hover(city, "en", "<script>", 0)
    assert unknown is not None
    assert b"No forecast" in unknown
    assert b"script" not in unknown


def test_layers_are_named_in_the_order_of_the_switches(city: City) -> None:
    assert list_layer_names(city)[-2:] == ["base0", "base1"]
    assert list_default_names(city) == ["districts", "base0", "base1"]


def test_a_layer_costs_a_rerun_a_few_hundred_bytes(city: City) -> None:
    shapes = city_map.Shapes("a", "b", "c", "d", TILES, towns="e")
    every = make_layers(city, shapes, RENTAL, list_layer_names(city), language="en", box=(1, 2, 3, 4))
    assert [spec["id"] for spec in every.below] == ["base0", "base1", "towns", "heat"]
    assert [spec["id"] for spec in every.above] == ["incidents", "overdue", "stops", "changes", "box"]
    for spec in (*every.below, *every.above):
        assert len(json.dumps(spec)) < 1200, spec["id"]
    text = json.dumps([*every.below, *every.above], ensure_ascii=False)
    assert tiny_snapshot.SCRIPT not in text
    none = make_layers(city, shapes, RENTAL, [], language="en")
    assert (none.below, none.above, none.has_outlines) == ((), (), False)


# The routes


def layer_path(city: City, path: str) -> str:
    return locate_layer(city, path)


LAYER_PATHS = (
    "points/incidents/group_rental/14/13721/6770.json",
    "points/overdue/fire_lane/0/0/0.json",
    "letters/group_rental/3/6/3.json?level=1&unit=330203",
    "heat/group_rental.json",
    "marks/changes/fire_lane.json",
    "marks/stops/group_rental.json",
    f"base/{'0' * 64}.json",
    "hover/zh/group_rental/0.svg",
    "hover/zh/group_rental/-1.svg",
)


@pytest.mark.parametrize("path", LAYER_PATHS)
def test_a_layer_is_served_for_ever_and_holds_no_id_and_no_text(tiny: Path, city: City, path: str) -> None:
    status, headers, body = fetch(tiny, layer_path(city, path), accept_encoding="gzip")
    assert status == 200
    assert headers["cache-control"] == "private, max-age=31536000, immutable"
    plain = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
    assert fetch(tiny, layer_path(city, path))[2] == plain
    for secret in ("A-1", "A-2", "cmd|", "onerror", "housing"):
        assert secret.encode() not in plain


@pytest.mark.parametrize(
    "path",
    [
        "points/cases/group_rental/1/1/0.json",
        "points/incidents/group_rental/1/2/0.json",
        "points/incidents/group_rental/99/0/0.json",
        "points/incidents/group_rental/1/-1/0.json",
        "letters/group_rental/1/1/0.json?level=4",
        "letters/group_rental/1/1/0.json?level=1%20or%201",
        "marks/cases/group_rental.json",
        "base/..%2F..%2FCURRENT.json",
        "base/CURRENT.json",
        "hover/en/group_rental/99.svg",
        "hover/en/group_rental/-2.svg",
        f"hover/en/group_rental/{'9' * 5000}.svg",
        f"points/incidents/group_rental/5/{'9' * 5000}/0.json",
        "hover/en/group_rental/\u0663.svg",
        "style.json",
        "../geometry/CURRENT",
    ],
)
def test_what_is_no_layer_is_not_served(tiny: Path, city: City, path: str) -> None:
    assert fetch(tiny, layer_path(city, path))[0] == 404


def test_another_generation_is_not_served_and_a_hostile_scenario_is_empty(tiny: Path, city: City) -> None:
    assert fetch(tiny, "/layers/0123456789abcdef0123/heat/group_rental.json")[0] == 404
    status, _, body = fetch(tiny, layer_path(city, f"heat/{quote(tiny_snapshot.SCRIPT, safe='')}.json"))
    assert (status, body) == (200, b"[]")


def test_the_style_of_tiles_exists_only_where_the_city_has_a_tile_server(tmp_path: Path) -> None:
    manifest = copy.deepcopy(tiny_snapshot.MANIFEST)
    manifest["city"]["map"] = {"tiles": "https://tiles.example.org/{z}/{x}/{y}.png"}
    with snapshot.building(tmp_path) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        snapshot.publish(draft, manifest=manifest)
    opened = open_city(tmp_path)
    style = json.loads(fetch(tmp_path, layer_path(opened, "style.json"))[2])
    assert style["sources"]["tiles"]["tiles"] == ["https://tiles.example.org/{z}/{x}/{y}.png"]
    layers = make_layers(opened, city_map.Shapes("a", "b", "c", "d", TILES), RENTAL, [], language="en")
    deck = city_map.make_deck(
        city_map.Shapes("a", "b", "c", "d", TILES), "1", box=city_map.Box(0, 0, 1, 1), language="en", layers=layers
    )
    assert json.loads(deck.to_json())["mapStyle"].endswith("/style.json")
    opened.close()


# Digits and boxes


@given(st.text(alphabet="0123", max_size=40))
def test_packed_digits_come_back(digits: str) -> None:
    """As the browser reads them: the sign of two grids, then the half that is the grid's own."""
    packed = city_map._pack(digits)
    assert len(packed) == (len(digits) + 1) // 2
    assert "".join(str((int(packed[n >> 1], 16) >> ((n & 1) * 2)) & 3) for n in range(len(digits))) == digits


sides = st.tuples(st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90))


@given(sides)
def test_a_box_in_the_address_comes_back(four: tuple[float, float, float, float]) -> None:
    box = city_map.span_boxes(
        city_map.Box(four[0], four[1], four[0], four[1]), city_map.Box(four[2], four[3], four[2], four[3])
    )
    again = city_map.read_box(city_map.write_box(box))
    assert again is not None
    found = (again.west, again.south, again.east, again.north)
    assert found == pytest.approx((box.west, box.south, box.east, box.north), abs=1e-5)


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,4,5", "3,2,1,4", "nan,0,1,1", "1e9,0,1,1", "-181,0,1,1", "1,2,3,<b>", "0,0,١,1"]
)
def test_what_is_no_box_is_none(text: str) -> None:
    assert city_map.read_box(text) is None


def test_another_move_changes_each_part_of_the_view_but_not_what_is_seen() -> None:
    first, second = (
        json.loads(
            city_map.make_deck(
                city_map.Shapes("a", "b", "c", "d", TILES),
                "1",
                box=city_map.Box(1, 2, 3, 4, moves=moves),
                language="en",
            ).to_json()
        )["initialViewState"]
        for moves in (1, 2)
    )
    for name in ("longitude", "latitude", "zoom"):
        assert first[name] != second[name]
        assert first[name] == pytest.approx(second[name], abs=1e-8)


# The city's own base map


def write_layer(folder: Path, name: str, shapes: list, crs: int | None = 4326) -> None:
    geopandas.GeoDataFrame({"name": range(len(shapes))}, geometry=shapes, crs=crs).to_parquet(folder / name)


def make_profile(folder: Path, *layers: dict) -> Profile:
    whole = [MapLayer(**{"name_zh": "路", "name_en": "Road", "colour": "#112233", **layer}) for layer in layers]
    return Profile.model_construct(map=MapSettings(layers=tuple(whole)), folder=folder)


def test_base_layers_are_read_simplified_and_cut_to_the_city(tmp_path: Path) -> None:
    wave = np.linspace(0, 2, 4001)
    road = shapely.LineString(np.column_stack([wave, 0.5 + 1e-6 * np.sin(1e4 * wave)]))
    write_layer(tmp_path, "roads.parquet", [road, shapely.LineString([(50, 50), (51, 51)])])
    speck = shapely.Point(0.2, 0.2).buffer(1e-6)
    write_layer(tmp_path, "water.parquet", [shapely.box(0.4, 0.4, 5, 0.6), speck])
    profile = make_profile(
        tmp_path, {"path": "roads.parquet", "kind": "line"}, {"path": "water.parquet", "kind": "area"}
    )
    rows = read_base_layers(profile, bounds=(0, 0, 1, 1)).to_pylist()
    roads, water = (shapely.from_wkb(row["geometry"]) for row in rows)
    assert [row["layer"] for row in rows] == [0, 1]
    assert [row["corners"] for row in rows] == [2, 5]
    assert shapely.bounds(roads).tolist() == pytest.approx([0, 0.5, 1.05, 0.5], abs=1e-4)
    assert shapely.bounds(water).tolist() == pytest.approx([0.4, 0.4, 1.05, 0.6])
    before = hash_base_layers(profile)
    write_layer(tmp_path, "roads.parquet", [road])
    assert hash_base_layers(profile)[0] != before[0]
    assert hash_base_layers(profile)[1] == before[1]


def test_every_fault_of_every_base_layer_is_told_at_once(tmp_path: Path) -> None:
    write_layer(tmp_path, "areas.parquet", [shapely.box(0, 0, 1, 1)])
    write_layer(tmp_path, "unknown.parquet", [shapely.LineString([(0, 0), (1, 1)])], crs=None)
    write_layer(tmp_path, "far.parquet", [shapely.LineString([(50, 50), (51, 51)])])
    write_layer(tmp_path, "empty.parquet", [])
    names = ("missing", "areas", "unknown", "far", "empty")
    profile = make_profile(tmp_path, *({"path": f"{name}.parquet", "kind": "line"} for name in names))
    with pytest.raises(InputError) as told:
        read_base_layers(profile, bounds=(0, 0, 1, 1))
    text = str(told.value)
    for part in (
        "`map.layers.0` (missing.parquet)", "was not found", "1 of 1 shapes are no lines",
        "states no coordinate system", "nothing in it lies in the city", "it holds no shape",
    ):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ('tiles = "https://tiles.example.org/{z}/{x}.png"', "is no address of map tiles"),
        ('tiles = "javascript:alert(1)//{z}/{x}/{y}"', "is no address of map tiles"),
        ('[[layers]]\nname_zh = "路"\nname_en = "R"\npath = "a"\nkind = "lines"\ncolour = "#112233"', "kind"),
        ('[[layers]]\nname_zh = "路"\nname_en = "R"\npath = "a"\nkind = "line"\ncolour = "red"', "colour"),
    ],
)
def test_wrong_settings_of_the_map_are_told(tmp_path: Path, settings: str, told: str) -> None:
    file = tmp_path / "map.toml"
    file.write_text(settings, encoding="utf-8")
    with pytest.raises(ConfigError, match=told):
        read_model(file, MapSettings)
