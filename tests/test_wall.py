"""The wall without a browser: every number by hand, masks, both languages, age and failure, one drawing for all."""

from __future__ import annotations

import base64
import io
import re
import shutil
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from governance.city import City, open_city
from governance.ui import geometry, language, palette, wall, wall_map
from governance.ui.language import LANGUAGES
from governance.ui.wall_mask import Mask
from governance.wall_plan import find_turn
from tests.tiny_snapshot import AS_OF_UTC, SCRIPT, publish_tiny
from tests.wall_screen import NOW_UTC, look, publish_wall, read_scene, read_texts

TOWN = "330203001"


@pytest.fixture(scope="module")
def build_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wall")
    publish_wall(folder)
    return folder


@pytest.fixture(scope="module")
def city(build_dir: Path) -> City:
    return open_city(build_dir)


# Scenes


def test_the_headline_figures_are_those_of_the_cases(build_dir: Path, city: City) -> None:
    texts = read_scene(build_dir, 1)
    cases = city.cases()
    # The 28 whole days before 1 March on Ningbo's clock, which begin and end at 16:00 UTC.
    begins, ends = datetime(2025, 1, 31, 16), datetime(2025, 2, 28, 16)  # noqa: DTZ001
    recent = cases[(cases["reported_at_utc"] >= begins) & (cases["reported_at_utc"] < ends)]
    told = dict(pairwise(texts))
    assert told["Reports in 28 days"] == str(len(recent)) == "10"
    assert told["Open cases"] == str(int(cases["is_open"].sum())) == "8"
    assert told["Overdue cases"] == str(int(cases["is_overdue"].sum())) == "6"
    assert "75.0% of open cases" in texts
    # G-01 is red in one scenario and G-03 in the other.
    assert texts[texts.index("Red grids") :][:3] == ["Red grids", "2", "of 4 grids"]
    assert texts[texts.index("Group rental hazards") :][:5] == ["Group rental hazards", "6", "–", "4", "1"]
    assert texts[:2] == ["Tiny (synthetic) · All scenarios", "28 days to 1 Mar 2025"]


def test_the_map_shows_tiers_counts_and_the_reddest_places(build_dir: Path, city: City) -> None:
    stage = look(build_dir, "2")["stage"]
    texts = read_texts(stage)
    assert texts[1] == "Red: 1 of 4 grids"
    tiers = city.tiers(scenario="group_rental")["tier"].value_counts()
    assert {tier: int(tiers[tier]) for tier in ("red", "yellow", "green")} == {"red": 1, "yellow": 1, "green": 2}
    for tier, told in {
        "red": ["1", "Red 25.0%"],
        "yellow": ["1", "Yellow 25.0%"],
        "green": ["2", "Green 50.0%"],
    }.items():
        letter = tier[0].upper()
        place = [at for at, text in enumerate(texts) if text == letter][-1]
        assert texts[place + 1 : place + 3] == told
    assert texts[-6:] == ["1", "Gulou", "2.5", "2", "Yuehu", "0.8"]
    # Two green squares above, a yellow one at the lower right, a red one at the lower left: each is one subpath.
    drawn = {tier: path.count("M") for tier, path in re.findall(r"<path class='w-(\w+)' d='([^']*)'", stage)}
    assert {tier: drawn[tier] for tier in ("outside", "green", "yellow", "red")} == {
        "outside": 0, "green": 2, "yellow": 1, "red": 1,
    }  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 1600), st.integers(0, 1600)), min_size=1, max_size=5))
def test_pins_never_cover_each_other_whole_and_far_ones_stay(places: list[tuple[int, int]]) -> None:
    points = np.array(places, dtype=float)
    moved = wall_map._spread(points, 130.0)
    for first, second in combinations(range(len(points)), 2):
        assert np.linalg.norm(moved[first] - moved[second]) > 65, "half a pin can be seen at least"
    if all(np.linalg.norm(a - b) > 135 for a, b in combinations(points, 2)):
        assert np.abs(moved - points).max() < 1


def test_the_map_of_a_unit_leaves_the_others_dark(tmp_path: Path) -> None:
    publish_wall(tmp_path, scenes=[{"page": "map", "scenario": "group_rental", "unit": "330203"}])
    stage = look(tmp_path)["stage"]
    assert read_texts(stage)[:2] == ["Haishu · Group rental hazards", "Red: 1 of 2 grids"]
    drawn = {tier: path.count("M") for tier, path in re.findall(r"<path class='w-(\w+)' d='([^']*)'", stage)}
    assert (drawn["outside"], drawn["green"], drawn["yellow"], drawn["red"]) == (2, 0, 1, 1)


