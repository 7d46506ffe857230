"""A door for the files of the program: Streamlit hands its scripts out as they lie, 6 MB for a page with a map."""

from __future__ import annotations

import gzip
import re
import threading
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.file_util import get_static_dir

from governance.ui.base_path import add_base
from governance.ui.zipped_answer import FOR_EVER, reads_gzip

_FILE = re.compile(r"static/(?:js|css)/[\w-][\w.-]*\.(?:js|css)")
_ZIPPED: dict[Path, bytes] = {}
_ZIPPING = threading.Lock()
_MEDIA = {".js": "text/javascript", ".css": "text/css"}


class ProgramDoor:
    """Hands out scripts and styles zipped, each zipped once; a third of the bytes, and as long kept by the browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for such a file, and let all others through."""
        file = _find_file(scope)
        if file is None:
            await self._app(scope, receive, send)
            return
        zipped = _ZIPPED.get(file) or await run_in_threadpool(_zip_once, file)
        headers = {**FOR_EVER, "Content-Encoding": "gzip"}
        await Response(zipped, media_type=_MEDIA[file.suffix], headers=headers)(scope, receive, send)


def _find_file(scope: Scope) -> Path | None:
    """The file that is asked for, whole and zipped, such as `static/js/index.1a2b.js`; None for all else."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    path: str = scope["path"].removeprefix(add_base("/"))
    headers = Headers(scope=scope)
    if "range" in headers or not reads_gzip(headers) or not _FILE.fullmatch(path):
        return None
    file = Path(get_static_dir()) / path
    return file if file.is_file() else None


def _zip_once(file: Path) -> bytes:
    # Many visitors may ask for the same at once, as after a start. Names bear a mark of the content.
    with _ZIPPING:
        if file not in _ZIPPED:
            _ZIPPED[file] = gzip.compress(file.read_bytes(), mtime=0)
    return _ZIPPED[file]
