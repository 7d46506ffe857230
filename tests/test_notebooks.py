"""The notebooks run from top to bottom on a published city."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from governance import pipeline
from tests import tiny_world

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(notebook: Path, tmp_path: Path) -> None:
    city_file = tiny_world.write_tiny_world(tmp_path / "city")
    pipeline.build_city(
        city_file,
        tmp_path / "build",
        now_utc=tiny_world.READ_AT_UTC,
        as_of_utc=tiny_world.AS_OF_UTC,
        progress=lambda *_: None,
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GOVERNANCE_BUILD_DIR": str(tmp_path / "build")}
    command = [sys.executable, "-m", "pytest", "--nbmake", "-p", "no:cacheprovider", "-W", "default", str(notebook)]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
