"""The house rules that a machine can count: imports, sizes, SQL files, clocks, paths."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "governance"
# Rooms in the order in which data walks through them: imports go only to the same room or an earlier one.
ROOMS = (
    "errors", "program", "toml_model", "work_calendar", "wall_plan", "profile", "scenarios", "tables", "warehouse",
    "snapshot",
    "ingest", "grids", "shapes", "cases", "hazard", "indicators", "inspections", "hazard_tables", "carriers", "city",
    "export_orders", "exports", "indicator_exports", "disputes", "backtest_store", "backtest_findings", "backtests",
    "backtest_report", "health", "base_layers", "outputs", "refresh", "pipeline", "freshness", "doctor", "demo", "ui",
    "cli_tables", "cli_scenarios", "cli_indicators", "cli_backtest", "cli_tiers", "cli_planning", "cli",
)  # fmt: skip
OWNERS = {
    "duckdb": {"governance/warehouse.py"},
    "sklearn": {"governance/hazard/model.py", "governance/hazard/candidates.py"},
    "pydeck": {"governance/ui/map.py"},
}
# The package's face shows names of later rooms; __main__ starts the commands.
FACES = {"governance/__init__.py", "governance/__main__.py"}
CLOCK_READERS = ("governance/cli.py", "governance/__main__.py", "governance/ui/", "app.py")
CLOCKS = {
    "now", "utcnow", "today", "time", "time_ns", "perf_counter", "monotonic", "localtime", "gmtime",
}  # fmt: skip
MODULES = sorted([*PACKAGE.rglob("*.py"), *ROOT.glob("app.py")])
QUERIES = sorted(PACKAGE.rglob("*.sql"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def list_imports(path: Path) -> Iterator[str]:
    """Dotted names of all imported modules; of `from package import name`, both parts."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", [path for path in MODULES if PACKAGE in path.parents], ids=name_of)
def test_imports_go_only_to_earlier_rooms(path):
    if name_of(path) in FACES:
        return
    own = ROOMS.index(room_of(path))
    rooms = {name.split(".")[1] for name in list_imports(path) if name.startswith("governance.")}
    later = sorted(room for room in rooms if room in ROOMS and ROOMS.index(room) > own)
    assert later == []
    assert rooms - set(ROOMS) == set(), "a room that is not in the list"


def test_only_the_owner_of_a_library_imports_it():
    users: dict[str, set[str]] = {}
    for path in MODULES:
        for name in list_imports(path):
            users.setdefault(name.split(".")[0], set()).add(name_of(path))
    assert {library: users.get(library, set()) - owners for library, owners in OWNERS.items()} == {
        library: set() for library in OWNERS
    }


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_short_says_what_it_is_for_and_has_short_functions(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "no docstring"
    assert len(text.splitlines()) <= 450
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    assert [node.name for node in functions if count_lines(node) > 50] == []


def count_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", QUERIES, ids=name_of)
def test_a_query_says_its_grain_and_stays_readable(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("-- grain: ")
    lines = text.splitlines()
    assert len(lines) <= 60
    assert [number for number, line in enumerate(lines, 1) if len(line) > 120] == []
    assert "{" not in re.sub(r"'(?:[^']|'')*'", "", text), "values are bound, never spliced in"
    code = re.sub(r"--[^\n]*|'(?:[^']|'')*'", "", text)
    assert code == code.lower()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_commands_and_the_pages_read_the_clock(path):
    if name_of(path).startswith(CLOCK_READERS):
        return
    calls = [node.func for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
    read = [
        ast.unparse(call)
        for call in calls
        if isinstance(call, ast.Attribute)
        and call.attr in CLOCKS
        and ast.unparse(call.value).split(".")[-1] in {"datetime", "date", "time", "dt", "Timestamp"}
    ]
    assert read == []


@pytest.mark.parametrize("path", [*MODULES, *QUERIES, *sorted((ROOT / "tests").glob("*.py"))], ids=name_of)
def test_nothing_is_left_undone_and_no_path_of_a_machine_stays(path):
    text = path.read_text(encoding="utf-8")
    marks = "TO" + "DO", "FIX" + "ME", "XX" + "X"
    assert [mark for mark in marks if re.search(rf"\b{mark}\b", text)] == []
    assert re.findall(r"['\"\s](/(?:home|root|work|Users|mnt)/[\w./-]*)", text) == []
