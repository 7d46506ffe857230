"""Every number of the page of tier changes and of the digest above the map, walked from the history of the tiers.

| part | numbers | told by |
| --- | --- | --- |
| headlines, digest | grids by direction, those of the most frequent reason | history of the tiers, table of changes |
| reasons | changes by reason and direction, their share | table of changes |
| list, files | tiers, expected reports, chance | history of the tiers, tiers of today |
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from governance.city import City
from governance.ui.change_export import export_change_bytes
from governance.ui.tier_words import spell_change, spell_turn
from tests.pages import find_table, read_figures, read_frame, read_html, run_page
from tests.spelling import count, say

DIRECTIONS = ("turned_red", "left_red", "turned_yellow", "turned_green")
CHOICES = [("", ""), ("illegal_parking", ""), ("", "first"), ("group_rental", "first")]


@pytest.fixture(scope="module")
def tiers(city: City) -> pd.DataFrame:
    """Tiers of every grid and scenario on the last two days that the history tells, and which changed, by pandas."""
    history = city.sql("select * from out_tier_history")
    last_day, day = sorted(history["day"].unique())[-2:]
    today = city.sql(
        "select t.scenario, t.grid_no, t.tier, t.expected_reports_28d, g.grid_id, g.level_1_id "
        "from out_tier as t join core_grid as g using (grid_no)"
    )
    before = history[history["day"] == last_day].set_index(["scenario", "grid_no"])["tier"]
    keys = pd.MultiIndex.from_frame(today[["scenario", "grid_no"]])
    today["before"] = before.reindex(keys).fillna("green").to_numpy()
    today["day"], today["since_day"] = day, last_day
    changed = today[today["before"] != today["tier"]].copy()
    changed["direction"] = np.select(
        [changed["tier"] == "red", changed["before"] == "red", changed["tier"] == "yellow"],
        DIRECTIONS[:3],
        DIRECTIONS[3],
    )
    assert len(changed) > 10
    return changed


def narrow(tiers: pd.DataFrame, scenario: str, district: str) -> pd.DataFrame:
    own = tiers[(tiers["scenario"] == scenario) | (scenario == "")]
    return own[(own["level_1_id"] == district) | (district == "")]


def find_district(tiers: pd.DataFrame, district: str) -> str:
    return str(tiers["level_1_id"].mode()[0]) if district else ""


@pytest.mark.parametrize(("scenario", "district"), CHOICES)
def test_the_headlines_are_those_of_the_history(demo_build: Path, tiers: pd.DataFrame, scenario: str, district: str):
    district = find_district(tiers, district)
    own = narrow(tiers, scenario, district)
    test = run_page("changes", demo_build, filter=scenario, district=district)
    if own.empty:
        assert any(say("changes.none_title") in html for html in read_html(test))
        return
    figures = read_figures(test)
    for direction in DIRECTIONS:
        assert figures[say(f"changes.{direction}")][0] == count((own["direction"] == direction).sum())


def test_the_reasons_sum_to_the_headlines_and_say_the_most_frequent(demo_build: Path, city: City) -> None:
    told = city.sql("select * from out_tier_change where day = (select max(day) from out_tier_history)")
    test = run_page("changes", demo_build)
    rows = find_table(test, say("changes.reason"))
    counts = pd.crosstab(told["reason"], told["direction"]).reindex(columns=DIRECTIONS, fill_value=0)
    cells = {say(f"why.{row.Index}"): [count(number) for number in row[1:]] for row in counts.itertuples()}
    assert {row[0]: row[1:5] for row in rows} == cells
    totals = counts.sum(axis=1)
    assert {row[0]: row[5].split()[0] for row in rows} == {say(f"why.{name}"): count(n) for name, n in totals.items()}
    basis = read_figures(test)[say("changes.turned_red")][1]
    most = counts["turned_red"].max()
    best = [say(f"why.{name}") for name in counts.index[counts["turned_red"] == most]]
    whole = count(counts["turned_red"].sum())
    assert basis in {say("changes.mostly", why=why, part=count(most), whole=whole) for why in best}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_list_and_the_files_tell_every_change(
    demo_build: Path, city: City, tiers: pd.DataFrame, language: str
) -> None:
    test = run_page("changes", demo_build, language=language)
    shown = read_frame(test, "turn")
    rows = city.ask("export_changes", scenario=None, district=None)
    assert len(shown) == len(rows) == len(tiers)
    oracle = tiers.set_index(["scenario", "grid_id"])
    for row in rows.to_dict("records"):
        own = oracle.loc[(row["scenario"], row["grid_id"])]
        assert (row["tier_before"], row["tier"], row["direction"]) == (own["before"], own["tier"], own["direction"])
        assert row["expected_after"] == pytest.approx(own["expected_reports_28d"])
        assert row["p_any_28d"] == pytest.approx(1 - np.exp(-own["expected_reports_28d"]))
        assert (row["day"], row["since_day"]) == (f"{own['day']:%Y-%m-%d}", f"{own['since_day']:%Y-%m-%d}")
    file = pd.read_csv(io.BytesIO(export_change_bytes(city, format="csv", language=language)))
    assert file["reason_sentence"].tolist() == shown["why"].tolist()
    assert file["grid_id"].tolist() == shown["grid"].tolist()
    assert file["expected_after"].to_numpy() == pytest.approx(shown["expected"].to_numpy())
    assert [spell_turn(language, row) for row in rows.to_dict("records")] == shown["turn"].tolist()
    assert [spell_change(language, row) for row in rows.to_dict("records")] == shown["why"].tolist()
    assert list(file["direction"]) == sorted(file["direction"], key=DIRECTIONS.index)


def test_the_digest_above_the_map_counts_the_same(demo_build: Path, city: City, tiers: pd.DataFrame) -> None:
    for scenario in ("illegal_parking", "group_rental"):
        own = narrow(tiers, scenario, "")
        text = next(html for html in read_html(run_page("city_map", demo_build, scenario=scenario)) if "g-text" in html)
        turned, left = ((own["direction"] == name).sum() for name in ("turned_red", "left_red"))
        since = "29 Dec 2025"
        if turned or left:
            assert f"Since {since}: {turned} grid{'' if turned == 1 else 's'} turned red" in text
            assert f"{left} left red" in text
        else:
            assert say("digest.none", since=since) in text
