"""Where the dashboard lies on its server: the path that stands before all its addresses."""

from __future__ import annotations

import streamlit as st


def read_base() -> str:
    """The path before all addresses, such as "/governance"; "" at the root of the server."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def add_base(path: str) -> str:
    """A path of the dashboard as the browser asks for it, and as the server is asked."""
    return f"{read_base()}{path}"
