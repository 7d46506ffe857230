"""Versions of templates as files: complete ones, and overlays with the base that each is laid over.

A city's scenario folder:

    group_rental.toml                      complete: takes the shared one's place; with `extends`: the city's overlay
    haishu/group_rental.toml               an overlay called "haishu"; with `district` it judges that district only
    haishu/base/group_rental@1.0.0.toml    the base it was made from, which it goes on reading when the shared set moves

`base/` holds complete templates and overlays alike, each under its pin. What lies there is preferred to what is live.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from governance.errors import ConfigError
from governance.scenarios.merge import Document, apply_changes, find_overlay_faults, list_added
from governance.scenarios.pins import Pin, Step, fits, list_versions, parse_pin, spell_pin
from governance.scenarios.template import SHARED_FOLDER, Template, parse_template
from governance.toml_model import describe_faults, name_place, nearest, read_document

CITY_LABEL = "city"
"""What the overlay that lies in the scenario folder itself is called in pins."""
BASE_FOLDER = "base"
_OWN_KEYS = ("version", "extends", "label", "district")


@dataclass(frozen=True)
class Version:
    """One version of a template: its file, its pin, what the file says, and what it means with its base.

    `whole` has neither version nor pin, so that two versions compare by what they say of the scenario.
    """

    path: Path
    pin: Pin
    written: Document
    whole: Document
    template: Template
    base: Version | None = None


@dataclass
class _Reading:
    """What has been read of a folder so far; a file that cannot be used is None, its faults told once."""

    folder: Path | None
    done: dict[Path, Version | None] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def read_versions(folder: Path | None) -> tuple[list[Version], list[str]]:
    """Give the shared templates, then those of a city's scenario folder in name order, and every fault found.

    Stored bases are read where an overlay extends them, and reached through `base`.
    """
    reading = _Reading(folder)
    if folder is not None and not folder.is_dir():
        return [], [f"{folder} is no folder. Give the folder that holds the scenario templates."]
    if folder is not None and folder.name == BASE_FOLDER:
        return [], [f"{folder}: a scenario folder cannot be called `{BASE_FOLDER}`, as stored bases are; rename it."]
    found = [_read(reading, path, ()) for path in (*sorted(SHARED_FOLDER.glob("*.toml")), *list_files(folder))]
    reading.faults += _find_unread(folder)
    return [version for version in found if version is not None], list(dict.fromkeys(reading.faults))


def list_files(folder: Path | None) -> list[Path]:
    """Give the template files of a scenario folder: its own, and those of the folders in it, without stored bases."""
    if folder is None:
        return []
    return [*sorted(folder.glob("*.toml")), *(p for p in sorted(folder.glob("*/*.toml")) if not _is_stored(p))]


def _find_unread(folder: Path | None) -> list[str]:
    """Files that look like templates and lie where, or are called as, none is read."""
    if folder is None:
        return []
    read = {*list_files(folder), *folder.glob(f"{BASE_FOLDER}/*.toml"), *folder.glob(f"*/{BASE_FOLDER}/*.toml")}
    return [
        f"{path} is not read: templates lie in {folder}, or one folder deeper, and end in .toml. Move or rename it."
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix.lower() == ".toml" and path not in read
    ]


def name_file(template: Template) -> str:
    """Give a template's file as its city knows it, such as "haishu/group_rental.toml"."""
    folder = "" if template.label in {None, CITY_LABEL} else f"{template.label}/"
    return f"{folder}{template.id}.toml"


def _read(reading: _Reading, path: Path, trail: tuple[Path, ...]) -> Version | None:
    if path in trail:
        names = [_name(reading, step) for step in (*trail[trail.index(path) :], path)]
        circle = " → ".join(names)
        reading.faults.append(f"{path}: `extends` runs in a circle: {circle}; let one of them extend another base.")
        return None
    if path not in reading.done:
        try:
            version = _make_version(reading, path, (*trail, path))
        except ConfigError as error:
            reading.faults += str(error).splitlines()
            version = None
        reading.done[path] = version
    return reading.done[path]


