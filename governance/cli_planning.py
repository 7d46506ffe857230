"""The commands for planning: what so many teams would cover, and whom the colours may overlook."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from governance.cli_tables import print_table, spell_text

BuildDir = Annotated[Path, typer.Option("--build-dir", help="Where everything the code makes is kept.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for machines.")]
CAPACITY_EXAMPLE = (
    "Example: `python -m governance capacity --scenario fire_lane --teams 4 --visits-per-week 20 --weeks 4`"
)
FAIRNESS_EXAMPLE = "Example: `python -m governance fairness --simulate --out docs/fairness.md`"
DEFAULT_BUILD = Path("build")


def capacity(  # noqa: PLR0913, PLR0917  the options of one command
    scenario: Annotated[str, typer.Option(help="The scenario (id or name).")],
    teams: Annotated[int, typer.Option(help="Number of teams.")],
    visits_per_week: Annotated[int, typer.Option(help="Visits of each team in a week.")],
    weeks: Annotated[int, typer.Option(help="For so many weeks.")] = 4,
    audit_share: Annotated[float, typer.Option(help="Share of the visits that are random audits.")] = 0.1,
    district: Annotated[str | None, typer.Option(help="Only this district (id or name).")] = None,
    build_dir: BuildDir = DEFAULT_BUILD,
    *,
    as_json: AsJson = False,
) -> None:
    """Say how many of the expected reports so many teams would cover, with a 95 % interval."""
    from governance.city import open_city
    from governance.export_orders import find_id
    from governance.hazard.capacity import Teams, simulate_capacity

    city = open_city(build_dir)
    names = city.ask("export_names")
    named = find_id(names, "scenario", scenario)
    where = {"scenario": named, "district": find_id(names, "district", district) if district else None}
    expected = city.ask("capacity", **where)["expected_reports_28d"].to_numpy()
    spreads = city.ask("capacity_spreads", scenario=named)
    known = dict(zip(spreads["grids"], spreads["spread"], strict=True))
    told = simulate_capacity(expected, known, Teams(teams, visits_per_week, weeks, audit_share))
    if as_json:
        typer.echo(json.dumps({"scenario": named, **asdict(told), "covered_share": told.covered_share}))
        return
    share = "" if told.covered_share is None else f", {told.covered_share:.1%} of all"
    typer.echo(
        f"{told.visits:,} visits, {told.audits:,} of them audits, reach {told.grids_reached:,} grids. In these, "
        f"{told.expected_reports:,.1f} reports are expected in {weeks} weeks (95 %: {told.low:,.0f} to "
        f"{told.high:,.0f}){share}."
    )


def fairness(  # noqa: PLR0913  the options of one command
    scenario: Annotated[str | None, typer.Option(help="Only this scenario (id or name).")] = None,
    build_dir: BuildDir = DEFAULT_BUILD,
    *,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Play under-reporting on a synthetic city whose truth is known.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="With --simulate: the Markdown file to write.")] = None,
    grids: Annotated[int, typer.Option(min=50, help="With --simulate: grids of the synthetic city.")] = 2000,
    incidents_per_day: Annotated[int, typer.Option(min=1, help="With --simulate: reports a day.")] = 1600,
    seed: Annotated[int, typer.Option(help="With --simulate: the same seed gives the same table.")] = 20260101,
    as_json: AsJson = False,
) -> None:
    """Compare the tiers of districts, of small and large grids, of places that report much and little."""
    if simulate:
        from governance.demo.under_reporting import simulate_under_reporting, write_document

        rows = simulate_under_reporting(seed=seed, grids=grids, incidents_per_day=incidents_per_day)
        text = write_document(rows, seed=seed, grids=grids, incidents_per_day=incidents_per_day)
        if out is None:
            typer.echo(text, nl=False)
        else:
            out.write_text(text, encoding="utf-8")
            Console(stderr=True).print(f"Written to {spell_text(str(out))}.")
        return
    from governance.city import open_city
    from governance.export_orders import find_id

    city = open_city(build_dir)
    named = find_id(city.ask("export_names"), "scenario", scenario) if scenario else None
    frame = city.ask("fairness", scenario=named)
    if as_json:
        typer.echo(frame.to_json(orient="records", force_ascii=False, indent=1))
        return
    shown = [
        "scenario", "grouping", "group_id", "grids", "red", "grids_share", "red_share", "red_ratio", "repeat_share",
    ]  # fmt: skip
    print_table(frame[shown], decimals=3)
