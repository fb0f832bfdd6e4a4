"""`make bench`: time and memory of hide on 24 megapixels and scan on 12.

Run as `python -m riis_physical.commands.bench`. Each job has a process of its
own, so that its peak memory is its own; the model is loaded before the clock
starts. Figures depend on the machine: run it with nothing else going on.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common
from riis_physical.errors import RiisError

HIDE_SIZE, SCAN_SIZE = (4000, 6000), (3000, 4000)  # (h, w): 24 and 12 megapixels
HIDE_LIMIT_S, SCAN_LIMIT_S, MEMORY_LIMIT_MB = 8.0, 2.0, 2000
MESSAGE = "https://example.org/a-poster-to-scan"


@click.command("bench")
@common.model_option()
@common.device_option
@click.option("--repeat", type=click.IntRange(1), default=3, show_default=True)
@click.option("--json", "output", type=click.Path(path_type=Path), metavar="FILE")
@common.force_option
def command(model: str, device: str, repeat: int, output: Path | None, force: bool) -> None:
    """Time hide and scan on large pictures; the median of a few runs counts."""
    from riis_physical.files import check_writable, write_text

    if output is not None:
        check_writable(output, force=force)
    record: dict[str, Any] = {
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": len(os.sched_getaffinity(0)),
        },
        "device": device,
    }
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        prepare(work, model, device)
        jobs: list[tuple[str, Callable[..., dict[str, Any]], float]] = [
            ("hide 24 MP", time_hide, HIDE_LIMIT_S),
            ("scan 12 MP", time_scan, SCAN_LIMIT_S),
        ]
        for name, job, limit in jobs:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                result = pool.apply(job, (work, model, device, repeat))
            record[name] = result
            click.echo(
                f"{name}  {result['seconds']:.2f} s (aim {limit:g} s), "
                f"{result['peak_mb']:.0f} MB (aim {MEMORY_LIMIT_MB} MB), {result['outcome']}"
            )
    if output is not None:
        write_text(output, json.dumps(record, indent=2) + "\n", force=force)


def prepare(work: Path, model: str, device: str) -> None:
    """Write host.jpg (24 MP) and photo.jpg (12 MP, a simulated capture)."""
    import cv2
    import numpy as np

    from riis_physical.commands.simulate import take_photo
    from riis_physical.demo import sample_host
    from riis_physical.hiding import hide
    from riis_physical.image_io import save_image

    host = sample_host().pixels
    height, width = HIDE_SIZE
    large = cv2.resize(host, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    large += np.rint(np.random.default_rng(0).normal(0, 3, large.shape)).astype(np.int16)
    save_image(work / "host.jpg", np.clip(large, 0, 255).astype(np.uint8))
    revealer = common.load_revealers(model, device)[0]
    container = hide(host, MESSAGE, revealer=revealer).container
    photo = take_photo(container, preset="normal", seed=1, size=SCAN_SIZE)
    (work / "photo.jpg").write_bytes(photo.jpeg)


def time_hide(work: Path, model: str, device: str, repeat: int) -> dict[str, Any]:
    """Read the host, hide, measure, check, write; seconds are the median."""
    from riis_physical.hiding import hide
    from riis_physical.image_io import load_host, save_image

    revealer = common.load_revealers(model, device)[0]
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        result = hide(load_host(work / "host.jpg"), MESSAGE, revealer=revealer)
        save_image(work / "container.png", result.container, force=True)
        seconds.append(time.perf_counter() - start)
    return _figures(seconds, f"PSNR {result.psnr:.2f} dB")


def time_scan(work: Path, model: str, device: str, repeat: int) -> dict[str, Any]:
    """Read the photo, find, reveal, read; seconds are the median."""
    from capture.scan import scan_photo

    revealers = common.load_revealers(model, device)
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        results = scan_photo(str(work / "photo.jpg"), revealers)
        seconds.append(time.perf_counter() - start)
    return _figures(seconds, str(results[0].status)) | {"timings_ms": results[0].timings_ms}


def _figures(seconds: list[float], outcome: str) -> dict[str, Any]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {
        "seconds": round(statistics.median(seconds), 3),
        "runs_s": [round(value, 3) for value in seconds],
        "peak_mb": round(peak, 1),
        "outcome": outcome,
    }


if __name__ == "__main__":
    try:
        command()
    except RiisError as error:
        raise SystemExit(f"Error: {error}") from None
