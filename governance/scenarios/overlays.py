"""Overlays made and kept up: copy a template to a district, say what it changed, follow a newer base."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.errors import ConfigError
from governance.scenarios.lint import lint_template
from governance.scenarios.merge import Change, compare_documents
from governance.scenarios.pins import fits, list_versions, parse_pin, spell_pin
from governance.scenarios.versions import BASE_FOLDER, CITY_LABEL, Version, is_label, lay_over
from governance.toml_model import nearest

_EXTENDS = re.compile(r"""^(\s*extends\s*=\s*)(?:"[^"\n]*"|'[^'\n]*')""", re.MULTILINE)
# A number and its unit mean something only together.
_ONE_VALUE = frozenset({"value", "unit"})


@dataclass(frozen=True)
class Conflict:
    """A place that the base and the overlay have both changed, each in its own way."""

    theirs: Change
    ours: Change


@dataclass(frozen=True)
class Upgrade:
    """What would happen to an overlay over a newer base: what comes in, what conflicts, what would be at fault."""

    overlay: Version
    target: Version
    incoming: tuple[Change, ...]
    conflicts: tuple[Conflict, ...]
    faults: tuple[str, ...]


def find_version(versions: Iterable[Version], text: str) -> Version:
    """Give the version that a pin names, its versions cut short or left out, such as "group_rental+haishu".

    What is live comes before what is only stored, the city's own before the shared, the higher before the lower.
    Raises ConfigError when there is none.
    """
    wanted, live = parse_pin(text), list(versions)
    for found in (live[::-1], sorted(_list_bases(live), key=lambda v: list_versions(v.pin), reverse=True)):
        fitting = [version for version in found if fits(wanted, version.pin)]
        if fitting:
            return fitting[0]
    known = sorted({spell_pin(version.pin) for version in live})
    raise ConfigError(f"There is no template `{text}`{nearest(text, known) or '; known: ' + ', '.join(known) + '.'}")


def copy_template(base: Version, folder: Path, *, label: str, district: str | None) -> list[Path]:
    """Write an empty overlay over `base`, called `label`, with the base beside it; give the files written.

    `label` "city" makes the city's own version, which lies in the folder itself and has no district. Raises
    ConfigError if the overlay is there already.
    """
    is_city = label == CITY_LABEL
    if not is_label(label):
        raise ConfigError(
            f"`{label}` cannot name an overlay; use small letters, digits, - and _, and not `{BASE_FOLDER}`."
        )
    if is_city and district is not None:
        raise ConfigError(f"The overlay `{CITY_LABEL}` is for every district; choose another name for one district's.")
    path = (folder if is_city else folder / label) / f"{base.template.id}.toml"
    if path.exists():
        raise ConfigError(f"{path} is there already; change that file, or take it away first.")
    stored = _store_base(base, path.parent / BASE_FOLDER)
    path.write_text(_write_overlay(base, label=label, district=district), encoding="utf-8")
    return [path, *stored]


def plan_upgrade(overlay: Version, target: Version, departments: Collection[str]) -> Upgrade:
    """Compare the base that an overlay was made from, the `target` base of the same scenario and its own changes.

    A place that only the base changed comes in; one that both changed in different ways is a conflict, and the
    overlay's would win. Where both changed it in the same way there is nothing to tell. Raises ConfigError when the
    overlay has no base, or the target is of another scenario.
    """
    base = _need_base(overlay)
    if target.template.id != base.template.id:
        raise ConfigError(
            f"{spell_pin(overlay.pin)} is an overlay of `{base.template.id}` and cannot stand over "
            f"{spell_pin(target.pin)}; name a version of its own scenario."
        )
    theirs = compare_documents(base.whole, target.whole)
    ours = compare_documents(base.whole, overlay.whole)
    agreed = {change.path for change in theirs if any((our.path, our.new) == (change.path, change.new) for our in ours)}
    theirs, ours = ([change for change in side if change.path not in agreed] for side in (theirs, ours))
    conflicts = [Conflict(their, our) for their in theirs for our in ours if _meet(their, our)]
    contested = {conflict.theirs.path for conflict in conflicts}
    try:
        laid = lay_over(target, overlay.path, overlay.written, label=overlay.pin[-1].name)
        faults = lint_template(laid.template, departments)
    except ConfigError as error:
        faults = str(error).splitlines()
    incoming = tuple(change for change in theirs if change.path not in contested)
    return Upgrade(overlay, target, incoming, tuple(conflicts), tuple(faults))


def find_newest_base(versions: Iterable[Version], overlay: Version) -> Version:
    """Give the live version that an overlay's base has become; raises ConfigError if there never was one."""
    return find_version(versions, "+".join(step.name for step in _need_base(overlay).pin))