def test_the_map_of_a_large_city_stays_whatever_else_the_server_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_wall(tmp_path, is_large=True, scenes=[{"page": "map", "scenario": "group_rental"}])
    stage = look(tmp_path)["stage"]
    # Nothing that the server could forget or another server behind the same address would not have.
    monkeypatch.setattr(geometry, "_PICTURES", OrderedDict())
    assert look(tmp_path)["stage"] == stage
    (address,) = re.findall("<image href='([^']*)'", stage)
    head, _, body = address.partition(",")
    assert head == "data:image/png;base64"
    picture = Image.open(io.BytesIO(base64.b64decode(body))).convert("RGBA")
    # G-01 is red in the south-west, G-02 yellow beside it, G-03 and G-04 above are green.
    places = {"red": (0.25, 0.75), "yellow": (0.75, 0.75), "green": (0.25, 0.25)}
    for tier, (x, y) in places.items():
        found = picture.getpixel((int(x * picture.width), int(y * picture.height)))
        assert list(found) == palette.to_rgba(palette.WALL_TIER_COLOURS[tier])
    assert len(stage) < 30_000


def test_late_departments_are_those_of_the_export_and_hostile_names_stay_text(build_dir: Path, city: City) -> None:
    stage = look(build_dir, "3")["stage"]
    texts = read_texts(stage)
    late = city.overdue()
    assert texts[1] == f"{len(late)} of 8 open cases overdue" == "6 of 8 open cases overdue"
    counts = late["department"].fillna("~none").value_counts()
    assert (counts["housing"], counts["fire_rescue"], counts[SCRIPT], counts["~none"]) == (3, 1, 1, 1)
    names = ["Housing and Urban-Rural Development", "Fire and Rescue", SCRIPT, "No department known"]
    assert {name: texts[texts.index(name) + 1] for name in names} == dict(zip(names, "3111", strict=True))
    # 48, 624 and 72 hours late: 10.3 days on average, one of them past three times its limit.
    assert texts[texts.index(names[0]) + 2] == "10.3 days late on average · 1 past 3 × the limit"
    assert SCRIPT not in stage


def test_what_turned_red_comes_with_its_reason_and_no_count_of_a_single_grid(build_dir: Path) -> None:
    texts = read_scene(build_dir, 4)
    assert texts == [
        "Tiny (synthetic) · Fire lane management",
        "Newly red grids since 24 Feb: 1",
        "1 of 1, by reports expected in 28 days · no longer red: 1",
        "R",
        "Cicheng",
        "1.5",
        "Why: own reports of 28 days · G-03",
    ]


def test_nothing_turned_red_and_nothing_late_are_told_in_words(tmp_path: Path) -> None:
    publish_wall(
        tmp_path,
        scenes=[
            {"page": "changes", "scenario": "group_rental"},
            {"page": "overdue", "scenario": "fire_lane", "unit": "330203"},
        ],
    )
    texts = read_texts(look(tmp_path)["stage"])
    assert "No grid turned red since 24 Feb 2025. No longer red: 0." in texts
    assert "Every open case is within its time." in texts


@pytest.mark.parametrize("spoken", LANGUAGES)
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_each_scene_speaks_one_language_and_names_no_case(
    build_dir: Path, city: City, spoken: str, number: int
) -> None:
    told = look(build_dir, str(number), language=spoken)
    texts = " ".join(read_texts(told["stage"] + told["foot"]))
    assert bool(re.search("[一-鿿]", texts)) == (spoken == "zh")
    assert told["stage"].count("<section") == 1
    for incident_id in city.cases()["incident_id"]:
        assert str(incident_id) not in texts
    assert "style=" not in told["stage"], "the page's policy would refuse it"


# Masks


@pytest.mark.parametrize(
    ("below", "expected"), [(5, ["< 5", "< 5", "< 5"]), (3, ["3", "< 3", "< 3"]), (0, ["3", "2", "2"])]
)
def test_small_counts_of_a_small_unit_are_not_told(tmp_path: Path, below: int, expected: list[str]) -> None:
    """Gulou is the grid G-01: A-1, A-2 and A-3 were reported there in 28 days, two of them are open and late."""
    publish_wall(tmp_path, mask_below=below, scenes=[{"page": "figures", "unit": TOWN}])
    inside = (cases := open_city(tmp_path).cases())[cases["grid_id"] == "G-01"]
    assert (int(inside["is_open"].sum()), int(inside["is_overdue"].sum())) == (2, 2)
    texts = read_scene(tmp_path, 1)
    told = dict(pairwise(texts))
    assert [told[name] for name in ("Reports in 28 days", "Open cases", "Overdue cases")] == expected
    assert ("100.0% of open cases" in texts) == (below == 0), "the share of two masked counts says that they are equal"


