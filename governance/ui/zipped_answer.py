"""The answer of a route that hands out what is zipped already, under an address whose content never changes."""

from __future__ import annotations

import gzip
import re

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


def reads_gzip(headers: Headers) -> bool:
    """Whether the asker takes gzip, and did not say that it takes it with weight 0."""
    parts = [part.replace(" ", "").lower() for part in headers.get("accept-encoding", "").split(",")]
    return any(re.fullmatch(r"gzip(;q=(1(\.0*)?|0\.\d*[1-9]\d*))?", part) for part in parts)


def give_zipped(request: Request, zipped: bytes) -> Response:
    """The JSON as it is kept, or unzipped for who does not read gzip."""
    if reads_gzip(request.headers):
        return Response(zipped, media_type="application/json", headers={**FOR_EVER, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(zipped), media_type="application/json", headers=FOR_EVER)
