"""The page of late cases: its headlines and the export are those of the cases; worklists, files, hostile texts.

`test_walk_overdue` walks every other number of the page against the export and the registry.
"""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
import python_calamine
from streamlit.testing.v1 import AppTest

from governance.city import City, open_city
from governance.export_orders import WORKLISTS
from governance.exports import export_bytes, export_table
from governance.ui import language
from tests.tiny_snapshot import FORMULA, SCRIPT

PAGE = """
from datetime import datetime
from pathlib import Path

from governance.ui.frame import show_page
from governance.ui.pages import overdue

show_page("overdue", overdue.show, build_dir=Path({folder!r}), now_utc=datetime(2030, 1, 1))
"""
# department, scenario, district; some of them empty, some of them narrow
CHOICES = (
    ("urban_management", "", ""),
    ("housing", "", ""),
    ("housing", "group_rental", ""),
    ("fire_rescue", "", "330212"),
    ("", "", ""),
    ("", "illegal_parking", "330203"),
)


def run_page(folder: Path, **address: str) -> AppTest:
    """The page as a visitor with this address gets it."""
    page = AppTest.from_string(PAGE.format(folder=str(folder)), default_timeout=60)
    for name, value in {"lang": "en", **address}.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def read_html(page: AppTest) -> str:
    return "".join(element.proto.body for element in page.get("html"))


def read_figures(page: AppTest) -> dict[str, str]:
    found = re.findall(r"<div class='g-figure'><span>(.*?)</span><b>(.*?)</b>", read_html(page))
    return {unescape(label): unescape(value) for label, value in found}


def read_frame(page: AppTest, column: str) -> pd.DataFrame:
    return next(frame.value for frame in page.dataframe if column in frame.value)


def tell(choice: tuple[str, str, str]) -> dict[str, str]:
    names = ("department", "filter", "district")
    return {name: value for name, value in zip(names, choice, strict=True) if value}


def count(value: float) -> str:
    return language.format_count("en", value)


def read_cases(city: City, scenario: str, district: str) -> pd.DataFrame:
    """Cases under the filters with the facts that no list shows, from `core_case` itself."""
    facts = city.sql(
        "select source, incident_id, holder, accept_due_at_utc, verify_due_at_utc, is_paused, is_seriously_overdue "
        "from core_case"
    )
    cases = city.cases(scenario=scenario or None, district=district or None)
    return cases[cases["stage"] != "cancelled"].merge(facts, on=["source", "incident_id"])


def recompute_figures(city: City, choice: tuple[str, str, str]) -> dict[str, int]:
    """The headline counts of open cases, from the cases themselves."""
    department, scenario, district = choice
    cases = read_cases(city, scenario, district)
    opened = cases[cases["is_open"]]
    own = opened[opened["department"] == department] if department else opened
    day = pd.Timestamp(city.as_of_utc, tz="UTC").tz_convert("Asia/Shanghai").date()
    due_day = own["due_at_utc"].dt.tz_localize("UTC").dt.tz_convert("Asia/Shanghai").dt.date
    dispatched = own["stage"] == "dispatched"
    return {
        "held": (~opened["holder"].isin(["~desk", "~check"])).sum()
        if not department
        else (opened["holder"] == department).sum(),
        "open": len(own),
        "due_today": (own["disposed_at_utc"].isna() & (due_day == day)).sum(),
        "near_due": own["is_near_due"].sum(),
        "overdue": own["is_overdue"].sum(),
        "seriously_overdue": own["is_seriously_overdue"].sum(),
        "paused": own["is_paused"].sum(),
        "not_accepted": dispatched.sum(),
        "late_to_accept": (dispatched & (own["accept_due_at_utc"] < city.as_of_utc)).sum(),
        "late_to_verify": ((own["stage"] == "disposed") & (own["verify_due_at_utc"] < city.as_of_utc)).sum(),
    }


@pytest.mark.parametrize("choice", CHOICES)
def test_the_headline_figures_are_those_of_the_cases_the_export_and_the_registry(
    demo_build: Path, city: City, choice: tuple[str, str, str]
) -> None:
    department, _, district = choice
    shown = read_figures(run_page(demo_build, **tell(choice)))
    expected = recompute_figures(city, choice)
    titles = {
        "due_today": "Due today", "near_due": "Due soon", "overdue": "Overdue and open",
        "seriously_overdue": "Seriously overdue",
    }  # fmt: skip
    if department:
        titles |= {
            "held": "Held now", "open": "Responsible for", "paused": "Clock paused",
            "late_to_accept": "Late to accept",
        }  # fmt: skip
    assert {name: shown[title] for name, title in titles.items()} == {name: count(expected[name]) for name in titles}
    where = {name: value or None for name, value in zip(("department", "scenario"), choice, strict=False)}
    for state in set(expected) - {"open"}:
        assert len(city.open_cases(**where, district=district or None, state=state)) == expected[state]
    told = city.indicators(
        ["open_cases", "overdue_open_cases", "seriously_overdue_cases"], cohort="reported", **where,
        level_1_id=district or None,
    ).set_index("indicator")["value"]  # fmt: skip
    assert told.tolist() == [expected[name] for name in ("open", "overdue", "seriously_overdue")]


