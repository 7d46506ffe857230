"""Search for a place: a unit by its name in either language, or a grid by its id, whole or in part."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import streamlit as st

from governance.ui.view import View

GRID_LEVEL = 9
_LONGEST = 60


@dataclass(frozen=True)
class Place:
    """A unit (level 1 to 3) or a grid (GRID_LEVEL), its names and what it lies in, in both languages."""

    level: int
    id: str
    name_zh: str
    name_en: str
    above_zh: str
    above_en: str


def find_places(view: View, text: str) -> list[Place]:
    """The places whose id or name holds the text, the best first: equal, beginning so, holding it.

    Upper and lower case, full-width letters and spaces around make no difference.
    """
    wanted = normalise_text(text)
    if not wanted:
        return []
    found = [
        (min(_rank(key, wanted) for key in keys if wanted in key), place.level, len(keys[0]), place)
        for place, keys in _list_places(view, view.city.current.sha256)
        if any(wanted in key for key in keys)
    ]
    return [place for *_, place in sorted(found, key=lambda hit: (*hit[:3], hit[3].id))]


def normalise_text(text: str) -> str:
    """The text as it is compared: half-width, in one case, with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text[:_LONGEST]).casefold().split())


def _rank(key: str, wanted: str) -> int:
    return 0 if key == wanted else 1 if key.startswith(wanted) else 2


@st.cache_resource(max_entries=2, show_spinner=False)
def _list_places(_view: View, sha256: str) -> list[tuple[Place, tuple[str, ...]]]:  # noqa: ARG001  the hash is the key
    places = [Place(**row) for row in _view.ask("places").to_dict("records")]
    return [
        (place, tuple({normalise_text(name): None for name in (place.name_zh, place.name_en, place.id)}))
        for place in places
    ]
