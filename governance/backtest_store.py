"""Where backtests are kept: beside the snapshots, one folder each, written once; pages and reports read them here.

A backtest lies in `<build>/backtests/<generation>-<name of its settings and makers>/`: `summary.parquet` (one row per
scenario, model, horizon and metric, see `hazard.summary.SUMMARY`), `outcomes.parquet` (one row per day judged, too),
`about.json`, and the report with its pictures.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from governance.errors import NotReadyError

FOLDER = "backtests"
COMMAND = "python -m governance backtest"
PRODUCT = "additive"
"""The name of the model whose forecasts are published."""
COUNTS = ("counts_28", "counts_91", "counts_364", "counts_all")
"""The names of the models that only count; the best of them, in hindsight, is what a model must beat."""


@dataclass(frozen=True)
class Result:
    """A backtest. summary and outcomes: tables; about: what was judged, what validation chose, what was audited."""

    summary: pa.Table
    outcomes: pa.Table
    about: dict[str, Any]


def store_result(result: Result, build_dir: Path, write_report: Callable[[Path], None]) -> Path:
    """Keep a backtest, see `locate_result`; gives its folder. One that is there already stays as it is."""
    folder = locate_result(result.about, build_dir)
    if folder.exists():
        return folder
    draft = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    pq.write_table(result.summary, draft / "summary.parquet")
    pq.write_table(result.outcomes, draft / "outcomes.parquet")
    (draft / "about.json").write_text(json.dumps(result.about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    write_report(draft)
    return draft.rename(folder)


def locate_result(about: Mapping[str, Any], build_dir: Path) -> Path:
    """The folder of the backtest of a `generation` with these `settings`, whether it has been run or not.

    `made_by`: names of the snapshot's file and of the program, so that neither another snapshot of the same number nor
    a newer program passes for the one that was judged.
    """
    text = json.dumps([about["settings"], about.get("made_by", {})], sort_keys=True)
    return build_dir / FOLDER / f"{about['generation']}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def find_result(build_dir: Path, generation: str | None = None) -> Path:
    """The folder of the newest backtest kept in `build_dir`, or of the newest of a generation.

    Raises NotReadyError, saying what to run, where there is none.
    """
    found = sorted((build_dir / FOLDER).glob(f"{generation or '[0-9]*'}-*/about.json"), key=_read_age)
    if not found:
        raise NotReadyError(f"No backtest has been run on this build. Run: {COMMAND}")
    return found[-1].parent


def read_result(build_dir: Path, generation: str | None = None) -> Result:
    """The newest backtest kept in `build_dir`, or the newest of a generation.

    Raises NotReadyError, saying what to run, where there is none.
    """
    return read_folder(find_result(build_dir, generation))


def read_folder(folder: Path) -> Result:
    """The backtest in a folder of `find_result`."""
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    return Result(pq.read_table(folder / "summary.parquet"), pq.read_table(folder / "outcomes.parquet"), about)


def _read_age(path: Path) -> tuple[str, float]:
    return path.parent.name.partition("-")[0], path.stat().st_mtime
