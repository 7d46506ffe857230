"""Zoom, column and row of a tile, as they stand in an address that anybody may write."""

from __future__ import annotations

import re
from collections.abc import Mapping

_DEEPEST = 22


def read_number(text: str) -> int | None:
    """The number, if the text is one of at most eight digits."""
    return int(text) if re.fullmatch("[0-9]{1,8}", text) else None


def read_tile(given: Mapping[str, str]) -> dict[str, int] | None:
    """`zoom`, `column` and `row`, if there is such a tile."""
    told = {name: read_number(given[name]) for name in ("zoom", "column", "row")}
    tile = {name: number for name, number in told.items() if number is not None}
    if len(tile) < len(told):
        return None
    across = 2 ** min(tile["zoom"], _DEEPEST)
    return tile if tile["zoom"] <= _DEEPEST and tile["column"] < across and tile["row"] < across else None
