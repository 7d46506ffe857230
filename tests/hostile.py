"""Texts that would like to be more than texts, and the tiny city in which every text column holds them.

A value becomes a hostile text followed by itself, always the same one for the same value, so that what is joined by a
text is joined still.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

from governance import snapshot, warehouse
from tests import tiny_snapshot

CORPUS = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(2)</script>",
    '"><svg onload=alert(3)>',
    "' onmouseover='alert(4)' x='",
    "<iframe src=javascript:alert(5)></iframe>",
    "[click](javascript:alert(6))",
    "![picture](http://evil.example/x.png)",
    "<a href=http://evil.example/>go</a>",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "datum.constructor.constructor('alert(7)')()",
    "{0.__class__} {cases:a|b} {{7*7}} %s ${alert(8)}",
    "\x07\x1b[31m\x7f",
    "\u202edesrever\u2066",
    "\u200b\ufeff\u00ad",
    ":material/delete: :red[red] $\\frac{1}{2}$ `code` **bold**",
    "<style>*{display:none}</style>",
    "<form action=http://evil.example/><input autofocus onfocus=alert(9)>",
    "</div></td></table></li></ol><h1>",
    "@@=alert(10)",
    "<b>&lt;img src=x onerror=alert(11)&gt;",
    "data:text/html,<script>alert(12)</script>",
    "<object data=http://evil.example/></object><math><mtext>",
    '\\" + alert(13) + \\"',
)  # fmt: skip
# Columns whose texts are the program's own, and why.
CODES = {
    "band": "name of a group of ranks", "began_by": "kind of event", "call_level": "level", "came_by": "kind of event",
    "code": "name of a rule", "cohort": "name of a cohort", "colour": "#rrggbb, checked when read",
    "content": "kind of file", "direction": "of a change", "due_from": "where a limit comes from",
    "ended_by": "kind of event", "feature": "of the model", "group_id": "id of a group or of a district in a check",
    "grouping": "kind of group", "kind": "of an event, a layer, a list", "level": "I, II, III",
    "location_status": "how a case was placed", "matched_by": "how a repeat was found", "model": "JSON of the model",
    "model_tier": "tier", "overdue_age": "class of delay", "period": "kind of period", "reach": "of a flare-up",
    "reasons": "names of rules", "scenario": "an identifier, checked when read", "scene": "an identifier",
    "severity": "of a rule", "sha256": "a hash", "stage": "of a case", "state": "of a clock or a case",
    "step": "of the procedure", "template_version": "identifiers and numbers", "tier": "red, yellow, green",
    "tier_before": "tier", "worklists": "names of lists",
}  # fmt: skip
_OWN_REASONS = {"out_tier_change"}
_JSON = {"template", "original"}
_TEMPLATE_TEXTS = (
    "name_",
    "sign_",
    "action_",
    "deliverable_",
    "legal_basis_",
    "summary_",
    "raised_by_",
    "duty_",
    "reason_",
)


def spoil(text: str) -> str:
    """The hostile text that stands for a text; marks of the program such as "~none", and "", stay."""
    if not text or text.startswith("~"):
        return text
    return CORPUS[zlib.crc32(text.encode()) % len(CORPUS)] + text


def publish_hostile(folder: Path) -> Path:
    """The tiny city with every text spoilt."""
    names = {name: spoil(tiny_snapshot.MANIFEST["city"][name]) for name in ("name_zh", "name_en")}
    city = {**tiny_snapshot.MANIFEST["city"], **names}
    with snapshot.building(folder) as draft:
        tiny_snapshot.fill_tiny(draft.con)
        spoil_tables(draft.con)
        snapshot.publish(draft, manifest={**tiny_snapshot.MANIFEST, "city": city})
    return folder


def spoil_tables(con: warehouse.Connection) -> list[str]:
    """Spoil every text column that is no code, and give their names."""
    columns = con.execute(
        "select table_name, column_name from information_schema.columns semi join duckdb_tables() using (table_name) "
        "where data_type in ('VARCHAR', 'VARCHAR[]', 'JSON') order by all"
    ).fetchall()
    spoilt = [
        (table, name)
        for table, name in columns
        if name not in CODES and (name != "reason" or table not in _OWN_REASONS)
    ]
    for table, name in spoilt:
        values = [
            row[0] for row in con.execute(f"select distinct {name} from {table} where {name} is not null").fetchall()
        ]
        pairs = [(value, spoil_json(value) if name in _JSON else spoil(value)) for value in values]
        changed = [(after, before) for before, after in pairs if after != before]
        if changed:
            con.executemany(f"update {table} set {name} = ? where {name} = ?", changed)
    return sorted({name for _, name in spoilt})


def spoil_json(text: str) -> str:
    """A JSON document with its texts for readers spoilt."""
    return json.dumps(_spoil_part(json.loads(text), is_text=False), ensure_ascii=False)


def _spoil_part(part: Any, *, is_text: bool) -> Any:
    if isinstance(part, dict):
        return {key: _spoil_part(value, is_text=key.startswith(_TEMPLATE_TEXTS)) for key, value in part.items()}
    if isinstance(part, list):
        return [_spoil_part(value, is_text=is_text) for value in part]
    return spoil(part) if is_text and isinstance(part, str) else part
