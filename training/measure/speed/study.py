"""`riis-physical study bench`: photos a minute of the engines of `study run`, frames of the page.

Photos are simulated, each of another container at preset normal, and are scanned as `study run`
does. Starting workers and loading models is not counted: the clock starts when each worker has
probably done its first photo. Frames are what the page sends, with a container in view.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from capture.many.folder import photos_in
from capture.serve.live import LiveScan
from capture.study.run import Engine, Reader, Setting, Task, local_engine
from riis_physical.artifacts import UInt8Image
from riis_physical.errors import ConfigError
from riis_physical.images import load_photo
from riis_physical.model.engine import load_readers
from training.measure.common.environment import describe_environment
from training.measure.common.output import check_result, write_result
from training.measure.speed.folder import make_folders, throughput
from training.measure.speed.run import SEED, synthetic_host

KIND = "study-bench"
PHOTO_SIZE, FRAME_SIZE = (1224, 1632), (960, 1280)
FOLLOWED = 4  # frames after the first, of each camera
FRAME_LIMIT_S = 0.5
CAMERAS = 6


def study_bench(
    model: str,
    *,
    workers: Sequence[int],
    photos: int,
    engines: Sequence[str],
    output: Path | None = None,
    force: bool = False,
) -> dict[str, Any]:
    """Measure engines and frames.

    Args:
        model: shipped name or path of a .safetensors file.
        workers: of each engine, measured one after another.
        photos: that each scans; more than any number of workers.
        engines: `local`, `ray`.
        output: a result file, None for none.

    Raises:
        ConfigError: too few photos.
        OutputError: `output` exists and `force` is off, or cannot be written.
    """
    if photos <= max(workers):
        raise ConfigError(f"{photos} photos for {max(workers)} workers: expected more photos")
    check_result(output, force=force)
    environment = describe_environment()
    with tempfile.TemporaryDirectory(prefix="riis-bench-") as name:
        folder = Path(name)
        sizes = {"photos": PHOTO_SIZE, "frames": FRAME_SIZE}
        make_folders(folder, model, synthetic_host((1000, 1500)), sizes, photos, SEED)
        rows = [
            measure_engine(folder / "photos", model, engine, count)
            for engine in engines
            for count in workers
        ]
        frames = [load_photo(file).pixels for file in photos_in(folder / "frames")[:CAMERAS]]
        torch.set_num_threads(2)
        cv2.setNumThreads(2)
        page = measure_frames(frames, model)
    figures = {
        "model": {"name": model}, "environment": environment,
        "megapixels": round(PHOTO_SIZE[0] * PHOTO_SIZE[1] / 1e6, 1), "engines": rows, "page": page,
    }  # fmt: skip
    return write_result(output, KIND, figures, force=force)


def engine_of(name: str, workers: int, done: Callable[[], None]) -> Engine:
    """An engine by its name."""
    if name == "local":
        return local_engine(workers, done)
    from capture.study.ray_engine import ray_engine

    return ray_engine(None, workers, done)


def measure_engine(folder: Path, model: str, engine: str, workers: int) -> dict[str, Any]:
    """Scan a folder's photos once, as `study run` does."""
    setting = Setting.of(model)
    files = photos_in(folder)
    tasks = [
        Task(number, file.as_uri() if engine == "ray" else str(file), setting.key,
             f"https://example.org/room-{number}", None)
        for number, file in enumerate(files)
    ]  # fmt: skip
    ended: list[float] = []
    start = time.perf_counter()
    work = engine_of(engine, workers, lambda: ended.append(time.perf_counter()))
    lines = list(work(partial(Reader, [setting], [task.message for task in tasks]), tasks))
    whole = time.perf_counter() - start
    ended.sort()
    return {
        "engine": engine, "workers": workers, "photos": len(tasks),
        "read": sum(line["is_right"] for line in lines), "whole_s": round(whole, 2),
        "start_s": round(ended[0] - start, 2),
        "photos_per_minute": round(throughput(ended, workers), 2),
    }  # fmt: skip


def measure_frames(frames: Sequence[UInt8Image], model: str) -> dict[str, Any]:
    """Seconds that the page's frames take: the first of a camera, and those that follow it."""
    revealers = load_readers(model, "cpu")  # as `serve` does
    LiveScan(revealers).look(frames[0])  # as `serve` does before anyone asks
    first: list[float] = []
    followed: list[float] = []
    read = 0
    for frame in frames:
        live = LiveScan(revealers)
        state = ""
        for number in range(1 + FOLLOWED):
            moved = np.ascontiguousarray(np.roll(frame, (2 * number, 3 * number), (0, 1)))
            start = time.perf_counter()
            state = live.look(moved).state
            (followed if number else first).append(time.perf_counter() - start)
        read += state == "read"
    return {
        "frames_px": [FRAME_SIZE[1], FRAME_SIZE[0]], "cameras": len(frames), "read": read,
        "limit_s": FRAME_LIMIT_S, "first_s": _times(first), "followed_s": _times(followed),
    }  # fmt: skip


def _times(seconds: Sequence[float]) -> dict[str, float]:
    return {"median": round(statistics.median(seconds), 3), "most": round(max(seconds), 3)}
