"""`riis-physical benchmark fuse`: settings to photos to a result file.

Everything follows from the seed. Photos are simulated; the scan sees nothing but
their files, and each is scanned once: its findings give the answer of the photo alone
and are added up with those of the photos before it, as `scan --fuse` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from riis_physical.errors import ConfigError
from riis_physical.files import check_writable, write_text
from training.benchmark.fuse_records import FuseRecord
from training.benchmark.fuse_runner import FuseRunner, make_fuse_runner
from training.benchmark.fuse_settings import FuseSettings
from training.benchmark.fuse_summary import summarise_fuse
from training.evaluation.environment import describe_environment
from training.evaluation.journal import Journal
from training.evaluation.pool import run_tasks

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
    check_writable(output, force=force)
    if workers < 1:
        raise ConfigError(f"{workers} workers: expected at least 1")
    # Loaded here as well as in each worker, so that bad input is told at once.
    checked = make_fuse_runner(settings) if runner is None else runner
    weights, hosts = checked.revealer.record, checked.hosts
    environment = describe_environment()
    journal = Journal(
        output.with_suffix(".jsonl"),
        {
            "benchmark": "fuse",
            "settings": settings.as_dict(),
            "model_sha256": weights.get("sha256"),
            "hosts_sha256": hosts.digest,
        },
        {key: environment[key] for key in ("commit", "date", "load_average")},
        parse=FuseRecord.from_dict,
        fresh=force or output.exists(),
    )
    records = list(journal.done)
    known = {record.index for record in records}
    tasks = [(index,) for index in range(settings.n) if index not in known]
    with tqdm(
        total=settings.n, initial=len(records), unit="container", desc="benchmark"
    ) as progress:
        for batch in _run(settings, tasks, workers, runner, weights.get("sha256")):
            records += [journal.append(record) for record in batch]
            progress.update(len(batch))
    records.sort(key=lambda record: record.index)
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
        **summarise_fuse(settings.frames, records),
    }
    write_text(output, json.dumps(result, indent=1, ensure_ascii=False) + "\n", force=force)
    return result


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


def _run(
    settings: FuseSettings,
    tasks: list[tuple[int]],
    workers: int,
    runner: FuseRunner | None,
    sha256: str | None,
) -> Iterator[list[FuseRecord]]:
    if runner is not None:
        for task in tasks:
            yield list(runner.run(*task))
    else:
        yield from run_tasks(partial(make_fuse_runner, sha256=sha256), settings, tasks, workers)
