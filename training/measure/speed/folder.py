"""How many photos a minute scanning a folder takes on, by how the work is shared.

Photos are simulated, each of another container at preset normal. What is timed is
what `riis-physical scan DIR` does, in one process, in several, and for comparison in
threads of one, which scan does with models on a GPU alone.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import torch

from capture.many.folder import photos_in, run_all
from capture.many.scanner import Scanner, Settings, Task
from riis_physical.artifacts import UInt8Image
from riis_physical.channel.draw import sample_params
from riis_physical.channel.photo import photograph
from riis_physical.hiding import hide
from riis_physical.model.engine import load_readers
from riis_physical.model.revealer import Revealer

#: Of the container in the photo, of the photo's width.
CONTAINER_SHARE = 0.33


def make_folders(
    folder: Path,
    model: str,
    host: UInt8Image,
    sizes: dict[str, tuple[int, int]],
    count: int,
    seed: int,
) -> dict[str, Any]:
    """Write `count` photos to each of some folders, made within `folder`.

    Args:
        host: uint8 (H, W, 3), of which each container is a part.
        sizes: names of the folders, and (h, w) of the photos there.
    """
    revealer = Revealer.load(model)
    for name, size in sizes.items():
        (folder / name).mkdir()
        for number in range(count):
            part = host[(17 * number) % 200 :, (29 * number) % 300 :]
            container = hide(part, f"https://example.org/room-{number}", revealer=revealer)
            params = sample_params("normal", 1, torch.Generator().manual_seed(seed + number))
            params = params.override(container_width_px=CONTAINER_SHARE * size[1])
            photo = photograph(container.container, params, size=size, seed=seed + number)
            (folder / name / f"{number:03}.jpg").write_bytes(photo.jpeg)
    return {"photos": count}


def measure_folder(folder: Path, model: str, jobs: int, workers: str) -> dict[str, Any]:
    """Scan a folder once.

    Args:
        workers: `processes` or `threads`.

    Returns:
        whole_s: with starting workers and loading the model in each. start_s: until the
        first photo was done. photos_per_minute: of those after the first of each worker.
    """
    tasks = [Task(str(path)) for path in photos_in(folder)]
    ended: list[float] = []
    start = time.perf_counter()
    answers = run_all(
        partial(Scanner, Settings(model, "cpu"), load_readers),
        tasks,
        jobs=jobs,
        threads=workers == "threads",
        done=lambda: ended.append(time.perf_counter()),
    )
    decoded = sum(any(result.payload for result in results) for results in answers)
    whole = time.perf_counter() - start
    ended.sort()
    return {
        "jobs": jobs,
        "workers": workers,
        "photos": len(tasks),
        "decoded": decoded,
        "whole_s": round(whole, 3),
        "start_s": round(ended[0] - start, 3),
        "photos_per_minute": round(throughput(ended, jobs), 2),
    }


def throughput(ended: list[float], jobs: int) -> float:
    """Tasks a minute, from the moment when each worker has probably done its first.

    Args:
        ended: times in seconds at which tasks were done, ascending; more than `jobs`.

    Raises:
        ValueError: too few.
    """
    if len(ended) <= jobs:
        raise ValueError(f"{len(ended)} tasks for {jobs} workers: expected more")
    return 60 * (len(ended) - jobs) / (ended[-1] - ended[jobs - 1])


def set_threads(total: int, jobs: int, workers: str) -> None:
    """Share `total` threads of the numeric libraries among workers of this process."""
    each = max(1, total // jobs) if workers == "threads" else total
    torch.set_num_threads(each)
    cv2.setNumThreads(each)
