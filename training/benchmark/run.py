"""`riis-physical benchmark capture`: settings to captures to a result file.

Everything follows from the seed. Captures are simulated; the scan sees nothing but
the photo's file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from riis_physical.errors import ConfigError
from riis_physical.files import check_writable, write_text
from training.benchmark.records import BenchmarkRecord
from training.benchmark.runner import BenchmarkRunner, make_runner
from training.benchmark.settings import BenchmarkSettings, Point
from training.benchmark.summary import summarise
from training.evaluation.environment import describe_environment
from training.evaluation.journal import Journal
from training.evaluation.pool import run_tasks

#: Number of a capture, and the points of one sweep that are still to do with it.
Task = tuple[int, tuple[Point, ...]]

KIND = "capture-benchmark"
FORMAT = 1


def benchmark(
    settings: BenchmarkSettings,
    output: Path,
    *,
    workers: int = 1,
    force: bool = False,
    runner: BenchmarkRunner | None = None,
) -> dict[str, Any]:
    """Measure and write `output`, with every capture in a .jsonl file beside it.

    A .jsonl without its result is a benchmark that was stopped: with the same
    settings it goes on, with others it is refused unless `force`.

    Args:
        workers: processes.
        runner: runs in this process in place of workers.

    Returns:
        the result as written.

    Raises:
        OutputError: `output` exists and `force` is off, or cannot be written.
        RiisError: no such model, no pictures.
    """
    check_writable(output, force=force)
    if workers < 1:
        raise ConfigError(f"{workers} workers: expected at least 1")
    # Loaded here as well as in each worker, so that bad input is told at once.
    checked = make_runner(settings) if runner is None else runner
    weights, hosts = checked.revealer.record, checked.hosts
    environment = describe_environment()
    journal = Journal(
        output.with_suffix(".jsonl"),
        {
            "benchmark": "capture",
            "settings": settings.as_dict(),
            "model_sha256": weights.get("sha256"),
            "hosts_sha256": hosts.digest,
        },
        {key: environment[key] for key in ("commit", "date", "load_average")},
        parse=BenchmarkRecord.from_dict,
        fresh=force or output.exists(),
    )
    records, points = list(journal.done), settings.points()
    total = sum(settings.captures(point.sweep) for point in points)
    tasks = list(open_tasks(settings, points, records))
    with tqdm(total=total, initial=len(records), unit="capture", desc="benchmark") as progress:
        for batch in _run(settings, tasks, workers, runner, weights.get("sha256")):
            records += [journal.append(record) for record in batch]
            progress.update(len(batch))
    result = {
        "kind": KIND,
        "format": FORMAT,
        "captures": "simulated",
        "model": {
            "name": weights.get("name"),
            "sha256": weights.get("sha256"),
            "released": weights.get("released"),
        },
        "settings": settings.as_dict(),
        "hosts": {"pictures": len(hosts), "sha256": hosts.digest},
        "workers": workers,
        "threads_each": 1 if runner is None else None,
        "resumed_after": len(journal.done),
        "runs": journal.runs,
        "environment": environment,
        **summarise(points, records),
    }
    write_text(output, json.dumps(result, indent=1, ensure_ascii=False) + "\n", force=force)
    return result


def open_tasks(
    settings: BenchmarkSettings, points: Iterable[Point], done: Iterable[BenchmarkRecord]
) -> Iterator[Task]:
    """What is still to do, capture by capture, so that all points grow together."""
    known = {(record.point, record.index) for record in done}
    by_sweep: dict[str, list[Point]] = {}
    for point in points:
        by_sweep.setdefault(point.sweep, []).append(point)
    for index in range(max(settings.captures(sweep) for sweep in by_sweep)):
        for sweep, own in by_sweep.items():
            left = tuple(point for point in own if (point, index) not in known)
            if left and index < settings.captures(sweep):
                yield (index, left)


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result for people, one line for each point."""
    for row in result["detection"]:
        error = row["corner_error"]
        yield (
            f"detection, {row['preset']}, margin {row['margin']:g}: found {_rate(row['recall'])}, "
            + ("" if error is None else f"corners off by {error['mean']:.2%} of the width, ")
            + f"read {_rate(row['decode'])}, with the true corners {_rate(row['decode_given'])}"
        )
    for sweep, rows in result["sweeps"].items():
        for row in rows:
            visible = ", ".join(f"{name} {_rate(r)}" for name, r in row["visible"].items())
            yield (
                f"{sweep} {row['value']:g}: read {_rate(row['decode'])}, with the true corners "
                f"{_rate(row['decode_given'])}; visible code: {visible}"
            )
    if result["wrong_texts"]:
        yield f"WRONG TEXTS {result['wrong_texts']}"


def _rate(found: dict[str, Any] | None) -> str:
    return "not measured" if found is None else f"{found['hits']} of {found['trials']}"


def _run(
    settings: BenchmarkSettings,
    tasks: list[Task],
    workers: int,
    runner: BenchmarkRunner | None,
    sha256: str | None,
) -> Iterator[list[BenchmarkRecord]]:
    if runner is not None:
        for task in tasks:
            yield list(runner.run(*task))
    else:
        yield from run_tasks(partial(make_runner, sha256=sha256), settings, tasks, workers)
