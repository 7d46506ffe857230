"""Scenarios of a city's own, from their files to the published snapshot: no code knows any of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from governance import freshness, pipeline
from governance.cases.assembly import check_categories
from governance.city import City, open_city
from governance.errors import ConfigError
from governance.profile import load_profile
from governance.scenarios import TemplateSet, resolve_templates
from tests import tiny_world
from tests.small_template import LAMPS, change, write

HAISHU = 'extends = "group_rental@1"\nversion = "1.2.0"\ndistrict = "south"\n[limits.III]\ndispose = { value = 5 }\n'
NO_FOLDER = 'scenarios = ["group_rental", "fire_lane"]'


def make_city(folder: Path, *, scenarios: tuple[str, ...] = ("group_rental", "fire_lane")) -> Path:
    """The tiny world with a scenario folder; its incidents of potholes are the new scenario's in city.toml."""
    city_file = tiny_world.write_tiny_world(folder / "city")
    text = city_file.read_text(encoding="utf-8")
    text = change(text, NO_FOLDER, f'scenarios = {json.dumps(scenarios)}\nscenario_folder = "scenarios"')
    city_file.write_text(text, encoding="utf-8")
    return city_file


def build(city_file: Path) -> City:
    build_dir = city_file.parents[1] / "build"
    pipeline.build_city(
        city_file,
        build_dir,
        now_utc=tiny_world.READ_AT_UTC,
        as_of_utc=tiny_world.AS_OF_UTC,
        progress=lambda *_: None,
    )
    return open_city(build_dir)


def test_a_sixteenth_scenario_is_one_file_from_its_category_to_its_tiers(tmp_path):
    city_file = make_city(tmp_path, scenarios=("group_rental", "lamps"))
    text = city_file.read_text(encoding="utf-8")
    text = change(text, 'scenario = "fire_lane"', 'scenario = "lamps"')
    # The lamps' own code decides, not a rule of the city.
    city_file.write_text(change(text, 'format = "csv"', 'format = "csv"\ncode_system = "town"'), encoding="utf-8")
    write(
        city_file.parent, "scenarios/lamps.toml", LAMPS.replace('four_platforms = ["LMP-01*"]', 'town = ["Pothole*"]')
    )
    city = build(city_file)
    case = city.sql("select * from core_case where category = 'Potholes'").iloc[0]
    assert (case["incident_id"], case["scenario"], case["scene"]) == ("T-10", "lamps", "dark")
    # Reported on Wednesday the 6th at 10:00: accepted by 15:30 (4 working hours), and disposed of 15 working days
    # later, on Wednesday the 27th at 15:30 in Shanghai.
    assert (str(case["due_at_utc"]), case["due_from"]) == ("2024-03-27 07:30:00", "template")
    assert set(city.tiers(scenario="lamps")["grid_id"]) == {"g-1", "g-2", "g-3", "g-4"}
    figures = city.sql("select cases from out_unit where level = 0 and scenario = 'lamps'")
    assert figures["cases"].tolist() == [2]
    named = city.ask("ui_scenarios").set_index("scenario")["name_en"].to_dict()
    assert named == {"group_rental": "Group rental hazards", "lamps": "Lamps"}


def test_the_snapshot_holds_every_template_that_judges(tmp_path):
    city_file = make_city(tmp_path)
    write(city_file.parent, "scenarios/haishu/group_rental.toml", HAISHU)
    city = build(city_file)
    rows = city.sql("select * from meta_template order by all").fillna("").sort_values(["scenario", "district"])
    rows = rows.to_dict("records")
    assert [(row["scenario"], row["district"], row["template_version"]) for row in rows] == [
        ("fire_lane", "", "fire_lane@1.0.0"),
        ("group_rental", "", "group_rental@1.0.0"),
        ("group_rental", "south", "group_rental@1.0.0+haishu@1.2.0"),
    ]
    assert [json.loads(row["template"])["limits"]["III"]["dispose"]["value"] for row in rows[1:]] == [15, 5]
    assert city.manifest["scenarios"] == {"group_rental": "group_rental@1.0.0", "fire_lane": "fire_lane@1.0.0"}


def test_a_changed_overlay_makes_the_snapshot_stale(tmp_path):
    city_file = make_city(tmp_path)
    overlay = write(city_file.parent, "scenarios/haishu/group_rental.toml", HAISHU)
    city = build(city_file)
    assert freshness.is_current(city.build_dir, pipeline.load_city(city_file))
    overlay.write_text(HAISHU.replace("value = 5", "value = 6"), encoding="utf-8")
    assert not freshness.is_current(city.build_dir, pipeline.load_city(city_file))


