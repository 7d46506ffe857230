"""What the documents show, runs: their Python blocks, one after another, and the commands they name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from governance.cli import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def test_the_python_of_the_join_runs_as_it_stands():
    text = (ROOT / "docs" / "join.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "docs/join.md", "exec"), names)  # noqa: S102  our own document


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_commands_and_links_in_documents_exist(path):
    text = path.read_text(encoding="utf-8")
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    commands |= {group.name for group in app.registered_groups}
    assert set(re.findall(r"python -m governance (\w+)", text)) <= commands
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [link for link in links if link and not (path.parent / link).exists()] == []
