"""`riis-physical measure sweep`: settings to captures to a result file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from training.measure.common.experiment import Experiment, carry_out, check_output, simulated
from training.measure.sweeps.records import BenchmarkRecord
from training.measure.sweeps.runner import BenchmarkRunner, make_runner
from training.measure.sweeps.settings import BenchmarkSettings, Point
from training.measure.sweeps.summary import summarise

#: Number of a capture, and the points of one sweep that are still to do with it.
Task = tuple[int, tuple[Point, ...]]

KIND = "capture-benchmark"


def benchmark(
    settings: BenchmarkSettings,
    output: Path,
    *,
    workers: int = 1,
    force: bool = False,
    runner: BenchmarkRunner | None = None,
) -> dict[str, Any]:
    """Measure and write `output`; see :func:`carry_out`.

    Args:
        runner: runs in this process in place of workers.
    """
    check_output(output, workers=workers, force=force)
    # Loaded here as well as in each worker, so that bad input is told at once.
    made = make_runner(settings) if runner is None else runner
    weights, points = made.revealer.record, settings.points()
    experiment = Experiment(
        kind=KIND,
        **simulated(settings.as_dict(), weights, made.hosts, benchmark="capture"),
        settings=settings,
        make=partial(make_runner, sha256=weights.get("sha256")),
        parse=BenchmarkRecord.from_dict,
        left=lambda done: list(open_tasks(settings, points, done)),
        total=sum(settings.captures(point.sweep) for point in points),
        unit="capture",
        summarise=lambda records: summarise(points, records),
    )
    return carry_out(experiment, output, workers=workers, force=force, here=runner)


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