def test_a_large_unit_tells_small_counts_unless_the_plan_says_otherwise(tmp_path: Path) -> None:
    scenes = [{"page": "overdue", "unit": "330203"}]
    publish_wall(tmp_path, scenes=scenes)
    assert "Housing and Urban-Rural Development" in read_scene(tmp_path, 1)
    assert "< 5" not in read_scene(tmp_path, 1)
    publish_wall(tmp_path, scenes=scenes, mask_from_level=1)
    texts = read_scene(tmp_path, 1)
    # Nothing follows the masked count: its mean would tell of whom.
    assert texts[texts.index("Housing and Urban-Rural Development") :][:2] == [
        "Housing and Urban-Rural Development",
        "< 5",
    ]
    assert not [text for text in texts if "late on average" in text]
    assert "class='w-length' width='0.0'" in look(tmp_path)["stage"], "a bar would tell what the number does not"


def test_a_total_is_not_told_beside_a_part_that_is_masked() -> None:
    class Plain:
        def say(self, _key: str, **values: object) -> str:
            return f"< {values['below']}"

        def count(self, value: object) -> str:
            return str(value)

    view, mask = Plain(), Mask(5)
    # 12 = 9 + 3: beside 9, the total would tell the 3.
    assert mask.spell_total(view, 12, [9, 3]) == language.MISSING
    assert mask.spell_total(view, 14, [9, 5]) == "14"
    assert [mask.spell(view, count) for count in (0, 1, 4, 5, float("nan"))] == ["0", "< 5", "< 5", "5", "nan"]
    assert Mask(0).spell(view, 1) == "1"


@pytest.mark.parametrize(
    ("rental", "lane", "total", "basis"),
    [
        ((27, 15), (6, 5), "33", "+65.0% on 20 last year"),
        # 20 last year and +50% make 30, and 30 less 27 the 3 that is not told.
        ((27, 15), (3, 5), "–", "–"),
        # 19 last year, less the 15 that 27 and +80% make, is 4.
        ((27, 15), (6, 4), "33", "–"),
    ],
)
def test_last_year_is_not_told_where_it_would_give_a_masked_count_away(
    tmp_path: Path, rental: tuple[int, int], lane: tuple[int, int], total: str, basis: str
) -> None:
    edits = [
        f"update out_unit set reports_28d = {now}, reports_28d_last_year = {last} "
        f"where unit_id = '{TOWN}' and scenario = '{scenario}'"
        for scenario, (now, last) in {"group_rental": rental, "fire_lane": lane}.items()
    ]
    publish_wall(tmp_path, scenes=[{"page": "figures", "unit": TOWN}], edits=edits)
    texts = read_scene(tmp_path, 1)
    place = texts.index("Reports in 28 days")
    assert texts[place + 1 : place + 3] == [total, basis]


@pytest.mark.parametrize(("below", "told"), [(0, "19"), (5, "–")])
@pytest.mark.parametrize("scenario", ["group_rental", ""])
def test_the_figures_do_not_tell_a_total_of_which_the_late_departments_mask_a_part(
    tmp_path: Path, below: int, told: str, scenario: str
) -> None:
    """In Haishu housing is late in 2 cases of group rental and another department in 1; here housing in 18."""
    here, rental = "330203", "group_rental"
    edits = [
        f"update out_department set overdue_cases = 18 where department = 'housing' and level_1_id = '{here}'",
        f"update out_unit set open_cases = 19, overdue_cases = 19 where unit_id = '{here}' and scenario = '{rental}'",
    ]
    scenes = [
        {"page": "overdue", "unit": here, "scenario": rental},
        {"page": "figures", "unit": here, **({"scenario": scenario} if scenario else {})},
    ]
    publish_wall(tmp_path, scenes=scenes, mask_from_level=1, mask_below=below, edits=edits)
    assert ("18" in (late := read_scene(tmp_path, 1)), "< 5" in late) == (True, below == 5)
    texts = read_scene(tmp_path, 2)
    assert texts[texts.index("Group rental hazards") + 3] == told, "the total of one scenario, in the table"
    if scenario or below:
        headlines = dict(pairwise(texts))
        assert (headlines["Open cases"], headlines["Overdue cases"]) == (told, told)
    assert any("of open cases" in text for text in texts) == (below == 0)


