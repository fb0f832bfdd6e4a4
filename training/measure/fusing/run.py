"""`riis-physical measure fuse`: settings to photos to a result file.

Each photo is scanned once: its findings give the answer of the photo alone and are added up
with those of the photos before it, as `scan --fuse` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from training.measure.common.experiment import (
    Experiment,
    carry_out,
    check_output,
    each,
    simulated,
)
from training.measure.fusing.records import FuseRecord
from training.measure.fusing.runner import FuseRunner, make_fuse_runner
from training.measure.fusing.settings import FuseSettings
from training.measure.fusing.summary import summarise_fuse

KIND = "fuse-benchmark"


def benchmark_fuse(
    settings: FuseSettings,
    output: Path,
    *,
    workers: int = 1,
    force: bool = False,
    runner: FuseRunner | None = None,
) -> dict[str, Any]:
    """Measure and write `output`; see :func:`carry_out`.

    Args:
        runner: runs in this process in place of workers.
    """
    check_output(output, workers=workers, force=force)
    # Loaded here as well as in each worker, so that bad input is told at once.
    made = make_fuse_runner(settings) if runner is None else runner
    weights = made.revealer.record
    experiment = Experiment(
        kind=KIND,
        **simulated(settings.as_dict(), weights, made.hosts, benchmark="fuse"),
        settings=settings,
        make=partial(make_fuse_runner, sha256=weights.get("sha256")),
        parse=FuseRecord.from_dict,
        **each([(index,) for index in range(settings.n)], "index"),
        unit="container",
        summarise=lambda records: summarise_fuse(
            settings.frames, sorted(records, key=lambda record: record.index)
        ),
    )
    return carry_out(experiment, output, workers=workers, force=force, here=runner)


def fuse_lines(result: dict[str, Any]) -> Iterator[str]:
    """A result for people."""
    failures, frames = result["failures"], result["settings"]["frames"]
    yield (
        f"{result['containers']} containers, {frames} simulated photos of each, preset "
        f"{result['settings']['preset']}, strength {result['settings']['strength']:g}"
    )
    yield f"not read from the first photo    {_rate(failures['first'])}"
    yield f"from one photo, mean of all      {failures['single']['rate']:.1%}"
    yield f"from whichever reads alone       {_rate(failures['best'])}"
    yield f"from all added up                {_rate(failures['fused'])}"
    for name, key in (("first photo", "fused_minus_first"), ("best photo ", "fused_minus_best")):
        apart = result[key]
        yield (
            f"added up minus {name}       {apart['difference']:+.1%} "
            f"({apart['low']:+.1%} to {apart['high']:+.1%})"
        )
    yield "not read by photos added up      " + ", ".join(
        f"{row['frames']}: {row['fused']['hits']}" for row in result["curve"]
    )
    if any(result["wrong_texts"].values()):
        yield f"WRONG TEXTS {sum(result['wrong_texts'].values())}"


def _rate(found: dict[str, Any]) -> str:
    return (
        f"{found['hits']} of {found['trials']}, {found['rate']:.1%} "
        f"({found['low']:.1%} to {found['high']:.1%})"
    )
