"""The same incidents on grids drawn elsewhere: how much of a figure hangs on where the borders happen to lie.

The modifiable areal unit problem (MAUP): counts by area change with the areas. Moving all incidents by part of a
grid's width is the same as moving all borders the other way. Incidents that fall out at the rim are left out.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from governance.grids.cover import Cover
from governance.grids.join import locate
from governance.hazard.backtest import Ground

KM_PER_DEGREE = 111.195


def shift_ground(ground: Ground, points: pd.DataFrame, cover: Cover, *, east: float, north: float) -> Ground:
    """The ground with its incidents moved by so many grid widths (the root of the median area).

    points: lon, lat (WGS84), scenario, day and the counts `reports`, perhaps `discovered`. cover: of the grids.
    """
    width_km = float(np.sqrt(np.median(ground.area_km2)))
    lat = points["lat"].to_numpy() + north * width_km / KM_PER_DEGREE
    middle = np.cos(np.radians(np.nanmean(lat))) if len(lat) else 1.0
    lon = points["lon"].to_numpy() + east * width_km / KM_PER_DEGREE / middle
    return replace(ground, daily=count_daily(points.assign(lon=lon, lat=lat), cover))


def count_daily(points: pd.DataFrame, cover: Cover) -> pa.Table:
    """One row per grid, scenario and day with the points' counts; those outside every grid are left out."""
    located = points.assign(grid_no=locate(cover, points["lon"].to_numpy(), points["lat"].to_numpy(), threads=1))
    located = located[located["grid_no"] >= 0]
    counts = [name for name in ("reports", "discovered") if name in located]
    summed = located.groupby(["grid_no", "scenario", "day"], sort=True, observed=True)[counts].sum().reset_index()
    return date_days(pa.Table.from_pandas(summed, preserve_index=False))


def date_days(table: pa.Table) -> pa.Table:
    """The table with `day` as date32 and `grid_no` as int32, as `forecast_hazard` takes them."""
    fields = {"day": pa.date32(), "grid_no": pa.int32()}
    for name, kind in fields.items():
        column = pc.cast(table[name], kind, safe=False)
        table = table.set_column(table.column_names.index(name), name, column)
    return table
