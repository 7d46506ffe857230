"""TOML files as frozen pydantic models: every fault becomes a sentence with the nearest known key."""

from __future__ import annotations

import re
import tomllib
import types
from collections.abc import Collection, Mapping
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from rapidfuzz import fuzz, process

from governance.errors import ConfigError, join_faults


class Strict(BaseModel):
    """Base of every model read from a file: immutable, and no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]


def read_model(path: Path, model: type[Model]) -> Model:
    """Give the file as `model`; raises one ConfigError that lists every fault found."""
    document = read_document(path)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise ConfigError(join_faults(f"{path} cannot be used:", describe_faults(error, model))) from error


def read_document(path: Path) -> dict[str, Any]:
    """Give the file's tables as they stand; raises ConfigError if it cannot be read as TOML."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} was not found. Check the path, or run `python -m governance demo`.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 at byte {error.start}. Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error


def describe_faults(
    error: ValidationError,
    model: type[BaseModel],
    *,
    document: Mapping[str, Any] | None = None,
    told: Collection[Place] = (),
) -> list[str]:
    """One sentence for each fault pydantic found, in its order, but for those at places `told` already.

    With the `document`, tables in lists are named by their `id` instead of their number.
    """
    faults: list[dict[str, Any]] = [{**fault} for fault in error.errors(include_url=False)]
    places: list[Place] = [tuple(fault["loc"]) for fault in faults]
    return [
        _describe_fault(fault, model, name_place(document, place) if document is not None else place)
        for fault, place in zip(faults, places, strict=True)
        if place not in told and not _follows_from_others(fault, places)
    ]


def name_place(document: Any, place: Place) -> Place:
    """The place with the `id` of each table in a list instead of its number, where it has one."""
    named: list[str | int] = []
    for part in place:
        document = _step_into_value(document, part)
        has_id = isinstance(part, int) and isinstance(document, Mapping) and isinstance(document.get("id"), str)
        named.append(document["id"] if has_id else part)
    return tuple(named)


def _step_into_value(value: Any, part: str | int) -> Any:
    if isinstance(value, Mapping):
        return value.get(part)
    is_inside = isinstance(value, list) and isinstance(part, int) and part < len(value)
    return value[part] if is_inside else None


def _follows_from_others(fault: dict[str, Any], places: list[Place]) -> bool:
    """Whether a fault says nothing new: a list too short for want of its refused items, what an unknown key holds."""
    place, depth = tuple(fault["loc"]), len(fault["loc"])
    if fault["type"] == "too_short":
        return any(other[:depth] == place and len(other) > depth for other in places)
    unknown = [other[:-1] for other in places if other[-1:] == ("[key]",) and other != place]
    return any(place[: len(key)] == key for key in unknown)


def nearest(word: str, known: list[str]) -> str:
    """`; did you mean X?` for the known word nearest to `word`, or an empty text when none is near."""
    found = find_nearest(word, known)
    return f"; did you mean `{found}`?" if found else ""


def find_nearest(word: str, known: list[str]) -> str | None:
    """The known word nearest to `word`; None when none is near."""
    match = process.extractOne(word, known, scorer=fuzz.WRatio, score_cutoff=60)
    return str(match[0]) if match else None


def _describe_fault(fault: dict[str, Any], model: type[BaseModel], place: Place) -> str:
    where = ".".join(str(part) for part in place if part != "[key]") or "(whole file)"
    if "[key]" in fault["loc"] and "expected" in fault.get("ctx", {}):
        choices = [choice.strip(" '") for choice in re.split(r",| or ", fault["ctx"]["expected"])]
        hint = nearest(str(fault["input"]), choices) or "."
        return f"unknown key `{where}`; known keys: {', '.join(choices)}{hint}"
    if fault["type"] == "extra_forbidden":
        known = _known_keys(model, fault["loc"][:-1])
        hint = nearest(str(fault["loc"][-1]), known) or f"; known keys: {', '.join(known)}."
        return f"unknown key `{where}`{hint}"
    if fault["type"] == "missing":
        return f"key `{where}` is missing; add it."
    text = str(fault["msg"]).removeprefix("Value error, ").replace("a valid tuple", "a list")
    if fault["type"] == "value_error":
        return f"`{where}`: {text}"
    return f"`{where}`: {text} (found {shorten(repr(fault['input']), 80, placeholder=' …')})."


def _known_keys(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand at `path`: walked down one part at a time, through models, dicts and tuples."""
    current: Any = model
    for part in path:
        current = _step_into(current, part)
    inner = _unwrap_optional(current)
    fields = inner.model_fields.items() if _is_model(inner) else ()
    return sorted(field.alias or name for name, field in fields if not field.exclude)


def _step_into(annotation: Any, part: str | int) -> Any:
    annotation = _unwrap_optional(annotation)
    if _is_model(annotation):
        fields = {field.alias or name: field for name, field in annotation.model_fields.items()}
        return fields[str(part)].annotation if str(part) in fields else None
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return arguments[1]
    return arguments[0] if get_origin(annotation) in (tuple, list) else None


def _unwrap_optional(annotation: Any) -> Any:
    while get_origin(annotation) in (Union, types.UnionType, Annotated):
        choices = [choice for choice in get_args(annotation) if choice is not type(None)]
        models = [choice for choice in choices if _is_model(choice)]
        annotation = (models or choices)[0]
    return annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
