"""What a wall may be told in city.toml, and whose turn it is: worked by hand, over midnights and changes of clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_world import CITY, write_tiny_world

from governance import freshness, pipeline
from governance.city import open_city
from governance.errors import ConfigError
from governance.profile import load_profile
from governance.ui.wall import read_plan
from governance.wall_plan import WallPlan, WallScene, find_turn, find_unit_faults, list_turns, plan_default

SCENES = tuple(WallScene(page="figures", dwell_s=dwell_s) for dwell_s in (30, 20, 10))
MAP = '[[wall.scenes]]\npage = "map"\nscenario = "group_rental"\n'


def find_faults(tmp_path: Path, wall: str) -> list[str]:
    city_file = write_tiny_world(tmp_path)
    city_file.write_text(CITY + wall, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        pipeline.build_city(city_file, tmp_path / "build", now_utc=datetime(2026, 1, 2), progress=lambda *_: None)  # noqa: DTZ001
    return str(caught.value).split("\n  - ")[1:]


def test_a_wall_is_read_and_has_defaults(tmp_path: Path) -> None:
    city_file = write_tiny_world(tmp_path)
    city_file.write_text(f"{CITY}[wall]\nrefresh_s = 5\n{MAP}dwell_s = 12\nunit = 'south'\n", encoding="utf-8")
    wall = load_profile(city_file).wall
    assert (wall.refresh_s, wall.mask_below, wall.mask_from_level, wall.stale_after_h) == (5, 5, 2, 36)
    assert wall.scenes == (WallScene(page="map", scenario="group_rental", unit="south", dwell_s=12),)
    assert load_profile(write_tiny_world(tmp_path)).wall == WallPlan()


@pytest.mark.parametrize(
    ("wall", "fault"),
    [
        (MAP + "dwell_s = 9\n", "`wall.scenes.0.dwell_s`: Input should be greater than or equal to 10 (found 9)."),
        ('[[wall.scenes]]\npage = "mapp"\n', "`wall.scenes.0.page`: Input should be 'map', 'overdue', 'changes' or"),
        ('[[wall.scenes]]\npage = "map"\n', '`wall.scenes.0`: page = "map" needs a scenario'),
        (MAP + "dwell = 20\n", "unknown key `wall.scenes.0.dwell`; did you mean `dwell_s`?"),
        ("[wall]\nrefresh = 5\n", "unknown key `wall.refresh`; did you mean `refresh_s`?"),
        ("[wall]\nrefresh_s = 0\n", "`wall.refresh_s`: Input should be greater than or equal to 1"),
        ("[wall]\nmask_below = -1\n", "`wall.mask_below`: Input should be greater than or equal to 0"),
        ("[wall]\nstale_after_h = 0\n", "`wall.stale_after_h`: Input should be greater than 0"),
        (MAP * 41, "`wall.scenes`: Tuple should have at most 40 items"),
        (
            MAP.replace("rental", "rent"),
            "`wall.scenes.0`: the city has no scenario `group_rent`; did you mean `group_re",
        ),
        (MAP + 'unit = "sout"\n', "`wall.scenes.0`: no grid lies in the unit `sout`; did you mean `south`?"),
        (MAP + 'unit = "North"\n', "`wall.scenes.0`: no grid lies in the unit `North`; did you mean `north`?"),
    ],
)
def test_a_wall_that_cannot_be_shown_is_a_sentence(tmp_path: Path, wall: str, fault: str) -> None:
    faults = find_faults(tmp_path, wall)
    assert len(faults) == 1
    assert fault in faults[0].replace("a valid tuple", "a list")


def test_all_faults_of_the_plan_come_at_once_and_so_do_all_unknown_names(tmp_path: Path) -> None:
    wall = '[wall]\nrefresh_s = 0\n[[wall.scenes]]\npage = "map"\n[[wall.scenes]]\npage = "changes"\ndwell_s = 1\n'
    assert len(find_faults(tmp_path, wall)) == 3
    pilots = '[[pilots]]\nscenario = "group_rent"\ndistrict = "north"\nfrom = 2025-04-26\n'
    told = find_faults(tmp_path, pilots + MAP.replace("group_rental", "fire_lan"))
    assert [fault.split(":")[0] for fault in told] == ["`pilots`", "`wall.scenes.0`"]


def test_late_departments_are_counted_by_district_and_no_deeper() -> None:
    plan = WallPlan(scenes=(WallScene(page="overdue", unit="t"), WallScene(page="changes", unit="t")))
    (fault,) = find_unit_faults(plan, {"d": (1, ("区",)), "t": (2, ("镇",))})
    assert fault.startswith('`wall.scenes.0`: page = "overdue" counts by unit of the first level; `t` is of level 2.')


def test_another_wall_is_published_without_making_every_case_again(tmp_path: Path) -> None:
    city_file = write_tiny_world(tmp_path)
    build = tmp_path / "build"

    def build_again() -> dict:
        pipeline.build_city(city_file, build, now_utc=datetime(2026, 1, 2), progress=lambda *_: None)  # noqa: DTZ001
        city = open_city(build)
        assert read_plan(city).mask_below == 5
        return city.manifest

    first = build_again()
    assert freshness.is_current(build, pipeline.load_city(city_file))
    city_file.write_text(f"{CITY}[wall]\nrefresh_s = 7\n", encoding="utf-8")
    assert not freshness.is_current(build, pipeline.load_city(city_file))
    second = build_again()
    assert first["inputs"]["configuration"] == second["inputs"]["configuration"]
    assert second["city"]["wall"]["refresh_s"] == 7
    assert freshness.is_current(build, pipeline.load_city(city_file))


# Turns


def test_the_turns_of_a_cycle_follow_each_other() -> None:
    assert list_turns(SCENES) == [(0, 30), (30, 50), (50, 60)]
    assert [find_turn(SCENES, second) for second in (0, 29.9, 30, 49.9, 50, 59.9, 60)] == [0, 0, 1, 1, 2, 2, 0]


def test_midnight_moves_nothing() -> None:
    """2025-03-01 00:00 in Shanghai is 1740758400 = 29012640 cycles of 60 s: a new cycle begins there, by chance."""
    midnight = datetime(2025, 3, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert midnight.timestamp() == 1740758400 == 29012640 * 60
    assert [find_turn(SCENES, midnight.timestamp() + second) for second in (-1, 0, 29, 30)] == [2, 0, 0, 1]
    # Of 70 s it does not: 1740758400 = 24867977 * 70 + 10, so ten seconds of the first scene have passed.
    longer = (*SCENES, WallScene(page="figures", dwell_s=10))
    assert [find_turn(longer, midnight.timestamp() + second) for second in (-11, -10, 0, 19, 20)] == [3, 0, 0, 0, 1]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kolkata", "Europe/London"])
def test_a_change_of_the_clocks_moves_nothing(zone: str) -> None:
    """London's clocks jump at 2025-03-30 01:00 UTC; half an hour of offset moves no turn either."""
    moments = [datetime(2025, 3, 30, 0, 59, 50 + second, tzinfo=UTC).astimezone(ZoneInfo(zone)) for second in range(10)]
    assert [find_turn(SCENES, moment.timestamp()) for moment in moments] == [2] * 10
    assert find_turn(SCENES, datetime(2025, 3, 30, 1, 0, 0, tzinfo=UTC).timestamp()) == 0


@given(st.lists(st.integers(10, 3600), min_size=1, max_size=9), st.integers(0, 2**33))
def test_every_second_is_somebodys_turn_and_a_cycle_gives_each_its_dwell(dwells: list[int], begins: int) -> None:
    scenes = [WallScene(page="figures", dwell_s=dwell_s) for dwell_s in dwells]
    cycle = sum(dwells)
    assert find_turn(scenes, begins) == find_turn(scenes, begins + cycle)
    edges = [begin for begin, _ in list_turns(scenes)]
    assert [find_turn(scenes, cycle * 7 + edge) for edge in edges] == list(range(len(scenes)))


def test_a_city_that_says_nothing_has_a_rotation() -> None:
    assert [scene.page for scene in plan_default(["a", "b"])] == ["figures", "map", "map", "overdue", "changes"]
    assert [scene.page for scene in plan_default([])] == ["figures", "overdue"]
