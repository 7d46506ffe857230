"""A pilot's report (year on year) and its check against control: difference in differences with an interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import scipy

from governance.errors import InputError
from governance.indicators.asking import Asks, ask_indicators, find_day, make_request
from governance.indicators.comparing import compare_windows
from governance.indicators.registry import MAIN, load_registry
from governance.indicators.windows import Window, move_year, pair_by_weeks, pair_by_year, start_period

_YEAR_DAYS = 364
_FEWEST_TOWNS = 2  # a variance needs two


@dataclass(frozen=True)
class Towns:
    """Every town's change from one stretch of days to another, told apart by whether it is in the pilot."""

    pilot: np.ndarray
    control: np.ndarray
    left_out: int


def report_pilot(city: Asks, scenario: str, district: str, *, pilot_from: date) -> pd.DataFrame:
    """The pilot's figures as `compare_periods` gives them: reports and rectification since it began, year on year.

    The days are those from `pilot_from` on, a year at most, against the same dates a year earlier; both begin
    later if the data do. Cases are dated by their report. Raises InputError if no day can be compared.
    """
    first_day = _find_first_day(city)
    start = max(pilot_from, move_year(first_day, 1))
    until = min(move_year(start, 1), find_day(city))
    if until <= start:
        raise InputError(
            f"Nothing can be compared: the data begin on {first_day}, so the first day with a year before it is "
            f"{start}, and the last complete day is {find_day(city) - timedelta(days=1)}."
        )
    request = make_request(
        ["registered_cases", "rectification_rate"], (), cohort="reported",
        where={"scenario": scenario, "level_1_id": district},
    )  # fmt: skip
    return compare_windows(city, request, *pair_by_year(start, until))


def compare_with_control(
    city: Asks,
    scenario: str,
    district: str,
    *,
    pilot_from: date,
    indicator: str = "rectification_rate",
    variant: str = MAIN,
) -> pd.DataFrame:
    """Difference in differences between the pilot's towns and those of all other districts: rows "effect", "placebo".

    Each town gives one change, from the whole weeks a year before to those since `pilot_from` (a year at most), and
    weighs the same; `effect` is the pilot's mean change less control's, `low` and `high` its 95 % interval (Welch).
    `scale` "points": difference of shares (0.1 = ten points); "relative": of counts, as their ratio less 1, compared
    as log(count + 0.5). The placebo lets the pilot begin in the middle of the time before it: it should be near 0.
    Towns without a share on either side are `left_out`. Raises InputError with too few towns or weeks.
    """
    after, before = _pair_pilot(city, pilot_from)
    fake_after, fake_before = _pair_placebo(city, pilot_from)
    rows = []
    for kind, now, base in (("effect", after, before), ("placebo", fake_after, fake_before)):
        towns = _collect_towns(city, scenario, district, (indicator, variant), now=now, base=base)
        facts = {"kind": kind, "indicator": indicator, "variant": variant}
        span = {"since": now.since, "until": now.until, "base_since": base.since, "base_until": base.until}
        rows.append({**facts, **estimate_effect(towns, is_count=_is_count(indicator)), **span})
    return pd.DataFrame(rows)


def estimate_effect(towns: Towns, *, is_count: bool) -> dict[str, float | int | str]:
    """The difference of the mean changes with its interval; of counts, changes are logarithms of ratios."""
    if min(len(towns.pilot), len(towns.control)) < _FEWEST_TOWNS:
        raise InputError(
            f"There are {len(towns.pilot)} towns in the pilot and {len(towns.control)} outside with cases before and "
            f"after; an interval needs {_FEWEST_TOWNS} of each. Choose another indicator, scenario or date."
        )
    means = [float(towns.pilot.mean()), float(towns.control.mean())]
    ends = [means[0] - means[1]] * 2
    if np.ptp(towns.pilot) > 0 or np.ptp(towns.control) > 0:
        test = scipy.stats.ttest_ind(towns.pilot, towns.control, equal_var=False)
        ends = [float(end) for end in test.confidence_interval(0.95)]
    values = [means[0] - means[1], *ends, *means]
    if is_count:
        values = [float(np.expm1(value)) for value in values]
    names = ("effect", "low", "high", "pilot_change", "control_change")
    counts = {"pilot_towns": len(towns.pilot), "control_towns": len(towns.control), "left_out": towns.left_out}
    return {"scale": "relative" if is_count else "points", **dict(zip(names, values, strict=True)), **counts}


