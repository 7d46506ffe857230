"""An application asked as a server asks it, without one."""

from __future__ import annotations

import asyncio
from urllib.parse import unquote

from starlette.types import ASGIApp


def ask_app(
    app: ASGIApp, path: str, *, method: str = "GET", scheme: str = "http", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer."""
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        sent.append(message)

    address, _, query = path.partition("?")
    scope = {
        "type": "http", "method": method, "path": unquote(address), "raw_path": address.encode(),
        "query_string": query.encode(),
        "root_path": "", "scheme": scheme, "http_version": "1.1", "server": ("here", 80),
        "headers": [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()],
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    told = {name.decode(): text.decode() for name, text in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent[1:])
