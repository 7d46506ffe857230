"""The command line, one function a command. The only room besides the app that reads the clock."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from governance import cli_backtest, cli_indicators, cli_planning, cli_scenarios, cli_tiers
from governance.cli_tables import spell_text, strip_controls
from governance.errors import CheckFailed, ConfigError, GovernanceError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Grid-risk dashboard for city governance: from a city's files to red, yellow and green grids.",
)
app.add_typer(cli_scenarios.app, name="scenarios")
app.add_typer(cli_tiers.app, name="tiers")
messages = Console(stderr=True)

BuildDir = Annotated[Path, typer.Option("--build-dir", help="Where everything the code makes is kept.")]
CityFile = Annotated[
    Path | None, typer.Option("--city", help="The city's profile. Default: city.toml, else the demo city.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for machines.")]
DEFAULT_BUILD_DIR = Path("build")
_MOST_UNMAPPED = 20


@app.command(
    epilog="Example: `python -m governance demo --out build/demo` then `python -m governance build`",
)
def demo(
    out: Annotated[Path, typer.Option(help="Folder of the demo city.")] = Path("build/demo"),
    seed: Annotated[int, typer.Option(help="The same seed gives the same city.")] = 20260101,
    days: Annotated[int, typer.Option(min=1, help="Days of incidents.")] = 730,
    incidents_per_day: Annotated[int, typer.Option(min=1, help="Mean number of incidents a day.")] = 8000,
    grids: Annotated[int, typer.Option(min=50, help="Number of grid polygons, about.")] = 10_000,
) -> None:
    """Make a synthetic Ningbo: 10,000 grids and two years of incidents."""
    from governance.demo import make_city

    with _progress_bar() as progress:
        make_city(out, seed=seed, days=days, incidents_per_day=incidents_per_day, grids=grids, progress=progress)
    messages.print(f"The demo city is in {out}. Next: python -m governance build --city {out / 'city.toml'}")


@app.command(
    epilog="Example: `python -m governance build --city city.toml --as-of 2025-12-31T00:00:00+08:00`",
)
def build(
    city: CityFile = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="Build the city as it was then (ISO 8601; without offset: the city's time)."),
    ] = None,
    build_dir: BuildDir = DEFAULT_BUILD_DIR,
    *,
    if_needed: Annotated[bool, typer.Option("--if-needed", help="Do nothing if inputs are unchanged.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read the city's files and publish a snapshot for the dashboard."""
    from governance import freshness, pipeline

    city_file = _find_city(city, build_dir)
    now_utc = datetime.now(UTC).replace(tzinfo=None)
    loaded = pipeline.load_city(city_file)
    if if_needed and as_of is None and freshness.is_current(build_dir, loaded):
        messages.print("The snapshot is up to date.")
        return
    moment = _read_moment(as_of, loaded.profile.timezone) if as_of else None
    lists = cli_tiers.read_lists(build_dir)
    with _progress_bar() as progress:
        published = pipeline.build_city(city_file, build_dir, now_utc=now_utc, as_of_utc=moment, progress=progress)
    if as_json:
        typer.echo(json.dumps({"generation": published.generation, "file": str(published.file)}))
    else:
        messages.print(f"Published generation {published.generation}: {published.file}")
    if changed := cli_tiers.tell_list_changes(lists, cli_tiers.read_lists(build_dir)):
        messages.print(spell_text(changed))


@app.command(epilog="Example: `python -m governance check --json`")
def check(build_dir: BuildDir = DEFAULT_BUILD_DIR, *, as_json: AsJson = False) -> None:
    """Say what became of every input row, and whether the snapshot keeps its own rules (exit 1 if not)."""
    from governance.city import open_city
    from governance.health import report_health

    report = report_health(open_city(build_dir))
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2, default=str))
    else:
        _print_health(report)
    if any(entry["failing_rows"] for entry in report["checks"]):
        raise typer.Exit(1)


