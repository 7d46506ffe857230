"""Overlays over their bases, at any depth: what judges which case, under which pin, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from governance.errors import ConfigError
from governance.scenarios import (
    TemplateSet,
    choose_template,
    lint_template_set,
    load_city_departments,
    load_templates,
    pin_version,
    resolve_templates,
)
from governance.scenarios.pins import Step, fits, parse_pin, spell_pin
from tests.small_template import HAISHU, LAMPS, change, make_profile, write


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A city with a complete template of its own and one district's overlay."""
    write(tmp_path, "scenarios/lamps.toml", LAMPS)
    write(tmp_path, "scenarios/haishu/lamps.toml", HAISHU)
    return tmp_path


def resolve(folder: Path, *scenarios: str) -> TemplateSet:
    return resolve_templates(make_profile(folder, scenarios=scenarios or ("lamps",)))


def refuse(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        resolve(folder)
    return str(caught.value).replace(f"{folder}/scenarios/", "")


def test_a_district_is_judged_by_its_overlay_and_others_by_the_city(city):
    templates = resolve(city)
    ours, theirs = choose_template(templates, "lamps", "330203"), choose_template(templates, "lamps", "330205")
    assert (ours.limits["III"]["dispose"].value, ours.limits["III"]["dispose"].unit) == (10, "work_days")
    assert theirs.limits["III"]["dispose"].value == 15
    assert choose_template(templates, "lamps", None) is theirs
    # All but the limit, and what says which version it is, stays the base's.
    own = {"limits", "version", "extends", "label", "district"}
    assert ours.model_dump(exclude=own) == theirs.model_dump(exclude=own)


def test_a_pin_names_every_version_that_a_case_was_judged_by(city):
    templates = resolve(city)
    assert pin_version(templates.city["lamps"]) == "lamps@1.2.0"
    assert pin_version(templates.districts["lamps", "330203"]) == "lamps@1.2.0+haishu@1.0.0"
    assert pin_version(load_templates()["dogs"]) == "dogs@1.0.0"


def test_an_overlay_of_an_overlay_of_an_overlay(city):
    write(city, "scenarios/yard/lamps.toml", change(HAISHU, "lamps@1", "lamps@1.2+haishu@1.0").replace("10", "8"))
    deepest = change(HAISHU, "lamps@1", "lamps@1+haishu@1+yard@1").replace("dispose", "verify")
    write(city, "scenarios/alley/lamps.toml", deepest.replace('district = "330203"', 'district = "330299"'))
    templates = resolve(city)
    # The yard's overlay stands over Haishu's and judges the same district in its place.
    assert pin_version(choose_template(templates, "lamps", "330203")) == "lamps@1.2.0+haishu@1.0.0+yard@1.0.0"
    alley = choose_template(templates, "lamps", "330299")
    assert pin_version(alley) == "lamps@1.2.0+haishu@1.0.0+yard@1.0.0+alley@1.0.0"
    assert (alley.limits["III"]["dispose"].value, alley.limits["III"]["verify"].value) == (8, 10)


def test_an_overlay_without_district_is_the_citys_version(tmp_path):
    write(tmp_path, "scenarios/dogs.toml", 'extends = "dogs@1"\nversion = "2.0.0"\norder = 1\n')
    templates = resolve(tmp_path, "dust", "dogs")
    assert list(templates.city) == ["dust", "dogs"]
    assert pin_version(templates.city["dogs"]) == "dogs@1.0.0+city@2.0.0"
    assert templates.districts == {}
    write(tmp_path, "scenarios/yuyao/dogs.toml", 'extends = "dogs@1+city@2"\nversion = "0.1.0"\ndistrict = "330281"\n')
    yuyao = choose_template(resolve(tmp_path, "dust", "dogs"), "dogs", "330281")
    assert (pin_version(yuyao), yuyao.order) == ("dogs@1.0.0+city@2.0.0+yuyao@0.1.0", 1)


def test_a_stored_base_is_read_when_the_live_one_moved_on(city):
    write(city, "scenarios/haishu/base/lamps@1.2.0.toml", LAMPS)
    write(city, "scenarios/haishu/base/lamps@1.1.0.toml", LAMPS.replace("1.2.0", "1.1.0"))
    moved = LAMPS.replace('version = "1.2.0"', 'version = "1.3.0"').replace("within_days = 90", "within_days = 30")
    write(city, "scenarios/lamps.toml", moved)
    templates = resolve(city)
    ours = choose_template(templates, "lamps", "330203")
    assert (pin_version(ours), ours.recurrence.within_days) == ("lamps@1.2.0+haishu@1.0.0", 90)
    assert (pin_version(templates.city["lamps"]), templates.city["lamps"].recurrence.within_days) == ("lamps@1.3.0", 30)
    (city / "scenarios/haishu/base/lamps@1.2.0.toml").unlink()
    assert pin_version(choose_template(resolve(city), "lamps", "330203")) == "lamps@1.1.0+haishu@1.0.0"


def test_a_scene_without_lead_takes_the_overlays_lead(city):
    write(city, "scenarios/haishu/lamps.toml", HAISHU.replace("[limits", 'lead = "housing"\n[limits'))
    template = choose_template(resolve(city), "lamps", "330203")
    assert {scene.id: scene.lead for scene in template.scenes} == {"dark": "housing", "leaning": "housing"}


def test_an_overlay_of_a_scenario_that_the_city_does_not_use_judges_nothing(city):
    assert resolve(city, "dust").districts == {}


def test_a_circle_is_told_once_with_its_way(city):
    write(city, "scenarios/a/lamps.toml", change(HAISHU, "lamps@1", "lamps@1+b@1"))
    write(city, "scenarios/b/lamps.toml", change(HAISHU, "lamps@1", "lamps@1+a@1"))
    assert refuse(city).splitlines() == [
        "The scenario templates cannot be used:",
        (
            "  - a/lamps.toml: `extends` runs in a circle: a/lamps.toml → b/lamps.toml → a/lamps.toml; "
            "let one of them extend another base."
        ),
    ]


def test_faults_of_a_base_are_not_told_again_for_its_overlays(city):
    write(city, "scenarios/lamps.toml", change(LAMPS, "within_days = 90", "within_days = 0"))
    assert len(refuse(city).splitlines()) == 2
    assert "haishu" not in refuse(city)


def test_a_citys_broken_file_is_told_once_though_an_overlay_would_read_it(city):
    write(city, "scenarios/lamps.toml", "id = ")
    told = refuse(city).splitlines()
    assert len(told) == 2
    assert "lamps.toml is not valid TOML" in told[1]


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        (
            "haishu/lamps.toml",
            change(HAISHU, "lamps@1", "lamps@2"),
            (
                "haishu/lamps.toml: `extends` asks for lamps@2, but the base is lamps@1.2.0; pin that one, "
                "or store the version you mean in haishu/base."
            ),
        ),
        (
            "haishu/lamps.toml",
            change(HAISHU, "lamps@1", "dust@1"),
            (
                "haishu/lamps.toml: `extends` names `dust`, but the file is called after `lamps`; "
                "an overlay keeps the id of its base."
            ),
        ),
        (
            "haishu/lamp.toml",
            change(HAISHU, "lamps@1", "lamp@1"),
            "haishu/lamp.toml: `extends` names `lamp`, and there is no such template; known: abandoned_vehicle,",
        ),
        (
            "haishu/lamps.toml",
            change(HAISHU, "lamps@1", "lamps@1+haisu@1"),
            (
                "haishu/lamps.toml: `extends` names the overlay `haisu`, and there is none of lamps; "
                "did you mean `haishu`?"
            ),
        ),
        (
            "haishu/lamps.toml",
            change(HAISHU, "lamps@1", "lamps 1"),
            (
                "haishu/lamps.toml: `extends`: `lamps 1` names no template; "
                'write it like "group_rental@1" or "group_rental@1+haishu@1.2".'
            ),
        ),
        (
            "haishu/lamps.toml",
            change(HAISHU, 'version = "1.0.0"\n', ""),
            "haishu/lamps.toml: key `version` is missing; add it.",
        ),
        (
            "haishu/lamps.toml",
            'id = "lamp"\n' + HAISHU,
            "haishu/lamps.toml: `id` is `lamp`; an overlay keeps the id of its base, `lamps`.",
        ),
        (
            "haishu/lamps.toml",
            'label = "x"\n' + HAISHU,
            "haishu/lamps.toml: `label` cannot be set; an overlay is called after its folder.",
        ),
        (
            "haishu/lamps.toml",
            LAMPS,
            "haishu/lamps.toml has no `extends`. Say which base it changes, or move a complete template to ",
        ),
        (
            "Hai shu/lamps.toml",
            HAISHU,
            (
                "Hai shu/lamps.toml: the folder `Hai shu` cannot name an overlay; "
                "use small letters, digits, - and _, and neither `city` nor `base`."
            ),
        ),
        (
            "dust.toml",
            'extends = "dust@1"\nversion = "1.0.0"\ndistrict = "330203"\n',
            (
                "dust.toml: `district` is set, but the file lies in no folder of its own; "
                "move it into one named after it."
            ),
        ),
        (
            "yard/lamps.toml",
            HAISHU,
            (
                "lamps@1.2.0+haishu@1.0.0 and lamps@1.2.0+yard@1.0.0 are both for district 330203; "
                "keep one of them, or let one extend the other."
            ),
        ),
        (
            "haishu/base/lamps@1.0.0.toml",
            LAMPS,
            (
                "haishu/base/lamps@1.0.0.toml is stored as lamps@1.0.0, but says it is lamps@1.2.0; "
                "rename the file."
            ),
        ),
        (
            "lamps.toml",
            change(LAMPS, 'version = "1.2.0"', 'version = "1.2.0"\ndistrict = "330203"'),
            (
                "lamps.toml: `district` needs `extends`: "
                "what holds in one district only is an overlay."
            ),
        ),
        (
            "haishu/lamps.toml",
            HAISHU + '[[scenes]]\nid = "darc"\nseverity_weight = 2.0\n',
            (
                "haishu/lamps.toml: `scenes.darc` is not in lamps@1.2.0; did you mean `dark`? "
                "A new one still needs: name_zh, name_en, sign_zh, sign_en, legal_basis_zh, legal_basis_en."
            ),
        ),
        (
            "haishu/lamps.toml",
            HAISHU + '[[scenes]]\nid = "leaning"\nseverity_wieght = 2.0\n',
            (
                "haishu/lamps.toml: unknown key `scenes.leaning.severity_wieght`; "
                "did you mean `severity_weight`?"
            ),
        ),
        (
            "haishu/lamps.toml",
            HAISHU + '[[scenes]]\nid = "leening"\nremove = true\n',
            (
                "haishu/lamps.toml: `scenes.leening` is to be removed, "
                "but the base has none; did you mean `leaning`?"
            ),
        ),
        (
            "haishu/lamps.toml",
            HAISHU + "[[scenes]]\nseverity_weight = 2.0\n",
            (
                "haishu/lamps.toml: `scenes`: table 1 has no `id`; "
                "say which one of the base it changes, or a new id."
            ),
        ),
        (
            "haishu/lamps.toml",
            "pauses = []\n" + HAISHU,
            (
                "haishu/lamps.toml: `pauses` is empty, which takes nothing out; "
                'say `remove = ["pauses"]` instead.'
            ),
        ),
        (
            "haishu/lamps.toml",
            'remove = ["origin_distric"]\n' + HAISHU,
            (
                "haishu/lamps.toml: `remove` names `origin_distric`, "
                "which the base does not have there; take it out."
            ),
        ),
        (
            "haishu/lamps.toml",
            HAISHU + "[tiers]\nremove = true\n",
            (
                "haishu/lamps.toml: `tiers.remove` is True; "
                "give a list of keys, or true in an item of a list."
            ),
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_in_a_sentence(city, file, text, sentence):
    write(city, f"scenarios/{file}", text)
    assert sentence in refuse(city)


def test_lint_covers_overlays_and_tells_a_fault_of_the_base_only_once(city):
    departments = load_city_departments(make_profile(city))
    assert lint_template_set(resolve(city), departments) == []
    write(city, "scenarios/lamps.toml", change(LAMPS, "people = 5", "people = 6"))
    hasty = HAISHU + '[limits.I]\ndispose = { unit = "work_days" }\n'
    write(city, "scenarios/haishu/lamps.toml", hasty)
    told = lint_template_set(resolve(city), departments)
    assert told == [
        "lamps.toml: `levels.I.people` is 6, its posts have 5 people; make them agree.",
        "haishu/lamps.toml: `levels.I.people` is 6, its posts have 5 people; make them agree.",
        (
            "haishu/lamps.toml: `limits.I.dispose` is in work_days, which stand still at night and on holidays; "
            "the gravest level runs continuously: give hours."
        ),
    ]


def test_a_districts_codes_may_not_overlap_another_scenario_there(city):
    codes = '[[scenes]]\nid = "dark"\n[scenes.codes]\nfour_platforms = ["YQG*"]\n'
    write(city, "scenarios/haishu/lamps.toml", HAISHU + codes)
    templates = resolve(city, "lamps", "dogs")
    faults = lint_template_set(templates, load_city_departments(make_profile(city)))
    assert [fault.split(":")[0] for fault in faults] == ["dogs.toml"] * 4
    assert all("overlaps `YQG*` of scene `dark` in haishu/lamps.toml" in fault for fault in faults)


def test_pins_are_read_and_fit_by_their_beginning():
    pin = parse_pin("lamps@1.2.0+haishu@1.0.3")
    assert pin == (Step("lamps", (1, 2, 0)), Step("haishu", (1, 0, 3)))
    assert spell_pin(pin) == "lamps@1.2.0+haishu@1.0.3"
    for wanted in ("lamps+haishu", "lamps@1+haishu@1.0", "lamps@1.2.0+haishu@1.0.3"):
        assert fits(parse_pin(wanted), pin)
    for wanted in ("lamps@1", "lamps@1.1+haishu", "lamps@1+haishu@1.0.30", "lamps@1.20+haishu", "lamp+haishu"):
        assert not fits(parse_pin(wanted), pin)


def test_the_overlay_of_the_document_is_sound_and_means_what_it_says(tmp_path):
    document = Path(__file__).parents[1] / "docs" / "scenarios.md"
    (block,) = re.findall(r"```toml\n(.*?)```", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    write(tmp_path, "scenarios/haishu/group_rental.toml", block)
    templates = resolve(tmp_path, "group_rental")
    assert lint_template_set(templates, load_city_departments(make_profile(tmp_path))) == []
    ours, base = choose_template(templates, "group_rental", "330203"), templates.city["group_rental"]
    assert pin_version(ours) == "group_rental@1.0.0+haishu@1.1.0"
    assert (ours.limits["III"]["dispose"].value, ours.limits["III"]["dispose"].unit) == (10, "work_days")
    assert ours.scenes[0].severity_weight == 4
    assert ours.scenes[1:] == base.scenes[1:]
    names = [pause.id for pause in base.pauses]
    assert [pause.id for pause in ours.pauses] == [name for name in names if name != "expert_assessment"] + ["frost"]
    assert ours.tiers.visit_every_days == {"red": 5, "yellow": 30, "green": 90}


def test_a_folder_that_is_not_there_is_told(tmp_path):
    assert "scenarios is no folder" in refuse(tmp_path)
