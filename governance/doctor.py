"""The doctor: looks at the installation, the snapshot and the city file, and says what is wrong and how to mend it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from governance import snapshot, warehouse
from governance.cases.work_clock import describe_covered_years, list_contradictions
from governance.errors import GovernanceError
from governance.work_calendar import WorkCalendar

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OLDEST_PYTHON = (3, 11)
_NEEDED_DISK_GB = 5.0
_NEEDED_MEMORY_GB = 4.0
_GB = 1e9


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `mend` says what to do and is empty if all is well."""

    name: str
    is_ok: bool
    found: str
    mend: str


def examine(build_dir: Path, city_file: Path, *, requirements: Path | None = None) -> list[Finding]:
    """Everything a build and the dashboard need, each with what was found; raises nothing.

    `requirements` defaults to the requirements.txt beside the package; without that file no versions are compared.
    """
    pinned = requirements or Path(__file__).parents[1] / "requirements.txt"
    return [
        _examine_python(),
        *_examine_packages(pinned),
        _examine_extension(),
        _examine_disk(build_dir),
        _examine_memory(),
        _examine_browser(),
        *_examine_city(city_file),
        _examine_snapshot(build_dir),
    ]


def _examine_python() -> Finding:
    is_ok = sys.version_info[:2] >= _OLDEST_PYTHON
    wanted = ".".join(map(str, _OLDEST_PYTHON))
    return _judge("Python", platform.python_version(), "" if is_ok else f"Install Python {wanted} or newer.")


def _examine_packages(requirements: Path) -> Iterator[Finding]:
    if not requirements.exists():
        return
    faults = [fault for name, pinned in _read_pins(requirements) if (fault := _compare_version(name, pinned))]
    mend = f"Run: {sys.executable} -m pip install -r {requirements}" if faults else ""
    yield _judge("Packages", "; ".join(faults) or "as pinned in requirements.txt", mend)


def _read_pins(requirements: Path) -> list[tuple[str, str]]:
    text = requirements.read_text(encoding="utf-8")
    return re.findall(r"^([A-Za-z0-9._-]+)==([^\s#;]+)", text, flags=re.MULTILINE)


def _compare_version(name: str, pinned: str) -> str:
    try:
        found = version(name)
    except PackageNotFoundError:
        return f"{name} is missing (pinned: {pinned})"
    return "" if found == pinned else f"{name} is {found} (pinned: {pinned})"


def _examine_extension() -> Finding:
    name = "DuckDB and its extension spatial"
    try:
        path = warehouse.extension_path()
        warehouse.open_builder().close()
    except GovernanceError as error:
        return _judge(name, "not usable", str(error))
    except warehouse.DatabaseError as error:
        wanted = f"duckdb-extension-spatial=={version('duckdb')}"
        return _judge(name, f"does not load: {error}", f"Run: pip install --force-reinstall {wanted}")
    return _judge(name, f"{version('duckdb')}, loaded from {path.parent}", "")


def _examine_disk(build_dir: Path) -> Finding:
    place = next(folder for folder in (build_dir.absolute(), *build_dir.absolute().parents) if folder.is_dir())
    free_gb = shutil.disk_usage(place).free / _GB
    mend = "" if free_gb >= _NEEDED_DISK_GB else f"Free {_NEEDED_DISK_GB:.0f} GB, or choose another --build-dir."
    if not os.access(place, os.W_OK):
        mend = f"{place} cannot be written to; choose another --build-dir."
    return _judge("Disk", f"{free_gb:.1f} GB free in {place}", mend)


def _examine_memory() -> Finding:
    total_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GB
    mend = "" if total_gb >= _NEEDED_MEMORY_GB else f"A large city needs {_NEEDED_MEMORY_GB:.0f} GB to build."
    return _judge("Memory", f"{total_gb:.1f} GB", mend)


def _examine_browser() -> Finding:
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    return _judge("Browser for the tests (optional)", found or "none on the path; only `make test` needs one", "")


def _examine_city(city_file: Path) -> Iterator[Finding]:
    from governance.profile import load_profile  # noqa: PLC0415  a fault of that room is a finding, too

    try:
        profile = load_profile(city_file)
    except GovernanceError as error:
        yield _judge("City file", f"{city_file} cannot be used", str(error))
    except OSError as error:
        mend = "Write a city.toml, name one with --city, or make the demo city: python -m governance demo"
        yield _judge("City file", f"{city_file}: {error.strerror}", mend)
    else:
        yield _judge("City file", f"{city_file}: {profile.name_en}, {len(profile.sources)} sources", "")
        yield _judge("Work calendar", _describe_calendar(profile.work_calendar), "")


def _describe_calendar(calendar: WorkCalendar) -> str:
    if calendar.country is None:
        return "Monday to Friday in every year, changed by the city's own days"
    known = f"working days of China are known for {describe_covered_years(calendar)}"
    changed = [day.isoformat() for day in list_contradictions(calendar)]
    return f"{known}; the city's own days change {', '.join(changed)}" if changed else known


def _examine_snapshot(build_dir: Path) -> Finding:
    try:
        current, con = snapshot.open_snapshot(build_dir)
    except GovernanceError as error:
        return _judge("Snapshot", "none that can be read", str(error))
    con.close()
    return _judge("Snapshot", f"generation {current.generation}, content as published: {current.file}", "")


def _judge(name: str, found: str, mend: str) -> Finding:
    return Finding(name, is_ok=not mend, found=found, mend=mend)
