"""The page of a case, and the lists that lead to it: worked by hand on the tiny city, in both languages."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from governance import snapshot
from governance.city import open_city
from governance.ui import language as words
from tests.pages import find_table, read_charts, read_figures, read_html, read_tables, run_page
from tests.spelling import say
from tests.tiny_snapshot import AS_OF_UTC, MANIFEST, SCRIPT, fill_tiny, list_cases, make_tables

HOUSING, FIRE = "Housing and Urban-Rural Development", "Fire and Rescue"


def list_links(page: AppTest) -> list[str]:
    return [link.proto.label.replace("\\", "") for link in page.get("page_link")]


def at(days_ago: float, hours: float = 0) -> str:
    """The moment on the city's clock, 8 hours ahead of UTC."""
    return f"{AS_OF_UTC - timedelta(days=days_ago) + timedelta(hours=8 + hours):%Y-%m-%d %H:%M}"


def test_every_event_in_order_with_who_and_why(tiny: Path) -> None:
    page = run_page("case", tiny, case="platform/A-1")
    desk = say("holder.desk")
    extended = [say("case.until", moment=at(days)) + "; 现场情况复杂" for days in (3, 2)]
    assert find_table(page, say("column.at")) == [
        [at(9), "reported", desk, ""],
        [at(9, 1), "dispatched", f"{desk} → {HOUSING}", ""],
        [at(9, 13), "accepted", HOUSING, ""],
        [at(8), "passed on", f"{HOUSING} → {FIRE}", ""],
        [at(6), "extended", HOUSING, extended[0]],
        [at(5), "passed on", f"{FIRE} → {HOUSING}", ""],
        [at(4), "extended", HOUSING, extended[1]],
    ]


def test_what_breaks_the_procedure_is_marked(tiny: Path) -> None:
    page = run_page("case", tiny, case="platform/A-2")
    rows = find_table(page, say("column.at"))
    assert [row[1] for row in rows] == [
        "reported", "extended", "paused", "closed", "disposed", "sent back", "dispatched",
    ]  # fmt: skip
    marks = {row[1]: row[3] for row in rows if "⚠" in row[3]}
    paused = say("health.paused", state="accepted")
    assert marks == {
        "closed": "⚠ " + say("case.illegal", state="accepted"),
        "disposed": "⚠ " + say("case.illegal", state=paused),
    }
    drawn = next(part for chart in read_charts(page) for part in chart if "is_illegal" in part)
    assert drawn["is_illegal"].tolist() == ["⚠" in row[3] for row in rows]


def test_stretches_with_their_hours_limits_and_figures(tiny: Path) -> None:
    page = run_page("case", tiny, case="platform/A-1")
    assert [[row[0], *row[2:]] for row in find_table(page, say("column.holder"))] == [
        [say("holder.desk"), "1.0 1%", "1.0"],
        [HOUSING, "8.0 11%", "23.0"],
        [FIRE, "24.0 33%", "72.0"],
        [HOUSING, "40.0 55%", "120.0"],
    ]
    late = say("case.state_by", state=say("casestate.overdue"), time="2.0 d")
    assert find_table(page, say("case.limit")) == [
        ["Accept", "–", at(9, 13), say("casestate.no_limit"), "–"],
        ["Dispose", at(2), "–", late, "129%"],
        ["Verify", "–", "–", say("casestate.no_limit"), "–"],
        ["Close (whole case)", at(0), "–", say("casestate.running"), "–"],
    ]
    figures = read_figures(page)
    assert figures[say("column.stage")][1] == say("case.state_by", state="overdue", time="2.0 d")
    assert figures[say("case.held_by")] == (HOUSING, say("case.held_for", time="5.0 d"))
    assert figures[say("case.open_for")][0] == "9.0 d"
    assert figures[say("case.hops")] == ("2", "passed on 2, sent back 0; there and back")
    assert dict(find_table(page, say("sheet.item")))[say("case.judged_by")] == "group_rental@1.0.0"


def test_a_straight_case_tells_its_three_stretches_from_its_own_row(tiny: Path) -> None:
    page = run_page("case", tiny, case="platform/A-3")
    assert [[row[0], row[2]] for row in find_table(page, say("column.holder"))] == [
        [say("holder.desk"), "1.0 8%"],
        [HOUSING, "10.0 77%"],
        [say("holder.check"), "2.0 15%"],
    ]
    states = [row[3] for row in find_table(page, say("case.limit"))]
    assert states == [say(f"casestate.{state}") for state in ("no_limit", "kept", "passed", "kept")]


