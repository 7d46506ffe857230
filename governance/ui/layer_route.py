"""The routes that hand the map's layers to the browser: by generation, unchangeable, zipped, nothing else.

Whoever may see the pages may see them: like the pages they are open in this version, and the access check belongs here.
They hold places and counts, no id, no text and no time of a case.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from governance.city import City
from governance.program import hash_sources
from governance.shapes.features import GROUND
from governance.ui.base_path import add_base
from governance.ui.generations import list_generations
from governance.ui.map_marks import MARKS, draw_hover, encode_base_layer, encode_marks, encode_style
from governance.ui.map_points import KINDS, Subject, encode_heat, encode_letters, encode_tile, find_letters, find_points
from governance.ui.tile_address import read_number, read_tile
from governance.ui.zipped_answer import reads_gzip

_PREFIX = "/layers"
_NAMED, _NAMED_PROGRAM = 20, 8
_SMALL = 600
_HEADERS = {"Cache-Control": "private, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
_JSON, _SVG = "application/json", "image/svg+xml"
Answer = Callable[[City, dict[str, str]], bytes | None]


def list_routes(build_dir: Path) -> list[Route]:
    """The routes of the map's layers; each path begins with the generation that it shows."""

    def make_route(path: str, answer: Answer, media_type: str) -> Route:
        def serve(request: Request) -> Response:
            return _serve(request, build_dir, answer, media_type)

        return Route(add_base(f"{_PREFIX}/{{generation}}/{path}"), serve, methods=["GET"])

    return [make_route(path, answer, media_type) for path, (answer, media_type) in _ANSWERS.items()]


def locate_layer(city: City, path: str) -> str:
    """The address of something of a city's generation on this server, as the browser asks for it."""
    return add_base(f"{_PREFIX}/{_name_generation(city)}/{path}")


def _serve(request: Request, build_dir: Path, answer: Answer, media_type: str) -> Response:
    given = dict(request.query_params) | {str(name): str(value) for name, value in request.path_params.items()}
    city = _find_city(build_dir, given["generation"])
    body = answer(city, given) if city else None
    if body is None:
        return PlainTextResponse("There is no such layer.", status_code=404)
    headers = dict(_HEADERS)
    if len(body) > _SMALL and reads_gzip(request.headers):
        body, headers["Content-Encoding"] = gzip.compress(body, 6, mtime=0), "gzip"
    return Response(body, media_type=media_type, headers=headers)


def _find_city(build_dir: Path, generation: str) -> City | None:
    """The city of a generation: the current one, or the one before, which open pages still show."""
    return next((city for city in list_generations(build_dir) if _name_generation(city) == generation), None)


def _name_generation(city: City) -> str:
    """Content under one address never changes: the name tells the snapshot, and the program that draws from it."""
    return f"{city.current.sha256[:_NAMED]}-{hash_sources(Path(__file__).parent)[:_NAMED_PROGRAM]}"


def _answer_tile(city: City, given: dict[str, str]) -> bytes | None:
    tile, subject = read_tile(given), _read_subject(given)
    if tile is None or subject is None or given["kind"] not in KINDS:
        return None
    return encode_tile(find_points(city, given["kind"], subject), **tile)


def _answer_letters(city: City, given: dict[str, str]) -> bytes | None:
    tile, subject = read_tile(given), _read_subject(given)
    return encode_letters(find_letters(city, subject), **tile) if tile and subject else None


def _answer_heat(city: City, given: dict[str, str]) -> bytes | None:
    subject = _read_subject(given)
    return encode_heat(find_points(city, "incidents", subject)) if subject else None


def _answer_marks(city: City, given: dict[str, str]) -> bytes | None:
    subject = _read_subject(given)
    return encode_marks(city, given["kind"], subject) if subject and given["kind"] in MARKS else None


def _read_subject(given: dict[str, str]) -> Subject | None:
    level = given.get("level", "0")
    return Subject(given["scenario"], int(level), given.get("unit", "")) if level in {"0", "1", "2", "3"} else None


def _answer_base(city: City, given: dict[str, str]) -> bytes | None:
    return encode_base_layer(city, given["sha256"])


def _answer_style(city: City, _given: dict[str, str]) -> bytes | None:
    return encode_style(city)


def _answer_hover(city: City, given: dict[str, str]) -> bytes | None:
    number = GROUND if given["number"] == str(GROUND) else read_number(given["number"])
    return None if number is None else draw_hover(city, given["language"], given["scenario"], number)


_ANSWERS: dict[str, tuple[Answer, str]] = {
    "points/{kind}/{scenario}/{zoom}/{column}/{row}.json": (_answer_tile, _JSON),
    "letters/{scenario}/{zoom}/{column}/{row}.json": (_answer_letters, _JSON),
    "heat/{scenario}.json": (_answer_heat, _JSON),
    "marks/{kind}/{scenario}.json": (_answer_marks, _JSON),
    "base/{sha256}.json": (_answer_base, _JSON),
    "style.json": (_answer_style, _JSON),
    "hover/{language}/{scenario}/{number}.svg": (_answer_hover, _SVG),
}
