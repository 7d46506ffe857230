"""The commands on tiers: give one by an expert's word, list those given, say what changed, compare hit rates."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from governance.cli_tables import print_table, spell_text
from governance.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Tiers: give one by an expert's word, list those given, what changed, hit rates.",
)

CityFile = Annotated[Path, typer.Option("--city", help="The city's profile, which names the file of overrides.")]
BuildDir = Annotated[Path, typer.Option("--build-dir", help="Where everything the code makes is kept.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for machines.")]
DEFAULT_CITY, DEFAULT_BUILD = Path("city.toml"), Path("build")
messages = Console(stderr=True)


@app.command(
    epilog="Example: `python -m governance tiers override 330203-001-001-01 --scenario fire_lane --tier red "
    "--reason 'market moved here' --author 'Wang Li' --until 2026-04-01`",
)
def override(  # noqa: PLR0913, PLR0917  the columns of the file, each with a name
    grid: Annotated[str, typer.Argument(help="The grid's id.")],
    scenario: Annotated[str, typer.Option(help="The scenario (id or name).")],
    tier: Annotated[str, typer.Option(help="red | yellow | green")],
    reason: Annotated[str, typer.Option(help="Why; shown beside the tier.")],
    author: Annotated[str, typer.Option(help="Who says so; shown beside the tier.")],
    until: Annotated[str, typer.Option(help="The first day without it, such as 2026-04-01.")],
    from_: Annotated[str | None, typer.Option("--from", help="Its first day. Default: the snapshot's day.")] = None,
    city: CityFile = DEFAULT_CITY,
    build_dir: BuildDir = DEFAULT_BUILD,
) -> None:
    """Write an expert's tier into the city's file of overrides; the next build applies it."""
    from governance.city import open_city
    from governance.export_orders import find_id, find_zone
    from governance.hazard.overrides import append_override

    path = _find_file(city)
    opened = open_city(build_dir)
    today = opened.as_of_utc.replace(tzinfo=UTC).astimezone(find_zone(opened)).date()
    names = opened.ask("export_names")
    cells = {
        "grid_id": grid, "scenario": find_id(names, "scenario", scenario), "tier": tier, "reason": reason,
        "author": author, "from": from_ or today.isoformat(), "until": until,
    }  # fmt: skip
    scenarios = tuple(opened.manifest["scenarios"])
    ids = opened.ask("grid_ids")["grid_id"].tolist()
    added = append_override(
        path, {name: text.strip() for name, text in cells.items()}, grid_ids=ids, scenarios=scenarios, today=today
    )
    messages.print(
        f"{spell_text(added.grid_id)} is {added.tier} in {added.scenario} from {added.from_day} "
        f"until {added.until_day}. Written to {spell_text(str(path))}; the next build applies it."
    )


@app.command("list", epilog="Example: `python -m governance tiers list`")
def list_(build_dir: BuildDir = DEFAULT_BUILD, *, as_json: AsJson = False) -> None:
    """List the tiers that experts have given, those in force first, with what the model says."""
    from governance.city import open_city

    _print_frame(open_city(build_dir).ask("overrides"), as_json=as_json)


@app.command(epilog="Example: `python -m governance tiers changes --scenario group_rental --json`")
def changes(
    scenario: Annotated[str | None, typer.Option(help="Only this scenario (id or name).")] = None,
    district: Annotated[str | None, typer.Option(help="Only this district (id or name).")] = None,
    build_dir: BuildDir = DEFAULT_BUILD,
    *,
    as_json: AsJson = False,
) -> None:
    """List the grids whose tier changed since the last Monday, with the reason as a code and its two numbers."""
    from governance.city import open_city
    from governance.export_orders import find_id

    opened = open_city(build_dir)
    names = opened.ask("export_names")
    chosen = {
        "scenario": find_id(names, "scenario", scenario) if scenario else None,
        "district": find_id(names, "district", district) if district else None,
    }
    shown = [
        "scenario", "grid_id", "tier_before", "tier", "reason", "number_before", "number_after", "rank_before",
        "rank_after", "red_places", "since_day",
    ]  # fmt: skip
    _print_frame(opened.ask("export_changes", **chosen)[shown], as_json=as_json)


@app.command(epilog="Example: `python -m governance tiers hits --outcomes outcomes.csv`")
def hits(
    outcomes: Annotated[
        Path, typer.Option(help="CSV or XLSX: grid_id, scenario, inspected_on, found (true, false, empty).")
    ],
    build_dir: BuildDir = DEFAULT_BUILD,
    *,
    as_json: AsJson = False,
) -> None:
    """Compare how often red grids and random audits were found at fault, with 95 % intervals."""
    from governance.city import open_city
    from governance.export_orders import find_id
    from governance.inspections.outcome_files import read_outcomes
    from governance.inspections.outcomes import measure_hit_rates

    opened = open_city(build_dir)
    names = opened.ask("export_names")
    names = names[names["id"].isin(list(opened.manifest["scenarios"]))]
    ids = opened.ask("grid_ids")["grid_id"].tolist()
    reading = read_outcomes(outcomes, grid_ids=ids, find_scenario=lambda text: find_id(names, "scenario", text))
    measured = measure_hit_rates(reading.outcomes, opened.ask("inspections"))
    if reading.unvisited:
        messages.print(f"Rows without a day and a finding: {reading.unvisited:,}. They count as not visited yet.")
    if measured.old:
        messages.print(
            f"Outcomes before {measured.first_week}, the first week whose lists are kept: {measured.old:,}. "
            "They are in no rate."
        )
    _print_frame(measured.rates, as_json=as_json)


def read_lists(build_dir: Path) -> pd.DataFrame | None:
    """The inspection lists of the current snapshot; None where there is none that can be read."""
    from governance.city import open_city
    from governance.errors import GovernanceError

    try:
        return open_city(build_dir).ask("inspections")
    except GovernanceError:
        return None


def tell_list_changes(before: pd.DataFrame | None, after: pd.DataFrame | None) -> str | None:
    """A sentence where this week's list is another than the one that the last snapshot gave out."""
    from governance.inspections.lists import compare_lists

    if before is None or after is None:
        return None
    changed = compare_lists(before, after)
    if changed.empty:
        return None
    told = ", ".join(f"{row.scenario} +{row.added} -{row.removed}" for row in changed.itertuples())
    return (
        f"The inspection list of the week of {after['week'].max():%Y-%m-%d} is not the one that the last snapshot gave "
        f"out ({told}): rows of before this Monday came late or were mended, or settings or experts' tiers changed."
    )


def _find_file(city: Path) -> Path:
    from governance.profile import load_profile

    profile = load_profile(city)
    if profile.tier_overrides is None:
        raise ConfigError(f'{city} names no file of overrides. Add the line: tier_overrides = "tier_overrides.csv"')
    return profile.folder / profile.tier_overrides


def _print_frame(frame: pd.DataFrame, *, as_json: bool) -> None:
    told = frame.assign(**{name: frame[name].dt.date.astype(str) for name in frame.select_dtypes("datetime").columns})
    if as_json:
        typer.echo(told.to_json(orient="records", force_ascii=False, indent=1))
        return
    print_table(told)
