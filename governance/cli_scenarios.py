"""The commands on scenarios: list, show, copy, compare, lint and upgrade what describes a city's problems."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from governance.cli_tables import spell_text
from governance.errors import ConfigError

if TYPE_CHECKING:
    from governance.profile import Profile
    from governance.scenarios import Department, Version
    from governance.scenarios.overlays import Upgrade

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Scenarios as data: list, show, copy to a district, compare, lint, follow a newer base.",
)

CityFile = Annotated[
    Path | None,
    typer.Option("--city", help="The city's profile, whose overlays count. Default: city.toml, else the shared set."),
]
Reference = Annotated[
    str, typer.Argument(help="A template: group_rental, or an overlay: group_rental+haishu; versions may follow an @.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for machines.")]


@app.command("list", epilog="Example: `python -m governance scenarios list --city city.toml`")
def list_(city: CityFile = None, *, as_json: AsJson = False) -> None:
    """List the templates and overlays, each with the version that a case would be judged by."""
    from governance.scenarios import list_draft_parts, pin_version

    rows: list[dict[str, Any]] = [
        {
            "scenario": version.template.id,
            "name_zh": version.template.name_zh,
            "name_en": version.template.name_en,
            "district": version.template.district,
            "version": pin_version(version.template),
            "scenes": len(version.template.scenes),
            "tasks": len(version.template.tasks),
            "to_confirm": len(list_draft_parts(version.template)),
        }
        for version in sorted(
            _read_sound_versions(_load_profile(city)), key=lambda v: (v.template.order, v.template.id, len(v.pin))
        )
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table(Column("version", no_wrap=True), "name", "district", "to confirm")
    for row in rows:
        name = f"{row['name_zh']} / {row['name_en']}"
        table.add_row(row["version"], spell_text(name), spell_text(row["district"] or ""), str(row["to_confirm"]))
    Console().print(table)


@app.command(epilog="Example: `python -m governance scenarios show group_rental --format xlsx --out matrix.xlsx`")
def show(
    template: Reference,
    out: Annotated[Path | None, typer.Option(help="The file to write; without it, Markdown is printed.")] = None,
    format_: Annotated[str | None, typer.Option("--format", help="md | xlsx; default: by the file's name")] = None,
    language: Annotated[str, typer.Option(help="Language of names: zh | en")] = "zh",
    city: CityFile = None,
) -> None:
    """Show who does what: scenes and tasks against departments, and the posts of each response level."""
    from governance.scenarios.overlays import find_version
    from governance.scenarios.printout import write_markdown, write_workbook
    from governance.scenarios.responsibility import build_matrix

    kind = _choose_format(out, format_)
    if language not in {"zh", "en"}:
        raise ConfigError(f"There is no language {language!r}; known: zh, en.")
    profile = _load_profile(city)
    departments = _load_departments(profile)
    matrix = build_matrix(find_version(_read_sound_versions(profile), template).template)
    spoken: Any = language
    if kind == "xlsx" and out is not None:
        write_workbook(matrix, departments, out, language=spoken)
    elif out is not None:
        _write_text(out, write_markdown(matrix, departments, language=spoken))
    else:
        typer.echo(write_markdown(matrix, departments, language=spoken))
        return
    Console(stderr=True).print(f"Written to {spell_text(str(out))}.")


@app.command(epilog="Example: `python -m governance scenarios copy group_rental --to haishu --district 330203`")
def copy(
    template: Reference,
    to: Annotated[str, typer.Option(help="What the overlay is called, such as the district; `city`: all districts.")],
    district: Annotated[
        str | None, typer.Option(help="The district's id in the grid files. Default: the overlay's name.")
    ] = None,
    city: CityFile = None,
) -> None:
    """Give a district its own version of a scenario: a file to write only the differences in."""
    from governance.scenarios.overlays import copy_template, find_version
    from governance.scenarios.versions import CITY_LABEL

    profile = _need_profile(city)
    base = find_version(_read_sound_versions(profile), template)
    judged = district or (None if to == CITY_LABEL else to)
    written = copy_template(base, _find_folder(profile), label=to, district=judged)
    for path in written:
        typer.echo(str(path))


@app.command(epilog="Example: `python -m governance scenarios diff group_rental group_rental+haishu`")
def diff(
    first: Reference,
    second: Annotated[
        str | None, typer.Argument(help="What it is compared with. Without it: what FIRST changes in its base.")
    ] = None,
    city: CityFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say what the second template has that the first has not, one line for each place."""
    from governance.scenarios.merge import compare_documents
    from governance.scenarios.overlays import describe_changes, find_version
    from governance.scenarios.pins import spell_pin

    versions = _read_sound_versions(_load_profile(city))
    new = find_version(versions, second or first)
    old = find_version(versions, first) if second else new.base
    if old is None:
        raise ConfigError(f"{spell_pin(new.pin)} extends nothing; name a second template to compare it with.")
    changes = compare_documents(old.whole, new.whole)
    if as_json:
        typer.echo(json.dumps([asdict(change) for change in changes], ensure_ascii=False, indent=2))
        return
    typer.echo(f"{spell_pin(old.pin)} → {spell_pin(new.pin)}: {len(changes)} changes")
    for line in describe_changes(changes):
        typer.echo(f"  {line}")


