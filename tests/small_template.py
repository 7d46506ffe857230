"""A small template without any fault, as a file: two scenes, two tasks; and folders of overlays over it."""

from __future__ import annotations

from pathlib import Path

from governance.profile import Profile

LAMPS = """
id = "lamps"
version = "1.2.0"
status = "draft"
name_zh = "路灯"
name_en = "Lamps"
summary_zh = "概述"
summary_en = "summary"
lead = "police"
collaborators = ["sub_district"]

[tiers]
visit_every_days = { red = 7, yellow = 30, green = 90 }

[recurrence]
radius_m = 50
within_days = 90

[[scenes]]
id = "dark"
name_zh = "不亮"
name_en = "Dark"
sign_zh = "灯不亮"
sign_en = "The lamp is dark"
collaborators = ["sub_district"]
legal_basis_zh = "条例"
legal_basis_en = "rules"
[scenes.codes]
four_platforms = ["LMP-01*"]

[[scenes]]
id = "leaning"
name_zh = "倾斜"
name_en = "Leaning"
sign_zh = "灯杆倾斜"
sign_en = "The post leans"
lead = "housing"
collaborators = ["sub_district"]
legal_basis_zh = "条例"
legal_basis_en = "rules"
[scenes.codes]
four_platforms = ["LMP-02*"]

[[tasks]]
id = "look"
stage = "accept"
department = "sub_district"
action_zh = "看"
action_en = "look"
deliverable_zh = "照片"
deliverable_en = "photo"

[[tasks]]
id = "mend"
stage = "dispose"
scenes = ["leaning"]
department = "housing"
action_zh = "修"
action_en = "mend"
deliverable_zh = "单据"
deliverable_en = "receipt"

[levels.III]
raised_by_zh = "一般"
raised_by_en = "ordinary"
people = 1
[[levels.III.posts]]
id = "officer"
name_zh = "民警"
name_en = "officer"
department = "police"
duty_zh = "处置"
duty_en = "acts"
people = 1

[levels.II]
raised_by_zh = "成片"
raised_by_en = "a whole street"
people = 2
[[levels.II.posts]]
id = "officer"
name_zh = "民警"
name_en = "officer"
department = "police"
duty_zh = "处置"
duty_en = "acts"
people = 2

[levels.I]
raised_by_zh = "倒塌"
raised_by_en = "one fell"
people = 5
[[levels.I.posts]]
id = "officer"
name_zh = "民警"
name_en = "officer"
department = "police"
duty_zh = "处置"
duty_en = "acts"
people = 3
[[levels.I.posts]]
id = "builder"
name_zh = "技术员"
name_en = "engineer"
department = "housing"
scenes = ["leaning"]
duty_zh = "研判"
duty_en = "judges"
people = 2

[limits.I]
accept = { value = 1, unit = "hours" }
dispose = { value = 8, unit = "hours" }
verify = { value = 24, unit = "hours" }

[limits.II]
accept = { value = 2, unit = "hours" }
dispose = { value = 2, unit = "work_days" }
verify = { value = 1, unit = "work_days" }

[limits.III]
accept = { value = 4, unit = "work_hours" }
dispose = { value = 15, unit = "work_days" }
verify = { value = 3, unit = "work_days" }

[[pauses]]
id = "notice"
reason_zh = "公告"
reason_en = "notice"
"""

HAISHU = """
extends = "lamps@1"
version = "1.0.0"
district = "330203"

[limits.III]
dispose = { value = 10 }
"""


def write(folder: Path, name: str, text: str) -> Path:
    """Write one file below the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def change(text: str, old: str, new: str) -> str:
    """The text with one place changed; the place must be there once."""
    assert text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new)


def make_profile(folder: Path, *, scenarios: tuple[str, ...] = ("lamps",)) -> Profile:
    """A city whose scenario folder is `folder / "scenarios"`."""
    source = {
        "id": "platform", "files": ["incidents.csv"], "format": "csv",
        "columns": {"reported_at": "t", "lon": "x", "lat": "y", "category": "c", "incident_id": "i"},
    }  # fmt: skip
    profile = Profile.model_validate(
        {
            "schema": 1, "id": "town", "name_zh": "城", "name_en": "Town", "timezone": "Asia/Shanghai",
            "scenarios": scenarios, "scenario_folder": "scenarios", "grids": {"files": ["grids.geojson"]},
            "sources": [source],
        }
    )  # fmt: skip
    return profile.model_copy(update={"folder": folder})
