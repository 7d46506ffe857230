"""What an evaluation is made of: periods to choose from, members in order with their changes, scores part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd

from governance.indicators.asking import (
    Asks,
    Cohort,
    Where,
    ask_indicators,
    explain_refusal,
    find_day,
    judge,
    make_request,
)
from governance.indicators.comparing import compare_windows, keep_comparable
from governance.indicators.composite import score_composite
from governance.indicators.leagues import rank_rows
from governance.indicators.registry import MAIN, load_registry
from governance.indicators.windows import Against, Window, pair_windows, start_next, start_period

Members = Literal["department", "level_1_id", "level_2_id"]
TermPeriod = Literal["month", "quarter", "year"]
TERM_PERIODS = ("month", "quarter", "year")
AGAINST: tuple[Against, ...] = ("year", "previous")


@dataclass(frozen=True)
class Term:
    """A month, quarter or year; `until` is not among its days. A running one ends with the last complete day."""

    period: TermPeriod
    since: date
    until: date
    is_running: bool

    @property
    def last_day(self) -> date:
        """The last of its days."""
        return self.until - timedelta(days=1)


@dataclass(frozen=True)
class Assessment:
    """Who is compared, over which days, and which cases: those of a scenario, or those of one district's towns."""

    by: Members
    term: Term
    cohort: Cohort = "due"
    minimum_volume: int | None = None
    scenario: str | None = None
    district: str | None = None

    @property
    def where(self) -> Where:
        """The filters, as `ask_indicators` takes them."""
        return {"scenario": self.scenario, "level_1_id": self.district}


@dataclass(frozen=True)
class Standing:
    """Every member's indicators (`ask_members`), and what they have changed by against each base (`ask_changes`)."""

    members: pd.DataFrame
    changes: Mapping[Against, pd.DataFrame]


@dataclass(frozen=True)
class League:
    """A standing in the order of one indicator.

    `whole`: the one row of `sum_members`; `rows`: `rank_members` with changes; `members`: every indicator of every
    member in that order, with changes; `spread`: `spread_members` in that order.
    """

    whole: Mapping[str, Any]
    rows: pd.DataFrame
    members: pd.DataFrame
    spread: pd.DataFrame


def list_terms(city: Asks, period: TermPeriod, *, by: Members) -> tuple[Term, ...]:
    """The periods that hold data, the newest first; of towns, which are not counted by day, only complete ones."""
    first_day = city.ask("indicator_span")["first_day"].iloc[0]
    if pd.isna(first_day):
        return ()
    first_incomplete, terms = find_day(city), []
    since = start_period(period, first_incomplete)
    while since >= start_period(period, pd.Timestamp(first_day).date()):
        end = start_next(period, since)
        until = min(end, first_incomplete)
        if until > since:
            terms.append(Term(period, since, until, is_running=until < end))
        since = start_period(period, since - timedelta(days=1))
    return tuple(term for term in terms if not (term.is_running and by == "level_2_id"))


def list_rated() -> tuple[str, ...]:
    """The indicators by which somebody can be said to do better: shares and means with a direction."""
    return tuple(
        entry.id
        for entry in load_registry().indicators
        if entry.kind in {"share", "mean"} and entry.direction != "none"
    )


def ask_members(city: Asks, asked: Assessment) -> pd.DataFrame:
    """Every indicator that can be cut so, of every member: the main variants' rows of `ask_indicators`."""
    rows = ask_indicators(city, by=asked.by, **_cut(asked), **asked.where)
    return _take_main(rows)


def list_left_out(asked: Assessment) -> tuple[str, ...]:
    """The rated indicators that cannot be cut so: those of whole weeks and months, in a running period."""
    request = make_request(list_rated(), asked.by, cohort=asked.cohort, where=asked.where)
    request = replace(request, since=asked.term.since, until=asked.term.until)
    return tuple(entry.id for entry in request.indicators if explain_refusal(request, entry))


def ask_standing(city: Asks, asked: Assessment) -> Standing:
    """Members and changes together: the indicators of the term's own days are asked once."""
    rows = ask_indicators(city, by=asked.by, **_cut(asked), **asked.where)
    changes = {against: ask_changes(city, asked, against, now=rows) for against in AGAINST}
    return Standing(_take_main(rows), changes)


def order_standing(standing: Standing, indicator: str, *, by: Members) -> League:
    """The league by one of the indicators that the standing has."""
    whole = sum_members(standing.members, indicator)
    rows = add_changes(rank_members(standing.members, whole, by=by), standing.changes, by=by)
    members = put_in_order(standing.members, by, list(rows[by]))
    with_changes = add_changes(members, standing.changes, by=by)
    return League(whole.to_dict("records")[0], rows, with_changes, spread_members(members, by))


def sum_members(members: pd.DataFrame, indicator: str) -> pd.DataFrame:
    """The one row of all members together (of towns: their district), from the counts of `ask_members`.

    Every case has one member, and every stretch one holder, so the sums are those of `ask_indicators` without `by`.
    Columns `indicator`, `variant`, `numerator`, `denominator`, `value`, `low`, `high`; no row without members.
    """
    own = members[members["indicator"] == indicator]
    counts = own.groupby(["indicator", "variant"], sort=False)[["numerator", "denominator"]].sum().reset_index()
    return judge(counts, minimum_volume=load_registry().minimum_volume).drop(columns="has_volume")


