"""The grids of the demo city: where they lie, what they are called, how many people live there."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from governance.demo.names import Name, draw_names
from governance.demo.outlines import District, build_outlines, load_districts
from governance.demo.plane import Floats, to_degrees, to_km
from governance.demo.tessellation import Integers, find_clusters, make_cells
from governance.errors import ConfigError

GRIDS_PER_TOWN = 66
GRIDS_PER_COMMUNITY = 5.6
_POINTS_PER_GRID = 24
_RURAL_SHARE = 0.42  # of the grids, spread evenly over a district's land; the rest crowd around its centres


def make_grids(seed: int, count: int) -> gpd.GeoDataFrame:
    """About `count` grids in the order of `grid_id`: ids and names of three levels, exposure, polygon (WGS84).

    Polygons are a valid coverage: neighbours share every vertex. Raises ConfigError below 20 grids.
    """
    districts = load_districts()
    if count < 2 * len(districts):
        raise ConfigError(f"{count} grids are too few for {len(districts)} districts; ask for 20 or more.")
    rng = np.random.default_rng([seed, 2])
    outlines = build_outlines(seed)
    tables = [
        _place_grids(district, outlines[district.code], number, rng)
        for district, number in zip(districts, _share_grids(districts, count), strict=True)
    ]
    table = _name_places(pd.concat(tables, ignore_index=True), rng)
    seeds = table[["x", "y"]].to_numpy()
    geometry = make_cells(seeds, shapely.union_all(list(outlines.values())), rng)
    grids = gpd.GeoDataFrame(_add_exposure(table, districts, rng), geometry=geometry, crs="EPSG:4326")
    kept = grids[grids.geometry.notna()].drop(columns=["x", "y", "town", "community", "crowding"])
    return kept.sort_values("grid_id", ignore_index=True)


def _share_grids(districts: tuple[District, ...], count: int) -> Integers:
    weight = np.array([d.population**0.75 * d.area_km2**0.25 for d in districts])
    shares: Integers = np.maximum(np.floor(count * weight / weight.sum()), 2).astype(np.int64)
    shares[np.argmax(shares)] += count - shares.sum()
    return shares


def _place_grids(
    district: District, outline: shapely.MultiPolygon, count: int, rng: np.random.Generator
) -> pd.DataFrame:
    """One row per grid of a district: seed point (km), town and community numbers from 1, crowding."""
    points = _draw_points(district, outline, max(count * _POINTS_PER_GRID, 400), rng)
    seeds, _ = find_clusters(points, count, rng, rounds=4)
    seeds = _keep_on_land(seeds, points, outline)
    towns = max(1, round(count / GRIDS_PER_TOWN))
    town = _number_clusters(seeds, find_clusters(seeds, towns, rng, rounds=12)[1])
    community = np.zeros(count, dtype=np.int64)
    for number in range(1, town.max() + 1):
        rows = np.flatnonzero(town == number)
        wanted = max(1, round(len(rows) / GRIDS_PER_COMMUNITY))
        community[rows] = _number_clusters(seeds[rows], find_clusters(seeds[rows], wanted, rng, rounds=6)[1])
    table = pd.DataFrame({"x": seeds[:, 0], "y": seeds[:, 1], "town": town, "community": community})
    table["crowding"] = _measure_crowding(district, seeds)
    return table.assign(district_id=district.code, district_zh=district.name_zh, district_en=district.name_en)


def _draw_points(district: District, outline: shapely.MultiPolygon, count: int, rng: np.random.Generator) -> Floats:
    """Points (km) on the district's land: an even part, and a part around its centres."""
    even = round(count * _RURAL_SHARE)
    west, south, east, north = outline.bounds
    shapely.prepare(outline)

    def uniform(number: int) -> Floats:
        return rng.uniform((west, south), (east, north), (number, 2))

    def around_centres(number: int) -> Floats:
        centres = np.array(district.centres)
        which = rng.choice(len(centres), number, p=centres[:, 3] / centres[:, 3].sum())
        spread = centres[which, 2:3] * np.where(rng.random((number, 1)) < 0.7, 1, 2.2)
        return to_degrees(to_km(centres[which, :2]) + rng.normal(0, 1, (number, 2)) * spread)

    parts = []
    for draw, wanted in ((uniform, even), (around_centres, count - even)):
        drawn = draw(6 * wanted)
        drawn = drawn[shapely.contains_xy(outline, drawn[:, 0], drawn[:, 1])]
        parts.append(drawn[:wanted])
    return to_km(np.vstack(parts))


