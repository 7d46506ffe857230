"""The register of disputes in words and as a file: which rules of the templates the hand-overs contest.

Every row is a proposal to the people who keep the templates. It says what the log shows; whether the rule is wrong,
the dispatching, or the department that passes on, only they can judge.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from governance.city import City
from governance.errors import ConfigError
from governance.export_orders import LANGUAGES, Order, find_id, list_notes
from governance.exports import export_frame

SHEET = "disputes"


def export_disputes(
    city: City,
    out: Path,
    *,
    scenario: str | None = None,
    language: str = "zh",
    format: str | None = None,  # noqa: A002  the word of the command line
) -> int:
    """Write the register to a .csv, .xlsx or .parquet file and give the number of rows.

    `scenario` may be an id or a name. Raises ConfigError for anything unknown.
    """
    if language not in LANGUAGES:
        raise ConfigError(f"There is no language {language!r}; known: {', '.join(LANGUAGES)}.")
    chosen = find_id(city.ask("export_names"), "scenario", scenario) if scenario else None
    named = word_disputes(city, city.disputes(scenario=chosen), language=language)
    notes = list_notes(city, Order(SHEET, chosen, None, language), len(named))
    notes += [(name[language], text[language]) for name, text in _NOTES]
    return export_frame(city, named, out, sheet=SHEET, notes=notes, format=format)


def word_disputes(city: City, disputes: pd.DataFrame, *, language: str) -> pd.DataFrame:
    """The rows of `City.disputes` with names, the `finding` and the `proposal` as sentences, `reasons` as one text."""
    names = _list_names(city, language)
    words, comma = _SENTENCES[language], _SENTENCES[language]["comma"]
    rows = []
    for row in disputes.to_dict("records"):
        scene = names.get(("scene", row["template_version"], row["scene"]))
        district = None if pd.isna(row["district"]) else names.get(("level_1_id", row["district"]), row["district"])
        told = {
            "scene": words["scene"].format(scene=scene) if scene else words["no_scene"],
            "sender": names.get(("department", row["from_department"]), row["from_department"]),
            "receiver": names.get(("department", row["to_department"]), row["to_department"]),
            **{name: f"{row[name]:,}" for name in ("cases", "held_cases")},
            **{name: f"{row[name]:.1%}" for name in ("share", "ended_share")},
            "reasons": comma.join(words["reason"].format(reason=reason, n=f"{n:,}") for reason, n in row["reasons"]),
        }
        told["own"] = words["own"].format(district=district) if district else ""
        told["why"] = words["why" if row["reasons"] else "no_why"].format_map(told)
        named = {
            "scenario_name": names.get(("scenario", row["scenario"]), row["scenario"]),
            "district_name": district,
            "scene_name": scene,
            "from_department_name": told["sender"],
            "to_department_name": told["receiver"],
            "finding": words["finding"].format_map(told),
            "proposal": words[row["change"]].format_map(told),
        }
        rows.append({**row, "reasons": told["reasons"], **named})
    return pd.DataFrame(rows, columns=[*disputes.columns, *_NAMED])


_NAMED = (
    "scenario_name", "district_name", "scene_name", "from_department_name", "to_department_name", "finding", "proposal",
)  # fmt: skip


def _list_names(city: City, language: str) -> Mapping[tuple[Any, ...], str]:
    """Names by ("scenario", id), ("level_1_id", id), ("department", id) and ("scene", template version, id)."""
    frame = city.ask("indicator_names")
    names: dict[tuple[Any, ...], str] = {
        (slice_, id_): name
        for slice_, id_, name in zip(frame["slice"], frame["id"], frame[f"name_{language}"], strict=True)
    }
    for row in city.ask("export_templates", scenario=None).to_dict("records"):
        for scene in json.loads(row["template"])["scenes"]:
            names["scene", row["template_version"], scene["id"]] = scene[f"name_{language}"]
    return names


_SENTENCES = {
    "zh": {
        "comma": "、",
        "reason": "“{reason}” {n} 件",
        "own": "按{district}的自有模板：",
        "scene": "子场景“{scene}”",
        "no_scene": "未分子场景的事件",
        "why": "；主要理由：{reasons}",
        "no_why": "；未说明理由",
        "finding": (
            "{own}{scene}中，{sender}经手 {held_cases} 件，其中 {cases} 件（{share}）转给{receiver}{why}；"
            "最终 {ended_share} 留在{receiver}。"
        ),
        "lead": "建议：由{receiver}牵头，或把这一子场景一分为二。",
        "collaborator": "建议：明确{receiver}在此有无职责、是何职责；模板没有提到它。",
        "boundary": "建议：写明{sender}做到哪里为止，{receiver}从哪里开始。",
        "dispatch": "建议：模板已定{receiver}牵头，应直接派给它；请核对派遣和首接环节。",
    },
    "en": {
        "comma": ", ",
        "reason": "“{reason}” {n}",
        "own": "By {district}'s own template. ",
        "scene": "In scene “{scene}”",
        "no_scene": "In cases of no scene",
        "why": "; most gave as reason {reasons}",
        "no_why": "; no reason was given",
        "finding": (
            "{own}{scene}, {sender} passed on {cases} of its {held_cases} cases ({share}) to {receiver}{why}; "
            "{ended_share} ended with {receiver}."
        ),
        "lead": "Proposal: let {receiver} lead here, or part the scene in two.",
        "collaborator": "Proposal: say whether {receiver} has a part here, and which; the template names none.",
        "boundary": "Proposal: write down where the part of {sender} ends and that of {receiver} begins.",
        "dispatch": "Proposal: {receiver} leads already; send such cases there at once. Check who dispatches them.",
    },
}
_NOTES = (
    (
        {"zh": "性质", "en": "What this is"},
        {
            "zh": "由流转记录自动归纳的建议，须由人判断；不是对任何部门的结论。",
            "en": "Proposals gathered from the log of hand-overs; a person must judge them. They settle nothing.",
        },
    ),
    (
        {"zh": "cases、held_cases", "en": "cases, held_cases"},
        {
            "zh": "近 365 天上报的事件：转出至该部门的件数；转出部门经手过的件数（均按事件去重）。",
            "en": "Of the cases reported in the last 365 days: those passed on to the receiver, and those that the "
            "sender ever had; each case counts once.",
        },
    ),
    (
        {"zh": "入选条件", "en": "Which pairs are listed"},
        {
            "zh": "至少 30 件，且不少于转出部门经手件数的 3%；有自有模板的区县单独统计。",
            "en": "At least 30 cases, and at least 3 % of the sender's; a district with its own template counts apart.",
        },
    ),
)
