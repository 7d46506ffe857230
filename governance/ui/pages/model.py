"""The model page: whether the forecast beats counting, holds its numbers, is still right, and what it is not for."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from governance.ui import parts
from governance.ui.choices import choose_scenario, show_tabs
from governance.ui.pages.model_calibration import show_calibration
from governance.ui.pages.model_capacity import show_capacity
from governance.ui.pages.model_card import show_model_card
from governance.ui.pages.model_drift import show_drift
from governance.ui.pages.model_fairness import show_fairness
from governance.ui.pages.model_worth import show_worth
from governance.ui.view import View


def show(view: View) -> None:
    """A scenario, and a tab for each question that an analyst or a leader has about the forecast."""
    if not view.names("scenarios", "scenario"):
        parts.show_state(view.say("state.no_scenario_title"), view.say("state.no_scenario_text"))
        return
    with st.columns([1, 2])[0]:
        scenario = choose_scenario(view, on_page="model")
    contents: dict[str, Callable[[], None]] = {
        "worth": lambda: show_worth(view, scenario),
        "calibration": lambda: show_calibration(view, scenario),
        "drift": lambda: show_drift(view),
        "card": lambda: show_model_card(view, scenario),
        "capacity": lambda: show_capacity(view, scenario),
        "fairness": lambda: show_fairness(view, scenario),
    }
    labels = {name: view.say(f"model.{name}") for name in contents}
    show_tabs(contents, labels, key=f"tabs_model_{view.language}")
