"""The viewer's own unit: the cookie that remembers it, the route that sets it, and where a visit begins."""

from __future__ import annotations

from html import escape
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from streamlit import config
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from governance import snapshot
from governance.ui import frame, own_unit
from governance.ui.language import say
from governance.ui.own_unit_route import list_routes
from tests.asked_app import ask_app
from tests.pages import read_html
from tests.tiny_snapshot import MANIFEST, SCRIPT, list_cases, make_tables

COOKIE = "own_unit_tiny"
PAGE = """
from datetime import datetime
from pathlib import Path

from governance.ui.frame import show_page
from governance.ui.pages import {page}

show_page("{name}", {page}.show, build_dir=Path({folder!r}), now_utc=datetime(2030, 1, 1))
"""


def fetch(build_dir: Path, path: str, *, scheme: str = "http", **headers: str) -> tuple[int, dict[str, str]]:
    """Status and headers that the route gives, asked as a server asks it."""
    status, told, _ = ask_app(Starlette(routes=list_routes(build_dir)), path, scheme=scheme, **headers)
    return status, told


@pytest.fixture
def below_a_path():
    config.set_option("server.baseUrlPath", "/gov/")
    yield "/gov"
    config.set_option("server.baseUrlPath", "")


@pytest.fixture
def remember(monkeypatch: pytest.MonkeyPatch):
    """Give the visits that follow a cookie."""

    def give(value: str, name: str = COOKIE) -> None:
        monkeypatch.setattr(ContextProxy, "cookies", property(lambda _: {name: value}))

    return give


def run_page(folder: Path, page: str = "overview", *, name: str = "", **address: str) -> AppTest:
    test = AppTest.from_string(PAGE.format(folder=str(folder), page=page, name=name or page), default_timeout=60)
    for key, value in {"lang": "en", **address}.items():
        test.query_params[key] = value
    test.run()
    assert not test.exception
    return test


def read_unit(test: AppTest) -> str:
    return str(test.query_params["unit"]) if "unit" in test.query_params else ""


# The route


def test_a_unit_of_the_city_is_remembered_for_a_year_and_no_script_sees_it(tiny: Path) -> None:
    status, headers = fetch(tiny, "/own-unit?unit=330203&page=map&scenario=fire_lane&lang=zh")
    assert (status, headers["location"]) == (303, "/map?lang=zh&scenario=fire_lane")
    assert headers["cache-control"] == "no-store"
    [cookie] = SimpleCookie(headers["set-cookie"]).values()
    assert (cookie.key, cookie.value) == (COOKIE, "330203")
    told = (cookie["max-age"], cookie["path"], cookie["httponly"], cookie["samesite"], cookie["secure"])
    assert told == ("31536000", "/", True, "lax", "")
    secure = fetch(tiny, "/own-unit?unit=330203", scheme="https")[1]["set-cookie"]
    assert "; Secure" in secure


def test_without_a_unit_the_cookie_is_taken_back(tiny: Path) -> None:
    status, headers = fetch(tiny, "/own-unit?unit=")
    assert (status, headers["location"]) == (303, "/")
    [cookie] = SimpleCookie(headers["set-cookie"]).values()
    assert (cookie.key, cookie.value, cookie["max-age"]) == (COOKIE, "", "0")


@pytest.mark.parametrize("unit", ["999", "~city", "~unmatched", SCRIPT, "330203; Path=/x", "330203\r\nSet-Cookie: a=b"])
def test_what_is_no_unit_of_the_city_is_refused(tiny: Path, unit: str) -> None:
    status, headers = fetch(tiny, f"/own-unit?{urlencode({'unit': unit})}")
    assert (status, "set-cookie" in headers, "location" in headers) == (404, False, False)


@pytest.mark.parametrize(
    "page", ["//evil.example", "https://evil.example", "\\evil.example", "../x", "%2f%2fevil", "a/b"]
)
def test_the_way_back_never_leaves_the_dashboard(tiny: Path, page: str) -> None:
    status, headers = fetch(tiny, f"/own-unit?{urlencode({'unit': '330203', 'page': page})}")
    assert (status, "location" in headers) == (404, False)


