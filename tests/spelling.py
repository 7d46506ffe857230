"""How the English pages write what a test has counted by itself."""

from __future__ import annotations

from governance.ui import language


def say(key: str, **values: object) -> str:
    return language.say("en", key, **values)


def count(value: float) -> str:
    return language.format_count("en", value)


def decimal(value: float, digits: int = 1) -> str:
    return language.format_decimal("en", value, digits=digits)


def share(part: float, whole: float, digits: int = 1) -> str:
    return language.format_share("en", part / whole if whole else None, digits=digits)


def days(hours: float) -> str:
    """Hours as days."""
    return say("unit.days", value=decimal(hours / 24))


def hours(value: float, digits: int = 1) -> str:
    return say("unit.hours", value=decimal(value, digits))
