"""The responsibility matrix on paper: as Markdown, and as a workbook that prints on landscape pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from governance.errors import ConfigError
from governance.scenarios.pins import pin_version
from governance.scenarios.responsibility import LETTERS, Matrix
from governance.scenarios.template import (
    LEVELS,
    STAGES,
    Department,
    LevelName,
    Limit,
    Post,
    Template,
    list_draft_parts,
)

Language = Literal["zh", "en"]
Words = Mapping[str, str]
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_A3 = 8
_WORD_COLUMNS = 3  # scene, stage and task stand before the departments
_WORDS: dict[str, tuple[str, str]] = {
    "title": ("责任矩阵", "Responsibility matrix"),
    "version": ("版本", "Version"),
    "matrix": ("场景、任务与部门", "Scenes, tasks and departments"),
    "levels": ("响应级别与岗位", "Response levels and posts"),
    "legend": ("图例", "Legend"),
    "scene": ("场景", "Scene"),
    "stage": ("阶段", "Stage"),
    "task": ("任务", "Task"),
    "deliverable": ("成果", "Deliverable"),
    "level": ("级别", "Level"),
    "raised_by": ("启动条件", "Raised by"),
    "post": ("岗位", "Post"),
    "department": ("部门", "Department"),
    "people": ("人数", "People"),
    "duty": ("职责", "Duty"),
    "for_scenes": ("适用场景", "For scenes"),
    "every_scene": ("全部", "every scene"),
    "on_call": ("{level}级应到人数", "People at level {level}"),
    "limits": ("时限", "Time limits"),
    "draft": ("待确认", "To be confirmed"),
    "accept": ("受理", "Accept"),
    "dispose": ("处置", "Dispose"),
    "verify": ("核查", "Verify"),
    "hours": ("{value}小时", "{value} h"),
    "work_hours": ("{value}个工作小时", "{value} working h"),
    "work_days": ("{value}个工作日", "{value} working d"),
    "calendar_days": ("{value}天", "{value} d"),
    "R": ("负责：完成该任务的部门", "responsible: the department that does the task"),
    "A": ("牵头：场景牵头部门，每行恰有一个", "accountable: the lead of the scene, exactly one in every row"),
    "C": ("协同：场景协同部门", "consulted: collaborates in the scene"),
    "I": (
        "知会：在该场景有响应岗位，或为整个事项的牵头、协同部门；括号内为仅在哪些响应级别知会",
        "informed: has a post that answers in the scene, or a part in the scenario; in brackets at which levels only",
    ),
}


def write_markdown(matrix: Matrix, departments: Mapping[str, Department], *, language: Language) -> str:
    """Give the matrix as Markdown: one table of scenes and tasks, one of posts for each level, the legend."""
    template, say = matrix.template, _choose_words(language)
    lines = [f"# {_name(template, language)}: {say['title']}", "", f"{say['version']}: `{pin_version(template)}`", ""]
    if drafts := list_draft_parts(template):
        lines += [f"{say['draft']}: {', '.join(drafts)}", ""]
    lines += [f"## {say['matrix']}", "", *_spell_table(_list_head(matrix, departments, say), _list_body(matrix, say))]
    lines += ["", f"## {say['levels']}"]
    for level in LEVELS[::-1]:
        if level in template.levels:
            raised = _name(template.levels[level], language, "raised_by")
            lines += ["", f"### {level}", "", f"- {say['raised_by']}: {raised}"]
            lines += [f"- {say['limits']}: {_spell_limits(template, level, say)}", ""]
            lines += _spell_table(_list_post_head(say), _list_posts(template, level, departments, say))
    lines += ["", f"## {say['legend']}", "", *(f"- {letter}: {say[letter]}" for letter in LETTERS), ""]
    return "\n".join(lines)


def write_workbook(matrix: Matrix, departments: Mapping[str, Department], out: Path, *, language: Language) -> None:
    """Write the matrix to an XLSX file: sheets "matrix", "levels" and "about"; texts stay texts.

    Raises ConfigError if the folder does not exist, or the file cannot be written.
    """
    if not out.parent.is_dir():
        raise ConfigError(f"The folder {out.parent} does not exist; make it first.")
    say = _choose_words(language)
    try:
        with xlsxwriter.Workbook(str(out), _OPTIONS) as book:
            styles = _make_styles(book)
            _write_matrix(_add_page(book, "matrix", frozen=_WORD_COLUMNS), matrix, departments, say=say, styles=styles)
            _write_levels(_add_page(book, "levels", frozen=1), matrix.template, departments, say=say, styles=styles)
            _write_about(_add_page(book, "about", frozen=0), matrix.template, say, styles)
    except (OSError, FileCreateError) as error:
        raise ConfigError(f"{out} cannot be written: {error}. Give another file.") from error


def _choose_words(language: Language) -> dict[str, str]:
    """The words of a printout in one language; under "language" the language itself."""
    return {"language": language} | {key: texts[language == "en"] for key, texts in _WORDS.items()}


def _name(thing: Any, language: str, stem: str = "name") -> str:
    return str(getattr(thing, f"{stem}_{language}"))


def _name_department(name: str, departments: Mapping[str, Department], language: str) -> str:
    return _name(departments[name], language) if name in departments else name


def _list_head(matrix: Matrix, departments: Mapping[str, Department], say: Words) -> list[str]:
    named = [_name_department(name, departments, say["language"]) for name in matrix.departments]
    return [say["scene"], say["stage"], say["task"], *named]


def _list_body(matrix: Matrix, say: Words) -> list[list[str]]:
    rows = [
        [
            _name(row.scene, say["language"]),
            say[row.task.stage],
            _name(row.task, say["language"], "action"),
            *(str(row.cells.get(name, "")) for name in matrix.departments),
        ]
        for row in matrix.rows
    ]
    counts = [
        [say["on_call"].format(level=level), "", "", *_count_people(matrix, level)]
        for level in LEVELS[::-1]
        if matrix.posts[level]
    ]
    return rows + counts


def _count_people(matrix: Matrix, level: LevelName) -> list[str]:
    """How many people of each department stand ready at a level, in all scenes together."""
    posts = matrix.posts[level]
    return [str(sum(post.people for post in posts[name])) if name in posts else "" for name in matrix.departments]


def _list_post_head(say: Words) -> list[str]:
    return [say[key] for key in ("post", "department", "people", "duty", "for_scenes")]


def _list_posts(
    template: Template, level: LevelName, departments: Mapping[str, Department], say: Words
) -> list[list[str]]:
    return [
        [
            _name(post, say["language"]),
            _name_department(post.department, departments, say["language"]),
            str(post.people),
            _name(post, say["language"], "duty"),
            _list_scenes(template, post, say),
        ]
        for post in template.levels[level].posts
    ]


def _list_scenes(template: Template, post: Post, say: Words) -> str:
    named = [_name(scene, say["language"]) for scene in template.scenes if scene.id in post.scenes]
    return ("；" if say["language"] == "zh" else "; ").join(named) or say["every_scene"]


def _spell_limits(template: Template, level: LevelName, say: Words) -> str:
    limits = template.limits.get(level, {})
    return ", ".join(f"{say[stage]} {_spell_limit(limits[stage], say)}" for stage in STAGES if stage in limits)


def _spell_limit(limit: Limit, say: Words) -> str:
    return say[limit.unit].format(value=f"{limit.value:g}")


def _spell_table(head: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    return [_spell_row(head), f"|{' --- |' * len(head)}", *map(_spell_row, body)]


def _spell_row(cells: Iterable[str]) -> str:
    plain = (" ".join(cell.split()).replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(plain)} |"


def _make_styles(book: Any) -> dict[str, Any]:
    framed = {"border": 1, "border_color": "#BBBBBB", "valign": "top"}
    return {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "head": book.add_format({**framed, "bold": True, "text_wrap": True, "bottom": 2, "valign": "bottom"}),
        "turned": book.add_format({**framed, "bold": True, "rotation": 90, "bottom": 2, "align": "center"}),
        "text": book.add_format({**framed, "text_wrap": True}),
        "cell": book.add_format({**framed, "align": "center", "text_wrap": True}),
        "lead": book.add_format({**framed, "align": "center", "bold": True, "bg_color": "#E8E2D4"}),
    }


def _add_page(book: Any, name: str, *, frozen: int) -> Any:
    """A sheet whose second row is a header that stays in sight and is repeated on every printed page."""
    page = book.add_worksheet(name)
    page.set_landscape()
    page.set_paper(_A3)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.set_footer(f"&L{name}&R&P / &N")
    if frozen:
        page.freeze_panes(2, frozen)
        page.repeat_rows(0, 1)
    return page


def _write_matrix(
    page: Any, matrix: Matrix, departments: Mapping[str, Department], *, say: Words, styles: Mapping[str, Any]
) -> None:
    page.write_string(0, 0, f"{_name(matrix.template, say['language'])}: {say['title']}", styles["title"])
    page.set_column(0, 0, 26)
    page.set_column(1, 1, 9)
    page.set_column(2, 2, 44)
    page.set_column(_WORD_COLUMNS, _WORD_COLUMNS - 1 + len(matrix.departments), 6)
    page.set_row(1, 150)
    for place, text in enumerate(_list_head(matrix, departments, say)):
        page.write_string(1, place, text, styles["head" if place < _WORD_COLUMNS else "turned"])
    for number, row in enumerate(_list_body(matrix, say), start=2):
        for place, text in enumerate(row):
            style = "text" if place < _WORD_COLUMNS else "lead" if "A" in text else "cell"
            _write_cell(page, number, place, text, styles[style])


def _write_cell(page: Any, row: int, column: int, text: str, style: Any) -> None:
    """A count as a number, anything else as a text, whatever it begins with."""
    if text.isdecimal():
        page.write_number(row, column, int(text), style)
    else:
        page.write_string(row, column, text, style)


def _write_levels(
    page: Any, template: Template, departments: Mapping[str, Department], *, say: Words, styles: Mapping[str, Any]
) -> None:
    page.write_string(0, 0, f"{_name(template, say['language'])}: {say['levels']}", styles["title"])
    head = [say["level"], say["raised_by"], say["limits"], *_list_post_head(say)]
    for place, (text, width) in enumerate(zip(head, (7, 30, 30, 24, 26, 8, 30, 36), strict=True)):
        page.set_column(place, place, width)
        page.write_string(1, place, text, styles["head"])
    number = 1
    for level in (name for name in LEVELS[::-1] if name in template.levels):
        raised = _name(template.levels[level], say["language"], "raised_by")
        limits = _spell_limits(template, level, say)
        for row in _list_posts(template, level, departments, say):
            number += 1
            for place, text in enumerate([level, raised, limits, *row]):
                _write_cell(page, number, place, text, styles["text"])


def _write_about(page: Any, template: Template, say: Words, styles: Mapping[str, Any]) -> None:
    notes = [(say["version"], pin_version(template)), *((letter, say[letter]) for letter in LETTERS)]
    if drafts := list_draft_parts(template):
        notes.append((say["draft"], ", ".join(drafts)))
    page.set_column(0, 0, 18)
    page.set_column(1, 1, 90)
    for number, (name, text) in enumerate(notes):
        page.write_string(number, 0, name, styles["head"])
        page.write_string(number, 1, text, styles["text"])
