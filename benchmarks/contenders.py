"""Ways to join points with polygons, from a DuckDB table to a DuckDB table; each is timed in a process of its own.

`python -m benchmarks.contenders NAME FOLDER [LIMIT]` joins `few.duckdb` to get everything loaded, then `many.duckdb`,
and prints what the second took; DuckDB may take no more memory than LIMIT. Both hold points(id, lon, lat),
polygons(grid_no, wkb, geometry) and cells(cell, grid_id, is_whole). A peer may write all pairs; the smallest polygon of
a point is chosen outside the measured time.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import shapely
from numpy.typing import NDArray

from benchmarks.report import read_peak_gb
from governance import warehouse
from governance.grids.batches import PointColumns, locate_stream
from governance.grids.join import Cover, build_cover, load_cover

Join = Callable[[duckdb.DuckDBPyConnection], None]
Polygons = NDArray[np.object_]

FLOOR, OURS, OURS_COLD = "floor: two doubles in, one integer out", "governance", "governance, cover built in the call"
PAIRS = ("id", "grid_no")
_POINTS = "select lon, lat from points"
_ALL = "select id, lon, lat from points"


def prepare_floor(_polygons: Polygons, _folder: Path) -> Join:
    """What any answer costs that reads two doubles and writes one integer a row."""
    return lambda con: run(con, "create or replace table result as select (lon + lat)::integer as grid_no from points")


def prepare_ours(_polygons: Polygons, folder: Path) -> Join:
    """Our kernel; its cover comes from a file, as in a build."""
    cover = load_cover(folder / "cover.npz")
    return lambda con: join_ours(con, cover)


def prepare_ours_cold(polygons: Polygons, _folder: Path) -> Join:
    """Our kernel without anything prepared."""
    return lambda con: join_ours(con, build_cover(polygons))


def join_ours(con: duckdb.DuckDBPyConnection, cover: Cover) -> None:
    columns = PointColumns(kept=())
    warehouse.load_changed(con, "result", _POINTS, partial(locate_stream, cover, columns=columns))


def prepare_geopandas(polygons: Polygons, _folder: Path) -> Join:
    """geopandas.sjoin."""
    import geopandas

    frame = geopandas.GeoDataFrame({"grid_no": np.arange(len(polygons))}, geometry=polygons)

    def join(con: duckdb.DuckDBPyConnection) -> None:
        rows = con.sql(_ALL).df()
        points = geopandas.GeoDataFrame(rows[["id"]], geometry=geopandas.points_from_xy(rows["lon"], rows["lat"]))
        store(con, geopandas.sjoin(points, frame, predicate="intersects")[[*PAIRS]])

    return join


def prepare_shapely(polygons: Polygons, _folder: Path) -> Join:
    """The STRtree of shapely over the polygons, asked with arrays of points."""
    tree = shapely.STRtree(polygons)

    def join(con: duckdb.DuckDBPyConnection) -> None:
        rows = con.sql(_ALL).fetchnumpy()
        point, grid_no = tree.query(shapely.points(rows["lon"], rows["lat"]), predicate="intersects")
        store(con, pa.table([rows["id"][point], grid_no], PAIRS))

    return join


def prepare_duckdb(predicate: str) -> Callable[[Polygons, Path], Join]:
    """DuckDB's own spatial join with one of its predicates."""
    texts = {
        "ST_Contains": "st_contains(polygons.geometry, st_point(points.lon, points.lat))",
        "ST_Intersects": "st_intersects(polygons.geometry, st_point(points.lon, points.lat))",
    }
    text = f"create or replace table result as select id, grid_no from points join polygons on {texts[predicate]}"
    return lambda _polygons, _folder: lambda con: run(con, text)