def test_an_overdue_case_that_is_paused_is_shown_as_overdue_here_and_on_the_lists(tmp_path: Path) -> None:
    # A-1 is 48 hours overdue: a pause that begins after the limit stops nothing.
    cases = [{**case, "is_paused": case["incident_id"] == "A-1"} for case in list_cases()]
    with snapshot.building(tmp_path) as draft:
        make_tables(draft.con, cases=cases)
        snapshot.publish(draft, manifest=MANIFEST)
    with closing(open_city(tmp_path)) as city:
        told = city.sql("select state, worklists from out_open where incident_id = 'A-1'").iloc[0]
        assert told["state"] == "overdue"
        assert "paused" not in told["worklists"]
    page = run_page("case", tmp_path, case="platform/A-1")
    assert read_figures(page)[say("column.stage")][1] == say("case.state_by", state="overdue", time="2.0 d")
    states = {row[0]: row[3] for row in find_table(page, say("case.limit"))}
    assert states["Dispose"] == say("case.state_by", state=say("casestate.overdue"), time="2.0 d")
    assert states["Close (whole case)"] == say("casestate.paused")


def test_recurrence_is_linked_both_ways(tiny: Path) -> None:
    for case, other, direction in (("A-1", "A-3", "earlier"), ("A-3", "A-1", "later")):
        page = run_page("case", tiny, case=f"platform/{case}")
        assert list_links(page)[-1] == other
        assert say(f"case.{direction}", days="6.0", by=say("matched.distance")) in "".join(read_html(page))


def test_cancelled_cases_say_so(tiny: Path) -> None:
    page = run_page("case", tiny, case="platform/E-1")
    assert read_figures(page)[say("case.took")][0] == say("unit.hours", value="24")
    assert {row[3] for row in find_table(page, say("case.limit"))} == {say("casestate.ended")}
    assert say("case.no_stints") in "".join(read_html(page))


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_path_leads_up_from_the_case(tiny: Path, language: str) -> None:
    told = words.load_texts(language)
    places = {"zh": ["海曙区 ›", "鼓楼街道 ›"], "en": ["Haishu ›", "Gulou ›"]}[language]
    page = run_page("case", tiny, language=language, case="platform/A-2", tab="holders")
    assert list_links(page)[:4] == [f"{told['choose.whole_city']} ›", *places, "G-01 ›"]
    up = page.get("page_link")[3].proto.query_string
    # Without a value: what the address names so is taken back.
    assert {"grid=G-01", "case=", "tab="} <= set(up.split("&"))
    assert list_links(run_page("case", tiny, language=language, case="platform/C-1")) == [
        f"{told['choose.whole_city']} ›", f"{told['name.unmatched']} ›",
    ]  # fmt: skip


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("case", ["platform/none", "none", "a/b/c", f"platform/{SCRIPT}", "~", "/", "x" * 500])
def test_a_wrong_id_gets_a_sentence_with_what_to_do(tiny: Path, language: str, case: str) -> None:
    page = run_page("case", tiny, language=language, case=case)
    html = "".join(read_html(page))
    assert words.say(language, "case.unknown_title") in html
    assert "<img" not in html
    assert read_tables(page) == []


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_without_an_id_the_page_says_how_to_find_one(tiny: Path, language: str) -> None:
    page = run_page("case", tiny, language=language)
    assert words.say(language, "case.none_text") in "".join(read_html(page))


def test_the_search_takes_an_id_alone(tiny: Path) -> None:
    page = run_page("case", tiny)
    page.text_input(key="search_case").input(" A-2 ").run()
    assert page.query_params["case"] == "A-2"
    assert read_figures(page)[say("case.held_by")][0] == HOUSING


def test_sources_that_share_an_id_are_offered_and_an_id_may_hold_slashes(tmp_path: Path) -> None:
    with snapshot.building(tmp_path) as draft:
        fill_tiny(draft.con)
        draft.con.execute("update core_case set source = 'hotline', incident_id = 'A-1' where incident_id = 'B-3'")
        draft.con.execute("update core_case set incident_id = '2025/A/3' where incident_id = 'F-1'")
        snapshot.publish(draft, manifest=MANIFEST)
    page = run_page("case", tmp_path, case="A-1")
    assert [label.split(" ")[0] for label in list_links(page)] == ["hotline", "platform"]
    for asked in ("2025/A/3", "platform/2025/A/3"):
        assert read_figures(run_page("case", tmp_path, case=asked))[say("column.stage")][0] == "Closed"


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_hostile_texts_stay_text(tiny: Path, language: str) -> None:
    for case in ("platform/A-2", "platform/D-1", "platform/=cmd|' /C calc'!A0"):
        page = run_page("case", tiny, language=language, case=case)
        assert "<img" not in "".join(read_html(page))
        assert words.say(language, "case.unknown_title") not in "".join(read_html(page))
    assert SCRIPT in {cell for table in read_tables(page) for row in table for cell in row}


def test_lists_of_cases_lead_to_them(tiny: Path) -> None:
    card = run_page("city_map", tiny, scenario="group_rental", grid="G-01")
    links = {link.proto.label.replace("\\", ""): link.proto.query_string for link in card.get("page_link")}
    assert {"A-1", "A-2"} <= set(links)
    assert "case=platform%2FA-2" in links["A-2"]
    for page, key in (("overdue", "cases"), ("data_health", "moves")):
        shown = next(found for found in run_page(page, tiny).dataframe if found.proto.id.endswith(key))
        assert shown.proto.selection_mode
