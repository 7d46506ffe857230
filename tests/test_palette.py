"""The tiers can be told apart without red or green, and every text has contrast enough."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from governance.ui import palette

# Machado, Oliveira, Fernandes 2009, severity 1.0, for linear RGB: doi.org/10.1109/TVCG.2009.113
SIGHTS = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
# sRGB to CIE XYZ, and the white point D65 (IEC 61966-2-1).
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(axis=1)
ONE_GLANCE = 20.0


def to_linear(colour: str) -> np.ndarray:
    part = np.array(palette.to_rgba(colour)[:3]) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def to_lab(linear: np.ndarray) -> np.ndarray:
    ratio = TO_XYZ @ np.clip(linear, 0, 1) / WHITE
    x, y, z = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(ink: str, ground: str) -> float:
    """As WCAG 2.1 defines it."""
    light, dark = sorted((0.2126, 0.7152, 0.0722) @ to_linear(colour) + 0.05 for colour in (ink, ground))[::-1]
    return light / dark


def test_the_lab_of_pure_red_is_the_published_one() -> None:
    assert to_lab(to_linear("#ff0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.1)


def test_black_on_white_has_the_greatest_contrast() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("pair", list(combinations((*palette.TIERS, "outside"), 2)))
def test_tiers_stay_apart(sight: str, pair: tuple[str, str]) -> None:
    colours = {**palette.TIER_COLOURS, "outside": palette.OUTSIDE}
    first, second = (to_lab(SIGHTS[sight] @ to_linear(colours[name])) for name in pair)
    # What lies outside a chosen unit is told from green by its place too: it is behind the border line.
    needed = 5 if set(pair) == {"green", "outside"} else ONE_GLANCE
    assert np.linalg.norm(first - second) > needed


@pytest.mark.parametrize("tier", palette.TIERS)
def test_letters_can_be_read_on_their_tier(tier: str) -> None:
    assert contrast(palette.TIER_INKS[tier], palette.TIER_COLOURS[tier]) >= 4.5
    assert palette.TIER_LETTERS[tier] == tier[0].upper()


@pytest.mark.parametrize("ground", [palette.PAPER, palette.PANEL])
@pytest.mark.parametrize("ink", [palette.INK, palette.MUTED, palette.ACCENT, palette.WARNING])
def test_texts_can_be_read(ink: str, ground: str) -> None:
    assert contrast(ink, ground) >= 4.5


WALL_TIERS = {**palette.WALL_TIER_COLOURS, "outside": palette.WALL_OUTSIDE}


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("pair", list(combinations(WALL_TIERS, 2)))
def test_tiers_stay_apart_on_the_dark_wall(sight: str, pair: tuple[str, str]) -> None:
    first, second = (to_lab(SIGHTS[sight] @ to_linear(WALL_TIERS[name])) for name in pair)
    assert np.linalg.norm(first - second) > ONE_GLANCE


@pytest.mark.parametrize("tier", palette.TIERS)
def test_letters_can_be_read_on_their_tier_on_the_wall(tier: str) -> None:
    assert contrast(palette.WALL_TIER_INKS[tier], palette.WALL_TIER_COLOURS[tier]) >= 4.5


@pytest.mark.parametrize("ink", [palette.WALL_INK, palette.WALL_MUTED, palette.WALL_ACCENT, palette.WALL_WARNING])
def test_texts_can_be_read_on_the_wall(ink: str) -> None:
    assert contrast(ink, palette.WALL_PAPER) >= 4.5
