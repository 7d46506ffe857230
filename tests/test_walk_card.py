"""Every number of a grid's card about its tier, walked: reasons, the incidents that carry them, history, marks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from governance.carriers import CARRIERS, find_carriers
from governance.city import City, open_city
from governance.hazard.shares import share_forecast
from governance.ui.language import format_date
from governance.ui.tier_words import spell_change
from tests.pages import read_bars, read_figures, read_html, run_page
from tests.spelling import count, decimal, say
from tests.tiny_hazard import islands
from tests.tiny_snapshot import SCRIPT
from tests.tiny_tiers import MONDAY

SCENARIOS = ("illegal_parking", "group_rental", "fire_lane")
OWN = ("own_28d", "own_448d", "own_history")


@pytest.fixture(scope="module")
def cards(city: City) -> pd.DataFrame:
    """Of each scenario the reddest grid, one in the middle and the greenest."""
    tiers = city.sql("select * from out_tier join core_grid using (grid_no) order by scenario, rank, grid_no")
    return pd.concat(
        [own.iloc[[0, len(own) // 2, -1]] for name in SCENARIOS for own in [tiers[tiers["scenario"] == name]]]
    )


def list_steps(html: list[str]) -> str:
    return next(piece for piece in html if "g-strip" in piece)


def test_the_incidents_that_carry_a_forecast_are_those_of_the_whole_split(city: City, cards: pd.DataFrame) -> None:
    day = city.sql("select max(day) as day from out_tier_step")["day"].iloc[0].date()
    frame = city.ask("daily", as_of_day=day)
    daily = pa.table(frame.assign(day=frame["day"].dt.date))
    neighbours = islands(int(city.sql("select count(*) as n from core_grid")["n"].iloc[0]))
    scenarios = tuple(city.manifest["scenarios"])
    models = {
        row["scenario"]: json.loads(row["model"]) for row in city.sql("select * from meta_model").to_dict("records")
    }
    for card in cards.to_dict("records"):
        whole = share_forecast(
            daily, models[card["scenario"]], grid_no=card["grid_no"], scenarios=scenarios, neighbours=neighbours,
            as_of=day,
        ).to_pandas()  # fmt: skip
        found = find_carriers(city, card["scenario"], card["grid_id"])
        assert found
        reasons = city.ask("ui_reasons", scenario=card["scenario"], grid_id=card["grid_id"])
        told = reasons.set_index("feature")["contribution"]
        assert found.days.total == pytest.approx(told[list(OWN)].sum(), abs=1e-7)
        assert found.others.total == pytest.approx(told["other"], abs=1e-7)
        own = whole[whole["feature"] == "own"]
        assert found.days.rows["contribution"].tolist() == pytest.approx(own["contribution"].head(CARRIERS).tolist())
        assert found.days.rest_rows == max(len(own) - CARRIERS, 0)
        for part in (found.days, found.others):
            parts = [part.rows["contribution"].sum(), part.rest_contribution]
            assert sum(parts) == pytest.approx(part.total)
            assert part.rows["share"].sum() + part.rest_share == pytest.approx(1 if part.total else 0)
        others = whole[whole["feature"] == "other"].groupby("scenario")["contribution"].sum()
        assert found.others.rows.set_index("scenario")["contribution"].to_dict() == pytest.approx(
            others.sort_values(ascending=False).head(CARRIERS).to_dict()
        )


def test_the_cards_bars_are_the_forecasts_parts_and_what_carries_them(
    demo_build: Path, city: City, cards: pd.DataFrame
) -> None:
    for card in cards.to_dict("records"):
        test = run_page("city_map", demo_build, scenario=card["scenario"], grid=card["grid_id"])
        parts, *carried = read_bars(test)
        assert parts[-1][2] == f"= {decimal(card['expected_reports_28d'], 2)}"
        added = sum(float(bar[2].replace(",", "")) for bar in parts[:-1])
        assert added == pytest.approx(card["expected_reports_28d"], abs=0.005 * len(parts))
        found = find_carriers(city, card["scenario"], card["grid_id"])
        assert found
        told = [bar for bars in carried for bar in bars]
        rows = [*found.days.rows["contribution"], *([found.days.rest_contribution] * bool(found.days.rest_rows))]
        rows += [*found.others.rows["contribution"], *([found.others.rest_contribution] * bool(found.others.rest_rows))]
        assert [bar[2] for bar in told] == [f"+{decimal(value, 2)}" for value in rows]
        figures = read_figures(test)
        assert figures[say("card.rank")][0] == count(card["rank"])
        chance = 1 - np.exp(-card["expected_reports_28d"])
        assert figures[say("card.p_any")][0] in {f"{chance:.0%}", say("card.almost_certain")}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_strip_and_the_last_change_follow_the_history(demo_build: Path, city: City, language: str) -> None:
    changes = city.sql("select * from out_tier_change join core_grid using (grid_no)")
    changes = changes.sort_values(["day", "scenario", "grid_no"], ascending=[False, True, True])
    latest = changes.drop_duplicates(["scenario", "grid_no"])  # the one that a card tells
    history = city.sql("select * from out_tier_history").set_index(["scenario", "grid_no", "day"])["tier"]
    days = sorted(city.sql("select day from out_tier_step")["day"])
    assert len(days) > 10
    for change in latest.groupby("direction", sort=False).head(1).to_dict("records"):
        html = read_html(
            run_page("city_map", demo_build, language=language, scenario=change["scenario"], grid=change["grid_id"])
        )
        strip = list_steps(html)
        letters = "".join(history.get((change["scenario"], change["grid_no"], day), "green")[0].upper() for day in days)
        shown = [piece[piece.index("'>") + 2] for piece in strip.split("class='g-tier'")[1:]]
        assert "".join(shown) == letters
        own = changes[(changes["grid_no"] == change["grid_no"]) & (changes["scenario"] == change["scenario"])]
        assert strip.count("▲") + strip.count("▼") == len(own)
        text = next(
            piece
            for piece in html
            if "g-text" in piece and "</a>" not in piece and spell_change(language, change) in piece
        )
        assert format_date(language, change["since_day"]) in text


# Marks on the tiny city


def test_urgent_cases_stand_beside_the_tier_in_words(tiny: Path) -> None:
    html = "".join(read_html(run_page("city_map", tiny, scenario="group_rental", grid="G-01")))
    assert f"{say('mark.urgent')}</b> {say('mark.overdue', cases=2, seriously=1)}" in html
    quiet = "".join(read_html(run_page("city_map", tiny, scenario="fire_lane", grid="G-04")))
    assert "g-mark" not in quiet.replace(".g-mark", "")


def test_an_experts_word_has_reason_author_and_end_and_stays_text(tiny: Path) -> None:
    html = "".join(read_html(run_page("city_map", tiny, scenario="group_rental", grid="G-02")))
    assert "Yellow instead of the model&#x27;s Green" in html
    assert f"From {format_date('en', MONDAY)} until 15 Mar 2025" in html
    assert "Author: =1+1 &lt;img src=x onerror=alert(1)&gt;" in html
    assert SCRIPT not in html
    # The word that has ended is told no more.
    assert "school festival" not in "".join(read_html(run_page("city_map", tiny, scenario="fire_lane", grid="G-04")))


def test_a_flare_up_says_how_often_it_is_a_false_alarm(tiny: Path) -> None:
    html = "".join(read_html(run_page("city_map", tiny, scenario="fire_lane", grid="G-03")))
    told = say(
        "mark.flare_text", reports=3, reach=say("reach.grid"), days=7, expected="0.10", chance="0.00040", alarms=1
    )
    assert told in html


def test_a_city_without_a_published_model_shows_no_carriers(tiny: Path) -> None:
    opened = open_city(tiny)
    assert find_carriers(opened, "group_rental", "G-01") is None
    opened.close()
