"""Documents laid over each other: what an overlay keeps, changes, adds and takes away, for any depth.

Tables merge key by key. Lists of tables that all have an `id` merge by it; every other value is replaced. One word is
reserved: `remove = ["key", …]` takes keys out of the table it stands in, and `remove = true` takes the item it stands
in out of its list; whatever stands beside it is then written anew, at the end.

`merge_documents` keeps those marks, so that laying a over b over c gives the same in whichever order the two merges
are done, and {} changes nothing; `apply_changes` lays an overlay over a document without marks, and leaves none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from governance.toml_model import nearest

REMOVE = "remove"

Document = dict[str, Any]
Path = tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One place where two documents differ; `old` or `new` is None where only the other has it.

    A place is a path of keys and ids. A list whose ids only changed their order ends in "order".
    """

    path: Path
    old: Any
    new: Any


def merge_documents(base: Mapping[str, Any], changes: Mapping[str, Any]) -> Document:
    """Give `base` with `changes` laid over it, the marks of both kept; neither is changed."""
    dropped = _list_dropped(changes)
    merged = {key: value for key, value in base.items() if key != REMOVE and key not in dropped}
    for key, value in changes.items():
        if key != REMOVE:
            merged[key] = _merge_values(merged[key], value) if key in merged else value
    marks = True if base.get(REMOVE) is True else list(dict.fromkeys([*_list_dropped(base), *dropped]))
    return {**merged, REMOVE: marks} if marks else merged


def apply_changes(base: Mapping[str, Any], changes: Mapping[str, Any]) -> Document:
    """Give `base` as `changes` make it, without any mark left."""
    applied: Document = _strip_marks(merge_documents(base, changes))
    return applied


def diff_documents(base: Mapping[str, Any], whole: Mapping[str, Any]) -> Document:
    """Give the changes that make `whole` out of `base`: what an overlay would have to say."""
    changes = {
        key: _diff_values(base[key], value) if key in base else value
        for key, value in whole.items()
        if key not in base or base[key] != value
    }
    dropped = [key for key in base if key not in whole]
    return {**changes, REMOVE: dropped} if dropped else changes


def compare_documents(old: Mapping[str, Any], new: Mapping[str, Any], path: Path = ()) -> list[Change]:
    """Give every place where the documents differ, a table or item that only one of them has as one place."""
    changes: list[Change] = []
    for key in dict.fromkeys([*old, *new]):
        changes += _compare_values(old.get(key), new.get(key), (*path, key))
    return changes


def find_overlay_faults(
    base: Mapping[str, Any], changes: Mapping[str, Any], path: Path = (), *, is_item: bool = False
) -> Iterator[str]:
    """Give what an overlay says that cannot be meant, each one sentence: its marks, its ids."""
    marks = changes.get(REMOVE, [])
    where = _spell((*path, REMOVE))
    if isinstance(marks, list) and all(isinstance(key, str) for key in marks):
        for key in marks:
            if key not in base:
                hint = nearest(key, list(base)) or "; take it out."
                yield f"`{where}` names `{key}`, which the base does not have there{hint}"
    elif not (is_item and marks is True):
        yield f"`{where}` is {marks!r}; give a list of keys, or true in an item of a list."
    for key, value in changes.items():
        if key != REMOVE:
            yield from _find_value_faults(base.get(key), value, (*path, key))


def list_added(base: Any, changes: Any, path: Path = ()) -> dict[Path, list[str]]:
    """Give the paths of the items that `changes` add to lists of `base`, each with the ids that were there."""
    added: dict[Path, list[str]] = {}
    if isinstance(base, dict) and isinstance(changes, dict):
        for key, value in changes.items():
            added |= list_added(base.get(key), value, (*path, key))
    elif is_keyed(base) and is_keyed(changes):
        known = {item["id"]: item for item in base}
        for item in changes:
            name = item["id"]
            added |= list_added(known[name], item, (*path, name)) if name in known else {(*path, name): list(known)}
    return added


