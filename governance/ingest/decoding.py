"""Text files as UTF-8 byte streams: decoded strictly, unzipped, in bounded memory.

A byte that does not fit the stated encoding refuses the file with its line and the encoding that would fit.
So does a file that fits by accident: UTF-8 read as GB18030 often decodes, into nonsense.
"""

from __future__ import annotations

import codecs
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import charset_normalizer

from governance.errors import InputError

CHUNK_BYTES = 1 << 20
_SAMPLE_BYTES = 1 << 16


@dataclass(frozen=True)
class DecodedText:
    """A text file as UTF-8: the stream from its start, and how many quotation marks it holds."""

    stream: IO[bytes]
    quotes: int


@contextmanager
def decoded(path: Path, encoding: str) -> Iterator[DecodedText]:
    """The file's text as UTF-8 that ends with a line end; raises InputError if it is not in `encoding`."""
    with open_bytes(path) as source, tempfile.TemporaryFile() as target:
        quotes = _transcode(path, source, target, encoding)
        target.seek(0)
        yield DecodedText(target, quotes)


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes; of a zip archive, those of the one CSV file in it."""
    if path.suffix.lower() != ".zip":
        with path.open("rb") as stream:
            yield stream
        return
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if _is_csv(name)]
        if len(names) != 1:
            raise InputError(f"{path.name} holds {len(names)} CSV files; it must hold exactly one.")
        with archive.open(names[0]) as stream:
            yield stream


def _is_csv(name: str) -> bool:
    # Archives made on macOS carry a shadow of every file.
    return name.lower().endswith(".csv") and not name.startswith("__MACOSX/")


def _transcode(path: Path, source: IO[bytes], target: IO[bytes], encoding: str) -> int:
    """Copy as UTF-8; gives the number of quotation marks."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    watch = _Utf8Watch(encoding)
    lines = quotes = 0
    text, last = "", "\n"
    while True:
        chunk = source.read(CHUNK_BYTES)
        watch.look(chunk)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise InputError(_describe_fault(path, encoding, error, lines)) from error
        target.write(text.encode())
        lines += text.count("\n")
        quotes += text.count('"')
        last = text[-1:] or last
        if not chunk:
            break
    if watch.is_sure:
        raise InputError(
            f"{path.name}: every byte fits utf-8, but the source says {encoding}. "
            'Set `encoding = "utf-8"` for this source.'
        )
    if last != "\n":
        target.write(b"\n")
    return quotes


class _Utf8Watch:
    """Looks at the same bytes and is sure if they are UTF-8 beyond chance, though another encoding was stated."""

    def __init__(self, encoding: str) -> None:
        name = codecs.lookup(encoding).name
        self._decoder = None if name.startswith("utf") else codecs.getincrementaldecoder("utf-8")("strict")
        # Two-byte letters come about by chance in Chinese text, Chinese signs in the right place do not.
        self._telling = re.compile(r"[\u4e00-\u9fff]" if name.startswith("gb") else r"[^\x00-\x7f]")
        self._found = False

    @property
    def is_sure(self) -> bool:
        return self._decoder is not None and self._found

    def look(self, chunk: bytes) -> None:
        if self._decoder is None:
            return
        try:
            text = self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            self._decoder = None
            return
        self._found = self._found or bool(self._telling.search(text))


def _describe_fault(path: Path, encoding: str, error: UnicodeDecodeError, lines: int) -> str:
    before = error.object[: error.start]
    line = lines + before.count(b"\n") + 1
    start = max(0, error.start - _SAMPLE_BYTES // 2)
    guess = _guess_encoding(error.object[start : start + _SAMPLE_BYTES])
    hint = f" The bytes look like {guess}; set `encoding` of this source." if guess else " Save the file again."
    return f"{path.name}, about line {line}: the text is not {encoding}.{hint}"


def _guess_encoding(sample: bytes) -> str | None:
    """The encoding of whole lines of `sample`: the usual two of Chinese systems first, then what statistics say."""
    end = sample.rfind(b"\n")
    lines = sample[sample.find(b"\n") + 1 if sample.count(b"\n") > 1 else 0 : end + 1] or sample
    for name, strict in (("utf-8", "utf-8"), ("gb18030", "gb2312")):
        if _fits(lines, strict):
            return name
    guess = charset_normalizer.from_bytes(lines, cp_exclusion=["utf_16", "utf_16_be", "utf_16_le"]).best()
    return guess.encoding if guess else ("gb18030" if _fits(lines, "gb18030") else None)


def _fits(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