def write_upgrade(upgrade: Upgrade, *, keep_local: bool = False) -> list[Path]:
    """Pin the overlay to the newer base and store that beside it; give the files written.

    Raises ConfigError, and writes nothing, when something would be at fault, or for conflicts unless `keep_local`
    says that the overlay's own values shall win.
    """
    if upgrade.faults:
        raise ConfigError("\n".join(["Nothing was written: over the newer base,", *upgrade.faults]))
    if upgrade.conflicts and not keep_local:
        places = ", ".join(".".join(conflict.ours.path) for conflict in upgrade.conflicts)
        raise ConfigError(
            f"Nothing was written: the base and the overlay both changed {places}. Change the overlay there, "
            "or say that its own values shall win (--keep-local)."
        )
    path = upgrade.overlay.path
    stored = _store_base(upgrade.target, path.parent / BASE_FOLDER)
    path.write_text(_pin_text(path, spell_pin(upgrade.target.pin)), encoding="utf-8")
    return [path, *stored]


def describe_changes(changes: Iterable[Change]) -> list[str]:
    """One line for each change: "+" what is new, "-" what is gone, "~" what says something else."""
    return [_describe_change(change) for change in changes]


def _need_base(version: Version) -> Version:
    if version.base is None:
        raise ConfigError(f"{spell_pin(version.pin)} is complete and extends nothing, so it has no base to follow.")
    return version.base


def _describe_change(change: Change) -> str:
    where = ".".join(change.path)
    if change.old is None:
        return f"+ {where}: {_spell(change.new)}"
    if change.new is None:
        return f"- {where}: {_spell(change.old)}"
    return f"~ {where}: {_spell(change.old)} → {_spell(change.new)}"


def _spell(value: Any) -> str:
    """A table by its names in both languages, if it has any; anything else as it stands in a file."""
    if isinstance(value, dict):
        for stem in ("name", "action", "reason"):
            if f"{stem}_zh" in value:
                return f"{value[f'{stem}_zh']} / {value.get(f'{stem}_en', '')}"
    return json.dumps(value, ensure_ascii=False, default=str)


def _meet(theirs: Change, ours: Change) -> bool:
    """Whether two changes are in one place, or one inside the other."""
    first, second = _scope(theirs.path), _scope(ours.path)
    shorter = min(len(first), len(second))
    return first[:shorter] == second[:shorter]


def _scope(path: tuple[str, ...]) -> tuple[str, ...]:
    return path[:-1] if path[-1] in _ONE_VALUE else path


def _list_bases(versions: Iterable[Version]) -> list[Version]:
    found = []
    for version in versions:
        base = version.base
        while base is not None:
            found.append(base)
            base = base.base
    return found


def _store_base(base: Version, folder: Path) -> list[Path]:
    """Write a version, and all that it stands over, each under its pin; what is stored already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    version: Version | None = base
    while version is not None:
        path = folder / f"{spell_pin(version.pin)}.toml"
        text = version.path.read_text(encoding="utf-8-sig")
        if version.base is not None:
            # The stored copy names its own base exactly, as others may come to lie beside it.
            text = _pin_text(version.path, spell_pin(version.base.pin))
        if path != version.path and not path.exists():
            path.write_text(text, encoding="utf-8")
            written.append(path)
        version = version.base
    return written


def _pin_text(path: Path, pin: str) -> str:
    """The overlay's text with its `extends` naming `pin`, all else as it stands."""
    text = _EXTENDS.sub(lambda match: f'{match[1]}"{pin}"', path.read_text(encoding="utf-8-sig"), count=1)
    if tomllib.loads(text).get("extends") != pin:
        raise ConfigError(f'{path}: `extends` could not be changed; write extends = "{pin}" on a line of its own.')
    return text


def _write_overlay(base: Version, *, label: str, district: str | None) -> str:
    template, pin = base.template, spell_pin(base.pin)
    scene = template.scenes[0]
    judged = f"district = {json.dumps(district, ensure_ascii=False)}\n" if district else ""
    return f"""# {template.name_zh} / {template.name_en}: what {label} changes.
# All else is read from {pin}, of which a copy lies in {BASE_FOLDER}/. Write only what differs, such as
#
#   [limits.III]
#   dispose = {{ value = 10 }}
#
#   [[scenes]]
#   id = "{scene.id}"  # an id of the base changes that one, a new id adds one
#   severity_weight = {scene.severity_weight}  # and `remove = true` takes one out
#
# Raise `version` with every change: each case keeps the version that it was judged by.

extends = "{pin}"
version = "1.0.0"
{judged}"""
