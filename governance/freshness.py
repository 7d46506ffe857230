"""Whether a published snapshot already says what its inputs say, so that a build may be skipped."""

from __future__ import annotations

import json
from pathlib import Path

from governance import snapshot
from governance.city import open_city
from governance.errors import GovernanceError
from governance.ingest.files import hash_file
from governance.pipeline import City
from governance.profile import find_files


def is_current(build_dir: Path, city: City) -> bool:
    """True if the published snapshot was made from these very files, this profile and these templates."""
    try:
        snapshot.read_current(build_dir)
        manifest = open_city(build_dir).manifest
    except GovernanceError:
        return False
    profile = city.profile
    same_city = json.dumps(manifest["city"], sort_keys=True) == json.dumps(
        profile.model_dump(mode="json"), sort_keys=True
    )
    versions = {name: template.version for name, template in city.templates.items()}
    if not same_city or manifest["scenarios"] != versions:
        return False
    known = sorted((file["source"], file["sha256"]) for file in manifest["inputs"]["files"])
    present = [
        (source.id, hash_file(path))
        for source in profile.sources
        for path in find_files(profile, source.files + (source.events.files if source.events else ()))
    ]
    return known == sorted(present) and manifest["inputs"]["grid_files"] == hash_grid_files(city)


def hash_grid_files(city: City) -> list[str]:
    """The content hashes of the city's grid files, in name order."""
    return [hash_file(path) for path in find_files(city.profile, city.profile.grids.files)]
