"""Hand-overs between departments: who passes to whom, and which rule of a template that contests.

A department that leads a scene and yet passes on a good part of its cases disagrees with the template, or the template
with the city. The register of disputes gathers such pairs with their reasons and says what would settle them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from governance.cases.departments import NONE
from governance.scenarios.pins import pin_version
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

    template_version: the pin of the template whose rule it is; district: the one that it judges alone, None for the
    city's.

    change: "dispatch" where the receiver leads the scene anyway (whoever sent the case elsewhere sent it astray);
    "lead" where most of the cases end with the receiver (let it lead, or part the scene in two); "collaborator" where
    the receiver has no part in the scene (say whether it has one); "boundary" where both have a part and the cases
    come back (write down who does what). reasons: the most frequent ones with their cases.
    """

    scenario: str
    template_version: str
    district: str | None
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

    @property
    def ended_share(self) -> float:
        """The part of the cases passed on that ended with the receiver."""
        return self.ended_with_receiver / self.cases


def list_proposals(
    disputes: pd.DataFrame,
    templates: Mapping[str, Template],
    *,
    least_cases: int = LEAST_CASES,
    least_share: float = LEAST_SHARE,
) -> list[Proposal]:
    """The contested rules in the rows of `out_dispute`, the most cases first; `templates` are named by their versions.

    Each version is judged by its own cases, so a district with an overlay answers for itself. Cases that nobody known
    passed on contest no rule. A case without a template has no rules to contest.
    """
    keys = ["scenario", "template_version", "scene", "from_department", "to_department"]
    proposals = []
    for (_, version, scene, sender, receiver), rows in disputes.groupby(keys, dropna=False):
        template, held = templates.get(version), int(rows["held_cases"].iloc[0])
        cases = int(rows["cases"].sum())
        if template is None or NONE in {sender, receiver} or cases < max(least_cases, least_share * held):
            continue
        name = None if pd.isna(scene) else str(scene)
        proposals.append(_propose(template, name, sender, receiver, rows=rows))
    return sorted(proposals, key=lambda found: (-found.cases, *(str(getattr(found, key) or "") for key in keys)))


def _propose(template: Template, scene: str | None, sender: str, receiver: str, *, rows: pd.DataFrame) -> Proposal:
    lead, helpers = _find_parties(template, scene)
    cases, ended = int(rows["cases"].sum()), int(rows["ended_with_receiver"].sum())
    reasons = rows[rows["reason"] != ""].sort_values(["cases", "reason"], ascending=[False, True]).head(_MOST_REASONS)
    return Proposal(
        scenario=template.id,
        template_version=pin_version(template),
        district=template.district,
        scene=scene,
        from_department=sender,
        to_department=receiver,
        cases=cases,
        held_cases=int(rows["held_cases"].iloc[0]),
        ended_with_receiver=ended,
        change=_choose_change(receiver, lead, helpers, ended_share=ended / cases),
        reasons=tuple(
            (str(reason), int(count)) for reason, count in zip(reasons["reason"], reasons["cases"], strict=True)
        ),
    )


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
