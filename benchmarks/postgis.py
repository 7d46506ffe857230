"""A PostgreSQL with PostGIS that lives in a folder and only as long as it is measured; needs Debian's packages.

apt-get install postgresql-15-postgis-3
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from benchmarks.contenders import open_database

NAME = "PostGIS (within PostgreSQL)"

_SETTINGS = ["shared_buffers=1GB", "work_mem=256MB", "max_wal_size=8GB", "listen_addresses="]
_LOAD = """
set client_min_messages = warning;
create extension if not exists postgis;
drop table if exists points, shapes, polygons;
create table points (id bigint, lon double precision, lat double precision);
create table shapes (grid_no integer, wkb text);
\\copy points from '{folder}/points.csv' csv
\\copy shapes from '{folder}/shapes.csv' csv
create table polygons as select grid_no, st_geomfromwkb(decode(wkb, 'hex')) as geometry from shapes;
create index on polygons using gist (geometry);
vacuum analyze polygons; vacuum analyze points;
"""
_JOIN = """
create table result as
select id, grid_no from points join polygons on st_intersects(polygons.geometry, st_point(points.lon, points.lat));
"""


def find_programs() -> Path | None:
    """The folder of PostgreSQL's programs, if PostGIS is installed beside them."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    with_postgis = [
        f for f in folders if list(Path("/usr/share/postgresql").glob(f"{f.parent.name}/extension/postgis.*"))
    ]
    return with_postgis[-1] if with_postgis else None


@contextmanager
def running_postgis() -> Iterator[Path | None]:
    """The folder of a running server's socket; None where PostGIS is not installed."""
    programs = find_programs()
    if programs is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        _run(programs / "initdb", "-D", data, "-A", "trust", "-U", "bench", "--no-sync")
        options = " ".join(f"-c {setting}" for setting in [*_SETTINGS, f"unix_socket_directories={folder}"])
        _run(programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield folder
        finally:
            _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")


def load_postgis(server: Path, folder: Path) -> None:
    """Copy points and polygons of `many.duckdb` into the server; not part of what is measured."""
    with open_database(folder / "many.duckdb") as con:
        con.sql("select id, lon, lat from points").write_csv(str(folder / "points.csv"), header=False)
        con.sql("select grid_no, hex(wkb) from polygons").write_csv(str(folder / "shapes.csv"), header=False)
    _ask(server, _LOAD.format(folder=folder))


def join_postgis(server: Path) -> float:
    """Seconds of the join."""
    _ask(server, "set client_min_messages = warning; drop table if exists result;")
    start = time.perf_counter()
    _ask(server, _JOIN)
    return time.perf_counter() - start


def fetch_postgis(server: Path, folder: Path, con: duckdb.DuckDBPyConnection) -> None:
    """Bring the pairs back into DuckDB's table of results."""
    path = folder / "pairs.csv"
    _ask(server, f"\\copy result to '{path}' csv")
    con.register("pairs", con.read_csv(str(path), names=["id", "grid_no"], header=False))
    con.execute("create or replace table result as select * from pairs")
    con.unregister("pairs")


def _ask(server: Path, text: str) -> None:
    command = ["psql", "-h", str(server), "-U", "bench", "-d", "postgres", "-q", "-v", "ON_ERROR_STOP=1"]
    subprocess.run(command, input=text, text=True, check=True, stdout=subprocess.DEVNULL)


def _run(*command: str | Path) -> None:
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["runuser", "-u", "postgres", "--", *words]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
