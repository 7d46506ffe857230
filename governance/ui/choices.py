"""Selectors whose value lives in the address: scenario, unit, department, stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import streamlit as st

from governance.city import City
from governance.ui.address import carry_choice, keep_choice, keep_widget, read_choice
from governance.ui.city_cache import keep_with_city
from governance.ui.own_unit import WHOLE_CITY, read_own_unit
from governance.ui.view import UNMATCHED, View

_STARTED = "own_unit_started"
_DEEPEST = 3


@dataclass(frozen=True)
class Unit:
    """A unit of the city's hierarchy: level 0 is the city itself, with id ""."""

    level: int
    unit_id: str
    name: str
    parent_id: str


def choose(
    label: str,
    name: str,
    options: Mapping[str, str],
    *,
    on_page: str,
    otherwise: str | None = None,
    follower: str = "",
) -> str:
    """A select box over ids with their names; gives the chosen id.

    If the address names none of them: `otherwise`, or the first one. `follower`: another choice, which takes the same
    value where that names something.
    """
    key = f"choose_{name}_{on_page}"
    asked = read_choice(name)
    chosen = asked if asked in options else next(iter(options)) if otherwise is None else otherwise
    st.session_state[key] = chosen
    st.selectbox(
        label,
        list(options),
        format_func=lambda id_: options.get(id_, id_),
        key=key,
        on_change=_keep_chosen,
        args=(name, key, follower),
    )
    return chosen


def _keep_chosen(name: str, key: str, follower: str) -> None:
    keep_widget(name, key)
    chosen = st.session_state[key]
    # Ids that begin so are no scenarios, but what is in none.
    if follower and chosen and not chosen.startswith("~"):
        keep_choice(follower, chosen)


def choose_scenario(view: View, *, on_page: str) -> str:
    """The scenario that the page is about; there must be one. Without a choice it is that of `choose_filter`."""
    names = view.names("scenarios", "scenario")
    asked = read_choice("filter")
    otherwise = asked if asked in names else None
    return choose(view.say("choose.scenario"), "scenario", names, on_page=on_page, otherwise=otherwise)


def choose_filter(view: View, *, on_page: str, more: Mapping[str, str] = MappingProxyType({})) -> str:
    """The scenario that a page of all is narrowed to, or "": whoever goes on to a page of one finds the same there.

    `more`: ids, which begin with ~, and names of what is in no scenario.
    """
    options = {"": view.say("choose.all_scenarios"), **view.names("scenarios", "scenario"), **more}
    return choose(view.say("choose.scenario"), "filter", options, on_page=on_page, follower="scenario")


def show_tabs(contents: Mapping[str, Callable[[], None]], labels: dict[str, str], *, key: str) -> None:
    """The tabs of a page, of which only the open one is made; which one is open stands in the address.

    contents and labels by name; `key` differs by page and language, for the open tab is remembered by its label.
    """
    asked = read_choice("tab")
    st.session_state[key] = labels.get(asked, next(iter(labels.values())))
    tabs = st.tabs(list(labels.values()), key=key, on_change=_keep_tab, args=(key, labels))
    for tab, show_content in zip(tabs, contents.values(), strict=True):
        with tab:
            if tab.open:
                show_content()


def _keep_tab(key: str, labels: dict[str, str]) -> None:
    names = {label: name for name, label in labels.items()}
    keep_choice("tab", names.get(st.session_state[key], ""))


def choose_district(view: View, *, on_page: str) -> Unit:
    """The whole city, a unit of its first level, or the deeper unit that the address names."""
    asked = find_unit(view, read_choice("unit"))
    options = _list_districts(view)
    if asked.level > 1:
        options[asked.unit_id] = asked.name
    chosen = choose(name_level(view, 1), "unit", options, on_page=on_page)
    return find_unit(view, chosen)


