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
# Of two maps: where the right one is higher or lower. Not the tiers' colours, and dark against light.
DIFFERENCES = ("up", "down", "same")
DIFFERENCE_COLOURS = {"up": WARNING, "down": SOFT, "same": "#f1eee7"}
DIFFERENCE_INKS = {"up": "#ffffff", "down": INK, "same": INK}
DIFFERENCE_SIGNS = {"up": "▲", "down": "▼", "same": "="}


def to_rgba(colour: str, alpha: int = 255) -> list[int]:
    """Red, green, blue and alpha (0 to 255) of a colour written #rrggbb."""
    return [*(int(colour[start : start + 2], 16) for start in (1, 3, 5)), alpha]
