"""Thirty slips a city may make in its files, each in one place, and the one sentence that each of them gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from governance.scenarios import lint_template_set, load_departments, make_template_set, read_versions
from tests.small_template import LAMPS, change, write

BASE, HAISHU, YARD = "lamps.toml", "haishu/lamps.toml", "yard/lamps.toml"
OVERLAY = """
extends = "lamps@1"
version = "1.0.0"
district = "330203"

[limits.III]
dispose = { value = 10 }

[[scenes]]
id = "leaning"
severity_weight = 2.0

[[pauses]]
id = "frost"
reason_zh = "冰冻"
reason_en = "frost"
"""
DEEPER = """
extends = "lamps@1+haishu@1"
version = "1.0.0"
district = "330299"

[tiers]
red_share = 0.1
"""
FILES = {BASE: LAMPS, HAISHU: OVERLAY, YARD: DEEPER}

# file, what stands there, what stands there instead, the sentence
SLIPS = [
    (
        BASE, 'lead = "police"\n', "",
        "lamps.toml: `scenes.dark.lead` has no lead; name one department here or in the template's `lead`.",
    ),
    (
        BASE, 'lead = "housing"', 'lead = ["housing", "police"]',
        "lamps.toml: `scenes.leaning.lead`: names 2 leads; keep exactly one and move the others to `collaborators`.",
    ),
    (
        BASE, 'lead = "housing"\ncollaborators = ["sub', 'lead = "housing"\ncollaborators = ["housing", "sub',
        (
            "lamps.toml: `scenes.leaning.collaborators` names the lead `housing` again, as if there were two leads; "
            "take it out of the collaborators."
        ),
    ),
    (
        BASE, 'stage = "accept"\ndepartment = "sub_district"\n', 'stage = "accept"\n',
        "lamps.toml: `tasks.look.department` is missing: a task without department; name the one that does it.",
    ),
    (
        BASE, 'lead = "police"', 'lead = "polise"',
        "lamps.toml: `lead` names the unknown department `polise`; did you mean `police`?",
    ),
    (
        BASE, 'department = "housing"\nscenes = ["leaning"]', 'department = "hosing"\nscenes = ["leaning"]',
        (
            "lamps.toml: `levels.I.posts.builder.department` names the unknown department `hosing`; "
            "did you mean `housing`?"
        ),
    ),
    (
        BASE, 'stage = "dispose"\nscenes = ["leaning"]\ndepartment = "housing"',
        'stage = "dispose"\nscenes = ["leaning"]\ndepartment = "tax"',
        (
            "lamps.toml: `tasks.mend.department` is `tax`, which neither leads nor collaborates in scene `leaning`; "
            "add it to the scene's collaborators or give the task to another."
        ),
    ),
    (
        BASE, 'sign_zh = "灯杆倾斜"', 'sing_zh = "灯杆倾斜"\nsign_zh = "灯杆倾斜"',
        "lamps.toml: unknown key `scenes.leaning.sing_zh`; did you mean `sign_zh`?",
    ),
    (
        BASE, 'reason_en = "notice"\n', "",
        "lamps.toml: key `pauses.notice.reason_en` is missing; add it.",
    ),
    (
        BASE, 'verify = { value = 3, unit = "work_days" }\n', "",
        "lamps.toml: `limits.III.verify` is missing: a stage without a limit; give a value and a unit.",
    ),
    (
        BASE, 'dispose = { value = 8, unit = "hours" }', 'dispose = { value = 8, unit = "work_hours" }',
        (
            "lamps.toml: `limits.I.dispose` is in work_hours, which stand still at night and on holidays; "
            "the gravest level runs continuously: give hours."
        ),
    ),
    (
        BASE, 'accept = { value = 4, unit = "work_hours" }', 'accept = { value = 4, unit = "workhours" }',
        (
            "lamps.toml: `limits.III.accept.unit`: Input should be 'hours', 'work_hours', 'work_days' or "
            "'calendar_days' (found 'workhours')."
        ),
    ),
    (
        BASE, "accept = { value = 4, unit", "accept = { value = 0, unit",
        "lamps.toml: `limits.III.accept.value`: Input should be greater than 0 (found 0).",
    ),
    (
        BASE, '"LMP-02*"', '"LMP-0*"',
        (
            "lamps.toml: `scenes.leaning.codes.four_platforms` has `LMP-0*`, which overlaps `LMP-01*` of scene `dark` "
            "in lamps.toml; keep the code in one scene."
        ),
    ),
    (
        BASE, '"LMP-01*"', '"YQG-04*"',
        (
            "lamps.toml: `scenes.dark.codes.four_platforms` has `YQG-04*`, which overlaps `YQG-04*` of scene "
            "`dog_bite` in dogs.toml; keep the code in one scene."
        ),
    ),
    (
        BASE, '[scenes.codes]\nfour_platforms = ["LMP-01*"]\n', "",
        "lamps.toml: `scenes.dark.codes` is empty, so no incident can fall in it; add a category code.",
    ),
    (
        BASE, "people = 5", "people = 4",
        "lamps.toml: `levels.I.people` is 4, its posts have 5 people; make them agree.",
    ),
    (
        BASE, 'scenes = ["leaning"]\nduty', 'scenes = ["leening"]\nduty',
        "lamps.toml: `levels.I.posts.builder.scenes` names the unknown scene `leening`; did you mean `leaning`?",
    ),
    (
        BASE, "green = 90 }", "green = 90, gren = 9 }",
        "lamps.toml: unknown key `tiers.visit_every_days.gren`; known keys: red, yellow, green; did you mean `green`?",
    ),
    (
        BASE, 'id = "lamps"', 'id = "lamp"',
        "lamps.toml: `id` is `lamp`; rename the file `lamp.toml` or mend the id.",
    ),
    (
        BASE, 'status = "draft"', 'status = "confirmed"',
        (
            'lamps.toml: `status` is "confirmed", yet draft are: responsibilities, signs, legal_basis, tasks, levels, '
            'limits, pauses, tiers, severity_weights, recurrence, escalation, codes, scenes.dark, scenes.leaning; '
            'confirm them or say "draft".'
        ),
    ),
    (
        HAISHU, 'extends = "lamps@1"', 'extends = "lamps@2"',
        (
            "haishu/lamps.toml: `extends` asks for lamps@2, but the base is lamps@1.2.0; pin that one, "
            "or store the version you mean in haishu/base."
        ),
    ),
    (
        HAISHU, 'extends = "lamps@1"', 'extends = "lamp@1"',
        (
            "haishu/lamps.toml: `extends` names `lamp`, but the file is called after `lamps`; "
            "an overlay keeps the id of its base."
        ),
    ),
    (
        HAISHU, 'extends = "lamps@1"', 'extends = "lamps@1+yard@1"',
        (
            "haishu/lamps.toml: `extends` runs in a circle: haishu/lamps.toml → yard/lamps.toml → haishu/lamps.toml; "
            "let one of them extend another base."
        ),
    ),
    (
        YARD, "lamps@1+haishu@1", "lamps@1+haisu@1",
        (
            "yard/lamps.toml: `extends` names the overlay `haisu`, and there is none of lamps; "
            "did you mean `haishu`?"
        ),
    ),
    (
        HAISHU, 'version = "1.0.0"\n', "",
        "haishu/lamps.toml: key `version` is missing; add it.",
    ),
    (
        HAISHU, "severity_weight = 2.0", "severity_wieght = 2.0",
        "haishu/lamps.toml: unknown key `scenes.leaning.severity_wieght`; did you mean `severity_weight`?",
    ),
    (
        HAISHU, 'id = "leaning"', 'id = "leening"',
        (
            "haishu/lamps.toml: `scenes.leening` is not in lamps@1.2.0; did you mean `leaning`? A new one still "
            "needs: name_zh, name_en, sign_zh, sign_en, legal_basis_zh, legal_basis_en."
        ),
    ),
    (
        HAISHU, "severity_weight = 2.0", 'remove = ["legal_basis"]',
        (
            "haishu/lamps.toml: `scenes.leaning.remove` names `legal_basis`, which the base does not have there; "
            "did you mean `legal_basis_zh`?"
        ),
    ),
    (
        YARD, 'district = "330299"', 'district = "330203"\nremove = true',
        "yard/lamps.toml: `remove` is True; give a list of keys, or true in an item of a list.",
    ),
    (
        YARD, "red_share = 0.1", "red_share = 0.9",
        "yard/lamps.toml: `tiers`: red_share and yellow_share together pass 1; lower one of them.",
    ),
]  # fmt: skip


def find_faults(folder: Path, files: dict[str, str]) -> list[str]:
    """What `scenarios lint` would print, with paths as seen from the scenario folder."""
    for name, text in files.items():
        write(folder, name, text)
    versions, faults = read_versions(folder)
    if not faults:
        faults = lint_template_set(make_template_set(versions), load_departments())
    return [fault.replace(f"{folder}/", "") for fault in faults]


def test_the_files_without_a_slip_have_no_fault(tmp_path):
    assert find_faults(tmp_path, FILES) == []


def test_there_are_thirty_slips_and_their_sentences_are_all_different():
    assert len(SLIPS) >= 30
    assert len({sentence for *_, sentence in SLIPS}) == len(SLIPS)


@pytest.mark.parametrize(("file", "old", "new", "sentence"), SLIPS, ids=[slip[-1][:70] for slip in SLIPS])
def test_a_slip_gets_its_one_sentence(tmp_path, file, old, new, sentence):
    told = find_faults(tmp_path, {**FILES, file: change(FILES[file], old, new)})
    own = [fault for fault in told if fault.startswith(f"{file}: ")]
    assert own == [sentence]
    # What stands over a template takes its faults over, and says nothing else.
    assert {fault.split(": ", 1)[1] for fault in told} - {sentence.split(": ", 1)[1]} <= {
        fault.split(": ", 1)[1].replace(file, other) for fault in own for other in FILES
    }
