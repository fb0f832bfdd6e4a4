"""Start-up of commands: what a first picture costs beyond the work on it.

`hide` at a given strength and at a chosen one, `simulate` and `scan` of one picture run twice in a
process of its own. What the first
run takes longer than the second is start-up: imports, the model, the first use of each library.
Several checkouts of the project are compared in one run, in turn.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from riis_physical.errors import RiisError
from riis_physical.images import save_image
from training.measure.common.environment import describe_environment
from training.measure.common.output import write_result

KIND = "start-up"
COMMANDS = ("hide", "hide, strength chosen", "simulate", "scan")
_TWICE = """
import contextlib, json, sys, time
spent = []
for arguments in json.loads(sys.argv[1]):
    from riis_physical.cli import main
    with contextlib.redirect_stdout(sys.stderr):
        try:
            main(arguments)
        except SystemExit as stop:
            assert not stop.code, stop.code
    spent.append((time.process_time(), time.perf_counter() - float(sys.argv[2])))
print(json.dumps(spent))
"""


def measure(
    checkouts: Sequence[Path], output: Path, *, repeat: int = 5, force: bool = False
) -> dict[str, Any]:
    """Medians of each command and checkout, which take turns.

    Args:
        checkouts: folders that hold the project, the first one the oldest.

    Raises:
        RiisError: a command failed, for example because a folder holds no project.
    """
    environment = describe_environment()
    runs: dict[tuple[int, str], list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="riis-start-up-") as name:
        folder = Path(name)
        save_image(folder / "host.png", _host())
        for turn in range(repeat):
            for number, checkout in enumerate(checkouts):
                for command in COMMANDS:
                    found = _run(checkout.resolve(), folder, command, f"{number}-{turn}")
                    runs.setdefault((number, command), []).append(found)
    figures = {
        "repeat": repeat,
        "environment": environment,
        "rows": [
            {
                "commit": _commit(checkouts[number]),
                "command": command,
                **{key: round(statistics.median(r[key] for r in found), 2) for key in found[0]},
            }
            for (number, command), found in runs.items()
        ],
    }
    return write_result(output, KIND, figures, force=force)


def _host() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Soft colours with texture, 900 x 700."""
    import cv2

    rng = np.random.default_rng(0)
    coarse = cv2.resize(rng.uniform(60, 200, (9, 9, 3)), (900, 700), interpolation=cv2.INTER_CUBIC)
    return np.clip(coarse + rng.normal(0, 8, (700, 900, 1)), 0, 255).astype(np.uint8)


def _run(checkout: Path, folder: Path, command: str, mark: str) -> dict[str, float]:
    """Seconds of start-up and of work."""
    container, photo = folder / f"container-{mark}.png", folder / f"photo-{mark}.jpg"
    hide = ["hide", str(folder / "host.png"), "-m", "https://example.org/a", "--force"]
    lines = {
        "hide": [*hide, "--strength", "1", "-o", str(container)],
        "hide, strength chosen": [*hide, "-o", str(container.with_suffix(".tif"))],
        "simulate": ["simulate", str(container), "-o", str(photo), "--seed", "1", "--force"],
        "scan": ["scan", str(photo)],
    }  # fmt: skip
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _TWICE, json.dumps([lines[command]] * 2), str(began)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "2"},
    )
    if done.returncode:
        raise RiisError(f"{command} of {checkout.name} failed: {done.stderr[-300:]}")
    (cpu, wall), (cpu_2, wall_2) = json.loads(done.stdout)
    return {
        "start_cpu_s": cpu - (cpu_2 - cpu),
        "start_s": wall - (wall_2 - wall),
        "work_cpu_s": cpu_2 - cpu,
        "work_s": wall_2 - wall,
    }


def _commit(checkout: Path) -> str:
    asked = ["git", "-C", str(checkout), "rev-parse", "--short=12", "HEAD"]
    done = subprocess.run(asked, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result for people."""
    for row in result["rows"]:
        yield (
            f"{row['commit']} {row['command']:21} start-up {row['start_s']:.2f} s "
            f"({row['start_cpu_s']:.2f} s of CPU), work {row['work_s']:.2f} s "
            f"({row['work_cpu_s']:.2f} s)"
        )
