"""Two maps against each other: what is higher, lower and the same, by hand and as pandas counts it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from governance.city import City, open_city
from governance.ui.language import LANGUAGES
from tests import tiny_snapshot
from tests.pages import read_frame, read_html, run_page
from tests.spelling import say
from tests.tiny_tiers import MONDAY

HEIGHTS = {"green": 1, "yellow": 2, "red": 3}


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


def read_counts(test) -> list[int]:
    legend = next(html for html in read_html(test) if "g-legend" in html)
    return [int(number.replace(",", "")) for number in re.findall(r"<b>([\d,]+)</b>", legend)]


def read_digits(test, place: int = 0) -> str:
    told = json.loads(test.get("deck_gl_json_chart")[place].proto.json)
    attr = told["layers"][0]["getFillColor"]["attr"]
    packed = re.search(r"\('([0-9a-f]+)'\)", attr)
    assert packed
    return "".join(f"{int(sign, 16) & 3}{int(sign, 16) >> 2}" for sign in packed[1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_last_step_is_compared_at_first(tiny: Path, language: str) -> None:
    test = run_page("map_compare", tiny, language=language, scenario="fire_lane")
    # Since Monday G-03 went from yellow to red, G-02 from red to yellow; G-01 and G-04 stayed.
    assert read_counts(test) == [1, 1, 2]
    assert read_digits(test) == "1231"
    frame = read_frame(test, "turn")
    assert frame["grid"].tolist() == ["G-03", "G-02"]
    assert [text[0] for text in frame["turn"]] == ["▲", "▼"]
    assert frame[["left", "right"]].to_numpy().tolist() == [[0.9, 1.5], [1.2, 0.9]]


def test_two_scenarios_on_one_day(tiny: Path) -> None:
    test = run_page("map_compare", tiny, scenario="group_rental", other="fire_lane", day="2025-03-01")
    # Group rentals: red, yellow, green, green; fire lanes: green, yellow, red, green.
    assert read_counts(test) == [1, 1, 2]
    assert read_digits(test) == "2131"


def test_nothing_differs_from_itself(tiny: Path) -> None:
    test = run_page("map_compare", tiny, scenario="fire_lane", day=MONDAY.isoformat(), other_day=MONDAY.isoformat())
    assert read_counts(test) == [0, 0, 4]
    assert say("compare.same_title") in "".join(read_html(test))


def test_an_unknown_day_is_told_as_text(tiny: Path) -> None:
    test = run_page("map_compare", tiny, scenario="fire_lane", other_day=tiny_snapshot.SCRIPT)
    told = "".join(html for html in read_html(test) if "role='alert'" in html)
    assert "&lt;img" in told
    assert tiny_snapshot.SCRIPT not in told


def test_side_by_side_are_the_maps_of_each(tiny: Path) -> None:
    test = run_page("map_compare", tiny, scenario="fire_lane", other="group_rental", tab="sides")
    assert (read_digits(test, 0), read_digits(test, 1)) == ("1321", "3211")
    views = [json.loads(chart.proto.json)["initialViewState"] for chart in test.get("deck_gl_json_chart")]
    assert views[0] == views[1]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        # Since Monday G-03 in Jiangbei went from yellow to red, G-02 in Haishu from red to yellow.
        ("", [["Jiangbei", 2, 0, 1, 1, 1, 0], ["Haishu", 2, 1, 0, -1, 0, 1]]),
        ("330203", [["Gulou", 1, 0, 0, 0, 0, 0], ["Yuehu", 1, 1, 0, -1, 0, 1]]),
    ],
)
def test_each_place_below_tells_its_red_grids_on_both_sides(tiny: Path, unit: str, expected: list) -> None:
    test = run_page("map_compare", tiny, scenario="fire_lane", tab="units", unit=unit)
    assert read_frame(test, "red_change").to_numpy().tolist() == expected


def test_below_the_last_level_the_difference_is_told_grid_by_grid(tiny: Path) -> None:
    test = run_page("map_compare", tiny, scenario="fire_lane", tab="units", unit="330203001")
    assert say("compare.units_none_text") in "".join(read_html(test))


def test_the_places_below_are_those_that_pandas_counts(demo_build: Path, demo: City) -> None:
    history, grids = demo.sql("select * from out_tier_history"), demo.grids()
    days = sorted(history["day"].unique())
    told = history[history["scenario"] == "fire_lane"]
    sides = [
        grids.merge(told[told["day"] == day], on="grid_no", how="left")["tier"].fillna("green").map(HEIGHTS)
        for day in (days[0], days[-1])
    ]
    parts = {
        "grids": grids["grid_no"] >= 0, "red_left": sides[0] == 3, "red_right": sides[1] == 3,
        "up": sides[1] > sides[0], "down": sides[1] < sides[0],
    }  # fmt: skip
    counts = pd.DataFrame(parts).groupby(grids["level_1_en"]).sum()
    first, last = (pd.Timestamp(day).date().isoformat() for day in (days[0], days[-1]))
    test = run_page("map_compare", demo_build, scenario="fire_lane", day=first, other_day=last, tab="units")
    frame = read_frame(test, "red_change").set_index("name")
    assert (frame["red_change"] == frame["red_right"] - frame["red_left"]).all()
    assert frame["red_change"].is_monotonic_decreasing
    assert frame[list(parts)].sort_index().astype(int).equals(counts[list(parts)].sort_index().astype(int))


def test_the_counts_and_rows_are_those_that_pandas_counts(demo_build: Path, demo: City) -> None:
    history, grids = demo.sql("select * from out_tier_history"), demo.grids()
    days = sorted(history["day"].unique())
    for district in ("", str(grids["level_1_id"].iloc[0])):
        inside = grids if not district else grids[grids["level_1_id"] == district]
        sides = []
        for scenario, day in (("group_rental", days[0]), ("fire_lane", days[-1])):
            told = history[(history["scenario"] == scenario) & (history["day"] == day)]
            joined = inside.merge(told, on="grid_no", how="left").set_index("grid_id")["tier"].fillna("green")
            sides.append(joined.map(HEIGHTS))
        change = sides[1] - sides[0]
        chosen = {"scenario": "group_rental", "other": "fire_lane", "unit": district}
        first, last = (pd.Timestamp(day).date().isoformat() for day in (days[0], days[-1]))
        test = run_page("map_compare", demo_build, day=first, other_day=last, **chosen)
        assert read_counts(test) == [int((change > 0).sum()), int((change < 0).sum()), int((change == 0).sum())]
        frame = read_frame(test, "turn")
        assert set(frame["grid"]) == set(change[change != 0].index)
        signs = frame.set_index("grid")["turn"].str[0].map({"▲": 1, "▼": -1})
        assert (signs == change.loc[signs.index].clip(-1, 1)).all()
