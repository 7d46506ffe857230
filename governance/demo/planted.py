"""What is planted in the demo city, read from `planted.toml`: shares, effects and the temper of every scenario."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Temper:
    """How a scenario behaves; `planted.toml` says what each number means."""

    volume: float
    people: float
    homes: float
    area: float
    spread: float
    children: float
    lag_days: float
    recurs: float
    half_life_days: float
    paused: float
    discovered: float
    weekend: float
    summer: float
    row_due: bool


@dataclass(frozen=True)
class BuckPassing:
    """A share of `sender`'s cases goes to `receiver` and comes back; `reason_share` of them go for `reason`."""

    sender: str
    receiver: str
    share: float
    reason: str
    reason_share: float


@dataclass(frozen=True)
class Planted:
    """Everything that is planted; `document` is the file as read, for the truth file."""

    shares: dict[str, float]
    handling: dict[str, float]
    reasons: dict[str, list[str]]
    log_faults: dict[str, float]
    dirt: dict[str, float]
    pilot: dict[str, Any]
    hot_spots: dict[str, float]
    slow_departments: dict[str, float]
    buck_passing: tuple[BuckPassing, ...]
    unmapped_categories: tuple[str, ...]
    unmapped_department: str
    default: Temper
    scenarios: dict[str, Temper]
    document: dict[str, Any]

    def get_temper(self, scenario: str) -> Temper:
        """The temper of a scenario, or the default one."""
        return self.scenarios.get(scenario, self.default)


def load_planted() -> Planted:
    """Read the file beside this module."""
    document = tomllib.loads(Path(__file__).with_name("planted.toml").read_text(encoding="utf-8"))
    default = document["default"]
    return Planted(
        shares=document["shares"],
        handling=document["handling"],
        reasons=document["reasons"],
        log_faults=document["log_faults"],
        dirt=document["dirt"],
        pilot=document["pilot"],
        hot_spots=document["hot_spots"],
        slow_departments=document["slow_departments"],
        buck_passing=tuple(_read_pair(entry) for entry in document["buck_passing"]),
        unmapped_categories=tuple(document["unmapped"]["categories"]),
        unmapped_department=document["unmapped"]["department"],
        default=Temper(**default),
        scenarios={name: Temper(**{**default, **own}) for name, own in document["scenarios"].items()},
        document=document,
    )


def _read_pair(entry: dict[str, Any]) -> BuckPassing:
    sender, receiver = entry["pair"]
    return BuckPassing(sender, receiver, entry["share"], entry["reason"], entry["reason_share"])
