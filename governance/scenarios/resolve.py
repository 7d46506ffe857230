"""Which template judges a case: the city's version of each scenario, and those that districts have adapted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from governance.errors import ConfigError, join_faults
from governance.profile import Profile
from governance.scenarios.pins import pin_version, spell_pin
from governance.scenarios.template import Department, Template, load_departments, sort_templates
from governance.scenarios.versions import Version, read_versions
from governance.toml_model import nearest


@dataclass(frozen=True)
class TemplateSet:
    """The templates in use: one per scenario for the city, and one per scenario and district that has its own."""

    city: Mapping[str, Template]
    districts: Mapping[tuple[str, str], Template] = field(default_factory=dict)


def choose_template(templates: TemplateSet, scenario: str, district: str | None) -> Template:
    """Give the template that judges a scenario's cases in a district (its `level_1_id`, None for a case in no grid).

    Raises KeyError for a scenario that is not in use.
    """
    own = templates.districts.get((scenario, district)) if district is not None else None
    return own or templates.city[scenario]


def index_versions(templates: TemplateSet) -> dict[str, Template]:
    """Give every template in use by its pin, such as "group_rental@1.0.0"."""
    return {pin_version(template): template for template in (*templates.city.values(), *templates.districts.values())}


def resolve_templates(profile: Profile) -> TemplateSet:
    """Give the templates that a city uses, overlays laid over their bases; raises one ConfigError with every fault."""
    folder = profile.folder / profile.scenario_folder if profile.scenario_folder else None
    versions, faults = read_versions(folder)
    faults += find_set_faults(versions, scenarios=() if faults else profile.scenarios)
    if faults:
        raise ConfigError(join_faults("The scenario templates cannot be used:", faults))
    return make_template_set(versions, scenarios=profile.scenarios)


def make_template_set(versions: Iterable[Version], *, scenarios: Iterable[str] = ()) -> TemplateSet:
    """Give the set that some versions make together; `scenarios` are those in use, in their order (default: all)."""
    templates = [version.template for version in _list_leaves(versions)]
    city = sort_templates(template for template in templates if template.district is None)
    used = tuple(scenarios) or tuple(city)
    return TemplateSet(
        {name: city[name] for name in used},
        {(t.id, t.district): t for t in templates if t.district is not None and t.id in used},
    )


def load_city_departments(profile: Profile) -> dict[str, Department]:
    """Give the shared departments by id, with those of the city added or in their place."""
    own = {entry.id: Department(**entry.model_dump()) for entry in profile.departments}
    return {**load_departments(), **own}


def find_set_faults(versions: list[Version], *, scenarios: Iterable[str] = ()) -> list[str]:
    """Give what keeps sound versions from making a set: rivals, and scenarios in use that are none of theirs.

    While a file cannot be read, leave `scenarios` out: one of them may stand in it.
    """
    return [
        *_find_rivals(versions), *_find_own_recurrences(versions), *_find_unknown_scenarios(versions, scenarios),
    ]  # fmt: skip


def _find_own_recurrences(versions: list[Version]) -> Iterator[str]:
    """A district's own rule of recurrence, which would count nowhere: districts are compared by one."""
    for version in versions:
        if version.template.district is not None and "recurrence" in version.written:
            yield (
                f"{version.path}: `recurrence` cannot be a district's own; what comes back is compared between "
                "districts by the city's rule: take it out, or change it for the whole city."
            )


def _find_rivals(versions: list[Version]) -> Iterator[str]:
    """Two overlays for the same scenario and district, neither of which extends the other."""
    overlays = [version for version in versions if version.base is not None]
    for place, first in enumerate(overlays):
        for second in overlays[place + 1 :]:
            same = (first.template.id, first.template.district) == (second.template.id, second.template.district)
            if same and not _stands_over(first, second) and not _stands_over(second, first):
                where = f"district {first.template.district}" if first.template.district else "the whole city"
                yield (
                    f"{spell_pin(first.pin)} and {spell_pin(second.pin)} are both for {where}; keep one of them, "
                    "or let one extend the other."
                )


def _list_leaves(versions: Iterable[Version]) -> list[Version]:
    """The versions that judge: for a scenario and district, what no other version for the same stands over.

    Where neither stands over the other the later one judges, so a city's complete template replaces the shared one.
    """
    leaves: dict[tuple[str, str | None], Version] = {}
    for version in versions:
        key = (version.template.id, version.template.district)
        present = leaves.get(key)
        if present is None or not _stands_over(present, version):
            leaves[key] = version
    return list(leaves.values())


def _stands_over(version: Version, other: Version) -> bool:
    """Whether a version was made from the other, be it this one or an earlier one stored under the same names."""
    names = [step.name for step in other.pin]
    return len(version.pin) > len(names) and [step.name for step in version.pin[: len(names)]] == names


def _find_unknown_scenarios(versions: list[Version], scenarios: Iterable[str]) -> Iterator[str]:
    known = sorted({version.template.id for version in versions if version.template.district is None})
    for name in scenarios:
        if name not in known:
            hint = nearest(name, known) or f"; known: {', '.join(known)}."
            yield f"`scenarios` in city.toml names the unknown scenario `{name}`{hint}"
