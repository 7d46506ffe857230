"""Districts with tiers of their own: places, floors and lists by their version, the rest of the city by the city's."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from test_pipeline import build
from tiny_snapshot import list_templates

from governance.hazard_tables import NO_DISTRICT, number_districts, split_policies
from governance.scenarios.resolve import TemplateSet
from tests import tiny_world

OVERLAY = """
extends = "fire_lane@1"
version = "1.1.0"
district = "north"
[tiers]
{tiers}
"""
NAMES = ["330203", "330205"]
DISTRICTS = np.repeat([0, 1], [30, 70])


def number(*ids: str | None) -> tuple[list[int], list[str | None]]:
    numbers, names = number_districts(SimpleNamespace(frame=pd.DataFrame({"level_1_id": ids}, dtype=object)))  # type: ignore[arg-type]
    return numbers.tolist(), names


def test_districts_are_numbered_by_their_ids() -> None:
    assert number("b", "a", "b") == ([1, 0, 1], ["a", "b"])
    assert number(None, None) == ([0, 0], [None])


def test_grids_without_a_district_are_one_together_where_others_have_one() -> None:
    assert number("b", None, "a", float("nan")) == ([2, 0, 1, 0], [NO_DISTRICT, "a", "b"])  # type: ignore[arg-type]


def set_tiers(capacity: int | None, /, **own: object) -> TemplateSet:
    """Group rentals with a capacity in the city, and Haishu's version with some rules of its own."""
    templates = list_templates()
    city = templates.city["group_rental"]
    tiers = city.tiers.model_copy(update={"capacity": capacity})
    district = templates.districts["group_rental", "330203"]
    return TemplateSet(
        {"group_rental": city.model_copy(update={"tiers": tiers})},
        {("group_rental", "330203"): district.model_copy(update={"tiers": tiers.model_copy(update=own)})},
    )


def test_a_version_that_leaves_the_tiers_alone_is_no_policy_of_its_own() -> None:
    rhythm = {"visit_every_days": {"red": 1, "yellow": 2, "green": 3}}
    policies, own = split_policies(set_tiers(40, **rhythm), DISTRICTS, NAMES)
    assert own == {}
    assert policies["group_rental"].capacity == 40


@pytest.mark.parametrize(
    ("city", "given", "left", "its"),
    [
        (None, {"red_share": 0.2}, None, None),
        (None, {"capacity": 5}, None, 5),
        (40, {"capacity": 5}, 40, 5),  # inspectors of its own
        (40, {"floor_expected_reports_28d": 1.0}, 28, 12),  # 30 of 100 grids have 12 of the 40
    ],
)
def test_a_kept_capacity_is_parted_by_grids_and_another_is_its_own(
    city: int | None, given: dict[str, object], left: int | None, its: int | None
) -> None:
    policies, own = split_policies(set_tiers(city, **given), DISTRICTS, NAMES)
    assert policies["group_rental"].capacity == left
    assert {place: policy.capacity for place, policy in own["group_rental"].items()} == {0: its}


def build_north(folder: Path, tiers: str) -> pd.DataFrame:
    """Fire lanes of the tiny world (g-1 and g-2 south, g-3 and g-4 north), with north's own tiers."""
    city_file = tiny_world.write_tiny_world(folder / "city")
    text = city_file.read_text(encoding="utf-8").replace("[grids]", 'scenario_folder = "own"\n[grids]', 1)
    city_file.write_text(text, encoding="utf-8")
    overlay = city_file.parent / "own" / "north" / "fire_lane.toml"
    overlay.parent.mkdir(parents=True)
    overlay.write_text(OVERLAY.format(tiers=tiers), encoding="utf-8")
    moments = {"as_of_utc": tiny_world.AS_OF_UTC, "now_utc": tiny_world.READ_AT_UTC}
    city = build(city_file, folder / "build", **moments)
    places = city.sql("select level_1_id, red_places from out_tier_place where scenario = 'fire_lane' order by all")
    told = city.tiers(scenario="fire_lane").set_index("grid_id").sort_index()
    told.attrs["places"] = [(None if pd.isna(name) else name, red) for name, red in places.to_numpy().tolist()]
    return told


def test_a_districts_own_tiers_colour_it_and_no_other(tmp_path: Path) -> None:
    low = "floor_expected_reports_28d = 0.000001"
    alike = build_north(tmp_path / "alike", f"{low}\nred_share = 1.0\nyellow_share = 0.0")
    assert alike.attrs["places"] == [("north", 2), (None, 1)]
    assert alike.loc[["g-3", "g-4"], "tier"].tolist() == ["red", "red"]
    assert (alike.loc[["g-1", "g-2"], "tier"] == "red").sum() <= 1
    assert alike.loc[["g-3", "g-4"], "inspection"].tolist() == ["red", "red"]
    strict = build_north(tmp_path / "strict", "floor_expected_reports_28d = 99.0")
    assert strict.loc[["g-3", "g-4"], "tier"].tolist() == ["green", "green"]
    assert strict.loc[["g-1", "g-2"], "tier"].tolist() == alike.loc[["g-1", "g-2"], "tier"].tolist()
    # an audit of each list: one of the north's two, one of the others that are not red
    assert (strict.loc[["g-3", "g-4"], "inspection"] == "audit").sum() == 1
