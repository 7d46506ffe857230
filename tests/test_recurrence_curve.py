"""Recurrence curves and half-lives: against hands, a peer formula, and worlds whose truth is planted."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from governance import warehouse
from governance.cases.half_life import HalfLife, estimate_half_life
from governance.cases.recurrence import find_recurrences
from governance.cases.recurrence_curve import estimate_shares
from governance.errors import GovernanceError
from governance.scenarios.template import Recurrence

AS_OF = datetime.fromisoformat("2024-06-01")


@pytest.fixture
def con(tmp_path):
    builder = warehouse.open_builder(threads=1, temp_directory=tmp_path)
    grids = {"grid_no": pa.array([0], pa.int32()), "level_1_id": ["a"], "level_2_id": ["b"]}
    warehouse.load_arrow(builder, "core_grid", pa.table(grids))
    points = pa.schema([("source", pa.string()), ("lon", pa.float64()), ("lat", pa.float64())])
    warehouse.load_arrow(builder, "meta_suspicious_point", points.empty_table())
    yield builder
    builder.close()


def load_cases(con, *, followed_days, back_after_days, scenario="carport", department="patrol"):
    """Closed cases, each at a place of its own, and what comes back there (NaN: nothing), which stays open.

    Arrays or values; times in days.
    """
    followed, back = np.broadcast_arrays(np.asarray(followed_days, float), np.asarray(back_after_days, float))
    closed = np.datetime64(AS_OF, "us") - (followed * 86400e6).astype("timedelta64[us]")
    old = pd.DataFrame({"place_key": np.arange(len(followed)).astype(str), "closed_at_utc": closed})
    old = old.assign(scenario=scenario, department=department, reported_at_utc=closed - np.timedelta64(1, "D"))
    new = old[back < followed].assign(closed_at_utc=pd.NaT, department="other")
    new["reported_at_utc"] = (closed + (np.nan_to_num(back) * 86400e6).astype("timedelta64[us]"))[back < followed]
    cases = pd.concat([old, new], ignore_index=True)
    cases = cases.assign(source="s", incident_id=cases.index.astype(str), lon=np.nan, lat=np.nan, grid_no=0)
    cases["stage"] = np.where(cases.closed_at_utc.isna(), "dispatched", "closed")
    schema = pa.schema(
        [(name, pa.string()) for name in ("source", "incident_id", "scenario", "department", "stage", "place_key")]
        + [(name, pa.float64()) for name in ("lon", "lat")]
        + [(name, pa.timestamp("us")) for name in ("reported_at_utc", "closed_at_utc")]
        + [("grid_no", pa.int32())]
    )
    warehouse.load_arrow(con, "core_case", pa.Table.from_pandas(cases, schema=schema, preserve_index=False))


def draw(con, **within_days):
    rules = {scenario: Recurrence(radius_m=50, within_days=days) for scenario, days in within_days.items()}
    find_recurrences(con, rules, as_of_utc=AS_OF)
    return warehouse.fetch_frame(con, "select * from out_recurrence_curve order by scenario, department, day")


def choose(curves, scenario="", department=""):
    return curves[(curves.scenario == scenario) & (curves.department == department)].reset_index(drop=True)


def test_a_curve_worked_by_hand(con):
    # followed 1.5 (so for one whole day), 3, 4.9 and 9 days; back after 1.2, 4 and 4.7 days of 5
    load_cases(con, followed_days=[1.5, 3.0, 9.0, 9.0, 4.9, 9.0], back_after_days=[np.nan, np.nan, 1.2, 4.0, 4.7, 7.0])
    curve = choose(draw(con, carport=5), "carport", "patrol")
    assert curve.day.tolist() == [0, 1, 2, 3, 4, 5]
    assert curve.at_risk.tolist() == [6, 6, 5, 4, 3, 1]
    # the return after 4.7 days fell into a day that was not followed to its end; day 7 is past the rule's days
    assert curve.recurred.tolist() == [0, 0, 1, 0, 1, 0]
    assert curve.share_recurred.tolist() == pytest.approx([0, 0, 1 / 5, 1 / 5, 1 - 4 / 5 * 2 / 3, 1 - 4 / 5 * 2 / 3])
    assert curve.low.isna().tolist() == [True, True, False, False, False, False]
    # day 2 by hand: log(-log 0.8) -+ 1.96 * sqrt(1 / (5 * 4)) / log 0.8
    assert curve.low[2] == pytest.approx(1 - 0.96918, abs=5e-6)
    assert curve.high[2] == pytest.approx(1 - 0.20381, abs=5e-6)
    ratios = curve[["closed_cases", "followed_fully", "recurred_within"]].drop_duplicates()
    assert list(ratios.itertuples(index=False)) == [(6, 3, 2)]


def test_a_day_that_no_case_was_followed_to_has_no_share(con):
    load_cases(con, followed_days=[2, 2], back_after_days=[1, np.nan])
    assert choose(draw(con, carport=4)).share_recurred.tolist()[:3] == [0, 0.5, 0.5]
    assert choose(draw(con, carport=4)).share_recurred.isna().tolist() == [False, False, False, True, True]
    load_cases(con, followed_days=[2, 2], back_after_days=[1, 0.5])
    assert choose(draw(con, carport=4)).share_recurred.tolist() == [0, 1, 1, 1, 1], "all are back: that stays known"


def test_there_is_a_curve_for_all_for_each_scenario_and_for_each_department_of_the_closed_cases(con):
    load_cases(
        con, followed_days=np.full(6, 50.0), back_after_days=[5, np.nan, 15, np.nan, 5, 5],
        scenario=["carport"] * 3 + ["dogs"] * 3, department=["a", "b", "a", "a", "a", "c"],
    )  # fmt: skip
    curves = draw(con, carport=20, dogs=10)
    last = curves[curves.groupby(["scenario", "department"]).day.transform("max") == curves.day]
    assert list(last[["scenario", "department", "day", "closed_cases", "recurred_within"]].itertuples(index=False)) == [
        ("", "", 20, 6, 4), ("", "a", 20, 4, 3), ("", "b", 20, 1, 0), ("", "c", 10, 1, 1),
        ("carport", "", 20, 3, 2), ("carport", "a", 20, 2, 2), ("carport", "b", 20, 1, 0),
        ("dogs", "", 10, 3, 2), ("dogs", "a", 10, 2, 1), ("dogs", "c", 10, 1, 1),
    ]  # fmt: skip
    # beyond the ten days of dogs, the curve of all is that of the two carport cases left, of which one comes back
    assert choose(curves).share_recurred[[10, 20]].tolist() == pytest.approx([0.5, 0.75])


LIVES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=12)


@given(LIVES)
def test_shares_are_kaplan_and_meiers_with_greenwoods_bounds(lives):
    recurred, lost = np.array(lives).T
    recurred[0] = 0
    share, low, high = estimate_shares(recurred, lost)
    ends = recurred + lost
    at_risk = ends.sum() - (np.cumsum(ends) - ends)
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(np.where(at_risk > 0, 1 - recurred / at_risk, 1))
        spread = np.sqrt(np.cumsum(np.where(recurred > 0, recurred / (at_risk * (at_risk - recurred)), 0)))
        swing = stats.norm.ppf(0.975) * spread / np.log(survival)
        wide, narrow = (survival ** np.exp(sign * swing) for sign in (1, -1))
    known = at_risk > 0
    assert share[known] == pytest.approx(1 - survival[known], abs=1e-12)
    bounded = known & (survival < 1) & (survival > 0)
    assert low[bounded] == pytest.approx(1 - wide[bounded], abs=1e-9)
    assert high[bounded] == pytest.approx(1 - narrow[bounded], abs=1e-9)
    assert np.isnan(low[known & (survival == 1)]).all()


def simulate(seed, *, count=20_000, share, half_life_days, background_per_day):
    """Days until each case comes back, unrelated new cases at its place included, and days followed."""
    rng = np.random.default_rng(seed)
    wait = rng.exponential(half_life_days / np.log(2), count)
    back = np.where(rng.random(count) < share, wait, np.inf)
    return np.minimum(back, rng.exponential(1 / background_per_day, count)), rng.uniform(0, 900, count)


@pytest.mark.parametrize(("within_days", "half_life_days", "share"), [(90, 25, 0.16), (60, 45, 0.12)])
def test_a_planted_half_life_is_found_within_its_interval_although_the_window_cuts_it_off(
    con, within_days, half_life_days, share
):
    truth = {"share": share, "half_life_days": half_life_days, "background_per_day": 2e-4}
    back, followed = simulate(5, **truth)
    load_cases(con, followed_days=followed, back_after_days=back)
    found = estimate_half_life(choose(draw(con, carport=within_days), "carport"))
    assert found.low_days < half_life_days < found.high_days
    assert found.low_days < found.half_life_days < found.high_days
    assert found.high_days / found.low_days < 4, "an interval that tells something"
    assert found.naive_days < within_days / 2 + 1


def count_curve(recurred, at_risk):
    survival = np.cumprod(1 - recurred / at_risk)
    columns = {"day": np.arange(len(at_risk)), "at_risk": at_risk, "recurred": recurred, "share_recurred": 1 - survival}
    return pd.DataFrame(columns)


def expect_curve(days, *, share, half_life_days, background_per_day, count=1e7):
    """The counts that the model itself expects, everybody being followed."""
    day = np.arange(days + 1)
    away = (1 - share + share * 2 ** (-day / half_life_days)) * np.exp(-background_per_day * day)
    return count_curve(np.append(0, count * -np.diff(away)), np.append(count, count * away[:-1]))


def test_the_model_gives_back_its_own_numbers():
    found = estimate_half_life(expect_curve(120, share=0.1, half_life_days=30, background_per_day=5e-4))
    assert found.half_life_days == pytest.approx(30, rel=1e-3)
    assert found.share == pytest.approx(0.1, rel=2e-3)
    assert found.background_per_day == pytest.approx(5e-4, rel=5e-3)


def test_the_naive_half_life_is_the_day_when_half_of_those_seen_are_back():
    curve = count_curve(np.array([0, 10, 5, 0, 5, 5]), np.array([100, 100, 90, 85, 85, 80]))
    assert estimate_half_life(curve).naive_days == 2
    assert estimate_half_life(curve.sample(frac=1, random_state=1)).naive_days == 2, "row order does not matter"


def live_at_places(seed, *, places, rate_shape):
    """Lives of cases at places whose backgrounds differ: gamma-distributed, and every case may come back.

    A frame of `src_recurrence_group`'s rows, and the same cases as one curve, over 90 days.
    """
    rng = np.random.default_rng(seed)
    rate = rng.gamma(rate_shape, 1 / 200 / rate_shape, places)
    place = np.repeat(np.arange(places), rng.poisson(rate * 900))
    closed = rng.uniform(0, 900, len(place))
    back = np.where(rng.random(len(place)) < 0.15, closed + rng.exponential(25 / np.log(2), len(place)), np.inf)
    reports = np.concatenate([1000 * place + closed, (1000 * place + back)[back < 900]])
    after = np.sort(np.append(reports, np.inf))[np.searchsorted(np.sort(reports), 1000 * place + closed, "right")]
    wait = np.where(after < 1000 * place + 900, after - 1000 * place - closed, np.inf)
    followed = np.minimum(np.floor(900 - closed), 90)
    is_back = np.ceil(wait) <= followed
    lives = pd.DataFrame(
        {"place_group": place % 20, "is_recurrence": is_back, "day": np.where(is_back, np.ceil(wait), followed)}
    ).astype({"day": int})
    ends = np.bincount(lives.day, minlength=91)
    recurred = np.bincount(lives.day[is_back], minlength=91)
    at_risk = ends.sum() - (np.cumsum(ends) - ends)
    return lives.groupby(["place_group", "is_recurrence", "day"]).size().rename("cases").reset_index(), count_curve(
        recurred, at_risk
    )


def test_the_interval_covers_what_many_places_tell_although_cases_of_one_place_hang_together():
    _, whole = live_at_places(0, places=150_000, rate_shape=0.3)
    truth = estimate_half_life(whole).half_life_days
    held = {"widened": 0, "plain": 0}
    for seed in range(1, 17):
        lives, curve = live_at_places(seed, places=1_000, rate_shape=0.3)
        widened, plain = estimate_half_life(curve, lives), estimate_half_life(curve)
        assert widened.half_life_days == plain.half_life_days
        assert widened.low_days <= plain.low_days
        assert widened.high_days >= plain.high_days
        held["widened"] += widened.low_days < truth < widened.high_days
        held["plain"] += plain.low_days < truth < plain.high_days
    assert held["widened"] >= 14, held  # noqa: PLR2004  of 16


def test_groups_that_say_the_same_widen_nothing_and_unlike_ones_do():
    curve = expect_curve(90, share=0.1, half_life_days=30, background_per_day=5e-4, count=4_000)
    ends = np.append(curve.at_risk[:-1].to_numpy() - curve.at_risk[1:].to_numpy(), curve.at_risk.iloc[-1])
    rows = [
        {"place_group": group, "day": day, "is_recurrence": is_back, "cases": cases / 20}
        for group in range(20)
        for day, back, end in zip(curve.day, curve.recurred, ends, strict=True)
        for is_back, cases in ((True, back), (False, end - back))
    ]
    alike = pd.DataFrame(rows)
    plain = estimate_half_life(curve)
    same = estimate_half_life(curve, alike)
    # The quantile of 19 degrees of freedom instead of the normal one is all that differs.
    assert same.low_days == pytest.approx(plain.low_days, rel=0.05)
    # The same sums, but in one half of the groups all come back by day 20, in the other half all later.
    is_here = (alike.place_group < 10) == (alike.day <= 20)  # noqa: PLR2004
    apart = alike.assign(cases=np.where(alike.is_recurrence, alike.cases * 2 * is_here, alike.cases))
    assert estimate_half_life(curve, apart).low_days < 0.9 * same.low_days


def test_every_case_lies_in_a_group_of_its_place(con):
    load_cases(con, followed_days=np.full(200, 50.0), back_after_days=np.tile([5, np.nan], 100))
    draw(con, carport=20)
    groups = warehouse.fetch_frame(con, "select place_group, count(*) as cases from core_recurrence group by all")
    assert groups.place_group.between(0, 19).all()
    assert groups.cases.sum() == 200  # noqa: PLR2004
    lives = warehouse.fetch_arrow(con, "src_recurrence_group").to_pandas()
    assert lives.cases.sum() == 200  # noqa: PLR2004
    assert lives.loc[lives.is_recurrence, "cases"].sum() == 100  # noqa: PLR2004


def test_mere_chance_has_no_half_life_and_the_interval_says_so():
    found = estimate_half_life(expect_curve(90, share=0, half_life_days=30, background_per_day=1e-3, count=5_000))
    assert (found.low_days, found.high_days) == (0, np.inf)


def test_without_recurrences_there_is_nothing_to_tell():
    curve = count_curve(np.zeros(5), np.full(5, 10))
    assert estimate_half_life(curve) == HalfLife(None, None, None, None, None, None)


def test_a_half_life_of_several_curves_is_refused(con):
    load_cases(con, followed_days=[50, 50], back_after_days=[5, np.nan])
    with pytest.raises(GovernanceError, match="choose the rows of one scenario and one department"):
        estimate_half_life(draw(con, carport=20))


def test_an_hour_of_followed_time_is_no_day(con):
    load_cases(con, followed_days=[1 / 24], back_after_days=[np.nan])
    curve = choose(draw(con, carport=3))
    assert curve.at_risk.tolist() == [1, 0, 0, 0]
    assert AS_OF - timedelta(hours=1) == warehouse.fetch_value(
        con, "", text="select closed_at_utc from core_recurrence"
    )
