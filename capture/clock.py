"""Where the time of a scan goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

STAGES = ("load", "detect", "probe", "reveal", "read")


@dataclass
class Clock:
    """Milliseconds by stage, since the start and since the last container."""

    ms: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    told: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    began: float = field(default_factory=time.perf_counter)

    @classmethod
    def bare(cls) -> Clock:
        """One without the stages of a scan, for whatever stages it is given."""
        return cls({}, {})

    def copy(self) -> Clock:
        """A clock that goes on from here."""
        return Clock(dict(self.ms), dict(self.told), self.began)

    def add(self, name: str, ms: float) -> None:
        """Add to a stage."""
        self.ms[name] = self.ms.get(name, 0.0) + float(ms)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the body to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, 1000 * (time.perf_counter() - start))

    def lap(self) -> dict[str, float]:
        """What was spent by stage since the last lap."""
        spent = {name: self.ms[name] - self.told[name] for name in STAGES}
        self.told = dict(self.ms)
        return spent

    def total(self) -> float:
        """The time since the start."""
        return 1000 * (time.perf_counter() - self.began)

    def whole(self) -> dict[str, float]:
        """All stages and, as "total", the time since the start."""
        return {**self.ms, "total": self.total()}
