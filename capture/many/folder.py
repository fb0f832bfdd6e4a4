"""Many photos over all cores: results in the order given, one model load a worker."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, TypeVar

from riis_physical.errors import BadImageError, RiisError
from riis_physical.images.raw import SUFFIXES as RAW_SUFFIXES
from riis_physical.system.files import is_folder
from riis_physical.system.processes import end_with_parent, single_threads

SUFFIXES = RAW_SUFFIXES | {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".tif", ".tiff", ".heic", ".heif",
    ".hif", ".avif", ".bmp", ".gif",
}  # fmt: skip
"""Of the files of a folder that are taken for photos."""
VIDEO_SUFFIXES = frozenset({".mov", ".mp4", ".m4v", ".avi", ".mkv", ".webm", ".3gp", ".mpg"})
"""Of those that are taken for videos."""
AHEAD = 3  # tasks a worker that wait, so that memory does not grow with the folder
FEWEST = 4  # photos a process that pay for starting it

Task = TypeVar("Task")
Answer = TypeVar("Answer")
Work = Callable[[Task], Answer]

_work: Work[Any, Any] | None = None
_failure: RiisError | None = None


def photos_in(folder: str | Path, *, recursive: bool = False) -> list[Path]:
    """The picture files of a folder by their suffix, sorted by path; hidden ones are left out.

    Raises:
        BadImageError: the folder cannot be read, or holds none.
    """
    found = [f for f in files_in(folder, recursive=recursive) if is_photo(f)]
    if not found:
        raise BadImageError(_holds_none(folder, recursive))
    return found


def files_in(folder: str | Path, *, recursive: bool = False) -> list[Path]:
    """All files of a folder, sorted by path; hidden ones are left out.

    Raises:
        BadImageError: the folder cannot be read.
    """
    top = Path(folder)
    try:
        entries = sorted(top.rglob("*") if recursive else top.iterdir())
    except OSError as error:
        raise BadImageError(f"cannot read {folder}: {error.strerror or error}") from error
    return [
        entry
        for entry in entries
        if not any(part.startswith(".") for part in entry.relative_to(top).parts)
        and not is_folder(entry)  # what cannot be looked at gets its answer too
    ]


def is_photo(name: str | Path) -> bool:
    """Whether a file is taken for a photo, by its suffix."""
    return Path(name).suffix.lower() in SUFFIXES


def is_video(name: str | Path) -> bool:
    """Whether a file is taken for a video, by its suffix."""
    return Path(name).suffix.lower() in VIDEO_SUFFIXES


def is_scanned(name: str | Path) -> bool:
    """Whether a file of a folder is taken for a photo or a video, by its suffix."""
    return is_photo(name) or is_video(name)


def scanned_in(folder: str | Path, *, recursive: bool = False) -> list[Path]:
    """As :func:`files_in`, if there is a photo or a video among them.

    Raises:
        BadImageError: the folder cannot be read, or holds none.
    """
    found = files_in(folder, recursive=recursive)
    if not any(is_scanned(file) for file in found):
        raise BadImageError(_holds_none(folder, recursive))
    return found


def _holds_none(folder: str | Path, recursive: bool) -> str:
    deeper = "" if recursive else "; --recursive looks into the folders within it too"
    return f"{folder} holds no photo (expected names such as photo.jpg, .png or .heic){deeper}"


def cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def sensible_jobs(tasks: int, jobs: int | None) -> int:
    """Workers for so many photos: as asked, else all cores, as far as starting them pays."""
    if jobs is not None:
        return max(1, min(jobs, tasks))
    return max(1, min(cores(), tasks // FEWEST))


def run_all(
    make: Callable[[], Work[Task, Answer]],
    tasks: Sequence[Task],
    *,
    jobs: int = 1,
    threads: bool = False,
    done: Callable[[], None] | None = None,
) -> Generator[Answer, None, None]:
    """Work through tasks, over several workers.

    Args:
        make: gives what does a task; called once in this process, or once in each
            worker process, so that a model is loaded once each. For processes it,
            tasks and answers must be picklable.
        tasks: one a photo.
        jobs: workers; with 1 all is done here, with all the libraries' threads.
        threads: threads in place of processes, for models on a GPU.
        done: called as each task is finished, in any order, from any thread.

    Returns:
        the answers in the order of the tasks, as they become ready. Closing it, or an
        exception within it such as Ctrl-C, ends worker processes at once; threads
        finish the photos that they are at.

    Raises:
        RiisError: `make` or a task raised it, or a worker was killed.
    """
    if jobs <= 1 or len(tasks) <= 1:
        work = make()
        for task in tasks:
            answer = work(task)
            if done is not None:
                done()
            yield answer
        return
    with _workers(make, jobs, threads) as (pool, call):
        waiting: deque[Future[Answer]] = deque()
        left = iter(tasks)
        try:
            while True:
                for task in islice(left, AHEAD * jobs - len(waiting)):
                    future = pool.submit(call, task)
                    if done is not None:
                        future.add_done_callback(lambda _: done())
                    waiting.append(future)
                if not waiting:
                    return
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise RiisError(
                "a worker process was killed, for want of memory perhaps: use fewer --jobs"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _workers(
    make: Callable[[], Work[Any, Any]], jobs: int, threads: bool
) -> Iterator[tuple[Executor, Work[Any, Any]]]:
    if threads:
        with _one_cv2_thread(), ThreadPoolExecutor(jobs) as pool:
            yield pool, make()
        return
    before = set(multiprocessing.active_children())
    with (
        single_threads(),
        ProcessPoolExecutor(
            jobs, multiprocessing.get_context("spawn"), initializer=_start, initargs=(make,)
        ) as processes,
    ):
        try:
            with _deaf():  # the first process starts with the first call, and inherits this
                processes.submit(_nothing)
            yield processes, _call
        except BaseException:  # Ctrl-C and leaving early too: nobody waits for their photos
            for worker in set(multiprocessing.active_children()) - before:
                worker.terminate()
            raise


@contextmanager
def _deaf() -> Iterator[None]:
    """Ctrl-C waits, in processes started in the body for good.

    It reaches all processes of a terminal, and the parent alone shall answer.
    """
    if not hasattr(signal, "pthread_sigmask"):  # not on Windows
        yield
        return
    resource_tracker.ensure_running()  # its start would let signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _nothing() -> None:
    pass


def _start(make: Callable[[], Work[Any, Any]]) -> None:
    global _work, _failure
    import cv2

    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # those that start later heard Ctrl-C so far
    cv2.setNumThreads(1)
    try:
        _work = make()
    except RiisError as error:  # raised with the first task, where it reaches the caller
        _failure = error


def _call(task: Any) -> Any:
    if _failure is not None:
        raise _failure
    assert _work is not None
    return _work(task)


@contextmanager
def _one_cv2_thread() -> Iterator[None]:
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
