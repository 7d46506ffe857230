"""Pins: which version of a template a case was judged by, as one text such as "group_rental@1.0.0+haishu@1.2.0".

The first part is the complete template, every further one an overlay laid over what stands before it, by its label.
What an overlay `extends` is a pin too, whose versions may be cut short: "group_rental@1" is any 1.x.y.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from governance.errors import ConfigError
from governance.scenarios.template import Template

_PART = re.compile(r"([a-z0-9][a-z0-9_-]*)(?:@(\d+(?:\.\d+){0,2}))?")


@dataclass(frozen=True)
class Step:
    """One part of a pin: a scenario or an overlay's label, and as much of its version as is said."""

    name: str
    version: tuple[int, ...]

    def __str__(self) -> str:
        """As it stands in a pin."""
        return f"{self.name}@{'.'.join(map(str, self.version))}" if self.version else self.name


Pin = tuple[Step, ...]


def pin_version(template: Template) -> str:
    """Give the pin of a template: what a case keeps to say which version judged it."""
    own = f"{template.label or template.id}@{template.version}"
    return f"{template.extends}+{own}" if template.extends else own


def parse_pin(text: str) -> Pin:
    """Give the parts of a pin, versions as far as they are said; raises ConfigError with how one is written."""
    found = [_PART.fullmatch(part) for part in text.split("+")]
    if not all(found):
        raise ConfigError(f'`{text}` names no template; write it like "group_rental@1" or "group_rental@1+haishu@1.2".')
    return tuple(Step(match[1], _read_version(match[2])) for match in found if match)


def spell_pin(pin: Pin) -> str:
    """Give a pin as text."""
    return "+".join(map(str, pin))


def fits(wanted: Pin, pin: Pin) -> bool:
    """Whether a pin is one of those that `wanted`, with its versions cut short, stands for."""
    return len(wanted) == len(pin) and all(
        asked.name == found.name and found.version[: len(asked.version)] == asked.version
        for asked, found in zip(wanted, pin, strict=True)
    )


def list_versions(pin: Pin) -> tuple[tuple[int, ...], ...]:
    """Give the versions of a pin's parts, by which pins of the same names are ordered."""
    return tuple(step.version for step in pin)


def _read_version(text: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")) if text else ()
