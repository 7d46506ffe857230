"""Departments by the texts that name them in files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from governance.scenarios.template import Department

DESK = "~desk"
"""Holder of a case that waits at the dispatching room for a department."""
CHECK = "~check"
"""Holder of a case that is disposed of and waits to be verified and closed."""
NONE = "~none"
"""Holder of a case whose log names no department."""


def index_departments(departments: Mapping[str, Department]) -> dict[str, str]:
    """Folded text → department id, for every id, name and alias."""
    return {
        text.casefold(): department.id
        for department in departments.values()
        for text in (department.id, department.name_zh, department.name_en, *department.aliases)
    }


def map_departments(texts: Iterable[str], index: Mapping[str, str]) -> pa.Table:
    """Columns text and department: a text that names a listed department gets its id, any other stays as it is.

    A leading ~ is taken off: it marks our own ids, such as "~none".
    """
    texts = list(texts)
    ids = [index.get(text.casefold(), text.lstrip("~ ") or NONE) for text in texts]
    return pa.table({"text": pa.array(texts, pa.string()), "department": pa.array(ids, pa.string())})
