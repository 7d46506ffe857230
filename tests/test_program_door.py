"""Scripts and styles of the program travel zipped, and are what Streamlit has; all other requests are let through."""

from __future__ import annotations

import gzip
import re
import threading
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send
from streamlit.file_util import get_static_dir

from governance.ui import program_door
from governance.ui.program_door import ProgramDoor
from tests.asked_app import ask_app

STATIC = Path(get_static_dir())
INDEX = (STATIC / "index.html").read_text(encoding="utf-8")
STARTED = re.findall(r'\./(static/(?:js|css)/[^"]+)', INDEX)
SCRIPT = next(path for path in STARTED if path.endswith(".js"))
THROUGH = 299


async def let_through(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": THROUGH, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_all_that_a_page_starts_with_comes_zipped_and_whole() -> None:
    assert len(STARTED) > 20
    for path in [*STARTED, *(f"static/js/{file.name}" for file in STATIC.glob("static/js/DeckGlJsonChart.*.js"))]:
        status, headers, body = ask_app(ProgramDoor(let_through), f"/{path}", accept_encoding="gzip, br")
        assert status == 200
        assert headers["content-encoding"] == "gzip"
        assert "immutable" in headers["cache-control"]
        assert headers["vary"] == "Accept-Encoding"
        assert headers["content-type"] == f"text/{'javascript' if path.endswith('js') else 'css'}; charset=utf-8"
        assert gzip.decompress(body) == (STATIC / path).read_bytes()


@pytest.mark.parametrize(
    "path",
    ["/", "/map", "/index.html", "/static/js/none.1a2b.js", f"/{SCRIPT}/", f"/{SCRIPT}.map", f"/map/{SCRIPT}",
     f"/{SCRIPT.replace('/js/', '/css/')}", "/static/js/../../index.html", "/static/js/%2e%2e/index.js",
     "/static/media/a.woff2", "/style/a.css", "/wall/wall.js"],
)  # fmt: skip
def test_what_is_no_script_or_style_of_the_program_is_let_through(path: str) -> None:
    assert ask_app(ProgramDoor(let_through), path, accept_encoding="gzip")[0] == THROUGH


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("GET", {"accept_encoding": "br"}),
        ("GET", {"accept_encoding": "br, gzip;q=0"}),
        ("GET", {"accept_encoding": "gzip; q=0.00"}),
        ("GET", {"accept_encoding": "xgzip"}),
        ("GET", {"accept_encoding": "gzip", "range": "bytes=0-9"}),
        ("HEAD", {"accept_encoding": "gzip"}),
        ("POST", {"accept_encoding": "gzip"}),
    ],
)
def test_who_wants_it_otherwise_is_let_through(method: str, headers: dict[str, str]) -> None:
    assert ask_app(ProgramDoor(let_through), f"/{SCRIPT}", method=method, **headers)[0] == THROUGH


def test_below_another_path_they_are_found_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_door, "add_base", lambda path: f"/city{path}")
    for path, status in ((f"/city/{SCRIPT}", 200), (f"/town/{SCRIPT}", THROUGH)):
        assert ask_app(ProgramDoor(let_through), path, accept_encoding="gzip")[0] == status


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip", "gzip;q=0.5, br", "deflate,GZIP ; q=1.0"])
def test_who_reads_gzip_among_others_gets_it(accepted: str) -> None:
    headers = ask_app(ProgramDoor(let_through), f"/{SCRIPT}", accept_encoding=accepted)[1]
    assert headers["content-encoding"] == "gzip"


def test_who_asks_at_once_waits_for_one_zipping(monkeypatch: pytest.MonkeyPatch) -> None:
    zipped: list[int] = []
    compress = gzip.compress

    def count(content: bytes, **options: int) -> bytes:
        zipped.append(len(content))
        return compress(content, **options)

    monkeypatch.setattr(program_door, "_ZIPPED", {})
    monkeypatch.setattr(program_door.gzip, "compress", count)
    bodies: list[bytes] = []

    def ask() -> None:
        bodies.append(ask_app(ProgramDoor(let_through), f"/{SCRIPT}", accept_encoding="gzip")[2])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(zipped) == 1
    assert len(set(bodies)) == 1
    assert len(bodies) == 8


def test_all_scripts_and_styles_bear_a_mark_of_their_content() -> None:
    """That is why a browser may keep them for ever, whatever version of Streamlit comes next."""
    names = [file.name for folder in ("js", "css") for file in (STATIC / "static" / folder).iterdir()]
    assert [name for name in names if not re.fullmatch(r".+\.[\w-]{8,}\.(js|css)", name)] == []
