"""The table of cells: joined by a plain SQL engine, it gives the answer of the kernel."""

from __future__ import annotations

from pathlib import Path

import duckdb
import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import shapely
from typer.testing import CliRunner

from governance import warehouse
from governance.cli import app
from governance.errors import ConfigError, InputError
from governance.grids.cell_table import list_cells, write_cells
from governance.grids.join import build_cover, locate
from tests.test_join import list_border_points, list_random_points, make_nested_holes, make_stars, make_voronoi

DOCUMENT = Path(__file__).parents[1] / "docs" / "join.md"


def join_in_sql(polygons, points, **options):
    """The query of docs/join.md in DuckDB; -1 for points that it leaves out."""
    query = DOCUMENT.read_text(encoding="utf-8").split("```sql\n")[1].split("```")[0]
    cells = list_cells(polygons, **options)
    con = duckdb.connect()
    con.load_extension(str(warehouse.extension_path()))
    con.register("cells", cells.rows)
    con.register("shapes", pa.table({"grid_id": np.arange(len(polygons)), "wkb": shapely.to_wkb(polygons)}))
    con.execute("create view polygons as select grid_id, st_geomfromwkb(wkb) as geometry from shapes")
    con.register("points", pa.table({"id": np.arange(len(points)), "lon": points[:, 0], "lat": points[:, 1]}))
    numbers = {name: getattr(cells, name) for name in warehouse.list_params(query)}
    answer = con.execute(query, numbers).fetchnumpy()
    found = np.full(len(points), -1)
    found[answer["id"]] = answer["grid_id"]
    return found


@pytest.mark.parametrize("side", [None, 8, 64])
@pytest.mark.parametrize("make", [make_voronoi, make_stars, make_nested_holes])
def test_a_plain_equi_join_over_cells_gives_the_answer_of_the_kernel(make, side):
    rng = np.random.default_rng(5)
    polygons = make(20, rng)
    points = np.vstack([list_border_points(polygons), list_random_points(polygons, 2000, rng), [[9, 9], [-9, 0.5]]])
    expected = locate(build_cover(polygons), points[:, 0], points[:, 1])
    assert (join_in_sql(polygons, points, side=side) == expected).all()


def test_two_squares_worked_by_hand():
    # Two squares of width 4 side by side; a border of 1.25 cells around a map of 16 x 16 cells.
    squares = np.array([shapely.box(0, 0, 4, 4), shapely.box(4, 0, 8, 4)])
    cells = list_cells(squares, side=16, grid_ids=pa.array(["a", "b"]))
    assert cells.columns_per_degree == pytest.approx((16 - 2.5) / 8)
    assert cells.rows_per_degree == pytest.approx((16 - 2.5) / 4)
    assert cells.west == pytest.approx(-1.25 / cells.columns_per_degree)
    rows = cells.rows.to_pylist()
    assert rows == sorted(rows, key=lambda row: (row["cell"], row["grid_id"]))
    # In the middle of the map: columns 1 to 14 hold polygons, and column 8 holds the border (at 1.25 + 6.75 = 8).
    middle = [row for row in rows if row["cell"] // 16 == 8]
    whole = {row["cell"] % 16: row["grid_id"] for row in middle if row["is_whole"]}
    assert whole == dict.fromkeys(range(2, 7), "a") | dict.fromkeys(range(9, 14), "b")
    parts = sorted((row["cell"] % 16, row["grid_id"]) for row in middle if not row["is_whole"])
    assert parts == [(1, "a"), (7, "a"), (7, "b"), (8, "a"), (8, "b"), (14, "b")]


def test_a_larger_id_under_a_smaller_one_has_whole_cells_where_the_smaller_has_parts():
    cells = list_cells(np.array([shapely.box(2, 2, 3, 3), shapely.box(0, 0, 8, 8)]), side=16)
    of = {}
    for row in cells.rows.to_pylist():
        of.setdefault(row["cell"], []).append((row["grid_id"], row["is_whole"]))
    assert [(0, False), (1, True)] in of.values()
    assert [(0, True), (1, True)] not in of.values()


def test_the_file_tells_how_to_number_the_cells(tmp_path):
    cells = list_cells(np.array([shapely.box(120, 30, 121, 31)]), side=8)
    write_cells(cells, tmp_path / "cells.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "cells.parquet")
    assert table.equals(cells.rows)
    numbers = {name.decode(): float(text) for name, text in table.schema.metadata.items()}
    assert numbers == {
        "west": cells.west,
        "south": cells.south,
        "columns_per_degree": cells.columns_per_degree,
        "rows_per_degree": cells.rows_per_degree,
        "side": 8,
    }


@pytest.mark.parametrize("side", [-8, 4, 100, 1 << 14])
def test_a_side_that_is_no_power_of_two_is_refused(side):
    with pytest.raises(ConfigError, match="is not possible"):
        list_cells(np.array([shapely.box(0, 0, 1, 1)]), side=side)


@pytest.mark.parametrize("name", ["cells.csv", "nowhere/cells.parquet"])
def test_a_place_that_is_none_is_refused(tmp_path, name):
    cells = list_cells(np.array([shapely.box(0, 0, 1, 1)]))
    with pytest.raises(InputError, match=r"name a \.parquet file"):
        write_cells(cells, tmp_path / name)


def test_the_command_writes_the_ids_of_the_file(tmp_path, monkeypatch):
    frame = geopandas.GeoDataFrame(
        {"grid_id": ["b", "a"]}, geometry=[shapely.box(1, 0, 2, 1), shapely.box(0, 0, 1, 1)], crs=4326
    )
    frame.to_parquet(tmp_path / "grids.parquet")
    command = ["cells", "--grids", str(tmp_path / "grids.parquet"), "--out", str(tmp_path / "cells.parquet")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    rows = pyarrow.parquet.read_table(tmp_path / "cells.parquet")
    assert set(rows["grid_id"].to_pylist()) == {"a", "b"}


def test_no_polygons_have_no_cells():
    assert list_cells(np.array([], dtype=object)).rows.num_rows == 0
