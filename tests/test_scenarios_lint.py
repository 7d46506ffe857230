"""Every fault planted in a template comes back as its own sentence, and nothing else does."""

from __future__ import annotations

import itertools
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance import scenarios
from governance.scenarios import LEVELS, STAGES, Template, lint_template, lint_templates
from governance.scenarios.lint import find_meeting
from tests.small_template import LAMPS

DEPARTMENTS = {"police", "housing", "sub_district", "fire_rescue"}
LIMITS = {stage: {"value": 1, "unit": "hours"} for stage in STAGES}
POST = {"id": "officer", "name_zh": "值班员", "name_en": "officer", "department": "police",
        "duty_zh": "处置", "duty_en": "acts", "people": 2}  # fmt: skip


def make_task(name: str, department: str, scenes: list[str]) -> dict:
    return {
        "id": name, "stage": "dispose", "department": department, "scenes": scenes, "action_zh": "做",
        "action_en": "do", "deliverable_zh": "文书", "deliverable_en": "paper",
    }  # fmt: skip


def make_document(name: str = "lamps", prefix: str = "AAA") -> dict:
    """The small template without any fault, under another name and with other codes."""
    return {**tomllib.loads(LAMPS.replace('"LMP-', f'"{prefix}-')), "id": name}


def lint(document: dict) -> list[str]:
    return lint_template(Template.model_validate(document), DEPARTMENTS)


def test_the_small_template_has_no_fault():
    assert lint(make_document()) == []


