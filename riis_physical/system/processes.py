"""Worker processes that neither crowd the cores nor outlive who started them."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def sleep_while_waiting() -> None:
    """Let idle threads of numeric libraries sleep, unless the environment says how they wait.

    OpenMP's spin otherwise, and where other work shares the cores most of the time goes there. Has
    an effect before torch is loaded.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def collect_seldom() -> None:
    """Look for garbage less often than Python does by itself.

    Libraries make hundreds of thousands of lasting objects while they load, and each look goes
    through all of them: a tenth of the time that a command takes to start.
    """
    gc.set_threshold(50_000, 20, 50)


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
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def end_with_parent() -> None:
    """Leave this worker process as soon as its parent is gone, even by kill -9.

    A pool's worker waits for tasks at a pipe of which it holds both ends, so that it
    would wait for ever. Does nothing in a process that no other started.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="end with parent").start()
