"""The bare join: any supported file gets a column grid_id, and nothing else about it changes."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from governance.errors import ConfigError, InputError
from governance.grids import point_files
from governance.grids.assign import AssignSummary, assign_points
from governance.ingest.coordinates import wgs84_to_gcj02

# Four points: in grid A, on the border of A and B, outside, without a place.
LON, LAT = [121.05, 121.1, 125.0, None], [29.05, 29.05, 29.05, None]
EXPECTED = ["A", "A", "", ""]
SUMMARY = AssignSummary(rows=4, matched=2, outside=1, missing=1, at_border=1)


@pytest.fixture
def grids(tmp_path):
    path = tmp_path / "grids.parquet"
    squares = [shapely.box(121.1, 29.0, 121.2, 29.1), shapely.box(121.0, 29.0, 121.1, 29.1)]
    geopandas.GeoDataFrame({"code": ["B", "A"]}, geometry=squares, crs="EPSG:4326").to_parquet(path)
    return path


def write_csv(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def read_csv(path, encoding="utf-8"):
    with path.open(encoding=encoding, newline="") as stream:
        return list(csv.reader(stream))


def assign(points, grids, out, **options):
    return assign_points(points, grids, out, **({"lon": "lon", "lat": "lat"} | options))


CSV = (
    "id,lon,lat,note\r\n"
    "001,121.05,29.05,plain\r\n"
    '002,121.10,29.050,"a ""quoted"", comma"\r\n'
    '003, 125 ,29.05,"two\nlines"\r\n'
    "004,,n/a,=1+1\r\n"
)


def test_csv_keeps_every_row_value_order_and_line_end(tmp_path, grids):
    points, out = write_csv(tmp_path / "p.csv", CSV), tmp_path / "out.csv"
    assert assign(points, grids, out) == SUMMARY
    before, after = read_csv(points), read_csv(out)
    assert [row[:-1] for row in after] == before
    assert [row[-1] for row in after] == ["grid_id", *EXPECTED]
    assert out.read_bytes().startswith(b"id,lon,lat,note,grid_id\r\n001,121.05,29.05,plain,A\r\n")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encoding_of_csv_stays(tmp_path, grids, encoding):
    points = write_csv(tmp_path / "p.csv", "编号,lon,lat\n甲𠮷,121.05,29.05\n", encoding)
    out = tmp_path / "out.csv"
    assign(points, grids, out)
    assert out.read_bytes() == "编号,lon,lat,grid_id\n甲𠮷,121.05,29.05,A\n".encode(encoding)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_seen_in_the_header(tmp_path, grids, delimiter):
    points = write_csv(tmp_path / "p.csv", f"lon{delimiter}lat\n121.05{delimiter}29.05\n")
    assign(points, grids, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == (
        f"lon{delimiter}lat{delimiter}grid_id\n121.05{delimiter}29.05{delimiter}A\n"
    )


def test_csv_to_parquet_keeps_text_as_text(tmp_path, grids):
    points, out = write_csv(tmp_path / "p.csv", CSV), tmp_path / "out.parquet"
    assert assign(points, grids, out) == SUMMARY
    table = pq.read_table(out)
    assert table.column("id").to_pylist() == ["001", "002", "003", "004"]
    assert table.column("lat").to_pylist() == ["29.05", "29.050", "29.05", "n/a"]
    assert table.column("grid_id").to_pylist() == ["A", "A", None, None]


def test_short_rows_are_filled_up_and_blank_lines_are_no_rows(tmp_path, grids):
    points = write_csv(tmp_path / "p.csv", "lon,lat,note\n121.05,29.05\n\n121.15,29.05,x\n")
    assert assign(points, grids, tmp_path / "out.csv").rows == 2
    assert read_csv(tmp_path / "out.csv")[1:] == [["121.05", "29.05", "", "A"], ["121.15", "29.05", "x", "B"]]


def test_what_is_no_number_is_missing(tmp_path, grids):
    rows = ["1_21.05,29.05", "inf,29.05", "nan,nan", "121.05°,29.05", "121,05", "1e400,0"]
    points = write_csv(tmp_path / "p.csv", "lon,lat\n" + "\n".join(rows) + "\n")
    summary = assign(points, grids, tmp_path / "out.csv")
    assert summary == AssignSummary(rows=6, matched=0, outside=1, missing=5, at_border=0)


def make_table():
    return pa.table(
        {
            "id": pa.array([2**60 + 1, 2, None, 4]),
            "lon": LON,
            "lat": pa.array(LAT),
            "at": pa.array([datetime(2024, 2, 29, tzinfo=UTC)] * 4, pa.timestamp("ns", "UTC")),
            "price": pa.array([Decimal("1.10"), None, Decimal("0.00"), Decimal("-1.00")]),
            "kind": pa.array(["a", None, "a", "b"]).dictionary_encode(),
            "tags": pa.array([["x"], [], None, ["y", "z"]]),
        },
        metadata={"origin": "test"},
    )


def test_parquet_keeps_types_nulls_and_metadata(tmp_path, grids):
    points, out = tmp_path / "p.parquet", tmp_path / "out.parquet"
    pq.write_table(make_table(), points)
    assert assign(points, grids, out) == SUMMARY
    result = pq.read_table(out)
    assert result.drop_columns("grid_id").equals(pq.read_table(points))
    assert result.schema.metadata[b"origin"] == b"test"
    assert result.column("grid_id").to_pylist() == ["A", "A", None, None]


def test_parquet_to_csv_writes_plain_values(tmp_path, grids):
    points, out = tmp_path / "p.parquet", tmp_path / "out.csv"
    pq.write_table(make_table().drop_columns("tags"), points)
    assign(points, grids, out)
    rows = read_csv(out)
    assert rows[1] == ["1152921504606846977", "121.05", "29.05", "2024-02-29 00:00:00.000000000Z", "1.10", "a", "A"]
    assert rows[4] == ["4", "", "", "2024-02-29 00:00:00.000000000Z", "-1.00", "b", ""]


def test_values_that_csv_cannot_hold_are_refused_and_nothing_is_left(tmp_path, grids):
    points, out = tmp_path / "p.parquet", tmp_path / "out.csv"
    pq.write_table(make_table(), points)
    with pytest.raises(InputError, match=r"Column `tags` holds list.*Write a \.parquet file"):
        assign(points, grids, out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grids.parquet", "p.parquet"]


def make_points(crs="EPSG:4326"):
    points = [shapely.Point(x, y) if x else None for x, y in zip(LON, LAT, strict=True)]
    return geopandas.GeoDataFrame({"名": ["一", "二", None, "四"]}, geometry=points, crs="EPSG:4326").to_crs(crs)


@pytest.mark.parametrize("name", ["p.parquet", "p.geojson", "p.shp", "p.gpkg"])
@pytest.mark.parametrize("out_name", ["out.parquet", "out.csv", "out.geojson", "out.gpkg"])
def test_every_geo_format_goes_to_every_other(tmp_path, grids, name, out_name):
    points, out = tmp_path / name, tmp_path / out_name
    frame = make_points()
    if name == "p.parquet":
        frame.to_parquet(points)
    else:
        frame.to_file(points, **({"encoding": "utf-8"} if name == "p.shp" else {}))
    assert assign(points, grids, out, lon="ignored", lat="ignored") == SUMMARY
    if out_name == "out.csv":
        rows = read_csv(out)
        assert [row[-1] for row in rows[1:]] == EXPECTED
        assert any("POINT (121.05 29.05)" in value for value in rows[1])
        return
    result = geopandas.read_parquet(out) if out_name == "out.parquet" else geopandas.read_file(out)
    assert result["名"].fillna("").tolist() == ["一", "二", "", "四"]
    assert result["grid_id"].fillna("").tolist() == EXPECTED
    assert result.geometry[:3].geom_equals_exact(frame.geometry[:3], 1e-9).all()
    assert result.crs == "EPSG:4326"


def test_geo_points_keep_their_own_system(tmp_path, grids):
    points, out = tmp_path / "p.parquet", tmp_path / "out.parquet"
    make_points("EPSG:4549").to_parquet(points)
    assert assign(points, grids, out).rows == 4
    result = geopandas.read_parquet(out)
    assert result.crs == "EPSG:4549"
    assert result["grid_id"].iloc[0] == "A"


def test_chinese_offsets_and_projections_of_tables_are_undone(tmp_path, grids):
    x, y = wgs84_to_gcj02(np.array([121.0999]), np.array([29.05]))
    points = write_csv(tmp_path / "p.csv", f"lng,lat\n{x[0]!r},{y[0]!r}\n".replace("np.float64(", "").replace(")", ""))
    out = tmp_path / "out.csv"
    assign(points, grids, out, lon="lng", crs="GCJ-02")
    assert read_csv(out)[1][-1] == "A"
    assign(points, grids, out, lon="lng")
    assert read_csv(out)[1][-1] == "B"


def test_grids_take_a_system_and_an_id_column(tmp_path, grids):
    frame = geopandas.read_parquet(grids).assign(other=["x", "y"])
    frame.to_crs("EPSG:4549").set_crs(None, allow_override=True).to_parquet(tmp_path / "bare.parquet")
    points, out = write_csv(tmp_path / "p.csv", "lon,lat\n121.05,29.05\n"), tmp_path / "out.csv"
    assign(points, tmp_path / "bare.parquet", out, grids_crs="EPSG:4549", grid_id="other")
    assert read_csv(out)[1][-1] == "y"
    with pytest.raises(InputError, match="states no coordinate system"):
        assign(points, tmp_path / "bare.parquet", out)


def test_large_files_stream_in_batches_and_tell_how_far(tmp_path, grids, monkeypatch):
    monkeypatch.setattr(point_files, "BATCH_ROWS", 10)
    points = write_csv(tmp_path / "p.csv", "n,lon,lat\n" + "".join(f"{i},121.{i % 20:02d}5,29.05\n" for i in range(95)))
    told = []
    summary = assign(points, grids, tmp_path / "out.csv", progress=lambda rows, share: told.append((rows, share)))
    rows = read_csv(tmp_path / "out.csv")[1:]
    assert [row[0] for row in rows] == [str(i) for i in range(95)]
    assert [row[-1] for row in rows] == ["A" if i % 20 < 10 else "B" for i in range(95)]
    assert summary == AssignSummary(rows=95, matched=95, outside=0, missing=0, at_border=0)
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == (95, 1.0)


@pytest.mark.parametrize("name", ["p.csv", "p.parquet"])
def test_a_file_without_rows_gives_a_file_without_rows(tmp_path, grids, name):
    points = tmp_path / name
    if name == "p.csv":
        write_csv(points, "lon,lat\n")
    else:
        pq.write_table(pa.table({"lon": pa.array([], pa.float64()), "lat": pa.array([], pa.float64())}), points)
    assert assign(points, grids, tmp_path / "out.parquet").rows == 0
    assert pq.read_table(tmp_path / "out.parquet").schema.names == ["lon", "lat", "grid_id"]


def test_everything_wrong_about_the_points_is_said_at_once(tmp_path, grids):
    points = write_csv(tmp_path / "p.csv", "longitude,lat,grid_id\n1,2,3\n")
    with pytest.raises(InputError) as error:
        assign(points, grids, tmp_path / "nowhere" / "out.xlsx")
    text = str(error.value)
    assert "column `grid_id` already" in text
    assert "no column `lon`; did you mean `longitude`?" in text
    assert ".xlsx cannot be written" in text
    assert "nowhere does not exist" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "has no header line"),
        ("lon,lat,lon\n1,2,3\n", "names the column `lon` more than once"),
        ("lon,lat\n1,2,3\n4,5\n6,7,8,9\n", r"(?s)2 rows have more fields than the 2.*row 1 has 3.*row 3 has 4"),
        ('lon,lat\n1,"2\n3,4\n', "cannot be read: unexpected end of data"),
    ],
)
def test_csv_that_is_no_table_is_refused(tmp_path, grids, text, expected):
    points = write_csv(tmp_path / "p.csv", text)
    with pytest.raises(InputError, match=expected):
        assign(points, grids, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_a_cell_may_be_long_and_other_files_keep_the_usual_limit(tmp_path, grids):
    before, note = csv.field_size_limit(), "路" * 200_000
    assign(write_csv(tmp_path / "p.csv", f"lon,lat,note\n121.05,29.05,{note}\n"), grids, tmp_path / "out.csv")
    assert csv.field_size_limit() == before
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").endswith(f"{note},A\n")


def test_other_wrong_moves_are_sentences_too(tmp_path, grids):
    points, out = write_csv(tmp_path / "p.csv", "lon,lat\n1,2\n"), tmp_path / "out.csv"
    with pytest.raises(InputError, match="would overwrite the points"):
        assign(points, grids, points)
    with pytest.raises(InputError, match=r"none\.csv was not found"):
        assign(tmp_path / "none.csv", grids, out)
    with pytest.raises(InputError, match=r"none\.shp was not found"):
        assign(points, tmp_path / "none.shp", out)
    with pytest.raises(ConfigError, match="WGS-85"):
        assign(points, grids, out, crs="WGS-85")
    with pytest.raises(InputError, match="no column `cod`; did you mean `code`"):
        assign(points, grids, out, grid_id="cod")
    (tmp_path / "p16.csv").write_bytes("lon,lat\n1,2\n甲".encode("utf-16"))
    with pytest.raises(InputError, match="neither UTF-8 nor GB18030"):
        assign(tmp_path / "p16.csv", grids, out)
    (tmp_path / "p.parquet").write_bytes(b"no parquet")
    with pytest.raises(InputError, match=r"p\.parquet cannot be read"):
        assign(tmp_path / "p.parquet", grids, out)
    assert not out.exists()


def test_wrong_geo_points_are_refused(tmp_path, grids):
    out = tmp_path / "out.csv"
    make_points().set_crs(None, allow_override=True).to_parquet(tmp_path / "bare.parquet")
    with pytest.raises(InputError, match=r"bare\.parquet states no coordinate system"):
        assign(tmp_path / "bare.parquet", grids, out)
    with pytest.raises(InputError, match="2 geometries are no points; the first is a Polygon"):
        assign(grids, grids, out)
    (tmp_path / "broken.geojson").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"broken\.geojson cannot be read"):
        assign(tmp_path / "broken.geojson", grids, out)


def test_repeated_grid_ids_are_refused(tmp_path, grids):
    frame = geopandas.read_parquet(grids).assign(code="A")
    frame.to_parquet(tmp_path / "twice.parquet")
    points = write_csv(tmp_path / "p.csv", "lon,lat\n1,2\n")
    with pytest.raises(InputError, match="'A' occurs 2 times"):
        assign(points, tmp_path / "twice.parquet", tmp_path / "out.csv", grid_id="code")


def test_a_failure_leaves_the_old_result_untouched(tmp_path, grids):
    points, out = write_csv(tmp_path / "p.csv", "lon,lat\n1,2\n3,4,5\n"), write_csv(tmp_path / "out.csv", "old")
    with pytest.raises(InputError):
        assign(points, grids, out)
    assert out.read_text(encoding="utf-8") == "old"


def test_the_summary_is_plain_data():
    assert json.dumps(asdict(SUMMARY)) == '{"rows": 4, "matched": 2, "outside": 1, "missing": 1, "at_border": 1}'