def test_choices_go_back_as_choices_and_strange_names_do_not(tiny: Path) -> None:
    query = urlencode({"unit": "330203", "next": "//evil.example", "filter": "a&b=//evil", "grid": "x" * 999})
    location = fetch(tiny, f"/own-unit?{query}")[1]["location"]
    told = parse_qs(urlsplit(location).query)
    assert urlsplit(location).path == "/"
    assert told == {"filter": ["a&b=//evil"], "grid": ["x" * 200]}


def test_a_page_of_somebody_else_does_not_choose_for_the_viewer(tiny: Path) -> None:
    assert fetch(tiny, "/own-unit?unit=330203", sec_fetch_site="cross-site")[0] == 403
    assert fetch(tiny, "/own-unit?unit=330203", sec_fetch_site="same-origin")[0] == 303


def test_without_a_city_there_is_nothing_to_remember(tmp_path: Path) -> None:
    assert fetch(tmp_path, "/own-unit?unit=330203")[0] == 404


def test_below_a_path_of_the_server_all_of_it_lies_below(tiny: Path, below_a_path: str) -> None:
    status, headers = fetch(tiny, f"{below_a_path}/own-unit?unit=330203&page=map")
    assert (status, headers["location"]) == (303, "/gov/map")
    assert SimpleCookie(headers["set-cookie"])[COOKIE]["path"] == "/gov"
    assert fetch(tiny, "/own-unit?unit=330203")[0] == 404


@given(st.text(min_size=1, max_size=40))
def test_any_id_comes_back_from_its_cookie(unit_id: str) -> None:
    packed = own_unit.pack_unit(unit_id)
    assert packed.isascii()
    assert not set(packed) & set(' ";,\\\r\n')
    assert own_unit.unquote(packed) == unit_id


# Where a visit begins


def test_a_visit_begins_at_the_own_unit_on_every_page(tiny: Path, remember) -> None:
    remember("330205")
    for page, name in (("overview", ""), ("city_map", "map"), ("scenario", "")):
        assert read_unit(run_page(tiny, page, name=name)) == "330205"
    assert run_page(tiny, "city_map", name="map").selectbox(key="choose_unit_map").value == "330205"


def test_an_address_with_a_unit_or_a_grid_wins(tiny: Path, remember) -> None:
    remember("330205")
    assert read_unit(run_page(tiny, unit="330203")) == "330203"
    assert read_unit(run_page(tiny, "city_map", name="map", grid="G-01")) == ""
    whole = run_page(tiny, unit=own_unit.WHOLE_CITY)
    assert whole.selectbox(key="choose_unit_overview").value == own_unit.WHOLE_CITY


@pytest.mark.parametrize(("page", "name", "key"), [("overview", "", "overview"), ("city_map", "map", "map")])
def test_the_whole_city_can_be_chosen_again_and_stays_chosen(
    tiny: Path, remember, page: str, name: str, key: str
) -> None:
    remember("330205")
    test = run_page(tiny, page, name=name)
    test.selectbox(key=f"choose_unit_{key}").select(own_unit.WHOLE_CITY).run()
    assert read_unit(test) == own_unit.WHOLE_CITY
    # A reload is a new visit with the same address.
    again = run_page(tiny, page, name=name, unit=read_unit(test))
    assert again.selectbox(key=f"choose_unit_{key}").value == own_unit.WHOLE_CITY


@pytest.mark.parametrize("value", ["", "999", quote(SCRIPT), "%ff%00", "x" * 5000])
def test_a_cookie_that_names_no_unit_is_as_none(tiny: Path, remember, value: str) -> None:
    remember(value)
    test = run_page(tiny)
    assert read_unit(test) == ""
    assert test.selectbox(key="choose_unit_overview").value == ""


def test_the_cookie_of_another_city_is_not_read(tiny: Path, remember) -> None:
    remember("330205", name="own_unit_other")
    assert read_unit(run_page(tiny)) == ""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_offers_to_start_here_and_to_start_at_the_city_again(tiny: Path, remember, language: str) -> None:
    def links(**address: str) -> list[str]:
        test = run_page(tiny, **{"lang": language, **address})
        return [element.proto.body for element in test.get("html") if "<p class='g-link'" in element.proto.body]

    assert links() == []
    [offer] = links(unit="330203")
    assert f"href='/own-unit?lang={language}&amp;page=&amp;unit=330203'" in offer
    remember("330203")
    [taken] = links()
    assert f"href='/own-unit?lang={language}&amp;page=&amp;unit='" in taken
    assert links(unit=own_unit.WHOLE_CITY) == [taken]
    [other] = links(unit="330205002")
    # The name of this town would like to be more than text.
    assert SCRIPT not in other
    assert "unit=330205002" in other


