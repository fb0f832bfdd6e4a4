"""How threads of numeric libraries wait."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from places import PYTHONPATH

ASKED = (
    "import sys; from riis_physical.cli import main\n"
    "import click; from riis_physical.cli import cli\n"
    "import os\n"
    "@cli.command()\n"
    "def asked(): assert 'torch' not in sys.modules; print(os.environ['OMP_WAIT_POLICY'])\n"
    "main(['asked'])"
)


@pytest.mark.parametrize(("said", "expected"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_they_sleep_unless_the_environment_says_otherwise(
    said: str | None, expected: str, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    environment.pop("OMP_WAIT_POLICY", None)
    if said is not None:
        environment["OMP_WAIT_POLICY"] = said
    done = subprocess.run(
        [sys.executable, "-c", ASKED], capture_output=True, text=True, env=environment,
        cwd=tmp_path, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, expected), done.stderr
