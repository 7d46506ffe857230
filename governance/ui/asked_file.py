"""What was asked of a city, kept in its build folder: a server that starts anew knows what visitors want of it."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from types import FunctionType
from typing import Any

from governance.errors import ConfigError
from governance.exports import replacing
from governance.ui.city_cache import Asked, list_asked, remember_asked

FILE = "asked.json"
_LONGEST_TEXT = 200  # ids are short; a text from an address may be anything
_TYPED = "incident_id"  # what visitors type to find a case may be a name
_WRITING = threading.Lock()
_LOG = logging.getLogger(__name__)


def write_asked(build_dir: Path) -> None:
    """Keep what was asked beside what the file holds, the newest first; a folder that cannot be written is left.

    Questions name units, scenarios, departments, days and grids: nobody who asked, and no case.
    """
    file = build_dir / FILE
    with _WRITING:
        # Another server of the same folder may have written meanwhile.
        read_asked(build_dir)
        rows = [row for asked in list_asked(build_dir) if (row := _encode_asked(asked))]
        content = json.dumps(rows).encode("ascii")
        try:
            if rows and not (file.exists() and file.read_bytes() == content):
                with replacing(file) as draft:
                    draft.write_bytes(content)
        except (ConfigError, OSError) as error:
            _LOG.warning("What was asked could not be kept in %s: %s", file, error)


def read_asked(build_dir: Path) -> None:
    """Remember what `write_asked` kept, as asked before all that was; what is not understood is left out."""
    try:
        rows = json.loads((build_dir / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError, RecursionError) as error:
        _LOG.warning("%s cannot be read, and will be written anew: %s", build_dir / FILE, error)
        return
    found = [_decode_asked(row) for row in rows] if isinstance(rows, list) else []
    remember_asked(build_dir, [asked for asked in found if asked])


def _encode_asked(asked: Asked) -> list[Any] | None:
    if _TYPED in dict(asked.kwargs):
        return None
    try:
        return [_name(asked.find), _encode(asked.args), _encode(asked.kwargs)]
    except (TypeError, KeyError, AttributeError):
        return None


def _decode_asked(row: Any) -> Asked | None:
    try:
        find, args, kwargs = row
        asked = Asked(_find_function(find), _decode(args), tuple((str(name), value) for name, value in _decode(kwargs)))
        hash(asked)
    except Exception:  # noqa: BLE001  a file of another version, or made by hand: records may refuse in any way
        _LOG.debug("Not understood in %s: %s", FILE, str(row)[:_LONGEST_TEXT])
        return None
    return asked


def _encode(value: Any) -> Any:
    """A value as JSON has it: tuples are lists, all else that JSON does not know is an object that names its kind."""
    if value is None or type(value) in {bool, int, float}:
        return value
    if type(value) is str and len(value) <= _LONGEST_TEXT:
        return value
    if type(value) is tuple:
        return [_encode(one) for one in value]
    if type(value) is date:
        return {"date": value.isoformat()}
    if isinstance(value, FunctionType):
        return {"function": _name(value)}
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: _encode(getattr(value, field.name)) for field in fields(value)}
        return {"record": _name(type(value)), "fields": parts}
    raise TypeError(f"{type(value).__name__} is not kept")


def _decode(value: Any) -> Any:
    """What `_encode` was given; raises an error for anything else."""
    if isinstance(value, list):
        return tuple(_decode(one) for one in value)
    if not isinstance(value, Mapping):
        return value
    if "date" in value:
        return date.fromisoformat(value["date"])
    if "function" in value:
        return _find_function(value["function"])
    kind = _find_own(value["record"])
    if not (isinstance(kind, type) and is_dataclass(kind)):
        raise TypeError(f"{value['record']} is no record")
    return kind(**{name: _decode(one) for name, one in value["fields"].items()})


def _name(own: Any) -> str:
    """Such as `governance.ui.view:_ask`; raises an error for what cannot be found again by its name."""
    name = f"{own.__module__}:{own.__qualname__}"
    if _find_own(name) is not own:
        raise TypeError(f"{name} has no name")
    return name


def _find_function(name: str) -> Callable[..., Any]:
    found = _find_own(name)
    if not isinstance(found, FunctionType):
        raise TypeError(f"{name} is no function")
    return found


def _find_own(name: str) -> Any:
    """What a module of ours made under a name, and does not have from elsewhere; nothing is imported for it."""
    module, _, own = name.partition(":")
    found = getattr(sys.modules[module], own)
    if not module.startswith("governance.") or found.__module__ != module:
        raise TypeError(f"{name} is none of ours")
    return found
