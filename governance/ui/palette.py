"""Colours of the screens: one accent, and three tiers that also people who see no red or green can tell apart.

The tiers fall apart in lightness (dark, middle, light), so that they stay apart for deuteranopia and protanopia and in
grey print; a letter always stands beside the colour. `tests/test_palette.py` simulates and measures it.
"""

from __future__ import annotations

INK = "#1d1d1b"
MUTED = "#5c5f62"
PAPER = "#ffffff"
PANEL = "#f4f2ed"
RULE = "#d9d5cb"
ACCENT = "#1f4e79"
SOFT = "#9db4c8"
WARNING = "#8a4b00"

TIERS = ("red", "yellow", "green")
TIER_COLOURS = {"red": "#a81c2b", "yellow": "#eba937", "green": "#c3dfca"}
TIER_INKS = {"red": "#ffffff", "yellow": "#1d1d1b", "green": "#1d1d1b"}
TIER_LETTERS = {"red": "R", "yellow": "Y", "green": "G"}
OUTSIDE = "#ebe9e4"

# The wall is dark, so there red is the lightest tier: what must be seen shines. The letters stand beside it as well.
WALL_PAPER = "#0f1317"
WALL_INK = "#f2f0ea"
WALL_MUTED = "#aab2ba"
WALL_RULE = "#39424b"
WALL_ACCENT = "#8fb8e8"
WALL_WARNING = "#ffb454"
WALL_OUTSIDE = "#1d242b"
WALL_TIER_COLOURS = {"red": "#ff6454", "yellow": "#86631a", "green": "#2d5a4c"}
WALL_TIER_INKS = {"red": "#0f1317", "yellow": "#ffffff", "green": "#ffffff"}


def to_rgba(colour: str, alpha: int = 255) -> list[int]:
    """Red, green, blue and alpha (0 to 255) of a colour written #rrggbb."""
    return [*(int(colour[start : start + 2], 16) for start in (1, 3, 5)), alpha]
