"""What can be told of a visitor's screen: whether it is a phone's, and how much of a map on it is seen."""

from __future__ import annotations

import streamlit as st

# Width and height in pixels of the part of a map in which a place is to be seen whole.
_DESK_PX, _PHONE_PX = (800, 560), (340, 400)


def is_phone() -> bool:
    """Whether the browser says that it is a phone's; the server cannot see how wide its window is."""
    return "Mobi" in str(st.context.headers.get("User-Agent", ""))


def find_map_size() -> dict[str, int]:
    """`width_px` and `height_px` of a `Box` that is to be seen whole on the page's main map."""
    width_px, height_px = _PHONE_PX if is_phone() else _DESK_PX
    return {"width_px": width_px, "height_px": height_px}
