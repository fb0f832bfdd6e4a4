"""Work over several processes, each with one thread and a model of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, Protocol, TypeVar

from riis_physical.errors import RiisError
from riis_physical.system.processes import end_with_parent, single_threads

Record_co = TypeVar("Record_co", covariant=True)


class Runner(Protocol[Record_co]):
    """Turns a task's values into records."""

    def run(self, *task: Any) -> Iterable[Record_co]:
        """The records of one task."""


_runner: Runner[Any] | None = None
_failure: RiisError | None = None


def run_tasks(
    make: Callable[[Any], Runner[Any]],
    settings: Any,
    tasks: Sequence[tuple[Any, ...]],
    workers: int,
) -> Iterator[list[Any]]:
    """Records of each task, as they come ready; processes are started afresh (spawn).

    Args:
        make: settings to runner; a function of a module, called once a process.
        settings: any value that can be pickled.
        tasks: arguments of the runner's run.

    Raises:
        RiisError: `make` raised it in a process.
    """
    if not tasks:
        return
    with (
        single_threads(),
        ProcessPoolExecutor(
            min(workers, len(tasks)),
            multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(make, settings),
        ) as pool,
    ):
        try:
            for future in as_completed([pool.submit(_work, task) for task in tasks]):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _start(make: Callable[[Any], Runner[Any]], settings: Any) -> None:
    global _runner, _failure
    import cv2
    import torch

    end_with_parent()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        _runner = make(settings)
    except RiisError as error:  # raised with the first task, where it reaches the caller
        _failure = error


def _work(task: tuple[Any, ...]) -> list[Any]:
    if _failure is not None:
        raise _failure
    if _runner is None:
        raise RuntimeError("the worker was not started")
    return list(_runner.run(*task))