def is_keyed(value: Any) -> bool:
    """Whether a value is a list of tables that all have an id, and so merges by it."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) and isinstance(item.get("id"), str) for item in value)
    )


def _merge_values(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return merge_documents(old, new)
    if is_keyed(old) and (is_keyed(new) or new == []):
        return _merge_items(old, new)
    return new


def _merge_items(old: list[Document], new: list[Document]) -> list[Document]:
    """Items stay where they are; those that are new, or written anew, come at the end in their own order."""
    changes = {item["id"]: item for item in new}
    present = {item["id"]: item for item in old}
    kept = []
    for item in old:
        change = changes.get(item["id"])
        if change is None:
            kept.append(item)
        elif not _comes_last(item, change):
            kept.append(merge_documents(item, change))
    last = [item for item in new if item["id"] not in present or _comes_last(present[item["id"]], item)]
    return kept + [
        item if item.get(REMOVE) is True or item["id"] not in present else merge_documents(present[item["id"]], item)
        for item in last
    ]


def _comes_last(old: Document, change: Document) -> bool:
    return change.get(REMOVE) is True or _is_gone(old)


def _is_gone(item: Any) -> bool:
    """An item that says nothing but that it is taken out."""
    return isinstance(item, dict) and item.get(REMOVE) is True and set(item) <= {"id", REMOVE}


def _strip_marks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strip_marks(child) for key, child in value.items() if key != REMOVE}
    if isinstance(value, list):
        return [_strip_marks(item) for item in value if not _is_gone(item)]
    return value


def _list_dropped(document: Mapping[str, Any]) -> list[str]:
    marks = document.get(REMOVE)
    return marks if isinstance(marks, list) else []


def _diff_values(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return diff_documents(old, new)
    if is_keyed(old) and (is_keyed(new) or new == []):
        return _diff_items(old, new)
    return new


def _diff_items(old: list[Document], new: list[Document]) -> list[Document]:
    """Items that stand in another order than in `old` are taken out and written anew, as new ones come last."""
    present = {item["id"]: item for item in old}
    stay = _count_in_order(old, new)
    changes = [{"id": name, REMOVE: True} for name in present if name not in {item["id"] for item in new}]
    changes += [
        {"id": item["id"], **diff_documents(present[item["id"]], item)}
        for item in new[:stay]
        if present[item["id"]] != item
    ]
    return changes + [{**item, REMOVE: True} if item["id"] in present else item for item in new[stay:]]


def _count_in_order(old: list[Document], new: list[Document]) -> int:
    """How many of the first items of `new` stand in `old` in the same order."""
    places = {item["id"]: place for place, item in enumerate(old)}
    last = -1
    for count, item in enumerate(new):
        place = places.get(item["id"], -1)
        if place <= last:
            return count
        last = place
    return len(new)


def _compare_values(old: Any, new: Any, path: Path) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from compare_documents(old, new, path)
    elif is_keyed(old) and is_keyed(new):
        before, after = ({item["id"]: item for item in items} for items in (old, new))
        for name in dict.fromkeys([*before, *after]):
            yield from _compare_values(before.get(name), after.get(name), (*path, name))
        common = [name for name in before if name in after]
        moved = [name for name in after if name in before]
        if common != moved:
            yield Change((*path, "order"), common, moved)
    else:
        yield Change(path, old, new)


def _find_value_faults(base: Any, value: Any, path: Path) -> Iterator[str]:
    if isinstance(value, dict):
        yield from find_overlay_faults(base if isinstance(base, dict) else {}, value, path)
    elif is_keyed(base) and isinstance(value, list):
        yield from _find_item_faults(base, value, path)


def _find_item_faults(base: list[Document], items: list[Any], path: Path) -> Iterator[str]:
    known = {item["id"]: item for item in base}
    if not items:
        yield f'`{_spell(path)}` is empty, which takes nothing out; say `remove = ["{path[-1]}"]` instead.'
    for number, item in enumerate(items, start=1):
        if not (isinstance(item, dict) and isinstance(item.get("id"), str)):
            yield f"`{_spell(path)}`: table {number} has no `id`; say which one of the base it changes, or a new id."
        elif item["id"] not in known and item.get(REMOVE) is True:
            hint = nearest(item["id"], list(known)) or f"; known: {', '.join(known)}."
            yield f"`{_spell((*path, item['id']))}` is to be removed, but the base has none{hint}"
        else:
            yield from find_overlay_faults(known.get(item["id"], {}), item, (*path, item["id"]), is_item=True)
    for name, count in Counter(str(item["id"]) for item in items if isinstance(item, dict) and "id" in item).items():
        if count > 1:
            yield f"`{_spell(path)}` holds the id `{name}` {count} times; write it once."


def _spell(path: Path) -> str:
    return ".".join(path)
