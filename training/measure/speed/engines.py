"""Reading with ONNX Runtime against reading with torch: time and memory.

`riis-physical scan` of one photo is run again and again in processes of its own, on one core
and on two, with either engine in turn. A photo of 12 megapixels is read, and one that holds
no container is searched; both are simulated.
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

from riis_physical.errors import RiisError
from training.measure.common.environment import describe_environment
from training.measure.common.output import write_result
from training.measure.speed.run import make_pictures

KIND = "reading-engines"
ENGINES = ("torch", "onnx")
PHOTOS = ("photo", "empty")
_SCAN = "from riis_physical.cli import main; import sys; main(sys.argv[1:])"


def measure(
    model: str,
    output: Path,
    *,
    cores: Sequence[int] = (1, 2),
    repeat: int = 5,
    force: bool = False,
) -> dict[str, Any]:
    """All figures, the engines taking turns.

    Raises:
        RiisError: a scan failed, for example because there is no such model.
    """
    environment = describe_environment()
    runs: dict[tuple[int, str, str], list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory(prefix="riis-engines-") as name:
        folder = Path(name)
        made = make_pictures(folder, model)
        for _ in range(repeat):
            for count in cores:
                for photo in PHOTOS:
                    for engine in ENGINES:
                        one = _scan(folder / f"{photo}.jpg", model, engine, count)
                        runs.setdefault((count, photo, engine), []).append(one)
    figures = {
        "model": made["model"],
        "repeat": repeat,
        "environment": environment,
        "rows": [_row(*key, found) for key, found in runs.items()],
    }
    return write_result(output, KIND, figures, force=force)


def _row(cores: int, photo: str, engine: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians, with the least and the most, of the runs of one kind."""

    def spread(key: str) -> dict[str, float]:
        values = [run[key] for run in runs]
        return {
            "median": round(statistics.median(values), 3),
            "least": round(min(values), 3),
            "most": round(max(values), 3),
        }

    return {
        "cores": cores,
        "photo": photo,
        "engine": engine,
        "read": all(run["status"] == "decoded" for run in runs),
        **{key: spread(key) for key in ("command_s", "work_s", "start_s", "cpu_s", "memory_mb")},
    }


def _scan(photo: Path, model: str, engine: str, cores: int) -> dict[str, Any]:
    """One run of the command line; times in seconds."""
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    arguments = ["scan", str(photo), "--json", "--model", model, "--engine", engine]
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", _SCAN, *arguments, "--device", "cpu"],
        stdout=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": str(cores)},
        preexec_fn=lambda: os.sched_setaffinity(0, allowed),
    )
    assert process.stdout is not None
    told = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    whole = time.perf_counter() - began
    if not told:
        raise RiisError(f"the scan with {engine} ended with status {status} and said nothing")
    record = json.loads(told.splitlines()[0])
    work = record["timings_ms"]["total"] / 1000
    return {
        "status": record["status"],
        "command_s": whole,
        "work_s": work,
        "start_s": whole - work,
        "cpu_s": used.ru_utime + used.ru_stime,
        "memory_mb": used.ru_maxrss * 1024 / 1e6,
    }


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result as a table for people."""
    names = f"{'cores':<7}{'photo':<8}{'engine':<8}"
    yield f"{names}{'command':>10}{'work':>9}{'start':>9}{'memory':>10}"
    for row in result["rows"]:
        yield (
            f"{row['cores']:<7}{row['photo']:<8}{row['engine']:<8}"
            f"{row['command_s']['median']:>8.2f} s{row['work_s']['median']:>7.2f} s"
            f"{row['start_s']['median']:>7.2f} s{row['memory_mb']['median']:>7.0f} MB"
        )
    yield f"{result['environment']['cpu']}, load before {result['environment']['load_average']:g}"
