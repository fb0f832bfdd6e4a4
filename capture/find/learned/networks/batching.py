"""Calls of several threads answered together, so that a GPU works on batches."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Batcher(Generic[Item, Answer]):
    """Gives a function of batches single items, from any number of threads.

    Nobody waits for a batch to fill: while one runs, the items of other threads gather
    and make the next. With one thread every item is a batch of its own.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Sequence[Answer]],
        kind: Callable[[Item], Hashable],
        most: int,
    ) -> None:
        """For items that share a batch when their `kind` is the same, up to `most`."""
        self._run = run
        self._kind = kind
        self._most = most
        self._waiting: deque[tuple[Item, Future[Answer]]] = deque()
        self._changing = threading.Lock()
        self._running = threading.Lock()

    def __call__(self, item: Item) -> Answer:
        """The answer to one item; raises what the batch that it was in raised."""
        future: Future[Answer] = Future()
        with self._changing:
            self._waiting.append((item, future))
        while not future.done():
            with self._running:
                if future.done():
                    break
                self._answer(self._next())
        return future.result()

    def _next(self) -> list[tuple[Item, Future[Answer]]]:
        """The item that waits longest, and others of its kind."""
        with self._changing:
            kind = self._kind(self._waiting[0][0])
            chosen = [one for one in self._waiting if self._kind(one[0]) == kind][: self._most]
            taken = {id(future) for _, future in chosen}
            self._waiting = deque(one for one in self._waiting if id(one[1]) not in taken)
        return chosen

    def _answer(self, batch: list[tuple[Item, Future[Answer]]]) -> None:
        try:
            answers = self._run([item for item, _ in batch])
        except BaseException as error:
            for _, future in batch:
                future.set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            future.set_result(answer)
