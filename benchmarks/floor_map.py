"""The least map that Streamlit can show: one rectangle in a scenario's colour. No way of drawing a city is faster."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pydeck as pdk
import shapely
import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[1]))

from governance.city import City, open_city  # noqa: E402
from governance.ui import palette  # noqa: E402


@st.cache_resource
def open_once() -> City:
    """The city, opened once."""
    return open_city(os.environ["GOVERNANCE_BUILD_DIR"])


def main() -> None:
    """A select box and the rectangle."""
    st.set_page_config(layout="wide")
    st.html("<div class='g-head'><h1>Floor</h1></div>")
    scenarios = open_once().ask("ui_scenarios")["scenario"].tolist()
    scenario = st.selectbox("Scenario", scenarios)
    colours = list(palette.TIER_COLOURS.values())
    rectangle = shapely.geometry.mapping(shapely.box(120.9, 28.9, 122.1, 30.4))
    layer = pdk.Layer(
        "GeoJsonLayer",
        data={"type": "Feature", "geometry": rectangle, "properties": {}},
        id="floor",
        get_fill_color=palette.to_rgba(colours[scenarios.index(scenario) % len(colours)]),
    )
    view = pdk.ViewState(longitude=121.5, latitude=29.7, zoom=8.4)
    st.pydeck_chart(pdk.Deck(layers=[layer], initial_view_state=view, map_provider=None), key="map", height=600)


main()