def _keep_on_land(seeds: Floats, points: Floats, outline: shapely.MultiPolygon) -> Floats:
    """Move a seed that fell into water or abroad onto the nearest point drawn on land."""
    degrees = to_degrees(seeds)
    lost = ~shapely.contains_xy(outline, degrees[:, 0], degrees[:, 1])
    moved = seeds.copy()
    moved[lost] = points[cKDTree(points).query(seeds[lost])[1]]
    return moved


def _number_clusters(points: Floats, cluster: Integers) -> Integers:
    """Numbers from 1, west to east by the clusters' centres, so that ids of neighbours lie close."""
    size = np.bincount(cluster)
    east = np.bincount(cluster, points[:, 0]) / size
    return (np.argsort(np.argsort(east, kind="stable"), kind="stable")[cluster] + 1).astype(np.int64)


def _measure_crowding(district: District, seeds: Floats) -> Floats:
    """0 in the hills to about 1 in the middle of the district's largest centre."""
    centres = np.array(district.centres)
    away = seeds[:, None, :] - to_km(centres[:, :2])[None]
    weight = centres[:, 3] / centres[:, 3].max()
    near = weight * np.exp(-(away**2).sum(axis=2) / (2 * (1.3 * centres[:, 2]) ** 2))
    crowding: Floats = near.max(axis=1)
    return crowding


def _name_places(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Ids and names of towns (unique in the city) and communities (unique in their town), and `grid_id`."""
    table = table.sort_values(["district_id", "town", "community", "x"], ignore_index=True)
    table["town_id"] = table.district_id + "-" + table.town.map("{:03d}".format)
    table["community_id"] = table.town_id + "-" + table.community.map("{:03d}".format)
    number = table.groupby("community_id", sort=False).cumcount() + 1
    table["grid_id"] = table.community_id + "-" + number.map("{:02d}".format)
    towns = table.groupby("town_id").crowding.mean()
    names = draw_names(rng, len(towns), suffixes=[_choose_town_suffix(value) for value in towns])
    table = table.join(pd.DataFrame(names, columns=["town_zh", "town_en"], index=towns.index), on="town_id")
    communities = table.groupby("community_id").agg(town_id=("town_id", "first"), crowding=("crowding", "mean"))
    parts = [
        pd.DataFrame(
            draw_names(rng, len(part), suffixes=[_choose_community_suffix(value) for value in part.crowding]),
            columns=["community_zh", "community_en"],
            index=part.index,
        )
        for _, part in communities.groupby("town_id")
    ]
    return table.join(pd.concat(parts), on="community_id")


def _choose_town_suffix(crowding: float) -> Name:
    if crowding > 0.45:
        return "街道", "Subdistrict"
    return ("镇", "Town") if crowding > 0.04 else ("乡", "Township")


def _choose_community_suffix(crowding: float) -> Name:
    return ("社区", "Community") if crowding > 0.25 else ("村", "Village")


def _add_exposure(table: pd.DataFrame, districts: tuple[District, ...], rng: np.random.Generator) -> pd.DataFrame:
    """Synthetic residents (districts' totals hold) and rented homes, more of them at the edge of the centres."""
    people = np.exp(rng.normal(0, 0.45, len(table))) * (0.55 + table.crowding)
    share = people / people.groupby(table.district_id).transform("sum")
    total = table.district_id.map({district.code: district.population for district in districts})
    population = np.maximum((share * total).round(), 1).astype(np.int64)
    edge = table.crowding * (1.25 - table.crowding)
    homes = population * (0.02 + 0.3 * edge) * np.exp(rng.normal(0, 0.5, len(table)))
    columns = [
        "grid_id", "district_id", "district_zh", "district_en", "town_id", "town_zh", "town_en",
        "community_id", "community_zh", "community_en", "x", "y", "town", "community", "crowding",
    ]  # fmt: skip
    return table[columns].assign(population=population, rental_units=homes.round().astype(np.int64))
