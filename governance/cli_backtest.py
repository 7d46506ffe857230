"""The command `backtest`: how good the forecasts of the published city would have been."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

EXAMPLE = "Example: `python -m governance backtest --periods 13 --shifts`"
messages = Console(stderr=True)


def backtest(  # noqa: PLR0913  the options of one command
    build_dir: Annotated[Path, typer.Option(help="Where everything the code makes is kept.")] = Path("build"),
    periods: Annotated[int, typer.Option(min=1, help="Test periods of each horizon.")] = 13,
    validation_periods: Annotated[int, typer.Option(min=1, help="Periods before them, to choose a model by.")] = 6,
    seed: Annotated[int, typer.Option(help="The same seed gives the same intervals.")] = 20260101,
    *,
    all_candidates: Annotated[bool, typer.Option("--all-candidates", help="Regressions and trees too: slow.")] = False,
    shifts: Annotated[bool, typer.Option("--shifts", help="Judge on shifted grids, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document for machines.")] = False,
) -> None:
    """Judge the hazard on past days: against counting, with intervals and a leakage audit (docs/hazard.md).

    The result lies in BUILD/backtests, under the snapshot's number; one that is there already is not made again.
    """
    from governance.backtest_report import write_report
    from governance.backtest_store import locate_result, read_folder, store_result
    from governance.backtests import Settings, backtest_city, name_run
    from governance.city import open_city
    from governance.refresh import hash_program

    settings = Settings(
        periods=periods,
        validation_periods=validation_periods,
        with_all_candidates=all_candidates,
        with_shifts=shifts,
        seed=seed,
    )
    city, program = open_city(build_dir), hash_program()
    folder = locate_result(name_run(city, settings, program=program), build_dir)
    if not folder.exists():
        with Progress(
            TextColumn("{task.description:<20}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), console=messages
        ) as bar:
            task = bar.add_task("reading", total=1.0)
            result = backtest_city(
                city,
                settings,
                program=program,
                progress=lambda step, done: bar.update(task, description=step, completed=done),
            )
        store_result(result, build_dir, lambda where: write_report(result, where))
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), **read_folder(folder).about}, ensure_ascii=False))
    else:
        messages.print(f"The report is in {folder / 'report.md'}")
