"""A city's profile is checked whole; its globs find each file once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tiny_world import CITY, write_tiny_world

from governance.errors import ConfigError
from governance.profile import Profile, find_files, load_profile

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*/city.toml"))


def load(tmp_path: Path, text: str) -> Profile:
    path = tmp_path / "city.toml"
    path.write_text(text, encoding="utf-8")
    return load_profile(path)


def find_faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return str(caught.value).split("\n  - ")[1:]


def change(*pairs: tuple[str, str]) -> str:
    text = CITY
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_the_tiny_city_is_read(tmp_path):
    profile = load_profile(write_tiny_world(tmp_path))
    source = profile.sources[0]
    assert (profile.folder, profile.zone.key, profile.zone_of(source)) == (tmp_path, "Asia/Shanghai", "Asia/Shanghai")
    assert source.columns.category == ("category",)
    assert source.duplicates.latest_by == "updated_at"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_every_example_is_sound(path):
    assert load_profile(path).sources


IN_SOURCE = 'files = ["incidents.csv"]'


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('timezone = "Asia/Shanghai"', 'timezone = "Asia/Shanghia"', "did you mean `Asia/Shanghai`?"),
        (IN_SOURCE, f'{IN_SOURCE}\ntime_zone = "CET+1"', "`sources.platform.time_zone`: unknown zone 'CET+1'"),
        (IN_SOURCE, f'{IN_SOURCE}\nencoding = "gb1803"', "`sources.platform.encoding`: unknown encoding 'gb1803'"),
        (IN_SOURCE, f'{IN_SOURCE}\nencoding = "base64"', "unknown encoding 'base64'"),
        (IN_SOURCE, f'{IN_SOURCE}\ntime_formats = ["%Q"]', "'%Q' is no time format"),
        (IN_SOURCE, f'{IN_SOURCE}\ntime_formats = ["%z %Y"]', "and %z at the end"),
        (IN_SOURCE, f'{IN_SOURCE}\ntime_formats = ["today"]', "is no time format"),
        (IN_SOURCE, "files = []", "`sources.0.files`"),
        (IN_SOURCE, 'files = [""]', "`sources.0.files.0`"),
        ("schema = 1", "schema = 2", "`schema`"),
        ("schema = 1", 'schema = 1\nfolder = "/"', "`folder` cannot be set"),
        ('id = "platform"', 'id = "Platform 1"', "`sources.0.id`"),
        ('format = "csv"', 'format = "xlsx"', "`sources.0.format`"),
        ('category = "category"', "category = []", "`sources.0.columns.category`"),
        ('lon = "lon"', "", "columns.lon and columns.lat are needed"),
        ('incident_id = "id"', "", 'duplicates.policy = "by_id" needs columns.incident_id'),
        ('updated_at = "updated"', "", "needs columns.updated_at"),
        ('personal_columns = ["phone"]', 'personal_columns = ["id"]', "column `id` is among personal_columns"),
        (
            'personal_columns = ["phone"]',
            'personal_columns = ["phone"]\nquarantine_columns = ["phone"]',
            "column `phone` is among personal_columns",
        ),
        ('country = "CN"', 'windows = ["8:30-12:00"]', 'working hours are written like "08:30-12:00"'),
        ('country = "CN"', 'windows = ["08:75-12:00"]', 'working hours are written like "08:30-12:00"'),
        ('country = "CN"', 'windows = ["13:30-17:30", "08:30-12:00"]', "must follow each other"),
        ('country = "CN"', 'windows = ["13:30-24:30"]', "must follow each other"),
        ('country = "CN"', "windows = []", "working hours"),
        ('country = "CN"', 'extra_holidays = ["2026-02-30"]', "'2026-02-30' is no date"),
        ('country = "CN"', 'extra_workdays = ["20260228"]', "'20260228' is no date"),
        (
            'country = "CN"',
            'extra_workdays = ["2026-02-28"]\nextra_holidays = ["2026-02-28"]',
            "2026-02-28 is among extra_workdays and extra_holidays",
        ),
        ('files = ["grids.geojson"]', "", "give either `files` or `hexagons`"),
        (
            'files = ["grids.geojson"]',
            "hexagons = { resolution = 8, west = 9.4, south = 48.6, east = 9.0, north = 48.9 }",
            "west must be less than east",
        ),
        ('lon = "lon"', 'lon = "lon"\nphone = "phone"', "unknown key `sources.0.columns.phone`"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_its_key(tmp_path, old, new, fault):
    faults = find_faults(tmp_path, change((old, new)))
    assert len(faults) == 1
    assert fault in faults[0]


def test_an_event_log_is_checked_like_the_rest(tmp_path):
    events = (
        '[sources.events]\nfiles = ["e.csv"]\nincident_id = "id"\nkind = "k"\nat = "t"\nkinds = { "结案" = "clsed" }\n'
    )
    faults = find_faults(tmp_path, CITY + events)
    assert faults == ["`sources.0.events.kinds`: unknown event kind 'clsed'; did you mean `closed`?"]


def test_two_sources_or_departments_of_one_name_are_refused(tmp_path):
    source = CITY[CITY.index("[[sources]]") :]
    department = '[[departments]]\nid = "patrol"\nname_zh = "巡"\nname_en = "Other"\n'
    faults = find_faults(tmp_path, CITY + source + department)
    assert faults == [
        "source id `platform` stands 2 times; each may stand once.",
        "department id `patrol` stands 2 times; each may stand once.",
    ]


def test_a_geo_format_needs_no_coordinate_columns_but_never_one_alone(tmp_path):
    geo = ('format = "csv"', 'format = "geojson"')
    assert load(tmp_path, change(geo, ('lon = "lon"', ""), ('lat = "lat"', ""))).sources[0].columns.lon is None
    assert "belong together" in find_faults(tmp_path, change(geo, ('lon = "lon"', "")))[0]


def test_several_columns_may_name_the_category(tmp_path):
    profile = load(tmp_path, change(('category = "category"', 'category = ["a", "b"]')))
    assert profile.sources[0].columns.category == ("a", "b")


def test_globs_find_each_file_once_in_name_order(tmp_path):
    for name in ("b.csv", "a.csv", "sub/c.csv", "note.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    profile = load(tmp_path, CITY)
    names = [path.name for path in find_files(profile, ("*.csv", "a.csv", "**/*.csv"))]
    assert names == ["a.csv", "b.csv", "c.csv"]


def test_globs_may_be_absolute_or_lead_upwards(tmp_path):
    (tmp_path / "city").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").touch()
    profile = load(tmp_path / "city", CITY)
    expected = [(tmp_path / "data" / "x.csv").resolve()]
    assert find_files(profile, ("../data/*.csv",)) == expected
    assert find_files(profile, (str(tmp_path / "data" / "*.csv"),)) == expected
    assert find_files(profile, ("none/*.csv",)) == []


PILOT = '[[pilots]]\nscenario = "group_rental"\ndistrict = "north"\nfrom = 2025-04-26\n'


def test_a_citys_pilots_are_read(tmp_path):
    (pilot,) = load(tmp_path, CITY + PILOT).pilots
    assert (pilot.scenario, pilot.district, pilot.from_) == ("group_rental", "north", date(2025, 4, 26))


@pytest.mark.parametrize(
    ("pilots", "fault"),
    [
        (PILOT.replace("2025-04-26", '"soon"'), "`pilots.0.from`"),
        (PILOT.replace("from =", "form ="), "unknown key `pilots.0.form`; did you mean `from`?"),
        (PILOT.replace('"north"', '""'), "`pilots.0.district`"),
        (PILOT * 2, "pilot of `group_rental in north` stands 2 times"),
    ],
)
def test_a_pilot_that_cannot_be_used_is_a_sentence(tmp_path, pilots, fault):
    assert any(fault in told for told in find_faults(tmp_path, CITY + pilots))
