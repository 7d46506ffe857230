"""The dictionary of tables is that of a built snapshot, its keys are keys, and the docs are written from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from governance.city import City
from governance.tables import compare_tables, load_tables, write_dictionary

DOCUMENT = Path(__file__).parents[1] / "docs" / "data-dictionary.md"


@pytest.fixture(scope="module")
def found(city: City) -> dict[str, list[tuple[str, str]]]:
    rows = city.sql(
        "select table_name, column_name, data_type from duckdb_columns() where not internal "
        "order by table_name, column_index"
    )
    return {
        name: list(zip(group["column_name"], group["data_type"], strict=True))
        for name, group in rows.groupby("table_name")
    }


def test_every_table_and_column_of_a_snapshot_is_in_the_dictionary_and_the_other_way(found) -> None:
    assert "\n".join(compare_tables(found)) == ""


def test_a_difference_says_what_to_write() -> None:
    known = {name: [(column.name, column.type) for column in table.columns] for name, table in load_tables().items()}
    assert compare_tables(known) == []
    changed = {**known, "out_new": [("grid_no", "INTEGER")], "meta_level": [("level", "BIGINT"), ("more", "DOUBLE")]}
    del changed["out_tier"]
    assert compare_tables(changed) == [
        'Add "more" to the columns of [tables.meta_level], and to [columns] its meaning and type = "DOUBLE".',
        '`meta_level.level` is BIGINT, not INTEGER; write own.level = { type = "BIGINT" }.',
        "`meta_level` has no column `name_en` any more; take it out of [tables.meta_level].",
        "`meta_level` has no column `name_zh` any more; take it out of [tables.meta_level].",
        'Add to tables.toml: [tables.out_new] with key = [...] and columns = ["grid_no"].',
        "There is no table `out_tier` any more; take [tables.out_tier] out.",
    ]


@pytest.mark.parametrize("name", [name for name, table in load_tables().items() if table.key])
def test_a_key_names_one_row(city: City, name: str) -> None:
    key = ", ".join(f'"{column}"' for column in load_tables()[name].key)
    twice = city.sql(f'select {key}, count(*) as rows from "{name}" group by {key} having count(*) > 1')
    assert twice.to_dict("records") == []


def test_the_document_is_written_from_the_dictionary() -> None:
    told = "Write it anew: python -m governance dictionary > docs/data-dictionary.md"
    assert DOCUMENT.read_text(encoding="utf-8") == write_dictionary(), told
