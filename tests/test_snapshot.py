"""Snapshots: a crash at any step leaves the old or the new generation; readers never fail; nothing leaks in or out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tiny_snapshot import MANIFEST, fill_tiny, publish_tiny

from governance import snapshot, warehouse
from governance.errors import CheckFailed, NotReadyError

ROOT = Path(__file__).parents[1]
BEFORE_POINTER = snapshot.STEP_NAMES.index("replace_pointer")


def run_driver(script: str, *args: object) -> subprocess.Popen[str]:
    """Run a script beside us, with the package and the tests' helpers on its path."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    # A program without a file counts as interactive, and DuckDB would draw a progress bar into its output.
    command = [sys.executable, "-c", f"__file__ = 'driver'\n{textwrap.dedent(script)}", *map(str, args)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def publish_copy(build_dir: Path, of: Path, **publish_options: object) -> snapshot.Published:
    """Publish a copy of a finished database as the next generation: quicker than filling it again."""
    with snapshot.building(build_dir) as draft:
        draft.con.execute(f"attach '{of}' as old (read_only)")
        draft.con.execute("copy from database old to snapshot")
        draft.con.execute("detach old")
        return snapshot.publish(draft, manifest=MANIFEST, **publish_options)


def ask_generation(build_dir: Path) -> str:
    current, con = snapshot.open_snapshot(build_dir)
    told = con.execute("select generation from meta_manifest").fetchall()
    con.close()
    assert told == [(current.generation,)]
    return current.generation


def list_files(build_dir: Path) -> list[str]:
    return sorted(entry.name for entry in (build_dir / "snapshots").iterdir())


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A published database file, to copy from."""
    return publish_tiny(tmp_path_factory.mktemp("finished")).file


# Each child publishes generation 2 over generation 1 and is killed, as by the system, right after one step.
KILLER = """
    import os, signal, sys
    from pathlib import Path
    from test_snapshot import publish_copy
    from governance import snapshot

    def die_after(step):
        def listen(done):
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)
        return listen

    for step in snapshot.STEP_NAMES:
        for after_step in (None, die_after(step)):
            child = os.fork()
            if child == 0:
                publish_copy(Path(sys.argv[1]) / step, of=Path(sys.argv[2]), after_step=after_step)
                os._exit(0)
            print(step, os.waitpid(child, 0)[1])
"""


@pytest.fixture(scope="module")
def crashed(tmp_path_factory, finished) -> Path:
    """One build folder per step, in which the second publish was killed after that step."""
    folder = tmp_path_factory.mktemp("crashed")
    driver = run_driver(KILLER, folder, finished)
    out, err = driver.communicate()
    wanted = [f"{step} {status}" for step in snapshot.STEP_NAMES for status in (0, int(signal.SIGKILL))]
    assert out.splitlines() == wanted, err
    return folder


@pytest.mark.parametrize("step", snapshot.STEP_NAMES)
def test_a_kill_after_any_step_leaves_the_old_or_the_new_generation(crashed, finished, step):
    build_dir = crashed / step
    is_new = snapshot.STEP_NAMES.index(step) >= BEFORE_POINTER
    assert ask_generation(build_dir) == ("000002" if is_new else "000001")

    following = publish_copy(build_dir, finished)

    assert ask_generation(build_dir) == following.generation
    assert int(following.generation) >= 2 + is_new
    left = list_files(build_dir)
    assert all(name.startswith("snap-") and name.endswith(".duckdb") for name in left)
    assert left[-1] == following.file.name


READER = """
    import os, sys
    from pathlib import Path
    from governance import snapshot

    os.nice(19)  # the publisher goes first, where there are fewer cores than processes
    build_dir, stop, ready = (Path(text) for text in sys.argv[1:])
    reads, seen, held = 0, [], None
    while not stop.exists():
        current, con = snapshot.open_snapshot(build_dir)
        told = con.execute("select generation, (select count(*) from core_case) from meta_manifest").fetchall()
        assert told == [(current.generation, 13)], told
        assert not seen or current.generation >= seen[-1], (current, seen)
        seen.append(current.generation)
        reads, held = reads + 1, con
        ready.touch()
    print(reads, len(set(seen)))