def _make_version(reading: _Reading, path: Path, trail: tuple[Path, ...]) -> Version | None:
    document = read_document(path)
    if "extends" in document:
        base = _find_base(reading, path, document, trail)
        return lay_over(base, path, document, label=_find_label(reading, path)) if base else None
    if not _is_stored(path) and path.parent not in {reading.folder, SHARED_FOLDER}:
        raise ConfigError(
            f"{path} has no `extends`. Say which base it changes, or move a complete template to {reading.folder}."
        )
    template, faults = parse_template(document, name=_find_scenario(path))
    if template is None or faults:
        raise ConfigError(_join(path, faults))
    pin = parse_pin(f"{template.id}@{template.version}")
    _check_name(path, pin)
    whole = {key: value for key, value in document.items() if key not in _OWN_KEYS}
    return Version(path, pin, document, whole, template)


def _find_base(reading: _Reading, path: Path, document: Document, trail: tuple[Path, ...]) -> Version | None:
    """The version that the overlay extends, stored beside it or live; None if its own faults are told already."""
    try:
        wanted = parse_pin(str(document["extends"]))
    except ConfigError as error:
        raise ConfigError(f"{path}: `extends`: {error}") from error
    scenario = _find_scenario(path)
    if wanted[0].name != scenario:
        raise ConfigError(
            f"{path}: `extends` names `{wanted[0].name}`, but the file is called after `{scenario}`; "
            "an overlay keeps the id of its base."
        )
    stored = _find_stored(path, wanted)
    base_path = stored or _find_live(reading, path, wanted)
    base = _read(reading, base_path, trail)
    if base is not None and not fits(wanted, base.pin):
        raise ConfigError(
            f"{path}: `extends` asks for {spell_pin(wanted)}, but the base is {spell_pin(base.pin)}; "
            f"pin that one, or store the version you mean in {path.parent / BASE_FOLDER}."
        )
    return base


def _find_stored(path: Path, wanted: Pin) -> Path | None:
    """The highest stored base that `wanted` stands for."""
    folder = path.parent if _is_stored(path) else path.parent / BASE_FOLDER
    pins = {file: _parse_name(file) for file in sorted(folder.glob("*.toml")) if file != path}
    fitting = [(file, pin) for file, pin in pins.items() if pin and fits(wanted, pin)]
    return max(fitting, key=lambda entry: list_versions(entry[1]))[0] if fitting else None


def _find_live(reading: _Reading, path: Path, wanted: Pin) -> Path:
    """The file that now stands for what `wanted` names: the city's or the shared template, or another overlay."""
    scenario, folder = wanted[0].name, reading.folder
    if len(wanted) == 1:
        own = folder / f"{scenario}.toml" if folder else None
        if own and own != path and own.is_file() and "extends" not in read_document(own):
            return own
        known = sorted(file.stem for file in SHARED_FOLDER.glob("*.toml"))
        if scenario not in known:
            hint = nearest(scenario, known) or f"; known: {', '.join(known)}."
            raise ConfigError(f"{path}: `extends` names `{scenario}`, and there is no such template{hint}")
        return SHARED_FOLDER / f"{scenario}.toml"
    overlays = {_find_label(reading, file): file for file in list_files(folder) if file.stem == scenario}
    label = wanted[-1].name
    if label not in overlays:
        hint = nearest(label, list(overlays)) or f"; known: {', '.join(overlays)}."
        raise ConfigError(f"{path}: `extends` names the overlay `{label}`, and there is none of {scenario}{hint}")
    return overlays[label]


