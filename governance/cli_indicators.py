"""The command `indicators`: what is in the registry, what one of its entries means, and its values."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from governance.cli_tables import print_table
from governance.errors import ConfigError
from governance.toml_model import nearest

if TYPE_CHECKING:
    import pandas as pd

EXAMPLE = "Example: `python -m governance indicators on_time_closing_rate --by department --period month`"
FORMS = ("table", "json", "csv")
By = Annotated[str, typer.Option(help="Slices, comma-separated: level_1_id, level_2_id, scenario, scene, department.")]
PeriodOption = Annotated[str | None, typer.Option(help="week | month | quarter | year; default: all time together.")]
CohortOption = Annotated[str, typer.Option(help="Date cases by: due (their limit) | reported.")]
Since = Annotated[str | None, typer.Option(help="From this local day on, such as 2025-01-01.")]
Volume = Annotated[int | None, typer.Option(help="has_volume: so many cases in the denominator; default 30.", min=1)]
Until = Annotated[str | None, typer.Option(help="Up to this local day, itself not included.")]


def indicators(  # noqa: PLR0913, PLR0917  the options of one command
    indicator: Annotated[str | None, typer.Argument(help="An id; without it, the registry is listed.")] = None,
    by: By = "",
    period: PeriodOption = None,
    cohort: CohortOption = "due",
    since: Since = None,
    until: Until = None,
    minimum_volume: Volume = None,
    scenario: Annotated[str | None, typer.Option(help="Only this scenario (id or name).")] = None,
    district: Annotated[str | None, typer.Option(help="Only this district (id or name).")] = None,
    language: Annotated[str, typer.Option(help="Language of names: zh | en")] = "zh",
    format_: Annotated[str, typer.Option("--format", help="table | json | csv")] = "table",
    build_dir: Annotated[Path, typer.Option(help="Where everything the code makes is kept.")] = Path("build"),
    *,
    docs: Annotated[bool, typer.Option("--docs", help="Print the registry as Markdown.")] = False,
) -> None:
    """List the registry of indicators, or say what one means and what its values are."""
    from governance.indicators.documents import describe_indicator, write_document
    from governance.indicators.registry import load_registry

    if format_ not in FORMS:
        raise ConfigError(
            f"There is no format {format_!r}; known: {', '.join(FORMS)}{nearest(format_, [*FORMS]) or '.'}"
        )
    if docs:
        typer.echo(write_document(), nl=False)
        return
    if indicator is None:
        _print_registry(language)
        return
    entry = load_registry().find(indicator)
    cut = read_cut(by=by, period=period, cohort=cohort, since=since, until=until, minimum_volume=minimum_volume)
    frame = _ask(build_dir, indicator, scenario=scenario, district=district, language=language, **cut)
    if format_ == "table":
        typer.echo(describe_indicator(entry))
    _print_values(frame, format_)


def read_cut(  # noqa: PLR0913  each is one way to cut, and has a default
    *,
    by: str = "",
    period: str | None = None,
    cohort: str = "due",
    since: str | None = None,
    until: str | None = None,
    minimum_volume: int | None = None,
) -> dict[str, Any]:
    """How the options cut the indicators, as `City.indicators` takes it; raises ConfigError for what is no day."""
    slices = tuple(name.strip() for name in by.split(",") if name.strip())
    days = {"since": _read_day(since, "--since"), "until": _read_day(until, "--until")}
    return {"by": slices, "period": period, "cohort": cohort, "minimum_volume": minimum_volume, **days}


def _read_day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  a day has no zone
    except ValueError as error:
        raise ConfigError(f"{option}: {text!r} is no day, such as 2025-01-31.") from error


def _ask(build_dir: Path, indicator: str, *, language: str, **cut: Any) -> pd.DataFrame:
    from governance.city import open_city
    from governance.export_orders import LANGUAGES, find_id
    from governance.indicators.naming import add_names

    if language not in LANGUAGES:
        raise ConfigError(f"There is no language {language!r}; known: {', '.join(LANGUAGES)}.")
    city = open_city(build_dir)
    names = city.ask("export_names")
    scenario, district = cut.pop("scenario"), cut.pop("district")
    where = {
        "scenario": find_id(names, "scenario", scenario) if scenario else None,
        "level_1_id": find_id(names, "district", district) if district else None,
    }
    return add_names(city, city.indicators([indicator], **cut, **where), language=language)  # type: ignore[arg-type]


def _print_registry(language: str) -> None:
    from governance.indicators.registry import load_registry

    table = Table(*(Column(name, overflow="fold") for name in ("id", "name", "kind", "better", "variants")))
    for entry in load_registry().indicators:
        name = entry.name_en if language == "en" else entry.name_zh
        table.add_row(entry.id, name, entry.kind, entry.direction, ", ".join(other.id for other in entry.variants))
    Console().print(table)


def _print_values(frame: pd.DataFrame, format_: str) -> None:
    from governance.exports import neutralise_formulas

    told = frame.assign(**{name: frame[name].dt.date for name in frame.select_dtypes("datetime").columns})
    if format_ == "json":
        typer.echo(told.to_json(orient="records", force_ascii=False, date_format="iso", indent=1))
    elif format_ == "csv":
        texts = told.select_dtypes(include=["str"]).columns
        safe = told.assign(**{name: neutralise_formulas(told[name]) for name in texts})
        typer.echo(safe.to_csv(index=False), nl=False)
    else:
        print_table(told)