def prepare_cells_in_sql(_polygons: Polygons, folder: Path) -> Join:
    """Our table of cells joined by number in DuckDB; its predicate decides in cells that are not whole."""
    numbers = json.loads((folder / "cells.json").read_text())
    text = """
    create or replace table result as
    with placed as (
        select
            id, lon, lat,
            greatest(0, least($side - 1, floor((lat - $south) * $rows_per_degree))) * $side
            + greatest(0, least($side - 1, floor((lon - $west) * $columns_per_degree))) as cell
        from points
    ),
    located as (select placed.*, grid_id, is_whole from placed join cells on cells.cell = placed.cell::bigint)
    select id, grid_id as grid_no from located where is_whole
    union all
    select id, grid_no
    from located join polygons on polygons.grid_no = located.grid_id
    where not is_whole and st_intersects(polygons.geometry, st_point(located.lon, located.lat))
    """
    return lambda con: run(con, text, numbers)


def prepare_sedona(polygons: Polygons, _folder: Path) -> Join:
    """SedonaDB (Rust, DataFusion)."""
    import geopandas
    import sedonadb

    session = sedonadb.connect()
    frame = geopandas.GeoDataFrame({"grid_no": np.arange(len(polygons))}, geometry=polygons)
    session.create_data_frame(frame).to_view("polygons")
    holds = "st_intersects(polygons.geometry, st_point(points.lon, points.lat))"
    text = f"select id, grid_no from points join polygons on {holds}"  # noqa: S608  our own two texts

    def join(con: duckdb.DuckDBPyConnection) -> None:
        session.create_data_frame(con.sql(_ALL).to_arrow_table()).to_view("points", overwrite=True)
        store(con, pa.table(session.sql(text)))

    return join


def prepare_polars(polygons: Polygons, _folder: Path) -> Join:
    """polars-st (GEOS under Polars)."""
    import polars as pl
    import polars_st

    shapes = pl.DataFrame({"grid_no": np.arange(len(polygons)), "geometry": shapely.to_wkb(polygons).tolist()})

    def join(con: duckdb.DuckDBPyConnection) -> None:
        rows = pl.from_arrow(con.sql(_ALL).to_arrow_table())
        points = rows.select("id", geometry=polars_st.point(pl.concat_list("lon", "lat")))
        store(con, points.st.sjoin(shapes, predicate="intersects").select(PAIRS).to_arrow())

    return join


CONTENDERS: dict[str, Callable[[Polygons, Path], Join]] = {
    FLOOR: prepare_floor,
    OURS: prepare_ours,
    OURS_COLD: prepare_ours_cold,
    "governance's cells, joined in DuckDB SQL": prepare_cells_in_sql,
    "SedonaDB": prepare_sedona,
    "polars-st sjoin": prepare_polars,
    "shapely STRtree": prepare_shapely,
    "DuckDB ST_Intersects": prepare_duckdb("ST_Intersects"),
    "DuckDB ST_Contains": prepare_duckdb("ST_Contains"),
    "geopandas.sjoin": prepare_geopandas,
}


def store(con: duckdb.DuckDBPyConnection, pairs: Any) -> None:
    """Write pairs of id and grid_no into the table of results."""
    con.register("pairs", pairs)
    con.execute("create or replace table result as select id, grid_no from pairs")
    con.unregister("pairs")


def run(con: duckdb.DuckDBPyConnection, text: str, values: dict[str, Any] | None = None) -> None:
    con.execute(text, values)


def open_database(path: Path, *, memory_limit: str = "") -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(path, config={"memory_limit": memory_limit} if memory_limit else {})
    con.load_extension(str(warehouse.extension_path()))
    return con


def read_polygons(folder: Path) -> Polygons:
    column = pyarrow.parquet.read_table(folder / "polygons.parquet")["wkb"]
    polygons: Polygons = shapely.from_wkb(column.to_numpy(zero_copy_only=False))
    return polygons


def main(name: str, folder: Path, memory_limit: str = "") -> None:
    """Run one contender and print seconds, CPU seconds and the most gigabytes it ever held as JSON."""
    polygons = read_polygons(folder)
    join = CONTENDERS[name](polygons, folder)
    with open_database(folder / "few.duckdb") as con:
        join(con)
    with open_database(folder / "many.duckdb", memory_limit=memory_limit) as con:
        cpu, start = time.process_time(), time.perf_counter()
        join(con)
        wall_s, cpu_s = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({"wall_s": wall_s, "cpu_s": cpu_s, "peak_gb": read_peak_gb()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