"""


@pytest.mark.slow
def test_three_readers_never_fail_during_twenty_publishes(tmp_path, finished):
    build_dir, stop = tmp_path / "build", tmp_path / "stop"
    publish_copy(build_dir, finished)
    ready = [tmp_path / f"ready-{number}" for number in range(3)]
    readers = [run_driver(READER, build_dir, stop, file) for file in ready]
    while not all(file.exists() for file in ready) and all(reader.poll() is None for reader in readers):
        os.sched_yield()
    for _ in range(20):
        publish_copy(build_dir, finished)
    stop.touch()
    results = [reader.communicate() for reader in readers]
    assert [err for _, err in results] == ["", "", ""]
    assert all(reader.returncode == 0 for reader in readers)
    assert all(int(out.split()[1]) > 1 for out, _ in results)
    assert len(list_files(build_dir)) == snapshot.GENERATIONS_KEPT


def test_three_generations_are_kept_and_leftovers_swept(tmp_path, finished):
    for _ in range(3):
        publish_copy(tmp_path, finished)
    folder = tmp_path / "snapshots"
    (folder / ".building-dead.duckdb").touch()
    (folder / ".building-dead.duckdb.wal").touch()
    (folder / ".building-dead.tmp").mkdir()
    (folder / "snap-000002.duckdb.wal").touch()
    publish_copy(tmp_path, finished)
    assert list_files(tmp_path) == [f"snap-00000{number}.duckdb" for number in (2, 3, 4)]


def test_a_draft_that_is_not_published_leaves_nothing(tmp_path):
    def fail_to_build():
        with snapshot.building(tmp_path) as draft:
            draft.con.execute("create table half as select 1 as done")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_to_build()
    assert list_files(tmp_path) == []


def test_a_failing_check_stops_the_publish_and_keeps_the_old_generation(tmp_path):
    publish_tiny(tmp_path)
    with snapshot.building(tmp_path) as draft:
        fill_tiny(draft.con)
        draft.con.execute("insert into core_case select * from core_case where incident_id = 'A-1'")
        with pytest.raises(CheckFailed, match="cases_are_unique: 1 rows"):
            snapshot.publish(draft, manifest=MANIFEST)
    assert ask_generation(tmp_path) == "000001"
    assert list_files(tmp_path) == ["snap-000001.duckdb"]


def test_a_second_builder_hears_who_holds_the_lock(tmp_path):
    with snapshot.building(tmp_path) as draft:
        with (
            pytest.raises(NotReadyError, match=f"process {os.getpid()} on "),
            snapshot.building(tmp_path),
        ):
            pytest.fail("two builders at once")
        assert draft.path.exists()
    with snapshot.building(tmp_path) as draft:
        assert draft.generation == "000001"


def test_the_pointer_says_what_was_published(tmp_path, finished):
    published = publish_copy(tmp_path, finished)
    told = json.loads((tmp_path / "CURRENT").read_text())
    assert told == {
        "generation": "000001",
        "file": "snapshots/snap-000001.duckdb",
        "sha256": published.sha256,
        "schema_version": snapshot.SCHEMA_VERSION,
    }
    assert subprocess.check_output(["sha256sum", published.file], text=True).split()[0] == published.sha256


def test_without_a_snapshot_the_reader_is_told_what_to_run(tmp_path):
    with pytest.raises(NotReadyError, match=r"There is no snapshot in .* Run: python -m governance build"):
        snapshot.read_current(tmp_path)


@pytest.mark.parametrize(
    "torn", ["", "{", "[]", "null", '{"generation": "000001"}', "\x00" * 40, '"text"', '{"generation": "1", "file": 1}']
)
def test_a_torn_pointer_is_one_sentence_and_the_next_publish_mends_it(tmp_path, finished, torn):
    publish_copy(tmp_path, finished)
    (tmp_path / "CURRENT").write_text(torn)
    with pytest.raises(NotReadyError, match=r"CURRENT is damaged and names no snapshot\. Run: "):
        snapshot.open_snapshot(tmp_path)
    assert publish_copy(tmp_path, finished).generation == "000002"
    assert ask_generation(tmp_path) == "000002"


@pytest.mark.parametrize("file", ["../elsewhere/snap-000001.duckdb", "/etc/passwd", "snapshots/../snap-000001.duckdb"])
def test_a_pointer_to_elsewhere_is_refused(tmp_path, finished, file):
    publish_copy(tmp_path, finished)
    told = json.loads((tmp_path / "CURRENT").read_text()) | {"file": file}
    (tmp_path / "CURRENT").write_text(json.dumps(told))
    with pytest.raises(NotReadyError, match="damaged"):
        snapshot.open_snapshot(tmp_path)


def test_a_snapshot_of_another_version_is_refused(tmp_path, finished):
    publish_copy(tmp_path, finished)
    told = json.loads((tmp_path / "CURRENT").read_text()) | {"schema_version": 999}
    (tmp_path / "CURRENT").write_text(json.dumps(told))
    with pytest.raises(NotReadyError, match=r"built by another version .* layout 999, .* Run: "):
        snapshot.open_snapshot(tmp_path)


@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_a_damaged_file_is_found_before_anything_is_read(tmp_path, finished, damage):
    file = publish_copy(tmp_path, finished).file
    ask_generation(tmp_path)
    file.chmod(0o644)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(content if damage == "flip" else content[:-4096])
    with pytest.raises(NotReadyError, match=r"is (damaged|missing).* Run: "):
        snapshot.open_snapshot(tmp_path)


def test_a_reader_whose_file_was_swept_takes_the_newer_one(tmp_path, finished, monkeypatch):
    old = publish_copy(tmp_path, finished)
    stale = snapshot.read_current(tmp_path)
    publish_copy(tmp_path, finished)
    old.file.unlink()
    answers = iter([stale, snapshot.read_current(tmp_path)])
    monkeypatch.setattr(snapshot, "read_current", lambda _: next(answers))
    current, con = snapshot.open_snapshot(tmp_path)
    con.close()
    assert current.generation == "000002"


def test_a_write_ahead_log_of_a_crashed_writer_is_never_replayed(tmp_path, finished):
    published = publish_copy(tmp_path, finished)
    script = """
        import os, sys
        from pathlib import Path
        from governance import warehouse
        con = warehouse.open_builder(Path(sys.argv[1]))
        con.execute("create table core_case as select 666 as stolen")
        os._exit(0)
    """
    crashed_file = tmp_path / "crashed.duckdb"
    assert run_driver(script, crashed_file).communicate() == ("", "")
    log = Path(f"{crashed_file}.wal")
    assert log.stat().st_size > 0
    log.rename(f"{published.file}.wal")
    with pytest.raises(NotReadyError, match=r"snap-000001\.duckdb\.wal lies beside the snapshot.* Delete that file"):
        snapshot.open_snapshot(tmp_path)
    assert publish_copy(tmp_path, finished).generation == "000002"
    assert ask_generation(tmp_path) == "000002"
    assert list_files(tmp_path) == ["snap-000001.duckdb", "snap-000002.duckdb"]


def test_the_manifest_is_inside(tmp_path):
    published = publish_tiny(tmp_path)
    con = warehouse.open_reader(published.file)
    rows = con.execute(
        "select generation, as_of_utc, is_synthetic, city ->> '$.id', scenarios ->> '$.fire_lane' from meta_manifest"
    ).fetchall()
    con.close()
    assert rows == [("000001", MANIFEST["as_of_utc"], True, "tiny", "1.0.0")]