@pytest.mark.parametrize("state", ["", *WORKLISTS])
def test_the_list_and_its_files_are_the_export(demo_build: Path, city: City, state: str, tmp_path: Path) -> None:
    page = run_page(demo_build, department="housing", view=state)
    exported = city.open_cases(department="housing", state=state or None)
    options = dict(zip(("", *WORKLISTS), page.selectbox[3].options, strict=True))
    assert options[state].endswith(f"({count(len(exported))})")
    if exported.empty:
        assert "No open case on this list" in read_html(page)
        return
    shown = read_frame(page, "call_post")
    assert shown["incident"].tolist() == exported["incident_id"].tolist()[:1000]
    if limit := {"late_to_accept": "accept_due_at_utc", "late_to_verify": "verify_due_at_utc"}.get(state):
        late = (city.as_of_utc - exported[limit]).dt.total_seconds() / 86400
        assert (late > 0).all()
        assert late.is_monotonic_decreasing
        assert shown["overdue_days"].tolist() == late.head(1000).round(1).tolist()
        assert language.say("en", "worklist.step_note") in read_html(page)
        return
    assert shown["overdue_days"].fillna(-1).tolist() == pytest.approx(
        (exported["overdue_hours"].head(1000) / 24).round(1).fillna(-1).tolist()
    )
    files = {
        kind: export_bytes(city, "open", format=kind, department="housing", state=state) for kind in ("csv", "xlsx")
    }
    rows = list(csv.DictReader(io.StringIO(files["csv"].decode("utf-8-sig"))))
    assert [row["incident_id"] for row in rows] == exported["incident_id"].tolist()
    header, *cells = (
        python_calamine.CalamineWorkbook.from_object(io.BytesIO(files["xlsx"])).get_sheet_by_name("open").to_python()
    )
    assert [row[header.index("incident_id")] for row in cells] == exported["incident_id"].tolist()
    export_table(city, "open", tmp_path / "open.csv", department="housing", state=state)
    assert (tmp_path / "open.csv").read_bytes() == files["csv"]


def test_stage_and_delay_narrow_the_list_and_stand_in_the_address(demo_build: Path, city: City) -> None:
    page = run_page(demo_build, view="overdue", stage="dispatched", age="1_to_3_days")
    late = city.open_cases(state="overdue")
    expected = late[(late["stage"] == "dispatched") & late["overdue_hours"].between(24, 72, inclusive="left")]
    if expected.empty:
        assert "No open case on this list" in read_html(page)
    else:
        assert read_frame(page, "call_post")["incident"].tolist() == expected["incident_id"].tolist()
    page.selectbox[4].set_value("").run()
    assert "stage" not in page.query_params
    expected = late[late["overdue_hours"].between(24, 72, inclusive="left")]
    assert read_frame(page, "call_post")["incident"].tolist() == expected["incident_id"].tolist()[:1000]


# The tiny city, worked by hand


def test_the_morning_of_housing_is_that_of_the_tiny_city(tiny: Path) -> None:
    shown = read_figures(run_page(tiny, department="housing"))
    assert (shown["Held now"], shown["Responsible for"], shown["Overdue and open"]) == ("3", "3", "3")
    # A-2 was dispatched 28 days ago and had a day to be accepted.
    assert (shown["Seriously overdue"], shown["Late to accept"]) == ("1", "1")
    # A-1 went to the fire service and came back; A-2 was sent back by another and dispatched to housing.
    assert (shown["Bounced to it"], shown["Bounced by it"]) == ("2", "1")


def test_the_tiny_citys_cases_stand_on_their_rungs(tiny: Path) -> None:
    city = open_city(tiny)
    called = city.open_cases().set_index("incident_id")
    # A-1 has used 9 of 7 days: level II, which adds the duty leader. A-2 28 of 2: level I, housing's own engineer.
    assert called.loc["A-1", ["rung_share", "call_level", "call_post_en"]].tolist() == [
        1.0, "II", "duty leader of the town",
    ]  # fmt: skip
    assert called.loc["A-2", ["rung_share", "call_level", "call_post_en"]].tolist() == [
        3.0, "I", "building safety engineer",
    ]  # fmt: skip
    # B-1 has used 9 of 10 days, not yet due: level III, the fire service's own officer.
    assert called.loc["B-1", ["rung_share", "call_level", "call_department"]].tolist() == [0.8, "III", "fire_rescue"]
    assert pd.isna(called.loc["D-1", "call_level"])
    city.close()


@pytest.mark.parametrize("department", [SCRIPT, "housing", ""])
@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_hostile_texts_stay_texts(tiny: Path, department: str, spoken: str) -> None:
    page = run_page(tiny, department=department, lang=spoken)
    assert "<img" not in read_html(page)
    assert "role='status'" not in read_html(page)
    if department == "housing":
        assert SCRIPT in read_frame(page, "call_post").set_index("incident")["came_from"]["A-2"]
        assert "&lt;img src=x" in read_html(page)


def test_a_file_of_hostile_cases_holds_no_formula(tiny: Path) -> None:
    city = open_city(tiny)
    rows = list(csv.reader(io.StringIO(export_bytes(city, "open", format="csv").decode("utf-8-sig"))))
    assert f"'{FORMULA}" in [row[1] for row in rows]
    assert not [cell for row in rows[1:] for cell in row if re.match(r"[=+\-@]", cell)]
    city.close()


def test_a_choice_without_cases_is_told(tiny: Path) -> None:
    html = read_html(run_page(tiny, department="housing", filter="fire_lane", district="~unmatched"))
    assert "No case under these filters" in html


def test_every_worklist_of_a_snapshot_has_its_words(city: City) -> None:
    listed = city.sql("select distinct unnest(worklists) as name from out_open")["name"]
    assert set(listed) <= set(WORKLISTS)
    states = city.sql("select distinct state from out_open")["state"]
    texts = language.load_texts("zh")
    assert {f"clock.{state}" for state in states} | {f"list.{name}" for name in WORKLISTS} <= set(texts)
