"""Whether a published snapshot already says what its inputs say, so that a build may be skipped."""

from __future__ import annotations

from pathlib import Path

from governance.base_layers import hash_base_layers
from governance.city import open_city
from governance.errors import GovernanceError
from governance.hazard_tables import read_override_file
from governance.ingest.files import hash_file
from governance.pipeline import City
from governance.profile import find_files
from governance.refresh import hash_configuration, hash_overrides


def is_current(build_dir: Path, city: City) -> bool:
    """True if the published snapshot was made from these very files, this configuration and this program."""
    try:
        manifest = open_city(build_dir).manifest
        override_file = read_override_file(city.profile)
    except GovernanceError:
        return False
    inputs = manifest["inputs"]
    if inputs.get("configuration") != hash_configuration(city.profile, city.template_set, city.departments):
        return False
    if manifest["city"].get("wall") != city.profile.wall.model_dump(mode="json"):
        return False
    if inputs.get("tier_overrides") != hash_overrides(override_file):
        return False
    if inputs.get("base_layers", []) != hash_base_layers(city.profile):
        return False
    known = sorted((file["source"], file["sha256"]) for file in inputs["files"])
    present = [
        (source.id, hash_file(path))
        for source in city.profile.sources
        for path in find_files(city.profile, source.files + (source.events.files if source.events else ()))
    ]
    return known == sorted(present) and inputs["grid_files"] == hash_grid_files(city)


def hash_grid_files(city: City) -> list[str]:
    """The content hashes of the city's grid files, in name order."""
    return [hash_file(path) for path in find_files(city.profile, city.profile.grids.files)]