def ask_changes(city: Asks, asked: Assessment, against: Against, *, now: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every member's rated indicators beside those of a year or a period before: main rows of `compare_periods`.

    `now`: the answer about the term's own days, if it is known. `shown_change` is in points for a share (100 x change)
    and in the indicator's own unit for a mean. What cannot be cut into equal days is not there: of months of different
    length those of towns, holding and recurrence.
    """
    term = asked.term
    current, base = pair_windows(term.period, term.since, first_incomplete=find_day(city), against=against)
    request = make_request(list_rated(), asked.by, cohort=asked.cohort, where=asked.where)
    request = keep_comparable(request, current, base)
    if current != Window(term.since, term.until):
        now = None
    elif now is not None:
        now = now[now["indicator"].isin([entry.id for entry in request.indicators])]
    main = _take_main(compare_windows(city, request, current, base, now=now))
    return add_last_days(main.assign(shown_change=main["change_points"].fillna(main["change"])))


def add_last_days(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a comparison with `last_day` and `base_last_day`; `is_leap`: 29 February lies in one and is left out."""
    day = timedelta(days=1)
    spans = (rows["until"] - rows["since"], rows["base_until"] - rows["base_since"])
    return rows.assign(
        last_day=[until - day for until in rows["until"]],
        base_last_day=[until - day for until in rows["base_until"]],
        is_leap=[now != before for now, before in zip(*spans, strict=True)],
    )


def rank_members(members: pd.DataFrame, whole: pd.DataFrame, *, by: Members) -> pd.DataFrame:
    """The rows of `rank_league`, the best first, from those of `ask_members` and the one of `sum_members`."""
    return rank_rows(members[members["indicator"].isin(whole["indicator"])], whole, by=by)


def add_changes(rows: pd.DataFrame, changes: Mapping[Against, pd.DataFrame], *, by: Members) -> pd.DataFrame:
    """The rows with a column such as `year_change` for each answer of `ask_changes`."""
    keys = _list_keys(rows, by)
    told: dict[str, Any] = {}
    for against, frame in changes.items():
        known = dict(zip(_list_keys(frame, by), frame["shown_change"].tolist(), strict=True))
        told[f"{against}_change"] = np.array([known.get(key, np.nan) for key in keys], dtype=float)
    return rows.assign(**told)


def _list_keys(rows: pd.DataFrame, by: Members) -> list[tuple[str, str]]:
    return list(zip(rows[by].tolist(), rows["indicator"].tolist(), strict=True))


def spread_members(rows: pd.DataFrame, by: Members) -> pd.DataFrame:
    """One row per member, in the order of `ask_members`: each indicator's value, its denominator as `<id>_cases`."""
    order = list(dict.fromkeys(rows[by]))
    values = rows.pivot(index=by, columns="indicator", values="value").loc[order]  # noqa: PD010  nothing is aggregated
    cases = rows.pivot(index=by, columns="indicator", values="denominator").add_suffix("_cases")  # noqa: PD010
    return values.join(cases).rename_axis(columns=None).reset_index()


def put_in_order(rows: pd.DataFrame, by: Members, first: Sequence[str]) -> pd.DataFrame:
    """The rows with those of `first` in its order, then the others as they stand."""
    places = {member: place for place, member in enumerate(first)}
    return rows.iloc[np.argsort(rows[by].map(places).fillna(len(places)), kind="stable")].reset_index(drop=True)


def explain_scores(rows: pd.DataFrame, weights: Mapping[str, float], *, by: Members) -> pd.DataFrame:
    """One row per member, the best first: `rank`, `score`, `out_of`, `has_volume`, and the points of every part.

    The parts (`points_<id>`: weight x share, or weight x (1 - share) where lower is better) add up to the score.
    Ranked is whoever has a score, volume in every part, and is no pseudo member.
    """
    scored = score_composite(rows, weights)
    for indicator, weight in weights.items():
        share = rows[rows["indicator"] == indicator].set_index(by)["value"]
        good = 1 - share if load_registry().find(indicator).direction == "lower" else share
        scored[f"points_{indicator}"] = scored[by].map(weight * good)
    is_ranked = scored["has_volume"] & ~scored[by].str.startswith("~") & scored["score"].notna()
    scored["rank"] = scored["score"].where(is_ranked).rank(method="min", ascending=False).astype("Int64")
    order = scored.assign(_score=-scored["score"]).sort_values(["rank", "_score", by], na_position="last")
    return order.drop(columns="_score").reset_index(drop=True)


def list_pilots(city: Asks) -> tuple[tuple[str, str, date], ...]:
    """The pilots that the city's profile names: scenario, district, first day."""
    told = city.manifest["city"].get("pilots", [])
    return tuple((pilot["scenario"], pilot["district"], date.fromisoformat(pilot["from_"])) for pilot in told)


def judge_effect(effect: Mapping[str, Any], *, direction: str) -> Literal["better", "worse", "more", "less", "unclear"]:
    """What a row of `compare_with_control` says: "unclear" while its interval holds 0.

    `direction` is the indicator's; where none is better, an effect is only "more" or "less".
    """
    if np.isnan(effect["low"]) or effect["low"] <= 0 <= effect["high"]:
        return "unclear"
    is_more = effect["effect"] > 0
    if direction == "none":
        return "more" if is_more else "less"
    return "better" if is_more == (direction == "higher") else "worse"


def _cut(asked: Assessment) -> dict[str, Any]:
    return {
        "cohort": asked.cohort, "since": asked.term.since, "until": asked.term.until,
        "minimum_volume": asked.minimum_volume,
    }  # fmt: skip


def _take_main(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["variant"] == MAIN].reset_index(drop=True)
