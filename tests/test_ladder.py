"""The ladder of escalation: its rows, and on which rung a case stands and whom it calls, worked by hand."""

from __future__ import annotations

import pytest
from tiny_snapshot import BOOL, DOUBLE, TEXT, load_rows, schema

from governance import warehouse
from governance.outputs import load_ladders
from governance.scenarios import Template, load_templates
from governance.scenarios.ladder import list_posts, list_rungs

PIN = "group_rental@1.0.0"
OPEN_SCHEMA = schema(
    source=TEXT, incident_id=TEXT, template_version=TEXT, scene=TEXT, holder=TEXT, level=TEXT, used_share=DOUBLE,
    is_overdue=BOOL,
)  # fmt: skip


@pytest.fixture(scope="module")
def rental() -> Template:
    """Rungs at 0.8 (III), 1 (II), 3 (I); II adds the duty leader and the community police to III."""
    return load_templates()["group_rental"]


def call(template: Template, **case: object) -> dict:
    """What `mid_call` says of one open case: rung_share, call_level, call_post_en, call_department."""
    con = warehouse.open_builder()
    load_ladders(con, [template])
    defaults = {
        "source": "s", "incident_id": "1", "template_version": PIN, "scene": "partitioned_rooms", "holder": "housing",
        "level": "III", "is_overdue": False,
    }  # fmt: skip
    load_rows(con, "mid_open", OPEN_SCHEMA, [{**defaults, **case}])
    rows = warehouse.fetch_arrow(con, "mid_call").to_pylist()
    con.close()
    return rows[0] if rows else {}


def test_a_ladder_is_its_rungs_in_order(rental):
    rows = [(row["rung"], row["at_share"], row["level"], row["template_version"]) for row in list_rungs(rental)]
    assert rows == [(1, 0.8, "III", PIN), (2, 1, "II", PIN), (3, 3, "I", PIN)]


def test_a_level_adds_the_posts_that_the_one_below_does_not_know(rental):
    added = {row["post"] for row in list_posts(rental) if row["level"] == "II" and row["is_added"]}
    assert added == {"duty_leader", "community_police"}
    assert all(row["is_added"] for row in list_posts(rental) if row["level"] == "III")


def test_a_post_of_two_scenes_has_a_row_for_each_and_one_of_every_scene_a_single_row(rental):
    rows = [row["scene"] for row in list_posts(rental) if row["level"] == "III" and row["post"] == "housing_officer"]
    assert rows == ["partitioned_rooms", "structural_danger"]
    assert [row["scene"] for row in list_posts(rental) if row["post"] == "duty_leader"] == [None, None]


@pytest.mark.parametrize(
    ("case", "rung_share", "level", "post"),
    [
        ({"used_share": 0.5}, None, "III", "housing_officer"),
        ({"used_share": 0.8}, 0.8, "III", "housing_officer"),
        ({"used_share": 0.8, "holder": "police"}, 0.8, "III", "grid_member"),
        ({"used_share": 0.8, "holder": "police", "scene": "unlicensed_lodging"}, 0.8, "III", "police_officer"),
        # the working time is used up, but the due moment has not passed
        ({"used_share": 1.0}, 0.8, "III", "housing_officer"),
        ({"used_share": 1.0, "is_overdue": True}, 1, "II", "duty_leader"),
        ({"used_share": 2.9, "is_overdue": True, "holder": "police"}, 1, "II", "community_police"),
        ({"used_share": 3.0, "is_overdue": True}, 3, "I", "housing_engineer"),
        ({"used_share": 99, "is_overdue": True, "holder": "traffic_police"}, 3, "I", "district_center"),
        # a graver case keeps its own level on a lower rung
        ({"used_share": 0.9, "level": "I", "holder": "traffic_police"}, 0.8, "I", "district_center"),
    ],
)
def test_a_case_calls_the_first_post_that_its_rung_adds(rental, case, rung_share, level, post):
    found = call(rental, **case)
    names = {row["name_en"] for row in list_posts(rental) if row["level"] == level and row["post"] == post}
    assert (found["rung_share"], found["call_level"], {found["call_post_en"]}) == (rung_share, level, names)


@pytest.mark.parametrize("case", [{"used_share": None}, {"used_share": 2, "template_version": None}])
def test_a_case_without_a_limit_or_a_template_stands_on_no_ladder(rental, case):
    assert call(rental, **case) == {}