def choose_town(view: View, *, on_page: str, keeps_deeper: bool = False) -> Unit:
    """The whole city, a unit of its first level or of its second: a select box for each level that the city has.

    Of a deeper unit in the address: the one of the second level that holds it, unless `keeps_deeper`.
    """
    asked = find_unit(view, read_choice("unit"))
    path = list_path(view, asked)[1:3]
    first, second = st.columns(2)
    with first:
        chosen = path[0].unit_id if path else ""
        district = find_unit(
            view, choose(name_level(view, 1), "unit", _list_districts(view), on_page=on_page, otherwise=chosen)
        )
    towns = {unit.unit_id: unit.name for unit in list_units(view) if is_below(unit, district)}
    if district.level == 0 or not towns:
        return district
    options = {district.unit_id: view.say("choose.whole_unit", unit=district.name), **towns}
    last = path[-1]
    if keeps_deeper and asked.level > last.level:
        last = asked
        options[asked.unit_id] = asked.name
    with second:
        town = choose(name_level(view, 2), "unit", options, on_page=f"{on_page}_town", otherwise=last.unit_id)
    return find_unit(view, town)


def is_below(unit: Unit, above: Unit) -> bool:
    """Whether a unit lies right below another one."""
    return unit.level == above.level + 1 and unit.parent_id == above.unit_id


def _list_districts(view: View) -> dict[str, str]:
    """The whole city and the units of its first level; the city is told by name where a viewer starts elsewhere."""
    options = {WHOLE_CITY if read_own_unit(view) else "": view.say("choose.whole_city")}
    return options | {unit.unit_id: unit.name for unit in list_units(view) if unit.level == 1}


def list_units(view: View) -> tuple[Unit, ...]:
    """All units, the outermost first."""
    return _list_units(view.city, view.language)


def find_unit(view: View, unit_id: str) -> Unit:
    """The unit with this id, or the city if there is none."""
    units = _index_units(view.city, view.language)
    city = units.get((0, ""), Unit(0, "", view.city_name, ""))
    found = (units.get((level, unit_id)) for level in range(1, _DEEPEST + 1))
    return next((unit for unit in found if unit), city)


def list_path(view: View, unit: Unit) -> list[Unit]:
    """The units from the city down to this one."""
    above = _index_units(view.city, view.language)
    path = [unit]
    while path[0].level > 0 and (path[0].level - 1, path[0].parent_id) in above:
        path.insert(0, above[(path[0].level - 1, path[0].parent_id)])
    return path


@keep_with_city(2)
def _index_units(city: City, language: str) -> Mapping[tuple[int, str], Unit]:
    return {(unit.level, unit.unit_id): unit for unit in _list_units(city, language)}


@keep_with_city(2)
def _list_units(city: City, language: str) -> tuple[Unit, ...]:
    rows = city.ask("ui_units").to_dict("records")
    return tuple(
        Unit(int(row["level"]), row["unit_id"], str(row[f"name_{language}"]), str(row["parent_unit_id"] or ""))
        for row in rows
    )


def find_district(view: View, unit: Unit) -> Unit:
    """The unit of the first level that holds this one; the city for the city itself."""
    return next((above for above in list_path(view, unit) if above.level == 1), find_unit(view, ""))


def start_at_own_unit(view: View) -> None:
    """Once in a visit: take the viewer's own unit into an address that names no place, its district beside it."""
    if st.session_state.get(_STARTED):
        return
    st.session_state[_STARTED] = True
    names_place = any(read_choice(name) for name in ("unit", "grid", "case", "district"))
    if not names_place and (own := read_own_unit(view)):
        keep_choice("unit", own)
        keep_choice("district", find_district(view, find_unit(view, own)).unit_id)


def follow_place(view: View, page: str) -> None:
    """Let the district of pages that know only districts and the unit of the others be one choice, page after page."""
    asked = read_choice("unit")
    own = find_district(view, find_unit(view, asked)).unit_id
    if page in _BY_DISTRICT:
        if read_choice("district") != own:
            carry_choice("unit", read_choice("district"))
    elif page in _BY_UNIT and asked != UNMATCHED:
        carry_choice("district", own)


_BY_DISTRICT = {"changes", "overdue", "evaluation"}
_BY_UNIT = {"overview", "map", "compare", "scenario", "inspections"}


def name_level(view: View, level: int) -> str:
    """What the city calls the units of a level, such as "District"."""
    names = dict(zip(view.ask("levels")["level"], view.ask("levels")[f"name_{view.language}"], strict=True))
    return str(names.get(level) or view.say("choose.area"))
