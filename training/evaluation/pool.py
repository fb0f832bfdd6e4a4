"""Captures over several processes, each with one thread and a model of its own."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from training.evaluation.draws import Hosts
from training.evaluation.records import CaptureRecord
from training.evaluation.settings import Settings
from training.evaluation.trial import Trial

if TYPE_CHECKING:
    from riis_physical.artifacts import FloatArray, ScanResult
    from riis_physical.revealer import Revealer

#: Number of a capture, strength, presets that are still to do.
Task = tuple[int, float, tuple[str, ...]]

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_trial: Trial | None = None


def make_trial(settings: Settings) -> Trial:
    """Load the model and bind the product's scan.

    Raises:
        RiisError: no such model, no pictures.
    """
    from riis_physical.revealer import Revealer

    hosts = Hosts(Path(settings.images), settings.seed)
    return Trial(settings, hosts, Revealer.load(settings.model, settings.device), scan)


def scan(
    path: str, revealers: Sequence[Revealer], corners: FloatArray | None
) -> Sequence[ScanResult]:
    """The product's scan of a photo file."""
    from capture.scan import scan_photo

    return scan_photo(path, list(revealers), corners=corners)


def run_tasks(
    settings: Settings, tasks: Sequence[Task], workers: int
) -> Iterator[list[CaptureRecord]]:
    """Records of each task, as they come ready. Processes are started afresh (spawn)."""
    with (
        single_threads(),
        ProcessPoolExecutor(
            min(workers, len(tasks)),
            multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(settings,),
        ) as pool,
    ):
        try:
            for future in as_completed([pool.submit(_work, task) for task in tasks]):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _start(settings: Settings) -> None:
    global _trial
    import cv2
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    _trial = make_trial(settings)


def _work(task: Task) -> list[CaptureRecord]:
    if _trial is None:
        raise RuntimeError("the worker was not started")
    index, strength, presets = task
    return list(_trial.run(index, strength, presets))


@contextmanager
def single_threads() -> Iterator[None]:
    """One thread for the numeric libraries of processes started in the body."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
