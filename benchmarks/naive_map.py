"""The map as it is usually written: every polygon, with its colour, inside every rerun. A measure for ours."""

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


@st.cache_data
def list_shapes() -> list[dict]:
    """The polygons as GeoJSON geometries."""
    return [shapely.geometry.mapping(polygon) for polygon in open_once().grids().geometry]


def main() -> None:
    """A select box and the map."""
    st.set_page_config(layout="wide")
    st.html("<div class='g-head'><h1>Naive</h1></div>")
    city = open_once()
    scenario = st.selectbox("Scenario", city.ask("ui_scenarios")["scenario"].tolist())
    tiers = city.ask("export_tiers", scenario=scenario, district=None).sort_values("grid_id")
    grids = city.grids()
    colour = dict(zip(tiers["grid_id"], tiers["tier"].map(palette.TIER_COLOURS).map(palette.to_rgba), strict=True))
    features = [
        {"type": "Feature", "geometry": shape, "properties": {"id": grid_id, "colour": colour.get(grid_id)}}
        for shape, grid_id in zip(list_shapes(), grids["grid_id"], strict=True)
    ]
    layer = pdk.Layer(
        "GeoJsonLayer", data=features, id="grids", pickable=True, stroked=False, get_fill_color="properties.colour"
    )
    view = pdk.ViewState(longitude=grids["lon"].mean(), latitude=grids["lat"].mean(), zoom=8.4)
    st.pydeck_chart(pdk.Deck(layers=[layer], initial_view_state=view, map_provider=None), key="map", height=600)


main()