def _collect_towns(
    city: Asks, scenario: str, district: str, measure: tuple[str, str], *, now: Window, base: Window
) -> Towns:
    both = [_ask_towns(city, scenario, measure, window) for window in (base, now)]
    changed = both[0].join(both[1], how="outer", suffixes=("_base", "")).reset_index()
    if _is_count(measure[0]):
        before, after = (np.log(changed[name].fillna(0) + 0.5) for name in ("value_base", "value"))
    else:
        before, after = changed["value_base"], changed["value"]
    changed = changed.assign(change=after - before)
    known = changed.dropna(subset=["change"])
    is_pilot = known["level_1_id"] == district
    if not (changed["level_1_id"] == district).any():
        raise InputError(f"No case of {scenario} lies in the district {district}; check both ids.")
    change = known["change"].to_numpy(np.float64)
    return Towns(change[is_pilot], change[~is_pilot], left_out=len(changed) - len(known))


def _ask_towns(city: Asks, scenario: str, measure: tuple[str, str], window: Window) -> pd.DataFrame:
    """The value of every town that lies in a grid, indexed by district and town."""
    rows = ask_indicators(
        city, indicators=[measure[0]], by=("level_1_id", "level_2_id"), cohort="reported",
        since=window.since, until=window.until, scenario=scenario,
    )  # fmt: skip
    chosen = rows[(rows["variant"] == measure[1]) & (rows["level_1_id"] != "~unmatched")]
    return chosen.set_index(["level_1_id", "level_2_id"])[["value"]]


def _pair_pilot(city: Asks, pilot_from: date) -> tuple[Window, Window]:
    """Whole weeks since the pilot began and the same a year earlier, all of them before it began."""
    since = max(_next_monday(pilot_from), _next_monday(_find_first_day(city)) + timedelta(days=_YEAR_DAYS))
    until = min(start_period("week", find_day(city)), since + timedelta(days=_YEAR_DAYS))
    until = min(until, start_period("week", pilot_from) + timedelta(days=_YEAR_DAYS))
    if until <= since:
        raise InputError(
            f"There is no whole week after {pilot_from} with a week a year before it: the data reach from "
            f"{_find_first_day(city)} to {find_day(city)}."
        )
    return pair_by_weeks(since, until, days=_YEAR_DAYS)


def _pair_placebo(city: Asks, pilot_from: date) -> tuple[Window, Window]:
    """The second and the first half of the time before the pilot, as far as a year back."""
    until = start_period("week", pilot_from)
    weeks = (until - max(_next_monday(_find_first_day(city)), until - timedelta(days=_YEAR_DAYS))).days // 7
    half = 7 * (weeks // 2)
    if half == 0:
        raise InputError(f"There are fewer than two weeks of data before {pilot_from}, too few for a placebo.")
    return pair_by_weeks(until - timedelta(days=half), until, days=half)


def _find_first_day(city: Asks) -> date:
    first = city.ask("indicator_span")["first_day"].iloc[0]
    if pd.isna(first):
        raise InputError("There are no cases, so a pilot cannot be judged.")
    day: date = pd.Timestamp(first).date()
    return day


def _next_monday(day: date) -> date:
    return start_period("week", day + timedelta(days=6))


def _is_count(indicator: str) -> bool:
    return load_registry().find(indicator).kind == "count"