# Time


def test_two_screens_show_the_same_scene_and_one_may_be_pinned(build_dir: Path) -> None:
    told = look(build_dir)
    assert (told["turns"], told["cycle_s"]) == ([(0, 30), (30, 50), (50, 60), (60, 100)], 100)
    assert told["now_s"] == datetime.fromisoformat("2025-03-01T02:00:00+00:00").timestamp()
    scenes = wall.read_plan(open_city(build_dir)).scenes
    assert find_turn(scenes, told["now_s"]) == find_turn(scenes, look(build_dir, language="zh")["now_s"])
    assert look(build_dir, "2,4")["turns"] == [(0, 20), (20, 60)]
    assert look(build_dir, "3")["turns"] == [(0, 10)]
    unknown = look(build_dir, "9")
    assert (len(unknown["turns"]), unknown["banner"]) == (
        4,
        "There is no scene 9: the scenes are 1 to 4. All are shown.",
    )


def test_a_screen_that_has_the_scenes_is_not_sent_them_again(build_dir: Path) -> None:
    first = look(build_dir)
    assert look(build_dir, has=first["stage_key"])["stage"] is None
    assert look(build_dir, has=first["stage_key"], language="zh")["stage"]


def test_midnight_changes_the_age_and_nothing_else(build_dir: Path) -> None:
    """The data are of 08:00 in Ningbo; 15:59 and 16:01 UTC lie on both sides of its midnight."""
    before, after = (look(build_dir, now_utc=datetime(2025, 3, 1, *at)) for at in ((15, 59), (16, 1)))  # noqa: DTZ001
    assert before["stage"] == after["stage"]
    assert read_texts(before["foot"])[0] == "Data as of 1 Mar 2025, 08:00 · 16 hours ago"
    later = look(build_dir, now_utc=datetime(2025, 3, 2, 16, 1))  # noqa: DTZ001
    assert read_texts(later["foot"])[0] == "Data as of 1 Mar 2025, 08:00 · 40 hours ago"


def test_old_data_get_a_banner_and_a_synthetic_city_counts_from_its_build(tmp_path: Path) -> None:
    publish_wall(tmp_path / "real", is_synthetic=False)
    publish_wall(tmp_path / "synthetic")
    hour = timedelta(hours=1)
    # The newest report of the real city is of midnight UTC; the synthetic one was built at half past one.
    assert look(tmp_path / "real", now_utc=AS_OF_UTC + 36 * hour)["banner"] == ""
    assert look(tmp_path / "real", now_utc=AS_OF_UTC + 36.1 * hour)["banner"].startswith(
        "The newest report is 36 hours old"
    )
    assert look(tmp_path / "synthetic", now_utc=AS_OF_UTC + 37.5 * hour)["banner"] == ""
    assert look(tmp_path / "synthetic", now_utc=AS_OF_UTC + 37.6 * hour)["banner"] == "No new build for 36 hours"
    publish_wall(tmp_path / "real", is_synthetic=False, stale_after_h=1)
    assert look(tmp_path / "real", now_utc=AS_OF_UTC + 1.1 * hour)["banner"] != ""


def test_a_screen_is_told_ahead_what_to_say_when_the_data_grow_old(tmp_path: Path) -> None:
    publish_wall(tmp_path, is_synthetic=False, stale_after_h=3)
    aging = look(tmp_path)["aging"]
    as_of_s = datetime.fromisoformat("2025-03-01T00:00:00+00:00").timestamp()
    assert (aging["as_of_s"], aging["newest_s"], aging["stale_from_s"]) == (as_of_s, as_of_s, as_of_s + 3 * 3600)
    assert aging["data"] == "Data as of 1 Mar 2025, 08:00 · {age} ago"
    assert aging["stale"] == "The newest report is {age} old: this is not the present"
    publish_wall(tmp_path)
    assert look(tmp_path)["aging"]["stale"] == "No new build for {age}"
    assert look(tmp_path)["aging"]["newest_s"] == as_of_s + 1.5 * 3600


# Failure


