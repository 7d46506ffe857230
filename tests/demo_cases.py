"""The cases of the small demo city, as the tests of the scenario page choose them."""

from __future__ import annotations

import pandas as pd

from governance.city import City

SCENARIOS = ("illegal_parking", "group_rental")
Unit = tuple[int, str]
"""A level and an id: 0 and nothing for the whole city, 1 for a district, 2 for a town."""


def read_cases(city: City) -> pd.DataFrame:
    """Every case with the ids of its places."""
    return city.sql(
        "select c.*, coalesce(g.level_1_id, '~unmatched') as level_1_id, coalesce(g.level_2_id, '~unmatched') as "
        "level_2_id, g.grid_id from core_case as c left join core_grid as g using (grid_no)"
    )


def find_units(cases: pd.DataFrame) -> list[Unit]:
    """The city, its busiest district, and the busiest town of another one."""
    placed = cases[(cases["level_1_id"] != "~unmatched") & (cases["scenario"] == SCENARIOS[0])]
    district = placed["level_1_id"].value_counts().index[0]
    town = placed.loc[placed["level_1_id"] != district, "level_2_id"].value_counts().index[0]
    return [(0, ""), (1, district), (2, town)]


def choose(cases: pd.DataFrame, scenario: str, unit: Unit) -> pd.DataFrame:
    """The scenario's cases in the unit."""
    level, unit_id = unit
    chosen = cases[cases["scenario"] == scenario]
    return chosen[chosen[f"level_{level}_id"] == unit_id] if level else chosen
