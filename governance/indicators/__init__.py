"""Indicators: one registry of names and formulas, and the ways to ask, compare, rank and check them."""

from __future__ import annotations

from governance.indicators.asking import SLICES, ask_indicators
from governance.indicators.comparing import compare_periods, compare_weeks
from governance.indicators.composite import score_composite
from governance.indicators.holding import charge_hours
from governance.indicators.leagues import rank_league
from governance.indicators.pilots import compare_with_control, report_pilot
from governance.indicators.registry import MAIN, Indicator, load_registry, read_formulas

__all__ = [
    "MAIN",
    "SLICES",
    "Indicator",
    "ask_indicators",
    "charge_hours",
    "compare_periods",
    "compare_weeks",
    "compare_with_control",
    "load_registry",
    "rank_league",
    "read_formulas",
    "report_pilot",
    "score_composite",
]
