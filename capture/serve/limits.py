"""Who may send how much: sizes, rates, one scan at a time a client, a few in all."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class Refused(Exception):
    """A request that is not served: HTTP status and a line for people."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


@dataclass(frozen=True)
class Limits:
    """Bounds of a server.

    Attributes:
        frame_bytes, photo_bytes: of one upload. frame_pixels: of one frame.
        frames_a_second, photos_a_minute: of one client.
        clients: at the same time. idle_s: after which a client is forgotten.
        waiting: scans that wait for a free worker.
    """

    frame_bytes: int = 3_000_000
    photo_bytes: int = 30_000_000
    frame_pixels: int = 4_000_000
    frames_a_second: float = 8.0
    photos_a_minute: float = 30.0
    clients: int = 32
    idle_s: float = 300.0
    waiting: int = 8


@dataclass
class Bucket:
    """So many requests a second, with bursts of `size`."""

    rate: float
    size: float
    left: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.at = self.size, time.monotonic()

    def take(self) -> bool:
        """Whether one more is allowed now."""
        now = time.monotonic()
        self.left = min(self.size, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass
class Client(Generic[Kept]):
    """One open page: what is kept for it, and what it may still send."""

    kept: Kept
    frames: Bucket
    photos: Bucket
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    seen: float = field(default_factory=time.monotonic)


class Door(Generic[Kept]):
    """Lets clients in by their key, and scans through, a few at a time."""

    def __init__(self, limits: Limits, workers: int, make: Callable[[], Kept]) -> None:
        """`make` gives what is kept for a client."""
        self.limits = limits
        self._make = make
        self._clients: OrderedDict[str, Client[Kept]] = OrderedDict()
        self._free = asyncio.Semaphore(workers)
        self._waiting = 0

    def greet(self) -> str:
        """The key of a new client.

        Raises:
            Refused: too many are there.
        """
        now, limits = time.monotonic(), self.limits
        gone = [k for k, c in self._clients.items() if now - c.seen > limits.idle_s]
        for key in gone:
            del self._clients[key]
        if len(self._clients) >= limits.clients:
            raise Refused(503, f"{limits.clients} phones are connected: try again later")
        key = secrets.token_urlsafe(12)
        self._clients[key] = Client(
            self._make(),
            Bucket(limits.frames_a_second, limits.frames_a_second),
            Bucket(limits.photos_a_minute / 60, 5),
        )
        return key

    def client(self, key: str) -> Client[Kept]:
        """The client of a key.

        Raises:
            Refused: it is not known, or was forgotten.
        """
        found = self._clients.get(key)
        if found is None:
            raise Refused(401, "this page is no longer known here: load it again")
        found.seen = time.monotonic()
        return found

    @asynccontextmanager
    async def scan(self, client: Client[Kept], *, wait: bool) -> AsyncIterator[None]:
        """Hold a worker. With `wait`, after this client's scan in progress; else refused then.

        Raises:
            Refused: the client scans already, or too many wait.
        """
        if client.busy.locked() and not wait:
            raise Refused(429, "the frame before is still being looked at")
        if self._waiting >= self.limits.waiting:
            raise Refused(503, f"{self._waiting} others are waiting: try again in a moment")
        self._waiting += 1
        try:
            await client.busy.acquire()
        except BaseException:
            self._waiting -= 1
            raise
        try:
            try:
                await self._free.acquire()
            finally:
                self._waiting -= 1
            try:
                yield
            finally:
                self._free.release()
        finally:
            client.busy.release()
