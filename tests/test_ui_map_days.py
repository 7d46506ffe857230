"""The map of another day: counts, list and colours are those that were kept; play goes on by itself to now."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from governance.city import City, open_city
from governance.scenarios import load_templates
from governance.ui import language as words
from governance.ui import map_times
from governance.ui.language import LANGUAGES, format_date
from governance.ui.palette import TIERS
from tests import tiny_snapshot
from tests.pages import read_html, run_page
from tests.spelling import say
from tests.tiny_tiers import MONDAY

TODAY = date(2025, 3, 1)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    tiny_snapshot.publish_tiny(folder)
    return folder


@pytest.fixture(scope="module")
def demo(demo_build: Path) -> Iterator[City]:
    opened = open_city(demo_build)
    yield opened
    opened.close()


def read_legend(test) -> list[int]:
    (legend,) = (html for html in read_html(test) if "g-legend" in html)
    return [int(number.replace(",", "")) for number in re.findall(r"<b>([\d,]+)</b>", legend)]


def read_digits(test) -> str:
    told = json.loads(test.get("deck_gl_json_chart")[0].proto.json)
    attr = told["layers"][0]["getFillColor"]["attr"]
    packed = re.search(r"\('([0-9a-f]+)'\)", attr)
    assert packed
    return "".join(f"{int(sign, 16) & 3}{int(sign, 16) >> 2}" for sign in packed[1])


def list_labels(test) -> list[str]:
    return [button.label for button in test.button if str(button.key).startswith("reddest_")]


def test_now_is_what_is_shown_without_a_day_and_its_slider_says_so(tiny: Path) -> None:
    test = run_page("city_map", tiny, scenario="fire_lane")
    assert test.select_slider[0].value == TODAY
    assert read_legend(test) == [1, 1, 2]
    # G-01 green, G-02 yellow, G-03 red, G-04 green
    assert read_digits(test) == "1231"


def test_a_day_in_the_address_turns_legend_map_and_list_back(tiny: Path) -> None:
    test = run_page("city_map", tiny, scenario="fire_lane", day=MONDAY.isoformat())
    assert read_digits(test) == "1321"
    assert [label.split()[1:3] for label in list_labels(test)] == [["R", "G\\-02"], ["Y", "G\\-03"]]
    assert format_date("en", MONDAY) in "".join(read_html(test))


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_a_past_day_the_map_is_described_as_it_was_and_marks_are_said_to_be_of_now(
    tiny: Path, language: str
) -> None:
    # In Haishu: G-01 green, G-02 red on that Monday and yellow now.
    chosen = {"scenario": "fire_lane", "unit": "330203", "layers": "incidents"}
    now = run_page("city_map", tiny, language=language, **chosen)
    past = run_page("city_map", tiny, language=language, day=MONDAY.isoformat(), **chosen)
    sentence = words.say(language, "day.marks_are_now")
    assert [sentence in "".join(read_html(test)) for test in (now, past)] == [False, True]
    counts = {name: dict(zip(TIERS, told, strict=True)) for name, told in (("now", "011"), ("past", "101"))}
    scenario = load_templates()["fire_lane"].name_zh if language == "zh" else load_templates()["fire_lane"].name_en
    for name, test in (("now", now), ("past", past)):
        (chart,) = test.get("deck_gl_json_chart")
        names = {"scenario": scenario, "unit": {"zh": "海曙区", "en": "Haishu"}[language]}
        assert chart.proto.alt == words.say(language, "map.alt", **names, **counts[name])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("asked", ["2024-01-01", "tomorrow", "<b>1</b>"])
def test_a_day_of_which_nothing_is_kept_is_told_and_now_is_shown(tiny: Path, language: str, asked: str) -> None:
    test = run_page("city_map", tiny, language=language, scenario="fire_lane", day=asked)
    told = "".join(html for html in read_html(test) if "role='alert'" in html)
    assert format_date(language, MONDAY) in told
    assert "<b>1</b>" not in told
    assert read_digits(test) == "1231"


def test_the_slider_writes_the_day_into_the_address_and_now_takes_it_out(tiny: Path) -> None:
    test = run_page("city_map", tiny, scenario="fire_lane")
    test.select_slider[0].set_value(MONDAY).run()
    assert test.query_params["day"] == MONDAY.isoformat()
    assert read_digits(test) == "1321"
    test.select_slider[0].set_value(TODAY).run()
    assert "day" not in test.query_params


def test_play_begins_with_the_first_day_and_stop_stops(tiny: Path) -> None:
    test = run_page("city_map", tiny, scenario="fire_lane")
    test.button(key="play_days").click().run()
    assert test.query_params["day"] == MONDAY.isoformat()
    assert test.session_state["is_playing_days"] is True
    assert test.button(key="play_days").label == say("day.stop")
    test.button(key="play_days").click().run()
    assert test.session_state["is_playing_days"] is False
    assert test.query_params["day"] == MONDAY.isoformat()


def test_a_tick_goes_one_day_on_and_the_last_one_ends_the_play(monkeypatch: pytest.MonkeyPatch) -> None:
    days = (date(2025, 2, 17), MONDAY, TODAY)
    state: dict[str, bool] = {"is_whole_run_of_days": True, "is_playing_days": True}
    address = {"day": days[0].isoformat()}
    reruns: list[bool] = []
    monkeypatch.setattr(map_times.st, "session_state", state)
    monkeypatch.setattr(map_times.st, "rerun", lambda: reruns.append(True))
    monkeypatch.setattr(map_times, "read_choice", lambda name: address.get(name, ""))
    monkeypatch.setattr(map_times, "keep_choice", address.__setitem__)
    map_times._step(days)
    # The run of the page that made the clock is no tick.
    assert (address["day"], reruns) == (days[0].isoformat(), [])
    map_times._step(days)
    assert (address["day"], len(reruns), state["is_playing_days"]) == (MONDAY.isoformat(), 1, True)
    map_times._step(days)
    assert (address["day"], len(reruns), state["is_playing_days"]) == ("", 2, False)


def test_the_numbers_of_every_day_are_those_that_pandas_counts(demo_build: Path, demo: City) -> None:
    history = demo.sql("select * from out_tier_history")
    grids = demo.grids()
    days = sorted({day.date() for day in history["day"]})
    for scenario, district in (("group_rental", ""), ("fire_lane", str(grids["level_1_id"].iloc[0]))):
        inside = grids if not district else grids[grids["level_1_id"] == district]
        for day in (days[0], days[-2]):
            told = history[(history["scenario"] == scenario) & (history["day"] == pd.Timestamp(day))]
            tiers = inside.merge(told, on="grid_no", how="left")["tier"].fillna("green")
            test = run_page("city_map", demo_build, scenario=scenario, unit=district, day=day.isoformat())
            assert read_legend(test) == [int((tiers == tier).sum()) for tier in ("red", "yellow", "green")]
            digits = pd.Series(list(read_digits(test)[: len(grids)]))
            expected = tiers.map({"green": "1", "yellow": "2", "red": "3"}).set_axis(inside["grid_no"])
            assert digits.loc[expected.index].tolist() == expected.tolist()
            assert set(digits.drop(expected.index)) <= {"0"}


def test_the_last_days_history_colours_the_map_as_today_does(demo: City) -> None:
    for scenario in ("group_rental", "fire_lane"):
        asked = {"scenario": scenario, "level": 0, "unit_id": ""}
        last = demo.ask("ui_tier_days")["day"].iloc[-1].date()
        now = demo.ask("ui_tier_digits", **asked)["digits"].iloc[0]
        assert demo.ask("ui_day_digits", day=last, **asked)["digits"].iloc[0] == now


def test_a_comparison_begins_a_month_back_where_the_history_reaches() -> None:
    weeks = tuple(date(2025, 3, 3) - timedelta(weeks=back) for back in range(8, -1, -1))
    days = (*weeks, date(2025, 3, 5))
    assert map_times.find_month_before(days) == date(2025, 2, 3)
    assert map_times.find_month_before(weeks) == date(2025, 2, 3)
    assert map_times.find_month_before(days[-3:]) == date(2025, 3, 3)
    assert map_times.find_month_before(days[-1:]) == days[-1]
