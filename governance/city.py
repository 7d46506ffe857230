"""A published city as frames: the same tables and the same numbers as the pages show, for analysts and exports."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Unpack

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import shapely

from governance import snapshot, warehouse
from governance.cases.transfers import Proposal, list_proposals
from governance.errors import InputError
from governance.indicators.asking import Cohort, Period, Where, ask_indicators
from governance.scenarios.template import Template
from governance.toml_model import nearest

_PATIENCE_S = 120.0
_BATCH_ROWS = 50_000


@dataclass(frozen=True)
class City:
    """One generation of a city, open for reading; every call has its own cursor, so threads may share it."""

    build_dir: Path
    current: snapshot.Current
    con: warehouse.Connection

    @property
    def generation(self) -> str:
        """The number of the published snapshot, such as "000012"."""
        return self.current.generation

    @property
    def file(self) -> Path:
        """The snapshot's database file."""
        return self.current.file

    @property
    def as_of_utc(self) -> datetime:
        """The moment the city is shown at, naive UTC; nothing reported then or later is in it."""
        moment: datetime = self.manifest["as_of_utc"]
        return moment

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the snapshot was made of: `city`, `scenarios`, `inputs`, `versions` as dicts, times as naive UTC."""
        with self.con.cursor() as cursor:
            table = warehouse.run_text(cursor, "select * from meta_manifest").to_arrow_table()
        row: dict[str, Any] = table.to_pylist()[0]
        parsed = {name: json.loads(row[name]) for name in ("city", "scenarios", "inputs", "versions")}
        return row | parsed

    def ask(self, name: str, /, **params: Any) -> pd.DataFrame:
        """The answer of `sql/ask_<name>.sql`; raises InputError for an unknown question or a wrong set of values."""
        text = _read_question(name, params)
        with self.con.cursor() as cursor:
            return warehouse.fetch_frame(cursor, text, **params)

    def ask_batches(self, name: str, /, **params: Any) -> Iterator[pa.RecordBatch]:
        """The same answer in pieces of at most 50,000 rows, for what may not fit in memory."""
        text = _read_question(name, params)
        with self.con.cursor() as cursor:
            reader = warehouse.run_text(cursor, text, **params).to_arrow_reader(_BATCH_ROWS)
            # One empty batch first: it carries the columns even where there is no row.
            yield pa.RecordBatch.from_pylist([], schema=reader.schema)
            yield from reader

    def count_rows(self, name: str, /, **params: Any) -> int:
        """How many rows `ask` would give."""
        text = _read_question(name, params)
        with self.con.cursor() as cursor:
            return warehouse.count_rows(cursor, text, **params)

    def sql(self, text: str, /, **params: Any) -> pd.DataFrame:
        """The answer to any statement on the snapshot's tables; values are bound by name: `$scenario`.

        The connection can read this one file and nothing else. Raises InputError for a statement that is refused
        or wrong, or that runs longer than two minutes.
        """
        try:
            with self.con.cursor() as cursor, warehouse.run_with_deadline(cursor, _PATIENCE_S):
                return warehouse.fetch_frame(cursor, text, **params)
        except warehouse.Interrupted as error:
            raise InputError(f"The query was stopped after {_PATIENCE_S:.0f} seconds; ask for less at once.") from error
        except warehouse.DatabaseError as error:
            raise InputError(f"The query cannot be answered: {error}") from error

    def grids(self) -> gpd.GeoDataFrame:
        """One row per grid: number, id, names of its levels, area in km2, label point, polygon (EPSG:4326)."""
        frame = self.ask("export_grids", district=None)
        polygons = shapely.from_wkb([bytes(wkb) for wkb in frame.pop("geometry")])
        return gpd.GeoDataFrame(frame, geometry=polygons, crs="EPSG:4326")

    def tiers(self, *, scenario: str | None = None, district: str | None = None) -> pd.DataFrame:
        """One row per grid and scenario: tier, rank, reports expected in the next 28 days; filters are ids."""
        return self.ask("export_tiers", scenario=scenario, district=district)

    def cases(self, *, scenario: str | None = None, district: str | None = None) -> pd.DataFrame:
        """One row per incident; filters are ids, "~unmapped" and "~unmatched" among them. All of a city is large."""
        return self.ask("export_cases", scenario=scenario, district=district)

    def overdue(self, *, scenario: str | None = None, district: str | None = None) -> pd.DataFrame:
        """One row per open case past its due time, the longest overdue first; filters are ids."""
        return self.ask("export_overdue", scenario=scenario, district=district)

    def open_cases(
        self,
        *,
        scenario: str | None = None,
        district: str | None = None,
        department: str | None = None,
        state: str | None = None,
    ) -> pd.DataFrame:
        """One row per open case, the most urgent first: its clock, its holder, its rung and whom to call.

        Filters are ids; `state` names one of the lists of a department's morning: "held" (what lies with it now),
        "due_today", "near_due", "overdue" and so on (`export_orders.WORKLISTS`). "held" and "came_from_others" ask with
        whom a case lies now, the others which department is responsible.
        """
        chosen = {"scenario": scenario, "district": district, "department": department, "state": state}
        return self.ask("export_open", **chosen, stage=None, age=None)

    def departments(self) -> pd.DataFrame:
        """One row per department, scenario and district: open, overdue, near due, due and disposed on time."""
        return self.ask("export_departments")

    def indicators(  # noqa: PLR0913  each is one way to cut, and has a default
        self,
        indicators: Iterable[str] | None = None,
        *,
        by: str | Sequence[str] = (),
        period: Period | None = None,
        cohort: Cohort = "due",
        since: date | None = None,
        until: date | None = None,
        minimum_volume: int | None = None,
        **where: Unpack[Where],
    ) -> pd.DataFrame:
        """One row per slice, period, indicator and variant, with its denominator; see `ask_indicators`."""
        return ask_indicators(
            self, indicators=indicators, by=by, period=period, cohort=cohort, since=since, until=until,
            minimum_volume=minimum_volume, **where,
        )  # fmt: skip

    def disputes(self, *, scenario: str | None = None) -> pd.DataFrame:
        """One row per rule of a template that hand-overs of the last 365 days contest, the most cases first.

        Cases of a district with its own version of a template are judged by that version, in rows of their own
        (`district`; none for the city's template). Columns of `cases.transfers.Proposal`, with `share` (cases /
        held_cases) and `ended_share`; `reasons` is a tuple of (reason, cases). A row is a proposal: a person must
        judge it.
        """
        rows = self.ask("export_templates", scenario=scenario).to_dict("records")
        templates = {row["template_version"]: Template.model_validate_json(row["template"]) for row in rows}
        found = list_proposals(self.ask("export_disputes", scenario=scenario), templates)
        names = [field.name for field in fields(Proposal)]
        listed = [
            {**{name: getattr(row, name) for name in names}, "share": row.share, "ended_share": row.ended_share}
            for row in found
        ]
        return pd.DataFrame(listed, columns=[*names, "share", "ended_share"])

    def extensions(self, *, scenario: str | None = None, district: str | None = None) -> pd.DataFrame:
        """One row per scenario, scene, district, department and reason: extensions of the last 365 days.

        department: who had the case then; mean_extra_hours: clock hours by which the deadline moved on, over the
        `timed_extensions` whose deadlines before and after are known (blank without any). Filters are ids.
        """
        return self.ask("export_extensions", scenario=scenario, district=district)

    def health(self) -> dict[str, pd.DataFrame]:
        """What became of every input row: `files`, `reasons`, `locations`, `unmapped`, `moves`, `checks`."""
        names = [name.removeprefix("ask_") for name in warehouse.list_queries("ask_health_")]
        return {name.removeprefix("health_"): self.ask(name) for name in names}

    def refresh(self) -> City:
        """The city itself, or the newer one if another generation was published meanwhile."""
        return self if snapshot.read_current(self.build_dir) == self.current else open_city(self.build_dir)

    def release_memory(self) -> None:
        """Hand back what was read so far, for a city that is hardly asked any more; it answers as before."""
        warehouse.release_memory(self.con)

    def close(self) -> None:
        """Let go of the file; the city answers nothing afterwards."""
        self.con.close()


def open_city(build_dir: Path | str = "build", *, can_release: bool = False) -> City:
    """The city as last published in `build_dir`; raises NotReadyError, saying what to run, if there is none.

    With `can_release` its memory can be handed back while it stays open (`release_memory`); any SQL can then set its
    limit, so that is for a server, where nobody writes SQL.
    """
    folder = Path(build_dir)
    current, con = snapshot.open_snapshot(folder, can_release=can_release)
    return City(folder, current, con)


@cache
def _list_questions() -> tuple[str, ...]:
    return tuple(query.removeprefix("ask_") for query in warehouse.list_queries("ask_"))


def _read_question(name: str, params: dict[str, Any]) -> str:
    known = _list_questions()
    if name not in known:
        raise InputError(f"There is no question {name!r}{nearest(name, list(known)) or '.'}")
    text = warehouse.read_sql(f"ask_{name}")
    wanted = warehouse.list_params(text)
    if wanted != set(params):
        needs = ", ".join(sorted(wanted)) or "no values"
        raise InputError(f"The question {name} takes {needs}; it was given {', '.join(sorted(params)) or 'none'}.")
    return text