@app.command(
    epilog="Example: `python -m governance assign --points incidents.csv --grids grids.geojson "
    "--lon lng --lat lat --crs GCJ-02 --out joined.csv`",
)
def assign(  # noqa: PLR0913, PLR0917  the options of one command
    grids: Annotated[Path, typer.Option(help="Polygons: GeoParquet, GeoJSON, Shapefile (plain or zipped), GPKG.")],
    points: Annotated[Path, typer.Option(help="Points: CSV, Parquet, GeoParquet, GeoJSON, Shapefile.")],
    out: Annotated[Path, typer.Option(help="The points with a column grid_id: .csv or .parquet.")],
    lon: Annotated[str, typer.Option(help="Column of the longitude (or x).")] = "lon",
    lat: Annotated[str, typer.Option(help="Column of the latitude (or y).")] = "lat",
    crs: Annotated[str | None, typer.Option(help="Coordinate system of the points: EPSG code, GCJ-02, BD-09.")] = None,
    grid_id: Annotated[str | None, typer.Option(help="Column of the polygons' id.")] = None,
    grids_crs: Annotated[
        str | None, typer.Option(help="Coordinate system of the polygons, if they do not say.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Give every point the grid it lies in: every row, in the order of the file."""
    from dataclasses import asdict

    from governance.grids.assign import assign_points

    with _rate_bar() as progress:
        summary = assign_points(
            points,
            grids,
            out,
            lon=lon,
            lat=lat,
            crs=crs,
            grid_id=grid_id,
            grids_crs=grids_crs,
            progress=progress,
        )
    if as_json:
        typer.echo(json.dumps(asdict(summary), default=str))
    else:
        messages.print(
            f"{summary.rows:,} points: {summary.matched:,} in a grid, {summary.outside:,} outside every grid, "
            f"{summary.missing:,} without coordinates. {summary.at_border:,} lay so near to a border that the exact "
            f"test decided. Written to {out}."
        )


@app.command(epilog="Example: `python -m governance cells --grids grids.gpkg --out cells.parquet`")
def cells(  # noqa: PLR0913  the options of one command
    grids: Annotated[Path, typer.Option(help="Polygons: GeoParquet, GeoJSON, Shapefile (plain or zipped), GPKG.")],
    out: Annotated[Path, typer.Option(help="The table of cells: a .parquet file.")],
    grid_id: Annotated[str | None, typer.Option(help="Column of the polygons' id.")] = None,
    grids_crs: Annotated[
        str | None, typer.Option(help="Coordinate system of the polygons, if they do not say.")
    ] = None,
    side: Annotated[int | None, typer.Option(help="Cells to a side, a power of two. Default: 100 a polygon.")] = None,
) -> None:
    """Write the cells of the polygons as a table, with which any SQL engine can join points (docs/join.md)."""
    import pyarrow as pa

    from governance.grids.cell_table import list_cells, write_cells
    from governance.grids.repair import read_sound_polygons

    frame = read_sound_polygons(grids, id_column=grid_id, crs=grids_crs)
    table = list_cells(frame.geometry.to_numpy(), grid_ids=pa.array(frame["grid_id"], pa.string()), side=side)
    write_cells(table, out)
    messages.print(f"{table.rows.num_rows:,} rows for {len(frame):,} polygons, {table.side} cells to a side: {out}")


@app.command(
    epilog="Example: `python -m governance export tiers --scenario group_rental --district 海曙区 --out tiers.xlsx`",
)
def export(  # noqa: PLR0913, PLR0917  the options of one command
    what: Annotated[
        str,
        typer.Argument(
            help="tiers | changes | inspections | overdue | open | cases | grids | extensions | indicators | disputes"
        ),
    ],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    format_: Annotated[
        str | None,
        typer.Option("--format", help="csv | xlsx | geojson | gpkg | parquet; default: by the file's name"),
    ] = None,
    scenario: Annotated[str | None, typer.Option(help="Only this scenario (id or name).")] = None,
    district: Annotated[str | None, typer.Option(help="Only this district (id or name).")] = None,
    language: Annotated[str, typer.Option(help="Language of names and notes: zh | en")] = "zh",
    department: Annotated[str | None, typer.Option(help="Open cases of this department only (id or name).")] = None,
    state: Annotated[
        str | None,
        typer.Option(
            help="Open cases on this list only: held | due_today | near_due | overdue | seriously_overdue | "
            "came_from_others | not_accepted | late_to_accept | paused | awaiting_check | late_to_verify"
        ),
    ] = None,
    stage: Annotated[str | None, typer.Option(help="Open cases at this stage only, such as accepted.")] = None,
    age: Annotated[str | None, typer.Option(help="Open cases of this delay only, such as 3_to_7_days.")] = None,
    unit: Annotated[str | None, typer.Option(help="Inspections of this district, town or community only (id).")] = None,
    by: cli_indicators.By = "",
    period: cli_indicators.PeriodOption = None,
    cohort: cli_indicators.CohortOption = "due",
    since: cli_indicators.Since = None,
    until: cli_indicators.Until = None,
    minimum_volume: cli_indicators.Volume = None,
    build_dir: BuildDir = DEFAULT_BUILD_DIR,
) -> None:
    """Write a list for others: spreadsheets, maps, tables.

    --department, --state, --stage and --age cut open cases; --unit cuts inspections; --by, --period, --cohort,
    --since, --until and --minimum-volume cut indicators.
    """
    cut = cli_indicators.read_cut(
        by=by, period=period, cohort=cohort, since=since, until=until, minimum_volume=minimum_volume
    )
    chosen = {"format": format_, "scenario": scenario, "district": district, "language": language}
    narrowing = {"department": department, "state": state, "stage": stage, "age": age}
    if what == "inspections":
        chosen["unit"] = unit
    elif unit:
        raise ConfigError(f"--unit cuts inspections, not {what}; leave it out.")
    rows = _write_export(what, out, build_dir, chosen=chosen, narrowing=narrowing, cut=cut)
    messages.print(f"{rows:,} rows written to {out}.")


def _write_export(
    what: str, out: Path, build_dir: Path, *, chosen: dict[str, Any], narrowing: dict[str, Any], cut: dict[str, Any]
) -> int:
    """Write the list and give the number of its rows; raises ConfigError for options that do not fit it."""
    from governance.city import open_city
    from governance.export_orders import refuse_narrowing
    from governance.exports import export_table

    if what == "indicators":
        from governance.indicator_exports import export_indicators

        refuse_narrowing(what, **narrowing)
        return export_indicators(
            open_city(build_dir), out, **chosen, **cut, tell=lambda why: messages.print(why, markup=False)
        )
    if cut != cli_indicators.read_cut():
        raise ConfigError(
            "--by, --period, --cohort, --since, --until and --minimum-volume cut indicators, "
            f"not {what}; leave them out."
        )
    if what == "changes":
        from governance.ui.change_export import export_changes

        refuse_narrowing(what, **narrowing)
        return export_changes(open_city(build_dir), out, **chosen)
    if what == "inspections":
        from governance.ui.inspection_export import export_inspections

        refuse_narrowing(what, **narrowing)
        return export_inspections(open_city(build_dir), out, **chosen)
    if what == "disputes":
        from governance.disputes import export_disputes

        refuse_narrowing(what, **narrowing)
        if chosen.pop("district") is not None:
            raise ConfigError("Disputes are about a template's rules, in the whole city; leave the district out.")
        return export_disputes(open_city(build_dir), out, **chosen)
    return export_table(open_city(build_dir), what, out, **chosen, **narrowing)


@app.command(epilog="Example: `python -m governance dictionary > docs/data-dictionary.md`")
def dictionary() -> None:
    """Print what every table and column of a snapshot means, as Markdown."""
    from governance.tables import write_dictionary

    typer.echo(write_dictionary(), nl=False)


@app.command(epilog="Example: `python -m governance doctor`")
def doctor(city: CityFile = None, build_dir: BuildDir = DEFAULT_BUILD_DIR, *, as_json: AsJson = False) -> None:
    """Look at the installation and say what is wrong and how to mend it (exit 1 if anything is)."""
    from dataclasses import asdict

    from governance.doctor import examine

    findings = examine(build_dir, city or _guess_city(build_dir))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        table = Table("", "What", "Found", "How to mend it")
        for finding in findings:
            told = (spell_text(text) for text in (finding.name, finding.found, finding.mend))
            table.add_row("ok" if finding.is_ok else "!!", *told)
        Console().print(table)
    if not all(finding.is_ok for finding in findings):
        raise typer.Exit(1)


app.command(epilog=cli_indicators.EXAMPLE)(cli_indicators.indicators)
app.command(epilog=cli_backtest.EXAMPLE)(cli_backtest.backtest)
app.command(epilog=cli_planning.CAPACITY_EXAMPLE)(cli_planning.capacity)
app.command(epilog=cli_planning.FAIRNESS_EXAMPLE)(cli_planning.fairness)


def main() -> None:
    """Run the command line; a mistake is a sentence on standard error and exit code 2, never a traceback."""
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        _fail(error.format_message())
    except typer.Abort:
        _fail("Stopped.")
    except CheckFailed as error:
        _fail(str(error), code=1)
    except GovernanceError as error:
        _fail(str(error))
    except (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError) as error:
        _fail(f"{error.filename}: {error.strerror}.")
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123  the reader of our output went away
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, *, code: int = 2) -> None:
    messages.print(strip_controls(message), style="red", markup=False, highlight=False)
    sys.exit(code)


def _guess_city(build_dir: Path) -> Path:
    own = Path("city.toml")
    return own if own.exists() else build_dir / "demo" / "city.toml"


def _find_city(city: Path | None, build_dir: Path) -> Path:
    found = city or _guess_city(build_dir)
    if not found.exists():
        hint = "" if city else " Make the demo city first: python -m governance demo"
        raise ConfigError(f"{found} was not found.{hint}")
    return found


def _read_moment(text: str, zone: str) -> datetime:
    from zoneinfo import ZoneInfo

    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--as-of: {text!r} is no ISO 8601 time, such as 2025-12-31T00:00:00.") from error
    local = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC).replace(tzinfo=None)


@contextmanager
def _progress_bar() -> Iterator[Any]:
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=messages, transient=False) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda step, fraction: bar.update(task, description=step[:28], completed=fraction)
        bar.update(task, completed=1.0, description="done")


