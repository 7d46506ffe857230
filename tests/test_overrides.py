"""Experts' tiers: what the file may say, sentences for what it may not, and how one is added."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import ConfigError
from governance.hazard.overrides import COLUMNS, append_override, list_given, parse_overrides, read_overrides
from governance.hazard.tiers import GREEN, NOT_GIVEN, RED

KNOWN = {"grid_ids": ("g-1", "g-2", "g-3"), "scenarios": ("fire_lane", "group_rental")}
HEADER = ",".join(COLUMNS)
GOOD = "g-1,fire_lane,red,market moved here,Wang Li,2026-03-01,2026-04-01"
CELLS = dict(zip(COLUMNS, GOOD.split(","), strict=True))


def parse(*rows: str):
    return parse_overrides("\n".join([HEADER, *rows]), **KNOWN)


def test_a_row_is_read_as_it_stands_and_holds_half_open() -> None:
    (override,), faults = parse(GOOD)
    assert faults == []
    assert (override.grid_id, override.scenario, override.tier) == ("g-1", "fire_lane", "red")
    held = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)]
    assert [override.holds_on(day) for day in held] == [False, True, True, False]
    number = {"g-1": 0, "g-2": 1, "g-3": 2}
    assert list_given([override], date(2026, 4, 1), number_of_grid=number) == {}
    codes = list_given([override], date(2026, 3, 1), number_of_grid=number)
    assert codes["fire_lane"].tolist() == [RED, NOT_GIVEN, NOT_GIVEN]
    assert GREEN != NOT_GIVEN


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("g-11,fire_lane,red,a,b,2026-03-01,2026-04-01", "there is no grid_id 'g-11'; did you mean `g-1`?"),
        (
            "g-1,fire_lanes,red,a,b,2026-03-01,2026-04-01",
            "there is no scenario 'fire_lanes'; did you mean `fire_lane`?",
        ),
        ("g-1,fire_lane,rot,a,b,2026-03-01,2026-04-01", "there is no tier 'rot'"),
        ("g-1,fire_lane,red,,b,2026-03-01,2026-04-01", "`reason` is empty; fill it."),
        ("g-1,fire_lane,red,a,b,1.3.2026,2026-04-01", "`from` is '1.3.2026', which is no day"),
        ("g-1,fire_lane,red,a,b,2026-04-01,2026-04-01", "it ends on 2026-04-01, which is not after 2026-04-01"),
        ("g-1,fire_lane,red,a,b,2026-03-01,2026-04-01,more", "it has more cells than the first line."),
        ("g-1,fire_lane,red,=HYPERLINK(1),b,2026-03-01,2026-04-01", "`reason` begins with '=', as a formula does"),
        ("g-1,fire_lane,red,a,@SUM(1),2026-03-01,2026-04-01", "`author` begins with '@'"),
        ("g-1,fire_lane,red,-1,+1,2026-03-01,2026-04-01", "`author` begins with '+'"),
        ("g-1,fire_lane,red,a\x1b[2Jb,b,2026-03-01,2026-04-01", r"`reason` holds control characters ('\x1b')"),
        ('g-1,fire_lane,red,"a\nb",b,2026-03-01,2026-04-01', r"`reason` holds control characters ('\n')"),
        (f"g-1,fire_lane,red,{'x' * 501},b,2026-03-01,2026-04-01", "`reason` has 501 characters; 500 are the most."),
    ],
)
def test_a_fault_is_a_sentence_with_its_line(row: str, sentence: str) -> None:
    overrides, faults = parse(GOOD, row)
    assert len(overrides) == 1
    line = 3 + row.count("\n")
    assert [fault for fault in faults if fault.startswith(f"line {line}: ") and sentence in fault]


def test_all_faults_are_told_at_once(tmp_path) -> None:
    path = tmp_path / "overrides.csv"
    path.write_text(f"{HEADER}\ng-9,fire,purple,,,x,y\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_overrides(path, **KNOWN)
    assert len(str(caught.value).splitlines()) == 8  # the title, three unknown words, two blanks, two days
    with pytest.raises(ConfigError, match=r"was not found\. Check the path"):
        read_overrides(tmp_path / "none.csv", **KNOWN)
    path.write_bytes("网格".encode("gb18030"))
    with pytest.raises(ConfigError, match="is not UTF-8"):
        read_overrides(path, **KNOWN)


def test_two_words_on_the_same_grid_for_the_same_day_are_refused() -> None:
    later = GOOD.replace("2026-03-01", "2026-03-31").replace("2026-04-01", "2026-05-01")
    _, faults = parse(GOOD, later)
    assert faults == [
        "line 3: g-1 has a tier in fire_lane from 2026-03-01 to 2026-04-01 already (line 2); end that one first."
    ]
    after = (
        GOOD.replace("2026-03-01", "2026-05-01")
        .replace("2026-04-01,", "2026-05-01")
        .replace("2026-04-01", "2026-06-01")
    )
    assert parse(GOOD, after)[1] == []


def test_a_wrong_first_line_is_told() -> None:
    assert "its first line must name grid_id,scenario" in parse_overrides("a,b\n1,2\n", **KNOWN)[1][0]


def test_what_is_no_csv_is_a_sentence(tmp_path) -> None:
    overrides, faults = parse(GOOD, f'g-2,fire_lane,red,"{"x" * 200_000}",b,2026-03-01,2026-04-01')
    assert len(overrides) == 1
    assert [fault[:39] for fault in faults] == ["line 3: it cannot be read as CSV (field"]
    path = tmp_path / "overrides.csv"
    path.write_text("x" * 200_000, encoding="utf-8")
    with pytest.raises(ConfigError, match="line 1: it cannot be read as CSV"):
        read_overrides(path, **KNOWN)
    # Lines that end as on an old Mac are lines.
    assert parse_overrides(f"{HEADER}\r{GOOD}\r", **KNOWN)[0] == parse(GOOD)[0]


def test_a_row_that_has_ended_may_name_what_is_gone(tmp_path) -> None:
    gone = "g-9,old_scenario,red,a,b,2026-01-01,2026-03-01"
    told = {day: len(parse_overrides(f"{HEADER}\n{gone}\n", **KNOWN, today=day)[1]) for day in
            (None, date(2026, 2, 28), date(2026, 3, 1))}  # fmt: skip
    assert told == {None: 2, date(2026, 2, 28): 2, date(2026, 3, 1): 0}
    path = tmp_path / "overrides.csv"
    path.write_text(f"{HEADER}\n{gone}\n", encoding="utf-8")
    append_override(path, CELLS, **KNOWN, today=date(2026, 3, 1))
    assert path.read_text(encoding="utf-8").splitlines() == [HEADER, gone, GOOD]
    # A new row may not.
    ended = dict(zip(COLUMNS, gone.split(","), strict=True))
    with pytest.raises(ConfigError, match="there is no grid_id 'g-9'"):
        append_override(path, ended, **KNOWN, today=date(2026, 3, 1))


def test_adding_one_writes_it_and_a_fault_changes_nothing(tmp_path) -> None:
    path = tmp_path / "overrides.csv"
    append_override(path, CELLS, **KNOWN)
    hostile = {**CELLS, "grid_id": "g-2", "reason": '1=1,"<b> x', "author": "SUM@(1)"}
    append_override(path, hostile, **KNOWN)
    listed = read_overrides(path, **KNOWN)
    assert [(row.grid_id, row.reason, row.author) for row in listed] == [
        ("g-1", "market moved here", "Wang Li"), ("g-2", '1=1,"<b> x', "SUM@(1)"),
    ]  # fmt: skip
    before = path.read_bytes()
    for cells, sentence in (({**CELLS, "tier": "blue"}, "there is no tier 'blue'"), (CELLS, "already")):
        with pytest.raises(ConfigError, match=sentence):
            append_override(path, cells, **KNOWN)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_those_who_add_at_once_take_turns(tmp_path) -> None:
    path, grids = tmp_path / "overrides.csv", tuple(f"g-{number}" for number in range(40))
    known = {**KNOWN, "grid_ids": grids}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda grid: append_override(path, {**CELLS, "grid_id": grid}, **known), grids))
    assert sorted(row.grid_id for row in read_overrides(path, **known)) == sorted(grids)


def is_allowed(text: str) -> bool:
    return bool(text.strip()) and text.strip()[0] not in "=+-@"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60).filter(is_allowed))
def test_any_reason_comes_back_as_it_was_given(tmp_path_factory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "overrides.csv"
    append_override(path, {**CELLS, "reason": text.strip()}, **KNOWN)
    assert read_overrides(path, **KNOWN)[0].reason == text.strip()
