"""Who does what, worked by hand on the small template, and held on all shared ones."""

from __future__ import annotations

import tomllib

import pytest

from governance.scenarios import (
    LEVELS,
    STAGES,
    Template,
    list_participants,
    list_tasks,
    load_departments,
    load_templates,
)
from governance.scenarios.printout import write_markdown
from governance.scenarios.responsibility import build_matrix, count_people, list_posts
from tests.small_template import LAMPS

SMALL = Template.model_validate(tomllib.loads(LAMPS))
TEMPLATES = load_templates()
EVERY_TEMPLATE = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)


def test_the_small_matrix_worked_by_hand():
    """Police lead dark and have a post at every level; housing leads leaning and answers there at level I alone."""
    matrix = build_matrix(SMALL)
    assert matrix.departments == ("police", "housing", "sub_district")
    told = {(row.scene.id, row.task.id): {name: str(cell) for name, cell in row.cells.items()} for row in matrix.rows}
    assert told == {
        ("dark", "look"): {"police": "A", "sub_district": "R"},
        ("leaning", "look"): {"police": "I", "housing": "A", "sub_district": "R"},
        ("leaning", "mend"): {"police": "I", "housing": "R/A", "sub_district": "C"},
    }


def test_a_department_is_informed_at_the_levels_at_which_it_has_a_post():
    """A post of the fire service at levels I and II in the dark scene, and the tax office beside the scenario."""
    document = tomllib.loads(LAMPS)
    for level in ("I", "II"):
        post = {**document["levels"]["I"]["posts"][0], "id": "crew", "department": "fire_rescue", "scenes": ["dark"]}
        document["levels"][level]["posts"].append(post)
    document["collaborators"].append("tax")
    rows = {(row.scene.id, row.task.id): row.cells for row in build_matrix(Template.model_validate(document)).rows}
    assert str(rows["dark", "look"]["fire_rescue"]) == "I (I, II)"
    assert "fire_rescue" not in rows["leaning", "look"]
    assert {str(cells["tax"]) for cells in rows.values()} == {"I"}


def test_posts_answer_in_their_scenes_and_people_are_counted_per_scene():
    assert [post.id for post in list_posts(SMALL, "I", "dark")] == ["officer"]
    assert [post.id for post in list_posts(SMALL, "I", "leaning")] == ["officer", "builder"]
    assert [count_people(SMALL, level, "leaning") for level in LEVELS] == [5, 2, 1]


def test_tasks_come_by_stage_so_that_a_districts_new_task_stands_before_the_re_check():
    task = {**tomllib.loads(LAMPS)["tasks"][0], "stage": "verify"}
    document = {**tomllib.loads(LAMPS)}
    document["tasks"] = [{**task, "id": "check"}, *document["tasks"]]
    template = Template.model_validate(document)
    assert [entry.id for entry in list_tasks(template, "leaning")] == ["look", "mend", "check"]


def test_the_small_printout_in_both_languages():
    departments = load_departments()
    english = write_markdown(build_matrix(SMALL), departments, language="en").splitlines()
    assert english[:3] == ["# Lamps: Responsibility matrix", "", "Version: `lamps@1.2.0`"]
    start = english.index("## Scenes, tasks and departments") + 2
    assert english[start : start + 8] == [
        "| Scene | Stage | Task | Public Security | Housing and Urban-Rural Development | Town or Sub-district |",
        "| --- | --- | --- | --- | --- | --- |",
        "| Dark | Accept | look | A |  | R |",
        "| Leaning | Accept | look | I | A | R |",
        "| Leaning | Dispose | mend | I | R/A | C |",
        "| People at level III |  |  | 1 |  |  |",
        "| People at level II |  |  | 2 |  |  |",
        "| People at level I |  |  | 3 | 2 |  |",
    ]
    level = english.index("### I")
    assert english[level + 2 : level + 8] == [
        "- Raised by: one fell",
        "- Time limits: Accept 1 h, Dispose 8 h, Verify 24 h",
        "",
        "| Post | Department | People | Duty | For scenes |",
        "| --- | --- | --- | --- | --- |",
        "| officer | Public Security | 3 | acts | every scene |",
    ]
    chinese = write_markdown(build_matrix(SMALL), departments, language="zh")
    assert "| 倾斜 | 处置 | 修 | I | R/A | C |" in chinese
    assert "时限: 受理 4个工作小时, 处置 15个工作日, 核查 3个工作日" in chinese


def test_a_bar_in_a_text_does_not_break_the_table():
    document = tomllib.loads(LAMPS)
    document["tasks"][0]["action_en"] = "look | write\ndown"
    text = write_markdown(build_matrix(Template.model_validate(document)), {}, language="en")
    assert r"| Dark | Accept | look \| write down | A |  | R |" in text


@EVERY_TEMPLATE
def test_every_row_has_one_accountable_and_one_responsible_department(template: Template):
    for row in build_matrix(template).rows:
        letters = [letter for cell in row.cells.values() for letter in cell.letters]
        assert (letters.count("A"), letters.count("R")) == (1, 1), (row.scene.id, row.task.id)


@EVERY_TEMPLATE
def test_the_lead_of_a_scene_has_a_post_that_answers_there_at_every_level(template: Template):
    missing = [
        (scene.id, level)
        for scene in template.scenes
        for level in LEVELS
        if scene.lead not in {post.department for post in list_posts(template, level, scene.id)}
    ]
    assert missing == []


@EVERY_TEMPLATE
def test_a_graver_level_calls_out_no_fewer_people_in_any_scene(template: Template):
    for scene in template.scenes:
        people = [count_people(template, level, scene.id) for level in LEVELS]
        assert people == sorted(people, reverse=True), scene.id


@EVERY_TEMPLATE
def test_every_row_of_the_table_of_parts_is_filled(template: Template):
    """The parts that a template must carry, in the order of the table; texts in both languages hold the schema."""
    assert template.version == "1.0.0"
    assert (template.origin_district is None) == (template.origin_district_zh is None)
    leads, collaborators = list_participants(template.scenes)
    assert template.lead
    assert leads
    assert collaborators
    assert all(scene.sign_zh and scene.legal_basis_zh and scene.collaborators for scene in template.scenes)
    assert {task.stage for task in template.tasks} == set(STAGES)
    assert len({template.levels[level].raised_by_zh for level in LEVELS}) == 3
    assert all(len(template.limits[level]) == 3 for level in LEVELS)
    assert all(pause.reason_zh for pause in template.pauses)
    assert template.pauses
    assert template.tiers.floor_expected_reports_28d > 0
    visits = template.tiers.visit_every_days
    assert visits["red"] < visits["yellow"] < visits["green"]
    assert len({scene.severity_weight for scene in template.scenes}) > 1
    assert (template.recurrence.radius_m > 0, template.recurrence.within_days >= 30) == (True, True)
    assert all(scene.codes for scene in template.scenes)
