"""Scenarios ("one thing") as data: templates, overlays, departments, and the lint that guards them."""

from __future__ import annotations

from governance.scenarios.lint import lint_template, lint_template_set, lint_templates
from governance.scenarios.pins import pin_version
from governance.scenarios.resolve import (
    TemplateSet,
    choose_template,
    index_versions,
    load_city_departments,
    make_template_set,
    resolve_templates,
)
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
from governance.scenarios.versions import Version, name_file, read_versions

__all__ = [
    "DEFAULT_LEVEL",
    "LEVELS",
    "STAGES",
    "Department",
    "Limit",
    "Scene",
    "Task",
    "Template",
    "TemplateSet",
    "Version",
    "choose_template",
    "index_versions",
    "lint_template",
    "lint_template_set",
    "lint_templates",
    "list_draft_parts",
    "list_participants",
    "list_patterns",
    "list_tasks",
    "load_city_departments",
    "load_departments",
    "load_templates",
    "make_template_set",
    "name_file",
    "pin_version",
    "read_versions",
    "resolve_templates",
]
