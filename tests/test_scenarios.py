"""The shared templates carry the facts they must, and broken files are refused in sentences."""

from __future__ import annotations

import re
import shutil
from itertools import chain
from pathlib import Path

import pytest
from pydantic import ValidationError

from governance.errors import ConfigError
from governance.scenarios import (
    LEVELS,
    STAGES,
    Template,
    lint_templates,
    list_draft_parts,
    list_participants,
    list_patterns,
    list_tasks,
    load_departments,
    load_templates,
)

SHARED = Path(__file__).parents[1] / "governance" / "scenarios" / "templates"
TEMPLATES = load_templates()
EVERY_TEMPLATE = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)


def copy_shared(folder: Path, *names: str) -> None:
    for name in names:
        shutil.copy(SHARED / f"{name}.toml", folder)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def walk(value: object, path: str = "") -> list[tuple[str, object]]:
    """Every (key path, value) below a dumped model, tables and leaves alike."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if is_list(value) else ()
    found = [(f"{path}.{key}", child) for key, child in children]
    return found + list(chain.from_iterable(walk(child, name) for name, child in found))


def is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def test_the_fifteen_templates_come_in_the_order_of_the_two_batches():
    assert list(TEMPLATES) == [
        "group_rental", "fire_lane", "abandoned_vehicle", "carport", "cooking_fumes", "construction_waste",
        "cultural_relics", "housing_quality", "bottled_gas", "illegal_parking", "dust", "dogs",
        "manhole_covers", "homestay", "school_surroundings",
    ]  # fmt: skip


def test_group_rental_has_8_scenes_11_tasks_6_leads_21_collaborators():
    template = TEMPLATES["group_rental"]
    leads, collaborators = list_participants(template.scenes)
    assert (len(template.scenes), len(template.tasks), len(leads), len(collaborators)) == (8, 11, 6, 21)
    assert template.name_zh == "群租房安全隐患整治"
    assert template.origin_district_en == "Haishu"


def test_the_worked_case_of_group_rental_finds_its_lead_and_collaborator():
    scenes = {scene.name_zh: scene for scene in TEMPLATES["group_rental"].scenes}
    assert "不符合出租房屋消防安全要求" in scenes
    scene = scenes["违法建筑、擅自改变房屋用途"]
    assert scene.lead == "urban_management"
    assert "housing_office" in scene.collaborators
    assert scene.status == "confirmed"


def test_abandoned_vehicle_has_3_scenes_with_one_lead_each_among_7_or_8_departments():
    scenes = TEMPLATES["abandoned_vehicle"].scenes
    leads, collaborators = list_participants(scenes)
    assert len(scenes) == len(leads) == 3
    assert len({*leads, *collaborators}) in {7, 8}
    assert {"police", "housing", "urban_management"} <= {*leads, *collaborators}


def test_fire_lane_walks_from_the_enforcement_body_to_the_verified_clearing():
    deliverables = [task.deliverable_en for task in list_tasks(TEMPLATES["fire_lane"], "compound_vehicle")]
    steps = ["enforcing body", "evidence", "penalty decision", "check photographs"]
    places = [next(i for i, text in enumerate(deliverables) if step in text) for step in steps]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("scenario", "district"),
    {
        "group_rental": "海曙区", "fire_lane": "江北区", "abandoned_vehicle": "镇海区", "carport": None,
        "cultural_relics": "海曙区", "housing_quality": "江北区", "bottled_gas": "镇海区",
        "illegal_parking": "鄞州区", "dust": "奉化区", "dogs": "余姚市", "manhole_covers": "慈溪市",
        "homestay": "宁海县", "school_surroundings": "象山县",
    }.items(),
)  # fmt: skip
def test_a_template_names_the_district_that_invented_it(scenario, district):
    assert TEMPLATES[scenario].origin_district_zh == district


def test_the_shared_set_lints_clean():
    assert lint_templates(TEMPLATES, load_departments()) == []


@EVERY_TEMPLATE
def test_every_part_of_a_template_is_there(template: Template):
    assert len(template.scenes) >= 3
    assert len(template.tasks) >= 5
    assert template.pauses
    assert set(template.levels) == set(template.limits) == set(LEVELS)
    assert all(set(stages) == set(STAGES) for stages in template.limits.values())
    assert all(scene.codes["four_platforms"] and scene.codes["hotline_12345"] for scene in template.scenes)
    assert all(task.stage in STAGES for task in template.tasks)
    assert {task.stage for task in template.tasks} == set(STAGES)


@EVERY_TEMPLATE
def test_the_lead_of_a_scene_has_a_task_in_it(template: Template):
    idle = [
        scene.id
        for scene in template.scenes
        if scene.lead not in {task.department for task in list_tasks(template, scene.id)}
    ]
    assert idle == []


@EVERY_TEMPLATE
def test_a_graver_level_is_never_given_more_time_or_fewer_people(template: Template):
    hours = {"hours": 1, "work_hours": 3, "work_days": 24, "calendar_days": 24}
    for stage in STAGES:
        limits = [template.limits[level][stage] for level in LEVELS]
        spans = [limit.value * hours[limit.unit] for limit in limits]
        assert spans == sorted(spans), stage
    people = [template.levels[level].people for level in LEVELS]
    assert people == sorted(people, reverse=True)


@EVERY_TEMPLATE
def test_the_gravest_level_runs_continuously(template: Template):
    assert {limit.unit for limit in template.limits["I"].values()} == {"hours"}


@EVERY_TEMPLATE
def test_every_text_is_there_in_chinese_and_in_english(template: Template):
    texts = {path: value for path, value in walk(template.model_dump()) if re.search(r"_(zh|en)$", path)}
    stems = {path[:-3] for path in texts}
    assert {f"{stem}_{language}" for stem in stems for language in ("zh", "en")} == set(texts)
    for path, text in texts.items():
        if text is not None:
            assert bool(re.search(r"[\u4e00-\u9fff]", text)) == path.endswith("_zh"), path


@EVERY_TEMPLATE
def test_what_the_source_does_not_state_is_marked_draft(template: Template):
    drafts = list_draft_parts(template)
    confirmed = [scene.id for scene in template.scenes if scene.status == "confirmed"]
    assert template.status == "draft"
    assert {"limits", "levels", "tasks"} <= set(drafts)
    assert {f"scenes.{name}" for name in confirmed}.isdisjoint(drafts)
    assert confirmed == {
        "group_rental": ["fire_safety", "illegal_construction"],
        "abandoned_vehicle": ["carriageway", "sidewalk", "compound_village"],
    }.get(template.id, [])


@EVERY_TEMPLATE
def test_tables_keep_their_shape_through_json(template: Template):
    assert Template.model_validate_json(template.model_dump_json()) == template


def test_patterns_come_in_file_order_and_each_once():
    found = list_patterns(TEMPLATES, "four_platforms")
    assert found[:2] == [
        ("QZF-01*", "group_rental", "fire_safety"),
        ("QZF-02*", "group_rental", "illegal_construction"),
    ]
    patterns = [pattern.casefold() for pattern, _, _ in found]
    assert len(set(patterns)) == len(patterns)
    assert len(patterns) == sum(len(template.scenes) for template in TEMPLATES.values())
    assert list_patterns(TEMPLATES, "no_such_system") == []


def test_a_task_without_scenes_belongs_to_every_scene():
    template = TEMPLATES["group_rental"]
    shared = {task.id for task in template.tasks if not task.scenes}
    assert shared == {"visit_and_check", "confirm_scene", "recheck_and_close"}
    assert {task.id for task in list_tasks(template, "mixed_use")} == {
        *shared, "fire_inspection", "separate_uses",
    }  # fmt: skip


def test_a_scene_without_lead_takes_the_lead_of_the_scenario(tmp_path):
    copy_shared(tmp_path, "group_rental")
    path = tmp_path / "group_rental.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('\nlead = "emergency"\n', "\n"), encoding="utf-8")
    scenes = load_templates(tmp_path)["group_rental"].scenes
    assert {scene.id: scene.lead for scene in scenes}["mixed_use"] == "housing"


def test_a_template_cannot_be_changed_once_loaded():
    with pytest.raises(ValueError, match="frozen"):
        TEMPLATES["dust"].version = "2.0.0"


def test_a_sixteenth_scenario_is_one_more_file_and_comes_last(tmp_path):
    shutil.copytree(SHARED, tmp_path, dirs_exist_ok=True)
    new = tmp_path / "street_lamps.toml"
    text = (SHARED / "dogs.toml").read_text(encoding="utf-8")
    text = text.replace('"dogs"', '"street_lamps"').replace("YQG-", "LDZ-").replace("order = 12\n", "")
    new.write_text(re.sub(r"hotline_12345 = .*", "", text), encoding="utf-8")
    templates = load_templates(tmp_path)
    assert list(templates)[-1] == "street_lamps"
    assert lint_templates(templates, load_departments()) == []


def test_a_mistyped_key_names_file_key_and_the_nearest_key(tmp_path):
    copy_shared(tmp_path, "dust")
    edit(tmp_path / "dust.toml", "severity_weight =", "severity_wieght =")
    with pytest.raises(ConfigError) as caught:
        load_templates(tmp_path)
    assert str(tmp_path / "dust.toml") in str(caught.value)
    assert "unknown key `scenes.site_dust.severity_wieght`; did you mean `severity_weight`?" in str(caught.value)


def test_two_broken_files_are_told_in_one_error(tmp_path):
    copy_shared(tmp_path, "dust", "dogs", "homestay")
    edit(tmp_path / "dust.toml", 'version = "1.0.0"', 'version = "one"')
    edit(tmp_path / "dust.toml", "within_days = ", "witin_days = ")
    edit(tmp_path / "dogs.toml", "[tiers]", "[tiers")
    with pytest.raises(ConfigError) as caught:
        load_templates(tmp_path)
    text = str(caught.value)
    assert "dust.toml cannot be used:" in text
    assert "`version`" in text
    assert "unknown key `recurrence.witin_days`; did you mean `within_days`?" in text
    assert "dogs.toml is not valid TOML" in text
    assert "homestay" not in text


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('lead = "ecology"', 'lead = ["ecology", "housing"]', "`lead`: names 2 leads; keep exactly one"),
        ("yellow_share = 0.15", "yellow_share = 0.99", "together pass 1; lower one of them"),
        (", green = 60 }", " }", "visit_every_days has no green; give days for all three tiers"),
        (
            'accept = { value = 0.5, unit = "hours" }',
            'accept = { value = 0, unit = "hours" }',
            "limits.I.accept",
        ),
        ('unit = "work_days"', 'unit = "workdays"', "'hours', 'work_hours', 'work_days' or 'calendar_days'"),
        ("[limits.III]", "[limits.IV]", "known keys: I, II, III"),
        ('name_en = "Road dust"', 'name_en = " "', "scenes.road_dust.name_en"),
        ('name_en = "Road dust"\n', "", "key `scenes.road_dust.name_en` is missing; add it."),
        ('id = "dust"', 'id = "dusty"', "rename the file `dusty.toml` or mend the id"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_a_sentence(tmp_path, old, new, sentence):
    copy_shared(tmp_path, "dust")
    edit(tmp_path / "dust.toml", old, new)
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        load_templates(tmp_path)


def test_a_missing_folder_is_told():
    with pytest.raises(ConfigError, match="is no folder"):
        load_templates(Path("no-such-folder"))


def test_departments_are_complete_and_no_text_names_two_of_them():
    departments = load_departments()
    assert 34 <= len(departments) <= 45
    assert all(re.search(r"[\u4e00-\u9fff]", department.name_zh) for department in departments.values())
    assert all(department.name_en.isascii() for department in departments.values())
    assert departments["fire_rescue"].name_zh == "消防救援"


def test_one_text_for_two_departments_is_refused(tmp_path):
    path = tmp_path / "departments.toml"
    entry = '[[departments]]\nid = "{0}"\nname_zh = "{0}局"\nname_en = "{0} office"\naliases = ["同名"]\n'
    path.write_text(entry.format("a") + entry.format("b"), encoding="utf-8")
    with pytest.raises(ConfigError, match="`同名` names 2 departments"):
        load_departments(path)


def test_the_ladder_of_escalation_must_rise():
    template = load_templates()["group_rental"]
    assert [(rung.at_share, rung.level) for rung in template.escalation] == [(0.8, "III"), (1, "II"), (3, "I")]
    document = template.model_dump() | {"escalation": [{"at_share": 2, "level": "II"}, {"at_share": 1, "level": "I"}]}
    with pytest.raises(ValidationError, match="must rise"):
        Template.model_validate(document)
