"""Who does what in a scenario: scenes and their tasks against departments, and the posts that answer at each level.

Every cell follows from the template alone:

    R  responsible: does the task (`tasks.department`)
    A  accountable: leads the scene (`scenes.lead`); exactly one in every row
    C  consulted: collaborates in the scene (`scenes.collaborators`) and does not do this task
    I  informed: none of the above, but has a post that answers in this scene, or leads or collaborates in the
       scenario as a whole; where the post answers at some response levels only, these stand beside the letter

A department that leads the scene and does the task itself is R and A.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from governance.scenarios.template import LEVELS, LevelName, Post, Scene, Task, Template, list_tasks

LETTERS = ("R", "A", "C", "I")


@dataclass(frozen=True)
class Cell:
    """A department's part in a row: its letters, and for I alone the levels from which it is told (() = all)."""

    letters: tuple[str, ...]
    levels: tuple[LevelName, ...] = ()

    def __str__(self) -> str:
        """As it is printed: "R/A", "C", "I" or "I (I, II)"."""
        text = "/".join(self.letters)
        return f"{text} ({', '.join(self.levels)})" if self.levels else text


@dataclass(frozen=True)
class Row:
    """One task of one scene, and the part of every department that has one."""

    scene: Scene
    task: Task
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Matrix:
    """The whole of a template's responsibilities.

    `departments` are the columns, in the order in which the template comes to name them. `posts` holds, by level and
    department, the posts that answer.
    """

    template: Template
    departments: tuple[str, ...]
    rows: tuple[Row, ...]
    posts: Mapping[LevelName, Mapping[str, tuple[Post, ...]]]


def build_matrix(template: Template) -> Matrix:
    """Give the responsibilities of a template: a row for each scene and task, scenes in file order, tasks by stage."""
    rows = tuple(
        Row(scene, task, _fill_row(template, scene, task))
        for scene in template.scenes
        for task in list_tasks(template, scene.id)
    )
    posts = {name: _group_posts(template.levels[name].posts) if name in template.levels else {} for name in LEVELS}
    return Matrix(template, _list_departments(template), rows, posts)


def list_posts(template: Template, level: LevelName, scene_id: str) -> list[Post]:
    """Give the posts that answer at a level in one scene: those of every scene and its own."""
    answering = template.levels[level].posts if level in template.levels else ()
    return [post for post in answering if not post.scenes or scene_id in post.scenes]


def count_people(template: Template, level: LevelName, scene_id: str) -> int:
    """Give how many people answer at a level in one scene."""
    return sum(post.people for post in list_posts(template, level, scene_id))


def _fill_row(template: Template, scene: Scene, task: Task) -> dict[str, Cell]:
    told = _find_told(template, scene)
    cells = {}
    for name in _list_departments(template):
        letters = [letter for letter, is_so in (("R", name == task.department), ("A", name == scene.lead)) if is_so]
        if letters:
            cells[name] = Cell(tuple(letters))
        elif name in scene.collaborators:
            cells[name] = Cell(("C",))
        elif name in told:
            cells[name] = Cell(("I",), told[name])
    return cells


def _find_told(template: Template, scene: Scene) -> dict[str, tuple[LevelName, ...]]:
    """Departments that are at least informed, each with its levels, () where it is told at all of them."""
    told: dict[str, tuple[LevelName, ...]] = {}
    for level in LEVELS:
        for post in list_posts(template, level, scene.id):
            told[post.department] = tuple(dict.fromkeys([*told.get(post.department, ()), level]))
    always = [name for name in (template.lead, *template.collaborators) if name]
    always += [name for name, levels in told.items() if len(levels) == len(LEVELS)]
    return told | dict.fromkeys(always, ())


def _list_departments(template: Template) -> tuple[str, ...]:
    named = [template.lead, *(scene.lead for scene in template.scenes)]
    named += [name for scene in template.scenes for name in scene.collaborators]
    named += [*template.collaborators, *(task.department for task in template.tasks)]
    named += [
        post.department for level in LEVELS[::-1] if level in template.levels for post in template.levels[level].posts
    ]
    return tuple(dict.fromkeys(name for name in named if name))


def _group_posts(posts: Iterable[Post]) -> dict[str, tuple[Post, ...]]:
    grouped: dict[str, tuple[Post, ...]] = {}
    for post in posts:
        grouped[post.department] = (*grouped.get(post.department, ()), post)
    return grouped
