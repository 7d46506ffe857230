"""The answer of a route that hands out what is zipped already, under an address whose content never changes."""

from __future__ import annotations

import gzip

from starlette.requests import Request
from starlette.responses import Response

FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


def give_zipped(request: Request, zipped: bytes) -> Response:
    """The JSON as it is kept, or unzipped for who does not read gzip."""
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(zipped, media_type="application/json", headers={**FOR_EVER, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(zipped), media_type="application/json", headers=FOR_EVER)
