"""Whether the model is better than counting, as its page tells: ratios, intervals, every model; stale and empty states.

The numbers are held against sums over the outcomes, by pandas.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from governance.backtest_store import COMMAND, COUNTS, PRODUCT, Result
from governance.city import City, open_city
from governance.ui.language import LANGUAGES, load_texts
from tests.kept_backtest import copy_build, keep_backtest
from tests.pages import (
    find_table,
    list_figures,
    read_charts,
    read_figures,
    read_tables,
    read_text,
    run_page,
)
from tests.spelling import count, decimal, say, share

ROOT = Path(__file__).parents[1]
TABS = ("worth", "calibration", "drift", "card", "capacity", "fairness")
SCENARIO = "fire_lane"
ALL = "~all"


@pytest.fixture(scope="module")
def build_dir(demo_build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_build(demo_build, tmp_path_factory.mktemp("model") / "build")


@pytest.fixture(scope="module")
def city(build_dir: Path) -> City:
    return open_city(build_dir)


@pytest.fixture(scope="module")
def kept(city: City) -> Result:
    return keep_backtest(city)


def sum_outcomes(kept: Result, horizon: int) -> pd.Series:
    """The value of every scenario, model and metric: sums of numerators over those of denominators."""
    rows = kept.outcomes.to_pandas()
    rows = rows[rows["horizon_days"] == horizon]
    sums = rows.groupby(["scenario", "model", "metric"])[["numerator", "denominator"]].sum()
    return sums["numerator"] / sums["denominator"]


def rate_models(kept: Result, horizon: int, metric: str, best: Callable[[pd.DataFrame], pd.Series]) -> pd.DataFrame:
    """Models (columns) over the best of the counts, by scenario; equal denominators, so values will do."""
    values = sum_outcomes(kept, horizon).xs(metric, level="metric").rename("value").reset_index()
    values = values.pivot_table(index="scenario", columns="model", values="value")
    return values.div(best(values[list(COUNTS)]), axis=0)


@pytest.mark.parametrize("horizon", [28, 7])
def test_the_ratios_are_those_of_the_outcomes(build_dir: Path, kept: Result, horizon: int) -> None:
    page = run_page("model", build_dir, scenario=SCENARIO, horizon=str(horizon))
    ratios = rate_models(kept, horizon, "capture_5", lambda counts: counts.max(axis=1))
    whole = np.exp(np.log(ratios).mean())
    figures = read_figures(page)
    assert figures["Capture@5 % over the best count"][0] == decimal(whole[PRODUCT], 3)
    below = int((ratios[PRODUCT] < 1).sum())
    value, basis = figures["Scenarios below 1"]
    assert (value, basis.split(";")[0]) == (count(below), f"of {len(ratios)}")
    rows = kept.outcomes.to_pandas().query(f"horizon_days == {horizon} and model == @PRODUCT")
    caught = rows[rows["metric"] == "capture_5"][["numerator", "denominator"]].sum()
    assert figures["Capture@5 %"][0] == share(caught["numerator"], caught["denominator"])
    deviance = rate_models(kept, horizon, "deviance_levelled", lambda counts: counts.min(axis=1))
    expected = np.exp(np.log(deviance[PRODUCT]).mean())
    assert figures["Deviance over the best count at the same level"][0] == decimal(expected, 3)
    drawn = read_charts(page)[0]
    told = next(frame for frame in drawn if "verdict" in frame).set_index("scenario")["value"]
    pd.testing.assert_series_equal(told.sort_index(), ratios[PRODUCT], check_names=False, check_index_type=False)
    failing = find_table(page, "Scenario")
    assert [row[1] for row in failing] == [decimal(value, 3) for value in sorted(ratios[PRODUCT]) if value < 1]
    together, own = (table for table in read_tables(page) if table[0][0] == "Model")
    for table, of in ((together, whole), (own, ratios.loc[SCENARIO])):
        assert [row[1] for row in table[1:]] == [decimal(value, 3) for value in sorted(of, reverse=True)]


def test_every_metric_of_every_model_is_that_of_the_outcomes(build_dir: Path, kept: Result) -> None:
    page = run_page("model", build_dir, scenario=SCENARIO)
    values = sum_outcomes(kept, 28)[SCENARIO]
    levelled, plain = (
        rate_models(kept, 28, name, lambda counts: counts.min(axis=1)).loc[SCENARIO]
        for name in ("deviance_levelled", "deviance")
    )
    table = [table for table in read_tables(page) if table[0][0] == "Model"][1]
    metrics = ("capture_1", "capture_5", "capture_10", "area_capture_5", "precision_5", "pei_5", "red_kept")
    texts = load_texts("en")
    by_name = {texts.get(f"candidate.{model}", model): model for model in values.index.unique("model")}
    by_name[f"★\N{NO-BREAK SPACE}{texts['candidate.additive']} (published)"] = PRODUCT
    for row in table[1:]:
        model = by_name[row[0]]
        assert row[3:10] == [share(values[model, metric], 1) for metric in metrics]
        assert row[10:] == [decimal(value, 3) for value in (
            levelled[model], plain[model], values[model, "calibration"], values[model, "find_day"],
        )]  # fmt: skip
    assert len(table) == 1 + len(COUNTS) + 2


def test_the_whole_ratio_lies_in_its_interval_and_the_title_says_what_it_proves(build_dir: Path, kept: Result) -> None:
    page = run_page("model", build_dir, scenario=SCENARIO)
    rows = kept.summary.to_pandas().query("scenario == '~all' and horizon_days == 28 and model == @PRODUCT")
    row = rows[rows["metric"] == "capture_5_over_best_count"].iloc[0]
    assert row["low"] <= row["value"] <= row["high"]
    assert f"95 %: {decimal(row['low'], 3)}–{decimal(row['high'], 3)}" in read_text(page)
    verdict = "better" if row["low"] > 1 else "worse" if row["high"] < 1 else "unclear"
    assert say(f"worth.{verdict}", value=decimal(row["value"], 3)) in read_text(page)
    assert "12,345 features and forecasts" in read_text(page)
    assert "0.25 widths east, 0.50 north: 1.234" in read_text(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_backtest_the_page_says_what_to_run(demo_build: Path, tmp_path: Path, language: str) -> None:
    page = run_page("model", copy_build(demo_build, tmp_path / "build"), language=language)
    text = read_text(page)
    assert f"<code>{COMMAND}</code>" in text
    assert load_texts(language)["worth.none_title"] in text
    assert not list_figures(page)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("generation", "older_days", "state"),
    [
        ("", 0, "same"), ("000000", 3, "earlier"), ("000000", 27, "earlier"), ("000000", 28, "old"),
        ("000009", -1, "other"),
    ],
)  # fmt: skip
def test_a_backtest_of_another_snapshot_says_so(
    demo_build: Path, tmp_path: Path, language: str, generation: str, older_days: int, state: str
) -> None:
    folder = copy_build(demo_build, tmp_path / "build")
    keep_backtest(open_city(folder), generation=generation or None, older_days=older_days)
    text = read_text(run_page("model", folder, language=language))
    template = load_texts(language)[f"worth.{state}"]
    start = template.split("{generation}")[0]
    assert f"{start}{generation or open_city(folder).generation}" in text
    assert ("g-stale" in text) == (state != "same")
    assert COMMAND in text


def test_the_snapshots_own_backtest_goes_before_a_newer_one(demo_build: Path, tmp_path: Path) -> None:
    folder = copy_build(demo_build, tmp_path / "build")
    city = open_city(folder)
    own = keep_backtest(city)
    keep_backtest(city, generation="000099", older_days=-5, seed=8)
    whole = np.exp(np.log(rate_models(own, 28, "capture_5", lambda counts: counts.max(axis=1))[PRODUCT]).mean())
    assert read_figures(run_page("model", folder))["Capture@5 % over the best count"][0] == decimal(whole, 3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_scenario_too_rare_to_judge_is_named_and_has_no_ratio(
    demo_build: Path, tmp_path: Path, language: str
) -> None:
    folder = copy_build(demo_build, tmp_path / "build")
    keep_backtest(open_city(folder), rare=[SCENARIO])
    text = read_text(run_page("model", folder, scenario=SCENARIO, language=language))
    texts = load_texts(language)
    assert texts["worth.rare"].split("{least}")[0] in text
    assert texts["worth.nothing_text"] in text, "its own table of models is empty and says why"
