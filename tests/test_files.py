"""Every supported kind of file gives its rows with the right numbers, or a sentence that says what is wrong."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
import zipfile
from decimal import Decimal
from pathlib import Path

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.errors import InputError
from governance.ingest.files import GEOMETRY_LAT, GEOMETRY_LON, MalformedRow, hash_file, number_rows, open_table

POINTS = [shapely.Point(121.5, 29.8), None, shapely.Point(121.6, 29.9)]
BIG = 2**53 + 1


def read(path: Path, **options) -> tuple[dict[int, dict], dict[int, int]]:
    """Row number → row, and row number → fields found, of the rows that do not fit."""
    options.setdefault("format", "csv")
    rows: dict[int, dict] = {}
    with open_table(path, **options) as table:
        following = 1
        for batch in table.batches:
            numbers, following = number_rows(batch.num_rows, table.malformed, first=following)
            rows |= dict(zip(numbers.tolist(), batch.to_pylist(), strict=True))
        return rows, {row.row_number: row.found for row in table.malformed}


def read_bytes(tmp_path: Path, content: bytes, **options) -> tuple[dict[int, dict], dict[int, int]]:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    return read(path, **options)


def refuse(path: Path, **options) -> str:
    with pytest.raises(InputError) as caught:
        read(path, **{"format": "csv"} | options)
    return str(caught.value)


def refuse_bytes(tmp_path: Path, content: bytes, **options) -> str:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    return refuse(path, **options)


# CSV: rows and their numbers


def test_a_plain_file_gives_texts_numbered_from_one(tmp_path):
    assert read_bytes(tmp_path, b"a,b\n1,007\n,\n") == ({1: {"a": "1", "b": "007"}, 2: {"a": "", "b": ""}}, {})


def test_rows_with_another_number_of_fields_keep_their_numbers_aside(tmp_path):
    rows, malformed = read_bytes(tmp_path, b"a,b\r\n1,2\r\n3\r\n4,5,6\r\n7,8\r\n")
    assert (list(rows), malformed) == ([1, 4], {2: 1, 3: 3})


def test_line_ends_inside_quotes_belong_to_the_value_and_do_not_count_as_rows(tmp_path):
    rows, malformed = read_bytes(tmp_path, b'a,b\n"x\ny\r\nz",2\n3\n4,"q""q"\n')
    assert rows == {1: {"a": "x\ny\r\nz", "b": "2"}, 3: {"a": "4", "b": 'q"q'}}
    assert malformed == {2: 1}


def test_empty_lines_are_no_rows(tmp_path):
    assert read_bytes(tmp_path, b"\n\na,b\n\n1,2\n\n\n3,4\n")[0] == {1: {"a": "1", "b": "2"}, 2: {"a": "3", "b": "4"}}


@pytest.mark.parametrize("content", [b"a,b", b"a,b\n", b"\xef\xbb\xbfa,b\r\n"])
def test_a_header_alone_is_a_file_without_rows(tmp_path, content):
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with open_table(path, format="csv") as table:
        assert (table.columns, list(table.batches)) == (("a", "b"), [])


def test_a_header_may_hold_line_ends_and_commas_in_quotes(tmp_path):
    assert read_bytes(tmp_path, b'"a\nb","c,d"\n1,2\n')[0] == {1: {"a\nb": "1", "c,d": "2"}}


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b" , \n1,2\n"])
def test_a_file_without_a_header_is_refused(tmp_path, content):
    assert "has no header line" in refuse_bytes(tmp_path, content)


def test_a_column_named_twice_is_refused_by_name(tmp_path):
    assert "names `id` more than once" in refuse_bytes(tmp_path, b"id,x,id\n1,2,3\n")
    assert "a column without a name" in refuse_bytes(tmp_path, b"id,,\n1,,\n")


def test_a_quotation_mark_that_is_never_closed_is_refused_with_its_line(tmp_path):
    """It would swallow all rows behind it silently."""
    assert "line 3: a quotation mark" in refuse_bytes(tmp_path, b'a,b\n1,2\n3,"4\n5,6\n7,8\n')
    assert "line 3: a quotation mark" in refuse_bytes(tmp_path, b'a,b\n5" pipe,2\n3,"4\n5,6\n')
    assert "line 3: a quotation mark" in refuse_bytes(tmp_path, b'a,b\n5" pipe\n"x,4\n5,6\n')


def test_a_single_quotation_mark_inside_a_value_is_just_a_sign(tmp_path):
    assert read_bytes(tmp_path, b'a,b\n1,5" pipe\n')[0] == {1: {"a": "1", "b": '5" pipe'}}


def test_a_field_of_a_megabyte_passes_and_a_row_beyond_the_limit_is_refused(tmp_path):
    long = "路" * 400_000
    assert read_bytes(tmp_path, f'a,b\n1,"{long}"\n2,x\n'.encode())[0][1]["b"] == long
    assert "longer than 4 MiB" in refuse_bytes(tmp_path, b"a,b\n1," + b"x" * (9 << 20) + b"\n")


def test_row_numbers_hold_across_blocks(tmp_path):
    line = "x" * 1000
    bad = {2_000, 9_000, 9_001, 12_000}
    content = "a,b\n" + "".join(line + "\n" if i in bad else f"{line},{i}\n" for i in range(1, 12_001))
    rows, malformed = read_bytes(tmp_path, content.encode())
    assert malformed == dict.fromkeys(bad, 1)
    assert len(rows) == 12_000 - len(bad)
    assert all(int(row["b"]) == number for number, row in rows.items())


FIELD = st.text(alphabet='ab, "\n\r中', max_size=4)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.lists(FIELD, min_size=1, max_size=4), max_size=8))
def test_written_rows_come_back_as_pythons_csv_module_reads_them(rows):
    with io.StringIO(newline="") as text:
        csv.writer(text).writerows([["h", "k"], *rows])
        content = text.getvalue()
    given_rows = [row for row in csv.reader(io.StringIO(content, newline="")) if row][1:]
    with tempfile.TemporaryDirectory() as folder:
        got, malformed = read_bytes(Path(folder), content.encode())
    assert {n: list(row.values()) for n, row in got.items()} == {
        n: row for n, row in enumerate(given_rows, 1) if len(row) == 2
    }
    assert malformed == {n: len(row) for n, row in enumerate(given_rows, 1) if len(row) != 2}


@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(["a", ",", '"', "\n", "\r\n", '""', " ", "中"]), max_size=14).map("".join))
def test_raw_text_is_read_as_by_pythons_csv_module_or_refused_for_an_open_quote(body):
    content = "h,k\n" + body
    given_rows = [row for row in csv.reader(io.StringIO(content, newline="")) if row][1:]
    with tempfile.TemporaryDirectory() as folder:
        try:
            got, malformed = read_bytes(Path(folder), content.encode())
        except InputError as error:
            assert "never closed" in str(error)  # noqa: PT017  many texts are read without any error
            assert list(csv.reader(io.StringIO(content + "\n#", newline="")))[-1] != ["#"]
            return
    assert {n: list(row.values()) for n, row in got.items()} | malformed == {
        n: row if len(row) == 2 else len(row) for n, row in enumerate(given_rows, 1)
    }


@given(st.sets(st.integers(1, 60)), st.lists(st.integers(0, 20), max_size=6))
def test_numbers_pass_over_malformed_rows_whatever_the_batches(taken, sizes):
    malformed = [MalformedRow(number, "", 2, 1) for number in taken]
    free = [number for number in range(1, 300) if number not in taken]
    following, got = 1, []
    for size in sizes:
        numbers, following = number_rows(size, malformed, first=following)
        got += numbers.tolist()
    assert got == free[: len(got)]


# the encoding of a CSV file


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "utf-8", "utf-8-sig", "utf-16", "big5"])
def test_text_is_decoded_with_the_stated_encoding(tmp_path, encoding):
    content = "編號,街道\n1,和義路\n".encode(encoding)
    assert read_bytes(tmp_path, content, encoding=encoding)[0] == {1: {"編號": "1", "街道": "和義路"}}


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path, encoding):
    assert read_bytes(tmp_path, "\ufeff编号\n１\n".encode(encoding), encoding=encoding)[0] == {1: {"编号": "１"}}


def test_a_wrong_encoding_is_refused_with_its_line_and_the_one_that_fits(tmp_path):
    content = "id,street\n1,a\n2,解放南路\n3,中山东路\n".encode("gb18030")
    message = refuse_bytes(tmp_path, content)
    assert "about line 3" in message
    assert "the text is not utf-8" in message
    assert "look like gb18030" in message


def test_a_wrong_byte_far_behind_is_refused_with_its_line(tmp_path):
    content = b"id,street\n" + b"1,aaaaaaaaaaaaaaaa\n" * 200_000 + "2,街\n".encode("gb18030")
    assert "about line 200002" in refuse_bytes(tmp_path, content)


def test_a_file_cut_inside_a_character_is_refused(tmp_path):
    assert "about line 2" in refuse_bytes(tmp_path, "id\n路".encode()[:-1])


@pytest.mark.parametrize("stated", ["gb18030", "gbk", "latin-1"])
def test_utf8_that_fits_another_encoding_by_accident_is_refused(tmp_path, stated):
    """「海曙」 in UTF-8, read as GB18030, is nonsense without any error."""
    content = "编号,地名\n1,海曙\n".encode()
    assert content.decode(stated)
    assert "utf-8" in refuse_bytes(tmp_path, content, encoding=stated)


def test_short_chinese_text_that_happens_to_be_utf8_is_not_refused(tmp_path):
    content = "a\n路\n".encode("gb18030")
    assert content.decode("utf-8") == "a\n·\n"
    assert read_bytes(tmp_path, content, encoding="gb18030")[0] == {1: {"a": "路"}}


# zip archives


def test_the_one_csv_of_a_zip_is_read(tmp_path):
    path = tmp_path / "rows.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
        archive.writestr("folder/ROWS.CSV", "a\n1\n")
        archive.writestr("__MACOSX/folder/._ROWS.CSV", b"\0\1")
    assert read(path)[0] == {1: {"a": "1"}}


@pytest.mark.parametrize("names", [(), ("a.csv", "b.csv")])
def test_a_zip_with_no_or_two_csv_files_is_refused(tmp_path, names):
    path = tmp_path / "rows.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "a\n1\n")
    assert f"holds {len(names)} CSV files" in refuse(path)


def test_a_zip_that_is_none_is_refused(tmp_path):
    (tmp_path / "rows.zip").write_bytes(b"a,b\n1,2\n")
    assert "rows.zip cannot be read as csv" in refuse(tmp_path / "rows.zip")


# Parquet

TABLE = pa.table(
    {
        "aware": pa.array([dt.datetime(2025, 1, 1, tzinfo=dt.UTC)] * 2, pa.timestamp("ms", "America/New_York")),
        "naive": pa.array([dt.datetime.fromisoformat("2025-01-01T08:00")] * 2, pa.timestamp("ns")),
        "day": [dt.date(2025, 1, 1)] * 2,
        "big": [BIG, None],
        "amount": [Decimal("1.50"), None],
        "kind": pa.array(["a", "b"]).dictionary_encode(),
        "unused": [1, 2],
    }
)


def test_parquet_columns_keep_their_types(tmp_path):
    pyarrow.parquet.write_table(TABLE, tmp_path / "x.parquet")
    with open_table(tmp_path / "x.parquet", format="parquet") as table:
        batch = next(table.batches)
    assert table.columns == tuple(TABLE.column_names)
    assert batch["big"].to_pylist() == [BIG, None]
    assert batch["aware"].type.tz == "America/New_York"
    assert pa.types.is_date(batch["day"].type)
    assert pa.types.is_decimal(batch["amount"].type)


def test_only_the_needed_parquet_columns_are_read(tmp_path):
    pyarrow.parquet.write_table(TABLE, tmp_path / "x.parquet")
    with open_table(tmp_path / "x.parquet", format="parquet", columns={"big", "absent"}) as table:
        assert next(table.batches).schema.names == ["big"]
        assert "unused" in table.columns


@pytest.mark.parametrize("format", ["parquet", "geoparquet", "geojson", "shapefile"])  # noqa: A002
def test_a_file_of_another_kind_is_refused_in_a_sentence(tmp_path, format):  # noqa: A002
    path = tmp_path / {"shapefile": "x.shp", "geojson": "x.geojson"}.get(format, "x.parquet")
    path.write_bytes(b"a,b\n1,2\n")
    assert f"{path.name} cannot be read as {format}" in refuse(path, format=format)


def test_a_torn_parquet_file_is_refused_on_reading(tmp_path):
    path = tmp_path / "x.parquet"
    pyarrow.parquet.write_table(pa.table({"a": np.random.default_rng(0).random(100_000)}), path)
    content = bytearray(path.read_bytes())
    content[1000:400_000] = bytes(399_000)
    path.write_bytes(content)
    assert "x.parquet cannot be read as parquet" in refuse(path, format="parquet")


def test_a_missing_file_is_refused_in_a_sentence(tmp_path):
    assert "gone.csv cannot be read" in refuse(tmp_path / "gone.csv")


# geometry


def make_frame(crs: str, points: list = POINTS) -> geopandas.GeoDataFrame:
    frame = geopandas.GeoDataFrame({"id": [BIG, 2, 3], "name": ["路", "b", None]}, geometry=points, crs="EPSG:4326")
    return frame.to_crs(crs)


def write_geo(frame: geopandas.GeoDataFrame, folder: Path, kind: str) -> Path:
    folder.mkdir(exist_ok=True)
    if kind == "geoparquet":
        frame.to_parquet(folder / "p.parquet")
        return folder / "p.parquet"
    if kind == "geojson":
        frame.to_file(folder / "p.geojson", driver="GeoJSON")
        return folder / "p.geojson"
    frame.to_file(folder / "p.shp", encoding="utf-8")
    if kind == "shapefile":
        return folder / "p.shp"
    with zipfile.ZipFile(folder / "p.zip", "w") as archive:
        for part in sorted(folder.glob("p.[!z]*")):
            archive.write(part, part.name)
    return folder / "p.zip"


def read_points(path: Path, kind: str, **options) -> list[tuple[float | None, float | None]]:
    rows, _ = read(path, format="shapefile" if kind == "zip" else kind, **options)
    return [(row[GEOMETRY_LON], row[GEOMETRY_LAT]) for row in rows.values()]


KINDS = ["geoparquet", "geojson", "shapefile", "zip"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4549", "EPSG:3857"])
def test_points_of_any_projection_arrive_in_wgs84_and_null_stays_null(tmp_path, kind, crs):
    points = read_points(write_geo(make_frame(crs), tmp_path, kind), kind)
    assert points[0] == pytest.approx((121.5, 29.8), abs=1e-6)
    assert points[2] == pytest.approx((121.6, 29.9), abs=1e-6)
    assert all(np.isnan(value) for value in points[1])


@pytest.mark.parametrize("kind", KINDS)
def test_attributes_beside_geometry_are_exact(tmp_path, kind):
    path = write_geo(make_frame("EPSG:4326"), tmp_path, kind)
    rows, _ = read(path, format="shapefile" if kind == "zip" else kind)
    assert [row["id"] for row in rows.values()] == [BIG, 2, 3]
    assert [row["name"] for row in rows.values()] == ["路", "b", None]


def test_large_numbers_stay_exact_beside_missing_ones(tmp_path):
    """A frame library would make floating point of them."""
    path = tmp_path / "p.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":['
        f'{{"type":"Feature","properties":{{"id":{BIG}}},"geometry":{{"type":"Point","coordinates":[1,2]}}}},'
        '{"type":"Feature","properties":{"id":null},"geometry":null}]}'
    )
    rows, _ = read(path, format="geojson")
    assert [row["id"] for row in rows.values()] == [BIG, None]


@pytest.mark.parametrize("kind", ["geoparquet", "shapefile"])
def test_a_file_that_states_no_system_is_read_in_the_sources(tmp_path, kind):
    frame = make_frame("EPSG:4549")
    path = write_geo(frame.set_crs(None, allow_override=True) if kind == "geoparquet" else frame, tmp_path, kind)
    (tmp_path / "p.prj").unlink(missing_ok=True)
    points = read_points(path, kind, crs="EPSG:4549")
    assert points[0] == pytest.approx((121.5, 29.8), abs=1e-6)


@pytest.mark.parametrize("kind", ["geoparquet", "geojson"])
def test_empty_points_and_other_shapes_have_no_coordinates(tmp_path, kind):
    shapes = [shapely.Point(), shapely.MultiPoint([(121.5, 29.8)]), shapely.box(0, 0, 1, 1)]
    points = read_points(write_geo(make_frame("EPSG:4326", shapes), tmp_path, kind), kind)
    assert np.isnan(points[0]).all()
    assert points[1] == (121.5, 29.8)
    assert np.isnan(points[2]).all()


def test_a_shapefile_is_decoded_as_the_source_says(tmp_path):
    frame = geopandas.GeoDataFrame({"name": ["海曙区"]}, geometry=[shapely.Point(1, 2)], crs="EPSG:4326")
    frame.to_file(tmp_path / "p.shp", encoding="gb18030")
    (tmp_path / "p.cpg").unlink()
    assert read(tmp_path / "p.shp", format="shapefile", encoding="gb18030")[0][1]["name"] == "海曙区"


def test_times_of_a_geojson_file_keep_their_offset(tmp_path):
    path = tmp_path / "p.geojson"
    times = ["2025-01-01T10:00:00+08:00", "2025-01-01T10:00:00Z"]
    features = ",".join(f'{{"type":"Feature","properties":{{"t":"{t}"}},"geometry":null}}' for t in times)
    path.write_text(f'{{"type":"FeatureCollection","features":[{features}]}}')
    rows, _ = read(path, format="geojson")
    got = [dt.datetime.fromisoformat(row["t"]).astimezone(dt.UTC).hour for row in rows.values()]
    assert got == [2, 10]


def test_two_shapefiles_in_one_zip_are_refused(tmp_path):
    for name in ("one", "two"):
        make_frame("EPSG:4326").to_file(tmp_path / f"{name}.shp")
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for part in [*tmp_path.glob("one.*"), *tmp_path.glob("two.*")]:
            archive.write(part, part.name)
    assert "holds 2 layers" in refuse(tmp_path / "both.zip", format="shapefile")


def test_the_hash_is_that_of_the_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    assert hash_file(tmp_path / "a") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
