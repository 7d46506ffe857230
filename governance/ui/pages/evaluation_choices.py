"""What is evaluated: who is compared, over which days, dated how, of which cases, from which volume on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import streamlit as st

from governance.indicators.asking import COHORTS, Cohort
from governance.indicators.evaluation import TERM_PERIODS, Assessment, Members, Term, TermPeriod, list_terms
from governance.indicators.registry import load_registry
from governance.ui import language as words
from governance.ui.address import keep_choice, read_choice
from governance.ui.choices import choose, choose_filter, list_units, name_level
from governance.ui.view import UNMAPPED, UNMATCHED, Answers, View

_PAGE = "evaluation"
_LARGEST_VOLUME = 100_000
_VOLUME_KEY = "choose_volume_evaluation"


def choose_assessment(view: View) -> Assessment | None:
    """The question that the selectors make; None if no period of the chosen kind is complete yet."""
    first, second = st.columns(4), st.columns(4)
    with first[0]:
        by = _choose_members(view)
    with first[1]:
        period = cast("TermPeriod", choose(view.say("choose.period"), "period", _name_periods(view), on_page=_PAGE))
    with first[2]:
        term = _choose_term(view, period, by)
    with first[3]:
        cohort = choose(view.say("choose.cohort"), "cohort", _name_cohorts(view), on_page=_PAGE)
    with second[0]:
        scenario = choose_filter(view, on_page=_PAGE, more={UNMAPPED: view.say("name.unmapped")})
    with second[1]:
        volume = _choose_volume(view)
    district = None
    if by == "level_2_id":
        with second[2]:
            district = choose(name_level(view, 1), "district", name_districts(view), on_page=_PAGE)
    if term is None:
        return None
    return Assessment(by, term, cast("Cohort", cohort), volume, scenario or None, district)


def name_districts(view: View) -> Mapping[str, str]:
    """The districts' ids and names."""
    return {unit.unit_id: unit.name for unit in list_units(view) if unit.level == 1}


def _choose_members(view: View) -> Members:
    levels = {unit.level for unit in list_units(view) if unit.unit_id != UNMATCHED}
    options = {"department": view.say("evaluation.departments")}
    if 1 in levels:
        options["level_1_id"] = view.say("evaluation.units", level=name_level(view, 1))
    if {1, 2} <= levels:
        options["level_2_id"] = view.say("evaluation.units", level=name_level(view, 2))
    return cast("Members", choose(view.say("choose.members"), "by", options, on_page=_PAGE))


def _choose_term(view: View, period: TermPeriod, by: Members) -> Term | None:
    terms = {str(term.since): term for term in list_terms(Answers(view.city), period, by=by)}
    if not terms:
        st.selectbox(view.say("choose.term"), [words.MISSING], disabled=True)
        return None
    complete = next((key for key, term in terms.items() if not term.is_running), next(iter(terms)))
    names = {key: name_term(view, term) for key, term in terms.items()}
    return terms[choose(view.say("choose.term"), "begins", names, on_page=_PAGE, otherwise=complete)]


def name_term(view: View, term: Term) -> str:
    """What a period is called; of a running one, how far it goes."""
    name = words.format_period(view.language, term.period, term.since)
    return view.say("evaluation.running", term=name, day=view.date(term.last_day)) if term.is_running else name


def _name_periods(view: View) -> dict[str, str]:
    return {name: view.say(f"period.{name}") for name in TERM_PERIODS}


def _name_cohorts(view: View) -> dict[str, str]:
    return {name: view.say(f"cohort.{name}") for name in reversed(COHORTS)}


def _choose_volume(view: View) -> int:
    asked, usual = read_choice("volume"), load_registry().minimum_volume
    is_number = asked.isascii() and asked.isdigit() and 1 <= int(asked) <= _LARGEST_VOLUME
    st.session_state[_VOLUME_KEY] = volume = int(asked) if is_number else usual
    st.number_input(
        view.say("choose.volume"),
        min_value=1,
        max_value=_LARGEST_VOLUME,
        step=5,
        key=_VOLUME_KEY,
        help=view.say("help.volume"),
        on_change=_keep_volume,
        args=(usual,),
    )
    return volume


def _keep_volume(usual: int) -> None:
    volume = st.session_state[_VOLUME_KEY]
    keep_choice("volume", "" if volume in {None, usual} else str(volume))