FAULTS = {
    "no lead": (
        lambda d: d.update(lead=""),
        "`scenes.dark.lead` has no lead; name one department here or in the template's `lead`.",
    ),
    "empty lead": (
        lambda d: d["scenes"][1].update(lead=""),
        "`scenes.leaning.lead` has no lead; name one department here or in the template's `lead`.",
    ),
    "two leads": (
        lambda d: d["scenes"][0]["collaborators"].append("police"),
        ("`scenes.dark.collaborators` names the lead `police` again, as if there were two leads; "
        "take it out of the collaborators."),
    ),
    "two leads of the scenario": (
        lambda d: d["collaborators"].append("police"),
        ("`collaborators` names the lead `police` again, as if there were two leads; "
        "take it out of the collaborators."),
    ),
    "collaborator twice": (
        lambda d: d["scenes"][1]["collaborators"].append("sub_district"),
        "`scenes.leaning.collaborators` names `sub_district` 2 times; name it once.",
    ),
    "task without department": (
        lambda d: d["tasks"][1].pop("department"),
        "`tasks.mend.department` is missing: a task without department; name the one that does it.",
    ),
    "unknown lead": (
        lambda d: d["scenes"][1].update(lead="hausing") or d["tasks"][1].update(department="sub_district"),
        "`scenes.leaning.lead` names the unknown department `hausing`; did you mean `housing`?",
    ),
    "unknown inherited lead is told once": (
        lambda d: d.update(lead="polise"),
        "`lead` names the unknown department `polise`; did you mean `police`?",
    ),
    "unknown collaborator": (
        lambda d: d["scenes"][0]["collaborators"].append("zzz"),
        ("`scenes.dark.collaborators` names the unknown department `zzz`; "
        "add it to the departments of the city or name another."),
    ),
    "unknown collaborator of the scenario": (
        lambda d: d["collaborators"].append("fire_rescu"),
        "`collaborators` names the unknown department `fire_rescu`; did you mean `fire_rescue`?",
    ),
    "unknown department of a post": (
        lambda d: d["levels"]["II"]["posts"][0].update(department="polic"),
        "`levels.II.posts.officer.department` names the unknown department `polic`; did you mean `police`?",
    ),
    "task of an unknown scene": (
        lambda d: d["tasks"][1].update(scenes=["leanin"]),
        "`tasks.mend.scenes` names the unknown scene `leanin`; did you mean `leaning`?",
    ),
    "task of a bystander": (
        lambda d: d["tasks"][1].update(department="fire_rescue"),
        ("`tasks.mend.department` is `fire_rescue`, which neither leads nor collaborates in scene `leaning`; "
        "add it to the scene's collaborators or give the task to another."),
    ),
    "scene without task": (
        lambda d: d["tasks"].pop(0),
        "`scenes.dark` calls for no task; add one to `tasks` or name the scene in one.",
    ),
    "scene twice": (
        lambda d: d["scenes"].append({**d["scenes"][0], "codes": {"four_platforms": ["AAA-03*"]}}),
        "`scenes` holds the id `dark` 2 times; give each its own id.",
    ),
    "task twice": (
        lambda d: d["tasks"].append(make_task("look", "sub_district", [])),
        "`tasks` holds the id `look` 2 times; give each its own id.",
    ),
    "pause twice": (
        lambda d: d["pauses"].append(d["pauses"][0]),
        "`pauses` holds the id `notice` 2 times; give each its own id.",
    ),
    "post twice": (
        lambda d: d["levels"]["I"].update(people=4, posts=[POST, POST]),
        "`levels.I.posts` holds the id `officer` 2 times; give each its own id.",
    ),
    "people miscounted": (
        lambda d: d["levels"]["I"].update(people=9),
        "`levels.I.people` is 9, its posts have 5 people; make them agree.",
    ),
    "level missing": (
        lambda d: d["levels"].pop("II"),
        "`levels.II` is missing; say what raises it and which posts answer.",
    ),
    **{
        f"no limit for {stage} at {level}": (
            lambda d, level=level, stage=stage: d["limits"][level].pop(stage),
            f"`limits.{level}.{stage}` is missing: a stage without a limit; give a value and a unit.",
        )
        for level in LEVELS
        for stage in STAGES
    },
    "no code": (
        lambda d: d["scenes"][0].pop("codes"),
        "`scenes.dark.codes` is empty, so no incident can fall in it; add a category code.",
    ),
    "same code in two scenes, told without case": (
        lambda d: d["scenes"][1]["codes"].update(four_platforms=["aaa-01*"]),
        ("`scenes.leaning.codes.four_platforms` has `aaa-01*`, which overlaps `AAA-01*` of scene `dark` in "
        "lamps.toml; keep the code in one scene."),
    ),
    "a glob over another scene's code": (
        lambda d: d["scenes"][0]["codes"].update(four_platforms=["AAA*"]),
        ("`scenes.leaning.codes.four_platforms` has `AAA-02*`, which overlaps `AAA*` of scene `dark` in "
        "lamps.toml; keep the code in one scene."),
    ),
    "the same code twice in one scene": (
        lambda d: d["scenes"][0]["codes"].update(four_platforms=["AAA-01*", "AAA-01*"]),
        ("`scenes.dark.codes.four_platforms` has `AAA-01*`, which overlaps `AAA-01*` of scene `dark` in "
        "lamps.toml; keep the code in one scene."),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("plant", "sentence"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_gives_its_sentence_and_no_other(plant, sentence):
    document = make_document()
    plant(document)
    assert lint(document) == [f"lamps.toml: {sentence}"]


def test_a_template_that_calls_itself_confirmed_names_what_is_still_draft():
    document = make_document()
    document["status"] = "confirmed"
    document["part_status"] = dict.fromkeys(
        ("responsibilities", "signs", "legal_basis", "tasks", "levels", "pauses", "tiers"), "confirmed"
    )
    document["scenes"][0]["status"] = "confirmed"
    assert lint(document) == [
        (
            'lamps.toml: `status` is "confirmed", yet draft are: limits, severity_weights, recurrence, '
            'escalation, codes, scenes.leaning; confirm them or say "draft".'
        )
    ]


def test_codes_that_overlap_between_two_files_name_both_files():
    lamps, signs = make_document("lamps", "AAA"), make_document("signs", "BBB")
    signs["scenes"][1]["codes"]["hotline"] = ["*lamp*"]
    lamps["scenes"][0]["codes"]["hotline"] = ["broken lamp"]
    templates = {d["id"]: Template.model_validate(d) for d in (lamps, signs)}
    assert lint_templates(templates, DEPARTMENTS) == [
        (
            "signs.toml: `scenes.leaning.codes.hotline` has `*lamp*`, which overlaps `broken lamp` of scene "
            "`dark` in lamps.toml; keep the code in one scene."
        )
    ]


def test_all_faults_are_told_at_once_in_file_order():
    document = make_document()
    document["tasks"] = [make_task("look", "", []), make_task("look", "polcie", ["dark"])]
    document["limits"] = {"I": LIMITS, "II": LIMITS}
    assert [fault.split("`")[1] for fault in lint(document)] == [
        "tasks", "tasks.look.department", "tasks.look.department", "tasks.look.department",
        "limits.III.accept", "limits.III.dispose", "limits.III.verify",
    ]  # fmt: skip


@given(st.text("ab", min_size=1, max_size=4), st.text("ab", min_size=1, max_size=4))
def test_two_prefixes_overlap_exactly_when_one_begins_the_other(first, second):
    document = make_document()
    document["scenes"][0]["codes"] = {"four_platforms": [f"{first}*"]}
    document["scenes"][1]["codes"] = {"four_platforms": [f"{second}*"]}
    overlap = first.startswith(second) or second.startswith(first)
    assert len(lint(document)) == int(overlap)


def test_no_scenario_is_named_in_the_code_of_the_room():
    code = "".join(path.read_text(encoding="utf-8") for path in Path(scenarios.__file__).parent.glob("*.py"))
    assert [name for name in scenarios.load_templates() if f'"{name}"' in code] == []


PATTERN = st.lists(st.sampled_from(["a", "b", "*", "?", "[ab]", "[!a]"]), max_size=4).map("".join)
TEXTS = ["".join(signs) for length in range(8) for signs in itertools.product("abc", repeat=length)]


@given(first=PATTERN, second=PATTERN)
def test_two_patterns_meet_where_some_text_matches_both(first, second):
    # A text of two such patterns needs no more signs than both have tokens: seven of three letters are enough for
    # patterns of four, of which no two meet in a longer one only.
    both = any(fnmatchcase(text, first) and fnmatchcase(text, second) for text in TEXTS)
    assert find_meeting(first, second) == both


@pytest.mark.parametrize(
    ("first", "second", "meets"),
    [
        ("lmp-?1", "lmp-0?", True), ("lmp-*-x", "lmp-02*", True), ("lmp-[01]*", "lmp-[12]*", True),
        ("lmp-[0-4]", "lmp-[2-9]", True), ("lmp-[0-4]", "lmp-[5-9]", False), ("lmp-01*", "lmp-02*", False),
        ("lmp-?", "lmp-01", False), ("a*b", "a*c", False),
    ],
)  # fmt: skip
def test_category_codes_meet_where_a_code_would_fall_under_both(first, second, meets):
    assert find_meeting(first, second) is meets
    assert find_meeting(second, first) is meets
