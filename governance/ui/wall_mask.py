"""Small counts on a screen that anybody passing by can read: in a village of a few houses they would point at one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from governance.ui.choices import Unit
from governance.ui.language import MISSING
from governance.ui.view import View
from governance.wall_plan import WallPlan


@dataclass(frozen=True)
class Mask:
    """Counts of cases from 1 to below `below` are not told; 0 tells all."""

    below: int

    def hides(self, *counts: Any) -> bool:
        """Whether any of the counts is one that is not told. A missing one hides nothing, nor does a zero."""
        return any(count == count and count is not None and 0 < count < self.below for count in counts)  # noqa: PLR0124  NaN

    def spell(self, view: View, count: Any) -> str:
        """The count, or that it is below the limit."""
        return view.say("wall.fewer", below=self.below) if self.hides(count) else view.count(count)

    def spell_total(self, view: View, total: Any, parts: Iterable[Any]) -> str:
        """A total beside its parts: not told where a part is not, which could be had by subtracting the others."""
        return MISSING if self.hides(*parts) and not self.hides(total) else self.spell(view, total)


def choose_mask(plan: WallPlan, unit: Unit) -> Mask:
    """The mask for a scene about a unit: nothing is hidden above the level from which the plan asks for it."""
    return Mask(plan.mask_below if unit.level >= plan.mask_from_level else 0)