def lay_over(base: Version, path: Path, document: Document, *, label: str) -> Version:
    """Give the overlay with its base; raises ConfigError with every fault of the overlay, one a line."""
    changes = {key: value for key, value in document.items() if key not in _OWN_KEYS}
    faults = [*_find_place_faults(path, document, base, label=label), *find_overlay_faults(base.whole, changes)]
    if faults:
        raise ConfigError(_join(path, faults))
    whole = apply_changes(base.whole, changes)
    own = {key: document[key] for key in ("version", "district") if key in document}
    try:
        template = Template.model_validate({**whole, **own, "extends": spell_pin(base.pin), "label": label})
    except ValidationError as error:
        faults = _describe_overlay_faults(error, whole, base, changes)
        raise ConfigError(_join(path, faults)) from error
    pin = (*base.pin, *parse_pin(f"{label}@{template.version}"))
    _check_name(path, pin)
    return Version(path, pin, document, whole, template, base)


def _find_place_faults(path: Path, document: Document, base: Version, *, label: str) -> Iterator[str]:
    if "label" in document:
        yield "`label` cannot be set; an overlay is called after its folder."
    if "id" in document and document["id"] != base.template.id:
        yield f"`id` is `{document['id']}`; an overlay keeps the id of its base, `{base.template.id}`."
    if "district" in document and label == CITY_LABEL:
        yield "`district` is set, but the file lies in no folder of its own; move it into one named after it."
    if not is_label(label) or (label == CITY_LABEL and path.parent.name == CITY_LABEL):
        yield (
            f"the folder `{path.parent.name}` cannot name an overlay; use small letters, digits, - and _, "
            f"and neither `{CITY_LABEL}` nor `{BASE_FOLDER}`."
        )


def _describe_overlay_faults(error: ValidationError, whole: Document, base: Version, changes: Document) -> list[str]:
    """The schema's faults; an item with an id that is not the base's is either a slip or lacks its keys."""
    places = [tuple(fault["loc"]) for fault in error.errors(include_url=False) if fault["type"] == "missing"]
    told: list[tuple[str | int, ...]] = []
    faults = []
    for path, known in list_added(base.whole, changes).items():
        missing = [place for place in places if name_place(whole, place)[:-1] == path]
        if missing:
            hint = nearest(path[-1], known) or "."
            keys = ", ".join(str(place[-1]) for place in missing)
            where = ".".join(path)
            faults.append(f"`{where}` is not in {spell_pin(base.pin)}{hint} A new one still needs: {keys}.")
            told += missing
    return faults + describe_faults(error, Template, document=whole, told=told)


def _check_name(path: Path, pin: Pin) -> None:
    named = _parse_name(path) if _is_stored(path) else None
    if named is not None and named != pin:
        raise ConfigError(f"{path} is stored as {spell_pin(named)}, but says it is {spell_pin(pin)}; rename the file.")


def _parse_name(path: Path) -> Pin | None:
    try:
        return parse_pin(path.stem)
    except ConfigError:
        return None


def _find_scenario(path: Path) -> str:
    return path.stem.split("@")[0].split("+")[0] if _is_stored(path) else path.stem


def _find_label(reading: _Reading, path: Path) -> str:
    if _is_stored(path):
        named = _parse_name(path) or (Step("", ()),)
        return named[-1].name
    return CITY_LABEL if path.parent == reading.folder else path.parent.name


def is_label(text: str) -> bool:
    """Whether a text can name an overlay in pins, and a folder that is none of stored bases."""
    try:
        return text != BASE_FOLDER and parse_pin(text) == (Step(text, ()),)
    except ConfigError:
        return False


def _is_stored(path: Path) -> bool:
    return path.parent.name == BASE_FOLDER


def _name(reading: _Reading, path: Path) -> str:
    inside = reading.folder is not None and path.is_relative_to(reading.folder)
    return path.relative_to(reading.folder).as_posix() if inside and reading.folder else path.name


def _join(path: Path, faults: list[str]) -> str:
    """One line for each fault of a file."""
    return "\n".join(f"{path}: {fault}" for fault in faults)
