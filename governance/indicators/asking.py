"""Indicators asked of a city: sliced and dated, always from counts, with denominators and intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, Protocol, TypedDict, Unpack

import numpy as np
import pandas as pd

from governance import warehouse
from governance.errors import ConfigError
from governance.indicators.composite import FACTS, score_composite
from governance.indicators.intervals import wilson_interval
from governance.indicators.registry import MAIN, Indicator, Question, load_registry
from governance.toml_model import nearest

Period = Literal["week", "month", "quarter", "year"]
Cohort = Literal["reported", "due"]
PERIODS = ("week", "month", "quarter", "year")
COHORTS = ("reported", "due")
SLICES = ("level_1_id", "level_2_id", "scenario", "scene", "department")
_FINE = frozenset({"level_2_id", "scene"})
_DATED: dict[Question, str] = {"holding": "reported", "recurrence": "closed"}


class Asks(Protocol):
    """What indicators need of an opened city."""

    @property
    def as_of_utc(self) -> datetime:
        """The moment of the snapshot, naive UTC."""

    @property
    def manifest(self) -> dict[str, Any]:
        """What the snapshot was made of."""

    def ask(self, name: str, /, **params: Any) -> pd.DataFrame:
        """The answer of `sql/ask_<name>.sql`."""


class Where(TypedDict, total=False):
    """Filters: ids, pseudo ids such as "~unmatched", "~unmapped" and "~none" among them."""

    level_1_id: str | None
    level_2_id: str | None
    scenario: str | None
    scene: str | None
    department: str | None


@dataclass(frozen=True)
class Request:
    """A question about indicators, checked; days are local, `until` is not among them, `left_out` is one day less."""

    indicators: tuple[Indicator, ...]
    by: tuple[str, ...]
    cohort: str
    where: Mapping[str, object]
    period: str | None = None
    since: date | None = None
    until: date | None = None
    left_out: date | None = None

    @property
    def names(self) -> frozenset[str]:
        """The slices that it cuts or filters by."""
        return frozenset({*self.by, *(name for name, value in self.where.items() if value is not None)})

    @property
    def is_fine(self) -> bool:
        """Whether it names towns or scenes, which are not counted by day."""
        return bool(_FINE & self.names)


def ask_indicators(  # noqa: PLR0913  each is one way to cut, and has a default
    city: Asks,
    *,
    indicators: Iterable[str] | None = None,
    by: str | Sequence[str] = (),
    period: Period | None = None,
    cohort: Cohort = "due",
    since: date | None = None,
    until: date | None = None,
    minimum_volume: int | None = None,
    **where: Unpack[Where],
) -> pd.DataFrame:
    """One row per slice, period, indicator and variant: numerator, denominator, value, 95 % interval of a share.

    `by` names slices (`SLICES`), `where` filters by ids. Cases are dated by their report, or by the limits of disposal
    and closing ("due"); holding and recurrence have dates of their own, which the column `cohort` says. Days are the
    city's, `until` is not among them. A value is blank (NaN) where the denominator is empty; shares lie in 0..1;
    `has_volume` says whether the denominator reaches `minimum_volume` (default: the registry's).
    Without `indicators`: all that can be cut so; `attrs["left_out"]` says of each other one, by id, why it cannot.
    Raises ConfigError for what is unknown or cannot be cut so, and where no day lies between `since` and `until`.
    """
    if since is not None and until is not None and until <= since:
        raise ConfigError(f"Days from {since} to before {until} are none; let the first lie before the second.")
    request = make_request(indicators, by, cohort=cohort, where=where)
    request = replace(request, period=_check(period, PERIODS, "period"), since=since, until=until)
    left_out = {entry.id: why for entry in request.indicators if (why := explain_refusal(request, entry))}
    if indicators is None:
        kept = tuple(entry for entry in request.indicators if entry.id not in left_out)
        if not kept:
            raise ConfigError(f"No indicator can be cut so. {next(iter(left_out.values()))}")
        request = replace(request, indicators=kept)
    frame = answer(city, request, minimum_volume=minimum_volume)
    frame.attrs["left_out"] = left_out
    return frame


def make_request(
    indicators: Iterable[str] | None, by: str | Sequence[str], *, cohort: str, where: Mapping[str, object]
) -> Request:
    """The question with its words checked; raises ConfigError."""
    registry = load_registry()
    _check(cohort, COHORTS, "cohort")
    slices = (by,) if isinstance(by, str) else tuple(by)
    for name in (*slices, *where):
        _check(name, SLICES, "slice")
    names = [indicators] if isinstance(indicators, str) else indicators
    chosen = registry.indicators if names is None else tuple(registry.find(name) for name in dict.fromkeys(names))
    return Request(chosen, tuple(dict.fromkeys(slices)), cohort, dict(where))


def answer(city: Asks, request: Request, *, minimum_volume: int | None = None) -> pd.DataFrame:
    """The rows of a checked question, in the order of periods, slices and the registry."""
    faults = [fault for entry in request.indicators if (fault := explain_refusal(request, entry))]
    if faults:
        raise ConfigError(faults[0])
    registry = load_registry()
    is_scored = any(entry.question == "composite" for entry in request.indicators)
    needed = [entry.id for entry in request.indicators] + (list(registry.composite) if is_scored else [])
    parts = [_ask_question(city, request, question, needed) for question in ("count", "holding", "recurrence")]
    frame = pd.concat([part for part in parts if part is not None] or [_make_empty(request)], ignore_index=True)
    frame = judge(frame, minimum_volume=registry.minimum_volume if minimum_volume is None else minimum_volume)
    if is_scored:
        frame = pd.concat([frame, _score(frame, request)], ignore_index=True)
    asked = frame[frame["indicator"].isin([entry.id for entry in request.indicators])]
    return sort_rows(asked, _list_keys(request))[[*_list_keys(request), *FACTS]]


def judge(frame: pd.DataFrame, *, minimum_volume: int) -> pd.DataFrame:
    """The frame with `value`, `low`, `high` and `has_volume`, from its numerators and denominators."""
    kinds = {entry.id: entry.kind for entry in load_registry().indicators}
    kind = frame["indicator"].map(kinds)
    numerator = frame["numerator"].to_numpy(np.float64)
    denominator = frame["denominator"].astype("Float64").to_numpy(np.float64, na_value=np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(denominator > 0, numerator / denominator, np.nan)
    is_count, is_share = (kind == "count").to_numpy(bool), (kind == "share").to_numpy(bool)
    low, high = wilson_interval(numerator, np.where(is_share, denominator, np.nan))
    return frame.assign(
        value=np.where(is_count, numerator, ratio),
        low=low,
        high=high,
        has_volume=is_count | (denominator >= minimum_volume),
    )


def explain_refusal(request: Request, indicator: Indicator) -> str:
    """Why an indicator cannot be cut as asked, as a sentence; empty if it can."""
    if indicator.question in _DATED:
        if "scene" in request.names:
            return f"`{indicator.id}` is not counted by scene: ask it by scenario."
        if request.left_out or _choose_grain(request, is_whole=True) == "day":
            return (
                f"`{indicator.id}` is counted by week (from Monday) and month: "
                "let the days begin and end with one, and leave none out."
            )
        if "level_2_id" in request.names and _choose_grain(request, is_whole=True) == "week":
            return f"`{indicator.id}` is counted by town in whole months only: ask for months, or for districts."
    elif request.is_fine and _choose_grain(request) == "day":
        return "Towns and scenes are counted by week (from Monday) and month: let the days begin and end with one."
    return ""


def _choose_grain(request: Request, *, is_whole: bool = False) -> str:
    """The coarsest rows that add up to the answer; `is_whole`: of weeks wherever they do, as there are none by day."""
    span = [day for day in (request.since, request.until) if day is not None]
    if request.left_out is not None:
        return "day"
    if request.period != "week" and all(day.day == 1 for day in span):
        return "month"
    is_weekly = request.period in {"week", None} and all(day.weekday() == 0 for day in span)
    return "week" if is_weekly and (request.is_fine or is_whole) else "day"


def _ask_question(city: Asks, request: Request, question: Question, needed: list[str]) -> pd.DataFrame | None:
    """Numerators and denominators of the indicators of one SQL file, or None if none is needed."""
    registry = load_registry()
    wanted = [entry for entry in registry.indicators if entry.id in needed and entry.question == question]
    if not wanted:
        return None
    params: dict[str, Any] = {name: request.where.get(name) for name in SLICES}
    params |= {f"by_{name}": name in request.by for name in SLICES}
    grain = _choose_grain(request, is_whole=question in _DATED)
    params |= {"grain": grain, "bucket": request.period, "cohort": request.cohort}
    params |= {"since": request.since, "until": request.until, "left_out": request.left_out}
    params["indicators"] = [entry.id for entry in wanted]
    name = f"indicator_{question}"
    taken = warehouse.list_params(warehouse.read_sql(f"ask_{name}"))
    found = city.ask(name, **{key: value for key, value in params.items() if key in taken})
    keys = _list_keys(request)
    if not keys:
        found = _fill_total(found, wanted)
    frame = found[[*keys, "indicator", "variant", "numerator", "denominator"]]
    return frame.assign(cohort=_DATED.get(question, request.cohort), denominator=frame["denominator"].astype("Int64"))


def _fill_total(found: pd.DataFrame, wanted: list[Indicator]) -> pd.DataFrame:
    """A row for every formula: no case at all is an answer too, of zero counts and blank shares."""
    pairs = pd.MultiIndex.from_tuples([(entry.id, variant) for entry in wanted for variant in entry.variant_ids])
    filled = found.set_index(["indicator", "variant"])[["numerator", "denominator"]].reindex(pairs)
    has_none = filled.index.get_level_values(0).isin([entry.id for entry in wanted if entry.kind == "count"])
    filled["numerator"] = filled["numerator"].fillna(0.0)
    filled["denominator"] = filled["denominator"].astype("Int64").where(has_none, filled["denominator"].fillna(0))
    return filled.rename_axis(["indicator", "variant"]).reset_index()


def _list_keys(request: Request) -> list[str]:
    return [*(["period_start"] if request.period else []), *request.by]


def _make_empty(request: Request) -> pd.DataFrame:
    frame = pd.DataFrame(columns=[*_list_keys(request), "indicator", "variant", "cohort", "numerator", "denominator"])
    return frame.astype({"numerator": float, "denominator": "Int64"})


def _score(frame: pd.DataFrame, request: Request) -> pd.DataFrame:
    """The composite score as rows of the same shape."""
    scored = score_composite(frame)
    facts = {"indicator": "composite_score", "variant": MAIN, "cohort": request.cohort}
    rows = scored.rename(columns={"score": "numerator"}).assign(**facts, low=np.nan, high=np.nan)
    rows["denominator"] = rows.pop("out_of").round().astype("Int64")
    return rows.assign(value=rows["numerator"])


def sort_rows(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The rows in the order of `keys`, then of the registry."""
    places = {
        (entry.id, variant): place
        for place, (entry, variant) in enumerate(
            (entry, variant) for entry in load_registry().indicators for variant in entry.variant_ids
        )
    }
    pairs = zip(frame["indicator"], frame["variant"], strict=True)
    ordered = frame.assign(_place=[places[pair] for pair in pairs]).sort_values([*keys, "_place"], ignore_index=True)
    return ordered.drop(columns="_place")


def find_day(city: Asks) -> date:
    """The local day of the snapshot's moment, the first one that is not complete."""
    zone = city.manifest["city"]["timezone"]
    day: date = pd.Timestamp(city.as_of_utc, tz="UTC").tz_convert(zone).date()
    return day


def _check(word: Any, known: tuple[str, ...], what: str) -> Any:
    if word is not None and word not in known:
        hint = nearest(str(word), list(known)) or "."
        raise ConfigError(f"There is no {what} {word!r}; known: {', '.join(known)}{hint}")
    return word