def test_a_fault_in_an_overlay_stops_the_city(tmp_path):
    city_file = make_city(tmp_path)
    overlay = write(
        city_file.parent, "scenarios/haishu/group_rental.toml", HAISHU + '[limits.I]\nverify = { unit = "work_days" }'
    )
    with pytest.raises(ConfigError, match=r"haishu/group_rental\.toml: `limits\.I\.verify` is in work_days"):
        pipeline.load_city(city_file)
    overlay.unlink()
    city_file.write_text(city_file.read_text(encoding="utf-8").replace('["group_rental"', '["group_rent"'))
    with pytest.raises(ConfigError, match="unknown scenario `group_rent`; did you mean `group_rental`"):
        pipeline.load_city(city_file)


def test_a_rule_of_the_city_that_a_districts_version_cannot_follow_is_told_with_the_others(tmp_path):
    city_file = make_city(tmp_path)
    text = city_file.read_text(encoding="utf-8")
    text = change(text, 'scenario = "group_rental"', 'scenario = "group_rental"\nscene = "fire_safety"')
    city_file.write_text(change(text, 'scenario = "fire_lane"', 'scenario = "fire_line"'), encoding="utf-8")
    (city_file.parent / "scenarios").mkdir()
    profile = load_profile(city_file)
    shared = resolve_templates(profile)
    whole = shared.city["group_rental"]
    own = {"district": "south", "label": "haishu"}
    less = whole.model_copy(update={**own, "scenes": [scene for scene in whole.scenes if scene.id != "fire_safety"]})
    same = whole.model_copy(update={**own, "district": "north"})
    districts = {("group_rental", template.district): template for template in (less, same)}
    with pytest.raises(ConfigError) as caught:
        check_categories(profile, TemplateSet(shared.city, districts))
    assert str(caught.value).splitlines()[1:] == [
        (
            "  - sources.platform, category `Group rental*`: `group_rental` has no scene `fire_safety` in the district "
            "`south` (haishu/group_rental.toml). Keep the scene there, or leave it out of the rule."
        ),
        "  - sources.platform, category `Fire lane*`: unknown scenario `fire_line`; did you mean `fire_lane`?",
    ]


def test_a_scene_that_neither_city_nor_district_has_is_told_once(tmp_path):
    city_file = make_city(tmp_path)
    write(city_file.parent, "scenarios/haishu/group_rental.toml", HAISHU)
    text = city_file.read_text(encoding="utf-8")
    text = change(text, 'scenario = "group_rental"', 'scenario = "group_rental"\nscene = "fire_safty"')
    city_file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        pipeline.load_city(city_file)
    assert str(caught.value).splitlines()[1:] == [
        (
            "  - sources.platform, category `Group rental*`: `group_rental` has no scene `fire_safty`; did you mean "
            "`fire_safety`?"
        )
    ]


@pytest.mark.parametrize(
    ("district", "hint"),
    [("South", "did you mean `south`"), ("南区", "did you mean `south`"), ("330203", "known: north, south")],
)
def test_an_overlay_of_a_district_that_no_grid_has_is_refused(tmp_path, district, hint):
    city_file = make_city(tmp_path)
    write(city_file.parent, "scenarios/haishu/group_rental.toml", HAISHU.replace('"south"', f'"{district}"'))
    with pytest.raises(ConfigError) as caught:
        build(city_file)
    told = f"haishu/group_rental.toml: `district` is `{district}`, and no grid lies there; {hint}"
    assert told in str(caught.value)


def test_an_empty_scenario_folder_changes_nothing(tmp_path):
    city_file = make_city(tmp_path)
    (city_file.parent / "scenarios").mkdir()
    plain = tiny_world.write_tiny_world(tmp_path / "plain")
    ours, theirs = pipeline.load_city(city_file), pipeline.load_city(plain)
    assert (ours.templates, ours.district_templates) == (theirs.templates, {})
    shutil.rmtree(city_file.parent / "scenarios")
    with pytest.raises(ConfigError, match="is no folder"):
        pipeline.load_city(city_file)


PILOT = '\n[[pilots]]\nscenario = "group_rental"\ndistrict = "south"\nfrom = 2025-01-01\n'


def test_a_pilot_needs_a_scenario_and_a_district_of_the_city(tmp_path):
    city_file = tiny_world.write_tiny_world(tmp_path / "city")
    plain = city_file.read_text(encoding="utf-8")
    city_file.write_text(plain + PILOT.replace("group_rental", "group_rent"), encoding="utf-8")
    with pytest.raises(ConfigError, match="the city has no scenario `group_rent`; did you mean `group_rental`"):
        pipeline.load_city(city_file)
    city_file.write_text(plain + PILOT.replace("south", "South"), encoding="utf-8")
    with pytest.raises(ConfigError, match="no grid lies in the district `South`; did you mean `south`"):
        build(city_file)
    city_file.write_text(plain + PILOT, encoding="utf-8")
    told = build(city_file).manifest["city"]["pilots"]
    assert told == [{"scenario": "group_rental", "district": "south", "from_": "2025-01-01"}]