@contextmanager
def _rate_bar() -> Iterator[Callable[[int, float], None]]:
    """A progress bar that counts points, and says how many a second."""
    columns = (TextColumn("{task.description:<40}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), console=messages, transient=False) as bar:
        task = bar.add_task("reading the polygons", total=1.0)
        start = bar.get_time()

        def tell(rows: int, share: float) -> None:
            rate = rows / max(bar.get_time() - start, 1e-9)
            bar.update(task, description=f"{rows:,} points, {rate:,.0f} a second", completed=share)

        yield tell
        bar.update(task, completed=1.0)


def _print_health(report: dict[str, Any]) -> None:
    console = Console()
    console.print(f"Generation {report['generation']}, data as of {report['as_of']}")
    files = Table("source", "file", "read", "accepted", "quarantined", "duplicate", title="Files")
    reasons = Table("source", "file", "reason", "rows", title="Reasons (quarantined, or kept with a remark)")
    for file in report["files"]:
        counts = [f"{file[name]:,}" for name in ("read", "accepted", "quarantined", "duplicate")]
        files.add_row(spell_text(file["source"]), spell_text(file["file"]), *counts)
        for code, rows in file["reasons"].items():
            reasons.add_row(spell_text(file["source"]), spell_text(file["file"]), code, f"{rows:,}")
    places = Table("source", "where", "cases", title="Where the cases lie")
    for entry in report["locations"]:
        places.add_row(spell_text(entry["source"]), entry["location_status"], f"{entry['rows']:,}")
    unmapped = Table("source", "category", "cases", title="Categories in no scenario")
    for entry in report["unmapped"][:_MOST_UNMAPPED]:
        unmapped.add_row(spell_text(entry["source"]), spell_text(entry["category"]), f"{entry['rows']:,}")
    moves = Table("after", "came", "events", "cases", title="Events that break the procedure (kept)")
    for entry in report["moves"]:
        state = f"{entry['state']}, clock stopped" if entry["is_paused"] else entry["state"]
        moves.add_row(state or "all", entry["kind"] or "", f"{entry['events']:,}", f"{entry['cases']:,}")
    checks = Table("check", "failing rows", title="Checks")
    for entry in report["checks"]:
        checks.add_row(entry["name"], f"{entry['failing_rows']:,}")
    for table in (files, reasons, places, unmapped, moves, checks):
        if table.row_count:
            console.print(table)
