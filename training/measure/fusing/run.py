"""`riis-physical benchmark fuse`: settings to photos to a result file.

Everything follows from the seed. Photos are simulated; the scan sees nothing but
their files, and each is scanned once: its findings give the answer of the photo alone
and are added up with those of the photos before it, as `scan --fuse` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from training.measure.common.harness import Measurement, Subject, check_output
from training.measure.fusing.records import FuseRecord
from training.measure.fusing.runner import FuseRunner, make_fuse_runner
from training.measure.fusing.settings import FuseSettings
from training.measure.fusing.summary import summarise_fuse

KIND = "fuse-benchmark"
FORMAT = 1


def benchmark_fuse(
    settings: FuseSettings,
    output: Path,
    *,
    workers: int = 1,
    force: bool = False,
    runner: FuseRunner | None = None,
) -> dict[str, Any]:
    """Measure and write `output`, with every container in a .jsonl file beside it.

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
    check_output(output, workers=workers, force=force)
    # Loaded here as well as in each worker, so that bad input is told at once.
    checked = make_fuse_runner(settings) if runner is None else runner
    weights = checked.revealer.record
    subject = Subject(settings.as_dict(), weights, checked.hosts)
    head = subject.head(benchmark="fuse")
    measurement = Measurement(output, head, FuseRecord.from_dict, workers=workers, force=force)
    done = list(measurement.done)
    known = {record.index for record in done}
    records = done + measurement.records(
        partial(make_fuse_runner, sha256=weights.get("sha256")),
        settings,
        [(index,) for index in range(settings.n) if index not in known],
        tqdm(total=settings.n, initial=len(done), unit="container", desc="benchmark"),
        here=runner,
    )
    records.sort(key=lambda record: record.index)
    return measurement.write(
        {
            "kind": KIND,
            "format": FORMAT,
            **subject.described(),
            "threads_each": 1 if runner is None else None,
            **measurement.about(),
            **summarise_fuse(settings.frames, records),
        }
    )


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
