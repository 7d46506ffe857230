"""Addresses inside the grids, at which incidents happen again and again."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from governance.demo.plane import Floats
from governance.demo.tessellation import Integers

_PEOPLE_PER_PLACE = 40
_FEWEST, _MOST = 6, 150
_TOWARDS_FIRST = 2.0  # how strongly incidents crowd at a grid's worst places
_JITTER_DEGREES = 2e-5
_UNITS = 600  # rooms, stalls, parking bays of an address: what comes back at its unit is hardly ever there by chance


@dataclass(frozen=True)
class Places:
    """All addresses, grid by grid: where a grid's first stands, how many it has, and each one's key and point.

    A place is a unit of an address, numbered _UNITS * address + unit.
    """

    first: Integers
    count: Integers
    key: Integers
    lon: Floats
    lat: Floats

    def draw(self, grid: Integers, scenario: Integers, rng: np.random.Generator) -> Integers:
        """A place in each grid; every scenario has worst addresses of its own."""
        count = self.count[grid]
        rank = (count * rng.random(len(grid)) ** _TOWARDS_FIRST).astype(np.int64)
        address = self.first[grid] + (rank + 7 * scenario) % count
        return _UNITS * address + rng.integers(0, _UNITS, len(grid))

    def name(self, place: Integers) -> Integers:
        """The key of each place: sixteen digits, exact in a double."""
        keys: Integers = self.key[place // _UNITS] + place % _UNITS
        return keys

    def locate(self, place: Integers, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Longitudes and latitudes near the places, as a phone gives them, with six decimals."""
        off = rng.normal(0, _JITTER_DEGREES, (2, len(place)))
        address = place // _UNITS
        return np.round(self.lon[address] + off[0], 6), np.round(self.lat[address] + off[1], 6)


def make_places(grids: gpd.GeoDataFrame, rng: np.random.Generator) -> Places:
    """Addresses for every grid, by its residents, inside its polygon."""
    count = np.clip(grids.population.to_numpy() // _PEOPLE_PER_PLACE, _FEWEST, _MOST).astype(np.int64)
    first = np.cumsum(count) - count
    grid = np.repeat(np.arange(len(grids)), count)
    # 330203-004-012-07, address 15 and unit 3 become 20300401207 and 15 * 600 + 3
    digits = pd.to_numeric(grids.grid_id.str.replace("-", "").str[2:]).to_numpy(dtype=np.int64)
    key = digits[grid] * 100_000 + _UNITS * (np.arange(len(grid)) - first[grid])
    lon, lat = _draw_inside(grids.geometry.to_numpy(), grid, rng)
    return Places(first, count, key, lon, lat)


def _draw_inside(
    polygons: np.ndarray[tuple[int], np.dtype[np.object_]], grid: Integers, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """One uniform point inside the polygon of each entry of `grid`, by drawing in boxes until all hit."""
    west, south, east, north = shapely.bounds(polygons).T
    lon, lat = np.empty(len(grid)), np.empty(len(grid))
    waiting = np.arange(len(grid))
    while len(waiting):
        box = grid[waiting]
        lon[waiting] = rng.uniform(west[box], east[box])
        lat[waiting] = rng.uniform(south[box], north[box])
        waiting = waiting[~shapely.contains_xy(polygons[box], lon[waiting], lat[waiting])]
    return lon, lat
