"""A door for addresses of pages that the dashboard does not have: they lead to the overview, which says so.

Left alone, Streamlit shows its first page below a message that knows English only.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from governance.ui.base_path import add_base

LOST = "lost"
_LONGEST = 60
_OF_THE_SERVER = {"healthz", "script-health-check"}


class PageDoor:
    """Leads `/x` to `/?lost=x` where there is no page x, and the first page's own name to `/`."""

    def __init__(self, app: ASGIApp, pages: Collection[str], first: str) -> None:
        self._app, self._pages, self._first = app, pages, first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect, or let the request through."""
        name = _read_page(scope)
        if not name or (name in self._pages and name != self._first):
            await self._app(scope, receive, send)
            return
        asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        told = [*asked, *([] if name == self._first else [(LOST, name[:_LONGEST])])]
        query = f"?{urlencode(told)}" if told else ""
        await RedirectResponse(f"{add_base('/')}{query}")(scope, receive, send)


def _read_page(scope: Scope) -> str:
    """The one name that the path consists of; "" for files, for paths with more parts, and for what no visitor asks."""
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return ""
    before = add_base("/")
    path: str = scope["path"]
    name = path.removeprefix(before).removesuffix("/") if path.startswith(before) else ""
    return "" if set(name) & {"/", "."} or name.startswith("_") or name in _OF_THE_SERVER else name