def test_pages_that_ask_by_district_start_at_the_units_district(tiny: Path, remember) -> None:
    remember("330205002")
    for page in ("overdue", "changes"):
        assert run_page(tiny, page).query_params["district"] == "330205"
    assert "district" not in run_page(tiny, "overdue", grid="G-01").query_params
    assert run_page(tiny, "overdue", district="330203").query_params["district"] == "330203"


MOVING = """
import importlib
from datetime import datetime
from pathlib import Path

import streamlit as st

from governance.ui.frame import show_page

module, name = st.session_state["test_page"]
show = importlib.import_module("governance.ui.pages." + module).show
show_page(name, show, build_dir=Path({folder!r}), now_utc=datetime(2030, 1, 1))
"""
OVERVIEW, MAP, OVERDUE, CHANGES = ("overview",) * 2, ("city_map", "map"), ("overdue",) * 2, ("changes",) * 2


def move(test: AppTest, page: tuple[str, str]) -> AppTest:
    """Go to a page by the menu, which drops what the address says."""
    test.session_state["test_page"] = page
    test.query_params.clear()
    test.run()
    assert not test.exception
    return test


def test_a_district_goes_along_by_the_menu_from_whichever_page_it_was_chosen_on(tiny: Path) -> None:
    test = AppTest.from_string(MOVING.format(folder=str(tiny)), default_timeout=60)
    test.session_state["test_page"] = OVERVIEW
    test.query_params["unit"] = "330203001"
    test.run()
    assert move(test, OVERDUE).selectbox(key="choose_district_overdue").value == "330203"
    # The district of the town that was chosen: the town stays.
    assert read_unit(move(test, MAP)) == "330203001"
    move(test, CHANGES).selectbox(key="choose_district_changes").select("330205").run()
    assert read_unit(test) == "330205"
    assert move(test, OVERVIEW).selectbox(key="choose_unit_overview").value == "330205"
    test.selectbox(key="choose_unit_overview").select("").run()
    assert move(test, OVERDUE).selectbox(key="choose_district_overdue").value == ""
    test.selectbox(key="choose_district_overdue").select("330203").run()
    assert move(test, MAP).selectbox(key="choose_unit_map").value == "330203"
    move(test, OVERDUE).selectbox(key="choose_district_overdue").select("").run()
    assert read_unit(move(test, MAP)) == ""


def test_a_city_that_cannot_be_read_is_told_in_words(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_build_dir: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(frame, "open_current", refuse)
    for spoken in ("zh", "en"):
        told = "".join(read_html(run_page(tiny, lang=spoken)))
        assert say(spoken, "state.failed_title") in told
        assert "Permission" not in told


@pytest.mark.parametrize(
    ("address", "unknown"),
    [
        ({}, []), ({"unit": "330203", "filter": "fire_lane"}, []), ({"filter": "~unmapped"}, []),
        ({"unit": "nope", "scenario": "<b>x"}, ["nope", "<b>x"]), ({"filter": "foo"}, ["foo"]),
        ({"department": "nope", "district": "foo"}, ["nope", "foo"]), ({"department": "housing"}, []),
        ({"district": "330203"}, []),
    ],
)  # fmt: skip
def test_a_name_that_the_city_does_not_have_is_told(tiny: Path, address: dict[str, str], unknown: list[str]) -> None:
    told = "".join(read_html(run_page(tiny, **address)))
    assert "<b>x" not in told
    for value in ("nope", "<b>x", "foo", "330203"):
        sentence = escape(say("en", "frame.unknown", value=value))
        assert (sentence in told) == (value in unknown)


def test_a_department_that_only_the_files_name_is_none_unknown(tmp_path: Path) -> None:
    cases = [{**case, "department": "Raw office"} if case["incident_id"] == "A-2" else case for case in list_cases()]
    with snapshot.building(tmp_path) as draft:
        make_tables(draft.con, cases=cases)
        snapshot.publish(draft, manifest=MANIFEST)
    told = "".join(read_html(run_page(tmp_path, "overdue", department="Raw office")))
    assert escape(say("en", "frame.unknown", value="Raw office")) not in told
