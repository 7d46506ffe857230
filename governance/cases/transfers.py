"""Hand-overs between departments: who passes to whom, and which rule of a template that contests.

A department that leads a scene and yet passes on a good part of its cases disagrees with the template, or the template
with the city. The register of disputes gathers such pairs with their reasons and says what would settle them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from governance.scenarios.template import Template

Change = Literal["lead", "collaborator", "boundary", "dispatch"]

LEAST_CASES = 30
"""Fewer hand-overs of one pair in a year are no pattern."""
LEAST_SHARE = 0.03
"""Of the cases of the scene that the sender ever had."""
_MOST_REASONS = 3


@dataclass(frozen=True)
class Proposal:
    """One contested rule: `from_department` keeps passing cases of a scene to `to_department`.

    change: "dispatch" where the receiver leads the scene anyway (the desk sent the case astray); "lead" where most of
    the cases end with the receiver (let it lead, or part the scene in two); "collaborator" where the receiver has no
    part in the scene (give it one); "boundary" where both have a part and the cases come back (write down who does
    what). reasons: the most frequent ones with their cases.
    """

    scenario: str
    scene: str | None
    from_department: str
    to_department: str
    cases: int
    held_cases: int
    ended_with_receiver: int
    change: Change
    reasons: tuple[tuple[str, int], ...]

    @property
    def share(self) -> float:
        """The part of the sender's cases that it passed to this receiver."""
        return self.cases / self.held_cases


def list_proposals(
    disputes: pd.DataFrame,
    templates: Mapping[str, Template],
    *,
    least_cases: int = LEAST_CASES,
    least_share: float = LEAST_SHARE,
) -> list[Proposal]:
    """The contested rules in the rows of `out_dispute`, the most cases first; `templates` are named by scenario."""
    keys = ["scenario", "scene", "from_department", "to_department"]
    proposals = []
    for (scenario, scene, sender, receiver), rows in disputes.groupby(keys, dropna=False, sort=False):
        template, held = templates.get(scenario), int(rows["held_cases"].iloc[0])
        cases, ended = int(rows["cases"].sum()), int(rows["ended_with_receiver"].sum())
        if template is None or cases < least_cases or cases < least_share * held:
            continue
        name = None if pd.isna(scene) else str(scene)
        lead, helpers = _find_parties(template, name)
        reasons = rows.loc[rows["reason"] != ""].nlargest(_MOST_REASONS, "cases")
        proposals.append(
            Proposal(
                scenario=scenario,
                scene=name,
                from_department=sender,
                to_department=receiver,
                cases=cases,
                held_cases=held,
                ended_with_receiver=ended,
                change=_choose_change(receiver, lead, helpers, ended_share=ended / cases),
                reasons=tuple(zip(reasons["reason"], (int(count) for count in reasons["cases"]), strict=True)),
            )
        )
    return sorted(proposals, key=lambda proposal: -proposal.cases)


def _find_parties(template: Template, scene_id: str | None) -> tuple[str, frozenset[str]]:
    """The lead and the collaborators of the scene; of the scenario, where no scene is named."""
    scene = next((scene for scene in template.scenes if scene.id == scene_id), None)
    return (scene.lead, frozenset(scene.collaborators)) if scene else (template.lead, frozenset(template.collaborators))


def _choose_change(receiver: str, lead: str, helpers: frozenset[str], *, ended_share: float) -> Change:
    if receiver == lead:
        return "dispatch"
    if ended_share > 0.5:  # noqa: PLR2004  more of them than not
        return "lead"
    return "boundary" if receiver in helpers else "collaborator"
