"""Scenarios ("one thing") as data: templates, departments, and the lint that guards them."""

from __future__ import annotations

from governance.scenarios.lint import lint_template, lint_templates
from governance.scenarios.template import (
    DEFAULT_LEVEL,
    LEVELS,
    STAGES,
    Department,
    Limit,
    Scene,
    Task,
    Template,
    list_draft_parts,
    list_participants,
    list_patterns,
    list_tasks,
    load_departments,
    load_templates,
)

__all__ = [
    "DEFAULT_LEVEL",
    "LEVELS",
    "STAGES",
    "Department",
    "Limit",
    "Scene",
    "Task",
    "Template",
    "lint_template",
    "lint_templates",
    "list_draft_parts",
    "list_participants",
    "list_patterns",
    "list_tasks",
    "load_departments",
    "load_templates",
]
