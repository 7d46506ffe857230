"""The commands on scenarios, on a small city: copied, compared, linted, upgraded, printed."""

from __future__ import annotations

import json
import re
import tomllib
import zipfile
from pathlib import Path

import pytest
import python_calamine
from typer.testing import CliRunner, Result

from governance.cli import app
from governance.errors import ConfigError
from governance.scenarios import choose_template, pin_version, resolve_templates
from tests import tiny_world
from tests.small_template import HAISHU, LAMPS, change, make_profile, write

NEWER = (
    LAMPS.replace('version = "1.2.0"', 'version = "1.3.0"')
    .replace("within_days = 90", "within_days = 60")
    .replace('dispose = { value = 15, unit = "work_days" }', 'dispose = { value = 12, unit = "work_days" }')
    .replace('dispose = { value = 2, unit = "work_days" }', 'dispose = { value = 3, unit = "work_days" }')
)
LOCAL = (
    HAISHU + '[limits.II]\ndispose = { value = 3 }\n[[pauses]]\nid = "frost"\nreason_zh = "冰冻"\nreason_en = "frost"\n'
)


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a city and its scenario folder, which the commands run in."""
    city_file = tiny_world.write_tiny_world(tmp_path)
    text = city_file.read_text(encoding="utf-8")
    text = change(text, 'scenarios = ["group_rental", "fire_lane"]', 'scenario_folder = "scenarios"')
    city_file.write_text(text, encoding="utf-8")
    write(tmp_path, "scenarios/lamps.toml", LAMPS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, code: int = 0) -> str:
    result = run_raw(*arguments)
    assert result.exit_code == code, result.output
    return result.stdout


def run_raw(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["scenarios", *arguments])


def refuse(*arguments: str) -> str:
    result = run_raw(*arguments)
    assert isinstance(result.exception, ConfigError), result.output
    return str(result.exception)


@pytest.mark.parametrize("command", ["list", "show", "copy", "diff", "lint", "upgrade"])
def test_help_shows_an_example(command):
    assert f"python -m governance scenarios {command}" in " ".join(run(command, "--help").split())


def test_the_shared_set_lints_clean_where_there_is_no_city(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run_raw("lint")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "15 templates and overlays, 0 faults.\n")


def test_lint_tells_all_faults_and_exits_with_1(city):
    write(city, "scenarios/haishu/lamps.toml", HAISHU + '[limits.I]\nverify = { unit = "work_days" }\n')
    write(city, "scenarios/lamps.toml", change(LAMPS, "people = 5", "people = 6"))
    told = run("lint", code=1).splitlines()
    assert [line.split(": ")[0] for line in told] == ["lamps.toml", "haishu/lamps.toml", "haishu/lamps.toml"]
    assert json.loads(run("lint", "--json", code=1)) == told
    write(city, "scenarios/haishu/lamps.toml", HAISHU.replace("dispose", "dispoze"))
    unreadable, in_base = run("lint", code=1).splitlines()
    assert unreadable.endswith("known keys: accept, dispose, verify; did you mean `dispose`?")
    assert in_base.startswith("lamps.toml: `levels.")


def test_lint_tells_faults_of_every_kind_in_one_run(city):
    write(city, "scenarios/lamps.toml", change(change(LAMPS, "people = 5", "people = 6"), "LMP-01*", "LMP-*-X"))
    write(city, "scenarios/dogs.toml", "x = [")
    write(city, "scenarios/haishu/lamps.toml", HAISHU + '[limits.I]\nverify = { unit = "work_days" }\n')
    for one, other in (("yard", "dock"), ("dock", "yard")):
        write(city, f"scenarios/{one}/dust.toml", f'extends = "dust+{other}"\nversion = "1.0.0"\ndistrict = "{one}"\n')
    for label in ("east", "west"):
        text = 'extends = "homestay@1.0.0"\nversion = "1.0.0"\ndistrict = "330205"\n'
        write(city, f"scenarios/{label}/homestay.toml", text)
    own_rule = 'extends = "dust@1.0.0"\nversion = "1.0.0"\ndistrict = "330206"\n[recurrence]\nwithin_days = 10\n'
    write(city, "scenarios/beilun/dust.toml", own_rule)
    write(city, "scenarios/haishu/deep/dust.toml", "")
    write(city, "scenarios/haishu/dust.TOML", "")
    told = run("lint", code=1)
    for part in (
        "dogs.toml is not valid TOML", "runs in a circle: dock/dust.toml", "are both for district 330205",
        "`levels.", "haishu/lamps.toml: `limits.I.verify`", "haishu/deep/dust.toml is not read",
        "haishu/dust.TOML is not read", "beilun/dust.toml: `recurrence` cannot be a district's own",
    ):  # fmt: skip
        assert part in told, part


def test_list_tells_the_version_a_case_would_be_judged_by(city):
    write(city, "scenarios/haishu/lamps.toml", HAISHU)
    rows = {row["version"]: row for row in json.loads(run("list", "--json"))}
    assert len(rows) == 17
    assert rows["lamps@1.2.0+haishu@1.0.0"]["district"] == "330203"
    assert rows["group_rental@1.0.0"]["scenes"] == 8
    assert "lamps@1.2.0+haishu@1.0.0" in run("list")


def test_copy_writes_an_overlay_that_changes_nothing_yet_and_its_base(city):
    written = run("copy", "lamps", "--to", "haishu", "--district", "330203").splitlines()
    folder = city / "scenarios" / "haishu"
    assert written == [str(folder / "lamps.toml"), str(folder / "base" / "lamps@1.2.0.toml")]
    assert (city / "scenarios/haishu/base/lamps@1.2.0.toml").read_text(encoding="utf-8") == LAMPS
    told = tomllib.loads((city / "scenarios/haishu/lamps.toml").read_text(encoding="utf-8"))
    assert told == {"extends": "lamps@1.2.0", "version": "1.0.0", "district": "330203"}
    assert run("diff", "lamps+haishu") == "lamps@1.2.0 → lamps@1.2.0+haishu@1.0.0: 0 changes\n"
    assert "is there already" in refuse("copy", "lamps", "--to", "haishu")


def test_copy_never_writes_over_a_template_of_the_city(city):
    assert "lamps.toml is there already; change that file, or take it away first." in refuse(
        "copy", "lamps", "--to", "city"
    )
    assert (city / "scenarios/lamps.toml").read_text(encoding="utf-8") == LAMPS
    assert not (city / "scenarios/base").exists()


def test_the_city_may_adapt_a_shared_scenario_and_a_district_that_version(city):
    run("copy", "dogs", "--to", "city")
    run("copy", "dogs+city", "--to", "yuyao")
    stored = sorted(path.name for path in (city / "scenarios/yuyao/base").iterdir())
    assert stored == ["dogs@1.0.0+city@1.0.0.toml", "dogs@1.0.0.toml"]
    templates = resolve_templates(make_profile(city, scenarios=("dogs",)))
    assert pin_version(choose_template(templates, "dogs", "yuyao")) == "dogs@1.0.0+city@1.0.0+yuyao@1.0.0"
    # Where the city's version moves on, the district's stays on what is stored, until it is upgraded.
    overlay = city / "scenarios/dogs.toml"
    moved = change(overlay.read_text(encoding="utf-8"), 'version = "1.0.0"', 'version = "1.1.0"') + "order = 3\n"
    overlay.write_text(moved, encoding="utf-8")
    assert run("upgrade", "dogs+city+yuyao").splitlines()[1:] == [
        "1 changes come in:",
        "  ~ order: 12 → 3",
        "0 conflicts:",
    ]
    run("upgrade", "dogs+city+yuyao", "--write")
    templates = resolve_templates(make_profile(city, scenarios=("dogs",)))
    assert pin_version(choose_template(templates, "dogs", "yuyao")) == "dogs@1.0.0+city@1.1.0+yuyao@1.0.0"


def test_diff_tells_what_a_district_changed(city):
    write(city, "scenarios/haishu/lamps.toml", LOCAL)
    told = run("diff", "lamps", "lamps+haishu").splitlines()
    assert told == [
        "lamps@1.2.0 → lamps@1.2.0+haishu@1.0.0: 3 changes",
        "  ~ limits.II.dispose.value: 2 → 3",
        "  ~ limits.III.dispose.value: 15 → 10",
        "  + pauses.frost: 冰冻 / frost",
    ]
    assert run("diff", "lamps+haishu").splitlines()[1:] == told[1:]
    back = run("diff", "lamps+haishu", "lamps").splitlines()
    assert back[-1] == "  - pauses.frost: 冰冻 / frost"
    assert [change["path"] for change in json.loads(run("diff", "lamps+haishu", "--json"))] == [
        ["limits", "II", "dispose", "value"], ["limits", "III", "dispose", "value"], ["pauses", "frost"],
    ]  # fmt: skip
    assert "extends nothing" in refuse("diff", "lamps")


def test_upgrade_tells_what_comes_in_and_what_conflicts_and_writes_only_when_told(city):
    """Base: recurrence 90 → 60, III 15 → 12, II 2 → 3. Overlay: III 15 → 10, II 2 → 3, a pause more."""
    overlay = write(city, "scenarios/haishu/lamps.toml", LOCAL)
    write(city, "scenarios/haishu/base/lamps@1.2.0.toml", LAMPS)
    assert run("upgrade", "lamps+haishu") == "lamps@1.2.0+haishu@1.0.0 stands over the newest base already.\n"
    write(city, "scenarios/lamps.toml", NEWER)
    told = run("upgrade", "lamps+haishu", code=1).splitlines()
    assert told == [
        "lamps@1.2.0+haishu@1.0.0: lamps@1.2.0 → lamps@1.3.0",
        "1 changes come in:",
        "  ~ recurrence.within_days: 90 → 60",
        "1 conflicts:",
        "  base    ~ limits.III.dispose.value: 15 → 12",
        "  overlay ~ limits.III.dispose.value: 15 → 10",
    ]
    assert "both changed limits.III.dispose.value" in refuse("upgrade", "lamps+haishu", "--write")
    assert overlay.read_text(encoding="utf-8") == LOCAL
    run("upgrade", "lamps+haishu", "--write", "--keep-local")
    assert overlay.read_text(encoding="utf-8") == LOCAL.replace('extends = "lamps@1"', 'extends = "lamps@1.3.0"')
    assert (city / "scenarios/haishu/base/lamps@1.3.0.toml").read_text(encoding="utf-8") == NEWER
    template = choose_template(resolve_templates(make_profile(city)), "lamps", "330203")
    assert pin_version(template) == "lamps@1.3.0+haishu@1.0.0"
    assert (template.limits["III"]["dispose"].value, template.recurrence.within_days) == (10, 60)


def test_a_unit_and_its_value_changed_apart_are_a_conflict(city):
    write(city, "scenarios/haishu/lamps.toml", HAISHU)
    write(city, "scenarios/haishu/base/lamps@1.2.0.toml", LAMPS)
    old, new = 'value = 15, unit = "work_days"', 'value = 15, unit = "calendar_days"'
    write(city, "scenarios/lamps.toml", change(LAMPS, old, new).replace("1.2.0", "2.0.0"))
    assert run("upgrade", "lamps+haishu", code=1).splitlines()[-2:] == [
        '  base    ~ limits.III.dispose.unit: "work_days" → "calendar_days"',
        "  overlay ~ limits.III.dispose.value: 15 → 10",
    ]


def test_a_change_inside_what_the_base_took_out_is_a_conflict_and_at_fault(city):
    write(city, "scenarios/haishu/lamps.toml", HAISHU + '[[scenes]]\nid = "leaning"\nseverity_weight = 2.0\n')
    write(city, "scenarios/haishu/base/lamps@1.2.0.toml", LAMPS)
    start, end = LAMPS.index('[[scenes]]\nid = "leaning"'), LAMPS.index('[[tasks]]\nid = "look"')
    newer = LAMPS[:start] + LAMPS[end:].replace('"leaning"', '"dark"').replace('"housing"', '"sub_district"')
    write(city, "scenarios/lamps.toml", newer.replace("1.2.0", "2.0.0"))
    told = run("upgrade", "lamps+haishu", code=1)
    assert "  base    - scenes.leaning: 倾斜 / Leaning\n  overlay + scenes.leaning.severity_weight: 2.0\n" in told
    assert "`scenes.leaning` is not in lamps@2.0.0. A new one still needs:" in told
    assert "Nothing was written" in refuse("upgrade", "lamps+haishu", "--write", "--keep-local")
    assert not (city / "scenarios/haishu/base/lamps@2.0.0.toml").exists()


def test_show_prints_writes_markdown_and_a_workbook_that_prints_on_pages(city):
    write(city, "scenarios/haishu/lamps.toml", LOCAL)
    printed = run("show", "lamps+haishu", "--language", "en")
    assert printed.startswith("# Lamps: Responsibility matrix\n\nVersion: `lamps@1.2.0+haishu@1.0.0`\n")
    run("show", "lamps+haishu", "--language", "en", "--out", "m.md")
    assert (city / "m.md").read_text(encoding="utf-8") + "\n" == printed


def test_the_workbook_prints_on_landscape_pages_below_its_header(city):
    run("show", "lamps", "--format", "xlsx", "--out", "m.xlsx")
    book = python_calamine.CalamineWorkbook.from_path(str(city / "m.xlsx"))
    assert book.sheet_names == ["matrix", "levels", "about"]
    matrix = book.get_sheet_by_name("matrix").to_python()
    assert matrix[1][:4] == ["场景", "阶段", "任务", "公安局"]
    assert matrix[2][:4] == ["不亮", "受理", "看", "A"]
    with zipfile.ZipFile(city / "m.xlsx") as parts:
        sheet, names = (parts.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "workbook"))
    assert 'topLeftCell="D3"' in sheet
    assert 'state="frozen"' in sheet
    assert 'orientation="landscape"' in sheet
    assert "<pageSetUpPr fitToPage" in sheet
    assert 'fitToHeight="0"' in sheet
    assert "matrix!$1:$2" in names
    widths = [float(text) for text in re.findall(r'<col min="\d+" max="\d+" width="([\d.]+)"', sheet)]
    assert len(widths) == 4
    assert widths[2] > 40


def test_texts_that_look_like_formulas_stay_texts(city):
    write(city, "scenarios/lamps.toml", change(LAMPS, 'action_zh = "看"', 'action_zh = "=1+1"'))
    run("show", "lamps", "--out", "m.xlsx")
    book = python_calamine.CalamineWorkbook.from_path(str(city / "m.xlsx"))
    assert [row[2] for row in book.get_sheet_by_name("matrix").to_python()].count("=1+1") == 2
    with zipfile.ZipFile(city / "m.xlsx") as parts:
        assert not [name for name in parts.namelist() if b"<f>" in parts.read(name)]


@pytest.mark.parametrize("ending", ["xlsx", "md"])
def test_a_file_that_cannot_be_written_is_a_sentence(city, ending):
    (city / f"taken.{ending}").mkdir()
    told = refuse("show", "lamps", "--out", f"taken.{ending}")
    assert told.startswith(f"taken.{ending} cannot be written: ")
    assert told.endswith("Give another file.")


def test_an_overlay_follows_only_its_own_scenario(city):
    run("copy", "lamps", "--to", "haishu", "--district", "330203")
    before = (city / "scenarios/haishu/lamps.toml").read_text(encoding="utf-8")
    assert refuse("upgrade", "lamps+haishu", "--to", "dogs", "--write") == (
        "lamps@1.2.0+haishu@1.0.0 is an overlay of `lamps` and cannot stand over dogs@1.0.0; "
        "name a version of its own scenario."
    )
    assert (city / "scenarios/haishu/lamps.toml").read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("show", "group_rentl"), "There is no template `group_rentl`; did you mean `group_rental@1.0.0`?"),
        (("show", "lamps@2"), "There is no template `lamps@2`; did you mean `lamps@1.2.0`?"),
        (("show", "lamps", "--out", "x.pdf"), "There is no format 'x.pdf'; known: md, xlsx."),
        (("show", "lamps", "--format", "xlsx"), "A workbook needs a file: --out matrix.xlsx."),
        (
            ("show", "lamps", "--format", "md", "--out", "x.xlsx"),
            "x.xlsx is named like xlsx, but md was asked for; change one of them.",
        ),
        (
            ("copy", "lamps", "--to", "base"),
            "`base` cannot name an overlay; use small letters, digits, - and _, and not `base`.",
        ),
        (("show", "lamps", "--out", "nowhere/m.xlsx"), "The folder nowhere does not exist; make it first."),
        (("show", "lamps", "--language", "fr"), "There is no language 'fr'; known: zh, en."),
        (
            ("copy", "lamps", "--to", "海曙"),
            "`海曙` cannot name an overlay; use small letters, digits, - and _, and not `base`.",
        ),
        (
            ("copy", "lamps", "--to", "city", "--district", "a"),
            "The overlay `city` is for every district; choose another name for one district's.",
        ),
        (("upgrade", "lamps"), "lamps@1.2.0 is complete and extends nothing, so it has no base to follow."),
    ],
)
def test_what_cannot_be_done_is_a_sentence(city, arguments, sentence):
    assert refuse(*arguments) == sentence


def test_overlays_need_a_city_that_has_a_folder_for_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "There is no city.toml here" in refuse("copy", "dogs", "--to", "yuyao")
    tiny_world.write_tiny_world(tmp_path)
    assert 'scenario_folder = "scenarios"' in refuse("copy", "dogs", "--to", "yuyao")