@app.command(epilog="Example: `python -m governance scenarios lint --city city.toml`")
def lint(city: CityFile = None, *, as_json: AsJson = False) -> None:
    """Say everything that is wrong with the templates and overlays (exit 1 if anything is)."""
    from governance.scenarios.lint import lint_folder

    profile = _load_profile(city)
    folder = _find_folder(profile) if profile and profile.scenario_folder else None
    versions, faults = lint_folder(folder, _load_departments(profile), scenarios=profile.scenarios if profile else ())
    if as_json:
        typer.echo(json.dumps(faults, ensure_ascii=False, indent=2))
    else:
        for fault in faults:
            typer.echo(fault)
        Console(stderr=True).print(f"{versions} templates and overlays, {len(faults)} faults.")
    if faults:
        raise typer.Exit(1)


@app.command(epilog="Example: `python -m governance scenarios upgrade group_rental+haishu --write`")
def upgrade(
    template: Reference,
    to: Annotated[str | None, typer.Option(help="The base to follow. Default: what the base has become.")] = None,
    city: CityFile = None,
    *,
    write: Annotated[bool, typer.Option("--write", help="Pin the overlay to the newer base.")] = False,
    keep_local: Annotated[
        bool, typer.Option("--keep-local", help="With --write: in conflicts the overlay's own values win.")
    ] = False,
) -> None:
    """Say what a newer base changes for an overlay, and what conflicts with its own changes (exit 1 if any does)."""
    from governance.scenarios.overlays import find_newest_base, find_version, plan_upgrade, write_upgrade
    from governance.scenarios.pins import spell_pin

    profile = _need_profile(city)
    versions = _read_sound_versions(profile)
    overlay = find_version(versions, template)
    target = find_version(versions, to) if to else find_newest_base(versions, overlay)
    if overlay.base is not None and overlay.base.pin == target.pin:
        typer.echo(f"{spell_pin(overlay.pin)} stands over the newest base already.")
        return
    plan = plan_upgrade(overlay, target, _load_departments(profile))
    _print_upgrade(plan)
    if write:
        for path in write_upgrade(plan, keep_local=keep_local):
            typer.echo(f"written: {path}")
    elif plan.conflicts or plan.faults:
        raise typer.Exit(1)


def _print_upgrade(plan: Upgrade) -> None:
    from governance.scenarios.overlays import describe_changes
    from governance.scenarios.pins import spell_pin

    before = spell_pin(plan.overlay.base.pin) if plan.overlay.base else ""
    typer.echo(f"{spell_pin(plan.overlay.pin)}: {before} → {spell_pin(plan.target.pin)}")
    typer.echo(f"{len(plan.incoming)} changes come in:")
    for line in describe_changes(plan.incoming):
        typer.echo(f"  {line}")
    typer.echo(f"{len(plan.conflicts)} conflicts:")
    for conflict in plan.conflicts:
        theirs, ours = describe_changes([conflict.theirs, conflict.ours])
        typer.echo(f"  base    {theirs}\n  overlay {ours}")
    for fault in plan.faults:
        typer.echo(f"at fault: {fault}")


def _load_profile(city: Path | None) -> Profile | None:
    """The city that is named, or the one in this folder; None where the shared set alone counts."""
    from governance.profile import load_profile

    path = city or Path("city.toml")
    return load_profile(path) if city or path.exists() else None


def _need_profile(city: Path | None) -> Profile:
    profile = _load_profile(city)
    if profile is None:
        raise ConfigError("There is no city.toml here; an overlay belongs to a city: name its profile with --city.")
    return profile


def _find_folder(profile: Profile) -> Path:
    if not profile.scenario_folder:
        raise ConfigError('The city has no folder for overlays; write scenario_folder = "scenarios" in city.toml.')
    return profile.folder / profile.scenario_folder


def _load_departments(profile: Profile | None) -> dict[str, Department]:
    from governance.scenarios import load_city_departments, load_departments

    return load_city_departments(profile) if profile else load_departments()


def _read_sound_versions(profile: Profile | None) -> list[Version]:
    """The shared versions and the city's; raises ConfigError with every fault. The folder need not be there yet."""
    from governance.scenarios import read_versions

    folder = _find_folder(profile) if profile and profile.scenario_folder else None
    versions, faults = read_versions(folder if folder and folder.is_dir() else None)
    if faults:
        raise ConfigError("\n".join(faults))
    return versions


def _choose_format(out: Path | None, asked: str | None) -> str:
    by_suffix = {".md": "md", ".xlsx": "xlsx"}
    by_name = by_suffix.get(out.suffix.lower()) if out else "md"
    kind = asked or by_name
    if kind not in by_suffix.values():
        raise ConfigError(f"There is no format {asked or str(out)!r}; known: md, xlsx.")
    if kind == "xlsx" and out is None:
        raise ConfigError("A workbook needs a file: --out matrix.xlsx.")
    if out is not None and by_name not in {None, kind}:
        raise ConfigError(f"{out} is named like {by_name}, but {kind} was asked for; change one of them.")
    return str(kind)


def _write_text(out: Path, text: str) -> None:
    if not out.parent.is_dir():
        raise ConfigError(f"The folder {out.parent} does not exist; make it first.")
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}. Give another file.") from error
