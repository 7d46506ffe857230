"""Departments by the texts that name them in files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from governance.cases.moves import CHECK_NO, DESK_NO, NAMELESS_NO
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


def number_departments(texts: Iterable[str], index: Mapping[str, str]) -> tuple[pa.Table, pa.Table]:
    """Columns text and department_no; and columns holder_no and holder, for departments and for those that are none.

    Numbers rise with the ids, so that two departments are in the same order whatever log they stand in.
    """
    named = map_departments(texts, index)["department"].to_pylist()
    numbers = {NONE: NAMELESS_NO}
    numbers |= {department: number for number, department in enumerate(sorted(set(named) - {NONE}), start=1)}
    coded = {"text": pa.array(texts, pa.string()), "department_no": pa.array([numbers[d] for d in named], pa.int32())}
    holders = {DESK: DESK_NO, CHECK: CHECK_NO, **numbers}
    listed = {"holder_no": pa.array(holders.values(), pa.int32()), "holder": pa.array(holders, pa.string())}
    return pa.table(coded), pa.table(listed)
