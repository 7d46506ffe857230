"""The join over Arrow batches and DuckDB tables: the kernel's answers, row for row, in memory that does not grow."""

from __future__ import annotations

import pickle
from functools import partial

import numpy as np
import pyarrow as pa
import pytest
import shapely

from governance import warehouse
from governance.errors import ConfigError, InputError
from governance.grids.batches import PointColumns, locate_batch, locate_batches, locate_stream
from governance.grids.join import build_cover, locate
from governance.grids.threads import map_in_threads


@pytest.fixture(scope="module")
def cover():
    """Four unit squares."""
    return build_cover(np.array([shapely.box(x, y, x + 1, y + 1) for y in (0, 1) for x in (0, 1)]))


def make_batch(lon, lat, **others):
    return pa.RecordBatch.from_pydict({**others, "lon": lon, "lat": lat})


def test_every_row_keeps_its_place_and_gets_its_polygon(cover):
    batch = make_batch([0.5, 1.5, None, 9.0, 1.0], [0.5, 1.5, 0.5, 9.0, 1.0], name=["a", "b", "c", "d", "e"])
    located = locate_batch(cover, batch)
    assert located.schema.names == ["name", "lon", "lat", "grid_no"]
    assert located.schema.field("grid_no").type == pa.int32()
    assert located.column("name").to_pylist() == ["a", "b", "c", "d", "e"]
    assert located.column("grid_no").to_pylist() == [0, 3, None, None, 0]


def test_other_names_and_only_the_columns_that_are_wanted(cover):
    batch = pa.RecordBatch.from_pydict({"id": [7, 8], "x": [1, 0], "y": pa.array([1.5, 0.5], pa.float32())})
    located = locate_batch(cover, batch, columns=PointColumns("x", "y", "place", kept=("id",)))
    assert located.to_pylist() == [{"id": 7, "place": 2}, {"id": 8, "place": 0}]


def test_batches_come_in_order_whatever_the_threads_do(cover):
    rng = np.random.default_rng(3)
    points = rng.random((40, 2, 500)) * 3
    batches = [make_batch(lon, lat) for lon, lat in points]
    for threads in (1, 2, 5):
        answers = [batch.column("grid_no").fill_null(-1) for batch in locate_batches(cover, batches, threads=threads)]
        assert len(answers) == len(batches)
        for answer, (lon, lat) in zip(answers, points, strict=True):
            assert (answer.to_numpy() == locate(cover, lon, lat)).all()


def test_the_join_with_its_cover_can_be_sent_to_another_process(cover):
    sent = pickle.loads(pickle.dumps(partial(locate_batches, cover, threads=1)))  # noqa: S301  our own bytes
    answers = list(sent([make_batch([0.5, 9.0], [1.5, 9.0])]))
    assert answers[0].column("grid_no").to_pylist() == [2, None]


def test_a_slow_taker_is_not_flooded():
    given = []

    def give():
        for number in range(100):
            given.append(number)
            yield number

    results = map_in_threads(lambda number: number * number, give(), threads=2)
    assert next(results) == 0
    assert len(given) < 10
    assert list(results) == [number * number for number in range(1, 100)]


def test_a_fault_in_a_thread_reaches_the_taker():
    def refuse(number):
        if number == 3:
            raise ValueError("three")
        return number

    with pytest.raises(ValueError, match="three"):
        list(map_in_threads(refuse, range(10), threads=2))


def test_all_faults_of_the_columns_are_told_at_once_and_before_reading(cover):
    batch = pa.RecordBatch.from_pydict({"lng": [1.0], "lat": ["1"], "grid_no": [1]})
    reader = pa.RecordBatchReader.from_batches(batch.schema, [batch])
    with pytest.raises(InputError) as caught:
        locate_stream(cover, reader)
    for part in ("no column `lon`", "`lat` holds string, not numbers", "a column `grid_no` already"):
        assert part in str(caught.value)


def test_duckdb_table_to_duckdb_table(cover, tmp_path):
    rng = np.random.default_rng(4)
    lon, lat = rng.random((2, 300_000)) * 3
    con = warehouse.open_builder(tmp_path / "x.duckdb")
    warehouse.load_arrow(con, "points", pa.table({"id": np.arange(len(lon)), "lon": lon, "lat": lat}))
    columns = PointColumns(kept=("id",))
    change = partial(locate_stream, cover, columns=columns)
    warehouse.load_changed(con, "located", "select id, lon, lat from points where id >= $first", change, first=1000)
    rows = warehouse.run_text(con, "select id, grid_no from located order by id").fetchnumpy()
    assert (rows["id"] == np.arange(1000, len(lon))).all()
    assert (rows["grid_no"].filled(-1) == locate(cover, lon, lat)[1000:]).all()
    warehouse.close_builder(con)


def test_no_points_give_an_empty_table(cover):
    con = warehouse.open_builder()
    text = "select 1.0::double as lon, 1.0::double as lat where false"
    warehouse.load_changed(con, "located", text, partial(locate_stream, cover))
    assert warehouse.fetch_value(con, "", text="select count(*) from located") == 0
    con.close()


def test_less_than_one_thread_is_refused_before_reading(cover):
    with pytest.raises(ConfigError, match="-1 threads cannot work"):
        locate_batches(cover, iter([]), threads=-1)