@pytest.mark.parametrize("harm", ["missing", "damaged", "gone"])
def test_without_readable_data_the_last_good_view_stays_with_a_banner(tmp_path: Path, harm: str) -> None:
    publish_wall(tmp_path)
    good = look(tmp_path)
    pointer = tmp_path / "CURRENT"
    kept = pointer.read_text(encoding="utf-8")
    if harm == "damaged":
        pointer.write_text("{", encoding="utf-8")
    elif harm == "missing":
        pointer.unlink()
    else:
        shutil.rmtree(tmp_path)
    later = NOW_UTC + timedelta(minutes=5)
    for spoken in LANGUAGES:
        told = look(tmp_path, language=spoken, now_utc=later + timedelta(minutes=9))
        assert told["is_good"]
        assert re.search(r"10:1[49]", told["banner"]), "since when, on the city's clock"
    assert look(tmp_path, now_utc=later)["stage"] == good["stage"]
    assert "since 1 Mar 2025, 10:14" in look(tmp_path, now_utc=later)["banner"]
    tmp_path.mkdir(exist_ok=True)
    pointer.write_text(kept, encoding="utf-8")
    if harm == "gone":
        return
    assert look(tmp_path, now_utc=later)["banner"] == ""


def test_without_any_snapshot_the_screen_is_told_to_keep_what_it_has(tmp_path: Path) -> None:
    for spoken in LANGUAGES:
        told = look(tmp_path / "nothing", language=spoken)
        assert not told["is_good"]
        assert told["banner"] == language.say(spoken, "wall.not_ready")
        assert str(tmp_path) not in told["stage"] + told["banner"]


def fail_first(monkeypatch: pytest.MonkeyPatch, page: str) -> list[str]:
    """Let the first drawing of this page fail; the pages tried so far, as they come."""
    tried: list[str] = []
    draw_scene = wall.draw_scene

    def fail_once(view, scene, plan):
        tried.append(scene.page)
        if scene.page == page and tried.count(page) == 1:
            raise ValueError(SCRIPT)
        return draw_scene(view, scene, plan)

    monkeypatch.setattr(wall, "draw_scene", fail_once)
    return tried


def test_a_scene_that_fails_leaves_the_others_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_wall(tmp_path)
    tried = fail_first(monkeypatch, "overdue")
    stage = look(tmp_path)["stage"]
    assert stage.count("<section") == 4
    failed = language.say("en", "wall.scene_failed")
    assert failed in read_texts(stage)
    assert look(tmp_path, now_utc=NOW_UTC + timedelta(minutes=4))["stage"] == stage
    again = look(tmp_path, now_utc=NOW_UTC + timedelta(minutes=5))["stage"]
    assert failed not in read_texts(again)
    assert tried.count("overdue") == 2


def test_a_scene_that_succeeds_later_reaches_the_screens_that_are_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_wall(tmp_path)
    fail_first(monkeypatch, "overdue")
    first = look(tmp_path)
    assert look(tmp_path, has=first["stage_key"], now_utc=NOW_UTC + timedelta(minutes=4))["stage"] is None
    again = look(tmp_path, has=first["stage_key"], now_utc=NOW_UTC + timedelta(minutes=5))
    assert "6 of 8 open cases overdue" in read_texts(again["stage"])
    assert look(tmp_path, has=again["stage_key"], now_utc=NOW_UTC + timedelta(minutes=6))["stage"] is None


# One drawing for all


def test_however_many_screens_look_each_scene_is_drawn_once_per_generation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_wall(tmp_path)
    asked: list[str] = []
    ask = City.ask
    monkeypatch.setattr(City, "ask", lambda self, name, /, **params: (asked.append(name), ask(self, name, **params))[1])
    with ThreadPoolExecutor(4) as screens:
        list(screens.map(lambda number: look(tmp_path, ["", "1", "2,3", "4"][number % 4]), range(16)))
    once = sorted(asked)
    assert once.count("ui_wall_figures") == once.count("ui_tier_digits") == once.count("ui_overdue_departments") == 1
    look(tmp_path)
    assert sorted(asked) == once
    publish_tiny(tmp_path)
    publish_wall(tmp_path)
    look(tmp_path)
    assert sorted(asked).count("ui_wall_figures") == 2


def test_no_more_than_two_generations_are_kept(tmp_path: Path) -> None:
    hashes = []
    for _ in range(5):
        hashes.append(publish_wall(tmp_path, refresh_s=len(hashes) + 1).sha256)
        look(tmp_path)
        look(tmp_path, language="zh")
    kept = [len(wall._open_drawings(str(tmp_path), sha256).made) for sha256 in hashes[-1:]]
    assert kept == [8]
    assert wall._keep_city(str(tmp_path)).city.generation == "000005"
    # An older one is made anew if it is asked for: nothing of it was kept.
    assert wall._open_drawings(str(tmp_path), hashes[0]).made == {}
