"""How much work a photo is worth.

Work is counted, not timed: a scan gives the same answers on every machine, whatever else it
does. Modules that the network reveals are one count, lists of words that text is weighed by
another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from capture.read.place.probe import RevealedLike, RevealerLike
from riis_physical.artifacts import Condition, FloatArray
from riis_physical.qr.soft.tried import Tried


class Effort(StrEnum):
    """How long a scan tries where a photo does not read."""

    QUICK = "quick"
    NORMAL = "normal"
    THOROUGH = "thorough"


class Hope(IntEnum):
    """What shows in a photo."""

    NOTHING = 0
    PICTURE = 1  # framed, and it need not hold anything
    CODE = 2  # a trace of one, a picture that may well hold one, or somebody says so
    LIST = 3  # what is sought in the end may be too faint to show


#: Modules after which no further step begins, of all models together, by what shows. One core of
#: a desktop processor takes some 20,000 a second, cutting them out of the photo included.
MODULES = {
    Effort.QUICK: (3_000.0, 3_000.0, 10_000.0, 15_000.0),
    Effort.NORMAL: (5_000.0, 30_000.0, 45_000.0, 60_000.0),
    Effort.THOROUGH: (math.inf, math.inf, math.inf, math.inf),
}
#: Lists of words of blocks after which a photo is read without weighing them as text.
WORD_LISTS = {Effort.QUICK: 30, Effort.NORMAL: 90, Effort.THOROUGH: math.inf}


@dataclass
class Budget:
    """What the scan of one photo may spend, and has spent on what.

    Attributes:
        effort: how much it may.
        hope: what shows, which says how much of it may be spent.
        step: what the scan is at, for people and for measuring.
        spent: modules, by step.
        tried: what was read in vain, and what that may cost.
    """

    effort: Effort = Effort.THOROUGH
    hope: Hope = Hope.NOTHING
    step: str = "first"
    spent: dict[str, float] = field(default_factory=dict)
    tried: Tried = field(init=False)

    def __post_init__(self) -> None:
        self.tried = Tried(WORD_LISTS[self.effort])

    def renew(self) -> None:
        """Spend as much once more, as on another photo."""
        self.spent.clear()
        self.step = "first"
        self.tried = Tried(WORD_LISTS[self.effort])

    def spend(self, modules: float) -> None:
        """Count work of the present step."""
        self.spent[self.step] = self.spent.get(self.step, 0.0) + modules

    @property
    def left(self) -> bool:
        """Whether another step may begin."""
        return sum(self.spent.values()) < MODULES[self.effort][self.hope]

    def shows(self, hope: Hope) -> None:
        """Hope at least so much from now on."""
        self.hope = max(self.hope, hope)

    def within(self, part: str) -> None:
        """Go on to a part of the present step."""
        self.step = f"{self.step.split(': ')[0]}: {part}"


@dataclass(frozen=True)
class Metered:
    """A revealer whose work is counted.

    Attributes:
        revealer: that does it.
        budget: that it counts on.
    """

    revealer: RevealerLike
    budget: Budget

    @property
    def name(self) -> str:
        """Of the model."""
        return self.revealer.name

    @property
    def device(self) -> Any:
        """Where the model runs."""
        return getattr(self.revealer, "device", "cpu")

    def reveal(self, frames: FloatArray, conditions: Sequence[Condition | None]) -> RevealedLike:
        """Reveal (B, 8h, 8w, 3) frames in [0, 1]."""
        self.budget.spend(frames.shape[0] * frames.shape[1] * frames.shape[2] / 64)
        return self.revealer.reveal(frames, conditions)

    def estimate(self, frame: FloatArray, jpeg_quality: float | None, scale_px: float) -> Condition:
        """Distortion level of one rectified frame."""
        return self.revealer.estimate(frame, jpeg_quality, scale_px)
