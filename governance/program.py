"""The program's own files, so that what they made can be told from what another version made."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path


@cache
def hash_sources(folder: Path, *, without: tuple[str, ...] = ()) -> str:
    """One name for the code, SQL and tables of texts in a folder of the program, but for some of its rooms."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.suffix in {".py", ".sql", ".toml"} and place.parts[0] not in without:
            digest.update(f"{place.as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
