"""The unit at which a viewer starts: remembered in the browser, for there are no accounts yet.

The address wins. Where it names no unit, a visit begins at the viewer's own; the whole city can be chosen again.
"""

from __future__ import annotations

from urllib.parse import quote, unquote, urlencode

import streamlit as st

from governance.city import City
from governance.ui.address import list_choices
from governance.ui.base_path import add_base
from governance.ui.view import View

PATH = "/own-unit"
WHOLE_CITY = "~city"
"""Stands in the address where a viewer with a unit of their own looks at the whole city."""


def name_cookie(city: City) -> str:
    """The cookie's name: one per city, for browsers hand cookies of one port to another."""
    return f"own_unit_{city.manifest['city']['id']}"


def pack_unit(unit_id: str) -> str:
    """An id as a cookie holds it: ids may be any text."""
    return quote(unit_id, safe="")


def read_own_unit(view: View) -> str:
    """The id of the viewer's own unit, "" without one or if the city has it no more."""
    unit_id = unquote(st.context.cookies.get(name_cookie(view.city), ""))
    return unit_id if unit_id and unit_id in set(view.ask("units")["unit_id"]) else ""


def locate_own_unit(unit_id: str, *, page: str = "") -> str:
    """The address that remembers a unit ("": none) and leads back to a page ("": the first) with what is chosen."""
    chosen = {name: value for name, value in list_choices("").items() if name not in {"unit", "district"}}
    return add_base(f"{PATH}?{urlencode({**chosen, 'page': page, 'unit': unit_id})}")
