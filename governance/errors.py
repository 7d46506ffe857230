"""Every error this package raises on purpose: one root, a few children, each also a builtin."""

from __future__ import annotations

from collections.abc import Iterable


class GovernanceError(Exception):
    """Root of all errors that a user can mend; its text is one or more whole sentences."""


class ConfigError(GovernanceError, ValueError):
    """A city profile or a scenario template says something that cannot be used."""


class InputError(GovernanceError, ValueError):
    """An input file cannot be read as its source describes it."""


class NotReadyError(GovernanceError, RuntimeError):
    """Something that must be made first (a snapshot, an extension, a file) is missing."""


class CheckFailed(GovernanceError, RuntimeError):
    """A published snapshot would break one of its own rules, so it was not published."""


def join_faults(title: str, faults: Iterable[str]) -> str:
    """One text for many faults: the title, then one line for each fault in the order given."""
    return "\n".join([title, *(f"  - {fault}" for fault in faults)])
