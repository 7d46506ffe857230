"""The command line as a user meets it: help, wrong moves, and one walk from demo to export."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import tiny_world

ROOT = Path(__file__).parents[1]
COMMANDS = ("demo", "build", "check", "assign", "export", "indicators", "doctor")


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "governance", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str, tmp_path: Path) -> None:
    result = run(command, "--help", folder=tmp_path)
    assert result.returncode == 0
    assert "Example" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["build"], "was not found"),
        (["build", "--city", "nowhere.toml"], "nowhere.toml was not found"),
        (["build", "--as-of", "yesterday"], "was not found"),
        (["check"], "There is no snapshot in build"),
        (["export", "tiers", "--out", "x.csv"], "There is no snapshot in build"),
        (["assign", "--grids", "a.shp", "--points", "b.csv", "--out", "c.csv"], "b.csv"),
        (["nonsense"], "No such command"),
        (["demo", "--days", "many"], "--days"),
        (["assign"], "Missing option"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_code_2(arguments: list[str], words: str, tmp_path: Path) -> None:
    result = run(*arguments, folder=tmp_path)
    assert result.returncode == 2, result.stderr
    assert words in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr


def test_a_walk_from_a_city_to_its_lists(tmp_path: Path) -> None:
    tiny_world.write_tiny_world(tmp_path)
    built = run("build", "--as-of", "2024-03-15T12:00:00", folder=tmp_path)
    assert built.returncode == 0, built.stderr
    checked = run("check", "--json", folder=tmp_path)
    report = json.loads(checked.stdout)
    assert checked.returncode == 0
    assert report["as_of"] == "2024-03-15T04:00:00Z"
    (file,) = report["files"]
    assert {name: file[name] for name in ("source", "file", "read", "accepted", "quarantined", "duplicate")} == {
        "source": "platform", "file": "incidents.csv", "read": tiny_world.READ, "accepted": tiny_world.ACCEPTED,
        "quarantined": tiny_world.QUARANTINED_ROWS, "duplicate": tiny_world.DUPLICATE,
    }  # fmt: skip
    assert file["reasons"]["closed_before_reported"] == 1
    assert {check["failing_rows"] for check in report["checks"]} == {0}
    for name in ("tiers.csv", "tiers.xlsx", "tiers.geojson", "tiers.gpkg", "tiers.parquet"):
        written = run("export", "tiers", "--scenario", "group_rental", "--out", name, folder=tmp_path)
        assert written.returncode == 0, written.stderr
        assert (tmp_path / name).stat().st_size > 100
    wrong = run("export", "tiers", "--scenario", "group_rentals", "--out", "x.csv", folder=tmp_path)
    assert wrong.returncode == 2
    assert "group_rental" in wrong.stderr
    assert not (tmp_path / "x.csv").exists()


def test_bare_join_of_a_csv(tmp_path: Path) -> None:
    tiny_world.write_tiny_world(tmp_path)
    arguments = ["assign", "--grids", "grids.geojson", "--points", "incidents.csv", "--out", "joined.csv", "--json"]
    (tmp_path / "incidents.csv").write_text(
        "id,lon,lat\n" + "".join(f"{row[0]},{row[5]},{row[6]}\n" for row in tiny_world.ROWS[:-1]), encoding="utf-8"
    )
    result = run(*arguments, folder=tmp_path)
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["rows"] == 15 == summary["matched"] + summary["outside"] + summary["missing"]
    lines = (tmp_path / "joined.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "id,lon,lat,grid_id"
    assert lines[1].endswith(",g-1")


def test_doctor_says_how_to_mend(tmp_path: Path) -> None:
    result = run("doctor", "--json", folder=tmp_path)
    findings = json.loads(result.stdout)
    assert result.returncode == 1
    assert all(finding["is_ok"] or finding["mend"] for finding in findings)
