"""Starting from the last snapshot: when its closed cases still hold, only the others are made again.

A build that starts from the last snapshot must give the same tables as one that starts from nothing; where that
cannot be said for sure (another configuration, a file gone, an earlier moment), it starts from nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from governance.cases.assembly import Previous
from governance.city import open_city
from governance.errors import GovernanceError
from governance.ingest.combining import Staged
from governance.profile import Profile
from governance.program import hash_sources
from governance.scenarios import Department, TemplateSet

_ROOMS_THAT_DECIDE_NOTHING = ("ui", "demo")


@dataclass(frozen=True)
class Last:
    """The last snapshot, if it was made in the same way: its file, its moment, and the inputs it knew."""

    file: Path
    as_of_utc: datetime
    keys: frozenset[str]


def hash_configuration(profile: Profile, templates: TemplateSet, departments: Mapping[str, Department]) -> str:
    """One name for everything but the input files that decides what a snapshot says: configuration and program.

    What the wall shows decides no figure.
    """
    parts = [
        profile.model_dump(mode="json", exclude={"wall"}),
        {name: template.model_dump(mode="json") for name, template in templates.city.items()},
        sorted(template.model_dump_json() for template in templates.districts.values()),
        {name: department.model_dump(mode="json") for name, department in departments.items()},
        hash_program(),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def hash_program() -> str:
    """One name for the code, SQL and templates that make a snapshot: another version of them makes another one."""
    return hash_sources(Path(__file__).parent, without=_ROOMS_THAT_DECIDE_NOTHING)


def hash_overrides(content: bytes | None) -> str:
    """One name for the bytes of the experts' file of tiers; empty where there is none."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def find_last(build_dir: Path, *, configuration: str, placement: str) -> Last | None:
    """The current snapshot if it was made in the same way; None if there is none or it cannot be used."""
    try:
        city = open_city(build_dir)
    except GovernanceError:
        return None
    inputs = city.manifest["inputs"]
    if (inputs.get("configuration"), inputs.get("placement")) != (configuration, placement):
        return None
    return Last(city.file, city.as_of_utc, frozenset(inputs["keys"]))


def find_changes(last: Last | None, staged: Staged, profile: Profile, *, as_of_utc: datetime) -> Previous | None:
    """What came since the last snapshot; None where every case must be made again.

    That is so for an earlier moment, for a file that is gone, and for a new file of a source whose duplicates
    are told by all columns: there a new file may take a row's place in an old one.
    """
    if last is None or as_of_utc < last.as_of_utc:
        return None
    present = {file.key for file in staged.files} | {file.key for file in staged.events}
    if not last.keys <= present:
        return None
    compared = {source.id for source in profile.sources if source.duplicates.policy == "all_columns"}
    if any(file.source in compared and file.key not in last.keys for file in staged.files):
        return None
    return Previous(last.as_of_utc, tuple(sorted(present - last.keys)))
