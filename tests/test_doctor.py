"""The doctor: sound things are found sound, and each trouble comes with a way to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_snapshot import publish_tiny

from governance import doctor, warehouse
from governance.errors import NotReadyError

ROOT = Path(__file__).parents[1]
CITY = """
schema = 1
id = "tiny"
name_zh = "小城"
name_en = "Tiny"
timezone = "Asia/Shanghai"
[grids]
files = ["grids.parquet"]
[[sources]]
id = "platform"
files = ["day-*.csv"]
format = "csv"
columns = { incident_id = "id", reported_at = "at", lon = "x", lat = "y", category = "kind" }
"""


def examine(tmp_path, **options):
    """The findings by name, with whatever city and snapshot lie in `tmp_path`."""
    findings = doctor.examine(tmp_path / "build", tmp_path / "city.toml", **options)
    assert all(finding.is_ok == (not finding.mend) for finding in findings)
    return {finding.name: finding for finding in findings}


def test_a_sound_installation_has_nothing_to_mend(tmp_path):
    (tmp_path / "city.toml").write_text(CITY, encoding="utf-8")
    publish_tiny(tmp_path / "build")
    found = examine(tmp_path)
    assert {name: finding.mend for name, finding in found.items() if not finding.is_ok} == {}
    assert "generation 000001" in found["Snapshot"].found
    assert "Tiny, 1 sources" in found["City file"].found


def test_an_empty_folder_is_told_to_make_a_city_and_a_snapshot(tmp_path):
    found = examine(tmp_path)
    assert "python -m governance demo" in found["City file"].mend
    assert "python -m governance build" in found["Snapshot"].mend
    assert found["Disk"].is_ok


def test_a_mistake_in_the_city_file_is_named(tmp_path):
    (tmp_path / "city.toml").write_text(CITY.replace("Asia/Shanghai", "Asia/Shangai"), encoding="utf-8")
    assert "Asia/Shangai" in examine(tmp_path)["City file"].mend


def test_the_years_of_the_work_calendar_are_told_and_the_days_that_the_city_changes(tmp_path):
    (tmp_path / "city.toml").write_text(CITY, encoding="utf-8")
    assert "Monday to Friday in every year" in examine(tmp_path)["Work calendar"].found
    calendar = '[work_calendar]\ncountry = "CN"\nextra_holidays = ["2026-03-05", "2026-10-01"]\n[grids]'
    (tmp_path / "city.toml").write_text(CITY.replace("[grids]", calendar), encoding="utf-8")
    found = examine(tmp_path)["Work calendar"].found
    assert found.startswith("working days of China are known for 2004-20")
    assert found.endswith("the city's own days change 2026-03-05")


@pytest.mark.parametrize("damage", ["pointer", "file"])
def test_a_damaged_snapshot_is_found(tmp_path, damage):
    published = publish_tiny(tmp_path / "build")
    if damage == "pointer":
        (tmp_path / "build" / "CURRENT").write_text("{")
    else:
        published.file.chmod(0o644)
        published.file.write_bytes(published.file.read_bytes()[:-1])
    finding = examine(tmp_path)["Snapshot"]
    assert "is damaged" in finding.mend


def test_versions_other_than_pinned_are_named(tmp_path):
    pins = tmp_path / "requirements.txt"
    pins.write_text("# the pins\nduckdb==0.0.1\nno-such-package==1.0\npandas>=1\n")
    finding = examine(tmp_path, requirements=pins)["Packages"]
    assert finding.found.startswith("duckdb is 1.")
    assert finding.found.endswith("no-such-package is missing (pinned: 1.0)")
    assert f"pip install -r {pins}" in finding.mend


def test_without_a_list_of_pins_no_versions_are_compared(tmp_path):
    assert "Packages" not in examine(tmp_path, requirements=tmp_path / "none.txt")


def test_a_missing_extension_is_one_finding_not_a_traceback(tmp_path, monkeypatch):
    def find_nothing(name="spatial"):
        raise NotReadyError(f"DuckDB's extension {name} is not installed. Run: pip install it")

    monkeypatch.setattr(warehouse, "extension_path", find_nothing)
    finding = examine(tmp_path)["DuckDB and its extension spatial"]
    assert finding.mend.endswith("Run: pip install it")
