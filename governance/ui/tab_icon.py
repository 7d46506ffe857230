"""The dashboard's sign in a browser's tab: four grids, each in a tier's colour or the accent's."""

from __future__ import annotations

from base64 import b64encode

from governance.ui.palette import ACCENT, TIER_COLOURS

_PLACES = ((1, 1), (9, 1), (1, 9), (9, 9))


def draw_icon() -> str:
    """The picture within its own address: nothing is fetched for it, and no run reads a file."""
    squares = "".join(
        f'<rect x="{x}" y="{y}" width="6" height="6" rx="1" fill="{colour}"/>'
        for (x, y), colour in zip(_PLACES, (*TIER_COLOURS.values(), ACCENT), strict=True)
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{squares}</svg>'
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


ICON = draw_icon()
