"""Tiers: from expected reports to red, yellow, green, by what inspectors can visit."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import numpy.typing as npt


class Policy(Protocol):
    """What `assign_tiers` needs of a template's tier policy."""

    @property
    def red_share(self) -> float:
        """Share of all grids that may be red."""

    @property
    def yellow_share(self) -> float:
        """Share of all grids that may be yellow."""

    @property
    def floor_expected_reports_28d(self) -> float:
        """Below this a grid is green, however high it ranks."""


def rank_grids(expected: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """Rank 1 is the worst; equal forecasts rank by grid_no."""
    order = np.argsort(-expected, kind="stable")
    rank = np.empty(len(expected), dtype=np.int32)
    rank[order] = np.arange(1, len(expected) + 1, dtype=np.int32)
    return rank


def assign_tiers(expected: npt.NDArray[np.float64], policy: Policy) -> npt.NDArray[np.str_]:
    """Red, yellow or green per grid.

    Red are the worst ⌊red_share · grids⌋ grids at or above the floor (at least one grid may be red), yellow the next
    ⌊yellow_share · grids⌋ at or above it, green all others. Never more than that, so that a list can be walked.
    """
    grids = len(expected)
    most_red = min(grids, max(1, _count_share(policy.red_share, grids)))
    most_yellow = _count_share(policy.yellow_share, grids)
    rank = rank_grids(expected)
    counts = (expected >= policy.floor_expected_reports_28d) & (expected > 0)
    is_red = counts & (rank <= most_red)
    is_yellow = counts & ~is_red & (rank <= most_red + most_yellow)
    return np.where(is_red, "red", np.where(is_yellow, "yellow", "green"))


def _count_share(share: float, grids: int) -> int:
    """⌊share · grids⌋ as written in the template: 0.29 of 100 grids are 29, though 0.29 * 100 is 28.999…."""
    return math.floor(round(share * grids, 6))
